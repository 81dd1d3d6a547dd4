/* SPDX-License-Identifier: Apache-2.0 */
/* What must be known of a JSON text before cJSON may see it. */
#include "patches/diff/proof_scan.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "base/limits.h"

static int fail(const char *at, const char *from, const char *problem, struct err *err)
{
	err_set(err, ERR_BUG, "%s", problem);
	return err_at(err, "byte %zu", (size_t)(at - from));
}

/* How many of the eight bytes at p come before the first that is a quote, a backslash or not ASCII. */
static size_t plain_of_8(const char *p)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t word, marks;

	memcpy(&word, p, sizeof(word));
	word = le64toh(word);
	marks = (((word ^ ones * '"') - ones) | ((word ^ ones * '\\') - ones)) & ones << 7;
	return marks ? (size_t)__builtin_ctzll(marks) / 8 : 8;
}

/* From behind the opening quote to the closing one, or the end. NULL: at a \u0000. */
static const char *skip_string(const char *p, const char *end)
{
	while (p < end && *p != '"') {
		const size_t plain = end - p >= 8 ? plain_of_8(p) : 0;

		if (plain) {
			p += plain;
			continue;
		}
		if (*p == '\\') {
			if (end - p >= 6 && memcmp(p + 1, "u0000", 5) == 0)
				return NULL;
			p++;
		}
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
