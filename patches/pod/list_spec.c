/* SPDX-License-Identifier: Apache-2.0 */
/* What a `template:` of Istio 1.5 to 1.8 renders, decoded: lists of containers, volumes and secrets to add. */
#include "patches/pod/list_spec.h"

#include <string.h>

#include "base/limits.h"
#include "patches/pod/coerce.h"
#include "patches/pod/names.h"
#include "patches/pod/status.h"
#include "patches/pod/url_env.h"
#include "patches/value/json.h"

static const struct go_type list_of_volumes = {.name = "[]v1.Volume", .kind = GO_SLICE, .elem = &go_volume};
static const struct go_type list_of_references = {.name = "[]v1.LocalObjectReference", .kind = GO_SLICE,
	.elem = &go_local_object_reference};

/* inject.SidecarInjectionSpec; the template's holdApplicationUntilProxyStarts never counts. */
static const struct go_field spec_fields[] = {
	{.go_name = "PodRedirectAnnot", .json_name = "podRedirectAnnot", .type = &go_map_string, .flags = F_OMITEMPTY},
	{.go_name = "RewriteAppHTTPProbe", .json_name = "rewriteAppHTTPProbe", .type = &go_bool, .flags = F_OMITEMPTY},
	{.go_name = "InitContainers", .json_name = "initContainers", .type = &go_list_container, .flags = F_OMITEMPTY},
	{.go_name = "Containers", .json_name = "containers", .type = &go_list_container, .flags = F_OMITEMPTY},
	{.go_name = "Volumes", .json_name = "volumes", .type = &list_of_volumes, .flags = F_OMITEMPTY},
	{.go_name = "DNSConfig", .json_name = "dnsConfig", .type = &go_pod_dns_config, .flags = F_OMITEMPTY},
	{.go_name = "ImagePullSecrets", .json_name = "imagePullSecrets", .type = &list_of_references, .flags = F_OMITEMPTY},
};

static const struct go_type spec_type = {.name = "inject.SidecarInjectionSpec", .bare = "SidecarInjectionSpec", .kind = GO_STRUCT,
	.n_fields = ARRAY_LEN(spec_fields), .field = spec_fields};

static const struct value *decode(struct arena *a, const struct value *rendered, const struct list_rules *rules, struct err *err)
{
	const struct value *v = coerce_strings(a, rendered, &spec_type, err);

	if (v)
		v = schema_canon(a, v, &spec_type, err);
	return v ? without_newer(a, v, &spec_type, rules->kubernetes, err) : NULL;
}

static void copy_list(struct pod_edit *e, const struct value *list, struct container_list *ret)
{
	*ret = (struct container_list){.item = NULL};
	for (size_t i = 0; list && list->kind == K_LIST && i < list->u.list.len; i++)
		container_append(e, ret, list->u.list.item[i]);
}

int list_spec_read(struct pod_edit *e, const struct value *rendered, const struct list_rules *rules, struct list_spec *ret,
	struct err *err)
{
	const struct value *v;

	memset(ret, 0, sizeof(*ret));
	if (rendered->kind == K_NIL)
		return 0;
	v = decode(e->a, rendered, rules, err);
	if (!v)
		return -1;
	copy_list(e, raw_get(v, "initContainers"), &ret->init_containers);
	copy_list(e, raw_get(v, "containers"), &ret->containers);
	ret->volumes = raw_get(v, "volumes");
	ret->pull_secrets = raw_get(v, "imagePullSecrets");
	/* The decoder makes an empty struct of a missing one: only what is there in the text counts. */
	ret->dns_config = raw_get(rendered, "dnsConfig") ? raw_get(v, "dnsConfig") : NULL;
	ret->redirect = raw_get(v, "podRedirectAnnot");
	ret->rewrite_probes = raw_bool(v, "rewriteAppHTTPProbe");
	return 0;
}

/* --- concurrency -------------------------------------------------------------------------------------------- */

enum { MILLI = 1000 };

/* The number behind -concurrency, --concurrency, in the same argument or the next; 0 where there is none. */
static int64_t given_concurrency(const struct value *args)
{
	const size_t len = args && args->kind == K_LIST ? args->u.list.len : 0;
	uint64_t attached;
	int64_t n;

	for (size_t i = 0; i < len; i++) {
		struct str value = args->u.list.item[i]->kind == K_STRING ? str_trim_space(args->u.list.item[i]->u.s) : STR("");
		const struct str flag = str_cut(&value, '=');

		if (!str_is(flag, "--concurrency") && !str_is(flag, "-concurrency"))
			continue;
		if (value.p && parse_u64(value, &attached) && attached <= INT64_MAX)
			return (int64_t)attached;
		if (value.p)
			continue; /* "=" with something else is another flag to Istio */
		if (i + 1 == len || args->u.list.item[i + 1]->kind != K_STRING || !parse_i64(args->u.list.item[i + 1]->u.s, &n))
			return 0;
		return n;
	}
	return 0;
}

static int64_t whole_cpus(struct arena *a, const struct value *resources, const char *which)
{
	const struct value *cpu = raw_get(raw_get(resources, which), "cpu");
	struct err ignored = {0};
	struct str canonical;
	int64_t milli;

	if (!cpu || cpu->kind != K_STRING || quantity_canonical(a, cpu->u.s, &canonical, &milli, &ignored) < 0)
		return 0;
	return milli > 0 ? milli / MILLI + (milli % MILLI > 0) : 0;
}

static void append_args(struct pod_edit *e, struct map *container, const char *flag, int64_t n)
{
	const struct value *args = map_getc(container, "args");
	const size_t len = args && args->kind == K_LIST ? args->u.list.len : 0;
	const struct value **item = arena_calloc(e->a, len + 2, sizeof(*item));
	const char *number = arena_printf(e->a, "%lld", (long long)n);

	if (!item || !number) {
		e->failed = true;
		return;
	}
	for (size_t i = 0; i < len; i++)
		item[i] = args->u.list.item[i];
	item[len] = value_cstr(e->a, flag);
	item[len + 1] = value_cstr(e->a, number);
	member_set(e, container, "args", value_list(e->a, item, len + 2));
}

void list_spec_set_concurrency(struct pod_edit *e, struct list_spec *s)
{
	const size_t index = container_index(&s->containers, CONTAINER_PROXY);
	const struct value *proxy = index == SIZE_MAX ? NULL : s->containers.item[index];
	const struct value *resources = raw_get(proxy, "resources");
	int64_t cpus;
	struct map *container;

	if (!proxy || given_concurrency(raw_get(proxy, "args")) > 0)
		return;
	cpus = whole_cpus(e->a, resources, "limits");
	if (!cpus)
		cpus = whole_cpus(e->a, resources, "requests");
	container = cpus ? container_edit(e, &s->containers, index) : NULL;
	if (container)
		append_args(e, container, "--concurrency", cpus);
}

/* --- environment, status ------------------------------------------------------------------------------------- */

void list_spec_set_env(struct pod_edit *e, struct list_spec *s, const struct map *env)
{
	for (size_t i = 0; env->len && i < s->containers.len; i++)
		if (str_eq(raw_str(s->containers.item[i], "name"), CONTAINER_PROXY))
			container_set_env(e, &s->containers, i, env);
}

static void add_list_names(struct text *t, const char *key, const struct value *list)
{
	status_add_names(t, key, list ? list->u.list.item : NULL, list ? list->u.list.len : 0);
}

struct str list_spec_status(struct arena *a, const struct list_spec *s, struct str version)
{
	struct text t;

	if (!version.p)
		return version;
	text_init(&t, a, LIMIT_BODY_BYTES);
	text_adds(&t, "{\"version\":");
	json_write_string(&t, version, JSON_ESCAPE_HTML);
	status_add_names(&t, ",\"initContainers\":", s->init_containers.item, s->init_containers.len);
	status_add_names(&t, ",\"containers\":", s->containers.item, s->containers.len);
	add_list_names(&t, ",\"volumes\":", s->volumes);
	add_list_names(&t, ",\"imagePullSecrets\":", s->pull_secrets);
	text_addc(&t, '}');
	return t.failed ? (struct str){NULL, 0} : (struct str){t.data, t.len};
}
