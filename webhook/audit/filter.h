/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which lines of an audit log are asked for. A line is held against the bytes that the writer would have written for
 * what is asked: our writer has one way of writing a value, and no member of a line has the name of another, so nothing
 * needs to be parsed.
 */
#ifndef WEBHOOK_AUDIT_FILTER_H
#define WEBHOOK_AUDIT_FILTER_H

#include "webhook/audit/line.h"

enum { AUDIT_FILTER_PARTS = 10, AUDIT_TIME_LEN = 27 };

/* In the arena. */
struct audit_filter {
	struct str part[AUDIT_FILTER_PARTS]; /* each must be in a line: `"name":"value"` */
	size_t n_parts;
	char since[AUDIT_TIME_LEN + 1],
		until[AUDIT_TIME_LEN + 1]; /* as lines have times; "": no bound. until is not within */
};

/* name: of the member; value: NULL and "" are no condition. ERR_NOMEM. */
int audit_filter_add(
	struct arena *a, struct audit_filter *f, const char *name, const char *value, struct err *err) MUST_CHECK;

/*
 * A time as people write it: 2026-01-02, 2026-01-02T03:04, ...:05, ...:05Z (UTC; RFC 3339 with an offset too), or how
 * long ago: 90m, 24h, 7d. now: seconds since 1970. ERR_CONFIG with what is understood.
 */
int audit_time_read(const char *text, int64_t now, char ret[AUDIT_TIME_LEN + 1], struct err *err) MUST_CHECK;
/* Seconds since 1970 of a line's time; -1 where it is none. */
int64_t audit_time_seconds(struct str time);

bool audit_filter_matches(const struct audit_filter *f, struct str body);
/* The bounds alone. */
bool audit_filter_in_time(const struct audit_filter *f, struct str body);

#endif
