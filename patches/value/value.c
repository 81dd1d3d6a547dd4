/* SPDX-License-Identifier: Apache-2.0 */
/* Making, copying and freezing values. */
#include "patches/value/value.h"

#include <string.h>

#include "base/limits.h"

static const struct value *const no_items[1];

const struct value value_nil = {.kind = K_NIL};
const struct value value_true = {.kind = K_BOOL, .u.b = true};
const struct value value_false = {.kind = K_BOOL, .u.b = false};
const struct value value_empty_string = {.kind = K_STRING, .u.s = {"", 0}};

struct value *value_new(struct arena *a, enum kind kind, const struct go_type *type)
{
	struct value *v = arena_alloc(a, sizeof(*v));

	if (!v)
		return NULL;
	*v = (struct value){.kind = (uint8_t)kind, .type = type, .u.s = {NULL, 0}}; /* all of the union */
	return v;
}

const struct value *value_bool(bool b)
{
	return b ? &value_true : &value_false;
}

const struct value *value_int(struct arena *a, int64_t i)
{
	struct value *v = value_new(a, K_INT, NULL);

	if (v)
		v->u.i = i;
	return v;
}

const struct value *value_float(struct arena *a, double f)
{
	struct value *v = value_new(a, K_FLOAT, NULL);

	if (v)
		v->u.f = f;
	return v;
}

const struct value *value_str(struct arena *a, struct str s)
{
	struct value *v = value_new(a, K_STRING, NULL);

	if (v)
		v->u.s = s;
	return v;
}

const struct value *value_cstr(struct arena *a, const char *cstr)
{
	return value_str(a, str_of(cstr));
}

const struct value *value_copy_str(struct arena *a, struct str s)
{
	const char *copy = arena_strndup(a, s.p, s.len);

	return copy ? value_str(a, (struct str){copy, s.len}) : NULL;
}

const struct value *value_number(struct arena *a, int64_t i)
{
	struct value *v = value_new(a, K_NUMBER, NULL);
	struct text t;

	if (!v)
		return NULL;
	text_init(&t, a, 32);
	text_addi(&t, i);
	if (t.failed)
		return NULL;
	v->u.s = (struct str){t.data, t.len};
	return v;
}

const struct value *value_list(struct arena *a, const struct value *const *item, size_t len)
{
	struct value *v = value_new(a, K_LIST, NULL);

	if (v)
		v->u.list = (struct list){len ? item : no_items, len};
	return v;
}

const struct value *value_map(struct arena *a, struct map *map)
{
	struct value *v = value_new(a, K_MAP, NULL);

	if (v)
		v->u.map = map;
	return v;
}

static struct value *copy_node(struct arena *a, const struct value *v)
{
	struct value *copy = arena_alloc(a, sizeof(*copy));

	if (copy)
		*copy = *v;
	return copy;
}

const struct value *value_flagged(struct arena *a, const struct value *v, unsigned flags)
{
	struct value *copy;

	if ((v->flags & flags) == flags)
		return v;
	copy = copy_node(a, v);
	if (copy)
		copy->flags = (uint8_t)(copy->flags | flags);
	return copy;
}

const struct value *value_typed(struct arena *a, const struct value *v, const struct go_type *type)
{
	struct value *copy;

	if (v->type == type)
		return v;
	copy = copy_node(a, v);
	if (copy)
		copy->type = type;
	return copy;
}

static void freeze(const struct value *v, int depth)
{
	if (!v || depth > LIMIT_VALUE_DEPTH)
		return;
	if (v->kind == K_LIST) {
		for (size_t i = 0; i < v->u.list.len; i++)
			freeze(v->u.list.item[i], depth + 1);
	} else if (v->kind == K_PTR) {
		freeze(v->u.ptr, depth + 1);
	} else if ((v->kind == K_MAP || v->kind == K_STRUCT) && v->u.map && !v->u.map->frozen) {
		v->u.map->frozen = true; /* before its children: a dict may hold itself */
		for (size_t i = 0; i < v->u.map->len; i++)
			freeze(v->u.map->entry[i].value, depth + 1);
	}
}

void value_freeze(const struct value *v)
{
	freeze(v, 0);
}

/*
 * A copy of the containers below v, the leaves put through `leaf`. Both walks that rebuild trees are this one: the deep copy and the
 * step from raw to dynamic values.
 */
struct rebuild {
	struct arena *arena;
	const struct value *(*leaf)(struct arena *a, const struct value *v);
	unsigned drop_flags;
};

static const struct value *rebuild(const struct rebuild *r, const struct value *v, int depth);

static int rebuild_list(const struct rebuild *r, struct value *copy, int depth)
{
	const struct list old = copy->u.list;
	const struct value **item;

	if (!old.len)
		return 0;
	item = arena_calloc(r->arena, old.len, sizeof(*item));
	if (!item)
		return -1;
	for (size_t i = 0; i < old.len; i++)
		if (!(item[i] = rebuild(r, old.item[i], depth + 1)))
			return -1;
	copy->u.list.item = item;
	return 0;
}

static int rebuild_map(const struct rebuild *r, struct value *copy, int depth)
{
	struct map *m;

	if (!copy->u.map)
		return 0;
	m = map_clone(r->arena, copy->u.map, 0);
	if (!m)
		return -1;
	for (size_t i = 0; i < m->len; i++)
		if (!(m->entry[i].value = rebuild(r, m->entry[i].value, depth + 1)))
			return -1;
	copy->u.map = m;
	return 0;
}

static int rebuild_below(const struct rebuild *r, struct value *copy, int depth)
{
	switch (copy->kind) {
	case K_LIST:
		return rebuild_list(r, copy, depth);
	case K_MAP:
	case K_STRUCT:
		return rebuild_map(r, copy, depth);
	default: /* K_PTR */
		if (copy->u.ptr)
			copy->u.ptr = rebuild(r, copy->u.ptr, depth + 1);
		return copy->u.ptr ? 0 : -1;
	}
}

static const struct value *rebuild(const struct rebuild *r, const struct value *v, int depth)
{
	struct value *copy;

	if (v->kind != K_LIST && v->kind != K_MAP && v->kind != K_STRUCT && (v->kind != K_PTR || !v->u.ptr))
		return r->leaf(r->arena, v);
	if (depth > LIMIT_VALUE_DEPTH)
		return NULL;
	copy = copy_node(r->arena, v);
	if (!copy)
		return NULL;
	copy->flags = (uint8_t)(copy->flags & ~r->drop_flags);
	return rebuild_below(r, copy, depth) < 0 ? NULL : copy;
}

static const struct value *same_leaf(struct arena *a UNUSED, const struct value *v)
{
	return v;
}

const struct value *value_deep_copy(struct arena *a, const struct value *v)
{
	return rebuild(&(struct rebuild){a, same_leaf, 0}, v, 0);
}

static const struct value *leaf_from_raw(struct arena *a, const struct value *v)
{
	struct value *copy;

	if (v->kind != K_NUMBER)
		return v;
	copy = copy_node(a, v);
	if (!copy)
		return NULL;
	copy->kind = K_FLOAT;
	copy->u.f = raw_float(v);
	return copy;
}

const struct value *value_from_raw(struct arena *a, const struct value *raw)
{
	return rebuild(&(struct rebuild){a, leaf_from_raw, V_ASIS}, raw, 0);
}
