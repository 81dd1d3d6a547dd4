/* SPDX-License-Identifier: Apache-2.0 */
/* String() of the types that have it, as a template prints them. */
#include <string.h>

#include "base/limits.h"
#include "patches/schema/special.h"

static const struct value *finished(struct arena *a, struct text *t, unsigned flags, struct err *err)
{
	struct value *v;

	if (text_check(t, "a value's text", err) < 0)
		return NULL;
	v = value_new(a, K_STRING, NULL);
	if (!v) {
		err_nomem(err);
		return NULL;
	}
	v->flags = (uint8_t)(flags & V_POD);
	v->u.s = t->len ? (struct str){t->data, t->len} : STR("");
	return v;
}

static int64_t int_member(const struct map *m, const char *name)
{
	const struct value *v = map_getc(m, name);

	return v ? v->u.i : 0;
}

static void print_str_member(struct text *out, const struct map *m, const char *name)
{
	const struct value *v = map_getc(m, name);

	if (v && v->kind == K_STRING)
		text_add(out, v->u.s.p, v->u.s.len);
}

/* A quantity that does not parse is shown as it was written. */
static void print_quantity(struct text *out, const struct map *m)
{
	const struct value *raw = map_getc(m, "s");
	struct str canonical = STR("0");

	if (raw && (raw->kind == K_STRING || raw->kind == K_NUMBER) &&
	    quantity_canonical(out->arena, raw->u.s, &canonical, NULL, NULL) < 0)
		canonical = raw->u.s;
	text_add(out, canonical.p, canonical.len);
}

/* time.Time's own text, in UTC as in istiod's container. */
static void print_time(struct text *out, const struct map *m)
{
	const struct value *raw = map_getc(m, "time"), *text = map_getc(m, "text");
	struct moment at;
	size_t t;

	if (text && text->kind == K_STRING) {
		text_add(out, text->u.s.p, text->u.s.len);
		return;
	}
	if (!raw || raw->kind != K_STRING || !moment_parse(raw->u.s, &at, NULL)) {
		text_adds(out, "0001-01-01 00:00:00 +0000 UTC");
		return;
	}
	t = out->len;
	moment_print(out, at, at.nanos ? 9 : 0);
	if (out->failed)
		return;
	out->data[t + strlen("2006-01-02")] = ' ';
	out->len--; /* Z */
	while (at.nanos && out->data[out->len - 1] == '0')
		out->len--;
	text_adds(out, " +0000 UTC");
}

static void print_int_or_string(struct text *out, const struct map *m)
{
	if (map_getc(m, "StrVal"))
		print_str_member(out, m, "StrVal");
	else
		text_addi(out, int_member(m, "IntVal"));
}

/* gogo's Duration prints as time.Duration; today's prints as any message. */
static void print_pb_duration(struct text *out, const struct go_type *t, const struct map *m)
{
	const int64_t seconds = int_member(m, "seconds"), nanos = int_member(m, "nanos");
	int64_t n;

	if (strncmp(t->name, "types.", strlen("types.")) == 0) {
		if (__builtin_mul_overflow(seconds, 1000000000, &n) || __builtin_add_overflow(n, nanos, &n))
			n = seconds < 0 ? INT64_MIN : INT64_MAX;
		span_print(out, n);
		return;
	}
	if (seconds)
		text_addf(out, "seconds:%lld%s", (long long)seconds, nanos ? " " : "");
	if (nanos)
		text_addf(out, "nanos:%lld", (long long)nanos);
}

static bool print_special(struct text *out, const struct go_type *t, const struct map *m)
{
	switch ((enum go_special)t->special) {
	case GO_QUANTITY:
		print_quantity(out, m);
		return true;
	case GO_INT_OR_STRING:
		print_int_or_string(out, m);
		return true;
	case GO_TIME:
		print_time(out, m);
		return true;
	case GO_PB_DURATION:
		print_pb_duration(out, t, m);
		return true;
	default:
		break;
	}
	if (t != &go_namespaced_name)
		return false;
	print_str_member(out, m, "Namespace");
	text_addc(out, '/');
	print_str_member(out, m, "Name");
	return true;
}

static bool print_int(struct text *out, const struct value *v)
{
	const char *name;

	if (v->type == &go_time_duration) {
		span_print(out, v->u.i);
		return true;
	}
	if (!v->type || v->type->special != GO_PB_ENUM)
		return false;
	name = go_enum_name(v->type, v->u.i);
	if (name)
		text_adds(out, name);
	else
		text_addi(out, v->u.i);
	return true;
}

const struct value *special_string(struct arena *a, const struct value *receiver, struct err *err)
{
	const struct value *v = receiver->kind == K_PTR ? receiver->u.ptr : receiver;
	struct text out;

	text_init(&out, a, LIMIT_TEMPLATE_OUTPUT);
	if (!v)
		text_adds(&out, receiver->type->elem->bare && receiver->type->elem->special == GO_PLAIN ? "nil" : "<nil>");
	else if (v->kind == K_INT ? !print_int(&out, v) : v->kind != K_STRUCT || !print_special(&out, v->type, v->u.map)) {
		err_set(err, ERR_INPUT, "the text of a whole %s cannot be printed here: name the fields that are wanted",
			go_type_of(v)->name);
		return NULL;
	}
	return finished(a, &out, receiver->flags | (v ? v->flags : 0u), err);
}
