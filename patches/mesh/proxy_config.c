/* SPDX-License-Identifier: Apache-2.0 */
/* The proxy configuration that holds for one pod: layers over each other, in the release's way. */
#include "patches/mesh/proxy_config.h"

#include "patches/yaml/yaml.h"

/* Parts of proxyHeaders that an overlay leaves as they were when it does not name them. */
static const char *const kept_headers[] = {"forwardedClientCert", "requestId", "attemptCount", "server", "envoyDebugHeaders"};

static const struct map *submap(const struct map *m, const char *key)
{
	const struct value *v = map_getc(m, key);

	return v && v->kind == K_MAP ? v->u.map : NULL;
}

static int merge_metadata(struct arena *a, struct map *dst, const struct map *before, struct err *err)
{
	const struct map *now = submap(dst, "proxyMetadata");

	if (!before || now == before)
		return 0;

	struct map *merged = map_clone(a, before, now ? now->len : 0);

	if (!merged)
		return err_nomem(err);
	for (uint32_t i = 0; now && i < now->len; i++) {
		const struct map_entry *e = &now->entry[i];
		const uint32_t len = merged->len;

		if (map_set(a, merged, e->key, e->value) < 0)
			return err_nomem(err);
		if (merged->len > len)
			merged->entry[len].key_from_pod = e->key_from_pod;
	}
	const struct value *v = value_map(a, merged);

	return v && map_setc(a, dst, "proxyMetadata", v) == 0 ? 0 : err_nomem(err);
}

static int merge_headers(struct arena *a, struct map *dst, const struct map *before, struct err *err)
{
	const struct map *now = submap(dst, "proxyHeaders");
	struct map *merged;

	if (!before || !now || now == before)
		return 0;
	merged = map_clone(a, now, ARRAY_LEN(kept_headers));
	if (!merged)
		return err_nomem(err);
	for (size_t i = 0; i < ARRAY_LEN(kept_headers); i++) {
		const struct value *old = map_getc(before, kept_headers[i]);

		if (old && !map_getc(merged, kept_headers[i]) && map_setc(a, merged, kept_headers[i], old) < 0)
			return err_nomem(err);
	}
	const struct value *v = value_map(a, merged);

	return v && map_setc(a, dst, "proxyHeaders", v) == 0 ? 0 : err_nomem(err);
}

int proxy_config_apply(struct proto_reader *r, struct map *dst, const struct value *raw, enum release release)
{
	const struct map *metadata = submap(dst, "proxyMetadata"), *headers = submap(dst, "proxyHeaders");

	if (proto_apply(r, dst, raw, proxy_config_type(release)) < 0)
		return -1;
	if (release_is_gogo(release))
		return 0;
	if (merge_metadata(r->a, dst, metadata, r->err) < 0)
		return -1;
	return merge_headers(r->a, dst, headers, r->err);
}

static int overlay_fields(struct arena *a, struct map *dst, const struct map *layer, const struct go_type *type)
{
	for (uint32_t i = 0; layer && i < layer->len; i++) {
		const struct go_field *f = go_field_by_json(type, layer->entry[i].key);
		const struct value *v = layer->entry[i].value;

		if (f && f->oneof ? proto_set(a, dst, type, f, v) < 0 : map_set(a, dst, layer->entry[i].key, v) < 0)
			return -1;
	}
	return 0;
}

int proxy_config_overlay(struct arena *a, struct map *dst, const struct map *layer, struct err *err)
{
	return overlay_fields(a, dst, layer, &go_proxy_config) < 0 ? err_nomem(err) : 0;
}

/* As Istio's mergeWithPrecedence, which goes through YAML without zeros. */
static int merge_layer(struct arena *a, struct map *dst, const struct map *layer, struct err *err)
{
	const struct map *metadata = submap(dst, "proxyMetadata"), *headers = submap(dst, "proxyHeaders");

	if (proxy_config_overlay(a, dst, layer, err) < 0 || merge_metadata(a, dst, metadata, err) < 0)
		return -1;
	return merge_headers(a, dst, headers, err);
}

/* --- ProxyConfig resources --- */

static bool before(const struct proxy_config_resource *a, const struct proxy_config_resource *b)
{
	const int by_name = str_cmp(a->name, b->name);

	return a->created != b->created ? a->created < b->created : by_name ? by_name < 0 : str_cmp(a->namespace, b->namespace) < 0;
}

static bool selector_matches(const struct value *selector, const struct map *labels)
{
	const struct value *wanted = raw_get(selector, "matchLabels");

	if (!wanted || wanted->kind != K_MAP || !wanted->u.map || !wanted->u.map->len)
		return false;
	for (uint32_t i = 0; i < wanted->u.map->len; i++) {
		const struct map_entry *e = &wanted->u.map->entry[i];
		const struct value *have = map_get(labels, e->key);

		if (!have || have->kind != K_STRING || e->value->kind != K_STRING || !str_eq(have->u.s, e->value->u.s))
			return false;
	}
	return true;
}

/* The oldest resource of the namespace: the one without a selector, or (labels given by `select`) one whose selector matches. */
static const struct proxy_config_resource *pick(const struct proxy_config_resource *resources, size_t len, struct str namespace,
	bool select, const struct map *labels)
{
	const struct proxy_config_resource *best = NULL;

	for (size_t i = 0; i < len; i++) {
		const struct proxy_config_resource *c = &resources[i];
		const struct value *selector = raw_get(c->spec, "selector");

		if (!str_eq(c->namespace, namespace) || (select ? !selector_matches(selector, labels) : selector != NULL))
			continue;
		if (!best || before(c, best))
			best = c;
	}
	return best;
}

/* A resource's settings as a layer; NULL with err set when it does not read. */
static const struct map *resource_layer(struct arena *a, const struct proxy_config_resource *c, struct err *err)
{
	static const char *const names[][2] = {
		{"concurrency", "concurrency"}, {"environmentVariables", "proxyMetadata"}, {"image", "image"},
	};
	struct proto_reader r = {a, NULL, err, PROTO_UNKNOWN_SILENT, false};
	struct map *spec = map_new(a, 4), *layer = map_new(a, 4);

	if (!spec || !layer) {
		(void)err_nomem(err);
		return NULL;
	}
	if (proto_apply(&r, spec, c->spec, &go_proxy_config_resource) < 0) {
		(void)err_wrap(err, "ProxyConfig %s/%s", printable(a, c->namespace), printable(a, c->name));
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct value *v = map_getc(spec, names[i][0]);

		if (v && map_setc(a, layer, names[i][1], v) < 0) {
			(void)err_nomem(err);
			return NULL;
		}
	}
	return layer;
}

static int merge_resource(struct arena *a, struct map *dst, const struct proxy_config_resource *c, struct err *err)
{
	const struct map *layer = c ? resource_layer(a, c, err) : NULL;

	if (c && !layer)
		return -1;
	return merge_layer(a, dst, layer, err);
}

/* --- the pod's annotation --- */

/* The annotation over dst; both libraries say what is wrong with it in the same words. */
static int apply_annotation(struct arena *a, struct map *dst, enum release release, struct str annotation, struct err *err)
{
	struct proto_reader r = {a, NULL, err, PROTO_UNKNOWN_SILENT, release_is_gogo(release)};
	const struct value *raw = yaml_parse(a, annotation, YAML_FROM_POD, err);

	if (!raw || proxy_config_apply(&r, dst, raw, release) < 0)
		return -1;
	return 0;
}

/* A copy of the mesh's own proxy configuration that may be changed. */
static struct map *copy_default_config(struct arena *a, const struct value *mesh, enum release release, struct err *err)
{
	const struct value *config = raw_get(mesh, "defaultConfig");
	const struct value *v = config;
	struct map *copy;

	if (config && release_is_gogo(release))
		v = proto_clone_gogo(a, config, proxy_config_type(release));
	copy = config && !v ? NULL : map_clone(a, v && v->kind == K_MAP ? v->u.map : NULL, 8);
	if (!copy)
		(void)err_nomem(err);
	return copy;
}

const struct value *mesh_apply_proxy_config(struct arena *a, const struct value *mesh, enum release release, struct str annotation,
	struct err *err)
{
	struct map *config, *copy;
	const struct value *v;

	if (!annotation.p || release == RELEASE_1_5)
		return mesh;
	config = copy_default_config(a, mesh, release, err);
	if (!config)
		return NULL;
	if (apply_annotation(a, config, release, annotation, err) < 0) {
		(void)err_wrap(err, "could not parse proxy config");
		return NULL;
	}
	copy = map_clone(a, mesh->u.map, 1);
	v = copy ? value_map(a, config) : NULL;
	v = v && map_setc(a, copy, "defaultConfig", v) == 0 ? value_map(a, copy) : NULL;
	if (!v)
		(void)err_nomem(err);
	return v;
}

static const struct value *effective_old(struct arena *a, const struct value *mesh, enum release release, struct str annotation,
	struct err *err)
{
	const struct value *applied = mesh_apply_proxy_config(a, mesh, release, annotation, err), *config;

	if (!applied)
		return NULL;
	config = raw_get(applied, "defaultConfig");
	if (config)
		return config;
	struct map *empty = map_new(a, 0);

	config = empty ? value_map(a, empty) : NULL;
	if (!config)
		(void)err_nomem(err);
	return config;
}

/* The workload's own layer: a matching resource wins over the annotation. */
static int merge_workload(struct arena *a, struct map *dst, struct str annotation, const struct proxy_config_resource *workload,
	struct err *err)
{
	struct map *own_layer = map_new(a, 8);

	if (!own_layer)
		return err_nomem(err);
	if (annotation.p && apply_annotation(a, own_layer, RELEASE_HEAD, annotation, err) < 0)
		return err_wrap(err, "could not parse proxy config");
	if (merge_resource(a, own_layer, workload, err) < 0)
		return -1;
	return merge_layer(a, dst, own_layer, err);
}

void proxy_config_layers(const struct value *mesh, struct str namespace, const struct map *pod_labels,
	const struct proxy_config_resource *resources, size_t n_resources, struct proxy_config_layers *ret)
{
	const struct str root = raw_str(mesh, "rootNamespace");

	*ret = (struct proxy_config_layers){.workload = pick(resources, n_resources, namespace, true, pod_labels)};
	if (root.len)
		ret->root = pick(resources, n_resources, root, false, NULL);
	if (!str_eq(root, namespace))
		ret->namespace = pick(resources, n_resources, namespace, false, NULL);
}

const struct value *proxy_config_effective(struct arena *a, const struct value *mesh, enum release release, struct str annotation,
	struct str namespace, const struct map *pod_labels, const struct proxy_config_resource *resources, size_t n_resources,
	struct err *err)
{
	const struct value *base = raw_get(mesh, "defaultConfig"), *v;
	struct proxy_config_layers layers;
	struct map *config;

	if (release_is_gogo(release))
		return effective_old(a, mesh, release, annotation, err);
	/* The defaults under the mesh's own, put together from above: the mesh says nearly all of them. */
	config = map_clone(a, base && base->kind == K_MAP ? base->u.map : NULL, 8);
	if (!config) {
		(void)err_nomem(err);
		return NULL;
	}
	if (proxy_config_fill_defaults(a, config, release, err) < 0)
		return NULL;
	proxy_config_layers(mesh, namespace, pod_labels, resources, n_resources, &layers);
	if (layers.root && merge_resource(a, config, layers.root, err) < 0)
		return NULL;
	if (layers.namespace && merge_resource(a, config, layers.namespace, err) < 0)
		return NULL;
	if (merge_workload(a, config, annotation, layers.workload, err) < 0)
		return NULL;
	v = value_map(a, config);
	if (!v)
		(void)err_nomem(err);
	return v;
}

int proxy_config_validate(struct arena *a, struct str annotation, enum release release, struct err *err)
{
	struct problems p = {.arena = a};
	struct err cause = {0};
	struct map *config = proxy_config_defaults(a, release, err);

	if (!config)
		return -1;
	if (apply_annotation(a, config, release, annotation, &cause) < 0) {
		if (cause.where[0])
			return err_set(err, cause.code, "failed to convert to apply proxy config: %s (at %s)", cause.what, cause.where);
		return err_set(err, cause.code, "failed to convert to apply proxy config: %s", cause.what);
	}
	proxy_config_problems(&p, config, release);
	return problems_report(&p, ERR_INPUT, err);
}
