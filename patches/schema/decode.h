/* SPDX-License-Identifier: Apache-2.0 */
/* Inside patches/schema: what canon and check share: which JSON fits which Go type, and where in a document one is. */
#ifndef PATCHES_SCHEMA_DECODE_H
#define PATCHES_SCHEMA_DECODE_H

#include "patches/schema/special.h"

/* One step from the document's root to a node; on the stack of the walk. */
struct trail {
	const struct trail *up;
	const struct go_type *owner;  /* struct that has the field; NULL for items and entries */
	const struct go_field *field;
	struct str key;               /* as written; p NULL for an item */
	size_t index;
	unsigned depth;
};

/* `up` may be NULL, at the root. */
struct trail trail_field(const struct trail *up, const struct go_type *owner, const struct go_field *f, struct str key);
struct trail trail_entry(const struct trail *up, struct str key);
struct trail trail_item(const struct trail *up, size_t index);

/* Sets err->where to the JSON Pointer. */
void trail_place(const struct trail *at, struct err *err);

/* What encoding/json calls the node: "string", "number", "bool", "object", "array". */
const char *json_kind(const struct value *raw);
/* Whether a node that is not null fits a type of kind bool, integer, float or string, as json.Unmarshal judges. */
bool scalar_fits(const struct value *raw, const struct go_type *t);
bool is_int_kind(const struct go_type *t);
/* The same for GO_QUANTITY, GO_INT_OR_STRING and GO_TIME; the error is that of the type's own parser. */
int special_fits(const struct value *raw, const struct go_type *t, struct err *err) MUST_CHECK;

/* The fields that a struct has in JSON: those of inline structs in their place. An array in `a` of *ret_len; NULL without memory. */
const struct go_field *const *flat_fields(struct arena *a, const struct go_type *t, size_t *ret_len) MUST_CHECK;

#endif
