/* SPDX-License-Identifier: Apache-2.0 */
/* text/template's own functions: index, slice, len, call, not, print, and the table of them all. */
#include "patches/template/builtin.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "patches/template/gofmt.h"

static const struct go_type go_uint8 = {.name = "uint8", .kind = GO_UINT8};
const struct go_type go_proto_message = {.name = "protoreflect.ProtoMessage", .kind = GO_INTERFACE};

/* Their place in the table is by name; the calls are told apart by these. */
static function_call reflect_only;
static function_call call_not, call_print, call_printf, call_println, call_slice;

#define ANY NULL
static const struct function rows[] = {
	{"and", reflect_only, {ANY, ANY}, NULL, 2, FN_VARIADIC | FN_SHORT_CIRCUIT, "and X...: the first that is empty, or the last"},
	{"call", reflect_only, {ANY, ANY}, NULL, 2, FN_VARIADIC, "call F X...: calls a function value; templates have none"},
	{"eq", compare_eq, {ANY, ANY}, &go_bool, 2, FN_VARIADIC, "eq X Y...: whether X equals any of the others"},
	{"ge", compare_ge, {ANY, ANY}, &go_bool, 2, 0, "ge X Y: X >= Y"},
	{"gt", compare_gt, {ANY, ANY}, &go_bool, 2, 0, "gt X Y: X > Y"},
	{"html", escape_html, {ANY}, &go_string, 1, FN_VARIADIC, "html X...: as print, escaped for HTML"},
	{"index", reflect_only, {ANY, ANY}, NULL, 2, FN_VARIADIC, "index X I...: X[I]..., of lists, maps and strings"},
	{"js", escape_js, {ANY}, &go_string, 1, FN_VARIADIC, "js X...: as print, escaped for JavaScript"},
	{"le", compare_le, {ANY, ANY}, &go_bool, 2, 0, "le X Y: X <= Y"},
	{"len", reflect_only, {ANY}, &go_int, 1, 0, "len X: items of a list or map, bytes of a string"},
	{"lt", compare_lt, {ANY, ANY}, &go_bool, 2, 0, "lt X Y: X < Y"},
	{"ne", compare_ne, {ANY, ANY}, &go_bool, 2, 0, "ne X Y: X != Y"},
	{"not", call_not, {ANY}, &go_bool, 1, 0, "not X: whether X is empty"},
	{"or", reflect_only, {ANY, ANY}, NULL, 2, FN_VARIADIC | FN_SHORT_CIRCUIT, "or X...: the first that is not empty, or the last"},
	{"print", call_print, {ANY}, &go_string, 1, FN_VARIADIC, "print X...: as Go's fmt.Sprint"},
	{"printf", call_printf, {&go_string, ANY}, &go_string, 2, FN_VARIADIC, "printf FORMAT X...: as Go's fmt.Sprintf"},
	{"println", call_println, {ANY}, &go_string, 1, FN_VARIADIC, "println X...: as Go's fmt.Sprintln"},
	{"slice", call_slice, {ANY, ANY}, NULL, 2, FN_VARIADIC, "slice X I J: X[I:J], of lists and strings"},
	{"urlquery", escape_urlquery, {ANY}, &go_string, 1, FN_VARIADIC, "urlquery X...: as print, escaped for a URL's query"},
};

const struct function_table go_functions = {rows, ARRAY_LEN(rows)};

static const struct value *reflect_only(struct run *r UNUSED, size_t argc UNUSED, const struct value *const argv[] UNUSED, struct err *err)
{
	err_set(err, ERR_BUG, "called without its interpreter");
	return NULL;
}

static const struct value *fail(struct err *err, const char *text)
{
	err_set(err, ERR_INPUT, "%s", text);
	return NULL;
}

/* --- index, len, call ------------------------------------------------------------------------------------------- */

bool builtin_is_reflect(const struct function *f)
{
	return f->call == reflect_only;
}

/* A number as an index of 0 to cap. */
static int index_of(struct rv index, size_t cap, size_t *ret, struct err *err)
{
	if (!index.v)
		return err_set(err, ERR_INPUT, "cannot index slice/array with nil");
	if (index.v->kind != K_INT)
		return err_set(err, ERR_INPUT, "cannot index slice/array with type %s", rv_type_name(index));
	if (index.v->u.i < 0 || (uint64_t)index.v->u.i > cap)
		return err_set(err, ERR_INPUT, "index out of range: %lld", (long long)index.v->u.i);
	*ret = (size_t)index.v->u.i;
	return 0;
}

static int index_list(struct run *r, struct rv list, struct rv index, struct rv *ret, struct err *err)
{
	size_t i;

	if (index_of(index, list.v->u.list.len, &i, err) < 0)
		return -1;
	if (i == list.v->u.list.len)
		return err_set(err, ERR_INPUT, "reflect: slice index out of range");
	return rv_item(r->arena, list, i, ret) ? 0 : err_nomem(err);
}

static int index_string(struct run *r, struct rv string, struct rv index, struct rv *ret, struct err *err)
{
	struct value *byte;
	size_t i;

	if (index_of(index, string.v->u.s.len, &i, err) < 0)
		return -1;
	if (i == string.v->u.s.len)
		return err_set(err, ERR_INPUT, "reflect: string index out of range");
	byte = value_new(r->arena, K_INT, &go_uint8);
	if (!byte)
		return err_nomem(err);
	byte->u.i = (unsigned char)string.v->u.s.p[i];
	*ret = (struct rv){.v = byte};
	return 0;
}

static int index_map(struct run *r, struct rv map, struct rv index, struct rv *ret, struct err *err)
{
	const struct go_type *type = go_type_of(map.v), *key = type->key ? type->key : &go_string;
	const struct map_entry *e;

	if (!index.v)
		return err_set(err, ERR_INPUT, "value is nil; should be of type %s", key->name);
	if (index.v->kind != K_STRING || !type_same(go_type_of(index.v), key))
		return err_set(err, ERR_INPUT, "value has type %s; should be %s", rv_type_name(index), key->name);
	e = map_find(map.v->u.map, index.v->u.s);
	if (e)
		return rv_entry(r->arena, map, e, ret) ? 0 : err_nomem(err);
	return rv_zero(r->arena, type->elem, ret) ? 0 : err_nomem(err);
}

static int index_values(struct run *r, uint32_t n, const struct rv *argv, struct rv *ret, struct err *err)
{
	struct rv item = rv_unwrap(argv[0]);
	bool nil;

	if (!item.v)
		return err_set(err, ERR_INPUT, "index of untyped nil");
	for (uint32_t i = 1; i < n; i++) {
		const struct rv index = rv_unwrap(argv[i]);
		int rc;

		item = rv_indirect(item, &nil);
		if (nil)
			return err_set(err, ERR_INPUT, "index of nil pointer");
		if (item.v->kind == K_LIST)
			rc = index_list(r, item, index, &item, err);
		else if (item.v->kind == K_STRING)
			rc = index_string(r, item, index, &item, err);
		else if (item.v->kind == K_MAP)
			rc = index_map(r, item, index, &item, err);
		else
			rc = err_set(err, ERR_INPUT, "can't index item of type %s", rv_type_name(item));
		if (rc < 0)
			return -1;
	}
	*ret = item;
	return 0;
}

static int length_of(struct run *r, struct rv item, struct rv *ret, struct err *err)
{
	const struct value *v;
	size_t n;
	bool nil;

	item = rv_indirect(item, &nil);
	if (nil)
		return err_set(err, ERR_INPUT, "len of nil pointer");
	if (!item.v)
		return err_set(err, ERR_INPUT, "reflect: call of reflect.Value.Type on zero Value");
	switch ((enum kind)item.v->kind) {
	case K_STRING: n = item.v->u.s.len; break;
	case K_LIST: n = item.v->u.list.len; break;
	case K_MAP: n = item.v->u.map ? item.v->u.map->len : 0; break;
	default: return err_set(err, ERR_INPUT, "len of type %s", rv_type_name(item));
	}
	v = value_int(r->arena, (int64_t)n);
	*ret = (struct rv){.v = v};
	return v ? 0 : err_nomem(err);
}

/* Templates hold no function values: it only remains to say so as Go does. */
static int call_value(const struct node *first, struct rv value, struct run *r, struct err *err)
{
	const struct rv f = rv_unwrap(value);
	struct text name;

	if (!f.v)
		return err_set(err, ERR_INPUT, "call of nil");
	text_init(&name, r->arena, 64 << 10);
	if (first)
		node_print(&name, first, r->template);
	else if (value.v->kind == K_STRING && !value.iface)
		text_add(&name, value.v->u.s.p, value.v->u.s.len);
	else
		text_addf(&name, "<%s Value>", rv_type_name(value));
	return err_set(err, ERR_INPUT, "non-function %s of type %s", text_cstr(&name) ? name.data : "", rv_type_name(f));
}

int builtin_reflect(struct run *r, const struct function *f, const struct node *first, uint32_t n, const struct rv *argv, struct rv *ret,
	struct err *err)
{
	switch (f->name[0]) {
	case 'i': return index_values(r, n, argv, ret, err);
	case 'l': return length_of(r, argv[0], ret, err);
	default: return call_value(first, argv[0], r, err);
	}
}

/* --- slice, not ------------------------------------------------------------------------------------------------- */

static int slice_bounds(size_t argc, const struct value *const argv[], size_t len, size_t at[3], struct err *err)
{
	at[0] = 0;
	at[1] = at[2] = len;
	for (size_t i = 1; i < argc; i++)
		if (index_of((struct rv){.v = argv[i]->kind == K_NIL ? NULL : argv[i]}, len, &at[i - 1], err) < 0)
			return -1;
	if (at[0] > at[1])
		return err_set(err, ERR_INPUT, "invalid slice index: %zu > %zu", at[0], at[1]);
	if (argc == 4 && at[1] > at[2])
		return err_set(err, ERR_INPUT, "invalid slice index: %zu > %zu", at[1], at[2]);
	return 0;
}

static const struct value *call_slice(struct run *r, size_t argc, const struct value *const argv[], struct err *err)
{
	struct value *v;
	size_t at[3], len;
	struct rv item;
	bool nil;

	if (argv[0]->kind == K_NIL)
		return fail(err, "slice of untyped nil");
	item = rv_indirect((struct rv){.v = argv[0]}, &nil);
	if (nil)
		return fail(err, "slice of nil pointer");
	if (argc > 4) {
		err_set(err, ERR_INPUT, "too many slice indexes: %zu", argc - 1);
		return NULL;
	}
	if (item.v->kind == K_STRING && argc == 4)
		return fail(err, "cannot 3-index slice a string");
	if (item.v->kind != K_STRING && item.v->kind != K_LIST) {
		err_set(err, ERR_INPUT, "can't slice item of type %s", rv_type_name(item));
		return NULL;
	}
	len = item.v->kind == K_STRING ? item.v->u.s.len : item.v->u.list.len;
	if (slice_bounds(argc, argv, len, at, err) < 0)
		return NULL;
	v = value_new(r->arena, (enum kind)item.v->kind, item.v->type);
	if (!v) {
		err_nomem(err);
		return NULL;
	}
	if (v->kind == K_STRING)
		v->u.s = (struct str){item.v->u.s.p + at[0], at[1] - at[0]};
	else
		v->u.list = (struct list){item.v->u.list.item ? item.v->u.list.item + at[0] : NULL, at[1] - at[0]};
	return v;
}

static const struct value *call_not(struct run *r UNUSED, size_t argc UNUSED, const struct value *const argv[], struct err *err UNUSED)
{
	return value_bool(!go_truth(argv[0]));
}

/* --- print ------------------------------------------------------------------------------------------------------ */

static const struct value *call_printf(struct run *r, size_t argc, const struct value *const argv[], struct err *err)
{
	struct text t;

	text_init(&t, r->arena, LIMIT_TEMPLATE_OUTPUT);
	return go_sprintf(r, &t, argv[0]->u.s, argc - 1, argv + 1, err) < 0 ? NULL : run_str(r, &t, err);
}

static const struct value *call_print(struct run *r, size_t argc, const struct value *const argv[], struct err *err)
{
	struct text t;

	text_init(&t, r->arena, LIMIT_TEMPLATE_OUTPUT);
	return go_sprint(r, &t, argc, argv, err) < 0 ? NULL : run_str(r, &t, err);
}

static const struct value *call_println(struct run *r, size_t argc, const struct value *const argv[], struct err *err)
{
	struct text t;

	text_init(&t, r->arena, LIMIT_TEMPLATE_OUTPUT);
	for (size_t i = 0; i < argc; i++) {
		text_adds(&t, i ? " " : "");
		if (gofmt_print(r, &t, argv[i], false, err) < 0)
			return NULL;
	}
	text_addc(&t, '\n');
	return run_str(r, &t, err);
}

const struct value *run_str(struct run *r, struct text *t, struct err *err)
{
	const struct value *v;

	if (text_check(t, "the result", err) < 0)
		return NULL;
	v = value_str(r->arena, (struct str){t->data ? t->data : "", t->len});
	if (!v)
		err_nomem(err);
	return v;
}

/* --- all tables ------------------------------------------------------------------------------------------------- */

static int by_name(const void *name, const void *row)
{
	return str_cmp(*(const struct str *)name, str_of(((const struct function *)row)->name));
}

static const struct function *find(const struct function_table *t, struct str name)
{
	return t->len ? bsearch(&name, t->row, t->len, sizeof(*t->row), by_name) : NULL;
}

const struct function *function_find(enum template_dialect dialect, struct str name)
{
	const struct function_table *own = dialect == TEMPLATE_V1_5 ? &injector_functions_v1_5 :
		dialect == TEMPLATE_V1_8 ? &injector_functions_v1_8 : &injector_functions_head;
	const struct function *f = find(own, name);

	if (!f && dialect != TEMPLATE_V1_5)
		f = find(&sprig_functions, name);
	return f ? f : find(&go_functions, name);
}
