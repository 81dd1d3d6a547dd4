/* SPDX-License-Identifier: Apache-2.0 */
/* Do pods that change alike give the same text, those that change otherwise another, and those that do not change none?
 */
#include "webhook/cli/pod_changes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "patches/value/json.h"

static const struct value *parse(struct arena *a, const char *json)
{
	struct err err = {0};
	const struct value *v = json_parse(a, json, strlen(json), 0, &err);

	if (!v)
		fail_msg("%s: %s", json, err.what);
	return v;
}

#define SPEC(spec) "{\"spec\":{" spec "}}"

static const struct {
	const char *before, *after, *want;
} rows[] = {
	{"{}", "{}", ""},
	{"{\"a\":null}", "{}", ""},
	{"{\"a\":1.0}", "{\"a\":1}", ""},
	{"{\"a\":1}", "{\"a\":\"1\"}", "/a -1 +\"1\"\n"},
	{"{\"a\":[]}", "{}", "/a -[]\n"},
	{"{\"a/b\":{\"c\":1}}", "{\"a/b\":{\"d\":1}}", "/a~1b/c -1\n/a~1b/d +1\n"},
	/* Lists of named items: by name, wherever they stand; of what goes the name says all. */
	{SPEC("\"volumes\":[{\"name\":\"x\",\"k\":1},{\"name\":\"y\"}]"),
		SPEC("\"volumes\":[{\"name\":\"n\"},{\"name\":\"y\",\"k\":2}]"),
		"/spec/volumes -x\n/spec/volumes/y/k +2\n/spec/volumes/n +{\"name\":\"n\"}\n"},
	{SPEC("\"volumes\":[{\"name\":\"x\"},{\"name\":\"y\"}]"),
		SPEC("\"volumes\":[{\"name\":\"y\"},{\"name\":\"z\"},{\"name\":\"x\"}]"),
		"/spec/volumes/z +{\"name\":\"z\"}\n/spec/volumes in another order\n"},
	/* Twice one name: by index. A volume that is mounted twice: by path. */
	{"{\"l\":[{\"name\":\"x\"},{\"name\":\"x\"}]}", "{\"l\":[{\"name\":\"x\"}]}", "/l/1 -{\"name\":\"x\"}\n"},
	{"{\"l\":[{\"name\":\"v\",\"mountPath\":\"/a\"},{\"name\":\"v\",\"mountPath\":\"/b\"}]}",
		"{\"l\":[{\"name\":\"v\",\"mountPath\":\"/b\"}]}", "/l -/a\n"},
	/* Arguments: what came and what went, and how often; where neither, the order. */
	{"{\"l\":[\"a\",\"b\",\"b\"]}", "{\"l\":[\"b\",\"c\"]}", "/l -1x \"a\"\n/l -1x \"b\"\n/l +1x \"c\"\n"},
	{"{\"l\":[\"a\",1]}", "{\"l\":[1,\"a\"]}", "/l in another order\n"},
	{"{\"l\":[[1]]}", "{\"l\":[[2]]}", "/l/0 -1x 1\n/l/0 +1x 2\n"},
	/* A container in the other list is the same one. */
	{SPEC("\"containers\":[{\"name\":\"p\",\"k\":1},{\"name\":\"a\"}],\"initContainers\":[{\"name\":\"i\"}]"),
		SPEC("\"containers\":[{\"name\":\"a\"}],\"initContainers\":[{\"name\":\"p\",\"k\":2},{\"name\":\"i\"}"
		     "]"),
		"/spec/containers/p moved to the other list of containers\n/spec/containers/p/k -1 +2\n"},
	/* JSON in a text, one level of it; where it says the same, how it is written. */
	{"{\"t\":\"{\\\"a\\\":1,\\\"b\\\":2}\"}", "{\"t\":\"{\\\"b\\\":2,\\\"a\\\":3}\"}", "/t/a -1 +3\n"},
	{"{\"t\":\"[1]\"}", "{\"t\":\"[1 ]\"}", "/t -\"[1]\" +\"[1 ]\"\n"},
	{"{\"t\":\"{x\"}", "{\"t\":\"{y\"}", "/t -\"{x\" +\"{y\"\n"},
	/* The pod's own words, whole ones only. */
	{"{\"metadata\":{\"name\":\"web-1\",\"generateName\":\"web-77-\",\"namespace\":\"shop\",\"labels\":{\"app\":"
	 "\"w\",\"pod-template-hash\":\"77\"}}}",
		"{\"metadata\":{\"name\":\"web-1\",\"generateName\":\"web-77-\",\"namespace\":\"shop\",\"labels\":{"
		"\"app\":\"w\",\"pod-template-hash\":\"77\"}},"
		"\"x\":\"web-1.shop web web-77 w shopping/shop\"}",
		"/x +\"{name}.{namespace} {workload} {owner} {app} shopping/{namespace}\"\n"},
	{"{\"metadata\":{\"namespace\":\"default\"}}", "{\"metadata\":{\"namespace\":\"default\"},\"x\":\"default\"}",
		"/x +\"default\"\n"},
};

static void test_rows(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a;
		struct text out;

		arena_init(&a, 0);
		text_init(&out, &a, 1 << 20);
		pod_changes(&out, parse(&a, rows[i].before), parse(&a, rows[i].after));
		if (out.failed || strcmp(text_cstr(&out), rows[i].want) != 0)
			fail_msg("row %zu:\nwant %sgot  %s", i, rows[i].want, text_cstr(&out));
		arena_release(&a);
	}
}

/* What has no room is said, and not taken for no change. */
static void test_limit(void **state UNUSED)
{
	struct arena a;
	struct text out;

	arena_init(&a, 0);
	text_init(&out, &a, 4);
	pod_changes(&out, parse(&a, "{\"a\":1}"), parse(&a, "{\"a\":2}"));
	assert_true(out.failed);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_limit)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
