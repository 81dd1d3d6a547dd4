/* SPDX-License-Identifier: Apache-2.0 */
/* Patches: what they hold, that they lead where they should, and what they cost; the applier. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "patches/diff/diff.h"
#include "patches/value/json.h"
#include "tests/unit/oom.h"
#include "tests/unit/random_pod.h"

enum { PAIRS = 6000 };

static const struct go_type text_type = {.name = "string", .kind = GO_STRING};
static const struct go_type text_map = {.name = "map[string]string", .kind = GO_MAP, .elem = &text_type};
static const struct go_field named_fields[] = {{.json_name = "name", .type = &text_type}};
static const struct go_type named = {.name = "v1.EnvVar", .kind = GO_STRUCT, .field = named_fields, .n_fields = 1};
static const struct go_type named_list = {.name = "[]v1.EnvVar", .kind = GO_SLICE, .elem = &named};
static const struct go_field container_fields[] = {
	{.json_name = "name", .type = &text_type},
	{.json_name = "env", .type = &named_list, .flags = F_MERGE, .merge_key = "name"},
	{.json_name = "ports", .type = &named_list, .flags = F_MERGE, .merge_key = "containerPort"},
};
static const struct go_type container = {.name = "v1.Container", .kind = GO_STRUCT, .field = container_fields,
	.n_fields = ARRAY_LEN(container_fields)};
static const struct go_type container_list = {.name = "[]v1.Container", .kind = GO_SLICE, .elem = &container};
static const struct go_field spec_fields[] = {
	{.json_name = "containers", .type = &container_list, .flags = F_MERGE, .merge_key = "name"},
	{.json_name = "initContainers", .type = &container_list, .flags = F_MERGE, .merge_key = "name"},
};
static const struct go_type spec = {.name = "v1.PodSpec", .kind = GO_STRUCT, .field = spec_fields, .n_fields = ARRAY_LEN(spec_fields)};
static const struct go_type spec_pointer = {.name = "*v1.PodSpec", .kind = GO_PTR, .elem = &spec};
static const struct go_field meta_fields[] = {{.json_name = "labels", .type = &text_map}};
static const struct go_type meta = {.name = "v1.ObjectMeta", .kind = GO_STRUCT, .field = meta_fields, .n_fields = 1};
static const struct go_field pod_fields[] = {
	{.json_name = "metadata", .type = &meta},
	{.json_name = "spec", .type = &spec_pointer},
};
static const struct go_type pod = {.name = "v1.Pod", .kind = GO_STRUCT, .field = pod_fields, .n_fields = 2};

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

static const char *print(const struct value *v, unsigned flags)
{
	struct text out;

	text_init(&out, &arena, 1 << 24);
	json_write(&out, v, flags);
	return need(text_cstr(&out));
}

static const char *diff(const struct value *from, const struct value *to)
{
	struct err err = {0};
	struct text out;

	text_init(&out, &arena, 1 << 26);
	if (json_diff(&arena, &out, from, to, &pod, &err) < 0)
		fail_msg("%s", err.what);
	return need(text_cstr(&out));
}

static void test_patches(void **state UNUSED)
{
	static const struct {
		const char *from, *to, *patch;
	} rows[] = {
		{"{}", "{}", "[]"},
		{"{\"a\":1}", "{\"a\":1.0}", "[]"},
		{"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", "[]"},
		{"{\"a\":1}", "{\"a\":2}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":2}]"},
		{"1", "[]", "[{\"op\":\"replace\",\"path\":\"\",\"value\":[]}]"},
		{"{}", "{\"metadata\":{\"annotations\":{\"a/b~\\\"c\":\"x\"}}}",
			"[{\"op\":\"add\",\"path\":\"/metadata\",\"value\":{\"annotations\":{\"a/b~\\\"c\":\"x\"}}}]"},
		{"{\"m\":{}}", "{\"m\":{\"a/b~\\\"c\":\"x\"}}", "[{\"op\":\"add\",\"path\":\"/m/a~1b~0\\\"c\",\"value\":\"x\"}]"},
		{"{\"m\":{\"\":1}}", "{\"m\":{}}", "[{\"op\":\"remove\",\"path\":\"/m/\"}]"},
		/* null is absent */
		{"{}", "{\"a\":null}", "[]"},
		{"{\"a\":null}", "{}", "[]"},
		{"{\"a\":null}", "{\"a\":null}", "[]"},
		{"{\"a\":1}", "{\"a\":null}", "[{\"op\":\"remove\",\"path\":\"/a\"}]"},
		{"{\"a\":1}", "{}", "[{\"op\":\"remove\",\"path\":\"/a\"}]"},
		{"{\"a\":null}", "{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":1}]"},
		{"{}", "{\"a\":{\"b\":null,\"c\":[null]}}", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":{\"c\":[null]}}]"},
		/* lists without keys */
		{"[]", "[1]", "[{\"op\":\"replace\",\"path\":\"\",\"value\":[1]}]"},
		{"[1]", "[]", "[{\"op\":\"replace\",\"path\":\"\",\"value\":[]}]"},
		{"[1,2]", "[3,4]", "[{\"op\":\"replace\",\"path\":\"\",\"value\":[3,4]}]"},
		{"[1,2]", "[1,2,3]", "[{\"op\":\"add\",\"path\":\"/2\",\"value\":3}]"},
		{"[1,2]", "[0,1,2]", "[{\"op\":\"add\",\"path\":\"/0\",\"value\":0}]"},
		{"[1,2,3,4]", "[1,4]", "[{\"op\":\"remove\",\"path\":\"/1\"},{\"op\":\"remove\",\"path\":\"/1\"}]"},
		{"[1,2,3]", "[1,9,8,3]",
			"[{\"op\":\"replace\",\"path\":\"/1\",\"value\":9},{\"op\":\"add\",\"path\":\"/2\",\"value\":8}]"},
		{"[{\"a\":1}]", "[{\"a\":2}]", "[{\"op\":\"replace\",\"path\":\"/0/a\",\"value\":2}]"},
		/* by key */
		{"{\"spec\":{\"containers\":[{\"name\":\"app\",\"image\":\"x\"}]}}",
			"{\"spec\":{\"containers\":[{\"name\":\"proxy\"},{\"name\":\"app\",\"image\":\"y\"}]}}",
			"[{\"op\":\"add\",\"path\":\"/spec/containers/0\",\"value\":{\"name\":\"proxy\"}},"
			"{\"op\":\"replace\",\"path\":\"/spec/containers/1/image\",\"value\":\"y\"}]"},
		{"{\"spec\":{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"}]}}",
			"{\"spec\":{\"containers\":[{\"name\":\"c\"}]}}",
			"[{\"op\":\"remove\",\"path\":\"/spec/containers/0\"},{\"op\":\"remove\",\"path\":\"/spec/containers/0\"}]"},
		/* the light one moves, the heavy one stays */
		{"{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"a long name\"},{\"name\":\"b\"}]}}",
			"{\"spec\":{\"containers\":[{\"name\":\"b\"},{\"name\":\"a\",\"image\":\"a long name\"}]}}",
			"[{\"op\":\"add\",\"path\":\"/spec/containers/0\",\"value\":{\"name\":\"b\"}},{\"op\":\"remove\",\"path\":\"/spec/containers/2\"}]"},
		{"{\"spec\":{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"}]}}",
			"{\"spec\":{\"containers\":[{\"name\":\"x\"},{\"name\":\"b\"}]}}",
			"[{\"op\":\"replace\",\"path\":\"/spec/containers/0\",\"value\":{\"name\":\"x\"}}]"},
		{"{\"spec\":{\"containers\":[{\"name\":\"a\"}]}}", "{\"spec\":{\"containers\":[{\"name\":\"b\"}]}}",
			"[{\"op\":\"replace\",\"path\":\"/spec/containers\",\"value\":[{\"name\":\"b\"}]}]"},
		/* two of one key: not by key */
		{"{\"spec\":{\"containers\":[{\"name\":\"a\",\"ports\":[{\"containerPort\":53,\"protocol\":\"UDP\"},{\"containerPort\":53}]}]}}",
			"{\"spec\":{\"containers\":[{\"name\":\"a\",\"ports\":[{\"containerPort\":53,\"protocol\":\"UDP\"},{\"containerPort\":53},{\"containerPort\":80}]}]}}",
			"[{\"op\":\"add\",\"path\":\"/spec/containers/0/ports/2\",\"value\":{\"containerPort\":80}}]"},
		{"{\"spec\":{\"containers\":[null]}}", "{\"spec\":{\"containers\":[null,{\"name\":\"b\"}]}}",
			"[{\"op\":\"add\",\"path\":\"/spec/containers/1\",\"value\":{\"name\":\"b\"}}]"},
		{"{\"spec\":{\"containers\":{\"a\":1}}}", "{\"spec\":{\"containers\":[]}}",
			"[{\"op\":\"replace\",\"path\":\"/spec/containers\",\"value\":[]}]"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(diff(parse(rows[i].from), parse(rows[i].to)), rows[i].patch);
}

/* Diff, apply, compare, prove: over random pairs. */
static void test_leads_there(void **state UNUSED)
{
	struct random r = {20260101};
	size_t empty = 0;

	for (int i = 0; i < PAIRS; i++) {
		const struct value *from = random_pod(&r, &arena), *to = random_change(&r, &arena, from), *got;
		const char *patch = diff(from, to), *original = print(from, 0), *intended = print(to, 0);
		struct err err = {0};

		got = json_patch_apply(&arena, from, parse(patch), &err);
		if (!got)
			fail_msg("%s at %s: %s\nfrom %s\nto %s", err.what, err.where, patch, original, intended);
		if (!raw_equal(parse(print(got, JSON_DROP_NULLS)), parse(print(to, JSON_DROP_NULLS))))
			fail_msg("%s leads elsewhere\nfrom %s\nto %s\ngot %s", patch, original, intended, print(got, 0));
		if (patch_prove(str_of(original), str_of(patch), str_of(intended), &err) < 0)
			fail_msg("not proven: %s at %s\n%s\nfrom %s\nto %s", err.what, err.where, patch, original, intended);
		empty += strcmp(patch, "[]") == 0;
		arena_clear(&arena);
	}
	assert_in_range(empty, 1, PAIRS / 2);
}

/* All orders of six containers: each is reached, and no more are moved than must be. */
static void permute(char *names, size_t n, const struct value *from, size_t *count)
{
	if (n == 6) {
		struct text t;
		const char *patch;

		text_init(&t, &arena, 1 << 16);
		text_adds(&t, "{\"spec\":{\"containers\":[");
		for (size_t i = 0; i < n; i++)
			text_addf(&t, "%s{\"name\":\"%c\"}", i ? "," : "", names[i]);
		text_adds(&t, "]}}");
		patch = diff(from, parse(text_cstr(&t)));
		assert_true(raw_equal(json_patch_apply(&arena, from, parse(patch), NULL), parse(text_cstr(&t))));
		assert_true(parse(patch)->u.list.len <= 10);
		++*count;
		return;
	}
	for (size_t i = n; i < 6; i++) {
		const char swap = names[n];

		names[n] = names[i];
		names[i] = swap;
		permute(names, n + 1, from, count);
		names[i] = names[n];
		names[n] = swap;
	}
}

static void test_all_orders(void **state UNUSED)
{
	char names[] = "abcdef";
	size_t count = 0;

	permute(names, 0, parse("{\"spec\":{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"},{\"name\":\"d\"},{\"name\":\"e\"},{\"name\":\"f\"}]}}"),
		&count);
	assert_int_equal(count, 720);
}

static const struct value *pod_of(unsigned containers, unsigned env, bool injected)
{
	struct text t;

	text_init(&t, &arena, 1 << 26);
	text_adds(&t, injected ? "{\"spec\":{\"containers\":[{\"name\":\"proxy\"}," : "{\"spec\":{\"containers\":[");
	for (unsigned i = 0; i < containers; i++) {
		text_addf(&t, "%s{\"name\":\"c%u\",\"env\":[", i ? "," : "", i);
		for (unsigned j = 0; j < env; j++)
			text_addf(&t, "%s{\"name\":\"E%u\"}", j ? "," : "", j);
		text_adds(&t, "]}");
	}
	text_adds(&t, "]}}");
	return parse(text_cstr(&t));
}

/* One container more costs the same patch whatever the pod, also where nothing is shared. */
static void test_cost(void **state UNUSED)
{
	const char *small = diff(pod_of(1, 1, false), pod_of(1, 1, true));

	assert_string_equal(small, "[{\"op\":\"add\",\"path\":\"/spec/containers/0\",\"value\":{\"name\":\"proxy\"}}]");
	assert_string_equal(diff(pod_of(1000, 3, false), pod_of(1000, 3, true)), small);
	assert_string_equal(diff(pod_of(2, 100000, false), pod_of(2, 100000, true)), small);
}

static int diff_in(struct arena *a, const void *arg, struct err *err)
{
	const struct value *const *pair = arg;
	struct text out;

	text_init(&out, a, 1 << 20);
	return json_diff(a, &out, pair[0], pair[1], &pod, err);
}

static void test_out_of_memory(void **state UNUSED)
{
	const struct value *swapped[] = {
		parse("{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"1\"},{\"name\":\"b\"},{\"name\":\"c\"}]}}"),
		parse("{\"spec\":{\"containers\":[{\"name\":\"c\"},{\"name\":\"d\"},{\"name\":\"a\",\"image\":\"2\"}]},\"m\":{\"x\":1}}"),
	};

	assert_in_range(oom_loop(diff_in, swapped), 20, 1000);
}

static void test_too_deep(void **state UNUSED)
{
	const struct value *a = value_int(&arena, 1), *b = value_int(&arena, 2);
	struct err err = {0};
	struct text out;

	for (int i = 0; i < 2000; i++) {
		const struct value **item = arena_calloc(&arena, 2, sizeof(*item));

		need(item);
		item[0] = a;
		item[1] = b;
		a = value_list(&arena, item, 1);
		b = value_list(&arena, item + 1, 1);
	}
	text_init(&out, &arena, 1 << 20);
	assert_int_equal(json_diff(&arena, &out, a, b, NULL, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
}

static void test_apply(void **state UNUSED)
{
	static const struct {
		const char *doc, *patch, *wanted; /* wanted NULL: an error, which is */
		const char *where, *what;
	} rows[] = {
		{"{\"a\":1}", "[]", "{\"a\":1}", NULL, NULL},
		{"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/b\",\"value\":[]},{\"op\":\"add\",\"path\":\"/b/-\",\"value\":2}]", "{\"a\":1,\"b\":[2]}", NULL, NULL},
		{"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":2}]", "{\"a\":2}", NULL, NULL},
		{"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":[1]}]", "[1]", NULL, NULL},
		{"[1,2]", "[{\"op\":\"add\",\"path\":\"/1\",\"value\":9}]", "[1,9,2]", NULL, NULL},
		{"[1,2]", "[{\"op\":\"add\",\"path\":\"/2\",\"value\":9}]", "[1,2,9]", NULL, NULL},
		{"[1,2]", "[{\"op\":\"remove\",\"path\":\"/0\"}]", "[2]", NULL, NULL},
		{"{\"a/b\":{\"~1\":1}}", "[{\"op\":\"replace\",\"path\":\"/a~1b/~01\",\"value\":2}]", "{\"a/b\":{\"~1\":2}}", NULL, NULL},
		{"{\"a\":{\"b\":1},\"c\":{}}", "[{\"op\":\"move\",\"from\":\"/a/b\",\"path\":\"/c/d\"}]", "{\"a\":{},\"c\":{\"d\":1}}", NULL, NULL},
		{"[1,2,3]", "[{\"op\":\"move\",\"from\":\"/0\",\"path\":\"/2\"}]", "[2,3,1]", NULL, NULL},
		{"{\"a\":{\"b\":1}}", "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/c\"}]", "{\"a\":{\"b\":1,\"c\":{\"b\":1}}}", NULL, NULL},
		{"{\"a\":[1]}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":[1.0]}]", "{\"a\":[1]}", NULL, NULL},
		{"{\"a\":null}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":null},{\"op\":\"remove\",\"path\":\"/a\"}]", "{}", NULL, NULL},
		{"{\"a\":1}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a\"}]", "{\"a\":1}", NULL, NULL},
		{"{\"\":1}", "[{\"op\":\"replace\",\"path\":\"/\",\"value\":2}]", "{\"\":2}", NULL, NULL},
		{"{}", "{}", NULL, "", "a JSON Patch is an array of operations"},
		{"{}", "[1]", NULL, "/0", "unknown operation \"\""},
		{"{}", "[{\"op\":\"merge\",\"path\":\"\"}]", NULL, "/0", "unknown operation \"merge\""},
		{"{}", "[{\"op\":\"remove\"}]", NULL, "/0", "the operation has no \"path\""},
		{"{}", "[{\"op\":\"add\",\"path\":\"/a\"}]", NULL, "/0", "the operation has no \"value\""},
		{"{}", "[{\"op\":\"copy\",\"path\":\"/a\"}]", NULL, "/0", "the operation has no \"from\""},
		{"{}", "[{\"op\":\"add\",\"path\":\"a\",\"value\":1}]", NULL, "/0", "a JSON Pointer must begin with '/': \"a\""},
		{"{}", "[{\"op\":\"add\",\"path\":\"/~2\",\"value\":1}]", NULL, "/0", "'~' in a JSON Pointer must be followed by 0 or 1"},
		{"{}", "[{\"op\":\"add\",\"path\":\"/~\",\"value\":1}]", NULL, "/0", "'~' in a JSON Pointer must be followed by 0 or 1"},
		{"{}", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":1},{\"op\":\"remove\",\"path\":\"/b\"}]", NULL, "/1", "no such member: \"/b\""},
		{"{}", "[{\"op\":\"replace\",\"path\":\"/b\",\"value\":1}]", NULL, "/0", "no such member: \"/b\""},
		{"{}", "[{\"op\":\"add\",\"path\":\"/b/c\",\"value\":1}]", NULL, "/0", "no such place: \"/b/c\""},
		{"{\"b\":1}", "[{\"op\":\"add\",\"path\":\"/b/c\",\"value\":1}]", NULL, "/0", "neither an object nor an array holds it: \"/b/c\""},
		{"[1]", "[{\"op\":\"add\",\"path\":\"/2\",\"value\":1}]", NULL, "/0", "no such index: \"/2\""},
		{"[1]", "[{\"op\":\"add\",\"path\":\"/00\",\"value\":1}]", NULL, "/0", "no such index: \"/00\""},
		{"[1]", "[{\"op\":\"add\",\"path\":\"/+1\",\"value\":1}]", NULL, "/0", "no such index: \"/+1\""},
		{"[1]", "[{\"op\":\"add\",\"path\":\"/18446744073709551616\",\"value\":1}]", NULL, "/0", "no such index: \"/18446744073709551616\""},
		{"[1]", "[{\"op\":\"remove\",\"path\":\"/-\"}]", NULL, "/0", "no such index: \"/-\""},
		{"[1]", "[{\"op\":\"remove\",\"path\":\"/1\"}]", NULL, "/0", "no such index: \"/1\""},
		{"[1]", "[{\"op\":\"replace\",\"path\":\"/01\",\"value\":1}]", NULL, "/0", "no such index: \"/01\""},
		{"[1]", "[{\"op\":\"remove\",\"path\":\"\"}]", NULL, "/0", "the whole document cannot be removed: \"\""},
		{"{\"a\":{}}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a/b\"}]", NULL, "/0", "cannot move a value into itself: \"/a\""},
		{"{}", "[{\"op\":\"move\",\"from\":\"/x\",\"path\":\"/y\"}]", NULL, "/0", "no such place: \"/x\""},
		{"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":2}]", NULL, "/0", "the value is not the one that \"test\" wants: \"/a\""},
		{"{\"A\":1}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":1}]", NULL, "/0", "the value is not the one that \"test\" wants: \"/a\""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};
		const struct value *got = json_patch_apply(&arena, parse(rows[i].doc), parse(rows[i].patch), &err);

		if (!got != !rows[i].wanted)
			fail_msg("%s: %s", rows[i].patch, err.what);
		if (got && !raw_equal(got, parse(rows[i].wanted)))
			fail_msg("%s: %s", rows[i].patch, print(got, 0));
		if (got)
			continue;
		assert_string_equal(err.what, rows[i].what);
		assert_string_equal(err.where, rows[i].where);
		assert_int_equal(err.code, ERR_INPUT);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_patches, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_leads_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_all_orders, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_out_of_memory, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_too_deep, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_apply, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
