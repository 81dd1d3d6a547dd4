/* SPDX-License-Identifier: Apache-2.0 */
/* Which JSON fits which Go type, by encoding/json's rules, and how a place in a document is named. */
#include "patches/schema/decode.h"

#include <math.h>

#include "patches/value/json.h"

struct trail trail_field(const struct trail *up, const struct go_type *owner, const struct go_field *f, struct str key)
{
	return (struct trail){.up = up, .owner = owner, .field = f, .key = key, .depth = up ? up->depth + 1 : 1};
}

struct trail trail_entry(const struct trail *up, struct str key)
{
	return (struct trail){.up = up, .key = key, .depth = up ? up->depth + 1 : 1};
}

struct trail trail_item(const struct trail *up, size_t index)
{
	return (struct trail){.up = up, .index = index, .depth = up ? up->depth + 1 : 1};
}

static void add_steps(struct text *out, const struct trail *at)
{
	char index[24];
	struct text digits = {.data = index, .cap = sizeof(index), .max = sizeof(index)};

	if (!at)
		return;
	add_steps(out, at->up); /* as deep as the types nest */
	text_addu(&digits, at->index);
	json_pointer_add(out, at->key.p ? at->key : (struct str){index, digits.len});
}

void trail_place(const struct trail *at, struct err *err)
{
	char room[192]; /* as much as err->where takes; what is longer loses its end */
	struct text pointer = {.data = room, .cap = sizeof(room), .max = sizeof(room)};

	add_steps(&pointer, at);
	if (pointer.len)
		err_at(err, "%.*s", (int)pointer.len, pointer.data);
}

const char *json_kind(const struct value *raw)
{
	switch ((enum kind)raw->kind) {
	case K_BOOL:
		return "bool";
	case K_NUMBER:
	case K_INT:
	case K_FLOAT:
		return "number";
	case K_STRING:
		return "string";
	case K_LIST:
		return "array";
	case K_MAP:
	case K_STRUCT:
		return "object";
	case K_NIL:
	case K_PTR:
		break;
	}
	return "null";
}

static int bits_of(const struct go_type *t)
{
	switch ((enum go_kind)t->kind) {
	case GO_INT8:
	case GO_UINT8:
		return 8;
	case GO_INT16:
	case GO_UINT16:
		return 16;
	case GO_INT32:
	case GO_UINT32:
		return 32;
	default:
		return 64;
	}
}

static bool is_unsigned(const struct go_type *t)
{
	return t->kind >= GO_UINT && t->kind <= GO_UINT64;
}

bool is_int_kind(const struct go_type *t)
{
	return t->kind >= GO_INT && t->kind <= GO_UINT64;
}

/* Digits only: encoding/json reads neither 1.0 nor 1e3 into an integer. */
static bool int_fits(struct str text, const struct go_type *t)
{
	const int bits = bits_of(t);
	uint64_t wide;
	int64_t i;

	if (is_unsigned(t))
		return parse_u64(text, &wide) && (bits == 64 || wide >> bits == 0);
	if (!parse_i64(text, &i))
		return false;
	return bits == 64 || (i >= -((int64_t)1 << (bits - 1)) && i < (int64_t)1 << (bits - 1));
}

bool scalar_fits(const struct value *raw, const struct go_type *t)
{
	double f;

	if (t->kind == GO_BOOL)
		return raw->kind == K_BOOL;
	if (t->kind == GO_STRING)
		return raw->kind == K_STRING;
	if (raw->kind == K_INT)
		return true;
	if (raw->kind != K_NUMBER)
		return false;
	if (is_int_kind(t))
		return int_fits(raw->u.s, t);
	return (t->kind == GO_FLOAT32 || t->kind == GO_FLOAT64) && parse_f64(raw->u.s, &f) && isfinite(f);
}

static int time_fits(const struct value *raw, struct err *err)
{
	struct moment at;

	if (raw->kind == K_STRING && moment_parse(raw->u.s, &at, NULL))
		return 0;
	return err_set(err, ERR_INPUT, "parsing time \"%.*s\" as \"2006-01-02T15:04:05Z07:00\": cannot parse it",
		raw->kind != K_STRING ? 0 : raw->u.s.len > 64 ? 64 : (int)raw->u.s.len, raw->kind == K_STRING ? raw->u.s.p : "");
}

int special_fits(const struct value *raw, const struct go_type *t, struct err *err)
{
	if (t->special == GO_TIME)
		return time_fits(raw, err);
	if (t->special == GO_INT_OR_STRING && (raw->kind == K_STRING || scalar_fits(raw, &go_int32)))
		return 0;
	if (t->special == GO_INT_OR_STRING)
		return err_set(err, ERR_INPUT, "neither a string nor a number of 32 bits");
	if (raw->kind == K_STRING || raw->kind == K_NUMBER)
		return quantity_check(raw->u.s, err);
	return quantity_check(STR("?"), err); /* whatever else is no quantity */
}

static size_t count_flat(const struct go_type *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_fields; i++)
		n += t->field[i].flags & F_INLINE ? count_flat(t->field[i].type) : 1;
	return n;
}

static size_t add_flat(const struct go_type *t, const struct go_field **into)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_fields; i++) {
		if (t->field[i].flags & F_INLINE)
			n += add_flat(t->field[i].type, into + n);
		else
			into[n++] = &t->field[i];
	}
	return n;
}

const struct go_field *const *flat_fields(struct arena *a, const struct go_type *t, size_t *ret_len)
{
	const size_t len = count_flat(t);
	const struct go_field **fields = arena_calloc(a, len, sizeof(*fields));

	if (fields)
		*ret_len = add_flat(t, fields);
	return fields;
}
