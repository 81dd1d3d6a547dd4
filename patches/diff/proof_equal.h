/* SPDX-License-Identifier: Apache-2.0 */
/* Whether two trees of cJSON are the same object to Kubernetes. */
#ifndef PATCHES_DIFF_PROOF_EQUAL_H
#define PATCHES_DIFF_PROOF_EQUAL_H

#include <cjson/cJSON.h>

#include "base/err.h"

/*
 * Objects unordered, and members that are null count as absent; arrays ordered; numbers as doubles; strings exact. Duplicate keys are a
 * difference. ERR_BUG, `where` is the JSON Pointer of the first place that differs. n log n in the members of an object.
 */
int proof_equal(const cJSON *result, const cJSON *wanted, struct err *err) MUST_CHECK;

#endif
