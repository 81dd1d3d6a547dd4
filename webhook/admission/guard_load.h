/* SPDX-License-Identifier: Apache-2.0 */
/* The words of guard.yaml: maps with known fields, lists of patterns, conditions; every mistake with its line. For
 * guard_load.c alone. */
#ifndef WEBHOOK_ADMISSION_GUARD_LOAD_H
#define WEBHOOK_ADMISSION_GUARD_LOAD_H

#include "patches/yaml/parse.h"
#include "webhook/admission/guard_parts.h"

enum { GUARD_WARNINGS_MAX = 64 };

struct guard_reader {
	struct guard *g;
	const struct guard_known *known;
	const char *file;
	struct err *err;
	size_t patterns; /* so far, in the whole file */
	size_t numbered; /* rules and requirements so far */
};

/* A field of a map; read NULL: the caller does it. */
struct guard_field {
	const char *name;
	int (*read)(struct guard_reader *r, const struct yaml_node *n, void *into);
	bool needed;
};

/* Returns -1 with "FILE:LINE" as the place; n NULL: the file. */
int guard_fail(struct guard_reader *r, const struct yaml_node *n, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* "FILE:LINE: TEXT"; beyond a number of warnings nothing. -1: out of memory. */
int guard_warn(struct guard_reader *r, size_t line, const char *fmt, ...) PRINTF_LIKE(3, 4) MUST_CHECK;

/* All of a map: unknown fields, fields given twice and missing ones are mistakes. what: "a rule". */
int guard_read_map(struct guard_reader *r, const struct yaml_node *n, const char *what, const struct guard_field *field,
	size_t len, void *into) MUST_CHECK;
/* Which field the key of map n is; SIZE_MAX with err set where it is none, or was there before. */
size_t guard_find_field(struct guard_reader *r, const struct yaml_node *n, const struct yaml_node *key,
	const struct guard_field *field, size_t len, const char *what) MUST_CHECK;
int guard_check_list(struct guard_reader *r, const struct yaml_node *n, const char *what, size_t most) MUST_CHECK;
int guard_read_text(struct guard_reader *r, const struct yaml_node *n, const char *what, struct str *ret) MUST_CHECK;
/* A list with at least one entry. */
int guard_read_globs(struct guard_reader *r, const struct yaml_node *n, const char *what, struct globs *ret) MUST_CHECK;
int guard_read_selector(struct guard_reader *r, const struct yaml_node *n, struct selectors *ret) MUST_CHECK;
/* c->kind is set. */
int guard_read_condition(struct guard_reader *r, const struct yaml_node *n, struct guard_condition *c) MUST_CHECK;

/* guard_load() with at most so many bytes; 0: the usual limit. For tests. */
struct guard *guard_load_within(
	const struct named_text *text, const struct guard_known *known, size_t max, struct err *err) MUST_CHECK;

/* Midnight, UTC, at which a day such as 2027-01-31 begins, in seconds since 1970. */
bool guard_day(struct str text, int64_t *ret);

#endif
