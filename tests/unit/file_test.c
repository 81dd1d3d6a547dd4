/* SPDX-License-Identifier: Apache-2.0 */
/* What do files get that are missing, too large, directories, not text, or change while they are read? */
#include "base/file.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	char dir[64];
	char path[80];
	struct arena a;
};

static int set_up(void **state)
{
	static struct fixture f;

	(void)snprintf(f.dir, sizeof(f.dir), "/tmp/outrigger-file-XXXXXX");
	assert_non_null(mkdtemp(f.dir));
	(void)snprintf(f.path, sizeof(f.path), "%s/file", f.dir);
	arena_init(&f.a, 0);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	arena_release(&f->a);
	(void)unlink(f->path);
	return rmdir(f->dir);
}

static void put(const struct fixture *f, const char *text, size_t len)
{
	struct err err = {0};

	if (file_write(f->path, (struct str){text, len}, 0600, &err) < 0)
		fail_msg("%s", err.what);
}

static void what_was_written_is_read(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	struct str got;
	struct stat st;

	put(f, "a\0b\n", 4);
	assert_int_equal(file_read(&f->a, f->path, 4, 0, &got, &err), 0);
	assert_true(str_eq(got, (struct str){"a\0b\n", 4}));
	assert_int_equal(got.p[4], '\0');
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	put(f, "", 0);
	assert_int_equal(file_read(&f->a, f->path, 4, FILE_UTF8, &got, &err), 0);
	assert_int_equal(got.len, 0);
	assert_non_null(got.p);
}

static void expect_error(struct fixture *f, const char *path, size_t max, enum err_code code, const char *what)
{
	struct err err = {0};
	struct str got;

	assert_int_equal(file_read(&f->a, path, max, FILE_UTF8, &got, &err), -1);
	assert_int_equal(err.code, code);
	assert_string_equal(err.where, path);
	assert_string_equal(err.what, what);
}

static void bad_files_are_named(void **state)
{
	struct fixture *f = *state;

	put(f, "12345", 5);
	expect_error(f, f->path, 4, ERR_LIMIT, "the file is larger than 4 bytes");
	expect_error(f, f->dir, 4, ERR_IO, "is a directory, a file is needed");
	put(f, "ab\xff", 3);
	expect_error(f, f->path, 9, ERR_INPUT, "is not UTF-8 text: byte 0xff at offset 2");
	(void)unlink(f->path);
	expect_error(f, f->path, 4, ERR_IO, "cannot open the file: No such file or directory");
	expect_error(f, "", 4, ERR_IO, "cannot open the file: No such file or directory");
}

static atomic_bool stop;

/* Replaces the file as kubelet does, by rename, with texts that can be told apart when mixed. */
static void *swap_files(void *arg)
{
	const struct fixture *f = arg;
	static char text[50000];
	struct err err = {0};
	bool failed = false;

	for (int i = 0; !atomic_load(&stop) && !failed; i++) {
		memset(text, 'a' + i % 26, sizeof(text));
		failed = file_write(f->path, (struct str){text, sizeof(text) - (size_t)(i % 26)}, 0600, &err) < 0;
	}
	return failed ? arg : NULL;
}

static void a_swapped_file_is_old_or_new(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;
	void *failed;

	put(f, "", 0);
	atomic_store(&stop, false);
	assert_int_equal(pthread_create(&thread, NULL, swap_files, f), 0);
	for (int i = 0; i < 300; i++) {
		struct err err = {0};
		struct str got;

		arena_clear(&f->a);
		assert_int_equal(file_read(&f->a, f->path, 100000, FILE_UTF8, &got, &err), 0);
		if (!got.len)
			continue;
		for (size_t k = 1; k < got.len; k++)
			assert_int_equal(got.p[k], got.p[0]);
		assert_int_equal(got.len, 50000 - (size_t)(got.p[0] - 'a'));
	}
	atomic_store(&stop, true);
	assert_int_equal(pthread_join(thread, &failed), 0);
	assert_null(failed);
}

static void unwritable_places_are_named(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/none/file", f->dir);
	assert_int_equal(file_write(path, STR("x"), 0600, &err), -1);
	assert_string_equal(err.where, path);
	assert_string_equal(err.what, "cannot create the file: No such file or directory");
	err_clear(&err);
	assert_int_equal(file_write("/dev/full/x", STR("x"), 0600, &err), -1);
	assert_string_equal(err.what, "cannot create the file: Not a directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(bad_files_are_named),
		cmocka_unit_test(a_swapped_file_is_old_or_new),
		cmocka_unit_test(unwritable_places_are_named),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
