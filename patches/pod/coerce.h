/* SPDX-License-Identifier: Apache-2.0 */
/* What Istio's decoders make of a tree: scalars turned into text where a field is text, and only the fields of a release's time. */
#ifndef PATCHES_POD_COERCE_H
#define PATCHES_POD_COERCE_H

#include "patches/schema/schema.h"

/*
 * YAML numbers and booleans that stand where the type has a string become that string ("15001", "1.1", "true"), as
 * ghodss/yaml and sigs.k8s.io/yaml do. Fields below an embedded struct are out of its reach, as there.
 */
const struct value *coerce_strings(struct arena *a, const struct value *raw, const struct go_type *type, struct err *err) MUST_CHECK;

/* The same for an item of a List, which went through JSON before: a whole float (1e9) is an integer there. */
const struct value *coerce_item_strings(struct arena *a, const struct value *raw, const struct go_type *type, struct err *err) MUST_CHECK;

/* Drops the members that k8s.io/api had not yet in minor release `kubernetes` (17 to 20; go_field.since). */
const struct value *without_newer(struct arena *a, const struct value *raw, const struct go_type *type, unsigned kubernetes,
	struct err *err) MUST_CHECK;

#endif
