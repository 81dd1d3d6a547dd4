/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the strategic merge share. */
#ifndef PATCHES_MERGE_MERGER_H
#define PATCHES_MERGE_MERGER_H

#include "patches/merge/merge.h"

/* One merge under way. */
struct merger {
	struct arena *arena;
	struct text path; /* JSON Pointer of what is being merged */
	unsigned depth;
};

/* How a field is merged, by its row in the schema. */
struct strategy {
	const struct go_type *type; /* of the field; for lists: of the items */
	bool merge, replace;
	const char *merge_key;      /* "" where there is none */
};

/* --- merge.c: each gives NULL with err set -------------------------------------------------------------------------- */

/* Two maps. original may be NULL. */
const struct value *merge_map(struct merger *m, const struct value *original, const struct value *patch,
	const struct go_type *type, struct err *err) MUST_CHECK;
/* -1, ERR_NOMEM, and the same as NULL. */
const struct value *merge_nomem(struct err *err);
/* Adds the place to an error that has been set; NULL. */
const struct value *merge_failed(const struct merger *m, struct err *err);

/* --- list.c --------------------------------------------------------------------------------------------------------- */

/* Two lists whose field has the strategy merge. */
const struct value *merge_lists(struct merger *m, const struct list *original, const struct list *patch,
	const struct strategy *how, struct err *err) MUST_CHECK;
/* Go's type of the items of both, which must be one: no lists, and at least one item. */
int merge_element_type(struct merger *m, const struct list *original, const struct list *patch, const char **ret_type,
	struct err *err) MUST_CHECK;
/* Scalars of `original` that are not in `drop`. */
const struct value *merge_drop_scalars(struct merger *m, const struct value *original, const struct list *drop,
	struct err *err) MUST_CHECK;

/* --- order.c -------------------------------------------------------------------------------------------------------- */

/*
 * Brings `items` into order: those that `wanted` names as it has them, the others as `server` has them; an item of the patch that the server
 * has not comes before what is left of the server's. Items are known by the member `key`, or by themselves where it is "".
 */
const struct value *merge_order(struct merger *m, const struct list *items, const struct list *wanted, const struct list *server,
	const char *key, struct err *err) MUST_CHECK;
/* The text by which an item is known, unequal for unequal values of any kind; -1 with err set where it has none. */
int merge_item_key(struct merger *m, const struct value *item, const char *key, struct str *ret, struct err *err) MUST_CHECK;
/* Whether patch items stand in an order that `wanted` has too. */
int merge_check_order(struct merger *m, const struct list *patch, const struct list *wanted, const char *key, struct err *err) MUST_CHECK;

/* --- directive.c ---------------------------------------------------------------------------------------------------- */

/*
 * A value of the patch where the original has nothing: without null members (where drop_nulls) and without whatever holds $patch.
 * The value itself where nothing changes. *ret_keep is false where it is such a map itself.
 */
const struct value *merge_adopt(struct merger *m, const struct value *v, bool drop_nulls, bool *ret_keep, struct err *err) MUST_CHECK;
/* The key behind "prefix/", or false where that is not its form. */
bool merge_directive_key(struct str key, const char *prefix, struct str *ret);

/* --- text.c: errors as strategicpatch words them; each sets err, adds the place and gives -1 ------------------------- */

/* Go's reflect.TypeOf for a value of JSON. */
const char *merge_type_name(const struct value *v);
/* reflect.Kind's name. */
const char *merge_kind_name(const struct go_type *t);
int merge_bad_type(const struct merger *m, const char *expected, const struct value *got, struct err *err);
int merge_no_key(struct merger *m, const struct value *item, const char *key, struct err *err);
int merge_bad_directive(struct merger *m, const struct value *directive, const struct value *map, struct err *err);
/* As fmt prints it with %v. */
void merge_print(struct text *out, const struct value *v);
int merge_error(const struct merger *m, struct err *err, const char *text);

#endif
