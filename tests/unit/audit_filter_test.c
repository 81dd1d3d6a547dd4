/* SPDX-License-Identifier: Apache-2.0 */
/* Are the lines found that are asked for, and no others, and is a time what people write? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/oom.h"
#include "webhook/audit/event.h"
#include "webhook/audit/filter.h"

static const char body[] =
	"\"replica\":\"a\",\"time\":\"2026-11-25T20:00:00.500000Z\",\"kind\":\"decision\",\"uid\":\"u-1\","
	"\"decision\":\"skipped\",\"reason\":\"label-false\",\"user\":\"an\\\"na\",\"namespace\":\"shop\","
	"\"owner\":\"Deployment/web\",\"hits\":[{\"rule\":\"one\",\"action\":\"audit\"},{\"rule\":\"two\",\"action\":"
	"\"warn\"}],"
	"\"overrides\":{\"sidecar.istio.io/logLevel\":\"\\\",\\\"namespace\\\":\\\"bank\\\"\"}";

static const struct {
	const char *name, *value;
	bool found;
} asked[] = {
	{"namespace", "shop", true},
	{"namespace", "sho", false},
	{"namespace", "shops", false},
	{"namespace", "bank", false}, /* stands in a value of the pod's own, escaped */
	{"namespace", NULL, true},
	{"namespace", "", true},
	{"user", "an\"na", true},
	{"user", "anna", false},
	{"rule", "one", true},
	{"rule", "two", true},
	{"rule", "three", false},
	{"owner", "Deployment/web", true},
	{"replica", "a", true},
};

static void what_is_asked_is_found(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		struct audit_filter f = {.n_parts = 0};
		struct err err = {0};

		assert_int_equal(audit_filter_add(&a, &f, "kind", "decision", &err), 0);
		assert_int_equal(audit_filter_add(&a, &f, asked[i].name, asked[i].value, &err), 0);
		if (audit_filter_matches(&f, str_of(body)) != asked[i].found)
			fail_msg("%s=%s: %s", asked[i].name, asked[i].value, asked[i].found ? "not found" : "found");
	}
	arena_release(&a);
}

/* A value that the writer cut is cut here too. */
static void long_values_are_found(void **state)
{
	static char user[2000], line[4000];
	struct audit_filter f = {.n_parts = 0};
	struct err err = {0};
	struct text t;
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	(void)memset(user, 'u', sizeof(user) - 1);
	text_init(&t, &a, sizeof(line));
	audit_event_text(&t, "user", str_of(user));
	assert_true(t.len < 600);
	assert_int_equal(audit_filter_add(&a, &f, "user", user, &err), 0);
	assert_true(audit_filter_matches(&f, (struct str){t.data, t.len}));
	arena_release(&a);
}

static const struct {
	const char *since, *until;
	bool within;
} bounds[] = {
	{"", "", true},
	{"2026-11-25T20:00:00.500000Z", "", true},
	{"2026-11-25T20:00:00.500001Z", "", false},
	{"", "2026-11-25T20:00:00.500000Z", false},
	{"", "2026-11-25T20:00:00.500001Z", true},
};

static void bounds_of_time_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
		struct audit_filter f = {.n_parts = 0};

		(void)snprintf(f.since, sizeof(f.since), "%s", bounds[i].since);
		(void)snprintf(f.until, sizeof(f.until), "%s", bounds[i].until);
		if (audit_filter_in_time(&f, str_of(body)) != bounds[i].within)
			fail_msg("%s to %s", bounds[i].since, bounds[i].until);
	}
}

enum { NOW = 1795550400 }; /* 2026-11-24T20:00:00Z */

static const struct {
	const char *text, *time; /* NULL: is none */
} times[] = {
	{"2026-11-25", "2026-11-25T00:00:00.000000Z"},
	{"2026-11-25T20:15", "2026-11-25T20:15:00.000000Z"},
	{"2026-11-25T20:15:01", "2026-11-25T20:15:01.000000Z"},
	{"2026-11-25 20:15:01", "2026-11-25T20:15:01.000000Z"},
	{"2026-11-25T20:15:01Z", "2026-11-25T20:15:01.000000Z"},
	{"2026-11-25T20:15:01.123456Z", "2026-11-25T20:15:01.123456Z"},
	{"2026-11-25T20:15:01.5Z", "2026-11-25T20:15:01.500000Z"},
	{"2026-11-25T20:15:01+02:00", "2026-11-25T18:15:01.000000Z"},
	{"2026-11-25T20:15:01-00:30", "2026-11-25T20:45:01.000000Z"},
	{"0s", "2026-11-24T20:00:00.000000Z"},
	{"90m", "2026-11-24T18:30:00.000000Z"},
	{"24h", "2026-11-23T20:00:00.000000Z"},
	{"7d", "2026-11-17T20:00:00.000000Z"},
	{"", NULL},
	{"h", NULL},
	{"-1h", NULL},
	{"1w", NULL},
	{"99999999999999999d", NULL},
	{"yesterday", NULL},
	{"2026-13-01", NULL},
	{"2026-11-25T20:15:01 and more", NULL},
	{"2026-11-25T20:15:01+2", NULL},
	{"2026-11-25T20:15:01.Z", NULL},
	{"2026-11-25T20:15:01+24:00", NULL},
};

static void times_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		char got[AUDIT_TIME_LEN + 1] = "";
		struct err err = {0};
		const int status = audit_time_read(times[i].text, NOW, got, &err);

		if (times[i].time && (status < 0 || strcmp(got, times[i].time) != 0))
			fail_msg("'%s' is '%s', not '%s'", times[i].text, got, times[i].time);
		if (!times[i].time && (status == 0 || err.code != ERR_CONFIG || !strstr(err.what, "90m, 24h, 7d")))
			fail_msg("'%s' is '%s' and '%s'", times[i].text, got, err.what);
	}
}

/* Every second hour of four centuries, there and back. */
static void seconds_and_texts_agree(void **state)
{
	(void)state;
	for (int64_t t = 0; t < INT64_C(400) * 366 * 86400; t += 86400 + 3671) {
		char text[AUDIT_TIME_LEN + 1];
		struct err err = {0};

		assert_int_equal(audit_time_read("0s", t, text, &err), 0);
		if (audit_time_seconds(str_of(text)) != t)
			fail_msg("%s is not %lld", text, (long long)t);
	}
	assert_int_equal(audit_time_seconds(str_of("2026-11-25T20:15:01Z")), -1);
	assert_int_equal(audit_time_seconds(str_of("2026-11-25T20:15:x1.000000Z")), -1);
	assert_int_equal(audit_time_seconds(str_of("2026-00-25T20:15:01.000000Z")), -1);
}

static int add_one(struct arena *a, const void *arg, struct err *err)
{
	struct audit_filter f = {.n_parts = 0};

	return audit_filter_add(a, &f, "user", arg, err);
}

static void memory_that_ends_is_told(void **state)
{
	(void)state;
	assert_true(oom_loop(add_one, "anna") > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_asked_is_found),
		cmocka_unit_test(long_values_are_found),
		cmocka_unit_test(bounds_of_time_hold),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(seconds_and_texts_agree),
		cmocka_unit_test(memory_that_ends_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
