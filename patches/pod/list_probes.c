/* SPDX-License-Identifier: Apache-2.0 */
/* Probe rewriting of Istio 1.5 to 1.8: HTTP probes of application containers only, re-encoded whole. */
#include "base/limits.h"
#include "patches/pod/agent.h"
#include "patches/pod/coerce.h"
#include "patches/pod/list_apply.h"
#include "patches/pod/names.h"
#include "patches/value/json.h"

static const struct {
	const char *member, *suffix;
} probes[] = {{"readinessProbe", "/readyz"}, {"livenessProbe", "/livez"}, {"startupProbe", "/startupz"}};

static const char agent_prefix[] = "/app-health/";

static size_t probe_kinds(const struct list_rules *rules)
{
	return rules->startup_probes ? 3 : 2;
}

/* The probe as Go's types of that time keep it; NULL where out of memory or not readable. */
static const struct value *canonical_probe(struct pod_edit *e, const struct value *probe, const struct list_rules *rules,
	struct err *err)
{
	const struct value *v = raw_touched(e->a, probe);

	if (v)
		v = schema_canon(e->a, v, &go_probe, err);
	if (v)
		v = without_newer(e->a, v, &go_probe, rules->kubernetes, err);
	if (!v)
		err_nomem(err); /* where no other cause is told */
	return v;
}

/* --- what the agent is told ------------------------------------------------------------------------------------- */

static void tell(struct pod_edit *e, struct map *probers, const struct value *container, const struct value *probe, size_t kind)
{
	const struct value *action = raw_get(probe, "httpGet"), *port = agent_known_port(container, raw_get(action, "port"));
	struct map *m = map_new(e->a, 2), *own = map_clone(e->a, action->u.map, 1);
	const struct str path = agent_path(e->a, container, agent_prefix, probes[kind].suffix);
	const struct value *v = value_map(e->a, m);
	int64_t seconds = 0;

	if (!port)
		return;
	if (!m || !own || !v || !path.p) {
		e->failed = true;
		return;
	}
	member_set(e, own, "port", port);
	member_set(e, m, "httpGet", value_map(e->a, own));
	if (raw_int(raw_get(probe, "timeoutSeconds"), &seconds) && seconds)
		member_set(e, m, "timeoutSeconds", raw_get(probe, "timeoutSeconds"));
	if (map_set(e->a, probers, path, v) < 0)
		e->failed = true;
}

static void tell_proxy(struct pod_edit *e, struct list_spec *s, const struct map *probers, const struct list_rules *rules)
{
	const size_t index = container_index(&s->containers, CONTAINER_PROXY);
	const struct value outer = {.kind = K_MAP, .u.map = map_clone(e->a, probers, 0)};
	struct text t;

	if (index == SIZE_MAX || (!probers->len && !rules->empty_probers))
		return;
	text_init(&t, e->a, LIMIT_BODY_BYTES);
	json_write(&t, &outer, JSON_ESCAPE_HTML | JSON_SORT_KEYS);
	if (t.failed || !outer.u.map)
		e->failed = true;
	else
		env_append(e, container_edit(e, &s->containers, index), STR(ENV_APP_PROBERS), (struct str){t.data, t.len});
}

/* --- what the kubelet asks ---------------------------------------------------------------------------------------- */

static void redirect(struct pod_edit *e, size_t index, const struct value *probe, size_t kind, int64_t port)
{
	struct map *p = map_clone(e->a, probe->u.map, 0);
	const struct str path = agent_path(e->a, e->containers.item[index], agent_prefix, probes[kind].suffix);
	struct map *container = container_edit(e, &e->containers, index);

	if (!p || !path.p || !container) {
		e->failed = true;
		return;
	}
	member_set(e, p, "httpGet", agent_http_get(e, raw_get(probe, "httpGet"), path, port));
	member_set(e, container, probes[kind].member, value_map(e->a, p));
}

/* The number behind --statusPort of the rendered proxy; -1 where it has none. */
static int64_t port_in_args(const struct list_spec *s)
{
	const struct value *args = raw_get(find_container(&s->containers, CONTAINER_PROXY), "args");
	const size_t len = args && args->kind == K_LIST ? args->u.list.len : 0;
	int64_t port;

	for (size_t i = 0; i < len; i++) {
		struct str value = args->u.list.item[i]->kind == K_STRING ? str_trim_space(args->u.list.item[i]->u.s) : STR("");
		const struct str flag = str_cut(&value, '=');

		if (!str_is(flag, "--statusPort") && !str_is(flag, "-statusPort"))
			continue;
		if (!value.p && i + 1 < len && args->u.list.item[i + 1]->kind == K_STRING)
			value = args->u.list.item[i + 1]->u.s;
		return value.p && parse_i64(value, &port) ? port : -1;
	}
	return -1;
}

static int rewrite_container(struct pod_edit *e, size_t index, const struct list_rules *rules, int64_t port, struct map *probers,
	struct err *err)
{
	for (size_t kind = 0; kind < probe_kinds(rules); kind++) {
		const struct value *probe = raw_get(e->containers.item[index], probes[kind].member);

		if (!raw_get(probe, "httpGet"))
			continue;
		probe = canonical_probe(e, probe, rules, err);
		if (!probe)
			return -1;
		tell(e, probers, e->containers.item[index], probe, kind);
		if (port >= 0)
			redirect(e, index, probe, kind, port);
	}
	return 0;
}

int list_rewrite_probes(struct pod_edit *e, struct list_spec *s, const struct list_rules *rules, const struct value *mesh,
	struct err *err)
{
	const int asked = parse_go_bool(pod_annotation(e, ANNOTATION_REWRITE_PROBES));
	const bool has_proxy = container_index(&s->containers, CONTAINER_PROXY) != SIZE_MAX;
	const int64_t port = has_proxy ? (rules->probe_port_in_args ? port_in_args(s) : agent_port_asked(e, agent_port(mesh))) : -1;
	struct map *probers = map_new(e->a, 4);

	if (!(asked < 0 ? s->rewrite_probes : asked == 1))
		return 0;
	if (!probers)
		return err_nomem(err);
	for (size_t i = 0; i < e->containers.len; i++)
		if (!str_eq(raw_str(e->containers.item[i], "name"), CONTAINER_PROXY) &&
		    rewrite_container(e, i, rules, port, probers, err) < 0)
			return err_wrap(err, "cannot read a probe");
	tell_proxy(e, s, probers, rules);
	return 0;
}
