/* SPDX-License-Identifier: Apache-2.0 */
/* What must be known of a JSON text before cJSON may see it. */
#ifndef PATCHES_DIFF_PROOF_SCAN_H
#define PATCHES_DIFF_PROOF_SCAN_H

#include "base/err.h"
#include "base/text.h"

/*
 * -1 when brackets nest deeper than LIMIT_JSON_DEPTH (cJSON recurses), or there is a NUL, as byte or as \u0000 (cJSON's strings end there).
 * Whether it is JSON is not asked.
 */
int proof_scan(struct str text, struct err *err) MUST_CHECK;

#endif
