/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of the injector's own file: policy, selectors, names of templates, annotations. */
#include "patches/config/checking.h"

#include <string.h>

#include "base/nearest.h"

enum { NAMES_MAX = 64 };

static const struct yaml_node *root(const struct checking *c)
{
	return c->config.document.root;
}

static struct place key_place(struct checking *c, const char *key)
{
	return source_path_place(&c->config, c->a, key);
}

/* --- keys and policy
 * ----------------------------------------------------------------------------------------------------- */

static void check_own_keys(struct checking *c)
{
	static const char *const keys[] = {"policy", "neverInjectSelector", "alwaysInjectSelector",
		"injectedAnnotations", "template", "templates", "defaultTemplates", "aliases"};
	static const char *const newer[] = {"defaultTemplates", "aliases"};

	check_keys(c, &c->config, root(c), keys, ARRAY_LEN(keys), "");
	for (size_t i = 0; i < ARRAY_LEN(newer) && c->release_known && c->release != RELEASE_HEAD; i++) {
		const struct place place = key_place(c, newer[i]);

		if (node_get(root(c), newer[i], NULL))
			findings_add(c->f, FINDING_WARNING, &place, "take it out",
				"'%s' is read from Istio 1.9 on, beside 'templates:'", newer[i]);
	}
}

/* The charts since 1.9 write a text there that only tells an older injector to stop. */
static void check_formats(struct checking *c)
{
	const struct str old = raw_str(c->config.value, "template");
	const struct place place = key_place(c, "template");

	if (c->release_known && c->release == RELEASE_HEAD && str_trim_space(old).len &&
		str_find(old, STR("Template_Version_And_Istio_Version_Mismatched")) == SIZE_MAX)
		findings_add(c->f, FINDING_WARNING, &place, "take out the one of the release that does not run here",
			"both 'templates:' (Istio 1.9 and later) and 'template:' (up to 1.8) are there: 'template:' is "
			"not read");
}

static void check_policy(struct checking *c)
{
	const struct value *v = raw_get(c->config.value, "policy");
	const struct str policy = raw_str(c->config.value, "policy");
	const struct place place = key_place(c, "policy");
	static const char remedy[] = "write 'enabled' or 'disabled'";

	if (!v)
		findings_add(c->f, FINDING_ERROR, &place, remedy, "there is no policy");
	else if (v->kind != K_STRING)
		findings_add(c->f, FINDING_ERROR, &place, remedy, "policy is no text");
	else if (!str_is(policy, "enabled") && !str_is(policy, "disabled"))
		findings_add(c->f, FINDING_ERROR, &place, remedy, "policy is '%.*s'", check_shown(policy), policy.p);
}

/* --- selectors
 * ----------------------------------------------------------------------------------------------------------- */

static void check_expressions(struct checking *c, const struct yaml_node *selector)
{
	static const char *const keys[] = {"key", "operator", "values"};
	const struct yaml_node *list = node_get(selector, "matchExpressions", NULL);

	for (const struct yaml_node *n = list && list->kind == YAML_NODE_LIST ? list->child : NULL; n; n = n->next)
		check_keys(c, &c->config, n, keys, ARRAY_LEN(keys), " of a selector's expression");
}

static void check_selector(
	struct checking *c, const char *name, size_t i, const struct yaml_node *n, const struct value *raw)
{
	static const char *const keys[] = {"matchLabels", "matchExpressions"};
	const struct place place = source_node_place(&c->config, c->a, n);
	struct selector compiled;
	struct err err = {0};

	check_keys(c, &c->config, n, keys, ARRAY_LEN(keys), " of a selector");
	check_expressions(c, n);
	if (selector_compile(c->a, raw, &compiled, &err) < 0)
		findings_add(c->f, FINDING_ERROR, &place,
			"write it as a label selector: matchLabels, or matchExpressions with key, operator, values",
			"entry %zu of %s: %s", i + 1, name, err.what);
	else if (!compiled.len)
		findings_add(c->f, FINDING_WARNING, &place, "give it matchLabels or matchExpressions, or take it out",
			"entry %zu of %s is empty and matches no pod", i + 1, name);
}

static void check_selectors(struct checking *c, const char *name)
{
	const struct yaml_node *list = node_get(root(c), name, NULL), *n;
	const struct value *raw = raw_get(c->config.value, name);
	const struct place place = key_place(c, name);

	if (!raw)
		return;
	if (raw->kind != K_LIST || !list) {
		findings_add(c->f, FINDING_ERROR, &place, "write a list of label selectors, or []", "%s must be a list",
			name);
		return;
	}
	n = list->child;
	for (size_t i = 0; i < raw->u.list.len && n; i++, n = n->next)
		check_selector(c, name, i, n, raw->u.list.item[i]);
}

/* --- names of templates
 * -------------------------------------------------------------------------------------------------- */

/* Names of the map at `key`, for the one that may be meant. */
static size_t names_at(const struct checking *c, const char *key, const char **names, size_t n)
{
	const struct value *v = raw_get(c->config.value, key);

	for (uint32_t i = 0; v && v->kind == K_MAP && v->u.map && i < v->u.map->len && n < NAMES_MAX; i++) {
		const struct str name = v->u.map->entry[i].key;
		const char *copy = arena_strndup(c->a, name.p, name.len);

		if (copy)
			names[n++] = copy;
	}
	return n;
}

static bool is_there(const char *const *names, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(name, names[i]))
			return true;
	return false;
}

static void check_list_of_names(
	struct checking *c, const struct yaml_node *list, const char *what, const char *const *names, size_t n)
{
	list = node_resolve(list);
	for (const struct yaml_node *item = list && list->kind == YAML_NODE_LIST ? list->child : NULL;
		item && !findings_full(c->f); item = item->next) {
		const struct yaml_node *name = node_resolve(item);
		const struct place place = source_node_place(&c->config, c->a, item);
		const char *nearest;

		if (!name || name->kind != YAML_NODE_SCALAR) {
			findings_add(c->f, FINDING_ERROR, &place, "write the name of a template",
				"%s holds something else than a name", what);
			continue;
		}
		if (is_there(names, n, name->text))
			continue;
		nearest = nearest_name(name->text, names, n);
		findings_add(c->f, FINDING_ERROR, &place,
			nearest ? findings_text(c->f, "use '%s' if that is meant", nearest)
				: "name one of the keys of 'templates', or add it there",
			"%s names template '%.*s', which is not there", what, check_shown(name->text), name->text.p);
	}
}

static void check_kind_of_list(struct checking *c, const char *key, const struct value *v, struct place place)
{
	if (v && v->kind != K_LIST && v->kind != K_NIL)
		findings_add(c->f, FINDING_ERROR, &place, "write it as [NAME, ...]",
			"%s must be a list of names of templates", key);
}

static void check_aliases(struct checking *c, const char *const *templates, size_t n)
{
	const struct yaml_node *aliases = node_get(root(c), "aliases", NULL);
	const struct value *raw = raw_get(c->config.value, "aliases");
	const struct place place = key_place(c, "aliases");

	if (raw && raw->kind != K_MAP) {
		findings_add(c->f, FINDING_ERROR, &place, "write it as NAME: [TEMPLATE, ...]",
			"aliases must be a map of lists");
		return;
	}
	for (const struct yaml_node *k = raw && aliases ? aliases->child : NULL; k && k->next; k = k->next->next) {
		const char *what =
			findings_text(c->f, "alias '%.*s'", check_shown(k->text), k->text.p ? k->text.p : "");

		check_kind_of_list(c, what, map_get(raw->u.map, k->text), source_node_place(&c->config, c->a, k));
		check_list_of_names(c, k->next, what, templates, n);
	}
}

static void check_template_names(struct checking *c)
{
	const char *names[NAMES_MAX];
	const size_t templates = names_at(c, "templates", names, 0), all = names_at(c, "aliases", names, templates);
	const struct value *defaults = raw_get(c->config.value, "defaultTemplates");
	const struct place place = key_place(c, "templates");

	if (c->release != RELEASE_HEAD || templates == NAMES_MAX)
		return;
	check_aliases(c, names, templates);
	check_kind_of_list(c, "defaultTemplates", defaults, key_place(c, "defaultTemplates"));
	check_list_of_names(c, node_get(root(c), "defaultTemplates", NULL), "defaultTemplates", names, all);
	if (!(defaults && defaults->kind == K_LIST && defaults->u.list.len) && !is_there(names, all, STR("sidecar")))
		findings_add(c->f, FINDING_ERROR, &place, "add one of that name, or name others in defaultTemplates",
			"there is no template 'sidecar', which is used where defaultTemplates names none");
}

/* --- annotations
 * --------------------------------------------------------------------------------------------------------- */

static void check_annotations(struct checking *c)
{
	static const char key[] = "injectedAnnotations";
	const struct value *raw = raw_get(c->config.value, key);
	const struct yaml_node *map = node_get(root(c), key, NULL);
	const struct place place = key_place(c, key);

	if (raw && raw->kind != K_MAP) {
		findings_add(
			c->f, FINDING_ERROR, &place, "write it as NAME: \"VALUE\"", "%s must be a map of strings", key);
		return;
	}
	for (const struct yaml_node *k = raw && map ? map->child : NULL; k && k->next; k = k->next->next) {
		const struct value *v = k->kind == YAML_NODE_SCALAR ? map_get(raw->u.map, k->text) : NULL;
		const struct place at = source_node_place(&c->config, c->a, k);

		if (v && v->kind != K_STRING && v->kind != K_NUMBER && v->kind != K_BOOL)
			findings_add(c->f, FINDING_ERROR, &at, "write a string in quotes",
				"%s: '%.*s' must be a string", key, check_shown(k->text), k->text.p);
	}
}

void check_config(struct checking *c)
{
	const struct place place = source_place(&c->config, c->a, 1, 0);

	if (c->config.value->kind != K_MAP) {
		if (c->release_known)
			findings_add(c->f, FINDING_ERROR, &place,
				"give the key 'config' of the ConfigMap istio-sidecar-injector", "must be a map");
		return;
	}
	check_own_keys(c);
	check_formats(c);
	if (!c->release_known)
		return;
	check_policy(c);
	check_selectors(c, "neverInjectSelector");
	check_selectors(c, "alwaysInjectSelector");
	check_template_names(c);
	check_annotations(c);
}
