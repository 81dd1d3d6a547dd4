/* SPDX-License-Identifier: Apache-2.0 */
/* Strategic merges: each rule once, errors with their full text, what is shared, and that cost is linear. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "patches/merge/merge.h"
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

static const struct value *parse(const char *json)
{
	struct err err = {0};
	const struct value *v = json_parse(&arena, json, strlen(json), JSON_FROM_POD, &err);

	if (!v)
		fail_msg("%s: %s at %s", json, err.what, err.where);
	return v;
}

static const char *print(const struct value *v)
{
	struct text out;

	text_init(&out, &arena, LIMIT_ARENA_BYTES);
	json_write(&out, v, 0);
	return text_cstr(&out);
}

/* Every text is of a pod's spec; want is its JSON, or the error where `where` is given. */
static const struct {
	const char *original, *patch, *want, *where;
} rows[] = {
	{"{}", "{}", "{}", NULL},
	{"{\"hostname\":\"a\"}", "{\"hostname\":null,\"subdomain\":null}", "{}", NULL},
	{"{\"hostname\":\"a\"}", "{\"hostname\":\"b\",\"subdomain\":\"c\"}", "{\"hostname\":\"b\",\"subdomain\":\"c\"}", NULL},
	/* items of the patch come first, unless the original has them in its order */
	{"{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"}]}", "{\"containers\":[{\"name\":\"c\"},{\"name\":\"b\",\"image\":\"x\"}]}",
	 "{\"containers\":[{\"name\":\"c\"},{\"name\":\"a\"},{\"name\":\"b\",\"image\":\"x\"}]}", NULL},
	{"{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"}]}", "{\"containers\":[{\"name\":\"b\"},{\"name\":\"a\"}]}",
	 "{\"containers\":[{\"name\":\"b\"},{\"name\":\"a\"}]}", NULL},
	/* of two with one name the first is merged, and they come together */
	{"{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"a\",\"tty\":true}]}", "{\"containers\":[{\"name\":\"a\",\"image\":\"x\"}]}",
	 "{\"containers\":[{\"name\":\"a\",\"image\":\"x\"},{\"name\":\"a\",\"tty\":true},{\"name\":\"b\"}]}", NULL},
	{"{\"containers\":[{\"name\":\"a\"}]}", "{\"containers\":[{\"name\":\"n\",\"image\":\"1\"},{\"name\":\"n\",\"args\":[]}]}",
	 "{\"containers\":[{\"name\":\"n\",\"image\":\"1\",\"args\":[]},{\"name\":\"a\"}]}", NULL},
	/* a key may be a number: by value */
	{"{\"containers\":[{\"name\":\"a\",\"ports\":[{\"containerPort\":80}]}]}", "{\"containers\":[{\"name\":\"a\",\"ports\":[{\"containerPort\":8e1,\"name\":\"x\"}]}]}",
	 "{\"containers\":[{\"name\":\"a\",\"ports\":[{\"containerPort\":8e1,\"name\":\"x\"}]}]}", NULL},
	/* lists without strategy are replaced, and so are values of another type */
	{"{\"tolerations\":[{\"key\":\"a\"}]}", "{\"tolerations\":[{\"key\":\"b\"}]}", "{\"tolerations\":[{\"key\":\"b\"}]}", NULL},
	{"{\"containers\":5}", "{\"containers\":[{\"name\":\"a\",\"image\":null}]}", "{\"containers\":[{\"name\":\"a\"}]}", NULL},
	/* new maps lose nulls and whatever holds a directive */
	{"{}", "{\"volumes\":[{\"name\":\"a\",\"emptyDir\":null},{\"$patch\":\"delete\",\"name\":\"b\"}]}", "{\"volumes\":[{\"name\":\"a\"}]}", NULL},
	{"{\"securityContext\":{\"fsGroup\":1}}", "{\"securityContext\":{\"runAsUser\":2}}", "{\"securityContext\":{\"fsGroup\":1,\"runAsUser\":2}}", NULL},
	/* $patch */
	{"{\"securityContext\":{\"fsGroup\":1}}", "{\"securityContext\":{\"$patch\":\"replace\",\"runAsUser\":2}}", "{\"securityContext\":{\"runAsUser\":2}}", NULL},
	{"{\"securityContext\":{\"fsGroup\":1}}", "{\"securityContext\":{\"$patch\":\"delete\"}}", "{\"securityContext\":{}}", NULL},
	{"{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"}]}", "{\"containers\":[{\"$patch\":\"delete\",\"name\":\"a\"}]}", "{\"containers\":[{\"name\":\"b\"}]}", NULL},
	{"{\"containers\":[{\"name\":\"a\"}]}", "{\"containers\":[{\"$patch\":\"replace\"},{\"name\":\"c\"}]}", "{\"containers\":[{\"name\":\"c\"}]}", NULL},
	/* $retainKeys, $setElementOrder */
	{"{\"volumes\":[{\"name\":\"a\",\"emptyDir\":{}}]}", "{\"volumes\":[{\"name\":\"a\",\"$retainKeys\":[\"name\",\"secret\"],\"secret\":{}}]}",
	 "{\"volumes\":[{\"name\":\"a\",\"secret\":{}}]}", NULL},
	{"{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"}]}", "{\"$setElementOrder/containers\":[{\"name\":\"c\"},{\"name\":\"a\"}]}",
	 "{\"containers\":[{\"name\":\"b\"},{\"name\":\"c\"},{\"name\":\"a\"}]}", NULL},
	/* what only the original has need not be known */
	{"{\"newField\":{\"x\":[1]}}", "{\"hostname\":\"a\"}", "{\"newField\":{\"x\":[1]},\"hostname\":\"a\"}", NULL},
	/* errors, as strategicpatch words them */
	{"{\"containers\":[{\"name\":\"a\"}]}", "{\"containers\":[{\"image\":\"x\",\"args\":[1,null,{\"b\":true}]}]}",
	 "map: map[args:[1 <nil> map[b:true]] image:x] does not contain declared merge key: name", "/spec/containers"},
	{"{\"containers\":[{\"image\":\"x\"}]}", "{\"containers\":[{\"name\":\"a\"}]}", "map: map[image:x] does not contain declared merge key: name", "/spec/containers"},
	{"{\"newField\":{}}", "{\"newField\":{\"a\":1}}", "unable to find api field in struct PodSpec for the json field \"newField\"", "/spec/newField"},
	{"{\"nodeSelector\":{\"a\":{}}}", "{\"nodeSelector\":{\"a\":{\"b\":1}}}", "merging an object in json but data type is not struct, instead is: map", "/spec/nodeSelector/a"},
	{"{\"hostname\":[1]}", "{\"hostname\":[2]}", "expected slice or array type, but got: struct", "/spec/hostname"},
	{"{\"containers\":[{\"name\":\"a\"}]}", "{\"containers\":[{\"$patch\":\"odd\",\"name\":\"a\"}]}",
	 "unknown patch type: odd in map: map[$patch:odd name:a]", "/spec/containers"},
	{"{\"containers\":[{\"name\":\"a\"}]}", "{\"containers\":[{\"$patch\":\"merge\",\"name\":\"a\"}]}", "merging lists cannot yet be specified in the patch", "/spec/containers"},
	{"{\"containers\":[{\"name\":\"a\"}]}", "{\"containers\":[\"b\"]}", "list element types are not identical", "/spec/containers"},
	{"{\"containers\":[[]]}", "{\"containers\":[]}", "lists of lists are not supported", "/spec/containers"},
	{"{\"containers\":[null]}", "{\"containers\":[]}", "a list that is merged holds null", "/spec/containers"},
	{"{\"containers\":[{\"name\":{}}]}", "{\"containers\":[]}", "a list is merged by a key that is a list or a map", "/spec/containers"},
	{"{\"volumes\":[{\"name\":\"a\"}]}", "{\"volumes\":[{\"name\":\"a\",\"$retainKeys\":[\"name\"],\"secret\":{}}]}", "invalid patch format of retainKeys", "/spec/volumes/0"},
	{"{\"containers\":[{\"name\":\"a\"}]}", "{\"$setElementOrder/containers\":\"x\"}", "expected a []interface {}, but received a string", "/spec"},
	{"{\"containers\":[{\"name\":\"a\"}]}", "{\"$setElementOrder/containers\":[{\"name\":\"a\"}],\"containers\":[{\"name\":\"x\"}]}",
	 "The order in patch list:\n[map[name:x]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n", "/spec"},
	{"{\"containers\":[{\"name\":\"a\",\"env\":[{\"name\":\"A\"}]}]}", "{\"containers\":[{\"name\":\"a\",\"env\":[{\"value\":\"x\"}]}]}",
	 "map: map[value:x] does not contain declared merge key: name", "/spec/containers/0/env"},
};

static const struct value *in_spec(const char *json)
{
	return parse(arena_printf(&arena, "{\"spec\":%s}", json));
}

static void test_rows(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};
		const struct value *got = strategic_merge(&arena, in_spec(rows[i].original), in_spec(rows[i].patch), &go_pod, &err);

		if (!got) {
			if (!rows[i].where)
				fail_msg("%s: %s at %s", rows[i].patch, err.what, err.where);
			assert_string_equal(err.what, rows[i].want);
			assert_string_equal(err.where, rows[i].where);
			assert_int_equal(err.code, ERR_INPUT);
			continue;
		}
		if (rows[i].where)
			fail_msg("%s on %s is no error but %s", rows[i].patch, rows[i].original, print(got));
		assert_string_equal(print(raw_get(got, "spec")), rows[i].want);
	}
}

static void test_scalars(void **state UNUSED)
{
	static const char *const lists[][3] = {
		{"{\"finalizers\":[\"a\",\"b\"]}", "{\"finalizers\":[\"b\",\"c\"]}", "{\"finalizers\":[\"a\",\"b\",\"c\"]}"},
		{"{\"finalizers\":[\"a\",\"b\"]}", "{\"$deleteFromPrimitiveList/finalizers\":[\"b\",\"x\"]}", "{\"finalizers\":[\"a\"]}"},
		{"{}", "{\"$deleteFromPrimitiveList/finalizers\":[\"b\"]}", "{}"},
		{"{\"finalizers\":[\"a\",\"b\",\"c\"]}", "{\"$setElementOrder/finalizers\":[\"c\",\"a\"],\"finalizers\":[\"c\"]}", "{\"finalizers\":[\"b\",\"c\",\"a\"]}"},
	};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct err err = {0};
		const struct value *got = strategic_merge(&arena, parse(lists[i][0]), parse(lists[i][1]), &go_object_meta, &err);

		assert_non_null(got);
		assert_string_equal(print(got), lists[i][2]);
	}
}

static void test_null_documents(void **state UNUSED)
{
	struct err err = {0};

	assert_string_equal(print(strategic_merge(&arena, NULL, NULL, &go_pod, &err)), "{}");
	assert_string_equal(print(strategic_merge(&arena, &value_nil, parse("{\"kind\":\"Pod\"}"), &go_pod, &err)), "{\"kind\":\"Pod\"}");
	assert_null(strategic_merge(&arena, parse("[]"), NULL, &go_pod, &err));
	assert_string_equal(err.what, "invalid JSON document");
}

/* What is not on the way to a change is the same node; what is, has lost its mark; nothing of the original is changed. */
static void test_sharing(void **state UNUSED)
{
	static const char original[] = "{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":{\"containers\":[{\"name\":\"a\"},{\"name\":\"b\"}],\"volumes\":[]}}";
	const struct value *pod = parse(original), *patch = parse("{\"spec\":{\"containers\":[{\"name\":\"b\",\"image\":\"x\"}]}}");
	struct err err = {0};
	const struct value *got = strategic_merge(&arena, pod, patch, &go_pod, &err);
	const struct value *list = raw_path(got, "spec", "containers", NULL);

	assert_non_null(got);
	assert_ptr_equal(raw_get(got, "metadata"), raw_get(pod, "metadata"));
	assert_ptr_equal(raw_path(got, "spec", "volumes", NULL), raw_path(pod, "spec", "volumes", NULL));
	assert_ptr_equal(list->u.list.item[0], raw_path(pod, "spec", "containers", NULL)->u.list.item[0]);
	assert_true(list->u.list.item[0]->flags & V_ASIS);
	assert_false(got->flags & V_ASIS);
	assert_false(raw_get(got, "spec")->flags & V_ASIS);
	assert_false(list->flags & V_ASIS);
	assert_false(list->u.list.item[1]->flags & V_ASIS);
	assert_string_equal(print(pod), original);
}

/* Every item matched, with bytes of the arena as the measure: twice the items, about twice the memory, and no endless time. */
static size_t cost_of(size_t n)
{
	struct arena own_arena;
	struct text json;
	struct err err = {0};
	const struct value *pod;
	size_t before, cost;

	text_init(&json, &arena, LIMIT_ARENA_BYTES);
	text_adds(&json, "{\"spec\":{\"containers\":[");
	for (size_t i = 0; i < n; i++)
		text_addf(&json, "%s{\"name\":\"c%zu\"}", i ? "," : "", i);
	text_adds(&json, "]}}");
	pod = parse(text_cstr(&json));
	arena_init(&own_arena, 0);
	before = own_arena.total;
	assert_non_null(strategic_merge(&own_arena, pod, pod, &go_pod, &err));
	cost = own_arena.total - before;
	arena_release(&own_arena);
	return cost;
}

static void test_linear(void **state UNUSED)
{
	assert_true(cost_of(80000) < 6 * cost_of(20000));
}

/* A patch from inside, nested beyond what we take, is an error and not a fault. */
static void test_depth(void **state UNUSED)
{
	const struct value *v = parse("{\"a\":1}");
	struct err err = {0};

	for (int i = 0; i < LIMIT_VALUE_DEPTH + 10; i++) {
		struct map *m = map_new(&arena, 1);

		assert_int_equal(map_setc(&arena, m, "a", v), 0);
		v = value_map(&arena, m);
	}
	assert_null(strategic_merge(&arena, NULL, v, &go_pod, &err));
	assert_int_equal(err.code, ERR_LIMIT);
}

static int merge_once(struct arena *a, const void *arg, struct err *err)
{
	const struct value *const *documents = arg;

	return strategic_merge(a, documents[0], documents[1], &go_pod, err) ? 0 : -1;
}

static void test_no_memory(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct value *documents[] = {in_spec(rows[i].original), in_spec(rows[i].patch)};

		if (!rows[i].where)
			assert_true(oom_loop(merge_once, documents) > 0 || !documents[1]->u.map->len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_scalars, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_null_documents, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sharing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_linear, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_depth, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
