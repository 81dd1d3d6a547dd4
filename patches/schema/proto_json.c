/* SPDX-License-Identifier: Apache-2.0 */
/* What jsonpb makes of a message: the MarshalJSON of Istio's types since 1.9. */
#include "patches/schema/go_json.h"

static const struct value *message_tree(struct json_walk *w, const struct map *m, const struct go_type *t);
static const struct value *field_tree(struct json_walk *w, const struct value *raw, const struct go_type *t);

static const struct value *no_memory(struct json_walk *w)
{
	err_nomem(w->err);
	return NULL;
}

/* Seconds with as many decimals as there are, in threes. */
static const struct value *span_tree(struct json_walk *w, const struct value *raw)
{
	struct moment at = {0, 0};
	struct text out;
	int decimals = 9;
	int32_t nanos;

	if (raw->kind != K_STRING || !span_parse(raw->u.s, &at))
		return raw;
	nanos = at.nanos < 0 ? -at.nanos : at.nanos;
	for (; decimals && nanos % 1000 == 0; decimals -= 3)
		nanos /= 1000;
	text_init(&out, w->arena, 64);
	if (at.seconds < 0 || at.nanos < 0)
		text_addc(&out, '-');
	text_addi(&out, at.seconds < 0 ? -at.seconds : at.seconds);
	if (decimals)
		text_addf(&out, ".%0*d", decimals, nanos);
	text_addc(&out, 's');
	return json_string(w, &out, raw->flags & V_POD);
}

static const struct value *enum_tree(struct json_walk *w, const struct value *raw, const struct go_type *t)
{
	const struct value *number = schema_view(w->arena, raw, t), *name;

	if (!number)
		return no_memory(w);
	if (!go_enum_name(t, number->u.i))
		return json_tree(w, number);
	name = value_cstr(w->arena, go_enum_name(t, number->u.i));
	return name ? name : no_memory(w);
}

/* 64 bits are a string in protobuf's JSON. */
static const struct value *long_tree(struct json_walk *w, const struct value *raw, const struct go_type *t)
{
	const struct value *number = schema_view(w->arena, raw, t);
	struct text digits;

	if (!number)
		return no_memory(w);
	text_init(&digits, w->arena, 32);
	if (t->kind == GO_UINT64)
		text_addu(&digits, (uint64_t)number->u.i);
	else
		text_addi(&digits, number->u.i);
	return json_string(w, &digits, 0);
}

static const struct value *scalar_tree(struct json_walk *w, const struct value *raw, const struct go_type *t)
{
	const struct value *v;

	if (t->special == GO_PB_ENUM)
		return enum_tree(w, raw, t);
	if (t->kind == GO_INT64 || t->kind == GO_UINT64)
		return long_tree(w, raw, t);
	v = schema_view(w->arena, raw, t);
	return v ? json_tree(w, v) : no_memory(w);
}

static const struct value *items_tree(struct json_walk *w, const struct value *raw, const struct go_type *t)
{
	const size_t n = raw->u.list.len;
	const struct value **items = arena_calloc(w->arena, n, sizeof(*items)), *list;

	if (!items)
		return no_memory(w);
	for (size_t i = 0; i < n; i++) {
		items[i] = field_tree(w, raw->u.list.item[i], t->elem);
		if (!items[i])
			return NULL;
	}
	list = value_list(w->arena, items, n);
	return list ? list : no_memory(w);
}

static const struct value *entries_tree(struct json_walk *w, const struct value *raw, const struct go_type *t)
{
	const struct map_entry *const *sorted = map_sorted(w->arena, raw->u.map);
	struct map *m = map_new(w->arena, raw->u.map->len);
	const struct value *result;

	if (!sorted || !m)
		return no_memory(w);
	for (size_t i = 0; i < raw->u.map->len; i++) {
		if (json_add(w, m, sorted[i]->key, sorted[i]->key_from_pod, field_tree(w, sorted[i]->value, t->elem)) < 0)
			return NULL;
	}
	result = value_map(w->arena, m);
	return result ? result : no_memory(w);
}

static const struct value *struct_field_tree(struct json_walk *w, const struct value *raw, const struct go_type *t)
{
	switch ((enum go_special)t->special) {
	case GO_PB_DURATION:
		return span_tree(w, raw);
	case GO_PB_WRAPPER:
		return field_tree(w, raw, t->field[0].type);
	case GO_PB_MESSAGE:
		return message_tree(w, raw->kind == K_MAP ? raw->u.map : NULL, t);
	default:
		return json_tree(w, raw); /* any JSON */
	}
}

/* raw is not null. */
static const struct value *field_tree(struct json_walk *w, const struct value *raw, const struct go_type *t)
{
	if (t->kind == GO_PTR)
		return field_tree(w, raw, t->elem);
	if (t->kind == GO_STRUCT)
		return struct_field_tree(w, raw, t);
	if (t->kind == GO_SLICE && raw->kind == K_LIST)
		return items_tree(w, raw, t);
	if (t->kind == GO_MAP && raw->kind == K_MAP && raw->u.map)
		return entries_tree(w, raw, t);
	return scalar_tree(w, raw, t);
}

/* proto3 leaves out a scalar that is zero, but as a oneof's member, and what is empty. */
static bool is_default(struct json_walk *w, const struct value *raw, const struct go_field *f)
{
	const struct value *v;

	if (f->flags & F_ONEOF || f->type->kind == GO_PTR)
		return false;
	v = schema_view(w->arena, raw, f->type);
	if (!v)
		return false;
	switch ((enum kind)v->kind) {
	case K_BOOL:
		return !v->u.b;
	case K_INT:
		return v->u.i == 0;
	case K_FLOAT:
		return v->u.f == 0;
	case K_STRING:
		return v->u.s.len == 0;
	case K_LIST:
		return v->u.list.len == 0;
	case K_MAP:
		return !v->u.map || v->u.map->len == 0;
	default:
		return false;
	}
}

static const struct value *message_tree(struct json_walk *w, const struct map *m, const struct go_type *t)
{
	struct map *out = map_new(w->arena, 8);
	const struct value *result;

	for (size_t i = 0; out && i < t->n_fields; i++) {
		const struct go_field *f = &t->field[i];
		const struct value *raw = f->type->special == GO_PB_ONEOF ? NULL : map_getc(m, f->json_name);

		if (!raw || raw->kind == K_NIL || is_default(w, raw, f))
			continue;
		if (json_add(w, out, str_of(f->json_name), false, field_tree(w, raw, f->type)) < 0)
			return NULL;
	}
	result = out ? value_map(w->arena, out) : NULL;
	return result ? result : no_memory(w);
}

const struct value *proto_tree(struct json_walk *w, const struct value *v)
{
	if (v->type->special == GO_PB_MESSAGE)
		return message_tree(w, v->u.map, v->type);
	/* structpb's types hold the JSON that they stand for as their one member. */
	if (!v->u.map || v->u.map->len != 1)
		return &value_nil;
	return json_tree(w, v->u.map->entry[0].value);
}
