/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Go's regular expressions (RE2's syntax) over PCRE2. Patterns are translated, so that what only Perl knows (look-around, back-references,
 * possessive repetition, ...) is refused with Go's words and what both know means the same. Source: github.com/google/re2/wiki/Syntax.
 */
#ifndef PATCHES_TEMPLATE_REGEX_H
#define PATCHES_TEMPLATE_REGEX_H

#include "base/err.h"
#include "base/text.h"

struct regex {
	void *code, *data, *context; /* PCRE2's */
	const struct str *name;      /* of groups 1 .. n_names; "" where it has none; in the arena */
	size_t n_names;
};

/* Errors as Go's: "missing closing ): `(`", ERR_INPUT. The caller releases what is returned. */
int regex_compile(struct arena *a, struct str pattern, struct regex *ret, struct err *err) MUST_CHECK;
void regex_release(struct regex *re); /* of a zeroed one: nothing */

/*
 * s must be valid UTF-8. The leftmost match that begins at or behind `from`: 1 and *ret_offsets (begin and end of each group, SIZE_MAX where it took no part,
 * valid until the next call; *ret_groups of them), 0 where there is none, -1 with ERR_LIMIT where it takes too long.
 */
int regex_find(const struct regex *re, struct str s, size_t from, const size_t **ret_offsets, size_t *ret_groups,
	struct err *err) MUST_CHECK;

/* The pattern in PCRE2's syntax, and the names of its groups; regex_translate.c. */
struct translation {
	struct text out;
	struct str *name;
	size_t n_names, cap;
};
int regex_translate(struct arena *a, struct str pattern, struct translation *ret, struct err *err) MUST_CHECK;

#endif
