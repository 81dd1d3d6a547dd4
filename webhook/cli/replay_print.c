/* SPDX-License-Identifier: Apache-2.0 */
/* What a replay found, for people and for programs. */
#include <string.h>

#include "patches/value/json.h"
#include "webhook/cli/replay_report.h"

/* --- text
 * --------------------------------------------------------------------------------------------------------------------
 */

static void add_pod(struct text *out, const struct replay_pod *pod)
{
	text_addf(
		out, "%s%s%s (%s:%zu)", pod->namespace, pod->namespace[0] ? "/" : "", pod->name, pod->file, pod->line);
}

static void add_pods(struct text *out, const struct replay_group *g)
{
	for (size_t i = 0; i < g->len && i < REPLAY_SHOWN_PODS; i++) {
		text_adds(out, i ? ", " : "");
		add_pod(out, &g->pod[i]);
	}
	if (g->len > REPLAY_SHOWN_PODS)
		text_addf(out, " and %zu more", g->len - REPLAY_SHOWN_PODS);
}

static void add_message(struct text *out, const char *label, const char *message)
{
	if (!message)
		return;
	text_addf(out, "  %s: ", label);
	text_add_shown(out, message, strlen(message));
	text_addc(out, '\n');
}

static void add_group(struct text *out, const struct replay_group *g)
{
	text_addf(out, "%zu pod%s %s%s", g->len, g->len == 1 ? "" : "s", replay_kind_text(g->kind),
		g->len > 1 ? " alike" : "");
	if (g->kind != REPLAY_CHANGED)
		text_addf(out, " (%s, then %s)", g->before.reason, g->after.reason);
	text_adds(out, ": ");
	add_pods(out, g);
	text_addc(out, '\n');
	add_message(out, "was refused", g->before.message);
	add_message(out, "refused", g->after.message);
	text_adds(out, g->diff);
	text_addc(out, '\n');
}

static void add_count(struct text *out, size_t n, const char *what)
{
	if (n)
		text_addf(out, ", %zu %s", n, what);
}

static void add_summary(struct text *out, const struct replay_report *r)
{
	size_t all = r->unreadable + r->unanswered;

	for (size_t i = 0; i < REPLAY_KINDS; i++)
		all += r->count[i];
	text_addf(out, "%zu request%s: %zu the same (%zu injected, %zu left alone, %zu refused)", all,
		all == 1 ? "" : "s", r->count[REPLAY_SAME], r->same[RESULT_INJECTED], r->same[RESULT_SKIPPED],
		r->same[RESULT_REFUSED]);
	for (enum replay_kind k = 0; k < REPLAY_SAME; k++)
		add_count(out, r->count[k], replay_kind_text(k));
	add_count(out, r->unanswered, "without a recorded answer");
	add_count(out, r->unreadable, "not readable");
	text_addc(out, '\n');
}

void replay_report_text(struct text *out, const struct replay_report *r)
{
	for (size_t i = 0; i < r->len; i++)
		add_group(out, &r->group[i]);
	add_summary(out, r);
}

/* --- JSON
 * ---------------------------------------------------------------------------------------------------------------------
 */

static void add_string(struct text *out, const char *key, const char *value)
{
	text_addf(out, "\"%s\":", key);
	json_write_string(out, str_of(value), 0);
}

static void add_side(struct text *out, const char *key, const struct replay_side *side)
{
	text_addf(out, ",\"%s\":{\"result\":\"%s\",\"reason\":\"%s\"", key, reason_result_name(side->result),
		side->reason);
	if (side->message) {
		text_addc(out, ',');
		add_string(out, "message", side->message);
	}
	text_addc(out, '}');
}

static void add_json_pods(struct text *out, const struct replay_group *g)
{
	text_adds(out, ",\"pods\":[");
	for (size_t i = 0; i < g->len; i++) {
		text_adds(out, i ? ",{" : "{");
		add_string(out, "file", g->pod[i].file);
		text_addf(out, ",\"line\":%zu,", g->pod[i].line);
		add_string(out, "namespace", g->pod[i].namespace);
		text_addc(out, ',');
		add_string(out, "name", g->pod[i].name);
		text_addc(out, '}');
	}
	text_addc(out, ']');
}

static void add_json_group(struct text *out, const struct replay_group *g)
{
	text_addf(out, "{\"kind\":\"%s\",\"count\":%zu", replay_kind_code(g->kind), g->len);
	add_side(out, "before", &g->before);
	add_side(out, "after", &g->after);
	text_addc(out, ',');
	add_string(out, "diff", g->diff);
	add_json_pods(out, g);
	text_addc(out, '}');
}

void replay_report_json(struct text *out, const struct replay_report *r)
{
	text_adds(out, "{\"summary\":{");
	for (enum replay_kind k = 0; k < REPLAY_KINDS; k++)
		text_addf(out, "\"%s\":%zu,", replay_kind_code(k), r->count[k]);
	text_addf(out, "\"without-answer\":%zu,\"unreadable\":%zu},\n\"groups\":[", r->unanswered, r->unreadable);
	for (size_t i = 0; i < r->len; i++) {
		text_adds(out, i ? ",\n" : "\n");
		add_json_group(out, &r->group[i]);
	}
	text_adds(out, "]}\n");
}
