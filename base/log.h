/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structured log lines on standard error. Only main and the request handler log; everything below them returns errors.
 * A line is one write(), so that lines of several threads never mix. Control characters, quotes and invalid UTF-8 are escaped.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Immutable after log_init; shared by all threads. fd is borrowed. */
struct log {
	int fd;
	bool json;            /* one JSON object a line; else `time LEVEL message key=value` */
	enum log_level level; /* what is below is dropped */
};

/* A field of a line. Keys are ours and plain; values are escaped, and cut at LOG_VALUE_MAX bytes. */
struct log_field {
	const char *key;
	enum { LOG_TEXT, LOG_NUMBER, LOG_FLAG } type;
	struct str text;
	int64_t number; /* LOG_NUMBER; LOG_FLAG: 0 or 1 */
};

enum { LOG_VALUE_MAX = 2048, LOG_LINE_MAX = 16 << 10 };

/* format: "json" or "text"; level: "debug", "info", "warn", "error". ERR_CONFIG naming the choice. */
int log_init(struct log *log, int fd, const char *format, const char *level, struct err *err) MUST_CHECK;

/* message: a fixed sentence of ours. fields may be NULL. log may be NULL: nothing is written. */
void log_line(const struct log *log, enum log_level level, const char *message, const struct log_field *fields, size_t n_fields);

static inline struct log_field log_text(const char *key, struct str text)
{
	return (struct log_field){.key = key, .type = LOG_TEXT, .text = text};
}

static inline struct log_field log_cstr(const char *key, const char *text)
{
	return log_text(key, str_of(text));
}

static inline struct log_field log_number(const char *key, int64_t number)
{
	return (struct log_field){.key = key, .type = LOG_NUMBER, .number = number};
}

static inline struct log_field log_flag(const char *key, bool flag)
{
	return (struct log_field){.key = key, .type = LOG_FLAG, .number = flag};
}

/* log_with(log, LOG_INFO, "sentence", log_text("uid", uid), log_number("code", 400)) */
#define log_with(log, level, message, ...)                                                                             \
	log_line((log), (level), (message), (const struct log_field[]){__VA_ARGS__},                                   \
		sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

/* An error as its user should see it: "where: what", control characters as \xNN, always terminated. */
void err_print(const struct err *err, char *out, size_t size);

#endif
