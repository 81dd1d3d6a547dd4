/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes' strategic merge patch over raw trees: maps, and what a patch says about their lists. */
#include "patches/merge/merge.h"

#include <string.h>

#include "base/limits.h"
#include "patches/merge/merger.h"
#include "patches/value/json.h"

static const char retain_keys[] = "$retainKeys", element_order[] = "$setElementOrder", delete_scalars[] = "$deleteFromPrimitiveList";

/* A map under construction: begins as the original's members. */
struct target {
	struct map *out;
	const struct map *patch;
	const struct go_type *type;
	struct map *done; /* members of the patch that have been seen to, or NULL */
};

const struct value *merge_nomem(struct err *err)
{
	(void)err_nomem(err);
	return NULL;
}

const struct value *merge_failed(const struct merger *m, struct err *err)
{
	(void)err_at(err, "%.*s", (int)m->path.len, m->path.data ? m->path.data : "");
	return NULL;
}

/* --- the schema ----------------------------------------------------------------------------------------------------- */

static const char *bare_name(const struct go_type *t)
{
	const char *dot = t->name ? strrchr(t->name, '.') : NULL;

	return dot ? dot + 1 : t->name ? t->name : "";
}

static int look_up(const struct merger *m, const struct go_type *type, struct str key, struct strategy *ret, struct err *err)
{
	const struct go_type *t = type->kind == GO_PTR ? type->elem : type;
	const struct go_field *f;

	if (t->kind != GO_STRUCT) {
		(void)err_set(err, ERR_INPUT, "merging an object in json but data type is not struct, instead is: %s",
			merge_kind_name(t));
		(void)merge_failed(m, err);
		return -1;
	}
	f = go_field_by_json(t, key);
	if (!f) {
		(void)err_set(err, ERR_INPUT, "unable to find api field in struct %s for the json field \"%.*s\"", bare_name(t),
			key.len < 200 ? (int)key.len : 200, key.p);
		(void)merge_failed(m, err);
		return -1;
	}
	*ret = (struct strategy){.type = f->type, .merge = f->flags & F_MERGE, .replace = f->flags & F_REPLACE,
		.merge_key = f->merge_key ? f->merge_key : ""};
	return 0;
}

static int look_up_list(const struct merger *m, const struct go_type *type, struct str key, struct strategy *ret, struct err *err)
{
	const struct go_type *t;

	if (look_up(m, type, key, ret, err) < 0)
		return -1;
	t = ret->type;
	if (t->kind == GO_SLICE && t->elem->kind == GO_SLICE)
		return merge_error(m, err, "unexpected slice of slice");
	if (t->kind != GO_SLICE && t->kind != GO_PTR) {
		(void)err_set(err, ERR_INPUT, "expected slice or array type, but got: %s", merge_kind_name(type));
		(void)merge_failed(m, err);
		return -1;
	}
	t = t->elem;
	ret->type = ret->type->kind == GO_PTR && t->kind == GO_SLICE ? t->elem : t;
	return 0;
}

/* --- $retainKeys ---------------------------------------------------------------------------------------------------- */

static bool names_itself(struct str key)
{
	return str_has_prefix(key, delete_scalars) || str_has_prefix(key, element_order) || str_is(key, retain_keys);
}

static int read_retained(struct merger *m, const struct value *directive, struct map *keep, struct err *err)
{
	if (directive->kind != K_LIST)
		return merge_error(m, err, "invalid patch format of retainKeys");
	for (size_t i = 0; i < directive->u.list.len; i++) {
		const struct value *name = directive->u.list.item[i];

		if (name->kind == K_LIST || name->kind == K_MAP)
			return merge_error(m, err, "invalid patch format of retainKeys");
		if (name->kind == K_STRING && map_set(m->arena, keep, name->u.s, name) < 0)
			return err_nomem(err);
	}
	return 0;
}

/* What the patch sets must be named; what the original has and is not named goes. */
static int apply_retain_keys(struct merger *m, struct target *t, struct err *err)
{
	const struct value *directive = map_getc(t->patch, retain_keys);
	struct map *keep, *out;

	if (!directive)
		return 0;
	keep = map_new(m->arena, 0);
	out = map_new(m->arena, t->out->len + t->patch->len);
	if (!keep || !out)
		return err_nomem(err);
	if (read_retained(m, directive, keep, err) < 0)
		return -1;
	for (uint32_t i = 0; i < t->patch->len; i++) {
		const struct map_entry *e = &t->patch->entry[i];

		if (e->value->kind != K_NIL && !names_itself(e->key) && !map_find(keep, e->key))
			return merge_error(m, err, "invalid patch format of retainKeys");
	}
	for (uint32_t i = 0; i < t->out->len; i++) {
		const struct map_entry *e = &t->out->entry[i];

		if (map_find(keep, e->key) && map_set(m->arena, out, e->key, e->value) < 0)
			return err_nomem(err);
	}
	t->out = out;
	return 0;
}

/* --- $setElementOrder ----------------------------------------------------------------------------------------------- */

static int list_of(struct merger *m, const struct value *v, struct list *ret, struct err *err)
{
	*ret = (struct list){0};
	if (!v)
		return 0;
	if (v->kind != K_LIST)
		return merge_bad_type(m, "[]interface {}", v, err);
	*ret = v->u.list;
	return 0;
}

static const struct value *merge_ordered(struct merger *m, const struct value *original, const struct value *patch,
	const struct strategy *how, struct err *err)
{
	bool keep;

	if (!patch)
		return original;
	if (!original)
		return merge_adopt(m, patch, false, &keep, err);
	return how->merge ? merge_lists(m, &original->u.list, &patch->u.list, how, err) : patch;
}

static int order_list(struct merger *m, struct target *t, struct str key, const struct list *wanted, struct err *err)
{
	const struct value *original = map_get(t->out, key), *patch = map_get(t->patch, key), *merged;
	struct list server, items;
	struct strategy how;
	const char *element;

	if (list_of(m, original, &server, err) < 0 || list_of(m, patch, &items, err) < 0 ||
	    look_up_list(m, t->type, key, &how, err) < 0 || merge_check_order(m, &items, wanted, how.merge_key, err) < 0)
		return -1;
	if (!original && !patch)
		return 0;
	merged = merge_ordered(m, original, patch, &how, err);
	if (!merged || merge_element_type(m, &server, &items, &element, err) < 0)
		return -1;
	merged = merge_order(m, &merged->u.list, wanted, &server, how.merge_key, err);
	if (!merged)
		return -1;
	if (!t->done)
		t->done = map_new(m->arena, 0);
	if (!t->done || map_set(m->arena, t->out, key, merged) < 0 || map_set(m->arena, t->done, key, merged) < 0)
		return err_nomem(err);
	return 0;
}

static int apply_element_orders(struct merger *m, struct target *t, struct err *err)
{
	for (uint32_t i = 0; i < t->patch->len; i++) {
		const struct map_entry *e = &t->patch->entry[i];
		struct str key;

		if (!str_has_prefix(e->key, element_order))
			continue;
		if (e->value->kind != K_LIST)
			return merge_bad_type(m, "[]interface {}", e->value, err);
		if (!merge_directive_key(e->key, element_order, &key))
			return merge_error(m, err, "invalid patch format of setElementOrder list");
		if (order_list(m, t, key, &e->value->u.list, err) < 0)
			return -1;
	}
	return 0;
}

/* --- members -------------------------------------------------------------------------------------------------------- */

static int put(struct merger *m, struct target *t, struct str key, const struct value *v, struct err *err)
{
	if (!v)
		return -1;
	return map_set(m->arena, t->out, key, v) < 0 ? err_nomem(err) : 0;
}

/* The original has nothing there, or something of another type. */
static int put_new(struct merger *m, struct target *t, struct str key, const struct value *v, struct err *err)
{
	bool keep = true;

	v = merge_adopt(m, v, true, &keep, err);
	if (!v)
		return -1;
	if (keep)
		return put(m, t, key, v, err);
	(void)map_del(t->out, key);
	return 0;
}

static int merge_both_maps(struct merger *m, struct target *t, struct str key, const struct value *original,
	const struct value *patch, struct err *err)
{
	struct strategy how;

	if (look_up(m, t->type, key, &how, err) < 0)
		return -1;
	return put(m, t, key, how.replace ? patch : merge_map(m, original, patch, how.type, err), err);
}

static int merge_both_lists(struct merger *m, struct target *t, struct str key, const struct value *original,
	const struct value *patch, struct err *err)
{
	struct strategy how;

	if (look_up_list(m, t->type, key, &how, err) < 0)
		return -1;
	return put(m, t, key, how.merge ? merge_lists(m, &original->u.list, &patch->u.list, &how, err) : patch, err);
}

static int merge_member(struct merger *m, struct target *t, struct str key, const struct value *patch, struct err *err)
{
	const struct value *original = map_get(t->out, key);

	if (patch->kind == K_NIL) {
		(void)map_del(t->out, key);
		return 0;
	}
	if (original && original->kind == K_MAP && patch->kind == K_MAP)
		return merge_both_maps(m, t, key, original, patch, err);
	if (original && original->kind == K_LIST && patch->kind == K_LIST)
		return merge_both_lists(m, t, key, original, patch, err);
	return put_new(m, t, key, patch, err);
}

/* Of $deleteFromPrimitiveList/KEY. The original may have no such list: then there is nothing to do. */
static int delete_from(struct merger *m, struct target *t, struct str key, const struct value *drop, struct err *err)
{
	const struct value *original = map_get(t->out, key);
	struct strategy how;
	const char *element;

	if (drop->kind == K_NIL) {
		(void)map_del(t->out, key);
		return 0;
	}
	if (!original || strcmp(merge_type_name(original), merge_type_name(drop)) != 0)
		return 0;
	if (original->kind == K_MAP)
		return merge_both_maps(m, t, key, original, drop, err);
	if (original->kind != K_LIST)
		return put(m, t, key, drop, err);
	if (look_up_list(m, t->type, key, &how, err) < 0)
		return -1;
	if (!original->u.list.len && !drop->u.list.len)
		return 0;
	if (merge_element_type(m, &original->u.list, &drop->u.list, &element, err) < 0)
		return -1;
	if (strcmp(element, "map[string]interface {}") == 0)
		return put(m, t, key, merge_lists(m, &original->u.list, &drop->u.list, &how, err), err);
	return put(m, t, key, merge_drop_scalars(m, original, &drop->u.list, err), err);
}

static int merge_entry(struct merger *m, struct target *t, const struct map_entry *e, struct err *err)
{
	const size_t path = m->path.len;
	struct str key = e->key;
	int rc;

	if (str_is(key, retain_keys) || str_has_prefix(key, element_order) || map_find(t->done, key))
		return 0;
	if (str_has_prefix(key, delete_scalars)) {
		if (!merge_directive_key(e->key, delete_scalars, &key))
			return merge_error(m, err, "invalid patch format of primitive list");
		json_pointer_add(&m->path, key);
		rc = delete_from(m, t, key, e->value, err);
	} else {
		json_pointer_add(&m->path, key);
		rc = merge_member(m, t, key, e->value, err);
	}
	m->path.len = path;
	return rc;
}

static const struct value *finish(struct merger *m, struct map *out, struct err *err)
{
	const struct value *v = value_map(m->arena, out);

	return v ? v : merge_nomem(err);
}

/* $patch in a map: replace takes the rest of it as it is, delete leaves nothing. */
static const struct value *apply_directive(struct merger *m, const struct value *directive, const struct value *patch,
	struct err *err)
{
	const bool replace = directive->kind == K_STRING && str_is(directive->u.s, "replace");
	struct map *out;

	if (!replace && !(directive->kind == K_STRING && str_is(directive->u.s, "delete"))) {
		(void)merge_bad_directive(m, directive, patch, err);
		return NULL;
	}
	out = map_clone(m->arena, replace ? patch->u.map : NULL, 0);
	if (!out)
		return merge_nomem(err);
	(void)map_del(out, STR("$patch"));
	return finish(m, out, err);
}

static int merge_members(struct merger *m, struct target *t, struct err *err)
{
	if (apply_retain_keys(m, t, err) < 0 || apply_element_orders(m, t, err) < 0)
		return -1;
	for (uint32_t i = 0; i < t->patch->len; i++)
		if (merge_entry(m, t, &t->patch->entry[i], err) < 0)
			return -1;
	return 0;
}

const struct value *merge_map(struct merger *m, const struct value *original, const struct value *patch, const struct go_type *type,
	struct err *err)
{
	const struct value *directive = map_getc(patch->u.map, "$patch");
	struct target t = {.patch = patch->u.map, .type = type};
	int rc;

	if (directive)
		return apply_directive(m, directive, patch, err);
	if (original && original->u.map && (!patch->u.map || !patch->u.map->len))
		return original;
	if (m->depth >= LIMIT_VALUE_DEPTH) {
		(void)err_set(err, ERR_LIMIT, "patch is nested deeper than %d levels", LIMIT_VALUE_DEPTH);
		return merge_failed(m, err);
	}
	t.out = map_clone(m->arena, original ? original->u.map : NULL, patch->u.map ? patch->u.map->len : 0);
	if (!t.out)
		return merge_nomem(err);
	if (!patch->u.map)
		return finish(m, t.out, err);
	m->depth++;
	rc = merge_members(m, &t, err);
	m->depth--;
	return rc < 0 ? NULL : finish(m, t.out, err);
}

const struct value *strategic_merge(struct arena *a, const struct value *original, const struct value *patch,
	const struct go_type *type, struct err *err)
{
	struct merger m = {.arena = a};
	const struct value empty = {.kind = K_MAP};

	if (original && original->kind == K_NIL)
		original = NULL;
	if (!patch || patch->kind == K_NIL)
		patch = &empty;
	if ((original && original->kind != K_MAP) || patch->kind != K_MAP) {
		(void)err_set(err, ERR_INPUT, "invalid JSON document");
		return NULL;
	}
	text_init(&m.path, a, 1 << 16);
	return merge_map(&m, original, patch, type, err);
}
