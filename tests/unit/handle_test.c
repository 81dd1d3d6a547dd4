/* SPDX-License-Identifier: Apache-2.0 */
/* Does each review get its answer: patch, nothing, refusal or a line of text, with the reason it is due to? */
#include "webhook/admission/handle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>


#define REVIEW(version, members)                                                                                       \
	"{\"apiVersion\":\"admission.k8s.io/" version "\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"u-1\","  \
	"\"kind\":{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"},\"resource\":{\"group\":\"\",\"version\":"      \
	"\"v1\",\"resource\":\"pods\"},\"namespace\":\"ns\"," members "}}"
#define CREATE "\"operation\":\"CREATE\","
#define POD(metadata, spec) "\"object\":{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":" metadata ",\"spec\":" spec "}"
#define SPEC "{\"containers\":[{\"name\":\"a\",\"image\":\"i\"}]}"
#define NAMED "{\"name\":\"p\"}"

static struct admission_policy policy;
static struct inject_config *config;
static struct guard *guard;

static int set_up(void **state UNUSED)
{
	const struct guard_known known = {0};
	const struct named_text embedded = {0};
	const struct config_texts texts = {0};
	const struct inject_options options = {.revision = STR("default")};
	struct err err = {0};

	config = inject_config_load(&texts, &options, &err);
	if (!config)
		fail_msg("%s: %s", err.where, err.what);
	policy.config = config;
	policy.guard = guard = guard_load(&embedded, &known, &err);
	return guard ? 0 : -1;
}

static int tear_down(void **state UNUSED)
{
	inject_config_free(config);
	guard_unref(guard);
	return 0;
}

static const struct {
	const char *name, *body;
	int status;
	bool allowed;
	enum reason reason;
	const char *part; /* of the answer */
} rows[] = {
	{"a pod", REVIEW("v1", CREATE POD(NAMED, SPEC)), 200, true, REASON_POLICY_ENABLED, "\"patchType\":\"JSONPatch\""},
	{"a pod, v1beta1", REVIEW("v1beta1", CREATE POD(NAMED, SPEC)), 200, true, REASON_POLICY_ENABLED,
	 "\"apiVersion\":\"admission.k8s.io/v1beta1\",\"response\":{\"uid\":\"u-1\",\"allowed\":true,"},
	{"a dry run", REVIEW("v1", CREATE "\"dryRun\":true," POD(NAMED, SPEC)), 200, true, REASON_POLICY_ENABLED, "\"patch\":\""},
	{"no label", REVIEW("v1", CREATE POD("{\"labels\":{\"sidecar.istio.io/inject\":\"false\"}}", SPEC)), 200, true, REASON_LABEL_FALSE,
	 "\"auditAnnotations\":{\"decision\":\"skipped\",\"reason\":\"label-false\",\"reason-detail\":\"the pod's label sidecar.istio.io/inject is "
	 "'false'\",\"rule\":\"label\","},
	{"host network", REVIEW("v1", CREATE POD(NAMED, "{\"hostNetwork\":true,\"containers\":[]}")), 200, true, REASON_HOST_NETWORK,
	 "\"reason\":\"host-network\""},
	{"an update", REVIEW("v1", "\"operation\":\"UPDATE\"," POD(NAMED, SPEC)), 200, true, REASON_NOT_CREATE,
	 "\"reason\":\"not-create\",\"reason-detail\":\"the operation is not CREATE\""},
	{"a bad annotation",
	 REVIEW("v1", CREATE POD("{\"annotations\":{\"status.sidecar.istio.io/port\":\"x\"}}", SPEC)), 200, false, REASON_BAD_ANNOTATION,
	 "invalid value 'x' for annotation 'status.sidecar.istio.io/port'"},
	{"an unknown template",
	 REVIEW("v1", CREATE POD("{\"annotations\":{\"inject.istio.io/templates\":\"nope\"}}", SPEC)), 200, false,
	 REASON_UNKNOWN_TEMPLATE, "requested template \\\"nope\\\" not found"},
	{"a spec of a wrong type", REVIEW("v1", CREATE POD(NAMED, "[]")), 200, false, REASON_BAD_POD, "\"code\":400"},
	{"no object", REVIEW("v1", CREATE "\"object\":null"), 200, false, REASON_BAD_REVIEW,
	 "\"allowed\":false,\"status\":{\"metadata\":{},\"status\":\"Failure\",\"message\":\"/request/object must be an object, got null\","
	 "\"code\":400}"},
	{"a NUL", REVIEW("v1", CREATE POD("{\"name\":\"a\\u0000\"}", SPEC)), 200, false, REASON_BAD_POD, "/metadata/name"},
	{"no body", "", 400, false, REASON_BAD_REVIEW, "no body found\n"},
	{"no review", "{}", 400, false, REASON_BAD_REVIEW, "/kind: must be \"AdmissionReview\"\n"},
};

static void reviews_get_their_answer(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct admission_outcome outcome;
		struct arena a;
		struct text out;

		arena_init(&a, 0);
		text_init(&out, &a, 1 << 20);
		admission_handle(&policy, &a, str_of(rows[i].body), STR("/inject"), &out, &outcome);
		if (outcome.http_status != rows[i].status || outcome.allowed != rows[i].allowed || outcome.reason != rows[i].reason)
			fail_msg("%s: %d, %s, %s", rows[i].name, outcome.http_status, outcome.allowed ? "allowed" : "refused",
				reason_row(outcome.reason)->code);
		if (!strstr(text_cstr(&out), rows[i].part))
			fail_msg("%s: %s", rows[i].name, text_cstr(&out));
		assert_true((outcome.err.code == ERR_NONE) == outcome.allowed);
		if (outcome.http_status == 200)
			assert_non_null(strstr(text_cstr(&out), "\"response\":{\"uid\":\"u-1\","));
		arena_release(&a);
	}
}

/* Whatever memory is missing: something is said, nothing is leaked, and no patch is half a patch. */
static void missing_memory_is_answered(void **state UNUSED)
{
	const struct str body = str_of(rows[0].body);
	bool injected = false;

	for (size_t max = 0; max < 4 << 20 && !injected; max += max < 64 << 10 ? 1 << 10 : 16 << 10) {
		struct admission_outcome outcome;
		struct arena a;
		struct text out;

		arena_init(&a, max ? max : 1);
		text_init(&out, NULL, 1 << 20);
		admission_handle(&policy, &a, body, STR("/inject"), &out, &outcome);
		injected = outcome.allowed;
		if (injected)
			assert_non_null(strstr(text_cstr(&out), "\"patchType\":\"JSONPatch\""));
		else
			assert_true(out.len > 0 && outcome.err.code != ERR_NONE && !strstr(text_cstr(&out), "\"patch\""));
		text_release(&out);
		arena_release(&a);
	}
	assert_true(injected);
}

/* In a cluster without third-party tokens: told to whoever made the pod, to the API server's audit log, and refused where it is forbidden. */
static void a_weaker_token_is_told_of(void **state UNUSED)
{
	static const struct {
		enum token_policy policy;
		enum token_discovery discovery;
		const char *has[2], *lacks;
	} cases[] = {
		{TOKEN_POLICY_AUTO, TOKEN_DISCOVERY_NO, {"\"token-mode\":\"first-party\"", "\"" TOKEN_FALLBACK_SENTENCE "\""}, "third-party\""},
		{TOKEN_POLICY_AUTO, TOKEN_DISCOVERY_YES, {"\"token-mode\":\"third-party\"", "\"allowed\":true"}, "Falling back"},
		{TOKEN_POLICY_REQUIRE_THIRD_PARTY, TOKEN_DISCOVERY_NO, {"\"reason\":\"token-mode\"", "third-party tokens are required"}, "\"patch\""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct inject_options options = {.token_policy = cases[i].policy, .token_discovery = cases[i].discovery};
		const struct config_texts texts = {0};
		struct admission_policy p = policy;
		struct admission_outcome outcome;
		struct arena a;
		struct text out;
		struct err err = {0};
		own(inject_config_freep) struct inject_config *c = inject_config_load(&texts, &options, &err);

		assert_non_null(c);
		p.config = c;
		arena_init(&a, 0);
		text_init(&out, &a, 1 << 20);
		admission_handle(&p, &a, str_of(rows[0].body), STR("/inject"), &out, &outcome);
		assert_non_null(strstr(text_cstr(&out), cases[i].has[0]));
		assert_non_null(strstr(text_cstr(&out), cases[i].has[1]));
		assert_null(strstr(text_cstr(&out), cases[i].lacks));
		arena_release(&a);
	}
}

static void an_answer_without_room_is_500(void **state UNUSED)
{
	struct admission_outcome outcome;
	struct arena a;
	struct text out;

	arena_init(&a, 0);
	text_init(&out, &a, 100);
	admission_handle(&policy, &a, str_of(rows[0].body), STR("/inject"), &out, &outcome);
	assert_int_equal(outcome.http_status, 500);
	assert_false(outcome.allowed);
	assert_string_equal(text_cstr(&out), "out of memory\n");
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reviews_get_their_answer),
		cmocka_unit_test(missing_memory_is_answered),
		cmocka_unit_test(a_weaker_token_is_told_of),
		cmocka_unit_test(an_answer_without_room_is_500),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
