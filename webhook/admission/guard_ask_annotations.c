/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod's annotations ask for, in whatever spelling. */
#include <string.h>

#include "patches/pod/names.h"
#include "patches/schema/schema.h"
#include "patches/value/json.h"
#include "patches/yaml/yaml.h"
#include "webhook/admission/guard_ask.h"

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
	guard_ask_add(q, found);
}

void guard_read_image(struct asking *q, struct guard_ask found, struct str text)
{
	found.value = image_full_name(q->asks->a, text);
	q->asks->failed = q->asks->failed || !found.value.p;
	if (found.value.p)
		guard_ask_add(q, found);
}

static void read_parts(struct asking *q, struct guard_ask found, struct str text)
{
	while (text.p) {
		found.value = without_zeros(str_trim_space(str_cut(&text, ',')));
		if (found.value.len)
			guard_ask_add(q, found);
	}
}

/* What is not all is less: an empty text takes nothing in. */
static void read_narrowed(struct asking *q, struct guard_ask found, struct str text)
{
	if (str_is(text, "*"))
		return;
	if (str_trim_space(text).len == 0)
		guard_ask_add(q, found);
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
		guard_ask_add(q, found);
	}
}

void guard_read_amount(struct asking *q, struct guard_ask found, struct str text)
{
	struct err err = {0};
	struct str canonical;

	found.value = text;
	if (!guard_wants(q, found.kind))
		return;
	if (quantity_canonical(q->asks->a, text, &canonical, &found.amount, &err) < 0) {
		q->asks->failed = q->asks->failed || err.code == ERR_NOMEM;
		found.unreadable = true;
	}
	guard_ask_add(q, found);
}

/* Each source of a volume is a member of its own: hostPath, secret, ... */
static void read_volume(struct asking *q, struct guard_ask found, const struct value *volume)
{
	const struct map *m = volume->kind == K_MAP ? volume->u.map : NULL;
	const size_t before = q->asks->len;

	for (uint32_t i = 0; m && i < m->len; i++) {
		found.value = m->entry[i].key;
		if (!str_is(found.value, "name"))
			guard_ask_add(q, found);
	}
	if (q->asks->len > before)
		return;
	found.value = STR("emptyDir");
	found.unreadable = !m;
	guard_ask_add(q, found);
}

static void read_volumes(struct asking *q, struct guard_ask found, struct str text)
{
	struct err err = {0};
	const struct value *v;

	if (!guard_wants(q, found.kind))
		return;
	v = json_parse(q->asks->a, text.p, text.len, JSON_LAST_WINS, &err);
	if (!v || (v->kind != K_MAP && v->kind != K_LIST)) {
		q->asks->failed = q->asks->failed || err.code == ERR_NOMEM;
		found.unreadable = true;
		guard_ask_add(q, found);
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
	guard_ask_add(q, found);
}

/* The containers that these switch on bring a capability. */
static void read_net_bind(struct asking *q, struct guard_ask found, struct str text)
{
	found.value = STR("NET_BIND_SERVICE");
	if (!str_is(text, "false"))
		guard_ask_add(q, found);
}

static void read_core_dump(struct asking *q, struct guard_ask found, struct str text)
{
	found.value = STR("SYS_ADMIN");
	if (parse_go_bool(text) != 0)
		guard_ask_add(q, found);
}

static void read_discovery(struct asking *q, struct guard_ask found, struct str text UNUSED)
{
	found.value = STR("discoveryAddress");
	guard_ask_add(q, found);
}

/* An alias is what it stands for. */
static void read_templates(struct asking *q, struct guard_ask found, struct str text)
{
	while (text.p) {
		const struct str name = str_trim_space(str_cut(&text, ','));
		const struct value *names = map_get(q->r->config->aliases, name);

		found.value = name;
		if (!names || names->kind != K_LIST)
			guard_ask_add(q, found);
		for (size_t i = 0; names && names->kind == K_LIST && i < names->u.list.len; i++) {
			found.value = names->u.list.item[i]->u.s;
			guard_ask_add(q, found);
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

/* An enum by name or by number. */
static struct str mode_name(const struct value *v)
{
	static const char *const modes[] = {"REDIRECT", "TPROXY", "NONE"};
	int64_t n;

	return raw_int(v, &n) && n >= 0 && (size_t)n < ARRAY_LEN(modes) ? str_of(modes[n]) : guard_scalar(v);
}

static void add_member(struct asking *q, struct str path, const struct value *v)
{
	struct guard_ask found = {
		.kind = GUARD_PROXY_CONFIG, .place = GUARD_AT_PROXY_CONFIG, .at = path, .value = path};

	q->asks->failed = q->asks->failed || !path.p;
	if (!path.p)
		return;
	guard_ask_add(q, found);
	found.value = guard_scalar(v);
	if (str_is(path, "interceptionMode")) {
		found.kind = GUARD_INTERCEPTION_MODE;
		found.value = mode_name(v);
		guard_ask_add(q, found);
	} else if (str_is(path, "image.imageType")) {
		found.kind = GUARD_PROXY_IMAGE_TYPE;
		guard_ask_add(q, found);
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
	guard_ask_add(q, found);
}

static void read_proxy_config(struct asking *q, struct guard_ask found, struct str text)
{
	struct err err = {0};
	const struct value *v;

	if (!guard_wants(q, GUARD_PROXY_CONFIG) && !guard_wants(q, GUARD_INTERCEPTION_MODE) &&
		!guard_wants(q, GUARD_PROXY_IMAGE_TYPE))
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
	{SIDECAR "proxyImage", GUARD_PROXY_IMAGE, guard_read_image},
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
	{ANNOTATION_CPU, GUARD_CPU, guard_read_amount},
	{ANNOTATION_CPU_LIMIT, GUARD_CPU, guard_read_amount},
	{SIDECAR "proxyMemory", GUARD_MEMORY, guard_read_amount},
	{SIDECAR "proxyMemoryLimit", GUARD_MEMORY, guard_read_amount},
	{SIDECAR "capNetBindService", GUARD_CAPABILITIES, read_net_bind},
	{SIDECAR "enableCoreDump", GUARD_CAPABILITIES, read_core_dump},
	{SIDECAR "discoveryAddress", GUARD_PROXY_CONFIG, read_discovery},
};

static void ask_one(struct asking *q, const struct map_entry *e)
{
	struct guard_ask found = {
		.kind = GUARD_ANNOTATIONS, .place = GUARD_AT_ANNOTATION, .at = e->key, .value = e->key};

	guard_ask_add(q, found);
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

void guard_ask_annotations(struct asking *q)
{
	const struct value *annotations = raw_path(q->r->pod, "metadata", "annotations", NULL);

	if (!annotations || annotations->kind != K_MAP)
		return;
	for (uint32_t i = 0; annotations->u.map && i < annotations->u.map->len; i++)
		ask_one(q, &annotations->u.map->entry[i]);
}
