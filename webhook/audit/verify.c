/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a log is what was written. */
#include "webhook/audit/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	HELD_MAX = 1 << 20,    /* as far as the writer looks back for a whole line */
	LATE_CHECKPOINT = 8192 /* lines that one batch may hold beyond the number at which a checkpoint is due */
};

void audit_verifier_init(struct audit_verifier *v, const struct audit_keys *trusted)
{
	memset(v, 0, sizeof(*v));
	v->trusted = trusted;
	arena_init(&v->arena, 4 * HELD_MAX);
	text_init(&v->held, &v->arena, HELD_MAX);
	audit_chain_begin(&v->chain);
}

void audit_verifier_release(struct audit_verifier *v)
{
	audit_keys_release(&v->published);
	arena_release(&v->arena);
}

/* --- telling ----------------------------------------------------------------------------------------------------- */

static void PRINTF_LIKE(4, 0)
	tell(struct audit_verifier *v, uint64_t line, bool problem, const char *fmt, va_list args)
{
	struct audit_finding f = {.file = v->file, .line = line, .problem = problem};

	(void)vsnprintf(f.text, sizeof(f.text), fmt, args);
	v->verdict.problems += problem;
	if (v->found)
		v->found(v->ctx, &f);
}

static void problem(struct audit_verifier *v, uint64_t line, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void problem(struct audit_verifier *v, uint64_t line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tell(v, line, true, fmt, args);
	va_end(args);
}

static void note(struct audit_verifier *v, uint64_t line, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void note(struct audit_verifier *v, uint64_t line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tell(v, line, false, fmt, args);
	va_end(args);
}

static uint64_t number(struct str body, const char *name)
{
	uint64_t n = 0;

	return parse_u64(audit_line_member(body, name), &n) ? n : 0;
}

#define ULL(n)         ((unsigned long long)(n))
#define SHOWN(s, most) ((s).len < (size_t)(most) ? (int)(s).len : (int)(most)), ((s).len ? (s).p : "")

/* --- what is no line --------------------------------------------------------------------------------------------- */

static void hold(struct audit_verifier *v, struct str text)
{
	if (!v->held_lines)
		v->held_line = v->line;
	else
		text_addc(&v->held, '\n');
	v->held_lines++;
	text_add(&v->held, text.p, text.len);
}

static void forget_held(struct audit_verifier *v)
{
	text_clear(&v->held);
	v->held.failed = false;
	v->held_lines = 0;
}

static void tell_held(struct audit_verifier *v)
{
	if (v->held_lines == 1)
		problem(v, v->held_line, "is no whole line of the log: changed, or cut");
	else if (v->held_lines)
		problem(v, v->held_line, "this and the next %llu are no whole lines of the log: changed, or cut",
			ULL(v->held_lines - 1));
	v->loose = v->loose || v->held_lines;
	forget_held(v);
}

/* Whether the line tells of just those bytes. */
static bool tells_of_held(const struct audit_verifier *v, struct str body)
{
	char sum[SHA256_HEX + 1];
	const struct str held = {v->held.data, v->held.len};

	return v->held_lines && !v->held.failed && number(body, "cutBytes") == v->held.len &&
	       sha256_hex(&held, 1, sum) == 0 && str_is(audit_line_member(body, "cutSha256"), sum);
}

static void check_recovered(struct audit_verifier *v, const struct audit_line *l)
{
	const uint64_t missing = number(l->body, "missingLines"), cut = number(l->body, "cutBytes");

	if (tells_of_held(v, l->body)) {
		note(v, v->held_line, "%llu bytes that a crash cut off, as line %llu says", ULL(cut), ULL(v->line));
		forget_held(v);
	} else if (cut) {
		tell_held(v);
		problem(v, v->line, "says that %llu bytes were cut before it, and these are not there as they were",
			ULL(cut));
	}
	if (missing)
		problem(v, v->line, "when the log was opened again here, %llu lines were gone that its head proves",
			ULL(missing));
	else
		note(v, v->line,
			"the process ended without closing the log here; decisions of its last moments may be missing");
}

/* --- a line's place ---------------------------------------------------------------------------------------------- */

static void publish(struct audit_verifier *v, struct str body)
{
	const struct str hex = audit_line_member(body, "publicKey");
	struct audit_key key;

	if (!hex.p || v->published.len == AUDIT_KEYS_MAX || audit_key_from_hex(hex, &key) < 0)
		return;
	if (audit_keys_find(&v->published, str_of(key.id)))
		audit_key_release(&key);
	else
		v->published.of[v->published.len++] = key;
}

static void copy(char *to, size_t size, struct str from)
{
	(void)snprintf(to, size, "%.*s", SHOWN(from, (int)size - 1));
}

static bool is_first(const struct audit_line *l)
{
	struct audit_chain none;

	audit_chain_begin(&none);
	return l->seq == 1 && str_is(l->prev, none.hash);
}

static void begin_log(struct audit_verifier *v, const struct audit_line *l)
{
	v->begun = true;
	v->verdict.first = l->seq;
	copy(v->verdict.replica, sizeof(v->verdict.replica), audit_line_member(l->body, "replica"));
	if (!audit_line_is(l->body, "log"))
		problem(v, v->line, "is not the first line of a file of the log: what came before it is missing");
	else if (!is_first(l))
		note(v, v->line, "the log begins at line %llu here; what came before is not among the files",
			ULL(l->seq));
}

static void check_log(struct audit_verifier *v, const struct audit_line *l)
{
	const struct str id = audit_line_member(l->body, "log");

	if (!v->verdict.log[0]) {
		copy(v->verdict.log, sizeof(v->verdict.log), id);
		v->stream = str_is(audit_line_member(l->body, "sink"), "stdout");
	} else if (!str_is(id, v->verdict.log)) {
		problem(v, v->line, "is of another log (%.*s): lines of two logs are mixed here", SHOWN(id, 8));
		copy(v->verdict.log, sizeof(v->verdict.log), id);
	}
	v->checkpoint_lines = number(l->body, "checkpointLines");
	v->unsigned_log = !audit_line_member(l->body, "key").p;
	publish(v, l->body);
}

static void check_place(struct audit_verifier *v, const struct audit_line *l)
{
	const uint64_t wanted = v->chain.seq + 1;

	if (l->seq == wanted + 1)
		problem(v, v->line, "line %llu of the log is missing before this one", ULL(wanted));
	else if (l->seq > wanted)
		problem(v, v->line, "lines %llu to %llu of the log are missing before this one", ULL(wanted),
			ULL(l->seq - 1));
	else if (l->seq < wanted)
		problem(v, v->line, "line %llu of the log stands behind line %llu: repeated, or out of its order",
			ULL(l->seq), ULL(v->chain.seq));
	else if (!v->loose && !str_is(l->prev, v->chain.hash))
		problem(v, v->line,
			"does not follow the line before it: one of the two was put in the place of another");
	v->loose = false;
}

static const struct audit_key *find_key(const struct audit_verifier *v, struct str id)
{
	return audit_keys_find(v->trusted ? v->trusted : &v->published, id);
}

static void check_checkpoint(struct audit_verifier *v, const struct audit_line *l)
{
	const struct str id = audit_line_member(l->body, "key");
	const struct audit_key *key = find_key(v, id);

	if (!l->sig.p) {
		problem(v, v->line, "a checkpoint without a signature");
	} else if (!key) {
		problem(v, v->line, "the checkpoint is signed by key %.*s, %s", SHOWN(id, AUDIT_KEY_ID),
			v->trusted ? "which is none of those given" : "which no line before it publishes");
	} else if (!audit_key_verify(key, l->to_sign, l->sig)) {
		problem(v, v->line, "the checkpoint's signature is not of key %s", key->id);
	} else if (!str_is(audit_line_member(l->body, "log"), v->verdict.log)) {
		problem(v, v->line, "the checkpoint is of another log");
	} else {
		v->verdict.checkpoints++;
		v->verdict.last_signed = l->seq;
		copy(v->verdict.key, sizeof(v->verdict.key), id);
	}
	v->since_checkpoint = 0;
}

static void check_kind(struct audit_verifier *v, const struct audit_line *l)
{
	const struct str kind = audit_line_member(l->body, "kind");

	if (str_is(kind, "log")) {
		check_log(v, l);
	} else if (str_is(kind, "start")) {
		publish(v, l->body);
	} else if (str_is(kind, "checkpoint")) {
		check_checkpoint(v, l);
	} else if (str_is(kind, "recovered")) {
		check_recovered(v, l);
	} else if (str_is(kind, "gap")) {
		v->verdict.dropped += number(l->body, "dropped");
		note(v, v->line, "%llu decisions are not in the log, and %llu more were refused for that: %.*s",
			ULL(number(l->body, "dropped")), ULL(number(l->body, "refused")),
			SHOWN(audit_line_member(l->body, "cause"), 120));
	}
}

static void end_log(struct audit_verifier *v);

/* What standard output was given begins anew with each process. */
static bool begins_anew(const struct audit_verifier *v, const struct audit_line *l)
{
	return v->begun && v->stream && is_first(l) && audit_line_is(l->body, "log") &&
	       str_is(audit_line_member(l->body, "sink"), "stdout");
}

static void check_intact(struct audit_verifier *v, const struct audit_line *l)
{
	if (begins_anew(v, l)) {
		const char *file = v->file;

		end_log(v);
		audit_verify_file(v, file);
	}
	if (!v->begun)
		begin_log(v, l);
	else
		check_place(v, l);
	if (v->file_begins && v->verdict.files > 1 && !audit_line_is(l->body, "log"))
		problem(v, v->line,
			"is not the first line of a file of the log: the beginning of this file is missing");
	v->since_checkpoint++;
	check_kind(v, l);
	v->chain.seq = l->seq;
	memcpy(v->chain.hash, l->hash.p, SHA256_HEX);
}

static void check_overdue(struct audit_verifier *v)
{
	if (v->unsigned_log || v->overdue || !v->checkpoint_lines ||
		v->since_checkpoint <= v->checkpoint_lines + LATE_CHECKPOINT)
		return;
	v->overdue = true;
	problem(v, v->line, "a checkpoint was due %llu lines before: checkpoints are missing",
		ULL(v->since_checkpoint - v->checkpoint_lines));
}

static void check_line(struct audit_verifier *v, const struct audit_line *l)
{
	const bool intact = audit_line_intact(l);

	if (v->held_lines && !(intact && audit_line_is(l->body, "recovered")))
		tell_held(v);
	v->verdict.lines++;
	if (intact) {
		check_intact(v, l);
	} else {
		problem(v, v->line, "was changed: its hash is not that of what it says");
		if (!v->begun)
			begin_log(v, l);
		v->loose = true;
		v->chain.seq++;
	}
	v->verdict.last = v->chain.seq;
	v->file_begins = false;
	check_overdue(v);
}

void audit_verify_file(struct audit_verifier *v, const char *name)
{
	tell_held(v);
	if (v->file != name)
		v->line = 0;
	v->file = name;
	v->file_begins = true;
	v->verdict.files++;
}

void audit_verify_line(struct audit_verifier *v, const struct audit_read_line *line)
{
	struct audit_line l;

	v->line++;
	if (!line->too_long && audit_line_split(line->text, &l)) {
		check_line(v, &l);
		if (!line->whole)
			problem(v, v->line, "the file ends without the end of this line: cut off");
		return;
	}
	if (line->whole) {
		hold(v, line->text);
		return;
	}
	tell_held(v);
	v->loose = true;
	problem(v, v->line, "the file ends within this line: cut by a crash, or by somebody");
}

/* --- the end of a log -------------------------------------------------------------------------------------------- */

static void end_log(struct audit_verifier *v)
{
	tell_held(v);
	v->verdict.key_of_log = !v->trusted;
	if (v->trusted && !v->verdict.checkpoints && (v->unsigned_log || v->verdict.lines > v->checkpoint_lines))
		problem(v, 0, "no checkpoint is signed by a key that was given");
	if (v->begun && !v->verdict.checkpoints)
		note(v, 0, "nothing here is signed: whoever may write the file could write it anew");
	else if (v->begun && v->verdict.last > v->verdict.last_signed)
		note(v, 0, "lines %llu to %llu came after the last checkpoint: chained, not signed",
			ULL(v->verdict.last_signed + 1), ULL(v->verdict.last));
	if (v->done)
		v->done(v->ctx, &v->verdict);
	v->verdict = (struct audit_verdict){.lines = 0};
	audit_keys_release(&v->published);
	audit_chain_begin(&v->chain);
	v->begun = v->loose = v->stream = v->unsigned_log = v->overdue = false;
	v->checkpoint_lines = v->since_checkpoint = 0;
}

static void check_head(struct audit_verifier *v, enum audit_head_state state, const struct audit_head *head)
{
	if (state == AUDIT_HEAD_MISSING) {
		if (!v->stream)
			note(v, 0, "there is no head file: lines missing at the end could not be told");
	} else if (state == AUDIT_HEAD_BAD || state == AUDIT_HEAD_FORGED) {
		problem(v, 0,
			state == AUDIT_HEAD_BAD ? "the head file is not as it was written"
						: "the head file's signature is not of its key");
	} else if (state == AUDIT_HEAD_UNSIGNED && !v->unsigned_log) {
		problem(v, 0, "the head file is not signed, and the log is");
	} else if (state == AUDIT_HEAD_UNKNOWN) {
		problem(v, 0, "the head file is signed by a key that is not known");
	} else if (strcmp(head->log, v->verdict.log) != 0) {
		problem(v, 0, "the head file is of another log");
	} else if (head->chain.seq > v->verdict.last) {
		problem(v, 0, "lines %llu to %llu are missing at the end: the head file proves that they were written",
			ULL(v->verdict.last + 1), ULL(head->chain.seq));
	} else if (head->chain.seq == v->chain.seq && strcmp(head->chain.hash, v->chain.hash) != 0) {
		problem(v, 0, "the last line is not the one that the head file names");
	}
}

void audit_verify_end(
	struct audit_verifier *v, const char *head_name, enum audit_head_state state, const struct audit_head *head)
{
	tell_held(v);
	if (head_name)
		check_head(v, state, head);
	end_log(v);
}
