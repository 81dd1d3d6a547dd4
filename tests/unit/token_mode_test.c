/* SPDX-License-Identifier: Apache-2.0 */
/* Which token a proxy gets: every combination of policy, templates, values and cluster, and what becomes of a pod. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "patches/inject.h"
#include "patches/value/json.h"

/* --- the decision --- */

/* What is decided, as one letter. */
static char letter(struct token_decision d)
{
	static const char problems[] = {[TOKEN_FINE] = ' ', [TOKEN_UNSUPPORTED] = 'U', [TOKEN_NOT_IN_TEMPLATES] = 'R', [TOKEN_FORBIDDEN] = 'X'};

	if (d.problem != TOKEN_FINE)
		return d.mode == TOKEN_MODE_THIRD_PARTY && !d.fell_back ? problems[d.problem] : '?';
	if (d.mode == TOKEN_MODE_FIRST_PARTY)
		return d.fell_back ? 'f' : '1';
	return d.fell_back ? '?' : '3';
}

/*
 * 3 third-party, 1 first-party, f fell back to first-party, U third-party though the cluster lacks it, R refused for the templates, X
 * forbidden. Nine letters: the cluster was not asked, has tokens, lacks them; within each the values say nothing, third, first.
 */
static const struct {
	enum token_policy policy;
	enum token_use use;
	const char *want;
} decisions[] = {
	{TOKEN_POLICY_AUTO, TOKEN_USE_BOTH, "331333fff"},
	{TOKEN_POLICY_AUTO, TOKEN_USE_THIRD, "333333RRR"},
	{TOKEN_POLICY_AUTO, TOKEN_USE_NONE, "331333111"},
	{TOKEN_POLICY_THIRD_PARTY, TOKEN_USE_BOTH, "333333UUU"},
	{TOKEN_POLICY_THIRD_PARTY, TOKEN_USE_THIRD, "333333UUU"},
	{TOKEN_POLICY_THIRD_PARTY, TOKEN_USE_NONE, "333333UUU"},
	{TOKEN_POLICY_FIRST_PARTY, TOKEN_USE_BOTH, "111111111"},
	{TOKEN_POLICY_FIRST_PARTY, TOKEN_USE_THIRD, "RRRRRRRRR"},
	{TOKEN_POLICY_FIRST_PARTY, TOKEN_USE_NONE, "111111111"},
	{TOKEN_POLICY_REQUIRE_THIRD_PARTY, TOKEN_USE_BOTH, "333333XXX"},
	{TOKEN_POLICY_REQUIRE_THIRD_PARTY, TOKEN_USE_THIRD, "333333XXX"},
	{TOKEN_POLICY_REQUIRE_THIRD_PARTY, TOKEN_USE_NONE, "333333XXX"},
};

static void test_decisions(void **state UNUSED)
{
	static const char *const values[] = {NULL, "third-party-jwt", "first-party-jwt"};

	for (size_t i = 0; i < ARRAY_LEN(decisions); i++) {
		char got[10] = "";

		for (unsigned discovery = 0; discovery < 3; discovery++)
			for (unsigned v = 0; v < 3; v++) {
				const struct token_question q = {decisions[i].policy, decisions[i].use, {values[v], values[v] ? strlen(values[v]) : 0},
					(enum token_discovery)discovery};

				got[discovery * 3 + v] = letter(token_mode_resolve(&q));
			}
		if (strcmp(got, decisions[i].want) != 0)
			fail_msg("policy %s, templates %d: wanted %s, got %s", token_policy_name(decisions[i].policy), (int)decisions[i].use,
				decisions[i].want, got);
	}
}

static void test_words(void **state UNUSED)
{
	enum token_policy p;

	assert_true(token_policy_of("require-third-party", &p));
	assert_int_equal(p, TOKEN_POLICY_REQUIRE_THIRD_PARTY);
	assert_false(token_policy_of("third", &p));
	assert_int_equal(token_use_of(STR("{{ if eq .Values.global.jwtPolicy \"third-party-jwt\" }}serviceAccountToken:")), TOKEN_USE_BOTH);
	assert_int_equal(token_use_of(STR("- serviceAccountToken: {}")), TOKEN_USE_THIRD);
	assert_int_equal(token_use_of(STR("containers: []")), TOKEN_USE_NONE);
	assert_null(token_refusal(TOKEN_FINE));
	assert_null(token_refusal(TOKEN_UNSUPPORTED));
	assert_string_equal(TOKEN_FALLBACK_SENTENCE,
		"Detected that your cluster does not support third party JWT authentication. Falling back to less secure first party JWT.");
}

/* --- pods --- */

#define TEMPLATE_BOTH                                                                                                               \
	"policy: enabled\ntemplates:\n  sidecar: |\n    spec:\n      containers: [{name: istio-proxy, image: '{{ .Values.global.jwtPolicy }}'}]\n"
#define TEMPLATE_THIRD                                                                                                              \
	"policy: enabled\ntemplates:\n  sidecar: |\n    spec:\n      containers: [{name: istio-proxy, image: always}]\n"                          \
	"      volumes: [{name: istio-token, projected: {sources: [{serviceAccountToken: {path: istio-token}}]}}]\n"
#define OLD_BOTH "policy: enabled\ntemplate: \"containers: [{name: istio-proxy, image: '{{ .Values.global.jwtPolicy }}'}]\"\n"
#define NONE "policy: enabled\ntemplates:\n  sidecar: |\n    spec: {containers: [{name: istio-proxy, image: none}]}\n"
#define FIRST "global: {jwtPolicy: first-party-jwt}\n"
#define THIRD "global: {jwtPolicy: third-party-jwt}\n"
#define SENTENCE TOKEN_FALLBACK_SENTENCE "\n"
#define UNMOUNTED "automountServiceAccountToken is false: the proxy has no first-party token and will not start; allow it\n"
#define ACCOUNTS "kind: ServiceAccount\nmetadata: {name: quiet, namespace: ns}\nautomountServiceAccountToken: false\n---\n"             \
		 "kind: ServiceAccount\nmetadata: {name: loud, namespace: ns}\n"

static const struct {
	const char *config, *values;
	enum token_policy policy;
	enum token_discovery discovery;
	const char *spec; /* of the pod, beside its containers */
	const char *want; /* the proxy's image and the warnings, or a part of the refusal */
} pods[] = {
	{TEMPLATE_BOTH, FIRST, TOKEN_POLICY_AUTO, TOKEN_DISCOVERY_UNKNOWN, "", "first-party-jwt\n"},
	{TEMPLATE_BOTH, FIRST, TOKEN_POLICY_AUTO, TOKEN_DISCOVERY_YES, "", "third-party-jwt\n"},
	{TEMPLATE_BOTH, THIRD, TOKEN_POLICY_AUTO, TOKEN_DISCOVERY_NO, "", "first-party-jwt\n" SENTENCE},
	{TEMPLATE_BOTH, "{}", TOKEN_POLICY_AUTO, TOKEN_DISCOVERY_NO, "", "first-party-jwt\n" SENTENCE},
	{TEMPLATE_BOTH, "{}", TOKEN_POLICY_AUTO, TOKEN_DISCOVERY_UNKNOWN, "", "<no value>\n"},
	{TEMPLATE_BOTH, FIRST, TOKEN_POLICY_THIRD_PARTY, TOKEN_DISCOVERY_NO, "",
		"third-party-jwt\nthis cluster has no third-party tokens, which --token-policy orders: the pod will not start\n"},
	{TEMPLATE_BOTH, THIRD, TOKEN_POLICY_FIRST_PARTY, TOKEN_DISCOVERY_YES, "", "first-party-jwt\n"},
	{TEMPLATE_BOTH, FIRST, TOKEN_POLICY_REQUIRE_THIRD_PARTY, TOKEN_DISCOVERY_UNKNOWN, "", "third-party-jwt\n"},
	{TEMPLATE_BOTH, FIRST, TOKEN_POLICY_REQUIRE_THIRD_PARTY, TOKEN_DISCOVERY_NO, "", "third-party tokens are required by --token-policy"},
	{OLD_BOTH, THIRD, TOKEN_POLICY_AUTO, TOKEN_DISCOVERY_NO, "", "first-party-jwt\n" SENTENCE},
	{TEMPLATE_THIRD, THIRD, TOKEN_POLICY_AUTO, TOKEN_DISCOVERY_YES, "", "always\n"},
	{TEMPLATE_THIRD, FIRST, TOKEN_POLICY_AUTO, TOKEN_DISCOVERY_UNKNOWN, "", "always\n"},
	{TEMPLATE_THIRD, THIRD, TOKEN_POLICY_AUTO, TOKEN_DISCOVERY_NO, "",
		"or use the configuration of Istio 1.21 or earlier"},
	{TEMPLATE_THIRD, THIRD, TOKEN_POLICY_FIRST_PARTY, TOKEN_DISCOVERY_YES, "", "first-party tokens are not possible"},
	{TEMPLATE_THIRD "  other: 'a: {{ .Values.global.jwtPolicy }}'\n", THIRD, TOKEN_POLICY_AUTO, TOKEN_DISCOVERY_NO, "", "first-party tokens are not possible"},
	{NONE, THIRD, TOKEN_POLICY_REQUIRE_THIRD_PARTY, TOKEN_DISCOVERY_NO, ",\"automountServiceAccountToken\":false", "none\n"},
	/* the pod's own mount */
	{TEMPLATE_BOTH, FIRST, TOKEN_POLICY_AUTO, TOKEN_DISCOVERY_UNKNOWN, ",\"automountServiceAccountToken\":false", "first-party-jwt\n" UNMOUNTED},
	{TEMPLATE_BOTH, THIRD, TOKEN_POLICY_AUTO, TOKEN_DISCOVERY_NO, ",\"automountServiceAccountToken\":false", "first-party-jwt\n" SENTENCE UNMOUNTED},
	{TEMPLATE_BOTH, THIRD, TOKEN_POLICY_AUTO, TOKEN_DISCOVERY_YES, ",\"automountServiceAccountToken\":false", "third-party-jwt\n"},
	{TEMPLATE_BOTH, FIRST, TOKEN_POLICY_AUTO, TOKEN_DISCOVERY_UNKNOWN, ",\"serviceAccountName\":\"quiet\"", "first-party-jwt\n" UNMOUNTED},
	{TEMPLATE_BOTH, FIRST, TOKEN_POLICY_AUTO, TOKEN_DISCOVERY_UNKNOWN, ",\"serviceAccountName\":\"quiet\",\"automountServiceAccountToken\":true",
		"first-party-jwt\n"},
	{TEMPLATE_BOTH, FIRST, TOKEN_POLICY_AUTO, TOKEN_DISCOVERY_UNKNOWN, ",\"serviceAccountName\":\"loud\"", "first-party-jwt\n"},
};

static struct named_text text_of(const char *name, const char *text)
{
	return (struct named_text){name, {text, strlen(text)}};
}

static const char *inject(struct arena *a, const struct inject_config *c, const char *spec, struct err *err)
{
	const char *json = arena_printf(a, "{\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\"},\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"i\"}]%s}}", spec);
	const struct inject_request req = {.pod = json_parse(a, json, strlen(json), JSON_FROM_POD, err), .namespace = STR("ns")};
	struct inject_result r;
	struct text out;

	assert_non_null(req.pod);
	if (inject_pod(c, a, &req, &r, err) < 0) {
		assert_int_equal(r.reason, REASON_TOKEN_MODE);
		return err->what;
	}
	const struct value *list = raw_path(r.pod, "spec", "containers", NULL);

	text_init(&out, a, 4096);
	for (size_t i = 0; i < list->u.list.len; i++)
		if (str_is(raw_str(list->u.list.item[i], "name"), "istio-proxy"))
			text_addf(&out, "%.*s\n", (int)raw_str(list->u.list.item[i], "image").len, raw_str(list->u.list.item[i], "image").p);
	for (size_t i = 0; i < r.n_warnings; i++) {
		assert_true(strlen(r.warning[i]) <= 120);
		text_addf(&out, "%s\n", r.warning[i]);
	}
	return text_cstr(&out);
}

static void test_pods(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(pods); i++) {
		const struct inject_options o = {.token_policy = pods[i].policy, .token_discovery = pods[i].discovery};
		const struct config_texts t = {.inject_config = text_of("config", pods[i].config), .values = text_of("values", pods[i].values),
			.cluster_objects = text_of("objects", ACCOUNTS)};
		struct err err = {0};
		struct inject_config *c = inject_config_load(&t, &o, &err);
		struct arena a;
		const char *got;

		if (!c)
			fail_msg("row %zu: %s", i, err.what);
		arena_init(&a, 0);
		got = inject(&a, c, pods[i].spec, &err);
		if (strchr(pods[i].want, '\n') ? strcmp(got, pods[i].want) != 0 : !strstr(got, pods[i].want))
			fail_msg("row %zu: wanted '%s', got '%s'", i, pods[i].want, got);
		arena_release(&a);
		inject_config_free(c);
	}
}

/* What decides is part of the configuration's name; where it is left to the values the name is as it was. */
static void test_digest(void **state UNUSED)
{
	const struct config_texts t = {.inject_config = text_of("config", TEMPLATE_THIRD), .values = text_of("values", THIRD)};
	char digest[3][SHA256_HEX + 1];

	for (unsigned i = 0; i < 3; i++) {
		const struct inject_options o = {.token_discovery = (enum token_discovery)i};
		struct err err = {0};
		struct inject_config *c = inject_config_load(&t, &o, &err);

		assert_non_null(c);
		memcpy(digest[i], c->digest, sizeof(digest[i]));
		inject_config_free(c);
	}
	assert_string_not_equal(digest[0], digest[1]);
	assert_string_not_equal(digest[1], digest[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_pods),
		cmocka_unit_test(test_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
