/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When to read files again: inotify on the folders they are in (kubelet replaces a symlink `..data` there), a quiet period
 * after the last change, a slow poll for what inotify does not tell. Reads no clock and no file; milliseconds of a clock that never steps
 * back are given. One thread.
 */
#ifndef WEBHOOK_WATCH_H
#define WEBHOOK_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/own.h"

enum { WATCH_FILES_MAX = 16 };

struct watch_timing {
	int64_t quiet_ms; /* nothing happened this long: what is there is whole */
	int64_t most_ms;  /* where changes do not end, read after this all the same */
	int64_t poll_ms;  /* how often to compare without being told */
};

/* What comes from an API is whole in itself; only what comes together is to be read together. */
#define WATCH_TIMING_API ((struct watch_timing){.quiet_ms = 50, .most_ms = 1000, .poll_ms = 10000})
#define WATCH_TIMING ((struct watch_timing){.quiet_ms = 200, .most_ms = 2000, .poll_ms = 10000})

/* What tells one state of a file from another without reading it; all zero for a file that is missing. */
struct watch_state {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified, changed;
};

struct watched_file {
	const char *path; /* borrowed */
	const char *name; /* the last part of path */
	int folder;       /* inotify's number of the folder; -1 */
	bool open;        /* somebody writes to it and has not closed it */
	struct watch_state state;
};

struct watch {
	struct watch_timing timing;
	struct watched_file file[WATCH_FILES_MAX];
	size_t len;
	int fd;      /* of inotify, to poll for reading; -1: the slow poll is all there is */
	int problem; /* errno of what inotify refused; 0 */
	bool changed; /* something happened, and was not read yet */
	int64_t first, last; /* change of those; while `changed` */
	int64_t next_poll;
	bool unsatisfied; /* set by the owner: what was read was no good, so that each poll reads again */
};

/* Before the files are read for the first time, so that no change between the two is missed. Never fails: see `problem`. */
void watch_init(struct watch *w, struct watch_timing timing, int64_t now);
void watch_release(struct watch *w);
/* path: borrowed; NULL is no file. */
void watch_add(struct watch *w, const char *path);

/* As if a file had changed. */
void watch_touch(struct watch *w, int64_t now);
/* Takes in what inotify has to tell; true once for each time that the files are to be read. */
bool watch_due(struct watch *w, int64_t now);
/* How long to wait at most before the next watch_due(), where `fd` does not become readable before. */
int watch_wait_ms(const struct watch *w, int64_t now);
/* Whether the files are still what they were when watch_due() last was true: what was read meanwhile is of one moment. */
bool watch_settled(const struct watch *w);

#endif
