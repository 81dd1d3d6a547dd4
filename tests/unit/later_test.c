/* SPDX-License-Identifier: Apache-2.0 */
/* What others did to an injected pod, carried over to another form of it: each rule once, and memory that ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "patches/pod/later.h"
#include "patches/schema/schema.h"
#include "patches/value/json.h"
#include "tests/unit/oom.h"

#define ENV(items)     "{\"env\":[" items "]}"
#define VAR(name, say) "{\"name\":\"" name "\",\"value\":\"" say "\"}"

/* Texts are of a container, or of a spec where they say so; NULL: the same as onto. */
static const struct {
	const char *rule, *onto, *then, *now, *additions, *changes;
} rows[] = {
	{"nothing happened", "{\"image\":\"b\"}", "{\"image\":\"a\"}", "{\"image\":\"a\"}", NULL, NULL},
	{"a member is more", "{\"image\":\"a\"}", "{\"image\":\"a\"}", "{\"image\":\"a\",\"tty\":true}", "{\"image\":\"a\",\"tty\":true}",
		"{\"image\":\"a\",\"tty\":true}"},
	{"an unknown member is more", "{\"image\":\"a\"}", "{\"image\":\"a\"}", "{\"image\":\"a\",\"x\":[1]}", "{\"image\":\"a\",\"x\":[1]}",
		"{\"image\":\"a\",\"x\":[1]}"},
	{"where the level changed, only what the pod brought grows", "{\"image\":\"b\"}", "{\"image\":\"a\"}", "{\"image\":\"c\",\"tty\":true}",
		NULL, "{\"image\":\"b\",\"tty\":true}"},
	{"a value is another", "{\"image\":\"a\"}", "{\"image\":\"a\"}", "{\"image\":\"b\"}", NULL, "{\"image\":\"b\"}"},
	{"a value that injection wrote is no one's to change", "{\"image\":\"auto\"}", "{\"image\":\"a\"}", "{\"image\":\"b\"}", NULL, NULL},
	{"a member is gone", "{\"image\":\"a\",\"tty\":true}", "{\"image\":\"a\",\"tty\":true}", "{\"image\":\"a\"}", NULL, "{\"image\":\"a\"}"},
	{"an item is more", ENV(VAR("A", "1")), ENV(VAR("A", "1")), ENV(VAR("A", "1") "," VAR("B", "2")),
		ENV(VAR("A", "1") "," VAR("B", "2")), ENV(VAR("A", "1") "," VAR("B", "2"))},
	{"an item is more, in the place where it was put", ENV(VAR("A", "9")), ENV(VAR("A", "1")), ENV(VAR("B", "2") "," VAR("A", "1")),
		ENV(VAR("B", "2") "," VAR("A", "9")), ENV(VAR("B", "2") "," VAR("A", "9"))},
	{"an item is more, in another order", ENV(VAR("C", "3") "," VAR("A", "1")), ENV(VAR("A", "1") "," VAR("C", "3")),
		ENV(VAR("A", "1") "," VAR("B", "2") "," VAR("C", "3")), ENV(VAR("C", "3") "," VAR("A", "1") "," VAR("B", "2")),
		ENV(VAR("C", "3") "," VAR("A", "1") "," VAR("B", "2"))},
	{"an item is more where another changed", ENV(VAR("A", "1")), ENV(VAR("A", "1")), ENV(VAR("A", "9") "," VAR("B", "2")), NULL,
		ENV(VAR("A", "9") "," VAR("B", "2"))},
	{"an item is gone", ENV(VAR("A", "1") "," VAR("B", "2")), ENV(VAR("A", "1") "," VAR("B", "2")), ENV(VAR("B", "2")), NULL,
		ENV(VAR("B", "2"))},
	{"the template's items are not the pod's", "{}", ENV(VAR("A", "1")), ENV(VAR("A", "1") "," VAR("B", "2")), NULL, ENV(VAR("B", "2"))},
	{"two items of one name: what stands behind them is more", ENV(VAR("A", "1") "," VAR("A", "2")), ENV(VAR("A", "1") "," VAR("A", "2")),
		ENV(VAR("A", "1") "," VAR("A", "2") "," VAR("B", "3")), ENV(VAR("A", "1") "," VAR("A", "2") "," VAR("B", "3")),
		ENV(VAR("A", "1") "," VAR("A", "2") "," VAR("B", "3"))},
	{"two items of one name: not twice", ENV(VAR("A", "1") "," VAR("A", "2") "," VAR("B", "3")), ENV(VAR("A", "1") "," VAR("A", "2")),
		ENV(VAR("A", "1") "," VAR("A", "2") "," VAR("B", "3")), NULL, NULL},
	{"a default deep in an item", ENV("{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"p\"}}}"),
		ENV("{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"p\"}}}"),
		ENV("{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"p\",\"apiVersion\":\"v1\"}}}"),
		ENV("{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"p\",\"apiVersion\":\"v1\"}}}"), NULL},
	{"halves of two sources do not meet", ENV("{\"name\":\"A\",\"value\":\"1\"}"), ENV("{\"name\":\"A\",\"value\":\"1\"}"),
		ENV("{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"p\"}}}"), NULL, ENV("{\"name\":\"A\"}")},
	{"requests that follow from limits are not the pod's", "{\"resources\":{\"limits\":{\"cpu\":\"1\"}}}",
		"{\"resources\":{\"limits\":{\"cpu\":\"1\"}}}", "{\"resources\":{\"limits\":{\"cpu\":\"1\"},\"requests\":{\"cpu\":\"1\"}}}",
		"{\"resources\":{\"limits\":{\"cpu\":\"1\"},\"requests\":{\"cpu\":\"1\"}}}", NULL},
	{"arguments are one whole", "{\"args\":[\"a\"]}", "{\"args\":[\"a\"]}", "{\"args\":[\"a\",\"b\"]}", NULL, "{\"args\":[\"a\",\"b\"]}"},
	{"kinds that do not go together", "{\"env\":{}}", ENV(""), "{\"env\":1}", NULL, NULL},
};

static const struct value *parse(struct arena *a, const char *json)
{
	struct err err = {0};
	const struct value *v = json_parse(a, json, strlen(json), JSON_FROM_POD, &err);

	if (!v)
		fail_msg("%s: %s", json, err.what);
	return v;
}

static bool is_wanted(struct arena *a, const struct value *got, const char *want, const char *rule)
{
	struct text t;

	if (got && raw_equal(got, parse(a, want)))
		return true;
	text_init(&t, a, 1 << 20);
	if (got)
		json_write(&t, got, 0);
	print_error("%s: want %s got %s\n", rule, want, text_cstr(&t));
	return false;
}

static void test_rules(void **state UNUSED)
{
	size_t failed = 0;
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct three t = {parse(&a, rows[i].onto), parse(&a, rows[i].then), parse(&a, rows[i].now)};

		failed += !is_wanted(&a, with_additions(&a, t, &go_container), rows[i].additions ? rows[i].additions : rows[i].onto,
			rows[i].rule);
		failed += !is_wanted(&a, with_changes(&a, t, &go_container), rows[i].changes ? rows[i].changes : rows[i].onto, rows[i].rule);
	}
	arena_release(&a);
	assert_int_equal(failed, 0);
}

/* Of containers: what the pod that came has beyond what injection wrote. */
static const struct {
	const char *more, *less, *want;
} added[] = {
	{"{\"image\":\"a\"}", "{\"image\":\"a\"}", "{}"},
	{"{\"image\":\"a\",\"tty\":true}", "{\"image\":\"a\"}", "{\"tty\":true}"},
	{ENV(VAR("A", "1") "," VAR("B", "2")), ENV(VAR("A", "1")), ENV(VAR("B", "2"))},
	{ENV(VAR("A", "1")), "{}", ENV(VAR("A", "1"))},
	{"{\"securityContext\":{\"runAsUser\":1,\"privileged\":true}}", "{\"securityContext\":{\"runAsUser\":1}}",
		"{\"securityContext\":{\"privileged\":true}}"},
	{"{\"lifecycle\":{\"preStop\":{\"exec\":{\"command\":[\"x\"]}}}}", "{}", "{\"lifecycle\":{\"preStop\":{\"exec\":{\"command\":[\"x\"]}}}}"},
	/* what the API server fills in */
	{"{\"terminationMessagePath\":\"/dev/termination-log\",\"terminationMessagePolicy\":\"File\",\"imagePullPolicy\":\"Always\","
	 "\"ports\":[{\"containerPort\":1,\"protocol\":\"TCP\"}],\"readinessProbe\":{\"httpGet\":{\"port\":1,\"path\":\"/\",\"scheme\":\"HTTP\"},"
	 "\"periodSeconds\":10},\"resources\":{\"limits\":{\"cpu\":\"1\"},\"requests\":{\"cpu\":\"1\"}},"
	 "\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"apiVersion\":\"v1\",\"fieldPath\":\"p\"}}}]}",
		"{\"ports\":[{\"containerPort\":1}],\"readinessProbe\":{\"httpGet\":{\"port\":1}},\"resources\":{\"limits\":{\"cpu\":\"1\"}},"
		"\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"p\"}}}]}", "{}"},
	{"{\"terminationMessagePath\":\"/x\",\"resources\":{\"limits\":{\"cpu\":\"1\"},\"requests\":{\"cpu\":\"2\"}}}",
		"{\"resources\":{\"limits\":{\"cpu\":\"1\"}}}", "{\"terminationMessagePath\":\"/x\",\"resources\":{\"requests\":{\"cpu\":\"2\"}}}"},
};

static void test_only_additions(void **state UNUSED)
{
	size_t failed = 0;
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(added); i++)
		failed += !is_wanted(&a, only_additions(&a, parse(&a, added[i].more), parse(&a, added[i].less), &go_container), added[i].want,
			added[i].more);
	arena_release(&a);
	assert_int_equal(failed, 0);
}

static const struct {
	const char *now, *then;
	bool more;
} lists[] = {
	{"[]", "[]", true},
	{"[{\"name\":\"a\",\"emptyDir\":{}}]", "[{\"name\":\"a\",\"emptyDir\":{}}]", true},
	{"[{\"name\":\"a\",\"configMap\":{\"name\":\"c\",\"defaultMode\":420}}]", "[{\"name\":\"a\",\"configMap\":{\"name\":\"c\"}}]", true},
	{"[{\"name\":\"a\",\"configMap\":{\"name\":\"c\"}}]", "[{\"name\":\"a\",\"configMap\":{\"name\":\"d\"}}]", false},
	{"[{\"name\":\"a\"},{\"name\":\"b\"}]", "[{\"name\":\"b\"},{\"name\":\"a\"}]", false},
	{"[{\"name\":\"a\"},{\"name\":\"b\"}]", "[{\"name\":\"a\"}]", false},
};

static void test_only_more(void **state UNUSED)
{
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		bool more;

		assert_int_equal(only_more(&a, parse(&a, lists[i].now), parse(&a, lists[i].then), &go_list_volume, &more), 0);
		if (more != lists[i].more)
			fail_msg("%s and %s", lists[i].now, lists[i].then);
	}
	arena_release(&a);
}

static int merge_both(struct arena *a, const void *arg, struct err *err)
{
	const struct three *t = arg;

	const bool done = with_additions(a, *t, &go_container) && with_changes(a, *t, &go_container) &&
			  only_additions(a, t->now, t->then, &go_container);

	return done ? 0 : err_nomem(err);
}

static void test_no_memory(void **state UNUSED)
{
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct three t = {parse(&a, rows[i].onto), parse(&a, rows[i].then), parse(&a, rows[i].now)};

		if (!raw_equal(t.then, t.now) && !oom_loop(merge_both, &t))
			fail_msg("%s", rows[i].rule);
	}
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_only_additions),
		cmocka_unit_test(test_only_more),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
