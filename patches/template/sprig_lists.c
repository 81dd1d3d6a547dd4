/* SPDX-License-Identifier: Apache-2.0 */
/* sprig's lists. Each function and its `must` form differ in Go in how they fail, not in what a template sees. */
#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"

/* A list, or Go's complaint. what: "find first on", "push on". */
static int need_list(const struct value *v, const char *what, struct err *err)
{
	if (is_nil(v))
		return err_set(err, ERR_INPUT, "runtime error: invalid memory address or nil pointer dereference");
	if (v->kind != K_LIST)
		return err_set(err, ERR_INPUT, "Cannot %s type %s", what, kind_word(v));
	return 0;
}

CALL(sprig_list)
{
	struct items list;

	items_init(&list, r);
	for (size_t i = 0; i < argc; i++)
		if (items_add(&list, argv[i], err) < 0)
			return NULL;
	return give_items(&list, NULL, err);
}

CALL(sprig_append)
{
	struct items list;

	items_init(&list, r);
	if (need_list(argv[0], "push on", err) < 0 || items_add_list(&list, argv[0], err) < 0 ||
	    items_add(&list, argv[1], err) < 0)
		return NULL;
	return give_items(&list, NULL, err);
}

CALL(sprig_prepend)
{
	struct items list;

	items_init(&list, r);
	if (need_list(argv[0], "prepend on", err) < 0 || items_add(&list, argv[1], err) < 0 ||
	    items_add_list(&list, argv[0], err) < 0)
		return NULL;
	return give_items(&list, NULL, err);
}

CALL(sprig_first)
{
	if (need_list(argv[0], "find first on", err) < 0)
		return NULL;
	return argv[0]->u.list.len ? list_item(r, argv[0], 0, err) : &value_nil;
}

CALL(sprig_last)
{
	if (need_list(argv[0], "find last on", err) < 0)
		return NULL;
	return argv[0]->u.list.len ? list_item(r, argv[0], argv[0]->u.list.len - 1, err) : &value_nil;
}

/* Items [from, to) as []interface {}; of an empty list Go's nil slice. */
static const struct value *part(struct run *r, const struct value *v, size_t from, size_t to, struct err *err)
{
	struct items list;

	if (!v->u.list.len)
		return give_nil_list(r, NULL, err);
	items_init(&list, r);
	for (size_t i = from; i < to; i++) {
		const struct value *item = list_item(r, v, i, err);

		if (!item || items_add(&list, item, err) < 0)
			return NULL;
	}
	return give_items(&list, NULL, err);
}

CALL(sprig_rest)
{
	if (need_list(argv[0], "find rest on", err) < 0)
		return NULL;
	return part(r, argv[0], 1, argv[0]->u.list.len, err);
}

CALL(sprig_initial)
{
	if (need_list(argv[0], "find initial on", err) < 0)
		return NULL;
	return part(r, argv[0], 0, argv[0]->u.list.len ? argv[0]->u.list.len - 1 : 0, err);
}

CALL(sprig_reverse)
{
	struct items list;

	items_init(&list, r);
	if (need_list(argv[0], "find reverse on", err) < 0 || items_add_list(&list, argv[0], err) < 0)
		return NULL;
	for (size_t i = 0; i < list.len / 2; i++) {
		const struct value *swap = list.item[i];

		list.item[i] = list.item[list.len - 1 - i];
		list.item[list.len - 1 - i] = swap;
	}
	return give_items(&list, NULL, err);
}

CALL(sprig_compact)
{
	struct items list;

	items_init(&list, r);
	if (need_list(argv[0], "compact on", err) < 0)
		return NULL;
	for (size_t i = 0; i < argv[0]->u.list.len; i++) {
		const struct value *item = list_item(r, argv[0], i, err);

		if (!item || (!is_empty(item) && items_add(&list, item, err) < 0))
			return NULL;
	}
	return give_items(&list, NULL, err);
}

/* 1, 0, or -1 with err set. */
static int in_list(struct run *r, const struct value *const *item, size_t len, const struct value *v, struct err *err)
{
	for (size_t i = 0; i < len; i++) {
		const int equal = deep_equal(r, item[i], v, err);

		if (equal)
			return equal;
	}
	return 0;
}

/* The items of `from` that are not among the others: those given, or (none) those before it. */
static const struct value *not_in(struct run *r, const struct value *from, size_t n_omit, const struct value *const omit[],
	struct err *err)
{
	struct items list;

	items_init(&list, r);
	for (size_t i = 0; i < from->u.list.len; i++) {
		const struct value *item = list_item(r, from, i, err);
		const int found = !item ? -1 : in_list(r, omit ? omit : list.item, omit ? n_omit : list.len, item, err);

		if (found < 0 || (!found && items_add(&list, item, err) < 0))
			return NULL;
	}
	return give_items(&list, NULL, err);
}

CALL(sprig_uniq)
{
	if (need_list(argv[0], "find uniq on", err) < 0)
		return NULL;
	return not_in(r, argv[0], 0, NULL, err);
}

CALL(sprig_without)
{
	if (need_list(argv[0], "find without on", err) < 0)
		return NULL;
	return not_in(r, argv[0], argc - 1, argv + 1, err);
}

CALL(sprig_has)
{
	struct items list;
	int found;

	if (is_nil(argv[1]))
		return value_bool(false);
	items_init(&list, r);
	if (need_list(argv[1], "find has on", err) < 0 || items_add_list(&list, argv[1], err) < 0)
		return NULL;
	found = in_list(r, list.item, list.len, argv[0], err);
	return found < 0 ? NULL : value_bool(found);
}

CALL(sprig_slice)
{
	const struct value *list = argv[0];
	struct value *part_of;
	int64_t from = 0, to;

	if (is_nil(list))
		return give_error(err, "runtime error: invalid memory address or nil pointer dereference");
	if (list->kind != K_LIST) {
		err_set(err, ERR_INPUT, "list should be type of slice or array but %s", kind_word(list));
		return NULL;
	}
	if (!list->u.list.len)
		return &value_nil;
	if (argc > 1)
		from = to_int64(argv[1]);
	to = argc > 2 ? to_int64(argv[2]) : (int64_t)list->u.list.len;
	if (from < 0 || from > to || to > (int64_t)list->u.list.len)
		return give_error(err, "reflect.Value.Slice: slice index out of bounds");
	part_of = value_new(r->arena, K_LIST, list->type);
	if (!part_of) {
		err_nomem(err);
		return NULL;
	}
	part_of->flags = list->flags;
	part_of->u.list.item = list->u.list.item + from;
	part_of->u.list.len = (size_t)(to - from);
	return part_of;
}

CALL(sprig_concat)
{
	struct items list;

	items_init(&list, r);
	for (size_t i = 0; i < argc; i++) {
		if (is_nil(argv[i]))
			return give_error(err, "runtime error: invalid memory address or nil pointer dereference");
		if (argv[i]->kind != K_LIST) {
			err_set(err, ERR_INPUT, "Cannot concat type %s as list", kind_word(argv[i]));
			return NULL;
		}
		if (items_add_list(&list, argv[i], err) < 0)
			return NULL;
	}
	return list.len ? give_items(&list, NULL, err) : give_nil_list(r, NULL, err);
}

/* Sizes below zero for which sprig's arithmetic gives something: one item, or fewer items than would panic. */
static bool chunks_anyway(int64_t size, size_t len)
{
	return len == 1 ? size < -1 : size < 0 && len > 1 && (uint64_t)len - 1 <= 0 - (uint64_t)size;
}

CALL(sprig_chunk)
{
	const int64_t size = argv[0]->u.i;
	struct items chunks;
	size_t len;

	if (need_list(argv[1], "chunk", err) < 0)
		return NULL;
	len = argv[1]->u.list.len;
	items_init(&chunks, r);
	if (size <= 0 && !chunks_anyway(size, len))
		return give_error(err, "runtime error: makeslice: len out of range");
	if (size < 0 && len > 1)
		return give_items(&chunks, &go_list_list_any, err);
	for (size_t i = 0; i < len; i += (size_t)size) {
		const size_t end = (uint64_t)size < len - i ? i + (size_t)size : len; /* a size below zero is a large one here */

		if (items_add(&chunks, part(r, argv[1], i, end, err), err) < 0)
			return NULL;
		if (end == len)
			break;
	}
	return give_items(&chunks, &go_list_list_any, err);
}
