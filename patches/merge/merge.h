/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kubernetes' strategic merge patch over raw trees: apimachinery's strategicpatch.StrategicMergeMapPatch.
 * Source: github.com/kubernetes/community, sig-api-machinery/strategic-merge-patch.md.
 */
#ifndef PATCHES_MERGE_MERGE_H
#define PATCHES_MERGE_MERGE_H

#include "patches/schema/schema.h"
#include "patches/value/value.h"

/*
 * `patch` merged onto `original` (either may be NULL or null for {}), by the schema's merge keys and strategies, with $patch,
 * $setElementOrder, $retainKeys, $deleteFromPrimitiveList. Neither is changed; what the patch does not touch is shared with the original, the
 * same nodes (V_ASIS stays true of them); every container or map on the way to a change is a new node without V_ASIS.
 * Errors: ERR_INPUT as strategicpatch words them ("map: map[...] does not contain declared merge key: name"), where = JSON Pointer.
 */
const struct value *strategic_merge(struct arena *a, const struct value *original, const struct value *patch,
	const struct go_type *type, struct err *err) MUST_CHECK;

#endif
