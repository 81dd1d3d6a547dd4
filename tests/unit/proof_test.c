/* SPDX-License-Identifier: Apache-2.0 */
/* The proof of a patch: accepts what leads to the intended object, refuses all else and says where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "base/limits.h"
#include "patches/diff/diff.h"
#include "patches/value/json.h"
#include "tests/unit/random_pod.h"

enum { PAIRS = 6000, LONG = 50000 };

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

#define ADD(path, value) "{\"op\":\"add\",\"path\":\"" path "\",\"value\":" value "}"
#define REPLACE(path, value) "{\"op\":\"replace\",\"path\":\"" path "\",\"value\":" value "}"
#define REMOVE(path) "{\"op\":\"remove\",\"path\":\"" path "\"}"

static void test_accepted(void **state UNUSED)
{
	static const struct {
		const char *original, *patch, *intended;
	} rows[] = {
		{"{}", "[]", "{}"},
		{" {\"a\":1} ", "[ ]\n", "{\"a\":1.0}"},
		{"{\"a\":1,\"b\":[true,false,null,\"x\"]}", "[]", "{\"b\":[true,false,null,\"x\"],\"a\":1}"},
		{"{\"a\":null}", "[]", "{}"},
		{"{}", "[]", "{\"a\":null}"},
		{"{\"m\":{\"a\":1}}", "[" ADD("/m/x~1y~0z~01", "2") "]", "{\"m\":{\"x/y~z~1\":2,\"a\":1}}"},
		{"{\"a\":1,\"A\":2}", "[" REPLACE("/A", "3") "]", "{\"a\":1,\"A\":3}"},
		{"{\"a\":1,\"b\":2}", "[" ADD("/a", "3") "," REMOVE("/b") "]", "{\"a\":3}"},
		{"{\"\":1}", "[" REPLACE("/", "2") "]", "{\"\":2}"},
		{"[]", "[" ADD("/0", "1") "," ADD("/-", "3") "," ADD("/1", "2") "," ADD("/0", "0") "]", "[0,1,2,3]"},
		{"[0,1,2,3]", "[" REMOVE("/3") "," REMOVE("/0") "," REMOVE("/1") "," REMOVE("/0") "]", "[]"},
		{"[0,1,2,3]", "[" REMOVE("/3") "," ADD("/3", "4") "," REPLACE("/0", "9") "," REPLACE("/3", "5") "]", "[9,1,2,5]"},
		{"[[1,[2]],[3]]", "[" ADD("/0/1/1", "7") "," REMOVE("/0") "," ADD("/0/0", "8") "]", "[[8,3]]"},
		{"1", "[" REPLACE("", "{\"a\":1}") "," ADD("/b", "2") "]", "{\"a\":1,\"b\":2}"},
		{"{\"a\":[1]}", "[" ADD("/a/0", "0") "," REPLACE("/a", "[5]") "," ADD("/a/1", "6") "]", "{\"a\":[5,6]}"},
		{"{\"s\":\"\\\\u0000\"}", "[]", "{\"s\":\"\\\\u0000\"}"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};

		if (patch_prove(str_of(rows[i].original), str_of(rows[i].patch), str_of(rows[i].intended), &err) < 0)
			fail_msg("%s: %s at %s", rows[i].patch, err.what, err.where);
	}
}

static void test_refused(void **state UNUSED)
{
	static const struct {
		struct str original, patch, intended;
		const char *where, *what;
	} rows[] = {
		{STR("{\"a\":1}"), STR("[]"), STR("{\"a\":2}"), "/a", "another number"},
		{STR("{\"a\":\"1\"}"), STR("[]"), STR("{\"a\":1}"), "/a", "another kind of value"},
		{STR("{\"a\":true}"), STR("[]"), STR("{\"a\":false}"), "/a", "another kind of value"},
		{STR("{\"a\":\"x\"}"), STR("[]"), STR("{\"a\":\"X\"}"), "/a", "another string"},
		{STR("{\"a\":1}"), STR("[]"), STR("{\"A\":1}"), "/A", "a member is missing"},
		{STR("{\"a\":1,\"b\":1}"), STR("[]"), STR("{\"a\":1}"), "/b", "a member too many"},
		{STR("{\"x\":[1,{\"p/q~\":1}]}"), STR("[]"), STR("{\"x\":[1,{\"p/q~\":2}]}"), "/x/1/p~1q~0", "another number"},
		{STR("[1,2]"), STR("[]"), STR("[2,1]"), "/0", "another number"},
		{STR("[1]"), STR("[]"), STR("[1,2]"), "/1", "an item is missing"},
		{STR("[1,2]"), STR("[]"), STR("[1]"), "/1", "an item too many"},
		{STR("[null]"), STR("[]"), STR("[]"), "/0", "an item too many"},
		{STR("{\"a\":1,\"a\":1}"), STR("[]"), STR("{\"a\":1}"), "/a", "a member too many"},
		{STR("{\"a\":1,\"a\":1,\"b\":1}"), STR("[]"), STR("{\"b\":1,\"a\":1,\"a\":1}"), "/a", "a key stands there twice"},
		{STR("{}"), STR("{}"), STR("{}"), "", "a patch is an array"},
		{STR("{}"), STR("[1]"), STR("{}"), "", "an operation without a path"},
		{STR("{}"), STR("[{\"op\":\"add\",\"path\":\"/a\"}]"), STR("{}"), "/a", "an operation without a value"},
		{STR("{}"), STR("[{\"op\":\"move\",\"path\":\"/a\",\"from\":\"/b\"}]"), STR("{}"), "/a", "an operation that is not add, remove or replace"},
		{STR("{}"), STR("[{\"path\":\"/a\"}]"), STR("{}"), "/a", "an operation that is not add, remove or replace"},
		{STR("{}"), STR("[" REMOVE("") "]"), STR("{}"), "", "the whole document cannot be removed"},
		{STR("{\"a\":1}"), STR("[" REMOVE("a") "]"), STR("{}"), "a", "a pointer must begin with '/'"},
		{STR("{\"a\":1}"), STR("[" REMOVE("/A") "]"), STR("{}"), "/A", "no such member"},
		{STR("{}"), STR("[" REPLACE("/a", "1") "]"), STR("{\"a\":1}"), "/a", "no such member"},
		{STR("{}"), STR("[" ADD("/a/b", "1") "]"), STR("{}"), "/a/b", "no such place"},
		{STR("{\"a\":1}"), STR("[" ADD("/a/b", "1") "]"), STR("{}"), "/a/b", "neither an object nor an array holds it"},
		{STR("{\"a~\":1}"), STR("[" REMOVE("/a~") "]"), STR("{}"), "/a~", "'~' in a pointer without 0 or 1 behind it"},
		{STR("{\"a~\":1}"), STR("[" REMOVE("/~2") "]"), STR("{}"), "/~2", "'~' in a pointer without 0 or 1 behind it"},
		{STR("[1]"), STR("[" REMOVE("/-") "]"), STR("[]"), "/-", "not an array index"},
		{STR("[1]"), STR("[" REPLACE("/-/0", "1") "]"), STR("[]"), "/-/0", "not an array index"},
		{STR("[1]"), STR("[" REMOVE("/00") "]"), STR("[]"), "/00", "not an array index"},
		{STR("[1]"), STR("[" REMOVE("/ 0") "]"), STR("[]"), "/ 0", "not an array index"},
		{STR("[1]"), STR("[" REMOVE("/") "]"), STR("[]"), "/", "not an array index"},
		{STR("[1]"), STR("[" REMOVE("/18446744073709551616") "]"), STR("[]"), "/18446744073709551616", "not an array index"},
		{STR("[1]"), STR("[" REMOVE("/1") "]"), STR("[1]"), "/1", "array index out of range"},
		{STR("[1]"), STR("[" ADD("/2", "1") "]"), STR("[1]"), "/2", "array index out of range"},
		{STR("[]"), STR("[" REPLACE("/0", "1") "]"), STR("[1]"), "/0", "array index out of range"},
		{STR("{"), STR("[]"), STR("{}"), "", "cJSON cannot read the original object"},
		{STR("{}"), STR("[] x"), STR("{}"), "", "there is more behind the patch"},
		{STR("{}"), STR("[]"), STR(""), "", "cJSON cannot read the intended object"},
		{STR("{\"a\":\"x\\u0000y\"}"), STR("[]"), STR("{\"a\":\"x\"}"), "byte 5", "original object: a string holds NUL (\\u0000)"},
		{STR("{}\0"), STR("[]"), STR("{}"), "byte 0", "original object: the text holds NUL"},
		{STR("{}"), STR("[]"), STR("{\"a\\u0000\":1}"), "byte 1", "intended object: a string holds NUL (\\u0000)"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};
		const int done = patch_prove(rows[i].original, rows[i].patch, rows[i].intended, &err);
		const char *what = arena_printf(&arena, "proof of the patch: %s", rows[i].what);

		if (done == 0 || err.code != ERR_BUG || strcmp(err.what, what) != 0 || strcmp(err.where, rows[i].where) != 0)
			fail_msg("%s, %s: '%s' at '%s'", rows[i].original.p, rows[i].patch.p, err.what, err.where);
	}
}

static void test_depth(void **state UNUSED)
{
	char nested[2 * 10000];
	struct err err = {0};
	struct str s = {nested + 10000 - LIMIT_JSON_DEPTH, 2 * (size_t)LIMIT_JSON_DEPTH};

	memset(nested, '[', 10000);
	memset(nested + 10000, ']', 10000);
	assert_int_equal(patch_prove(s, STR("[]"), s, &err), 0);
	s = (struct str){s.p - 1, s.len + 2};
	assert_int_equal(patch_prove(s, STR("[]"), s, &err), -1);
	assert_string_equal(err.what, "proof of the patch: original object: the text nests too deeply");
	err_clear(&err);
	assert_int_equal(patch_prove((struct str){nested, sizeof(nested)}, STR("[]"), s, &err), -1);
}

/* What our reader takes for a number, cJSON must be able to read. */
static void test_longest_number(void **state UNUSED)
{
	char digits[LIMIT_JSON_NUMBER];

	memset(digits, '7', sizeof(digits));
	assert_int_equal(patch_prove((struct str){digits, sizeof(digits)}, STR("[]"), (struct str){digits, sizeof(digits)}, NULL), 0);
}

static const struct value *without_nulls(const struct value *v)
{
	struct text t;

	text_init(&t, &arena, 1 << 24);
	json_write(&t, v, JSON_DROP_NULLS);
	return need(json_parse(&arena, t.data, t.len, 0, NULL));
}

static struct str print(const struct value *v)
{
	struct text t;

	text_init(&t, &arena, 1 << 24);
	json_write(&t, v, 0);
	assert_false(t.failed);
	return (struct str){t.data, t.len};
}

/* A patch that was tampered with is accepted just where it still leads to the same object. */
static void test_tampered(void **state UNUSED)
{
	struct random r = {99};
	size_t refused = 0, accepted = 0;

	for (int i = 0; i < PAIRS; i++) {
		const struct value *from = random_pod(&r, &arena), *to = random_change(&r, &arena, from), *patch, *got;
		struct text t;
		bool right;

		text_init(&t, &arena, 1 << 24);
		assert_int_equal(json_diff(&arena, &t, from, to, NULL, NULL), 0);
		patch = change_list(&r, &arena, json_parse(&arena, t.data, t.len, 0, NULL)->u.list);
		got = json_patch_apply(&arena, from, patch, NULL);
		right = got && raw_equal(without_nulls(got), without_nulls(to));
		if ((patch_prove(print(from), print(patch), print(to), NULL) == 0) != right)
			fail_msg("%s: %s", right ? "refused" : "accepted", print(patch).p);
		accepted += right;
		refused += !right;
		arena_clear(&arena);
	}
	assert_true(refused > PAIRS / 10 && accepted > PAIRS / 10);
}

/* Tens of thousands of items and keys take no more than a moment: quadratic would be minutes. */
static void test_long(void **state UNUSED)
{
	struct text from, patch, to;

	text_init(&from, &arena, 1 << 26);
	text_init(&patch, &arena, 1 << 26);
	text_init(&to, &arena, 1 << 26);
	for (unsigned i = 0; i < LONG; i++) {
		text_addf(&from, "%s{\"n\":%u}", i ? "," : "{\"l\":[", i);
		text_addf(&patch, "%s{\"op\":\"%s\",\"path\":\"/l/%u%s\",\"value\":%u}", i ? "," : "[", i % 2 ? "add" : "replace", i,
			i % 2 ? "" : "/n", 2 * i);
		if (i % 2)
			text_addf(&to, ",%u", 2 * i);
		else
			text_addf(&to, "%s{\"n\":%u}", i ? "," : "{\"l\":[", 2 * i);
	}
	for (unsigned i = LONG / 2; i < LONG; i++)
		text_addf(&to, ",{\"n\":%u}", i);
	text_adds(&from, "],\"m\":{");
	text_adds(&to, "],\"m\":{");
	for (unsigned i = 0; i < LONG; i++) {
		text_addf(&from, "%s\"k%u\":1", i ? "," : "", i);
		text_addf(&to, "%s\"k%u\":1", i ? "," : "", LONG - 1 - i);
	}
	text_adds(&from, "}}");
	text_adds(&to, "}}");
	text_addc(&patch, ']');
	assert_int_equal(patch_prove((struct str){from.data, from.len}, (struct str){patch.data, patch.len},
		(struct str){to.data, to.len}, NULL), 0);
}

/* --- cJSON's memory ends at its n-th allocation --- */

static size_t allocations_left;

static void *failing_malloc(size_t size)
{
	return allocations_left && allocations_left-- ? malloc(size) : NULL;
}

static void test_out_of_memory(void **state UNUSED)
{
	const struct str original = STR("{\"a\":[{\"n\":1},2],\"b\":{\"c\":\"x\"},\"d\":1}");
	const struct str patch = STR("[" ADD("/a/0", "[1]") "," REPLACE("/b", "{\"e\":2}") "," ADD("/new", "\"y\"") "," REMOVE("/d") "]");
	const struct str intended = STR("{\"new\":\"y\",\"a\":[[1],{\"n\":1},2],\"b\":{\"e\":2}}");
	cJSON_Hooks hooks = {failing_malloc, free};
	size_t n = 0;
	int done = -1;

	for (; done < 0 && n < 1000; n++) {
		struct err err = {0};

		allocations_left = n;
		cJSON_InitHooks(&hooks);
		done = patch_prove(original, patch, intended, &err);
		cJSON_InitHooks(NULL);
		assert_true(done == 0 || err.code != ERR_NONE);
	}
	assert_in_range(n, 50, 200);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_accepted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_depth, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_longest_number, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tampered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_long, set_up, tear_down),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
