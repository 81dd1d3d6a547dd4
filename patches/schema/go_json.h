/* SPDX-License-Identifier: Apache-2.0 */
/* Inside patches/schema: the walk of json.Marshal, and what protobuf's own MarshalJSON answers in it. */
#ifndef PATCHES_SCHEMA_GO_JSON_H
#define PATCHES_SCHEMA_GO_JSON_H

#include "patches/schema/special.h"

struct json_walk {
	struct arena *arena;
	struct err *err;
	unsigned depth;
};

/* Each gives a raw node, or NULL with err set. */
const struct value *json_tree(struct json_walk *w, const struct value *v) MUST_CHECK;
const struct value *json_number(struct json_walk *w, const struct text *digits) MUST_CHECK;
const struct value *json_string(struct json_walk *w, const struct text *t, unsigned flags) MUST_CHECK;
/* -1 where v is NULL, too: its error is set already. */
int json_add(struct json_walk *w, struct map *m, struct str key, bool key_from_pod, const struct value *v) MUST_CHECK;

/* A message (or a structpb type) as jsonpb writes it: camelCase, no defaults, enums by name, durations as "45s". */
const struct value *proto_tree(struct json_walk *w, const struct value *v) MUST_CHECK;

#endif
