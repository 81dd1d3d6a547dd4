/* SPDX-License-Identifier: Apache-2.0 */
/* Scalars of protobuf's JSON, with encoding/json's words for what does not fit. For the reader alone. */
#ifndef PATCHES_MESH_PROTO_SCALAR_H
#define PATCHES_MESH_PROTO_SCALAR_H

#include "patches/mesh/proto.h"

/* "string", "number", "bool", "array", "object", "null": as Go's UnmarshalTypeError names a raw value. */
const char *scalar_json_kind(const struct value *raw);

/* Each gives a canonical value, or NULL with err set. ret_zero: it is the type's zero value. */
const struct value *scalar_read(struct proto_reader *r, const struct value *raw, const struct go_type *t, bool *ret_zero) MUST_CHECK;
const struct value *scalar_read_enum(struct proto_reader *r, const struct value *raw, const struct go_type *t, bool *ret_zero) MUST_CHECK;
const struct value *scalar_read_duration(struct proto_reader *r, const struct value *raw) MUST_CHECK;
/* google.protobuf.Value and what holds it: any JSON, with numbers as doubles. */
const struct value *scalar_read_any(struct proto_reader *r, const struct value *raw) MUST_CHECK;

#endif
