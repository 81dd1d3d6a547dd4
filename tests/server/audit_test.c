/* SPDX-License-Identifier: Apache-2.0 */
/* Does the audit log's writer lose nothing unsaid: under load, rotated, on a full disk, with its file gone, cut by a
 * crash? */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "webhook/audit/audit.h"
#include "webhook/audit/event.h"
#include "webhook/audit/files.h"

enum { THREADS = 4, EACH = 3000, ROTATED_MAX = 200 };

struct place {
	char dir[64], file[128];
	struct arena arena;
	struct audit_key key;
	struct audit_keys trusted;
};

static int set_up(void **state)
{
	static struct place p;
	char path[128];
	struct err err = {0};
	struct str pem;

	p = (struct place){.dir = "/tmp/outrigger-audit-XXXXXX"};
	assert_non_null(mkdtemp(p.dir));
	(void)snprintf(p.file, sizeof(p.file), "%s/audit.log", p.dir);
	(void)snprintf(path, sizeof(path), "%s/key", p.dir);
	arena_init(&p.arena, 0);
	assert_int_equal(audit_key_create(&p.arena, &pem, &err), 0);
	assert_int_equal(file_write(path, pem, 0600, &err), 0);
	assert_int_equal(audit_key_read(path, &p.key, &err), 0);
	p.trusted = (struct audit_keys){.of = {p.key}, .len = 1};
	(void)unlink(path);
	*state = &p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char path[160];

	for (int i = 0; i <= ROTATED_MAX; i++) {
		(void)snprintf(path, sizeof(path), i ? "%s.%d" : "%s", p->file, i);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s.head", p->file);
	(void)unlink(path);
	assert_int_equal(rmdir(p->dir), 0);
	audit_key_release(&p->key);
	arena_release(&p->arena);
	return 0;
}

static struct audit_options options_of(const struct place *p)
{
	return (struct audit_options){.path = p->file,
		.key = &p->key,
		.rotate_bytes = 1 << 30,
		.rotate_keep = ROTATED_MAX,
		.checkpoint_lines = 1000,
		.checkpoint_ms = 60000,
		.replica = "test",
		.version = "0"};
}

static struct audit *start(const struct audit_options *o)
{
	struct err err = {0};
	struct audit *a = audit_start(o, &err);

	if (!a)
		fail_msg("%s: %s", err.where, err.what);
	return a;
}

static int put(struct audit *a, uint64_t n, audit_told *told, void *ctx)
{
	struct text body;
	int done;

	text_init(&body, NULL, 1024);
	audit_event_begin(&body, "decision");
	audit_event_number(&body, "n", n);
	done = audit_put(a, (struct str){body.data, body.len}, told, ctx);
	text_release(&body);
	return done;
}

/* --- what is in the files afterwards ----------------------------------------------------------------------------- */

struct seen {
	uint64_t decisions, dropped, refused, recovered, starts, stops;
	struct audit_verdict verdict;
	char problem[AUDIT_FINDING_MAX + 256];
};

static void keep_problem(void *ctx, const struct audit_finding *f)
{
	struct seen *s = ctx;

	if (f->problem && !s->problem[0])
		(void)snprintf(
			s->problem, sizeof(s->problem), "%s:%llu: %s", f->file, (unsigned long long)f->line, f->text);
}

static void keep_verdict(void *ctx, const struct audit_verdict *v)
{
	((struct seen *)ctx)->verdict = *v;
}

static uint64_t number_of(struct str body, const char *name)
{
	uint64_t n = 0;

	(void)!parse_u64(audit_line_member(body, name), &n);
	return n;
}

static int count_line(void *ctx, const struct audit_read_line *line, struct err *err)
{
	struct seen *s = ctx;
	struct audit_line l;

	(void)err;
	if (!audit_line_split(line->text, &l))
		return 0;
	s->decisions += audit_line_is(l.body, "decision");
	s->recovered += audit_line_is(l.body, "recovered");
	s->starts += audit_line_is(l.body, "start");
	s->stops += audit_line_is(l.body, "stop");
	if (audit_line_is(l.body, "gap")) {
		s->dropped += number_of(l.body, "dropped");
		s->refused += number_of(l.body, "refused");
	}
	return 0;
}

static struct seen look(const struct place *p)
{
	char paths[ROTATED_MAX + 1][160];
	const char *path[ROTATED_MAX + 1];
	struct seen seen = {0};
	struct audit_files files;
	struct audit_verifier v;
	struct err err = {0};
	struct arena a;
	size_t n = 0;

	for (int i = 0; i <= ROTATED_MAX; i++) {
		(void)snprintf(paths[n], sizeof(paths[n]), i ? "%s.%d" : "%s", p->file, i);
		if (access(paths[n], F_OK) == 0)
			path[n] = paths[n], n++;
	}
	arena_init(&a, 0);
	assert_int_equal(audit_files_order(&a, path, n, &files, &err), 0);
	audit_verifier_init(&v, &p->trusted);
	v.found = keep_problem;
	v.done = keep_verdict;
	v.ctx = &seen;
	assert_int_equal(audit_files_verify(&files, &v, count_line, &seen, &err), 0);
	audit_verifier_release(&v);
	arena_release(&a);
	return seen;
}

static void is_intact(const struct seen *s)
{
	if (s->problem[0])
		fail_msg("%s", s->problem);
}

/* --- load -------------------------------------------------------------------------------------------------------- */

struct load {
	struct audit *audit;
	audit_told *told;
	_Atomic uint64_t written, refused, full;
};

static void count_told(void *ctx, bool written, const char *why)
{
	struct load *l = ctx;

	assert_true(written == !why);
	(void)atomic_fetch_add(written ? &l->written : &l->refused, 1);
}

static void *client(void *arg)
{
	struct load *l = arg;

	for (uint64_t i = 0; i < EACH; i++)
		if (put(l->audit, i, l->told, l) < 0)
			(void)atomic_fetch_add(&l->full, 1);
	return NULL;
}

static void run_load(struct load *l)
{
	pthread_t thread[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, client, l), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
}

static void all_lines_of_all_threads_are_there(void **state)
{
	struct place *p = *state;
	struct audit_options o = options_of(p);
	struct load l = {.told = count_told};
	struct seen s;

	for (int block = 0; block < 2; block++) {
		o.block = block;
		l.audit = start(&o);
		run_load(&l);
		audit_stop(l.audit);
	}
	s = look(p);
	is_intact(&s);
	assert_int_equal(s.decisions, 2 * THREADS * EACH);
	assert_int_equal(l.written, 2 * THREADS * EACH);
	assert_int_equal(l.refused + l.full, 0);
	assert_int_equal(s.starts, 2);
	assert_int_equal(s.stops, 2);
	assert_int_equal(s.recovered, 0);
	assert_int_equal(s.verdict.last_signed, s.verdict.last);
	assert_true(s.verdict.checkpoints >= 2);
}

static void files_are_rotated_under_load(void **state)
{
	struct place *p = *state;
	struct audit_options o = options_of(p);
	struct load l = {.told = NULL};
	struct seen s;

	o.rotate_bytes = 64 << 10;
	l.audit = start(&o);
	run_load(&l);
	audit_stop(l.audit);
	s = look(p);
	is_intact(&s);
	assert_int_equal(s.decisions, THREADS * EACH);
	assert_true(s.verdict.files > 3);
	o.rotate_keep = 2; /* the oldest go; what is left is told to begin later */
	l.audit = start(&o);
	run_load(&l);
	audit_stop(l.audit);
	s = look(p);
	is_intact(&s);
}

/* A queue of a few lines: what finds it full is counted, and the log says how many. */
static void what_the_queue_cannot_take_is_counted(void **state)
{
	struct place *p = *state;
	struct audit_options o = options_of(p);
	struct load l = {.told = NULL};
	struct audit_counts counts;
	struct seen s;

	o.queue_bytes = 2048;
	l.audit = start(&o);
	run_load(&l);
	counts = audit_counted(l.audit);
	assert_true(l.full > 0);
	assert_int_equal(counts.dropped, l.full);
	audit_stop(l.audit);
	s = look(p);
	is_intact(&s);
	assert_int_equal(s.decisions + s.dropped, THREADS * EACH);
	assert_int_equal(s.dropped, l.full);
	assert_int_equal(s.verdict.dropped, l.full);
}

/* --- disks that are full ----------------------------------------------------------------------------------------- */

static off_t size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void limit_files(rlim_t bytes)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void wait_until(struct audit *a, bool failing)
{
	for (int i = 0; i < 2000 && (audit_counted(a).lag || audit_counted(a).failing != failing); i++)
		(void)usleep(5000);
	assert_int_equal(audit_counted(a).failing, failing);
}

static void fill_and_recover(struct place *p, bool block, struct seen *ret, struct load *l)
{
	struct audit_options o = options_of(p);

	o.block = block;
	l->told = block ? count_told : NULL;
	l->audit = start(&o);
	assert_int_equal(put(l->audit, 1, l->told, l), 0);
	wait_until(l->audit, false);
	limit_files((rlim_t)size_of(p->file) + 100); /* the beginning of a line */
	run_load(l);
	wait_until(l->audit, true);
	limit_files(RLIM_INFINITY);
	assert_int_equal(put(l->audit, 2, l->told, l), 0);
	wait_until(l->audit, false);
	audit_stop(l->audit);
	*ret = look(p);
	is_intact(ret);
}

static void a_full_disk_drops_and_says_how_many(void **state)
{
	struct load l = {.told = NULL};
	struct seen s;

	fill_and_recover(*state, false, &s, &l);
	assert_true(s.dropped > 0);
	assert_int_equal(s.decisions + s.dropped, THREADS * EACH + 2);
	assert_int_equal(s.refused, 0);
}

static void a_full_disk_refuses_where_it_shall_block(void **state)
{
	struct load l = {.told = NULL};
	struct seen s;

	fill_and_recover(*state, true, &s, &l);
	assert_true(l.refused > 0);
	assert_int_equal(l.written + l.refused, THREADS * EACH + 2);
	assert_int_equal(s.decisions, l.written);
	assert_int_equal(s.refused, l.refused);
}

/* --- files that go ----------------------------------------------------------------------------------------------- */

/* The new file goes on with the chain: what was removed is missed. */
static void a_removed_file_is_made_anew(void **state)
{
	struct place *p = *state;
	struct audit_options o = options_of(p);
	struct audit *a = start(&o);
	struct audit_reader r;
	struct audit_read_line line;
	struct audit_line l;
	struct err err = {0};

	assert_int_equal(put(a, 1, NULL, NULL), 0);
	wait_until(a, false);
	assert_int_equal(unlink(p->file), 0);
	assert_int_equal(put(a, 2, NULL, NULL), 0);
	audit_stop(a);
	assert_int_equal(audit_reader_open(&r, p->file, &err), 0);
	assert_int_equal(audit_reader_next(&r, &line, &err), 1);
	assert_true(audit_line_split(line.text, &l) && audit_line_is(l.body, "log"));
	assert_int_equal(l.seq, 4); /* log, start, the first decision: gone */
	audit_reader_close(&r);
}

static void a_folder_that_goes_stops_nobody(void **state)
{
	struct place *p = *state;
	struct audit_options o = options_of(p);
	struct audit *a = start(&o);
	char aside[160], head[160];

	(void)snprintf(aside, sizeof(aside), "%s-aside", p->dir);
	assert_int_equal(put(a, 1, NULL, NULL), 0);
	wait_until(a, false);
	assert_int_equal(rename(p->dir, aside), 0);
	assert_int_equal(put(a, 2, NULL, NULL), 0);
	wait_until(a, true);
	assert_int_equal(rename(aside, p->dir), 0);
	assert_int_equal(put(a, 3, NULL, NULL), 0);
	wait_until(a, false);
	audit_stop(a);
	(void)snprintf(head, sizeof(head), "%s.head", p->file);
	assert_int_equal(access(head, F_OK), 0);
	{
		struct seen s = look(p);

		is_intact(&s);
		assert_int_equal(s.decisions, 2);
		assert_int_equal(s.dropped, 1);
	}
}

/* --- what a crash leaves ----------------------------------------------------------------------------------------- */

static void write_log(const struct audit_options *o, int lines)
{
	struct audit *a = start(o);

	for (int i = 0; i < lines; i++)
		assert_int_equal(put(a, (uint64_t)i, NULL, NULL), 0);
	audit_stop(a);
}

/* Cut at every byte of its last line but one (its checkpoint gone, so that no head proves more): whole lines stay, the
 * rest is evidence. */
static void a_cut_line_is_kept_and_told_of(void **state)
{
	struct place *p = *state;
	struct audit_options o = options_of(p);
	char head[160];

	o.key = NULL;
	(void)snprintf(head, sizeof(head), "%s.head", p->file);
	for (off_t cut = 1; cut < 400; cut += 7) {
		struct seen s;

		(void)unlink(p->file);
		(void)unlink(head);
		write_log(&o, 3);
		assert_int_equal(truncate(p->file, size_of(p->file) - cut), 0);
		(void)unlink(head);
		write_log(&o, 2);
		s = look(p);
		if (s.problem[0] && strcmp(s.problem, "no checkpoint is signed by a key that was given") != 0 &&
			!strstr(s.problem, "no checkpoint is signed"))
			fail_msg("cut by %d: %s", (int)cut, s.problem);
		assert_int_equal(s.recovered, 1);
	}
}

static void lines_that_the_head_proves_are_missed(void **state)
{
	struct place *p = *state;
	struct audit_options o = options_of(p);
	struct seen s;

	write_log(&o, 100);
	assert_int_equal(truncate(p->file, size_of(p->file) / 2), 0);
	s = look(p);
	assert_non_null(strstr(s.problem, "the file ends within"));
	write_log(&o, 1);
	s = look(p);
	assert_non_null(strstr(s.problem, "lines were gone that its head proves"));
}

static void a_log_removed_between_runs_is_missed(void **state)
{
	struct place *p = *state;
	struct audit_options o = options_of(p);
	struct seen s;

	write_log(&o, 10);
	assert_int_equal(unlink(p->file), 0);
	write_log(&o, 1);
	s = look(p);
	is_intact(&s);
	assert_true(s.verdict.first > 10); /* it does not begin with line 1 */
	assert_int_equal(s.recovered, 1);
}

/* --- what cannot be used ----------------------------------------------------------------------------------------- */

static void refuses(const struct audit_options *o, const char *want)
{
	struct err err = {0};

	assert_null(audit_start(o, &err));
	assert_int_equal(err.code, ERR_CONFIG);
	if (!strstr(err.what, want))
		fail_msg("'%s' is not '%s'", err.what, want);
}

static void files_that_are_no_logs_are_refused(void **state)
{
	struct place *p = *state;
	struct audit_options o = options_of(p);
	struct err err = {0};
	struct audit *a;

	assert_int_equal(file_write(p->file, STR("something else\n"), 0600, &err), 0);
	refuses(&o, "is not empty and no audit log; move it away, or name another file");
	assert_int_equal(size_of(p->file), 15);
	(void)unlink(p->file);
	o.path = p->dir;
	refuses(&o, "cannot open the audit log (its folder must exist and be writable): Is a directory");
	o.path = "/nonexistent/audit.log";
	refuses(&o, "cannot open the audit log (its folder must exist and be writable): No such file or directory");
	o.path = "/dev/null";
	refuses(&o, "the audit log must be a file; - is standard output");
	o.path = p->file;
	a = start(&o);
	refuses(&o, "another process writes this audit log; give each a file of its own");
	audit_stop(a);
}

/* --- standard output --------------------------------------------------------------------------------------------- */

/* A reader that takes nothing holds nobody up, and what it has begun to get it gets whole. */
static void a_slow_reader_holds_nobody_up(void **state)
{
	struct place *p = *state;
	struct audit_options o = options_of(p);
	struct load l = {.told = NULL};
	const int before = dup(STDOUT_FILENO);
	int pipes[2], copy;
	char data[65536];
	struct seen s;
	ssize_t n;

	assert_int_equal(pipe(pipes), 0);
	(void)fflush(stdout);
	assert_true(dup2(pipes[1], STDOUT_FILENO) >= 0);
	(void)close(pipes[1]);
	o.path = "-";
	o.queue_bytes = 64 << 10;
	l.audit = start(&o);
	assert_true(dup2(before, STDOUT_FILENO) >= 0);
	(void)close(before);
	run_load(&l); /* far more than pipe and queue hold */
	assert_true(l.full > 0);
	copy = open(p->file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	(void)fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 2000 && audit_counted(l.audit).lag; i++) {
		while ((n = read(pipes[0], data, sizeof(data))) > 0)
			assert_int_equal(write(copy, data, (size_t)n), n);
		(void)usleep(5000);
	}
	audit_stop(l.audit);
	while ((n = read(pipes[0], data, sizeof(data))) > 0)
		assert_int_equal(write(copy, data, (size_t)n), n);
	(void)close(copy);
	(void)close(pipes[0]);
	s = look(p);
	is_intact(&s);
	assert_true(s.dropped > 0);
	assert_int_equal(s.decisions + s.dropped, THREADS * EACH);
	assert_int_equal(s.stops, 1);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(all_lines_of_all_threads_are_there),
		ROW(files_are_rotated_under_load),
		ROW(what_the_queue_cannot_take_is_counted),
		ROW(a_full_disk_drops_and_says_how_many),
		ROW(a_full_disk_refuses_where_it_shall_block),
		ROW(a_removed_file_is_made_anew),
		ROW(a_folder_that_goes_stops_nobody),
		ROW(a_cut_line_is_kept_and_told_of),
		ROW(lines_that_the_head_proves_are_missed),
		ROW(a_log_removed_between_runs_is_missed),
		ROW(files_that_are_no_logs_are_refused),
		ROW(a_slow_reader_holds_nobody_up),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
