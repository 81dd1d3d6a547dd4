/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes, Namespaces and ProxyConfigs, from a file of manifests or as the API server has them. */
#include "patches/config/config.h"

#include <string.h>

#include "patches/value/json.h"
#include "patches/yaml/yaml.h"

enum { MAX_OBJECTS = 200000 };

struct objects {
	const struct value **item;
	size_t len, cap;
};

static int add_object(struct arena *a, struct objects *o, const struct value *v, struct err *err)
{
	if (o->len >= MAX_OBJECTS)
		return err_set(err, ERR_LIMIT, "more than %d objects", MAX_OBJECTS);
	if (o->len == o->cap) {
		const size_t cap = o->cap ? o->cap * 2 : 64;
		void *item = arena_grow(a, o->item, o->len * sizeof(*o->item), cap * sizeof(*o->item));

		if (!item)
			return err_nomem(err);
		o->item = item;
		o->cap = cap;
	}
	o->item[o->len++] = v;
	return 0;
}

/* A document, or the items of a List (of any kind that ends in List). */
static int add_document(struct arena *a, struct objects *o, const struct value *doc, struct err *err)
{
	const struct value *items = raw_get(doc, "items");

	if (doc->kind == K_NIL)
		return 0;
	if (doc->kind != K_MAP)
		return err_set(err, ERR_CONFIG, "a manifest must be a map");
	if (!str_has_suffix(raw_str(doc, "kind"), "List") || !items || items->kind != K_LIST)
		return add_object(a, o, doc, err);
	for (size_t i = 0; i < items->u.list.len; i++)
		if (add_object(a, o, items->u.list.item[i], err) < 0)
			return -1;
	return 0;
}

/* The document's place, with the place inside it put before the cause. */
static int blame(const struct named_text *text, size_t line, struct err *err)
{
	if (err && err->where[0])
		(void)err_wrap(err, "%s", err->where);
	if (err)
		err->where[0] = '\0';
	err_wrap(err, "%s: document at line %zu", text->name, line);
	return err_at(err, "%s:%zu", text->name, line);
}

static int read_objects(struct arena *a, const struct named_text *text, struct objects *o, struct err *err)
{
	struct yaml_reader reader = {text->text, 1};
	struct str doc;
	size_t line;

	while (yaml_next_document(&reader, &doc, &line)) {
		const struct value *v = yaml_parse(a, doc, 0, err);

		if (!v || add_document(a, o, v, err) < 0)
			return blame(text, line, err);
	}
	return 0;
}

/* Read as the API server's own clients read it: whatever it stores must not stand in the way of the rest. */
static int read_json(struct arena *a, const struct named_text *text, struct objects *o, struct err *err)
{
	const struct value *v = json_parse(a, text->text.p, text->text.len, JSON_LAST_WINS | JSON_GO_UTF8 | JSON_ALLOW_NUL, err);

	return v && add_document(a, o, v, err) == 0 ? 0 : err_wrap(err, "%s", text->name);
}

/* Of the groups that have a kind of a name that Kubernetes or Istio uses, only theirs is meant. */
static bool is_of_kind(const struct value *object, const char *kind)
{
	const struct str version = raw_str(object, "apiVersion");
	const char *group = strcmp(kind, "ProxyConfig") == 0 ? "networking.istio.io/" : "v1";

	return str_is(raw_str(object, "kind"), kind) && (!version.len || str_has_prefix(version, group));
}

static size_t count_kind(const struct objects *o, const char *kind)
{
	size_t n = 0;

	for (size_t i = 0; i < o->len; i++)
		n += is_of_kind(o->item[i], kind);
	return n;
}

/* The second number of "v1.34.0-gke.1" and the like; -1 where there is none. */
static int64_t kubelet_minor(struct str version)
{
	size_t digits = 0;
	struct str rest = version;
	int64_t minor;

	(void)str_cut(&rest, '.');
	if (!rest.p)
		return -1;
	while (digits < rest.len && rest.p[digits] >= '0' && rest.p[digits] <= '9')
		digits++;
	return parse_i64((struct str){rest.p, digits}, &minor) ? minor : -1;
}

static const struct map *map_of(const struct value *v)
{
	return v && v->kind == K_MAP ? v->u.map : NULL;
}

/* "2026-11-23T15:42:00Z" sorts as text like the time it names, so its bytes serve as the key of age. */
static int64_t created_of(const struct value *object)
{
	const struct str text = raw_str(raw_get(object, "metadata"), "creationTimestamp");
	int64_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] >= '0' && text.p[i] <= '9' && n < INT64_MAX / 100)
			n = n * 10 + (text.p[i] - '0');
	return n;
}

static void fill(const struct objects *o, struct node *nodes, struct namespace_facts *namespaces,
	struct proxy_config_resource *proxy_configs)
{
	for (size_t i = 0; i < o->len; i++) {
		const struct value *v = o->item[i], *meta = raw_get(v, "metadata");
		const struct str name = raw_str(meta, "name");

		if (is_of_kind(v, "Node"))
			*nodes++ = (struct node){name,
				kubelet_minor(raw_str(raw_path(v, "status", "nodeInfo", NULL), "kubeletVersion"))};
		else if (is_of_kind(v, "Namespace"))
			*namespaces++ = (struct namespace_facts){name, map_of(raw_get(meta, "labels")),
				map_of(raw_get(meta, "annotations"))};
		else if (is_of_kind(v, "ProxyConfig"))
			*proxy_configs++ = (struct proxy_config_resource){.name = name, .namespace = raw_str(meta, "namespace"),
				.created = created_of(v), .spec = raw_get(v, "spec")};
	}
}

/* Every one of its kind; of service accounts those whose pods get no token mounted. */
static bool is_kept(const struct value *object, const char *kind)
{
	const struct value *mounts = raw_get(object, "automountServiceAccountToken");

	if (!is_of_kind(object, kind))
		return false;
	return strcmp(kind, "ServiceAccount") != 0 || (mounts && mounts->kind == K_BOOL && !mounts->u.b);
}

/* By name alone: the content of ConfigMaps and Secrets is nobody's business here. */
static int keep_names(struct arena *a, const struct objects *o, const char *kind, const struct named_object **ret, size_t *ret_len)
{
	const size_t len = count_kind(o, kind);
	struct named_object *list = arena_calloc(a, len, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; list && i < o->len; i++) {
		const struct value *meta = raw_get(o->item[i], "metadata");

		if (is_kept(o->item[i], kind))
			list[n++] = (struct named_object){raw_str(meta, "namespace"), raw_str(meta, "name")};
	}
	*ret = list;
	*ret_len = n;
	return list ? 0 : -1;
}

static bool are_sorted(const struct namespace_facts *list, size_t len)
{
	for (size_t i = 1; i < len; i++)
		if (str_cmp(list[i - 1].name, list[i].name) >= 0)
			return false;
	return true;
}

int cluster_objects_load(struct inject_config *c, const struct config_texts *texts, struct err *err)
{
	const struct named_text *text = texts->api_objects.text.p ? &texts->api_objects : &texts->cluster_objects;
	struct objects o = {NULL, 0, 0};
	struct node *nodes;
	struct namespace_facts *namespaces;
	struct proxy_config_resource *proxy_configs;

	if (!text->text.p)
		return 0;
	if ((texts->api_objects.text.p ? read_json : read_objects)(&c->arena, text, &o, err) < 0)
		return -1;
	c->n_nodes = count_kind(&o, "Node");
	c->n_namespaces = count_kind(&o, "Namespace");
	c->n_proxy_configs = count_kind(&o, "ProxyConfig");
	nodes = arena_calloc(&c->arena, c->n_nodes, sizeof(*nodes));
	namespaces = arena_calloc(&c->arena, c->n_namespaces, sizeof(*namespaces));
	proxy_configs = arena_calloc(&c->arena, c->n_proxy_configs, sizeof(*proxy_configs));
	if (!nodes || !namespaces || !proxy_configs || keep_names(&c->arena, &o, "ConfigMap", &c->config_maps, &c->n_config_maps) < 0 ||
	    keep_names(&c->arena, &o, "Secret", &c->secrets, &c->n_secrets) < 0 ||
	    keep_names(&c->arena, &o, "ServiceAccount", &c->unmounted_accounts, &c->n_unmounted_accounts) < 0)
		return err_nomem(err);
	fill(&o, nodes, namespaces, proxy_configs);
	c->nodes = nodes;
	c->namespaces = namespaces;
	c->namespaces_sorted = are_sorted(namespaces, c->n_namespaces);
	c->proxy_configs = proxy_configs;
	c->nodes_known = !texts->nodes_unknown;
	return 0;
}

/* --- ProxyConfigs of the files that are injected ----------------------------------------------------------------------- */

static int find_proxy_configs(struct arena *a, const struct named_text *text, struct objects *ret, struct err *err)
{
	struct yaml_reader reader = {text->text, 1};
	struct str doc;
	size_t line;

	while (yaml_next_document(&reader, &doc, &line)) {
		struct err ignored = {0};
		const struct value *v = NULL;

		if (str_find(doc, STR("ProxyConfig")) != SIZE_MAX)
			v = yaml_parse(a, doc, 0, &ignored);
		if (v && v->kind == K_MAP && add_document(a, ret, v, err) < 0)
			return -1;
	}
	return 0;
}

static struct proxy_config_resource *find_resource(struct proxy_config_resource *list, size_t len, struct str namespace, struct str name)
{
	for (size_t i = 0; i < len; i++)
		if (str_eq(list[i].namespace, namespace) && str_eq(list[i].name, name))
			return &list[i];
	return NULL;
}

int proxy_configs_add(struct inject_config *c, const struct named_text *text, struct str namespace, struct err *err)
{
	struct objects o = {NULL, 0, 0};
	struct proxy_config_resource *list;
	size_t len = c->n_proxy_configs;

	if (find_proxy_configs(&c->arena, text, &o, err) < 0)
		return -1;
	list = arena_calloc(&c->arena, len + o.len, sizeof(*list));
	namespace.p = arena_strndup(&c->arena, namespace.p ? namespace.p : "", namespace.len);
	if (!list || !namespace.p)
		return err_nomem(err);
	for (size_t i = 0; i < len; i++)
		list[i] = c->proxy_configs[i];
	for (size_t i = 0; i < o.len; i++) {
		const struct value *meta = raw_get(o.item[i], "metadata");
		const struct str own = raw_str(meta, "namespace"), name = raw_str(meta, "name");
		struct proxy_config_resource *known;

		if (!is_of_kind(o.item[i], "ProxyConfig"))
			continue;
		known = find_resource(list, len, own.len ? own : namespace, name);
		if (!known) {
			known = &list[len++];
			*known = (struct proxy_config_resource){.name = name, .namespace = own.len ? own : namespace, .created = INT64_MAX};
		}
		known->spec = raw_get(o.item[i], "spec");
	}
	c->proxy_configs = list;
	c->n_proxy_configs = len;
	return 0;
}
