/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns as people type them: * stands for any text, ? for one byte, everything else for itself. */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include "base/text.h"

enum glob_flag {
	GLOB_NO_CASE = 1, /* ASCII letters are equal but for case */
};

/* Whole text. Time: at most the product of both lengths; no recursion. */
bool glob_match(struct str pattern, struct str text, unsigned flags);
/* Whether the pattern stands for more than itself. */
bool glob_is_pattern(struct str pattern);

#endif
