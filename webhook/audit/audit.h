/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log's writer: request threads hand over bodies, one thread seals them in batches, appends, signs
 * checkpoints and rotates. The queue is bounded. Where lines cannot be written they are counted, and a line of kind
 * "gap" says how many once writing works again.
 */
#ifndef WEBHOOK_AUDIT_AUDIT_H
#define WEBHOOK_AUDIT_AUDIT_H

#include "base/log.h"
#include "webhook/audit/key.h"

struct audit_options {
	const char *path;            /* "-": standard output */
	const struct audit_key *key; /* borrowed; NULL: chained, not signed */
	bool block;                  /* what cannot be written is refused; else it is dropped and counted */
	uint64_t rotate_bytes;       /* a file that has grown so large is rotated */
	unsigned rotate_keep;        /* rotated files kept */
	uint64_t checkpoint_lines;   /* a checkpoint after so many lines, */
	int64_t checkpoint_ms;       /* or so long after the first line behind the last one */
	const char *replica, *version;
	const struct log *log; /* borrowed; NULL: nothing is logged */
	size_t queue_bytes;    /* 0: LIMIT_AUDIT_QUEUE_BYTES */
};

struct audit;

/*
 * Opens the log, goes on with the chain that is there, and starts the thread. NULL with err: ERR_CONFIG where the file
 * cannot be opened or is no log. A full disk is no error here: the policy of `block` holds from the start. Texts of the
 * options must outlive it.
 */
struct audit *audit_start(const struct audit_options *o, struct err *err) MUST_CHECK;
/* Writes what is queued, a line that says so, a last checkpoint. NULL is fine. Nobody may put any more. */
void audit_stop(struct audit *a);

/* Whether answers must wait for their line. a may be NULL: false. */
bool audit_blocks(const struct audit *a);

/*
 * Told once for each body, on the writer's thread: whether it is written (with `block`: on the disk). why: the reason
 * where it is not, borrowed for the call.
 */
typedef void audit_told(void *ctx, bool written, const char *why);

/*
 * Hands over a body (see event.h); it is copied. Never waits. told: NULL where nobody waits. Returns -1 where the queue
 * is full: then it is counted as dropped, and nobody is told.
 */
int audit_put(struct audit *a, struct str body, audit_told *told, void *ctx) MUST_CHECK;

/* A line of another kind than a decision: fields as the log has them. a may be NULL: nothing. Any thread. */
void audit_note(struct audit *a, const char *kind, const struct log_field *fields, size_t n);
#define audit_note_with(a, kind, ...)                                                                                  \
	audit_note((a), (kind), (const struct log_field[]){__VA_ARGS__},                                               \
		sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

struct audit_counts {
	uint64_t lines;   /* written since the start */
	uint64_t dropped; /* lost, or refused with `block`, since the start */
	uint64_t lag;     /* handed over and not yet written */
	bool failing;     /* the last batch could not be written */
};

struct audit_counts audit_counted(struct audit *a);

#endif
