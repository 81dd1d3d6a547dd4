/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of a document, by their text: exact, whatever their size. */
#ifndef PATCHES_VALUE_NUMBER_H
#define PATCHES_VALUE_NUMBER_H

#include "base/text.h"

/* Whether two JSON numbers have the same value: 1, 1.0, 10e-1; exactly, not as doubles. 0 and -0 are the same. */
bool number_equal(struct str a, struct str b);

/*
 * Behind the number that begins at p (p < end), by JSON's grammar. Where there is none *ret_problem says why, and the result is the byte
 * that is wrong, or end.
 */
const char *number_scan(const char *p, const char *end, bool *ret_exponent, const char **ret_problem);

#endif
