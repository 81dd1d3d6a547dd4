/* SPDX-License-Identifier: Apache-2.0 */
/* Structured log lines on standard error. */
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[] = {
	[LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};

int log_init(struct log *log, int fd, const char *format, const char *level, struct err *err)
{
	size_t i;

	if (strcmp(format, "json") != 0 && strcmp(format, "text") != 0)
		return err_set(err, ERR_CONFIG, "--log-format must be json or text, got '%.32s'", format);
	for (i = 0; i < ARRAY_LEN(level_names) && strcmp(level, level_names[i]) != 0; i++)
		;
	if (i == ARRAY_LEN(level_names))
		return err_set(err, ERR_CONFIG, "--log-level must be debug, info, warn or error, got '%.32s'", level);
	*log = (struct log){.fd = fd, .json = strcmp(format, "json") == 0, .level = (enum log_level)i};
	return 0;
}

/* A line lives in a buffer on the stack: logging neither allocates nor fails. */
struct line {
	char data[LOG_LINE_MAX];
	size_t len;
};

static void add(struct line *l, const char *data, size_t len)
{
	const size_t room = sizeof(l->data) - 8 - l->len; /* the end of the line always fits */

	if (len > room)
		len = room;
	memcpy(l->data + l->len, data, len);
	l->len += len;
}

static void adds(struct line *l, const char *text)
{
	add(l, text, strlen(text));
}

/* Whether a rune can stand in a log as it is: not what moves a terminal's cursor, splits lines or reverses text. */
static bool is_plain(uint32_t rune)
{
	return rune >= 0x20 && rune != '"' && rune != '\\' && !(rune >= 0x7f && rune < 0xa0) && rune != 0xfffd &&
	       !(rune >= 0x2028 && rune <= 0x202e) && !(rune >= 0x2066 && rune <= 0x2069);
}

static void add_quoted(struct line *l, struct str s)
{
	const size_t end = s.len < LOG_VALUE_MAX ? s.len : LOG_VALUE_MAX;
	char escape[8];

	add(l, "\"", 1);
	for (size_t i = 0; i < end;) {
		uint32_t rune;
		const size_t size = utf8_decode(s.p + i, s.len - i, &rune);

		if (is_plain(rune))
			add(l, s.p + i, size);
		else if (rune == '"' || rune == '\\')
			add(l, (const char[]){'\\', (char)rune}, 2);
		else if (snprintf(escape, sizeof(escape), "\\u%04x", (unsigned)(rune & 0xffff)) > 0)
			adds(l, escape);
		i += size;
	}
	if (end < s.len)
		adds(l, "...");
	add(l, "\"", 1);
}

static void add_time(struct line *l)
{
	struct timespec now;
	struct tm tm;
	char text[64];
	size_t len;

	if (clock_gettime(CLOCK_REALTIME, &now) < 0 || !gmtime_r(&now.tv_sec, &tm))
		return;
	len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(text + len, sizeof(text) - len, ".%06ldZ", now.tv_nsec / 1000);
	adds(l, text);
}

static void add_value(struct line *l, const struct log_field *f)
{
	char number[24];

	if (f->type == LOG_TEXT) {
		add_quoted(l, f->text);
	} else if (f->type == LOG_FLAG) {
		adds(l, f->number ? "true" : "false");
	} else {
		(void)snprintf(number, sizeof(number), "%lld", (long long)f->number);
		adds(l, number);
	}
}

static void add_head(struct line *l, bool json, enum log_level level, const char *message)
{
	adds(l, json ? "{\"time\":\"" : "");
	add_time(l);
	adds(l, json ? "\",\"level\":\"" : " ");
	adds(l, level_names[level]);
	adds(l, json ? "\",\"msg\":" : " ");
	if (json)
		add_quoted(l, str_of(message));
	else
		adds(l, message);
}

void log_line(const struct log *log, enum log_level level, const char *message, const struct log_field *fields,
	size_t n_fields)
{
	struct line l;
	ssize_t written;

	if (!log || level < log->level)
		return;
	l.len = 0;
	add_head(&l, log->json, level, message);
	for (size_t i = 0; i < n_fields; i++) {
		adds(&l, log->json ? ",\"" : " ");
		adds(&l, fields[i].key);
		adds(&l, log->json ? "\":" : "=");
		add_value(&l, &fields[i]);
	}
	memcpy(l.data + l.len, log->json ? "}\n" : "\n", log->json ? 2 : 1);
	l.len += log->json ? 2 : 1;
	do {
		written = write(log->fd, l.data, l.len);
	} while (written < 0 && errno == EINTR);
}

void err_print(const struct err *err, char *out, size_t size)
{
	char joined[sizeof(err->where) + sizeof(err->what) + 4];
	size_t len = 0;

	(void)snprintf(joined, sizeof(joined), "%s%s%s", err->where, err->where[0] ? ": " : "", err->what);
	for (const char *p = joined; *p && len + 5 < size; p++) {
		if (((unsigned char)*p >= 0x20 && *p != 0x7f) || *p == '\n' || *p == '\t')
			out[len++] = *p;
		else
			len += (size_t)snprintf(out + len, size - len, "\\x%02x", (unsigned char)*p);
	}
	out[len] = '\0';
}
