/* SPDX-License-Identifier: Apache-2.0 */
/* sprig's reflection: kinds, types, deep equality. */
#include <string.h>

#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"

CALL(sprig_kind_of)
{
	return give_cstr(r, kind_word(argv[0]), err);
}

CALL(sprig_kind_is)
{
	return value_bool(str_is(argv[0]->u.s, kind_word(argv[1])));
}

CALL(sprig_type_of)
{
	return give_cstr(r, type_word(argv[0]), err);
}

CALL(sprig_type_is)
{
	return value_bool(str_is(argv[0]->u.s, type_word(argv[1])));
}

CALL(sprig_type_is_like)
{
	const char *type = type_word(argv[1]);

	return value_bool(str_is(argv[0]->u.s, type) || (*type == '*' && str_is(argv[0]->u.s, type + 1)));
}

/* Each: 1, 0, or -1 with err set. */
struct comparing {
	struct run *run;
	struct err *err;
};

static int equal_at(const struct comparing *c, const struct value *a, const struct value *b, unsigned depth);

static int equal_views(const struct comparing *c, const struct value *a, const struct value *b, unsigned depth)
{
	return a && b ? equal_at(c, a, b, depth) : err_nomem(c->err);
}

static int equal_lists(const struct comparing *c, const struct value *a, const struct value *b, unsigned depth)
{
	struct arena *arena = c->run->arena;
	int equal = !a->u.list.item == !b->u.list.item && a->u.list.len == b->u.list.len;

	for (size_t i = 0; equal == 1 && i < a->u.list.len; i++)
		equal = equal_views(c, schema_view_item(arena, a, i), schema_view_item(arena, b, i), depth);
	return equal;
}

static int equal_maps(const struct comparing *c, const struct value *a, const struct value *b, unsigned depth)
{
	const struct map *m = a->u.map, *n = b->u.map;
	struct arena *arena = c->run->arena;
	int equal = !m == !n && (!m || m->len == n->len);

	for (uint32_t i = 0; equal == 1 && m && i < m->len; i++) {
		const struct value *right = map_get(n, m->entry[i].key);

		equal = !right ? 0 : equal_views(c, schema_view_entry(arena, a, m->entry[i].value), schema_view_entry(arena, b, right),
			depth);
	}
	return equal;
}

static int equal_structs(const struct comparing *c, const struct value *a, const struct value *b, unsigned depth)
{
	const struct go_type *t = go_type_of(a);
	struct arena *arena = c->run->arena;
	int equal = 1;

	for (uint16_t i = 0; equal == 1 && i < t->n_fields; i++)
		equal = equal_views(c, schema_view_field(arena, a, &t->field[i]), schema_view_field(arena, b, &t->field[i]), depth);
	return equal;
}

static int equal_pointers(const struct comparing *c, const struct value *a, const struct value *b, unsigned depth)
{
	if (a->u.ptr == b->u.ptr)
		return 1;
	return a->u.ptr && b->u.ptr ? equal_at(c, a->u.ptr, b->u.ptr, depth) : 0;
}

static int equal_at(const struct comparing *c, const struct value *a, const struct value *b, unsigned depth)
{
	if (a->kind != b->kind || (!is_nil(a) && go_type_of(a) != go_type_of(b)) || depth > LIMIT_VALUE_DEPTH)
		return 0;
	if (run_charge(c->run, 1, c->err) < 0)
		return -1;
	switch ((enum kind)a->kind) {
	case K_NIL:
		return 1;
	case K_BOOL:
		return a->u.b == b->u.b;
	case K_INT:
		return a->u.i == b->u.i;
	case K_FLOAT:
		return a->u.f == b->u.f;
	case K_STRING: case K_NUMBER:
		return str_eq(a->u.s, b->u.s);
	case K_LIST:
		return equal_lists(c, a, b, depth + 1);
	case K_MAP:
		return equal_maps(c, a, b, depth + 1);
	case K_STRUCT:
		return equal_structs(c, a, b, depth + 1);
	case K_PTR:
		return equal_pointers(c, a, b, depth + 1);
	}
	return 0;
}

int deep_equal(struct run *r, const struct value *a, const struct value *b, struct err *err)
{
	return equal_at(&(struct comparing){r, err}, a, b, 0);
}

CALL(sprig_deep_equal)
{
	const int equal = deep_equal(r, argv[0], argv[1], err);

	return equal < 0 ? NULL : value_bool(equal);
}
