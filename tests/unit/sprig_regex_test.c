/* SPDX-License-Identifier: Apache-2.0 */
/* sprig's regular expressions: RE2's syntax, Go's ways of iterating. */
#include "tests/unit/render.h"

/* What sprig 3.3.0 answers. */
static const struct row rows[] = {
	{"{{ regexMatch \"^[a-z]+$\" \"abc\" }}",
	 "true"},
	{"{{ regexMatch \"(\" \"x\" }}",
	 "false"},
	{"{{ mustRegexMatch \"(\" \"x\" }}",
	 "error: mustRegexMatch: error parsing regexp: missing closing ): `(`"},
	{"{{ regexFind \"(\" \"x\" }}",
	 "error: regexFind: regexp: Compile(`(`): error parsing regexp: missing closing ): `(`"},
	{"{{ regexFind \"[0-9]+\" \"a12b34\" }}",
	 "12"},
	{"{{ regexFind \"x\" \"a\" }}",
	 ""},
	{"{{ regexFindAll \"[0-9]+\" \"a12b34\" -1 }}",
	 "[12 34]"},
	{"{{ regexFindAll \"[0-9]+\" \"a12b34\" 1 }}",
	 "[12]"},
	{"{{ regexFindAll \"a*\" \"baac\" -1 }}",
	 "[ aa ]"},
	{"{{ regexReplaceAll \"a(x*)b\" \"-ab-axxb-\" \"${1}W\" }}",
	 "-W-xxW-"},
	{"{{ regexReplaceAll \"a(x*)b\" \"-ab-axxb-\" \"$1W\" }}",
	 "---"},
	{"{{ regexReplaceAll \"a(?P<n>x*)b\" \"-axxb-\" \"<$n|$$|$2|$x>\" }}",
	 "-<xx|$||>-"},
	{"{{ regexReplaceAll \"x*\" \"abc\" \"-\" }}",
	 "-a-b-c-"},
	{"{{ regexReplaceAllLiteral \"a(x*)b\" \"-ab-\" \"${1}\" }}",
	 "-${1}-"},
	{"{{ regexSplit \"z+\" \"pizza\" -1 }}",
	 "[pi a]"},
	{"{{ regexSplit \"\" \"abc\" -1 }}",
	 "[a b c]"},
	{"{{ regexSplit \",\" \"a,b,c\" 2 }}",
	 "[a b,c]"},
	{"{{ regexSplit \",\" \"a\" 0 }}",
	 "[]"},
	{"{{ regexSplit \"b*\" \"abc\" -1 }}",
	 "[a c]"},
	{"{{ regexQuoteMeta \"1.2[3]\" }}",
	 "1\\.2\\[3\\]"},
	{"{{ mustRegexFind \"(?=x)\" \"x\" }}",
	 "error: mustRegexFind: error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
	{"{{ mustRegexFind \"a(?!b)\" \"x\" }}",
	 "error: mustRegexFind: error parsing regexp: invalid or unsupported Perl syntax: `(?!`"},
	{"{{ mustRegexFind \"(?<=x)y\" \"x\" }}",
	 "error: mustRegexFind: error parsing regexp: invalid named capture: `(?<=x)y`"},
	{"{{ mustRegexFind \"(a)\\\\1\" \"aa\" }}",
	 "error: mustRegexFind: error parsing regexp: invalid escape sequence: `\\1`"},
	{"{{ mustRegexFind \"a++\" \"aa\" }}",
	 "error: mustRegexFind: error parsing regexp: invalid nested repetition operator: `++`"},
	{"{{ mustRegexFind \"a**\" \"aa\" }}",
	 "error: mustRegexFind: error parsing regexp: invalid nested repetition operator: `**`"},
	{"{{ mustRegexFind \"*\" \"aa\" }}",
	 "error: mustRegexFind: error parsing regexp: missing argument to repetition operator: `*`"},
	{"{{ mustRegexFind \"[z-a]\" \"aa\" }}",
	 "error: mustRegexFind: error parsing regexp: invalid character class range: `z-a`"},
	{"{{ mustRegexFind \"[a\" \"aa\" }}",
	 "error: mustRegexFind: error parsing regexp: missing closing ]: `[a`"},
	{"{{ mustRegexFind \"a)\" \"aa\" }}",
	 "error: mustRegexFind: error parsing regexp: unexpected ): `a)`"},
	{"{{ mustRegexFind \"a{1001}\" \"aa\" }}",
	 "error: mustRegexFind: error parsing regexp: invalid repeat count: `{1001}`"},
	{"{{ mustRegexFind \"\\\\q\" \"aa\" }}",
	 "error: mustRegexFind: error parsing regexp: invalid escape sequence: `\\q`"},
	{"{{ mustRegexFind \"[[:foo:]]\" \"aa\" }}",
	 "error: mustRegexFind: error parsing regexp: invalid character class range: `[:foo:]`"},
	{"{{ mustRegexFind \"(?z)\" \"aa\" }}",
	 "error: mustRegexFind: error parsing regexp: invalid or unsupported Perl syntax: `(?z`"},
	{"{{ mustRegexFind \"(?P<>x)\" \"aa\" }}",
	 "error: mustRegexFind: error parsing regexp: invalid named capture: `(?P<>`"},
	{"{{ mustRegexFind \"\\\\p{Foo}\" \"aa\" }}",
	 "error: mustRegexFind: error parsing regexp: invalid character class range: `\\p{Foo}`"},
	{"{{ regexFind \"a{,2}\" \"a{,2}\" }}",
	 "a{,2}"},
	{"{{ regexFind \"(?i)HELLO\" \"say hello\" }}",
	 "hello"},
	{"{{ regexMatch \"a$\" \"a\\n\" }}",
	 "false"},
	{"{{ regexMatch \"(?m)^$\" \"a\\n\" }}",
	 "true"},
	{"{{ regexMatch \".\" \"\\n\" }}",
	 "false"},
	{"{{ regexMatch \"(?s).\" \"\\n\" }}",
	 "true"},
	{"{{ regexMatch \"\\\\s\" \"\\v\" }}",
	 "false"},
	{"{{ regexFind \"\\\\pL+\" \"1é中2\" }}",
	 "é中"},
	{"{{ regexFind \"\\\\p{Greek}\" \"aβ\" }}",
	 "β"},
	{"{{ regexFind \"\\\\Q.+\\\\E\" \"a.+b\" }}",
	 ".+"},
	{"{{ regexFind \"[]a]+\" \"x]a\" }}",
	 "]a"},
	{"{{ regexFind \"(?U)l+\" \"hello\" }}",
	 "l"},
	{"{{ regexReplaceAll \".\" \"\\xffa\" \"<$0>\" | len }}",
	 "6"},
	{"{{ regexMatch \"(x+x+)+[yz]\" (repeat 40 \"x\") }}",
	 "error: takes too long"},
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

	return cmocka_run_group_tests_name("sprig_regex", tests, NULL, NULL);
}
