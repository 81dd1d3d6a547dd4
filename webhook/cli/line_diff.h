/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between two texts, line by line, as a unified diff (POSIX diff -u; Myers, "An O(ND) Difference Algorithm", 1986). */
#ifndef WEBHOOK_CLI_LINE_DIFF_H
#define WEBHOOK_CLI_LINE_DIFF_H

#include "base/text.h"

enum {
	LINE_DIFF_CONTEXT = 3,
	/* Lines removed and added that are looked for one by one: memory grows with their square (16 MiB here). */
	LINE_DIFF_EDITS = 2000,
};

struct line_diff {
	const char *before_name, *after_name; /* of the two header lines */
	bool colour;                          /* for a terminal */
};

/*
 * Appends the diff, nothing where the texts are equal. Beyond LINE_DIFF_EDITS what lies between the first and the last difference is replaced
 * as a whole. ERR_NOMEM; whether `out` has failed is the caller's to ask.
 */
int line_diff_write(struct text *out, struct str before, struct str after, const struct line_diff *d, struct err *err) MUST_CHECK;

#endif
