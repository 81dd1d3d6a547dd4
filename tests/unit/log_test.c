/* SPDX-License-Identifier: Apache-2.0 */
/* Is each line of the log one line, whatever a client puts into its values? */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static size_t logged(const char *format, enum log_level level, const char *message, const struct log_field *f, size_t n, char *out,
	size_t size)
{
	struct err err = {0};
	struct log log;
	int ends[2];
	ssize_t len;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(log_init(&log, ends[1], format, "info", &err), 0);
	log_line(&log, level, message, f, n);
	assert_int_equal(close(ends[1]), 0);
	len = read(ends[0], out, size - 1);
	assert_int_equal(close(ends[0]), 0);
	assert_true(len >= 0);
	out[len] = '\0';
	return (size_t)len;
}

static const struct {
	struct log_field field;
	const char *text;
} values[] = {
	{{.key = "k", .type = LOG_TEXT, .text = {"plain", 5}}, "\"plain\""},
	{{.key = "k", .type = LOG_TEXT, .text = {NULL, 0}}, "\"\""},
	{{.key = "k", .type = LOG_TEXT, .text = {"a\"b\\c", 5}}, "\"a\\\"b\\\\c\""},
	{{.key = "k", .type = LOG_TEXT, .text = {"a\nb\r\t\x1b[2J\x7f", 10}}, "\"a\\u000ab\\u000d\\u0009\\u001b[2J\\u007f\""},
	{{.key = "k", .type = LOG_TEXT, .text = {"a\0b", 3}}, "\"a\\u0000b\""},
	{{.key = "k", .type = LOG_TEXT, .text = {"\xff", 1}}, "\"\\ufffd\""},
	{{.key = "k", .type = LOG_TEXT, .text = {"\xc2\x9b", 2}}, "\"\\u009b\""},
	{{.key = "k", .type = LOG_TEXT, .text = {"\xe2\x80\xa8\xe2\x80\xae", 6}}, "\"\\u2028\\u202e\""},
	{{.key = "k", .type = LOG_TEXT, .text = {"gr\xc3\xbc\xc3\x9f", 6}}, "\"gr\xc3\xbc\xc3\x9f\""},
	{{.key = "k", .type = LOG_NUMBER, .number = -7}, "-7"},
	{{.key = "k", .type = LOG_FLAG, .number = 1}, "true"},
	{{.key = "k", .type = LOG_FLAG, .number = 0}, "false"},
};

static void values_are_escaped(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		char line[4096], want[512];

		(void)logged("text", LOG_INFO, "said", &values[i].field, 1, line, sizeof(line));
		(void)snprintf(want, sizeof(want), "Z info said k=%s\n", values[i].text);
		assert_non_null(strstr(line, want));
		(void)logged("json", LOG_WARN, "said", &values[i].field, 1, line, sizeof(line));
		(void)snprintf(want, sizeof(want), "Z\",\"level\":\"warn\",\"msg\":\"said\",\"k\":%s}\n", values[i].text);
		assert_non_null(strstr(line, want));
		assert_true(strncmp(line, "{\"time\":\"2", 10) == 0);
	}
}

static void long_values_are_cut_and_the_line_ends(void **state UNUSED)
{
	static char big[100000], line[200000];
	struct log_field fields[16];
	size_t len;

	memset(big, '\n', sizeof(big));
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		fields[i] = log_text("k", (struct str){big, sizeof(big)});
	len = logged("json", LOG_INFO, "m", fields, 1, line, sizeof(line));
	assert_string_equal(line + len - 6, "...\"}\n");
	len = logged("json", LOG_INFO, "m", fields, ARRAY_LEN(fields), line, sizeof(line));
	assert_true(len <= LOG_LINE_MAX);
	assert_string_equal(line + len - 2, "}\n");
	assert_ptr_equal(strchr(line, '\n'), line + len - 1);
}

static void levels_are_kept(void **state UNUSED)
{
	char line[4096];

	assert_int_equal(logged("text", LOG_DEBUG, "m", NULL, 0, line, sizeof(line)), 0);
	assert_true(logged("text", LOG_ERROR, "m", NULL, 0, line, sizeof(line)) > 0);
	log_line(NULL, LOG_ERROR, "m", NULL, 0);
}

static void wrong_words_are_named(void **state UNUSED)
{
	struct err err = {0};
	struct log log;

	assert_int_equal(log_init(&log, 2, "xml", "info", &err), -1);
	assert_string_equal(err.what, "--log-format must be json or text, got 'xml'");
	err_clear(&err);
	assert_int_equal(log_init(&log, 2, "json", "loud", &err), -1);
	assert_string_equal(err.what, "--log-level must be debug, info, warn or error, got 'loud'");
}

static void errors_are_printed_with_their_place(void **state UNUSED)
{
	struct err err = {0};
	char text[64];

	(void)err_set(&err, ERR_INPUT, "a\x1b[1mb\nc");
	(void)err_at(&err, "f:1");
	err_print(&err, text, sizeof(text));
	assert_string_equal(text, "f:1: a\\x1b[1mb\nc");
	err_print(&err, text, 8);
	assert_true(strlen(text) < 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_escaped),  cmocka_unit_test(long_values_are_cut_and_the_line_ends),
		cmocka_unit_test(levels_are_kept),     cmocka_unit_test(wrong_words_are_named),
		cmocka_unit_test(errors_are_printed_with_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
