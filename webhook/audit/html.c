/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of an HTML page: text that cannot be more than text, figures, and charts as inline SVG. */
#include "webhook/audit/html.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	SLOT = 10,        /* units of a chart that one bar has, its gap included */
	LEAST_SLOTS = 24, /* so that few bars are not broad */
	HEIGHT = 100,
	DATE_MAX = 40,
};

static const char *entity(char c)
{
	return c == '&'    ? "&amp;"
	       : c == '<'  ? "&lt;"
	       : c == '>'  ? "&gt;"
	       : c == '"'  ? "&quot;"
	       : c == '\'' ? "&#39;"
			   : NULL;
}

void html_text(struct text *out, struct str s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.len; i++) {
		const char *e = entity(s.p[i]);

		if (!e)
			continue;
		text_add_shown(out, s.p + from, i - from);
		text_adds(out, e);
		from = i + 1;
	}
	if (s.len > from)
		text_add_shown(out, s.p + from, s.len - from);
}

void html_count(struct text *out, uint64_t n)
{
	char digits[24];
	const int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			text_addc(out, ',');
		text_addc(out, digits[i]);
	}
}

/* In tenths, rounded, but never to a whole or to nothing that it is not. */
static unsigned permille(uint64_t part, uint64_t whole)
{
	const unsigned n = (unsigned)((double)part * 1000 / (double)whole + 0.5);

	if (part == 0 || part >= whole)
		return part ? 1000 : 0;
	return n == 0 ? 1 : n >= 1000 ? 999 : n;
}

void html_percent(struct text *out, uint64_t part, uint64_t whole)
{
	const unsigned n = whole ? permille(part, whole) : 0;

	if (!whole)
		text_adds(out, "–");
	else if (n % 10 == 0)
		text_addf(out, "%u&nbsp;%%", n / 10);
	else
		text_addf(out, "%u.%u&nbsp;%%", n / 10, n % 10);
}

static struct tm utc(int64_t seconds)
{
	const time_t t = (time_t)seconds;
	struct tm tm = {0};

	(void)gmtime_r(&t, &tm);
	return tm;
}

void html_time(struct text *out, int64_t seconds)
{
	const struct tm tm = utc(seconds);
	char machine[DATE_MAX] = "", human[DATE_MAX] = "";

	(void)strftime(machine, sizeof(machine), "%Y-%m-%dT%H:%M:%SZ", &tm);
	(void)strftime(human, sizeof(human), "%e %b %Y, %H:%M&nbsp;UTC", &tm);
	text_addf(out, "<time datetime=\"%s\">%s</time>", machine, human + strspn(human, " "));
}

void html_legend(struct text *out, const struct html_columns *c, const uint64_t n[TALLY_COLUMNS])
{
	text_adds(out, "<ul class=\"legend\">");
	for (size_t i = 0; i < TALLY_COLUMNS; i++) {
		text_addf(out, "<li><i class=\"%s\"></i>%s <b>", c->class[i], c -> name[i]);
		html_count(out, n[i]);
		text_adds(out, "</b></li>");
	}
	text_adds(out, "</ul>\n");
}

/* "5 injected, 1 skipped", for those that cannot see the colours. */
static void say_parts(struct text *out, const struct html_columns *c, const uint64_t n[TALLY_COLUMNS])
{
	bool any = false;

	for (size_t i = 0; i < TALLY_COLUMNS; i++) {
		if (!n[i])
			continue;
		text_addf(out, "%s%llu %s", any ? ", " : "", (unsigned long long)n[i], c->name[i]);
		any = true;
	}
	if (!any)
		text_adds(out, "none");
}

void html_bar(struct text *out, const struct html_columns *c, const uint64_t n[TALLY_COLUMNS], uint64_t most)
{
	double x = 0;

	text_adds(out,
		"<svg class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"");
	say_parts(out, c, n);
	text_adds(out, "\"><rect class=\"rest\" width=\"1000\" height=\"10\"/>");
	for (size_t i = 0; i < TALLY_COLUMNS; i++) {
		const double width = most ? (double)n[i] * 1000 / (double)most : 0;

		if (n[i])
			text_addf(out, "<rect class=\"%s\" x=\"%.1f\" width=\"%.1f\" height=\"10\"/>", c->class[i], x,
				width);
		x += width;
	}
	text_adds(out, "</svg>");
}

/* --- over time ---------------------------------------------------------------------------------------------------- */

static uint64_t sum_of(const uint64_t n[TALLY_COLUMNS])
{
	uint64_t sum = 0;

	for (size_t i = 0; i < TALLY_COLUMNS; i++)
		sum += n[i];
	return sum;
}

/* The least of 2, 4, 6, 8, 10, 20, 40, … that is not less: its half is a whole number too. */
static uint64_t scale_for(uint64_t most)
{
	static const unsigned char steps[] = {2, 4, 6, 8, 10};
	uint64_t base = 1;

	for (;; base *= 10)
		for (size_t i = 0; i < ARRAY_LEN(steps); i++)
			if (base * steps[i] >= most || base > UINT64_MAX / 1000)
				return base * steps[i];
}

static uint64_t highest(const struct series *s)
{
	uint64_t most = 0;

	for (size_t i = 0; i < series_len(s); i++)
		most = sum_of(s->n[i]) > most ? sum_of(s->n[i]) : most;
	return most;
}

static void add_column(
	struct text *out, const struct html_columns *c, const struct series *s, size_t at, uint64_t scale)
{
	const struct tm from = utc(s->start + (int64_t)at * s->width);
	char text[DATE_MAX] = "";
	double y = HEIGHT;

	(void)strftime(text, sizeof(text), "%e %b %H:%M", &from);
	text_addf(out, "<g><title>%s: ", text + strspn(text, " "));
	say_parts(out, c, s->n[at]);
	text_adds(out, "</title>");
	for (size_t i = 0; i < TALLY_COLUMNS; i++) {
		const double height = (double)s->n[at][i] * HEIGHT / (double)scale;

		y -= height;
		if (s->n[at][i])
			text_addf(out, "<rect class=\"%s\" x=\"%zu\" y=\"%.2f\" width=\"%d\" height=\"%.2f\"/>",
				c->class[i], at * SLOT + 1, y, SLOT - 2, height);
	}
	text_adds(out, "</g>");
}

static void add_lines(struct text *out, size_t slots)
{
	for (int y = 0; y <= HEIGHT; y += HEIGHT / 2)
		text_addf(out, "<line x1=\"0\" x2=\"%zu\" y1=\"%d\" y2=\"%d\"/>", slots * SLOT, y, y);
}

/* Texts stand beside the drawing, which may be stretched to any width without them. */
static void add_drawing(struct text *out, const struct html_columns *c, const struct series *s, const char *what)
{
	const size_t len = series_len(s), slots = len > LEAST_SLOTS ? len : LEAST_SLOTS;
	const uint64_t scale = scale_for(highest(s));

	text_adds(out, "<div class=\"chart\"><div class=\"y\" aria-hidden=\"true\"><span>");
	html_count(out, scale);
	text_adds(out, "</span><span>");
	html_count(out, scale / 2);
	text_addf(out,
		"</span><span>0</span></div><svg viewBox=\"0 0 %zu %d\" preserveAspectRatio=\"none\" role=\"img\" "
		"aria-label=\"%s over time; the table below has the figures\">",
		slots * SLOT, HEIGHT, what);
	add_lines(out, slots);
	for (size_t i = 0; i < len; i++)
		if (sum_of(s->n[i]))
			add_column(out, c, s, i, scale);
	text_adds(out, "</svg><div class=\"x\" aria-hidden=\"true\"><span>");
	html_time(out, s->start);
	text_adds(out, "</span><span class=\"more\">");
	html_time(out, s->start + (int64_t)(slots / 2) * s->width);
	text_adds(out, "</span><span>");
	html_time(out, s->start + (int64_t)slots * s->width);
	text_adds(out, "</span></div></div>\n");
}

static void add_head(struct text *out, const struct html_columns *c)
{
	text_adds(out, "<thead><tr><th scope=\"col\">from</th>");
	for (size_t i = 0; i < TALLY_COLUMNS; i++)
		text_addf(out, "<th scope=\"col\" class=\"n\">%s</th>", c->name[i]);
	text_adds(out, "</tr></thead>\n");
}

static void add_table(struct text *out, const struct html_columns *c, const struct series *s)
{
	text_adds(out, "<details><summary>As a table</summary><table>");
	add_head(out, c);
	for (size_t i = 0; i < series_len(s); i++) {
		if (!sum_of(s->n[i]))
			continue;
		text_adds(out, "<tr><td>");
		html_time(out, s->start + (int64_t)i * s->width);
		text_adds(out, "</td>");
		for (size_t k = 0; k < TALLY_COLUMNS; k++)
			text_addf(out, "<td class=\"n\">%llu</td>", (unsigned long long)s->n[i][k]);
		text_adds(out, "</tr>\n");
	}
	text_adds(out, "</table></details>\n");
}

/* "4 minutes" */
static void add_width(struct text *out, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}};
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(units) && seconds % units[i].seconds != 0)
		i++;
	text_addf(out, "%lld %s%s", (long long)(seconds / units[i].seconds), units[i].name,
		seconds == units[i].seconds ? "" : "s");
}

void html_chart(struct text *out, const struct html_columns *c, const struct series *s, const char *what)
{
	add_drawing(out, c, s, what);
	text_adds(out, "<p class=\"note\">Each bar is ");
	add_width(out, s->width);
	text_adds(out, ".</p>");
	add_table(out, c, s);
}
