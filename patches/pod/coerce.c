/* SPDX-License-Identifier: Apache-2.0 */
/* What Istio's decoders make of a tree: scalars turned into text where a field is text, and only the fields of a release's time. */
#include "patches/pod/coerce.h"

#include <string.h>

#include "base/gofloat.h"
#include "base/limits.h"

/* One walk over a tree with its type; each step may replace or drop what it meets. */
struct walk {
	struct arena *a;
	bool coerce;         /* scalars at string types */
	bool once_json;      /* a whole float is an integer */
	unsigned kubernetes; /* drop newer fields; 0: none */
	unsigned depth;
	struct err *err;
};

static const struct value *step(struct walk *w, const struct value *v, const struct go_type *type);

static bool is_float(const struct walk *w, const struct value *number)
{
	const struct str s = number->u.s;

	return (number->flags & V_FLOAT && !w->once_json) || memchr(s.p, '.', s.len) || memchr(s.p, 'e', s.len) || memchr(s.p, 'E', s.len);
}

static const struct value *number_text(struct walk *w, const struct value *number)
{
	struct text t;

	/* Integers keep their digits; floats are printed as a 32-bit float's value. */
	if (!is_float(w, number))
		return value_copy_str(w->a, number->u.s);
	text_init(&t, w->a, 64);
	go_format_float(&t, (double)(float)raw_float(number), 'g', -1, 32);
	return t.failed ? NULL : value_str(w->a, (struct str){t.data, t.len});
}

static const struct value *step_scalar(struct walk *w, const struct value *v, const struct go_type *type)
{
	if (!w->coerce || type->kind != GO_STRING || type->special != GO_PLAIN)
		return v;
	if (v->kind == K_BOOL)
		return value_cstr(w->a, v->u.b ? "true" : "false");
	return v->kind == K_NUMBER ? number_text(w, v) : v;
}

static const struct value *step_list(struct walk *w, const struct value *v, const struct go_type *elem)
{
	const struct value **item = arena_calloc(w->a, v->u.list.len, sizeof(*item));
	bool changed = false;

	for (size_t i = 0; item && i < v->u.list.len; i++) {
		if (!(item[i] = step(w, v->u.list.item[i], elem)))
			return NULL;
		changed = changed || item[i] != v->u.list.item[i];
	}
	return !item ? NULL : changed ? value_list(w->a, item, v->u.list.len) : v;
}

static bool is_direct(const struct go_type *type, const struct go_field *f)
{
	return f >= type->field && f < type->field + type->n_fields;
}

/* The member after the step; *ret_drop where it goes. */
static const struct value *step_member(struct walk *w, const struct map_entry *e, const struct go_type *type, bool *ret_drop)
{
	const struct go_field *f;

	if (type->kind == GO_MAP)
		return step(w, e->value, type->elem);
	f = go_field_by_json(type, e->key);
	*ret_drop = f && w->kubernetes && f->since > w->kubernetes;
	if (!f || *ret_drop || (w->coerce && !is_direct(type, f)))
		return e->value;
	return step(w, e->value, f->type);
}

static const struct value *step_map(struct walk *w, const struct value *v, const struct go_type *type)
{
	struct map *m = map_new(w->a, v->u.map ? v->u.map->len : 0);
	bool changed = false;

	for (uint32_t i = 0; m && v->u.map && i < v->u.map->len; i++) {
		const struct map_entry *e = &v->u.map->entry[i];
		bool drop = false;
		const struct value *member = step_member(w, e, type, &drop);

		changed = changed || drop || member != e->value;
		if (!member || (!drop && map_set(w->a, m, e->key, member) < 0))
			return NULL;
	}
	return !m ? NULL : changed ? value_map(w->a, m) : v;
}

static const struct value *step(struct walk *w, const struct value *v, const struct go_type *type)
{
	const struct value *result = v;

	while (type && type->kind == GO_PTR)
		type = type->elem;
	if (!type || type->special != GO_PLAIN)
		return v;
	if (w->depth == 0) {
		err_set(w->err, ERR_LIMIT, "nested deeper than %d levels", LIMIT_VALUE_DEPTH);
		return NULL;
	}
	w->depth--;
	if (v->kind == K_LIST && type->kind == GO_SLICE)
		result = step_list(w, v, type->elem);
	else if (v->kind == K_MAP && (type->kind == GO_STRUCT || type->kind == GO_MAP))
		result = step_map(w, v, type);
	else if (v->kind == K_BOOL || v->kind == K_NUMBER)
		result = step_scalar(w, v, type);
	w->depth++;
	return result;
}

static const struct value *run(struct walk *w, const struct value *raw, const struct go_type *type)
{
	const struct value *v = step(w, raw, type);

	if (!v)
		err_nomem(w->err);
	return v;
}

const struct value *coerce_strings(struct arena *a, const struct value *raw, const struct go_type *type, struct err *err)
{
	return run(&(struct walk){.a = a, .coerce = true, .depth = LIMIT_VALUE_DEPTH, .err = err}, raw, type);
}

const struct value *coerce_item_strings(struct arena *a, const struct value *raw, const struct go_type *type, struct err *err)
{
	return run(&(struct walk){.a = a, .coerce = true, .once_json = true, .depth = LIMIT_VALUE_DEPTH, .err = err}, raw, type);
}

const struct value *without_newer(struct arena *a, const struct value *raw, const struct go_type *type, unsigned kubernetes,
	struct err *err)
{
	return run(&(struct walk){.a = a, .kubernetes = kubernetes, .depth = LIMIT_VALUE_DEPTH, .err = err}, raw, type);
}
