/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups in the generated table of Go's types. */
#include "patches/schema/schema.h"

#include "patches/schema/special.h"

/* Go's fold of one rune of a field name; beyond ASCII only the long s and the Kelvin sign fold to a letter of ours. */
static uint32_t fold_rune(uint32_t rune)
{
	if (rune >= 'A' && rune <= 'Z')
		return rune - 'A' + 'a';
	if (rune == 0x17f)
		return 's';
	return rune == 0x212a ? 'k' : rune;
}

bool go_name_folds(const char *name, struct str key)
{
	size_t i = 0;

	for (; *name && i < key.len; name++) {
		uint32_t rune = (unsigned char)key.p[i];

		i += rune < 0x80 ? 1 : utf8_decode(key.p + i, key.len - i, &rune);
		if (fold_rune(rune) != fold_rune((unsigned char)*name))
			return false;
	}
	return !*name && i == key.len;
}

const struct go_field *go_field_find(const struct go_type *t, struct str go_name, const struct go_field **ret_via)
{
	if (ret_via)
		*ret_via = NULL;
	for (size_t i = 0; i < t->n_fields; i++) {
		if (!(t->field[i].flags & F_ONEOF) && str_is(go_name, t->field[i].go_name))
			return &t->field[i];
	}
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct go_field *outer = &t->field[i];

		if (!(outer->flags & F_EMBEDDED) || outer->type->kind != GO_STRUCT)
			continue;
		for (size_t j = 0; j < outer->type->n_fields; j++) {
			if (!str_is(go_name, outer->type->field[j].go_name))
				continue;
			if (ret_via)
				*ret_via = outer;
			return &outer->type->field[j];
		}
	}
	return NULL;
}

enum match { BY_NAME, BY_FOLDED_NAME, BY_PROTO_NAME };

static bool matches(const struct go_field *f, struct str key, enum match how)
{
	if (f->type->special == GO_PB_ONEOF)
		return false; /* stands for its members, which have rows of their own */
	switch (how) {
	case BY_NAME:
		return str_is(key, f->json_name);
	case BY_FOLDED_NAME:
		return go_name_folds(f->json_name, key);
	case BY_PROTO_NAME:
		return f->proto_name && str_is(key, f->proto_name);
	}
	return false;
}

static const struct go_field *find_json(const struct go_type *t, struct str key, enum match how, unsigned depth)
{
	for (size_t i = 0; i < t->n_fields; i++) {
		const struct go_field *f = &t->field[i];

		if (f->flags & F_INLINE) {
			const struct go_field *inner = depth ? find_json(f->type, key, how, depth - 1) : NULL;

			if (inner)
				return inner;
		} else if (matches(f, key, how)) {
			return f;
		}
	}
	return NULL;
}

const struct go_field *go_field_by_json(const struct go_type *t, struct str json_name)
{
	const struct go_field *f = find_json(t, json_name, BY_NAME, 4);

	if (!f && t->special == GO_PB_MESSAGE)
		return find_json(t, json_name, BY_PROTO_NAME, 0); /* protojson knows both names, and case counts */
	return f ? f : find_json(t, json_name, BY_FOLDED_NAME, 4);
}

const struct go_method *go_method_find(const struct go_type *t, struct str name)
{
	size_t low = 0, high;

	if (t->kind == GO_PTR && t->elem)
		t = t->elem;
	high = t->n_methods;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const int order = str_cmp(name, str_of(t->method[middle].name));

		if (order == 0)
			return &t->method[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const char *go_enum_name(const struct go_type *t, int64_t number)
{
	for (size_t i = 0; i < t->n_enums; i++) {
		if (t->enums[i].number == number)
			return t->enums[i].name;
	}
	return NULL;
}

const struct go_type *go_type_of(const struct value *v)
{
	if (v->type)
		return v->type;
	switch ((enum kind)v->kind) {
	case K_BOOL:
		return &go_bool;
	case K_INT:
		return &go_int;
	case K_NUMBER:
	case K_FLOAT:
		return &go_float64;
	case K_STRING:
		return &go_string;
	case K_LIST:
		return &go_list_any;
	case K_MAP:
		return &go_map_any;
	case K_NIL:
	case K_STRUCT:
	case K_PTR:
		break;
	}
	return NULL;
}
