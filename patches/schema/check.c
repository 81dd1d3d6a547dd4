/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a document could be decoded into a Go type; and if not, where and why. */
#include "base/limits.h"
#include "patches/schema/decode.h"

static int check(const struct value *raw, const struct go_type *t, const struct trail *at, struct err *err);

/* "a string", "the number 1.5": what stands there. */
static void describe(const struct value *raw, struct text *out)
{
	if (raw->kind == K_NUMBER) {
		text_adds(out, "the number ");
		text_add(out, raw->u.s.p, raw->u.s.len > 40 ? 40 : raw->u.s.len);
		return;
	}
	text_adds(out, raw->kind == K_LIST || raw->kind == K_MAP ? "an " : "a ");
	text_adds(out, json_kind(raw));
}

/* The field that the value is (an item or entry of), and the type that it must have there. */
static int refuse(const struct value *raw, const struct go_type *t, const struct trail *at, struct err *err)
{
	char room[96];
	struct text what = {.data = room, .cap = sizeof(room), .max = sizeof(room)};
	const struct trail *named = at;

	describe(raw, &what);
	while (named && !named->field)
		named = named->up;
	if (named)
		(void)err_set(err, ERR_INPUT, "cannot read %.*s as %s.%s (%s)", (int)what.len, room, named->owner->name,
			named->field->json_name, t->name);
	else
		(void)err_set(err, ERR_INPUT, "cannot read %.*s as %s", (int)what.len, room, t->name);
	trail_place(at, err);
	return -1;
}

static int check_struct(const struct value *raw, const struct go_type *t, const struct trail *at, struct err *err)
{
	if (raw->kind != K_MAP)
		return refuse(raw, t, at, err);
	for (size_t i = 0; raw->u.map && i < raw->u.map->len; i++) {
		const struct map_entry *e = &raw->u.map->entry[i];
		const struct go_field *f = go_field_by_json(t, e->key);
		const struct trail here = trail_field(at, t, f, e->key);

		if (f && check(e->value, f->type, &here, err) < 0)
			return -1;
	}
	return 0;
}

static int check_list(const struct value *raw, const struct go_type *t, const struct trail *at, struct err *err)
{
	if (raw->kind != K_LIST)
		return refuse(raw, t, at, err);
	for (size_t i = 0; i < raw->u.list.len; i++) {
		const struct trail here = trail_item(at, i);

		if (check(raw->u.list.item[i], t->elem, &here, err) < 0)
			return -1;
	}
	return 0;
}

static int check_map(const struct value *raw, const struct go_type *t, const struct trail *at, struct err *err)
{
	if (raw->kind != K_MAP)
		return refuse(raw, t, at, err);
	for (size_t i = 0; raw->u.map && i < raw->u.map->len; i++) {
		const struct map_entry *e = &raw->u.map->entry[i];
		const struct trail here = trail_entry(at, e->key);

		if (check(e->value, t->elem, &here, err) < 0)
			return -1;
	}
	return 0;
}

static int check_special(const struct value *raw, const struct go_type *t, const struct trail *at, struct err *err)
{
	if (special_fits(raw, t, NULL) == 0)
		return 0;
	if (t->special == GO_QUANTITY && (raw->kind == K_STRING || raw->kind == K_NUMBER)) {
		(void)!quantity_check(raw->u.s, err);
		trail_place(at, err);
		return -1;
	}
	if (t->special == GO_TIME && raw->kind == K_STRING) {
		(void)err_set(err, ERR_INPUT, "'%.*s' is no time: it must be as 2006-01-02T15:04:05Z",
			raw->u.s.len > 64 ? 64 : (int)raw->u.s.len, raw->u.s.p);
		trail_place(at, err);
		return -1;
	}
	return refuse(raw, t, at, err);
}

static int check(const struct value *raw, const struct go_type *t, const struct trail *at, struct err *err)
{
	if (raw->kind == K_NIL)
		return 0;
	if (at && at->depth > LIMIT_JSON_DEPTH)
		return err_set(err, ERR_LIMIT, "nested more than %d levels deep", LIMIT_JSON_DEPTH);
	if (t->special == GO_QUANTITY || t->special == GO_INT_OR_STRING || t->special == GO_TIME)
		return check_special(raw, t, at, err);
	if (t->special != GO_PLAIN && t->special != GO_PB_MESSAGE)
		return 0; /* any JSON, or protobuf's own rules */
	switch ((enum go_kind)t->kind) {
	case GO_STRUCT:
		return check_struct(raw, t, at, err);
	case GO_PTR:
		return check(raw, t->elem, at, err);
	case GO_SLICE:
		return t->elem->kind == GO_UINT8 && raw->kind == K_STRING ? 0 : check_list(raw, t, at, err);
	case GO_MAP:
		return check_map(raw, t, at, err);
	case GO_INVALID:
	case GO_INTERFACE:
	case GO_FUNC:
		return 0;
	default:
		return scalar_fits(raw, t) ? 0 : refuse(raw, t, at, err);
	}
}

int schema_check(const struct value *raw, const struct go_type *type, struct err *err)
{
	return raw ? check(raw, type, NULL, err) : 0;
}
