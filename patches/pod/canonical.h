/* SPDX-License-Identifier: Apache-2.0 */
/* A whole object as Istio's offline injection writes it: decoded into its Go type and encoded again. */
#ifndef PATCHES_POD_CANONICAL_H
#define PATCHES_POD_CANONICAL_H

#include "patches/schema/schema.h"

/*
 * The canonical form (schema_canon) of all of `object`, also of what came from the user (V_ASIS). Unlike Go's, it keeps members of the
 * user's that the type does not know: they are of a newer Kubernetes than ours. kubernetes: members that its types did not have yet go
 * (go_field.since: 17 to 20); 0 where all stay. Errors are worded as encoding/json words them, with the JSON Pointer in `where`.
 */
const struct value *canonical_object(struct arena *a, const struct value *object, const struct go_type *type, unsigned kubernetes,
	struct err *err) MUST_CHECK;

#endif
