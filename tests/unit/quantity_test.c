/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities: canonical text, thousandths and errors. tests/oracle/quantity asks apimachinery itself, by the thousand. */
#include "patches/schema/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/oom.h"

#define GRAMMAR "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
#define SUFFIX "unable to parse quantity's suffix"

static const struct {
	const char *text, *want; /* want: "!" and the error */
	int64_t milli;
} rows[] = {
	{"0", "0", 0}, {"00", "0", 0}, {"-0", "0", 0}, {"0Ki", "0", 0}, {".", "0", 0},
	{"1", "1", 1000}, {"100m", "100m", 100}, {"0.5", "500m", 500}, {".5", "500m", 500}, {"1.5", "1500m", 1500},
	{"1000m", "1", 1000}, {"2000m", "2", 2000}, {"1000", "1k", 1000000}, {"1024", "1024", 1024000},
	{"1024Mi", "1Gi", 1073741824000}, {"1.5Gi", "1536Mi", 1610612736000}, {"128Mi", "128Mi", 134217728000}, {"0.5Mi", "512Ki", 524288000},
	{"1Ki", "1Ki", 1024000}, {"0.5Ki", "512", 512000}, {"0.1Ki", "102400m", 102400},
	{"1.500", "1.500", 1500}, {"+5Ki", "+5Ki", 5120000}, {"007Mi", "007Mi", 7340032000}, {"+1", "+1", 1000},
	{"1e3", "1e3", 1000000}, {"1E3", "1E3", 1000000}, {"12e6", "12e6", 12000000000}, {"1000e0", "1e3", 1000000}, {"1e1", "10", 10000},
	{"1e-3", "1e-3", 1}, {"0.1m", "100u", 1}, {"1n", "1n", 1}, {"0.1n", "1n", 1}, {"-1", "-1", -1000}, {"-0.1n", "-1n", -1},
	{"1E", "1E", INT64_MAX}, {"1000E", "1", INT64_MAX}, {"100Ei", "9223372036854775807", INT64_MAX}, {"8Ei", "9223372036854775807", INT64_MAX},
	{"7Ei", "7Ei", INT64_MAX}, {"123456789012345678901234567890", "123456789012345678901234567890", INT64_MAX},
	{"1e2147483647", "10e2147483646", INT64_MAX}, {"1e-2147483648", "1e-9", 1}, {"1e99999999999999999999", "!" SUFFIX, 0},
	{" 5 ", "5", 5000},
	{"", "!" GRAMMAR, 0}, {" ", "!" GRAMMAR, 0}, {"x", "!" GRAMMAR, 0}, {"1x", "!" GRAMMAR, 0}, {"1 Mi", "!" GRAMMAR, 0},
	{"1.2.3", "!" GRAMMAR, 0}, {"1e3x", "!" GRAMMAR, 0}, {"0x10", "!" GRAMMAR, 0},
	{"1mi", "!" SUFFIX, 0}, {"1e", "!" SUFFIX, 0}, {"1K", "!" SUFFIX, 0}, {"1Ki5", "!" SUFFIX, 0}, {"1-5", "!" SUFFIX, 0},
	{"Ei", "!unable to parse numeric part of quantity", 0},
};

static void test_quantities(void **state UNUSED)
{
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str got = {NULL, 0};
		int64_t milli = 0;
		struct err err = {0};
		const int done = quantity_canonical(&a, str_of(rows[i].text), &got, &milli, &err);

		if (done < 0 ? rows[i].want[0] != '!' || strcmp(err.what, rows[i].want + 1) != 0 : !str_is(got, rows[i].want))
			fail_msg("'%s': '%.*s' %s, want '%s'", rows[i].text, (int)got.len, got.p, err.what, rows[i].want);
		if (milli != rows[i].milli)
			fail_msg("'%s': %lld thousandths, want %lld", rows[i].text, (long long)milli, (long long)rows[i].milli);
	}
	arena_release(&a);
}

/* A number of a million digits costs no more than its length. */
static void test_long_numbers(void **state UNUSED)
{
	enum { DIGITS = 1000000 };
	struct str got;
	struct err err = {0};
	struct arena a;
	char *text;

	arena_init(&a, 0);
	text = arena_alloc(&a, DIGITS + 2);
	assert_non_null(text);
	memset(text, '9', DIGITS);
	memcpy(text + DIGITS, "Mi", 2);
	assert_int_equal(quantity_canonical(&a, (struct str){text, DIGITS + 2}, &got, NULL, &err), 0);
	assert_true(str_is(got, "9223372036854775807"));
	text[1] = '.';
	assert_int_equal(quantity_canonical(&a, (struct str){text, DIGITS}, &got, NULL, &err), 0);
	assert_true(str_is(got, "10"));
	arena_release(&a);
}

static int operation(struct arena *a, const void *text, struct err *err)
{
	struct str got;
	int64_t milli;

	return quantity_canonical(a, str_of(text), &got, &milli, err);
}

static void test_without_memory(void **state UNUSED)
{
	assert_true(oom_loop(operation, "1.5Gi") > 0);
	assert_true(oom_loop(operation, "0.5") > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantities), cmocka_unit_test(test_long_numbers), cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests_name("quantity", tests, NULL, NULL);
}
