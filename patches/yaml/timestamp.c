/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a text is one of YAML's dates or times, as Go's time.Parse takes the four layouts that its yaml tries. */
#include "patches/yaml/scalar.h"

/* What is left of the text; every step cuts its part off or says false. */
static bool literal(struct str *s, char c)
{
	if (!s->len || s->p[0] != c)
		return false;
	*s = (struct str){s->p + 1, s->len - 1};
	return true;
}

static bool is_digit(struct str s, size_t i)
{
	return i < s.len && s.p[i] >= '0' && s.p[i] <= '9';
}

/* One digit or two, at least `fixed` of them. */
static bool number(struct str *s, size_t fixed, int *ret)
{
	const size_t digits = is_digit(*s, 1) ? 2 : 1;

	if (!is_digit(*s, 0) || digits < fixed)
		return false;
	*ret = s->p[0] - '0';
	if (digits == 2)
		*ret = *ret * 10 + s->p[1] - '0';
	*s = (struct str){s->p + digits, s->len - digits};
	return true;
}

static int days_in(int month, int year)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

static bool date(struct str *s)
{
	int year = 0, month, day;

	for (int i = 0; i < 4; i++) {
		if (!is_digit(*s, 0))
			return false;
		year = year * 10 + s->p[0] - '0';
		*s = (struct str){s->p + 1, s->len - 1};
	}
	return literal(s, '-') && number(s, 1, &month) && literal(s, '-') && number(s, 1, &day) && month >= 1 && month <= 12 &&
	       day >= 1 && day <= days_in(month, year);
}

static bool clock_time(struct str *s)
{
	int hour, minute, second;

	if (!number(s, 1, &hour) || !literal(s, ':') || !number(s, 1, &minute) || !literal(s, ':') || !number(s, 1, &second) ||
	    hour > 23 || minute > 59 || second > 59)
		return false;
	if (s->len >= 2 && (s->p[0] == '.' || s->p[0] == ',') && is_digit(*s, 1))
		for (*s = (struct str){s->p + 1, s->len - 1}; is_digit(*s, 0);)
			*s = (struct str){s->p + 1, s->len - 1};
	return true;
}

static bool zone(struct str *s)
{
	int hour, minute;

	if (literal(s, 'Z'))
		return true;
	return (literal(s, '+') || literal(s, '-')) && number(s, 2, &hour) && literal(s, ':') && number(s, 2, &minute) &&
	       hour <= 24 && minute <= 60;
}

bool yaml_is_timestamp(struct str s)
{
	if (!date(&s))
		return false;
	if (!s.len)
		return true;
	if (literal(&s, 'T') || literal(&s, 't'))
		return clock_time(&s) && zone(&s) && !s.len;
	if (!literal(&s, ' '))
		return false;
	while (literal(&s, ' '))
		;
	return clock_time(&s) && !s.len;
}
