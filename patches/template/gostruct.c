/* SPDX-License-Identifier: Apache-2.0 */
/* Go's fmt: structs that JSON shows as a scalar, as Go lays them out. */
#include "patches/template/gofmt.h"

#include <string.h>

static const char *separator(const struct printer *p)
{
	return p->f.sharp_v ? ", " : " ";
}

static void add_name(struct printer *p, bool first, const char *name)
{
	text_adds(p->out, first ? "" : separator(p));
	if (p->f.plus_v || p->f.sharp_v)
		text_addf(p->out, "%s:", name);
}

static const struct go_type type_kind = {.name = "intstr.Type", .kind = GO_INT64}, type_scale = {.name = "resource.Scale", .kind = GO_INT32},
	type_format = {.name = "resource.Format", .kind = GO_STRING}, type_dec = {.name = "*inf.Dec", .kind = GO_PTR};

static void add_int(struct printer *p, bool first, const char *name, int64_t i, const struct go_type *type)
{
	const struct value v = {.kind = K_INT, .type = type, .u.i = i};

	add_name(p, first, name);
	print_arg(p, &v, p->verb);
}

static void add_text(struct printer *p, const char *name, struct str s, const struct go_type *type)
{
	const struct value v = {.kind = K_STRING, .type = type, .u.s = s};

	add_name(p, false, name);
	print_arg(p, &v, p->verb);
}

static int64_t int_member(const struct value *v, const char *name)
{
	const struct value *m = map_getc(v->u.map, name);

	return m && m->kind == K_INT ? m->u.i : 0;
}

static struct str text_member(const struct value *v, const char *name)
{
	const struct value *m = map_getc(v->u.map, name);

	return m && (m->kind == K_STRING || m->kind == K_NUMBER) ? m->u.s : STR("");
}

/* {Type IntVal StrVal} */
static void print_int_or_string(struct printer *p, const struct value *v)
{
	add_int(p, true, "Type", int_member(v, "Type"), &type_kind);
	add_int(p, false, "IntVal", int_member(v, "IntVal"), &go_int32);
	add_text(p, "StrVal", text_member(v, "StrVal"), NULL);
}

/* --- resource.Quantity: {{value scale} {<nil>} text format} ------------------------------------------------------- */

enum { MAX_FACTORS = 18, NANO = -9 };

struct quantity {
	struct str number, decimal, suffix;
	bool negative, binary;
	int32_t exponent; /* of ten, or of two where binary */
};

static struct str digits_at(struct str s, size_t at)
{
	size_t end = at;

	while (end < s.len && s.p[end] >= '0' && s.p[end] <= '9')
		end++;
	return (struct str){s.p + at, end - at};
}

static bool read_suffix(struct quantity *q)
{
	static const char decimal[] = "num kMGTPE", binary[] = "KMGTPE";
	const struct str s = q->suffix;
	const char *at;
	int64_t exponent;

	if (s.len == 0)
		return true;
	if (s.len == 2 && s.p[1] == 'i' && (at = strchr(binary, s.p[0])) && *at) {
		q->binary = true;
		q->exponent = 10 * (int32_t)(at - binary + 1);
		return true;
	}
	if (s.len == 1 && (at = strchr(decimal, s.p[0])) && *at) {
		q->exponent = 3 * ((int32_t)(at - decimal) - 3);
		return true;
	}
	if (!parse_i64((struct str){s.p + 1, s.len - 1}, &exponent) || exponent > 1000 || exponent < -1000)
		return false;
	q->exponent = (int32_t)exponent;
	return true;
}

static bool read_quantity(struct str s, struct quantity *q)
{
	size_t at = s.len && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0;

	*q = (struct quantity){.negative = s.len && s.p[0] == '-'};
	while (at < s.len && s.p[at] == '0')
		at++;
	q->number = digits_at(s, at);
	at += q->number.len;
	if (!q->number.len)
		q->number = STR("0");
	if (at < s.len && s.p[at] == '.') {
		q->decimal = digits_at(s, at + 1);
		at += 1 + q->decimal.len;
	}
	q->suffix = (struct str){s.p + at, s.len - at};
	return read_suffix(q);
}

/* How ParseQuantity keeps a number that fits into 64 bits; the text stays where it was canonical. False: it would need a big decimal. */
static bool split_quantity(struct str s, int64_t *ret_value, int32_t *ret_scale, bool *ret_keeps_text)
{
	struct quantity q;
	char shifted[MAX_FACTORS + 1];
	size_t len;
	int64_t value;

	if (!read_quantity(s, &q) || (len = q.number.len + q.decimal.len) > MAX_FACTORS || (q.binary && q.decimal.len))
		return false;
	if (q.binary && 15 - (int32_t)q.number.len - (int32_t)((float)q.exponent * 3 / 10) - 1 < 0)
		return false;
	memcpy(shifted, q.number.p, q.number.len);
	if (q.decimal.len)
		memcpy(shifted + q.number.len, q.decimal.p, q.decimal.len);
	*ret_scale = (q.binary ? 0 : q.exponent) - (int32_t)q.decimal.len;
	if (*ret_scale < NANO || !parse_i64((struct str){shifted, len}, &value))
		return false;
	*ret_keeps_text = q.binary ? (value & 7) != 0 :
		*ret_scale % 3 == 0 && !str_has_suffix((struct str){shifted, len}, "000") && shifted[0] != '0';
	if (q.binary && __builtin_mul_overflow(value, (int64_t)1 << q.exponent, &value))
		return false;
	*ret_value = q.negative ? -value : value;
	return true;
}

static void add_type(struct printer *p, const char *name)
{
	text_adds(p->out, p->f.sharp_v ? name : "");
	text_addc(p->out, '{');
}

static void print_quantity(struct printer *p, const struct value *v)
{
	const struct str s = text_member(v, "s");
	int64_t value = 0;
	int32_t scale = 0;
	bool keeps = str_is(s, "0");

	if (s.len && !keeps && !split_quantity(s, &value, &scale, &keeps)) {
		print_fail(p, ERR_INPUT, "cannot print the inside of a ", "large resource.Quantity");
		return;
	}
	add_name(p, true, "i");
	add_type(p, "resource.int64Amount");
	add_int(p, true, "value", value, &go_int64);
	add_int(p, false, "scale", scale, &type_scale);
	text_addc(p->out, '}');
	add_name(p, false, "d");
	add_type(p, "resource.infDecAmount");
	add_name(p, true, "Dec");
	print_arg(p, &(struct value){.kind = K_PTR, .type = &type_dec}, p->verb);
	text_addc(p->out, '}');
	add_text(p, "s", keeps ? s : STR(""), NULL);
	add_text(p, "Format", v->u.map ? text_member(v, "Format") : STR(""), &type_format);
}

void print_special(struct printer *p, const struct value *v, uint32_t verb)
{
	p->verb = verb;
	if (p->f.sharp_v)
		text_adds(p->out, v->type->name);
	text_addc(p->out, '{');
	if (v->type->special == GO_INT_OR_STRING)
		print_int_or_string(p, v);
	else if (v->type->special == GO_QUANTITY)
		print_quantity(p, v);
	else
		print_fail(p, ERR_INPUT, "cannot print the inside of a ", v->type->name);
	text_addc(p->out, '}');
}
