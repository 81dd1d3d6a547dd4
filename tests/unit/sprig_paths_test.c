/* SPDX-License-Identifier: Apache-2.0 */
/* sprig's paths and URLs. */
#include "tests/unit/render.h"

/* What sprig 3.3.0 answers. */
static const struct row rows[] = {
	{"{{ base \"a/b/c.txt\" }}",
	 "c.txt"},
	{"{{ base \"\" }}",
	 "."},
	{"{{ base \"///\" }}",
	 "/"},
	{"{{ dir \"a/b/c\" }}",
	 "a/b"},
	{"{{ dir \"/a\" }}",
	 "/"},
	{"{{ dir \"\" }}",
	 "."},
	{"{{ ext \"x.tar.gz\" }}",
	 ".gz"},
	{"{{ ext \"a.b/c\" }}",
	 ""},
	{"{{ clean \"a//./b/../c/\" }}",
	 "a/c"},
	{"{{ clean \"../../a\" }}",
	 "../../a"},
	{"{{ clean \"/../a\" }}",
	 "/a"},
	{"{{ clean \"\" }}",
	 "."},
	{"{{ isAbs \"/a\" }}",
	 "true"},
	{"{{ osBase \"a/b\" }}",
	 "b"},
	{"{{ urlParse \"http://u:p@h:80/p?q=1#f\" }}",
	 "map[fragment:f host:h:80 hostname:h opaque: path:/p query:q=1 scheme:http userinfo:u:p]"},
	{"{{ (urlParse \"https://[::1]:8080/a%20b\").hostname }}",
	 "::1"},
	{"{{ (urlParse \"mailto:a@b\").opaque }}",
	 "a@b"},
	{"{{ urlParse \"http://h:x/\" }}",
	 "error: urlParse: unable to parse url: parse \"http://h:x/\": invalid port \":x\" after host"},
	{"{{ urlParse \"http://[::1\" }}",
	 "error: urlParse: unable to parse url: parse \"http://[::1\": missing ']' in host"},
	{"{{ urlParse \":x\" }}",
	 "error: urlParse: unable to parse url: parse \":x\": missing protocol scheme"},
	{"{{ urlParse \"http://h/%zz\" }}",
	 "error: urlParse: unable to parse url: parse \"http://h/%zz\": invalid URL escape \"%zz\""},
	{"{{ urlParse \"http://a b/\" }}",
	 "error: urlParse: unable to parse url: parse \"http://a b/\": invalid character \" \" in host name"},
	{"{{ urlParse \"a:b:c\" }}",
	 "map[fragment: host: hostname: opaque:b:c path: query: scheme:a userinfo:]"},
	{"{{ urlJoin (urlParse \"http://u:p@h:80/p?q=1#f\") }}",
	 "http://u:p@h:80/p?q=1#f"},
	{"{{ urlJoin (urlParse \"http://h/a b?x=y z#ü\") }}",
	 "http://h/a%20b?x=y z#%C3%BC"},
	{"{{ urlJoin (dict \"path\" \"a:b\") }}",
	 "./a:b"},
	{"{{ urlJoin (dict \"host\" 3) }}",
	 "error: urlJoin: unable to parse host key, must be of type string, but int found"},
	{"{{ urlJoin (dict \"scheme\" \"https\" \"host\" \"h\" \"path\" \"p\" \"userinfo\" \"a:b@\") }}",
	 "https://a:b%40@h/p"},
};

static void test_rows(void **state UNUSED)
{
	check_function_rows(rows, ARRAY_LEN(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

	return cmocka_run_group_tests_name("sprig_paths", tests, NULL, NULL);
}
