/* SPDX-License-Identifier: Apache-2.0 */
/* Is guard.yaml read as it stands, and is every mistake in it told with its line and a remedy? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/glob.h"
#include "webhook/admission/guard_load.h"

static struct guard *load(const char *yaml, const struct guard_known *known, struct err *err)
{
	const struct named_text text = {"guard.yaml", str_of(yaml)};

	return guard_load(&text, known, err);
}

#define RULE      "rules:\n- name: a\n  match: {injection: off}\n"
#define REQUIRE   "require:\n- name: a\n  message: m\n"
#define EXCEPTION RULE "  action: audit\nexceptions:\n- name: x\n"

static const struct {
	const char *yaml, *where, *what;
} mistakes[] = {
	{"", "guard.yaml", "must be a map with rules; write 'rules: []' where none are meant"},
	{"[]", "guard.yaml:1", "must be a map with rules; write 'rules: []' where none are meant"},
	{"rulez: []", "guard.yaml:1", "the file has no field 'rulez'; there are rules, require, exceptions"},
	{"rules: {}", "guard.yaml:1", "rules must be a list"},
	{"rules: []\nrules: []", "guard.yaml:2", "'rules' is there already, at line 1"},
	{"rules:\n- a", "guard.yaml:2", "a rule must be a map that begins with its name"},
	{RULE "  action: audit\n  acton: deny", "guard.yaml:5",
		"a rule has no field 'acton'; there are name, namespaces, exceptNamespaces, namespaceSelector, match, "
		"action, message"},
	{RULE, "guard.yaml:2", "a rule needs 'action'"},
	{"rules:\n- name: a\n  action: audit", "guard.yaml:2", "a rule needs 'match'"},
	{RULE "  action: refuse", "guard.yaml:4", "'refuse' is no action: use audit, warn, strip or deny"},
	{RULE "  action: [deny]", "guard.yaml:4", "action must be a text"},
	{RULE "  action: deny", "guard.yaml:2", "rule 'a' needs a message; write one for whoever made the pod"},
	{RULE "  action: deny\n  message: \"a\\nb\"", "guard.yaml:5", "a message is one line"},
	{RULE "  action: warn\n  message: "
	      "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
	      "45678901",
		"guard.yaml:2", "rule 'a' makes a warning of more than 119 bytes, 'guard NAME: MESSAGE'; shorten its message"},
	{RULE "  action: audit\n- name: a\n  match: {injection: off}\n  action: audit", "guard.yaml:5",
		"the name 'a' is taken already by the one at line 2; give this one another"},
	{"rules:\n- name: Stay In\n", "guard.yaml:2", "a name is 1 to 63 of a-z, 0-9, '-' and '.'"},
	{RULE "  action: audit\n  namespaces: shop", "guard.yaml:5", "namespaces must be a list"},
	{RULE "  action: audit\n  namespaces: []", "guard.yaml:5",
		"namespaces is empty: leave it out where all are meant"},
	{RULE "  action: audit\n  namespaces: [\"\"]", "guard.yaml:5", "an entry of namespaces has 1 to 256 bytes"},
	{RULE "  action: audit\n  namespaces: [&a shop, *a]", "guard.yaml:5",
		"namespaces must be a text, written out: aliases are not followed here"},
	{RULE "  action: audit\n  namespaceSelector: {}", "guard.yaml:5",
		"namespaceSelector is empty: leave it out where all are meant"},
	{RULE "  action: audit\n  namespaceSelector:\n    labels: {a: b}", "guard.yaml:6",
		"a label selector has matchLabels and matchExpressions, not 'labels'"},
	{RULE "  action: audit\n  namespaceSelector: {matchExpressions: [{key: a, operator: Is}]}", "guard.yaml:5",
		"entry 1: matchExpressions for key 'a': 'Is' is no operator of a label selector, use In, NotIn, Exists "
		"or DoesNotExist"},
	{"rules:\n- name: a\n  match: {}", "guard.yaml:3",
		"match must say what the rule is about, such as injection: off"},
	{"rules:\n- name: a\n  match: {image: any}", "guard.yaml:3",
		"match has no field 'image'; there are injection, neverSelector, proxyImage, proxyImageType, "
		"excludedInboundPorts, "
		"excludedOutboundPorts, "
		"excludedOutboundRanges, excludedInterfaces, reroutedInterfaces, narrowedInboundPorts, "
		"narrowedOutboundPorts, narrowedOutboundRanges, "
		"interceptionMode, userVolumes, bootstrapOverride, logLevel, proxyCPU, proxyMemory, runAsIds, "
		"capabilities, templates, proxyConfig, "
		"ownContainers, hostNetwork, annotations, users, groups"},
	{"rules:\n- name: a\n  match: {injection: on}", "guard.yaml:3", "injection must be 'off'"},
	{"rules:\n- name: a\n  match: {hostNetwork: true}", "guard.yaml:3", "hostNetwork must be 'any'"},
	{"rules:\n- name: a\n  match: {logLevel: debug}", "guard.yaml:3",
		"logLevel must be 'any', a list of values, or {allowed: [VALUES]}"},
	{"rules:\n- name: a\n  match:\n    proxyImage: registry", "guard.yaml:4",
		"proxyImage must be 'any', a list of values, or {allowed: [VALUES], digest: required}"},
	{"rules:\n- name: a\n  match: {logLevel: {forbidden: [debug]}}", "guard.yaml:3",
		"logLevel has no field 'forbidden'; there are allowed"},
	{"rules:\n- name: a\n  match: {proxyImage: {digest: yes}}", "guard.yaml:3", "digest must be 'required'"},
	{"rules:\n- name: a\n  match: {proxyCPU: 2}", "guard.yaml:3",
		"proxyCPU must be 'any' or {min: QUANTITY, max: QUANTITY}"},
	{"rules:\n- name: a\n  match: {proxyCPU: {max: two}}", "guard.yaml:3",
		"'two' is no quantity, such as 500m or 1Gi"},
	{"rules:\n- name: a\n  match: {runAsIds: [1337], logLevel: any}\n  action: strip\n  message: m", "guard.yaml:2",
		"rule 'a': strip cannot take runAsIds out of a pod; use deny or warn"},
	{"rules:\n- name: a\n  match: {users: [bob]}\n  action: strip\n  message: m", "guard.yaml:2",
		"rule 'a': strip has nothing to take out; match something of the pod too"},
	{REQUIRE "  action: strip", "guard.yaml:4", "'strip' is no action of a requirement: use audit, warn or deny"},
	{REQUIRE "  match: {}", "guard.yaml:4",
		"a requirement has no field 'match'; there are name, namespaces, exceptNamespaces, namespaceSelector, "
		"proxyImage, action, message"},
	{EXCEPTION, "guard.yaml:6", "an exception needs 'rules'"},
	{EXCEPTION "  rules: [b]\n  namespaces: [n]\n  until: 2027-01-31\n  reason: r", "guard.yaml:6",
		"exception 'x' is for 'b', which no rule is named"},
	{EXCEPTION "  rules: [a]\n  until: 2027-01-31\n  reason: r", "guard.yaml:6",
		"exception 'x' is for every pod: name namespaces, pods or users"},
	{EXCEPTION "  rules: [a]\n  until: 2027-02-29", "guard.yaml:8",
		"until must be a day as 2027-01-31, got '2027-02-29'"},
	{EXCEPTION "  rules: [a]\n  until: soon", "guard.yaml:8", "until must be a day as 2027-01-31, got 'soon'"},
	{EXCEPTION "  rules: [a]\n  reason: \"\"", "guard.yaml:8", "an exception needs a reason"},
	{"kind: ConfigMap\ndata: {}", "guard.yaml:1", "the ConfigMap has no key 'guard.yaml' under data"},
	{"kind: ConfigMap\ndata:\n  guard.yaml: |\n    rules:\n    - nome: a\n", "guard.yaml key 'guard.yaml':2",
		"a rule has no field 'nome'; there are name, namespaces, exceptNamespaces, namespaceSelector, match, "
		"action, message"},
};

static void mistakes_are_told(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++) {
		const struct guard_known known = {0};
		struct err err = {0};

		if (load(mistakes[i].yaml, &known, &err))
			fail_msg("taken: %s", mistakes[i].yaml);
		if (strcmp(err.where, mistakes[i].where) != 0 || strcmp(err.what, mistakes[i].what) != 0 ||
			err.code != ERR_CONFIG)
			fail_msg("%s\n%s: %s (%d)", mistakes[i].yaml, err.where, err.what, (int)err.code);
	}
}

static void bad_yaml_is_told(void **state UNUSED)
{
	const struct guard_known known = {0};
	struct err err = {0};

	assert_null(load("rules: [", &known, &err));
	assert_string_equal(err.where, "line 2, column 1");
	assert_string_equal(
		err.what, "guard.yaml: cannot be read as YAML: yaml: line 1: did not find expected node content");
	assert_int_equal(err.code, ERR_CONFIG);
}

static void oddities_are_warned_of(void **state UNUSED)
{
	static const char yaml[] =
		"rules:\n- name: a\n  namespaces: [shop, \"pay*\", kasse]\n  match: {injection: off}\n  action: audit\n"
		"exceptions:\n- {name: x, rules: [a], pods: [b], until: 2026-12-31, reason: r}\n"
		"- {name: y, rules: [a], pods: [b], until: 2027-01-01, reason: r}\n";
	static const struct namespace_facts namespaces[] = {{.name = {"shop", 4}}, {.name = {"payments", 8}}};
	const struct guard_known known = {
		.namespaces = namespaces, .n_namespaces = 2, .now = 1798761600 /* 2027-01-01 */};
	struct err err = {0};
	struct guard *g = load(yaml, &known, &err);

	assert_non_null(g);
	assert_int_equal(g->n_warnings, 2);
	assert_string_equal(
		g->warning[0], "guard.yaml:2: 'a': no namespace of the cluster is named 'kasse': correct or create it");
	assert_string_equal(
		g->warning[1], "guard.yaml:7: exception 'x' has expired: take it out, or give it another day");
	guard_unref(g);
}

/* The default reads well, audits, and does nothing else. */
static void the_default_only_audits(void **state UNUSED)
{
	const struct guard_known known = {0};
	const struct named_text embedded = {0};
	struct err err = {0};
	struct guard *g = guard_load(&embedded, &known, &err);

	if (!g)
		fail_msg("%s: %s", err.where, err.what);
	assert_true(g->n_rules > 15 && g->n_requirements == 0 && g->n_exceptions == 0 && g->n_warnings == 0);
	for (size_t i = 0; i < g->n_rules; i++)
		assert_int_equal(g->rule[i].action, GUARD_AUDIT);
	guard_unref(g);
}

static void a_list_too_long_is_refused(void **state UNUSED)
{
	const struct guard_known known = {0};
	struct err err = {0};
	struct text t;

	text_init(&t, NULL, 1 << 20);
	text_adds(&t, "rules: []\nexceptions: [");
	for (int i = 0; i < 1025; i++)
		text_adds(&t, "1,");
	text_adds(&t, "]");
	assert_null(load(text_cstr(&t), &known, &err));
	assert_string_equal(err.what, "exceptions has 1025 entries, more than 1024");
	text_release(&t);
}

/* Whatever allocation fails, that is what is told, and nothing is leaked. */
static void missing_memory_is_told(void **state UNUSED)
{
	static const char yaml[] =
		"rules:\n- name: a\n  namespaces: [x]\n  namespaceSelector: {matchExpressions: [{key: k, operator: In, "
		"values: [v]}]}\n"
		"  match: {proxyImage: {allowed: [a/b], digest: required}, logLevel: [debug]}\n  action: audit\n"
		"require: [{name: b, action: deny, message: m}]\n"
		"exceptions: [{name: x, rules: [a], pods: [p], until: 2020-01-01, reason: r}]\n";
	const struct named_text text = {"guard.yaml", str_of(yaml)};
	const struct guard_known known = {.now = 1800000000};
	struct guard *g = NULL;
	size_t failed = 0;

	for (size_t max = 64; !g; max += 64) {
		struct err err = {0};

		g = guard_load_within(&text, &known, max, &err);
		failed += !g;
		if (!g)
			assert_int_equal(err.code, ERR_NOMEM);
	}
	assert_true(failed > 3);
	assert_int_equal(g->n_warnings, 1);
	guard_unref(g);
}

static void patterns_match(void **state UNUSED)
{
	static const struct {
		const char *pattern, *text;
		unsigned flags;
		bool want;
	} rows[] = {
		{"", "", 0, true},
		{"", "a", 0, false},
		{"*", "", 0, true},
		{"a", "a", 0, true},
		{"a", "A", 0, false},
		{"a", "A", GLOB_NO_CASE, true},
		{"a*c", "abbc", 0, true},
		{"a*c", "abcd", 0, false},
		{"*b*", "abc", 0, true},
		{"?", "", 0, false},
		{"?b", "ab", 0, true},
		{"a*b*c", "aXbXbXc", 0, true},
		{"**", "x", 0, true},
		{"a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (glob_match(str_of(rows[i].pattern), str_of(rows[i].text), rows[i].flags) != rows[i].want)
			fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].text);
}

static void days_are_counted(void **state UNUSED)
{
	static const struct {
		const char *text;
		int64_t want; /* -1: none */
	} rows[] = {
		{"1970-01-01", 0},
		{"2000-02-29", 951782400},
		{"2026-11-25", 1795564800},
		{"2100-03-01", 4107542400},
		{"2100-02-29", -1},
		{"2026-13-01", -1},
		{"2026-00-01", -1},
		{"2026-04-31", -1},
		{"2026-1-01", -1},
		{"+026-01-01", -1},
		{"2026-01-01T00:00:00Z", -1},
		{"1969-12-31", -1},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t got = -1;

		if (guard_day(str_of(rows[i].text), &got) != (rows[i].want >= 0) || got != rows[i].want)
			fail_msg("%s: %lld", rows[i].text, (long long)got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(bad_yaml_is_told),
		cmocka_unit_test(oddities_are_warned_of),
		cmocka_unit_test(the_default_only_audits),
		cmocka_unit_test(a_list_too_long_is_refused),
		cmocka_unit_test(missing_memory_is_told),
		cmocka_unit_test(patterns_match),
		cmocka_unit_test(days_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
