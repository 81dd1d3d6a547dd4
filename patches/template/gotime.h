/* SPDX-License-Identifier: Apache-2.0 */
/* Go's time.Time as text, by layouts such as "2006-01-02". Source: pkg.go.dev/time. */
#ifndef PATCHES_TEMPLATE_GOTIME_H
#define PATCHES_TEMPLATE_GOTIME_H

#include "base/err.h"
#include "base/text.h"

/* A moment and the zone in which it is told. */
struct gotime {
	int64_t sec;       /* since 1970-01-01 UTC */
	int32_t nsec;      /* 0 .. 999999999 */
	int32_t offset;    /* of the zone, seconds east of UTC */
	struct str zone;   /* its abbreviation; "" where it has none */
};

/* The moment that a zero time.Time is. */
extern const struct gotime gotime_zero;

void gotime_format(struct text *out, const struct gotime *t, struct str layout);
/* time.ParseInLocation with UTC; errors as Go's. The zone's name is borrowed from the value. */
int gotime_parse(struct str layout, struct str value, struct gotime *ret, struct err *err) MUST_CHECK;
/* The zone of a name, told without the system's zone files: UTC and GMT under their names, "Etc/GMT+5" and the like. False: unknown. */
bool gotime_zone(struct str name, int32_t *ret_offset, const char **ret_abbreviation);

/* Days since 1970-01-01 of a date of the Gregorian calendar, and back. */
int64_t days_of_date(int64_t year, int month, int day);
void date_of_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day);

/* --- pieces of a layout, for gotime_format.c and gotime_parse.c ------------------------------------------------- */

enum time_piece {
	T_END, T_LONG_MONTH, T_MONTH, T_NUM_MONTH, T_ZERO_MONTH, T_LONG_WEEKDAY, T_WEEKDAY, T_DAY, T_UNDER_DAY, T_ZERO_DAY,
	T_UNDER_YEAR_DAY, T_ZERO_YEAR_DAY, T_HOUR, T_HOUR12, T_ZERO_HOUR12, T_MINUTE, T_ZERO_MINUTE, T_SECOND, T_ZERO_SECOND,
	T_LONG_YEAR, T_YEAR, T_PM, T_PM_SMALL, T_ZONE, T_OFFSET, T_FRACTION_0, T_FRACTION_9,
};

struct layout_piece {
	struct str before, text; /* plain text before it, and its own */
	enum time_piece piece;
	bool z, colon;           /* T_OFFSET: "Z" stands for zero, colons between */
	uint8_t parts;           /* T_OFFSET: hours, and minutes, and seconds */
	uint8_t digits;          /* T_FRACTION */
};

/* The next piece of a layout, which moves on behind it. At the end T_END, with what is left before it. */
struct layout_piece next_layout_piece(struct str *layout);
extern const char *const month_names[12], *const weekday_names[7];

#endif
