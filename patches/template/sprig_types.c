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

static bool equal_at(struct run *r, const struct value *a, const struct value *b, unsigned depth);

static bool equal_lists(struct run *r, const struct value *a, const struct value *b, unsigned depth)
{
	if (!a->u.list.item != !b->u.list.item || a->u.list.len != b->u.list.len)
		return false;
	for (size_t i = 0; i < a->u.list.len; i++) {
		const struct value *x = schema_view_item(r->arena, a, i), *y = schema_view_item(r->arena, b, i);

		if (!x || !y || !equal_at(r, x, y, depth))
			return false;
	}
	return true;
}

static bool equal_maps(struct run *r, const struct value *a, const struct value *b, unsigned depth)
{
	const struct map *m = a->u.map, *n = b->u.map;

	if (!m != !n || (m && m->len != n->len))
		return false;
	for (uint32_t i = 0; m && i < m->len; i++) {
		const struct value *right = map_get(n, m->entry[i].key), *x, *y;

		if (!right)
			return false;
		x = schema_view_entry(r->arena, a, m->entry[i].value);
		y = schema_view_entry(r->arena, b, right);
		if (!x || !y || !equal_at(r, x, y, depth))
			return false;
	}
	return true;
}

static bool equal_structs(struct run *r, const struct value *a, const struct value *b, unsigned depth)
{
	const struct go_type *t = go_type_of(a);

	for (uint16_t i = 0; i < t->n_fields; i++) {
		const struct value *x = schema_view_field(r->arena, a, &t->field[i]);
		const struct value *y = schema_view_field(r->arena, b, &t->field[i]);

		if (!x || !y || !equal_at(r, x, y, depth))
			return false;
	}
	return true;
}

static bool equal_at(struct run *r, const struct value *a, const struct value *b, unsigned depth)
{
	if (a->kind != b->kind || (!is_nil(a) && go_type_of(a) != go_type_of(b)) || depth > LIMIT_VALUE_DEPTH ||
	    run_charge(r, 1, NULL) < 0)
		return false;
	switch ((enum kind)a->kind) {
	case K_NIL:
		return true;
	case K_BOOL:
		return a->u.b == b->u.b;
	case K_INT:
		return a->u.i == b->u.i;
	case K_FLOAT:
		return a->u.f == b->u.f;
	case K_STRING: case K_NUMBER:
		return str_eq(a->u.s, b->u.s);
	case K_LIST:
		return equal_lists(r, a, b, depth + 1);
	case K_MAP:
		return equal_maps(r, a, b, depth + 1);
	case K_STRUCT:
		return equal_structs(r, a, b, depth + 1);
	case K_PTR:
		return a->u.ptr == b->u.ptr || (a->u.ptr && b->u.ptr && equal_at(r, a->u.ptr, b->u.ptr, depth + 1));
	}
	return false;
}

bool deep_equal(struct run *r, const struct value *a, const struct value *b)
{
	return equal_at(r, a, b, 0);
}

CALL(sprig_deep_equal)
{
	return value_bool(deep_equal(r, argv[0], argv[1]));
}
