/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside patches/schema: the types whose JSON is not what their Go kind says, as structs, as text and their few methods.
 *
 * Their K_STRUCT holds a map made up when it is viewed: Quantity {"s": as written}, Time {"time": as written, and maybe "text": its String()}, IntOrString
 * {"Type", "IntVal", "StrVal"}, Duration and Timestamp {"seconds", "nanos"}, wrappers {"value"}, Struct {"fields"}, ListValue
 * {"values"}, Value {the member of its oneof}, RawExtension and FieldsV1 {"Raw": any JSON}.
 */
#ifndef PATCHES_SCHEMA_SPECIAL_H
#define PATCHES_SCHEMA_SPECIAL_H

#include "patches/schema/schema.h"

/* raw is not null. NULL without memory. */
const struct value *special_view(struct arena *a, const struct value *raw, const struct go_type *t) MUST_CHECK;
/* String() of anything that has it. NULL with err set. */
const struct value *special_string(struct arena *a, const struct value *receiver, struct err *err) MUST_CHECK;
/* The methods beyond getters and String that templates can use; an error that names the rest. */
const struct value *special_call(struct arena *a, const struct value *receiver, const struct go_method *m, struct err *err) MUST_CHECK;

/* Whether encoding/json takes `key` for the field `name` (ASCII): equal but for case. */
bool go_name_folds(const char *name, struct str key);
/* The number of an enum's name; 0 where there is none. */
int32_t enum_number(const struct go_type *t, struct str name);

/* Whether it is a quantity; errors as quantity_canonical's. */
int quantity_check(struct str text, struct err *err) MUST_CHECK;

/* 0001-01-01T00:00:00Z, Go's zero time, in seconds since 1970. */
#define MOMENT_ZERO INT64_C(-62135596800)

/* A moment or a span: seconds and nanoseconds, of one sign. */
struct moment {
	int64_t seconds;
	int32_t nanos;
};

/* RFC 3339 as Go's time.Parse(time.RFC3339, ...) takes it. ret_offset: seconds east of UTC. Result in UTC, since 1970. */
bool moment_parse(struct str text, struct moment *ret, int32_t *ret_offset);
/* "2006-01-02T15:04:05Z" with `digits` decimals (0, 6 or 9). */
void moment_print(struct text *out, struct moment at, int digits);
/* protobuf JSON's "1.5s". */
bool span_parse(struct str text, struct moment *ret);
/* time.Duration's String(): "1m30s", "1.5s". */
void span_print(struct text *out, int64_t nanoseconds);

#endif
