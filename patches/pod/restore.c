/* SPDX-License-Identifier: Apache-2.0 */
/* An injected pod brought back to what it was before, as far as its own annotations and its proxy's environment still say. */
#include "patches/pod/restore.h"

#include <string.h>

#include "base/limits.h"
#include "patches/pod/agent.h"
#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/pod/told.h"
#include "patches/schema/schema.h"

struct restoring {
	struct pod_edit e;
	const struct injection_record *record;
	const struct map *injected; /* annotations of the configuration's, which were written last; or NULL */
	struct restored *ret;
	const struct value *proxy; /* as injection left it, or NULL */
	int64_t own_port;          /* the agent's, by the mesh */
};

/* --- what the proxy was told ------------------------------------------------------------------------------------ */

/* The JSON object that a variable of the proxy holds; NULL where there is none, or it cannot be read. */
static const struct value *told(struct restoring *r, const char *variable)
{
	const struct value *v = NULL;
	struct err nomem = {0};

	if (told_json(r->e.a, r->proxy, variable, &v, &nomem) < 0)
		r->e.failed = true;
	return v && v->kind == K_MAP ? v : NULL;
}

/* The same, of annotations or labels: the pod may say anything in its environment. */
static const struct value *told_texts(struct restoring *r, const char *variable)
{
	const struct value *v = told(r, variable);

	for (uint32_t i = 0; v && v->u.map && i < v->u.map->len; i++)
		if (v->u.map->entry[i].value->kind != K_STRING)
			return NULL;
	return v;
}

/* --- lists ------------------------------------------------------------------------------------------------------ */

/* Names of a record, each of which stands for one item. */
struct names {
	const struct list *list;
	bool taken[LIMIT_RECORDED_NAMES];
};

static void names_of(const struct restoring *r, const char *key, struct names *ret)
{
	static const struct list none = {NULL, 0};
	const struct value *v = raw_get(r->record->status, key);

	memset(ret, 0, sizeof(*ret));
	ret->list = v && v->kind == K_LIST ? &v->u.list : &none;
}

/* Whether an item of that name was added, which no other item was taken for. */
static bool take_name(struct names *n, struct str name)
{
	for (size_t i = 0; name.p && i < n->list->len; i++) {
		if (n->taken[i] || !str_eq(n->list->item[i]->u.s, name))
			continue;
		n->taken[i] = true;
		return true;
	}
	return false;
}

static const struct value *overridden(const struct value *overrides, struct str name)
{
	for (size_t i = 0; name.p && overrides && overrides->kind == K_LIST && i < overrides->u.list.len; i++)
		if (str_eq(raw_str(overrides->u.list.item[i], "name"), name))
			return overrides->u.list.item[i];
	return NULL;
}

/* The user's container as it was recorded: an image that is not there was `auto`, and fields of the future are in the pod only. */
static const struct value *as_written(struct restoring *r, const struct value *recorded, const struct value *given)
{
	struct map *m = map_clone(r->e.a, recorded->u.map, 1);

	if (!m) {
		r->e.failed = true;
		return NULL;
	}
	if (!raw_get(recorded, "image"))
		member_set(&r->e, m, "image", value_cstr(r->e.a, "auto"));
	for (uint32_t i = 0; given->u.map && i < given->u.map->len; i++) {
		const struct map_entry *field = &given->u.map->entry[i];

		if (!go_field_by_json(&go_container, field->key) && map_set(r->e.a, m, field->key, field->value) < 0)
			r->e.failed = true;
	}
	r->ret->n_overrides++;
	return value_map(r->e.a, m);
}

/* Added ones stand behind the pod's own of the same name, but for the validation of the network, which stands before. */
static void mark_added(struct restoring *r, const struct value *const *item, size_t len, const char *key, bool *gone)
{
	struct names added;

	names_of(r, key, &added);
	for (size_t i = len; i > 0; i--) {
		const struct str name = raw_str(item[i - 1], "name");

		gone[i - 1] = gone[i - 1] || (!str_eq(name, CONTAINER_VALIDATION) && take_name(&added, name));
	}
	for (size_t i = 0; i < len; i++)
		gone[i] = gone[i] || take_name(&added, raw_str(item[i], "name"));
}

/* Containers of the user's stay where they are, so that templates see them in the order in which they were. */
static void restore_containers(struct restoring *r, struct container_list *l, const char *key, const struct value *overrides)
{
	bool *gone = arena_calloc(r->e.a, l->len, sizeof(*gone));
	size_t kept = 0;

	if (!gone) {
		r->e.failed = true;
		return;
	}
	mark_added(r, l->item, l->len, key, gone);
	for (size_t i = 0; i < l->len; i++) {
		const struct value *given = l->item[i];
		const struct value *own = overridden(overrides, raw_str(given, "name"));

		if (own)
			l->item[kept++] = as_written(r, own, given);
		else if (gone[i])
			r->ret->n_removed++;
		else
			l->item[kept++] = given;
	}
	l->len = kept;
}

/* A list that injection brought goes with its last item: templates are merged otherwise into an empty one than into none. */
static void drop_empty_init(struct restoring *r)
{
	const struct value *given = r->e.init_containers.given;

	if (r->e.init_containers.len || !given || given->kind != K_LIST || !given->u.list.len)
		return;
	(void)map_del(r->e.spec, STR("initContainers"));
	r->e.init_containers.given = NULL;
}

static void remove_named(struct restoring *r, const char *key)
{
	const struct value *l = map_getc(r->e.spec, key);
	const size_t len = l && l->kind == K_LIST ? l->u.list.len : 0;
	const struct value **item = arena_calloc(r->e.a, len, sizeof(*item));
	bool *gone = arena_calloc(r->e.a, len, sizeof(*gone));
	size_t kept = 0;

	if (!item || !gone) {
		r->e.failed = true;
		return;
	}
	mark_added(r, l ? l->u.list.item : NULL, len, key, gone);
	for (size_t i = 0; i < len; i++)
		if (!gone[i])
			item[kept++] = l->u.list.item[i];
	r->ret->n_removed += len - kept;
	if (kept == len)
		return;
	if (kept)
		member_set(&r->e, r->e.spec, key, value_list(r->e.a, item, kept));
	else
		(void)map_del(r->e.spec, str_of(key));
}

/* --- probes ------------------------------------------------------------------------------------------------------ */

static void lose(struct restoring *r, const char *list, size_t index, const struct agent_slot *s)
{
	const char *pointer = arena_printf(r->e.a, "/spec/%s/%zu/%s%s%s", list, index, s->outer, s->inner ? "/" : "",
		s->inner ? s->inner : "");

	if (!pointer)
		r->e.failed = true;
	else if (r->ret->n_lost < RESTORE_MAX_LOST)
		r->ret->lost[r->ret->n_lost] = pointer;
	r->ret->n_lost++;
}

/*
 * The agent's own port is taken over only where it was named, so it must be named again; the action itself where the container
 * names no such port.
 */
static const struct value *with_port_name(struct restoring *r, const struct map *container, const struct value *action)
{
	const struct value *ports = map_getc(container, "ports");
	int64_t asked, n;

	if (!raw_int(raw_get(action, "port"), &asked) || asked != r->own_port)
		return action;
	for (size_t i = 0; ports && ports->kind == K_LIST && i < ports->u.list.len; i++) {
		const struct value *name = raw_get(ports->u.list.item[i], "name");
		struct map *m;

		if (!name || !raw_int(raw_get(ports->u.list.item[i], "containerPort"), &n) || n != asked)
			continue;
		m = map_clone(r->e.a, action->u.map, 0);
		member_set(&r->e, m, "port", name);
		return m ? value_map(r->e.a, m) : NULL;
	}
	return action;
}

static void put_back(struct restoring *r, struct map *container, const struct agent_slot *s, const struct value *prober)
{
	static const char *const actions[] = {"httpGet", "tcpSocket", "grpc"};
	struct map *outer = member_edit(&r->e, container, s->outer);
	struct map *handler = s->inner ? member_edit(&r->e, outer, s->inner) : outer;

	if (!handler)
		return;
	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		const struct value *action = raw_get(prober, actions[i]);

		if (action)
			member_set(&r->e, handler, actions[i], with_port_name(r, container, action));
		else if (i == 0)
			(void)map_del(handler, STR("httpGet"));
	}
	r->ret->n_handlers++;
}

/*
 * What the agent was not told of asked for a port that no container has. Such a port it has again, so that injection neither
 * takes the agent's own address for the application's nor changes what is asked.
 */
static void put_nowhere(struct restoring *r, struct map *container, const struct agent_slot *s)
{
	struct map *outer = member_edit(&r->e, container, s->outer);
	struct map *get = member_edit(&r->e, s->inner ? member_edit(&r->e, outer, s->inner) : outer, "httpGet");

	if (get)
		member_set(&r->e, get, "port", &value_empty_string);
}

static bool has_action(const struct value *prober)
{
	return raw_get(prober, "httpGet") || raw_get(prober, "tcpSocket") || raw_get(prober, "grpc");
}

static void restore_handlers(struct restoring *r, struct container_list *l, const char *key, const struct value *probers)
{
	for (size_t i = 0; i < l->len && !r->e.failed; i++) {
		const struct value *given = l->item[i];
		struct map *container = NULL;

		for (size_t n = 0; n < AGENT_SLOTS; n++) {
			const struct agent_slot *s = &agent_slots[n];
			const struct str asks = raw_str(raw_get(agent_handler(given, s), "httpGet"), "path");
			const struct str path = asks.p ? agent_path(r->e.a, given, s->prefix, s->suffix) : asks;
			const struct value *prober = probers ? map_get(probers->u.map, path) : NULL;

			if (!path.p || !str_eq(asks, path))
				continue;
			if (!container && !(container = container_edit(&r->e, l, i)))
				return;
			if (has_action(prober)) {
				put_back(r, container, s, prober);
			} else {
				lose(r, key, i, s);
				put_nowhere(r, container, s);
			}
		}
	}
}

/* --- Prometheus --------------------------------------------------------------------------------------------------- */

/* Whether the annotation is as injection wrote it; what the configuration annotates with came last. */
static bool is_written(const struct restoring *r, const char *key, const char *merged)
{
	const struct value *last = r->injected ? map_getc(r->injected, key) : NULL;

	return last ? str_eq(pod_annotation(&r->e, key), last->u.s) : str_is(pod_annotation(&r->e, key), merged);
}

static bool is_port_written(const struct restoring *r, const struct value *mesh, bool any_port)
{
	const struct str port = pod_annotation(&r->e, "prometheus.io/port");
	int64_t n = 0;

	if (r->injected && map_getc(r->injected, "prometheus.io/port"))
		return is_written(r, "prometheus.io/port", "");
	return port.p && (any_port || (parse_i64(port, &n) && n == agent_port(mesh)));
}

static bool points_at_agent(const struct restoring *r, const struct value *mesh, bool any_port)
{
	return is_written(r, "prometheus.io/path", "/stats/prometheus") && is_written(r, "prometheus.io/scrape", "true") &&
	       is_port_written(r, mesh, any_port);
}

static void annotate_back(struct restoring *r, const char *key, struct str value)
{
	if (value.len)
		pod_annotate(&r->e, str_of(key), value);
}

static void restore_targets(struct restoring *r, const struct value *targets)
{
	struct text t;

	text_init(&t, r->e.a, LIMIT_BODY_BYTES);
	for (size_t i = 0; i < targets->u.list.len; i++) {
		const struct str port = raw_str(targets->u.list.item[i], "port"), path = raw_str(targets->u.list.item[i], "path");

		text_addf(&t, "%s%.*s:%.*s", i ? "," : "", (int)port.len, port.p ? port.p : "", (int)path.len, path.p ? path.p : "");
	}
	if (t.failed)
		r->e.failed = true;
	else
		annotate_back(r, "prometheus.istio.io/scrape-targets", (struct str){t.data, t.len});
}

static void restore_prometheus(struct restoring *r, const struct value *mesh)
{
	const struct value *scrape = told(r, ENV_PROMETHEUS), *targets = raw_get(scrape, "targets");

	if (!points_at_agent(r, mesh, scrape != NULL))
		return;
	(void)map_del(r->e.annotations, STR("prometheus.io/path"));
	(void)map_del(r->e.annotations, STR("prometheus.io/port"));
	(void)map_del(r->e.annotations, STR("prometheus.io/scrape"));
	r->ret->prometheus = true;
	annotate_back(r, "prometheus.io/scrape", raw_str(scrape, "scrape"));
	if (targets && targets->kind == K_LIST && targets->u.list.len) {
		restore_targets(r, targets);
		return;
	}
	annotate_back(r, "prometheus.io/path", raw_str(scrape, "path"));
	annotate_back(r, "prometheus.io/port", raw_str(scrape, "port"));
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

bool restorable(const struct injection_record *record)
{
	const struct value *s = record->status;

	return raw_get(s, "containers") || raw_get(s, "initContainers") || raw_get(s, "volumes") || raw_get(s, "imagePullSecrets");
}

static bool has_items(const struct value *l)
{
	return l && l->kind == K_LIST && l->u.list.len;
}

static void forget_annotations(struct restoring *r)
{
	(void)map_del(r->e.annotations, STR(ANNOTATION_STATUS));
	/* One that names nobody was there before: injection writes none then. */
	if (has_items(r->record->containers) || has_items(r->record->init_containers))
		(void)map_del(r->e.annotations, STR(ANNOTATION_OVERRIDES));
	if (!r->e.annotations->len) {
		(void)map_del(r->e.metadata, STR("annotations"));
		r->e.annotations = NULL;
	}
}

int restore_pod(struct arena *a, const struct value *pod, const struct injection_record *record, const struct value *mesh,
	const struct map *injected, struct restored *ret, struct err *err)
{
	struct restoring r = {.record = record, .injected = injected, .ret = ret, .proxy = raw_any_container(pod, CONTAINER_PROXY),
		.own_port = agent_port(mesh)};
	const struct value *probers;

	memset(ret, 0, sizeof(*ret));
	pod_edit_begin(&r.e, a, pod);
	if (r.e.failed)
		return err_nomem(err);
	probers = told(&r, ENV_APP_PROBERS);
	ret->annotations = told_texts(&r, ENV_METAJSON_ANNOTATIONS);
	ret->labels = told_texts(&r, ENV_METAJSON_LABELS);
	restore_containers(&r, &r.e.containers, "containers", record->containers);
	restore_containers(&r, &r.e.init_containers, "initContainers", record->init_containers);
	drop_empty_init(&r);
	remove_named(&r, "volumes");
	remove_named(&r, "imagePullSecrets");
	restore_handlers(&r, &r.e.containers, "containers", probers);
	restore_handlers(&r, &r.e.init_containers, "initContainers", probers);
	restore_prometheus(&r, mesh);
	forget_annotations(&r);
	ret->pod = pod_edit_end(&r.e, err);
	return ret->pod ? schema_check(ret->pod, &go_pod, err) : -1;
}
