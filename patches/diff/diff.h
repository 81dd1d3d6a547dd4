/* SPDX-License-Identifier: Apache-2.0 */
/* The difference of two raw trees as a JSON Patch (RFC 6902), minimal and in linear time; and the proof of a patch. */
#ifndef PATCHES_DIFF_DIFF_H
#define PATCHES_DIFF_DIFF_H

#include "patches/schema/schema.h"
#include "patches/value/value.h"

/*
 * Appends the patch, as JSON bytes ("[]" when equal), that turns `from` into `to`; operations add, remove, replace only. Lists of maps with a
 * merge key in the schema (containers, volumes, env...) are compared by key, so that an inserted or moved container costs what it
 * is and not what the pod is; lists of scalars and others by longest common prefix and suffix. Members of `to` that are null count as absent
 * where `from` has none. Order of operations: applicable one after another as RFC 6902 demands; array indices are those at that moment.
 */
int json_diff(struct arena *a, struct text *out, const struct value *from, const struct value *to, const struct go_type *type,
	struct err *err) MUST_CHECK;

/* Applies a patch (raw tree of a JSON Patch) to a raw tree: for the offline commands and tests. */
const struct value *json_patch_apply(struct arena *a, const struct value *doc, const struct value *patch, struct err *err) MUST_CHECK;

/*
 * The second opinion: cJSON parses the original object and the patch as its bytes leave, our small RFC 6902 applier over cJSON applies it, and
 * the result must equal `intended` (JSON text, parsed by cJSON too), by value with maps unordered and null members counted as absent. All texts must be free of NUL and
 * at most LIMIT_JSON_DEPTH deep (checked here by a scan before cJSON sees them). Errors: ERR_BUG naming the first JSON Pointer that differs.
 */
int patch_prove(struct str original, struct str patch, struct str intended, struct err *err) MUST_CHECK;

#endif
