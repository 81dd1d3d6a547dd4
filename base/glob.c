/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns as people type them. */
#include "base/glob.h"

#include <string.h>

static char fold(char c, unsigned flags)
{
	return (flags & GLOB_NO_CASE) && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same(char pattern, char c, unsigned flags)
{
	return pattern == '?' || fold(pattern, flags) == fold(c, flags);
}

/* Only the latest star ever needs to give way: an earlier one could do no better. */
bool glob_match(struct str pattern, struct str text, unsigned flags)
{
	size_t p = 0, t = 0, star = SIZE_MAX, from = 0;

	while (t < text.len) {
		if (p < pattern.len && pattern.p[p] == '*') {
			star = p++;
			from = t;
		} else if (p < pattern.len && same(pattern.p[p], text.p[t], flags)) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.p[p] == '*')
		p++;
	return p == pattern.len;
}

bool glob_is_pattern(struct str pattern)
{
	return pattern.len && (memchr(pattern.p, '*', pattern.len) || memchr(pattern.p, '?', pattern.len));
}
