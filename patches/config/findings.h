/* SPDX-License-Identifier: Apache-2.0 */
/* What a check of configuration finds: each with its place in the files, what is wrong and the remedy. */
#ifndef PATCHES_CONFIG_FINDINGS_H
#define PATCHES_CONFIG_FINDINGS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

enum finding_severity {
	FINDING_ERROR,   /* the configuration is refused, or injection fails */
	FINDING_WARNING, /* something that is written has no effect, or not the one that is meant */
	FINDING_INFO,    /* worth knowing; no reason to change anything */
};

/* Where in the files as they were given. */
struct place {
	const char *file;
	size_t line, column; /* from 1; 0: not known */
	size_t inner_line;   /* of `inside`, for the order */
	const char *inside;  /* "line 7 of key 'config': " where the file cannot be told line by line; else ""; put
				before what is told */
};

struct finding {
	enum finding_severity severity;
	struct place place;
	const char *what, *remedy; /* one line each, fit for a terminal */
};

enum { FINDINGS_MAX = 1000 }; /* more are counted, not kept */

/* Texts live in the arena. One thread. */
struct findings {
	struct arena *a;
	struct finding *item;
	size_t len, cap;
	size_t dropped;
	bool nomem;
};

/* remedy: borrowed, static or of the arena. The same finding twice is kept once. fmt's bytes may be the user's: they
 * are made printable. */
void findings_add(struct findings *f, enum finding_severity severity, const struct place *place, const char *remedy,
	const char *fmt, ...) PRINTF_LIKE(5, 6);
/* Whether more are only counted: what costs time to be told need not be looked for any longer. */
bool findings_full(const struct findings *f);
/* Whether an error stands at this line already. */
bool findings_has_error(const struct findings *f, const struct place *place);
/* Whether there is an error at all. */
bool findings_any_error(const struct findings *f);
/* By file, line and column. */
void findings_sort(struct findings *f);

const char *finding_severity_name(enum finding_severity s);

/* A remedy made of parts; "" without memory. */
const char *findings_text(struct findings *f, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
