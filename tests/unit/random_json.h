/* SPDX-License-Identifier: Apache-2.0 */
/* Random JSON texts for tests, the same in every run: by a seed. */
#ifndef TESTS_UNIT_RANDOM_JSON_H
#define TESTS_UNIT_RANDOM_JSON_H

#include <string.h>

#include "base/text.h"

struct random {
	uint64_t state; /* not 0 */
};

static inline uint32_t random_below(struct random *r, uint32_t n)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (uint32_t)((r->state >> 16) % n);
}

#define RANDOM_OF(r, table) ((table)[random_below((r), (uint32_t)ARRAY_LEN(table))])

UNUSED static void random_space(struct random *r, struct text *out)
{
	static const char *const spaces[] = {"", "", "", "", "", " ", "\n", "\t \r\n"};

	text_adds(out, RANDOM_OF(r, spaces));
}

UNUSED static void random_scalar(struct random *r, struct text *out)
{
	static const char *const scalars[] = {"null", "true", "false", "0", "-0", "1", "-17", "3.25", "1e3", "-2.5E-3", "1.0", "100e-2",
		"9223372036854775807", "-9223372036854775808", "0.1", "1e300", "1e-400", "123456789012.5"};

	text_adds(out, RANDOM_OF(r, scalars));
}

UNUSED static void random_string(struct random *r, struct text *out)
{
	static const char *const pieces[] = {"a", "b", "name", "istio-proxy", "some longer plain text", "\\n", "\\\"", "\\\\", "\\/", "/", "~",
		"~1", "\\u00e9", "é", "€", "😀", "\\ud83d\\ude00", "\\u2028", "<&>", " ", "\\u001f", "\x7f", ""};

	text_addc(out, '"');
	for (uint32_t n = random_below(r, 4); n; n--)
		text_adds(out, RANDOM_OF(r, pieces));
	text_addc(out, '"');
}

/* A value at most `depth` levels deep; member names do not repeat. */
UNUSED static void random_json(struct random *r, struct text *out, int depth)
{
	const uint32_t what = random_below(r, depth > 0 ? 8 : 4), n = random_below(r, 12) == 0 ? 20 : random_below(r, 5);

	random_space(r, out);
	if (what < 2)
		random_scalar(r, out);
	else if (what < 4)
		random_string(r, out);
	else
		text_addc(out, what < 6 ? '[' : '{');
	for (uint32_t i = 0; what >= 4 && i < n; i++) {
		if (i)
			text_addc(out, ',');
		random_space(r, out);
		if (what >= 6)
			text_addf(out, "\"%s%u\\u00%02x\" :", random_below(r, 2) ? "k" : "longer key ", i, 0x41 + random_below(r, 26));
		random_json(r, out, depth - 1);
	}
	if (what >= 4)
		text_addc(out, what < 6 ? ']' : '}');
	random_space(r, out);
}

/* A few bytes changed, dropped, doubled or put in. */
UNUSED static void random_damage(struct random *r, struct text *t)
{
	static const char bytes[] = "{}[],:\"\\0123456789.eE+-tfnu \n\x00\x01\x1f\x7f\x80\xc0\xc3\xe2\xed\xa0\xf0\xf4\xff";

	for (uint32_t n = 1 + random_below(r, 3); n && t->len; n--) {
		const uint32_t at = random_below(r, (uint32_t)t->len);

		switch (random_below(r, 3)) {
		case 0:
			t->data[at] = bytes[random_below(r, sizeof(bytes) - 1)];
			break;
		case 1:
			memmove(t->data + at, t->data + at + 1, t->len - at - 1);
			t->len--;
			break;
		default:
			text_addc(t, t->data[at]);
			break;
		}
	}
}

#endif
