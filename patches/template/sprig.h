/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sprig's functions and the injector's own share: arguments, results, Go's conversions. Internal to patches/template.
 * Source of the behaviour: masterminds.github.io/sprig, release 3.3.0, and the libraries it rests on (cast, mergo, decimal, goutils,
 * xstrings, semver).
 */
#ifndef PATCHES_TEMPLATE_SPRIG_H
#define PATCHES_TEMPLATE_SPRIG_H

#include "base/limits.h"
#include "patches/template/function.h"

/* Defines a function_call: every one has the same four parameters and few use all. */
#define CALL(name)                                                                                                     \
	const struct value *name(struct run *r UNUSED, size_t argc UNUSED, const struct value *const argv[] UNUSED,    \
		struct err *err UNUSED)

/* What semver gives. */
extern const struct go_type go_semver, go_ptr_semver;

/* reflect.Kind's word for the value: "int", "slice", "invalid". */
const char *kind_word(const struct value *v);
/* %T of the value: "<nil>" for nil. */
const char *type_word(const struct value *v);
bool is_nil(const struct value *v);          /* interface nil only */
bool is_empty(const struct value *v);        /* sprig's `empty` */
bool is_go_string(const struct value *v);    /* of type string itself, no named one */

/* V_POD where any argument carries it. */
unsigned pod_flag(size_t argc, const struct value *const argv[]);

/* --- results: NULL with err set when there is no memory ----------------------------------------------------- */

void out_init(struct run *r, struct text *t);
const struct value *give_str(struct run *r, struct str s, struct err *err);       /* borrowed */
const struct value *give_cstr(struct run *r, const char *s, struct err *err);     /* borrowed */
const struct value *give_int(struct run *r, int64_t i, const struct go_type *type, struct err *err);
const struct value *give_float(struct run *r, double f, struct err *err);
const struct value *give_map(struct run *r, struct map *m, const struct go_type *type, struct err *err);
const struct value *give_nil_list(struct run *r, const struct go_type *type, struct err *err); /* Go's nil slice */
/* A Go panic or error with a fixed text: ERR_INPUT; always NULL. */
const struct value *give_error(struct err *err, const char *text);

/* A list under construction. */
struct items {
	struct run *run;
	const struct value **item;
	size_t len, cap;
};

void items_init(struct items *list, struct run *r);
int items_add(struct items *list, const struct value *v, struct err *err) MUST_CHECK;
int items_add_str(struct items *list, struct str s, unsigned flags, struct err *err) MUST_CHECK;
const struct value *give_items(struct items *list, const struct go_type *type, struct err *err);

/* --- arguments ------------------------------------------------------------------------------------------------- */

/* Item i of a list value, as reflect's Index(i).Interface(). */
const struct value *list_item(struct run *r, const struct value *list, size_t i, struct err *err);
/* Adds all items of a list. */
int items_add_list(struct items *list, const struct value *from, struct err *err) MUST_CHECK;
/* Sets a member and remembers whether the key's bytes are the pod's. */
int dict_set(struct run *r, struct map *m, struct str key, bool key_from_pod, const struct value *v, struct err *err) MUST_CHECK;

/* sprig's strval: a string as it is, everything else by %v. Appends. */
int add_strval(struct run *r, struct text *out, const struct value *v, struct err *err) MUST_CHECK;
int strval(struct run *r, const struct value *v, struct str *ret, struct err *err) MUST_CHECK;
/* fmt's %v: "<nil>" for nil. */
int add_default(struct run *r, struct text *out, const struct value *v, struct err *err) MUST_CHECK;
/* strslice: anything as []string; fills list with strings. */
int to_strings(struct items *list, const struct value *v, struct err *err) MUST_CHECK;

/* cast.ToInt64, cast.ToFloat64: 0 where it is no number. */
int64_t to_int64(const struct value *v);
double to_float64(const struct value *v);
/* strconv.ParseInt with base 0, 8 or 10. Returns false on a syntax error; out of range gives the nearest and *ret_range. */
bool go_parse_int(struct str s, unsigned base, int64_t *ret, bool *ret_range);

/* reflect.DeepEqual of two dynamic values: 1, 0, or -1 with err set. */
int deep_equal(struct run *r, const struct value *a, const struct value *b, struct err *err) MUST_CHECK;
/* Charges one step and more for each 64 bytes of work. */
int charge_bytes(struct run *r, size_t bytes, struct err *err) MUST_CHECK;

/* Unpredictable bytes for randAlpha and friends. */
int random_bytes(void *p, size_t n, struct err *err) MUST_CHECK;
/* A number below bound, without bias. */
int random_below(uint64_t bound, uint64_t *ret, struct err *err) MUST_CHECK;

#endif
