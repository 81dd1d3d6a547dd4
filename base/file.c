/* SPDX-License-Identifier: Apache-2.0 */
/* Files read whole, with a limit and with errors that say what to do. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_ROOM = 16 << 10, READ_TRIES = 5 };

static void close_fd(int *fd)
{
	if (*fd > STDIN_FILENO)
		(void)close(*fd);
}

static int io_failed(const char *path, const char *what, struct err *err)
{
	const int cause = errno;
	char reason[128];

	(void)err_set(err, ERR_IO, "%s: %s", what, strerror_r(cause, reason, sizeof(reason)));
	return err_at(err, "%s", path);
}

static int read_rest(int fd, const char *path, struct text *t, struct err *err)
{
	for (;;) {
		/* One byte beyond the limit is asked for, so that a file of exactly max bytes can be told from a longer
		 * one. */
		const size_t room = t->max - t->len < READ_ROOM ? t->max - t->len : READ_ROOM;
		char *to = text_room(t, room);
		ssize_t n;

		if (!to)
			return err_nomem(err);
		n = read(fd, to, room);
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return io_failed(path, "cannot read the file", err);
		t->len += (size_t)n;
		if (t->len == t->max) {
			(void)err_set(err, ERR_LIMIT, "the file is larger than %zu bytes", t->max - 1);
			return err_at(err, "%s", path);
		}
	}
}

static int open_file(const char *path, unsigned flags, int *ret_fd, struct stat *ret_before, struct err *err)
{
	const bool standard = (flags & FILE_STDIN) && strcmp(path, "-") == 0;
	own(close_fd) int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return io_failed(path, "cannot open the file", err);
	if (fstat(fd, ret_before) < 0)
		return io_failed(path, "cannot read the file", err);
	if (S_ISDIR(ret_before->st_mode)) {
		(void)err_set(err, ERR_IO, "is a directory, a file is needed");
		return err_at(err, "%s", path);
	}
	*ret_fd = fd;
	fd = -1;
	return 0;
}

static bool same_file_state(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Sets *ret_changed instead of failing where the file was written to meanwhile. */
static int read_once(const char *path, unsigned flags, struct text *t, bool *ret_changed, struct err *err)
{
	struct stat before = {0}, after = {0};
	own(close_fd) int fd = -1;

	if (open_file(path, flags, &fd, &before, err) < 0 || read_rest(fd, path, t, err) < 0)
		return -1;
	if (fstat(fd, &after) < 0)
		return io_failed(path, "cannot read the file", err);
	*ret_changed = S_ISREG(before.st_mode) && !same_file_state(&before, &after);
	return 0;
}

static int check_utf8(const char *path, struct str s, struct err *err)
{
	for (size_t i = 0; i < s.len;) {
		uint32_t rune;
		const size_t size = utf8_decode(s.p + i, s.len - i, &rune);

		if (size == 1 && rune == 0xfffd) {
			(void)err_set(err, ERR_INPUT, "is not UTF-8 text: byte 0x%02x at offset %zu",
				(unsigned char)s.p[i], i);
			return err_at(err, "%s", path);
		}
		i += size;
	}
	return 0;
}

int file_read(struct arena *a, const char *path, size_t max, unsigned flags, struct str *ret, struct err *err)
{
	struct text t;
	bool changed = true;

	text_init(&t, a, max + 1);
	for (int i = 0; i < READ_TRIES && changed; i++) {
		text_clear(&t);
		if (read_once(path, flags, &t, &changed, err) < 0)
			return -1;
	}
	if (changed) {
		(void)err_set(err, ERR_IO, "the file keeps changing while it is read");
		return err_at(err, "%s", path);
	}
	if (!text_cstr(&t))
		return err_nomem(err);
	if ((flags & FILE_UTF8) && check_utf8(path, (struct str){t.data, t.len}, err) < 0)
		return -1;
	*ret = (struct str){t.data, t.len};
	return 0;
}

static int write_all(int fd, struct str data)
{
	while (data.len) {
		const ssize_t n = write(fd, data.p, data.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data.p += n;
		data.len -= (size_t)n;
	}
	return 0;
}

int file_write(const char *path, struct str data, unsigned mode, struct err *err)
{
	char temporary[PATH_MAX];
	own(close_fd) int fd = -1;

	if (snprintf(temporary, sizeof(temporary), "%s.new-XXXXXX", path) >= (int)sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return io_failed("the file", "cannot write", err);
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return io_failed(path, "cannot create the file", err);
	if (fchmod(fd, mode) < 0 || write_all(fd, data) < 0 || fsync(fd) < 0 || rename(temporary, path) < 0) {
		(void)io_failed(path, "cannot write the file", err);
		(void)unlink(temporary);
		return -1;
	}
	return 0;
}
