/* SPDX-License-Identifier: Apache-2.0 */
/* YAML to raw values as sigs.k8s.io/yaml reads it: scalars, structure, errors with their full text, limits. */
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

static const char *json_of(const char *yaml, unsigned flags, struct err *err)
{
	const struct value *v = yaml_parse(&arena, str_of(yaml), flags, err);
	struct text out;

	if (!v)
		return NULL;
	text_init(&out, &arena, LIMIT_ARENA_BYTES);
	json_write(&out, v, 0);
	return text_cstr(&out);
}

struct row {
	const char *yaml, *json;
};

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct err err = {0};
		const char *got = json_of(rows[i].yaml, 0, &err);

		if (!got)
			fail_msg("%s: %s", rows[i].yaml, err.what);
		if (strcmp(got, rows[i].json) != 0)
			fail_msg("%s: %s, want %s", rows[i].yaml, got, rows[i].json);
	}
}

static void test_scalars(void **state UNUSED)
{
	static const struct row rows[] = {
		{"", "null"}, {"~", "null"}, {"null", "null"}, {"NULL", "null"}, {"nULL", "\"nULL\""}, {"''", "\"\""},
		{"yes", "true"}, {"y", "true"}, {"On", "true"}, {"TRUE", "true"}, {"no", "false"}, {"N", "false"}, {"off", "false"}, {"tRUE", "\"tRUE\""},
		{"'yes'", "\"yes\""}, {"\"1\"", "\"1\""},
		{"0", "0"}, {"-0", "0"}, {"+1", "1"}, {"1_000", "1000"}, {"-_1", "-1"}, {"_1", "\"_1\""}, {"010", "8"}, {"08", "8"}, {"0x1F", "31"}, {"-0x10", "-16"},
		{"0o17", "15"}, {"0b101", "5"}, {"-0b11", "-3"}, {"0b+1", "1"}, {"0b2", "\"0b2\""}, {"0x", "\"0x\""}, {"0_x1", "1"},
		{"9223372036854775807", "9223372036854775807"}, {"-9223372036854775808", "-9223372036854775808"},
		{"18446744073709551615", "18446744073709551615"}, {"18446744073709551616", "18446744073709552000"}, {"+9223372036854775808", "9223372036854776000"},
		{"1.5", "1.5"}, {"1.", "1"}, {".5", "0.5"}, {"+.5", "0.5"}, {"._5", "\"._5\""}, {"1e3", "1000"}, {"1e21", "1e+21"}, {"1e-7", "1e-7"}, {"-0.0", "-0"},
		{"1e400", "\"1e400\""}, {"1e-400", "0"}, {"1_0.5", "10.5"}, {"1:30", "\"1:30\""}, {".", "\".\""}, {"-", "[null]"}, {"1.2.3", "\"1.2.3\""},
		{"2001-01-01", "\"2001-01-01\""}, {"2001-12-14T21:59:43Z", "\"2001-12-14T21:59:43Z\""}, {"<<", "\"<<\""},
		{"!!str 5", "\"5\""}, {"!!int '5'", "5"}, {"!!float 5", "5"}, {"!!bool yes", "true"}, {"!!null ''", "null"}, {"!foo 5", "\"5\""}, {"! '5'", "\"5\""},
		{"!!binary aGk=", "\"hi\""}, {"!!binary /w==", "\"\xEF\xBF\xBD\""}, {"!!timestamp 2001-01-01", "\"2001-01-01\""},
	};

	check_rows(rows, ARRAY_LEN(rows));
}

static void test_structure(void **state UNUSED)
{
	static const struct row rows[] = {
		{"# c\n", "null"}, {"---\n---\na: 1", "null"}, {"a: 1\n---\n: : [", "{\"a\":1}"}, {"\xEF\xBB\xBF" "a: 1\nb: 2\n", "{\"a\":1,\"b\":2}"},
		{"a: 1\na: 2\n", "{\"a\":2}"}, {"1: a\n1.5: b\ntrue: c\n.inf: d\n0x10: e\n", "{\"1\":\"a\",\"1.5\":\"b\",\"true\":\"c\",\".inf\":\"d\",\"16\":\"e\"}"},
		{"123456789.123: a", "{\"1.2345679e+08\":\"a\"}"},
		{"a:\n- 1\n- - 2\n  - 3\nb: [x, {w: z}]\n", "{\"a\":[1,[2,3]],\"b\":[\"x\",{\"w\":\"z\"}]}"},
		{"a: |\n  x\n   y\n\nb: >-\n  x\n  y\n\n  z\nc: |+\n  x\n\n", "{\"a\":\"x\\n y\\n\",\"b\":\"x y\\nz\",\"c\":\"x\\n\\n\"}"},
		{"a: &x {b: [1]}\nc: *x\n", "{\"a\":{\"b\":[1]},\"c\":{\"b\":[1]}}"}, {"a: &x 1\nb: &x 2\nc: *x", "{\"a\":1,\"b\":2,\"c\":2}"},
		{"&a a: 1\nb: {*a : 2}", "{\"a\":1,\"b\":{\"a\":2}}"},
		{"<<: {a: 1}\na: 2\n", "{\"a\":2}"}, {"a: 2\n<<: {a: 1}\n", "{\"a\":1}"}, {"<<: [{a: 1}, {a: 2, b: 3}]", "{\"a\":1,\"b\":3}"},
		{"x: &x {a: 1}\nw:\n  <<: *x\n  b: 2\n", "{\"x\":{\"a\":1},\"w\":{\"a\":1,\"b\":2}}"}, {"'<<': 1", "{\"<<\":1}"},
		{"a: {}\nb: []\nc:\n", "{\"a\":{},\"b\":[],\"c\":null}"}, {"? a\n: b\n", "{\"a\":\"b\"}"},
	};

	check_rows(rows, ARRAY_LEN(rows));
}

static void test_errors(void **state UNUSED)
{
	static const struct {
		const char *yaml, *what, *where;
	} rows[] = {
		{"a: [b\n", "yaml: line 1: did not find expected ',' or ']'", "line 2, column 1"},
		{"a: b: c", "yaml: mapping values are not allowed in this context", "line 1, column 5"},
		{"x: y\na:\n\tb: c", "yaml: line 3: found character that cannot start any token", "line 3, column 1"},
		{"a: \x01", "yaml: control characters are not allowed", "line 1"},
		{"a: 1\nb: \xff\n", "yaml: invalid leading UTF-8 octet", "line 2"},
		{"a: *b", "yaml: unknown anchor 'b' referenced", "line 1"},
		{"a: &a [*a]", "yaml: anchor 'a' value contains itself", "line 1"},
		{"b: 1\na: !!int x", "yaml: cannot decode !!str `x` as a !!int", "line 2"},
		{"a: !!binary x", "yaml: !!binary value contains invalid base64 data", "line 1"},
		{"b: 1\n{{ x }}: a", "yaml: invalid map key: map[interface {}]interface {}{...}", "line 2"},
		{"? [a]\n: b", "yaml: invalid map key: []interface {}{...}", "line 1"},
		{"<<: a", "yaml: map merge requires map or sequence of maps as the value", "line 1"},
		{"a: .inf", "json: unsupported value: +Inf", "line 1"}, {"a: [.nan]", "json: unsupported value: NaN", "line 1"},
		{"~: a", "unsupported map key of type: %!s(<nil>), key: <nil>", "line 1"},
		{"18446744073709551615: a", "unsupported map key of type: uint64, key: 18446744073709551615", "line 1"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};
		const char *got = json_of(rows[i].yaml, 0, &err);

		if (got)
			fail_msg("%s is %s", rows[i].yaml, got);
		assert_string_equal(err.what, rows[i].what);
		assert_string_equal(err.where, rows[i].where);
		assert_int_equal(err.code, ERR_INPUT);
	}
}

static void test_strict_keys(void **state UNUSED)
{
	struct err err = {0};

	assert_null(json_of("a: 1\nb: 2\na: 3\nb: 4\n", YAML_STRICT_KEYS, &err));
	assert_string_equal(err.what, "yaml: unmarshal errors:\n  line 3: key \"a\" already set in map\n  line 4: key \"b\" already set in map");
	err_clear(&err);
	assert_string_equal(json_of("a: {a: 1}\nb: {a: 1}\n", YAML_STRICT_KEYS, &err), "{\"a\":{\"a\":1},\"b\":{\"a\":1}}");
}

static void test_marks(void **state UNUSED)
{
	struct err err = {0};
	const struct value *v = yaml_parse(&arena, STR("a: [b, 1, true, ~]\n"), YAML_FROM_POD, &err);
	const struct value *list = raw_get(v, "a");

	assert_true(v->flags & V_ASIS);
	assert_true(v->u.map->entry[0].key_from_pod);
	assert_true(list->u.list.item[0]->flags & V_POD);
	for (size_t i = 0; i < 4; i++)
		assert_true(list->u.list.item[i]->flags & V_ASIS);
	v = yaml_parse(&arena, STR("a: b\n"), 0, &err);
	assert_int_equal(v->flags | raw_get(v, "a")->flags, 0);
	assert_false(v->u.map->entry[0].key_from_pod);
}

static const char *nested(size_t levels, const char *open, const char *close)
{
	struct text out;

	text_init(&out, &arena, LIMIT_ARENA_BYTES);
	for (size_t i = 0; i < levels; i++)
		text_adds(&out, open);
	for (size_t i = 0; i < levels; i++)
		text_adds(&out, close);
	return text_cstr(&out);
}

static const char *bomb(int levels)
{
	struct text out;

	text_init(&out, &arena, LIMIT_ARENA_BYTES);
	text_adds(&out, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i <= levels; i++) {
		text_addf(&out, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			text_addf(&out, "*a%d, ", i - 1);
		text_adds(&out, "]\n");
	}
	return text_cstr(&out);
}

/* As deep as anchors within anchors may lead, though no line of the text is. */
static const char *deep_by_aliases(int levels)
{
	struct text out;

	text_init(&out, &arena, LIMIT_ARENA_BYTES);
	text_adds(&out, "a0: &a0 [x]\n");
	for (int i = 1; i <= levels; i++)
		text_addf(&out, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	return text_cstr(&out);
}

static void test_limits(void **state UNUSED)
{
	struct err err = {0};

	assert_non_null(json_of(nested(LIMIT_YAML_DEPTH, "[", "]"), 0, &err));
	assert_null(json_of(nested(LIMIT_YAML_DEPTH + 1, "[", "]"), 0, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.what, "yaml: nested deeper than 64 levels");
	err_clear(&err);
	assert_null(json_of(nested(200000, "- ", ""), 0, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	err_clear(&err);
	assert_null(json_of(nested(200000, "{a: ", ""), 0, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	err_clear(&err);
	assert_null(json_of(deep_by_aliases(80), 0, &err));
	assert_string_equal(err.what, "yaml: nested deeper than 64 levels");
	err_clear(&err);
	assert_non_null(json_of(bomb(2), 0, &err));
	assert_null(json_of(bomb(9), 0, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.what, "yaml: document contains excessive aliasing");
}

static void test_events(void **state UNUSED)
{
	struct text out;
	struct err err = {0};

	text_init(&out, &arena, LIMIT_ARENA_BYTES);
	for (size_t i = 0; i < LIMIT_YAML_EVENTS + 10; i++)
		text_adds(&out, "-\n");
	assert_null(yaml_parse(&arena, (struct str){out.data, out.len}, 0, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.what, "yaml: more than 2000000 events");
}

/* Every prefix, in memory of just its size: whatever is wrong with it, nothing reads behind it. */
static void test_prefixes(void **state UNUSED)
{
	static const char text[] = "a: &x {b: [1, 'two', \"three\\n\\u00e9\"], c: ~}\nd: *x\n<<: *x\n? e\n: |2-\n   f\n g: >\n  h # i\n--- x\n...\n%YAML 1.1\n";

	for (size_t len = 0; len < sizeof(text); len++) {
		char *copy = malloc(len ? len : 1);
		struct err err = {0};

		assert_non_null(copy);
		memcpy(copy, text, len);
		if (!yaml_parse(&arena, (struct str){copy, len}, 0, &err))
			assert_true(err.what[0] != '\0');
		free(copy);
	}
}

static void test_documents(void **state UNUSED)
{
	struct yaml_reader r = {.rest = STR("# head\na: 1\n---\n--- # c\nb: 2\n---not\n---\n\n---")};
	static const struct {
		const char *text;
		size_t line;
	} want[] = {{"# head\na: 1\n", 1}, {"b: 2\n---not\n", 5}, {"\n", 8}};
	struct str piece;
	size_t line;

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_true(yaml_next_document(&r, &piece, &line));
		assert_int_equal(piece.len, strlen(want[i].text));
		assert_memory_equal(piece.p, want[i].text, piece.len);
		assert_int_equal(line, want[i].line);
	}
	assert_false(yaml_next_document(&r, &piece, &line));
}

static int parse_once(struct arena *a, const void *arg, struct err *err)
{
	return yaml_parse(a, str_of(arg), 0, err) ? 0 : -1;
}

static void test_no_memory(void **state UNUSED)
{
	assert_true(oom_loop(parse_once, "a: &x {b: [1, 'two', 0x10], !!binary aGk=: ~}\nd: *x\n<<: [*x, {1.5: y}]\n") > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_scalars, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_structure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_errors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_strict_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_marks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_events, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_prefixes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_documents, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
