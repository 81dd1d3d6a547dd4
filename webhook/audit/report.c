/* SPDX-License-Identifier: Apache-2.0 */
/* What a page about an audit log shows: figures of all its decisions. */
#include "webhook/audit/report.h"

#include <string.h>

#include "patches/value/json.h"

enum {
	NAMESPACES = 500,
	CODES = 100,
	OVERRIDES = 200,
	RULES = 300,
	USERS = 100,
	LINE_ARENA_BYTES = 8 << 20,
};

int report_init(struct report *r, struct arena *a, struct err *err)
{
	memset(r, 0, sizeof(*r));
	r->arena = a;
	arena_init(&r->line, LINE_ARENA_BYTES);
	r->event = arena_calloc(a, REPORT_EVENTS, sizeof(*r->event));
	r->finding = arena_calloc(a, REPORT_FINDINGS, sizeof(*r->finding));
	if (!r->event || !r->finding)
		return err_nomem(err);
	if (tally_init(&r->namespaces, a, NAMESPACES, err) < 0 || tally_init(&r->skips, a, CODES, err) < 0 ||
		tally_init(&r->refusals, a, CODES, err) < 0 || tally_init(&r->overrides, a, OVERRIDES, err) < 0 ||
		tally_init(&r->rules, a, RULES, err) < 0 || tally_init(&r->tokens, a, CODES, err) < 0)
		return -1;
	return tally_init(&r->users_out, a, USERS, err);
}

void report_release(struct report *r)
{
	arena_release(&r->line);
}

/* --- decisions ------------------------------------------------------------------------------------------------------
 */

static unsigned column_of(struct str decision)
{
	return str_is(decision, "injected")  ? REPORT_INJECTED
	       : str_is(decision, "skipped") ? REPORT_SKIPPED
					     : REPORT_REFUSED;
}

static int count_override(struct report *r, const struct map_entry *e, unsigned column, struct err *err)
{
	const struct str value = e->value->kind == K_STRING ? e->value->u.s : STR("");
	const bool digest = str_has_prefix(value, "sha256:");
	const char *name = arena_printf(&r->line, "%.*s%s%.*s", (int)e->key.len, e->key.p, digest ? "" : " = ",
		digest ? 0 : (int)value.len, digest ? "" : value.p);

	return name ? tally_add(&r->overrides, str_of(name), column, err) : err_nomem(err);
}

static int count_overrides(struct report *r, const struct value *line, unsigned column, struct err *err)
{
	const struct value *overrides = raw_get(line, "overrides");

	if (!overrides || overrides->kind != K_MAP)
		return 0;
	for (uint32_t i = 0; i < overrides->u.map->len; i++)
		if (count_override(r, &overrides->u.map->entry[i], column, err) < 0)
			return -1;
	return 0;
}

static unsigned guard_column(const struct value *hit)
{
	const struct str action = raw_str(hit, "action");

	if (raw_str(hit, "exception").len)
		return REPORT_EXCEPTED;
	return str_is(action, "strip") || str_is(action, "deny") ? REPORT_STOPPED : REPORT_NOTED;
}

static int count_hits(struct report *r, const struct value *line, int64_t time, struct err *err)
{
	const struct value *hits = raw_get(line, "hits");

	for (size_t i = 0; hits && hits->kind == K_LIST && i < hits->u.list.len; i++) {
		const struct value *hit = hits->u.list.item[i];
		const unsigned column = guard_column(hit);

		r->hits[column]++;
		series_add(&r->hits_over_time, time, column);
		if (tally_add(&r->rules, raw_str(hit, "rule"), column, err) < 0)
			return -1;
	}
	return 0;
}

/* Whether the pod said no itself. */
static bool opted_out(struct str reason)
{
	return str_is(reason, "label-false") || str_is(reason, "annotation-false");
}

static int count_reason(struct report *r, const struct value *line, unsigned column, struct err *err)
{
	const struct str reason = raw_str(line, "reason");

	if (column == REPORT_SKIPPED && tally_add(&r->skips, reason, column, err) < 0)
		return -1;
	if (column == REPORT_REFUSED && tally_add(&r->refusals, reason, column, err) < 0)
		return -1;
	return opted_out(reason) ? tally_add(&r->users_out, raw_str(line, "user"), column, err) : 0;
}

static int count_decision(struct report *r, const struct value *line, struct err *err)
{
	const unsigned column = column_of(raw_str(line, "decision"));
	const int64_t time = audit_time_seconds(raw_str(line, "time"));
	const struct str token = raw_str(line, "token");

	r->decisions[column]++;
	r->all++;
	r->dry_runs += raw_bool(line, "dryRun");
	series_add(&r->over_time, time, column);
	if (tally_add(&r->namespaces, raw_str(line, "namespace"), column, err) < 0 ||
		count_reason(r, line, column, err) < 0)
		return -1;
	if (token.len && tally_add(&r->tokens, token, column, err) < 0)
		return -1;
	return count_overrides(r, line, column, err) < 0 ? -1 : count_hits(r, line, time, err);
}

/* --- everything else
 * --------------------------------------------------------------------------------------------------- */

static void keep(char *to, size_t size, struct str from)
{
	size_t len = from.len < size ? from.len : size - 1;

	while (len && len < from.len && ((unsigned char)from.p[len] & 0xc0) == 0x80)
		len--;
	if (len)
		memcpy(to, from.p, len);
	to[len] = '\0';
}

static uint64_t number(const struct value *line, const char *name)
{
	const struct value *v = raw_get(line, name);
	int64_t n;

	return v && v->kind == K_NUMBER && raw_int(v, &n) && n > 0 ? (uint64_t)n : 0;
}

static const char *gap_text(struct report *r, const struct value *line)
{
	const struct str cause = raw_str(line, "cause");

	return arena_printf(&r->line, "%llu not recorded, %llu refused: %.*s",
		(unsigned long long)number(line, "dropped"), (unsigned long long)number(line, "refused"),
		(int)cause.len, cause.len ? cause.p : "");
}

static const char *configuration_text(struct report *r, const struct value *line)
{
	const struct str digest = raw_str(line, "configuration"), token = raw_str(line, "token"),
			 revision = raw_str(line, "revision");

	return arena_printf(&r->line, "generation %llu, revision %.*s, digest %.12s%s%.*s%s",
		(unsigned long long)number(line, "generation"), (int)revision.len, revision.len ? revision.p : "",
		digest.len > 12 ? digest.p : "unknown", token.len ? ", tokens " : "", (int)token.len,
		token.len ? token.p : "",
		raw_bool(line, "tokenFellBack") ? " because the cluster has nothing else" : "");
}

/* What there is to say of it, in one text. */
static const char *detail_of(struct report *r, const struct value *line)
{
	const struct str kind = raw_str(line, "kind"), error = raw_str(line, "error"), guard = raw_str(line, "guard"),
			 until = raw_str(line, "notAfter"), version = raw_str(line, "version");

	if (error.len)
		return arena_printf(&r->line, "%.*s", (int)error.len, error.p);
	if (str_is(kind, "gap"))
		return gap_text(r, line);
	if (str_is(kind, "configuration"))
		return configuration_text(r, line);
	if (str_is(kind, "guard"))
		return arena_printf(&r->line, "%llu rules, digest %.12s", (unsigned long long)number(line, "rules"),
			guard.len > 12 ? guard.p : "unknown");
	if (str_is(kind, "certificate"))
		return arena_printf(&r->line, "valid until %.*s", (int)until.len, until.len ? until.p : "");
	if (str_is(kind, "recovered"))
		return "the process before had ended without closing the log";
	return arena_printf(
		&r->line, "%s%.*s", version.len ? "version " : "", (int)version.len, version.len ? version.p : "");
}

static int make_event(struct report *r, const struct value *line, struct report_event *ret, struct err *err)
{
	const char *detail = detail_of(r, line);

	if (!detail)
		return err_nomem(err);
	keep(ret->time, sizeof(ret->time), raw_str(line, "time"));
	keep(ret->replica, sizeof(ret->replica), raw_str(line, "replica"));
	keep(ret->kind, sizeof(ret->kind), raw_str(line, "kind"));
	keep(ret->state, sizeof(ret->state), raw_str(line, "state"));
	keep(ret->detail, sizeof(ret->detail), str_of(detail));
	return 0;
}

/* The last of each replica. */
static void keep_certificate(struct report *r, const struct value *line, const struct report_event *e)
{
	size_t i = 0;

	if (strcmp(e->kind, "certificate") != 0 || strcmp(e->state, "in force") != 0)
		return;
	while (i < r->n_certificates && strcmp(r->certificate[i].replica, e->replica) != 0)
		i++;
	if (i == REPORT_LOGS)
		return;
	r->certificate[i] = *e;
	keep(r->certificate[i].detail, sizeof(e->detail), raw_str(line, "notAfter"));
	r->n_certificates = i == r->n_certificates ? i + 1 : r->n_certificates;
}

static int count_event(struct report *r, const struct value *line, struct err *err)
{
	struct report_event e;

	if (str_is(raw_str(line, "kind"), "checkpoint") || str_is(raw_str(line, "kind"), "log"))
		return 0;
	if (make_event(r, line, &e, err) < 0)
		return -1;
	if (strcmp(e.kind, "gap") == 0) {
		r->dropped += number(line, "dropped");
		r->lost += number(line, "refused");
	}
	keep_certificate(r, line, &e);
	r->event[r->n_events++ % REPORT_EVENTS] = e;
	return 0;
}

/* When the lines were written, from the first to the last. */
static void widen(struct report *r, const struct value *line)
{
	const int64_t time = audit_time_seconds(raw_str(line, "time"));

	if (time < 0)
		return;
	r->first = r->last && r->first < time ? r->first : time;
	r->last = r->last > time ? r->last : time;
}

static int count_line(struct report *r, const struct value *line, struct err *err)
{
	const struct str kind = raw_str(line, "kind");

	widen(r, line);
	if (str_is(kind, "decision"))
		return count_decision(r, line, err);
	if (!str_is(kind, "require"))
		return count_event(r, line, err);
	r->required[column_of(raw_str(line, "decision"))]++;
	return count_hits(r, line, audit_time_seconds(raw_str(line, "time")), err);
}

int report_line(void *ctx, const struct audit_read_line *line, struct err *err)
{
	struct report *r = ctx;
	const struct value *v;
	struct audit_line l;

	if (line->too_long || !audit_line_split(line->text, &l)) {
		r->broken++;
		return 0;
	}
	if (!audit_filter_in_time(&r->filter, l.body))
		return 0;
	r->lines++;
	arena_clear(&r->line);
	v = json_parse(&r->line, line->text.p, line->text.len, JSON_LAST_WINS | JSON_GO_UTF8 | JSON_ALLOW_NUL, NULL);
	if (v)
		return count_line(r, v, err);
	r->broken++;
	return 0;
}

/* --- what verifying found
 * ------------------------------------------------------------------------------------------------- */

void report_finding(void *ctx, const struct audit_finding *f)
{
	struct report *r = ctx;

	if (!f->problem)
		return;
	if (r->problems < REPORT_FINDINGS)
		r->finding[r->problems] = *f;
	r->problems++;
}

void report_verdict(void *ctx, const struct audit_verdict *v)
{
	struct report *r = ctx;

	if (r->logs < REPORT_LOGS)
		r->verdict[r->logs] = *v;
	r->logs++;
}
