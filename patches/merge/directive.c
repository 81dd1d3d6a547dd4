/* SPDX-License-Identifier: Apache-2.0 */
/* What a patch says to the merge itself, and how it is kept out of the result. */
#include <string.h>

#include "base/limits.h"
#include "patches/merge/merger.h"

bool merge_directive_key(struct str key, const char *prefix, struct str *ret)
{
	const size_t len = strlen(prefix);

	if (!str_has_prefix(key, prefix) || key.len <= len || key.p[len] != '/')
		return false;
	*ret = (struct str){key.p + len + 1, key.len - len - 1};
	return true;
}

/* Whether the map goes: a null directive was a null member, and went before. */
static bool has_directive(const struct value *v, bool drop_nulls)
{
	const struct value *directive = map_getc(v->u.map, "$patch");

	return directive && !(drop_nulls && directive->kind == K_NIL);
}

static const struct value *adopt(struct merger *m, const struct value *v, bool drop_nulls, bool *ret_keep, unsigned depth,
	struct err *err);

static const struct value *adopt_map(struct merger *m, const struct value *v, bool drop_nulls, unsigned depth, struct err *err)
{
	struct map *out = map_new(m->arena, v->u.map->len);
	bool changed = false;

	if (!out)
		return merge_nomem(err);
	for (uint32_t i = 0; i < v->u.map->len; i++) {
		const struct map_entry *e = &v->u.map->entry[i];
		const struct value *member;
		bool keep = true;

		if (drop_nulls && e->value->kind == K_NIL) {
			changed = true;
			continue;
		}
		member = adopt(m, e->value, drop_nulls, &keep, depth + 1, err);
		if (!member)
			return NULL;
		changed |= member != e->value || !keep;
		if (keep && map_set(m->arena, out, e->key, member) < 0)
			return merge_nomem(err);
	}
	if (!changed)
		return v;
	v = value_map(m->arena, out);
	return v ? v : merge_nomem(err);
}

static const struct value *adopt_list(struct merger *m, const struct value *v, bool drop_nulls, unsigned depth, struct err *err)
{
	const struct value **item = arena_calloc(m->arena, v->u.list.len, sizeof(*item));
	bool changed = false;
	size_t n = 0;

	if (!item)
		return merge_nomem(err);
	for (size_t i = 0; i < v->u.list.len; i++) {
		bool keep = true;
		const struct value *got = adopt(m, v->u.list.item[i], drop_nulls, &keep, depth + 1, err);

		if (!got)
			return NULL;
		changed |= got != v->u.list.item[i] || !keep;
		if (keep)
			item[n++] = got;
	}
	if (!changed)
		return v;
	v = value_list(m->arena, item, n);
	return v ? v : merge_nomem(err);
}

static const struct value *adopt(struct merger *m, const struct value *v, bool drop_nulls, bool *ret_keep, unsigned depth,
	struct err *err)
{
	if (depth > LIMIT_VALUE_DEPTH) {
		(void)err_set(err, ERR_LIMIT, "patch is nested deeper than %d levels", LIMIT_VALUE_DEPTH);
		return merge_failed(m, err);
	}
	*ret_keep = true;
	if (v->kind == K_MAP && v->u.map) {
		*ret_keep = !has_directive(v, drop_nulls);
		return *ret_keep ? adopt_map(m, v, drop_nulls, depth, err) : v;
	}
	return v->kind == K_LIST ? adopt_list(m, v, drop_nulls, depth, err) : v;
}

const struct value *merge_adopt(struct merger *m, const struct value *v, bool drop_nulls, bool *ret_keep, struct err *err)
{
	return adopt(m, v, drop_nulls, ret_keep, m->depth, err);
}
