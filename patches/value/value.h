/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core's own value: one tree for pods, configuration and everything a template can hold.
 *
 * There are two ways of being a value.
 * - A raw node is a node of a JSON or YAML document: kinds K_NIL, K_BOOL, K_NUMBER, K_STRING, K_LIST, K_MAP, type NULL, its
 *   children raw too. It says nothing of Go's types; patches/schema does: schema_view() looks at a raw node as a Go type.
 * - A typed value is what Go code or a template would hold: type says which named Go type (NULL: the kind's own dynamic type,
 *   as Go has it inside an interface{}: bool, int, float64, string, []interface {}, map[string]interface {}).
 *   The children of a typed K_STRUCT, K_LIST or K_MAP whose element type is no interface are raw nodes, viewed one by one when
 *   they are reached (schema_view_field(), schema_view_item(), schema_view_entry()). Children of []interface {} and
 *   map[string]interface {} are dynamic values and are what they are.
 *
 * Values live in an arena and never change once built, but for maps: sprig's dicts are changed in place (set, unset, merge), as in
 * Go; a map that is shared between requests is frozen.
 */
#ifndef PATCHES_VALUE_VALUE_H
#define PATCHES_VALUE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

struct go_type; /* patches/schema/schema.h */

enum kind {
	K_NIL,    /* JSON null, Go's nil interface. In templates also reflect's invalid value ("<no value>") */
	K_BOOL,
	K_NUMBER, /* raw only: a number of a document, kept as its JSON text */
	K_INT,    /* every Go integer type; type says which, NULL is int */
	K_FLOAT,
	K_STRING, /* any bytes, may hold NUL and invalid UTF-8 */
	K_LIST,   /* slice */
	K_MAP,    /* keys are always text */
	K_STRUCT, /* typed only: fields by JSON name in u.map, which is NULL for a zero struct */
	K_PTR,    /* typed only: u.ptr is NULL for a nil pointer; of a typed nil */
};

enum value_flag {
	/* Holds bytes that the pod (or the request) chose: must stay inside one scalar of what is rendered. */
	V_POD = 1,
	/* Raw only: this node and all below it are as the request brought them; injection has not touched them. */
	V_ASIS = 2,
	/* Text made on purpose to be structure of pod strings (toYaml, toJSON, ...): allowed, and recorded. */
	V_STRUCTURE = 4,
	/* A raw number that YAML reads as a float, also where its text is whole: Go prints it otherwise than an integer. */
	V_FLOAT = 8,
};

struct list {
	const struct value *const *item; /* NULL for Go's nil slice, also when len is 0 */
	size_t len;
};

struct value {
	uint8_t kind;
	uint8_t flags;
	const struct go_type *type;
	union {
		bool b;
		int64_t i;
		double f;
		struct str s; /* K_STRING, K_NUMBER */
		struct list list;
		struct map *map; /* K_MAP, K_STRUCT; NULL for Go's nil map */
		const struct value *ptr;
	} u;
};

/* Constants: raw and dynamic at once. */
extern const struct value value_nil, value_true, value_false, value_empty_string;

/* Each allocates in `a` and gives NULL when it cannot. Texts are borrowed unless the name says copy. */
struct value *value_new(struct arena *a, enum kind kind, const struct go_type *type) MUST_CHECK;
const struct value *value_bool(bool b); /* static storage */
const struct value *value_int(struct arena *a, int64_t i) MUST_CHECK;
const struct value *value_float(struct arena *a, double f) MUST_CHECK;
const struct value *value_str(struct arena *a, struct str s) MUST_CHECK;
const struct value *value_cstr(struct arena *a, const char *cstr) MUST_CHECK;
const struct value *value_copy_str(struct arena *a, struct str s) MUST_CHECK;
/* A raw K_NUMBER from an integer. */
const struct value *value_number(struct arena *a, int64_t i) MUST_CHECK;
/* The array is borrowed. len 0 gives an empty, not a nil list. */
const struct value *value_list(struct arena *a, const struct value *const *item, size_t len) MUST_CHECK;
const struct value *value_map(struct arena *a, struct map *map) MUST_CHECK;
/* The same value with more flags, or with another type: the value itself where nothing changes. */
const struct value *value_flagged(struct arena *a, const struct value *v, unsigned flags) MUST_CHECK;
const struct value *value_typed(struct arena *a, const struct value *v, const struct go_type *type) MUST_CHECK;

/* --- maps: in order of insertion; look-up is linear up to 8 keys and hashed (seeded) beyond ------------------------- */

struct map_entry {
	struct str key;
	const struct value *value;
	uint32_t hash;
	bool key_from_pod; /* as V_POD, of the key's own text */
};

struct map {
	struct map_entry *entry; /* 0 .. len - 1, in order of insertion */
	uint32_t *index;         /* NULL while small */
	uint32_t len, cap, index_cap;
	bool frozen;             /* shared between requests: map_set and map_del fail */
};

struct map *map_new(struct arena *a, size_t room) MUST_CHECK;
/* NULL where there is none; m may be NULL. */
const struct value *map_get(const struct map *m, struct str key);
const struct value *map_getc(const struct map *m, const char *key);
const struct map_entry *map_find(const struct map *m, struct str key);
/* Replaces in place or appends. The key is borrowed. -1: out of memory, or frozen. */
int map_set(struct arena *a, struct map *m, struct str key, const struct value *v) MUST_CHECK;
int map_setc(struct arena *a, struct map *m, const char *key, const struct value *v) MUST_CHECK;
/* Keeps the order of the rest. Whether it was there. A frozen map stays as it is. */
bool map_del(struct map *m, struct str key);
/* A shallow copy that may be changed, with room for `more` keys; NULL m gives an empty one. */
struct map *map_clone(struct arena *a, const struct map *m, size_t more) MUST_CHECK;
/* Entries sorted bytewise by key, as Go ranges over and prints maps; an array of m->len pointers in `a`. */
const struct map_entry *const *map_sorted(struct arena *a, const struct map *m) MUST_CHECK;

/* Freezes every map below v. */
void value_freeze(const struct value *v);
/* A deep copy whose maps may be changed; texts and scalars are shared with v. Depth is at most LIMIT_VALUE_DEPTH: NULL beyond, or without memory. */
const struct value *value_deep_copy(struct arena *a, const struct value *v) MUST_CHECK;

/* --- raw trees --------------------------------------------------------------------------------------------- */

/* Members of raw maps by name; NULL where v is no map or has no such member, or it is null. v may be NULL. */
const struct value *raw_get(const struct value *v, const char *key);
/* Follows keys: raw_path(v, "metadata", "labels", NULL). */
const struct value *raw_path(const struct value *v, ...) __attribute__((sentinel));
/* The text of a raw string member; {NULL, 0} where it is none. */
struct str raw_str(const struct value *v, const char *key);
bool raw_bool(const struct value *v, const char *key); /* false where it is none */
/* Whole numbers only: false where v is no K_NUMBER, has a fraction that is not zero, or does not fit. 1e3 and 1.0 are whole. */
bool raw_int(const struct value *v, int64_t *ret);
double raw_float(const struct value *v); /* of a K_NUMBER; 0 otherwise */

/*
 * Deep equality of raw trees: maps unordered, lists ordered, strings exact, numbers by value. Linear for maps.
 * V_ASIS trees that are the same pointer are equal at once.
 */
bool raw_equal(const struct value *a, const struct value *b);

/*
 * A raw tree as what Go's json.Unmarshal makes of it in an interface{}: K_NUMBER becomes float64 (K_FLOAT), the rest stays.
 * Used for .Values and wherever a template gets `any`. Keeps flags, but for V_ASIS of lists and maps: those are copies, and may change.
 */
const struct value *value_from_raw(struct arena *a, const struct value *raw) MUST_CHECK;

#endif
