/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter's fields: methods, members of structs, entries of maps. */
#include "patches/template/exec.h"

#include <string.h>

/* A method that the value has: of the type, or of its address where there is one. */
static const struct go_method *find_method(struct rv receiver, struct str name)
{
	const struct go_type *type = go_type_of(receiver.v);
	const struct go_method *m;
	bool pointer = receiver.addr;

	if (type && type->kind == GO_PTR && type->elem) {
		type = type->elem;
		pointer = true;
	}
	m = type && type->n_methods ? go_method_find(type, name) : NULL;
	return m && (pointer || !m->on_pointer) ? m : NULL;
}

static bool is_name(const char *go_name, struct str name)
{
	return strncmp(go_name, name.p, name.len) == 0 && !go_name[name.len];
}

/* As go_field_find(), which is asked where the name is not the struct's own; most are. */
static const struct go_field *find_field(const struct go_type *t, struct str name, const struct go_field **ret_via)
{
	for (uint16_t i = 0; i < t->n_fields; i++)
		if (t->field[i].go_name[0] == name.p[0] && !(t->field[i].flags & F_ONEOF) && is_name(t->field[i].go_name, name))
			return &t->field[i];
	return go_field_find(t, name, ret_via);
}

static bool eval_member(struct exec *x, struct rv receiver, const struct go_field *field, const struct go_field *via, struct rv *ret)
{
	const struct value *v = receiver.v;

	if (via)
		v = schema_view_field(x->run.arena, v, via);
	if (v)
		v = schema_view_field(x->run.arena, v, field);
	*ret = (struct rv){.v = v, .addr = receiver.addr, .pod = receiver.pod || (receiver.v->flags & V_POD)};
	ret->iface = type_is_any(field->type) || (v && v->kind == K_NIL);
	ret->boxed = field->type->special == GO_PB_ONEOF;
	return v ? true : exec_nomem(x);
}

static bool eval_key(struct exec *x, struct rv map, struct str name, struct rv *ret)
{
	const struct map_entry *e = map_find(map.v->u.map, name);

	*ret = (struct rv){.v = NULL}; /* a key that is not there prints as <no value> */
	return !e || rv_entry(x->run.arena, map, e, ret) || exec_nomem(x);
}

/* What a nil pointer says to a field that its type has, and to one that it lacks. */
static bool fail_nil(struct exec *x, struct rv receiver, const char *type, struct str name)
{
	const struct go_type *elem = go_type_of(receiver.v)->elem;
	const struct go_field *via;

	if (elem && elem->kind == GO_STRUCT && !go_field_find(elem, name, &via))
		return exec_fail(x, "can't evaluate field %.*s in type %s", (int)name.len, name.p, type);
	return exec_fail(x, "nil pointer evaluating %s.%.*s", type, (int)name.len, name.p);
}

static bool eval_field(struct exec *x, struct rv dot, struct str name, const struct node *n, struct words words, struct rv receiver, struct rv *ret)
{
	const char *type = rv_type_name(receiver);
	const bool has_args = words.len > 1 || words.final;
	struct callee callee = {.name = name};
	const struct go_field *field, *via = NULL;
	bool nil;

	if (!receiver.v) {
		*ret = receiver;
		return true;
	}
	receiver = rv_indirect(receiver, &nil);
	if (receiver.iface)
		return exec_fail(x, "nil pointer evaluating %s.%.*s", type, (int)name.len, name.p);
	callee.method = find_method(receiver, name);
	callee.receiver = receiver;
	if (callee.method)
		return eval_call(x, dot, &callee, n, words, ret);
	if (nil)
		return fail_nil(x, receiver, type, name);
	if (receiver.v->kind == K_STRUCT && (field = find_field(receiver.v->type, name, &via))) {
		if (has_args)
			return exec_fail(x, "%.*s has arguments but cannot be invoked as function", (int)name.len, name.p);
		return eval_member(x, receiver, field, via, ret);
	}
	if (receiver.v->kind == K_MAP && type_has_string_keys(go_type_of(receiver.v))) {
		if (has_args)
			return exec_fail(x, "%.*s is not a method but has arguments", (int)name.len, name.p);
		return eval_key(x, receiver, name, ret);
	}
	return exec_fail(x, "can't evaluate field %.*s in type %s", (int)name.len, name.p, type);
}

bool eval_fields(struct exec *x, struct rv dot, struct rv receiver, const struct node *n, const struct name_list *fields, struct words words,
	struct rv *ret)
{
	static const struct words none = {NULL, 0, NULL};

	if (!exec_charge(x, fields->len))
		return false;
	for (uint32_t i = 0; i < fields->len; i++) {
		const bool last = i + 1 == fields->len;

		if (!eval_field(x, dot, fields->item[i], n, last ? words : none, receiver, &receiver))
			return false;
	}
	*ret = receiver;
	return true;
}
