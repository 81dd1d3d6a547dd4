/* SPDX-License-Identifier: Apache-2.0 */
/* Which lines of an audit log are asked for. */
#include "webhook/audit/filter.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "webhook/audit/event.h"

enum { PART_MAX = 8 << 10 };

static const int64_t longest_age = INT64_C(100) * 366 * 86400; /* seconds */

int audit_filter_add(struct arena *a, struct audit_filter *f, const char *name, const char *value, struct err *err)
{
	struct text t;

	if (!value)
		return 0;
	text_init(&t, a, PART_MAX);
	audit_event_text(&t, name, str_of(value));
	if (text_check(&t, "what is asked for", err) < 0)
		return -1;
	if (t.len) /* without the comma: a member may be the first */
		f->part[f->n_parts++] = (struct str){t.data + 1, t.len - 1};
	return 0;
}

/* Seconds since 1970, and what is beyond them. */
struct moment {
	int64_t seconds;
	int micros;
};

static void write_time(const struct moment *m, char ret[AUDIT_TIME_LEN + 1])
{
	const time_t t = (time_t)m->seconds;
	struct tm tm = {0};
	size_t len;

	(void)gmtime_r(&t, &tm);
	len = strftime(ret, AUDIT_TIME_LEN + 1, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(ret + len, AUDIT_TIME_LEN + 1 - len, ".%06dZ", m->micros);
}

/* "90m" before now. */
static bool read_age(struct str s, int64_t now, struct moment *ret)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	int64_t n;

	if (s.len < 2 || !parse_i64((struct str){s.p, s.len - 1}, &n) || n < 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (s.p[s.len - 1] != units[i].unit || n > longest_age / units[i].seconds)
			continue;
		*ret = (struct moment){.seconds = now - n * units[i].seconds};
		return true;
	}
	return false;
}

/* ".5" are 500000; what is finer is cut. Returns what is behind; NULL where no digit is. */
static const char *read_fraction(const char *p, int *ret_micros)
{
	int scale = 100000;

	*ret_micros = 0;
	if (*p != '.')
		return p;
	if (p[1] < '0' || p[1] > '9')
		return NULL;
	for (p++; *p >= '0' && *p <= '9'; p++, scale /= 10)
		*ret_micros += (*p - '0') * scale;
	return p;
}

/* Behind a date and time: nothing and "Z" are UTC, "+02:00" is an offset. */
static bool read_offset(const char *rest, int64_t *ret)
{
	int64_t hours, minutes;

	*ret = 0;
	if (rest[0] == '\0' || strcmp(rest, "Z") == 0)
		return true;
	if ((rest[0] != '+' && rest[0] != '-') || strlen(rest) != 6 || rest[3] != ':' ||
		!parse_i64((struct str){rest + 1, 2}, &hours) || !parse_i64((struct str){rest + 4, 2}, &minutes) ||
		hours > 23 || minutes > 59)
		return false;
	*ret = (rest[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return true;
}

static bool read_date(const char *text, struct moment *ret)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct tm tm = {0};
		const char *rest = strptime(text, forms[i], &tm);
		int64_t offset;

		rest = rest ? read_fraction(rest, &ret->micros) : NULL;
		if (!rest || !read_offset(rest, &offset))
			continue;
		ret->seconds = (int64_t)timegm(&tm) - offset;
		return true;
	}
	return false;
}

int audit_time_read(const char *text, int64_t now, char ret[AUDIT_TIME_LEN + 1], struct err *err)
{
	struct moment m;

	if (!read_age(str_of(text), now, &m) && !read_date(text, &m))
		return err_set(err, ERR_CONFIG,
			"a time like 2026-01-02, 2026-01-02T03:04:05Z, or an age like 90m, 24h, 7d is needed, got "
			"'%.64s'",
			text);
	write_time(&m, ret);
	return 0;
}

static int64_t digits(const char *p, size_t n)
{
	int64_t value = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		value = value * 10 + (p[i] - '0');
	}
	return value;
}

/* Days since 1970 of a date of the Gregorian calendar: years begin in March, so that leap days come last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	const int64_t y = month <= 2 ? year - 1 : year, m = (month + 9) % 12;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

int64_t audit_time_seconds(struct str time)
{
	static const struct {
		unsigned char at, len, least, most;
	} field[] = {{0, 4, 0, 255}, {5, 2, 1, 12}, {8, 2, 1, 31}, {11, 2, 0, 23}, {14, 2, 0, 59}, {17, 2, 0, 60}};
	int64_t n[ARRAY_LEN(field)];

	if (time.len != AUDIT_TIME_LEN || time.p[10] != 'T' || time.p[AUDIT_TIME_LEN - 1] != 'Z')
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(field); i++) {
		n[i] = digits(time.p + field[i].at, field[i].len);
		if (n[i] < field[i].least || (field[i].most < 255 && n[i] > field[i].most))
			return -1;
	}
	return days_of(n[0], n[1], n[2]) * 86400 + n[3] * 3600 + n[4] * 60 + n[5];
}

bool audit_filter_in_time(const struct audit_filter *f, struct str body)
{
	struct str time;

	if (!f->since[0] && !f->until[0])
		return true;
	time = audit_line_member(body, "time");
	return (!f->since[0] || str_cmp(time, str_of(f->since)) >= 0) &&
	       (!f->until[0] || str_cmp(time, str_of(f->until)) < 0);
}

bool audit_filter_matches(const struct audit_filter *f, struct str body)
{
	for (size_t i = 0; i < f->n_parts; i++)
		if (str_find(body, f->part[i]) == SIZE_MAX)
			return false;
	return audit_filter_in_time(f, body);
}
