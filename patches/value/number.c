/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of a document, by their text: exact, whatever their size. */
#include "patches/value/number.h"

#include <string.h>

#include "patches/value/value.h"

static const char *digits(const char *p, const char *end, const char **ret_problem)
{
	const char *const from = p;

	while (p < end && *p >= '0' && *p <= '9')
		p++;
	if (p == from)
		*ret_problem = "a digit was expected";
	return p;
}

const char *number_scan(const char *p, const char *end, bool *ret_exponent, const char **ret_problem)
{
	const char *from;

	*ret_exponent = false;
	p += *p == '-';
	from = p;
	p = digits(p, end, ret_problem);
	if (p - from > 1 && *from == '0') {
		*ret_problem = "a number must not begin with 0";
		return from;
	}
	if (!*ret_problem && p < end && *p == '.')
		p = digits(p + 1, end, ret_problem);
	if (*ret_problem || p == end || (*p != 'e' && *p != 'E'))
		return p;
	*ret_exponent = true;
	p++;
	if (p < end && (*p == '+' || *p == '-'))
		p++;
	return digits(p, end, ret_problem);
}

/* A JSON number as 0.d1d2d3... times ten to the power of `point`: the digits are those from `first` to `last`, but for the point. */
struct decimal {
	const char *first, *last; /* the first and last digit that is not zero; NULL when all are */
	int64_t point;
	bool negative;
};

/* An exponent beyond what a text's length can balance is as good as any other: it saturates. */
static int64_t read_exponent(const char *p, const char *end)
{
	const int64_t far = INT64_C(1) << 60;
	const bool negative = p < end && *p == '-';
	int64_t n = 0;

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	for (; p < end && n < far / 16; p++)
		n = n * 10 + (*p - '0');
	return negative ? -n : n;
}

static struct decimal read_decimal(struct str s)
{
	struct decimal d = {.negative = s.len && s.p[0] == '-'};
	const char *p = s.p + d.negative, *end = s.p + s.len;
	bool fraction = false;

	for (; p < end && *p != 'e' && *p != 'E'; p++) {
		if (*p == '.') {
			fraction = true;
			continue;
		}
		if (*p != '0') {
			d.first = d.first ? d.first : p;
			d.last = p;
		}
		if (!fraction && d.first)
			d.point++;
		else if (fraction && !d.first)
			d.point--;
	}
	if (p < end)
		d.point += read_exponent(p + 1, end);
	return d;
}

static bool same_digits(const struct decimal *a, const struct decimal *b)
{
	const char *p = a->first, *q = b->first;

	while (p <= a->last && q <= b->last) {
		if (*p == '.') {
			p++;
		} else if (*q == '.') {
			q++;
		} else if (*p++ != *q++) {
			return false;
		}
	}
	return p > a->last && q > b->last;
}

bool number_equal(struct str a, struct str b)
{
	struct decimal x, y;

	if (str_eq(a, b))
		return true;
	x = read_decimal(a);
	y = read_decimal(b);
	if (!x.first || !y.first)
		return !x.first && !y.first;
	return x.negative == y.negative && x.point == y.point && same_digits(&x, &y);
}

/* The magnitude, when it is whole and fits 64 bits. At most 20 turns: what is longer has overflown. */
static bool whole_u64(const struct decimal *d, uint64_t *ret)
{
	const char *p = d->first;
	uint64_t n = 0;

	if (d->point < 1 || d->point > 20)
		return false;
	for (int64_t i = 0; i < d->point; i++) {
		uint64_t digit = 0;

		if (p <= d->last && *p == '.')
			p++;
		if (p <= d->last)
			digit = (uint64_t)(*p++ - '0');
		if (__builtin_mul_overflow(n, (uint64_t)10, &n) || __builtin_add_overflow(n, digit, &n))
			return false;
	}
	if (p <= d->last)
		return false; /* a fraction */
	*ret = n;
	return true;
}

bool raw_int(const struct value *v, int64_t *ret)
{
	struct decimal d;
	uint64_t n = 0;

	if (!v || v->kind != K_NUMBER)
		return false;
	d = read_decimal(v->u.s);
	if (d.first && !whole_u64(&d, &n))
		return false;
	if (n > (uint64_t)INT64_MAX + (d.negative ? 1 : 0))
		return false;
	*ret = d.negative ? (int64_t)(0 - n) : (int64_t)n;
	return true;
}

double raw_float(const struct value *v)
{
	double f;

	return v && v->kind == K_NUMBER && parse_f64(v->u.s, &f) ? f : 0;
}
