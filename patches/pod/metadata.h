/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations and labels through a second injection. */
#ifndef PATCHES_POD_METADATA_H
#define PATCHES_POD_METADATA_H

#include "patches/value/value.h"

/* The pod with other annotations or labels (key of metadata); none is no member. */
const struct value *metadata_set(struct arena *a, const struct value *pod, const char *key, const struct map *m,
	struct err *err) MUST_CHECK;

/*
 * What the first injection saw (base), and what others have done since: a value that is not what injecting anew writes is theirs, and
 * a key that injecting anew writes nothing over, but is no longer there, was removed by them. given: as the pod came; anew: injected
 * again from the base. NULL when out of memory.
 */
struct map *metadata_merge(struct arena *a, const struct value *base, const struct value *given, const struct value *anew) MUST_CHECK;

#endif
