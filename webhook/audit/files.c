/* SPDX-License-Identifier: Apache-2.0 */
/* Files of one or several logs, in any order: each log's files in their order, and its head. */
#include "webhook/audit/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PEEK_LINES = 16 };

/* By the first line, or where that is damaged by the next whole one, which does not name the log. */
static int peek(struct audit_file *f, struct err *err)
{
	own(audit_reader_close) struct audit_reader r = {.fd = -1};
	struct audit_read_line line;
	struct audit_line l;
	struct str id;
	int got = 0;

	if (audit_reader_open(&r, f->path, err) < 0)
		return -1;
	while (r.line < PEEK_LINES && (got = audit_reader_next(&r, &line, err)) > 0 && !audit_line_split(line.text, &l))
		continue;
	if (got <= 0 || !audit_line_split(line.text, &l))
		return got;
	f->seq = l.seq;
	id = audit_line_member(l.body, "log");
	if (audit_line_is(l.body, "log") && id.len == AUDIT_LOG_ID)
		memcpy(f->log, id.p, AUDIT_LOG_ID);
	return 0;
}

/* Where all that can be told are of one log, the others are too. */
static void guess_log(struct audit_files *f)
{
	const char *only = NULL;

	for (size_t i = 0; i < f->len; i++) {
		if (!f->of[i].log[0])
			continue;
		if (only && strcmp(only, f->of[i].log) != 0)
			return;
		only = f->of[i].log;
	}
	for (size_t i = 0; only && i < f->len; i++)
		if (!f->of[i].log[0])
			memcpy(f->of[i].log, only, AUDIT_LOG_ID + 1);
}

/* Files whose log cannot be told come last. */
static int compare(const void *x, const void *y)
{
	const struct audit_file *a = x, *b = y;
	const int by_log = strcmp(a->log, b->log);

	if (!a->log[0] != !b->log[0])
		return a->log[0] ? -1 : 1;
	if (by_log)
		return by_log;
	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	return a->place < b->place ? -1 : 1;
}

/* Where a head is given for a name. */
static const char *head_of(struct arena *a, const char *path)
{
	const struct str s = str_of(path);

	return str_has_suffix(s, ".head") ? arena_strndup(a, path, s.len - strlen(".head")) : NULL;
}

static int add(struct arena *a, struct audit_files *f, const char *path, size_t place, struct err *err)
{
	const char *head = head_of(a, path);

	if (head) {
		f->head[f->n_heads++] = head;
		return 0;
	}
	f->of[f->len] = (struct audit_file){.path = path, .place = place};
	if (strcmp(path, "-") != 0 && peek(&f->of[f->len], err) < 0)
		return -1;
	f->len++;
	return 0;
}

int audit_files_order(struct arena *a, const char *const *path, size_t n, struct audit_files *ret, struct err *err)
{
	struct audit_files f = {.of = arena_calloc(a, n, sizeof(*f.of)), .head = arena_calloc(a, n, sizeof(*f.head))};

	if (!f.of || !f.head)
		return err_nomem(err);
	for (size_t i = 0; i < n; i++)
		if (add(a, &f, path[i], i, err) < 0)
			return -1;
	if (f.len == 0)
		return err_set(err, ERR_CONFIG, "a file of an audit log is needed; - is standard input");
	guess_log(&f);
	qsort(f.of, f.len, sizeof(*f.of), compare);
	*ret = f;
	return 0;
}

/* FILE of FILE.3; whether it was rotated. */
static bool base_of(const char *path, char out[AUDIT_PATH_MAX])
{
	struct str s = str_of(path);
	size_t digits = 0;

	while (digits < s.len && s.p[s.len - 1 - digits] >= '0' && s.p[s.len - 1 - digits] <= '9')
		digits++;
	if (digits == 0 || digits + 1 >= s.len || s.p[s.len - 1 - digits] != '.')
		digits = SIZE_MAX;
	(void)snprintf(out, AUDIT_PATH_MAX, "%.*s", (int)(digits == SIZE_MAX ? s.len : s.len - digits - 1), path);
	return digits != SIZE_MAX;
}

static bool is_given(const struct audit_files *files, const char *base)
{
	for (size_t i = 0; i < files->n_heads; i++)
		if (strcmp(files->head[i], base) == 0)
			return true;
	return false;
}

/*
 * The head beside a log's last file. Where that is one that was rotated, and the file that goes on is there but was not
 * named, nothing is missing: the end was not asked for.
 */
static void end_log(const struct audit_files *files, struct audit_verifier *v, const char *last)
{
	char base[AUDIT_PATH_MAX];
	struct audit_head head = {0};
	enum audit_head_state state;

	if (strcmp(last, "-") == 0 || (base_of(last, base) && access(base, F_OK) == 0 && !is_given(files, base))) {
		audit_verify_end(v, NULL, AUDIT_HEAD_MISSING, NULL);
		return;
	}
	state = audit_head_read(base, v->trusted ? v->trusted : &v->published, &head);
	audit_verify_end(v, base, state, &head);
}

/* v, each: either may be NULL. */
static int read_file(struct audit_verifier *v, const char *path, audit_each_line *each, void *ctx, struct err *err)
{
	own(audit_reader_close) struct audit_reader r = {.fd = -1};
	struct audit_read_line line;
	int got;

	if (audit_reader_open(&r, path, err) < 0)
		return -1;
	if (v)
		audit_verify_file(v, r.name);
	while ((got = audit_reader_next(&r, &line, err)) > 0) {
		if (v)
			audit_verify_line(v, &line);
		if (each && each(ctx, &line, err) < 0)
			return -1;
	}
	return got;
}

int audit_files_each(const struct audit_files *files, audit_each_line *each, void *ctx, struct err *err)
{
	for (size_t i = 0; i < files->len; i++)
		if (read_file(NULL, files->of[i].path, each, ctx, err) < 0)
			return -1;
	return 0;
}

int audit_files_verify(
	const struct audit_files *files, struct audit_verifier *v, audit_each_line *each, void *ctx, struct err *err)
{
	for (size_t i = 0; i < files->len; i++) {
		const struct audit_file *f = &files->of[i];

		if (read_file(v, f->path, each, ctx, err) < 0)
			return -1;
		if (i + 1 == files->len || strcmp(f->log, files->of[i + 1].log) != 0)
			end_log(files, v, f->path);
	}
	return 0;
}
