/* SPDX-License-Identifier: Apache-2.0 */
/* Is every way of giving an option understood, and every mistake named? */
#include "webhook/cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

enum { MAX_ARGS = 8 };

static int parse(enum verb verb, const char *const *args, struct options *o, struct err *err)
{
	char *argv[MAX_ARGS];
	int argc = 0, status;

	for (; args[argc]; argc++)
		argv[argc] = strdup(args[argc]);
	status = options_parse(verb, argc, argv, o, err);
	/* Options borrow from argv: what a test looks at is compared with its own words first. */
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	return status;
}

static void defaults_are_filled_in(void **state UNUSED)
{
	const char *const none[] = {NULL};
	struct options o;
	struct err err = {0};

	assert_int_equal(parse(VERB_SERVE, none, &o, &err), 0);
	assert_string_equal(o.listen, "0.0.0.0:15017");
	assert_string_equal(o.metrics_listen, "off");
	assert_string_equal(o.revision, "default");
	assert_string_equal(o.native_sidecars, "auto");
	assert_string_equal(o.platform, "");
	assert_int_equal(o.max_body, 8 << 20);
	assert_int_equal(o.request_timeout, 10000);
	assert_null(o.inject_config);
	assert_int_equal(o.env.len, 0);
	assert_false(o.help);
}

/* Each way sets --max-body or its like to the same. */
static void numbers_are_read(void **state UNUSED)
{
	static const struct {
		const char *args[3];
		int64_t max_body, idle, threads;
	} rows[] = {
		{{"--max-body", "2048"}, 2048, 90000, 0},
		{{"--max-body=2Ki"}, 2048, 90000, 0},
		{{"--max-body", "1Mi"}, 1 << 20, 90000, 0},
		{{"--idle-timeout", "1500ms"}, 8 << 20, 1500, 0},
		{{"--idle-timeout=2m"}, 8 << 20, 120000, 0},
		{{"--idle-timeout", "1h"}, 8 << 20, 3600000, 0},
		{{"--threads", "3"}, 8 << 20, 90000, 3},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct options o;
		struct err err = {0};

		if (parse(VERB_SERVE, rows[i].args, &o, &err) < 0)
			fail_msg("%s: %s", rows[i].args[0], err.what);
		assert_int_equal(o.max_body, rows[i].max_body);
		assert_int_equal(o.idle_timeout, rows[i].idle);
		assert_int_equal(o.threads, rows[i].threads);
	}
}

static const struct {
	enum verb verb;
	const char *args[MAX_ARGS];
	const char *what;
} mistakes[] = {
	{VERB_SERVE, {"--nope"}, "unknown option '--nope'"},
	{VERB_SERVE, {"-f", "x"}, "unknown option '-f'"},
	{VERB_INJECT, {"--listen", "x"}, "unknown option '--listen'"},
	{VERB_SERVE, {"--listen"}, "--listen needs a value: ADDR:PORT"},
	{VERB_INJECT, {"-f"}, "--filename needs a value: FILE|DIR|-"},
	{VERB_SERVE, {"--help=yes"}, "--help takes no value"},
	{VERB_SERVE, {"--threads", "many"}, "--threads must be a number from 0 to 256, got 'many'"},
	{VERB_SERVE, {"--threads", "-1"}, "--threads must be a number from 0 to 256, got '-1'"},
	{VERB_SERVE, {"--threads", "1s"}, "--threads must be a number from 0 to 256, got '1s'"},
	{VERB_SERVE, {"--max-body", "1"}, "--max-body must be a number from 1024 to 67108864, got '1'"},
	{VERB_SERVE, {"--max-body", "9223372036854775807Mi"},
	 "--max-body must be a number from 1024 to 67108864, got '9223372036854775807Mi'"},
	{VERB_SERVE, {"--idle-timeout", "10"}, "--idle-timeout must be a time like 500ms, 10s or 2m, from 1000ms to 3600s, got '10'"},
	{VERB_SERVE, {"--log-format", "xml"}, "--log-format must be json|text, got 'xml'"},
	{VERB_INJECT, {"--native-sidecars", ""}, "--native-sidecars must be auto|true|false, got ''"},
	{VERB_INJECT, {"-o", "wide"}, "--output must be yaml|json, got 'wide'"},
};

static void mistakes_are_named(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		struct options o;
		struct err err = {0};

		assert_int_equal(parse(mistakes[i].verb, mistakes[i].args, &o, &err), -1);
		assert_int_equal(err.code, ERR_CONFIG);
		assert_string_equal(err.what, mistakes[i].what);
	}
}

static void every_form_is_understood(void **state UNUSED)
{
	char *argv[] = {(char[]){"-fa"}, (char[]){"-n=b"}, (char[]){"--env"}, (char[]){"K=V"}, (char[]){"--env=L="}, (char[]){"-"},
		(char[]){"--injectConfigFile"}, (char[]){"c"}, (char[]){"--"}, (char[]){"--values"}};
	struct options o;
	struct err err = {0};

	assert_int_equal(options_parse(VERB_INJECT, ARRAY_LEN(argv), argv, &o, &err), 0);
	assert_int_equal(o.files.len, 1);
	assert_string_equal(o.files.item[0], "a");
	assert_string_equal(o.namespace, "b");
	assert_int_equal(o.env.len, 2);
	assert_string_equal(o.env.item[0], "K=V");
	assert_string_equal(o.env.item[1], "L=");
	assert_string_equal(o.inject_config, "c");
	assert_null(o.values);
	assert_int_equal(o.n_rest, 2);
	assert_string_equal(o.rest[0], "-");
	assert_string_equal(o.rest[1], "--values");
}

static void repeats_have_a_limit(void **state UNUSED)
{
	char word[] = "--host=a", *argv[OPTIONS_REPEAT_MAX + 1];
	struct options o;
	struct err err = {0};

	for (size_t i = 0; i < ARRAY_LEN(argv); i++)
		argv[i] = word;
	assert_int_equal(options_parse(VERB_CERTS, OPTIONS_REPEAT_MAX, argv, &o, &err), 0);
	assert_int_equal(options_parse(VERB_CERTS, OPTIONS_REPEAT_MAX + 1, argv, &o, &err), -1);
	assert_string_equal(err.what, "--host may be given at most 64 times");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_filled_in),   cmocka_unit_test(numbers_are_read),
		cmocka_unit_test(mistakes_are_named),       cmocka_unit_test(every_form_is_understood),
		cmocka_unit_test(repeats_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
