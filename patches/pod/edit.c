/* SPDX-License-Identifier: Apache-2.0 */
/* A pod being changed: the maps on the way to every change are copied once, the rest stays shared with the pod that was given. */
#include "patches/pod/edit.h"

#include <string.h>

#include "base/limits.h"

static const struct map *map_of(const struct value *v)
{
	return v && v->kind == K_MAP ? v->u.map : NULL;
}

static struct map *copy_of(struct pod_edit *e, const struct value *v)
{
	struct map *m = map_clone(e->a, map_of(v), 2);

	if (!m)
		e->failed = true;
	return m;
}

static void list_begin(struct pod_edit *e, struct container_list *l, const char *key)
{
	const struct value *v = e->spec ? map_getc(e->spec, key) : NULL;
	const size_t len = v && v->kind == K_LIST ? v->u.list.len : 0;

	*l = (struct container_list){.given = v};
	l->item = arena_calloc(e->a, len + 2, sizeof(*l->item));
	if (!l->item) {
		e->failed = true;
		return;
	}
	l->cap = len + 2;
	for (; l->len < len; l->len++)
		l->item[l->len] = v->u.list.item[l->len];
}

void pod_edit_begin(struct pod_edit *e, struct arena *a, const struct value *pod)
{
	const struct value *meta = raw_get(pod, "metadata");

	memset(e, 0, sizeof(*e));
	e->a = a;
	e->pod = copy_of(e, pod);
	e->metadata = copy_of(e, meta);
	e->spec = copy_of(e, raw_get(pod, "spec"));
	if (raw_get(meta, "annotations"))
		e->annotations = copy_of(e, raw_get(meta, "annotations"));
	if (raw_get(meta, "labels"))
		e->labels = copy_of(e, raw_get(meta, "labels"));
	list_begin(e, &e->containers, "containers");
	list_begin(e, &e->init_containers, "initContainers");
}

void member_set(struct pod_edit *e, struct map *m, const char *key, const struct value *v)
{
	if (!v || !m || map_setc(e->a, m, key, v) < 0)
		e->failed = true;
}

static void put_map(struct pod_edit *e, struct map *parent, const char *key, struct map *m)
{
	if (m && (m->len || map_getc(parent, key)))
		member_set(e, parent, key, value_map(e->a, m));
}

static bool unchanged(const struct container_list *l)
{
	if (!l->given || l->given->kind != K_LIST || l->given->u.list.len != l->len)
		return !l->len && (!l->given || l->given->kind != K_LIST);
	for (size_t i = 0; i < l->len; i++)
		if (l->given->u.list.item[i] != l->item[i])
			return false;
	return true;
}

static void put_list(struct pod_edit *e, const char *key, const struct container_list *l)
{
	if (!unchanged(l))
		member_set(e, e->spec, key, value_list(e->a, l->item, l->len));
}

const struct value *pod_edit_end(struct pod_edit *e, struct err *err)
{
	const struct value *pod = NULL;

	if (!e->failed) {
		put_list(e, "containers", &e->containers);
		put_list(e, "initContainers", &e->init_containers);
		put_map(e, e->metadata, "annotations", e->annotations);
		put_map(e, e->metadata, "labels", e->labels);
		put_map(e, e->pod, "metadata", e->metadata);
		put_map(e, e->pod, "spec", e->spec);
		pod = value_map(e->a, e->pod);
	}
	if (e->failed || !pod) {
		err_nomem(err);
		return NULL;
	}
	return pod;
}

static void put_text(struct pod_edit *e, struct map **m, struct str key, struct str text)
{
	const struct value *v = value_str(e->a, text);

	if (!*m)
		*m = map_new(e->a, 4);
	if (!*m || !v || map_set(e->a, *m, key, v) < 0)
		e->failed = true;
}

void pod_annotate(struct pod_edit *e, struct str key, struct str value)
{
	put_text(e, &e->annotations, key, value);
}

void pod_label(struct pod_edit *e, struct str key, struct str value)
{
	put_text(e, &e->labels, key, value);
}

struct str pod_annotation(const struct pod_edit *e, const char *key)
{
	const struct value *v = map_getc(e->annotations, key);

	return v && v->kind == K_STRING ? v->u.s : (struct str){NULL, 0};
}

static bool is_named(const struct value *container, struct str name)
{
	return str_eq(raw_str(container, "name"), name);
}

size_t container_index(const struct container_list *l, struct str name)
{
	for (size_t i = 0; i < l->len; i++)
		if (is_named(l->item[i], name))
			return i;
	return SIZE_MAX;
}

const struct value *find_container(const struct container_list *l, struct str name)
{
	const size_t i = container_index(l, name);

	return i == SIZE_MAX ? NULL : l->item[i];
}

void container_append(struct pod_edit *e, struct container_list *l, const struct value *c)
{
	if (l->len == l->cap) {
		void *item = arena_grow(e->a, l->item, l->len * sizeof(*l->item), (l->len + 1) * 2 * sizeof(*l->item));

		if (!item) {
			e->failed = true;
			return;
		}
		l->item = item;
		l->cap = (l->len + 1) * 2;
	}
	l->item[l->len++] = c;
}

void container_insert(struct pod_edit *e, struct container_list *l, size_t at, const struct value *c)
{
	container_append(e, l, c);
	if (e->failed)
		return;
	memmove(l->item + at + 1, l->item + at, (l->len - 1 - at) * sizeof(*l->item));
	l->item[at] = c;
}

void container_remove(struct container_list *l, size_t index)
{
	l->len--;
	memmove(l->item + index, l->item + index + 1, (l->len - index) * sizeof(*l->item));
}

struct map *container_edit(struct pod_edit *e, struct container_list *l, size_t index)
{
	struct map *m = copy_of(e, l->item[index]);
	const struct value *v = m ? value_map(e->a, m) : NULL;

	if (!v) {
		e->failed = true;
		return NULL;
	}
	l->item[index] = v;
	return m;
}

struct container_list *container_where(struct pod_edit *e, struct str name, size_t *ret_index)
{
	*ret_index = container_index(&e->containers, name);
	if (*ret_index != SIZE_MAX)
		return &e->containers;
	*ret_index = container_index(&e->init_containers, name);
	return *ret_index != SIZE_MAX ? &e->init_containers : NULL;
}

static const struct value *env_var(struct arena *a, struct str name, struct str value)
{
	struct map *m = map_new(a, 2);
	const struct value *n = value_str(a, name), *v = value_str(a, value);

	/* An empty value is left out, as encoding/json leaves out what is omitempty. */
	if (!m || !n || !v || map_setc(a, m, "name", n) < 0 || (value.len && map_setc(a, m, "value", v) < 0))
		return NULL;
	return value_map(a, m);
}

void env_append(struct pod_edit *e, struct map *container, struct str name, struct str value)
{
	const struct value *env = container ? map_getc(container, "env") : NULL;
	const size_t len = env && env->kind == K_LIST ? env->u.list.len : 0;
	const struct value **item = arena_calloc(e->a, len + 1, sizeof(*item));

	if (!item) {
		e->failed = true;
		return;
	}
	for (size_t i = 0; i < len; i++)
		item[i] = env->u.list.item[i];
	item[len] = env_var(e->a, name, value);
	if (item[len])
		member_set(e, container, "env", value_list(e->a, item, len + 1));
	else
		e->failed = true;
}

struct map *member_edit(struct pod_edit *e, struct map *parent, const char *key)
{
	struct map *m = parent ? copy_of(e, map_getc(parent, key)) : NULL;

	if (m)
		member_set(e, parent, key, value_map(e->a, m));
	return m;
}

const struct value *raw_container(const struct value *pod, const char *list, struct str name)
{
	const struct value *v = raw_get(raw_get(pod, "spec"), list);

	for (size_t i = 0; v && v->kind == K_LIST && i < v->u.list.len; i++)
		if (is_named(v->u.list.item[i], name))
			return v->u.list.item[i];
	return NULL;
}

const struct value *raw_any_container(const struct value *pod, struct str name)
{
	const struct value *c = raw_container(pod, "containers", name);

	return c ? c : raw_container(pod, "initContainers", name);
}

static const struct value *touched(struct arena *a, const struct value *v, unsigned depth);

static const struct value *touched_list(struct arena *a, const struct value *v, unsigned depth)
{
	const struct value **item = arena_calloc(a, v->u.list.len, sizeof(*item));

	for (size_t i = 0; item && i < v->u.list.len; i++)
		if (!(item[i] = touched(a, v->u.list.item[i], depth)))
			return NULL;
	return item ? value_list(a, item, v->u.list.len) : NULL;
}

static const struct value *touched_map(struct arena *a, const struct value *v, unsigned depth)
{
	struct map *m = map_clone(a, v->u.map, 0);

	for (uint32_t i = 0; m && i < m->len; i++)
		if (!(m->entry[i].value = touched(a, m->entry[i].value, depth)))
			return NULL;
	return m ? value_map(a, m) : NULL;
}

static const struct value *touched(struct arena *a, const struct value *v, unsigned depth)
{
	struct value *copy;

	if (depth == 0)
		return NULL;
	if (v->kind == K_LIST)
		return touched_list(a, v, depth - 1);
	if (v->kind == K_MAP)
		return touched_map(a, v, depth - 1);
	copy = value_new(a, (enum kind)v->kind, v->type);
	if (!copy)
		return NULL;
	*copy = *v;
	copy->flags &= (uint8_t)~V_ASIS;
	return copy;
}

const struct value *raw_touched(struct arena *a, const struct value *v)
{
	return touched(a, v, LIMIT_VALUE_DEPTH);
}
