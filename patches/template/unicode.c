/* SPDX-License-Identifier: Apache-2.0 */
/* Categories and simple case mappings of runes, as Go's unicode package has them. */
#include "patches/template/unicode.h"

bool unicode_is(const struct unicode_set *set, uint32_t rune)
{
	size_t lo = 0, hi = set->len;

	while (lo < hi) {
		const size_t middle = lo + (hi - lo) / 2;
		const struct unicode_range *r = &set->range[middle];

		if (rune < r->lo)
			hi = middle;
		else if (rune > r->hi)
			lo = middle + 1;
		else
			return (rune - r->lo) % r->stride == 0;
	}
	return false;
}

bool unicode_is_space(uint32_t rune)
{
	switch (rune) {
	case '\t': case '\n': case '\v': case '\f': case '\r': case ' ':
	case 0x85: case 0xa0: case 0x1680: case 0x2028: case 0x2029: case 0x202f: case 0x205f: case 0x3000:
		return true;
	default:
		return rune >= 0x2000 && rune <= 0x200a;
	}
}

static const struct unicode_case *find_case(uint32_t rune)
{
	size_t lo = 0, hi = unicode_case_table.len;

	while (lo < hi) {
		const size_t middle = lo + (hi - lo) / 2;
		const struct unicode_case *c = &unicode_case_table.row[middle];

		if (rune < c->lo)
			hi = middle;
		else if (rune > c->hi)
			lo = middle + 1;
		else
			return c;
	}
	return NULL;
}

uint32_t unicode_map(uint32_t rune, enum unicode_to to)
{
	const struct unicode_case *c = find_case(rune);

	if (!c)
		return rune;
	if (c->delta[to] == UPPER_LOWER)
		return c->lo + (((rune - c->lo) & ~1u) | (to == UNICODE_LOWER ? 1u : 0u));
	return (uint32_t)((int32_t)rune + c->delta[to]);
}
