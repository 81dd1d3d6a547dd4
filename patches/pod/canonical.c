/* SPDX-License-Identifier: Apache-2.0 */
/* A whole object as Istio's offline injection writes it: decoded into its Go type and encoded again. */
#include "patches/pod/canonical.h"

#include "base/limits.h"
#include "patches/pod/coerce.h"

/* A copy of what the type knows without V_ASIS, so that the canonical form reaches it; the rest stays as it is. NULL without memory. */
static const struct value *touch(struct arena *a, const struct value *v, const struct go_type *type, unsigned depth);

static const struct value *touch_leaf(struct arena *a, const struct value *v)
{
	struct value *copy = value_new(a, (enum kind)v->kind, v->type);

	if (!copy)
		return NULL;
	*copy = *v;
	copy->flags &= (uint8_t)~V_ASIS;
	return copy;
}

static const struct value *touch_list(struct arena *a, const struct value *v, const struct go_type *elem, unsigned depth)
{
	const struct value **item = arena_calloc(a, v->u.list.len, sizeof(*item));

	for (size_t i = 0; item && i < v->u.list.len; i++)
		if (!(item[i] = touch(a, v->u.list.item[i], elem, depth)))
			return NULL;
	return item ? value_list(a, item, v->u.list.len) : NULL;
}

static const struct go_type *member_type(const struct go_type *type, struct str key)
{
	const struct go_field *f = type->kind == GO_MAP ? NULL : go_field_by_json(type, key);

	return type->kind == GO_MAP ? type->elem : f ? f->type : NULL;
}

static const struct value *touch_map(struct arena *a, const struct value *v, const struct go_type *type, unsigned depth)
{
	struct map *m = map_clone(a, v->u.map, 0);

	for (uint32_t i = 0; m && i < m->len; i++) {
		const struct go_type *t = member_type(type, m->entry[i].key);

		if (t && !(m->entry[i].value = touch(a, m->entry[i].value, t, depth)))
			return NULL;
	}
	return m ? value_map(a, m) : NULL;
}

static const struct value *touch(struct arena *a, const struct value *v, const struct go_type *type, unsigned depth)
{
	while (type->kind == GO_PTR)
		type = type->elem;
	if (type->kind == GO_INTERFACE || type->special == GO_RAW_EXTENSION || type->special == GO_FIELDS_V1)
		return v;
	if (depth == 0)
		return NULL;
	if (v->kind == K_LIST && type->kind == GO_SLICE)
		return touch_list(a, v, type->elem, depth - 1);
	if (v->kind == K_MAP && type->special == GO_PLAIN && (type->kind == GO_STRUCT || type->kind == GO_MAP))
		return touch_map(a, v, type, depth - 1);
	return touch_leaf(a, v);
}

const struct value *canonical_object(struct arena *a, const struct value *object, const struct go_type *type, unsigned kubernetes,
	struct err *err)
{
	const struct value *v = touch(a, object, type, LIMIT_VALUE_DEPTH);

	if (!v) {
		err_nomem(err);
		return NULL;
	}
	v = schema_canon(a, v, type, err);
	return v && kubernetes ? without_newer(a, v, type, kubernetes, err) : v;
}
