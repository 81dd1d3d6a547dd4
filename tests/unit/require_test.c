/* SPDX-License-Identifier: Apache-2.0 */
/* Does /require find the pods that lack their sidecar, and let all others be? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "webhook/admission/require.h"

static struct inject_config *config;

static int set_up(void **state UNUSED)
{
	const struct config_texts texts = {0};
	const struct inject_options options = {.revision = STR("default")};
	struct err err = {0};

	config = inject_config_load(&texts, &options, &err);
	return config ? 0 : -1;
}

static int tear_down(void **state UNUSED)
{
	inject_config_free(config);
	return 0;
}

#define STATUS           "\"annotations\":{\"sidecar.istio.io/status\":\"{}\"}"
#define APP              "{\"name\":\"app\",\"image\":\"app\"}"
#define PROXY(image)     "{\"name\":\"istio-proxy\",\"image\":\"" image "\"}"
#define SPEC(containers) "{\"containers\":[" containers "]}"
#define REQUIRE(action)                                                                                                \
	"require: [{name: r, namespaces: [shop], action: " action ", message: pods here need a sidecar}]\n"
#define EXCEPT                                                                                                         \
	"exceptions: [{name: x, rules: [r], namespaces: [shop], pods: [\"job-*\"], until: 2027-01-31, reason: r}]\n"

static const struct {
	const char *name, *guard, *operation, *namespace, *metadata, *spec;
	enum reason reason;
	const char *part; /* of the answer */
} rows[] = {
	{"a pod with its sidecar", REQUIRE("deny"), "CREATE", "shop", "{" STATUS "}", SPEC(APP "," PROXY("p")),
		REASON_SIDECAR_PRESENT, "\"auditAnnotations\":{\"sidecar\":\"sidecar-present\",\"guard\":\"none\"}}"},
	{"a native one", REQUIRE("deny"), "CREATE", "shop", "{" STATUS "}",
		"{\"initContainers\":[" PROXY("p") "],\"containers\":[" APP "]}", REASON_SIDECAR_PRESENT,
		"\"allowed\":true"},
	{"without one", REQUIRE("deny"), "CREATE", "shop", "{}", SPEC(APP), REASON_SIDECAR_MISSING,
		"\"message\":\"requirement 'r': pods here need a sidecar (it has no container istio-proxy: the "
		"injection webhook was not called for it: look at its "
		"selectors and failurePolicy)\",\"code\":403}"},
	{"one that opted out", REQUIRE("deny"), "CREATE", "shop",
		"{\"labels\":{\"sidecar.istio.io/inject\":\"false\"}}", SPEC(APP), REASON_SIDECAR_MISSING,
		"(it has no container istio-proxy: the pod's label sidecar.istio.io/inject is 'false')"},
	{"image auto", REQUIRE("deny"), "CREATE", "shop", "{" STATUS "}", SPEC(APP "," PROXY("auto")),
		REASON_SIDECAR_MISSING, "is 'auto', which only injection completes"},
	{"no image", REQUIRE("deny"), "CREATE", "shop", "{" STATUS "}", SPEC(APP ",{\"name\":\"istio-proxy\"}"),
		REASON_SIDECAR_MISSING, "only injection completes"},
	{"a container of that name", REQUIRE("deny"), "CREATE", "shop", "{}", SPEC(APP "," PROXY("sleep")),
		REASON_SIDECAR_MISSING,
		"its istio-proxy was not injected: there is no annotation sidecar.istio.io/status"},
	{"a warning", REQUIRE("warn"), "CREATE", "shop", "{}", SPEC(APP), REASON_SIDECAR_TOLERATED,
		"\"warnings\":[\"guard r: pods here need a sidecar\"]"},
	{"a record", REQUIRE("audit"), "CREATE", "shop", "{}", SPEC(APP), REASON_SIDECAR_TOLERATED,
		"\"allowed\":true,\"auditAnnotations\":{\"sidecar\":\"sidecar-tolerated\",\"guard\":\"audit: r\"}}"},
	{"another namespace", REQUIRE("deny"), "CREATE", "other", "{}", SPEC(APP), REASON_SIDECAR_NOT_REQUIRED,
		"\"sidecar\":\"sidecar-not-required\""},
	{"a system namespace", "require: [{name: r, action: deny, message: m}]", "CREATE", "kube-system", "{}",
		SPEC(APP), REASON_SIDECAR_NOT_REQUIRED, "\"allowed\":true"},
	{"no requirement", "rules: []", "CREATE", "shop", "{}", SPEC(APP), REASON_SIDECAR_NOT_REQUIRED,
		"\"allowed\":true"},
	{"an exception", REQUIRE("deny") EXCEPT, "CREATE", "shop", "{\"name\":\"job-1\"}", SPEC(APP),
		REASON_SIDECAR_NOT_REQUIRED, "\"guard\":\"excepted: r (x)\""},
	{"no exception", REQUIRE("deny") EXCEPT, "CREATE", "shop", "{\"name\":\"web-1\"}", SPEC(APP),
		REASON_SIDECAR_MISSING, "\"allowed\":false"},
	{"an update", REQUIRE("deny"), "UPDATE", "shop", "{}", SPEC(APP), REASON_NOT_CREATE, "\"allowed\":true"},
	{"a deletion", REQUIRE("deny"), "DELETE", "shop", "{}", SPEC(APP), REASON_NOT_CREATE, "\"allowed\":true"},
	{"an image that is allowed",
		"require: [{name: r, proxyImage: {allowed: [\"reg.example.org/*\"]}, action: deny, message: m}]",
		"CREATE", "shop", "{" STATUS "}", SPEC(APP "," PROXY("reg.example.org/proxyv2:1")),
		REASON_SIDECAR_PRESENT, "\"allowed\":true"},
	{"an image that is not",
		"require: [{name: r, proxyImage: {allowed: [\"reg.example.org/*\"]}, action: deny, message: m}]",
		"CREATE", "shop", "{" STATUS "}", SPEC(APP "," PROXY("nginx")), REASON_SIDECAR_MISSING,
		"\"message\":\"requirement 'r': m (the image of its istio-proxy is not one of the allowed)\""},
	{"vault behind istio-init", REQUIRE("deny"), "CREATE", "shop", "{" STATUS "}",
		"{\"initContainers\":[{\"name\":\"istio-init\",\"image\":\"i\"},{\"name\":\"vault-agent-init\","
		"\"image\":\"v\"}],\"containers\":[" APP "," PROXY("p") "]}",
		REASON_SIDECAR_PRESENT,
		"\"warnings\":[\"vault-agent-init runs behind istio-init, without network: set "
		"vault.hashicorp.com/agent-init-first=true\"]"},
	{"vault before istio-init", REQUIRE("deny"), "CREATE", "shop", "{" STATUS "}",
		"{\"initContainers\":[{\"name\":\"vault-agent-init\",\"image\":\"v\"},{\"name\":\"istio-init\","
		"\"image\":\"i\"}],\"containers\":[" APP "," PROXY("p") "]}",
		REASON_SIDECAR_PRESENT, "\"sidecar\":\"sidecar-present\",\"guard\":\"none\"}}"},
};

static const char *body_of(struct arena *a, size_t i)
{
	return arena_printf(a,
		"{\"apiVersion\":\"admission.k8s.io/"
		"v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"u\",\"kind\":{\"group\":\"\",\"version\":"
		"\"v1\","
		"\"kind\":\"Pod\"},\"resource\":{\"group\":\"\",\"version\":\"v1\",\"resource\":\"pods\"},"
		"\"operation\":\"%s\",\"namespace\":\"%s\",\"object\":"
		"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":%s,\"spec\":%s}}}",
		rows[i].operation, rows[i].namespace, rows[i].metadata, rows[i].spec);
}

static struct guard *guard_of(const char *yaml)
{
	const struct guard_known known = {0};
	const struct named_text text = {"guard.yaml", str_of(yaml)};
	struct err err = {0};
	struct guard *g = guard_load(&text, &known, &err);

	if (!g)
		fail_msg("%s: %s: %s", yaml, err.where, err.what);
	return g;
}

static void pods_without_a_sidecar_are_found(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct guard *guard = guard_of(rows[i].guard);
		const struct admission_policy policy = {.config = config, .guard = guard, .now = 1800000000};
		struct admission_outcome o;
		struct arena a;
		struct text out;

		arena_init(&a, 0);
		text_init(&out, &a, 1 << 20);
		admission_require(&policy, &a, str_of(body_of(&a, i)), &out, &o);
		if (o.http_status != 200 || o.reason != rows[i].reason ||
			o.allowed != (rows[i].reason != REASON_SIDECAR_MISSING))
			fail_msg("%s: %d %s: %s", rows[i].name, o.http_status, reason_row(o.reason)->code,
				text_cstr(&out));
		if (!strstr(text_cstr(&out), rows[i].part) || strstr(text_cstr(&out), "\"patch\""))
			fail_msg("%s: %s", rows[i].name, text_cstr(&out));
		guard_count(guard, &o.guard);
		arena_release(&a);
		guard_unref(guard);
	}
}

static void what_is_no_review_is_400(void **state UNUSED)
{
	struct guard *guard = guard_of("rules: []");
	const struct admission_policy policy = {.config = config, .guard = guard};
	struct admission_outcome o;
	struct arena a;
	struct text out;

	arena_init(&a, 0);
	text_init(&out, &a, 1 << 20);
	admission_require(&policy, &a, STR("{}"), &out, &o);
	assert_int_equal(o.http_status, 400);
	assert_false(o.allowed);
	arena_release(&a);
	guard_unref(guard);
}

/* Allowed or refused as with all the memory there is, or HTTP 500. */
static void missing_memory_is_answered(void **state UNUSED)
{
	struct guard *guard = guard_of(REQUIRE("deny"));
	const struct admission_policy policy = {.config = config, .guard = guard};
	size_t failed = 0, answered = 0;

	for (size_t max = 1; !answered; max += 64) {
		struct admission_outcome o;
		struct arena a, of_body;
		struct text out;

		arena_init(&of_body, 0);
		arena_init(&a, max);
		text_init(&out, NULL, 1 << 20);
		admission_require(&policy, &a, str_of(body_of(&of_body, 2)), &out, &o);
		failed += o.http_status == 500;
		answered += o.http_status == 200;
		assert_false(o.allowed);
		text_release(&out);
		arena_release(&a);
		arena_release(&of_body);
	}
	assert_true(failed > 0);
	guard_unref(guard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pods_without_a_sidecar_are_found),
		cmocka_unit_test(what_is_no_review_is_400),
		cmocka_unit_test(missing_memory_is_answered),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
