/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a document the reader is, for its messages. */
#ifndef PATCHES_VALUE_JSON_PLACE_H
#define PATCHES_VALUE_JSON_PLACE_H

#include "base/text.h"

/* A list or map that is being read, on the reader's stack; lists count from 0, a map is in the member `key`. */
struct json_place {
	const struct json_place *outer;
	struct str key;
	size_t index;
	bool in_list;
};

/* The JSON Pointer of a place, and of the member of it if there is one (not NULL). NUL in a key shows as \u0000: it is for people. */
void json_place_print(struct text *out, const struct json_place *place, const struct str *member);

#endif
