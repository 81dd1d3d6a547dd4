/* SPDX-License-Identifier: Apache-2.0 */
/* Values to YAML as sigs.k8s.io/yaml writes them: each text was written by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "patches/value/json.h"
#include "patches/yaml/yaml.h"
#include "tests/unit/oom.h"

static struct arena arena;

static int set_up(void **state UNUSED)
{
	arena_init(&arena, 0);
	return 0;
}

static int tear_down(void **state UNUSED)
{
	arena_release(&arena);
	return 0;
}

static const struct value *parse(const char *json)
{
	struct err err = {0};
	const struct value *v = json_parse(&arena, json, strlen(json), JSON_ALLOW_NUL, &err);

	if (!v)
		fail_msg("%s: %s", json, err.what);
	return v;
}

static const char *yaml_of(const struct value *v, struct err *err)
{
	struct text out;

	text_init(&out, &arena, LIMIT_ARENA_BYTES);
	return yaml_write(&arena, &out, v, err) < 0 ? NULL : text_cstr(&out);
}

static const struct {
	const char *json, *yaml;
} rows[] = {
	{"null", "null\n"}, {"{}", "{}\n"}, {"[]", "[]\n"}, {"\"\"", "\"\"\n"}, {"true", "true\n"}, {"5", "5\n"},
	{"{\"a\":[1,{\"b\":[2,[3,4]],\"c\":{}}],\"d\":[]}", "a:\n- 1\n- b:\n  - 2\n  - - 3\n    - 4\n  c: {}\nd: []\n"},
	/* numbers go through JSON's text */
	{"[1.0,1e3,1e6,1e20,1e21,1234567.5,0.000001,18446744073709551615,-0.5]", "- 1\n- 1000\n- 1000000\n- 1e+20\n- 1e+21\n- 1.2345675e+06\n- 1e-06\n- 18446744073709551615\n- -0.5\n"},
	/* what would be read as something else is quoted */
	{"[\"1\",\"yes\",\"~\",\"0x1F\",\"1e3\",\"2001-01-01\",\"12:30:45\",\".5\",\"=\",\"<<\",\"1_0\"]",
	 "- \"1\"\n- \"yes\"\n- \"~\"\n- \"0x1F\"\n- \"1e3\"\n- \"2001-01-01\"\n- \"12:30:45\"\n- \".5\"\n- =\n- <<\n- \"1_0\"\n"},
	{"[\"a: b\",\"a #b\",\"a:b\",\"- a\",\"-\",\"-a\",\"[a\",\"a]\",\"it's\",\"'x\",\"---\",\"a \",\" a\",\"a:\",\"@a\",\"%a\",\"?\",\"? a\",\"!a\"]",
	 "- 'a: b'\n- 'a #b'\n- a:b\n- '- a'\n- '-'\n- -a\n- '[a'\n- a]\n- it's\n- '''x'\n- '---'\n- 'a '\n- ' a'\n- 'a:'\n- '@a'\n- '%a'\n- '?'\n- '? a'\n- '!a'\n"},
	{"[\"a\\tb\",\"\\u0007\\u0000\\u001b\",\"a\\\\b\",\"\\u00e9\",\"\\ud83d\\ude00\",\"\\u00a0\",\"\\u2028\",\"\\ufeffa\"]",
	 "- \"a\\tb\"\n- \"\\a\\0\\e\"\n- a\\b\n- \xC3\xA9\n- \"\\U0001F600\"\n- \xC2\xA0\n- '\xE2\x80\xA8'\n- \"\\uFEFF\\x61\"\n"},
	/* several lines */
	{"{\"a\":\"x\\ny\\n\",\"b\":\"x\\ny\",\"c\":\"x\\n\\n\",\"d\":\" x\\ny\",\"e\":\"x \\ny\",\"f\":\"\\nx\",\"g\":\"\\n\"}",
	 "a: |\n  x\n  y\nb: |-\n  x\n  y\nc: |+\n  x\n\nd: |2-\n   x\n  y\ne: \"x \\ny\"\nf: |2-\n\n  x\ng: |2+\n\n"},
	{"[\"x\\ny\\n\",[\"z\\n\"]]", "- |\n  x\n  y\n- - |\n    z\n"},
	/* here alone Go writes otherwise: without quotes it would be a merge key */
	{"{\"<<\":\"<<\"}", "\"<<\": <<\n"},
	{"{\"a\\nb\":1}", "? |-\n  a\n  b\n: 1\n"},
	/* long lines are folded, behind column 80 */
	{"\"aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg hhhhhhhhh iiiii jjjjj kkkkk\"",
	 "aaaaaaaaa bbbbbbbbb ccccccccc ddddddddd eeeeeeeee fffffffff ggggggggg hhhhhhhhh iiiii\n  jjjjj kkkkk\n"},
	/* keys: numbers in them by value, letters behind other characters */
	{"{\"a10\":1,\"a2\":1,\"B\":1,\"a.b\":1,\"a\":1,\"1\":1,\"y\":1,\"a02\":1}", "\"1\": 1\nB: 1\na: 1\na.b: 1\na2: 1\na02: 1\na10: 1\n\"y\": 1\n"},
};

static void test_rows(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};
		const char *got = yaml_of(parse(rows[i].json), &err);

		if (!got)
			fail_msg("%s: %s", rows[i].json, err.what);
		assert_string_equal(got, rows[i].yaml);
	}
}

/* What is written reads back as the same, but for numbers that Go's floats print otherwise. */
static void test_reads_back(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};
		const struct value *v = parse(rows[i].json), *again;

		again = yaml_parse(&arena, str_of(yaml_of(v, &err)), 0, &err);
		if (!again)
			fail_msg("%s: %s", rows[i].yaml, err.what);
		assert_true(raw_equal(v, again));
	}
}

static void test_long_key(void **state UNUSED)
{
	char json[256], want[256];
	struct err err = {0};

	memset(json, 'k', sizeof(json));
	memcpy(json, "{\"", 2);
	memcpy(json + 2 + 129, "\":[1]}", 7);
	memset(want, 'k', sizeof(want));
	memcpy(want, "? ", 2);
	memcpy(want + 2 + 129, "\n: - 1\n", 8);
	assert_string_equal(yaml_of(parse(json), &err), want);
}

static void test_dynamic(void **state UNUSED)
{
	struct err err = {0};
	struct map *m = map_new(&arena, 3);
	const struct value *items[] = {value_int(&arena, -7), value_float(&arena, 2.0), value_float(&arena, 0.1)};

	assert_int_equal(map_setc(&arena, m, "list", value_list(&arena, items, 3)), 0);
	assert_int_equal(map_setc(&arena, m, "nil", &value_nil), 0);
	assert_string_equal(yaml_of(value_map(&arena, m), &err), "list:\n- -7\n- 2\n- 0.1\nnil: null\n");
	assert_string_equal(yaml_of(value_list(&arena, NULL, 0), &err), yaml_of(value_list(&arena, items, 0), &err));
}

static void test_errors(void **state UNUSED)
{
	struct err err = {0};
	const struct value *v = parse("1");

	assert_null(yaml_of(parse("\"\\u007f\""), &err));
	assert_string_equal(err.what, "yaml: control characters are not allowed");
	err_clear(&err);
	for (int i = 0; i <= LIMIT_VALUE_DEPTH; i++) {
		const struct value **item = arena_calloc(&arena, 1, sizeof(*item));

		item[0] = v;
		v = value_list(&arena, item, 1);
	}
	assert_null(yaml_of(v, &err));
	assert_int_equal(err.code, ERR_LIMIT);
}

static int write_once(struct arena *a, const void *arg, struct err *err)
{
	struct text out;

	text_init(&out, NULL, 1 << 20); /* not of the arena: its end is another error */
	if (yaml_write(a, &out, arg, err) < 0) {
		text_release(&out);
		return -1;
	}
	text_release(&out);
	return 0;
}

static void test_no_memory(void **state UNUSED)
{
	assert_true(oom_loop(write_once, parse("{\"a\":[1.5,{\"b\":\"\\u00e9\"}]}")) > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reads_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_key, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_dynamic, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
