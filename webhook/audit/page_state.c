/* SPDX-License-Identifier: Apache-2.0 */
/* The page about an audit log: what was in force, and whether the log is what was written. */
#include <string.h>

#include "webhook/audit/html.h"
#include "webhook/audit/page.h"

enum { DAY = 86400, SOON_DAYS = 7 };

/* label: of a row that a narrow screen shows as a list. */
static void begin_cell(struct text *out, const char *label)
{
	text_addf(out, "<td data-label=\"%s\">", label);
}

static void add_text_cell(struct text *out, const char *label, const char *text)
{
	begin_cell(out, label);
	html_text(out, str_of(text[0] ? text : "–"));
	text_adds(out, "</td>");
}

/* A line's time; what is none of ours stays text. */
static void add_time_cell(struct text *out, const char *label, const char *time)
{
	const int64_t seconds = audit_time_seconds(str_of(time));

	text_addf(out, "<td class=\"t\" data-label=\"%s\">", label);
	if (seconds >= 0)
		html_time(out, seconds);
	else
		html_text(out, str_of(time));
	text_adds(out, "</td>");
}

static void begin_table(struct text *out, const char *label, const char *const *head, size_t n)
{
	text_addf(out,
		"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table "
		"class=\"stack\"><thead><tr>",
		label);
	for (size_t i = 0; i < n; i++)
		text_addf(out, "<th scope=\"col\">%s</th>", head[i]);
	text_adds(out, "</tr></thead>\n<tbody>\n");
}

static void end_table(struct text *out)
{
	text_adds(out, "</tbody></table></div>\n");
}

/* --- certificates ------------------------------------------------------------------------------------------------- */

/* The end as a certificate's line has it, 2027-01-02T03:04:05Z, without the fraction that the time of a line has. */
static int64_t end_of(const struct report_event *e)
{
	char time[AUDIT_TIME_LEN + 1] = "";
	const size_t len = strlen(e->detail);

	if (len != sizeof("2027-01-02T03:04:05Z") - 1)
		return -1;
	memcpy(time, e->detail, len - 1);
	memcpy(time + len - 1, ".000000Z", sizeof(".000000Z"));
	return audit_time_seconds(str_of(time));
}

static void add_days(struct text *out, int64_t end, int64_t now)
{
	const int64_t days = (end - now) / DAY;

	begin_cell(out, "now");
	if (end < 0)
		text_adds(out, "<span class=\"mark\">unknown</span>");
	else if (end <= now)
		text_adds(out, "<span class=\"mark bad\">expired</span>");
	else
		text_addf(out, "<span class=\"mark %s\">%lld day%s left</span>", days < SOON_DAYS ? "bad" : "good",
			(long long)days, days == 1 ? "" : "s");
	text_adds(out, "</td>");
}

static void add_certificate(struct text *out, const struct report_event *e, int64_t now)
{
	const int64_t end = end_of(e);

	text_adds(out, "<tr>");
	add_text_cell(out, "replica", e->replica);
	add_time_cell(out, "in force since", e->time);
	text_adds(out, "<td class=\"t\" data-label=\"valid until\">");
	if (end >= 0)
		html_time(out, end);
	else
		html_text(out, str_of(e->detail));
	text_adds(out, "</td>");
	add_days(out, end, now);
	text_adds(out, "</tr>\n");
}

void page_certificates(const struct report *r, int64_t now, struct text *out)
{
	static const char *const head[] = {"replica", "in force since", "valid until", "now"};

	text_adds(out, "<section id=\"certificates\"><h2>Serving certificates</h2>\n");
	if (r->n_certificates) {
		begin_table(out, "Serving certificates", head, ARRAY_LEN(head));
		for (size_t i = 0; i < r->n_certificates; i++)
			add_certificate(out, &r->certificate[i], now);
		end_table(out);
		text_adds(out,
			"<p class=\"note\">The last that each replica took; now is when this page was made.</p>\n");
	} else {
		text_adds(out, "<p class=\"note\">No line tells of one.</p>\n");
	}
	text_adds(out, "</section>\n");
}

/* --- changes ------------------------------------------------------------------------------------------------------ */

static const char *mark_of(const struct report_event *e)
{
	if (strcmp(e->state, "refused") == 0 || strcmp(e->kind, "gap") == 0 || strcmp(e->kind, "recovered") == 0)
		return "mark bad";
	return strcmp(e->state, "in force") == 0 ? "mark good" : "mark";
}

/* "configuration in force", "configuration refused", "start". */
static void add_change(struct text *out, const struct report_event *e)
{
	text_adds(out, "<tr>");
	add_time_cell(out, "time", e->time);
	text_addf(out, "<td data-label=\"what\"><span class=\"%s\">", mark_of(e));
	html_text(out, str_of(e->kind));
	text_adds(out, e->state[0] ? " " : "");
	html_text(out, str_of(e->state));
	text_adds(out, "</span></td>");
	add_text_cell(out, "detail", e->detail);
	add_text_cell(out, "replica", e->replica);
	text_adds(out, "</tr>\n");
}

void page_changes(const struct report *r, struct text *out)
{
	static const char *const head[] = {"time", "what", "detail", "replica"};
	const uint64_t shown = r->n_events < REPORT_EVENTS ? r->n_events : REPORT_EVENTS;

	text_adds(out,
		"<section id=\"changes\" class=\"long\"><h2>Configuration, guard, certificate, and the process</h2>\n");
	if (shown) {
		begin_table(out, "Changes", head, ARRAY_LEN(head));
		for (uint64_t i = 0; i < shown; i++)
			add_change(out, &r->event[(r->n_events - 1 - i) % REPORT_EVENTS]);
		end_table(out);
	} else {
		text_adds(out, "<p class=\"note\">Nothing changed.</p>\n");
	}
	if (shown < r->n_events)
		text_addf(out, "<p class=\"note\">The newest %llu of %llu.</p>\n", (unsigned long long)shown,
			(unsigned long long)r->n_events);
	text_adds(out, "</section>\n");
}

/* --- the chain ---------------------------------------------------------------------------------------------------- */

static bool any_signed(const struct report *r)
{
	for (size_t i = 0; i < r->logs && i < REPORT_LOGS; i++)
		if (r->verdict[i].checkpoints)
			return true;
	return false;
}

static bool key_of_log(const struct report *r)
{
	return r->logs && r->verdict[0].key_of_log;
}

void page_verdict(const struct report *r, struct text *out)
{
	text_addf(out, "<div class=\"verdict %s\" role=\"status\"><b data-figure=\"chain\">",
		r->problems ? "bad" : "good");
	if (!r->problems)
		text_adds(out, "The chain holds</b><p>");
	else
		text_addf(out, "%llu problem%s in the chain</b><p>", (unsigned long long)r->problems,
			r->problems == 1 ? "" : "s");
	if (r->problems)
		text_adds(out, "Lines were changed, removed, moved or cut: the figures below are of what is left. ");
	else
		text_adds(out, "No line was changed, removed, moved or cut. ");
	if (!any_signed(r))
		text_adds(out, "Nothing is signed: whoever may write the file could have written it anew. ");
	else if (key_of_log(r))
		text_adds(out, "The key is the one that the log itself publishes, not one that was given. ");
	text_adds(out, "<a href=\"#chain\">More</a></p></div>\n");
}

static void add_log(struct text *out, const struct audit_verdict *v)
{
	text_addf(out, "<tr><td data-label=\"log\"><code>%.8s</code></td>", v->log[0] ? v->log : "unknown");
	add_text_cell(out, "replica", v->replica);
	text_addf(out, "<td data-label=\"lines\">%llu to %llu, in %llu file%s</td>", (unsigned long long)v->first,
		(unsigned long long)v->last, (unsigned long long)v->files, v->files == 1 ? "" : "s");
	if (v->checkpoints)
		text_addf(out,
			"<td data-label=\"signed checkpoints\">%llu by key <code>%s</code>%s, the last is line "
			"%llu</td>",
			(unsigned long long)v->checkpoints, v->key,
			v->key_of_log ? ", which the log publishes" : ", as given", (unsigned long long)v->last_signed);
	else
		text_adds(out, "<td data-label=\"signed checkpoints\">none</td>");
	if (v->problems)
		text_addf(out, "<td data-label=\"verdict\"><span class=\"mark bad\">%llu problem%s</span></td></tr>\n",
			(unsigned long long)v->problems, v->problems == 1 ? "" : "s");
	else
		text_adds(out, "<td data-label=\"verdict\"><span class=\"mark good\">intact</span></td></tr>\n");
}

static void add_findings(struct text *out, const struct report *r)
{
	const uint64_t shown = r->problems < REPORT_FINDINGS ? r->problems : REPORT_FINDINGS;

	if (!shown)
		return;
	text_adds(out, "<h3>Problems</h3>\n<ul>\n");
	for (uint64_t i = 0; i < shown; i++) {
		const struct audit_finding *f = &r->finding[i];

		text_adds(out, "<li><code>");
		html_text(out, str_of(f->file));
		if (f->line)
			text_addf(out, ":%llu", (unsigned long long)f->line);
		text_adds(out, "</code> ");
		html_text(out, str_of(f->text));
		text_adds(out, "</li>\n");
	}
	text_adds(out, "</ul>\n");
	if (shown < r->problems)
		text_addf(out, "<p class=\"note\">The first %llu of %llu.</p>\n", (unsigned long long)shown,
			(unsigned long long)r->problems);
}

void page_chain(const struct report *r, struct text *out)
{
	static const char *const head[] = {"log", "replica", "lines", "signed checkpoints", "verdict"};

	text_adds(out, "<section id=\"chain\" class=\"long\"><h2>Verification of the chain</h2>\n");
	begin_table(out, "Logs", head, ARRAY_LEN(head));
	for (size_t i = 0; i < r->logs && i < REPORT_LOGS; i++)
		add_log(out, &r->verdict[i]);
	end_table(out);
	if (r->logs > REPORT_LOGS)
		text_addf(out, "<p class=\"note\">The first %d of %llu logs.</p>\n", REPORT_LOGS,
			(unsigned long long)r->logs);
	add_findings(out, r);
	text_adds(out,
		"<p class=\"note\">All lines of the files were verified, also those outside the time that was asked "
		"for. <code>outrigger audit verify</code> says more.</p>\n</section>\n");
}
