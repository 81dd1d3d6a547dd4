/* SPDX-License-Identifier: Apache-2.0 */
/* What does each good and bad AdmissionReview get? The rows 'JSON' and 'AdmissionReview' of the table of bad inputs. */
#include "webhook/admission/review.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "patches/value/json.h"
#include "tests/unit/oom.h"
#include "webhook/admission/span.h"

#define HEAD "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":"
#define KIND "\"kind\":{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"}"
#define RESOURCE "\"resource\":{\"group\":\"\",\"version\":\"v1\",\"resource\":\"pods\"}"
#define CREATE "\"uid\":\"u-1\"," KIND "," RESOURCE ",\"operation\":\"CREATE\""
#define POD "\"object\":{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}}"
#define REVIEW(members) HEAD "{" members "}}"
#define GOOD REVIEW(CREATE "," POD)

/* --- what cannot be answered: HTTP 400 ---------------------------------------------------------- */

static const struct {
	const char *name, *body;
	size_t len; /* 0: strlen */
	const char *where, *what;
} unanswerable[] = {
	{"empty", "", 0, "", "no body found"},
	{"spaces only", "  \n ", 0, "byte 4", "unexpected end of the JSON text"},
	{"not JSON", "hello", 0, "byte 0", NULL},
	{"a list at the top", "[]", 0, "", "an AdmissionReview must be an object, got a list"},
	{"a string at the top", "\"x\"", 0, "", "an AdmissionReview must be an object, got a string"},
	{"trailing bytes", GOOD "x", 0, NULL, NULL},
	{"two values", GOOD GOOD, 0, NULL, NULL},
	{"byte order mark", "\xef\xbb\xbf" GOOD, 0, "byte 0", NULL},
	{"duplicate key at the top", "{\"kind\":1,\"kind\":2}", 0, "/kind", NULL},
	{"duplicate key in the pod", REVIEW(CREATE ",\"object\":{\"spec\":1,\"spec\":2}"), 0, "/request/object/spec", NULL},
	{"duplicate key by escape", REVIEW(CREATE ",\"object\":{\"a\":1,\"\\u0061\":2}"), 0, "/request/object/a", NULL},
	{"invalid UTF-8", REVIEW(CREATE ",\"name\":\"\xff\""), 0, NULL, NULL},
	{"overlong UTF-8", REVIEW(CREATE ",\"name\":\"\xc0\x80\""), 0, NULL, NULL},
	{"surrogate in UTF-8", REVIEW(CREATE ",\"name\":\"\xed\xa0\x80\""), 0, NULL, NULL},
	{"lone surrogate", REVIEW(CREATE ",\"name\":\"\\ud800\""), 0, NULL, NULL},
	{"reversed surrogates", REVIEW(CREATE ",\"name\":\"\\udc00\\ud800\""), 0, NULL, NULL},
	{"number out of range", REVIEW(CREATE ",\"object\":{\"n\":1e999}"), 0, NULL, NULL},
	{"control character", REVIEW(CREATE ",\"name\":\"a\nb\""), 0, NULL, NULL},
	{"bare NUL", "{\"kind\":\0}", 10, NULL, NULL},
	{"NUL outside the pod", REVIEW("\"uid\":\"\\u0000\""), 0, "/request/uid", NULL},
	{"no kind", "{\"apiVersion\":\"admission.k8s.io/v1\"}", 0, "/kind", "must be \"AdmissionReview\""},
	{"kind wrong", "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"Pod\"}", 0, "/kind",
	 "must be \"AdmissionReview\", got \"Pod\""},
	{"kind a number", "{\"kind\":3}", 0, "/kind", "must be \"AdmissionReview\""},
	{"no apiVersion", "{\"kind\":\"AdmissionReview\",\"request\":{}}", 0, "/apiVersion",
	 "must be admission.k8s.io/v1 or admission.k8s.io/v1beta1"},
	{"apiVersion v2", "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v2\",\"request\":{}}", 0, "/apiVersion",
	 "must be admission.k8s.io/v1 or admission.k8s.io/v1beta1, got \"admission.k8s.io/v2\""},
	{"no request", "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\"}", 0, "/request", "must be an object"},
	{"request null", HEAD "null}", 0, "/request", "must be an object"},
	{"request a list", HEAD "[]}", 0, "/request", "must be an object"},
	{"a response instead", "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"response\":{\"uid\":\"x\"}}", 0,
	 "/request", "must be an object"},
	{"no uid", REVIEW(KIND), 0, "/request/uid", "must be a string that is not empty"},
	{"uid empty", REVIEW("\"uid\":\"\""), 0, "/request/uid", "must be a string that is not empty"},
	{"uid a number", REVIEW("\"uid\":5"), 0, "/request/uid", "must be a string that is not empty"},
};

static void unanswerable_gets_400(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(unanswerable); i++) {
		const struct str body = {unanswerable[i].body, unanswerable[i].len ? unanswerable[i].len : strlen(unanswerable[i].body)};
		struct admission_request request;
		struct arena a;
		struct err err = {0};

		arena_init(&a, 0);
		if (review_parse(&a, body, &request, &err) == 0)
			fail_msg("%s: was read", unanswerable[i].name);
		assert_int_equal(err.code, ERR_INPUT);
		if (unanswerable[i].where && strcmp(err.where, unanswerable[i].where) != 0)
			fail_msg("%s: where is '%s'", unanswerable[i].name, err.where);
		if (unanswerable[i].what && strcmp(err.what, unanswerable[i].what) != 0)
			fail_msg("%s: what is '%s'", unanswerable[i].name, err.what);
		if (!err.where[0] && !unanswerable[i].where)
			fail_msg("%s: no place", unanswerable[i].name);
		arena_release(&a);
	}
}

static void truncated_at_every_byte_gets_400(void **state UNUSED)
{
	const size_t whole = strlen(GOOD);

	for (size_t len = 0; len < whole; len++) {
		char *prefix = malloc(len + 1); /* of exactly this size, for the sanitizer */
		struct admission_request request;
		struct arena a;
		struct err err = {0};

		assert_non_null(prefix);
		memcpy(prefix, GOOD, len);
		arena_init(&a, 0);
		assert_int_equal(review_parse(&a, (struct str){prefix, len}, &request, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		arena_release(&a);
		free(prefix);
	}
}

/* --- what can be answered ------------------------------------------------------------------------ */

static const struct {
	const char *name, *body;
	enum reason reason;
	const char *problem;
} answerable[] = {
	{"a good one", GOOD, REASON_NONE, NULL},
	{"v1beta1", "{\"request\":{" CREATE "," POD "},\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1beta1\"}",
	 REASON_NONE, NULL},
	{"a response inside", "{\"response\":{\"uid\":\"x\"},\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\","
	 "\"request\":{" CREATE "," POD "}}", REASON_NONE, NULL},
	{"userInfo missing, unknown members", REVIEW(CREATE "," POD ",\"new\":[1]"), REASON_NONE, NULL},
	{"nulls where nothing is needed",
	 REVIEW(CREATE "," POD ",\"namespace\":null,\"dryRun\":null,\"userInfo\":null,\"oldObject\":null"), REASON_NONE, NULL},
	{"namespace missing", GOOD, REASON_NONE, NULL},
	{"DELETE", REVIEW("\"uid\":\"u-1\"," KIND "," RESOURCE ",\"operation\":\"DELETE\",\"object\":null"), REASON_NOT_CREATE, NULL},
	{"UPDATE", REVIEW("\"uid\":\"u-1\"," KIND "," RESOURCE ",\"operation\":\"UPDATE\"," POD), REASON_NOT_CREATE, NULL},
	{"CONNECT", REVIEW("\"uid\":\"u-1\"," KIND "," RESOURCE ",\"operation\":\"CONNECT\""), REASON_NOT_CREATE, NULL},
	{"an unknown operation", REVIEW("\"uid\":\"u-1\"," KIND "," RESOURCE ",\"operation\":\"create\"," POD), REASON_NOT_CREATE, NULL},
	{"ephemeral containers", REVIEW(CREATE ",\"subResource\":\"ephemeralcontainers\"," POD), REASON_SUBRESOURCE, NULL},
	{"a Deployment", REVIEW("\"uid\":\"u-1\",\"kind\":{\"group\":\"apps\",\"version\":\"v1\",\"kind\":\"Deployment\"},"
	 "\"resource\":{\"group\":\"apps\",\"version\":\"v1\",\"resource\":\"deployments\"},\"operation\":\"CREATE\"," POD),
	 REASON_NOT_A_POD, NULL},
	{"Pod of another group", REVIEW("\"uid\":\"u-1\",\"kind\":{\"group\":\"x\",\"version\":\"v1\",\"kind\":\"Pod\"}," RESOURCE
	 ",\"operation\":\"CREATE\"," POD), REASON_NOT_A_POD, NULL},
	{"no kind", REVIEW("\"uid\":\"u-1\"," RESOURCE ",\"operation\":\"CREATE\"," POD), REASON_BAD_REVIEW,
	 "/request/kind must be an object, got nothing"},
	{"kind a string", REVIEW("\"uid\":\"u-1\",\"kind\":\"Pod\"," RESOURCE ",\"operation\":\"CREATE\"," POD), REASON_BAD_REVIEW,
	 "/request/kind must be an object, got a string"},
	{"no resource", REVIEW("\"uid\":\"u-1\"," KIND ",\"operation\":\"CREATE\"," POD), REASON_BAD_REVIEW,
	 "/request/resource must be an object, got nothing"},
	{"operation a number", REVIEW("\"uid\":\"u-1\"," KIND "," RESOURCE ",\"operation\":1," POD), REASON_BAD_REVIEW,
	 "/request/operation must be a string, got a number"},
	{"no object", REVIEW(CREATE), REASON_BAD_REVIEW, "/request/object must be an object, got nothing"},
	{"object null", REVIEW(CREATE ",\"object\":null"), REASON_BAD_REVIEW, "/request/object must be an object, got null"},
	{"object a list", REVIEW(CREATE ",\"object\":[]"), REASON_BAD_REVIEW, "/request/object must be an object, got a list"},
	{"object a string", REVIEW(CREATE ",\"object\":\"{}\""), REASON_BAD_REVIEW, "/request/object must be an object, got a string"},
	{"namespace not a string", REVIEW(CREATE "," POD ",\"namespace\":{}"), REASON_BAD_REVIEW,
	 "/request/namespace must be a string, got an object"},
	{"dryRun not a boolean", REVIEW(CREATE "," POD ",\"dryRun\":\"true\""), REASON_BAD_REVIEW,
	 "/request/dryRun must be a boolean, got a string"},
	{"userInfo a list", REVIEW(CREATE "," POD ",\"userInfo\":[]"), REASON_BAD_REVIEW, "/request/userInfo must be an object, got a list"},
};

static void answerable_is_told_apart(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(answerable); i++) {
		struct admission_request request;
		struct arena a;
		struct err err = {0};

		arena_init(&a, 0);
		if (review_parse(&a, str_of(answerable[i].body), &request, &err) < 0)
			fail_msg("%s: %s: %s", answerable[i].name, err.where, err.what);
		if (request.reason != answerable[i].reason)
			fail_msg("%s: reason is %s", answerable[i].name, reason_row(request.reason)->code);
		if (answerable[i].problem && strcmp(request.problem, answerable[i].problem) != 0)
			fail_msg("%s: problem is '%s'", answerable[i].name, request.problem);
		assert_true(str_is(request.uid, "u-1"));
		assert_true((request.reason == REASON_NONE) == (request.object != NULL));
		arena_release(&a);
	}
}

static void nul_in_the_pod_is_refused_with_uid_and_path(void **state UNUSED)
{
	const struct str body = str_of(REVIEW(CREATE ",\"object\":{\"metadata\":{\"annotations\":{\"a/b\":\"x\\u0000y\"}}}"));
	struct admission_request request;
	struct arena a;
	struct err err = {0};

	arena_init(&a, 0);
	assert_int_equal(review_parse(&a, body, &request, &err), 0);
	assert_int_equal(request.reason, REASON_BAD_POD);
	assert_true(str_is(request.uid, "u-1"));
	assert_non_null(strstr(request.problem, "/metadata/annotations/a~1b: "));
	assert_int_equal(err.code, ERR_NONE);
	arena_release(&a);
}

static void everything_asked_for_is_read(void **state UNUSED)
{
	const struct str body = str_of(REVIEW(CREATE ",\"name\":\"n\",\"namespace\":\"ns\",\"dryRun\":true,\"userInfo\":{\"username\":\"u\"},"
		"\"object\" : { \"a\" : \"}\\\"\" , \"b\":[{},[\"]\"]] } , \"oldObject\":null"));
	struct admission_request request;
	struct arena a;
	struct err err = {0};

	arena_init(&a, 0);
	assert_int_equal(review_parse(&a, body, &request, &err), 0);
	assert_true(str_is(request.api_version, "admission.k8s.io/v1"));
	assert_true(str_is(request.name, "n"));
	assert_true(str_is(request.namespace, "ns"));
	assert_true(str_is(request.operation, "CREATE"));
	assert_true(str_is(request.user, "u"));
	assert_true(request.dry_run);
	assert_true(str_is(request.object_json, "{ \"a\" : \"}\\\"\" , \"b\":[{},[\"]\"]] }"));
	assert_int_equal(request.object->flags & V_ASIS, V_ASIS);
	arena_release(&a);
}

/* --- sizes ---------------------------------------------------------------------------------------- */

static int parse_generated(struct text *body, struct admission_request *ret, struct err *err)
{
	static struct arena a;

	arena_release(&a);
	arena_init(&a, 0);
	assert_false(body->failed);
	return review_parse(&a, (struct str){body->data, body->len}, ret, err);
}

static void deep_nesting_is_a_limit(void **state UNUSED)
{
	struct admission_request request;
	struct text body;
	struct err err = {0};

	text_init(&body, NULL, 1 << 20);
	text_adds(&body, HEAD "{" CREATE ",\"object\":");
	text_fill(&body, '[', 10000);
	text_fill(&body, ']', 10000);
	text_adds(&body, "}}");
	assert_int_equal(parse_generated(&body, &request, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
	text_release(&body);
}

static void large_but_legal_bodies_are_read(void **state UNUSED)
{
	struct admission_request request;
	struct text body;
	struct err err = {0};

	text_init(&body, NULL, 8 << 20);
	text_adds(&body, HEAD "{" CREATE ",\"object\":{\"s\":\"");
	text_fill(&body, 'x', 7 << 20);
	text_adds(&body, "\"}}}");
	assert_int_equal(parse_generated(&body, &request, &err), 0);
	assert_int_equal(raw_str(request.object, "s").len, 7 << 20);
	text_clear(&body);
	text_adds(&body, HEAD "{" CREATE ",\"object\":{");
	for (int i = 0; i < 100000; i++)
		text_addf(&body, "\"k%d\":%d,", i, i);
	text_adds(&body, "\"last\":0}}}");
	assert_int_equal(parse_generated(&body, &request, &err), 0);
	assert_int_equal(request.object->u.map->len, 100001);
	text_release(&body);
}

static void huge_uid_is_refused(void **state UNUSED)
{
	struct admission_request request;
	struct text body;
	struct err err = {0};

	text_init(&body, NULL, 2 << 20);
	text_adds(&body, HEAD "{\"uid\":\"");
	text_fill(&body, 'x', 1 << 20);
	text_adds(&body, "\"}}");
	assert_int_equal(parse_generated(&body, &request, &err), -1);
	assert_string_equal(err.where, "/request/uid");
	assert_string_equal(err.what, "is longer than 256 bytes");
	text_release(&body);
}

static void numbers_of_a_pod_survive(void **state UNUSED)
{
	static const char *const numbers[] = {"-0", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1.50", "1E2"};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		struct admission_request request;
		struct text body;
		struct err err = {0};

		text_init(&body, NULL, 4096);
		text_addf(&body, HEAD "{" CREATE ",\"object\":{\"n\":%s}}}", numbers[i]);
		assert_int_equal(parse_generated(&body, &request, &err), 0);
		assert_true(str_is(raw_get(request.object, "n")->u.s, numbers[i]));
		text_release(&body);
	}
}

static int parse_good(struct arena *a, const void *body, struct err *err)
{
	struct admission_request request;

	return review_parse(a, str_of(body), &request, err);
}

static void every_failed_allocation_is_an_error(void **state UNUSED)
{
	assert_true(oom_loop(parse_good, GOOD) > 3);
	assert_true(oom_loop(parse_good, REVIEW(CREATE)) > 3);
}

/* --- answers ---------------------------------------------------------------------------------------- */

static const struct {
	struct admission_answer answer;
	const char *want;
} answers[] = {
	{{.api_version = {"admission.k8s.io/v1", 19}, .uid = {"u\"1", 3}, .allowed = true, .patch = {"[{}]", 4},
	  .annotation = {{"reason", {"label-true", 10}}, {"templates", {"sidecar", 7}}}, .n_annotations = 2},
	 "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"response\":{\"uid\":\"u\\\"1\",\"allowed\":true,"
	 "\"patch\":\"W3t9XQ==\",\"patchType\":\"JSONPatch\",\"auditAnnotations\":{\"reason\":\"label-true\",\"templates\":\"sidecar\"}}}"},
	{{.api_version = {"admission.k8s.io/v1beta1", 24}, .uid = {"u", 1}, .allowed = true, .patch = {"[]", 2},
	  .annotation = {{"reason", {"not-create", 10}}, {"reason-detail", {"d", 1}}}, .n_annotations = 2, .warning = {"one", "two"}, .n_warnings = 2},
	 "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1beta1\",\"response\":{\"uid\":\"u\",\"allowed\":true,"
	 "\"auditAnnotations\":{\"reason\":\"not-create\",\"reason-detail\":\"d\"},\"warnings\":[\"one\",\"two\"]}}"},
	{{.api_version = {"admission.k8s.io/v1", 19}, .uid = {"u", 1}, .annotation = {{"reason", {"bad-pod", 7}}}, .n_annotations = 1,
	  .message = {"a\nb\x01", 4}, .code = 400},
	 "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"response\":{\"uid\":\"u\",\"allowed\":false,\"status\":{"
	 "\"metadata\":{},\"status\":\"Failure\",\"message\":\"a\\nb\\u0001\",\"code\":400},\"auditAnnotations\":{\"reason\":\"bad-pod\"}}}"},
};

static void answers_are_written(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct text out;

		text_init(&out, NULL, 4096);
		answer_write(&out, &answers[i].answer);
		assert_string_equal(text_cstr(&out), answers[i].want);
		text_release(&out);
	}
}

static void base64_has_every_length(void **state UNUSED)
{
	static const char *const want[] = {NULL, "\"/w==\"", "\"//8=\"", "\"////\"", "\"/////w==\""};

	for (size_t len = 1; len < ARRAY_LEN(want); len++) {
		const struct admission_answer answer = {.patch = {"\xff\xff\xff\xff", len}};
		struct text out;

		text_init(&out, NULL, 4096);
		answer_write(&out, &answer);
		assert_non_null(strstr(text_cstr(&out), want[len]));
		text_release(&out);
	}
}

static void a_full_answer_fails(void **state UNUSED)
{
	const size_t whole = strlen(answers[0].want);
	struct text out;

	text_init(&out, NULL, whole);
	answer_write(&out, &answers[0].answer);
	assert_false(out.failed);
	text_release(&out);
	for (size_t max = 1; max < whole; max++) {
		text_init(&out, NULL, max);
		answer_write(&out, &answers[0].answer);
		assert_true(out.failed);
		text_release(&out);
	}
}

static void spans_are_exact(void **state UNUSED)
{
	static const struct {
		const char *json, *key, *want;
	} rows[] = {
		{"{\"a\":1,\"b\" : [1, {\"c\":2}] }", "b", "[1, {\"c\":2}]"},
		{" { \"a\" : -1.5e3 , \"b\":\"x\\\\\"}", "b", "\"x\\\\\""},
		{"{\"a\":{\"b\":1},\"b\":2}", "b", "2"},
		{"{\"a\":true\n}", "a", "true"},
		{"{\"a\":\"b\"}", "b", NULL},
		{"{\"\\u0061\":1}", "a", NULL},
		{"{}", "a", NULL},
		{"[1]", "a", NULL},
		{"", "a", NULL},
		{"{\"a\":[[", "b", NULL},
		{"{\"a", "a", NULL},
		{"{\"a\\", "a", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct str got = json_member_span(str_of(rows[i].json), rows[i].key);

		if (rows[i].want ? !str_is(got, rows[i].want) : got.p != NULL)
			fail_msg("%s: got '%.*s'", rows[i].json, (int)got.len, got.p ? got.p : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unanswerable_gets_400),
		cmocka_unit_test(truncated_at_every_byte_gets_400),
		cmocka_unit_test(answerable_is_told_apart),
		cmocka_unit_test(nul_in_the_pod_is_refused_with_uid_and_path),
		cmocka_unit_test(everything_asked_for_is_read),
		cmocka_unit_test(deep_nesting_is_a_limit),
		cmocka_unit_test(large_but_legal_bodies_are_read),
		cmocka_unit_test(huge_uid_is_refused),
		cmocka_unit_test(numbers_of_a_pod_survive),
		cmocka_unit_test(every_failed_allocation_is_an_error),
		cmocka_unit_test(answers_are_written),
		cmocka_unit_test(base64_has_every_length),
		cmocka_unit_test(a_full_answer_fails),
		cmocka_unit_test(spans_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
