/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod asks for, in whatever spelling: one pass over its annotations, one over its containers. */
#include <string.h>

#include "base/limits.h"
#include "patches/decide.h"
#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/pod/proxy_user.h"
#include "patches/schema/schema.h"
#include "patches/value/json.h"
#include "patches/yaml/yaml.h"
#include "webhook/admission/guard_parts.h"

struct asking {
	struct guard_asks *asks;
	const struct guard_request *r;
	uint32_t kinds;         /* what is wanted */
	struct map *host_paths; /* NULL until it is asked for */
};

static bool wants(const struct asking *q, enum guard_kind kind)
{
	return q->kinds & guard_bit(kind);
}

static void add(struct asking *q, struct guard_ask ask)
{
	struct guard_asks *l = q->asks;

	if (!wants(q, ask.kind))
		return;
	if (l->len == LIMIT_GUARD_ASKS) {
		l->full = true;
		return;
	}
	if (l->len == l->cap) {
		const size_t cap = l->cap ? 2 * l->cap : 16;
		void *item = arena_grow(l->a, l->item, l->len * sizeof(*l->item), cap * sizeof(*l->item));

		if (!item) {
			l->failed = true;
			return;
		}
		l->item = item;
		l->cap = cap;
	}
	ask.unreadable = ask.unreadable || ask.value.len > LIMIT_GUARD_VALUE;
	l->item[l->len++] = ask;
	l->kinds |= guard_bit(ask.kind);
}

/* --- annotations --- */

/* "080" is 80 to whoever reads it as a number. */
static struct str without_zeros(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return s;
	while (s.len > 1 && s.p[0] == '0')
		s = (struct str){s.p + 1, s.len - 1};
	return s;
}

/* How an annotation's text is read. found: kind, place and key are set. */
typedef void read_fn(struct asking *q, struct guard_ask found, struct str text);

static void read_whole(struct asking *q, struct guard_ask found, struct str text)
{
	found.value = text;
	add(q, found);
}

static void read_image(struct asking *q, struct guard_ask found, struct str text)
{
	found.value = image_full_name(q->asks->a, text);
	q->asks->failed = q->asks->failed || !found.value.p;
	if (found.value.p)
		add(q, found);
}

static void read_parts(struct asking *q, struct guard_ask found, struct str text)
{
	while (text.p) {
		found.value = without_zeros(str_trim_space(str_cut(&text, ',')));
		if (found.value.len)
			add(q, found);
	}
}

/* What is not all is less: an empty text takes nothing in. */
static void read_narrowed(struct asking *q, struct guard_ask found, struct str text)
{
	if (str_is(text, "*"))
		return;
	if (str_trim_space(text).len == 0)
		add(q, found);
	read_parts(q, found, text);
}

/* "debug", or "SCOPE:debug,SCOPE:info". */
static void read_levels(struct asking *q, struct guard_ask found, struct str text)
{
	while (text.p) {
		struct str part = str_cut(&text, ',');

		while (memchr(part.p, ':', part.len))
			(void)str_cut(&part, ':');
		found.value = str_trim_space(part);
		add(q, found);
	}
}

static void read_amount(struct asking *q, struct guard_ask found, struct str text)
{
	struct err err = {0};
	struct str canonical;

	found.value = text;
	if (!wants(q, found.kind))
		return;
	if (quantity_canonical(q->asks->a, text, &canonical, &found.amount, &err) < 0) {
		q->asks->failed = q->asks->failed || err.code == ERR_NOMEM;
		found.unreadable = true;
	}
	add(q, found);
}

/* Each source of a volume is a member of its own: hostPath, secret, ... */
static void read_volume(struct asking *q, struct guard_ask found, const struct value *volume)
{
	const struct map *m = volume->kind == K_MAP ? volume->u.map : NULL;
	const size_t before = q->asks->len;

	for (uint32_t i = 0; m && i < m->len; i++) {
		found.value = m->entry[i].key;
		if (!str_is(found.value, "name"))
			add(q, found);
	}
	if (q->asks->len > before)
		return;
	found.value = STR("emptyDir");
	found.unreadable = !m;
	add(q, found);
}

static void read_volumes(struct asking *q, struct guard_ask found, struct str text)
{
	struct err err = {0};
	const struct value *v;

	if (!wants(q, found.kind))
		return;
	v = json_parse(q->asks->a, text.p, text.len, JSON_LAST_WINS, &err);
	if (!v || (v->kind != K_MAP && v->kind != K_LIST)) {
		q->asks->failed = q->asks->failed || err.code == ERR_NOMEM;
		found.unreadable = true;
		add(q, found);
	} else if (v->kind == K_LIST) {
		for (size_t i = 0; i < v->u.list.len; i++)
			read_volume(q, found, v->u.list.item[i]);
	} else {
		for (uint32_t i = 0; v->u.map && i < v->u.map->len; i++)
			read_volume(q, found, v->u.map->entry[i].value);
	}
}

static void read_mounts(struct asking *q, struct guard_ask found, struct str text UNUSED)
{
	found.value = STR("mount");
	add(q, found);
}

/* The containers that these switch on bring a capability. */
static void read_net_bind(struct asking *q, struct guard_ask found, struct str text)
{
	found.value = STR("NET_BIND_SERVICE");
	if (!str_is(text, "false"))
		add(q, found);
}

static void read_core_dump(struct asking *q, struct guard_ask found, struct str text)
{
	found.value = STR("SYS_ADMIN");
	if (parse_go_bool(text) != 0)
		add(q, found);
}

static void read_discovery(struct asking *q, struct guard_ask found, struct str text UNUSED)
{
	found.value = STR("discoveryAddress");
	add(q, found);
}

/* An alias is what it stands for. */
static void read_templates(struct asking *q, struct guard_ask found, struct str text)
{
	while (text.p) {
		const struct str name = str_trim_space(str_cut(&text, ','));
		const struct value *names = map_get(q->r->config->aliases, name);

		found.value = name;
		if (!names || names->kind != K_LIST)
			add(q, found);
		for (size_t i = 0; names && names->kind == K_LIST && i < names->u.list.len; i++) {
			found.value = names->u.list.item[i]->u.s;
			add(q, found);
		}
	}
}

/* --- proxy.istio.io/config --- */

/* JSON's name of a field that may be written in the proto's way: interception_mode is interceptionMode. p NULL without
 * memory. */
static struct str field_name(struct arena *a, struct str key)
{
	char *name;
	size_t n = 0;

	if (!key.len || !memchr(key.p, '_', key.len))
		return key;
	name = arena_strndup(a, key.p, key.len);
	for (size_t i = 0; name && i < key.len; i++) {
		const bool up = i > 0 && key.p[i - 1] == '_' && key.p[i] >= 'a' && key.p[i] <= 'z';

		if (key.p[i] != '_')
			name[n++] = up ? (char)(key.p[i] - 'a' + 'A') : key.p[i];
	}
	return (struct str){name, n};
}

/* Names of variables under proxyMetadata stay as they are; all else are fields. */
struct str guard_config_path(struct arena *a, struct str parent, struct str key)
{
	const struct str name = str_is(parent, "proxyMetadata") ? key : field_name(a, key);
	char *path;

	if (!parent.len || !name.p)
		return name;
	path = arena_printf(a, "%.*s.%.*s", (int)parent.len, parent.p, (int)name.len, name.p);
	return (struct str){path, path ? parent.len + 1 + name.len : 0};
}

static struct str scalar_text(const struct value *v)
{
	return v->kind == K_STRING || v->kind == K_NUMBER ? v->u.s : STR("");
}

/* An enum by name or by number. */
static struct str mode_name(struct str text)
{
	static const char *const modes[] = {"REDIRECT", "TPROXY", "NONE"};
	int64_t n;

	return parse_i64(text, &n) && n >= 0 && (size_t)n < ARRAY_LEN(modes) ? str_of(modes[n]) : text;
}

static void add_member(struct asking *q, struct str path, const struct value *v)
{
	struct guard_ask found = {
		.kind = GUARD_PROXY_CONFIG, .place = GUARD_AT_PROXY_CONFIG, .at = path, .value = path};

	q->asks->failed = q->asks->failed || !path.p;
	if (!path.p)
		return;
	add(q, found);
	found.value = scalar_text(v);
	if (str_is(path, "interceptionMode")) {
		found.kind = GUARD_INTERCEPTION_MODE;
		found.value = mode_name(found.value);
		add(q, found);
	} else if (str_is(path, "image.imageType")) {
		found.kind = GUARD_PROXY_IMAGE_TYPE;
		add(q, found);
	}
}

static void add_members(struct asking *q, struct str parent, const struct map *m)
{
	for (uint32_t i = 0; m && i < m->len; i++) {
		const struct map_entry *e = &m->entry[i];
		const struct str path = guard_config_path(q->asks->a, parent, e->key);

		add_member(q, path, e->value);
		if (!parent.len && path.len && e->value->kind == K_MAP)
			add_members(q, path, e->value->u.map);
	}
}

static void add_unreadable(struct asking *q, struct guard_ask found, enum guard_kind kind)
{
	found.kind = kind;
	found.unreadable = true;
	add(q, found);
}

static void read_proxy_config(struct asking *q, struct guard_ask found, struct str text)
{
	struct err err = {0};
	const struct value *v;

	if (!wants(q, GUARD_PROXY_CONFIG) && !wants(q, GUARD_INTERCEPTION_MODE) && !wants(q, GUARD_PROXY_IMAGE_TYPE))
		return;
	v = yaml_parse(q->asks->a, text, 0, &err);
	q->asks->failed = q->asks->failed || err.code == ERR_NOMEM;
	if (v && v->kind == K_MAP) {
		add_members(q, STR(""), v->u.map);
	} else if (!v || v->kind != K_NIL) {
		add_unreadable(q, found, GUARD_PROXY_CONFIG);
		add_unreadable(q, found, GUARD_INTERCEPTION_MODE);
		add_unreadable(q, found, GUARD_PROXY_IMAGE_TYPE);
	}
}

/* --- which annotation asks for what --- */

#define TRAFFIC "traffic.sidecar.istio.io/"
#define SIDECAR "sidecar.istio.io/"

static const struct source {
	const char *key;
	enum guard_kind kind;
	read_fn *read;
} sources[] = {
	{ANNOTATION_PROXY_CONFIG, GUARD_PROXY_CONFIG, read_proxy_config},
	{ANNOTATION_TEMPLATES, GUARD_TEMPLATES, read_templates},
	{SIDECAR "proxyImage", GUARD_PROXY_IMAGE, read_image},
	{ANNOTATION_IMAGE_TYPE, GUARD_PROXY_IMAGE_TYPE, read_whole},
	{TRAFFIC "excludeInboundPorts", GUARD_EXCLUDED_INBOUND_PORTS, read_parts},
	{TRAFFIC "excludeOutboundPorts", GUARD_EXCLUDED_OUTBOUND_PORTS, read_parts},
	{TRAFFIC "excludeOutboundIPRanges", GUARD_EXCLUDED_OUTBOUND_RANGES, read_parts},
	{TRAFFIC "excludeInterfaces", GUARD_EXCLUDED_INTERFACES, read_parts},
	{TRAFFIC "kubevirtInterfaces", GUARD_REROUTED_INTERFACES, read_parts},
	{"istio.io/reroute-virtual-interfaces", GUARD_REROUTED_INTERFACES, read_parts},
	{TRAFFIC "includeInboundPorts", GUARD_NARROWED_INBOUND_PORTS, read_narrowed},
	{TRAFFIC "includeOutboundPorts", GUARD_NARROWED_OUTBOUND_PORTS, read_narrowed},
	{TRAFFIC "includeOutboundIPRanges", GUARD_NARROWED_OUTBOUND_RANGES, read_narrowed},
	{ANNOTATION_INTERCEPTION, GUARD_INTERCEPTION_MODE, read_whole},
	{SIDECAR "userVolume", GUARD_USER_VOLUMES, read_volumes},
	{SIDECAR "userVolumeMount", GUARD_USER_VOLUMES, read_mounts},
	{SIDECAR "bootstrapOverride", GUARD_BOOTSTRAP_OVERRIDE, read_whole},
	{SIDECAR "logLevel", GUARD_LOG_LEVEL, read_levels},
	{SIDECAR "agentLogLevel", GUARD_LOG_LEVEL, read_levels},
	{SIDECAR "componentLogLevel", GUARD_LOG_LEVEL, read_levels},
	{ANNOTATION_CPU, GUARD_CPU, read_amount},
	{ANNOTATION_CPU_LIMIT, GUARD_CPU, read_amount},
	{SIDECAR "proxyMemory", GUARD_MEMORY, read_amount},
	{SIDECAR "proxyMemoryLimit", GUARD_MEMORY, read_amount},
	{SIDECAR "capNetBindService", GUARD_CAPABILITIES, read_net_bind},
	{SIDECAR "enableCoreDump", GUARD_CAPABILITIES, read_core_dump},
	{SIDECAR "discoveryAddress", GUARD_PROXY_CONFIG, read_discovery},
};

static void ask_annotation(struct asking *q, const struct map_entry *e)
{
	struct guard_ask found = {
		.kind = GUARD_ANNOTATIONS, .place = GUARD_AT_ANNOTATION, .at = e->key, .value = e->key};

	add(q, found);
	if (e->value->kind != K_STRING || str_find(e->key, STR("istio.io/")) == SIZE_MAX)
		return;
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		if (!str_is(e->key, sources[i].key))
			continue;
		found.kind = sources[i].kind;
		found.value = STR("");
		sources[i].read(q, found, e->value->u.s);
	}
}

/* Labels are the pod's own choice, and these switch injection off as well. */
static void ask_never_selector(struct asking *q)
{
	const struct guard_ask found = {.kind = GUARD_NEVER_SELECTOR,
		.place = GUARD_AT_LABEL,
		.at = STR("of neverInjectSelector"),
		.value = STR("there")};
	const struct value *labels = raw_path(q->r->pod, "metadata", "labels", NULL);

	if (wants(q, GUARD_NEVER_SELECTOR) && labels && labels->kind == K_MAP &&
		selectors_match(&q->r->config->never, labels->u.map))
		add(q, found);
}

static void ask_injection(struct asking *q)
{
	static const char key[] = SIDECAR "inject";
	struct guard_ask found = {.kind = GUARD_INJECTION, .at = STR(SIDECAR "inject")};
	enum reason wish;

	if (!wants(q, GUARD_INJECTION))
		return;
	wish = decide_wish(q->r->config, q->r->pod);
	if (reason_row(wish)->result != RESULT_SKIPPED)
		return;
	found.place = wish == REASON_LABEL_FALSE ? GUARD_AT_LABEL : GUARD_AT_ANNOTATION;
	found.value = raw_str(
		raw_path(q->r->pod, "metadata", wish == REASON_LABEL_FALSE ? "labels" : "annotations", NULL), key);
	add(q, found);
}

/* --- containers --- */

static bool is_injections(struct str name)
{
	const struct str names[] = {CONTAINER_PROXY, CONTAINER_INIT, CONTAINER_VALIDATION, CONTAINER_CORE_DUMP};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

static bool shares_ids(const struct asking *q, int64_t id, bool group)
{
	int64_t uid, gid;

	if (id == PROXY_ID || !q->r->config->openshift)
		return id == PROXY_ID;
	namespace_ids(q->r->facts, &uid, &gid);
	return id == (group ? gid : uid);
}

static void ask_ids(struct asking *q, struct guard_ask found, const struct value *security)
{
	static const char *const fields[] = {"runAsUser", "runAsGroup"};

	found.kind = GUARD_RUN_AS_IDS;
	for (size_t i = 0; i < ARRAY_LEN(fields) && wants(q, GUARD_RUN_AS_IDS); i++) {
		const struct value *v = raw_get(security, fields[i]);
		const char *text;
		int64_t id;

		if (!raw_int(v, &id))
			continue;
		text = arena_printf(q->asks->a, "%lld", (long long)id);
		q->asks->failed = q->asks->failed || !text;
		found.value = str_of(text);
		add(q, found);
		found.value = STR("proxy");
		if (shares_ids(q, id, i == 1))
			add(q, found);
	}
}

static void ask_capabilities(struct asking *q, struct guard_ask found, const struct value *security)
{
	const struct value *l = raw_path(security, "capabilities", "add", NULL);

	found.kind = GUARD_CAPABILITIES;
	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++) {
		const struct value *v = l->u.list.item[i];

		found.value = v->kind == K_STRING ? v->u.s : STR("");
		if (found.value.len > 4 && (found.value.p[0] == 'C' || found.value.p[0] == 'c') &&
			found.value.p[3] == '_')
			found.value =
				(struct str){found.value.p + 4, found.value.len - 4}; /* CAP_NET_ADMIN is NET_ADMIN */
		add(q, found);
	}
	found.value = STR("ALL");
	if (raw_bool(security, "privileged"))
		add(q, found);
}

static void ask_resources(struct asking *q, struct guard_ask found, const struct value *container)
{
	static const char *const sides[] = {"limits", "requests"};

	for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
		const struct value *side = raw_path(container, "resources", sides[i], NULL);
		const struct value *cpu = raw_get(side, "cpu"), *memory = raw_get(side, "memory");

		found.kind = GUARD_CPU;
		if (cpu)
			read_amount(q, found, scalar_text(cpu));
		found.kind = GUARD_MEMORY;
		if (memory)
			read_amount(q, found, scalar_text(memory));
	}
}

/* Names of the pod's volumes that are folders of the node; NULL without memory. */
static const struct map *host_paths(struct asking *q)
{
	const struct value *l = raw_path(q->r->pod, "spec", "volumes", NULL);

	if (q->host_paths || !(q->host_paths = map_new(q->asks->a, 4)))
		return q->host_paths;
	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++) {
		const struct str name = raw_str(l->u.list.item[i], "name");

		if (name.p && raw_get(l->u.list.item[i], "hostPath") &&
			map_set(q->asks->a, q->host_paths, name, &value_true) < 0)
			return NULL;
	}
	return q->host_paths;
}

static void ask_mounts(struct asking *q, struct guard_ask found, const struct value *container)
{
	const struct value *l = wants(q, GUARD_USER_VOLUMES) ? raw_get(container, "volumeMounts") : NULL;
	const struct map *paths = l ? host_paths(q) : NULL;

	q->asks->failed = q->asks->failed || (l && !paths);
	found.kind = GUARD_USER_VOLUMES;
	for (size_t i = 0; paths && l->kind == K_LIST && i < l->u.list.len; i++) {
		found.value = map_get(paths, raw_str(l->u.list.item[i], "name")) ? STR("hostPath") : STR("mount");
		add(q, found);
	}
}

/* What the pod itself says of a container that is injection's. */
static void ask_own(struct asking *q, struct guard_ask found, const struct value *container)
{
	const struct str image = raw_str(container, "image");

	found.kind = GUARD_OWN_CONTAINERS;
	found.value = found.at;
	add(q, found);
	found.kind = GUARD_PROXY_IMAGE;
	if (image.len && !str_is(image, "auto") && wants(q, GUARD_PROXY_IMAGE))
		read_image(q, found, image);
	ask_resources(q, found, container);
	ask_mounts(q, found, container);
}

static void ask_container(struct asking *q, const struct value *container, enum guard_place place)
{
	const struct guard_ask found = {.place = place, .at = raw_str(container, "name")};
	const struct value *security = raw_get(container, "securityContext");

	ask_capabilities(q, found, security);
	if (is_injections(found.at))
		ask_own(q, found, container);
	else
		ask_ids(q, found, security);
}

static void ask_containers(struct asking *q, const struct value *list, enum guard_place place)
{
	for (size_t i = 0; list && list->kind == K_LIST && i < list->u.list.len; i++)
		ask_container(q, list->u.list.item[i], place);
}

static void ask_spec(struct asking *q, const struct value *spec)
{
	const struct guard_ask host = {
		.kind = GUARD_HOST_NETWORK, .place = GUARD_AT_SPEC, .at = STR("hostNetwork"), .value = STR("true")};
	const struct guard_ask security = {.place = GUARD_AT_SPEC, .at = STR("securityContext")};

	if (raw_bool(spec, "hostNetwork"))
		add(q, host);
	ask_ids(q, security, raw_get(spec, "securityContext"));
	ask_containers(q, raw_get(spec, "containers"), GUARD_AT_CONTAINER);
	ask_containers(q, raw_get(spec, "initContainers"), GUARD_AT_INIT_CONTAINER);
}

/* --- who asks --- */

static void ask_user(struct asking *q, const struct value *info)
{
	const struct value *groups = raw_get(info, "groups");
	struct guard_ask found = {
		.kind = GUARD_USERS, .place = GUARD_AT_USER, .at = STR("user"), .value = raw_str(info, "username")};

	if (found.value.p)
		add(q, found);
	found.kind = GUARD_GROUPS;
	found.at = STR("group");
	for (size_t i = 0; groups && groups->kind == K_LIST && i < groups->u.list.len; i++) {
		found.value = scalar_text(groups->u.list.item[i]);
		add(q, found);
	}
}

void guard_ask_all(struct guard_asks *asks, const struct guard_request *r, uint32_t kinds)
{
	struct asking q = {.asks = asks, .r = r, .kinds = kinds};
	const struct value *annotations = raw_path(r->pod, "metadata", "annotations", NULL);

	ask_injection(&q);
	ask_never_selector(&q);
	for (uint32_t i = 0;
		annotations && annotations->kind == K_MAP && annotations->u.map && i < annotations->u.map->len; i++)
		ask_annotation(&q, &annotations->u.map->entry[i]);
	ask_spec(&q, raw_get(r->pod, "spec"));
	ask_user(&q, r->user_info);
}
