/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of an HTML page: text that cannot be more than text, figures, and charts as inline SVG. */
#ifndef WEBHOOK_AUDIT_HTML_H
#define WEBHOOK_AUDIT_HTML_H

#include "webhook/audit/tally.h"

/* What the columns of a tally are: their names, and the classes that give them their colours. */
struct html_columns {
	const char *name[TALLY_COLUMNS], *class[TALLY_COLUMNS];
};

/* Escaped for text and for quoted attributes; control characters and marks of writing direction become "?". */
void html_text(struct text *out, struct str s);
/* 12,345 */
void html_count(struct text *out, uint64_t n);
/* "97.3 %"; "100 %" and "0 %" only where it is so; a dash where the whole is 0. */
void html_percent(struct text *out, uint64_t part, uint64_t whole);
/* A <time>: "25 Nov 2026, 20:00 UTC". */
void html_time(struct text *out, int64_t seconds);

/* The columns' names with their colours and counts. */
void html_legend(struct text *out, const struct html_columns *c, const uint64_t n[TALLY_COLUMNS]);
/* A bar as wide as most, filled by the parts of n. */
void html_bar(struct text *out, const struct html_columns *c, const uint64_t n[TALLY_COLUMNS], uint64_t most);
/* Stacked bars over time, and the same as a table that can be opened. */
void html_chart(struct text *out, const struct html_columns *c, const struct series *s, const char *what);

#endif
