/* SPDX-License-Identifier: Apache-2.0 */
/* sprig's dates. */
#include "tests/unit/render.h"

/* What sprig 3.3.0 answers. */
static const struct row rows[] = {
	{"{{ date \"2006-01-02\" 0 }}",
	 "1970-01-01"},
	{"{{ date \"Mon Jan _2 15:04:05.000 MST -0700 Z07:00 2006\" 1580688000 }}",
	 "Mon Feb  3 00:00:00.000 UTC +0000 Z 2020"},
	{"{{ date \"Monday, January 2 06 3:4:5 PM pm\" 1580740496 }}",
	 "Monday, February 3 20 2:34:56 PM pm"},
	{"{{ date \"__2 002 01 1 _2006\" 1580688000 }}",
	 " 34 034 02 2 _2020"},
	{"{{ date \"é Janx 05,999\" 0 }}",
	 "é Janx 00"},
	{"{{ dateInZone \"2006-01-02 15:04 MST\" 0 \"Etc/GMT+5\" }}",
	 "1969-12-31 19:00 -05"},
	{"{{ dateInZone \"15:04 MST\" 0 \"Nope/X\" }}",
	 "00:00 UTC"},
	{"{{ htmlDate 86400 }}",
	 "1970-01-02"},
	{"{{ htmlDateInZone 0 \"Etc/GMT+1\" }}",
	 "1969-12-31"},
	{"{{ toDate \"2006-01-02\" \"2020-02-03\" }}",
	 "2020-02-03 00:00:00 +0000 UTC"},
	{"{{ toDate \"2006-01-02\" \"x\" }}",
	 "0001-01-01 00:00:00 +0000 UTC"},
	{"{{ toDate \"2006-01-02T15:04:05Z07:00\" \"2020-02-03T04:05:06.5+05:30\" }}",
	 "2020-02-03 04:05:06.5 +0530 +0530"},
	{"{{ toDate \"2006-002\" \"2020-366\" }}",
	 "2020-12-31 00:00:00 +0000 UTC"},
	{"{{ mustToDate \"2006-01-02\" \"zz\" }}",
	 "error: mustToDate: parsing time \"zz\" as \"2006-01-02\": cannot parse \"zz\" as \"2006\""},
	{"{{ mustToDate \"2006-01-02\" \"2020-13-01\" }}",
	 "error: mustToDate: parsing time \"2020-13-01\": month out of range"},
	{"{{ mustToDate \"2006-01-02\" \"2021-02-29\" }}",
	 "error: mustToDate: parsing time \"2021-02-29\": day out of range"},
	{"{{ mustToDate \"2006-01-02\" \"2020-02-03x\" }}",
	 "error: mustToDate: parsing time \"2020-02-03x\": extra text: \"x\""},
	{"{{ mustToDate \"15:04\" \"25:00\" }}",
	 "error: mustToDate: parsing time \"25:00\": hour out of range"},
	{"{{ unixEpoch (toDate \"2006-01-02\" \"2020-02-03\") }}",
	 "1580688000"},
	{"{{ dateModify \"-1h\" (toDate \"2006-01-02\" \"2020-02-03\") }}",
	 "2020-02-02 23:00:00 +0000 UTC"},
	{"{{ dateModify \"x\" (toDate \"2006-01-02\" \"2020-02-03\") }}",
	 "2020-02-03 00:00:00 +0000 UTC"},
	{"{{ mustDateModify \"x\" (toDate \"2006-01-02\" \"2020-02-03\") }}",
	 "error: mustDateModify: time: invalid duration \"x\""},
	{"{{ mustDateModify \"1.5s\" (toDate \"2006-01-02\" \"2020-02-03\") }}",
	 "2020-02-03 00:00:01.5 +0000 UTC"},
	{"{{ duration \"95\" }}",
	 "1m35s"},
	{"{{ duration 95 }}",
	 "0s"},
	{"{{ duration (int64 3700) }}",
	 "1h1m40s"},
	{"{{ durationRound \"2h10m5s\" }}",
	 "2h"},
	{"{{ durationRound \"-100h\" }}",
	 "4d"},
	{"{{ durationRound \"x\" }}",
	 "0s"},
	{"{{ durationRound \"9000h\" }}",
	 "1y"},
	{"{{ toJson (toDate \"2006-01-02\" \"2020-02-03\") }}",
	 "\"2020-02-03T00:00:00Z\""},
	{"{{ kindOf now }}",
	 "struct"},
	{"{{ typeOf now }}",
	 "time.Time"},
};

static void test_rows(void **state UNUSED)
{
	check_function_rows(rows, ARRAY_LEN(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

	return cmocka_run_group_tests_name("sprig_dates", tests, NULL, NULL);
}
