/* SPDX-License-Identifier: Apache-2.0 */
/* Categories and simple case mappings of runes, as Go's unicode package has them. */
#ifndef PATCHES_TEMPLATE_UNICODE_H
#define PATCHES_TEMPLATE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/own.h"

/* lo, lo + stride, ... hi. */
struct unicode_range {
	uint32_t lo, hi;
	uint32_t stride;
};

struct unicode_set {
	const struct unicode_range *range; /* ascending */
	size_t len;
};

extern const struct unicode_set unicode_upper, unicode_lower, unicode_title, unicode_letter, unicode_digit, unicode_number,
	unicode_punct, unicode_print; /* unicode_print: what %q and friends leave as it is */

bool unicode_is(const struct unicode_set *set, uint32_t rune);
bool unicode_is_space(uint32_t rune);

enum unicode_to { UNICODE_UPPER, UNICODE_LOWER, UNICODE_TITLE };
enum { UPPER_LOWER = 0x110000 };

struct unicode_case {
	uint32_t lo, hi;
	int32_t delta[3]; /* by unicode_to; UPPER_LOWER: the range alternates */
};

struct unicode_cases {
	const struct unicode_case *row;
	size_t len;
};

extern const struct unicode_cases unicode_case_table;

/* The rune's counterpart, or itself. */
uint32_t unicode_map(uint32_t rune, enum unicode_to to);

#endif
