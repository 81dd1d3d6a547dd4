/* SPDX-License-Identifier: Apache-2.0 */
/* A growing text with a maximum, and the small questions one asks of (pointer, length) strings. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAP = 256 };

void text_init(struct text *t, struct arena *arena, size_t max)
{
	*t = (struct text){.arena = arena, .max = max};
}

void text_release(struct text *t)
{
	if (!t->arena)
		free(t->data);
	text_init(t, t->arena, t->max);
}

void text_clear(struct text *t)
{
	t->len = 0;
	t->failed = t->full = false;
}

int text_check(const struct text *t, const char *what, struct err *err)
{
	if (!t->failed)
		return 0;
	return t->full ? err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", what, t->max) : err_nomem(err);
}

static bool grow_to(struct text *t, size_t need)
{
	size_t cap = t->cap ? t->cap : FIRST_CAP;
	char *data;

	while (cap < need)
		cap = cap > t->max / 2 ? need : cap * 2;
	data = t->arena ? arena_grow(t->arena, t->data, t->len, cap) : realloc(t->data, cap);
	if (!data)
		return false;
	t->data = data;
	t->cap = cap;
	return true;
}

char *text_room(struct text *t, size_t n)
{
	if (t->failed || n > t->max - t->len || (n > t->cap - t->len && !grow_to(t, t->len + n))) {
		t->full = t->full || (!t->failed && n > t->max - t->len);
		t->failed = true;
		return NULL;
	}
	return t->data ? t->data + t->len : NULL;
}

void text_add(struct text *t, const char *data, size_t len)
{
	char *room;

	if (!len)
		return;
	room = text_room(t, len);
	if (!room)
		return;
	memcpy(room, data, len);
	t->len += len;
}

void text_adds(struct text *t, const char *cstr)
{
	text_add(t, cstr, strlen(cstr));
}

void text_addc(struct text *t, char c)
{
	if (t->len < t->cap && t->len < t->max && !t->failed)
		t->data[t->len++] = c;
	else
		text_add(t, &c, 1);
}

void text_addf(struct text *t, const char *fmt, ...)
{
	va_list ap;
	char *room;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	room = len < 0 ? NULL : text_room(t, (size_t)len + 1);
	if (!room) {
		t->failed = true;
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(room, (size_t)len + 1, fmt, ap);
	va_end(ap);
	t->len += (size_t)len;
}

void text_addu(struct text *t, uint64_t n)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	text_add(t, digits + at, sizeof(digits) - at);
}

void text_addi(struct text *t, int64_t n)
{
	if (n < 0)
		text_addc(t, '-');
	text_addu(t, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

void text_fill(struct text *t, char c, size_t n)
{
	char *room = n ? text_room(t, n) : NULL;

	if (!room)
		return;
	memset(room, c, n);
	t->len += n;
}

void text_add_rune(struct text *t, uint32_t rune)
{
	char bytes[4];

	text_add(t, bytes, utf8_encode(rune, bytes));
}

static bool moves_cursor(uint32_t rune)
{
	return rune < ' ' || (rune >= 0x7f && rune < 0xa0) || (rune >= 0x2028 && rune <= 0x202e) || (rune >= 0x2066 && rune <= 0x2069);
}

void text_add_shown(struct text *t, const char *data, size_t len)
{
	while (len) {
		uint32_t rune;
		const size_t n = utf8_decode(data, len, &rune);

		if (moves_cursor(rune))
			text_addc(t, '?');
		else
			text_add_rune(t, rune);
		data += n;
		len -= n;
	}
}

const char *text_cstr(struct text *t)
{
	if (t->failed)
		return NULL;
	if (t->len == t->cap && !grow_to(t, t->len + 1)) {
		t->failed = true;
		return NULL;
	}
	t->data[t->len] = '\0';
	return t->data;
}

struct str str_of(const char *cstr)
{
	return (struct str){cstr ? cstr : "", cstr ? strlen(cstr) : 0};
}

bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool str_is(struct str a, const char *cstr)
{
	return str_eq(a, str_of(cstr));
}

int str_cmp(struct str a, struct str b)
{
	const size_t n = a.len < b.len ? a.len : b.len;
	const int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.len > b.len) - (a.len < b.len);
}

bool str_has_prefix(struct str s, const char *prefix)
{
	const size_t n = strlen(prefix);

	return s.len >= n && memcmp(s.p, prefix, n) == 0;
}

bool str_has_suffix(struct str s, const char *suffix)
{
	const size_t n = strlen(suffix);

	return s.len >= n && memcmp(s.p + s.len - n, suffix, n) == 0;
}

size_t str_find(struct str s, struct str needle)
{
	const char *at = needle.len ? memmem(s.p, s.len, needle.p, needle.len) : s.p;

	return at ? (size_t)(at - s.p) : SIZE_MAX;
}

static bool is_space(uint32_t r)
{
	switch (r) {
	case '\t': case '\n': case '\v': case '\f': case '\r': case ' ':
	case 0x85: case 0xa0: case 0x1680: case 0x2028: case 0x2029: case 0x202f: case 0x205f: case 0x3000:
		return true;
	default:
		return r >= 0x2000 && r <= 0x200a;
	}
}

struct str str_trim_space(struct str s)
{
	uint32_t r;

	while (s.len) {
		const size_t n = utf8_decode(s.p, s.len, &r);

		if (!is_space(r))
			break;
		s.p += n;
		s.len -= n;
	}
	while (s.len) {
		size_t n = 1;

		while (n < s.len && n < 4 && ((unsigned char)s.p[s.len - n] & 0xc0) == 0x80)
			n++;
		if (utf8_decode(s.p + s.len - n, n, &r) != n)
			break;
		if (!is_space(r))
			break;
		s.len -= n;
	}
	return s;
}

struct str str_cut(struct str *s, char sep)
{
	const char *at = s->len ? memchr(s->p, sep, s->len) : NULL;
	struct str before = *s;

	if (!at) {
		*s = (struct str){NULL, 0};
		return before;
	}
	before.len = (size_t)(at - s->p);
	s->p += before.len + 1;
	s->len -= before.len + 1;
	return before;
}

static bool continues(const char *p, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (((unsigned char)p[i] & 0xc0) != 0x80)
			return false;
	return true;
}

size_t utf8_decode(const char *p, size_t len, uint32_t *ret_rune)
{
	const unsigned char *u = (const unsigned char *)p;

	*ret_rune = u[0];
	if (u[0] < 0x80)
		return 1;
	if (u[0] >= 0xc2 && u[0] < 0xe0 && len >= 2 && continues(p, 2)) {
		*ret_rune = (u[0] & 0x1fu) << 6 | (u[1] & 0x3fu);
		return 2;
	}
	if (u[0] >= 0xe0 && u[0] < 0xf0 && len >= 3 && continues(p, 3)) {
		*ret_rune = (u[0] & 0x0fu) << 12 | (u[1] & 0x3fu) << 6 | (u[2] & 0x3fu);
		if (*ret_rune >= 0x800 && (*ret_rune < 0xd800 || *ret_rune > 0xdfff))
			return 3;
	}
	if (u[0] >= 0xf0 && u[0] < 0xf5 && len >= 4 && continues(p, 4)) {
		*ret_rune = (u[0] & 0x07u) << 18 | (u[1] & 0x3fu) << 12 | (u[2] & 0x3fu) << 6 | (u[3] & 0x3fu);
		if (*ret_rune >= 0x10000 && *ret_rune <= 0x10ffff)
			return 4;
	}
	*ret_rune = 0xfffd;
	return 1;
}

bool utf8_valid(const char *p, size_t len)
{
	for (size_t i = 0; i < len;) {
		uint32_t rune;
		size_t n;

		if ((unsigned char)p[i] < 0x80) {
			i++;
			continue;
		}
		n = utf8_decode(p + i, len - i, &rune);
		if (n == 1)
			return false;
		i += n;
	}
	return true;
}

size_t utf8_encode(uint32_t rune, char out[4])
{
	if (rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff))
		rune = 0xfffd;
	if (rune < 0x80) {
		out[0] = (char)rune;
		return 1;
	}
	if (rune < 0x800) {
		out[0] = (char)(0xc0 | rune >> 6);
		out[1] = (char)(0x80 | (rune & 0x3f));
		return 2;
	}
	if (rune < 0x10000) {
		out[0] = (char)(0xe0 | rune >> 12);
		out[1] = (char)(0x80 | (rune >> 6 & 0x3f));
		out[2] = (char)(0x80 | (rune & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | rune >> 18);
	out[1] = (char)(0x80 | (rune >> 12 & 0x3f));
	out[2] = (char)(0x80 | (rune >> 6 & 0x3f));
	out[3] = (char)(0x80 | (rune & 0x3f));
	return 4;
}

size_t utf8_count(const char *p, size_t len)
{
	size_t n = 0;
	uint32_t rune;

	for (size_t i = 0; i < len; n++)
		i += utf8_decode(p + i, len - i, &rune);
	return n;
}

bool parse_u64(struct str s, uint64_t *ret)
{
	uint64_t n = 0;

	if (!s.len)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || __builtin_mul_overflow(n, (uint64_t)10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(s.p[i] - '0'), &n))
			return false;
	}
	*ret = n;
	return true;
}

bool parse_i64(struct str s, int64_t *ret)
{
	const bool negative = s.len && s.p[0] == '-';
	const size_t sign = s.len && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0;
	uint64_t n;

	if (!parse_u64((struct str){s.p + sign, s.len - sign}, &n) || n > (uint64_t)INT64_MAX + (negative ? 1 : 0))
		return false;
	*ret = negative ? (int64_t)(0 - n) : (int64_t)n;
	return true;
}

static size_t skip_digits(struct str s, size_t i)
{
	while (i < s.len && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i;
}

static bool is_decimal(struct str s)
{
	size_t i = s.len && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0, from = i, digits;

	i = skip_digits(s, i);
	digits = i - from;
	if (i < s.len && s.p[i] == '.') {
		from = i + 1;
		i = skip_digits(s, from);
		digits += i - from;
	}
	if (!digits)
		return false;
	if (i < s.len && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.len && (s.p[i] == '-' || s.p[i] == '+'))
			i++;
		from = i;
		i = skip_digits(s, i);
		if (i == from)
			return false;
	}
	return i == s.len;
}

bool parse_f64(struct str s, double *ret)
{
	char small[64], *copy = small;

	if (!is_decimal(s))
		return false;
	if (s.len >= sizeof(small) && !(copy = malloc(s.len + 1)))
		return false;
	memcpy(copy, s.p, s.len);
	copy[s.len] = '\0';
	*ret = strtod(copy, NULL); /* the program never calls setlocale(), so this is the "C" locale */
	if (copy != small)
		free(copy);
	return true;
}
