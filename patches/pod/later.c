/* SPDX-License-Identifier: Apache-2.0 */
/* What others did to an injected pod afterwards, carried over to another form of it: a merge of three. */
#include "patches/pod/later.h"

#include "patches/schema/schema.h"

/* Depth is that of the types, none of which holds itself. */
struct later {
	struct arena *a;
	bool changes; /* take over what is otherwise, not only what is more */
};

/* --- types ----------------------------------------------------------------------------------------------------------
 */

/* How one tree is walked: as members of a struct or map, as items by key, as items by index, or not at all. */
enum way { WHOLE, MEMBERS, BY_KEY, BY_INDEX };

struct shape {
	const struct go_type *type; /* no pointer */
	const char *key;            /* merge key of a list's items, or NULL */
};

static struct shape shape_of(const struct go_type *type, const char *key)
{
	while (type && type->kind == GO_PTR)
		type = type->elem;
	return (struct shape){type && type->special == GO_PLAIN ? type : NULL, key && *key ? key : NULL};
}

static struct shape member_shape(struct shape s, struct str name)
{
	const struct go_field *f = s.type->kind == GO_STRUCT ? go_field_by_json(s.type, name) : NULL;

	if (s.type->kind == GO_MAP)
		return shape_of(s.type->elem, NULL);
	return f ? shape_of(f->type, f->flags & F_MERGE ? f->merge_key : NULL) : (struct shape){NULL, NULL};
}

static struct shape item_shape(struct shape s)
{
	return shape_of(s.type->elem, NULL);
}

static bool is(const struct value *v, enum kind kind)
{
	return v && v->kind == kind;
}

static enum way way_of(struct shape s, const struct value *one, const struct value *other)
{
	if (!s.type)
		return WHOLE;
	if (s.type->kind == GO_STRUCT || s.type->kind == GO_MAP)
		return is(one, K_MAP) && is(other, K_MAP) ? MEMBERS : WHOLE;
	if (s.type->kind != GO_SLICE || !is(one, K_LIST) || !is(other, K_LIST))
		return WHOLE;
	return s.key ? BY_KEY : BY_INDEX;
}

/* --- items by key ---------------------------------------------------------------------------------------- */

static struct str key_of(const struct value *item, const char *key)
{
	const struct value *v = raw_get(item, key);

	return v && (v->kind == K_STRING || v->kind == K_NUMBER) ? v->u.s : (struct str){NULL, 0};
}

/* *ret is NULL where an item has no key, or two have the same: such a list is one whole. -1: out of memory. */
static int index_items(struct arena *a, const struct value *list, const char *key, struct map **ret)
{
	struct map *m = map_new(a, list->u.list.len);

	*ret = NULL;
	for (size_t i = 0; m && i < list->u.list.len; i++) {
		const struct str k = key_of(list->u.list.item[i], key);

		if (!k.p || map_get(m, k))
			return 0;
		if (map_set(a, m, k, list->u.list.item[i]) < 0)
			return -1;
	}
	*ret = m;
	return m ? 0 : -1;
}

/* --- whether one holds another --------------------------------------------------------------------------- */

static int holds(struct later *l, const struct value *big, const struct value *small, struct shape s, bool *ret);

static int holds_members(struct later *l, const struct value *big, const struct value *small, struct shape s, bool *ret)
{
	const struct map *m = small->u.map;

	*ret = true;
	for (uint32_t i = 0; m && i < m->len && *ret; i++)
		if (holds(l, map_get(big->u.map, m->entry[i].key), m->entry[i].value, member_shape(s, m->entry[i].key),
			    ret) < 0)
			return -1;
	return 0;
}

static int holds_keys(struct later *l, const struct value *big, const struct value *small, struct shape s, bool *ret)
{
	const struct list *items = &small->u.list;
	struct map *m;

	*ret = false;
	if (index_items(l->a, big, s.key, &m) < 0)
		return -1;
	*ret = m != NULL;
	for (size_t i = 0; i < items->len && *ret; i++)
		if (holds(l, map_get(m, key_of(items->item[i], s.key)), items->item[i], item_shape(s), ret) < 0)
			return -1;
	return 0;
}

static int holds_items(struct later *l, const struct value *big, const struct value *small, struct shape s, bool *ret)
{
	const struct list *items = &small->u.list;

	*ret = big->u.list.len == items->len;
	for (size_t i = 0; i < items->len && *ret; i++)
		if (holds(l, big->u.list.item[i], items->item[i], item_shape(s), ret) < 0)
			return -1;
	return 0;
}

static int holds(struct later *l, const struct value *big, const struct value *small, struct shape s, bool *ret)
{
	*ret = big && raw_equal(big, small);
	if (!big || *ret)
		return 0;
	switch (way_of(s, big, small)) {
	case MEMBERS:
		return holds_members(l, big, small, s, ret);
	case BY_KEY:
		return holds_keys(l, big, small, s, ret);
	case BY_INDEX:
		return holds_items(l, big, small, s, ret);
	case WHOLE:
		break;
	}
	return 0;
}

/*
 * Whether members that `then` lacks may be taken over at this level. Of what the pod brought, only the container's own: below
 * that, the API server fills in what follows from the template's (requests from limits).
 */
static int takes_more(struct later *l, struct three t, struct shape s, bool *ret)
{
	*ret = s.type == &go_container;
	return l->changes ? 0 : holds(l, t.now, t.then, s, ret);
}

/* --- the merge ------------------------------------------------------------------------------------------- */

static const struct value *merge(struct later *l, struct three t, struct shape s);

/* What the pod brought and others have taken out since. */
static bool was_removed(const struct later *l, struct three t)
{
	return l->changes && t.then && !t.now && raw_equal(t.onto, t.then);
}

static struct three members_of(struct three t, struct str key)
{
	return (struct three){map_get(t.onto->u.map, key), map_get(t.then->u.map, key), map_get(t.now->u.map, key)};
}

static int merge_members_there(struct later *l, struct three t, struct shape s, struct map *m)
{
	for (uint32_t i = 0; t.onto->u.map && i < t.onto->u.map->len; i++) {
		const struct str key = t.onto->u.map->entry[i].key;
		const struct three member = members_of(t, key);
		const struct value *v;

		if (was_removed(l, member))
			continue;
		v = merge(l, member, member_shape(s, key));
		if (!v || map_set(l->a, m, key, v) < 0)
			return -1;
	}
	return 0;
}

/* A list of the template's to which others have added, where onto has none. */
static int merge_list_not_there(struct later *l, struct three t, struct shape s, struct str key, struct map *m)
{
	static const struct value none = {.kind = K_LIST};
	const struct value *v;

	if (!l->changes || way_of(s, t.then, t.now) != BY_KEY)
		return 0;
	t.onto = &none;
	v = merge(l, t, s);
	return !v || (v->u.list.len && map_set(l->a, m, key, v) < 0) ? -1 : 0;
}

static const struct value *merge_members(struct later *l, struct three t, struct shape s)
{
	struct map *m = map_new(l->a, t.onto->u.map ? t.onto->u.map->len : 0);
	bool more;

	if (!m || merge_members_there(l, t, s, m) < 0 || takes_more(l, t, s, &more) < 0)
		return NULL;
	for (uint32_t i = 0; t.now->u.map && i < t.now->u.map->len; i++) {
		const struct str key = t.now->u.map->entry[i].key;
		const struct three member = members_of(t, key);

		if (member.onto)
			continue;
		if (member.then ? merge_list_not_there(l, member, member_shape(s, key), key, m) < 0
				: more && map_set(l->a, m, key, member.now) < 0)
			return NULL;
	}
	return value_map(l->a, m);
}

struct items {
	struct map *onto, *then, *now;
	uint32_t taken;             /* of onto */
	const struct value **ret;
	size_t n;
};

/* Whether the items that onto and now share come in the same order. */
static bool same_order(const struct items *k)
{
	uint32_t o = 0;

	for (uint32_t i = 0; i < k->now->len; i++) {
		if (!map_get(k->onto, k->now->entry[i].key))
			continue;
		while (!map_get(k->now, k->onto->entry[o].key))
			o++;
		if (!str_eq(k->onto->entry[o++].key, k->now->entry[i].key))
			return false;
	}
	return true;
}

/* The next item of onto. -1: out of memory. */
static int take_there(struct later *l, struct items *k, struct shape s)
{
	const struct map_entry *e = &k->onto->entry[k->taken++];
	const struct three item = {e->value, map_get(k->then, e->key), map_get(k->now, e->key)};
	const struct value *v;

	if (was_removed(l, item))
		return 0;
	v = merge(l, item, item_shape(s));
	if (v)
		k->ret[k->n++] = v;
	return v ? 0 : -1;
}

/* Items of onto up to that key, which is taken as well. */
static int take_up_to(struct later *l, struct items *k, struct str key, struct shape s)
{
	bool found = false;

	while (!found && k->taken < k->onto->len) {
		found = key.p && str_eq(k->onto->entry[k->taken].key, key);
		if (take_there(l, k, s) < 0)
			return -1;
	}
	return 0;
}

/* What is more stays where it came, between the same items, unless those have another order. */
static int take_items(struct later *l, struct items *k, bool more, struct shape s)
{
	static const struct str end = {NULL, 0};

	if (!same_order(k) && take_up_to(l, k, end, s) < 0)
		return -1;
	for (uint32_t i = 0; i < k->now->len; i++) {
		const struct map_entry *e = &k->now->entry[i];

		if (map_get(k->onto, e->key)) {
			if (take_up_to(l, k, e->key, s) < 0)
				return -1;
		} else if (more && !map_get(k->then, e->key)) {
			k->ret[k->n++] = e->value;
		}
	}
	return take_up_to(l, k, end, s);
}

/* What has no parts to merge: onto, or what it has become where onto was the same. */
static const struct value *merge_whole(struct later *l, struct three t)
{
	return l->changes && raw_equal(t.onto, t.then) ? t.now : t.onto;
}

static int starts_with(struct later *l, const struct list *now, const struct list *then, struct shape s, bool *ret)
{
	*ret = now->len >= then->len;
	for (size_t i = 0; i < then->len && *ret; i++)
		if (holds(l, now->item[i], then->item[i], item_shape(s), ret) < 0)
			return -1;
	return 0;
}

/* Items behind those of `then`, but for such as onto has under the same key. -1: out of memory. */
static int add_tail(struct later *l, struct three t, struct shape s, struct items *k)
{
	const struct list *onto = &t.onto->u.list, *now = &t.now->u.list;
	struct map *there = map_new(l->a, onto->len);

	for (size_t i = 0; there && i < onto->len; i++)
		if (key_of(onto->item[i], s.key).p && map_set(l->a, there, key_of(onto->item[i], s.key), &value_true) < 0)
			return -1;
	for (size_t i = t.then->u.list.len; there && i < now->len; i++)
		if (!map_get(there, key_of(now->item[i], s.key)))
			k->ret[k->n++] = now->item[i];
	return there ? 0 : -1;
}

/* Items that no key tells apart go by their place. Behind them others may have added some, where the list is one to add to. */
static const struct value *merge_places(struct later *l, struct three t, struct shape s)
{
	const struct list *onto = &t.onto->u.list, *then = &t.then->u.list, *now = &t.now->u.list;
	struct items k = {.ret = arena_calloc(l->a, onto->len + now->len, sizeof(*k.ret))};
	bool same;

	if (!k.ret || starts_with(l, now, then, s, &same) < 0)
		return NULL;
	if (!same || (now->len > then->len && !s.key))
		return merge_whole(l, t);
	for (; k.n < onto->len; k.n++) {
		k.ret[k.n] = onto->item[k.n];
		if (onto->len == then->len)
			k.ret[k.n] = merge(l, (struct three){onto->item[k.n], then->item[k.n], now->item[k.n]}, item_shape(s));
		if (!k.ret[k.n])
			return NULL;
	}
	if (s.key && add_tail(l, t, s, &k) < 0)
		return NULL;
	return value_list(l->a, k.ret, k.n);
}

static const struct value *merge_keys(struct later *l, struct three t, struct shape s)
{
	struct items k = {.taken = 0};
	bool more = true;

	if (index_items(l->a, t.onto, s.key, &k.onto) < 0 || index_items(l->a, t.then, s.key, &k.then) < 0 ||
	    index_items(l->a, t.now, s.key, &k.now) < 0 || (!l->changes && holds(l, t.now, t.then, s, &more) < 0))
		return NULL;
	if (!k.onto || !k.then || !k.now)
		return merge_places(l, t, s);
	k.ret = arena_calloc(l->a, t.onto->u.list.len + t.now->u.list.len, sizeof(*k.ret));
	if (!k.ret || take_items(l, &k, more, s) < 0)
		return NULL;
	return value_list(l->a, k.ret, k.n);
}

static const struct value *merge(struct later *l, struct three t, struct shape s)
{
	if (!t.then || !t.now || raw_equal(t.then, t.now))
		return t.onto;
	if (way_of(s, t.onto, t.then) == way_of(s, t.then, t.now)) {
		switch (way_of(s, t.onto, t.then)) {
		case MEMBERS:
			return merge_members(l, t, s);
		case BY_KEY:
			return merge_keys(l, t, s);
		case BY_INDEX:
			return merge_places(l, t, s);
		case WHOLE:
			break;
		}
	}
	return merge_whole(l, t);
}

int only_more(struct arena *a, const struct value *now, const struct value *then, const struct go_type *type, bool *ret)
{
	return holds(&(struct later){a, false}, now, then, shape_of(type, NULL), ret);
}

/* --- what was added ------------------------------------------------------------------------------------------------------ */

/* k8s.io/kubernetes/pkg/apis/core/v1/defaults.go: what the API server writes where nothing is; value NULL: whatever it is. */
static const struct {
	const char *key, *value;
} defaults[] = {
	{"terminationMessagePath", "/dev/termination-log"}, {"terminationMessagePolicy", "File"}, {"imagePullPolicy", NULL}, {"protocol", "TCP"},
	{"apiVersion", "v1"}, {"scheme", "HTTP"}, {"path", "/"}, {"timeoutSeconds", "1"}, {"periodSeconds", "10"}, {"successThreshold", "1"},
	{"failureThreshold", "3"}, {"defaultMode", "420"}, {"expirationSeconds", "3600"}, {"divisor", "0"},
};

static bool is_default(const struct map_entry *e)
{
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		if (str_is(e->key, defaults[i].key) && (e->value->kind == K_STRING || e->value->kind == K_NUMBER))
			return !defaults[i].value || str_is(e->value->u.s, defaults[i].value);
	return false;
}

/* Requests that are not given are what the limits are. limits: beside `m`, or NULL. */
static bool follows_limits(const struct map *m, const struct map *limits)
{
	for (uint32_t i = 0; m && i < m->len; i++) {
		const struct value *limit = map_get(limits, m->entry[i].key);

		if (!limit || !raw_equal(limit, m->entry[i].value))
			return false;
	}
	return true;
}

static const struct value *added(struct later *l, const struct value *more, const struct value *less, struct shape s);

static const struct value *added_members(struct later *l, const struct map *more, const struct map *less, struct shape s)
{
	static const struct value nothing = {.kind = K_MAP};
	const struct value *limits = map_getc(more, "limits");
	struct map *m = map_new(l->a, 2);

	for (uint32_t i = 0; m && more && i < more->len; i++) {
		const struct map_entry *e = &more->entry[i];
		const struct value *old = map_get(less, e->key), *v = e->value;

		if (old ? raw_equal(old, v) : is_default(e))
			continue;
		if (old || v->kind == K_MAP)
			v = added(l, v, old ? old : &nothing, member_shape(s, e->key));
		if (v && v->kind == K_MAP && str_is(e->key, "requests") && follows_limits(v->u.map, limits ? limits->u.map : NULL))
			continue;
		if (!v || ((v->kind != K_MAP || v->u.map->len || !old) && map_set(l->a, m, e->key, v) < 0))
			return NULL;
	}
	return m ? value_map(l->a, m) : NULL;
}

static const struct value *added_keys(struct later *l, const struct list *more, const struct map *less, struct shape s)
{
	const struct value **item = arena_calloc(l->a, more->len, sizeof(*item));
	size_t n = 0;

	for (size_t i = 0; item && i < more->len; i++) {
		const struct value *v = more->item[i], *old = map_get(less, key_of(v, s.key));

		if (old && raw_equal(old, v))
			continue;
		v = old ? added(l, v, old, item_shape(s)) : v;
		if (!v || (old && v->kind == K_MAP && v->u.map->len && map_setc(l->a, v->u.map, s.key, raw_get(old, s.key)) < 0))
			return NULL;
		if (!old || v->kind != K_MAP || v->u.map->len)
			item[n++] = v;
	}
	return !item ? NULL : n ? value_list(l->a, item, n) : value_map(l->a, map_new(l->a, 0));
}

/* An empty map where nothing was. */
static const struct value *added(struct later *l, const struct value *more, const struct value *less, struct shape s)
{
	struct map *index = NULL;

	switch (way_of(s, more, less)) {
	case MEMBERS:
		return added_members(l, more->u.map, less->u.map, s);
	case BY_KEY:
		if (index_items(l->a, less, s.key, &index) < 0)
			return NULL;
		return index ? added_keys(l, &more->u.list, index, s) : more;
	case BY_INDEX:
	case WHOLE:
		break;
	}
	return more;
}

const struct value *only_additions(struct arena *a, const struct value *more, const struct value *less, const struct go_type *type)
{
	return added(&(struct later){a, false}, more, less, shape_of(type, NULL));
}

const struct value *with_additions(struct arena *a, struct three t, const struct go_type *type)
{
	return merge(&(struct later){a, false}, t, shape_of(type, NULL));
}

const struct value *with_changes(struct arena *a, struct three t, const struct go_type *type)
{
	return merge(&(struct later){a, true}, t, shape_of(type, NULL));
}
