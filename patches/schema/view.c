/* SPDX-License-Identifier: Apache-2.0 */
/* Raw nodes looked at as values of Go's types, one step at a time. */
#include <math.h>

#include "patches/schema/special.h"

static bool is_null(const struct value *raw)
{
	return !raw || raw->kind == K_NIL;
}

/* The kind that a value of this type has; interfaces are what they hold. */
static enum kind kind_of(const struct go_type *t)
{
	switch ((enum go_kind)t->kind) {
	case GO_BOOL:
		return K_BOOL;
	case GO_INT:
	case GO_INT8:
	case GO_INT16:
	case GO_INT32:
	case GO_INT64:
	case GO_UINT:
	case GO_UINT8:
	case GO_UINT16:
	case GO_UINT32:
	case GO_UINT64:
		return K_INT;
	case GO_FLOAT32:
	case GO_FLOAT64:
		return K_FLOAT;
	case GO_STRING:
		return K_STRING;
	case GO_SLICE:
		return K_LIST;
	case GO_MAP:
		return K_MAP;
	case GO_STRUCT:
		return K_STRUCT;
	case GO_PTR:
		return K_PTR;
	case GO_INVALID:
	case GO_INTERFACE:
	case GO_FUNC:
		break;
	}
	return K_NIL;
}

static const struct value *zero_of(struct arena *a, const struct go_type *t)
{
	const enum kind kind = kind_of(t);

	if (kind == K_NIL)
		return &value_nil;
	if (t == &go_string)
		return &value_empty_string;
	if (t == &go_bool)
		return &value_false;
	return value_new(a, kind, t);
}

/* A node as it is, but for its type; Go's own types need none. */
static const struct value *as_is(struct arena *a, const struct value *raw, const struct go_type *t)
{
	const bool own_type = t == &go_string || t == &go_bool || t == &go_float64 || t == &go_int || t == &go_list_any || t == &go_map_any;

	return own_type ? raw : value_typed(a, raw, t);
}

/* Protobuf's JSON has 64-bit integers as strings. */
static bool int_of(const struct value *raw, int64_t *ret)
{
	if (raw->kind == K_INT) {
		*ret = raw->u.i;
		return true;
	}
	return raw->kind == K_STRING ? parse_i64(raw->u.s, ret) : raw_int(raw, ret);
}

static const struct value *view_int(struct arena *a, const struct value *raw, const struct go_type *t)
{
	struct value *v = value_new(a, K_INT, t == &go_int ? NULL : t);
	uint64_t wide;
	int64_t i;

	if (!v)
		return NULL;
	if (t->special == GO_PB_ENUM && raw->kind == K_STRING)
		v->u.i = enum_number(t, raw->u.s);
	else if (int_of(raw, &i))
		v->u.i = i;
	else if ((raw->kind == K_NUMBER || raw->kind == K_STRING) && parse_u64(raw->u.s, &wide))
		v->u.i = (int64_t)wide;
	return v;
}

static const struct value *view_float(struct arena *a, const struct value *raw, const struct go_type *t)
{
	struct value *v = value_new(a, K_FLOAT, t == &go_float64 ? NULL : t);

	if (!v)
		return NULL;
	if (raw->kind == K_FLOAT)
		v->u.f = raw->u.f;
	else if (raw->kind == K_INT)
		v->u.f = (double)raw->u.i;
	else if (raw->kind == K_NUMBER)
		v->u.f = raw_float(raw);
	else if (raw->kind == K_STRING && str_is(raw->u.s, "NaN"))
		v->u.f = (double)NAN;
	if (t->kind == GO_FLOAT32)
		v->u.f = (double)(float)v->u.f;
	return v;
}

static const struct value *view_pointer(struct arena *a, const struct value *raw, const struct go_type *t)
{
	const struct value *to = schema_view(a, raw, t->elem);
	struct value *v = to ? value_new(a, K_PTR, t) : NULL;

	if (v)
		v->u.ptr = to;
	return v;
}

static const struct value *view_struct(struct arena *a, const struct value *raw, const struct go_type *t)
{
	struct value *v;

	if (t->special != GO_PLAIN && t->special != GO_PB_MESSAGE)
		return special_view(a, raw, t);
	v = value_new(a, K_STRUCT, t);
	if (!v)
		return NULL;
	v->flags = raw->flags;
	if (raw->kind == K_MAP)
		v->u.map = raw->u.map;
	return v;
}

const struct value *schema_view(struct arena *a, const struct value *raw, const struct go_type *type)
{
	const enum kind want = kind_of(type);

	if (is_null(raw))
		return zero_of(a, type);
	if (raw->type || want == K_NIL)
		return raw;
	switch (want) {
	case K_INT:
		return view_int(a, raw, type);
	case K_FLOAT:
		return view_float(a, raw, type);
	case K_PTR:
		return view_pointer(a, raw, type);
	case K_STRUCT:
		return view_struct(a, raw, type);
	case K_NIL:
	case K_NUMBER:
	case K_BOOL:
	case K_STRING:
	case K_LIST:
	case K_MAP:
		break;
	}
	return raw->kind == (uint8_t)want ? as_is(a, raw, type) : zero_of(a, type);
}

/* By the field's own name; a pod that did not come through kube-apiserver may write it in another case. */
static const struct value *member(const struct map *m, const struct go_field *f)
{
	const struct value *v = map_getc(m, f->json_name);

	if (v || !m || f->proto_name)
		return v;
	for (size_t i = m->len; i-- > 0;) {
		if (go_name_folds(f->json_name, m->entry[i].key))
			return m->entry[i].value;
	}
	return NULL;
}

static const struct value *struct_over(struct arena *a, const struct value *structure, const struct go_type *t)
{
	struct value *v = value_new(a, K_STRUCT, t);

	if (v) {
		v->u.map = structure->u.map;
		v->flags = structure->flags;
	}
	return v;
}

/* The interface of a oneof holds a pointer to a struct with one field, the member that is set: the message's own map serves for it. */
static const struct value *view_oneof(struct arena *a, const struct value *structure, const struct go_type *oneof)
{
	for (size_t i = 0; i < oneof->n_fields; i++) {
		const struct go_field *choice = &oneof->field[i];
		struct value *pointer;

		if (is_null(map_getc(structure->u.map, choice->json_name)))
			continue;
		pointer = value_new(a, K_PTR, choice->type);
		if (pointer)
			pointer->u.ptr = struct_over(a, structure, choice->type->elem);
		return pointer && pointer->u.ptr ? pointer : NULL;
	}
	return &value_nil;
}

const struct value *schema_view_field(struct arena *a, const struct value *structure, const struct go_field *f)
{
	if (structure->kind == K_PTR)
		structure = structure->u.ptr;
	if (!structure || structure->kind != K_STRUCT)
		return zero_of(a, f->type);
	if (f->flags & F_INLINE)
		return struct_over(a, structure, f->type);
	if (f->type->special == GO_PB_ONEOF)
		return view_oneof(a, structure, f->type);
	return schema_view(a, member(structure->u.map, f), f->type);
}

static const struct value *view_element(struct arena *a, const struct value *of, const struct value *raw)
{
	if (of->type && of->type->elem)
		return schema_view(a, raw, of->type->elem);
	return raw ? raw : &value_nil;
}

const struct value *schema_view_item(struct arena *a, const struct value *list, size_t i)
{
	return view_element(a, list, list->u.list.item[i]);
}

const struct value *schema_view_entry(struct arena *a, const struct value *map, const struct value *raw_entry)
{
	return view_element(a, map, raw_entry);
}

const struct value *schema_call_method(struct arena *a, const struct value *receiver, const struct go_method *m, struct err *err)
{
	const struct value *result = NULL;

	switch ((enum go_method_kind)m->kind) {
	case M_GETTER:
		result = schema_view_field(a, receiver, m->field);
		break;
	case M_STRING:
		if (!m->field)
			return special_string(a, receiver, err);
		result = schema_view_field(a, receiver, m->field);
		break;
	case M_OTHER:
		return special_call(a, receiver, m, err);
	}
	if (!result)
		err_nomem(err);
	return result;
}
