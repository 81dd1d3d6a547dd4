/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a pod is injected, and by which reason; and label selectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "patches/decide.h"
#include "patches/value/json.h"

static const struct value *parse(struct arena *a, const char *json)
{
	struct err err = {0};
	const struct value *v = json_parse(a, json, strlen(json), JSON_FROM_POD, &err);

	if (!v)
		fail_msg("%s: %s", json, err.what);
	return v;
}

static const char never[] = "[{\"matchLabels\":{\"job\":\"batch\"}}]";
static const char always[] = "[{\"matchExpressions\":[{\"key\":\"mesh\",\"operator\":\"In\",\"values\":[\"yes\",\"on\"]}]},{}]";

struct row {
	const char *pod, *namespace;
	enum reason today_enabled, today_disabled, up_to_1_8; /* the last with policy enabled */
};

#define LABEL(v) "{\"metadata\":{\"labels\":{\"sidecar.istio.io/inject\":\"" v "\"}},\"spec\":{}}"
#define NOTE(v) "{\"metadata\":{\"annotations\":{\"sidecar.istio.io/inject\":\"" v "\"}},\"spec\":{}}"
#define BOTH(l, n)                                                                                                     \
	"{\"metadata\":{\"labels\":{\"sidecar.istio.io/inject\":\"" l                                                  \
	"\"},\"annotations\":{\"sidecar.istio.io/inject\":\"" n "\"}}}"

static const struct row rows[] = {
	{"{}", "d", REASON_POLICY_ENABLED, REASON_POLICY_DISABLED, REASON_POLICY_ENABLED},
	{"{\"spec\":{\"hostNetwork\":true}}", "d", REASON_HOST_NETWORK, REASON_HOST_NETWORK, REASON_HOST_NETWORK},
	{"{\"spec\":{\"hostNetwork\":false}}", "d", REASON_POLICY_ENABLED, REASON_POLICY_DISABLED, REASON_POLICY_ENABLED},
	{"{}", "kube-system", REASON_SYSTEM_NAMESPACE, REASON_SYSTEM_NAMESPACE, REASON_SYSTEM_NAMESPACE},
	{"{}", "kube-public", REASON_SYSTEM_NAMESPACE, REASON_SYSTEM_NAMESPACE, REASON_SYSTEM_NAMESPACE},
	{"{}", "kube-node-lease", REASON_SYSTEM_NAMESPACE, REASON_SYSTEM_NAMESPACE, REASON_POLICY_ENABLED},
	{"{}", "local-path-storage", REASON_SYSTEM_NAMESPACE, REASON_SYSTEM_NAMESPACE, REASON_POLICY_ENABLED},
	{"{}", "istio-system", REASON_POLICY_ENABLED, REASON_POLICY_DISABLED, REASON_POLICY_ENABLED},
	{LABEL("true"), "d", REASON_LABEL_TRUE, REASON_LABEL_TRUE, REASON_POLICY_ENABLED},
	{LABEL("false"), "d", REASON_LABEL_FALSE, REASON_LABEL_FALSE, REASON_POLICY_ENABLED},
	{LABEL("True"), "d", REASON_POLICY_ENABLED, REASON_POLICY_DISABLED, REASON_POLICY_ENABLED},
	{LABEL("yes"), "d", REASON_POLICY_ENABLED, REASON_POLICY_DISABLED, REASON_POLICY_ENABLED},
	{LABEL(""), "d", REASON_POLICY_ENABLED, REASON_POLICY_DISABLED, REASON_POLICY_ENABLED},
	{NOTE("true"), "d", REASON_ANNOTATION_TRUE, REASON_ANNOTATION_TRUE, REASON_ANNOTATION_TRUE},
	{NOTE("false"), "d", REASON_ANNOTATION_FALSE, REASON_ANNOTATION_FALSE, REASON_ANNOTATION_FALSE},
	{NOTE("YES"), "d", REASON_POLICY_ENABLED, REASON_POLICY_DISABLED, REASON_ANNOTATION_TRUE},
	{NOTE("on"), "d", REASON_POLICY_ENABLED, REASON_POLICY_DISABLED, REASON_ANNOTATION_TRUE},
	{NOTE("Y"), "d", REASON_POLICY_ENABLED, REASON_POLICY_DISABLED, REASON_ANNOTATION_TRUE},
	{NOTE("1"), "d", REASON_POLICY_ENABLED, REASON_POLICY_DISABLED, REASON_ANNOTATION_FALSE},
	{NOTE(""), "d", REASON_POLICY_ENABLED, REASON_POLICY_DISABLED, REASON_POLICY_ENABLED},
	{BOTH("false", "true"), "d", REASON_LABEL_FALSE, REASON_LABEL_FALSE, REASON_ANNOTATION_TRUE},
	{BOTH("true", "false"), "d", REASON_LABEL_TRUE, REASON_LABEL_TRUE, REASON_ANNOTATION_FALSE},
	{BOTH("", "false"), "d", REASON_POLICY_ENABLED, REASON_POLICY_DISABLED, REASON_ANNOTATION_FALSE},
	{"{\"metadata\":{\"labels\":{\"job\":\"batch\"}}}", "d", REASON_NEVER_SELECTOR, REASON_NEVER_SELECTOR, REASON_NEVER_SELECTOR},
	{"{\"metadata\":{\"labels\":{\"mesh\":\"on\"}}}", "d", REASON_ALWAYS_SELECTOR, REASON_ALWAYS_SELECTOR, REASON_ALWAYS_SELECTOR},
	{"{\"metadata\":{\"labels\":{\"mesh\":\"off\"}}}", "d", REASON_POLICY_ENABLED, REASON_POLICY_DISABLED, REASON_POLICY_ENABLED},
	{"{\"metadata\":{\"labels\":{\"mesh\":\"on\",\"job\":\"batch\"}}}", "d", REASON_NEVER_SELECTOR, REASON_NEVER_SELECTOR,
		REASON_NEVER_SELECTOR},
};

static void test_decide(void **state UNUSED)
{
	struct arena a;
	struct err err = {0};
	struct inject_config c = {.release = RELEASE_HEAD};

	arena_init(&a, 0);
	assert_int_equal(selectors_compile(&a, parse(&a, never), &c.never, &err), 0);
	assert_int_equal(selectors_compile(&a, parse(&a, always), &c.always, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct value *pod = parse(&a, rows[i].pod);
		const struct str ns = str_of(rows[i].namespace);

		c.release = RELEASE_HEAD;
		c.policy_enabled = true;
		assert_string_equal(reason_row(decide(&c, pod, ns, false))->code, reason_row(rows[i].today_enabled)->code);
		c.policy_enabled = false;
		assert_string_equal(reason_row(decide(&c, pod, ns, false))->code, reason_row(rows[i].today_disabled)->code);
		c.release = RELEASE_1_7;
		c.policy_enabled = true;
		assert_string_equal(reason_row(decide(&c, pod, ns, false))->code, reason_row(rows[i].up_to_1_8)->code);
	}
	arena_release(&a);
}

/* Offline, what does not say no is injected: selectors and policy belong to a cluster. */
static void test_offline(void **state UNUSED)
{
	struct inject_config c = {.release = RELEASE_HEAD, .policy_enabled = false};
	struct err err = {0};
	struct arena a;

	arena_init(&a, 0);
	assert_int_equal(selectors_compile(&a, parse(&a, never), &c.never, &err), 0);
	assert_int_equal(decide(&c, parse(&a, "{\"metadata\":{\"labels\":{\"job\":\"batch\"}}}"), STR("d"), true), REASON_POLICY_ENABLED);
	assert_int_equal(decide(&c, parse(&a, LABEL("false")), STR("d"), true), REASON_LABEL_FALSE);
	arena_release(&a);
}

/* What each rule found, in order: "step" passes, "step!" decides, "step-" is not asked; "=value", "@entry/entries", "x" overruled. */
static const struct {
	const char *pod, *namespace;
	enum release release;
	bool offline;
	const char *want;
} traces[] = {
	{"{}", "d", RELEASE_HEAD, false, "host ns=d label annotation never@0/1 always@0/2 policy=enabled!"},
	{"{\"spec\":{\"hostNetwork\":true}}", "d", RELEASE_HEAD, false, "host! ns- label- annotation- never- always- policy-"},
	{"{}", "kube-system", RELEASE_HEAD, false, "host ns=kube-system! label- annotation- never- always- policy-"},
	{LABEL("false"), "d", RELEASE_HEAD, false, "host ns=d label=false! annotation- never- always- policy-"},
	{BOTH("yes", "false"), "d", RELEASE_HEAD, false, "host ns=d label=yes annotation=falsex never@0/1 always@0/2 policy=enabled!"},
	{NOTE("1"), "d", RELEASE_HEAD, false, "host ns=d label annotation=1 never@0/1 always@0/2 policy=enabled!"},
	{NOTE("1"), "d", RELEASE_1_6, false, "host ns=d annotation=1! never- always- policy-"},
	{"{\"metadata\":{\"labels\":{\"job\":\"batch\"}}}", "d", RELEASE_1_5, false, "host ns=d annotation never@1/1! always- policy-"},
	{"{\"metadata\":{\"labels\":{\"mesh\":\"on\"}}}", "d", RELEASE_HEAD, false,
		"host ns=d label annotation never@0/1 always@1/2! policy-"},
	{LABEL("true"), "d", RELEASE_HEAD, true, "host ns=d label=true! annotation- offline-"},
	{NOTE("no"), "d", RELEASE_1_8, true, "host already ns=d annotation=no! offline-"},
	{NOTE("no"), "kube-system", RELEASE_1_7, true, "host already offline!"},
	{"{\"spec\":{\"containers\":[{\"name\":\"a\"},{\"name\":\"istio-proxy\"}]}}", "d", RELEASE_1_7, true, "host already! offline-"},
};

static const char *traced(struct arena *a, const struct decide_trace *t)
{
	static const char *const names[STEP_COUNT] = {"host", "already", "ns", "label", "annotation", "never", "always", "policy", "offline"};
	struct text out;

	text_init(&out, a, 4096);
	for (size_t i = 0; i < t->len; i++) {
		const struct decide_row *r = &t->row[i];

		text_addf(&out, "%s%s", i ? " " : "", names[r->step]);
		if (r->value.p)
			text_addf(&out, "=%.*s", (int)r->value.len, r->value.p);
		if (r->entries)
			text_addf(&out, "@%zu/%zu", r->entry, r->entries);
		text_addf(&out, "%s%s", r->overruled ? "x" : "", !r->asked ? "-" : r->reason ? "!" : "");
	}
	return text_cstr(&out);
}

static void test_trace(void **state UNUSED)
{
	struct inject_config c = {.policy_enabled = true};
	struct err err = {0};
	struct arena a;

	arena_init(&a, 0);
	assert_int_equal(selectors_compile(&a, parse(&a, never), &c.never, &err), 0);
	assert_int_equal(selectors_compile(&a, parse(&a, always), &c.always, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(traces); i++) {
		const struct value *pod = parse(&a, traces[i].pod);
		const struct str namespace = str_of(traces[i].namespace);
		struct decide_trace t;
		enum reason decided;

		c.release = traces[i].release;
		decided = decide_traced(&c, pod, namespace, traces[i].offline, &t);
		assert_int_equal(decided, decide(&c, pod, namespace, traces[i].offline));
		assert_string_equal(traced(&a, &t), traces[i].want);
	}
	arena_release(&a);
}

static const struct {
	const char *selectors, *labels;
	bool matches;
	const char *error;
} selector_rows[] = {
	{"[]", "{}", false, NULL},
	{"[{}]", "{\"a\":\"b\"}", false, NULL},
	{"[{\"matchLabels\":{\"a\":\"b\"}}]", "{\"a\":\"b\",\"c\":\"d\"}", true, NULL},
	{"[{\"matchLabels\":{\"a\":\"b\",\"c\":\"x\"}}]", "{\"a\":\"b\",\"c\":\"d\"}", false, NULL},
	{"[{\"matchLabels\":{\"a\":\"b\"}}]", "null", false, NULL},
	{"[{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Exists\"}]}]", "{\"a\":\"\"}", true, NULL},
	{"[{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"DoesNotExist\"}]}]", "{\"b\":\"\"}", true, NULL},
	{"[{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"DoesNotExist\"}]}]", "{\"a\":\"\"}", false, NULL},
	{"[{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"NotIn\",\"values\":[\"x\"]}]}]", "{}", true, NULL},
	{"[{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"NotIn\",\"values\":[\"x\"]}]}]", "{\"a\":\"x\"}", false, NULL},
	{"[{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Near\"}]}]", "{}", false, "'Near' is no operator"},
	{"[{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"In\"}]}]", "{}", false, "operators In and NotIn need values"},
	{"[{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Exists\",\"values\":[\"x\"]}]}]", "{}", false, "take no values"},
	{"[{\"matchExpressions\":[{\"operator\":\"Exists\"}]}]", "{}", false, "needs a key"},
	{"[{\"matchLabels\":{\"a\":1}}]", "{}", false, "must be a string"},
	{"{}", "{}", false, "must be a list"},
	{"[\"a\"]", "{}", false, "entry 1: must be a label selector"},
	{"[{\"matchLabels\":[\"a\"]}]", "{}", false, "matchLabels must be a map"},
	{"[{\"matchExpressions\":{\"key\":\"a\"}}]", "{}", false, "matchExpressions a list"},
	{"[{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Exists\",\"values\":\"x\"}]}]", "{}", false, "must be a list"},
};

static void test_selectors(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(selector_rows); i++) {
		struct selectors s;
		struct err err = {0};
		struct arena a;
		const struct value *labels;
		int rc;

		arena_init(&a, 0);
		rc = selectors_compile(&a, parse(&a, selector_rows[i].selectors), &s, &err);
		if (selector_rows[i].error) {
			assert_int_equal(rc, -1);
			assert_int_equal(err.code, ERR_CONFIG);
			if (!strstr(err.what, selector_rows[i].error))
				fail_msg("row %zu: %s", i, err.what);
		} else {
			assert_int_equal(rc, 0);
			labels = parse(&a, selector_rows[i].labels);
			if (selectors_match(&s, labels->kind == K_MAP ? labels->u.map : NULL) != selector_rows[i].matches)
				fail_msg("row %zu: %s on %s", i, selector_rows[i].selectors, selector_rows[i].labels);
		}
		arena_release(&a);
	}
}

/* Codes are stable names: unique, lower case, with a text. */
static void test_reasons(void **state UNUSED)
{
	for (int i = 0; i < REASON_COUNT; i++) {
		const struct reason_row *r = reason_row((enum reason)i);

		assert_non_null(r->code);
		assert_true(strlen(r->text) > 8);
		assert_int_equal(strspn(r->code, "abcdefghijklmnopqrstuvwxyz-"), strlen(r->code));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(r->code, reason_row((enum reason)j)->code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decide), cmocka_unit_test(test_offline), cmocka_unit_test(test_selectors),
		cmocka_unit_test(test_reasons), cmocka_unit_test(test_trace),
	};

	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
