/* SPDX-License-Identifier: Apache-2.0 */
/* Probe rewriting: the kubelet asks the agent, and the agent asks the application inside the mesh. */
#include "patches/pod/probes.h"

#include <string.h>

#include "base/limits.h"
#include "patches/pod/agent.h"
#include "patches/pod/names.h"
#include "patches/schema/schema.h"
#include "patches/value/json.h"

/* The agent takes over HTTP, TCP and (probes only) gRPC; the first of them that is there counts. */
static const char *action_of(const struct value *handler, const struct agent_slot *s)
{
	static const char *const actions[] = {"httpGet", "tcpSocket", "grpc"};

	for (size_t i = 0; i < (s->inner ? 2U : 3U); i++)
		if (raw_get(handler, actions[i]))
			return actions[i];
	return NULL;
}

/* --- what the agent is told --------------------------------------------------------------------------------- */

/* The port as a number, or NULL where the probe is not for the agent: an unknown name, or the agent's own port. */
static const struct value *resolved_port(struct pod_edit *e, const struct value *container, const struct value *port,
	int64_t own_port)
{
	int64_t n = 0;

	if (port && port->kind == K_STRING)
		return agent_known_port(container, port);
	if (port && !raw_int(port, &n))
		return NULL;
	return n == own_port ? NULL : port ? port : value_number(e->a, 0);
}

/* A canonical copy of an action: what Go's types keep of it. */
static const struct value *canonical(struct pod_edit *e, const struct value *action, const struct go_type *type, struct err *err)
{
	const struct value *copy = raw_touched(e->a, action);

	if (!copy) {
		err_nomem(err);
		return NULL;
	}
	return schema_canon(e->a, copy, type, err);
}

/* {"httpGet": ..., "timeoutSeconds": ...}, or NULL without error where the agent need not know. */
static const struct value *prober(struct pod_edit *e, const struct value *container, const struct agent_slot *s, int64_t own_port,
	struct err *err)
{
	const struct value *handler = agent_handler(container, s), *timeout = s->inner ? NULL : raw_get(handler, "timeoutSeconds");
	const char *action = action_of(handler, s);
	const struct go_type *type = !action || action[0] == 'h' ? &go_http_get_action
				     : action[0] == 't'		 ? &go_tcp_socket_action
								 : &go_grpc_action;
	const struct value *port, *canon;
	struct map *m, *own;
	int64_t seconds = 0;

	if (!action)
		return NULL;
	port = raw_get(raw_get(handler, action), "port");
	if (type != &go_grpc_action && !(port = resolved_port(e, container, port, own_port)))
		return NULL;
	canon = canonical(e, raw_get(handler, action), type, err);
	own = canon ? map_clone(e->a, canon->u.map, 1) : NULL;
	m = map_new(e->a, 2);
	if (!canon || !own || !m) {
		e->failed = true;
		return NULL;
	}
	if (port)
		member_set(e, own, "port", port);
	member_set(e, m, action, value_map(e->a, own));
	if (raw_int(timeout, &seconds) && seconds != 0)
		member_set(e, m, "timeoutSeconds", timeout);
	return value_map(e->a, m);
}

static int collect(struct pod_edit *e, const struct container_list *l, int64_t own_port, struct map *probers, struct err *err)
{
	for (size_t i = 0; i < l->len; i++) {
		if (str_eq(raw_str(l->item[i], "name"), CONTAINER_PROXY))
			continue;
		for (size_t s = 0; s < AGENT_SLOTS; s++) {
			struct err local = {0};
			const struct value *v = prober(e, l->item[i], &agent_slots[s], own_port, &local);
			const struct str path = v ? agent_path(e->a, l->item[i], agent_slots[s].prefix, agent_slots[s].suffix) : STR("");

			if (local.code != ERR_NONE) {
				*err = local;
				return -1;
			}
			if (v && (!path.p || map_set(e->a, probers, path, v) < 0))
				e->failed = true;
		}
	}
	return 0;
}

/* Probers that a proxy of an earlier injection already has win over what the rewritten pod still shows. */
static void keep_known(struct pod_edit *e, struct str known, struct map *probers)
{
	struct err ignored = {0};
	const struct value *v = json_parse(e->a, known.p, known.len, JSON_FROM_POD | JSON_LAST_WINS | JSON_GO_UTF8, &ignored);

	e->failed = e->failed || ignored.code == ERR_NOMEM;
	for (uint32_t i = 0; v && v->kind == K_MAP && v->u.map && i < v->u.map->len; i++)
		if (map_set(e->a, probers, v->u.map->entry[i].key, v->u.map->entry[i].value) < 0)
			e->failed = true;
}

static const struct value *find_variable(const struct value *env, const char *name, size_t *ret_index)
{
	for (size_t i = 0; env && env->kind == K_LIST && i < env->u.list.len; i++) {
		if (str_is(raw_str(env->u.list.item[i], "name"), name)) {
			*ret_index = i;
			return env->u.list.item[i];
		}
	}
	return NULL;
}

static void replace_variable(struct pod_edit *e, struct map *container, size_t index, struct str value)
{
	const struct list *old = &map_getc(container, "env")->u.list;
	const struct value **item = arena_calloc(e->a, old->len, sizeof(*item));
	struct map *m = item ? map_new(e->a, 2) : NULL;

	if (!m) {
		e->failed = true;
		return;
	}
	member_set(e, m, "name", value_cstr(e->a, ENV_APP_PROBERS));
	member_set(e, m, "value", value_str(e->a, value));
	for (size_t i = 0; i < old->len; i++)
		item[i] = old->item[i];
	item[index] = value_map(e->a, m);
	member_set(e, container, "env", value_list(e->a, item, old->len));
}

static void tell_proxy(struct pod_edit *e, struct map *probers)
{
	const bool was_injected = pod_annotation(e, ANNOTATION_STATUS).p;
	size_t index, at = 0;
	struct container_list *l = container_where(e, CONTAINER_PROXY, &index);
	struct map *container = container_edit(e, l, index);
	const struct value *known = container && was_injected ? find_variable(map_getc(container, "env"), ENV_APP_PROBERS, &at) : NULL;
	const struct value outer = {.kind = K_MAP, .u.map = probers};
	struct text t;

	if (known)
		keep_known(e, raw_str(known, "value"), probers);
	text_init(&t, e->a, LIMIT_BODY_BYTES);
	json_write(&t, &outer, JSON_ESCAPE_HTML | JSON_SORT_KEYS);
	if (t.failed || !container)
		e->failed = true;
	else if (known)
		replace_variable(e, container, at, (struct str){t.data, t.len});
	else
		env_append(e, container, STR(ENV_APP_PROBERS), (struct str){t.data, t.len});
}

/* --- what the kubelet asks ------------------------------------------------------------------------------------ */

static void rewrite_slot(struct pod_edit *e, struct map *container, const struct value *given, const struct agent_slot *s, int64_t port)
{
	const struct value *handler = agent_handler(given, s);
	const char *action = action_of(handler, s);
	const struct str path = action ? agent_path(e->a, given, s->prefix, s->suffix) : STR("");
	struct map *outer, *m;

	if (!action)
		return;
	outer = member_edit(e, container, s->outer);
	m = s->inner ? member_edit(e, outer, s->inner) : outer;
	if (!m || !path.p) {
		e->failed = true;
		return;
	}
	member_set(e, m, "httpGet", agent_http_get(e, raw_get(handler, "httpGet"), path, port));
	if (strcmp(action, "httpGet") != 0)
		(void)map_del(m, str_of(action));
}

static void rewrite_list(struct pod_edit *e, struct container_list *l, int64_t port)
{
	for (size_t i = 0; i < l->len; i++) {
		const struct value *given = l->item[i];
		struct map *container = NULL;

		if (str_eq(raw_str(given, "name"), CONTAINER_PROXY))
			continue;
		for (size_t s = 0; s < AGENT_SLOTS; s++) {
			if (!action_of(agent_handler(given, &agent_slots[s]), &agent_slots[s]))
				continue;
			if (!container && !(container = container_edit(e, l, i)))
				return;
			rewrite_slot(e, container, given, &agent_slots[s], port);
		}
	}
}

int rewrite_probes(struct pod_edit *e, const struct value *mesh, bool by_default, struct err *err)
{
	const int asked = parse_go_bool(pod_annotation(e, ANNOTATION_REWRITE_PROBES));
	struct map *probers = map_new(e->a, 4);
	const int64_t own_port = agent_port(mesh);
	size_t index;

	if (!(asked < 0 ? by_default : asked == 1) || !container_where(e, CONTAINER_PROXY, &index))
		return 0;
	if (!probers)
		return err_nomem(err);
	if (collect(e, &e->init_containers, own_port, probers, err) < 0 ||
	    collect(e, &e->containers, own_port, probers, err) < 0)
		return err_wrap(err, "cannot read a probe");
	if (probers->len)
		tell_proxy(e, probers);
	rewrite_list(e, &e->containers, agent_port_asked(e, own_port));
	rewrite_list(e, &e->init_containers, agent_port_asked(e, own_port));
	return 0;
}
