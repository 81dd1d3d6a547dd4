/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the names that exist did somebody mean? */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include "base/text.h"

/*
 * The name most like `given`: equal but for case, else the one that fewest changes of a letter make of it, at most a
 * third of its length. NULL where none is like it.
 */
const char *nearest_name(struct str given, const char *const *names, size_t n);

#endif
