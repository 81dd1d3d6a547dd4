/* SPDX-License-Identifier: Apache-2.0 */
/* sprig's encodings, digests and random texts. */
#include "tests/unit/render.h"

/* What sprig 3.3.0 answers. */
static const struct row rows[] = {
	{"{{ b64enc \"hello\" }}",
	 "aGVsbG8="},
	{"{{ b64enc \"\" }}",
	 ""},
	{"{{ b64dec \"aGVsbG8=\" }}",
	 "hello"},
	{"{{ b64dec \"aGVs\\nbG8=\" }}",
	 "hello"},
	{"{{ b64dec \"a\" }}",
	 "illegal base64 data at input byte 0"},
	{"{{ b64dec \"aG=x\" }}",
	 "illegal base64 data at input byte 2"},
	{"{{ b64dec \"YQ==x\" }}",
	 "illegal base64 data at input byte 4"},
	{"{{ b32enc \"hi\" }}",
	 "NBUQ===="},
	{"{{ b32dec \"NBUQ====\" }}",
	 "hi"},
	{"{{ b32dec \"x\" }}",
	 "illegal base32 data at input byte 0"},
	{"{{ b32dec \"NBUQ\" }}",
	 "illegal base32 data at input byte 0"},
	{"{{ b32dec \"NBUQ=x==\" }}",
	 "illegal base32 data at input byte 4"},
	{"{{ sha1sum \"a\" }}",
	 "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"},
	{"{{ sha256sum \"\" }}",
	 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"{{ sha512sum \"a\" | trunc 16 }}",
	 "1f40fc92da241694"},
	{"{{ adler32sum \"hello\" }}",
	 "103547413"},
	{"{{ len (randAlpha 7) }}",
	 "7"},
	{"{{ regexMatch \"^[a-zA-Z0-9]{40}$\" (randAlphaNum 40) }}",
	 "true"},
	{"{{ regexMatch \"^[0-9]{40}$\" (randNumeric 40) }}",
	 "true"},
	{"{{ len (randAscii 3) }}",
	 "3"},
	{"{{ len (randBytes 3) }}",
	 "4"},
	{"{{ randAlpha -1 }}",
	 ""},
	{"{{ regexMatch \"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$\" uuidv4 }}",
	 "true"},
	{"{{ len (shuffle \"abé\") }}",
	 "4"},
	{"{{ shuffle \"\" }}",
	 ""},
};

static void test_rows(void **state UNUSED)
{
	check_function_rows(rows, ARRAY_LEN(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};

	return cmocka_run_group_tests_name("sprig_encoding", tests, NULL, NULL);
}
