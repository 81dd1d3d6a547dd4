/* SPDX-License-Identifier: Apache-2.0 */
/* Semantic versions and constraints on them, as Masterminds/semver 3.3 reads and compares them. */
#ifndef PATCHES_TEMPLATE_SEMVER_H
#define PATCHES_TEMPLATE_SEMVER_H

#include "base/err.h"
#include "base/text.h"

struct semver {
	uint64_t major, minor, patch;
	struct str pre, metadata; /* borrowed; "" where there is none */
};

/* Errors worded as the library's, ERR_INPUT. */
int semver_parse(struct str s, struct semver *ret, struct err *err) MUST_CHECK;
/* Precedence: below, equal, above 0. Metadata does not count. */
int semver_compare(const struct semver *a, const struct semver *b);
/* Whether v satisfies a constraint such as ">= 1.2, < 3.0 || ~4.1": *ret. */
int semver_check(struct arena *a, struct str constraint, const struct semver *v, bool *ret, struct err *err) MUST_CHECK;

#endif
