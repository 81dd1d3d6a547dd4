/* SPDX-License-Identifier: Apache-2.0 */
/* Where audit lines go: a file that is appended to and rotated, or standard output. One thread. */
#ifndef WEBHOOK_AUDIT_SINK_H
#define WEBHOOK_AUDIT_SINK_H

#include <sys/types.h>

#include "base/err.h"
#include "base/text.h"

struct audit_sink {
	const char *path; /* borrowed */
	int fd;           /* -1: not open */
	bool stream;      /* standard output: not synced, not rotated, not taken back */
	bool torn;        /* part of what failed could not be taken back: open it anew, and look at its end */
	uint64_t size;
	dev_t device;
	ino_t inode;
	struct text unsent; /* stream: what a slow reader has still to take */
};

/* path: "-" is standard output. Made with mode 0640; locked, so that two processes never write one log. ERR_CONFIG with
 * path and remedy. */
int audit_sink_open(struct audit_sink *s, const char *path, struct err *err) MUST_CHECK;
void audit_sink_close(struct audit_sink *s); /* one that was never open is fine if zeroed but for fd = -1 */

/* All of it, or nothing and -1 (ERR_IO): then the file is as it was, or `torn`. */
int audit_sink_append(struct audit_sink *s, struct str data, struct err *err) MUST_CHECK;
/* Until it is on the disk. */
int audit_sink_sync(struct audit_sink *s, struct err *err) MUST_CHECK;
/* False where somebody removed or replaced the file. */
bool audit_sink_is_there(const struct audit_sink *s);
/* FILE becomes FILE.1, FILE.1 FILE.2, up to keep, whose own end it is; the sink is closed. On -1 the file stays and is
 * open. */
int audit_sink_rotate(struct audit_sink *s, unsigned keep, struct err *err) MUST_CHECK;

#endif
