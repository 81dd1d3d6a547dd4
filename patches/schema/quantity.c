/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kubernetes' quantities: "0.5", "100m", "1Gi", "1e3" and their canonical text. What the grammar of apimachinery's ParseQuantity takes is
 * taken here, and where its text is left as it was written ("1.500", "+5Ki") or loses its suffix (1000E), so it is here.
 */
#include <string.h>

#include "patches/schema/special.h"

enum format { DECIMAL_SI, DECIMAL_EXPONENT, BINARY_SI };

enum { NANO = -9, FAST_DIGITS = 18 };

/* The pieces of a text, in its order. */
struct parts {
	bool negative;
	struct str whole;  /* digits without leading zeros; "0" where none is left */
	struct str decimal;
	struct str suffix;
	struct str number; /* sign, digits and point, as written */
};

/* digits * 10^exponent, without leading zeros; len 0 is zero. */
struct decimal {
	char *digit;
	size_t len;
	int64_t exponent;
	bool negative;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct str digits_at(struct str s, size_t at)
{
	size_t end = at;

	while (end < s.len && is_digit(s.p[end]))
		end++;
	return (struct str){s.p + at, end - at};
}

/* False where something stands behind the exponent. */
static bool split(struct str s, struct parts *ret)
{
	size_t at = 0;

	*ret = (struct parts){.negative = s.len && s.p[0] == '-'};
	if (s.len && (s.p[0] == '-' || s.p[0] == '+'))
		at++;
	while (at < s.len && s.p[at] == '0')
		at++;
	ret->whole = digits_at(s, at);
	at += ret->whole.len;
	if (!ret->whole.len)
		ret->whole = STR("0");
	if (at < s.len && s.p[at] == '.') {
		ret->decimal = digits_at(s, at + 1);
		at += 1 + ret->decimal.len;
	}
	ret->number = (struct str){s.p, at};
	ret->suffix = (struct str){s.p + at, s.len - at};
	while (at < s.len && s.p[at] && strchr("eEinumkKMGTP", s.p[at]))
		at++;
	if (at < s.len && (s.p[at] == '-' || s.p[at] == '+'))
		at++;
	return at + digits_at(s, at).len == s.len;
}

static const struct {
	const char *text;
	int exponent; /* of ten, or of two */
	enum format format;
} suffixes[] = {
	{"", 0, DECIMAL_SI}, {"n", -9, DECIMAL_SI}, {"u", -6, DECIMAL_SI}, {"m", -3, DECIMAL_SI}, {"k", 3, DECIMAL_SI},
	{"M", 6, DECIMAL_SI}, {"G", 9, DECIMAL_SI}, {"T", 12, DECIMAL_SI}, {"P", 15, DECIMAL_SI}, {"E", 18, DECIMAL_SI},
	{"Ki", 10, BINARY_SI}, {"Mi", 20, BINARY_SI}, {"Gi", 30, BINARY_SI}, {"Ti", 40, BINARY_SI}, {"Pi", 50, BINARY_SI},
	{"Ei", 60, BINARY_SI},
};

/* strconv.ParseInt takes a plus sign, parse_i64() need not. */
static bool parse_exponent(struct str s, int64_t *ret)
{
	if (s.len > 1 && s.p[0] == '+' && is_digit(s.p[1]))
		s = (struct str){s.p + 1, s.len - 1};
	return parse_i64(s, ret);
}

static bool read_suffix(struct str s, int *ret_exponent, enum format *ret_format)
{
	int64_t exponent;

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (!str_is(s, suffixes[i].text))
			continue;
		*ret_exponent = suffixes[i].exponent;
		*ret_format = suffixes[i].format;
		return true;
	}
	if (s.len < 2 || (s.p[0] != 'e' && s.p[0] != 'E') || !parse_exponent((struct str){s.p + 1, s.len - 1}, &exponent))
		return false;
	*ret_exponent = (int)(int32_t)(uint32_t)(uint64_t)exponent; /* Go cuts it to 32 bits */
	*ret_format = DECIMAL_EXPONENT;
	return true;
}

/* How many digits more apimachinery could compute with in 64 bits; below 0 it goes by big numbers. */
static int64_t digits_left(const struct parts *p, int exponent, enum format format)
{
	if (format != BINARY_SI)
		return FAST_DIGITS - (int64_t)(p->whole.len + p->decimal.len);
	return p->decimal.len ? -1 : 15 - (int64_t)p->whole.len - (int64_t)((float)exponent * 3 / 10) - 1;
}

static bool fits_64_bits(const struct parts *p, int exponent, enum format format)
{
	return digits_left(p, exponent, format) >= 0 && (format == BINARY_SI || (int64_t)exponent - (int64_t)p->decimal.len >= NANO);
}

/* Whether the text is kept as it is, canonical or not: apimachinery's shortcut for numbers of 64 bits. */
static bool stays_as_written(const struct parts *p, int exponent, enum format format)
{
	char digits[FAST_DIGITS];
	const struct str all = {digits, p->whole.len + p->decimal.len};
	uint64_t n;

	if (!fits_64_bits(p, exponent, format))
		return false;
	if (format == BINARY_SI)
		return parse_u64(p->whole, &n) && n % 8 != 0;
	memcpy(digits, p->whole.p, p->whole.len);
	if (p->decimal.len)
		memcpy(digits + p->whole.len, p->decimal.p, p->decimal.len);
	return (exponent - (int)p->decimal.len) % 3 == 0 && !str_has_suffix(all, "000") && digits[0] != '0';
}

/* "." and "-" are zero where 64 bits do, and wrong where apimachinery parses them as a big number. */
static bool has_digit(struct str number)
{
	for (size_t i = 0; i < number.len; i++) {
		if (is_digit(number.p[i]))
			return true;
	}
	return false;
}

static void strip(struct decimal *d)
{
	while (d->len && d->digit[0] == '0') {
		d->digit++;
		d->len--;
	}
}

/* Room is left in front for the digits that a multiplication adds, and behind for two zeros. */
enum { ROOM_BEFORE = 20, ROOM_BEHIND = 3 };

static int load(struct arena *a, const struct parts *p, struct decimal *ret, struct err *err)
{
	const size_t len = p->whole.len + p->decimal.len;
	char *room = arena_alloc(a, len + ROOM_BEFORE + ROOM_BEHIND);

	if (!room)
		return err_nomem(err);
	*ret = (struct decimal){.digit = room + ROOM_BEFORE, .len = len, .exponent = -(int64_t)p->decimal.len, .negative = p->negative};
	memcpy(ret->digit, p->whole.p, p->whole.len);
	if (p->decimal.len)
		memcpy(ret->digit + p->whole.len, p->decimal.p, p->decimal.len);
	strip(ret);
	return 0;
}

__extension__ typedef unsigned __int128 wide;

/* At most 2^60, so that a digit's product and the carry stay in 128 bits and the number grows by 19 digits at most. */
static void multiply(struct decimal *d, uint64_t by)
{
	wide carry = 0;

	for (size_t i = d->len; i-- > 0;) {
		carry += (wide)(unsigned)(d->digit[i] - '0') * by;
		d->digit[i] = (char)('0' + (int)(carry % 10));
		carry /= 10;
	}
	for (; carry; carry /= 10) {
		*--d->digit = (char)('0' + (int)(carry % 10));
		d->len++;
	}
}

static void add_one(struct decimal *d)
{
	size_t i = d->len;

	while (i > 0 && d->digit[i - 1] == '9')
		d->digit[--i] = '0';
	if (i > 0) {
		d->digit[i - 1]++;
		return;
	}
	*--d->digit = '1';
	d->len++;
}

/* Away from zero, so that nothing below the exponent is left. Whether it was so already. */
static bool round_up(struct decimal *d, int64_t exponent)
{
	bool exact = true;

	for (; d->exponent < exponent && d->len; d->exponent++)
		exact = d->digit[--d->len] == '0' && exact;
	if (d->exponent < exponent)
		d->exponent = exponent;
	if (!exact)
		add_one(d);
	return exact;
}

/* The whole number, saturated at 2^63 - 1; digits below the point must be gone. */
static uint64_t whole_of(const struct decimal *d)
{
	uint64_t n = 0;

	for (size_t i = 0; i < d->len; i++) {
		if (__builtin_mul_overflow(n, 10u, &n) || __builtin_add_overflow(n, (uint64_t)(d->digit[i] - '0'), &n))
			return INT64_MAX;
	}
	for (int64_t i = 0; i < d->exponent && n; i++) {
		if (__builtin_mul_overflow(n, 10u, &n))
			return INT64_MAX;
	}
	return n > INT64_MAX ? INT64_MAX : n;
}

static uint64_t rounded_whole(struct arena *a, struct decimal d, int64_t exponent, bool *ret_exact)
{
	char *copy = arena_alloc(a, d.len + ROOM_BEFORE);

	*ret_exact = false;
	if (!copy)
		return 0;
	memcpy(copy + ROOM_BEFORE, d.digit, d.len);
	d.digit = copy + ROOM_BEFORE;
	*ret_exact = round_up(&d, exponent);
	d.exponent -= exponent;
	return whole_of(&d);
}

static struct str print_decimal(struct arena *a, struct decimal *d, enum format format)
{
	const char *suffix = "";
	char *text;

	while (d->len > 1 && d->digit[d->len - 1] == '0') {
		d->len--;
		d->exponent++;
	}
	for (; d->exponent % 3 != 0; d->exponent--)
		d->digit[d->len++] = '0';
	if (format == DECIMAL_EXPONENT && d->exponent != 0)
		suffix = arena_printf(a, "e%lld", (long long)d->exponent);
	for (size_t i = 0; format == DECIMAL_SI && i < ARRAY_LEN(suffixes); i++) {
		if (suffixes[i].format == DECIMAL_SI && suffixes[i].exponent == d->exponent)
			suffix = suffixes[i].text; /* beyond the largest there is none, and the number loses it */
	}
	text = suffix ? arena_printf(a, "%s%.*s%s", d->negative ? "-" : "", (int)d->len, d->digit, suffix) : NULL;
	return str_of(text);
}

static struct str print_binary(struct arena *a, uint64_t n, bool negative)
{
	size_t power = 0; /* of 1024 */
	const char *suffix = "";

	while (n >= 1024 && n % 1024 == 0) {
		n /= 1024;
		power++;
	}
	for (size_t i = 0; power && i < ARRAY_LEN(suffixes); i++) {
		if (suffixes[i].format == BINARY_SI && suffixes[i].exponent == (int)power * 10)
			suffix = suffixes[i].text;
	}
	return str_of(arena_printf(a, "%s%llu%s", negative ? "-" : "", (unsigned long long)n, suffix));
}

static struct str print(struct arena *a, struct decimal *d, enum format format)
{
	bool exact;
	uint64_t n;

	if (!d->len)
		return STR("0");
	if (format != BINARY_SI)
		return print_decimal(a, d, format);
	n = rounded_whole(a, *d, 0, &exact);
	if (!exact || n < 1024) /* what would lose precision, or is small, is decimal */
		return print_decimal(a, d, DECIMAL_SI);
	return print_binary(a, n, d->negative);
}

/* The value as apimachinery holds it: capped where it is binary, and never finer than nano. */
static int evaluate(struct arena *a, const struct parts *p, int exponent, enum format format, struct decimal *ret, struct err *err)
{
	bool exact;

	if (load(a, p, ret, err) < 0)
		return -1;
	if (format != BINARY_SI)
		ret->exponent += exponent;
	else
		multiply(ret, (uint64_t)1 << exponent);
	(void)round_up(ret, NANO);
	if (format == BINARY_SI && ret->exponent <= 0 && rounded_whole(a, *ret, 0, &exact) == INT64_MAX) {
		memcpy(ret->digit, "9223372036854775807", 19);
		ret->len = 19;
		ret->exponent = 0;
	}
	return 0;
}

static int64_t milli(struct arena *a, const struct decimal *d)
{
	bool exact;
	const int64_t n = d->len ? (int64_t)rounded_whole(a, *d, -3, &exact) : 0;

	return d->negative ? -n : n;
}

static int parse(struct str text, struct parts *ret, int *ret_exponent, enum format *ret_format, struct err *err)
{
	if (!text.len || !split(text, ret))
		return err_set(err, ERR_INPUT, "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
	if (!read_suffix(ret->suffix, ret_exponent, ret_format))
		return err_set(err, ERR_INPUT, "unable to parse quantity's suffix");
	if (!has_digit(ret->number) && !fits_64_bits(ret, *ret_exponent, *ret_format))
		return err_set(err, ERR_INPUT, "unable to parse numeric part of quantity");
	return 0;
}

int quantity_check(struct str text, struct err *err)
{
	struct parts p;
	enum format format;
	int exponent;

	return parse(str_trim_space(text), &p, &exponent, &format, err);
}

int quantity_canonical(struct arena *a, struct str text, struct str *ret, int64_t *ret_milli, struct err *err)
{
	struct decimal d;
	struct parts p;
	enum format format;
	struct str canonical;
	int exponent;

	text = str_trim_space(text);
	if (parse(text, &p, &exponent, &format, err) < 0 || evaluate(a, &p, exponent, format, &d, err) < 0)
		return -1;
	canonical = stays_as_written(&p, exponent, format) ? text : print(a, &d, format);
	if (!canonical.len)
		return err_nomem(err);
	if (ret_milli)
		*ret_milli = milli(a, &d);
	*ret = canonical;
	return 0;
}
