/* SPDX-License-Identifier: Apache-2.0 */
/* eq, ne, lt, le, gt, ge as text/template compares. */
#include <string.h>

#include "base/limits.h"
#include "patches/template/builtin.h"
#include "patches/template/gofmt.h"

enum basic { BASIC_NONE, BASIC_BOOL, BASIC_INT, BASIC_FLOAT, BASIC_STRING, BASIC_UINT };

static enum basic basic_kind(const struct value *v)
{
	switch ((enum kind)v->kind) {
	case K_BOOL: return BASIC_BOOL;
	case K_FLOAT: return BASIC_FLOAT;
	case K_STRING: return BASIC_STRING;
	case K_INT: return v->type && v->type->kind >= GO_UINT && v->type->kind <= GO_UINT64 ? BASIC_UINT : BASIC_INT;
	default: return BASIC_NONE;
	}
}

static const char *type_name(const struct value *v)
{
	const struct go_type *t = go_type_of(v);

	return t ? t->name : "interface {}";
}

static bool is_nil(const struct value *v)
{
	return v->kind == K_NIL || (v->kind == K_PTR && !v->u.ptr) || (v->kind == K_MAP && !v->u.map) ||
	       (v->kind == K_LIST && !v->u.list.item && v->u.list.len == 0);
}

/* --- Go's == ---------------------------------------------------------------------------------------------------- */

static bool is_comparable(const struct go_type *t, unsigned depth)
{
	if (!t || t->kind == GO_SLICE || t->kind == GO_MAP || t->kind == GO_FUNC || depth == 0)
		return false;
	if (t->special == GO_PB_MESSAGE) /* their first member holds a slice */
		return false;
	for (uint16_t i = 0; t->kind == GO_STRUCT && i < t->n_fields; i++)
		if (!is_comparable(t->field[i].type, depth - 1))
			return false;
	return true;
}

/* Pointers are equal that point to the same thing: views of one node are; durations and the like are made anew for each view. */
static bool same_pointer(const struct value *a, const struct value *b)
{
	const struct value *x = a->u.ptr, *y = b->u.ptr;

	if (x == y || !x || !y)
		return x == y;
	if (x->kind != K_STRUCT || y->kind != K_STRUCT || !x->u.map || !y->u.map)
		return false;
	if (x->type->special == GO_PLAIN || x->type->special == GO_PB_MESSAGE)
		return x->u.map == y->u.map;
	return raw_equal(&(struct value){.kind = K_MAP, .u.map = x->u.map}, &(struct value){.kind = K_MAP, .u.map = y->u.map});
}

static bool equal(struct run *r, const struct value *a, const struct value *b, unsigned depth);

static bool equal_fields(struct run *r, const struct value *a, const struct value *b, unsigned depth)
{
	for (uint16_t i = 0; i < a->type->n_fields; i++) {
		const struct value *x = schema_view_field(r->arena, a, &a->type->field[i]);
		const struct value *y = schema_view_field(r->arena, b, &a->type->field[i]);

		if (!x || !y || !equal(r, x, y, depth - 1))
			return false;
	}
	return true;
}

static bool equal(struct run *r, const struct value *a, const struct value *b, unsigned depth)
{
	if (depth == 0 || a->kind != b->kind || !type_same(go_type_of(a), go_type_of(b)))
		return false;
	switch ((enum kind)a->kind) {
	case K_BOOL: return a->u.b == b->u.b;
	case K_INT: return a->u.i == b->u.i;
	case K_FLOAT: return a->u.f == b->u.f;
	case K_STRING: return str_eq(a->u.s, b->u.s);
	case K_PTR: return same_pointer(a, b);
	case K_STRUCT: return equal_fields(r, a, b, depth);
	default: return a->kind == K_NIL;
	}
}

/* --- eq --------------------------------------------------------------------------------------------------------- */

/* A reflect.Value under %s or %v, as the error texts have it. */
static const char *shown(struct run *r, const struct value *v, uint32_t verb)
{
	struct text t;
	struct err ignored = {0};
	struct printer p = {.run = r, .out = &t, .err = &ignored};
	const char *text;

	text_init(&t, r->arena, LIMIT_TEMPLATE_OUTPUT);
	print_arg(&p, v, verb);
	text = text_cstr(&t);
	return text ? text : "";
}

static int compare_others(struct run *r, const struct value *a, const struct value *b, bool *ret, struct err *err)
{
	if (a->kind != b->kind && a->kind != K_NIL && b->kind != K_NIL)
		return err_set(err, ERR_INPUT, "non-comparable types %s: %s, %s: %s", shown(r, a, 's'), type_name(a), type_name(b), shown(r, b, 'v'));
	if (is_nil(a) || is_nil(b)) {
		*ret = is_nil(a) == is_nil(b);
		return 0;
	}
	if (!is_comparable(go_type_of(b), 32))
		return err_set(err, ERR_INPUT, "non-comparable type %s: %s", shown(r, b, 's'), type_name(b));
	*ret = equal(r, a, b, 32);
	return 0;
}

static int incompatible(const struct value *a, const struct value *b, struct err *err)
{
	return err_set(err, ERR_INPUT, "incompatible types for comparison: %s and %s", type_name(a), type_name(b));
}

/* Integers compare whatever their sign is. */
static bool mixed_equal(const struct value *a, const struct value *b)
{
	return a->u.i >= 0 && b->u.i >= 0 && a->u.i == b->u.i;
}

static int equal_to(struct run *r, const struct value *a, const struct value *b, bool *ret, struct err *err)
{
	const enum basic ka = basic_kind(a), kb = basic_kind(b);

	*ret = false;
	if (ka != kb) {
		if ((ka == BASIC_INT && kb == BASIC_UINT) || (ka == BASIC_UINT && kb == BASIC_INT))
			*ret = mixed_equal(a, b);
		else if (a->kind != K_NIL && b->kind != K_NIL)
			return incompatible(a, b, err);
		return 0;
	}
	switch (ka) {
	case BASIC_BOOL: *ret = a->u.b == b->u.b; return 0;
	case BASIC_INT:
	case BASIC_UINT: *ret = a->u.i == b->u.i; return 0;
	case BASIC_FLOAT: *ret = a->u.f == b->u.f; return 0;
	case BASIC_STRING: *ret = str_eq(a->u.s, b->u.s); return 0;
	case BASIC_NONE: break;
	}
	return compare_others(r, a, b, ret, err);
}

static int any_equal(struct run *r, size_t argc, const struct value *const argv[], bool *ret, struct err *err)
{
	*ret = false;
	if (argc < 2)
		return err_set(err, ERR_INPUT, "missing argument for comparison");
	for (size_t i = 1; i < argc && !*ret; i++)
		if (equal_to(r, argv[0], argv[i], ret, err) < 0)
			return -1;
	return 0;
}

static int less(const struct value *a, const struct value *b, bool *ret, struct err *err)
{
	const enum basic ka = basic_kind(a), kb = basic_kind(b);

	if (ka == BASIC_NONE || kb == BASIC_NONE)
		return err_set(err, ERR_INPUT, "invalid type for comparison");
	if (ka == BASIC_INT && kb == BASIC_UINT)
		*ret = a->u.i < 0 || (uint64_t)a->u.i < (uint64_t)b->u.i;
	else if (ka == BASIC_UINT && kb == BASIC_INT)
		*ret = b->u.i >= 0 && (uint64_t)a->u.i < (uint64_t)b->u.i;
	else if (ka != kb)
		return incompatible(a, b, err);
	else if (ka == BASIC_BOOL)
		return err_set(err, ERR_INPUT, "invalid type for comparison");
	else if (ka == BASIC_FLOAT)
		*ret = a->u.f < b->u.f;
	else if (ka == BASIC_STRING)
		*ret = str_cmp(a->u.s, b->u.s) < 0;
	else if (ka == BASIC_UINT)
		*ret = (uint64_t)a->u.i < (uint64_t)b->u.i;
	else
		*ret = a->u.i < b->u.i;
	return 0;
}

static int less_or_equal(struct run *r, const struct value *const argv[], bool *ret, struct err *err)
{
	if (less(argv[0], argv[1], ret, err) < 0)
		return -1;
	return *ret ? 0 : any_equal(r, 2, argv, ret, err);
}

const struct value *compare_eq(struct run *r, size_t argc, const struct value *const argv[], struct err *err)
{
	bool is;

	return any_equal(r, argc, argv, &is, err) < 0 ? NULL : value_bool(is);
}

const struct value *compare_ne(struct run *r, size_t argc, const struct value *const argv[], struct err *err)
{
	bool is;

	return any_equal(r, argc, argv, &is, err) < 0 ? NULL : value_bool(!is);
}

const struct value *compare_lt(struct run *r UNUSED, size_t argc UNUSED, const struct value *const argv[], struct err *err)
{
	bool is;

	return less(argv[0], argv[1], &is, err) < 0 ? NULL : value_bool(is);
}

const struct value *compare_le(struct run *r, size_t argc UNUSED, const struct value *const argv[], struct err *err)
{
	bool is;

	return less_or_equal(r, argv, &is, err) < 0 ? NULL : value_bool(is);
}

const struct value *compare_gt(struct run *r, size_t argc UNUSED, const struct value *const argv[], struct err *err)
{
	bool is;

	return less_or_equal(r, argv, &is, err) < 0 ? NULL : value_bool(!is);
}

const struct value *compare_ge(struct run *r UNUSED, size_t argc UNUSED, const struct value *const argv[], struct err *err)
{
	bool is;

	return less(argv[0], argv[1], &is, err) < 0 ? NULL : value_bool(!is);
}
