/* SPDX-License-Identifier: Apache-2.0 */
/* How a recorded answer and ours are compared: as JSON values, nulls dropped, JSON inside known strings compared as JSON. */
#ifndef TESTS_CONFORMANCE_COMPARE_H
#define TESTS_CONFORMANCE_COMPARE_H

#include <stdio.h>

#include "patches/value/value.h"

/* offline: empty objects are dropped as well. NULL when out of memory. */
const struct value *normalise(struct arena *a, const struct value *v, bool offline);

/* Prints up to *budget differences of two normalised trees by JSON path; returns how many there are (counting stops at 1000). */
size_t print_differences(FILE *out, const struct value *want, const struct value *got, size_t budget);

/* Whether two error messages name the same annotation, template or field. */
bool same_complaint(struct str want, struct str got);

#endif
