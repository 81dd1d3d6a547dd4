/* SPDX-License-Identifier: Apache-2.0 */
/* A moment read by a layout, as Go's time.Parse reads it. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "patches/template/gotime.h"

struct reading {
	struct str layout, whole, rest; /* of the layout and the value */
	int year, month, day, year_day, hour, minute, second;
	int32_t nsec, offset;
	bool has_offset, am, pm;
	struct str zone;
	const char *range; /* what is out of range */
};

enum { BAD = -1, GOOD = 0 };

static bool digit_at(struct str s, size_t at)
{
	return at < s.len && s.p[at] >= '0' && s.p[at] <= '9';
}

static void skip(struct reading *r, size_t n)
{
	r->rest.p += n;
	r->rest.len -= n;
}

/* Plain text of the layout; a blank stands for any number of them. */
static int take_plain(struct reading *r, struct str *text)
{
	while (text->len) {
		const char c = text->p[0];

		if (c == ' ') {
			if (r->rest.len && r->rest.p[0] != ' ')
				return BAD;
			for (; text->len && text->p[0] == ' '; text->len--)
				text->p++;
			while (r->rest.len && r->rest.p[0] == ' ')
				skip(r, 1);
			continue;
		}
		if (!r->rest.len || r->rest.p[0] != c)
			return BAD;
		skip(r, 1);
		text->p++;
		text->len--;
	}
	return GOOD;
}

/* One or two digits; exactly two where fixed. */
static int take_number(struct reading *r, bool fixed, int *ret)
{
	if (!digit_at(r->rest, 0) || (fixed && !digit_at(r->rest, 1)))
		return BAD;
	*ret = r->rest.p[0] - '0';
	if (!digit_at(r->rest, 1)) {
		skip(r, 1);
		return GOOD;
	}
	*ret = *ret * 10 + (r->rest.p[1] - '0');
	skip(r, 2);
	return GOOD;
}

static int take_bounded(struct reading *r, bool fixed, int most, const char *what, int *ret)
{
	if (take_number(r, fixed, ret) < 0)
		return BAD;
	if (*ret > most)
		r->range = what;
	return GOOD;
}

static int take_name(struct reading *r, const char *const names[], size_t n, size_t len, int *ret)
{
	for (size_t i = 0; i < n; i++) {
		const size_t size = len ? len : strlen(names[i]);

		if (r->rest.len < size || strncasecmp(r->rest.p, names[i], size) != 0)
			continue;
		*ret = (int)i + 1;
		skip(r, size);
		return GOOD;
	}
	return BAD;
}

static int take_year(struct reading *r, size_t digits)
{
	int year = 0;

	for (size_t i = 0; i < digits; i++) {
		if (!digit_at(r->rest, i))
			return BAD;
		year = year * 10 + (r->rest.p[i] - '0');
	}
	skip(r, digits);
	r->year = digits == 4 ? year : year + (year >= 69 ? 1900 : 2000);
	return GOOD;
}

static int take_year_day(struct reading *r, bool fixed)
{
	size_t n = 0;

	for (int i = 0; !fixed && i < 2 && r->rest.len && r->rest.p[0] == ' '; i++)
		skip(r, 1);
	r->year_day = 0;
	for (; n < 3 && digit_at(r->rest, n); n++)
		r->year_day = r->year_day * 10 + (r->rest.p[n] - '0');
	if (!n || (fixed && n != 3))
		return BAD;
	skip(r, n);
	return GOOD;
}

/* A point or comma and n - 1 digits. */
static int take_nanoseconds(struct reading *r, size_t n)
{
	if (n > r->rest.len || (r->rest.p[0] != '.' && r->rest.p[0] != ','))
		return BAD;
	r->nsec = 0;
	for (size_t i = 1; i < 10; i++) {
		if (i < n && !digit_at(r->rest, i))
			return BAD;
		r->nsec = r->nsec * 10 + (i < n ? r->rest.p[i] - '0' : 0);
	}
	skip(r, n);
	return GOOD;
}

static size_t fraction_len(const struct reading *r)
{
	size_t n = 1;

	if (r->rest.len < 2 || (r->rest.p[0] != '.' && r->rest.p[0] != ',') || !digit_at(r->rest, 1))
		return 0;
	while (digit_at(r->rest, n))
		n++;
	return n;
}

/* Seconds may have a fraction that the layout does not name. */
static int take_second(struct reading *r, bool fixed, struct str layout)
{
	enum time_piece next;

	if (take_bounded(r, fixed, 59, "second", &r->second) < 0)
		return BAD;
	if (!fraction_len(r) || r->range)
		return GOOD;
	next = next_layout_piece(&layout).piece;
	return next == T_FRACTION_0 || next == T_FRACTION_9 ? GOOD : take_nanoseconds(r, fraction_len(r));
}

static int take_half(struct reading *r, const char *am, const char *pm)
{
	if (str_has_prefix(r->rest, pm))
		r->pm = true;
	else if (str_has_prefix(r->rest, am))
		r->am = true;
	else
		return BAD;
	skip(r, 2);
	return GOOD;
}

static int take_offset(struct reading *r, const struct layout_piece *p)
{
	static const char *const names[] = {"time zone offset hour", "time zone offset minute", "time zone offset second"};
	int part[3] = {0};
	char sign;

	if (p->z && r->rest.len && r->rest.p[0] == 'Z') {
		skip(r, 1);
		r->zone = STR("UTC");
		return GOOD;
	}
	if (!r->rest.len)
		return BAD;
	sign = r->rest.p[0];
	skip(r, 1);
	for (int i = 0; i < p->parts; i++) {
		if (i && p->colon) {
			if (!r->rest.len || r->rest.p[0] != ':')
				return BAD;
			skip(r, 1);
		}
		if (take_bounded(r, true, i ? 60 : 24, names[i], &part[i]) < 0)
			return BAD;
	}
	if (sign != '+' && sign != '-')
		return BAD;
	r->has_offset = true;
	r->offset = (part[0] * 60 + part[1]) * 60 + part[2];
	if (sign == '-')
		r->offset = -r->offset;
	return GOOD;
}

/* A sign and up to 23 hours: how long it is, 0 where it is none. */
static size_t signed_hours(struct str s)
{
	size_t n = 1;
	int hours = 0;

	if (s.len < 2 || (s.p[0] != '+' && s.p[0] != '-'))
		return 0;
	for (; digit_at(s, n); n++)
		hours = hours > 100 ? hours : hours * 10 + (s.p[n] - '0');
	return n > 1 && hours <= 23 ? n : 0;
}

static size_t zone_len(struct str s)
{
	size_t upper = 0;

	if (s.len < 3)
		return 0;
	if (str_has_prefix(s, "ChST") || str_has_prefix(s, "MeST"))
		return 4;
	if (str_has_prefix(s, "GMT"))
		return 3 + signed_hours((struct str){s.p + 3, s.len - 3});
	if (s.p[0] == '+' || s.p[0] == '-')
		return signed_hours(s);
	while (upper < 6 && upper < s.len && s.p[upper] >= 'A' && s.p[upper] <= 'Z')
		upper++;
	if ((upper == 5 && s.p[4] == 'T') || (upper == 4 && (s.p[3] == 'T' || str_has_prefix(s, "WITA"))) || upper == 3)
		return upper;
	return 0;
}

static int take_zone(struct reading *r)
{
	const size_t n = str_has_prefix(r->rest, "UTC") ? 3 : zone_len(r->rest);

	if (!n)
		return BAD;
	r->zone = (struct str){r->rest.p, n};
	skip(r, n);
	return GOOD;
}

static int take_piece(struct reading *r, const struct layout_piece *p, struct str layout)
{
	int ignored;

	switch (p->piece) {
	case T_END: return GOOD;
	case T_LONG_MONTH: return take_name(r, month_names, 12, 0, &r->month);
	case T_MONTH: return take_name(r, month_names, 12, 3, &r->month);
	case T_NUM_MONTH: case T_ZERO_MONTH:
		if (take_bounded(r, p->piece == T_ZERO_MONTH, 12, "month", &r->month) < 0)
			return BAD;
		r->range = r->month ? r->range : "month";
		return GOOD;
	case T_LONG_WEEKDAY: return take_name(r, weekday_names, 7, 0, &ignored);
	case T_WEEKDAY: return take_name(r, weekday_names, 7, 3, &ignored);
	case T_UNDER_DAY:
		skip(r, r->rest.len && r->rest.p[0] == ' ');
		return take_number(r, false, &r->day);
	case T_DAY: case T_ZERO_DAY: return take_number(r, p->piece == T_ZERO_DAY, &r->day);
	case T_UNDER_YEAR_DAY: case T_ZERO_YEAR_DAY: return take_year_day(r, p->piece == T_ZERO_YEAR_DAY);
	case T_HOUR: return take_bounded(r, false, 23, "hour", &r->hour);
	case T_HOUR12: case T_ZERO_HOUR12: return take_bounded(r, p->piece == T_ZERO_HOUR12, 12, "hour", &r->hour);
	case T_MINUTE: case T_ZERO_MINUTE: return take_bounded(r, p->piece == T_ZERO_MINUTE, 59, "minute", &r->minute);
	case T_SECOND: case T_ZERO_SECOND: return take_second(r, p->piece == T_ZERO_SECOND, layout);
	case T_LONG_YEAR: return take_year(r, 4);
	case T_YEAR: return take_year(r, 2);
	case T_PM: return take_half(r, "AM", "PM");
	case T_PM_SMALL: return take_half(r, "am", "pm");
	case T_ZONE: return take_zone(r);
	case T_OFFSET: return take_offset(r, p);
	case T_FRACTION_0: return take_nanoseconds(r, 1u + p->digits);
	case T_FRACTION_9: return fraction_len(r) ? take_nanoseconds(r, fraction_len(r)) : GOOD;
	}
	return BAD;
}

enum { QUOTED_MAX = 120 };

/* As package time quotes in its errors: bytes beyond ASCII and control characters in hexadecimal. Cut where it gets long. */
static const char *quoted(struct str s, char buffer[QUOTED_MAX])
{
	size_t n = 0;

	buffer[n++] = '"';
	for (size_t i = 0; i < s.len && n < QUOTED_MAX - 8; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (c < ' ' || c >= 0x7f) {
			n += (size_t)snprintf(buffer + n, 5, "\\x%02x", c);
			continue;
		}
		if (c == '"' || c == '\\')
			buffer[n++] = '\\';
		buffer[n++] = (char)c;
	}
	buffer[n++] = '"';
	buffer[n] = '\0';
	return buffer;
}

static int cannot(const struct reading *r, struct str value, struct str piece, struct err *err)
{
	char q[4][QUOTED_MAX];

	return err_set(err, ERR_INPUT, "parsing time %s as %s: cannot parse %s as %s", quoted(r->whole, q[0]), quoted(r->layout, q[1]),
		quoted(value, q[2]), quoted(piece, q[3]));
}

static int wrong(const struct reading *r, const char *what, struct err *err)
{
	char q[QUOTED_MAX];

	return err_set(err, ERR_INPUT, "parsing time %s: %s", quoted(r->whole, q), what);
}

static int read_all(struct reading *r, struct err *err)
{
	struct str layout = r->layout;
	char q[2][QUOTED_MAX];

	for (;;) {
		struct layout_piece p = next_layout_piece(&layout);
		struct str before = p.before;

		if (take_plain(r, &before) < 0)
			return cannot(r, r->rest, p.before, err);
		if (p.piece == T_END)
			break;
		before = r->rest;
		if (take_piece(r, &p, layout) < 0)
			return cannot(r, before, p.text, err);
		if (r->range)
			return err_set(err, ERR_INPUT, "parsing time %s: %s out of range", quoted(r->whole, q[0]), r->range);
	}
	if (r->rest.len)
		return err_set(err, ERR_INPUT, "parsing time %s: extra text: %s", quoted(r->whole, q[0]), quoted(r->rest, q[1]));
	return 0;
}

static int settle_date(struct reading *r, struct err *err)
{
	int64_t year;
	int month, day;

	if (r->year_day >= 0) {
		date_of_days(days_of_date(r->year, 1, 1) + r->year_day - 1, &year, &month, &day);
		if (r->year_day < 1 || year != r->year)
			return wrong(r, "day-of-year out of range", err);
		if (r->month >= 0 && r->month != month)
			return wrong(r, "day-of-year does not match month", err);
		if (r->day >= 0 && r->day != day)
			return wrong(r, "day-of-year does not match day", err);
		r->month = month;
		r->day = day;
	}
	r->month = r->month < 0 ? 1 : r->month;
	r->day = r->day < 0 ? 1 : r->day;
	date_of_days(days_of_date(r->year, r->month, r->day), &year, &month, &day);
	if (r->day < 1 || month != r->month || day != r->day)
		return wrong(r, "day out of range", err);
	if (r->pm && r->hour < 12)
		r->hour += 12;
	else if (r->am && r->hour == 12)
		r->hour = 0;
	return 0;
}

/* An offset of zero without another name is UTC; a name alone says nothing of its offset, but for GMT+n. */
static void settle_zone(const struct reading *r, struct gotime *t)
{
	int64_t hours;

	t->zone = r->zone;
	if (r->has_offset) {
		t->sec -= r->offset;
		t->offset = r->offset;
		if (!r->zone.len && !r->offset)
			t->zone = STR("UTC");
	} else if (!r->zone.len) {
		t->zone = STR("UTC");
	} else if (r->zone.len > 3 && str_has_prefix(r->zone, "GMT") &&
		   parse_i64((struct str){r->zone.p + 3, r->zone.len - 3}, &hours)) {
		t->offset = (int32_t)(hours * 3600);
	}
}

int gotime_parse(struct str layout, struct str value, struct gotime *ret, struct err *err)
{
	struct reading r = {.layout = layout, .whole = value, .rest = value, .month = -1, .day = -1, .year_day = -1,
			    .zone = {"", 0}};

	if (read_all(&r, err) < 0 || settle_date(&r, err) < 0)
		return -1;
	*ret = (struct gotime){
		.sec = days_of_date(r.year, r.month, r.day) * 86400 + r.hour * 3600 + r.minute * 60 + r.second, .nsec = r.nsec};
	settle_zone(&r, ret);
	return 0;
}
