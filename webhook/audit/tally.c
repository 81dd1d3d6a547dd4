/* SPDX-License-Identifier: Apache-2.0 */
/* Counts by name and over time, in bounded memory. */
#include "webhook/audit/tally.h"

#include <stdlib.h>
#include <string.h>

/* Seconds; each a multiple of the one before, so that buckets can be put together. What comes then is doubled. */
static const int64_t widths[] = {60, 300, 900, 1800, 3600, 7200, 21600, 43200, 86400};

int tally_init(struct tally *t, struct arena *a, size_t max, struct err *err)
{
	*t = (struct tally){
		.arena = a, .max = max, .index = map_new(a, 0), .row = arena_calloc(a, max, sizeof(*t->row))};
	return t->index && t->row ? 0 : err_nomem(err);
}

static struct tally_row *new_row(struct tally *t, struct str name)
{
	const char *copy = arena_strndup(t->arena, name.p ? name.p : "", name.len);
	const struct value *at = value_int(t->arena, (int64_t)t->len);

	if (!copy || !at || map_set(t->arena, t->index, (struct str){copy, name.len}, at) < 0)
		return NULL;
	t->row[t->len].name = (struct str){copy, name.len};
	return &t->row[t->len++];
}

int tally_add(struct tally *t, struct str name, unsigned column, struct err *err)
{
	const struct value *at = map_get(t->index, name);
	struct tally_row *row = at ? &t->row[at->u.i] : t->len == t->max ? &t->others : new_row(t, name);

	if (!row)
		return err_nomem(err);
	row->n[column]++;
	row->all++;
	return 0;
}

static int by_size(const void *a, const void *b)
{
	const struct tally_row *x = a, *y = b;

	if (x->all != y->all)
		return x->all < y->all ? 1 : -1;
	return str_cmp(x->name, y->name);
}

void tally_sort(struct tally *t)
{
	qsort(t->row, t->len, sizeof(*t->row), by_size);
}

/* --- over time ---------------------------------------------------------------------------------------------------- */

static int64_t floor_to(int64_t time, int64_t width)
{
	return time - ((time % width) + width) % width;
}

static int64_t next_width(int64_t width)
{
	for (size_t i = 0; i < ARRAY_LEN(widths); i++)
		if (widths[i] > width)
			return widths[i];
	return width * 2;
}

/* The same counts in wider buckets, or in ones that begin earlier. */
static void spread(struct series *s, int64_t first, int64_t last)
{
	struct series wider = *s;

	memset(wider.n, 0, sizeof(wider.n));
	wider.start = floor_to(first, wider.width);
	while ((last - wider.start) / wider.width >= SERIES_BUCKETS) {
		wider.width = next_width(wider.width);
		wider.start = floor_to(first, wider.width);
	}
	for (size_t i = 0; i < SERIES_BUCKETS; i++) {
		const int64_t at = (s->start + (int64_t)i * s->width - wider.start) / wider.width;

		for (unsigned c = 0; c < TALLY_COLUMNS; c++)
			if (s->n[i][c])
				wider.n[at][c] += s->n[i][c];
	}
	*s = wider;
}

void series_add(struct series *s, int64_t time, unsigned column)
{
	if (time < 0)
		return;
	if (!s->width) {
		s->width = widths[0];
		s->start = floor_to(time, s->width);
		s->first = s->last = time;
	}
	s->first = time < s->first ? time : s->first;
	s->last = time > s->last ? time : s->last;
	if (time < s->start || (time - s->start) / s->width >= SERIES_BUCKETS)
		spread(s, s->first, s->last);
	s->n[(time - s->start) / s->width][column]++;
}

size_t series_len(const struct series *s)
{
	return s->width ? (size_t)((s->last - s->start) / s->width) + 1 : 0;
}
