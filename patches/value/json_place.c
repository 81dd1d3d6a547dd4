/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a document the reader is, for its messages. */
#include "patches/value/json_place.h"

#include "base/limits.h"

static void add_token(struct text *out, struct str token)
{
	text_addc(out, '/');
	for (size_t i = 0; i < token.len; i++) {
		const char c = token.p[i];

		if (c == '\0')
			text_adds(out, "\\u0000");
		else if (c == '~' || c == '/')
			text_adds(out, c == '~' ? "~0" : "~1");
		else
			text_addc(out, c);
	}
}

void json_place_print(struct text *out, const struct json_place *place, const struct str *member)
{
	const struct json_place *chain[LIMIT_JSON_DEPTH + 1];
	size_t n = 0;

	for (; place && n < ARRAY_LEN(chain); place = place->outer)
		chain[n++] = place;
	while (n--) {
		if (!chain[n]->in_list) {
			add_token(out, chain[n]->key);
			continue;
		}
		text_addc(out, '/');
		text_addu(out, chain[n]->index);
	}
	if (member)
		add_token(out, *member);
}
