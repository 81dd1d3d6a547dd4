/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3339 moments and Go's and protobuf's spans of time. */
#include <string.h>

#include "patches/schema/special.h"

enum { NANOS = 1000000000 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Takes `digits` decimal digits off the front of *s. */
static bool number(struct str *s, size_t digits, int *ret)
{
	int n = 0;

	if (s->len < digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		if (!is_digit(s->p[i]))
			return false;
		n = n * 10 + (s->p[i] - '0');
	}
	*s = (struct str){s->p + digits, s->len - digits};
	*ret = n;
	return true;
}

static bool literal(struct str *s, char c)
{
	if (!s->len || *s->p != c)
		return false;
	*s = (struct str){s->p + 1, s->len - 1};
	return true;
}

/* Decimals of a second as nanoseconds; what is finer than that is cut off. */
static int32_t fraction(struct str *s)
{
	int32_t nanos = 0, unit = NANOS / 10;

	while (s->len && is_digit(*s->p)) {
		nanos += (*s->p - '0') * unit;
		unit /= 10;
		*s = (struct str){s->p + 1, s->len - 1};
	}
	return nanos;
}

/* Days since 1970-01-01 in the Gregorian calendar: years are counted from March, so that the leap day is their last. */
static int64_t days_of(int year, int month, int day)
{
	const int64_t y = month <= 2 ? year - 1 : year;
	const int64_t era = (y >= 0 ? y : y - 399) / 400;
	const int64_t of_era = y - era * 400;
	const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
	const int64_t z = days + 719468;
	const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	const int64_t of_era = z - era * 146097;
	const int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	const int of_year = (int)(of_era - (365 * y + y / 4 - y / 100));
	const int month = (5 * of_year + 2) / 153;

	*ret_day = of_year - (153 * month + 2) / 5 + 1;
	*ret_month = month < 10 ? month + 3 : month - 9;
	*ret_year = y + era * 400 + (*ret_month <= 2);
}

static int days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static bool parse_date(struct str *s, int64_t *ret_days)
{
	int year, month, day;

	if (!number(s, 4, &year) || !literal(s, '-') || !number(s, 2, &month) || !literal(s, '-') || !number(s, 2, &day))
		return false;
	if (month < 1 || month > 12 || day < 1 || day > days_in(year, month))
		return false;
	*ret_days = days_of(year, month, day);
	return true;
}

/* Go takes an hour of one digit, too. */
static bool parse_clock(struct str *s, struct moment *at)
{
	int hour, minute, second;

	if (!number(s, 2, &hour) && !number(s, 1, &hour))
		return false;
	if (!literal(s, ':') || !number(s, 2, &minute) || !literal(s, ':') || !number(s, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	if (s->len > 1 && (*s->p == '.' || *s->p == ',') && is_digit(s->p[1])) {
		*s = (struct str){s->p + 1, s->len - 1};
		at->nanos = fraction(s);
	}
	at->seconds += hour * 3600 + minute * 60 + second;
	return true;
}

static bool parse_zone(struct str *s, int32_t *ret_offset)
{
	const bool west = s->len && *s->p == '-';
	int hour, minute;

	*ret_offset = 0;
	if (literal(s, 'Z'))
		return true;
	if (!literal(s, west ? '-' : '+') || !number(s, 2, &hour) || !literal(s, ':') || !number(s, 2, &minute))
		return false;
	if (hour > 24 || minute > 60)
		return false;
	*ret_offset = (hour * 3600 + minute * 60) * (west ? -1 : 1);
	return true;
}

bool moment_parse(struct str text, struct moment *ret, int32_t *ret_offset)
{
	struct moment at = {0, 0};
	int64_t days;
	int32_t offset;

	if (!parse_date(&text, &days) || !literal(&text, 'T') || !parse_clock(&text, &at) || !parse_zone(&text, &offset) || text.len)
		return false;
	at.seconds += days * 86400 - offset;
	*ret = at;
	if (ret_offset)
		*ret_offset = offset;
	return true;
}

void moment_print(struct text *out, struct moment at, int digits)
{
	const int64_t days = (at.seconds >= 0 ? at.seconds : at.seconds - 86399) / 86400;
	const int of_day = (int)(at.seconds - days * 86400);
	int64_t year;
	int month, day, nanos = at.nanos;

	date_of(days, &year, &month, &day);
	text_addf(out, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)year, month, day, of_day / 3600, of_day / 60 % 60, of_day % 60);
	if (digits > 0) {
		for (int i = digits; i < 9; i++)
			nanos /= 10;
		text_addf(out, ".%0*d", digits, nanos);
	}
	text_addc(out, 'Z');
}

bool span_parse(struct str text, struct moment *ret)
{
	const bool minus = literal(&text, '-');
	struct str whole = text;
	uint64_t seconds;
	int32_t nanos = 0;

	while (text.len && is_digit(*text.p))
		text = (struct str){text.p + 1, text.len - 1};
	whole.len -= text.len;
	if (!parse_u64(whole, &seconds) || seconds > 315576000000ULL) /* protobuf's bound: about 10,000 years */
		return false;
	if (literal(&text, '.'))
		nanos = fraction(&text);
	if (text.len != 1 || *text.p != 's')
		return false;
	ret->seconds = minus ? -(int64_t)seconds : (int64_t)seconds;
	ret->nanos = minus ? -nanos : nanos;
	return true;
}

/* n units of which `scale` make one, with the decimals that are not zero. */
static void print_decimal(struct text *out, uint64_t n, uint64_t scale)
{
	text_addu(out, n / scale);
	n %= scale;
	if (n)
		text_addc(out, '.');
	while (n) {
		scale /= 10;
		text_addc(out, (char)('0' + n / scale));
		n %= scale;
	}
}

void span_print(struct text *out, int64_t nanoseconds)
{
	uint64_t n = nanoseconds < 0 ? -(uint64_t)nanoseconds : (uint64_t)nanoseconds;
	const uint64_t minute = 60ULL * NANOS;

	if (nanoseconds < 0)
		text_addc(out, '-');
	if (n < NANOS) {
		if (n == 0)
			text_addc(out, '0');
		else
			print_decimal(out, n, n >= 1000000 ? 1000000 : n >= 1000 ? 1000 : 1);
		text_adds(out, n == 0 ? "s" : n >= 1000000 ? "ms" : n >= 1000 ? "µs" : "ns");
		return;
	}
	if (n >= 60 * minute)
		text_addf(out, "%lluh", (unsigned long long)(n / (60 * minute)));
	if (n >= minute)
		text_addf(out, "%llum", (unsigned long long)(n / minute % 60));
	print_decimal(out, n % minute, NANOS);
	text_addc(out, 's');
}
