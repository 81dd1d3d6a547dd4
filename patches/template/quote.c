/* SPDX-License-Identifier: Apache-2.0 */
/* Go's string and character literals: strconv.Quote and Unquote. */
#include "patches/template/quote.h"

#include <string.h>

#include "patches/template/function.h"
#include "patches/template/unicode.h"

static const char hex[] = "0123456789abcdef";

enum { MAX_RUNE = 0x10ffff, MAX_ASCII = 0x7f, RUNE_ERROR = 0xfffd };

static void add_hex(struct text *out, uint32_t rune, int digits)
{
	while (digits-- > 0)
		text_addc(out, hex[rune >> (4 * digits) & 0xf]);
}

/* The escapes of one letter, or 0. */
static char short_escape(uint32_t rune)
{
	switch (rune) {
	case '\a': return 'a';
	case '\b': return 'b';
	case '\f': return 'f';
	case '\n': return 'n';
	case '\r': return 'r';
	case '\t': return 't';
	case '\v': return 'v';
	default: return 0;
	}
}

static void add_escaped(struct text *out, uint32_t rune, char mark, bool ascii)
{
	if (rune == (unsigned char)mark || rune == '\\') {
		text_addc(out, '\\');
		text_addc(out, (char)rune);
	} else if (rune <= MAX_ASCII ? rune >= ' ' && rune < MAX_ASCII : !ascii && unicode_is(&unicode_print, rune)) {
		text_add_rune(out, rune);
	} else if (short_escape(rune)) {
		text_addc(out, '\\');
		text_addc(out, short_escape(rune));
	} else if (rune < ' ' || rune == MAX_ASCII) {
		text_adds(out, "\\x");
		add_hex(out, rune, 2);
	} else if (rune < 0x10000) {
		text_adds(out, "\\u");
		add_hex(out, rune, 4);
	} else {
		text_adds(out, "\\U");
		add_hex(out, rune, 8);
	}
}

void quote_with(struct text *out, struct str s, char mark, bool ascii)
{
	uint32_t rune;

	text_addc(out, mark);
	for (size_t i = 0; i < s.len;) {
		const size_t n = utf8_decode(s.p + i, s.len - i, &rune);

		if (n == 1 && rune == RUNE_ERROR) {
			text_adds(out, "\\x");
			add_hex(out, (unsigned char)s.p[i], 2);
		} else {
			add_escaped(out, rune, mark, ascii);
		}
		i += n;
	}
	text_addc(out, mark);
}

void quote_rune(struct text *out, uint32_t rune, bool ascii)
{
	if (rune > MAX_RUNE || (rune >= 0xd800 && rune <= 0xdfff))
		rune = RUNE_ERROR;
	text_addc(out, '\'');
	add_escaped(out, rune, '\'', ascii);
	text_addc(out, '\'');
}

void go_quote(struct text *out, struct str s)
{
	quote_with(out, s, '"', false);
}

void go_quote_ascii(struct text *out, struct str s)
{
	quote_with(out, s, '"', true);
}

bool quote_can_raw(struct str s)
{
	uint32_t rune;

	for (size_t i = 0; i < s.len;) {
		const size_t n = utf8_decode(s.p + i, s.len - i, &rune);

		if ((n == 1 && (rune == RUNE_ERROR || (rune < ' ' && rune != '\t') || rune == '`' || rune == MAX_ASCII)) || rune == 0xfeff)
			return false;
		i += n;
	}
	return true;
}

static bool hex_digit(char c, uint32_t *ret)
{
	if (c >= '0' && c <= '9')
		*ret = (uint32_t)(c - '0');
	else if (c >= 'a' && c <= 'f')
		*ret = (uint32_t)(c - 'a') + 10;
	else if (c >= 'A' && c <= 'F')
		*ret = (uint32_t)(c - 'A') + 10;
	else
		return false;
	return true;
}

/* \xHH, \uHHHH, \UHHHHHHHH: `digits` of them at the start of *rest. */
static bool read_hex(struct str *rest, size_t digits, uint32_t *ret)
{
	uint32_t rune = 0, digit;

	if (rest->len < digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		if (!hex_digit(rest->p[i], &digit))
			return false;
		rune = rune << 4 | digit;
	}
	rest->p += digits;
	rest->len -= digits;
	if (digits > 2 && (rune > MAX_RUNE || (rune >= 0xd800 && rune <= 0xdfff)))
		return false;
	*ret = rune;
	return true;
}

static bool read_octal(struct str *rest, char first, uint32_t *ret)
{
	uint32_t rune = (uint32_t)(first - '0');

	if (rest->len < 2)
		return false;
	for (size_t i = 0; i < 2; i++) {
		if (rest->p[i] < '0' || rest->p[i] > '7')
			return false;
		rune = rune << 3 | (uint32_t)(rest->p[i] - '0');
	}
	rest->p += 2;
	rest->len -= 2;
	*ret = rune;
	return rune <= 0xff;
}

static bool read_escape(struct str *rest, char c, char mark, uint32_t *ret_rune, bool *ret_byte)
{
	static const char letter[] = "abfnrtv\\", meaning[] = "\a\b\f\n\r\t\v\\";
	const char *at = memchr(letter, c, sizeof(letter) - 1);

	if (at) {
		*ret_rune = (uint32_t)meaning[at - letter];
		return true;
	}
	if (c == 'x') {
		*ret_byte = true;
		return read_hex(rest, 2, ret_rune);
	}
	if (c == 'u' || c == 'U')
		return read_hex(rest, c == 'u' ? 4 : 8, ret_rune);
	if (c >= '0' && c <= '7') {
		*ret_byte = true;
		return read_octal(rest, c, ret_rune);
	}
	*ret_rune = (uint32_t)c;
	return (c == '\'' || c == '"') && c == mark;
}

bool unquote_char(struct str *rest, char mark, uint32_t *ret_rune, bool *ret_byte)
{
	char c;
	size_t n;

	*ret_byte = false;
	if (!rest->len || (rest->p[0] == mark && (mark == '\'' || mark == '"')))
		return false;
	c = rest->p[0];
	if (c != '\\') {
		n = utf8_decode(rest->p, rest->len, ret_rune);
		rest->p += n;
		rest->len -= n;
		return true;
	}
	if (rest->len < 2)
		return false;
	c = rest->p[1];
	rest->p += 2;
	rest->len -= 2;
	return read_escape(rest, c, mark, ret_rune, ret_byte);
}

static bool unquote_raw(struct text *out, struct str inside)
{
	for (size_t i = 0; i < inside.len; i++) {
		if (inside.p[i] == '`')
			return false;
		if (inside.p[i] != '\r')
			text_addc(out, inside.p[i]);
	}
	return true;
}

bool unquote(struct text *out, struct str literal)
{
	struct str rest;
	uint32_t rune;
	bool byte;

	if (literal.len < 2 || literal.p[0] != literal.p[literal.len - 1])
		return false;
	rest = (struct str){literal.p + 1, literal.len - 2};
	if (literal.p[0] == '`')
		return unquote_raw(out, rest);
	if (literal.p[0] != '"')
		return false;
	while (rest.len) {
		if (rest.p[0] == '\n' || !unquote_char(&rest, '"', &rune, &byte))
			return false;
		if (byte)
			text_addc(out, (char)rune);
		else
			text_add_rune(out, rune);
	}
	return true;
}
