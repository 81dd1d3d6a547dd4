/* SPDX-License-Identifier: Apache-2.0 */
/* Quantities, times, durations, wrappers and their like as the structs that Go has for them. */
#include "patches/schema/special.h"

#include <math.h>
#include <string.h>

/* A struct whose made-up map has one member, to which more may be added. */
static struct value *one_member(struct arena *a, const struct go_type *t, const char *name, const struct value *member)
{
	struct value *v = value_new(a, K_STRUCT, t);

	if (!v || !member)
		return NULL;
	v->flags = member->flags & V_POD;
	v->u.map = map_new(a, 2);
	return v->u.map && map_setc(a, v->u.map, name, member) == 0 ? v : NULL;
}

static const struct value *two_members(struct arena *a, const struct go_type *t, const char *name, const struct value *member,
	const char *other_name, const struct value *other)
{
	struct value *v = one_member(a, t, name, member);

	return v && other && map_setc(a, v->u.map, other_name, other) == 0 ? v : NULL;
}

static const char *quantity_format(const struct value *raw)
{
	const struct str s = raw->kind == K_STRING || raw->kind == K_NUMBER ? raw->u.s : STR("0");

	if (s.len && s.p[s.len - 1] == 'i')
		return "BinarySI";
	for (size_t i = 0; i + 1 < s.len; i++) {
		if (s.p[i] == 'e' || s.p[i] == 'E')
			return "DecimalExponent";
	}
	return "DecimalSI";
}

static const struct value *view_int_or_string(struct arena *a, const struct value *raw, const struct go_type *t)
{
	int64_t i;

	if (raw->kind == K_STRING)
		return two_members(a, t, "Type", value_int(a, 1), "StrVal", raw);
	if (!raw_int(raw, &i))
		i = raw->kind == K_INT ? raw->u.i : 0;
	return two_members(a, t, "Type", value_int(a, 0), "IntVal", value_int(a, i));
}

static const struct value *view_span(struct arena *a, const struct value *raw, const struct go_type *t)
{
	struct moment at = {0, 0};

	if (raw->kind == K_STRING && t->special == GO_PB_DURATION)
		(void)!span_parse(raw->u.s, &at);
	else if (raw->kind == K_STRING)
		(void)!moment_parse(raw->u.s, &at, NULL);
	return two_members(a, t, "seconds", value_int(a, at.seconds), "nanos", value_int(a, at.nanos));
}

/* structpb.Value: the member of its oneof by the kind of the JSON. */
static const struct value *view_any_json(struct arena *a, const struct value *raw, const struct go_type *t)
{
	static const char *const member[] = {
		[K_BOOL] = "boolValue", [K_NUMBER] = "numberValue", [K_INT] = "numberValue", [K_FLOAT] = "numberValue",
		[K_STRING] = "stringValue", [K_LIST] = "listValue", [K_MAP] = "structValue",
	};

	if (raw->kind >= ARRAY_LEN(member) || !member[raw->kind])
		return value_new(a, K_STRUCT, t);
	return one_member(a, t, member[raw->kind], raw);
}

/* Go's zero time may also be written out. */
static bool is_zero_time(const struct value *raw)
{
	struct moment at;

	return raw->kind != K_STRING || !moment_parse(raw->u.s, &at, NULL) || (at.seconds == MOMENT_ZERO && at.nanos == 0);
}

const struct value *special_view(struct arena *a, const struct value *raw, const struct go_type *t)
{
	switch ((enum go_special)t->special) {
	case GO_QUANTITY:
		return two_members(a, t, "s", raw, "Format", value_cstr(a, quantity_format(raw)));
	case GO_INT_OR_STRING:
		return view_int_or_string(a, raw, t);
	case GO_TIME:
		return is_zero_time(raw) ? value_new(a, K_STRUCT, t) : one_member(a, t, "time", raw);
	case GO_META_DURATION:
		return one_member(a, t, "Duration", raw);
	case GO_RAW_EXTENSION:
	case GO_FIELDS_V1:
		return one_member(a, t, "Raw", raw);
	case GO_PB_DURATION:
	case GO_PB_TIMESTAMP:
		return view_span(a, raw, t);
	case GO_PB_WRAPPER:
		return one_member(a, t, "value", raw);
	case GO_PB_STRUCT:
		return one_member(a, t, "fields", raw);
	case GO_PB_LIST_VALUE:
		return one_member(a, t, "values", raw);
	case GO_PB_VALUE:
		return view_any_json(a, raw, t);
	case GO_PLAIN:
	case GO_PB_MESSAGE:
	case GO_PB_ENUM:
	case GO_PB_ANY:
	case GO_PB_ONEOF:
		break;
	}
	return value_new(a, K_STRUCT, t);
}

int32_t enum_number(const struct go_type *t, struct str name)
{
	for (size_t i = 0; i < t->n_enums; i++) {
		if (str_is(name, t->enums[i].name))
			return t->enums[i].number;
	}
	return 0;
}

static int64_t milli_of(struct arena *a, const struct map *m)
{
	const struct value *raw = map_getc(m, "s");
	struct str canonical;
	int64_t milli = 0;

	if (raw && (raw->kind == K_STRING || raw->kind == K_NUMBER) && quantity_canonical(a, raw->u.s, &canonical, &milli, NULL) < 0)
		return 0;
	return milli;
}

static const struct value *typed_int(struct arena *a, int64_t i, const struct go_type *t)
{
	struct value *v = value_new(a, K_INT, t);

	if (v)
		v->u.i = i;
	return v;
}

static const struct value *call_quantity(struct arena *a, const struct map *m, const char *name)
{
	const int64_t milli = milli_of(a, m);

	if (strcmp(name, "MilliValue") == 0)
		return typed_int(a, milli, &go_int64);
	if (strcmp(name, "Value") == 0) /* rounded up, away from zero */
		return typed_int(a, milli / 1000 + (milli % 1000 > 0) - (milli % 1000 < 0), &go_int64);
	return strcmp(name, "IsZero") == 0 ? value_bool(milli == 0) : NULL;
}

/* A number for "80" and for 80; 0 for other text. */
static const struct value *call_int_value(struct arena *a, const struct map *m)
{
	const struct value *text = map_getc(m, "StrVal"), *number = map_getc(m, "IntVal");
	int64_t i = number ? number->u.i : 0;

	if (text && !parse_i64(text->u.s, &i))
		i = 0;
	return value_int(a, i);
}

static const struct value *call_as_duration(struct arena *a, const struct map *m)
{
	const struct value *seconds = map_getc(m, "seconds"), *nanos = map_getc(m, "nanos");
	int64_t n = 0;

	if (seconds && __builtin_mul_overflow(seconds->u.i, 1000000000, &n))
		n = seconds->u.i < 0 ? INT64_MIN : INT64_MAX;
	if (nanos && __builtin_add_overflow(n, nanos->u.i, &n))
		n = nanos->u.i < 0 ? INT64_MIN : INT64_MAX;
	return typed_int(a, n, &go_time_duration);
}

static const struct value *call_known(struct arena *a, const struct go_type *t, const struct map *m, const char *name)
{
	if (t->special == GO_QUANTITY)
		return call_quantity(a, m, name);
	if (t->special == GO_INT_OR_STRING && strcmp(name, "IntValue") == 0)
		return call_int_value(a, m);
	if (t->special == GO_PB_DURATION && strcmp(name, "AsDuration") == 0)
		return call_as_duration(a, m);
	if (t->special == GO_TIME && strcmp(name, "IsZero") == 0)
		return value_bool(!map_getc(m, "time"));
	return NULL;
}

const struct value *special_call(struct arena *a, const struct value *receiver, const struct go_method *m, struct err *err)
{
	const struct value *structure = receiver->kind == K_PTR ? receiver->u.ptr : receiver;
	const struct value *result = NULL;

	if (structure && structure->kind == K_STRUCT)
		result = call_known(a, structure->type, structure->u.map, m->name);
	if (!result)
		err_set(err, ERR_INPUT, "method %s of %s cannot be called from a template here", m->name, go_type_of(receiver)->name);
	return result;
}
