/* SPDX-License-Identifier: Apache-2.0 */
/* How a log ends: where its chain goes on, and what a crash left behind. */
#include "webhook/audit/tail.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum {
	TAIL_BYTES = 1 << 20, /* how far back a whole line is looked for */
	ARENA_BYTES = 4 << 20,
	HEAD_FILE_BYTES = 4 << 10,
	HEAD_MODE = 0640,
};

static int io_failed(const char *path, struct err *err)
{
	char reason[128];

	(void)err_set(err, ERR_IO, "cannot read the audit log: %s", strerror_r(errno, reason, sizeof(reason)));
	return err_at(err, "%s", path);
}

static int read_at(int fd, const char *path, char *to, size_t len, off_t from, struct err *err)
{
	while (len) {
		const ssize_t n = pread(fd, to, len, from);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return io_failed(path, err);
		to += n;
		len -= (size_t)n;
		from += n;
	}
	return 0;
}

static int not_ours(const char *path, struct err *err)
{
	(void)err_set(err, ERR_CONFIG, "is not empty and no audit log; move it away, or name another file");
	return err_at(err, "%s", path);
}

/* Finds the last line that is whole, going back from the end. */
static bool find_last(struct str bytes, struct audit_line *ret, size_t *ret_end)
{
	size_t end = bytes.len;

	while (end) {
		const char *newline;
		size_t from;

		newline = memrchr(bytes.p, '\n', end);
		from = newline ? (size_t)(newline - bytes.p) + 1 : 0;
		if (from < end && audit_line_split((struct str){bytes.p + from, end - from}, ret) &&
			audit_line_intact(ret)) {
			*ret_end = end;
			return true;
		}
		end = newline ? from - 1 : 0;
	}
	return false;
}

static void describe_cut(struct str bytes, size_t end, struct audit_tail *t)
{
	struct str rest = {bytes.p + end, bytes.len - end};

	t->ended = rest.len && rest.p[0] == '\n';
	if (t->ended) {
		rest.p++;
		rest.len--;
	}
	t->cut = rest.len;
	if (sha256_hex(&rest, 1, t->cut_sha256) < 0)
		t->cut_sha256[0] = '\0';
}

static int read_end(struct str bytes, const char *path, struct audit_tail *t, struct err *err)
{
	struct audit_line last;
	size_t end;

	if (!find_last(bytes, &last, &end))
		return not_ours(path, err);
	t->chain.seq = last.seq;
	memcpy(t->chain.hash, last.hash.p, SHA256_HEX);
	t->chain.hash[SHA256_HEX] = '\0';
	t->stopped = audit_line_is(last.body, "stop") || str_is(audit_line_member(last.body, "why"), "stop");
	describe_cut(bytes, end, t);
	return 0;
}

/* The first line says whose log it is. */
static int read_beginning(struct str bytes, const char *path, struct audit_tail *t, struct err *err)
{
	struct str rest = bytes, id;
	struct audit_line first;

	if (!audit_line_split(str_cut(&rest, '\n'), &first) || !audit_line_intact(&first) ||
		!audit_line_is(first.body, "log"))
		return not_ours(path, err);
	id = audit_line_member(first.body, "log");
	if (id.len != AUDIT_LOG_ID)
		return not_ours(path, err);
	memcpy(t->log, id.p, id.len);
	t->log[id.len] = '\0';
	return 0;
}

/*
 * A file whose very first line was cut: nothing of a log is in it yet, and what there is comes before the header, as a
 * cut line does elsewhere.
 */
static bool never_begun(struct str bytes)
{
	return memchr(bytes.p, '\n', bytes.len) == NULL && str_has_prefix(bytes, "{\"seq\":");
}

static int read_both(int fd, const char *path, size_t size, struct arena *a, struct audit_tail *t, struct err *err)
{
	const size_t begin = size < AUDIT_LINE_MAX ? size : AUDIT_LINE_MAX, end = size < TAIL_BYTES ? size : TAIL_BYTES;
	char *first = arena_alloc(a, begin), *last = arena_alloc(a, end);

	if (!first || !last)
		return err_nomem(err);
	if (read_at(fd, path, first, begin, 0, err) < 0 || read_at(fd, path, last, end, (off_t)(size - end), err) < 0)
		return -1;
	if (never_begun((struct str){last, end})) {
		audit_chain_begin(&t->chain);
		describe_cut((struct str){last, end}, 0, t);
		return 0;
	}
	return read_beginning((struct str){first, begin}, path, t, err) < 0
		       ? -1
		       : read_end((struct str){last, end}, path, t, err);
}

int audit_tail_read(int fd, const char *path, struct audit_tail *ret, struct err *err)
{
	struct audit_tail t = {0};
	struct stat st;
	struct arena a;
	int status;

	if (fstat(fd, &st) < 0)
		return io_failed(path, err);
	audit_chain_begin(&t.chain);
	if (st.st_size == 0) {
		t.empty = t.ended = true;
		*ret = t;
		return 0;
	}
	arena_init(&a, ARENA_BYTES);
	status = read_both(fd, path, (size_t)st.st_size, &a, &t, err);
	arena_release(&a);
	if (status == 0)
		*ret = t;
	return status;
}

/* --- the head file ------------------------------------------------------------------------------------------------ */

static bool head_path(const char *path, char out[AUDIT_PATH_MAX])
{
	return snprintf(out, AUDIT_PATH_MAX, "%s.head", path) < AUDIT_PATH_MAX;
}

#define HEAD_SIG "\",\"sig\":\""

int audit_head_write(const char *path, const struct audit_head *h, const struct audit_key *key, struct err *err)
{
	char name[AUDIT_PATH_MAX], line[1024], sig[AUDIT_SIGNATURE_HEX + 1];
	int len = snprintf(line, sizeof(line), "{\"log\":\"%s\",\"seq\":%llu,\"hash\":\"%s\",\"key\":\"%s", h->log,
		(unsigned long long)h->chain.seq, h->chain.hash, key ? key->id : "");

	if (!head_path(path, name))
		return err_set(err, ERR_CONFIG, "the name of the audit log is too long");
	if (key && audit_key_sign(key, (struct str){line, (size_t)len}, sig) < 0)
		return err_set(err, ERR_BUG, "cannot sign the head of the audit log");
	len += snprintf(line + len, sizeof(line) - (size_t)len, "%s%s\"}\n", key ? HEAD_SIG : "", key ? sig : "");
	return file_write(name, (struct str){line, (size_t)len}, HEAD_MODE, err);
}

static bool copy_member(struct str line, const char *name, char *to, size_t len)
{
	const struct str s = audit_line_member(line, name);

	if (s.len != len)
		return false;
	memcpy(to, s.p, len);
	to[len] = '\0';
	return true;
}

static enum audit_head_state check_head(struct str line, const struct audit_keys *keys, struct audit_head *h)
{
	const struct str sig = audit_line_member(line, "sig"), id = audit_line_member(line, "key");
	const struct audit_key *key = keys ? audit_keys_find(keys, id) : NULL;
	const size_t at = str_find(line, STR(HEAD_SIG));

	if (!copy_member(line, "log", h->log, AUDIT_LOG_ID) || !copy_member(line, "hash", h->chain.hash, SHA256_HEX) ||
		!parse_u64(audit_line_member(line, "seq"), &h->chain.seq))
		return AUDIT_HEAD_BAD;
	if (at == SIZE_MAX)
		return id.len ? AUDIT_HEAD_BAD : AUDIT_HEAD_UNSIGNED;
	if (!key)
		return AUDIT_HEAD_UNKNOWN;
	return audit_key_verify(key, (struct str){line.p, at}, sig) ? AUDIT_HEAD_SIGNED : AUDIT_HEAD_FORGED;
}

enum audit_head_state audit_head_read(const char *path, const struct audit_keys *keys, struct audit_head *ret)
{
	enum audit_head_state state = AUDIT_HEAD_BAD;
	char name[AUDIT_PATH_MAX];
	struct err err = {0};
	struct arena a;
	struct str line;

	if (!head_path(path, name) || access(name, F_OK) < 0)
		return AUDIT_HEAD_MISSING;
	arena_init(&a, ARENA_BYTES);
	if (file_read(&a, name, HEAD_FILE_BYTES, 0, &line, &err) == 0)
		state = check_head(line, keys, ret);
	arena_release(&a);
	return state;
}
