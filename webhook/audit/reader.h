/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a log's file, one after another, in bounded memory whatever the file's size. */
#ifndef WEBHOOK_AUDIT_READER_H
#define WEBHOOK_AUDIT_READER_H

#include "base/err.h"
#include "base/text.h"

struct audit_reader {
	const char *name; /* borrowed */
	int fd;
	char *buffer;     /* owned */
	size_t from, len; /* what is in it and was not given yet */
	uint64_t line;    /* number of the line given last, from 1 */
	bool at_end;
};

struct audit_read_line {
	struct str text; /* without its newline; borrowed until the next is read */
	bool whole;      /* its newline is there */
	bool too_long;   /* text is its beginning */
};

/* path: "-" is standard input. ERR_IO names it; ERR_NOMEM. */
int audit_reader_open(struct audit_reader *r, const char *path, struct err *err) MUST_CHECK;
void audit_reader_close(struct audit_reader *r); /* for own(); one that is zeroed but for fd = -1 is fine */
/* 1: a line; 0: the end; -1: ERR_IO. */
int audit_reader_next(struct audit_reader *r, struct audit_read_line *ret, struct err *err) MUST_CHECK;

#endif
