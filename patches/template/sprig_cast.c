/* SPDX-License-Identifier: Apache-2.0 */
/* Anything as a number, as spf13/cast and Go's strconv do it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "patches/template/sprig.h"

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

/* Underscores must stand between digits, or behind a base prefix. */
static bool underscores_ok(struct str s)
{
	char before = '^';
	size_t i = 0;
	bool hex = false;

	if (s.len && (s.p[0] == '-' || s.p[0] == '+'))
		i = 1;
	if (s.len >= i + 2 && s.p[i] == '0' && strchr("bBoOxX", s.p[i + 1])) {
		hex = (s.p[i + 1] | 0x20) == 'x';
		i += 2;
		before = '0';
	}
	for (; i < s.len; i++) {
		const char c = s.p[i];

		if ((c >= '0' && c <= '9') || (hex && digit_of(c) < 16)) {
			before = '0';
		} else if (c == '_') {
			if (before != '0')
				return false;
			before = '_';
		} else {
			if (before == '_')
				return false;
			before = '!';
		}
	}
	return before != '_';
}

/* Takes the prefix of base 0 off. */
static unsigned detect_base(struct str *s)
{
	unsigned base = 10;

	if (s->len >= 3 && s->p[0] == '0') {
		switch (s->p[1] | 0x20) {
		case 'x': base = 16; break;
		case 'b': base = 2; break;
		case 'o': base = 8; break;
		default: break;
		}
		if (base != 10) {
			s->p += 2;
			s->len -= 2;
			return base;
		}
	}
	if (s->len >= 1 && s->p[0] == '0') {
		s->p++;
		s->len--;
		return 8;
	}
	return 10;
}

static bool parse_digits(struct str s, unsigned base, bool underscores, uint64_t *ret, bool *ret_range)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		const int d = digit_of(s.p[i]);

		if (s.p[i] == '_' && underscores)
			continue;
		if (d >= (int)base)
			return false;
		if (__builtin_mul_overflow(n, (uint64_t)base, &n) || __builtin_add_overflow(n, (uint64_t)d, &n)) {
			*ret_range = true;
			n = UINT64_MAX / base / 2; /* stays out of range; the rest is still read for its syntax */
		}
	}
	*ret = n;
	return true;
}

bool go_parse_int(struct str s, unsigned base, int64_t *ret, bool *ret_range)
{
	const struct str whole = s;
	const bool negative = s.len && s.p[0] == '-';
	const bool detect = base == 0;
	uint64_t n;

	*ret_range = false;
	if (s.len && (s.p[0] == '-' || s.p[0] == '+')) {
		s.p++;
		s.len--;
	}
	if (!s.len || (detect && !underscores_ok(whole)))
		return false;
	if (detect)
		base = detect_base(&s);
	if (!parse_digits(s, base, detect, &n, ret_range))
		return false;
	if (*ret_range || n > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
		*ret_range = true;
		*ret = negative ? INT64_MIN : INT64_MAX;
		return true;
	}
	*ret = negative ? (int64_t)(0 - n) : (int64_t)n;
	return true;
}

/* "12.00" is 12. */
static struct str trim_zero_decimal(struct str s)
{
	bool zero = false;

	for (size_t i = s.len; i > 0; i--) {
		if (s.p[i - 1] == '.') {
			if (zero)
				return (struct str){s.p, i - 1};
		} else if (s.p[i - 1] == '0') {
			zero = true;
		} else {
			return s;
		}
	}
	return s;
}

/* A type that Go's type switch over its own types sees: no named one. */
static bool is_builtin(const struct value *v)
{
	return !v->type || (v->type != &go_any && strcmp(v->type->name, kind_word(v)) == 0);
}

static const struct value *indirect(const struct value *v)
{
	while (v->kind == K_PTR && v->u.ptr)
		v = v->u.ptr;
	return v;
}

/* What amd64 makes of a float that no int64 holds. */
static int64_t float_to_int(double f)
{
	return f >= -9223372036854775808.0 && f < 9223372036854775808.0 ? (int64_t)f : INT64_MIN;
}

int64_t to_int64(const struct value *v)
{
	int64_t n;
	bool out_of_range;

	v = indirect(v);
	if (!is_builtin(v))
		return 0;
	switch ((enum kind)v->kind) {
	case K_INT:
		return v->u.i;
	case K_FLOAT:
		return float_to_int(v->u.f);
	case K_BOOL:
		return v->u.b;
	case K_STRING:
		return go_parse_int(trim_zero_decimal(v->u.s), 0, &n, &out_of_range) && !out_of_range ? n : 0;
	default:
		return 0;
	}
}

static bool is_word(struct str s, const char *word)
{
	return s.len == strlen(word) && strncasecmp(s.p, word, s.len) == 0;
}

static bool special_float(struct str s, double *ret)
{
	const bool negative = s.len && s.p[0] == '-';

	if (is_word(s, "nan")) {
		*ret = NAN;
		return true;
	}
	if (s.len && (s.p[0] == '-' || s.p[0] == '+')) {
		s.p++;
		s.len--;
	}
	if (!is_word(s, "inf") && !is_word(s, "infinity"))
		return false;
	*ret = negative ? -INFINITY : INFINITY;
	return true;
}

/* [-+]0x hex digits with a dot, and an exponent that Go demands. */
static bool parse_hex_float(const char *copy, double *ret)
{
	const char *p = copy + (*copy == '-' || *copy == '+');
	char *end;

	if (p[0] != '0' || (p[1] | 0x20) != 'x' || !strpbrk(p, "pP"))
		return false;
	*ret = strtod(copy, &end);
	return *end == '\0' && p[2] != 'p' && p[2] != 'P';
}

/* strconv.ParseFloat; out of range is an error there. */
static bool parse_float(struct str s, double *ret)
{
	char copy[512];
	size_t n = 0;

	if (special_float(s, ret))
		return true;
	if (!s.len || s.len >= sizeof(copy) || memchr(s.p, '\0', s.len))
		return s.len && parse_f64(s, ret) && isfinite(*ret);
	if (memchr(s.p, '_', s.len) && !underscores_ok(s))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != '_')
			copy[n++] = s.p[i];
	copy[n] = '\0';
	return (parse_f64((struct str){copy, n}, ret) || parse_hex_float(copy, ret)) && isfinite(*ret);
}

double to_float64(const struct value *v)
{
	double f;

	v = indirect(v);
	if (!is_builtin(v))
		return 0;
	switch ((enum kind)v->kind) {
	case K_INT:
		return v->type && (v->type->kind == GO_UINT64 || v->type->kind == GO_UINT) ? (double)(uint64_t)v->u.i
											    : (double)v->u.i;
	case K_FLOAT:
		return v->u.f;
	case K_BOOL:
		return v->u.b;
	case K_STRING:
		return parse_float(v->u.s, &f) ? f : 0;
	default:
		return 0;
	}
}
