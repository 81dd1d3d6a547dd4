/* SPDX-License-Identifier: Apache-2.0 */
/* Scalars of protobuf's JSON: booleans, numbers with or without quotes, strings, enums, durations. */
#include "patches/mesh/proto_scalar.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/gofloat.h"
#include "base/limits.h"
#include "patches/mesh/duration.h"
#include "patches/mesh/problems.h"
#include "patches/value/json.h"

static const struct value *fail(struct proto_reader *r, const char *what)
{
	(void)err_set(r->err, ERR_INPUT, "%s", what);
	return NULL;
}

static const struct value *checked(struct proto_reader *r, const struct value *v)
{
	if (!v)
		(void)err_nomem(r->err);
	return v;
}

const char *scalar_json_kind(const struct value *raw)
{
	switch (raw->kind) {
	case K_BOOL:
		return "bool";
	case K_NUMBER: case K_INT: case K_FLOAT:
		return "number";
	case K_STRING:
		return "string";
	case K_LIST:
		return "array";
	case K_NIL:
		return "null";
	default:
		return "object";
	}
}

static const struct value *wrong_kind(struct proto_reader *r, const struct value *raw, const char *type)
{
	(void)err_set(r->err, ERR_INPUT, "json: cannot unmarshal %s into Go value of type %s", scalar_json_kind(raw), type);
	return NULL;
}

static const struct value *wrong_number(struct proto_reader *r, struct str text, const char *type)
{
	(void)err_set(r->err, ERR_INPUT, "json: cannot unmarshal number %.*s into Go value of type %s",
		(int)(text.len < 64 ? text.len : 64), text.p, type);
	return NULL;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits(struct str s, size_t at)
{
	size_t n = 0;

	while (at + n < s.len && is_digit(s.p[at + n]))
		n++;
	return n;
}

/* Length of the JSON number that s begins with; 0 where there is none. */
static size_t number_len(struct str s)
{
	size_t at = s.len && s.p[0] == '-', n = digits(s, at);

	if (!n)
		return 0;
	at += s.p[at] == '0' ? 1 : n;
	if (at < s.len && s.p[at] == '.' && (n = digits(s, at + 1)) > 0)
		at += 1 + n;
	if (at < s.len && (s.p[at] == 'e' || s.p[at] == 'E')) {
		const size_t sign = at + 1 < s.len && (s.p[at + 1] == '+' || s.p[at + 1] == '-');

		n = digits(s, at + 1 + sign);
		at += n ? 1 + sign + n : 0;
	}
	return at;
}

static const struct value *bad_number(struct proto_reader *r, struct str s)
{
	const size_t n = number_len(s);
	struct text t;

	if (n == s.len)
		return fail(r, "unexpected end of JSON input");
	text_init(&t, r->a, 64);
	text_adds(&t, "invalid character ");
	if (s.p[n] == '\'')
		text_adds(&t, "'\\''");
	else if (s.p[n] == '"')
		text_adds(&t, "'\"'");
	else if (s.p[n] >= 0x20 && s.p[n] < 0x7f)
		text_addf(&t, "'%c'", s.p[n]);
	else
		text_addf(&t, "'\\x%02x'", (unsigned char)s.p[n]);
	text_adds(&t, n ? " after top-level value" : " looking for beginning of value");
	const char *text = text_cstr(&t);

	return text ? fail(r, text) : checked(r, NULL);
}

/* The number in a raw value; quotes around it do not matter, and what they hold is JSON again, null included (which is 0). */
static bool number_text(struct proto_reader *r, const struct value *raw, const char *type, struct str *ret)
{
	struct str s;

	if (raw->kind == K_NIL) {
		*ret = STR("0");
		return true;
	}
	if (raw->kind != K_NUMBER && raw->kind != K_STRING) {
		(void)wrong_kind(r, raw, type);
		return false;
	}
	for (s = raw->u.s; s.len && is_space(s.p[0]); s.p++)
		s.len--;
	while (s.len && is_space(s.p[s.len - 1]))
		s.len--;
	*ret = str_is(s, "null") ? STR("0") : s;
	if (ret->len && number_len(*ret) == ret->len)
		return true;
	(void)bad_number(r, s);
	return false;
}

static const struct value *decimal(struct proto_reader *r, bool quoted, bool negative, uint64_t magnitude)
{
	char buffer[24];
	const int len = snprintf(buffer, sizeof(buffer), "%s%llu", negative ? "-" : "", (unsigned long long)magnitude);
	const char *copy = arena_strndup(r->a, buffer, (size_t)len);
	struct value *v = copy ? value_new(r->a, quoted ? K_STRING : K_NUMBER, NULL) : NULL;

	if (v)
		v->u.s = (struct str){copy, (size_t)len};
	return checked(r, v);
}

struct integer_kind {
	uint8_t kind;
	const char *name;
	bool is_signed, wide;
};

static const struct integer_kind integers[] = {
	{GO_INT32, "int32", true, false}, {GO_INT64, "int64", true, true}, {GO_UINT32, "uint32", false, false},
	{GO_UINT64, "uint64", false, true}, {GO_INT, "int", true, true},
};

static const struct integer_kind *integer_kind(uint8_t kind)
{
	for (size_t i = 0; i < ARRAY_LEN(integers); i++)
		if (integers[i].kind == kind)
			return &integers[i];
	return NULL;
}

static const struct value *read_integer(struct proto_reader *r, const struct value *raw, const struct integer_kind *k,
	const char *type, int64_t *ret)
{
	struct str s;
	int64_t i = 0;
	uint64_t u = 0;

	*ret = 0;
	if (!number_text(r, raw, type, &s))
		return NULL;
	if (k->is_signed ? !parse_i64(s, &i) || (!k->wide && (i > INT32_MAX || i < INT32_MIN)) :
			   !parse_u64(s, &u) || (!k->wide && u > UINT32_MAX))
		return wrong_number(r, s, type);
	*ret = k->is_signed ? i : (int64_t)u;
	if (k->is_signed)
		u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
	return decimal(r, k->wide, i < 0, u);
}

static const struct value *double_value(struct proto_reader *r, double f, int bits)
{
	struct text t;
	struct value *v;

	text_init(&t, r->a, 512);
	if (bits == 64) {
		if (json_write_float(&t, f) < 0)
			return fail(r, "json: unsupported value");
	} else {
		const double magnitude = fabs(f);

		go_format_float(&t, f, f != 0 && (magnitude < 1e-6 || magnitude >= 1e21) ? 'e' : 'f', -1, 32);
	}
	v = text_cstr(&t) ? value_new(r->a, K_NUMBER, NULL) : NULL;
	if (v)
		v->u.s = (struct str){t.data, t.len};
	return checked(r, v);
}

static const struct value *read_float(struct proto_reader *r, const struct value *raw, int bits, bool *ret_zero)
{
	const char *type = bits == 64 ? "float64" : "float32";
	struct str s;
	double f;

	if (raw->kind == K_STRING &&
		(str_is(raw->u.s, "NaN") || str_is(raw->u.s, "Infinity") || str_is(raw->u.s, "-Infinity")))
		return checked(r, value_str(r->a, raw->u.s));
	if (!number_text(r, raw, type, &s))
		return NULL;
	if (!parse_f64(s, &f) || isinf(f))
		return wrong_number(r, s, type);
	if (bits == 32)
		f = (double)(float)f;
	if (isinf(f))
		return wrong_number(r, s, type);
	*ret_zero = f == 0 && (r->gogo || !signbit(f));
	return double_value(r, f, bits);
}

/* Keeps the bytes' origin, but not that the node is the request's own: it is ours now. */
static const struct value *read_string(struct proto_reader *r, const struct value *raw, bool *ret_zero)
{
	struct value *v;

	if (raw->kind == K_NIL) {
		*ret_zero = true;
		return &value_empty_string;
	}
	if (raw->kind != K_STRING)
		return wrong_kind(r, raw, "string");
	*ret_zero = raw->u.s.len == 0;
	if (!(raw->flags & ~(unsigned)V_POD) && !raw->type)
		return raw;
	v = value_new(r->a, K_STRING, NULL);
	if (v) {
		v->u.s = raw->u.s;
		v->flags = raw->flags & V_POD;
	}
	return checked(r, v);
}

const struct value *scalar_read(struct proto_reader *r, const struct value *raw, const struct go_type *t, bool *ret_zero)
{
	const struct integer_kind *k = integer_kind(t->kind);
	const struct value *v;
	int64_t n;

	*ret_zero = false;
	if (k) {
		v = read_integer(r, raw, k, k->name, &n);
		*ret_zero = n == 0;
		return v;
	}
	switch (t->kind) {
	case GO_STRING:
		return read_string(r, raw, ret_zero);
	case GO_FLOAT64: case GO_FLOAT32:
		return read_float(r, raw, t->kind == GO_FLOAT64 ? 64 : 32, ret_zero);
	case GO_BOOL:
		*ret_zero = raw->kind == K_NIL || (raw->kind == K_BOOL && !raw->u.b);
		if (raw->kind != K_BOOL && raw->kind != K_NIL)
			return wrong_kind(r, raw, "bool");
		return value_bool(!*ret_zero);
	default:
		return fail(r, "a field of this kind cannot be read");
	}
}

/* "v1alpha1.ProxyConfig_InboundInterceptionMode" is istio.mesh.v1alpha1.ProxyConfig.InboundInterceptionMode in the descriptors. */
static const struct value *unknown_enum(struct proto_reader *r, struct str name, const struct go_type *t)
{
	char type[160];
	size_t n = 0;

	for (const char *p = t->name; *p && n < sizeof(type) - 1; p++)
		type[n++] = *p == '_' ? '.' : *p;
	type[n] = '\0';
	const char *shown = printable(r->a, name);
	const char *package = str_has_prefix(str_of(t->name), "v1alpha1.") ? "istio.mesh." : "istio.networking.";

	if (r->gogo)
		(void)err_set(r->err, ERR_INPUT, "unknown value \"%s\" for enum %s%s", shown, package, type);
	else
		(void)err_set(r->err, ERR_INPUT, "unknown value \"\\\"%s\\\"\" for enum %s%s", shown, package, type);
	return NULL;
}

const struct value *scalar_read_enum(struct proto_reader *r, const struct value *raw, const struct go_type *t, bool *ret_zero)
{
	const struct integer_kind *k = integer_kind(GO_INT32);
	const char *name = NULL;
	int64_t n = 0;

	if (raw->kind == K_STRING) {
		for (size_t i = 0; i < t->n_enums && !name; i++) {
			if (str_is(raw->u.s, t->enums[i].name)) {
				name = t->enums[i].name;
				n = t->enums[i].number;
			}
		}
		if (!name)
			return unknown_enum(r, raw->u.s, t);
	} else {
		const struct value *number = read_integer(r, raw, k, r->gogo ? t->name : "protoreflect.EnumNumber", &n);

		if (!number)
			return NULL;
		name = go_enum_name(t, n);
		if (!name)
			return number;
	}
	*ret_zero = n == 0;
	return checked(r, value_cstr(r->a, name));
}

const struct value *scalar_read_duration(struct proto_reader *r, const struct value *raw)
{
	const char *problem;
	struct text t;
	int64_t ns;

	if (raw->kind != K_STRING && raw->kind != K_NIL)
		return wrong_kind(r, raw, "string");
	problem = duration_parse(r->a, raw->kind == K_NIL ? STR("") : raw->u.s, &ns);
	if (problem) {
		(void)err_set(r->err, ERR_INPUT, "bad Duration: %s", problem);
		return NULL;
	}
	text_init(&t, r->a, 64);
	duration_add_proto(&t, ns);
	return checked(r, text_cstr(&t) ? value_str(r->a, (struct str){t.data, t.len}) : NULL);
}

static const struct value *copy_any(struct proto_reader *r, const struct value *raw, size_t depth);

static const struct value *copy_map(struct proto_reader *r, const struct value *raw, size_t depth)
{
	const size_t len = raw->u.map ? raw->u.map->len : 0;
	struct map *m = map_new(r->a, len);

	for (size_t i = 0; m && i < len; i++) {
		const struct map_entry *e = &raw->u.map->entry[i];
		const struct value *v = copy_any(r, e->value, depth + 1);

		if (!v)
			return NULL;
		if (map_set(r->a, m, e->key, v) < 0)
			return checked(r, NULL);
		m->entry[m->len - 1].key_from_pod = e->key_from_pod;
	}
	return checked(r, m ? value_map(r->a, m) : NULL);
}

static const struct value *copy_list(struct proto_reader *r, const struct value *raw, size_t depth)
{
	const struct value **item = arena_calloc(r->a, raw->u.list.len + 1, sizeof(*item));

	for (size_t i = 0; item && i < raw->u.list.len; i++) {
		item[i] = copy_any(r, raw->u.list.item[i], depth + 1);
		if (!item[i])
			return NULL;
	}
	return checked(r, item ? value_list(r->a, item, raw->u.list.len) : NULL);
}

static const struct value *copy_any(struct proto_reader *r, const struct value *raw, size_t depth)
{
	bool ignored;

	if (depth > LIMIT_JSON_DEPTH) {
		(void)err_set(r->err, ERR_LIMIT, "nested too deeply");
		return NULL;
	}
	switch (raw->kind) {
	case K_MAP:
		return copy_map(r, raw, depth);
	case K_LIST:
		return copy_list(r, raw, depth);
	case K_NUMBER:
		return read_float(r, raw, 64, &ignored);
	case K_STRING:
		return read_string(r, raw, &ignored);
	case K_BOOL:
		return value_bool(raw->u.b);
	default:
		return &value_nil;
	}
}

const struct value *scalar_read_any(struct proto_reader *r, const struct value *raw)
{
	return copy_any(r, raw, 0);
}
