/* SPDX-License-Identifier: Apache-2.0 */
/* Base 64 with the standard alphabet and padding (RFC 4648). */
#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char digit(uint32_t bits, unsigned shift)
{
	return alphabet[bits >> shift & 63];
}

void base64_encode(struct text *out, struct str s)
{
	const size_t len = (s.len + 2) / 3 * 4;
	char *to = text_room(out, len);
	size_t i;

	if (!to)
		return;
	for (i = 0; i + 2 < s.len; i += 3, to += 4) {
		const unsigned char *p = (const unsigned char *)s.p + i;
		const uint32_t bits = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];

		to[0] = digit(bits, 18);
		to[1] = digit(bits, 12);
		to[2] = digit(bits, 6);
		to[3] = digit(bits, 0);
	}
	if (i < s.len) {
		const unsigned char *p = (const unsigned char *)s.p + i;
		const bool two = s.len - i == 2;
		const uint32_t bits = (uint32_t)p[0] << 16 | (two ? (uint32_t)p[1] << 8 : 0);

		to[0] = digit(bits, 18);
		to[1] = digit(bits, 12);
		to[2] = two ? digit(bits, 6) : '=';
		to[3] = '=';
	}
	out->len += len;
}

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(struct str s, struct text *out)
{
	uint32_t bits = 0;
	size_t digits = 0, padding = 0;

	for (size_t i = 0; i < s.len; i++) {
		const int digit = value_of(s.p[i]);

		if (s.p[i] == '\r' || s.p[i] == '\n')
			continue;
		if (s.p[i] == '=' && digits % 4 >= 2 && digits % 4 + padding < 4) {
			padding++;
			continue;
		}
		if (digit < 0 || padding)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		if (digits++ % 4)
			text_addc(out, (char)(bits >> (6 - 2 * ((digits - 1) % 4))));
	}
	return (digits + padding) % 4 == 0;
}
