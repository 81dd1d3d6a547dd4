/* SPDX-License-Identifier: Apache-2.0 */
/* Values in tests by the path to them, as a template would write it. */
#ifndef TESTS_UNIT_VIEW_PATH_H
#define TESTS_UNIT_VIEW_PATH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "patches/schema/schema.h"
#include "patches/value/json.h"

static inline const struct value *view_parse(struct arena *a, const char *json)
{
	struct err err = {0};
	const struct value *v = json_parse(a, json, strlen(json), 0, &err);

	if (!v)
		fail_msg("%s: %s", json, err.what);
	return v;
}

static inline const struct value *view_call(struct arena *a, const struct value *v, struct str name)
{
	struct err err = {0};
	const struct go_method *m = go_method_find(go_type_of(v), (struct str){name.p, name.len - 2});
	const struct value *result;

	if (!m)
		fail_msg("%s has no %.*s", go_type_of(v)->name, (int)name.len, name.p);
	result = schema_call_method(a, v, m, &err);
	return result ? result : value_cstr(a, arena_printf(a, "error: %s", err.what));
}

static inline const struct value *view_field(struct arena *a, const struct value *v, struct str name)
{
	const struct go_field *via, *f;

	if (v->kind == K_PTR)
		v = v->u.ptr;
	if (!v)
		return &value_nil;
	f = go_field_find(go_type_of(v), name, &via);
	if (!f)
		fail_msg("%s has no %.*s", go_type_of(v)->name, (int)name.len, name.p);
	if (via)
		v = schema_view_field(a, v, via);
	return schema_view_field(a, v, f);
}

static inline const struct value *view_step(struct arena *a, const struct value *v, struct str name)
{
	uint64_t i;

	if (str_is(name, "*"))
		return v->u.ptr;
	if (parse_u64(name, &i))
		return schema_view_item(a, v, i);
	if (name.p[0] == '[')
		return schema_view_entry(a, v, map_get(v->u.map, (struct str){name.p + 1, name.len - 2}));
	return str_has_suffix(name, "()") ? view_call(a, v, name) : view_field(a, v, name);
}

/* Go names by points; a number is an index, "[k]" a key, "F()" a method, "*" follows a pointer; "" is the document itself. */
static inline const struct value *view_path(struct arena *a, const struct go_type *t, const char *json, const char *path)
{
	const struct value *v = schema_view(a, view_parse(a, json), t);
	struct str rest = {*path ? path : NULL, strlen(path)};

	while (rest.p)
		v = view_step(a, v, str_cut(&rest, '.'));
	return v;
}

#endif
