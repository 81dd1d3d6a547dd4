/* SPDX-License-Identifier: Apache-2.0 */
/* Lists whose items are merged one by one: maps by their merge key, scalars by themselves. */
#include <string.h>

#include "patches/merge/merger.h"

int merge_element_type(struct merger *m, const struct list *original, const struct list *patch, const char **ret_type, struct err *err)
{
	const struct list *const lists[2] = {original, patch};
	const char *type = NULL;

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < lists[k]->len; i++) {
			const char *now = merge_type_name(lists[k]->item[i]);

			if (!type && lists[k]->item[i]->kind == K_LIST)
				return merge_error(m, err, "lists of lists are not supported");
			if (!type && lists[k]->item[i]->kind == K_NIL)
				return merge_error(m, err, "a list that is merged holds null");
			if (type && strcmp(type, now) != 0)
				return merge_error(m, err, "list element types are not identical");
			type = now;
		}
	if (!type)
		return merge_error(m, err, "no elements in any of the given slices");
	*ret_type = type;
	return 0;
}

/* --- scalars -------------------------------------------------------------------------------------------------------- */

static int add_new(struct merger *m, struct map *seen, const struct list *from, const struct value **item, size_t *n, struct err *err)
{
	for (size_t i = 0; i < from->len; i++) {
		struct str key;

		if (merge_item_key(m, from->item[i], "", &key, err) < 0)
			return -1;
		if (map_find(seen, key))
			continue;
		if (map_set(m->arena, seen, key, from->item[i]) < 0)
			return err_nomem(err);
		item[(*n)++] = from->item[i];
	}
	return 0;
}

/* A list that has a merge key must not hold scalars: merge_order finds that. */
static const struct value *merge_scalars(struct merger *m, const struct list *original, const struct list *patch, const char *key,
	struct err *err)
{
	const struct value **item = arena_calloc(m->arena, original->len + patch->len, sizeof(*item));
	struct map *seen = map_new(m->arena, 0);
	struct list merged = {item, 0};

	if (!item || !seen)
		return merge_nomem(err);
	if (add_new(m, seen, original, item, &merged.len, err) < 0 || add_new(m, seen, patch, item, &merged.len, err) < 0)
		return NULL;
	return merge_order(m, &merged, patch, original, key, err);
}

const struct value *merge_drop_scalars(struct merger *m, const struct value *original, const struct list *drop, struct err *err)
{
	const struct list *from = &original->u.list;
	const struct value **item = arena_calloc(m->arena, from->len, sizeof(*item));
	const struct value **ignored = arena_calloc(m->arena, drop->len, sizeof(*ignored));
	struct map *seen = map_new(m->arena, 0);
	size_t n = 0, n_ignored = 0;

	if (!item || !ignored || !seen)
		return merge_nomem(err);
	if (add_new(m, seen, drop, ignored, &n_ignored, err) < 0)
		return NULL;
	for (size_t i = 0; i < from->len; i++) {
		struct str key;

		if (merge_item_key(m, from->item[i], "", &key, err) < 0)
			return NULL;
		if (!map_find(seen, key))
			item[n++] = from->item[i];
	}
	if (n == from->len)
		return original;
	original = value_list(m->arena, item, n);
	return original ? original : merge_nomem(err);
}

/* --- maps ----------------------------------------------------------------------------------------------------------- */

/* A list under construction, and where the first item of each key is. */
struct building {
	const struct value **item;
	struct value *place; /* K_INT, beside item: what the index finds */
	size_t len;
	struct map *index;
};

static int begin(struct merger *m, struct building *b, size_t most, struct err *err)
{
	b->item = arena_calloc(m->arena, most, sizeof(*b->item));
	b->place = arena_calloc(m->arena, most, sizeof(*b->place));
	b->index = map_new(m->arena, 0);
	b->len = 0;
	return b->item && b->place && b->index ? 0 : err_nomem(err);
}

static int append(struct merger *m, struct building *b, const struct value *item, const struct str *key, struct err *err)
{
	struct value *place = &b->place[b->len];

	place->kind = K_INT;
	place->u.i = (int64_t)b->len;
	b->item[b->len++] = item;
	if (key && !map_find(b->index, *key) && map_set(m->arena, b->index, *key, place) < 0)
		return err_nomem(err);
	return 0;
}

/* Items of the patch that are directives are taken out of it. */
struct special {
	struct map *deleted;  /* keys */
	bool replace;
	const struct value **item; /* what is left of the patch */
	size_t len;
};

static int take_special(struct merger *m, struct special *s, const struct value *item, const struct value *directive,
	const char *merge_key, struct err *err)
{
	struct str key;

	if (directive->kind != K_STRING)
		return merge_bad_directive(m, directive, item, err);
	if (str_is(directive->u.s, "replace")) {
		s->replace = true;
		return 0;
	}
	if (str_is(directive->u.s, "merge"))
		return merge_error(m, err, "merging lists cannot yet be specified in the patch");
	if (!str_is(directive->u.s, "delete"))
		return merge_bad_directive(m, directive, item, err);
	if (merge_item_key(m, item, merge_key, &key, err) < 0)
		return -1;
	return map_set(m->arena, s->deleted, key, item) < 0 ? err_nomem(err) : 0;
}

static int take_specials(struct merger *m, struct special *s, const struct list *patch, const char *merge_key, struct err *err)
{
	s->item = arena_calloc(m->arena, patch->len, sizeof(*s->item));
	s->deleted = map_new(m->arena, 0);
	if (!s->item || !s->deleted)
		return err_nomem(err);
	for (size_t i = 0; i < patch->len; i++) {
		const struct value *directive = map_getc(patch->item[i]->u.map, "$patch");

		if (!directive)
			s->item[s->len++] = patch->item[i];
		else if (take_special(m, s, patch->item[i], directive, merge_key, err) < 0)
			return -1;
	}
	return 0;
}

/* The original's items but for the deleted ones; one without a key matches nothing, and is an error when order is made. */
static int keep_original(struct merger *m, struct building *b, const struct list *original, const struct special *s,
	const char *merge_key, struct err *err)
{
	for (size_t i = 0; i < original->len; i++) {
		struct str key;
		const bool keyed = map_getc(original->item[i]->u.map, merge_key);

		if (keyed && merge_item_key(m, original->item[i], merge_key, &key, err) < 0)
			return -1;
		if (keyed && map_find(s->deleted, key))
			continue;
		if (append(m, b, original->item[i], keyed ? &key : NULL, err) < 0)
			return -1;
	}
	return 0;
}

static int merge_items(struct merger *m, struct building *b, const struct list *patch, const struct strategy *how, struct err *err)
{
	const size_t path = m->path.len;

	for (size_t i = 0; i < patch->len; i++) {
		const struct value *found, *merged;
		struct str key;

		if (merge_item_key(m, patch->item[i], how->merge_key, &key, err) < 0)
			return -1;
		found = map_get(b->index, key);
		if (!found) {
			if (append(m, b, patch->item[i], &key, err) < 0)
				return -1;
			continue;
		}
		text_addf(&m->path, "/%lld", (long long)found->u.i);
		merged = merge_map(m, b->item[found->u.i], patch->item[i], how->type, err);
		m->path.len = path;
		if (!merged)
			return -1;
		b->item[found->u.i] = merged;
	}
	return 0;
}

static const struct value *merge_keyed(struct merger *m, const struct list *original, const struct list *patch,
	const struct strategy *how, struct err *err)
{
	struct special s = {0};
	struct building b;
	struct list rest, server, merged;

	if (take_specials(m, &s, patch, how->merge_key, err) < 0 || begin(m, &b, original->len + patch->len, err) < 0)
		return NULL;
	rest = (struct list){s.item, s.len};
	if (s.replace)
		return merge_order(m, &rest, &(struct list){0}, &rest, how->merge_key, err);
	if (keep_original(m, &b, original, &s, how->merge_key, err) < 0)
		return NULL;
	server = (struct list){b.item, b.len};
	if (merge_items(m, &b, &rest, how, err) < 0)
		return NULL;
	merged = (struct list){b.item, b.len};
	return merge_order(m, &merged, &rest, &server, how->merge_key, err);
}

const struct value *merge_lists(struct merger *m, const struct list *original, const struct list *patch, const struct strategy *how,
	struct err *err)
{
	const struct value *v;
	const char *type;

	if (!original->len && !patch->len) {
		v = value_list(m->arena, original->item, 0);
		return v ? v : merge_nomem(err);
	}
	if (merge_element_type(m, original, patch, &type, err) < 0)
		return NULL;
	if (strcmp(type, "map[string]interface {}") != 0)
		return merge_scalars(m, original, patch, how->merge_key, err);
	if (!*how->merge_key) {
		(void)err_set(err, ERR_INPUT, "cannot merge lists without merge key for %s", merge_kind_name(how->type));
		return merge_failed(m, err);
	}
	return merge_keyed(m, original, patch, how, err);
}
