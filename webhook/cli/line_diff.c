/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between two texts, line by line, as a unified diff. */
#include "webhook/cli/line_diff.h"

#include <string.h>

struct side {
	const struct str *line; /* with their newline */
	bool *changed;          /* removed from the one side, added on the other */
	size_t len;
};

struct diff {
	struct arena a;
	struct side before, after;
	size_t prefix, suffix; /* lines that are equal at both ends */
};

/* --- which lines ---------------------------------------------------------------------------------------------- */

static int split(struct arena *a, struct str text, struct side *ret)
{
	size_t n = 0, lines = 0;
	struct str *line;

	for (size_t i = 0; i < text.len; i++)
		lines += text.p[i] == '\n' || i + 1 == text.len;
	line = arena_calloc(a, lines, sizeof(*line));
	ret->changed = arena_calloc(a, lines, sizeof(bool));
	if (!line || !ret->changed)
		return -1;
	for (size_t start = 0; start < text.len; n++) {
		const char *end = memchr(text.p + start, '\n', text.len - start);
		const size_t len = end ? (size_t)(end - text.p) + 1 - start : text.len - start;

		line[n] = (struct str){text.p + start, len};
		start += len;
	}
	ret->line = line;
	ret->len = n;
	return 0;
}

static void trim(struct diff *d)
{
	const size_t most = d->before.len < d->after.len ? d->before.len : d->after.len;

	while (d->prefix < most && str_eq(d->before.line[d->prefix], d->after.line[d->prefix]))
		d->prefix++;
	while (d->suffix < most - d->prefix &&
	       str_eq(d->before.line[d->before.len - 1 - d->suffix], d->after.line[d->after.len - 1 - d->suffix]))
		d->suffix++;
}

/* Of diagonal k in round n: how far it came in `before`; a row holds diagonals -n .. n. */
static int32_t reached(const int32_t *row, int32_t n, int32_t k)
{
	return row[k + n];
}

/* Whether diagonal k of round n comes from k + 1 (a line was added), else from k - 1 (one was removed). */
static bool comes_from_above(const int32_t *last, int32_t n, int32_t k)
{
	return k == -n || (k != n && reached(last, n - 1, k - 1) < reached(last, n - 1, k + 1));
}

static int32_t start_of(const int32_t *last, int32_t n, int32_t k)
{
	if (n == 0)
		return 0;
	return comes_from_above(last, n, k) ? reached(last, n - 1, k + 1) : reached(last, n - 1, k - 1) + 1;
}

/* One round of Myers' search; true where both ends were reached, on diagonal old - new. */
static bool search_round(const struct diff *d, const int32_t *last, int32_t *row, int32_t n)
{
	const int32_t before = (int32_t)(d->before.len - d->prefix - d->suffix), after = (int32_t)(d->after.len - d->prefix - d->suffix);

	for (int32_t k = -n; k <= n; k += 2) {
		int32_t x = start_of(last, n, k);

		/* Beyond an end there is nothing to compare; such a diagonal never reaches both. */
		while (x < before && x - k >= 0 && x - k < after &&
		       str_eq(d->before.line[d->prefix + (size_t)x], d->after.line[d->prefix + (size_t)(x - k)]))
			x++;
		row[k + n] = x;
		if (x >= before && x - k >= after && k == before - after)
			return true;
	}
	return false;
}

/* Back from the end: each round took away or added one line. */
static void mark_edits(struct diff *d, int32_t *const *row, int32_t n)
{
	int32_t k = (int32_t)d->before.len - (int32_t)d->after.len;

	for (; n > 0; n--) {
		const bool added = comes_from_above(row[n - 1], n, k);
		const int32_t x = start_of(row[n - 1], n, k);

		if (added)
			d->after.changed[d->prefix + (size_t)(x - k - 1)] = true;
		else
			d->before.changed[d->prefix + (size_t)(x - 1)] = true;
		k += added ? 1 : -1;
	}
}

static void mark_all(struct diff *d)
{
	for (size_t i = d->prefix; i < d->before.len - d->suffix; i++)
		d->before.changed[i] = true;
	for (size_t i = d->prefix; i < d->after.len - d->suffix; i++)
		d->after.changed[i] = true;
}

static int find_edits(struct diff *d)
{
	int32_t **row = arena_calloc(&d->a, LINE_DIFF_EDITS, sizeof(*row));

	if (!row)
		return -1;
	for (int32_t n = 0; n < LINE_DIFF_EDITS; n++) {
		row[n] = arena_calloc(&d->a, 2 * (size_t)n + 1, sizeof(**row));
		if (!row[n])
			return -1;
		if (search_round(d, n ? row[n - 1] : NULL, row[n], n)) {
			mark_edits(d, row, n);
			return 0;
		}
	}
	mark_all(d);
	return 0;
}

/* --- how they are shown ----------------------------------------------------------------------------------------- */

/* Where a reader stands in both texts. */
struct place {
	size_t before, after;
};

static bool at_change(const struct diff *d, struct place p)
{
	return (p.before < d->before.len && d->before.changed[p.before]) || (p.after < d->after.len && d->after.changed[p.after]);
}

static struct place past_change(const struct diff *d, struct place p)
{
	while (p.before < d->before.len && d->before.changed[p.before])
		p.before++;
	while (p.after < d->after.len && d->after.changed[p.after])
		p.after++;
	return p;
}

/* The end of the hunk that begins with a change at p: changes nearer than twice the context are one. */
static struct place end_of_hunk(const struct diff *d, struct place p)
{
	size_t equal = 0;
	struct place end = p;

	while (equal <= (size_t)2 * LINE_DIFF_CONTEXT && p.before <= d->before.len) {
		if (at_change(d, p)) {
			p = past_change(d, p);
			end = p;
			equal = 0;
		} else if (p.before == d->before.len) {
			break;
		} else {
			p.before++;
			p.after++;
			equal++;
		}
	}
	return end;
}

static void write_line(struct text *out, const char *mark, const char *colour, struct str line)
{
	const bool ended = line.len && line.p[line.len - 1] == '\n';

	text_adds(out, colour);
	text_adds(out, mark);
	text_add(out, line.p, line.len - ended);
	text_adds(out, colour[0] ? "\x1b[0m\n" : "\n");
	if (!ended)
		text_adds(out, "\\ No newline at end of file\n");
}

/* As diff writes it: a length of 1 is left out, and an empty range names the line before it. */
static void write_range(struct text *out, char sign, size_t start, size_t end)
{
	text_addf(out, "%c%zu", sign, end > start ? start + 1 : start);
	if (end - start != 1)
		text_addf(out, ",%zu", end - start);
}

static void write_hunk(struct text *out, const struct diff *d, struct place from, struct place to, bool colour)
{
	text_adds(out, colour ? "\x1b[36m@@ " : "@@ ");
	write_range(out, '-', from.before, to.before);
	text_addc(out, ' ');
	write_range(out, '+', from.after, to.after);
	text_adds(out, colour ? " @@\x1b[0m\n" : " @@\n");
	while (from.before < to.before || from.after < to.after) {
		const struct place p = past_change(d, from);

		for (; from.before < p.before; from.before++)
			write_line(out, "-", colour ? "\x1b[31m" : "", d->before.line[from.before]);
		for (; from.after < p.after; from.after++)
			write_line(out, "+", colour ? "\x1b[32m" : "", d->after.line[from.after]);
		if (from.before < to.before) {
			write_line(out, " ", "", d->before.line[from.before++]);
			from.after++;
		}
	}
}

static void write_hunks(struct text *out, const struct diff *d, bool colour)
{
	struct place p = {0, 0};

	while (p.before < d->before.len || p.after < d->after.len) {
		struct place from = p, to;
		size_t above, below;

		if (!at_change(d, p)) {
			p.before++;
			p.after++;
			continue;
		}
		to = end_of_hunk(d, p);
		above = p.before < LINE_DIFF_CONTEXT ? p.before : LINE_DIFF_CONTEXT;
		below = d->before.len - to.before < LINE_DIFF_CONTEXT ? d->before.len - to.before : LINE_DIFF_CONTEXT;
		from.before -= above;
		from.after -= above;
		p = to;
		to.before += below;
		to.after += below;
		write_hunk(out, d, from, to, colour);
	}
}

static void write_header(struct text *out, const struct line_diff *d)
{
	const char *on = d->colour ? "\x1b[1m" : "", *off = d->colour ? "\x1b[0m" : "";

	text_addf(out, "%s--- %s%s\n%s+++ %s%s\n", on, d->before_name, off, on, d->after_name, off);
}

int line_diff_write(struct text *out, struct str before, struct str after, const struct line_diff *options, struct err *err)
{
	struct diff d = {0};
	int status = -1;

	if (str_eq(before, after))
		return 0;
	arena_init(&d.a, 0);
	if (before.len > INT32_MAX / 2 || after.len > INT32_MAX / 2) {
		status = err_set(err, ERR_LIMIT, "texts of more than 1 GiB are not compared");
	} else if (split(&d.a, before, &d.before) < 0 || split(&d.a, after, &d.after) < 0) {
		err_nomem(err);
	} else {
		trim(&d);
		status = find_edits(&d) < 0 ? err_nomem(err) : 0;
		if (status == 0) {
			write_header(out, options);
			write_hunks(out, &d, options->colour);
		}
	}
	arena_release(&d.a);
	return status;
}
