/* SPDX-License-Identifier: Apache-2.0 */
/* The difference of two raw trees as a JSON Patch, printed while it is found. */
#include "patches/diff/diff.h"

#include "base/limits.h"
#include "patches/diff/match.h"
#include "patches/value/json.h"

enum { PATH_MAX_BYTES = 16 << 20 }; /* a key may be as long as a body, and be escaped */

/* What the schema knows of a place: its type, and by which member the maps of a list there are told apart. Both may be NULL. */
struct place {
	const struct go_type *type;
	const char *merge_key;
};

struct differ {
	struct arena *arena;
	struct text *out;
	struct text path; /* of the place being compared; grows and shrinks with the walk */
	bool first;       /* no operation yet */
	int depth;
	struct err *err;
};

static int diff_value(struct differ *d, const struct value *from, const struct value *to, struct place place);

/* --- operations --- */

static void write_op(struct differ *d, const char *op, const struct value *v)
{
	text_adds(d->out, d->first ? "[{\"op\":\"" : ",{\"op\":\"");
	d->first = false;
	text_adds(d->out, op);
	text_adds(d->out, "\",\"path\":");
	json_write_string(d->out, (struct str){d->path.data, d->path.len}, 0);
	if (v) {
		text_adds(d->out, ",\"value\":");
		json_write(d->out, v, JSON_DROP_NULLS);
	}
	text_addc(d->out, '}');
}

static void write_member_op(struct differ *d, const char *op, struct str key, const struct value *v)
{
	const size_t here = d->path.len;

	json_pointer_add(&d->path, key);
	write_op(d, op, v);
	d->path.len = here;
}

static void add_index(struct differ *d, size_t index)
{
	text_addc(&d->path, '/');
	text_addu(&d->path, index);
}

static void write_item_op(struct differ *d, const char *op, size_t index, const struct value *v)
{
	const size_t here = d->path.len;

	add_index(d, index);
	write_op(d, op, v);
	d->path.len = here;
}

static int diff_item(struct differ *d, size_t index, const struct value *from, const struct value *to, struct place place)
{
	const size_t here = d->path.len;

	if (from == to)
		return 0;
	add_index(d, index);
	if (diff_value(d, from, to, place) < 0)
		return -1;
	d->path.len = here;
	return 0;
}

/* --- maps --- */

static const struct go_type *behind_pointers(const struct go_type *t)
{
	while (t && t->kind == GO_PTR)
		t = t->elem;
	return t;
}

static struct place place_of_member(const struct go_type *t, struct str key)
{
	const struct go_field *f;

	t = behind_pointers(t);
	if (t && t->kind == GO_MAP)
		return (struct place){t->elem, NULL};
	if (!t || t->kind != GO_STRUCT)
		return (struct place){NULL, NULL};
	f = go_field_by_json(t, key);
	if (!f)
		return (struct place){NULL, NULL};
	return (struct place){f->type, f->flags & F_MERGE ? f->merge_key : NULL};
}

static bool is_container(const struct value *v)
{
	return v->kind == K_MAP || v->kind == K_LIST;
}

static int diff_member(struct differ *d, struct str key, const struct value *from, const struct value *to,
	const struct go_type *type)
{
	const size_t here = d->path.len;
	struct place place = {NULL, NULL};

	if (from == to)
		return 0;
	if (is_container(from) && is_container(to))
		place = place_of_member(type, key);
	json_pointer_add(&d->path, key);
	if (diff_value(d, from, to, place) < 0)
		return -1;
	d->path.len = here;
	return 0;
}

/* The member of this key that is not null; mostly it is at the same place as in the other map. */
static const struct value *member_at(const struct map *m, uint32_t at, struct str key)
{
	const struct value *v;

	if (!m)
		return NULL;
	v = at < m->len && str_eq(m->entry[at].key, key) ? m->entry[at].value : map_get(m, key);
	return v && v->kind != K_NIL ? v : NULL;
}

/* Null members are absent ones, on both sides. A null that is to become something is "add": not all take "replace" there. */
static int diff_maps(struct differ *d, const struct map *from, const struct map *to, const struct go_type *type)
{
	for (uint32_t i = 0; from && i < from->len; i++) {
		const struct map_entry *e = &from->entry[i];
		const struct value *v;

		if (e->value->kind == K_NIL)
			continue;
		v = member_at(to, i, e->key);
		if (!v)
			write_member_op(d, "remove", e->key, NULL);
		else if (diff_member(d, e->key, e->value, v, type) < 0)
			return -1;
	}
	for (uint32_t i = 0; to && i < to->len; i++) {
		const struct map_entry *e = &to->entry[i];

		if (e->value->kind != K_NIL && !member_at(from, i, e->key))
			write_member_op(d, "add", e->key, e->value);
	}
	return 0;
}

/* --- lists --- */

/*
 * From left to right: when to.item[j] is reached, the list holds to's items before j, and behind them what is left of from. So each
 * index is the one of that moment, and they only rise.
 */
static int diff_matched(struct differ *d, struct list from, struct list to, const size_t *kept, struct place item)
{
	size_t i = 0, j = 0;

	while (j < to.len) {
		const size_t match = kept[j];

		if (match == NOT_KEPT) {
			/* whether from's item goes: it does, unless a later one of to keeps it */
			size_t next = j;

			while (next < to.len && kept[next] == NOT_KEPT)
				next++;
			for (; j < next && i < (next < to.len ? kept[next] : from.len); i++, j++)
				write_item_op(d, "replace", j, to.item[j]);
			for (; j < next; j++)
				write_item_op(d, "add", j, to.item[j]);
			continue;
		}
		for (; i < match; i++)
			write_item_op(d, "remove", j, NULL);
		if (diff_item(d, j, from.item[i++], to.item[j], item) < 0)
			return -1;
		j++;
	}
	for (; i < from.len; i++)
		write_item_op(d, "remove", j, NULL);
	return 0;
}

/* What is equal at both ends stays; between, items change in place, and then come those that are too many or too few. */
static int diff_unkeyed(struct differ *d, struct list from, struct list to, struct place item)
{
	const size_t least = from.len < to.len ? from.len : to.len;
	size_t head = 0, tail = 0, j;

	while (head < least && raw_equal(from.item[head], to.item[head]))
		head++;
	while (tail < least - head && raw_equal(from.item[from.len - 1 - tail], to.item[to.len - 1 - tail]))
		tail++;
	if (from.len == to.len && head == least)
		return 0;
	if (head + tail == 0 && (from.len != to.len || !is_container(from.item[0])))
		return 1;
	for (j = head; j < least - tail; j++)
		if (diff_item(d, j, from.item[j], to.item[j], item) < 0)
			return -1;
	for (size_t i = j; i < from.len - tail; i++)
		write_item_op(d, "remove", j, NULL);
	for (; j < to.len - tail; j++)
		write_item_op(d, "add", j, to.item[j]);
	return 0;
}

/* 1: nothing is kept, the list is to be replaced as a whole. */
static int diff_lists(struct differ *d, struct list from, struct list to, struct place place)
{
	const struct go_type *type = behind_pointers(place.type);
	const struct place item = {type && type->kind == GO_SLICE ? type->elem : NULL, NULL};
	const size_t *kept = NULL;
	int keyed;

	if (!from.len || !to.len)
		return from.len != to.len;
	keyed = place.merge_key ? match_by_key(d->arena, from, to, place.merge_key, &kept) : 0;
	if (keyed < 0)
		return err_nomem(d->err);
	if (!keyed)
		return diff_unkeyed(d, from, to, item);
	return kept ? diff_matched(d, from, to, kept, item) : 1;
}

/* --- values --- */

static int diff_containers(struct differ *d, const struct value *from, const struct value *to, struct place place)
{
	int result;

	if (d->depth == LIMIT_VALUE_DEPTH)
		return err_set(d->err, ERR_LIMIT, "the pod nests too deeply to compare");
	d->depth++;
	if (from->kind == K_MAP)
		result = diff_maps(d, from->u.map, to->u.map, place.type);
	else
		result = diff_lists(d, from->u.list, to->u.list, place);
	d->depth--;
	if (result == 1)
		write_op(d, "replace", to);
	return result < 0 ? -1 : 0;
}

static int diff_value(struct differ *d, const struct value *from, const struct value *to, struct place place)
{
	if (from == to)
		return 0;
	if (from->kind == to->kind && is_container(from))
		return diff_containers(d, from, to, place);
	if (!raw_equal(from, to))
		write_op(d, "replace", to);
	return 0;
}

int json_diff(struct arena *a, struct text *out, const struct value *from, const struct value *to, const struct go_type *type,
	struct err *err)
{
	struct differ d = {.arena = a, .out = out, .first = true, .err = err};

	text_init(&d.path, a, PATH_MAX_BYTES);
	if (diff_value(&d, from, to, (struct place){type, NULL}) < 0)
		return -1;
	text_adds(out, d.first ? "[]" : "]");
	return text_check(out, "the patch", err) < 0 ? -1 : text_check(&d.path, "a path", err);
}
