/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON Patch of add, remove and replace, applied to a tree of cJSON. */
#ifndef PATCHES_DIFF_PROOF_APPLY_H
#define PATCHES_DIFF_PROOF_APPLY_H

#include <cjson/cJSON.h>

#include "base/err.h"

/*
 * Changes *doc in place; its root may become another. Values are taken out of `ops`, which stays the caller's. Operations that go
 * through an array at neighbouring indices cost the same however long it is. On -1 *doc is some state in between.
 */
int proof_apply(cJSON **doc, cJSON *ops, struct err *err) MUST_CHECK;

#endif
