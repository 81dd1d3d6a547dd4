/* SPDX-License-Identifier: Apache-2.0 */
/* merge and mergeOverwrite: what mergo 1.0 makes of maps of anything. */
#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"

struct merging {
	struct run *run;
	bool overwrite;
};

static int merge_maps(const struct merging *m, struct map *to, const struct map *from, unsigned depth, struct err *err);

/* A map below `to` that may be changed: the configuration's own is copied first, which gives the same result. */
static struct map *own_map(const struct merging *m, struct map *to, const struct map_entry *e, struct err *err)
{
	struct map *below = e->value->u.map;
	const struct value *copy;

	if (below && !below->frozen)
		return below;
	below = map_clone(m->run->arena, below, 0);
	copy = below ? give_map(m->run, below, e->value->type, err) : NULL;
	if (!copy) {
		err_nomem(err);
		return NULL;
	}
	return dict_set(m->run, to, e->key, e->key_from_pod, copy, err) < 0 ? NULL : below;
}

static bool can_merge(const struct value *to, const struct value *from)
{
	return to->kind == K_MAP && from->kind == K_MAP &&
	       (go_type_of(to) == &go_map_any || go_type_of(to) == go_type_of(from));
}

/* One member: maps are merged, the rest is taken where there is nothing yet or where it overwrites. */
static int merge_entry(const struct merging *m, struct map *to, const struct map_entry *src, unsigned depth, struct err *err)
{
	const struct map_entry *held = map_find(to, src->key);
	struct map *below;

	if (is_nil(src->value)) {
		if (!m->overwrite)
			return 0;
		return dict_set(m->run, to, src->key, src->key_from_pod, src->value, err);
	}
	if (held && can_merge(held->value, src->value)) {
		below = own_map(m, to, held, err);
		if (!below || merge_maps(m, below, src->value->u.map, depth + 1, err) < 0)
			return -1;
		if (below->len)
			return 0;
	} else if (held && !is_empty(held->value)) {
		if (!m->overwrite || (src->value->kind == K_MAP && held->value->kind == K_MAP))
			return 0;
	}
	return dict_set(m->run, to, src->key, src->key_from_pod, src->value, err);
}

static int merge_maps(const struct merging *m, struct map *to, const struct map *from, unsigned depth, struct err *err)
{
	if (depth > LIMIT_VALUE_DEPTH)
		return err_set(err, ERR_LIMIT, "values nested more than %d deep", LIMIT_VALUE_DEPTH);
	if (to == from)
		return 0;
	for (uint32_t i = 0; from && i < from->len; i++)
		if (merge_entry(m, to, &from->entry[i], depth, err) < 0)
			return -1;
	return 0;
}

static const struct value *merge(struct run *r, bool overwrite, size_t argc, const struct value *const argv[], struct err *err)
{
	const struct merging m = {r, overwrite};
	const struct value *to = argv[0];

	if (argc > 1 && (!to->u.map || to->u.map->frozen)) {
		struct map *copy = map_clone(r->arena, to->u.map, 0);

		if (!copy) {
			err_nomem(err);
			return NULL;
		}
		to = give_map(r, copy, to->type, err);
	}
	for (size_t i = 1; to && i < argc; i++)
		if (merge_maps(&m, to->u.map, argv[i]->u.map, 0, err) < 0)
			return NULL;
	return to;
}

CALL(sprig_merge)
{
	return merge(r, false, argc, argv, err);
}

CALL(sprig_merge_overwrite)
{
	return merge(r, true, argc, argv, err);
}
