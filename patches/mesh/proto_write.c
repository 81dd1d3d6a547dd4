/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical messages to JSON text, and gogo's Clone. */
#include "base/limits.h"
#include "patches/mesh/proto.h"
#include "patches/value/json.h"

static void write_at(struct arena *a, struct text *out, const struct value *v, const struct go_type *type, size_t depth);

static void write_message(struct arena *a, struct text *out, const struct map *m, const struct go_type *t, size_t depth)
{
	bool any = false;

	text_addc(out, '{');
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct go_field *f = &t->field[i];
		const struct value *v = proto_is_oneof(f) ? NULL : map_getc(m, f->json_name);

		if (!v || v->kind == K_NIL)
			continue;
		if (any)
			text_addc(out, ',');
		any = true;
		json_write_string(out, str_of(f->json_name), 0);
		text_addc(out, ':');
		write_at(a, out, v, f->type, depth + 1);
	}
	text_addc(out, '}');
}

static void write_map(struct arena *a, struct text *out, const struct map *m, const struct go_type *elem, size_t depth)
{
	const struct map_entry *const *sorted = map_sorted(a, m);

	if (!sorted) {
		out->failed = true;
		return;
	}
	text_addc(out, '{');
	for (uint32_t i = 0; m && i < m->len; i++) {
		if (i)
			text_addc(out, ',');
		json_write_string(out, sorted[i]->key, JSON_ESCAPE_HTML);
		text_addc(out, ':');
		write_at(a, out, sorted[i]->value, elem, depth + 1);
	}
	text_addc(out, '}');
}

static void write_list(struct arena *a, struct text *out, const struct list *l, const struct go_type *elem, size_t depth)
{
	text_addc(out, '[');
	for (size_t i = 0; i < l->len; i++) {
		if (i)
			text_addc(out, ',');
		write_at(a, out, l->item[i], elem, depth + 1);
	}
	text_addc(out, ']');
}

static void write_at(struct arena *a, struct text *out, const struct value *v, const struct go_type *type, size_t depth)
{
	const struct go_type *t = proto_elem(type);

	if (depth > LIMIT_VALUE_DEPTH) {
		out->failed = true;
		return;
	}
	if (v->kind == K_MAP && t->special == GO_PB_MESSAGE)
		write_message(a, out, v->u.map, t, depth);
	else if (v->kind == K_MAP && t->kind == GO_MAP)
		write_map(a, out, v->u.map, t->elem, depth);
	else if (v->kind == K_LIST && t->kind == GO_SLICE)
		write_list(a, out, &v->u.list, t->elem, depth);
	else
		json_write(out, v, JSON_ESCAPE_HTML | JSON_SORT_KEYS);
}

void proto_write(struct arena *a, struct text *out, const struct value *v, const struct go_type *type)
{
	write_at(a, out, v, type, 0);
}

static const struct value *clone_at(struct arena *a, const struct value *v, const struct go_type *type, size_t depth);

static const struct value *clone_message(struct arena *a, const struct map *m, const struct go_type *t, size_t depth)
{
	struct map *copy = map_clone(a, m, 0);

	for (size_t i = 0; copy && i < t->n_fields; i++) {
		const struct go_field *f = &t->field[i];
		const struct value *v = proto_is_oneof(f) ? NULL : map_getc(copy, f->json_name);

		if (!v)
			continue;
		if (v->kind == K_MAP && proto_elem(f->type)->kind == GO_MAP && (!v->u.map || v->u.map->len == 0)) {
			(void)map_del(copy, str_of(f->json_name));
			continue;
		}
		v = clone_at(a, v, f->type, depth + 1);
		if (!v || map_setc(a, copy, f->json_name, v) < 0)
			return NULL;
	}
	return copy ? value_map(a, copy) : NULL;
}

static const struct value *clone_list(struct arena *a, const struct value *v, const struct go_type *elem, size_t depth)
{
	const struct value **item = arena_calloc(a, v->u.list.len + 1, sizeof(*item));

	for (size_t i = 0; item && i < v->u.list.len; i++) {
		item[i] = clone_at(a, v->u.list.item[i], elem, depth + 1);
		if (!item[i])
			return NULL;
	}
	return item ? value_list(a, item, v->u.list.len) : NULL;
}

static const struct value *clone_map(struct arena *a, const struct value *v, const struct go_type *elem, size_t depth)
{
	struct map *copy = map_clone(a, v->u.map, 0);

	for (uint32_t i = 0; copy && i < copy->len; i++) {
		const struct value *e = clone_at(a, copy->entry[i].value, elem, depth + 1);

		if (!e)
			return NULL;
		copy->entry[i].value = e;
	}
	return copy ? value_map(a, copy) : NULL;
}

static const struct value *clone_at(struct arena *a, const struct value *v, const struct go_type *type, size_t depth)
{
	const struct go_type *t = proto_elem(type);

	if (depth > LIMIT_VALUE_DEPTH)
		return NULL;
	if (v->kind == K_MAP && t->special == GO_PB_MESSAGE)
		return clone_message(a, v->u.map, t, depth);
	if (v->kind == K_MAP && t->kind == GO_MAP)
		return clone_map(a, v, t->elem, depth);
	if (v->kind == K_LIST && t->kind == GO_SLICE)
		return clone_list(a, v, t->elem, depth);
	return v;
}

const struct value *proto_clone_gogo(struct arena *a, const struct value *v, const struct go_type *type)
{
	return clone_at(a, v, type, 0);
}
