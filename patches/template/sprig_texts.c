/* SPDX-License-Identifier: Apache-2.0 */
/* sprig's functions between texts and values: quote, cat, toString, split, join. */
#include <stdlib.h>
#include <string.h>

#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"

CALL(sprig_to_string)
{
	struct text out;

	if (is_go_string(argv[0]))
		return argv[0];
	out_init(r, &out);
	if (add_strval(r, &out, argv[0], err) < 0 || charge_bytes(r, out.len, err) < 0)
		return NULL;
	return run_str(r, &out, err);
}

CALL(sprig_to_strings)
{
	struct items list;

	items_init(&list, r);
	if (to_strings(&list, argv[0], err) < 0)
		return NULL;
	return give_items(&list, &go_list_string, err);
}

static int add_quoted(struct run *r, struct text *out, const struct value *v, struct err *err)
{
	struct str s;
	const struct value *text;

	if (strval(r, v, &s, err) < 0)
		return -1;
	text = value_str(r->arena, s);
	if (!text)
		return err_nomem(err);
	return go_sprintf(r, out, STR("%q"), 1, &text, err);
}

static int add_single_quoted(struct run *r, struct text *out, const struct value *v, struct err *err)
{
	text_addc(out, '\'');
	if (add_default(r, out, v, err) < 0)
		return -1;
	text_addc(out, '\'');
	return 0;
}

typedef int add_one(struct run *r, struct text *out, const struct value *v, struct err *err);

/* All but nils, one blank between them. */
static const struct value *add_all(struct run *r, size_t argc, const struct value *const argv[], add_one *add, struct err *err)
{
	struct text out;
	bool first = true;

	out_init(r, &out);
	for (size_t i = 0; i < argc; i++) {
		if (is_nil(argv[i]))
			continue;
		if (!first)
			text_addc(&out, ' ');
		first = false;
		if (add(r, &out, argv[i], err) < 0)
			return NULL;
	}
	if (charge_bytes(r, out.len, err) < 0)
		return NULL;
	return run_str(r, &out, err);
}

CALL(sprig_quote)
{
	return add_all(r, argc, argv, add_quoted, err);
}

CALL(sprig_squote)
{
	return add_all(r, argc, argv, add_single_quoted, err);
}

CALL(sprig_cat)
{
	return add_all(r, argc, argv, add_default, err);
}

CALL(sprig_join)
{
	struct items list;
	struct text out;

	items_init(&list, r);
	if (to_strings(&list, argv[1], err) < 0)
		return NULL;
	out_init(r, &out);
	for (size_t i = 0; i < list.len; i++) {
		if (i)
			text_add(&out, argv[0]->u.s.p, argv[0]->u.s.len);
		text_add(&out, list.item[i]->u.s.p, list.item[i]->u.s.len);
	}
	if (charge_bytes(r, out.len, err) < 0)
		return NULL;
	return run_str(r, &out, err);
}

/* strings.SplitN with an empty separator: one piece a rune, the last one holds the rest. */
static int explode(struct items *list, struct str s, int64_t max, unsigned flags, struct err *err)
{
	uint32_t rune;

	while (s.len) {
		const bool last = max > 0 && (int64_t)list->len == max - 1;
		const size_t n = last ? s.len : utf8_decode(s.p, s.len, &rune);

		if (items_add_str(list, (struct str){s.p, n}, flags, err) < 0)
			return -1;
		s.p += n;
		s.len -= n;
	}
	return 0;
}

/* strings.SplitN: max below 0 is all, 0 none. */
static int split(struct items *list, struct str sep, struct str s, int64_t max, unsigned flags, struct err *err)
{
	if (max == 0)
		return 0;
	if (charge_bytes(list->run, s.len, err) < 0)
		return -1;
	if (!sep.len)
		return explode(list, s, max, flags, err);
	while (max < 0 || (int64_t)list->len < max - 1) {
		const size_t at = str_find(s, sep);

		if (at == SIZE_MAX)
			break;
		if (items_add_str(list, (struct str){s.p, at}, flags, err) < 0)
			return -1;
		s.p += at + sep.len;
		s.len -= at + sep.len;
	}
	return items_add_str(list, s, flags, err);
}

CALL(sprig_split_list)
{
	struct items list;

	items_init(&list, r);
	if (split(&list, argv[0]->u.s, argv[1]->u.s, -1, pod_flag(argc, argv), err) < 0)
		return NULL;
	return give_items(&list, &go_list_string, err);
}

/* Pieces under the names _0, _1, ... */
static const struct value *numbered(struct run *r, const struct items *list, struct err *err)
{
	struct map *m = map_new(r->arena, list->len);

	if (!m) {
		err_nomem(err);
		return NULL;
	}
	for (size_t i = 0; i < list->len; i++) {
		const char *key = arena_printf(r->arena, "_%zu", i);

		if (!key) {
			err_nomem(err);
			return NULL;
		}
		if (dict_set(r, m, str_of(key), false, list->item[i], err) < 0)
			return NULL;
	}
	return give_map(r, m, &go_map_string, err);
}

CALL(sprig_split)
{
	struct items list;

	items_init(&list, r);
	if (split(&list, argv[0]->u.s, argv[1]->u.s, -1, pod_flag(argc, argv), err) < 0)
		return NULL;
	return numbered(r, &list, err);
}

CALL(sprig_splitn)
{
	struct items list;

	items_init(&list, r);
	if (split(&list, argv[0]->u.s, argv[2]->u.s, argv[1]->u.i, pod_flag(argc, argv), err) < 0)
		return NULL;
	return numbered(r, &list, err);
}

static int by_text(const void *a, const void *b)
{
	const struct value *const *left = a, *const *right = b;

	return str_cmp((*left)->u.s, (*right)->u.s);
}

CALL(sprig_sort_alpha)
{
	const struct value *v = argv[0]->kind == K_PTR && argv[0]->u.ptr ? argv[0]->u.ptr : argv[0];
	struct items list;

	items_init(&list, r);
	if (is_nil(argv[0])) {
		if (items_add_str(&list, STR("<nil>"), 0, err) < 0)
			return NULL;
	} else if (to_strings(&list, v, err) < 0) {
		return NULL;
	}
	if (run_charge(r, list.len * 4, err) < 0)
		return NULL;
	if (list.len)
		qsort(list.item, list.len, sizeof(list.item[0]), by_text);
	return give_items(&list, &go_list_string, err);
}
