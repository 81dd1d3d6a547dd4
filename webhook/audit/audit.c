/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log's queue and thread: bodies in, batches out. */
#include "webhook/audit/audit.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "webhook/audit/event.h"
#include "webhook/audit/writer.h"
#include "webhook/server/connection.h"

enum {
	BATCH_BYTES = 256 << 10, /* one write() */
	GATHER_MS = 50,          /* without `block`: a batch is what came within this time, or half a batch's bytes */
};

/* In the queue, before a body's bytes. */
struct entry {
	audit_told *told;
	void *ctx;
	size_t len;
};

struct audit {
	struct audit_options o;
	struct audit_writer writer; /* the thread's */
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t wake; /* of CLOCK_MONOTONIC */
	struct text filling; /* entries that came since the thread last took them; under the lock, as all below */
	size_t overflowed;   /* bodies that found it full */
	bool waited_for;     /* somebody in `filling` waits to be told */
	bool stopping;

	struct text taken, batch; /* the thread's */
	_Atomic uint64_t lines, dropped, lag;
	_Atomic bool failing;
};

/* --- the side of the requests ------------------------------------------------------------------------------------ */

bool audit_blocks(const struct audit *a)
{
	return a && a->o.block;
}

static void append_entry(struct audit *a, const struct entry *e, struct str body)
{
	const struct text *replica = &a->writer.replica; /* never changes after the start */
	char *room = text_room(&a->filling, sizeof(*e) + e->len);

	if (!room)
		return;
	memcpy(room, e, sizeof(*e));
	memcpy(room + sizeof(*e), replica->data, replica->len);
	memcpy(room + sizeof(*e) + replica->len, body.p, body.len);
	a->filling.len += sizeof(*e) + e->len;
}

int audit_put(struct audit *a, struct str body, audit_told *told, void *ctx)
{
	const struct entry e = {.told = told, .ctx = ctx, .len = a->writer.replica.len + body.len};
	bool wake, taken;
	size_t before;

	(void)pthread_mutex_lock(&a->lock);
	before = a->filling.len;
	if (body.len <= AUDIT_BODY_MAX)
		append_entry(a, &e, body);
	taken = body.len <= AUDIT_BODY_MAX && !a->filling.failed;
	a->filling.failed = false;
	if (taken)
		(void)atomic_fetch_add_explicit(&a->lag, 1, memory_order_relaxed);
	else
		a->overflowed++;
	/* The thread sleeps on until there is a first entry, one that somebody waits for, or half a batch. */
	wake = taken && (before == 0 || (told && !a->waited_for) ||
				(before < BATCH_BYTES / 2 && a->filling.len >= BATCH_BYTES / 2));
	a->waited_for = a->waited_for || (taken && told);
	(void)pthread_mutex_unlock(&a->lock);
	if (!taken)
		(void)atomic_fetch_add_explicit(&a->dropped, 1, memory_order_relaxed);
	else if (wake)
		(void)pthread_cond_signal(&a->wake);
	return taken ? 0 : -1;
}

void audit_note(struct audit *a, const char *kind, const struct log_field *fields, size_t n)
{
	struct text body;

	if (!a)
		return;
	text_init(&body, NULL, AUDIT_BODY_MAX);
	audit_event_begin(&body, kind);
	for (size_t i = 0; i < n; i++) {
		if (fields[i].type == LOG_TEXT)
			audit_event_text(&body, fields[i].key, fields[i].text);
		else if (fields[i].type == LOG_NUMBER)
			audit_event_number(&body, fields[i].key, fields[i].number > 0 ? (uint64_t)fields[i].number : 0);
		else
			audit_event_flag(&body, fields[i].key, fields[i].number != 0);
	}
	/* One that does not fit is in the queue's own count of what it dropped. */
	if (!body.failed)
		(void)!audit_put(a, (struct str){body.data, body.len}, NULL, NULL);
	text_release(&body);
}

struct audit_counts audit_counted(struct audit *a)
{
	return (struct audit_counts){
		.lines = atomic_load_explicit(&a->lines, memory_order_relaxed),
		.dropped = atomic_load_explicit(&a->dropped, memory_order_relaxed),
		.lag = atomic_load_explicit(&a->lag, memory_order_relaxed),
		.failing = atomic_load_explicit(&a->failing, memory_order_relaxed),
	};
}

/* --- the writer's thread ----------------------------------------------------------------------------------------- */

static struct timespec at(int64_t ms)
{
	return (struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
}

/* Under the lock. Returns when something is to be done: there are entries, a checkpoint is due, or the end has come. */
static void wait_for_work(struct audit *a)
{
	const int64_t due = a->writer.checkpoint_due, limit = due == INT64_MAX ? clock_ms() + 3600000 : due;
	struct timespec until = at(limit);

	while (!a->stopping && a->filling.len == 0 && clock_ms() < limit)
		(void)pthread_cond_timedwait(&a->wake, &a->lock, &until);
	if (a->filling.len == 0)
		return;
	until = at(clock_ms() + GATHER_MS);
	while (!a->stopping && !a->waited_for && a->filling.len < BATCH_BYTES / 2)
		if (pthread_cond_timedwait(&a->wake, &a->lock, &until) != 0)
			return;
}

static bool take_entries(struct audit *a)
{
	struct text empty = a->taken;
	bool stopping;

	(void)pthread_mutex_lock(&a->lock);
	wait_for_work(a);
	a->taken = a->filling;
	a->filling = empty;
	text_clear(&a->filling);
	a->waited_for = false;
	a->writer.lost += a->overflowed;
	a->overflowed = 0;
	stopping = a->stopping;
	(void)pthread_mutex_unlock(&a->lock);
	return !stopping;
}

static struct entry entry_at(const struct audit *a, size_t at_byte)
{
	struct entry e;

	memcpy(&e, a->taken.data + at_byte, sizeof(e));
	return e;
}

static void tell(struct audit *a, size_t from, size_t to, bool written)
{
	while (from < to) {
		const struct entry e = entry_at(a, from);

		if (e.told)
			e.told(e.ctx, written, written ? NULL : a->writer.why);
		from += sizeof(e) + e.len;
	}
}

static void log_change(struct audit *a, bool failing)
{
	if (atomic_exchange_explicit(&a->failing, failing, memory_order_relaxed) == failing)
		return;
	if (failing)
		log_with(a->o.log, LOG_ERROR,
			a->o.block ? "the audit log cannot be written: injection is refused until it can"
				   : "the audit log cannot be written: lines are dropped and counted until it can",
			log_cstr("file", a->o.path), log_cstr("error", a->writer.why));
	else
		log_with(a->o.log, LOG_INFO, "the audit log is written again", log_cstr("file", a->o.path));
}

/* What was lost is said by the next line that can be written. */
static void count_failed(struct audit *a, size_t n)
{
	if (a->o.block)
		a->writer.refused += n;
	else
		a->writer.lost += n;
	(void)atomic_fetch_add_explicit(&a->dropped, n, memory_order_relaxed);
}

/* Seals entries from a byte on until the batch is full; *ret_n of them. Returns where it stopped. */
static size_t seal_batch(struct audit *a, size_t from, struct audit_chain *chain, size_t *ret_n)
{
	*ret_n = 0;
	text_clear(&a->batch);
	while (from < a->taken.len && a->batch.len < BATCH_BYTES) {
		const struct entry e = entry_at(a, from);

		if (audit_line_seal(&a->batch, chain, (struct str){a->taken.data + from + sizeof(e), e.len}, NULL) < 0)
			break;
		from += sizeof(e) + e.len;
		++*ret_n;
	}
	return from;
}

/* Passes over as many entries as a batch would have held. */
static size_t pass_over(const struct audit *a, size_t from, size_t *ret_n)
{
	const size_t begin = from;

	*ret_n = 0;
	while (from < a->taken.len && from - begin < BATCH_BYTES) {
		from += sizeof(struct entry) + entry_at(a, from).len;
		++*ret_n;
	}
	return from;
}

static size_t write_batch(struct audit *a, size_t from, size_t *ret_n, bool *ret_written)
{
	struct audit_chain chain;
	size_t to;

	*ret_written = false;
	if (audit_writer_prepare(&a->writer) < 0)
		return pass_over(a, from, ret_n);
	chain = a->writer.chain;
	to = seal_batch(a, from, &chain, ret_n);
	if (*ret_n == 0) {
		(void)snprintf(a->writer.why, sizeof(a->writer.why), "out of memory");
		return pass_over(a, from, ret_n);
	}
	*ret_written = audit_writer_commit(&a->writer, (struct str){a->batch.data, a->batch.len}, *ret_n, &chain) == 0;
	return to;
}

static void write_entries(struct audit *a)
{
	size_t from = 0;

	while (from < a->taken.len) {
		bool written;
		size_t n;
		const size_t to = write_batch(a, from, &n, &written);

		(void)atomic_fetch_sub_explicit(&a->lag, n, memory_order_relaxed);
		if (!written)
			count_failed(a, n);
		log_change(a, !written);
		tell(a, from, to, written);
		from = to;
		audit_writer_checkpoint(&a->writer, NULL, clock_ms());
	}
	atomic_store_explicit(&a->lines, a->writer.lines, memory_order_relaxed);
}

static void *run(void *arg)
{
	struct audit *a = arg;

	if (audit_writer_prepare(&a->writer) < 0)
		log_change(a, true);
	audit_writer_checkpoint(&a->writer, NULL, clock_ms());
	while (take_entries(a)) {
		write_entries(a);
		audit_writer_checkpoint(&a->writer, NULL, clock_ms());
	}
	write_entries(a);
	audit_writer_end(&a->writer);
	return NULL;
}

/* --- start and stop ---------------------------------------------------------------------------------------------- */

static int start_thread(struct audit *a, struct err *err)
{
	sigset_t all, before;
	int failed;

	/* Signals are for the main thread; a file's size limit and a closed pipe are errors of write() here. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&a->thread, NULL, run, a);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed ? err_set(err, ERR_IO, "cannot start the audit log's thread") : 0;
}

static void init_queue(struct audit *a)
{
	const size_t max = a->o.queue_bytes ? a->o.queue_bytes : LIMIT_AUDIT_QUEUE_BYTES;
	pthread_condattr_t clock;

	(void)pthread_mutex_init(&a->lock, NULL);
	(void)pthread_condattr_init(&clock);
	(void)pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&a->wake, &clock);
	(void)pthread_condattr_destroy(&clock);
	text_init(&a->filling, NULL, max);
	text_init(&a->taken, NULL, max);
	text_init(&a->batch, NULL, BATCH_BYTES + 2 * AUDIT_LINE_MAX);
}

static void release(struct audit *a)
{
	audit_writer_close(&a->writer);
	text_release(&a->filling);
	text_release(&a->taken);
	text_release(&a->batch);
	(void)pthread_cond_destroy(&a->wake);
	(void)pthread_mutex_destroy(&a->lock);
	free(a);
}

struct audit *audit_start(const struct audit_options *o, struct err *err)
{
	struct audit *a = calloc(1, sizeof(*a));

	if (!a) {
		(void)err_nomem(err);
		return NULL;
	}
	a->o = *o;
	init_queue(a);
	if (audit_writer_open(&a->writer, &a->o, err) < 0 || start_thread(a, err) < 0) {
		release(a);
		return NULL;
	}
	return a;
}

void audit_stop(struct audit *a)
{
	if (!a)
		return;
	(void)pthread_mutex_lock(&a->lock);
	a->stopping = true;
	(void)pthread_mutex_unlock(&a->lock);
	(void)pthread_cond_signal(&a->wake);
	(void)pthread_join(a->thread, NULL);
	release(a);
}
