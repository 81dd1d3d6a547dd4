/* SPDX-License-Identifier: Apache-2.0 */
/* The page about an audit log: its figures of decisions, namespaces, reasons, overrides, the guard and tokens. */
#include "webhook/audit/page.h"

#include "base/version.h"
#include "patches/reason.h"
#include "webhook/audit/html.h"

static const struct html_columns decisions = {{"injected", "skipped", "refused"}, {"injected", "skipped", "refused"}};
static const struct html_columns outcomes = {
	{"recorded or warned", "stripped or denied", "excepted"}, {"noted", "stopped", "excepted"}};

/* --- tables of names ---------------------------------------------------------------------------------------------- */

struct listing {
	const char *id, *title, *of, *none; /* of: what its names are; none: where there are none */
	const char *note;                   /* NULL: none */
	const struct html_columns *columns;
	const char *share; /* head of the share that the first column has; NULL: bars compare rows by their size */
	const char *(*explain)(struct str name);
};

static const char *explain_reason(struct str name)
{
	for (unsigned i = 0; i < REASON_COUNT; i++)
		if (str_is(name, reason_row((enum reason)i)->code))
			return reason_row((enum reason)i)->text;
	return NULL;
}

static const char *explain_token(struct str name)
{
	return str_is(name, "first-party") ? "mounted, without an audience of its own: the weaker one"
					   : "projected, bound to an audience and an end";
}

static const struct listing by_namespace = {
	.id = "namespaces",
	.title = "Coverage by namespace",
	.of = "namespace",
	.none = "No decision was taken.",
	.columns = &decisions,
	.share = "covered",
};
static const struct listing by_skip = {
	.id = "skips",
	.title = "Pods left alone, by reason",
	.of = "reason",
	.none = "No pod was left alone.",
	.columns = &decisions,
	.explain = explain_reason,
};
static const struct listing by_refusal = {
	.id = "refusals",
	.title = "Pods refused, by reason",
	.of = "reason",
	.none = "No pod was refused.",
	.columns = &decisions,
	.explain = explain_reason,
};
static const struct listing by_override = {
	.id = "overrides",
	.title = "Overrides",
	.of = "what pods asked for themselves",
	.none = "No pod had its own word on its injection.",
	.note = "Values are shown only for settings that cannot hold a secret.",
	.columns = &decisions,
};
static const struct listing by_rule = {
	.id = "rules",
	.title = "Rules of the guard",
	.of = "rule",
	.none = "No rule of the guard fitted any pod.",
	.columns = &outcomes,
};
static const struct listing by_token = {
	.id = "tokens",
	.title = "Service account tokens",
	.of = "mode",
	.none = "No pod was injected.",
	.columns = &decisions,
	.explain = explain_token,
};
static const struct listing by_user = {
	.id = "users",
	.title = "Who switched injection off",
	.of = "user",
	.none = "No pod was left alone because it asked for that.",
	.note = "Users that created pods whose own label or annotation says no. Pods of a Deployment and its like are "
		"created "
		"by the cluster's controllers.",
	.columns = &decisions,
};

static void add_listing_head(struct text *out, const struct listing *l)
{
	text_addf(out, "<thead><tr><th scope=\"col\">%s</th><th scope=\"col\" class=\"n\">pods</th>", l->of);
	text_adds(out, "<th scope=\"col\" class=\"w\"><span hidden>share</span></th>");
	if (l->share)
		text_addf(out, "<th scope=\"col\" class=\"n\">%s</th>", l->share);
	for (size_t i = 0; (l->share || l->columns == &outcomes) && i < TALLY_COLUMNS; i++)
		text_addf(out, "<th scope=\"col\" class=\"n more\">%s</th>", l->columns->name[i]);
	text_adds(out, "</tr></thead>\n<tbody>\n");
}

static void add_name(struct text *out, const struct listing *l, struct str name)
{
	const char *more = l->explain ? l->explain(name) : NULL;

	text_adds(out, "<tr><th scope=\"row\">");
	html_text(out, name.len ? name : STR("(none)"));
	if (more)
		text_addf(out, "<span class=\"small\">%s</span>", more);
	text_adds(out, "</th>");
}

static void add_row(struct text *out, const struct listing *l, const struct tally_row *row, uint64_t most)
{
	add_name(out, l, row->name);
	text_addf(out, "<td class=\"n\" data-figure=\"%s/", l->id);
	html_text(out, row->name);
	text_adds(out, "\">");
	html_count(out, row->all);
	text_adds(out, "</td><td class=\"w\">");
	html_bar(out, l->columns, row->n, l->share ? row->all : most);
	text_adds(out, "</td>");
	if (l->share) {
		text_adds(out, "<td class=\"n\">");
		html_percent(out, row->n[0], row->all);
		text_adds(out, "</td>");
	}
	for (size_t i = 0; (l->share || l->columns == &outcomes) && i < TALLY_COLUMNS; i++) {
		text_adds(out, "<td class=\"n more\">");
		html_count(out, row->n[i]);
		text_adds(out, "</td>");
	}
	text_adds(out, "</tr>\n");
}

static void add_listing_body(struct text *out, const struct listing *l, struct tally *t)
{
	uint64_t most;

	tally_sort(t);
	most = t->len ? t->row[0].all : 0;
	t->others.name = STR("all others");
	text_addf(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table>", l->title);
	add_listing_head(out, l);
	for (size_t i = 0; i < t->len; i++)
		add_row(out, l, &t->row[i], most);
	if (t->others.all)
		add_row(out, l, &t->others, t->others.all > most ? t->others.all : most);
	text_adds(out, "</tbody></table></div>\n");
}

static void add_listing(struct text *out, const struct listing *l, struct tally *t)
{
	text_addf(out, "<section id=\"%s\"%s><h2>%s</h2>\n", l->id, t->len > 20 ? " class=\"long\"" : "", l->title);
	if (t->len)
		add_listing_body(out, l, t);
	else
		text_addf(out, "<p class=\"note\">%s</p>\n", l->none);
	if (l->note && t->len)
		text_addf(out, "<p class=\"note\">%s</p>\n", l->note);
	text_adds(out, "</section>\n");
}

/* --- the top ------------------------------------------------------------------------------------------------------ */

static void add_head(struct text *out)
{
	text_adds(out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
		"'unsafe-inline'; img-src data:\">\n"
		"<link rel=\"icon\" href=\"data:,\">\n<title>Sidecar injection: audit report</title>\n<style>\n");
	text_adds(out, embedded_report_css);
	text_adds(out, "</style>\n</head>\n<body>\n");
}

static void add_title(struct text *out, const struct report *r, int64_t now)
{
	text_adds(out, "<header>\n<h1>Sidecar injection: audit report</h1>\n<p>");
	if (r->last) {
		text_adds(out, "Lines from ");
		html_time(out, r->first);
		text_adds(out, " to ");
		html_time(out, r->last);
	} else {
		text_adds(out, "There is no line in the time that was asked for");
	}
	text_addf(out, ", of %llu log%s. Made ", (unsigned long long)r->logs, r->logs == 1 ? "" : "s");
	html_time(out, now);
	text_adds(out, ".</p>\n");
	page_verdict(r, out);
	text_adds(out, "</header>\n");
}

static void add_tile(struct text *out, const char *name, uint64_t n, const char *figure)
{
	text_addf(out, "<div><dt>%s</dt><dd data-figure=\"%s\">", name, figure);
	html_count(out, n);
	text_adds(out, "</dd>");
}

static void add_share_tile(struct text *out, const char *name, const struct report *r, enum report_column c)
{
	add_tile(out, name, r->decisions[c], decisions.name[c]);
	text_adds(out, "<dd>");
	html_percent(out, r->decisions[c], r->all);
	text_adds(out, " of decisions</dd></div>\n");
}

static void add_tiles(struct text *out, const struct report *r)
{
	text_adds(out, "<dl class=\"tiles\">\n");
	add_tile(out, "Decisions", r->all, "decisions");
	text_adds(out, "<dd><span data-figure=\"dry-runs\">");
	html_count(out, r->dry_runs);
	text_adds(out, "</span> of them dry runs</dd></div>\n");
	add_share_tile(out, "Injected", r, REPORT_INJECTED);
	add_share_tile(out, "Left alone", r, REPORT_SKIPPED);
	add_share_tile(out, "Refused", r, REPORT_REFUSED);
	add_tile(out, "Guard hits", r->hits[REPORT_NOTED] + r->hits[REPORT_STOPPED] + r->hits[REPORT_EXCEPTED],
		"guard-hits");
	text_adds(out, "<dd>");
	html_count(out, r->hits[REPORT_STOPPED]);
	text_adds(out, " stripped or denied</dd></div>\n");
	add_tile(out, "Not recorded", r->dropped, "not-recorded");
	text_adds(out, "<dd>decisions, as gaps in the log say</dd></div>\n</dl>\n");
}

/* --- over time ---------------------------------------------------------------------------------------------------- */

/* Its section is left open. */
static void add_chart(
	struct text *out, const char *title, const struct html_columns *c, const uint64_t *n, const struct series *s)
{
	text_addf(out, "<section><h2>%s</h2>\n", title);
	if (s->width) {
		html_legend(out, c, n);
		html_chart(out, c, s, title);
	} else {
		text_adds(out, "<p class=\"note\">There is nothing to draw.</p>\n");
	}
}

/* /require has no part in the figures of injection. */
static void add_required(struct text *out, const struct report *r)
{
	const uint64_t all = r->required[REPORT_SKIPPED] + r->required[REPORT_REFUSED] + r->required[REPORT_INJECTED];

	if (!all)
		return;
	text_adds(
		out, "<p class=\"note\">Beside these, <code>/require</code> looked at <span data-figure=\"required\">");
	html_count(out, all);
	text_adds(out, "</span> pods and refused <span data-figure=\"required-refused\">");
	html_count(out, r->required[REPORT_REFUSED]);
	text_adds(out, "</span>.</p>\n");
}

static void add_sections(struct text *out, struct report *r, int64_t now)
{
	add_chart(out, "Decisions over time", &decisions, r->decisions, &r->over_time);
	add_required(out, r);
	text_adds(out, "</section>\n");
	add_listing(out, &by_namespace, &r->namespaces);
	text_adds(out, "<div class=\"pair\">\n");
	add_listing(out, &by_skip, &r->skips);
	add_listing(out, &by_refusal, &r->refusals);
	text_adds(out, "</div>\n");
	add_listing(out, &by_override, &r->overrides);
	add_chart(out, "Guard hits over time", &outcomes, r->hits, &r->hits_over_time);
	text_adds(out, "</section>\n");
	add_listing(out, &by_rule, &r->rules);
	text_adds(out, "<div class=\"pair\">\n");
	add_listing(out, &by_token, &r->tokens);
	add_listing(out, &by_user, &r->users_out);
	text_adds(out, "</div>\n");
	page_certificates(r, now, out);
	page_changes(r, out);
	page_chain(r, out);
}

void report_print(struct report *r, int64_t now, struct text *out)
{
	add_head(out);
	add_title(out, r, now);
	text_adds(out, "<main>\n");
	add_tiles(out, r);
	add_sections(out, r, now);
	text_adds(out, "</main>\n<footer><p>Made by <code>outrigger audit report</code> " OUTRIGGER_VERSION
		       ". <code>outrigger audit query</code> has the lines behind each figure. This page loads nothing "
		       "and runs "
		       "nothing.</p></footer>\n</body>\n</html>\n");
}
