/* SPDX-License-Identifier: Apache-2.0 */
/* All that is wrong with one thing, told together in the form of hashicorp's go-multierror. */
#ifndef PATCHES_MESH_PROBLEMS_H
#define PATCHES_MESH_PROBLEMS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

enum { PROBLEMS_MAX = 64 }; /* more are counted, not told */

struct problems {
	struct arena *arena;
	const char *text[PROBLEMS_MAX];
	size_t len;
	bool nomem;
};

void problems_add(struct problems *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* "2 errors occurred:\n\t* a\n\t* b\n\n"; nothing where nothing is wrong. */
void problems_write(const struct problems *p, struct text *out);
/* 0 where nothing is wrong, else -1 with that text. */
int problems_report(const struct problems *p, enum err_code code, struct err *err) MUST_CHECK;

/* Input bytes fit for a message: cut at 256 bytes on a rune's edge, control characters escaped as JSON does. Never NULL. */
const char *printable(struct arena *a, struct str s) MUST_CHECK;
/* The same in quotes, as Go's %q. */
const char *printable_quoted(struct arena *a, struct str s) MUST_CHECK;

#endif
