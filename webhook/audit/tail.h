/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a log ends: where its chain goes on, and what a crash left behind. Beside each log FILE there is FILE.head, one
 * line rewritten at every checkpoint: which line the log had reached, signed. It proves that lines are missing at the
 * end.
 */
#ifndef WEBHOOK_AUDIT_TAIL_H
#define WEBHOOK_AUDIT_TAIL_H

#include "webhook/audit/line.h"

enum { AUDIT_LOG_ID = 32, AUDIT_PATH_MAX = 4096 };

struct audit_tail {
	bool empty;                      /* the file is */
	char log[AUDIT_LOG_ID + 1];      /* the log's id, from the file's first line */
	struct audit_chain chain;        /* of the last whole line */
	bool stopped;                    /* that line is a clean end */
	bool ended;                      /* its newline is there */
	uint64_t cut;                    /* bytes behind it that are no whole line */
	char cut_sha256[SHA256_HEX + 1]; /* of these */
};

/*
 * ERR_CONFIG where the file is not empty and no line of a log is in its first and last bytes: it is not ours to append
 * to. ERR_IO; ERR_NOMEM.
 */
int audit_tail_read(int fd, const char *path, struct audit_tail *ret, struct err *err) MUST_CHECK;

struct audit_head {
	char log[AUDIT_LOG_ID + 1];
	struct audit_chain chain;
};

/* FILE.head beside FILE; key: NULL leaves it unsigned. */
int audit_head_write(
	const char *path, const struct audit_head *h, const struct audit_key *key, struct err *err) MUST_CHECK;

enum audit_head_state {
	AUDIT_HEAD_MISSING,
	AUDIT_HEAD_BAD, /* there, and not what we write */
	AUDIT_HEAD_UNSIGNED,
	AUDIT_HEAD_SIGNED,  /* by a key of those given */
	AUDIT_HEAD_FORGED,  /* signed, and not by its key */
	AUDIT_HEAD_UNKNOWN, /* signed by a key that is not among those given */
};

/* keys: NULL checks no signature: UNKNOWN. */
enum audit_head_state audit_head_read(const char *path, const struct audit_keys *keys, struct audit_head *ret);

#endif
