/* SPDX-License-Identifier: Apache-2.0 */
/* Floating point numbers as Go's strconv.FormatFloat prints them. */
#include "base/gofloat.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SHORTEST_MAX = 17, /* digits that always read back as the same double */
	/* A double has at most 767 significant digits: beyond them printf would only add zeros, which layout does too. */
	DIGITS_MAX = 800,
};

/* 0.d1d2d3... times ten to the power of `point`. */
struct digits {
	char digit[DIGITS_MAX + 8];
	int len;
	int point;
};

static void strip_zeros(struct digits *d)
{
	while (d->len > 1 && d->digit[d->len - 1] == '0')
		d->len--;
}

/* The nearest decimal of n digits; glibc's printf rounds exactly. */
static void round_to(struct digits *d, double f, int n)
{
	char buf[DIGITS_MAX + 32];
	const char *exponent;
	int len = snprintf(buf, sizeof(buf), "%.*e", n - 1, f);

	exponent = memrchr(buf, 'e', (size_t)len);
	d->digit[0] = buf[0];
	if (n > 1)
		memcpy(d->digit + 1, buf + 2, (size_t)n - 1);
	d->len = n;
	d->point = (int)strtol(exponent + 1, NULL, 10) + 1;
}

static bool reads_back(const struct digits *d, double f, int bits)
{
	char buf[SHORTEST_MAX + 24];

	(void)snprintf(buf, sizeof(buf), "0.%.*se%d", d->len, d->digit, d->point);
	return bits == 32 ? (double)strtof(buf, NULL) == f : strtod(buf, NULL) == f;
}

static void next_up(struct digits *d)
{
	int i = d->len - 1;

	while (i >= 0 && d->digit[i] == '9')
		d->digit[i--] = '0';
	if (i >= 0) {
		d->digit[i]++;
		return;
	}
	d->digit[0] = '1'; /* 999 to 1000: the zeros behind are there */
	d->point++;
}

/*
 * At a power of two the gap below is half the gap above, so that a decimal above may read back where the nearest, below, does not.
 */
static bool try_digits(struct digits *d, double f, int n, int bits)
{
	round_to(d, f, n);
	if (reads_back(d, f, bits))
		return true;
	next_up(d);
	return reads_back(d, f, bits);
}

/*
 * A decimal of DBL_DIG digits survives the way through a double, so what reads back with at most that many digits is what
 * rounding to exactly that many shows, with zeros behind. Not so for subnormals: there every length is tried.
 */
static void shortest(struct digits *d, double f, int bits)
{
	const double least_normal = bits == 32 ? (double)FLT_MIN : DBL_MIN;
	int n = f < least_normal ? 1 : bits == 32 ? FLT_DIG : DBL_DIG;

	while (n < SHORTEST_MAX && !try_digits(d, f, n, bits))
		n++;
	if (n == SHORTEST_MAX)
		round_to(d, f, n);
	strip_zeros(d);
}

/* Whole numbers below 2^53 (2^24 for a float32) are their own shortest text: what most numbers are, without printf. */
static bool whole(struct digits *d, double f, int bits)
{
	char reversed[20];
	uint64_t n;

	if (f >= (bits == 32 ? 0x1p24 : 0x1p53) || f != floor(f))
		return false;
	n = (uint64_t)f;
	d->len = 0;
	do {
		reversed[d->len++] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	for (int i = 0; i < d->len; i++)
		d->digit[i] = reversed[d->len - 1 - i];
	d->point = f == 0 ? 1 : d->len;
	strip_zeros(d);
	return true;
}

static void add_digits(struct text *out, const struct digits *d, int from, int n)
{
	const int have = from < d->len ? d->len - from : 0;
	const int copy = n < have ? n : have;

	if (n <= 0)
		return;
	text_add(out, d->digit + from, (size_t)copy);
	text_fill(out, '0', (size_t)(n - copy));
}

/* prec: digits behind the point. */
static void lay_out_e(struct text *out, const struct digits *d, int prec, char e, bool zero)
{
	const int exponent = zero ? 0 : d->point - 1;

	add_digits(out, d, 0, 1);
	if (prec > 0) {
		text_addc(out, '.');
		add_digits(out, d, 1, prec);
	}
	text_addf(out, "%c%c%02d", e, exponent < 0 ? '-' : '+', abs(exponent));
}

static void lay_out_f(struct text *out, const struct digits *d, int prec)
{
	const int zeros = d->point < 0 ? -d->point : 0;

	if (d->point > 0)
		add_digits(out, d, 0, d->point);
	else
		text_addc(out, '0');
	if (prec <= 0)
		return;
	text_addc(out, '.');
	text_fill(out, '0', (size_t)(zeros < prec ? zeros : prec));
	if (prec > zeros)
		add_digits(out, d, d->point > 0 ? d->point : 0, prec - zeros);
}

static int at_least_0(int n)
{
	return n > 0 ? n : 0;
}

/* Go's rule for %g: the exponent form where it is below -4 or not below the precision, 6 for the shortest. */
static void lay_out_g(struct text *out, struct digits *d, int prec, char fmt, bool zero)
{
	int threshold = prec;

	strip_zeros(d);
	if (zero)
		d->len = 1;
	if (prec > d->len && d->len >= d->point)
		threshold = d->len;
	if (prec < 0)
		threshold = 6;
	if (!zero && (d->point - 1 < -4 || d->point - 1 >= threshold))
		lay_out_e(out, d, d->len - 1, fmt == 'G' ? 'E' : 'e', zero);
	else
		lay_out_f(out, d, at_least_0(d->len - d->point));
}

static bool not_finite(struct text *out, double f)
{
	if (isnan(f))
		text_adds(out, "NaN");
	else if (isinf(f))
		text_adds(out, f < 0 ? "-Inf" : "+Inf");
	return !isfinite(f);
}

/* As many digits as an explicit precision asks for. */
static void fill_exact(struct digits *d, double f, char fmt, int prec)
{
	int n = fmt == 'g' || fmt == 'G' ? (prec ? prec : 1) : prec < DIGITS_MAX ? prec + 1 : DIGITS_MAX;

	round_to(d, f, n < DIGITS_MAX ? n : DIGITS_MAX);
}

void go_format_float(struct text *out, double f, char fmt, int prec, int bits)
{
	struct digits d;
	const bool zero = f == 0;

	if (not_finite(out, f))
		return;
	if (fmt == 'f' && prec >= 0) {
		text_addf(out, "%.*f", prec, f);
		return;
	}
	if (signbit(f))
		text_addc(out, '-');
	f = fabs(f);
	if (prec >= 0)
		fill_exact(&d, f, fmt, prec);
	else if (!whole(&d, f, bits))
		shortest(&d, f, bits);
	if (fmt == 'f')
		lay_out_f(out, &d, at_least_0(d.len - d.point));
	else if (fmt == 'g' || fmt == 'G')
		lay_out_g(out, &d, prec == 0 ? 1 : prec, fmt, zero);
	else
		lay_out_e(out, &d, prec < 0 ? d.len - 1 : prec, fmt, zero);
}
