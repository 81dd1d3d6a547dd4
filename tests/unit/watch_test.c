/* SPDX-License-Identifier: Apache-2.0 */
/* When are files read again? On a clock that the test moves: inotify has told all before a change returns. */
#include "webhook/watch.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { QUIET = 200, MOST = 2000, POLL = 10000, START = 1000 };

struct place {
	char folder[64];
	char file[96], other[96], spare[96];
	struct watch watch;
};

static void put(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

static int set_up(void **state)
{
	static struct place p;

	(void)snprintf(p.folder, sizeof(p.folder), "/tmp/watch-test-XXXXXX");
	assert_non_null(mkdtemp(p.folder));
	(void)snprintf(p.file, sizeof(p.file), "%s/file", p.folder);
	(void)snprintf(p.other, sizeof(p.other), "%s/other", p.folder);
	(void)snprintf(p.spare, sizeof(p.spare), "%s/..data", p.folder);
	put(p.file, "one");
	watch_init(&p.watch, (struct watch_timing){QUIET, MOST, POLL}, START);
	watch_add(&p.watch, p.file);
	watch_add(&p.watch, NULL);
	assert_int_equal(p.watch.len, 1);
	assert_int_equal(p.watch.problem, 0);
	*state = &p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	watch_release(&p->watch);
	(void)unlink(p->file);
	(void)unlink(p->other);
	(void)unlink(p->spare);
	return rmdir(p->folder);
}

static void nothing_is_due_while_nothing_happens(void **state)
{
	struct place *p = *state;

	assert_false(watch_due(&p->watch, START));
	assert_int_equal(watch_wait_ms(&p->watch, START), POLL);
	assert_false(watch_due(&p->watch, START + 2 * POLL));
}

static void a_change_is_due_once_after_the_quiet_period(void **state)
{
	struct place *p = *state;

	put(p->other, "two");
	assert_int_equal(rename(p->other, p->file), 0);
	assert_false(watch_settled(&p->watch));
	assert_false(watch_due(&p->watch, START));
	assert_int_equal(watch_wait_ms(&p->watch, START), QUIET);
	assert_false(watch_due(&p->watch, START + QUIET - 1));
	assert_true(watch_due(&p->watch, START + QUIET));
	assert_true(watch_settled(&p->watch));
	assert_false(watch_due(&p->watch, START + QUIET + 1));
	assert_false(watch_due(&p->watch, START + 2 * POLL));
}

static void each_kind_of_change_is_seen(void **state)
{
	struct place *p = *state;
	int64_t now = START;

	for (int i = 0; i < 6; i++) {
		if (i == 0)
			put(p->file, "in place");
		else if (i == 1)
			assert_int_equal(chmod(p->file, 0640), 0);
		else if (i == 2)
			assert_int_equal(unlink(p->file), 0);
		else if (i == 3)
			put(p->file, "again");
		else if (i == 4)
			assert_int_equal(symlink("..1", p->spare), 0); /* kubelet's */
		else
			assert_int_equal(unlink(p->spare), 0);
		assert_false(watch_due(&p->watch, now));
		if (!watch_due(&p->watch, now += QUIET))
			fail_msg("change %d was not seen", i);
	}
}

static void other_files_do_not_matter(void **state)
{
	struct place *p = *state;

	put(p->other, "two");
	assert_false(watch_due(&p->watch, START));
	assert_int_equal(watch_wait_ms(&p->watch, START), POLL);
}

static void changes_without_end_are_read_in_the_end(void **state)
{
	struct place *p = *state;
	int64_t now = START;

	for (; now < START + MOST; now += QUIET / 2) {
		put(p->file, "more");
		assert_false(watch_due(&p->watch, now));
	}
	put(p->file, "still");
	assert_true(watch_due(&p->watch, START + MOST));
}

static void a_file_that_is_being_written_is_waited_for(void **state)
{
	struct place *p = *state;
	const int fd = open(p->file, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "ha", 2), 2);
	assert_false(watch_due(&p->watch, START));
	assert_false(watch_due(&p->watch, START + QUIET));
	assert_int_equal(watch_wait_ms(&p->watch, START + QUIET), MOST - QUIET);
	assert_int_equal(write(fd, "lf", 2), 2);
	assert_int_equal(close(fd), 0);
	assert_false(watch_due(&p->watch, START + 2 * QUIET));
	assert_true(watch_due(&p->watch, START + 3 * QUIET));
}

static void the_poll_finds_what_nobody_told(void **state)
{
	struct place *p = *state;

	watch_release(&p->watch);
	put(p->other, "another");
	assert_int_equal(rename(p->other, p->file), 0);
	assert_false(watch_due(&p->watch, START + QUIET));
	assert_false(watch_due(&p->watch, START + POLL));
	assert_true(watch_due(&p->watch, START + POLL + QUIET));
}

static void what_was_no_good_is_read_again(void **state)
{
	struct place *p = *state;

	p->watch.unsatisfied = true;
	assert_false(watch_due(&p->watch, START + POLL));
	assert_true(watch_due(&p->watch, START + POLL + QUIET));
	p->watch.unsatisfied = false;
	assert_false(watch_due(&p->watch, START + 2 * POLL));
	assert_false(watch_due(&p->watch, START + 2 * POLL + QUIET));
}

static void a_folder_that_is_replaced_is_found_again(void **state)
{
	struct place *p = *state;
	char away[96];
	int64_t now = START;

	(void)snprintf(away, sizeof(away), "%s.away", p->folder);
	assert_int_equal(rename(p->folder, away), 0);
	assert_int_equal(mkdir(p->folder, 0700), 0);
	put(p->file, "in the new one");
	assert_false(watch_due(&p->watch, now));
	assert_true(watch_due(&p->watch, now += QUIET));
	put(p->file, "and once more");
	assert_false(watch_due(&p->watch, now));
	assert_true(watch_due(&p->watch, now + QUIET));
	(void)strncat(away, "/file", sizeof(away) - strlen(away) - 1);
	assert_int_equal(unlink(away), 0);
	*strrchr(away, '/') = '\0';
	assert_int_equal(rmdir(away), 0);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(nothing_is_due_while_nothing_happens),
		ROW(a_change_is_due_once_after_the_quiet_period),
		ROW(each_kind_of_change_is_seen),
		ROW(other_files_do_not_matter),
		ROW(changes_without_end_are_read_in_the_end),
		ROW(a_file_that_is_being_written_is_waited_for),
		ROW(the_poll_finds_what_nobody_told),
		ROW(what_was_no_good_is_read_again),
		ROW(a_folder_that_is_replaced_is_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
