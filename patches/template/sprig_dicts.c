/* SPDX-License-Identifier: Apache-2.0 */
/* sprig's dicts: maps that a template builds, and changes in place. */
#include <string.h>

#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"

static struct map *new_map(struct run *r, size_t room, struct err *err)
{
	struct map *m = map_new(r->arena, room);

	if (!m)
		err_nomem(err);
	return m;
}

static int copy_entry(struct run *r, struct map *to, const struct map_entry *e, struct err *err)
{
	return dict_set(r, to, e->key, e->key_from_pod, e->value, err);
}

CALL(sprig_dict)
{
	struct map *m = new_map(r, argc / 2 + 1, err);
	struct str key;

	for (size_t i = 0; m && i < argc; i += 2) {
		const struct value *v = i + 1 < argc ? argv[i + 1] : &value_empty_string;

		if (strval(r, argv[i], &key, err) < 0 || dict_set(r, m, key, go_pod_flags(argv[i]) & V_POD, v, err) < 0)
			return NULL;
	}
	return m ? give_map(r, m, NULL, err) : NULL;
}

CALL(sprig_get)
{
	const struct value *v = map_get(argv[0]->u.map, argv[1]->u.s);

	return v ? v : &value_empty_string;
}

CALL(sprig_set)
{
	if (!argv[0]->u.map)
		return give_error(err, "assignment to entry in nil map");
	if (dict_set(r, argv[0]->u.map, argv[1]->u.s, argv[1]->flags & V_POD, argv[2], err) < 0)
		return NULL;
	return argv[0];
}

CALL(sprig_unset)
{
	struct map *m = argv[0]->u.map;

	if (!map_find(m, argv[1]->u.s))
		return argv[0];
	if (m->frozen)
		return give_error(err, "cannot change the configuration's own values (change a deepCopy of them)");
	if (run_charge(r, m->len, err) < 0)
		return NULL;
	(void)map_del(m, argv[1]->u.s);
	return argv[0];
}

CALL(sprig_has_key)
{
	return value_bool(map_find(argv[0]->u.map, argv[1]->u.s) != NULL);
}

CALL(sprig_pluck)
{
	struct items list;

	items_init(&list, r);
	for (size_t i = 1; i < argc; i++) {
		const struct map_entry *e = map_find(argv[i]->u.map, argv[0]->u.s);

		if (e && items_add(&list, e->value, err) < 0)
			return NULL;
	}
	return give_items(&list, NULL, err);
}

/* Go's order is random; ours is sorted, so that equal pods get equal answers. */
CALL(sprig_keys)
{
	struct items list;

	items_init(&list, r);
	for (size_t i = 0; i < argc; i++) {
		const struct map *m = argv[i]->u.map;
		const struct map_entry *const *sorted = m ? map_sorted(r->arena, m) : NULL;

		if (m && m->len && !sorted) {
			err_nomem(err);
			return NULL;
		}
		for (uint32_t k = 0; sorted && k < m->len; k++)
			if (items_add_str(&list, sorted[k]->key, sorted[k]->key_from_pod ? V_POD : 0, err) < 0)
				return NULL;
	}
	return give_items(&list, &go_list_string, err);
}

CALL(sprig_values)
{
	const struct map *m = argv[0]->u.map;
	const struct map_entry *const *sorted = m ? map_sorted(r->arena, m) : NULL;
	struct items list;

	items_init(&list, r);
	if (m && m->len && !sorted) {
		err_nomem(err);
		return NULL;
	}
	for (uint32_t k = 0; sorted && k < m->len; k++)
		if (items_add(&list, sorted[k]->value, err) < 0)
			return NULL;
	return give_items(&list, NULL, err);
}

CALL(sprig_pick)
{
	struct map *m = new_map(r, argc, err);

	for (size_t i = 1; m && i < argc; i++) {
		const struct map_entry *e = map_find(argv[0]->u.map, argv[i]->u.s);

		if (e && copy_entry(r, m, e, err) < 0)
			return NULL;
	}
	return m ? give_map(r, m, NULL, err) : NULL;
}

static bool is_named(size_t argc, const struct value *const argv[], struct str key)
{
	for (size_t i = 0; i < argc; i++)
		if (str_eq(argv[i]->u.s, key))
			return true;
	return false;
}

/* Also the injector's own `omit`, whose maps are of strings. */
CALL(sprig_omit)
{
	const struct map *from = argv[0]->u.map;
	struct map *m = new_map(r, from ? from->len : 0, err);

	for (uint32_t i = 0; m && from && i < from->len; i++) {
		if (run_charge(r, argc, err) < 0)
			return NULL;
		if (!is_named(argc - 1, argv + 1, from->entry[i].key) && copy_entry(r, m, &from->entry[i], err) < 0)
			return NULL;
	}
	return m ? give_map(r, m, argv[0]->type, err) : NULL;
}

/* The type assertions of dig panic in Go. */
static bool is_map_any(const struct value *v)
{
	return v->kind == K_MAP && go_type_of(v) == &go_map_any;
}

static const struct value *wrong_assertion(const struct value *v, const char *wanted, struct err *err)
{
	err_set(err, ERR_INPUT, "interface conversion: interface {} is %s, not %s", is_nil(v) ? "nil" : type_word(v), wanted);
	return NULL;
}

CALL(sprig_dig)
{
	const struct value *at;

	if (argc < 3)
		return give_error(err, "dig needs at least three arguments");
	at = argv[argc - 1];
	if (!is_map_any(at))
		return wrong_assertion(at, go_map_any.name, err);
	for (size_t i = 0; i < argc - 2; i++)
		if (!is_go_string(argv[i]))
			return wrong_assertion(argv[i], "string", err);
	for (size_t i = 0; i < argc - 2; i++) {
		if (!is_map_any(at))
			return wrong_assertion(at, go_map_any.name, err);
		at = map_get(at->u.map, argv[i]->u.s);
		if (!at)
			return argv[argc - 2];
	}
	return at;
}

CALL(sprig_deep_copy)
{
	const struct value *v;

	if (is_nil(argv[0]))
		return give_error(err, "reflect: call of reflect.Value.Type on zero Value");
	v = value_deep_copy(r->arena, argv[0]);
	if (!v)
		err_nomem(err);
	return v;
}
