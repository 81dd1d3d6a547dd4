/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON reader and writer: what they accept, what they say, what they print. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/gofloat.h"
#include "base/limits.h"
#include "patches/value/json.h"
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

static const char *write_json(const struct value *v, unsigned flags)
{
	struct text out;

	text_init(&out, &arena, 1 << 24);
	json_write(&out, v, flags);
	return text_cstr(&out);
}

static void test_refused(void **state UNUSED)
{
	static const struct {
		struct str json;
		const char *where, *what;
	} rows[] = {
		{STR(""), "byte 0", "unexpected end of the JSON text"},
		{STR(" \n\t\r"), "byte 4", "unexpected end of the JSON text"},
		{STR("\xef\xbb\xbf{}"), "byte 0", "the text begins with a byte order mark"},
		{STR("hello"), "byte 0", "a JSON value was expected"},
		{STR("\0"), "byte 0", "a JSON value was expected"},
		{STR("{} x"), "byte 3", "more text behind the JSON value"},
		{STR("1 2"), "byte 2", "more text behind the JSON value"},
		{STR("{}\0"), "byte 2", "more text behind the JSON value"},
		{STR("[1,]"), "byte 3", "a JSON value was expected"},
		{STR("[,1]"), "byte 1", "a JSON value was expected"},
		{STR("[1 2]"), "byte 3", "',' or ']' was expected"},
		{STR("[1}"), "byte 2", "',' or ']' was expected"},
		{STR("{\"a\":1,}"), "byte 7", "a key in double quotes was expected"},
		{STR("{a:1}"), "byte 1", "a key in double quotes was expected"},
		{STR("{'a':1}"), "byte 1", "a key in double quotes was expected"},
		{STR("{\"a\" 1}"), "byte 5", "':' was expected"},
		{STR("{\"a\":1 \"b\":2}"), "byte 7", "',' or '}' was expected"},
		{STR("tru"), "byte 3", "unexpected end of the JSON text"},
		{STR("trux"), "byte 3", "unexpected character"},
		{STR("truex"), "byte 4", "more text behind the JSON value"},
		{STR("nil"), "byte 1", "unexpected character"},
		{STR("NaN"), "byte 0", "a JSON value was expected"},
		{STR("01"), "byte 0", "a number must not begin with 0"},
		{STR("-01"), "byte 1", "a number must not begin with 0"},
		{STR("-"), "byte 1", "unexpected end of the JSON text"},
		{STR("-x"), "byte 1", "a digit was expected"},
		{STR("+1"), "byte 0", "a JSON value was expected"},
		{STR(".5"), "byte 0", "a JSON value was expected"},
		{STR("1."), "byte 2", "unexpected end of the JSON text"},
		{STR("1.e5"), "byte 2", "a digit was expected"},
		{STR("1e"), "byte 2", "unexpected end of the JSON text"},
		{STR("1e+ "), "byte 3", "a digit was expected"},
		{STR("0x10"), "byte 1", "more text behind the JSON value"},
		{STR("[1e999]"), "byte 1", "number out of the range of a double"},
		{STR("-1e309"), "byte 0", "number out of the range of a double"},
		{STR("\"abc"), "byte 4", "the text ends within a string"},
		{STR("\"abc\\"), "byte 5", "the text ends within a string"},
		{STR("\"a\\x\""), "byte 2", "unknown escape in a string"},
		{STR("\"a\\\0\""), "byte 2", "unknown escape in a string"},
		{STR("\"\\u12\""), "byte 1", "\\u wants four hexadecimal digits"},
		{STR("\"\\u12g4\""), "byte 1", "\\u wants four hexadecimal digits"},
		{STR("\"a\nb\""), "byte 2", "control character in a string, must be escaped"},
		{STR("\"a\0b\""), "byte 2", "control character in a string, must be escaped"},
		{STR("\"12345678\x1f\""), "byte 9", "control character in a string, must be escaped"},
		{STR("\"a\xff\""), "byte 2", "invalid UTF-8"},
		{STR("\"\xc0\x80\""), "byte 1", "invalid UTF-8"},
		{STR("\"\xed\xa0\x80\""), "byte 1", "invalid UTF-8"},
		{STR("\"\xf4\x90\x80\x80\""), "byte 1", "invalid UTF-8"},
		{STR("\"\xe2\x82\""), "byte 1", "invalid UTF-8"},
		{STR("\"\xe2\x82"), "byte 1", "invalid UTF-8"},
		{STR("{\"\xff\":1}"), "byte 2", "invalid UTF-8"},
		{STR("\"\\ud800\""), "byte 1", "half of a surrogate pair stands alone"},
		{STR("\"\\udc00\\ud800\""), "byte 1", "half of a surrogate pair stands alone"},
		{STR("\"\\ud800\\ud800\""), "byte 1", "half of a surrogate pair stands alone"},
		{STR("\"\\ud800x\""), "byte 1", "half of a surrogate pair stands alone"},
		{STR("{\"a\":1,\"a\":2}"), "/a", "duplicate key"},
		{STR("{\"s\":[{},{\"x/~\":{\"k\":1,\"\\u006b\":2}}]}"), "/s/1/x~1~0/k", "duplicate key"},
		{STR("{\"\":1,\"\":2}"), "/", "duplicate key"},
		{STR("{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"b\":2}"), "/b", "duplicate key"},
		{STR("{\"a\":[0,\"x\\u0000y\"]}"), "/a/1", "string holds NUL (\\u0000)"},
		{STR("\"\\u0000\""), "", "string holds NUL (\\u0000)"},
		{STR("{\"a\":{\"x\\u0000y\":1}}"), "/a/x\\u0000y", "key holds NUL (\\u0000)"},
		{STR("{\"\\u0000\":1}"), "/\\u0000", "key holds NUL (\\u0000)"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};
		const struct value *v = json_parse(&arena, rows[i].json.p, rows[i].json.len, 0, &err);

		if (v || err.code != ERR_INPUT || strcmp(err.where, rows[i].where) != 0 || strcmp(err.what, rows[i].what) != 0)
			fail_msg("%s: '%s' at '%s', wanted '%s' at '%s'", rows[i].json.p, err.what, err.where, rows[i].what,
				rows[i].where);
	}
}

static void test_accepted(void **state UNUSED)
{
	static const struct {
		const char *json, *wanted;
		unsigned flags;
	} rows[] = {
		{" [ ] ", "[]", 0},
		{"{ }", "{}", 0},
		{"\t{\"a\" : [1 , -2.50e+3,\r\n true,false,null , \"x\"] }\n", "{\"a\":[1,-2.50e+3,true,false,null,\"x\"]}", 0},
		{"-0", "-0", 0},
		{"9223372036854775808", "9223372036854775808", 0},
		{"18446744073709551616", "18446744073709551616", 0},
		{"1e-999", "1e-999", 0},
		{"0e9999999999", "0e9999999999", 0},
		{"\"\"", "\"\"", 0},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"", 0},
		{"\"\\u00e9\\u20ac\\ud83d\\uDE00\"", "\"é€😀\"", 0},
		{"\"é€😀 plain and long enough\"", "\"é€😀 plain and long enough\"", 0},
		{"\"\x7f\\u007f\\u001f\"", "\"\x7f\x7f\\u001f\"", 0},
		{"\"<&>\\u2028\"", "\"<&>\u2028\"", 0},
		{"{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}", JSON_LAST_WINS},
		{"\"a\\u0000b\"", "\"a\\u0000b\"", JSON_ALLOW_NUL},
		{"{\"\\u0000\":1}", "{\"\\u0000\":1}", JSON_ALLOW_NUL},
		{"\"a\xff\xfe\xe2\x82z\"", "\"a\ufffd\ufffd\ufffd\ufffdz\"", JSON_GO_UTF8},
		{"\"\\ud800\\u0041\\udc00\"", "\"\ufffdA\ufffd\"", JSON_GO_UTF8},
		{"\"\\ud800\\ud83d\\ude00\"", "\"\ufffd😀\"", JSON_GO_UTF8},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};
		const struct value *v = json_parse(&arena, rows[i].json, strlen(rows[i].json), rows[i].flags, &err);

		if (!v)
			fail_msg("%s: %s at %s", rows[i].json, err.what, err.where);
		assert_string_equal(write_json(v, 0), rows[i].wanted);
	}
}

static void test_depth(void **state UNUSED)
{
	char *nested = arena_alloc(&arena, 20000);
	struct err err = {0};

	memset(nested, '[', 10000);
	memset(nested + 10000, ']', 10000);
	assert_null(json_parse(&arena, nested, 20000, 0, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.where, "byte 256");
	assert_string_equal(err.what, "JSON nests too deeply");
	err_clear(&err);
	assert_null(json_parse(&arena, nested, 10000, 0, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	err_clear(&err);
	assert_non_null(json_parse(&arena, nested + 10000 - LIMIT_JSON_DEPTH, 2 * (size_t)LIMIT_JSON_DEPTH, 0, &err));
}

static void test_long_numbers(void **state UNUSED)
{
	char digits[LIMIT_JSON_NUMBER + 1];
	struct err err = {0};

	memset(digits, '7', sizeof(digits));
	assert_non_null(json_parse(&arena, digits, LIMIT_JSON_NUMBER, 0, &err));
	assert_null(json_parse(&arena, digits, sizeof(digits), 0, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	assert_string_equal(err.what, "number of too many digits");
	assert_string_equal(err.where, "byte 0");
}

/* Each prefix ends at the end of its own allocation, so that a sanitizer sees a byte read too far. */
static void test_truncated(void **state UNUSED)
{
	static const char json[] = "{\"metadata\":{\"name\":\"a\\u00e9\\ud83d\\ude00é\",\"n\":[1,-2.5e+3,true,false,null,{}]},\"long enough\":\"0123456789abcdef\"}";

	for (size_t len = 0; len < sizeof(json) - 1; len++) {
		struct err err = {0};
		char *copy = malloc(len ? len : 1);

		memcpy(copy, json, len);
		assert_null(json_parse(&arena, copy, len, JSON_FROM_POD, &err));
		assert_int_equal(err.code, ERR_INPUT);
		assert_true(str_has_prefix(str_of(err.where), "byte "));
		free(copy);
	}
	assert_non_null(json_parse(&arena, json, sizeof(json) - 1, 0, NULL));
}

static void check_marks(const struct value *v, bool pod)
{
	assert_int_equal(v->flags, !pod ? 0 : v->kind == K_STRING ? V_ASIS | V_POD : V_ASIS);
	if (v->kind == K_LIST)
		for (size_t i = 0; i < v->u.list.len; i++)
			check_marks(v->u.list.item[i], pod);
	if (v->kind == K_MAP)
		for (size_t i = 0; i < v->u.map->len; i++) {
			assert_int_equal(v->u.map->entry[i].key_from_pod, pod);
			check_marks(v->u.map->entry[i].value, pod);
		}
}

static void test_marks(void **state UNUSED)
{
	static const char json[] = "{\"a\":[1,\"x\\ty\",true,false,null,{}],\"b\":[]}";

	check_marks(json_parse(&arena, json, strlen(json), JSON_FROM_POD, NULL), true);
	check_marks(json_parse(&arena, json, strlen(json), 0, NULL), false);
}

static void test_borrows(void **state UNUSED)
{
	static const char json[] = "{\"key\":\"borrowed é\"}";
	const struct value *v = json_parse(&arena, json, strlen(json), 0, NULL);

	assert_ptr_equal(raw_str(v, "key").p, json + 8);
	assert_ptr_equal(v->u.map->entry[0].key.p, json + 2);
	assert_non_null(json_parse(&arena, "[]", 2, 0, NULL)->u.list.item);
}

static void test_write_flags(void **state UNUSED)
{
	static const char json[] = "{\"b\":{\"y\":null,\"x\":[]},\"a\":[{\"z\":null},null,\"<\\u2029\"],\"c\":null,\"0\":{}}";
	const struct value *v = json_parse(&arena, json, strlen(json), 0, NULL);

	assert_string_equal(write_json(v, JSON_SORT_KEYS | JSON_ESCAPE_HTML),
		"{\"0\":{},\"a\":[{\"z\":null},null,\"\\u003c\\u2029\"],\"b\":{\"x\":[],\"y\":null},\"c\":null}");
	assert_string_equal(write_json(v, JSON_DROP_NULLS), "{\"b\":{\"x\":[]},\"a\":[{},null,\"<\u2029\"],\"0\":{}}");
	assert_string_equal(write_json(v, JSON_INDENT | JSON_DROP_NULLS),
		"{\n  \"b\": {\n    \"x\": []\n  },\n  \"a\": [\n    {},\n    null,\n    \"<\u2029\"\n  ],\n  \"0\": {}\n}");
}

static void test_write_dynamic(void **state UNUSED)
{
	const struct value nil_list = {.kind = K_LIST}, nil_map = {.kind = K_MAP}, nil_ptr = {.kind = K_PTR};
	const struct value ptr = {.kind = K_PTR, .u.ptr = value_int(&arena, -5)};
	const struct value *item[] = {value_int(&arena, INT64_MIN), value_float(&arena, 1e21), value_str(&arena, STR("a\0\xff\x80z")),
		&nil_list, &nil_map, &nil_ptr, &ptr};

	assert_string_equal(write_json(value_list(&arena, item, ARRAY_LEN(item)), 0),
		"[-9223372036854775808,1e+21,\"a\\u0000\\ufffd\\ufffdz\",null,null,null,-5]");
}

static void test_pointer(void **state UNUSED)
{
	struct text out;

	text_init(&out, &arena, 100);
	json_pointer_add(&out, STR("a/b~c~1"));
	json_pointer_add(&out, STR(""));
	assert_string_equal(text_cstr(&out), "/a~1b~0c~01/");
}

static void test_floats(void **state UNUSED)
{
	static const struct {
		double f;
		char fmt;
		int prec;
		int bits;
		const char *wanted; /* from strconv.FormatFloat */
	} rows[] = {
		{0, 'g', -1, 64, "0"}, {0, 'e', -1, 64, "0e+00"}, {0, 'e', 3, 64, "0.000e+00"}, {0, 'f', 2, 64, "0.00"}, {-0.0, 'g', -1, 64, "-0"},
		{1, 'g', -1, 64, "1"}, {100000, 'g', -1, 64, "100000"}, {1000000, 'g', -1, 64, "1e+06"}, {1e20, 'f', -1, 64, "100000000000000000000"},
		{1e21, 'g', -1, 64, "1e+21"}, {123456789, 'g', -1, 64, "1.23456789e+08"}, {0.0001, 'g', -1, 64, "0.0001"},
		{0.00001, 'g', -1, 64, "1e-05"}, {0.1, 'g', -1, 64, "0.1"}, {0.1f, 'g', -1, 32, "0.1"}, {0.1f, 'g', -1, 64, "0.10000000149011612"},
		{5e-324, 'g', -1, 64, "5e-324"}, {1.7976931348623157e308, 'g', -1, 64, "1.7976931348623157e+308"},
		{0x1p-44, 'e', -1, 64, "5.684341886080802e-14"}, {1e23, 'g', -1, 64, "1e+23"}, {9007199254740992, 'f', -1, 64, "9007199254740992"},
		{2.5, 'f', 0, 64, "2"}, {3.14159, 'f', 2, 64, "3.14"}, {3.14159, 'g', 3, 64, "3.14"}, {100, 'g', 2, 64, "1e+02"}, {100, 'g', 3, 64, "100"},
		{100, 'g', 5, 64, "100"}, {21, 'g', 0, 64, "2e+01"}, {1234.5, 'e', 0, 64, "1e+03"}, {1234.5, 'E', 2, 64, "1.23E+03"},
		{1e-7, 'G', -1, 64, "1E-07"}, {0.00001234, 'f', -1, 64, "0.00001234"}, {1, 'e', 20, 64, "1.00000000000000000000e+00"},
		{1e100, 'g', 4, 64, "1e+100"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct text out;

		text_init(&out, &arena, 1000);
		go_format_float(&out, rows[i].f, rows[i].fmt, rows[i].prec, rows[i].bits);
		assert_string_equal(text_cstr(&out), rows[i].wanted);
	}
}

static void test_json_floats(void **state UNUSED)
{
	static const struct {
		double f;
		const char *wanted; /* from encoding/json */
	} rows[] = {
		{0, "0"}, {-0.0, "-0"}, {1, "1"}, {1.5, "1.5"}, {1e20, "100000000000000000000"}, {1e21, "1e+21"}, {1e-6, "0.000001"}, {1e-7, "1e-7"},
		{1.5e-10, "1.5e-10"}, {-1e-9, "-1e-9"}, {1e100, "1e+100"}, {123456789.125, "123456789.125"}, {5e-324, "5e-324"},
	};
	struct text out;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		text_init(&out, &arena, 100);
		assert_int_equal(json_write_float(&out, rows[i].f), 0);
		assert_string_equal(text_cstr(&out), rows[i].wanted);
	}
	assert_int_equal(json_write_float(&out, __builtin_nan("")), -1);
	assert_int_equal(json_write_float(&out, -__builtin_inf()), -1);
}

/* Doubles of random bits, and short decimals as people write them, read back as themselves. */
static void test_floats_read_back(void **state UNUSED)
{
	uint64_t random = 88172645463325252u;

	for (int i = 0; i < 20000; i++) {
		double f, back;
		struct text out;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		if (i % 2)
			f = (double)(random % 1000000) / (double)(1 + random % 7 * 1000);
		else
			memcpy(&f, &random, sizeof(f));
		text_init(&out, &arena, 400);
		if (json_write_float(&out, f) < 0)
			continue;
		assert_true(parse_f64((struct str){out.data, out.len}, &back));
		assert_true(back == f);
		assert_true(out.len <= 25);
		if (i % 1000 == 0)
			arena_clear(&arena);
	}
}

static int read_and_write(struct arena *a, const void *arg, struct err *err)
{
	const struct value *v = json_parse(a, arg, strlen(arg), JSON_FROM_POD, err), *dynamic;
	struct text out;

	if (!v)
		return -1;
	dynamic = value_from_raw(a, v);
	if (!dynamic || !value_deep_copy(a, dynamic))
		return err_nomem(err);
	text_init(&out, a, 1 << 20);
	json_write(&out, dynamic, JSON_SORT_KEYS);
	return out.failed ? err_nomem(err) : 0;
}

static void test_out_of_memory(void **state UNUSED)
{
	static const char json[] = "{\"a\\n\":[1,[2.5],{\"x\":\"\\u00e9\"}],\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1}";
	char *many = malloc(2 * 300 + 2);

	assert_in_range(oom_loop(read_and_write, json), 50, 1000);
	/* more items than wait on the stack */
	many[0] = '[';
	for (size_t i = 0; i < 300; i++)
		memcpy(many + 1 + 2 * i, "1,", 2);
	memcpy(many + 600, "]", 2);
	assert_in_range(oom_loop(read_and_write, many), 300, 10000);
	free(many);
}

/* Linear in members and in bytes: these take milliseconds, or minutes where something is quadratic. */
static void test_large(void **state UNUSED)
{
	enum { MEMBERS = 100000, BYTES = 7 << 20 };
	struct text t;
	const struct value *v;

	text_init(&t, &arena, 64 << 20);
	text_addc(&t, '{');
	for (unsigned i = 0; i < MEMBERS; i++)
		text_addf(&t, "%s\"member-%u\":[%u]", i ? "," : "", i, i);
	text_addc(&t, '}');
	v = json_parse(&arena, t.data, t.len, 0, NULL);
	assert_int_equal(v->u.map->len, MEMBERS);
	assert_int_equal(map_getc(v->u.map, "member-99999")->u.list.len, 1);
	assert_true(raw_equal(v, json_parse(&arena, t.data, t.len, 0, NULL)));
	text_clear(&t);
	text_addc(&t, '"');
	text_fill(&t, 'x', BYTES);
	text_adds(&t, "\\n\"");
	v = json_parse(&arena, t.data, t.len, 0, NULL);
	assert_int_equal(v->u.s.len, BYTES + 1);
	assert_int_equal(v->u.s.p[BYTES], '\n');
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_accepted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_depth, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long_numbers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_truncated, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_marks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_borrows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_write_flags, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_write_dynamic, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pointer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_floats, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_json_floats, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_floats_read_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_out_of_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_large, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
