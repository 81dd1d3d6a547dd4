/* SPDX-License-Identifier: Apache-2.0 */
/* Where audit lines go: a file that is appended to and rotated, or standard output. */
#include "webhook/audit/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILE_MODE = 0640,
	PIPE_PIECE = 4096,     /* a pipe that is ready takes so much without blocking */
	STREAM_WAIT_MS = 1000, /* how long a reader may take for the next piece */
	UNSENT_MAX = 8 << 20,
};

static int failed(const struct audit_sink *s, const char *what, enum err_code code, struct err *err)
{
	char reason[128];

	(void)err_set(err, code, "%s: %s", what, strerror_r(errno, reason, sizeof(reason)));
	return err_at(err, "%s", s->path);
}

static int open_stream(struct audit_sink *s, struct err *err)
{
	s->stream = true;
	s->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (s->fd < 0)
		return failed(s, "cannot write the audit log to standard output", ERR_CONFIG, err);
	text_init(&s->unsent, NULL, UNSENT_MAX);
	return 0;
}

static int look(struct audit_sink *s, struct err *err)
{
	struct stat st;

	if (fstat(s->fd, &st) < 0)
		return failed(s, "cannot look at the audit log", ERR_CONFIG, err);
	if (!S_ISREG(st.st_mode)) {
		(void)err_set(err, ERR_CONFIG, "the audit log must be a file; - is standard output");
		return err_at(err, "%s", s->path);
	}
	if (flock(s->fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return failed(s, "cannot lock the audit log", ERR_CONFIG, err);
		(void)err_set(err, ERR_CONFIG, "another process writes this audit log; give each a file of its own");
		return err_at(err, "%s", s->path);
	}
	s->size = (uint64_t)st.st_size;
	s->device = st.st_dev;
	s->inode = st.st_ino;
	return 0;
}

int audit_sink_open(struct audit_sink *s, const char *path, struct err *err)
{
	*s = (struct audit_sink){.path = path, .fd = -1};
	if (strcmp(path, "-") == 0)
		return open_stream(s, err);
	s->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, FILE_MODE);
	if (s->fd < 0)
		return failed(s, "cannot open the audit log (its folder must exist and be writable)", ERR_CONFIG, err);
	if (look(s, err) == 0)
		return 0;
	audit_sink_close(s);
	return -1;
}

void audit_sink_close(struct audit_sink *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	if (s->stream)
		text_release(&s->unsent);
}

/* How much was written; less than all with errno. */
static size_t write_file(int fd, struct str data)
{
	size_t done = 0;

	while (done < data.len) {
		const ssize_t n = write(fd, data.p + done, data.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

static size_t write_stream(int fd, struct str data)
{
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	size_t done = 0;

	while (done < data.len) {
		const size_t piece = data.len - done < PIPE_PIECE ? data.len - done : PIPE_PIECE;
		ssize_t n;

		errno = ETIMEDOUT;
		if (poll(&ready, 1, STREAM_WAIT_MS) <= 0)
			break;
		n = write(fd, data.p + done, piece);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

/* What a reader has begun to get it gets to the end: lines never mix. */
static int append_stream(struct audit_sink *s, struct str data, struct err *err)
{
	const struct str left = {s->unsent.data, s->unsent.len};
	size_t done = left.len ? write_stream(s->fd, left) : 0;

	if (done < left.len) {
		memmove(s->unsent.data, s->unsent.data + done, left.len - done);
		s->unsent.len -= done;
		return failed(s, "the reader of the audit log takes nothing", ERR_IO, err);
	}
	text_clear(&s->unsent);
	done = write_stream(s->fd, data);
	if (done == 0 && data.len)
		return failed(s, "cannot write the audit log", ERR_IO, err);
	text_add(&s->unsent, data.p + done, data.len - done);
	if (!s->unsent.failed)
		return 0;
	s->unsent.failed = false;
	s->torn = true;
	return err_nomem(err);
}

/* Takes back what was written beyond the last good byte. */
static int undo(struct audit_sink *s)
{
	s->torn = ftruncate(s->fd, (off_t)s->size) < 0;
	return -1;
}

int audit_sink_append(struct audit_sink *s, struct str data, struct err *err)
{
	if (s->stream)
		return append_stream(s, data, err);
	if (write_file(s->fd, data) < data.len) {
		(void)failed(s, "cannot write the audit log", ERR_IO, err);
		return undo(s);
	}
	s->size += data.len;
	return 0;
}

int audit_sink_sync(struct audit_sink *s, struct err *err)
{
	if (s->stream || fdatasync(s->fd) == 0)
		return 0;
	s->torn = true; /* what is on the disk nobody knows now */
	return failed(s, "cannot bring the audit log to the disk", ERR_IO, err);
}

bool audit_sink_is_there(const struct audit_sink *s)
{
	struct stat st;

	return s->stream || (stat(s->path, &st) == 0 && st.st_dev == s->device && st.st_ino == s->inode);
}

static bool rotated_name(const struct audit_sink *s, unsigned n, char out[PATH_MAX])
{
	return snprintf(out, PATH_MAX, "%s.%u", s->path, n) < PATH_MAX;
}

/* Where fewer are to be kept than before. */
static void remove_beyond(const struct audit_sink *s, unsigned keep)
{
	char name[PATH_MAX];

	for (unsigned n = keep + 1; n && rotated_name(s, n, name) && unlink(name) == 0; n++)
		continue;
}

int audit_sink_rotate(struct audit_sink *s, unsigned keep, struct err *err)
{
	char from[PATH_MAX], to[PATH_MAX];

	for (unsigned n = keep; n > 1; n--) {
		if (!rotated_name(s, n - 1, from) || !rotated_name(s, n, to)) {
			errno = ENAMETOOLONG;
			return failed(s, "cannot rotate the audit log", ERR_IO, err);
		}
		if (rename(from, to) < 0 && errno != ENOENT)
			return failed(s, "cannot rotate the audit log", ERR_IO, err);
	}
	if (!rotated_name(s, 1, to) || rename(s->path, to) < 0)
		return failed(s, "cannot rotate the audit log", ERR_IO, err);
	remove_beyond(s, keep);
	audit_sink_close(s);
	return 0;
}
