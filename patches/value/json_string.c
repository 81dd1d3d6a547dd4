/* SPDX-License-Identifier: Apache-2.0 */
/* The strings of JSON texts: borrowed while plain, decoded into the arena from the first escape on. */
#include "patches/value/json_string.h"

#include <endian.h>
#include <string.h>

/* Text being decoded: never longer than what it is decoded from, but for bytes that become U+FFFD. */
struct decoder {
	struct json_cursor in;
	unsigned flags;
	struct text out;
	bool nul;
	const char *problem, *at;
};

/*
 * Eight bytes at once: the top bit of each that is a quote, a backslash, a control character or not ASCII. A borrow can set bits
 * above the first such byte, never below: the lowest bit is exact.
 */
static inline uint64_t special_of_8(const char *p)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	w = le64toh(w);
	return (w | (w - ones * 0x20) | ((w ^ ones * '"') - ones) | ((w ^ ones * '\\') - ones)) & tops;
}

static inline bool is_special(char c)
{
	return (unsigned char)c >= 0x80 || (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

/* The first byte that is not plain ASCII text. */
static inline const char *skip_plain(const char *p, const char *end)
{
	for (; end - p >= 8; p += 8) {
		const uint64_t special = special_of_8(p);

		if (special)
			return p + __builtin_ctzll(special) / 8;
	}
	while (p < end && !is_special(*p))
		p++;
	return p;
}

const char *json_skip_plain(const char *p, const char *end)
{
	for (;;) {
		uint32_t rune;
		size_t n;

		p = skip_plain(p, end);
		if (p == end || (unsigned char)*p < 0x80)
			return p;
		n = utf8_decode(p, (size_t)(end - p), &rune);
		if (n == 1)
			return p;
		p += n;
	}
}

static int fail(struct decoder *d, const char *at, const char *problem)
{
	d->at = at;
	d->problem = problem;
	return -1;
}

static int hex4(const char *p, const char *end, uint32_t *ret)
{
	uint32_t n = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		const char c = p[i];

		if (c >= '0' && c <= '9')
			n = n << 4 | (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			n = n << 4 | (uint32_t)(c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			n = n << 4 | (uint32_t)(c - 'A' + 10);
		else
			return -1;
	}
	*ret = n;
	return 0;
}

/* The second half of a pair, at p: "\uDC00" to "\uDFFF". */
static bool low_half(const char *p, const char *end, uint32_t *ret)
{
	return end - p >= 6 && p[0] == '\\' && p[1] == 'u' && hex4(p + 2, end, ret) == 0 && *ret >= 0xdc00 && *ret <= 0xdfff;
}

/* At the four digits behind "\u". */
static int decode_unicode(struct decoder *d)
{
	const char *const escape = d->in.p - 2;
	uint32_t rune, low;

	if (hex4(d->in.p, d->in.end, &rune) < 0)
		return fail(d, escape, "\\u wants four hexadecimal digits");
	d->in.p += 4;
	if (rune >= 0xd800 && rune <= 0xdbff && low_half(d->in.p, d->in.end, &low)) {
		rune = 0x10000 + ((rune - 0xd800) << 10 | (low - 0xdc00));
		d->in.p += 6;
	} else if (rune >= 0xd800 && rune <= 0xdfff) {
		if (!(d->flags & JSON_GO_UTF8))
			return fail(d, escape, "half of a surrogate pair stands alone");
		rune = 0xfffd;
	}
	d->nul |= rune == 0;
	text_add_rune(&d->out, rune);
	return 0;
}

/* Behind a backslash. */
static int decode_escape(struct decoder *d)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *which;

	if (d->in.p == d->in.end)
		return fail(d, d->in.p, "the text ends within a string");
	if (*d->in.p == 'u') {
		d->in.p++;
		return decode_unicode(d);
	}
	which = *d->in.p ? strchr(from, *d->in.p) : NULL;
	if (!which)
		return fail(d, d->in.p - 1, "unknown escape in a string");
	text_addc(&d->out, to[which - from]);
	d->in.p++;
	return 0;
}

/* At the byte where plain text ended. 1: that was the closing quote. */
static int decode_special(struct decoder *d)
{
	if (d->in.p == d->in.end)
		return fail(d, d->in.p, "the text ends within a string");
	if (*d->in.p == '"') {
		d->in.p++;
		return 1;
	}
	if (*d->in.p == '\\') {
		d->in.p++;
		return decode_escape(d);
	}
	if ((unsigned char)*d->in.p < 0x20)
		return fail(d, d->in.p, "control character in a string, must be escaped");
	if (!(d->flags & JSON_GO_UTF8))
		return fail(d, d->in.p, "invalid UTF-8");
	text_add_rune(&d->out, 0xfffd);
	d->in.p++;
	return 0;
}

static int decode(struct decoder *d, const char *plain_from)
{
	int done;

	do {
		text_add(&d->out, plain_from, (size_t)(d->in.p - plain_from));
		done = decode_special(d);
		if (done < 0)
			return -1;
		plain_from = d->in.p;
		d->in.p = done ? d->in.p : json_skip_plain(d->in.p, d->in.end);
	} while (!done);
	return 0;
}

enum json_string_result json_read_string(struct arena *a, struct json_cursor *c, unsigned flags, struct str *ret,
	const char **ret_problem, const char **ret_at)
{
	const char *const from = c->p;
	struct decoder d = {.in = *c, .flags = flags};

	d.in.p = json_skip_plain(from, c->end);
	if (d.in.p < d.in.end && *d.in.p == '"') {
		*ret = (struct str){from, (size_t)(d.in.p - from)};
		c->p = d.in.p + 1;
		return JSON_STRING_OK;
	}
	text_init(&d.out, a, SIZE_MAX / 2);
	if (decode(&d, from) < 0) {
		*ret_problem = d.problem;
		*ret_at = d.at;
		return JSON_STRING_BAD;
	}
	if (d.out.failed)
		return JSON_STRING_NOMEM;
	*ret = (struct str){d.out.len ? d.out.data : "", d.out.len};
	*c = d.in;
	return d.nul && !(flags & JSON_ALLOW_NUL) ? JSON_STRING_NUL : JSON_STRING_OK;
}
