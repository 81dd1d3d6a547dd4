/* SPDX-License-Identifier: Apache-2.0 */
/* Go's fmt: integers and floating-point numbers. */
#include <math.h>
#include <string.h>

#include "base/gofloat.h"
#include "patches/template/gofmt.h"

static void print_unzeroed(struct printer *p, struct text *t)
{
	const bool zero = p->f.zero;

	p->f.zero = false;
	p->out->failed |= t->failed;
	print_padded(p, (struct str){t->data, t->len});
	p->f.zero = zero;
}

static const char *base_prefix(unsigned base, bool leading_zero, bool upper)
{
	switch (base) {
	case 2: return "0b";
	case 8: return leading_zero ? "" : "0";
	case 16: return upper ? "0X" : "0x";
	default: return "";
	}
}

static size_t add_digits(char buf[64], uint64_t u, unsigned base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	size_t at = 64;

	do {
		buf[--at] = digits[u % base];
		u /= base;
	} while (u);
	return at;
}

void print_integer(struct printer *p, uint64_t u, unsigned base, bool sign, uint32_t verb, bool upper)
{
	const bool negative = sign && (int64_t)u < 0;
	size_t at, zeros, least = 0;
	struct text t;
	char buf[64];

	if (p->f.precise && p->precision == 0 && u == 0) { /* nothing but padding, with spaces */
		text_fill(p->out, ' ', p->f.wide ? (size_t)p->width : 0);
		return;
	}
	if (p->f.precise) {
		least = (size_t)p->precision;
	} else if (p->f.zero && !p->f.minus && p->f.wide) {
		least = (size_t)p->width;
		least -= least && (negative || p->f.plus || p->f.space) ? 1 : 0;
	}
	at = add_digits(buf, negative ? 0 - u : u, base, upper);
	zeros = least > 64 - at ? least - (64 - at) : 0;
	text_init(&t, p->run->arena, p->out->max);
	text_adds(&t, negative ? "-" : p->f.plus ? "+" : p->f.space ? " " : "");
	text_adds(&t, verb == 'O' ? "0o" : "");
	text_adds(&t, p->f.sharp ? base_prefix(base, zeros || buf[at] == '0', upper) : "");
	text_fill(&t, '0', zeros);
	text_add(&t, buf + at, 64 - at);
	print_unzeroed(p, &t);
}

/* --- floating point --------------------------------------------------------------------------------------------- */

/* Mantissa and exponent: f = mantissa * 2 ** exponent. */
static uint64_t split(double f, int bits, int *ret_exp)
{
	uint64_t mantissa;
	uint32_t narrow;
	float single;
	int exp;

	if (bits == 32) {
		single = (float)f;
		memcpy(&narrow, &single, sizeof(narrow));
		exp = (int)(narrow >> 23 & 0xff);
		mantissa = narrow & 0x7fffff;
		*ret_exp = (exp ? exp : 1) - 127 - 23;
		return mantissa | (exp ? 1u << 23 : 0);
	}
	memcpy(&mantissa, &f, sizeof(mantissa));
	exp = (int)(mantissa >> 52 & 0x7ff);
	mantissa &= ((uint64_t)1 << 52) - 1;
	*ret_exp = (exp ? exp : 1) - 1023 - 52;
	return mantissa | (exp ? (uint64_t)1 << 52 : 0);
}

/* %b: 4503599627370496p-52 */
static void add_binary(struct text *t, double f, int bits)
{
	int exp;
	const uint64_t mantissa = split(f, bits, &exp);

	text_adds(t, signbit(f) ? "-" : "");
	text_addu(t, mantissa);
	text_adds(t, exp >= 0 ? "p+" : "p");
	text_addi(t, exp);
}

enum { TOP = 60 }; /* the bit of the digit before the point */

static uint64_t round_hex(uint64_t mantissa, int precision, int *exp)
{
	const unsigned shift = (unsigned)precision * 4;
	const uint64_t extra = (mantissa << shift) & (((uint64_t)1 << TOP) - 1);

	mantissa >>= TOP - shift;
	if ((extra | (mantissa & 1)) > (uint64_t)1 << (TOP - 1))
		mantissa++;
	mantissa <<= TOP - shift;
	if (mantissa & (uint64_t)1 << (TOP + 1)) {
		mantissa >>= 1;
		++*exp;
	}
	return mantissa;
}

/* %x: 0x1.8p+01 */
static void add_hex(struct text *t, double f, int bits, bool upper, int precision)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	int exp;
	uint64_t mantissa = split(f, bits, &exp);

	if (mantissa == 0) {
		exp = 0;
	} else {
		exp += TOP;
		for (; !(mantissa & (uint64_t)1 << TOP); exp--)
			mantissa <<= 1;
	}
	if (precision >= 0 && precision < 15)
		mantissa = round_hex(mantissa, precision, &exp);
	text_adds(t, signbit(f) ? "-" : "");
	text_adds(t, upper ? "0X" : "0x");
	text_addc(t, (char)('0' + (mantissa >> TOP & 1)));
	mantissa <<= 4;
	if (precision > 0 || (precision < 0 && mantissa))
		text_addc(t, '.');
	for (int i = 0; precision < 0 ? mantissa != 0 : i < precision; i++, mantissa <<= 4)
		text_addc(t, digits[mantissa >> TOP & 15]);
	text_addf(t, "%c%c%02d", upper ? 'P' : 'p', exp < 0 ? '-' : '+', exp < 0 ? -exp : exp);
}

/* Always with a sign: what is done with it comes later. */
static void add_signed(struct text *t, double f, int bits, char fmt, int precision)
{
	if (!signbit(f) || isnan(f))
		text_addc(t, '+');
	if (isinf(f) || isnan(f))
		text_adds(t, isnan(f) ? "NaN" : f < 0 ? "-Inf" : "Inf");
	else if (fmt == 'b')
		add_binary(t, f, bits);
	else if (fmt == 'x' || fmt == 'X')
		add_hex(t, f, bits, fmt == 'X', precision);
	else
		go_format_float(t, f, fmt, precision, bits);
}

/* How many digits %#g still owes: it keeps the zeros at the end that %g drops. */
static int owed_digits(struct str num, size_t tail, int digits, bool *ret_point)
{
	bool nonzero = false;

	*ret_point = false;
	for (size_t i = 1; i < tail; i++) {
		if (num.p[i] == '.') {
			*ret_point = true;
			continue;
		}
		nonzero = nonzero || num.p[i] != '0';
		digits -= nonzero;
	}
	if (!*ret_point && tail == 2 && num.p[1] == '0')
		digits--;
	return digits;
}

/* The sharp flag: a decimal point always. */
static void add_point(struct text *t, char fmt, int precision)
{
	const bool hex = fmt == 'x' || fmt == 'X';
	const struct str num = {t->data, t->len};
	char end[16];
	size_t tail = 1, len;
	int owed;
	bool point;

	while (tail < num.len && !strchr(hex ? "pP" : "eEpP", num.p[tail]))
		tail++;
	len = num.len - tail;
	if (len > sizeof(end))
		return;
	memcpy(end, num.p + tail, len);
	owed = strchr("gGx", fmt) ? precision == -1 ? 6 : precision : 0;
	owed = owed_digits(num, tail, owed, &point);
	t->len = tail;
	text_adds(t, point ? "" : ".");
	text_fill(t, '0', owed > 0 ? (size_t)owed : 0);
	text_add(t, end, len);
}

void print_float(struct printer *p, double f, int bits, char fmt, int precision)
{
	struct text t;
	struct str num;

	if (p->f.precise)
		precision = p->precision;
	text_init(&t, p->run->arena, p->out->max);
	add_signed(&t, f, bits, fmt, precision);
	if (!text_cstr(&t)) {
		p->out->failed = true;
		return;
	}
	if (p->f.space && t.data[0] == '+' && !p->f.plus)
		t.data[0] = ' ';
	if (isinf(f) || isnan(f)) {
		const size_t drop = isnan(f) && !p->f.space && !p->f.plus; /* infinity keeps its sign */

		t.data += drop;
		t.len -= drop;
		print_unzeroed(p, &t);
		return;
	}
	if (p->f.sharp && fmt != 'b')
		add_point(&t, fmt, precision);
	num = (struct str){t.data, t.len};
	p->out->failed |= t.failed;
	if (!p->f.plus && num.p[0] == '+') {
		print_padded(p, (struct str){num.p + 1, num.len - 1});
	} else if (p->f.zero && !p->f.minus && p->f.wide && (size_t)p->width > num.len) {
		text_addc(p->out, num.p[0]);
		print_padding(p, (size_t)p->width - num.len);
		text_add(p->out, num.p + 1, num.len - 1);
	} else {
		print_padded(p, num);
	}
}
