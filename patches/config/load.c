/* SPDX-License-Identifier: Apache-2.0 */
/* From the texts of two ConfigMaps to a compiled configuration. */
#include "patches/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "patches/digest.h"
#include "patches/yaml/yaml.h"

/* Where the text of one key comes from once ConfigMap manifests are unwrapped. */
struct sources {
	struct named_text config, values, mesh;
};

static bool is_config_map(const struct value *v)
{
	return v->kind == K_MAP && str_is(raw_str(v, "kind"), "ConfigMap");
}

/* Takes data.KEY out of a ConfigMap manifest; leaves *t alone where the key is not there. */
static bool take_key(struct arena *a, const struct value *manifest, const char *key, const char *name, struct named_text *t)
{
	const struct value *v = raw_path(manifest, "data", key, NULL);

	if (!v || v->kind != K_STRING)
		return false;
	t->text = v->u.s;
	t->name = arena_printf(a, "%s key '%s'", name, key);
	return t->name;
}

static int unwrap(struct arena *a, const struct named_text *in, const char *key, struct named_text *ret, struct sources *s,
	struct err *err)
{
	const struct value *v;

	*ret = *in;
	if (!in->text.p)
		return 0;
	if (in->text.len > LIMIT_CONFIG_BYTES)
		return err_set(err, ERR_LIMIT, "%s: larger than %d bytes", in->name, LIMIT_CONFIG_BYTES);
	v = yaml_parse(a, in->text, 0, err);
	if (!v) {
		err_at(err, "%s", in->name);
		return err_wrap(err, "%s: cannot be read as YAML", in->name);
	}
	if (!is_config_map(v))
		return 0;
	if (!take_key(a, v, key, in->name, ret))
		return err_set(err, ERR_CONFIG, "%s: the ConfigMap has no key '%s' under data", in->name, key);
	if (!s->values.text.p && strcmp(key, "config") == 0)
		(void)take_key(a, v, "values", in->name, &s->values);
	return 0;
}

static int find_sources(struct arena *a, const struct config_texts *t, struct sources *s, struct err *err)
{
	memset(s, 0, sizeof(*s));
	if (!t->inject_config.text.p) {
		s->config = (struct named_text){"the embedded configuration", str_of(embedded_inject_config)};
		s->values = (struct named_text){"the embedded values", str_of(embedded_values)};
		s->mesh = (struct named_text){"the embedded mesh configuration", str_of(embedded_mesh)};
	}
	if (t->values.text.p && unwrap(a, &t->values, "values", &s->values, s, err) < 0)
		return -1;
	if (t->inject_config.text.p && unwrap(a, &t->inject_config, "config", &s->config, s, err) < 0)
		return -1;
	if (t->mesh.text.p && unwrap(a, &t->mesh, "mesh", &s->mesh, s, err) < 0)
		return -1;
	if (!s->values.text.p)
		return err_set(err, ERR_CONFIG,
			"%s: the values are missing: give the key 'values' of the ConfigMap istio-sidecar-injector too (--values)",
			s->config.name);
	return 0;
}

/* --- the key `config` ------------------------------------------------------------------------------------- */

static int read_policy(struct inject_config *c, const struct value *raw, struct err *err)
{
	const struct str policy = raw_str(raw, "policy");

	if (str_is(policy, "enabled"))
		c->policy_enabled = true;
	else if (!str_is(policy, "disabled"))
		return err_set(err, ERR_CONFIG, "policy must be 'enabled' or 'disabled', not '%.*s'",
			(int)(policy.len < 64 ? policy.len : 64), policy.p ? policy.p : "");
	return 0;
}

static int read_string_map(struct inject_config *c, const struct value *raw, const char *key, const struct map **ret,
	struct err *err)
{
	const struct value *v = raw_get(raw, key);
	struct map *m;

	if (!v)
		return 0;
	if (v->kind != K_MAP)
		return err_set(err, ERR_CONFIG, "%s must be a map of strings", key);
	m = map_clone(&c->arena, v->u.map, 0);
	if (!m)
		return err_nomem(err);
	for (uint32_t i = 0; i < m->len; i++) {
		const struct value *item = m->entry[i].value;

		if (item->kind != K_STRING && item->kind != K_NUMBER && item->kind != K_BOOL)
			return err_set(err, ERR_CONFIG, "%s: '%.*s' must be a string", key,
				(int)(m->entry[i].key.len < 64 ? m->entry[i].key.len : 64), m->entry[i].key.p);
		/* YAML's 1 and true become text where the field is one, as Istio's decoder does. */
		if (item->kind != K_STRING)
			m->entry[i].value = value_str(&c->arena, item->kind == K_BOOL ? str_of(item->u.b ? "true" : "false") : item->u.s);
		if (!m->entry[i].value)
			return err_nomem(err);
	}
	*ret = m;
	return 0;
}

static int read_names(struct arena *a, const struct value *list, const char *key, const struct str **ret, size_t *ret_len,
	struct err *err)
{
	struct str *name;

	if (!list)
		return 0;
	if (list->kind != K_LIST)
		return err_set(err, ERR_CONFIG, "%s must be a list of names", key);
	name = arena_calloc(a, list->u.list.len, sizeof(*name));
	if (!name)
		return err_nomem(err);
	for (size_t i = 0; i < list->u.list.len; i++) {
		if (list->u.list.item[i]->kind != K_STRING)
			return err_set(err, ERR_CONFIG, "%s: entry %zu must be a string", key, i + 1);
		name[i] = list->u.list.item[i]->u.s;
	}
	*ret = name;
	*ret_len = list->u.list.len;
	return 0;
}

static int read_aliases(struct inject_config *c, const struct value *raw, struct err *err)
{
	const struct value *v = raw_get(raw, "aliases");
	const struct str *names;
	size_t n;

	if (!v)
		return 0;
	if (v->kind != K_MAP)
		return err_set(err, ERR_CONFIG, "aliases must be a map of lists of template names");
	for (uint32_t i = 0; v->u.map && i < v->u.map->len; i++)
		if (read_names(&c->arena, v->u.map->entry[i].value, "aliases", &names, &n, err) < 0)
			return -1;
	c->aliases = v->u.map;
	return 0;
}

static const struct value *old_template(const struct value *raw)
{
	return raw_get(raw, "template");
}

static int compile_template(struct inject_config *c, struct str name, const struct value *text, struct err *err)
{
	static const enum template_dialect dialect[] = {
		[RELEASE_1_5] = TEMPLATE_V1_5, [RELEASE_1_6] = TEMPLATE_V1_5, [RELEASE_1_7] = TEMPLATE_V1_5,
		[RELEASE_1_8] = TEMPLATE_V1_8, [RELEASE_HEAD] = TEMPLATE_HEAD,
	};
	struct named_template *t = &c->templates[c->n_templates];

	if (text->kind != K_STRING)
		return err_set(err, ERR_CONFIG, "template '%.*s' must be text", (int)(name.len < 64 ? name.len : 64), name.p);
	t->name = name;
	if (sha256_hex(&text->u.s, 1, t->digest) < 0)
		return err_set(err, ERR_BUG, "cannot compute a SHA-256");
	t->template = template_compile("inject", text->u.s, dialect[c->release], err);
	if (!t->template)
		return err_wrap(err, "template '%.*s' does not compile", (int)(name.len < 64 ? name.len : 64), name.p);
	c->n_templates++;
	return 0;
}

static int read_templates(struct inject_config *c, const struct value *raw, struct err *err)
{
	const struct value *v = raw_get(raw, "templates");
	const struct map *m = v && v->kind == K_MAP ? v->u.map : NULL;
	const size_t len = c->release == RELEASE_HEAD && m ? m->len : 1;

	c->templates = arena_calloc(&c->arena, len, sizeof(*c->templates));
	if (!c->templates)
		return err_nomem(err);
	if (c->release != RELEASE_HEAD) {
		c->template_text = old_template(raw)->u.s;
		return compile_template(c, STR("sidecar"), old_template(raw), err);
	}
	for (size_t i = 0; i < len && m; i++)
		if (compile_template(c, m->entry[i].key, m->entry[i].value, err) < 0)
			return -1;
	return 0;
}

static int read_selectors(struct inject_config *c, const struct value *raw, struct err *err)
{
	if (selectors_compile(&c->arena, raw_get(raw, "neverInjectSelector"), &c->never, err) < 0)
		return err_wrap(err, "neverInjectSelector");
	if (selectors_compile(&c->arena, raw_get(raw, "alwaysInjectSelector"), &c->always, err) < 0)
		return err_wrap(err, "alwaysInjectSelector");
	return 0;
}

static int read_defaults(struct inject_config *c, const struct value *raw, struct err *err)
{
	static const struct str sidecar[] = {{"sidecar", 7}};

	if (read_names(&c->arena, raw_get(raw, "defaultTemplates"), "defaultTemplates", &c->default_templates,
		    &c->n_default_templates, err) < 0)
		return -1;
	if (!c->n_default_templates) {
		c->default_templates = sidecar;
		c->n_default_templates = 1;
	}
	return 0;
}

static int read_config(struct inject_config *c, const struct value *raw, struct err *err)
{
	if (raw->kind != K_MAP)
		return err_set(err, ERR_CONFIG, "must be a map with policy and templates");
	if (read_policy(c, raw, err) < 0 || read_selectors(c, raw, err) < 0 || read_defaults(c, raw, err) < 0 ||
	    read_aliases(c, raw, err) < 0 || read_string_map(c, raw, "injectedAnnotations", &c->injected_annotations, err) < 0)
		return -1;
	return read_templates(c, raw, err);
}

/* --- values, mesh, options --------------------------------------------------------------------------------- */

static const struct value *parse_named(struct arena *a, const struct named_text *t, struct err *err)
{
	const struct value *v = yaml_parse(a, t->text, 0, err);

	if (!v) {
		err_at(err, "%s", t->name);
		err_wrap(err, "%s: cannot be read as YAML", t->name);
	}
	return v;
}

static int read_values(struct inject_config *c, const struct named_text *t, struct err *err)
{
	static const char *const sections[] = {"global", "sidecarInjectorWebhook"};

	c->raw_values = parse_named(&c->arena, t, err);
	if (!c->raw_values)
		return -1;
	if (c->raw_values->kind != K_MAP)
		return err_set(err, ERR_CONFIG, "%s: could not parse configuration values: must be a map", t->name);
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		const struct value *v = raw_get(c->raw_values, sections[i]);

		if (v && v->kind != K_MAP)
			return err_set(err, ERR_CONFIG, "%s: could not parse configuration values: %s must be a map", t->name, sections[i]);
	}
	c->values = value_from_raw(&c->arena, c->raw_values);
	if (!c->values)
		return err_nomem(err);
	value_freeze(c->values);
	return 0;
}

/* A copy of the values with another jwtPolicy; the rest is shared. */
static int set_jwt_policy(struct inject_config *c, const char *word, struct err *err)
{
	const struct value *global = raw_get(c->raw_values, "global"), *v = value_cstr(&c->arena, word);
	struct map *values = map_clone(&c->arena, c->raw_values->u.map, 1), *m = map_clone(&c->arena, global ? global->u.map : NULL, 1);

	if (!values || !m || !v || map_setc(&c->arena, m, "jwtPolicy", v) < 0)
		return err_nomem(err);
	v = value_map(&c->arena, m);
	if (!v || map_setc(&c->arena, values, "global", v) < 0)
		return err_nomem(err);
	c->raw_values = value_map(&c->arena, values);
	c->values = c->raw_values ? value_from_raw(&c->arena, c->raw_values) : NULL;
	if (!c->values)
		return err_nomem(err);
	value_freeze(c->values);
	return 0;
}

/* Of what pods get unless they ask for another: one that has third-party tokens only decides for all. Where those have none, of the others. */
static enum token_use use_of_templates(const struct inject_config *c, const struct map *templates)
{
	enum token_use use = TOKEN_USE_NONE;

	for (size_t i = 0; i < c->n_default_templates; i++) {
		const struct value *text = map_get(templates, c->default_templates[i]);
		const enum token_use of = text ? token_use_of(text->u.s) : TOKEN_USE_NONE;

		use = of > use ? of : use;
	}
	for (uint32_t i = 0; i < templates->len && use == TOKEN_USE_NONE; i++)
		use = token_use_of(templates->entry[i].value->u.s);
	return use;
}

/* The mode in force is what the templates see, whatever the values say; without a word on it they stay as they are. */
static int settle_token(struct inject_config *c, const struct value *config, const struct inject_options *o, struct err *err)
{
	const struct str said = raw_str(raw_get(c->raw_values, "global"), "jwtPolicy");
	const bool told = o->token_policy != TOKEN_POLICY_AUTO || o->token_discovery != TOKEN_DISCOVERY_UNKNOWN;

	c->token_asked = (struct token_question){o->token_policy, TOKEN_USE_NONE, said, o->token_discovery};
	c->token_asked.use = c->release == RELEASE_HEAD ? use_of_templates(c, raw_get(config, "templates")->u.map) : token_use_of(c->template_text);
	c->token = token_mode_resolve(&c->token_asked);
	if (!told || c->token_asked.use != TOKEN_USE_BOTH || str_is(said, token_mode_value(c->token.mode)))
		return 0;
	return set_jwt_policy(c, token_mode_value(c->token.mode), err);
}

static int read_mesh(struct inject_config *c, const struct named_text *t, struct err *err)
{
	c->warnings.arena = &c->arena;
	c->mesh = t->text.p ? mesh_parse(&c->arena, t->text, c->release, &c->warnings, err)
			    : mesh_defaults(&c->arena, c->release, err);
	if (c->mesh)
		return 0;
	err_at(err, "%s", t->name ? t->name : "the mesh configuration");
	return err_wrap(err, "%s", t->name ? t->name : "the mesh configuration");
}

static int copy_str(struct inject_config *c, struct str in, const char *fallback, struct str *ret)
{
	const struct str from = in.len ? in : str_of(fallback);
	const char *copy = arena_strndup(&c->arena, from.p, from.len);

	*ret = (struct str){copy, from.len};
	return copy ? 0 : -1;
}

/* Names and texts are copied: the caller's may be gone before the first template runs. */
static int copy_variables(struct inject_config *c, const struct map *in)
{
	struct map *m = map_new(&c->arena, in->len);

	for (uint32_t i = 0; m && i < in->len; i++) {
		const struct map_entry *e = &in->entry[i];
		struct str name = STR("");
		const struct value *text = e->value->kind == K_STRING ? value_copy_str(&c->arena, e->value->u.s) : NULL;

		if (copy_str(c, e->key, "", &name) < 0 || !text || map_set(&c->arena, m, name, text) < 0)
			return -1;
	}
	if (!m)
		return -1;
	m->frozen = true;
	c->env.variables = m;
	return 0;
}

static int read_options(struct inject_config *c, const struct inject_options *o, struct err *err)
{
	c->native = o->native;
	c->openshift = o->openshift;
	if (copy_str(c, o->revision, "", &c->revision) < 0 ||
	    copy_str(c, o->compliance_policy, "", &c->compliance_policy) < 0 ||
	    copy_str(c, o->cluster_id, "Kubernetes", &c->cluster_id) < 0 || (o->variables && copy_variables(c, o->variables) < 0))
		return err_nomem(err);
	return 0;
}

/*
 * A NUL between the texts, so that none can pass for a part of the next; the digest is the same where no objects are given, and where the
 * token mode is left to the values.
 */
static int digest_texts(struct inject_config *c, const struct sources *s, const struct config_texts *texts, struct err *err)
{
	const struct str nul = {"", 1};
	const char token[] = {'\0', (char)('0' + c->token_asked.policy), (char)('0' + c->token_asked.discovery)};
	const bool told = c->token_asked.policy != TOKEN_POLICY_AUTO || c->token_asked.discovery != TOKEN_DISCOVERY_UNKNOWN;
	const struct str pieces[] = {
		s->config.text, nul, s->values.text, nul, s->mesh.text, nul, texts->cluster_objects.text, texts->api_digested,
		{token, told ? sizeof(token) : 0}};
	const struct str objects[] = {texts->api_objects.text, texts->nodes_unknown ? nul : STR("")};

	if (sha256_hex(pieces, ARRAY_LEN(pieces), c->digest) < 0 ||
		(texts->api_objects.text.p && sha256_hex(objects, ARRAY_LEN(objects), c->objects_digest) < 0))
		return err_set(err, ERR_BUG, "cannot compute a SHA-256");
	return 0;
}

/* The texts of the caller do not outlive the call, and scalars are borrowed: keep copies. */
static int keep_text(struct inject_config *c, struct named_text *t, struct err *err)
{
	if (!t->text.p)
		return 0;
	t->text.p = arena_strndup(&c->arena, t->text.p, t->text.len);
	t->name = t->name ? arena_strndup(&c->arena, t->name, strlen(t->name)) : "the configuration";
	return t->text.p && t->name ? 0 : err_nomem(err);
}

static int load(struct inject_config *c, const struct config_texts *texts, const struct inject_options *o, struct err *err)
{
	struct config_texts kept = *texts;
	const struct value *config;
	struct sources s = {.config = {"the configuration", {NULL, 0}}};

	if (keep_text(c, &kept.inject_config, err) < 0 || keep_text(c, &kept.values, err) < 0 ||
	    keep_text(c, &kept.mesh, err) < 0 || keep_text(c, &kept.cluster_objects, err) < 0 || keep_text(c, &kept.api_objects, err) < 0 ||
	    read_options(c, o, err) < 0)
		return -1;
	if (find_sources(&c->arena, &kept, &s, err) < 0)
		return err_at(err, "%s", kept.inject_config.name ? kept.inject_config.name : "the configuration");
	if (read_values(c, &s.values, err) < 0)
		return err_at(err, "%s", s.values.name);
	config = parse_named(&c->arena, &s.config, err);
	if (!config)
		return -1;
	if (release_detect(config, c->raw_values, o->istio_version, &c->release, &c->release_told, err) < 0 || read_config(c, config, err) < 0) {
		err_at(err, "%s", s.config.name);
		return err_wrap(err, "%s", s.config.name);
	}
	if (check_value_types(c->raw_values, c->release, err) < 0) {
		err_at(err, "%s", s.values.name);
		return err_wrap(err, "%s", s.values.name);
	}
	if (copy_str(c, c->release_told.text, "", &c->release_told.text) < 0)
		return err_nomem(err);
	if (settle_token(c, config, o, err) < 0)
		return -1;
	if (digest_texts(c, &s, &kept, err) < 0 || read_mesh(c, &s.mesh, err) < 0)
		return -1;
	return cluster_objects_load(c, &kept, err);
}

struct inject_config *inject_config_load(const struct config_texts *texts, const struct inject_options *options, struct err *err)
{
	own(inject_config_freep) struct inject_config *c = calloc(1, sizeof(*c));

	if (!c) {
		err_nomem(err);
		return NULL;
	}
	arena_init(&c->arena, 0);
	if (load(c, texts, options, err) < 0) {
		if (err && err->code == ERR_INPUT)
			err->code = ERR_CONFIG;
		return NULL;
	}
	return take(c);
}

void inject_config_free(struct inject_config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_templates; i++)
		template_free(c->templates[i].template);
	arena_release(&c->arena);
	free(c);
}

void inject_config_freep(struct inject_config **slot)
{
	inject_config_free(*slot);
}

const struct named_template *inject_config_template(const struct inject_config *c, struct str name)
{
	for (size_t i = 0; i < c->n_templates; i++)
		if (str_eq(c->templates[i].name, name))
			return &c->templates[i];
	return NULL;
}

static int compare_namespace(const void *key, const void *entry)
{
	return str_cmp(*(const struct str *)key, ((const struct namespace_facts *)entry)->name);
}

const struct namespace_facts *inject_config_namespace(const struct inject_config *c, struct str name)
{
	/* Asked for with each request; there may be ten thousand. */
	if (c->namespaces_sorted && c->n_namespaces)
		return bsearch(&name, c->namespaces, c->n_namespaces, sizeof(*c->namespaces), compare_namespace);
	for (size_t i = 0; i < c->n_namespaces; i++)
		if (str_eq(c->namespaces[i].name, name))
			return &c->namespaces[i];
	return NULL;
}

bool inject_config_account_is_unmounted(const struct inject_config *c, struct str namespace, struct str account)
{
	const struct str name = account.len ? account : STR("default");

	for (size_t i = 0; i < c->n_unmounted_accounts; i++)
		if (str_eq(c->unmounted_accounts[i].name, name) && str_eq(c->unmounted_accounts[i].namespace, namespace))
			return true;
	return false;
}
