/* SPDX-License-Identifier: Apache-2.0 */
/* All that is wrong with a configuration, told together. */
#include "patches/config/check.h"

#include <string.h>

#include "base/limits.h"
#include "base/nearest.h"
#include "patches/config/checking.h"

/* --- the texts
 * ---------------------------------------------------------------------------------------------------------- */

static bool read_source(struct checking *c, struct source *s)
{
	struct err err = {0};
	struct place place;

	if (s->text.len > LIMIT_CONFIG_BYTES) {
		place = source_place(s, c->a, 1, 0);
		findings_add(c->f, FINDING_ERROR, &place, "a ConfigMap holds at most 1 MiB: is this the right file?",
			"larger than %d bytes", LIMIT_CONFIG_BYTES);
		return false;
	}
	if (source_read(s, c->a, &place, &err) == 0)
		return true;
	c->f->nomem = c->f->nomem || err.code == ERR_NOMEM;
	findings_add(c->f, FINDING_ERROR, &place, "correct the YAML there or in the lines before",
		"cannot be read as YAML: %s", err.what);
	s->value = NULL;
	return false;
}

static bool is_config_map(const struct source *s)
{
	return s->value->kind == K_MAP && str_is(raw_str(s->value, "kind"), "ConfigMap");
}

/* data.KEY of a manifest. False where it is not there. */
static bool take_part(struct checking *c, const struct source *manifest, const char *key, struct source *ret)
{
	const struct yaml_node *data = node_get(manifest->document.root, "data", NULL), *n = node_get(data, key, NULL);

	if (!n || n->kind != YAML_NODE_SCALAR)
		return false;
	source_part(manifest, n, findings_text(c->f, "key '%s'", key), ret);
	return true;
}

/* The text of one key, out of its manifest where it is one. whole: for other keys of it. */
static bool open_text(
	struct checking *c, const struct named_text *t, const char *key, struct source *whole, struct source *ret)
{
	struct place place;

	source_init(whole, t->name, t->text);
	if (!read_source(c, whole))
		return false;
	if (!is_config_map(whole)) {
		*ret = *whole;
		return true;
	}
	if (take_part(c, whole, key, ret))
		return read_source(c, ret);
	place = source_path_place(whole, c->a, "data");
	findings_add(c->f, FINDING_ERROR, &place,
		"give the ConfigMap that has it: istio-sidecar-injector has 'config' and 'values', istio has 'mesh'",
		"the ConfigMap has no key '%s' under data", key);
	return false;
}

static void embedded(struct checking *c, const char *name, const char *text, struct source *ret)
{
	source_init(ret, name, str_of(text));
	(void)read_source(c, ret);
}

static void open_all(struct checking *c)
{
	const struct config_texts *t = c->texts;
	struct source manifest = {0}, other;
	struct place place;

	if (t->inject_config.text.p)
		(void)open_text(c, &t->inject_config, "config", &manifest, &c->config);
	else
		embedded(c, "(embedded config)", embedded_inject_config, &c->config);
	if (t->values.text.p) {
		(void)open_text(c, &t->values, "values", &other, &c->values);
	} else if (!t->inject_config.text.p) {
		embedded(c, "(embedded values)", embedded_values, &c->values);
	} else if (manifest.value && is_config_map(&manifest) && take_part(c, &manifest, "values", &c->values)) {
		(void)read_source(c, &c->values);
	} else {
		place = (struct place){t->inject_config.name, 1, 0, 0, ""};
		findings_add(c->f, FINDING_ERROR, &place,
			"give the key 'values' of the same ConfigMap too, or its whole manifest (--values)",
			"the values are missing");
	}
	if (t->mesh.text.p)
		(void)open_text(c, &t->mesh, "mesh", &other, &c->mesh);
	else if (!t->inject_config.text.p)
		embedded(c, "(embedded mesh)", embedded_mesh, &c->mesh);
}

/* --- what the parts share
 * ------------------------------------------------------------------------------------------------ */

void check_keys(struct checking *c, const struct source *s, const struct yaml_node *map, const char *const *names,
	size_t n, const char *what)
{
	map = node_resolve(map);
	if (!map || map->kind != YAML_NODE_MAP)
		return;
	for (const struct yaml_node *key = map->child; key && key->next && !findings_full(c->f);
		key = key->next->next) {
		const struct place place = source_node_place(s, c->a, key);
		const char *nearest;
		bool known = key->kind != YAML_NODE_SCALAR || str_is(key->text, "<<");

		for (size_t i = 0; i < n && !known; i++)
			known = str_is(key->text, names[i]);
		if (known)
			continue;
		nearest = nearest_name(key->text, names, n);
		findings_add(c->f, FINDING_WARNING, &place,
			nearest ? findings_text(c->f, "use '%s' if that is meant", nearest) : "take it out",
			"unknown key '%.*s'%s is ignored", check_shown(key->text), key->text.p, what);
	}
}

const struct yaml_node *check_templates_node(const struct checking *c)
{
	const struct yaml_node *n = node_get(c->config.document.root, "templates", NULL);

	return n && n->kind == YAML_NODE_MAP ? n : NULL;
}

bool check_template_source(struct checking *c, const struct yaml_node *text, struct str name, struct source *ret)
{
	text = node_resolve(text);
	if (!text || text->kind != YAML_NODE_SCALAR)
		return false;
	source_part(&c->config, text,
		name.p ? findings_text(c->f, "template '%.*s'", check_shown(name), name.p) : "key 'template'", ret);
	return true;
}

static bool list_names(const struct value *list, struct str name)
{
	for (size_t i = 0; list && list->kind == K_LIST && i < list->u.list.len; i++)
		if (list->u.list.item[i]->kind == K_STRING && str_eq(list->u.list.item[i]->u.s, name))
			return true;
	return false;
}

bool check_names_template(const struct checking *c, struct str name)
{
	const struct value *defaults = raw_get(c->config.value, "defaultTemplates"),
			   *aliases = raw_get(c->config.value, "aliases");

	if (list_names(defaults, name) || (!defaults && str_is(name, "sidecar")))
		return true;
	for (uint32_t i = 0; aliases && aliases->kind == K_MAP && aliases->u.map && i < aliases->u.map->len; i++)
		if (list_names(aliases->u.map->entry[i].value, name))
			return true;
	return false;
}

/* By the field that names the Deployment to make: no pod's data has it. */
bool check_is_gateway_template(const struct checking *c, struct str name, struct str text)
{
	return !check_names_template(c, name) && str_find(text, STR(".DeploymentName")) != SIZE_MAX;
}

/* --- all of it
 * ----------------------------------------------------------------------------------------------------------- */

static void find_release(struct checking *c)
{
	const struct value *tag = raw_path(c->values.value, "global", "tag", NULL);
	const struct str version = c->options->istio_version;
	struct release_evidence evidence;
	struct err err = {0};
	struct place place;

	c->minor = version.len                                               ? istio_minor(version)
		   : tag && (tag->kind == K_STRING || tag->kind == K_NUMBER) ? istio_minor(tag->u.s)
									     : -1;
	if (!c->config.value)
		return;
	if (release_detect(c->config.value, c->values.value, version, &c->release, &evidence, &err) == 0) {
		c->release_known = true;
		return;
	}
	place = source_place(&c->config, c->a, 1, 0);
	if (!raw_get(c->config.value, "templates") && !raw_get(c->config.value, "template"))
		findings_add(c->f, FINDING_ERROR, &place,
			"give the key 'config' of the ConfigMap istio-sidecar-injector, or that ConfigMap's manifest",
			"neither 'templates:' (Istio 1.9 and later) nor 'template:' (Istio 1.5 to 1.8) is there");
	else
		findings_add(c->f, FINDING_ERROR, &place,
			version.len ? "leave --istio-version out, or give the file that belongs to it"
				    : "write templates as NAME: | and their text below",
			"%s", err.what);
}

/* What the parts have not told of and would still be refused. */
static void tell_load_error(struct checking *c, const struct err *err)
{
	const char *file = c->texts->inject_config.name ? c->texts->inject_config.name : "(embedded config)";
	const struct place place = {err->where[0] ? findings_text(c->f, "%s", err->where) : file, 0, 0, 0, ""};

	if (!findings_any_error(c->f))
		findings_add(c->f, FINDING_ERROR, &place, "correct that: nothing is served with it",
			"cannot be loaded: %s", err->what);
}

/* Every pod would be refused: told once, and the templates are tried all the same. */
static void tell_token_refusal(struct checking *c, const struct inject_config *config)
{
	const struct place place = source_path_place(&c->config, c->a, "templates");
	const struct str refusal = str_of(token_refusal(config->token.problem));
	struct str rest = refusal;
	const struct str what = str_cut(&rest, ';');

	findings_add(c->f, FINDING_ERROR, &place, rest.p ? rest.p + strspn(rest.p, " ") : "", "%.*s", (int)what.len, what.p);
}

static int load_and_try(struct checking *c, struct err *err)
{
	struct err refused = {0};
	own(inject_config_freep) struct inject_config *config = inject_config_load(c->texts, c->options, &refused);
	struct inject_options without = *c->options;

	if (config && config->token_asked.use != TOKEN_USE_NONE && token_refusal(config->token.problem)) {
		tell_token_refusal(c, config);
		without.token_policy = TOKEN_POLICY_AUTO;
		without.token_discovery = TOKEN_DISCOVERY_UNKNOWN;
		c->options = &without;
		inject_config_free(config);
		config = inject_config_load(c->texts, c->options, &refused);
	}
	if (config)
		return check_trial(c, config, err);
	tell_load_error(c, &refused);
	return refused.code == ERR_NOMEM ? err_nomem(err) : 0;
}

int config_check(
	const struct config_texts *texts, const struct inject_options *options, struct findings *f, struct err *err)
{
	struct checking c = {.a = f->a, .texts = texts, .options = options, .f = f};

	open_all(&c);
	find_release(&c);
	if (c.config.value)
		check_config(&c);
	if (c.values.value)
		check_values(&c);
	if (c.mesh.value)
		check_mesh(&c);
	if (c.config.value && c.release_known && check_templates(&c, err) < 0)
		return -1;
	if (load_and_try(&c, err) < 0)
		return -1;
	return f->nomem ? err_nomem(err) : 0;
}
