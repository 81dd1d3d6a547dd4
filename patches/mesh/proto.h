/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protobuf messages as raw trees: reading their JSON (or YAML, parsed) into the canonical form, and writing that.
 *
 * Canonical: members by their camelCase names, no nulls, enums by name (by number where it has none), durations as duration_add_proto()
 * writes them, wrappers bare, 64-bit numbers as strings, other numbers without quotes. What is at its zero value and has no presence
 * of its own is absent: scalars outside a oneof, empty lists and maps. Wrappers, messages and members of a oneof are there when set.
 *
 * Two libraries are followed: github.com/golang/protobuf's jsonpb (today) and gogo's of Istio up to 1.8, which keeps empty lists and
 * maps that were written, prints them, and takes a null in a list or map for no message rather than an empty one.
 */
#ifndef PATCHES_MESH_PROTO_H
#define PATCHES_MESH_PROTO_H

#include "patches/mesh/mesh.h"
#include "patches/schema/schema.h"

enum proto_unknown { PROTO_UNKNOWN_SILENT, PROTO_UNKNOWN_WARN, PROTO_UNKNOWN_ERROR };

struct proto_reader {
	struct arena *a;
	struct mesh_warnings *warnings; /* for PROTO_UNKNOWN_WARN */
	struct err *err;                /* ERR_INPUT, text as Go's; where = the field's path */
	enum proto_unknown unknown;
	bool gogo;
};

/* Sets in dst what raw says, as Unmarshal into a message that is not empty does: what it names is replaced, nulls change nothing. */
int proto_apply(struct proto_reader *r, struct map *dst, const struct value *raw, const struct go_type *message) MUST_CHECK;

/* A member set in a canonical message; others of its oneof go. -1: out of memory. */
int proto_set(struct arena *a, struct map *dst, const struct go_type *message, const struct go_field *f, const struct value *v) MUST_CHECK;

/* As gogo's Clone has it: without empty maps, anywhere. NULL when out of memory. */
const struct value *proto_clone_gogo(struct arena *a, const struct value *v, const struct go_type *type) MUST_CHECK;

/* The type behind pointers. */
const struct go_type *proto_elem(const struct go_type *t);
/* Whether it is the row of a oneof itself, which has no JSON. */
bool proto_is_oneof(const struct go_field *f);

/* Appends a canonical value of that type as JSON, fields in order of declaration, map keys sorted. */
void proto_write(struct arena *a, struct text *out, const struct value *v, const struct go_type *type);

#endif
