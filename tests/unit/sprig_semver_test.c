/* SPDX-License-Identifier: Apache-2.0 */
/* Versions and constraints. */
#include "tests/unit/render.h"

/* What sprig 3.3.0 answers. */
static const struct row rows[] = {
	{"{{ semver \"v1.2\" }}",
	 "1.2.0"},
	{"{{ semver \"1.2.3-beta.1+5\" }}",
	 "1.2.3-beta.1+5"},
	{"{{ semver \"x\" }}",
	 "error: semver: Invalid Semantic Version"},
	{"{{ semver \"1.2.3-01\" }}",
	 "error: semver: Version segment starts with 0"},
	{"{{ (semver \"v1.2.3\").Major }}",
	 "1"},
	{"{{ (semver \"v1.2.3\").Minor }}",
	 "2"},
	{"{{ (semver \"v1.2.3\").Patch }}",
	 "3"},
	{"{{ (semver \"1.2.3-rc.1+b\").Prerelease }}",
	 "rc.1"},
	{"{{ (semver \"1.2.3-rc.1+b\").Metadata }}",
	 "b"},
	{"{{ (semver \"v1.2\").Original }}",
	 "v1.2"},
	{"{{ (semver \"1\").Nope }}",
	 "error: can't evaluate field Nope in type *semver.Version"},
	{"{{ typeOf (semver \"1\") }}",
	 "*semver.Version"},
	{"{{ toJson (semver \"1\") }}",
	 "\"1.0.0\""},
	{"{{ semverCompare \">=1.2.0\" \"1.3.0\" }}",
	 "true"},
	{"{{ semverCompare \"^1.2.0\" \"2.0.0\" }}",
	 "false"},
	{"{{ semverCompare \"^1.2.0\" \"1.9.9\" }}",
	 "true"},
	{"{{ semverCompare \"^0.2\" \"0.2.9\" }}",
	 "true"},
	{"{{ semverCompare \"^0.2\" \"0.3.0\" }}",
	 "false"},
	{"{{ semverCompare \"^0.0.1\" \"0.0.2\" }}",
	 "false"},
	{"{{ semverCompare \"~1.2.3\" \"1.2.9\" }}",
	 "true"},
	{"{{ semverCompare \"~1.2.3\" \"1.3.0\" }}",
	 "false"},
	{"{{ semverCompare \"~1\" \"1.9.0\" }}",
	 "true"},
	{"{{ semverCompare \"1.x\" \"1.9.0\" }}",
	 "true"},
	{"{{ semverCompare \"1.2.*\" \"1.3.0\" }}",
	 "false"},
	{"{{ semverCompare \"*\" \"3.1.4\" }}",
	 "true"},
	{"{{ semverCompare \"*\" \"3.1.4-rc\" }}",
	 "false"},
	{"{{ semverCompare \">1\" \"1.5.0\" }}",
	 "false"},
	{"{{ semverCompare \">1\" \"2.0.0\" }}",
	 "true"},
	{"{{ semverCompare \"<=1.2\" \"1.2.9\" }}",
	 "true"},
	{"{{ semverCompare \"!=1.2\" \"1.2.9\" }}",
	 "false"},
	{"{{ semverCompare \"!=1.2.3\" \"1.2.4\" }}",
	 "true"},
	{"{{ semverCompare \">= 1.0, < 2\" \"1.5.0\" }}",
	 "true"},
	{"{{ semverCompare \">=1.0 <2\" \"2.0.0\" }}",
	 "false"},
	{"{{ semverCompare \"<1 || >=1.2\" \"1.3.0\" }}",
	 "true"},
	{"{{ semverCompare \"1.2 - 1.4.5\" \"1.4.5\" }}",
	 "true"},
	{"{{ semverCompare \"1.2 - 1.4.5\" \"1.4.6\" }}",
	 "false"},
	{"{{ semverCompare \">=1.2.3\" \"1.3.0-beta\" }}",
	 "false"},
	{"{{ semverCompare \">=1.2.3-0\" \"1.3.0-beta\" }}",
	 "true"},
	{"{{ semverCompare \"<1.0.0-beta\" \"1.0.0-alpha.1\" }}",
	 "true"},
	{"{{ semverCompare \">1.0.0-alpha.2\" \"1.0.0-alpha.10\" }}",
	 "true"},
	{"{{ semverCompare \">> 1\" \"1.0.0\" }}",
	 "error: semverCompare: improper constraint: >> 1"},
	{"{{ semverCompare \"1.2,\" \"1.2.0\" }}",
	 "error: semverCompare: improper constraint: 1.2,"},
	{"{{ semverCompare \"\" \"1.2.0\" }}",
	 "error: semverCompare: improper constraint: "},
	{"{{ semverCompare \">1\" \"x\" }}",
	 "error: semverCompare: Invalid Semantic Version"},
};

static void test_rows(void **state)
{
	static const struct template_env env = {.now = 1700000000};
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	check_rows(rows, ARRAY_LEN(rows), TEMPLATE_HEAD, from_json(&a, "{}"), &env);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

	return cmocka_run_group_tests_name("sprig_semver", tests, NULL, NULL);
}
