/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions: compiled and matched by PCRE2, within bounds. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "patches/template/regex.h"

#include <pcre2.h>

enum {
	/* Backtracking steps of one match, and KiB of its stack: both far beyond what names, images and ports need. */
	MATCH_LIMIT = 1000000,
	HEAP_LIMIT = 32 << 10,
	OPTIONS = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_CIRCUMFLEX | PCRE2_NEVER_BACKSLASH_C,
};

void regex_release(struct regex *re)
{
	pcre2_match_data_free(re->data);
	pcre2_match_context_free(re->context);
	pcre2_code_free(re->code);
	*re = (struct regex){0};
}

static int compile(struct regex *re, const struct text *pattern, struct str original, struct err *err)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	PCRE2_SIZE at;
	int code = 0;

	if (!context)
		return err_nomem(err);
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	re->code = pcre2_compile((PCRE2_SPTR)(pattern->data ? pattern->data : ""), pattern->len, OPTIONS, &code, &at, context);
	pcre2_compile_context_free(context);
	if (re->code)
		return 0;
	if (code == PCRE2_ERROR_HEAP_FAILED || code == PCRE2_ERROR_NOMEMORY)
		return err_nomem(err);
	if (code == PCRE2_ERROR_UNKNOWN_UNICODE_PROPERTY)
		return err_set(err, ERR_INPUT, "error parsing regexp: invalid character class range: `%.*s`",
			(int)(original.len < 300 ? original.len : 300), original.p);
	return err_set(err, ERR_INPUT, "error parsing regexp: expression not supported (%d): `%.*s`", code,
		(int)(original.len < 300 ? original.len : 300), original.p);
}

int regex_compile(struct arena *a, struct str pattern, struct regex *ret, struct err *err)
{
	struct regex re = {0};
	struct translation t;

	if (regex_translate(a, pattern, &t, err) < 0 || compile(&re, &t.out, pattern, err) < 0)
		return -1;
	re.name = t.name;
	re.n_names = t.n_names;
	re.data = pcre2_match_data_create_from_pattern(re.code, NULL);
	re.context = pcre2_match_context_create(NULL);
	if (!re.data || !re.context) {
		regex_release(&re);
		return err_nomem(err);
	}
	pcre2_set_match_limit(re.context, MATCH_LIMIT);
	pcre2_set_heap_limit(re.context, HEAP_LIMIT);
	*ret = re;
	return 0;
}

int regex_find(const struct regex *re, struct str s, size_t from, const size_t **ret_offsets, size_t *ret_groups,
	struct err *err)
{
	const int n = pcre2_match(re->code, (PCRE2_SPTR)(s.len ? s.p : ""), s.len, from, PCRE2_NO_UTF_CHECK,
		re->data, re->context);

	if (n == PCRE2_ERROR_NOMATCH)
		return 0;
	if (n == PCRE2_ERROR_NOMEMORY)
		return err_nomem(err);
	if (n < 0)
		return err_set(err, ERR_LIMIT, "the regular expression takes too long on this text");
	*ret_offsets = pcre2_get_ovector_pointer(re->data);
	*ret_groups = pcre2_get_ovector_count(re->data);
	return 1;
}
