/* SPDX-License-Identifier: Apache-2.0 */
/* Values as Go's reflect package shows them to a template. */
#include <string.h>

#include "base/limits.h"
#include "patches/template/exec.h"

struct rv rv_any(const struct value *v)
{
	return (struct rv){.v = v, .iface = true};
}

static bool is_nil_interface(struct rv value)
{
	return value.iface && value.v->kind == K_NIL;
}

struct rv rv_unwrap(struct rv value)
{
	if (!value.v || !value.iface)
		return value;
	if (is_nil_interface(value))
		return (struct rv){.v = NULL};
	return (struct rv){.v = value.v, .pod = value.pod};
}

struct rv rv_indirect(struct rv value, bool *ret_nil)
{
	*ret_nil = false;
	for (unsigned i = 0; value.v && i < LIMIT_VALUE_DEPTH; i++) {
		if (value.iface) {
			if (is_nil_interface(value)) {
				*ret_nil = true;
				return value;
			}
			value = rv_unwrap(value);
		} else if (value.v->kind == K_PTR) {
			if (!value.v->u.ptr) {
				*ret_nil = true;
				return value;
			}
			value = (struct rv){.v = value.v->u.ptr, .addr = true, .pod = value.pod || (value.v->flags & V_POD)};
		} else {
			break;
		}
	}
	return value;
}

const char *rv_type_name(struct rv value)
{
	const struct go_type *type;

	if (!value.v || value.iface)
		return "interface {}";
	type = go_type_of(value.v);
	return type ? type->name : "interface {}";
}

bool go_truth(const struct value *v)
{
	switch ((enum kind)v->kind) {
	case K_NIL: return false;
	case K_BOOL: return v->u.b;
	case K_INT: return v->u.i != 0;
	case K_FLOAT: return v->u.f != 0;
	case K_NUMBER:
	case K_STRING: return v->u.s.len > 0;
	case K_LIST: return v->u.list.len > 0;
	case K_MAP: return v->u.map && v->u.map->len > 0;
	case K_STRUCT: return true;
	case K_PTR: return v->u.ptr != NULL;
	}
	return false;
}

bool rv_truth(struct rv value)
{
	return value.v && go_truth(value.v);
}

static bool can_hold_structure(const struct value *v)
{
	return v->kind == K_STRING || v->kind >= K_LIST;
}

const struct value *rv_value(struct arena *a, struct rv value)
{
	if (!value.v)
		return &value_nil;
	if (value.pod && can_hold_structure(value.v))
		return value_flagged(a, value.v, V_POD);
	return value.v;
}

bool type_is_any(const struct go_type *type)
{
	return !type || (type->kind == GO_INTERFACE && (type == &go_any || strcmp(type->name, "interface {}") == 0));
}

static bool is_pod(struct rv container)
{
	return container.pod || (container.v->flags & V_POD);
}

bool rv_item(struct arena *a, struct rv list, size_t i, struct rv *ret)
{
	const struct go_type *type = go_type_of(list.v);
	const bool any = type_is_any(type ? type->elem : NULL);

	*ret = (struct rv){.iface = any, .addr = true, .pod = is_pod(list)};
	ret->v = any ? list.v->u.list.item[i] : schema_view_item(a, list.v, i);
	return ret->v != NULL;
}

bool rv_entry(struct arena *a, struct rv map, const struct map_entry *e, struct rv *ret)
{
	const struct go_type *type = go_type_of(map.v);
	const bool any = type_is_any(type ? type->elem : NULL);

	*ret = (struct rv){.iface = any, .pod = is_pod(map)};
	ret->v = any ? e->value : schema_view_entry(a, map.v, e->value);
	return ret->v != NULL;
}

bool rv_zero(struct arena *a, const struct go_type *type, struct rv *ret)
{
	if (type_is_any(type)) {
		*ret = rv_any(&value_nil);
		return true;
	}
	*ret = (struct rv){.v = schema_view(a, NULL, type)};
	return ret->v != NULL;
}

bool type_same(const struct go_type *a, const struct go_type *b)
{
	return a == b || (a && b && a->kind == b->kind && strcmp(a->name, b->name) == 0);
}

bool type_has_string_keys(const struct go_type *type)
{
	return type == &go_map_any || type == &go_map_string || strncmp(type->name, "map[string]", 11) == 0;
}

const struct go_method *rv_stringer(struct rv value)
{
	const struct go_type *type = value.v ? go_type_of(value.v) : NULL;
	const struct go_method *m;
	bool pointer = value.addr;

	if (type && type->kind == GO_PTR && type->elem) {
		pointer = true;
		type = type->elem;
	}
	m = type && type->n_methods ? go_method_find(type, STR("String")) : NULL;
	return m && m->kind == M_STRING && (pointer || !m->on_pointer) ? m : NULL;
}

/* --- whose bytes ------------------------------------------------------------------------------------------------ */

struct scan {
	bool pod, plain; /* some of the pod's; some of those not structure on purpose */
	uint32_t left;   /* values still to be looked at: beyond, it is the pod's */
};

static void scan(struct scan *s, const struct value *v, unsigned depth);

static void scan_map(struct scan *s, const struct map *m, unsigned depth)
{
	if (!m || m->frozen) /* the configuration's: made before the pod came */
		return;
	for (uint32_t i = 0; i < m->len && !s->plain; i++) {
		if (m->entry[i].key_from_pod)
			s->pod = s->plain = true;
		scan(s, m->entry[i].value, depth);
	}
}

static void scan(struct scan *s, const struct value *v, unsigned depth)
{
	if (!v || s->plain)
		return;
	if (v->flags & (V_POD | V_ASIS) && can_hold_structure(v)) {
		s->pod = true;
		s->plain = !(v->flags & V_STRUCTURE);
		return;
	}
	if (depth == 0 || s->left == 0) {
		s->pod = s->plain = true;
		return;
	}
	s->left--;
	switch ((enum kind)v->kind) {
	case K_LIST:
		for (size_t i = 0; i < v->u.list.len && !s->plain; i++)
			scan(s, v->u.list.item[i], depth - 1);
		break;
	case K_MAP:
	case K_STRUCT:
		scan_map(s, v->u.map, depth - 1);
		break;
	case K_PTR:
		scan(s, v->u.ptr, depth - 1);
		break;
	default:
		break;
	}
}

unsigned go_pod_flags(const struct value *v)
{
	struct scan s = {.left = 4096};

	if (v->kind == K_STRING)
		return v->flags & (V_POD | V_STRUCTURE);
	scan(&s, v, 64);
	return s.plain ? V_POD : s.pod ? V_POD | V_STRUCTURE : 0;
}
