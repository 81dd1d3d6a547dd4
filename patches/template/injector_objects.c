/* SPDX-License-Identifier: Apache-2.0 */
/* The injector's own functions over objects: JSON, YAML, maps of strings, OpenTelemetry attributes. Source: Istio's pkg/kube/inject. */
#include <string.h>

#include "patches/mesh/duration.h"
#include "patches/mesh/mesh.h"
#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"
#include "patches/value/json.h"
#include "patches/yaml/yaml.h"

/* What cannot be encoded gives a fixed text in Go, with a line in the log; a limit or no memory stays an error. */
static const struct value *or_else(struct run *r, const char *text, const struct err *failed, struct err *err)
{
	if (failed->code == ERR_INPUT)
		return give_cstr(r, text, err);
	err_set(err, failed->code, "%s", failed->what);
	return NULL;
}

static const struct value *marshal(struct run *r, const struct value *v, const char *otherwise, struct err *err)
{
	struct err failed = {0};
	struct text out;

	out_init(r, &out);
	if (go_json_marshal(r->arena, &out, v, JSON_ESCAPE_HTML, &failed) < 0)
		return or_else(r, otherwise, &failed, err);
	if (charge_bytes(r, out.len * 2, err) < 0)
		return NULL;
	return run_str(r, &out, err);
}

/* Of a map of strings. */
CALL(injector_to_json)
{
	return argv[0]->kind != K_MAP || !argv[0]->u.map ? give_cstr(r, "{}", err) : marshal(r, argv[0], "{}", err);
}

CALL(injector_struct_to_json)
{
	return is_nil(argv[0]) ? give_cstr(r, "{}", err) : marshal(r, argv[0], "{}", err);
}

CALL(injector_from_json)
{
	struct err failed = {0};
	const struct value *v = json_decode(r, argv[0], &failed);

	if (v)
		return v;
	if (failed.code == ERR_LIMIT && failed.where[0]) /* nested too deep: no JSON for Go either */
		failed.code = ERR_INPUT;
	return or_else(r, "{}", &failed, err);
}

CALL(injector_to_yaml)
{
	struct err failed = {0};
	const struct value *tree = go_json_tree(r->arena, argv[0], &failed);
	struct text out;

	out_init(r, &out);
	if (!tree || yaml_write(r->arena, &out, tree, &failed) < 0) {
		/* Istio logs it and goes on with nothing: then one character of the pod would take a volume's source away. */
		if (failed.code == ERR_INPUT && go_pod_flags(argv[0]) & V_POD) {
			err_set(err, ERR_INPUT, "%s", failed.what);
			return NULL;
		}
		return or_else(r, "", &failed, err);
	}
	if (charge_bytes(r, out.len * 4, err) < 0)
		return NULL;
	return run_str(r, &out, err);
}

/* Durations and wrappers are structs for a template; protobuf's JSON has their text or value. */
static const struct value *bare(struct run *r, const struct value *v)
{
	const struct value *structure = v->kind == K_PTR ? v->u.ptr : v, *held;
	struct value *copy;
	struct text t;

	if (!structure || structure->kind != K_STRUCT || !structure->type)
		return v;
	if (structure->type->special == GO_PB_DURATION) {
		const struct value *seconds = map_getc(structure->u.map, "seconds"), *nanos = map_getc(structure->u.map, "nanos");
		int64_t ns;

		if (__builtin_mul_overflow(seconds ? seconds->u.i : 0, (int64_t)1000000000, &ns) ||
		    __builtin_add_overflow(ns, nanos ? nanos->u.i : 0, &ns))
			return v;
		out_init(r, &t);
		duration_add_proto(&t, ns);
		held = text_cstr(&t) ? value_str(r->arena, (struct str){t.data, t.len}) : NULL;
	} else if (structure->type->special == GO_PB_WRAPPER) {
		held = map_getc(structure->u.map, "value");
	} else {
		return v;
	}
	copy = held ? value_new(r->arena, (enum kind)held->kind, structure->type) : NULL;
	if (!copy)
		return v;
	copy->u = held->u;
	return copy;
}

static const struct value *proto_json(struct run *r, const struct value *v, enum release release, struct err *err)
{
	struct err failed = {0};
	struct text out;

	out_init(r, &out);
	if (proto_to_json(r->arena, &out, bare(r, v), release, &failed) < 0)
		return or_else(r, "{}", &failed, err);
	if (charge_bytes(r, out.len * 2, err) < 0)
		return NULL;
	return run_str(r, &out, err);
}

CALL(injector_proto_to_json_head)
{
	return proto_json(r, argv[0], RELEASE_HEAD, err);
}

CALL(injector_proto_to_json_v1_8)
{
	return proto_json(r, argv[0], RELEASE_1_8, err);
}

/* 1.5 to 1.7 share a dialect; the message's own type tells which of them it is. */
CALL(injector_proto_to_json_v1_5)
{
	return proto_json(r, argv[0], RELEASE_1_7, err);
}

/* --- maps of strings ------------------------------------------------------------------------------------------------ */

static struct map *new_map(struct run *r, size_t room, struct err *err)
{
	struct map *m = map_new(r->arena, room);

	if (!m)
		err_nomem(err);
	return m;
}

CALL(injector_strdict)
{
	struct map *m = new_map(r, argc / 2 + 1, err);

	for (size_t i = 0; m && i < argc; i += 2)
		if (dict_set(r, m, argv[i]->u.s, argv[i]->flags & V_POD, i + 1 < argc ? argv[i + 1] : &value_empty_string, err) < 0)
			return NULL;
	return m ? give_map(r, m, &go_map_string, err) : NULL;
}

CALL(injector_merge_maps)
{
	struct map *m = argc ? new_map(r, 8, err) : NULL;

	if (argc && !m)
		return NULL;
	for (size_t i = 0; i < argc; i++) {
		const struct map *from = argv[i]->u.map;

		for (uint32_t k = 0; from && k < from->len; k++)
			if (dict_set(r, m, from->entry[k].key, from->entry[k].key_from_pod, from->entry[k].value, err) < 0)
				return NULL;
	}
	return give_map(r, m, &go_map_string, err);
}

CALL(injector_to_json_map)
{
	const struct value *merged = injector_merge_maps(r, argc, argv, err);

	return merged ? marshal(r, merged, "", err) : NULL;
}

static const struct value *without_nils(struct run *r, const struct value *v, unsigned depth, struct err *err);

static const struct value *map_without_nils(struct run *r, const struct value *v, unsigned depth, struct err *err)
{
	const struct map *from = v->u.map;
	struct map *to = new_map(r, from ? from->len : 0, err);
	bool changed = false;

	if (!to)
		return NULL;
	for (uint32_t i = 0; from && i < from->len; i++) {
		const struct map_entry *e = &from->entry[i];
		const struct value *kept = without_nils(r, e->value, depth + 1, err);

		if (!kept)
			return NULL;
		changed = changed || is_nil(kept) || kept != e->value;
		if (!is_nil(kept) && dict_set(r, to, e->key, e->key_from_pod, kept, err) < 0)
			return NULL;
	}
	if (!changed)
		return v;
	return to->len ? give_map(r, to, NULL, err) : &value_nil;
}

static const struct value *list_without_nils(struct run *r, const struct value *v, unsigned depth, struct err *err)
{
	struct items list;
	bool changed = false;

	items_init(&list, r);
	for (size_t i = 0; i < v->u.list.len; i++) {
		const struct value *item = list_item(r, v, i, err), *kept = item ? without_nils(r, item, depth + 1, err) : NULL;

		if (!kept)
			return NULL;
		changed = changed || is_nil(kept) || kept != item;
		if (!is_nil(kept) && items_add(&list, kept, err) < 0)
			return NULL;
	}
	if (!changed)
		return v;
	return list.len ? give_items(&list, NULL, err) : &value_nil;
}

/* What became empty by it goes too; what had no nil stays the value that it is. */
static const struct value *without_nils(struct run *r, const struct value *v, unsigned depth, struct err *err)
{
	if (depth > LIMIT_VALUE_DEPTH) {
		err_set(err, ERR_LIMIT, "values nested more than %d deep", LIMIT_VALUE_DEPTH);
		return NULL;
	}
	if (run_charge(r, 1, err) < 0)
		return NULL;
	if (v->kind == K_MAP && go_type_of(v) == &go_map_any)
		return map_without_nils(r, v, depth, err);
	if (v->kind == K_LIST && go_type_of(v) == &go_list_any)
		return list_without_nils(r, v, depth, err);
	return v;
}

CALL(injector_omit_nil)
{
	return without_nils(r, argv[0], 0, err);
}

/* --- OpenTelemetry ---------------------------------------------------------------------------------------------------- */

/* Whether a tracing provider of the mesh wants the semantic conventions. */
static bool wants_conventions(const struct value *mesh)
{
	const struct value *structure = mesh->kind == K_PTR ? mesh->u.ptr : NULL;
	const struct value *providers = structure ? map_getc(structure->u.map, "extensionProviders") : NULL;

	for (size_t i = 0; providers && providers->kind == K_LIST && i < providers->u.list.len; i++) {
		const struct value *otel = raw_get(providers->u.list.item[i], "opentelemetry");

		if (str_is(raw_str(otel, "serviceAttributeEnrichment"), "OTEL_SEMANTIC_CONVENTIONS"))
			return true;
	}
	return false;
}

static struct str entry(const struct value *map, const char *key)
{
	const struct value *v = map_getc(map->u.map, key);

	return v && v->kind == K_STRING ? v->u.s : STR("");
}

static void add_attribute(struct text *out, const char *name, struct str value)
{
	if (out->len)
		text_addc(out, ',');
	text_adds(out, name);
	text_addc(out, '=');
	text_add(out, value.p, value.len);
}

/* Tag and digest of an image, as "tag@digest", or whichever there is. */
static struct str image_version(struct str image)
{
	const char *at = image.len ? memchr(image.p, '@', image.len) : NULL;
	const struct str name = {image.p, at ? (size_t)(at - image.p) : image.len};
	const char *slash = name.len ? memrchr(name.p, '/', name.len) : NULL;
	const char *colon = name.len ? memrchr(name.p, ':', name.len) : NULL;
	const bool tagged = colon && (!slash || colon > slash) && colon + 1 < name.p + name.len;
	const bool digested = at && at + 1 < image.p + image.len;
	const char *from = tagged ? colon + 1 : digested ? at + 1 : NULL;
	const char *end = digested ? image.p + image.len : name.p + name.len;

	return from ? (struct str){from, (size_t)(end - from)} : STR("");
}

static const struct value *container_text(struct run *r, const struct value *containers, const char *go_name, struct err *err)
{
	const struct value *container = list_item(r, containers, 0, err);
	const struct go_field *f = container ? go_field_find(go_type_of(container), str_of(go_name), NULL) : NULL;
	const struct value *v = f ? schema_view_field(r->arena, container, f) : NULL;

	if (!v)
		err_nomem(err);
	return v;
}

static int add_version(struct run *r, struct text *out, const struct value *const argv[], struct err *err)
{
	struct str version = entry(argv[1], "resource.opentelemetry.io/service.version");
	const struct value *image;

	if (!version.len)
		version = entry(argv[2], "app.kubernetes.io/version");
	if (!version.len && argv[4]->u.list.len == 1) {
		image = container_text(r, argv[4], "Image", err);
		if (!image)
			return -1;
		version = image_version(image->u.s);
	}
	if (version.len)
		add_attribute(out, "service.version", version);
	return 0;
}

static int add_instance(struct run *r, struct text *out, const struct value *const argv[], struct err *err)
{
	const struct str given = entry(argv[1], "resource.opentelemetry.io/service.instance.id"), namespace = argv[3]->u.s;
	const struct value *name;

	if (given.len) {
		add_attribute(out, "service.instance.id", given);
		return 0;
	}
	if (!argv[4]->u.list.len)
		return 0;
	name = container_text(r, argv[4], "Name", err);
	if (!name)
		return -1;
	add_attribute(out, "service.instance.id", namespace);
	text_adds(out, ".$(POD_NAME)."); /* filled in by the kubelet: at injection the pod may have no name yet */
	text_add(out, name->u.s.p, name->u.s.len);
	return 0;
}

/* MESH ANNOTATIONS LABELS NAMESPACE CONTAINERS */
CALL(injector_otel_resource_attributes)
{
	struct str namespace = entry(argv[1], "resource.opentelemetry.io/service.namespace");
	struct text out;

	if (!wants_conventions(argv[0]))
		return &value_empty_string;
	if (!namespace.len)
		namespace = argv[3]->u.s;
	out_init(r, &out);
	if (namespace.len)
		add_attribute(&out, "service.namespace", namespace);
	if (add_version(r, &out, argv, err) < 0 || add_instance(r, &out, argv, err) < 0)
		return NULL;
	return run_str(r, &out, err);
}
