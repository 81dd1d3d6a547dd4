/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's own side of the audit log: its chain, its sink, and the lines that it adds itself. One thread; audit.c
 * has the queue. */
#ifndef WEBHOOK_AUDIT_WRITER_H
#define WEBHOOK_AUDIT_WRITER_H

#include "webhook/audit/audit.h"
#include "webhook/audit/sink.h"
#include "webhook/audit/tail.h"

enum { AUDIT_WHY_MAX = 256 };

struct audit_writer {
	const struct audit_options *o; /* borrowed */
	struct audit_sink sink;
	struct audit_chain chain;
	char log[AUDIT_LOG_ID + 1];
	struct text replica; /* `"replica":"…",` */
	struct text line;    /* one line of our own while it is made */
	struct text scratch; /* its body */

	/* What is still to be said before the next line. */
	bool say_newline, say_log, say_start, say_recovered;
	uint64_t cut, missing;
	char cut_sha256[SHA256_HEX + 1];
	uint64_t lost, refused;  /* for the next line of kind "gap" */
	char why[AUDIT_WHY_MAX]; /* why the last attempt failed; "" where it did not */

	uint64_t lines, unsigned_lines; /* written since the start; behind the last checkpoint */
	int64_t checkpoint_due;         /* milliseconds of the monotonic clock; INT64_MAX while nothing is behind it */
	bool head_failed;
};

/* Opens the log and finds where its chain goes on. ERR_CONFIG. */
int audit_writer_open(struct audit_writer *w, const struct audit_options *o, struct err *err) MUST_CHECK;
void audit_writer_close(struct audit_writer *w);

/* Ready for a batch: a file that vanished, or was torn, is opened anew, one that is full rotated, what is to be said
 * first said. -1: see why. */
int audit_writer_prepare(struct audit_writer *w) MUST_CHECK;
/*
 * Appends n lines that were sealed on top of w->chain, which becomes `chain`. With o->block they are on the disk then.
 * -1: nothing of them is there, see why.
 */
int audit_writer_commit(struct audit_writer *w, struct str lines, size_t n, const struct audit_chain *chain) MUST_CHECK;

/* A checkpoint where one is due; why: "lines", "time"... NULL: look. Its failure is told to the log only. */
void audit_writer_checkpoint(struct audit_writer *w, const char *why, int64_t now);
/* The last line, and its checkpoint. */
void audit_writer_end(struct audit_writer *w);

#endif
