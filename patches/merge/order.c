/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a merged list, in linear time: items are found by their keys through an index. */
#include <stdio.h>
#include <string.h>

#include "patches/merge/merger.h"

enum { NOWHERE = -1 };

int merge_item_key(struct merger *m, const struct value *item, const char *key, struct str *ret, struct err *err)
{
	const struct value *v = item;
	const char *text;

	if (*key) {
		if (item->kind != K_MAP)
			return merge_bad_type(m, "map[string]interface {}", item, err);
		v = map_getc(item->u.map, key);
		if (!v)
			return merge_no_key(m, item, key, err);
	}
	if (v->kind == K_STRING) {
		*ret = v->u.s;
		return 0;
	}
	if (v->kind == K_LIST || v->kind == K_MAP)
		return merge_error(m, err, "a list is merged by a key that is a list or a map");
	/* No string of a document begins with this byte. Numbers are equal by value. */
	if (v->kind == K_BOOL)
		text = v->u.b ? "\xFFtrue" : "\xFF" "false";
	else if (v->kind == K_NIL)
		text = "\xFFnull";
	else
		text = arena_printf(m->arena, "\xFF%.17g", raw_float(v));
	if (!text)
		return err_nomem(err);
	*ret = str_of(text);
	return 0;
}

/* All items of one key: usually one. */
struct group {
	struct value place; /* K_INT: the group's own number, what the index finds */
	int64_t wanted, server; /* first places in these lists */
	int64_t first, last;    /* items, chained by `next` */
};

struct ordering {
	struct group *group;
	size_t n_groups;
	struct map *index;
	int64_t *next;
	const struct list *items;
	const char *key;
};

/* The group of a key; made where there is none yet. */
static struct group *group_of(struct merger *m, struct ordering *o, const struct value *item, struct err *err)
{
	const struct value *found;
	struct group *g;
	struct str key;

	if (merge_item_key(m, item, o->key, &key, err) < 0)
		return NULL;
	found = map_get(o->index, key);
	if (found)
		return &o->group[found->u.i];
	g = &o->group[o->n_groups];
	*g = (struct group){.place = {.kind = K_INT, .u.i = (int64_t)o->n_groups}, NOWHERE, NOWHERE, NOWHERE, NOWHERE};
	if (map_set(m->arena, o->index, key, &g->place) < 0) {
		(void)err_nomem(err);
		return NULL;
	}
	o->n_groups++;
	return g;
}

static int add_items(struct merger *m, struct ordering *o, const struct list *items, struct err *err)
{
	for (size_t i = 0; i < items->len; i++) {
		struct group *g = group_of(m, o, items->item[i], err);

		if (!g)
			return -1;
		o->next[i] = NOWHERE;
		if (g->first == NOWHERE)
			g->first = (int64_t)i;
		else
			o->next[g->last] = (int64_t)i;
		g->last = (int64_t)i;
	}
	return 0;
}

static int add_places(struct merger *m, struct ordering *o, const struct list *list, bool server, struct err *err)
{
	for (size_t i = 0; i < list->len; i++) {
		struct group *g = group_of(m, o, list->item[i], err);
		int64_t *place;

		if (!g)
			return -1;
		place = server ? &g->server : &g->wanted;
		if (*place == NOWHERE)
			*place = (int64_t)i;
	}
	return 0;
}

static bool is_deleted(const struct value *item)
{
	const struct value *directive = item->kind == K_MAP ? map_getc(item->u.map, "$patch") : NULL;

	return directive && directive->kind == K_STRING && str_is(directive->u.s, "delete");
}

/* Items of a group that are, or are not, marked as deleted: such a mark comes in with a new map, and moves its item to the end. */
static size_t collect_group(const struct ordering *o, const struct group *g, bool deleted, int64_t *ret)
{
	size_t n = 0;

	for (int64_t k = g->first; k != NOWHERE; k = o->next[k])
		if (is_deleted(o->items->item[k]) == deleted)
			ret[n++] = k;
	return n;
}

/* Groups of one list in its order: item numbers, all of a key where the key is first named. */
static size_t collect(struct merger *m, const struct ordering *o, const struct list *list, bool server, int64_t *ret)
{
	struct err ignored = {0};
	size_t n = 0;

	for (size_t turn = 0; turn < 2; turn++)
		for (size_t i = 0; i < list->len; i++) {
			struct str key;
			const struct group *g;

			if (merge_item_key(m, list->item[i], o->key, &key, &ignored) < 0)
				continue; /* cannot be: all keys have been read before */
			g = &o->group[map_get(o->index, key)->u.i];
			if ((server ? g->server : g->wanted) == (int64_t)i && !(server && g->wanted != NOWHERE))
				n += collect_group(o, g, turn == 1, ret + n);
		}
	return n;
}

/* Items that neither list knows: behind all others. */
static size_t collect_strangers(const struct ordering *o, int64_t *ret)
{
	size_t n = 0;

	for (size_t i = o->n_groups; i-- > 0;)
		if (o->group[i].wanted == NOWHERE && o->group[i].server == NOWHERE)
			for (int64_t k = o->group[i].first; k != NOWHERE; k = o->next[k])
				ret[n++] = k;
	return n;
}

/* An item of the server's comes first where the server has both and has it first. */
static void interleave(const struct list *items, const int64_t *server_place, const int64_t *left, size_t n_left,
	const int64_t *right, size_t n_right, const struct value **out)
{
	size_t i = 0, j = 0;

	while (i < n_left || j < n_right) {
		bool take_left = j >= n_right;

		if (i < n_left && j < n_right) {
			const int64_t l = server_place[left[i]], r = server_place[right[j]];

			take_left = l != NOWHERE && r != NOWHERE && l < r;
		}
		*out++ = items->item[take_left ? left[i++] : right[j++]];
	}
}

static const struct value *arrange(struct merger *m, const struct ordering *o, const struct list *items, const struct list *wanted,
	const struct list *server, struct err *err)
{
	const size_t n = items->len;
	int64_t *numbers = arena_calloc(m->arena, n, 3 * sizeof(*numbers));
	int64_t *left = numbers, *right, *place;
	const struct value **out = arena_calloc(m->arena, n, sizeof(*out));
	const struct value *v;
	size_t n_left, n_right;

	if (!numbers || !out)
		return merge_nomem(err);
	right = left + n;
	place = right + n;
	for (size_t i = 0; i < o->n_groups; i++)
		for (int64_t k = o->group[i].first; k != NOWHERE; k = o->next[k])
			place[k] = o->group[i].server;
	n_right = collect(m, o, wanted, false, right);
	n_left = collect(m, o, server, true, left);
	n_left += collect_strangers(o, left + n_left);
	interleave(items, place, left, n_left, right, n_right, out);
	v = value_list(m->arena, out, n);
	return v ? v : merge_nomem(err);
}

const struct value *merge_order(struct merger *m, const struct list *items, const struct list *wanted, const struct list *server,
	const char *key, struct err *err)
{
	const size_t most = items->len + wanted->len + server->len;
	struct ordering o = {.items = items, .key = key};

	o.group = arena_calloc(m->arena, most, sizeof(*o.group));
	o.next = arena_calloc(m->arena, items->len, sizeof(*o.next));
	o.index = map_new(m->arena, 0);
	if (!o.group || !o.next || !o.index)
		return merge_nomem(err);
	if (add_items(m, &o, items, err) < 0 || add_places(m, &o, wanted, false, err) < 0 ||
	    add_places(m, &o, server, true, err) < 0)
		return NULL;
	return arrange(m, &o, items, wanted, server, err);
}

static int no_match(struct merger *m, const struct list *patch, const struct list *wanted, struct err *err)
{
	const struct value lists[2] = {{.kind = K_LIST, .u.list = *patch}, {.kind = K_LIST, .u.list = *wanted}};
	struct text out;

	text_init(&out, m->arena, sizeof(((struct err *)NULL)->what));
	text_adds(&out, "The order in patch list:\n");
	merge_print(&out, &lists[0]);
	text_adds(&out, "\n doesn't match $setElementOrder list:\n");
	merge_print(&out, &lists[1]);
	text_adds(&out, "\n");
	return merge_error(m, err, out.failed ? "The order in patch list doesn't match $setElementOrder list" : text_cstr(&out));
}

int merge_check_order(struct merger *m, const struct list *patch, const struct list *wanted, const char *key, struct err *err)
{
	size_t at = 0;

	if (!patch->len || !wanted->len)
		return 0;
	for (size_t i = 0; *key && i < patch->len; i++)
		if (patch->item[i]->kind != K_MAP)
			return merge_bad_type(m, "map[string]interface {}", patch->item[i], err);
	for (size_t i = 0; i < patch->len; i++) {
		const struct value *item = patch->item[i];
		struct str mine, theirs;
		bool found = false;

		if (*key && is_deleted(item))
			continue;
		if (at == wanted->len) /* other directives too: that is how Go has it */
			return no_match(m, patch, wanted, err);
		if (item->kind == K_MAP && map_getc(item->u.map, "$patch"))
			continue;
		while (!found && at < wanted->len) {
			if (merge_item_key(m, item, key, &mine, err) < 0 || merge_item_key(m, wanted->item[at++], key, &theirs, err) < 0)
				return -1;
			found = str_eq(mine, theirs);
		}
		if (!found)
			return no_match(m, patch, wanted, err);
	}
	return 0;
}
