/* SPDX-License-Identifier: Apache-2.0 */
/* What a YAML scalar means: YAML 1.1 as go.yaml.in/yaml/v2 reads it, which is what sigs.k8s.io/yaml rests on. */
#ifndef PATCHES_YAML_SCALAR_H
#define PATCHES_YAML_SCALAR_H

#include "base/err.h"
#include "base/text.h"

enum yaml_type {
	YAML_TYPE_NULL,
	YAML_TYPE_BOOL,
	YAML_TYPE_INT,       /* fits int64 */
	YAML_TYPE_UINT,      /* fits uint64 only */
	YAML_TYPE_FLOAT,     /* may be infinite or NaN */
	YAML_TYPE_STRING,
	YAML_TYPE_TIMESTAMP, /* a string in JSON, but written with quotes */
	YAML_TYPE_BINARY,
};

struct yaml_scalar {
	enum yaml_type type;
	union {
		bool b;
		int64_t i;
		uint64_t u;
		double f;
		struct str s; /* string, timestamp, binary (decoded) */
	} as;
};

/* A plain scalar without a tag. Borrows from text. */
struct yaml_scalar yaml_resolve(struct str text);

/*
 * Any scalar. tag: as libyaml gives it, empty where there is none; quoted: its style is not plain. Errors: ERR_INPUT as Go words
 * them ("yaml: cannot decode !!str `x` as a !!int"). Decoded binaries are in the arena.
 */
int yaml_resolve_tagged(struct arena *a, struct str tag, struct str text, bool quoted, struct yaml_scalar *ret,
	struct err *err) MUST_CHECK;

/* The dates and times of YAML as Go's time.Parse takes them: 2001-1-2, 2001-01-02T03:04:05.6Z, ... */
bool yaml_is_timestamp(struct str text);

#endif
