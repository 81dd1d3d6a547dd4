/* SPDX-License-Identifier: Apache-2.0 */
/* Istio 1.5 to 1.8: what was rendered goes into the pod, what an earlier injection added goes out. */
#include "patches/pod/list_apply.h"

#include "base/limits.h"
#include "patches/pod/agent.h"
#include "patches/pod/names.h"
#include "patches/value/json.h"

static const char token_path[] = "/var/run/secrets/kubernetes.io/serviceaccount";

/* --- out ------------------------------------------------------------------------------------------------------ */

enum { MAX_LEGACY = 2 };

/* What was added before pods carried a list of it. */
static const struct {
	const char *list;
	const char *name[MAX_LEGACY];
} legacy[] = {
	{"initContainers", {"istio-init", "enable-core-dump"}},
	{"containers", {"istio-proxy", NULL}},
	{"volumes", {"istio-certs", "istio-envoy"}},
	{"imagePullSecrets", {NULL, NULL}},
};

static bool was_added(const struct value *status, size_t row, struct str name)
{
	const struct value *l = raw_get(status, legacy[row].list);

	if (!status) {
		for (size_t i = 0; i < MAX_LEGACY; i++)
			if (legacy[row].name[i] && str_is(name, legacy[row].name[i]))
				return true;
		return false;
	}
	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++)
		if (l->u.list.item[i]->kind == K_STRING && str_eq(l->u.list.item[i]->u.s, name))
			return true;
	return false;
}

static void remove_containers(struct container_list *l, const struct value *status, size_t row)
{
	for (size_t i = l->len; i > 0; i--)
		if (was_added(status, row, raw_str(l->item[i - 1], "name")))
			container_remove(l, i - 1);
}

static void remove_items(struct pod_edit *e, const struct value *status, size_t row)
{
	const struct value *l = map_getc(e->spec, legacy[row].list);
	const size_t len = l && l->kind == K_LIST ? l->u.list.len : 0;
	const struct value **item = arena_calloc(e->a, len, sizeof(*item));
	size_t kept = 0;

	if (!item) {
		e->failed = true;
		return;
	}
	for (size_t i = 0; i < len; i++)
		if (!was_added(status, row, raw_str(l->u.list.item[i], "name")))
			item[kept++] = l->u.list.item[i];
	if (kept != len)
		member_set(e, e->spec, legacy[row].list, value_list(e->a, item, kept));
}

static bool lists_something(const struct value *status)
{
	for (size_t i = 0; i < ARRAY_LEN(legacy); i++) {
		const struct value *l = raw_get(status, legacy[i].list);

		if (l && l->kind == K_LIST && l->u.list.len)
			return true;
	}
	return false;
}

void list_remove_earlier(struct pod_edit *e, const struct value *status)
{
	status = lists_something(status) ? status : NULL;
	remove_containers(&e->init_containers, status, 0);
	remove_containers(&e->containers, status, 1);
	remove_items(e, status, 2);
	remove_items(e, status, 3);
}

/* --- in --------------------------------------------------------------------------------------------------------- */

const struct value *container_token_mount(const struct value *container)
{
	const struct value *mounts = raw_get(container, "volumeMounts"), *found = NULL;

	for (size_t i = 0; mounts && mounts->kind == K_LIST && i < mounts->u.list.len; i++)
		if (str_is(raw_str(mounts->u.list.item[i], "mountPath"), token_path))
			found = mounts->u.list.item[i];
	return found;
}

/* The application's own mount of the service-account token: the last one counts. */
static const struct value *token_mount(const struct value *containers)
{
	const struct value *found = NULL;

	for (size_t i = 0; containers && containers->kind == K_LIST && i < containers->u.list.len; i++) {
		const struct value *mount = container_token_mount(containers->u.list.item[i]);

		found = mount ? mount : found;
	}
	return raw_str(found, "name").len ? found : NULL;
}

static const struct value *appended(struct pod_edit *e, const struct value *list, const struct value *const *more, size_t n)
{
	const size_t len = list && list->kind == K_LIST ? list->u.list.len : 0;
	const struct value **item = arena_calloc(e->a, len + n, sizeof(*item));

	for (size_t i = 0; item && i < len; i++)
		item[i] = list->u.list.item[i];
	for (size_t i = 0; item && i < n; i++)
		item[len + i] = more[i];
	return item ? value_list(e->a, item, len + n) : NULL;
}

static void give_token(struct pod_edit *e, struct container_list *l, size_t index, const struct value *mount)
{
	struct map *container = container_edit(e, l, index);

	if (container)
		member_set(e, container, "volumeMounts", appended(e, map_getc(container, "volumeMounts"), &mount, 1));
}

static bool goes_first(struct str name, const struct list_rules *rules, bool hold)
{
	return (rules->validation_first && str_eq(name, CONTAINER_VALIDATION)) || (hold && str_eq(name, CONTAINER_PROXY));
}

static void add_containers(struct pod_edit *e, struct container_list *to, struct container_list *from,
	const struct list_rules *rules, bool hold)
{
	const struct value *mount = token_mount(to->given);

	for (size_t i = 0; i < from->len && !e->failed; i++) {
		const struct str name = raw_str(from->item[i], "name");

		if (mount && str_eq(name, CONTAINER_PROXY))
			give_token(e, from, i, mount);
		if (goes_first(name, rules, hold))
			container_insert(e, to, 0, from->item[i]);
		else
			container_append(e, to, from->item[i]);
	}
}

static void add_items(struct pod_edit *e, const char *key, const struct value *added)
{
	if (added && added->kind == K_LIST && added->u.list.len)
		member_set(e, e->spec, key, appended(e, map_getc(e->spec, key), added->u.list.item, added->u.list.len));
}

void list_add(struct pod_edit *e, struct list_spec *s, const struct list_rules *rules, bool hold)
{
	add_containers(e, &e->init_containers, &s->init_containers, rules, hold);
	add_containers(e, &e->containers, &s->containers, rules, hold);
	add_items(e, "volumes", s->volumes);
	add_items(e, "imagePullSecrets", s->pull_secrets);
	if (s->dns_config)
		member_set(e, e->spec, "dnsConfig", s->dns_config);
}

/* --- metadata ----------------------------------------------------------------------------------------------------- */

static struct map *rendered_proxy(struct pod_edit *e, struct list_spec *s)
{
	const size_t index = container_index(&s->containers, CONTAINER_PROXY);

	return index == SIZE_MAX ? NULL : container_edit(e, &s->containers, index);
}

static bool merges_prometheus(const struct value *annotations, const struct value *mesh)
{
	const int asked = parse_go_bool(raw_str(annotations, ANNOTATION_MERGE_METRICS));

	return asked >= 0 ? asked : !raw_get(mesh, "enablePrometheusMerge") || raw_bool(mesh, "enablePrometheusMerge");
}

void list_point_prometheus(struct pod_edit *e, const struct value *given, const struct value *mesh)
{
	const char *port = arena_printf(e->a, "%lld", (long long)agent_port(mesh));

	if (!merges_prometheus(raw_path(given, "metadata", "annotations", NULL), mesh))
		return;
	pod_annotate(e, STR("prometheus.io/port"), str_of(port));
	pod_annotate(e, STR("prometheus.io/path"), STR("/stats/prometheus"));
	pod_annotate(e, STR("prometheus.io/scrape"), STR("true"));
	e->failed = e->failed || !port;
}

void list_merge_prometheus(struct pod_edit *e, struct list_spec *s, const struct value *given, const struct value *mesh)
{
	static const char *const keys[][2] = {{"scrape", "prometheus.io/scrape"}, {"path", "prometheus.io/path"},
		{"port", "prometheus.io/port"}};
	const struct value *annotations = raw_path(given, "metadata", "annotations", NULL);
	struct map *proxy;
	bool any = false;
	struct text t;

	if (!merges_prometheus(annotations, mesh))
		return;
	text_init(&t, e->a, LIMIT_BODY_BYTES);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const struct str value = raw_str(annotations, keys[i][1]);

		any = any || value.len;
		text_addf(&t, "%s\"%s\":", i ? "," : "{", keys[i][0]);
		json_write_string(&t, value.p ? value : STR(""), JSON_ESCAPE_HTML);
	}
	text_addc(&t, '}');
	proxy = any ? rendered_proxy(e, s) : NULL;
	if (proxy)
		env_append(e, proxy, STR(ENV_PROMETHEUS), (struct str){t.data, t.len});
	list_point_prometheus(e, given, mesh);
	e->failed = e->failed || t.failed;
}

static struct str label_of(const struct pod_edit *e, const char *key)
{
	const struct value *v = map_getc(e->labels, key);

	return v && v->kind == K_STRING ? v->u.s : (struct str){NULL, 0};
}

/* The first of the labels that is there, also where it is empty. */
static struct str first_label(const struct pod_edit *e, const char *const keys[3], struct str fallback)
{
	for (size_t i = 0; i < 3; i++) {
		const struct str v = label_of(e, keys[i]);

		if (v.p)
			return v;
	}
	return fallback;
}

static void label_if_unset(struct pod_edit *e, const char *key, struct str value)
{
	if (!label_of(e, key).len)
		pod_label(e, str_of(key), value);
}

static struct str network_of(const struct list_spec *s)
{
	for (size_t i = 0; i < s->containers.len; i++) {
		const struct value *env = raw_get(s->containers.item[i], "env");

		for (size_t v = 0; env && env->kind == K_LIST && v < env->u.list.len; v++)
			if (str_is(raw_str(env->u.list.item[v], "name"), ENV_NETWORK))
				return raw_str(env->u.list.item[v], "value");
	}
	return STR("");
}

void list_label(struct pod_edit *e, const struct list_spec *s, const struct list_rules *rules, struct str workload, struct str revision)
{
	static const char *const name_keys[] = {"service.istio.io/canonical-name", "app.kubernetes.io/name", "app"};
	static const char *const version_keys[] = {"service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"};
	const struct str name = first_label(e, name_keys, workload), version = first_label(e, version_keys, STR("latest"));
	const struct str network = rules->cluster_by_values ? network_of(s) : STR("");

	if (rules->revision_label)
		label_if_unset(e, "istio.io/rev", revision);
	label_if_unset(e, "security.istio.io/tlsMode", STR("istio"));
	label_if_unset(e, name_keys[0], name);
	label_if_unset(e, version_keys[0], version);
	if (network.len)
		label_if_unset(e, LABEL_NETWORK, network);
}

/* --- as kube-inject up to 1.7 did it ------------------------------------------------------------------------------------ */

void list_append(struct pod_edit *e, struct list_spec *s, const struct list_rules *rules, bool hold)
{
	for (size_t i = 0; i < s->init_containers.len; i++)
		container_append(e, &e->init_containers, s->init_containers.item[i]);
	for (size_t i = 0; i < s->containers.len; i++) {
		if (hold && str_eq(raw_str(s->containers.item[i], "name"), CONTAINER_PROXY))
			container_insert(e, &e->containers, 0, s->containers.item[i]);
		else
			container_append(e, &e->containers, s->containers.item[i]);
	}
	add_items(e, "volumes", s->volumes);
	if (rules->offline_secrets)
		add_items(e, "imagePullSecrets", s->pull_secrets);
	if (s->dns_config)
		member_set(e, e->spec, "dnsConfig", s->dns_config);
	else
		(void)map_del(e->spec, STR("dnsConfig"));
}

void list_label_offline(struct pod_edit *e, const struct list_rules *rules, struct str revision)
{
	if (rules->revision_label)
		pod_label(e, STR("istio.io/rev"), revision);
	label_if_unset(e, "security.istio.io/tlsMode", STR("istio"));
}
