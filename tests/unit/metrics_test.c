/* SPDX-License-Identifier: Apache-2.0 */
/* Does each request fall in its bucket, do sums and parts agree, and is a label's value always one value? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "webhook/server/metrics.h"

static const char *print(struct arena *a, const struct metrics *m, const struct metrics_state *s)
{
	struct text out;
	const char *text;

	text_init(&out, a, 1 << 20);
	metrics_print(m, s, &out);
	text = text_cstr(&out);
	assert_non_null(text);
	return text;
}

static void has(const char *text, const char *line)
{
	if (!strstr(text, line))
		fail_msg("no line '%s' in:\n%s", line, text);
}

static const struct {
	int64_t micros;
	const char *below, *within; /* the last bucket that lacks it, the first that has it */
} edges[] = {
	{-1, NULL, "le=\"0.0001\"} 1\n"},
	{0, NULL, "le=\"0.0001\"} 1\n"},
	{100, NULL, "le=\"0.0001\"} 1\n"},
	{101, "le=\"0.0001\"} 0\n", "le=\"0.00025\"} 1\n"},
	{9999, "le=\"0.005\"} 0\n", "le=\"0.01\"} 1\n"},
	{10000000, "le=\"5\"} 0\n", "le=\"10\"} 1\n"},
	{10000001, "le=\"10\"} 0\n", "le=\"+Inf\"} 1\n"},
	{INT64_MAX, "le=\"10\"} 0\n", "le=\"+Inf\"} 1\n"},
};

static void each_time_has_its_bucket(void **state)
{
	const struct admission_outcome o = {.http_status = 200, .reason = REASON_POLICY_ENABLED};
	const struct metrics_state s = {0};
	struct arena a;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
		struct metrics m = {0};
		const char *text;

		arena_init(&a, 0);
		metrics_count(&m, &o, edges[i].micros);
		text = print(&a, &m, &s);
		has(text, edges[i].within);
		if (edges[i].below)
			has(text, edges[i].below);
		has(text, "outrigger_request_duration_seconds_count 1\n");
		arena_release(&a);
	}
}

static void sums_and_parts_agree(void **state)
{
	static const struct inject_config first = {.token_asked = {.use = TOKEN_USE_BOTH}, .token = {.mode = TOKEN_MODE_FIRST_PARTY}};
	static const struct admission_outcome outcomes[] = {
		{.http_status = 200, .reason = REASON_POLICY_ENABLED},
		{.http_status = 200, .reason = REASON_LABEL_FALSE},
		{.http_status = 200, .reason = REASON_LABEL_FALSE},
		{.http_status = 200, .reason = REASON_PROOF_FAILED},
		{.http_status = 400, .reason = REASON_BAD_REVIEW},
	};
	const struct metrics_state s = {.revision = STR("a\"b\\c\nd"), .generation = 3, .since = 1700000000, .not_after = 1800000000,
		.config = &first, .refused = {[SERVER_CERTIFICATE] = true}};
	struct metrics m = {0};
	struct arena a;
	const char *text;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
		metrics_count(&m, &outcomes[i], 1500000);
	metrics_count_required(&m, &(struct admission_outcome){.http_status = 200, .reason = REASON_SIDECAR_MISSING});
	metrics_count_required(&m, &(struct admission_outcome){.http_status = 200, .reason = REASON_NOT_A_POD});
	metrics_count_required(&m, &(struct admission_outcome){.http_status = 400, .reason = REASON_BAD_REVIEW});
	text = print(&a, &m, &s);
	has(text, "outrigger_required_total{reason=\"sidecar-missing\"} 1\n");
	has(text, "outrigger_configuration_refused{part=\"guard\"} 0\n");
	has(text, "outrigger_decisions_total{result=\"skipped\",reason=\"label-false\",revision=\"a\\\"b\\\\c\\nd\"} 2\n");
	has(text, "outrigger_unreadable_requests_total 2\n");
	has(text, "outrigger_proof_failures_total 1\n");
	has(text, "outrigger_request_duration_seconds_sum 7.500000\n");
	has(text, "outrigger_request_duration_seconds_count 5\n");
	has(text, "sidecar_injection_requests_total 5\n");
	has(text, "sidecar_injection_success_total 1\n");
	has(text, "sidecar_injection_skip_total 2\n");
	has(text, "sidecar_injection_failure_total 2\n");
	has(text, "sidecar_injection_time_seconds_count 5\n");
	has(text, "outrigger_configuration_generation 3\n");
	has(text, "outrigger_token_mode{mode=\"first-party\"} 1\n");
	has(text, "outrigger_token_mode{mode=\"third-party\"} 0\n");
	has(text, "outrigger_token_mode{mode=\"unknown\"} 0\n");
	has(text, "outrigger_configuration_since_seconds 1700000000\n");
	has(text, "outrigger_configuration_refused{part=\"configuration\"} 0\n");
	has(text, "outrigger_configuration_refused{part=\"certificate\"} 1\n");
	has(text, "outrigger_certificate_not_after_seconds 1800000000\n");
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_time_has_its_bucket),
		cmocka_unit_test(sums_and_parts_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
