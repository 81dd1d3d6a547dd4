/* SPDX-License-Identifier: Apache-2.0 */
/* Counts by name and over time, in bounded memory whatever a log holds. */
#ifndef WEBHOOK_AUDIT_TALLY_H
#define WEBHOOK_AUDIT_TALLY_H

#include "patches/value/value.h"

enum { TALLY_COLUMNS = 3, SERIES_BUCKETS = 60 };

struct tally_row {
	struct str name;
	uint64_t n[TALLY_COLUMNS], all;
};

/* By name; what comes after `max` names is counted together. */
struct tally {
	struct arena *arena; /* borrowed; rows and names live there */
	struct map *index;
	struct tally_row *row;
	size_t len, max;
	struct tally_row others;
};

int tally_init(struct tally *t, struct arena *a, size_t max, struct err *err) MUST_CHECK;
/* column: below TALLY_COLUMNS. The name is copied. ERR_NOMEM. */
int tally_add(struct tally *t, struct str name, unsigned column, struct err *err) MUST_CHECK;
/* Largest first, then by name. Nothing can be added afterwards. */
void tally_sort(struct tally *t);

/* Over time: buckets of one width, a minute first, which grows until they hold all that came. Zeroed: empty. */
struct series {
	int64_t start, width; /* seconds; width 0: nothing came yet */
	int64_t first, last;  /* what came earliest and latest */
	uint64_t n[SERIES_BUCKETS][TALLY_COLUMNS];
};

void series_add(struct series *s, int64_t time, unsigned column);
/* Up to and with the last one that holds something. */
size_t series_len(const struct series *s);

#endif
