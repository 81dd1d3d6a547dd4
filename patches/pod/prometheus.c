/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics merging: Prometheus is pointed at the agent, and the agent is told where the application's metrics are. */
#include "patches/pod/prometheus.h"

#include <string.h>

#include "patches/pod/agent.h"
#include "patches/pod/names.h"
#include "patches/value/json.h"

enum { MAX_TARGETS = 256 };

/* Prometheus' own spelling of label names: every other character becomes "_". */
static bool is_spelled(struct str key, const char *sanitised)
{
	const size_t len = strlen(sanitised);

	if (utf8_count(key.p, key.len) != len)
		return false;
	for (size_t i = 0, at = 0; i < len; i++) {
		uint32_t r;

		at += utf8_decode(key.p + at, key.len - at, &r);
		if (!((r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9') || r == '_'))
			r = '_';
		if (r != (uint32_t)(unsigned char)sanitised[i])
			return false;
	}
	return true;
}

/*
 * The value under any spelling of the key; {NULL, 0} where there is none. Where a pod has several, the one whose
 * spelling sorts first wins: Istio takes one by chance.
 */
static const struct map_entry *find_spelled(const struct map *annotations, const char *sanitised)
{
	const struct map_entry *found = NULL;

	for (uint32_t i = 0; annotations && i < annotations->len; i++) {
		const struct map_entry *e = &annotations->entry[i];

		if (is_spelled(e->key, sanitised) && (!found || str_cmp(e->key, found->key) < 0))
			found = e;
	}
	return found;
}

static struct str spelled(const struct map *annotations, const char *sanitised)
{
	const struct map_entry *e = find_spelled(annotations, sanitised);

	return e && e->value->kind == K_STRING ? e->value->u.s : (struct str){NULL, 0};
}

static const char scrape_key[] = "prometheus_io_scrape", port_key[] = "prometheus_io_port", path_key[] = "prometheus_io_path",
		  targets_key[] = "prometheus_istio_io_scrape_targets", secure_key[] = "prometheus_istio_io_secure_port";

static bool wants_scrape(const struct map *annotations)
{
	return parse_go_bool(spelled(annotations, scrape_key)) != 0;
}

static bool merge_enabled(const struct pod_edit *e, const struct value *mesh)
{
	const int asked = parse_go_bool(pod_annotation(e, ANNOTATION_MERGE_METRICS));

	if (asked >= 0)
		return asked;
	return !raw_get(mesh, "enablePrometheusMerge") || raw_bool(mesh, "enablePrometheusMerge");
}

static bool is_about_scraping(struct str key)
{
	static const char *const keys[] = {scrape_key, port_key, path_key, targets_key};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (is_spelled(key, keys[i]))
			return true;
	return false;
}

/* A new map rather than one key out after the other: a pod can spell one key in very many ways. */
static void drop_all(struct pod_edit *e)
{
	const struct map *old = e->annotations;
	struct map *m = old ? map_new(e->a, old->len + 4) : NULL;

	for (uint32_t i = 0; m && i < old->len; i++)
		if (!is_about_scraping(old->entry[i].key) && map_set(e->a, m, old->entry[i].key, old->entry[i].value) < 0)
			e->failed = true;
	e->failed = e->failed || (old && !m);
	e->annotations = m ? m : e->annotations;
}

static struct str status_port(struct arena *a, const struct value *mesh)
{
	return str_of(arena_printf(a, "%lld", (long long)agent_port(mesh)));
}

void forget_merged_prometheus(struct pod_edit *e, const struct value *mesh)
{
	const struct str port = spelled(e->annotations, port_key);

	if (port.p && str_eq(port, status_port(e->a, mesh)))
		drop_all(e);
}

/* Data-plane ports that the proxy and its agent own: scraping them finds no application, or scrapes in a circle. */
static const struct {
	int64_t port;
	const char *reason;
} reserved_ports[] = {
	{15000, "Envoy admin"},
	{15001, "outbound traffic capture"},
	{15004, "pilot debug"},
	{15006, "inbound traffic capture"},
	{15008, "HBONE tunnel"},
	{15020, "pilot-agent status / merged Prometheus"},
	{15021, "Envoy health"},
	{15053, "DNS proxy"},
	{15090, "Envoy Prometheus (already merged)"},
};

struct target {
	struct str port, path;
};

struct scrape {
	struct str scrape, path, port;
	struct target target[MAX_TARGETS];
	size_t n_targets;
};

static int check_port(struct str port, struct str agent, bool is_target, struct err *err)
{
	const char *what = is_target ? "invalid prometheus scrape targets: " : "invalid prometheus scrape configuration: ";
	const char *kind = is_target ? "target port" : "port";
	int64_t n, agent_port = 0;
	const int shown = (int)(port.len < 64 ? port.len : 64);

	if (!parse_i64(port, &n) || n < 1 || n > 65535)
		return err_set(err, ERR_INPUT, "%sinvalid %s \"%.*s\"", what, kind, shown, port.p);
	if (parse_i64(agent, &agent_port) && n == agent_port)
		return err_set(err, ERR_INPUT, "%s%s %.*s conflicts with agent port", what, kind, shown, port.p);
	for (size_t i = 0; i < ARRAY_LEN(reserved_ports); i++)
		if (n == reserved_ports[i].port)
			return err_set(err, ERR_INPUT, "%s%s %.*s is reserved for Istio (%s) and cannot be scraped", what, kind,
				shown, port.p, reserved_ports[i].reason);
	return 0;
}

/* "9090:/metrics, 9091": the path is /metrics where none is given. Whether all entries name a port. */
static bool read_targets(struct str list, struct scrape *s)
{
	while (list.p) {
		const struct str entry = str_trim_space(str_cut(&list, ','));
		struct str path = entry;
		const struct str port = str_trim_space(str_cut(&path, ':'));

		if (!entry.len)
			continue;
		if (!port.len || s->n_targets == MAX_TARGETS)
			return false;
		path = path.p ? str_trim_space(path) : (struct str){NULL, 0};
		s->target[s->n_targets++] = (struct target){port, path.len ? path : STR("/metrics")};
	}
	return true;
}

static void read_scrape(const struct map *annotations, struct scrape *s)
{
	const struct str targets = spelled(annotations, targets_key);

	s->n_targets = 0;
	s->scrape = spelled(annotations, scrape_key);
	s->path = spelled(annotations, path_key);
	s->port = spelled(annotations, port_key);
	/* A list that cannot be read does not count at all, as in Istio. */
	if (targets.p && !read_targets(targets, s))
		s->n_targets = 0;
	if (s->n_targets) {
		s->port = s->target[0].port;
		s->path = s->target[0].path;
	}
}

static int check_scrape(const struct scrape *s, struct str agent, struct err *err)
{
	for (size_t i = 0; i < s->n_targets; i++)
		if (check_port(s->target[i].port, agent, true, err) < 0)
			return err_at(err, "/metadata/annotations/prometheus.istio.io~1scrape-targets");
	if (!s->n_targets && s->port.len && check_port(s->port, agent, false, err) < 0)
		return err_at(err, "/metadata/annotations/prometheus.io~1port");
	return 0;
}

static void add_member(struct text *t, const char *name, struct str value)
{
	text_addf(t, "\"%s\":", name);
	json_write_string(t, (struct str){value.p ? value.p : "", value.len}, JSON_ESCAPE_HTML);
}

static struct str scrape_json(struct arena *a, const struct scrape *s)
{
	struct text t;

	text_init(&t, a, 1 << 20);
	text_addc(&t, '{');
	add_member(&t, "scrape", s->scrape);
	text_addc(&t, ',');
	add_member(&t, "path", s->path);
	text_addc(&t, ',');
	add_member(&t, "port", s->port);
	for (size_t i = 0; i < s->n_targets; i++) {
		text_adds(&t, i ? ",{" : ",\"targets\":[{");
		add_member(&t, "port", s->target[i].port);
		text_addc(&t, ',');
		add_member(&t, "path", s->target[i].path);
		text_addc(&t, '}');
	}
	text_adds(&t, s->n_targets ? "]}" : "}");
	return t.failed ? (struct str){NULL, 0} : (struct str){t.data, t.len};
}

static void tell_proxy(struct pod_edit *e, const struct scrape *s)
{
	size_t index;
	struct container_list *l = container_where(e, CONTAINER_PROXY, &index);
	const bool is_empty = !s->scrape.len && !s->path.len && !s->port.len && !s->n_targets;
	const struct str json = is_empty || !l ? STR("") : scrape_json(e->a, s);

	if (!json.p)
		e->failed = true;
	else if (json.len)
		env_append(e, container_edit(e, l, index), STR(ENV_PROMETHEUS), json);
}

int merge_prometheus(struct pod_edit *e, const struct value *mesh, struct err *err)
{
	const struct str agent = status_port(e->a, mesh), port = spelled(e->annotations, port_key);
	struct scrape *s;

	if (!wants_scrape(e->annotations) || !merge_enabled(e, mesh) || (port.p && str_eq(port, agent)))
		return 0;
	s = arena_zalloc(e->a, sizeof(*s));
	if (!s)
		return err_nomem(err);
	read_scrape(e->annotations, s);
	if (check_scrape(s, agent, err) < 0)
		return -1;
	tell_proxy(e, s);
	drop_all(e);
	pod_annotate(e, STR("prometheus.io/port"), agent);
	pod_annotate(e, STR("prometheus.io/path"), STR("/stats/prometheus"));
	pod_annotate(e, STR("prometheus.io/scrape"), STR("true"));
	return 0;
}

void annotate_secure_port(struct pod_edit *e)
{
	size_t index;
	struct container_list *l = container_where(e, CONTAINER_PROXY, &index);
	const struct value *env = l ? raw_get(l->item[index], "env") : NULL;

	if (find_spelled(e->annotations, secure_key))
		return;
	for (size_t i = 0; env && env->kind == K_LIST && i < env->u.list.len; i++) {
		const struct str value = raw_str(env->u.list.item[i], "value");

		if (str_is(raw_str(env->u.list.item[i], "name"), "ENVOY_SECURE_MERGED_METRICS_PORT") && value.len &&
		    !str_is(value, "0")) {
			pod_annotate(e, STR("prometheus.istio.io/secure-port"), value);
			return;
		}
	}
}
