/* SPDX-License-Identifier: Apache-2.0 */
/* Files read whole, with a limit and with errors that say what to do. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

enum file_flag {
	FILE_UTF8 = 1,  /* refuse what is not UTF-8, with the offset of the first bad byte */
	FILE_STDIN = 2, /* "-" is standard input */
};

/*
 * Reads a file of at most max bytes into the arena; a NUL stands behind the text. One open descriptor from start to end, so that a symlink
 * swapped meanwhile (as kubelet does with mounted ConfigMaps) gives the old file or the new one, never a mixture; a file that
 * changes while it is read is read again. Errors: ERR_IO (missing, unreadable, directory), ERR_LIMIT (too large), ERR_INPUT
 * (not UTF-8), with `where` the path; ERR_NOMEM.
 */
int file_read(struct arena *a, const char *path, size_t max, unsigned flags, struct str *ret, struct err *err) MUST_CHECK;

/*
 * Writes a new file in place of the old one, whole or not at all: a temporary file beside it, fsync, rename. mode: permission bits.
 */
int file_write(const char *path, struct str data, unsigned mode, struct err *err) MUST_CHECK;

#endif
