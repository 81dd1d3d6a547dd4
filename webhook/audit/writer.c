/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's own side of the audit log: its chain, its sink, and the lines that it adds itself. */
#include "webhook/audit/writer.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "patches/value/json.h"
#include "webhook/audit/event.h"
#include "webhook/server/connection.h"

enum { OWN_LINE_MAX = 16 << 10 };

static int give_up(struct audit_writer *w, const struct err *err)
{
	(void)snprintf(w->why, sizeof(w->why), "%.*s", (int)sizeof(w->why) - 1, err->what);
	return -1;
}

/* --- lines of our own -------------------------------------------------------------------------------------------- */

/* Begins a body in w->scratch. */
static struct text *begin(struct audit_writer *w, const char *kind)
{
	text_clear(&w->scratch);
	w->scratch.failed = false;
	text_add(&w->scratch, w->replica.data, w->replica.len);
	audit_event_begin(&w->scratch, kind);
	return &w->scratch;
}

/* Seals what begin() began and appends it alone. newline: ends what a crash left without one. */
static int append_own(struct audit_writer *w, bool newline, const struct audit_key *key)
{
	struct audit_chain chain = w->chain;
	struct err err = {0};

	text_clear(&w->line);
	w->line.failed = false;
	if (newline)
		text_addc(&w->line, '\n');
	if (w->scratch.failed ||
		audit_line_seal(&w->line, &chain, (struct str){w->scratch.data, w->scratch.len}, key) < 0) {
		(void)err_nomem(&err);
		return give_up(w, &err);
	}
	if (audit_sink_append(&w->sink, (struct str){w->line.data, w->line.len}, &err) < 0)
		return give_up(w, &err);
	w->chain = chain;
	w->lines++;
	w->unsigned_lines++;
	return 0;
}

static void add_key(struct audit_writer *w, struct text *t)
{
	if (!w->o->key)
		return;
	audit_event_text(t, "key", str_of(w->o->key->id));
	audit_event_text(t, "publicKey", str_of(w->o->key->hex));
}

/* The first line of every file. Its prev is the last hash of the file before. */
static int say_log(struct audit_writer *w)
{
	struct text *t = begin(w, "log");

	audit_event_text(t, "log", str_of(w->log));
	audit_event_text(t, "version", str_of(w->o->version));
	audit_event_text(t, "sink", str_of(w->sink.stream ? "stdout" : "file"));
	add_key(w, t);
	if (w->o->key) {
		audit_event_number(t, "checkpointLines", w->o->checkpoint_lines);
		audit_event_number(t, "checkpointMilliseconds", (uint64_t)w->o->checkpoint_ms);
	}
	return append_own(w, false, NULL);
}

static int say_start(struct audit_writer *w)
{
	struct text *t = begin(w, "start");

	audit_event_text(t, "version", str_of(w->o->version));
	audit_event_text(t, "whenFull", str_of(w->o->block ? "block" : "drop"));
	add_key(w, t);
	return append_own(w, false, NULL);
}

static int say_recovered(struct audit_writer *w)
{
	struct text *t = begin(w, "recovered");

	if (w->cut) {
		audit_event_number(t, "cutBytes", w->cut);
		audit_event_text(t, "cutSha256", str_of(w->cut_sha256));
	}
	if (w->missing)
		audit_event_number(t, "missingLines", w->missing);
	if (append_own(w, w->say_newline, NULL) < 0)
		return -1;
	w->say_newline = false;
	w->cut = w->missing = 0;
	return 0;
}

static int say_gap(struct audit_writer *w)
{
	struct text *t = begin(w, "gap");

	audit_event_number(t, "dropped", w->lost);
	if (w->refused)
		audit_event_number(t, "refused", w->refused);
	audit_event_text(t, "cause", str_of(w->why[0] ? w->why : "the queue was full"));
	if (append_own(w, false, NULL) < 0)
		return -1;
	w->lost = w->refused = 0;
	return 0;
}

/* Each is said once, in this order. */
static int say_all(struct audit_writer *w)
{
	if (w->say_log && say_log(w) < 0)
		return -1;
	w->say_log = false;
	if (w->say_recovered && say_recovered(w) < 0)
		return -1;
	w->say_recovered = false;
	if (w->say_start && say_start(w) < 0)
		return -1;
	w->say_start = false;
	if ((w->lost || w->refused) && say_gap(w) < 0)
		return -1;
	w->why[0] = '\0';
	return 0;
}

/* --- where the chain goes on ------------------------------------------------------------------------------------- */

static int new_log(struct audit_writer *w, struct err *err)
{
	unsigned char bytes[AUDIT_LOG_ID / 2];

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return err_set(err, ERR_BUG, "no random bytes for the id of an audit log");
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)snprintf(w->log + 2 * i, 3, "%02x", bytes[i]);
	audit_chain_begin(&w->chain);
	return 0;
}

static bool head_of(const struct audit_options *o, struct audit_head *ret)
{
	struct audit_keys keys = {.len = o->key ? 1 : 0};
	enum audit_head_state state;

	if (o->key)
		keys.of[0] = *o->key; /* borrowed: not released here */
	state = audit_head_read(o->path, &keys, ret);
	return state == AUDIT_HEAD_SIGNED || state == AUDIT_HEAD_UNSIGNED || state == AUDIT_HEAD_UNKNOWN;
}

/* The file that was rotated last, where it is of a log at all. */
static bool rotated_tail(const char *path, struct audit_tail *ret)
{
	char name[AUDIT_PATH_MAX];
	struct err err = {0};
	bool found;
	int fd;

	if (snprintf(name, sizeof(name), "%s.1", path) >= (int)sizeof(name))
		return false;
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	found = fd >= 0 && audit_tail_read(fd, name, ret, &err) == 0 && ret->log[0];
	if (fd >= 0)
		(void)close(fd);
	return found;
}

/* A new file goes on with the log that was there before, so that nothing between the two can be missing unseen. */
static int begin_file(struct audit_writer *w, struct err *err)
{
	struct audit_head head = {0};
	struct audit_tail tail;
	const bool has_head = head_of(w->o, &head), has_tail = rotated_tail(w->o->path, &tail);

	w->say_log = true;
	if (!has_head && !has_tail)
		return new_log(w, err);
	if (has_tail && (!has_head || tail.chain.seq >= head.chain.seq || strcmp(tail.log, head.log) != 0)) {
		memcpy(w->log, tail.log, sizeof(w->log));
		w->chain = tail.chain;
		w->say_recovered = !tail.stopped;
		return 0;
	}
	memcpy(w->log, head.log, sizeof(w->log));
	w->chain = head.chain;
	w->say_recovered = true;
	return 0;
}

static int continue_file(struct audit_writer *w, struct err *err)
{
	struct audit_head head = {0};
	struct audit_tail tail;

	if (audit_tail_read(w->sink.fd, w->sink.path, &tail, err) < 0)
		return -1;
	if (!tail.empty && !tail.log[0]) { /* not even its first line was whole: nothing of a log is lost */
		if (ftruncate(w->sink.fd, 0) < 0)
			return err_set(err, ERR_IO, "cannot empty the audit log");
		w->sink.size = 0;
		tail.empty = true;
	}
	if (tail.empty)
		return begin_file(w, err);
	memcpy(w->log, tail.log, sizeof(w->log));
	w->chain = tail.chain;
	w->cut = tail.cut;
	memcpy(w->cut_sha256, tail.cut_sha256, sizeof(w->cut_sha256));
	w->say_newline = !tail.ended || tail.cut;
	if (head_of(w->o, &head) && strcmp(head.log, tail.log) == 0 && head.chain.seq > tail.chain.seq)
		w->missing = head.chain.seq - tail.chain.seq;
	w->say_recovered = !tail.stopped || tail.cut || !tail.ended || w->missing;
	return 0;
}

int audit_writer_open(struct audit_writer *w, const struct audit_options *o, struct err *err)
{
	*w = (struct audit_writer){.o = o, .say_start = true, .checkpoint_due = INT64_MAX};
	text_init(&w->replica, NULL, OWN_LINE_MAX);
	text_init(&w->line, NULL, OWN_LINE_MAX);
	text_init(&w->scratch, NULL, OWN_LINE_MAX);
	text_adds(&w->replica, "\"replica\":");
	json_write_string(&w->replica, str_of(o->replica), 0);
	text_addc(&w->replica, ',');
	if (audit_sink_open(&w->sink, o->path, err) < 0)
		return -1;
	if (text_check(&w->replica, "the name of the replica", err) < 0)
		return -1;
	if (!w->sink.stream)
		return continue_file(w, err);
	w->say_log = true;
	return new_log(w, err);
}

void audit_writer_close(struct audit_writer *w)
{
	audit_sink_close(&w->sink);
	text_release(&w->replica);
	text_release(&w->line);
	text_release(&w->scratch);
}

/* --- ready for a batch ------------------------------------------------------------------------------------------- */

/* The chain in memory goes on, whatever is in the file now: what is missing there is then seen. */
static int open_again(struct audit_writer *w)
{
	const bool torn = w->sink.torn;
	struct audit_tail tail;
	struct err err = {0};

	if (!w->sink.stream)
		audit_sink_close(&w->sink);
	if (w->sink.fd < 0 && audit_sink_open(&w->sink, w->o->path, &err) < 0)
		return give_up(w, &err);
	w->sink.torn = false;
	if (w->sink.stream)
		return 0;
	if (audit_tail_read(w->sink.fd, w->sink.path, &tail, &err) < 0) {
		w->sink.torn = true;
		return give_up(w, &err);
	}
	w->say_log = w->say_log || tail.empty;
	w->say_recovered = true;
	if (tail.empty)
		return 0;
	w->say_newline = !tail.ended || tail.cut;
	w->cut = tail.cut;
	memcpy(w->cut_sha256, tail.cut_sha256, sizeof(w->cut_sha256));
	if (torn && strcmp(tail.log, w->log) == 0)
		w->chain = tail.chain; /* lines of a batch that failed may be there all the same */
	return 0;
}

static int rotate(struct audit_writer *w, int64_t now)
{
	struct err err = {0};

	audit_writer_checkpoint(w, "rotation", now);
	if (audit_sink_sync(&w->sink, &err) < 0)
		return give_up(w, &err);
	if (audit_sink_rotate(&w->sink, w->o->rotate_keep, &err) < 0) {
		if (!w->head_failed)
			log_with(w->o->log, LOG_ERROR, "the audit log cannot be rotated; the same file grows on",
				log_cstr("error", err.what));
		w->head_failed = true;
		return 0;
	}
	if (audit_sink_open(&w->sink, w->o->path, &err) < 0)
		return give_up(w, &err);
	w->say_log = true;
	return 0;
}

int audit_writer_prepare(struct audit_writer *w)
{
	if ((w->sink.fd < 0 || w->sink.torn || !audit_sink_is_there(&w->sink)) && open_again(w) < 0)
		return -1;
	if (!w->sink.stream && w->sink.size >= w->o->rotate_bytes && rotate(w, clock_ms()) < 0)
		return -1;
	return say_all(w);
}

int audit_writer_commit(struct audit_writer *w, struct str lines, size_t n, const struct audit_chain *chain)
{
	const uint64_t before = w->sink.size;
	struct err err = {0};

	if (audit_sink_append(&w->sink, lines, &err) < 0)
		return give_up(w, &err);
	if (w->o->block && audit_sink_sync(&w->sink, &err) < 0) {
		if (ftruncate(w->sink.fd, (off_t)before) == 0)
			w->sink.size = before;
		return give_up(w, &err);
	}
	w->chain = *chain;
	w->lines += n;
	w->unsigned_lines += n;
	return 0;
}

/* --- checkpoints ------------------------------------------------------------------------------------------------- */

static void write_head(struct audit_writer *w)
{
	struct audit_head head = {.chain = w->chain};
	struct err err = {0};

	if (w->sink.stream)
		return;
	memcpy(head.log, w->log, sizeof(head.log));
	if (audit_head_write(w->o->path, &head, w->o->key, &err) == 0) {
		w->head_failed = false;
		return;
	}
	if (!w->head_failed)
		log_with(w->o->log, LOG_ERROR,
			"the head of the audit log cannot be written; lines missing at its end could not be proven",
			log_cstr("error", err.what));
	w->head_failed = true;
}

static const char *due(const struct audit_writer *w, int64_t now)
{
	if (w->unsigned_lines >= w->o->checkpoint_lines)
		return "lines";
	return now >= w->checkpoint_due ? "time" : NULL;
}

/* Without a key there is no line, but the head is still written. */
void audit_writer_checkpoint(struct audit_writer *w, const char *why, int64_t now)
{
	const uint64_t lines = w->unsigned_lines;
	struct err err = {0};
	struct text *t;

	if (w->sink.fd < 0 || !lines)
		return;
	if (w->checkpoint_due == INT64_MAX)
		w->checkpoint_due = now + w->o->checkpoint_ms;
	if (!why && (why = due(w, now)) == NULL)
		return;
	if (w->o->key) {
		t = begin(w, "checkpoint");
		audit_event_text(t, "log", str_of(w->log));
		audit_event_text(t, "why", str_of(why));
		audit_event_number(t, "lines", lines);
		audit_event_text(t, "key", str_of(w->o->key->id));
		if (append_own(w, false, w->o->key) < 0)
			return;
	}
	w->unsigned_lines = 0;
	w->checkpoint_due = INT64_MAX;
	if (audit_sink_sync(&w->sink, &err) == 0)
		write_head(w);
}

void audit_writer_end(struct audit_writer *w)
{
	if (audit_writer_prepare(w) < 0)
		return;
	(void)begin(w, "stop");
	if (append_own(w, false, NULL) == 0)
		audit_writer_checkpoint(w, "stop", 0);
}
