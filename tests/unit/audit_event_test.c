/* SPDX-License-Identifier: Apache-2.0 */
/* What of a decision is in its audit line, and is no secret in it? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "patches/value/json.h"
#include "tests/unit/oom.h"
#include "webhook/audit/event.h"
#include "webhook/audit/line.h"

static const char pod[] =
	"{\"metadata\":{\"generateName\":\"web-7f4d-\",\"labels\":{\"istio.io/"
	"rev\":\"canary\",\"app\":\"web\",\"sidecar.istio.io/inject\":\"true\"},"
	"\"annotations\":{\"sidecar.istio.io/inject\":\"false\",\"traffic.sidecar.istio.io/"
	"excludeOutboundPorts\":\"3306\","
	"\"proxy.istio.io/config\":\"token: s3cr3t\",\"sidecar.istio.io/userVolume\":\"[s3cr3t]\",\"note\":\"s3cr3t\","
	"\"sidecar.istio.io/status\":\"{}\",\"sidecar.istio.io/logLevel\":\"\\\"\\n},\\\"kind\\\":\\\"stop\"}},"
	"\"spec\":{\"containers\":[{\"name\":\"web\",\"image\":\"i\",\"env\":[{\"name\":\"PASSWORD\",\"value\":"
	"\"s3cr3t\"}]},"
	"{\"name\":\"istio-proxy\",\"image\":\"evil.example.org/proxy:1\"}]}}";

/* A whole body, as text in the arena; NULL without memory. */
static const char *body_of(struct arena *a, const struct admission_outcome *o, bool require)
{
	const struct audit_decision d = {.outcome = o,
		.revision = STR("r1"),
		.configuration = STR("c0ffee"),
		.pod = STR("web-7f4d-"),
		.require = require,
		.micros = 42};
	struct text out;

	text_init(&out, a, AUDIT_BODY_MAX);
	audit_event_decision(&out, &d);
	return text_cstr(&out);
}

static int fill(struct arena *a, struct admission_outcome *o, struct err *err)
{
	const struct value *object = json_parse(a, pod, strlen(pod), JSON_FROM_POD, err);

	if (!object)
		return -1;
	*o = (struct admission_outcome){.http_status = 200,
		.allowed = true,
		.reason = REASON_LABEL_TRUE,
		.request = {.uid = STR("u-1"),
			.user = STR("anna"),
			.namespace = STR("shop"),
			.dry_run = true,
			.object = object,
			.object_json = {pod, strlen(pod)}},
		.result = {.injected = true,
			.pod = object,
			.templates = STR("sidecar"),
			.patch = STR("[]"),
			.pod_json = STR("{}")}};
	return 0;
}

static const char *const parts[] = {
	"\"kind\":\"decision\",\"uid\":\"u-1\",\"decision\":\"injected\",\"reason\":\"label-true\",\"dryRun\":true,"
	"\"user\":\"anna\"",
	",\"namespace\":\"shop\",\"pod\":\"web-7f4d-\",\"revision\":\"r1\",\"templates\":\"sidecar\",\"token\":\"first-"
	"party\",\"guard\":\"none\"",
	"\"overrides\":{\"istio.io/rev\":\"canary\",\"sidecar.istio.io/inject\":\"true\",\"traffic.sidecar.istio.io/"
	"excludeOutboundPorts\":\"3306\"",
	"\"proxy.istio.io/config\":\"sha256:",
	"\"sidecar.istio.io/userVolume\":\"sha256:",
	"\"sidecar.istio.io/logLevel\":\"\\\"\\n},\\\"kind\\\":\\\"stop\"",
	"\"container istio-proxy\":\"evil.example.org/proxy:1\"",
	",\"configuration\":\"c0ffee\",\"before\":\"",
	",\"after\":\"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\"",
	",\"patch\":\"4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945\",\"micros\":42",
};

static void all_of_a_decision_is_there(void **state)
{
	struct admission_outcome o;
	struct err err = {0};
	struct arena a;
	const char *body, *whole;

	(void)state;
	arena_init(&a, 0);
	assert_int_equal(fill(&a, &o, &err), 0);
	body = body_of(&a, &o, false);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (!strstr(body, parts[i]))
			fail_msg("no %s in %s", parts[i], body);
	assert_null(strstr(body, "s3cr3t"));
	assert_null(strstr(body, "\"note\""));
	assert_null(strstr(body, "istio.io/status"));
	whole = arena_printf(&a, "{%s}", body);
	assert_non_null(json_parse(&a, whole, strlen(whole), 0, &err));
	assert_true(audit_line_is(str_of(body), "decision")); /* what the pod says passes for no member of ours */
	body = body_of(&a, &o, true);
	assert_true(audit_line_is(str_of(body), "require"));
	arena_release(&a);
}

/* Whatever is not there is left out; what is long is cut on a character. */
static void odd_requests_are_lines_too(void **state)
{
	static char name[2000];
	struct admission_outcome o = {.http_status = 200, .reason = REASON_NOT_A_POD, .request = {.uid = STR("u")}};
	struct err err = {0};
	struct arena a;
	const char *whole;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(name); i += 2)
		memcpy(name + i, "\xc3\xa9", 2);
	arena_init(&a, 0);
	o.request.user = (struct str){name, sizeof(name)};
	whole = arena_printf(&a, "{%s}", body_of(&a, &o, false));
	assert_non_null(json_parse(&a, whole, strlen(whole), 0, &err));
	assert_null(strstr(whole, "before"));
	assert_null(strstr(whole, "overrides"));
	assert_null(strstr(whole, "\\ufffd"));
	assert_true(strlen(whole) < 1000);
	arena_release(&a);
}

static int write_one(struct arena *a, const void *arg, struct err *err)
{
	struct admission_outcome o;

	(void)arg;
	if (fill(a, &o, err) < 0)
		return -1;
	return body_of(a, &o, false) ? 0 : err_nomem(err);
}

static void memory_that_ends_is_an_error(void **state)
{
	(void)state;
	assert_true(oom_loop(write_one, NULL) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_a_decision_is_there),
		cmocka_unit_test(odd_requests_are_lines_too),
		cmocka_unit_test(memory_that_ends_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
