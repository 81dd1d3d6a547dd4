/* SPDX-License-Identifier: Apache-2.0 */
/* The errors of a strategic merge, worded as strategicpatch words them. */
#include <math.h>

#include "base/gofloat.h"
#include "base/limits.h"
#include "patches/merge/merger.h"

const char *merge_type_name(const struct value *v)
{
	switch ((enum kind)v->kind) {
	case K_BOOL:
		return "bool";
	case K_NUMBER:
	case K_INT:
	case K_FLOAT:
		return "float64";
	case K_STRING:
		return "string";
	case K_LIST:
		return "[]interface {}";
	case K_MAP:
		return "map[string]interface {}";
	case K_NIL:
	case K_STRUCT:
	case K_PTR:
		break;
	}
	return "%!s(<nil>)";
}

static const char *const kind_names[] = {
	[GO_INVALID] = "invalid", [GO_BOOL] = "bool", [GO_INT] = "int", [GO_INT8] = "int8", [GO_INT16] = "int16", [GO_INT32] = "int32",
	[GO_INT64] = "int64", [GO_UINT] = "uint", [GO_UINT8] = "uint8", [GO_UINT16] = "uint16", [GO_UINT32] = "uint32",
	[GO_UINT64] = "uint64", [GO_FLOAT32] = "float32", [GO_FLOAT64] = "float64", [GO_STRING] = "string", [GO_SLICE] = "slice",
	[GO_MAP] = "map", [GO_STRUCT] = "struct", [GO_PTR] = "ptr", [GO_INTERFACE] = "interface", [GO_FUNC] = "func",
};

const char *merge_kind_name(const struct go_type *t)
{
	return t->kind < ARRAY_LEN(kind_names) ? kind_names[t->kind] : "invalid";
}

/* fmt prints floats with %g, but goes over to an exponent at 1e21 only. */
static void print_number(struct text *out, const struct value *v)
{
	const double f = v->kind == K_NUMBER ? raw_float(v) : v->kind == K_INT ? (double)v->u.i : v->u.f;

	if (f == floor(f) && fabs(f) < 1e21)
		text_addf(out, "%.0f", f);
	else
		go_format_float(out, f, 'g', -1, 64);
}

static void print_scalar(struct text *out, const struct value *v)
{
	if (v->kind == K_STRING)
		text_add(out, v->u.s.p, v->u.s.len);
	else if (v->kind == K_BOOL)
		text_adds(out, v->u.b ? "true" : "false");
	else if (v->kind == K_NIL)
		text_adds(out, "<nil>");
	else
		print_number(out, v);
}

static void print(struct text *out, const struct value *v, unsigned depth)
{
	const struct map_entry *const *sorted;

	if (out->failed || depth > LIMIT_VALUE_DEPTH)
		return;
	if (v->kind == K_LIST) {
		text_addc(out, '[');
		for (size_t i = 0; i < v->u.list.len; i++) {
			text_adds(out, i ? " " : "");
			print(out, v->u.list.item[i], depth + 1);
		}
		text_addc(out, ']');
	} else if (v->kind == K_MAP && v->u.map) {
		text_adds(out, "map[");
		sorted = map_sorted(out->arena, v->u.map);
		for (uint32_t i = 0; sorted && i < v->u.map->len; i++) {
			text_adds(out, i ? " " : "");
			text_add(out, sorted[i]->key.p, sorted[i]->key.len);
			text_addc(out, ':');
			print(out, sorted[i]->value, depth + 1);
		}
		text_addc(out, ']');
	} else {
		print_scalar(out, v);
	}
}

void merge_print(struct text *out, const struct value *v)
{
	print(out, v, 0);
}

int merge_error(const struct merger *m, struct err *err, const char *text)
{
	(void)err_set(err, ERR_INPUT, "%s", text);
	(void)merge_failed(m, err);
	return -1;
}

/* A text that is bounded by what an error holds: what is longer is cut. */
static struct str printed(struct merger *m, const struct value *v)
{
	struct text out;

	text_init(&out, m->arena, sizeof(((struct err *)NULL)->what));
	merge_print(&out, v);
	return (struct str){out.data ? out.data : "", out.len};
}

int merge_bad_type(const struct merger *m, const char *expected, const struct value *got, struct err *err)
{
	(void)err_set(err, ERR_INPUT, "expected a %s, but received a %s", expected, merge_type_name(got));
	(void)merge_failed(m, err);
	return -1;
}

int merge_no_key(struct merger *m, const struct value *item, const char *key, struct err *err)
{
	const struct str map = printed(m, item);

	(void)err_set(err, ERR_INPUT, "map: %.*s does not contain declared merge key: %s",
		map.len < 900 ? (int)map.len : 900, map.p, key);
	(void)merge_failed(m, err);
	return -1;
}

int merge_bad_directive(struct merger *m, const struct value *directive, const struct value *map, struct err *err)
{
	const struct str what = printed(m, directive), in = printed(m, map);
	const bool scalar = directive->kind == K_BOOL || directive->kind == K_NUMBER;

	(void)err_set(err, ERR_INPUT, "unknown patch type: %s%s%s%.*s%s in map: %.*s",
		scalar || directive->kind == K_NIL ? "%!s(" : "", scalar ? merge_type_name(directive) : "", scalar ? "=" : "",
		what.len < 200 ? (int)what.len : 200, what.p, scalar || directive->kind == K_NIL ? ")" : "",
		in.len < 600 ? (int)in.len : 600, in.p);
	(void)merge_failed(m, err);
	return -1;
}
