/* SPDX-License-Identifier: Apache-2.0 */
/* A text of the configuration and where each of its lines stands in the user's file. */
#include "patches/config/source.h"

#include <string.h>
#include <yaml.h>

#include "patches/yaml/parse.h"

enum { ALIASES_FOLLOWED = 64 };

void source_init(struct source *s, const char *file, struct str text)
{
	*s = (struct source){.file = file, .text = text, .line = 1};
}

int source_read(struct source *s, struct arena *a, struct place *ret_place, struct err *err)
{
	if (yaml_document_read(a, s->text, &s->document, err) == 0)
		s->value = yaml_decode(a, &s->document, 0, err);
	if (!s->value)
		*ret_place = source_error_place(s, a, err);
	return s->value ? 0 : -1;
}

/* --- parts ---------------------------------------------------------------------------------------------------------
 */

/* How far a block is indented: by its first line that is not empty. False where the file does not hold that line as it
 * is. */
static bool block_indent(const struct source *outer, const struct yaml_node *scalar, size_t *ret)
{
	struct str file = outer->text, block = scalar->text;

	for (uint32_t i = 0; i <= scalar->line && file.p; i++)
		(void)str_cut(&file, '\n');
	while (block.p && file.p) {
		const struct str inner = str_cut(&block, '\n'), line = str_cut(&file, '\n');

		if (!inner.len)
			continue;
		if (line.len < inner.len || memcmp(line.p + (line.len - inner.len), inner.p, inner.len) != 0)
			return false;
		*ret = line.len - inner.len;
		return true;
	}
	return false;
}

void source_part(const struct source *outer, const struct yaml_node *scalar, const char *what, struct source *ret)
{
	size_t indent = 0;

	source_init(ret, outer->file, scalar->text);
	if (outer->inside || scalar->style != YAML_LITERAL_SCALAR_STYLE || !block_indent(outer, scalar, &indent)) {
		ret->line = outer->inside ? outer->line : outer->line + scalar->line;
		ret->inside = what;
		ret->offset = outer->inside ? outer->offset + scalar->line : 0;
		return;
	}
	ret->line = outer->line + scalar->line + 1;
	ret->indent = outer->indent + indent;
}

/* --- places --------------------------------------------------------------------------------------------------------
 */

struct place source_place(const struct source *s, struct arena *a, size_t line, size_t column)
{
	const char *inside;

	if (!s->inside)
		return (struct place){s->file, s->line + line - 1, column ? column + s->indent : 0, 0, ""};
	inside = memchr(s->text.p, '\n', s->text.len) ? arena_printf(a, "line %zu of %s: ", line, s->inside) : NULL;
	return (struct place){s->file, s->line, 0, s->offset + line, inside ? inside : ""};
}

struct place source_node_place(const struct source *s, struct arena *a, const struct yaml_node *n)
{
	return source_place(s, a, n ? n->line + 1U : 1, 0);
}

static size_t number_behind(const char *text, const char *word)
{
	const char *at = strstr(text, word);
	size_t n = 0;

	for (at = at ? at + strlen(word) : ""; *at >= '0' && *at <= '9' && n < SIZE_MAX / 16; at++)
		n = n * 10 + (size_t)(*at - '0');
	return n;
}

struct place source_error_place(const struct source *s, struct arena *a, const struct err *err)
{
	const size_t line = number_behind(err->where, "line ");

	return source_place(s, a, line ? line : 1, line ? number_behind(err->where, "column ") : 0);
}

/* --- nodes ---------------------------------------------------------------------------------------------------------
 */

const struct yaml_node *node_resolve(const struct yaml_node *n)
{
	for (unsigned i = 0; n && n->kind == YAML_NODE_ALIAS; i++)
		n = i < ALIASES_FOLLOWED ? n->target : NULL;
	return n;
}

const struct yaml_node *node_get(const struct yaml_node *map, const char *key, const struct yaml_node **ret_key)
{
	const struct yaml_node *found = NULL;

	map = node_resolve(map);
	if (!map || map->kind != YAML_NODE_MAP)
		return NULL;
	/* The last of several wins, as everywhere. */
	for (const struct yaml_node *n = map->child; n && n->next; n = n->next->next) {
		if (n->kind != YAML_NODE_SCALAR || !str_is(n->text, key))
			continue;
		found = node_resolve(n->next);
		if (ret_key)
			*ret_key = n;
	}
	return found;
}

struct place source_path_place(const struct source *s, struct arena *a, const char *path)
{
	const struct yaml_node *n = s->document.root, *key = NULL;
	struct str rest = str_of(path);

	while (rest.p && n) {
		const struct str step = str_cut(&rest, '.');
		const char *name = arena_strndup(a, step.p, step.len);

		n = name ? node_get(n, name, &key) : NULL;
	}
	return source_node_place(s, a, key);
}
