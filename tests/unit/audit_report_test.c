/* SPDX-License-Identifier: Apache-2.0 */
/* Are a report's figures those of the lines, and is what lines say never more than text on the page? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/oom.h"
#include "webhook/audit/html.h"
#include "webhook/audit/report.h"

/* --- pieces ------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *in, *out;
} texts[] = {
	{"", ""},
	{"plain", "plain"},
	{"<script>alert('&\"')</script>", "&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;"},
	{"a\x1b[31m\nb", "a?[31m?b"},
	{"\xe2\x80\xae<", "?&lt;"}, /* turns the writing direction */
	{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
};

static void text_is_only_text(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct text t;

		text_init(&t, &a, 1000);
		html_text(&t, str_of(texts[i].in));
		assert_string_equal(text_cstr(&t), texts[i].out);
	}
	arena_release(&a);
}

static const struct {
	uint64_t part, whole;
	const char *count, *percent;
} figures[] = {
	{0, 0, "0", "–"},
	{0, 5, "0", "0&nbsp;%"},
	{5, 5, "5", "100&nbsp;%"},
	{1, 3, "1", "33.3&nbsp;%"},
	{1, 1000000, "1", "0.1&nbsp;%"},
	{999999, 1000000, "999,999", "99.9&nbsp;%"},
	{1234567, 2469134, "1,234,567", "50&nbsp;%"},
};

static void figures_are_written(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
		struct text count, percent;

		text_init(&count, &a, 100);
		text_init(&percent, &a, 100);
		html_count(&count, figures[i].part);
		html_percent(&percent, figures[i].part, figures[i].whole);
		assert_string_equal(text_cstr(&count), figures[i].count);
		assert_string_equal(text_cstr(&percent), figures[i].percent);
	}
	arena_release(&a);
}

static uint64_t sum_of(const struct series *s)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < series_len(s); i++)
		for (unsigned c = 0; c < TALLY_COLUMNS; c++)
			sum += s->n[i][c];
	return sum;
}

/* Forwards, backwards and in leaps: no bucket is left outside, and each count stays in the bucket of its time. */
static void time_finds_room(void **state)
{
	static const int64_t steps[] = {1, 61, 3599, -7200, 86400 * 3, -86400 * 40, INT64_C(86400) * 365 * 30};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct series s = {.width = 0};
		const int64_t begin = INT64_C(1795550400);

		for (int64_t n = 0; n < 100; n++) {
			const int64_t t = begin + n * steps[i] / (steps[i] > 0 ? 1 : 4);

			series_add(&s, t, (unsigned)(n % TALLY_COLUMNS));
			assert_true(s.start <= s.first && s.start % s.width == 0);
			assert_true(series_len(&s) <= SERIES_BUCKETS);
		}
		assert_int_equal(sum_of(&s), 100);
		series_add(&s, -1, 0);
		assert_int_equal(sum_of(&s), 100);
	}
}

static void names_beyond_the_limit_are_counted_together(void **state)
{
	struct err err = {0};
	struct tally t;
	struct arena a;
	char name[16];

	(void)state;
	arena_init(&a, 0);
	assert_int_equal(tally_init(&t, &a, 10, &err), 0);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i % 20);
		assert_int_equal(tally_add(&t, str_of(name), (unsigned)i % TALLY_COLUMNS, &err), 0);
	}
	assert_int_equal(tally_add(&t, STR("n7"), 0, &err), 0);
	tally_sort(&t);
	assert_int_equal(t.len, 10);
	assert_int_equal(t.others.all, 500);
	assert_true(str_is(t.row[0].name, "n7"));
	assert_int_equal(t.row[0].all, 51);
	assert_true(str_is(t.row[1].name, "n0"));
	arena_release(&a);
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

#define AT(minute) "\"replica\":\"r<1>\",\"time\":\"2026-11-25T20:" minute ":00.000000Z\",\"kind\":"

static const char *const bodies[] = {
	AT("00") "\"log\",\"log\":\"0123456789abcdef0123456789abcdef\",\"version\":\"1\",\"sink\":\"file\"",
	AT("00") "\"configuration\",\"state\":\"in force\",\"generation\":1,\"revision\":\"r\",\"configuration\":"
		 "\"00112233445566778899\",\"token\":\"third-party\"",
	AT("00") "\"certificate\",\"state\":\"in force\",\"notAfter\":\"2027-01-01T00:00:00Z\"",
	AT("01") "\"decision\",\"decision\":\"injected\",\"reason\":\"policy-enabled\",\"dryRun\":true,\"namespace\":"
		 "\"<script>\",\"token\":\"third-party\",\"hits\":[{\"rule\":\"a&b\",\"action\":\"audit\"}]",
	AT("02") "\"decision\",\"decision\":\"skipped\",\"reason\":\"label-false\",\"user\":\"\\\"><img>\","
		 "\"namespace\":\"shop\","
		 "\"overrides\":{\"sidecar.istio.io/inject\":\"false\",\"proxy.istio.io/config\":\"sha256:00\"},"
		 "\"hits\":[{\"rule\":\"a&b\",\"action\":\"deny\"},{\"rule\":\"x\",\"action\":\"strip\",\"exception\":"
		 "\"e\"}]",
	AT("03") "\"decision\",\"decision\":\"refused\",\"reason\":\"guard-denied\",\"namespace\":\"shop\"",
	AT("04") "\"require\",\"decision\":\"refused\",\"reason\":\"sidecar-missing\",\"namespace\":\"shop\"",
	AT("05") "\"gap\",\"dropped\":12,\"refused\":3,\"cause\":\"<disk>\"",
	AT("06") "\"configuration\",\"state\":\"refused\",\"error\":\"<line 3>\"",
};

static int feed(struct report *r, struct arena *a, struct err *err)
{
	struct audit_chain chain;
	struct text t;

	audit_chain_begin(&chain);
	text_init(&t, a, 4096);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct audit_read_line line = {.whole = true};

		text_clear(&t);
		if (audit_line_seal(&t, &chain, str_of(bodies[i]), NULL) < 0)
			return err_nomem(err);
		line.text = (struct str){t.data, t.len - 1};
		if (report_line(r, &line, err) < 0)
			return -1;
	}
	return report_line(r, &(struct audit_read_line){.text = STR("{\"seq\":1"), .whole = true}, err);
}

static void has(const char *page, const char *text)
{
	if (!strstr(page, text))
		fail_msg("the page lacks '%s':\n%s", text, strstr(page, "<header>"));
}

static void lacks(const char *page, const char *text)
{
	if (strstr(page, text))
		fail_msg("the page has '%s'", text);
}

static void the_page_has_the_figures(void **state)
{
	struct err err = {0};
	struct report r;
	struct arena a;
	struct text t;
	const char *page;

	(void)state;
	arena_init(&a, 0);
	assert_int_equal(report_init(&r, &a, &err), 0);
	assert_int_equal(feed(&r, &a, &err), 0);
	assert_int_equal(r.broken, 1);
	report_verdict(&r, &(struct audit_verdict){.log = "0123", .replica = "<r>", .problems = 1});
	report_finding(&r, &(struct audit_finding){.file = "<f>", .line = 3, .problem = true, .text = "was <changed>"});
	report_finding(&r, &(struct audit_finding){.file = "<f>", .text = "a note"});
	text_init(&t, &a, 1 << 20);
	report_print(&r, INT64_C(1795737600), &t);
	page = text_cstr(&t);
	assert_non_null(page);
	has(page, "<dt>Decisions</dt><dd data-figure=\"decisions\">3</dd>");
	has(page, "<span data-figure=\"dry-runs\">1</span>");
	has(page, "<dd data-figure=\"injected\">1</dd><dd>33.3&nbsp;% of decisions");
	has(page, "<dd data-figure=\"skipped\">1</dd>");
	has(page, "<dd data-figure=\"refused\">1</dd>");
	has(page, "<dd data-figure=\"guard-hits\">3</dd><dd>1 stripped or denied");
	has(page, "<dd data-figure=\"not-recorded\">12</dd>");
	has(page, "data-figure=\"namespaces/shop\">2</td>");
	has(page, "data-figure=\"namespaces/&lt;script&gt;\">1</td>");
	has(page, "data-figure=\"skips/label-false\">1</td>");
	has(page, "data-figure=\"refusals/guard-denied\">1</td>");
	has(page, "data-figure=\"overrides/sidecar.istio.io/inject = false\">1</td>");
	has(page, "data-figure=\"overrides/proxy.istio.io/config\">1</td>");
	has(page, "data-figure=\"rules/a&amp;b\">2</td>");
	has(page, "data-figure=\"tokens/third-party\">1</td>");
	has(page, "data-figure=\"users/&quot;&gt;&lt;img&gt;\">1</td>");
	has(page, "data-figure=\"required-refused\">1</span>");
	has(page, "<time datetime=\"2027-01-01T00:00:00Z\">1 Jan 2027, 00:00&nbsp;UTC</time></td><td "
		  "data-label=\"now\"><span class=\"mark "
		  "good\">35 days left</span>");
	has(page, ">12 not recorded, 3 refused: &lt;disk&gt;</td>");
	has(page, ">&lt;line 3&gt;</td><td data-label=\"replica\">r&lt;1&gt;</td>");
	has(page, "generation 1, revision r, digest 001122334455, tokens third-party");
	has(page, "1 problem in the chain");
	has(page, "<li><code>&lt;f&gt;:3</code> was &lt;changed&gt;</li>");
	lacks(page, "a note");
	lacks(page, "<script");
	lacks(page, "<img");
	lacks(page, "src=");
	lacks(page, "url(");
	lacks(page, "http:");
	lacks(page, "https:");
	report_release(&r);
	arena_release(&a);
}

static void a_time_can_be_asked_for(void **state)
{
	struct err err = {0};
	struct report r;
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	assert_int_equal(report_init(&r, &a, &err), 0);
	(void)snprintf(r.filter.since, sizeof(r.filter.since), "2026-11-25T20:02:00.000000Z");
	(void)snprintf(r.filter.until, sizeof(r.filter.until), "2026-11-25T20:03:00.000000Z");
	assert_int_equal(feed(&r, &a, &err), 0);
	assert_int_equal(r.lines, 1);
	assert_int_equal(r.all, 1);
	assert_int_equal(r.n_events, 0);
	report_release(&r);
	arena_release(&a);
}

/* The newest are kept, in bounded memory. */
static void changes_without_end_are_bounded(void **state)
{
	struct err err = {0};
	struct report r;
	struct arena a;

	(void)state;
	arena_init(&a, 8 << 20);
	assert_int_equal(report_init(&r, &a, &err), 0);
	for (int i = 0; i < 3000; i++)
		assert_int_equal(feed(&r, &a, &err), 0);
	assert_int_equal(r.n_events, 12000);
	assert_int_equal(r.n_certificates, 1);
	report_release(&r);
	arena_release(&a);
}

static int collect(struct arena *a, const void *arg, struct err *err)
{
	struct report r;
	struct text t;
	int status;

	(void)arg;
	if (report_init(&r, a, err) < 0)
		return -1;
	status = feed(&r, a, err);
	text_init(&t, a, 1 << 20);
	if (status == 0) {
		report_print(&r, 0, &t);
		status = text_check(&t, "the page", err);
	}
	report_release(&r);
	return status;
}

static void memory_that_ends_is_told(void **state)
{
	(void)state;
	assert_true(oom_loop(collect, NULL) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_only_text),
		cmocka_unit_test(figures_are_written),
		cmocka_unit_test(time_finds_room),
		cmocka_unit_test(names_beyond_the_limit_are_counted_together),
		cmocka_unit_test(the_page_has_the_figures),
		cmocka_unit_test(a_time_can_be_asked_for),
		cmocka_unit_test(changes_without_end_are_bounded),
		cmocka_unit_test(memory_that_ends_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
