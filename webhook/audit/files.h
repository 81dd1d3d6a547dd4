/* SPDX-License-Identifier: Apache-2.0 */
/* Files of one or several logs, in any order, as a command line names them: each log's files in their order, and its
 * head. */
#ifndef WEBHOOK_AUDIT_FILES_H
#define WEBHOOK_AUDIT_FILES_H

#include "webhook/audit/verify.h"

struct audit_file {
	const char *path;           /* borrowed; "-": standard input */
	char log[AUDIT_LOG_ID + 1]; /* "" where its first line is none of a log */
	uint64_t seq;               /* of its first line */
	size_t place;               /* among those given */
};

struct audit_files {
	struct audit_file *of; /* in the arena; by log, then by line */
	size_t len;
	const char **head; /* FILE of each FILE.head that was given */
	size_t n_heads;
};

/* Paths that end in .head are heads. ERR_IO names a file that cannot be read; ERR_CONFIG where there is none but heads.
 */
int audit_files_order(
	struct arena *a, const char *const *path, size_t n, struct audit_files *ret, struct err *err) MUST_CHECK;

/* Called for every line, verified or not. -1 ends all. */
typedef int audit_each_line(void *ctx, const struct audit_read_line *line, struct err *err);

/* Reads all files once, and verifies them. v: begun with audit_verifier_init(). each may be NULL. ERR_IO. */
int audit_files_verify(const struct audit_files *files, struct audit_verifier *v, audit_each_line *each, void *ctx,
	struct err *err) MUST_CHECK;

/* The same without verifying. */
int audit_files_each(const struct audit_files *files, audit_each_line *each, void *ctx, struct err *err) MUST_CHECK;

#endif
