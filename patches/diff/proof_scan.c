/* SPDX-License-Identifier: Apache-2.0 */
/* What must be known of a JSON text before cJSON may see it. */
#include "patches/diff/proof_scan.h"

#include <string.h>

#include "base/limits.h"

static int fail(const char *at, const char *from, const char *problem, struct err *err)
{
	err_set(err, ERR_BUG, "%s", problem);
	return err_at(err, "byte %zu", (size_t)(at - from));
}

/* From behind the opening quote to the closing one, or the end. NULL: at a \u0000. */
static const char *skip_string(const char *p, const char *end)
{
	for (; p < end && *p != '"'; p++) {
		if (*p != '\\')
			continue;
		if (end - p >= 6 && memcmp(p + 1, "u0000", 5) == 0)
			return NULL;
		p++;
	}
	return p < end ? p : end - 1;
}

int proof_scan(struct str text, struct err *err)
{
	const char *const end = text.p + text.len;
	int depth = 0;

	if (text.len && memchr(text.p, '\0', text.len))
		return fail(text.p, text.p, "the text holds NUL", err);
	for (const char *p = text.p; p < end; p++) {
		if (*p == '"') {
			const char *const from = p;

			p = skip_string(p + 1, end);
			if (!p)
				return fail(from, text.p, "a string holds NUL (\\u0000)", err);
		} else if (*p == '{' || *p == '[') {
			if (++depth > LIMIT_JSON_DEPTH)
				return fail(p, text.p, "the text nests too deeply", err);
		} else if (*p == '}' || *p == ']') {
			depth--;
		}
	}
	return 0;
}
