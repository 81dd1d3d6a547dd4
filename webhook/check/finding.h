/* SPDX-License-Identifier: Apache-2.0 */
/* What `outrigger check` found: one line each, with its remedy. */
#ifndef WEBHOOK_CHECK_FINDING_H
#define WEBHOOK_CHECK_FINDING_H

#include "base/text.h"
#include "patches/value/value.h"

enum check_level { CHECK_OK, CHECK_INFO, CHECK_WARNING, CHECK_ERROR, CHECK_LEVELS };

struct check_finding {
	enum check_level level;
	const char *code;    /* stable, kebab-case */
	const char *subject; /* "Node worker-1", "Pod shop/cart-0"; "" where it is the cluster */
	const char *what;
	const char *remedy; /* NULL for OK, and where nothing is to be done */
};

struct check_findings {
	struct arena *a;
	struct check_finding *item;
	size_t len, cap;
	size_t count[CHECK_LEVELS];
	bool failed; /* for want of memory; looked at once, at the end */
};

/* remedy: static or in f->a. The text is formatted into f->a; what comes from the cluster must be bounded by %.*s. */
void check_found(struct check_findings *f, enum check_level level, const char *code, const char *subject,
	const char *remedy, const char *fmt, ...) PRINTF_LIKE(6, 7);

/* A line each: errors first, in the order in which they were found within a level. colour: for terminals. */
void check_findings_print(struct text *out, const struct check_findings *f, bool colour);
/* {"summary": {...}, "findings": [...]}; NULL without memory. */
const struct value *check_findings_value(struct arena *a, const struct check_findings *f) MUST_CHECK;

#endif
