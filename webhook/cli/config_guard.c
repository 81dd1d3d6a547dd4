/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with guard.yaml, as findings of `outrigger config check`. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/limits.h"
#include "patches/config/source.h"
#include "webhook/cli/config.h"
#include "webhook/cli/configure.h"

static const char in_manifest[] = "key 'guard.yaml'";

/* The file, and guard.yaml in it where it is the manifest of a ConfigMap. What cannot be read has places all the same.
 */
static void open_guard(struct arena *a, const char *path, struct str text, struct source *whole, struct source *ret)
{
	const struct yaml_node *kind, *key;

	source_init(whole, path, text);
	*ret = *whole;
	if (yaml_document_read(a, text, &whole->document, NULL) < 0)
		return;
	kind = node_get(whole->document.root, "kind", NULL);
	key = node_get(node_get(whole->document.root, "data", NULL), "guard.yaml", NULL);
	if (kind && key && key->kind == YAML_NODE_SCALAR && str_is(kind->text, "ConfigMap"))
		source_part(whole, key, in_manifest, ret);
}

/* Of "FILE:LINE..." as the guard names places: line 0 where there is none; ret: what stands behind. */
static size_t line_of(const char *text, const char *file, const char **ret)
{
	const size_t len = strlen(file);
	const char *colon = strncmp(text, file, len) == 0 ? strchr(text + len, ':') : NULL;
	char *end = NULL;
	const size_t line = colon ? strtoul(colon + 1, &end, 10) : 0;

	*ret = line ? end : text;
	return line;
}

/* Where the remedy begins: behind the last "; " or ": " that is in no quotes. NULL where the text has none. */
static const char *remedy_of(const char *what, size_t *ret_len)
{
	bool quoted = false;

	for (size_t i = strlen(what); i > 1; i--) {
		quoted ^= what[i - 1] == '\'';
		if (quoted || what[i - 1] != ' ' || (what[i - 2] != ';' && what[i - 2] != ':'))
			continue;
		*ret_len = i - 2;
		return what + i;
	}
	return NULL;
}

static void tell(struct findings *f, enum finding_severity severity, const struct place *place, const char *what)
{
	size_t len = strlen(what);
	const char *remedy = remedy_of(what, &len);

	findings_add(f, severity, place, remedy ? remedy : "correct it: nothing is served with this guard", "%.*s",
		(int)len, what);
}

static void tell_refusal(struct findings *f, const struct source *s, const struct err *err)
{
	static const char unread[] = "cannot be read as YAML: ";
	const char *cause = strstr(err->what, unread), *rest;
	const size_t line = line_of(err->where, s->file, &rest);
	const struct place place = line ? source_place(s, f->a, line, 0) : source_error_place(s, f->a, err);

	if (strncmp(err->where, "line ", 5) == 0)
		findings_add(f, FINDING_ERROR, &place, "correct the YAML there or in the lines before", "%s%s", unread,
			cause ? cause + strlen(unread) : err->what);
	else
		tell(f, FINDING_ERROR, &place, err->what);
}

static void tell_warnings(struct findings *f, const struct source *s, const struct guard *g)
{
	for (size_t i = 0; i < g->n_warnings; i++) {
		const char *rest;
		const size_t line = line_of(g->warning[i], s->file, &rest);
		const struct place place = source_place(s, f->a, line ? line : 1, 0);

		tell(f, FINDING_WARNING, &place, rest + strspn(rest, ": "));
	}
}

int config_check_guard(const struct options *o, struct findings *f, struct err *err)
{
	own(inject_config_freep) struct inject_config *config = NULL;
	own(guard_unrefp) struct guard *g = NULL;
	struct source whole, guard;
	struct err refused = {0};
	struct str text;

	if (!o->guard_config)
		return 0;
	if (file_read(f->a, o->guard_config, LIMIT_CONFIG_BYTES, FILE_UTF8, &text, err) < 0)
		return err_wrap(err, "--guard-config");
	/* For its namespaces; whatever it lacks is another part's to tell. */
	config = configure(o, &refused);
	open_guard(f->a, o->guard_config, text, &whole, &guard);
	err_clear(&refused);
	g = configure_guard(o, config, (int64_t)time(NULL), &refused);
	if (!g && refused.code == ERR_NOMEM)
		return err_nomem(err);
	if (g)
		tell_warnings(f, &guard, g);
	else
		tell_refusal(f, &guard, &refused);
	return 0;
}
