/* SPDX-License-Identifier: Apache-2.0 */
/* What others did to an injected pod afterwards, carried over to another form of it: a merge of three. */
#ifndef PATCHES_POD_LATER_H
#define PATCHES_POD_LATER_H

#include "patches/value/value.h"

/* Raw trees of one type. Results share what they can with them. */
struct three {
	const struct value *onto; /* the form that is to have the changes too */
	const struct value *then; /* as injection left it */
	const struct value *now;  /* as it came */
};

/*
 * onto with what `now` has and `then` lacks: members, and items of lists with a merge key. Only where all that
 * injection wrote at that level is still as it wrote it, so that halves of two configurations never meet in one object.
 * NULL when out of memory.
 */
const struct value *with_additions(struct arena *a, struct three t, const struct go_type *type) MUST_CHECK;

/* The same whatever else has changed, and where onto says what `then` says, what `now` says instead. For what the pod
 * brought itself. */
const struct value *with_changes(struct arena *a, struct three t, const struct go_type *type) MUST_CHECK;

/*
 * What `more` has beyond `less`: members, and items of lists with a merge key (new ones whole, others with their key), but for the
 * API server's defaults. NULL when out of memory; an empty map where there is nothing.
 */
const struct value *only_additions(struct arena *a, const struct value *more, const struct value *less, const struct go_type *type) MUST_CHECK;

/* Whether `now` has all that `then` has; lists without a merge key are as long, and in the same order. -1: out of memory. */
int only_more(struct arena *a, const struct value *now, const struct value *then, const struct go_type *type, bool *ret) MUST_CHECK;

#endif
