/* SPDX-License-Identifier: Apache-2.0 */
/* Values, maps, numbers of documents, equality. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "patches/value/json.h"
#include "patches/value/value.h"

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
	const struct value *v = json_parse(&arena, json, strlen(json), 0, &err);

	if (!v)
		fail_msg("%s: %s at %s", json, err.what, err.where);
	return v;
}

/* Keys beyond what is linear, deleted and set again: against a plain array. */
static void test_map_of_many(void **state UNUSED)
{
	enum { N = 3000 };
	struct map *m = map_new(&arena, 0);
	bool there[N] = {false};
	uint32_t random = 1, count = 0;

	for (int turn = 0; turn < 4 * N; turn++) {
		unsigned i;
		char *key;

		random = random * 1664525u + 1013904223u;
		i = (random >> 8) % N;
		key = arena_printf(&arena, "key-%u", i);
		if (random >> 30 == 3 || (turn < 30 && turn % 3 == 2)) {
			assert_int_equal(map_del(m, str_of(key)), there[i]);
			count -= there[i];
			there[i] = false;
		} else {
			assert_int_equal(map_set(&arena, m, str_of(key), value_int(&arena, i)), 0);
			count += !there[i];
			there[i] = true;
		}
		assert_int_equal(m->len, count);
	}
	for (unsigned i = 0; i < N; i++) {
		const struct value *v = map_getc(m, arena_printf(&arena, "key-%u", i));

		assert_int_equal(v != NULL, there[i]);
		assert_true(!v || v->u.i == i);
	}
}

static void test_map_keeps_order(void **state UNUSED)
{
	static const char *const keys[] = {"z", "a", "m", "b", "y", "c", "x", "d", "w", "e", "v"};
	struct map *m = map_new(&arena, 2), *copy;
	const struct map_entry *const *sorted;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		assert_int_equal(map_setc(&arena, m, keys[i], &value_true), 0);
	assert_int_equal(map_setc(&arena, m, "m", &value_false), 0);
	assert_ptr_equal(map_getc(m, "m"), &value_false);
	assert_true(map_del(m, STR("a")));
	copy = map_clone(&arena, m, 5);
	assert_int_equal(map_setc(&arena, copy, "new", &value_nil), 0);
	assert_null(map_getc(m, "new"));
	assert_int_equal(copy->len, ARRAY_LEN(keys));
	assert_true(str_is(m->entry[1].key, "m"));
	sorted = map_sorted(&arena, copy);
	for (size_t i = 1; i < copy->len; i++)
		assert_true(str_cmp(sorted[i - 1]->key, sorted[i]->key) < 0);
	assert_int_equal(map_clone(&arena, NULL, 1)->len, 0);
}

static void test_frozen(void **state UNUSED)
{
	const struct value *v = parse("{\"a\":[{\"b\":{}}]}"), *copy;
	struct map *inner;

	value_freeze(v);
	inner = raw_get(raw_get(v, "a")->u.list.item[0], "b")->u.map;
	assert_int_equal(map_setc(&arena, v->u.map, "x", &value_true), -1);
	assert_int_equal(map_setc(&arena, inner, "x", &value_true), -1);
	assert_true(map_del(v->u.map, STR("a")));
	assert_non_null(raw_get(v, "a"));
	copy = value_deep_copy(&arena, v);
	inner = raw_get(raw_get(copy, "a")->u.list.item[0], "b")->u.map;
	assert_int_equal(map_setc(&arena, inner, "x", &value_true), 0);
	assert_false(raw_equal(v, copy));
}

/* A dict may hold itself: what walks it must end. */
static void test_cycle(void **state UNUSED)
{
	struct map *m = map_new(&arena, 1);
	const struct value *v = value_map(&arena, m);
	struct text out;

	assert_int_equal(map_setc(&arena, m, "self", v), 0);
	assert_null(value_deep_copy(&arena, v));
	text_init(&out, &arena, 1 << 20);
	json_write(&out, v, 0);
	assert_true(out.failed);
	value_freeze(v);
	assert_true(m->frozen);
}

static void test_raw_int(void **state UNUSED)
{
	static const struct {
		const char *json;
		bool whole;
		int64_t wanted;
	} rows[] = {
		{"0", true, 0}, {"-0", true, 0}, {"-0.0e5", true, 0}, {"0e999999999999999999999", true, 0}, {"7", true, 7},
		{"1e3", true, 1000}, {"1.0", true, 1}, {"-1.50e1", true, -15}, {"100e-2", true, 1}, {"0.001e3", true, 1},
		{"0.0010e4", true, 10}, {"1.5", false, 0}, {"1e-1", false, 0}, {"105e-1", false, 0}, {"0.5", false, 0},
		{"9223372036854775807", true, INT64_MAX}, {"-9223372036854775808", true, INT64_MIN},
		{"9223372036854775808", false, 0}, {"-9223372036854775809", false, 0}, {"18446744073709551616", false, 0},
		{"92233720368547758.07e2", true, INT64_MAX}, {"1e18", true, 1000000000000000000}, {"1e19", false, 0},
		{"1e300", false, 0}, {"99999999999999999999", false, 0}, {"100000000000000000000e-20", true, 1},
		{"0.00000000000000000000000000001e29", true, 1}, {"1e-99999999999999999999", false, 0},
		{"\"1\"", false, 0}, {"true", false, 0}, {"null", false, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t got = -77;
		const bool whole = raw_int(parse(rows[i].json), &got);

		if (whole != rows[i].whole || got != (whole ? rows[i].wanted : -77))
			fail_msg("%s: %d, %lld", rows[i].json, whole, (long long)got);
	}
}

static void test_equal(void **state UNUSED)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} rows[] = {
		{"1", "1.0", true}, {"10", "1e1", true}, {"0.5", "5e-1", true}, {"-0", "0", true}, {"1.20", "12e-1", true},
		{"12.34", "1234e-2", true}, {"12.34", "123.4", false}, {"12", "1.2", false}, {"1", "-1", false}, {"0", "1", false},
		{"1e100", "10e99", true}, {"9007199254740993", "9007199254740992", false}, {"102", "12", false}, {"1.02", "1.2", false},
		{"18446744073709551616", "18446744073709551616.0", true}, {"12.5", "12.50", true}, {"1", "\"1\"", false},
		{"\"a\"", "\"\\u0061\"", true}, {"\"a\"", "\"b\"", false}, {"null", "false", false}, {"true", "true", true},
		{"true", "false", false}, {"[]", "{}", false}, {"[1,2]", "[1,2.0]", true}, {"[1,2]", "[2,1]", false}, {"[1]", "[1,2]", false},
		{"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true}, {"{\"a\":1,\"b\":2}", "{\"b\":2,\"c\":1}", false},
		{"{\"a\":1}", "{\"a\":1,\"b\":2}", false}, {"{\"a\":{\"b\":[{}]}}", "{\"a\":{\"b\":[{}]}}", true},
		{"{\"a\":null}", "{}", false}, {"{}", "{}", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (raw_equal(parse(rows[i].a), parse(rows[i].b)) != rows[i].equal ||
		    raw_equal(parse(rows[i].b), parse(rows[i].a)) != rows[i].equal)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

static void test_raw_members(void **state UNUSED)
{
	const struct value *v = parse("{\"metadata\":{\"labels\":{\"a\":\"x\"},\"gone\":null},\"yes\":true,\"n\":1}");

	assert_true(str_is(raw_str(raw_path(v, "metadata", "labels", NULL), "a"), "x"));
	assert_null(raw_path(v, "metadata", "gone", NULL));
	assert_null(raw_path(v, "metadata", "gone", "more", NULL));
	assert_null(raw_path(v, "n", "more", NULL));
	assert_null(raw_get(NULL, "a"));
	assert_ptr_equal(raw_path(v, NULL), v);
	assert_null(raw_str(v, "n").p);
	assert_true(raw_bool(v, "yes"));
	assert_false(raw_bool(v, "n"));
	assert_false(raw_bool(v, "none"));
	assert_true(raw_float(raw_get(v, "n")) == 1.0);
	assert_true(raw_float(raw_get(v, "yes")) == 0.0);
}

static void test_from_raw(void **state UNUSED)
{
	const char json[] = "{\"a\":[1,\"x\",2.5e3,null],\"b\":{\"c\":3}}";
	struct err err = {0};
	const struct value *raw = json_parse(&arena, json, strlen(json), JSON_FROM_POD, &err);
	const struct value *v = value_from_raw(&arena, raw), *list = raw_get(v, "a");

	assert_int_equal(list->u.list.item[0]->kind, K_FLOAT);
	assert_true(list->u.list.item[2]->u.f == 2500.0);
	assert_int_equal(list->u.list.item[1]->kind, K_STRING);
	assert_true(list->u.list.item[1]->flags & V_POD);
	assert_int_equal(list->u.list.item[3]->kind, K_NIL);
	assert_int_equal(map_setc(&arena, raw_get(v, "b")->u.map, "c", &value_nil), 0);
	assert_int_equal(raw_get(raw_get(raw, "b"), "c")->kind, K_NUMBER); /* the raw tree is not touched */
}

static void test_flags_and_types(void **state UNUSED)
{
	const struct value *v = value_cstr(&arena, "x"), *pod = value_flagged(&arena, v, V_POD);

	assert_int_equal(v->flags, 0);
	assert_int_equal(pod->flags, V_POD);
	assert_ptr_equal(value_flagged(&arena, pod, V_POD), pod);
	assert_ptr_equal(value_typed(&arena, v, NULL), v);
	assert_non_null(value_list(&arena, NULL, 0)->u.list.item);
	assert_true(str_is(value_number(&arena, INT64_MIN)->u.s, "-9223372036854775808"));
	assert_true(str_is(value_copy_str(&arena, STR("ab"))->u.s, "ab"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_map_of_many, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_map_keeps_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_frozen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cycle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_raw_int, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_equal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_raw_members, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_from_raw, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_flags_and_types, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
