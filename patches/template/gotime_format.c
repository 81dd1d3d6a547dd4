/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts in Go's fashion, calendars, and moments as text. */
#include <string.h>

#include "patches/template/gotime.h"

const char *const month_names[12] = {"January", "February", "March", "April", "May", "June", "July", "August", "September",
	"October", "November", "December"};
const char *const weekday_names[7] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

const struct gotime gotime_zero = {.sec = -62135596800, .zone = {"UTC", 3}};

/* See Howard Hinnant, "chrono-compatible low-level date algorithms": years begin in March, in eras of 400. */
int64_t days_of_date(int64_t year, int month, int day)
{
	const int64_t y = month <= 2 ? year - 1 : year;
	const int64_t era = (y >= 0 ? y : y - 399) / 400;
	const int64_t of_era = y - era * 400;
	const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void date_of_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
	const int64_t z = days + 719468;
	const int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	const int64_t of_era = z - era * 146097;
	const int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	const int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	const int64_t mp = (5 * of_year + 2) / 153;

	*ret_day = (int)(of_year - (153 * mp + 2) / 5 + 1);
	*ret_month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*ret_year = year + era * 400 + (*ret_month <= 2);
}

bool gotime_zone(struct str name, int32_t *ret_offset, const char **ret_abbreviation)
{
	static const char *const utc[] = {"", "UTC", "Local", "Etc/UTC", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu", "Universal",
		"Etc/Universal"};
	static const char *const gmt[] = {"GMT", "Etc/GMT", "GMT0", "GMT+0", "GMT-0", "Etc/GMT0", "Etc/GMT+0", "Etc/GMT-0",
		"Greenwich", "Etc/Greenwich"};
	static const char *const hours[] = {"-14", "-13", "-12", "-11", "-10", "-09", "-08", "-07", "-06", "-05", "-04", "-03", "-02",
		"-01", "", "+01", "+02", "+03", "+04", "+05", "+06", "+07", "+08", "+09", "+10", "+11", "+12", "+13", "+14"};
	int64_t west;

	*ret_offset = 0;
	for (size_t i = 0; i < ARRAY_LEN(utc); i++) {
		*ret_abbreviation = "UTC";
		if (str_is(name, utc[i]))
			return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(gmt); i++) {
		*ret_abbreviation = "GMT";
		if (str_is(name, gmt[i]))
			return true;
	}
	if (!str_has_prefix(name, "Etc/GMT") || !parse_i64((struct str){name.p + 7, name.len - 7}, &west) || west < -14 || west > 12 ||
	    name.p[8] == '0')
		return false;
	*ret_offset = (int32_t)(-west * 3600);
	*ret_abbreviation = hours[14 - west];
	return true;
}

static bool small_letter_at(struct str s, size_t at)
{
	return at < s.len && s.p[at] >= 'a' && s.p[at] <= 'z';
}

struct fixed_piece {
	const char *text;
	enum time_piece piece;
	bool not_before_small; /* "Jan" of "January" is none */
	bool z, colon;
	uint8_t parts;
};

/* Longer ones first where one begins another. */
static const struct fixed_piece fixed[] = {
	{.text = "January", .piece = T_LONG_MONTH}, {.text = "Jan", .piece = T_MONTH, .not_before_small = true},
	{.text = "Monday", .piece = T_LONG_WEEKDAY}, {.text = "Mon", .piece = T_WEEKDAY, .not_before_small = true},
	{.text = "MST", .piece = T_ZONE}, {.text = "002", .piece = T_ZERO_YEAR_DAY}, {.text = "01", .piece = T_ZERO_MONTH},
	{.text = "02", .piece = T_ZERO_DAY}, {.text = "03", .piece = T_ZERO_HOUR12}, {.text = "04", .piece = T_ZERO_MINUTE},
	{.text = "05", .piece = T_ZERO_SECOND}, {.text = "06", .piece = T_YEAR}, {.text = "15", .piece = T_HOUR},
	{.text = "1", .piece = T_NUM_MONTH}, {.text = "2006", .piece = T_LONG_YEAR}, {.text = "2", .piece = T_DAY},
	{.text = "__2", .piece = T_UNDER_YEAR_DAY}, {.text = "_2", .piece = T_UNDER_DAY}, {.text = "3", .piece = T_HOUR12},
	{.text = "4", .piece = T_MINUTE}, {.text = "5", .piece = T_SECOND}, {.text = "PM", .piece = T_PM},
	{.text = "pm", .piece = T_PM_SMALL}, {.text = "-070000", .piece = T_OFFSET, .parts = 3},
	{.text = "-07:00:00", .piece = T_OFFSET, .parts = 3, .colon = true}, {.text = "-0700", .piece = T_OFFSET, .parts = 2},
	{.text = "-07:00", .piece = T_OFFSET, .parts = 2, .colon = true}, {.text = "-07", .piece = T_OFFSET, .parts = 1},
	{.text = "Z070000", .piece = T_OFFSET, .z = true, .parts = 3},
	{.text = "Z07:00:00", .piece = T_OFFSET, .z = true, .parts = 3, .colon = true},
	{.text = "Z0700", .piece = T_OFFSET, .z = true, .parts = 2},
	{.text = "Z07:00", .piece = T_OFFSET, .z = true, .parts = 2, .colon = true},
	{.text = "Z07", .piece = T_OFFSET, .z = true, .parts = 1},
};

/* ".000", ",999": a fraction, unless more digits follow. */
static size_t fraction_len(struct str s)
{
	size_t n = 2;

	if (s.len < 2 || (s.p[0] != '.' && s.p[0] != ',') || (s.p[1] != '0' && s.p[1] != '9'))
		return 0;
	while (n < s.len && s.p[n] == s.p[1])
		n++;
	return n < s.len && s.p[n] >= '0' && s.p[n] <= '9' ? 0 : n;
}

static size_t piece_at(struct str s, struct layout_piece *p)
{
	const size_t fraction = fraction_len(s);

	if (fraction) {
		p->piece = s.p[1] == '0' ? T_FRACTION_0 : T_FRACTION_9;
		p->digits = (uint8_t)(fraction - 1 > 255 ? 255 : fraction - 1);
		return fraction;
	}
	for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
		const size_t n = strlen(fixed[i].text);

		if (!str_has_prefix(s, fixed[i].text) || (fixed[i].not_before_small && small_letter_at(s, n)))
			continue;
		p->piece = fixed[i].piece;
		p->z = fixed[i].z;
		p->colon = fixed[i].colon;
		p->parts = fixed[i].parts;
		return n;
	}
	return 0;
}

struct layout_piece next_layout_piece(struct str *layout)
{
	struct layout_piece p = {.before = *layout, .text = {"", 0}};

	for (size_t i = 0; i < layout->len; i++) {
		struct str rest = {layout->p + i, layout->len - i};
		size_t n;

		if (str_has_prefix(rest, "_2006")) /* a plain _ before the year */
			continue;
		n = piece_at(rest, &p);
		if (!n)
			continue;
		p.before.len = i;
		p.text = (struct str){rest.p, n};
		*layout = (struct str){rest.p + n, rest.len - n};
		return p;
	}
	*layout = (struct str){"", 0};
	return p;
}

struct broken_down {
	int64_t year;
	int month, day, year_day, weekday, hour, minute, second;
	int nsec;
};

static struct broken_down break_down(const struct gotime *t)
{
	const int64_t local = t->sec + t->offset;
	const int64_t days = local / 86400 - (local % 86400 < 0);
	const int64_t of_day = local - days * 86400;
	struct broken_down b = {.nsec = t->nsec};

	date_of_days(days, &b.year, &b.month, &b.day);
	b.year_day = (int)(days - days_of_date(b.year, 1, 1)) + 1;
	b.weekday = (int)(((days + 4) % 7 + 7) % 7);
	b.hour = (int)(of_day / 3600);
	b.minute = (int)(of_day / 60 % 60);
	b.second = (int)(of_day % 60);
	return b;
}

static void add_offset(struct text *out, int32_t offset, const struct layout_piece *p)
{
	const int32_t n = offset < 0 ? -offset : offset;

	if (p->z && offset == 0) {
		text_addc(out, 'Z');
		return;
	}
	text_addf(out, "%c%02d", offset < 0 ? '-' : '+', n / 3600);
	if (p->parts > 1)
		text_addf(out, "%s%02d", p->colon ? ":" : "", n / 60 % 60);
	if (p->parts > 2)
		text_addf(out, "%s%02d", p->colon ? ":" : "", n % 60);
}

static void add_fraction(struct text *out, int nsec, const struct layout_piece *p)
{
	char digits[10];
	size_t n = p->digits < 9 ? p->digits : 9;

	for (int i = 8, rest = nsec; i >= 0; i--, rest /= 10)
		digits[i] = (char)('0' + rest % 10);
	if (p->piece == T_FRACTION_9)
		while (n && digits[n - 1] == '0')
			n--;
	if (!n)
		return;
	text_addc(out, p->text.p[0]);
	text_add(out, digits, n);
	if (p->piece == T_FRACTION_0 && p->digits > 9)
		text_fill(out, '0', p->digits - 9u);
}

static void add_zone(struct text *out, const struct gotime *t)
{
	if (t->zone.len)
		text_add(out, t->zone.p, t->zone.len);
	else
		add_offset(out, t->offset, &(struct layout_piece){.parts = 2});
}

static void add_year(struct text *out, int64_t year)
{
	if (year < 0)
		text_addc(out, '-');
	text_addf(out, "%04lld", (long long)(year < 0 ? -year : year));
}

static void add_piece(struct text *out, const struct gotime *t, const struct broken_down *b, const struct layout_piece *p)
{
	const int hour12 = b->hour % 12 ? b->hour % 12 : 12;

	switch (p->piece) {
	case T_END: return;
	case T_LONG_MONTH: text_adds(out, month_names[b->month - 1]); return;
	case T_MONTH: text_add(out, month_names[b->month - 1], 3); return;
	case T_NUM_MONTH: text_addi(out, b->month); return;
	case T_ZERO_MONTH: text_addf(out, "%02d", b->month); return;
	case T_LONG_WEEKDAY: text_adds(out, weekday_names[b->weekday]); return;
	case T_WEEKDAY: text_add(out, weekday_names[b->weekday], 3); return;
	case T_DAY: text_addi(out, b->day); return;
	case T_UNDER_DAY: text_addf(out, "%2d", b->day); return;
	case T_ZERO_DAY: text_addf(out, "%02d", b->day); return;
	case T_UNDER_YEAR_DAY: text_addf(out, "%3d", b->year_day); return;
	case T_ZERO_YEAR_DAY: text_addf(out, "%03d", b->year_day); return;
	case T_HOUR: text_addf(out, "%02d", b->hour); return;
	case T_HOUR12: text_addi(out, hour12); return;
	case T_ZERO_HOUR12: text_addf(out, "%02d", hour12); return;
	case T_MINUTE: text_addi(out, b->minute); return;
	case T_ZERO_MINUTE: text_addf(out, "%02d", b->minute); return;
	case T_SECOND: text_addi(out, b->second); return;
	case T_ZERO_SECOND: text_addf(out, "%02d", b->second); return;
	case T_LONG_YEAR: add_year(out, b->year); return;
	case T_YEAR: text_addf(out, "%02lld", (long long)((b->year < 0 ? -b->year : b->year) % 100)); return;
	case T_PM: text_adds(out, b->hour >= 12 ? "PM" : "AM"); return;
	case T_PM_SMALL: text_adds(out, b->hour >= 12 ? "pm" : "am"); return;
	case T_ZONE: add_zone(out, t); return;
	case T_OFFSET: add_offset(out, t->offset, p); return;
	case T_FRACTION_0: case T_FRACTION_9: add_fraction(out, b->nsec, p); return;
	}
}

void gotime_format(struct text *out, const struct gotime *t, struct str layout)
{
	const struct broken_down b = break_down(t);

	while (layout.len && !out->failed) {
		const struct layout_piece p = next_layout_piece(&layout);

		text_add(out, p.before.p, p.before.len);
		add_piece(out, t, &b, &p);
	}
}
