/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments and results of the functions. */
#include "patches/template/sprig.h"

#include <string.h>

static const char *const kind_words[] = {
	[GO_INVALID] = "invalid", [GO_BOOL] = "bool", [GO_INT] = "int", [GO_INT8] = "int8", [GO_INT16] = "int16",
	[GO_INT32] = "int32", [GO_INT64] = "int64", [GO_UINT] = "uint", [GO_UINT8] = "uint8", [GO_UINT16] = "uint16",
	[GO_UINT32] = "uint32", [GO_UINT64] = "uint64", [GO_FLOAT32] = "float32", [GO_FLOAT64] = "float64",
	[GO_STRING] = "string", [GO_SLICE] = "slice", [GO_MAP] = "map", [GO_STRUCT] = "struct", [GO_PTR] = "ptr",
	[GO_INTERFACE] = "interface", [GO_FUNC] = "func",
};

const char *kind_word(const struct value *v)
{
	return is_nil(v) ? "invalid" : kind_words[go_type_of(v)->kind];
}

const char *type_word(const struct value *v)
{
	return is_nil(v) ? "<nil>" : go_type_of(v)->name;
}

bool is_nil(const struct value *v)
{
	return v->kind == K_NIL;
}

bool is_go_string(const struct value *v)
{
	return v->kind == K_STRING && (!v->type || v->type == &go_string);
}

bool is_empty(const struct value *v)
{
	switch ((enum kind)v->kind) {
	case K_NIL:
		return true;
	case K_BOOL:
		return !v->u.b;
	case K_INT:
		return v->u.i == 0;
	case K_FLOAT:
		return v->u.f == 0;
	case K_STRING: case K_NUMBER:
		return v->u.s.len == 0;
	case K_LIST:
		return v->u.list.len == 0;
	case K_MAP:
		return !v->u.map || v->u.map->len == 0;
	case K_PTR:
		return !v->u.ptr;
	case K_STRUCT:
		break;
	}
	return false;
}

unsigned pod_flag(size_t argc, const struct value *const argv[])
{
	unsigned flags = 0;

	for (size_t i = 0; i < argc; i++)
		flags |= argv[i]->flags;
	return flags & V_POD;
}

void out_init(struct run *r, struct text *t)
{
	text_init(t, r->arena, LIMIT_TEMPLATE_OUTPUT);
}

static const struct value *or_nomem(const struct value *v, struct err *err)
{
	if (!v)
		err_nomem(err);
	return v;
}

const struct value *give_str(struct run *r, struct str s, struct err *err)
{
	return or_nomem(value_str(r->arena, s), err);
}

const struct value *give_cstr(struct run *r, const char *s, struct err *err)
{
	return give_str(r, str_of(s), err);
}

const struct value *give_int(struct run *r, int64_t i, const struct go_type *type, struct err *err)
{
	struct value *v = value_new(r->arena, K_INT, type);

	if (v)
		v->u.i = i;
	return or_nomem(v, err);
}

const struct value *give_float(struct run *r, double f, struct err *err)
{
	return or_nomem(value_float(r->arena, f), err);
}

const struct value *give_map(struct run *r, struct map *m, const struct go_type *type, struct err *err)
{
	struct value *v = value_new(r->arena, K_MAP, type);

	if (v)
		v->u.map = m;
	return or_nomem(v, err);
}

const struct value *give_error(struct err *err, const char *text)
{
	err_set(err, ERR_INPUT, "%s", text);
	return NULL;
}

void items_init(struct items *list, struct run *r)
{
	*list = (struct items){.run = r};
}

int items_add(struct items *list, const struct value *v, struct err *err)
{
	if (!v)
		return err_nomem(err);
	if (list->len >= LIMIT_FUNCTION_ITEMS)
		return err_set(err, ERR_LIMIT, "a list of more than %d items", LIMIT_FUNCTION_ITEMS);
	if (run_charge(list->run, 1, err) < 0)
		return -1;
	if (list->len == list->cap) {
		const size_t cap = list->cap ? list->cap * 2 : 8;
		const size_t size = sizeof(list->item[0]);
		const struct value **grown = arena_grow(list->run->arena, list->item, list->cap * size, cap * size);

		if (!grown)
			return err_nomem(err);
		list->item = grown;
		list->cap = cap;
	}
	list->item[list->len++] = v;
	return 0;
}

int items_add_str(struct items *list, struct str s, unsigned flags, struct err *err)
{
	struct value *v = value_new(list->run->arena, K_STRING, NULL);

	if (!v)
		return err_nomem(err);
	v->u.s = s;
	v->flags = (uint8_t)flags;
	return items_add(list, v, err);
}

const struct value *give_items(struct items *list, const struct go_type *type, struct err *err)
{
	static const struct value *const none[1];
	struct value *v = value_new(list->run->arena, K_LIST, type);

	if (v) {
		v->u.list.item = list->item ? list->item : none; /* empty, but no nil slice */
		v->u.list.len = list->len;
	}
	return or_nomem(v, err);
}

const struct value *give_nil_list(struct run *r, const struct go_type *type, struct err *err)
{
	return or_nomem(value_new(r->arena, K_LIST, type), err);
}

const struct value *list_item(struct run *r, const struct value *list, size_t i, struct err *err)
{
	return or_nomem(schema_view_item(r->arena, list, i), err);
}

int items_add_list(struct items *list, const struct value *from, struct err *err)
{
	for (size_t i = 0; i < from->u.list.len; i++) {
		const struct value *item = list_item(list->run, from, i, err);

		if (!item || items_add(list, item, err) < 0)
			return -1;
	}
	return 0;
}

int dict_set(struct run *r, struct map *m, struct str key, bool key_from_pod, const struct value *v, struct err *err)
{
	const size_t held = m->len;

	if (run_charge(r, 1, err) < 0)
		return -1;
	if (m->frozen)
		return err_set(err, ERR_INPUT, "cannot change the configuration's own values (change a deepCopy of them)");
	if (!v || map_set(r->arena, m, key, v) < 0)
		return err_nomem(err);
	if (m->len > held && key_from_pod)
		m->entry[m->len - 1].key_from_pod = true;
	return 0;
}

int charge_bytes(struct run *r, size_t bytes, struct err *err)
{
	return run_charge(r, 1 + bytes / 64, err);
}

int add_default(struct run *r, struct text *out, const struct value *v, struct err *err)
{
	if (is_nil(v)) {
		text_adds(out, "<nil>");
		return 0;
	}
	return go_sprintf(r, out, STR("%v"), 1, &v, err);
}

int add_strval(struct run *r, struct text *out, const struct value *v, struct err *err)
{
	if (v->kind == K_STRING) {
		text_add(out, v->u.s.p, v->u.s.len);
		return 0;
	}
	return add_default(r, out, v, err);
}

int strval(struct run *r, const struct value *v, struct str *ret, struct err *err)
{
	const struct value *text;
	struct text t;

	if (v->kind == K_STRING) {
		*ret = v->u.s;
		return 0;
	}
	out_init(r, &t);
	text = add_strval(r, &t, v, err) < 0 ? NULL : run_str(r, &t, err);
	if (!text)
		return -1;
	*ret = text->u.s;
	return 0;
}

static int add_one_string(struct items *list, const struct value *v, struct err *err)
{
	struct str s;

	if (strval(list->run, v, &s, err) < 0)
		return -1;
	return items_add_str(list, s, go_pod_flags(v) & V_POD, err);
}

int to_strings(struct items *list, const struct value *v, struct err *err)
{
	if (is_nil(v))
		return 0;
	if (v->kind != K_LIST)
		return add_one_string(list, v, err);
	for (size_t i = 0; i < v->u.list.len; i++) {
		const struct value *item = list_item(list->run, v, i, err);

		if (!item)
			return -1;
		if (!is_nil(item) && add_one_string(list, item, err) < 0)
			return -1;
	}
	return 0;
}
