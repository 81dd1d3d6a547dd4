/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a log is what was written: every line's hash, its place in the chain, the checkpoints' signatures, what
 * crashes cut, how files follow one another, and whether the head file proves that lines are missing at the end. What
 * cannot be proven: SECURITY.md.
 */
#ifndef WEBHOOK_AUDIT_VERIFY_H
#define WEBHOOK_AUDIT_VERIFY_H

#include "webhook/audit/reader.h"
#include "webhook/audit/tail.h"

enum { AUDIT_FINDING_MAX = 320, AUDIT_REPLICA_MAX = 64 };

struct audit_finding {
	const char *file; /* borrowed */
	uint64_t line;    /* 0: the whole file */
	bool problem;     /* else something to know */
	char text[AUDIT_FINDING_MAX];
};

/* What is said of a log once all its lines were seen. */
struct audit_verdict {
	char log[AUDIT_LOG_ID + 1], replica[AUDIT_REPLICA_MAX];
	uint64_t first, last; /* lines, by their own numbers */
	uint64_t lines, files, checkpoints, problems, dropped;
	uint64_t last_signed;       /* 0: none */
	char key[AUDIT_KEY_ID + 1]; /* of the last checkpoint that holds */
	bool key_of_log;            /* no key was given: the one that the log itself publishes was taken */
};

struct audit_verifier {
	const struct audit_keys *trusted; /* borrowed; NULL: none was given */
	void (*found)(void *ctx, const struct audit_finding *f);
	void (*done)(void *ctx, const struct audit_verdict *v); /* once a log */
	void *ctx;

	struct audit_keys published; /* owned: by the lines of the log so far */
	struct audit_verdict verdict;
	const char *file;
	uint64_t line;
	bool begun, file_begins;
	bool loose;        /* the line before was changed: its own hash says nothing of the next one's prev */
	bool stream;       /* of standard output: another may begin in the same file */
	bool unsigned_log; /* its first line names no key */
	bool overdue;      /* told of a checkpoint that did not come */
	struct audit_chain chain;
	uint64_t checkpoint_lines, since_checkpoint;
	struct text held; /* bytes that are no line, until it is known whether a crash cut them; in `arena` */
	uint64_t held_line, held_lines;
	struct arena arena;
};

void audit_verifier_init(struct audit_verifier *v, const struct audit_keys *trusted);
void audit_verifier_release(struct audit_verifier *v);

/* One log: its files in order, the lines of each, the end of all. name: borrowed to the end of the log. */
void audit_verify_file(struct audit_verifier *v, const char *name);
void audit_verify_line(struct audit_verifier *v, const struct audit_read_line *line);
/* head_name: the head file that was looked for, see tail.h; NULL: none is to be expected. */
void audit_verify_end(
	struct audit_verifier *v, const char *head_name, enum audit_head_state state, const struct audit_head *head);

#endif
