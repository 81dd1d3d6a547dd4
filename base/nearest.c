/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the names that exist did somebody mean? */
#include "base/nearest.h"

#include <string.h>

enum { NAME_MAX_COMPARED = 64 };

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Letters to insert, drop or change (Levenshtein), without case. */
static size_t distance(struct str a, const char *b, size_t b_len)
{
	size_t row[NAME_MAX_COMPARED + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			const size_t changed = diagonal + (lower(a.p[i - 1]) != lower(b[j - 1]));
			const size_t shorter = row[j] < row[j - 1] ? row[j] : row[j - 1];

			diagonal = row[j];
			row[j] = changed < shorter + 1 ? changed : shorter + 1;
		}
	}
	return row[b_len];
}

const char *nearest_name(struct str given, const char *const *names, size_t n)
{
	size_t best = given.len / 3 + 1;
	const char *found = NULL;

	if (given.len > NAME_MAX_COMPARED)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const size_t len = strlen(names[i]);
		const size_t d = len <= NAME_MAX_COMPARED ? distance(given, names[i], len) : best;

		if (d >= best)
			continue;
		best = d;
		found = names[i];
	}
	return found;
}
