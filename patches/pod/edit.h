/* SPDX-License-Identifier: Apache-2.0 */
/* A pod being changed: the maps on the way to every change are copied once, the rest stays shared with the pod that was given. */
#ifndef PATCHES_POD_EDIT_H
#define PATCHES_POD_EDIT_H

#include "patches/value/value.h"

struct container_list {
	const struct value **item;
	size_t len, cap;
	const struct value *given; /* the list as it was, or NULL */
};

struct pod_edit {
	struct arena *a;
	struct map *pod, *metadata, *spec;  /* own copies */
	struct map *annotations, *labels;   /* own copies; NULL where the pod has none (yet) */
	struct container_list containers, init_containers;
	bool failed;                        /* out of memory: pod_edit_end() says so */
};

/* pod: a raw map that has passed schema_check(). Out of memory is kept until pod_edit_end(). */
void pod_edit_begin(struct pod_edit *e, struct arena *a, const struct value *pod);
/* The changed pod, or NULL with err set. The edit may not be used afterwards. */
const struct value *pod_edit_end(struct pod_edit *e, struct err *err) MUST_CHECK;

/* Texts are borrowed. */
void pod_annotate(struct pod_edit *e, struct str key, struct str value);
void pod_label(struct pod_edit *e, struct str key, struct str value);
/* {NULL, 0} where it is not there. */
struct str pod_annotation(const struct pod_edit *e, const char *key);

/* First container of that name, or NULL. */
const struct value *find_container(const struct container_list *l, struct str name);
/* SIZE_MAX where there is none. */
size_t container_index(const struct container_list *l, struct str name);
void container_append(struct pod_edit *e, struct container_list *l, const struct value *c);
/* Before the one at `at`, which may be the length. */
void container_insert(struct pod_edit *e, struct container_list *l, size_t at, const struct value *c);
void container_remove(struct container_list *l, size_t index);
/* The container's own copy to change; NULL when out of memory (kept in e). */
struct map *container_edit(struct pod_edit *e, struct container_list *l, size_t index);
/* In containers first, then in initContainers; NULL list where it is in neither. */
struct container_list *container_where(struct pod_edit *e, struct str name, size_t *ret_index);

/* env of a container copy: a new list with the variable behind it. */
void env_append(struct pod_edit *e, struct map *container, struct str name, struct str value);
/* A map member as an own copy to change: the copy replaces it; made where it is missing. */
struct map *member_edit(struct pod_edit *e, struct map *parent, const char *key);
/* Sets a member; out of memory is kept in e. */
void member_set(struct pod_edit *e, struct map *m, const char *key, const struct value *v);

/* A deep copy of a raw tree without V_ASIS, so that the canonical form reaches all of it. NULL when out of memory. */
const struct value *raw_touched(struct arena *a, const struct value *v) MUST_CHECK;

/* The same questions of a raw pod that is not being changed. */
const struct value *raw_container(const struct value *pod, const char *list, struct str name);
/* In containers first, then in initContainers. */
const struct value *raw_any_container(const struct value *pod, struct str name);

#endif
