/* SPDX-License-Identifier: Apache-2.0 */
/* Order of keys as Go's yaml writes them. */
#include "patches/yaml/style.h"

#include <string.h>

#include "patches/template/unicode.h"

/* A text read rune by rune, with what the order needs to know of the runes behind. */
struct reader {
	struct str s;
	size_t at;
	bool in_number; /* digits other than zero stand right before */
};

static uint32_t peek(const struct reader *r, size_t *ret_width)
{
	uint32_t rune = 0;

	*ret_width = r->at < r->s.len ? utf8_decode(r->s.p + r->at, r->s.len - r->at, &rune) : 0;
	return rune;
}

static void advance(struct reader *r, uint32_t rune, size_t width)
{
	if (!unicode_is(&unicode_digit, rune))
		r->in_number = false;
	else if (rune != '0')
		r->in_number = true;
	r->at += width;
}

/* The number that begins here; overflow wraps, as Go's does. */
static uint64_t number_at(struct reader r, uint64_t start, size_t *ret_digits)
{
	uint64_t n = start;
	size_t width;

	for (*ret_digits = 0;; r.at += width, (*ret_digits)++) {
		const uint32_t rune = peek(&r, &width);

		if (!width || !unicode_is(&unicode_digit, rune))
			return n;
		n = n * 10 + (uint64_t)((int64_t)rune - '0');
	}
}

static bool differing_less(const struct reader *a, const struct reader *b, uint32_t x, uint32_t y)
{
	const bool letter_x = unicode_is(&unicode_letter, x), letter_y = unicode_is(&unicode_letter, y);
	/* A zero within a number is a digit like others; one that leads it counts for nothing. */
	const uint64_t start = (x == '0' || y == '0') && a->in_number ? 1 : 0;
	size_t digits_a, digits_b;
	int64_t n, m;

	if (letter_x && letter_y)
		return x < y;
	if (letter_x || letter_y)
		return letter_y;
	n = (int64_t)number_at(*a, start, &digits_a);
	m = (int64_t)number_at(*b, start, &digits_b);
	if (n != m)
		return n < m;
	return digits_a != digits_b ? digits_a < digits_b : x < y;
}

bool yaml_key_less(struct str a, struct str b)
{
	struct reader r = {.s = a}, q = {.s = b};

	for (;;) {
		size_t width_a, width_b;
		const uint32_t x = peek(&r, &width_a), y = peek(&q, &width_b);

		if (!width_a || !width_b)
			return !width_a && width_b;
		if (x != y)
			return differing_less(&r, &q, x, y);
		advance(&r, x, width_a);
		advance(&q, y, width_b);
	}
}

/* Two neighbouring runs of `from` into one of `to`. */
static void merge_runs(const struct map_entry *const *from, size_t begin, size_t middle, size_t end, const struct map_entry **to)
{
	size_t i = begin, k = middle;

	for (size_t n = begin; n < end; n++) {
		const bool second = i >= middle || (k < end && yaml_key_less(from[k]->key, from[i]->key));

		to[n] = second ? from[k++] : from[i++];
	}
}

/* Not qsort(): the C library's may leave the array where an order contradicts itself, and pods choose keys. */
const struct map_entry *const *yaml_sorted_keys(struct arena *a, const struct map *m)
{
	const struct map_entry *const *by_bytes = map_sorted(a, m);
	const struct map_entry **from, **to, **other;
	const size_t n = m->len;

	from = arena_calloc(a, n, sizeof(*from));
	to = arena_calloc(a, n, sizeof(*to));
	if (!by_bytes || !from || !to)
		return NULL;
	memcpy(from, by_bytes, n * sizeof(*from));
	for (size_t width = 1; width < n; width *= 2) {
		for (size_t begin = 0; begin < n; begin += 2 * width) {
			const size_t middle = begin + width < n ? begin + width : n;

			merge_runs(from, begin, middle, middle + width < n ? middle + width : n, to);
		}
		other = from;
		from = to;
		to = other;
	}
	return from;
}
