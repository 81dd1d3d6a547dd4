/* SPDX-License-Identifier: Apache-2.0 */
/* Go's fmt: padding, strings, characters. */
#include <string.h>

#include "patches/template/gofmt.h"
#include "patches/template/quote.h"
#include "patches/template/unicode.h"

enum { MAX_RUNE = 0x10ffff };

void print_padding(struct printer *p, size_t n)
{
	text_fill(p->out, p->f.zero && !p->f.minus ? '0' : ' ', n);
}

static size_t missing(const struct printer *p, size_t have)
{
	return p->f.wide && (size_t)p->width > have ? (size_t)p->width - have : 0;
}

void print_padded(struct printer *p, struct str s)
{
	const size_t n = p->f.wide ? missing(p, utf8_count(s.p, s.len)) : 0;

	if (!p->f.minus)
		print_padding(p, n);
	text_add(p->out, s.p, s.len);
	if (p->f.minus)
		print_padding(p, n);
}

void print_padded_chars(struct printer *p, const char *cstr)
{
	print_padded(p, str_of(cstr));
}

/* The first `precision` characters. */
static struct str truncated(const struct printer *p, struct str s)
{
	size_t len = 0;
	uint32_t rune;

	if (!p->f.precise)
		return s;
	for (int n = 0; n < p->precision && len < s.len; n++)
		len += utf8_decode(s.p + len, s.len - len, &rune);
	return (struct str){s.p, len};
}

void print_string(struct printer *p, struct str s)
{
	print_padded(p, truncated(p, s));
}

static void add_hex_bytes(struct printer *p, struct str s, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef", *prefix = upper ? "0X" : "0x";

	if (p->f.sharp)
		text_adds(p->out, prefix);
	for (size_t i = 0; i < s.len; i++) {
		if (p->f.space && i > 0) {
			text_addc(p->out, ' ');
			text_adds(p->out, p->f.sharp ? prefix : "");
		}
		text_addc(p->out, digits[(unsigned char)s.p[i] >> 4]);
		text_addc(p->out, digits[s.p[i] & 0xf]);
	}
}

void print_hex_string(struct printer *p, struct str s, bool upper)
{
	size_t width;

	if (p->f.precise && (size_t)p->precision < s.len)
		s.len = (size_t)p->precision;
	if (s.len == 0) {
		print_padding(p, p->f.wide ? (size_t)p->width : 0);
		return;
	}
	width = 2 * s.len;
	if (p->f.space)
		width += (p->f.sharp ? width : 0) + s.len - 1;
	else if (p->f.sharp)
		width += 2;
	if (!p->f.minus)
		print_padding(p, missing(p, width));
	add_hex_bytes(p, s, upper);
	if (p->f.minus)
		print_padding(p, missing(p, width));
}

void print_quoted(struct printer *p, struct str s)
{
	struct text t;

	s = truncated(p, s);
	text_init(&t, p->run->arena, p->out->max);
	if (p->f.sharp && quote_can_raw(s)) {
		text_addc(&t, '`');
		text_add(&t, s.p, s.len);
		text_addc(&t, '`');
	} else {
		quote_with(&t, s, '"', p->f.plus);
	}
	p->out->failed |= t.failed;
	print_padded(p, (struct str){t.data, t.len});
}

void print_char(struct printer *p, uint64_t c)
{
	char bytes[4];

	print_padded(p, (struct str){bytes, utf8_encode(c > MAX_RUNE ? 0xfffd : (uint32_t)c, bytes)});
}

void print_quoted_char(struct printer *p, uint64_t c)
{
	struct text t;

	text_init(&t, p->run->arena, 64);
	quote_rune(&t, c > MAX_RUNE ? 0xfffd : (uint32_t)c, p->f.plus);
	p->out->failed |= t.failed;
	print_padded(p, (struct str){t.data, t.len});
}

void print_unicode(struct printer *p, uint64_t u)
{
	const bool zero = p->f.zero;
	struct text t;

	text_init(&t, p->run->arena, p->out->max);
	text_addf(&t, "U+%0*llX", p->f.precise && p->precision > 4 ? p->precision : 4, (unsigned long long)u);
	if (p->f.sharp && u <= MAX_RUNE && unicode_is(&unicode_print, (uint32_t)u)) {
		text_adds(&t, " '");
		text_add_rune(&t, (uint32_t)u);
		text_addc(&t, '\'');
	}
	p->out->failed |= t.failed;
	p->f.zero = false;
	print_padded(p, (struct str){t.data, t.len});
	p->f.zero = zero;
}
