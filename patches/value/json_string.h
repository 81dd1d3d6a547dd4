/* SPDX-License-Identifier: Apache-2.0 */
/* The strings of JSON texts, for the reader and the writer alone. */
#ifndef PATCHES_VALUE_JSON_STRING_H
#define PATCHES_VALUE_JSON_STRING_H

#include "patches/value/json.h"

enum json_string_result {
	JSON_STRING_OK,
	JSON_STRING_NUL,  /* read, but it holds NUL and the flags do not allow that */
	JSON_STRING_BAD,  /* *ret_problem says why, *ret_at where */
	JSON_STRING_NOMEM,
};

/* What is being read: the place behind the opening quote, and the text's end. After success p is behind the closing quote. */
struct json_cursor {
	const char *p, *end;
};

/* Borrows from the text where there is no escape and nothing to mend. */
enum json_string_result json_read_string(struct arena *a, struct json_cursor *c, unsigned flags, struct str *ret,
	const char **ret_problem, const char **ret_at) MUST_CHECK;

/* The first byte that a JSON string cannot hold as it is: quote, backslash, control character, invalid UTF-8; or end. */
const char *json_skip_plain(const char *p, const char *end);

#endif
