/* SPDX-License-Identifier: Apache-2.0 */
/* The injector's configuration as the command line names it: files read, options checked, compiled. */
#include "webhook/cli/configure.h"

#include <string.h>

#include "base/file.h"
#include "base/limits.h"

/* What `env` in a template may read: what shipped templates of some release do read. */
static const char *const allowed_variables[] = {
	"ENABLE_NATIVE_SIDECARS",
	"ENABLE_LEGACY_FSGROUP_INJECTION",
	"PILOT_ENABLE_INBOUND_PASSTHROUGH",
};

static int read_text(struct arena *a, const char *path, struct named_text *ret, struct err *err)
{
	if (!path)
		return 0;
	ret->name = path;
	return file_read(a, path, LIMIT_CONFIG_BYTES, FILE_UTF8, &ret->text, err);
}

static int read_texts(struct arena *a, const struct options *o, struct config_texts *ret, struct err *err)
{
	if (read_text(a, o->inject_config, &ret->inject_config, err) < 0)
		return err_wrap(err, "--inject-config");
	if (read_text(a, o->values, &ret->values, err) < 0)
		return err_wrap(err, "--values");
	if (read_text(a, o->mesh_config, &ret->mesh, err) < 0)
		return err_wrap(err, "--mesh-config");
	if (read_text(a, o->cluster_objects, &ret->cluster_objects, err) < 0)
		return err_wrap(err, "--cluster-objects");
	return 0;
}

static int check_variable(struct str name, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(allowed_variables); i++)
		if (str_is(name, allowed_variables[i]))
			return 0;
	return err_set(err, ERR_CONFIG,
		"--env: '%.*s' is not on the list of variables that templates may read: %s, %s, %s",
		name.len < 64 ? (int)name.len : 64, name.p, allowed_variables[0], allowed_variables[1],
		allowed_variables[2]);
}

static int read_variables(struct arena *a, const struct option_list *list, const struct map **ret, struct err *err)
{
	struct map *m = map_new(a, list->len);

	if (!m)
		return err_nomem(err);
	for (size_t i = 0; i < list->len; i++) {
		struct str rest = str_of(list->item[i]);
		const struct str name = str_cut(&rest, '=');
		const struct value *v;

		if (!rest.p)
			return err_set(err, ERR_CONFIG, "--env must be KEY=VALUE, got '%.64s'", list->item[i]);
		if (check_variable(name, err) < 0)
			return -1;
		v = value_str(a, rest);
		if (!v || map_set(a, m, name, v) < 0)
			return err_nomem(err);
	}
	*ret = m;
	return 0;
}

static enum native_mode native_mode(const char *word)
{
	return strcmp(word, "true") == 0 ? NATIVE_TRUE : strcmp(word, "false") == 0 ? NATIVE_FALSE : NATIVE_AUTO;
}

static int read_options(struct arena *a, const struct options *o, struct inject_options *ret, struct err *err)
{
	*ret = (struct inject_options){
		.revision = str_of(o->revision),
		.istio_version = str_of(o->istio_version),
		.native = native_mode(o->native_sidecars),
		.openshift = strcmp(o->platform, "openshift") == 0,
		.compliance_policy = str_of(o->compliance_policy),
		.cluster_id = str_of(o->cluster_id),
	};
	if (!token_policy_of(o->token_policy, &ret->token_policy))
		return err_set(err, ERR_CONFIG, "--token-policy: '%.64s' is no policy", o->token_policy);
	return read_variables(a, &o->env, &ret->variables, err);
}

int configure_inputs(struct arena *a, const struct options *o, struct config_texts *ret_texts, struct inject_options *ret_options, struct err *err)
{
	*ret_texts = (struct config_texts){0};
	return read_texts(a, o, ret_texts, err) < 0 ? -1 : read_options(a, o, ret_options, err);
}

static struct inject_config *load(struct arena *a, const struct options *o, struct err *err)
{
	struct config_texts texts;
	struct inject_options inject;

	return configure_inputs(a, o, &texts, &inject, err) < 0 ? NULL : inject_config_load(&texts, &inject, err);
}

/* Whatever was wrong with a file, its owner has to put it right before anything can start. */
static void blame_files(struct err *err)
{
	if (err->code != ERR_NOMEM && err->code != ERR_BUG)
		err->code = ERR_CONFIG;
}

struct inject_config *configure(const struct options *o, struct err *err)
{
	struct inject_config *c;
	struct arena a;

	arena_init(&a, 0);
	c = load(&a, o, err);
	arena_release(&a);
	if (!c)
		blame_files(err);
	return c;
}

struct inject_config *configure_from(const struct options *o, const struct config_texts *texts, enum token_discovery discovery, struct err *err)
{
	struct inject_config *c = NULL;
	struct inject_options inject;
	struct arena a;

	arena_init(&a, 0);
	if (read_options(&a, o, &inject, err) == 0) {
		inject.token_discovery = discovery;
		c = inject_config_load(texts, &inject, err);
	}
	arena_release(&a);
	if (!c)
		blame_files(err);
	return c;
}

struct guard *configure_guard_from(const struct named_text *text, const struct inject_config *config, int64_t now, struct err *err)
{
	const struct guard_known known = {
		.namespaces = config ? config->namespaces : NULL, .n_namespaces = config ? config->n_namespaces : 0, .now = now};
	struct guard *g = guard_load(text, &known, err);

	if (!g)
		blame_files(err);
	return g;
}

struct guard *configure_guard(const struct options *o, const struct inject_config *config, int64_t now, struct err *err)
{
	struct named_text text = {0};
	struct guard *g = NULL;
	struct arena a;

	arena_init(&a, 0);
	if (read_text(&a, o->guard_config, &text, err) == 0)
		g = configure_guard_from(&text, config, now, err);
	else
		(void)err_wrap(err, "--guard-config");
	arena_release(&a);
	if (!g)
		blame_files(err);
	return g;
}
