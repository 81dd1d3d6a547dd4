/* SPDX-License-Identifier: Apache-2.0 */
/* A text of the configuration, what it holds as YAML, and where each of its lines stands in the file that the user has.
 */
#ifndef PATCHES_CONFIG_SOURCE_H
#define PATCHES_CONFIG_SOURCE_H

#include "patches/config/findings.h"
#include "patches/value/value.h"
#include "patches/yaml/node.h"

/* A key's text inside a manifest, a template's inside that key: each knows the place of its first line. Texts are
 * borrowed. */
struct source {
	const char *file;
	struct str text;     /* p NULL: there is none */
	size_t line, indent; /* of its first line in the file, from 1; columns that the file puts before each line */
	const char *inside;  /* "key 'config'" where the file holds the text in another form, so that only `line` is
				known; NULL: exact */
	size_t offset;       /* lines before the text in what `line` stands for, where it is not exact: for the order */
	struct yaml_document document; /* after source_read() */
	const struct value *value;     /* raw; the same */
};

void source_init(struct source *s, const char *file, struct str text);
/* Reads the text as YAML. ERR_INPUT with the place in ret_place. */
int source_read(struct source *s, struct arena *a, struct place *ret_place, struct err *err) MUST_CHECK;
/* The text of a scalar in `outer`, which was read. what: for people, "key 'config'". */
void source_part(const struct source *outer, const struct yaml_node *scalar, const char *what, struct source *ret);

/* line and column in the text, from 1; column 0 where it is not known. */
struct place source_place(const struct source *s, struct arena *a, size_t line, size_t column);
/* Of a node of the text; NULL: the first line. */
struct place source_node_place(const struct source *s, struct arena *a, const struct yaml_node *n);
/* "line N" and "line N, column M" as errors of YAML and of templates name them; the first line where err names none. */
struct place source_error_place(const struct source *s, struct arena *a, const struct err *err);

/* Of a field's dotted path, as far as the text has it. */
struct place source_path_place(const struct source *s, struct arena *a, const char *path);

/* A map's value by key, its key's own node in *ret_key (may be NULL); aliases are followed. NULL where there is none.
 */
const struct yaml_node *node_get(const struct yaml_node *map, const char *key, const struct yaml_node **ret_key);
/* What an alias stands for. */
const struct yaml_node *node_resolve(const struct yaml_node *n);

#endif
