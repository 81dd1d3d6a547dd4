/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of a log's file, one after another, in bounded memory. */
#include "webhook/audit/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "webhook/audit/line.h"

enum { BUFFER_BYTES = 4 * AUDIT_LINE_MAX };

static int failed(const struct audit_reader *r, const char *what, struct err *err)
{
	char reason[128];

	(void)err_set(err, ERR_IO, "%s: %s", what, strerror_r(errno, reason, sizeof(reason)));
	return err_at(err, "%s", r->name);
}

int audit_reader_open(struct audit_reader *r, const char *path, struct err *err)
{
	const bool standard = strcmp(path, "-") == 0;

	*r = (struct audit_reader){.name = standard ? "standard input" : path, .fd = -1};
	r->fd = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (r->fd < 0)
		return failed(r, "cannot open the file", err);
	r->buffer = malloc(BUFFER_BYTES);
	if (r->buffer)
		return 0;
	audit_reader_close(r);
	return err_nomem(err);
}

void audit_reader_close(struct audit_reader *r)
{
	if (r->fd >= 0)
		(void)close(r->fd);
	free(r->buffer);
	*r = (struct audit_reader){.name = r->name, .fd = -1};
}

static int fill(struct audit_reader *r, struct err *err)
{
	ssize_t n;

	if (r->from) {
		memmove(r->buffer, r->buffer + r->from, r->len);
		r->from = 0;
	}
	do
		n = read(r->fd, r->buffer + r->len, BUFFER_BYTES - r->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return failed(r, "cannot read the file", err);
	r->at_end = n == 0;
	r->len += (size_t)n;
	return 0;
}

static const char *find_newline(const struct audit_reader *r)
{
	return r->len ? memchr(r->buffer + r->from, '\n', r->len) : NULL;
}

/* Reads on to the end of a line that does not fit; its beginning is given up for that, but for what fits a message. */
static int skip_line(struct audit_reader *r, struct err *err)
{
	while (!find_newline(r) && !r->at_end) {
		r->from = r->len = 0;
		if (fill(r, err) < 0)
			return -1;
	}
	return 0;
}

int audit_reader_next(struct audit_reader *r, struct audit_read_line *ret, struct err *err)
{
	const char *newline;
	size_t len;

	while (!find_newline(r) && !r->at_end && r->len < BUFFER_BYTES)
		if (fill(r, err) < 0)
			return -1;
	*ret = (struct audit_read_line){.too_long = !find_newline(r) && !r->at_end};
	if (ret->too_long && skip_line(r, err) < 0)
		return -1;
	if (r->len == 0 && !ret->too_long)
		return 0;
	newline = find_newline(r);
	len = newline ? (size_t)(newline - (r->buffer + r->from)) : r->len;
	ret->text = (struct str){r->buffer + r->from, len};
	ret->whole = newline != NULL;
	r->from += len + (newline ? 1 : 0);
	r->len -= len + (newline ? 1 : 0);
	r->line++;
	return 1;
}
