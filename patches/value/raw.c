/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to raw trees: members, paths, equality. */
#include "patches/value/value.h"

#include <stdarg.h>

#include "base/limits.h"
#include "patches/value/number.h"

const struct value *raw_get(const struct value *v, const char *key)
{
	const struct value *member = v && v->kind == K_MAP ? map_getc(v->u.map, key) : NULL;

	return member && member->kind != K_NIL ? member : NULL;
}

const struct value *raw_path(const struct value *v, ...)
{
	const char *key;
	va_list ap;

	va_start(ap, v);
	while (v && (key = va_arg(ap, const char *)))
		v = raw_get(v, key);
	va_end(ap);
	return v;
}

struct str raw_str(const struct value *v, const char *key)
{
	const struct value *member = raw_get(v, key);

	return member && member->kind == K_STRING ? member->u.s : (struct str){NULL, 0};
}

bool raw_bool(const struct value *v, const char *key)
{
	const struct value *member = raw_get(v, key);

	return member && member->kind == K_BOOL && member->u.b;
}

static bool equal(const struct value *a, const struct value *b, int depth);

static bool equal_lists(struct list a, struct list b, int depth)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (!equal(a.item[i], b.item[i], depth))
			return false;
	return true;
}

/* Mostly the keys come in the same order: looked for there first. */
static bool equal_maps(const struct map *a, const struct map *b, int depth)
{
	const uint32_t len = a ? a->len : 0;

	if (len != (b ? b->len : 0))
		return false;
	for (uint32_t i = 0; i < len; i++) {
		const struct map_entry *e = &a->entry[i], *f = &b->entry[i];

		if (!str_eq(e->key, f->key) && !(f = map_find(b, e->key)))
			return false;
		if (!equal(e->value, f->value, depth))
			return false;
	}
	return true;
}

static bool equal(const struct value *a, const struct value *b, int depth)
{
	if (a == b)
		return true;
	if (a->kind != b->kind || depth > LIMIT_VALUE_DEPTH)
		return false;
	switch ((enum kind)a->kind) {
	case K_NIL:
		return true;
	case K_BOOL:
		return a->u.b == b->u.b;
	case K_NUMBER:
		return number_equal(a->u.s, b->u.s);
	case K_STRING:
		return str_eq(a->u.s, b->u.s);
	case K_LIST:
		return equal_lists(a->u.list, b->u.list, depth + 1);
	case K_MAP:
		return equal_maps(a->u.map, b->u.map, depth + 1);
	default: /* K_INT, K_FLOAT, K_STRUCT, K_PTR are of no raw tree */
		return false;
	}
}

bool raw_equal(const struct value *a, const struct value *b)
{
	return equal(a, b, 0);
}
