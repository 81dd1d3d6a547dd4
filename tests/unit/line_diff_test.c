/* SPDX-License-Identifier: Apache-2.0 */
/* Is the difference of two texts small, readable, and does it lead from the one to the other? */
#include "webhook/cli/line_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "--- a\n+++ b\n"

static const struct {
	const char *before, *after, *want;
} rows[] = {
	{"", "", ""},
	{"a\n", "a\n", ""},
	{"", "a\n", HEAD "@@ -0,0 +1 @@\n+a\n"},
	{"a\n", "", HEAD "@@ -1 +0,0 @@\n-a\n"},
	{"a\nb\n", "a\nc\n", HEAD "@@ -1,2 +1,2 @@\n a\n-b\n+c\n"},
	{"a\n", "a\nb\nc\n", HEAD "@@ -1 +1,3 @@\n a\n+b\n+c\n"},
	{"a", "a\n", HEAD "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
	/* Three lines of context, no more. */
	{"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n", HEAD "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n"},
	/* Changes with six equal lines between them share a hunk; with seven they do not. */
	{"a\n1\n2\n3\n4\n5\n6\nb\n", "1\n2\n3\n4\n5\n6\n", HEAD "@@ -1,8 +1,6 @@\n-a\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n"},
	{"a\n1\n2\n3\n4\n5\n6\n7\nb\n", "1\n2\n3\n4\n5\n6\n7\n",
		HEAD "@@ -1,4 +1,3 @@\n-a\n 1\n 2\n 3\n@@ -6,4 +5,3 @@\n 5\n 6\n 7\n-b\n"},
	/* The classic example: five edits are enough. */
	{"a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n", HEAD "@@ -1,7 +1,6 @@\n-a\n-b\n c\n+b\n a\n b\n-b\n a\n+c\n"},
};

static struct str diff(struct arena *a, struct text *out, struct str before, struct str after, bool colour)
{
	const struct line_diff d = {"a", "b", colour};
	struct err err = {0};

	text_init(out, a, 64 << 20);
	if (line_diff_write(out, before, after, &d, &err) < 0)
		fail_msg("%s", err.what);
	assert_false(out->failed);
	return (struct str){text_cstr(out), out->len};
}

static void test_rows(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct text out;
		struct arena a;

		arena_init(&a, 0);
		assert_string_equal(diff(&a, &out, str_of(rows[i].before), str_of(rows[i].after), false).p, rows[i].want);
		arena_release(&a);
	}
}

static void test_colour(void **state UNUSED)
{
	struct text out;
	struct arena a;

	arena_init(&a, 0);
	assert_string_equal(diff(&a, &out, STR("a\n"), STR("b\n"), true).p,
		"\x1b[1m--- a\x1b[0m\n\x1b[1m+++ b\x1b[0m\n\x1b[36m@@ -1 +1 @@\x1b[0m\n\x1b[31m-a\x1b[0m\n\x1b[32m+b\x1b[0m\n");
	arena_release(&a);
}

static struct str next_line(struct str *rest)
{
	return str_cut(rest, '\n');
}

/* What a reader of the diff would make of `before`. Texts end in a newline here. */
static void apply(struct text *out, struct str before, struct str patch)
{
	size_t at = 1, start;

	(void)next_line(&patch);
	(void)next_line(&patch);
	while (patch.p && patch.len) {
		const struct str line = next_line(&patch);

		if (line.p[0] == '@') {
			start = strtoul(line.p + 4, NULL, 10);
			start += memcmp(strpbrk(line.p + 4, ", "), ",0 ", 3) == 0;
			for (; at < start; at++) {
				const struct str kept = next_line(&before);

				text_add(out, kept.p, kept.len + 1);
			}
			continue;
		}
		if (line.p[0] != '+') {
			const struct str was = next_line(&before);

			assert_true(str_eq(was, (struct str){line.p + 1, line.len - 1}));
			at++;
		}
		if (line.p[0] != '-')
			text_add(out, line.p + 1, line.len);
	}
	if (before.p)
		text_add(out, before.p, before.len);
}

static void add_random_lines(struct text *t, unsigned *seed, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_addf(t, "%c\n", 'a' + rand_r(seed) % 5);
}

/* Texts that differ everywhere, and in more lines than are looked for one by one, come out right all the same. */
static void test_leads_from_one_to_the_other(void **state UNUSED)
{
	unsigned seed = 7;

	for (size_t i = 0; i < 600; i++) {
		const size_t most = i < 598 ? 40 : 6000;
		struct text before, after, out, made;
		struct str patch;
		struct arena a;

		arena_init(&a, 0);
		text_init(&before, &a, 1 << 20);
		text_init(&after, &a, 1 << 20);
		text_init(&made, &a, 1 << 20);
		add_random_lines(&before, &seed, (size_t)rand_r(&seed) % most + most / 2);
		if (i % 3 == 0)
			text_add(&after, before.data, before.len / 2 / 2 * 2);
		add_random_lines(&after, &seed, (size_t)rand_r(&seed) % most + most / 2);
		patch = diff(&a, &out, (struct str){before.data, before.len}, (struct str){after.data, after.len}, false);
		apply(&made, (struct str){before.data, before.len}, patch);
		assert_int_equal(made.len, after.len);
		assert_memory_equal(made.data, after.data, after.len);
		arena_release(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows), cmocka_unit_test(test_colour), cmocka_unit_test(test_leads_from_one_to_the_other),
	};

	return cmocka_run_group_tests_name("line_diff", tests, NULL, NULL);
}
