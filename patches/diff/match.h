/* SPDX-License-Identifier: Apache-2.0 */
/* Which items of a list stay where they are, when maps are told apart by a key. */
#ifndef PATCHES_DIFF_MATCH_H
#define PATCHES_DIFF_MATCH_H

#include "patches/value/value.h"

#define NOT_KEPT SIZE_MAX

/*
 * For each item of `to` the index of the item of `from` with the same merge key, or NOT_KEPT; the indices that are not rise strictly.
 * Of the items that could stay, those stay that weigh most in all: the others are to be removed and added.
 * 1: done; *ret is an array of to.len in `a`, or NULL when no item stays. 0: not comparable by key (an item is no map, has no
 * key, or has one that another has too). -1: out of memory.
 */
int match_by_key(struct arena *a, struct list from, struct list to, const char *merge_key, const size_t **ret) MUST_CHECK;

#endif
