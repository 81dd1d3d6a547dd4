/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical form: a document as decoding into Go's type and encoding again would write it. */
#include <string.h>

#include "base/limits.h"
#include "patches/schema/decode.h"

/* Of a value that Go would write as null, and of members to leave out. */
static const struct value absent = {.kind = K_NIL};

struct walk {
	struct arena *arena;
	struct err *err;   /* ends the walk */
	struct err first;  /* the first wrong kind: encoding/json reads on behind it, and a later error of err's kind wins */
};

/* raw is NULL for Go's zero value. NULL with err set. */
static const struct value *canon(struct walk *w, const struct value *raw, const struct go_type *t, const struct trail *at);

static const struct value *no_memory(struct walk *w, const struct value *v)
{
	if (!v)
		err_nomem(w->err);
	return v;
}

static bool has_field(const struct go_type *t, const struct go_field *f)
{
	for (size_t i = 0; i < t->n_fields; i++) {
		if (&t->field[i] == f)
			return true;
	}
	return false;
}

/* Itself, or in an inline struct below it. */
static bool holds_field(const struct go_type *t, const struct go_field *f)
{
	for (size_t i = 0; i < t->n_fields; i++) {
		if (t->field[i].flags & F_INLINE && holds_field(t->field[i].type, f))
			return true;
	}
	return has_field(t, f);
}

/* encoding/json names the embedded structs on the way to an inline field. */
static void add_embedding(struct text *out, const struct go_type *owner, const struct go_field *f)
{
	while (!has_field(owner, f)) {
		const struct go_field *inner = NULL;

		for (size_t i = 0; i < owner->n_fields && !inner; i++) {
			if (owner->field[i].flags & F_INLINE && holds_field(owner->field[i].type, f))
				inner = &owner->field[i];
		}
		if (!inner)
			return;
		text_addf(out, "%s.", inner->go_name);
		owner = inner->type;
	}
}

static void add_names(struct text *out, const struct trail *at)
{
	if (!at)
		return;
	add_names(out, at->up);
	if (!at->field)
		return;
	if (out->len)
		text_addc(out, '.');
	add_embedding(out, at->owner, at->field);
	text_adds(out, at->field->json_name);
}

/* encoding/json names the number that does not fit an integer, and no other. */
static void add_what(struct text *out, const struct value *raw, const struct go_type *t)
{
	text_adds(out, json_kind(raw));
	if (raw->kind != K_NUMBER || (!is_int_kind(t) && t->kind != GO_FLOAT64 && t->kind != GO_FLOAT32))
		return;
	text_addc(out, ' ');
	text_add(out, raw->u.s.p, raw->u.s.len > 64 ? 64 : raw->u.s.len);
}

/* "json: cannot unmarshal number 1.5 into Go struct field ContainerPort.spec.containers.ports.hostPort of type int32" */
static void wrong_kind(struct err *err, const struct value *raw, const struct go_type *t, const struct trail *at)
{
	const struct trail *named = at;
	char what_room[96], names_room[400];
	struct text what = {.data = what_room, .cap = sizeof(what_room), .max = sizeof(what_room)};
	struct text names = {.data = names_room, .cap = sizeof(names_room), .max = sizeof(names_room)};

	while (named && !named->field)
		named = named->up;
	add_what(&what, raw, t);
	add_names(&names, named);
	if (named)
		err_set(err, ERR_INPUT, "json: cannot unmarshal %.*s into Go struct field %s.%.*s of type %s", (int)what.len, what_room,
			named->owner->bare, (int)names.len, names_room, t->name);
	else
		err_set(err, ERR_INPUT, "json: cannot unmarshal %.*s into Go value of type %s", (int)what.len, what_room, t->name);
	trail_place(at, err);
}

/* Notes the error and goes on with the zero value. */
static const struct value *refuse(struct walk *w, const struct value *raw, const struct go_type *t, const struct trail *at)
{
	if (w->first.code == ERR_NONE)
		wrong_kind(&w->first, raw, t, at);
	return canon(w, NULL, t, at);
}

static const struct value *canon_int(struct walk *w, const struct value *raw)
{
	if (!raw)
		return no_memory(w, value_number(w->arena, 0));
	if (raw->kind == K_INT)
		return no_memory(w, value_number(w->arena, raw->u.i));
	if (raw->u.s.len > 1 && raw->u.s.p[0] == '-' && raw->u.s.p[1] == '0')
		return no_memory(w, value_number(w->arena, 0));
	return raw;
}

static const struct value *canon_scalar(struct walk *w, const struct value *raw, const struct go_type *t, const struct trail *at)
{
	if (raw && !scalar_fits(raw, t))
		return refuse(w, raw, t, at);
	if (t->kind == GO_STRING)
		return raw ? raw : &value_empty_string;
	if (t->kind == GO_BOOL)
		return raw ? raw : &value_false;
	return canon_int(w, raw);
}

/* A string in place of `raw`; the node itself where it says the same. raw may be NULL. */
static const struct value *as_text(struct walk *w, const struct value *raw, struct str text)
{
	struct value *v;

	if (raw && raw->kind == K_STRING && str_eq(text, raw->u.s))
		return raw;
	v = value_new(w->arena, K_STRING, NULL);
	if (!v)
		return no_memory(w, NULL);
	v->flags = raw ? raw->flags : 0;
	v->u.s = text;
	return v;
}

static const struct value *canon_quantity(struct walk *w, const struct value *raw)
{
	struct str text = STR("0");

	if (raw && quantity_canonical(w->arena, raw->u.s, &text, NULL, w->err) < 0)
		return NULL;
	return as_text(w, raw, text);
}

/* Times are written in UTC, to the second; the zero time as null. */
static const struct value *canon_time(struct walk *w, const struct value *raw)
{
	struct moment at;
	struct text out;

	if (!raw || !moment_parse(raw->u.s, &at, NULL))
		return &absent;
	if (at.seconds == MOMENT_ZERO && at.nanos == 0)
		return &absent;
	text_init(&out, w->arena, 64);
	moment_print(&out, at, 0);
	if (out.failed)
		return no_memory(w, NULL);
	return as_text(w, raw, (struct str){out.data, out.len});
}

/* The types' own UnmarshalJSON ends the walk; where it meets a wrong kind, the error is told as any other. */
static void refuse_special(struct walk *w, const struct value *raw, const struct go_type *t, const struct trail *at)
{
	if (t->special == GO_TIME && raw->kind != K_STRING)
		wrong_kind(w->err, raw, &go_string, at);
	else if (t->special == GO_INT_OR_STRING)
		wrong_kind(w->err, raw, &go_int32, at);
	else
		(void)!special_fits(raw, t, w->err);
	trail_place(at, w->err);
}

static const struct value *canon_special(struct walk *w, const struct value *raw, const struct go_type *t, const struct trail *at)
{
	if (raw && special_fits(raw, t, NULL) < 0) {
		refuse_special(w, raw, t, at);
		return NULL;
	}
	if (t->special == GO_QUANTITY)
		return canon_quantity(w, raw);
	if (t->special == GO_TIME)
		return canon_time(w, raw);
	return raw && raw->kind == K_STRING ? raw : canon_int(w, raw);
}

static const struct value *canon_list(struct walk *w, const struct value *raw, const struct go_type *t, const struct trail *at)
{
	const struct value **items;
	size_t n;

	if (!raw)
		return &absent;
	if (t->elem->kind == GO_UINT8 && raw->kind == K_STRING)
		return raw;
	if (raw->kind != K_LIST)
		return refuse(w, raw, t, at);
	n = raw->u.list.len;
	items = arena_calloc(w->arena, n, sizeof(*items));
	if (!items)
		return no_memory(w, NULL);
	for (size_t i = 0; i < n; i++) {
		const struct trail here = trail_item(at, i);

		items[i] = canon(w, raw->u.list.item[i], t->elem, &here);
		if (!items[i])
			return NULL;
	}
	return no_memory(w, value_list(w->arena, items, n));
}

static const struct value *canon_map(struct walk *w, const struct value *raw, const struct go_type *t, const struct trail *at)
{
	struct map *m;

	if (!raw)
		return &absent;
	if (raw->kind != K_MAP)
		return refuse(w, raw, t, at);
	m = map_new(w->arena, raw->u.map ? raw->u.map->len : 0);
	for (size_t i = 0; m && raw->u.map && i < raw->u.map->len; i++) {
		const struct map_entry *e = &raw->u.map->entry[i];
		const struct trail here = trail_entry(at, e->key);
		const struct value *v = canon(w, e->value, t->elem, &here);

		if (!v)
			return NULL;
		if (map_set(w->arena, m, e->key, v) < 0)
			return no_memory(w, NULL);
	}
	return no_memory(w, m ? value_map(w->arena, m) : NULL);
}

/* --- structs ------------------------------------------------------------------------------------------------- */

/* A struct while its members come in, in the order of the document. */
struct members {
	const struct go_field *const *field;
	const struct value **canonical; /* one for each field; NULL where the document has none */
	size_t len;
	struct map *unknown;            /* kept as they are; NULL where there is none */
};

static size_t find_member(const struct members *ms, struct str key)
{
	for (size_t i = 0; i < ms->len; i++) {
		if (str_is(key, ms->field[i]->json_name))
			return i;
	}
	for (size_t i = 0; i < ms->len; i++) {
		if (go_name_folds(ms->field[i]->json_name, key))
			return i;
	}
	return ms->len;
}

static bool nil_by_null(const struct go_type *t)
{
	return t->kind == GO_PTR || t->kind == GO_SLICE || t->kind == GO_MAP || t->kind == GO_INTERFACE;
}

static int keep_unknown(struct walk *w, struct members *ms, const struct map_entry *e)
{
	if (!(e->value->flags & V_ASIS))
		return 0;
	if (!ms->unknown)
		ms->unknown = map_new(w->arena, 4);
	if (!ms->unknown || map_set(w->arena, ms->unknown, e->key, e->value) < 0)
		return err_nomem(w->err);
	return 0;
}

static int take_member(struct walk *w, struct members *ms, const struct go_type *owner, const struct map_entry *e, const struct trail *at)
{
	const size_t i = find_member(ms, e->key);
	const struct go_field *f;

	if (i == ms->len)
		return keep_unknown(w, ms, e);
	f = ms->field[i];
	if (e->value->kind == K_NIL && !(e->value->flags & V_ASIS)) {
		if (nil_by_null(f->type)) /* null leaves other kinds as they are */
			ms->canonical[i] = NULL;
		return 0;
	}
	const struct trail here = trail_field(at, owner, f, e->key);

	ms->canonical[i] = canon(w, e->value, f->type, &here);
	return ms->canonical[i] ? 0 : -1;
}

/* As omitempty sees it; v is what would be written. */
static bool is_empty(const struct value *v, const struct go_type *t)
{
	switch ((enum go_kind)t->kind) {
	case GO_BOOL:
		return !v->u.b;
	case GO_STRING:
		return v->u.s.len == 0;
	case GO_SLICE:
		return v->kind == K_LIST && v->u.list.len == 0;
	case GO_MAP:
		return !v->u.map || v->u.map->len == 0;
	case GO_STRUCT:
	case GO_PTR:
	case GO_INTERFACE:
		return false;
	default:
		return v->kind == K_NUMBER && raw_float(v) == 0;
	}
}

/* NULL with err set; &absent where the member does not appear. */
static const struct value *written(struct walk *w, const struct value *v, const struct go_field *f, const struct trail *at)
{
	const bool omit = f->flags & F_OMITEMPTY;

	if (v && (v == &absent || v->flags & V_ASIS))
		return v;
	if (!v) {
		if (nil_by_null(f->type) || (omit && f->type->kind != GO_STRUCT))
			return &absent;
		const struct trail here = trail_field(at, f->type, f, str_of(f->json_name));

		v = canon(w, NULL, f->type, &here);
	}
	return v && omit && v != &absent && is_empty(v, f->type) ? &absent : v;
}

static const struct value *write_members(struct walk *w, struct members *ms, const struct trail *at)
{
	struct map *m = map_new(w->arena, ms->len / 4 + 2);

	for (size_t i = 0; m && i < ms->len; i++) {
		const struct value *v = written(w, ms->canonical[i], ms->field[i], at);

		if (!v)
			return NULL;
		if (v != &absent && map_setc(w->arena, m, ms->field[i]->json_name, v) < 0)
			return no_memory(w, NULL);
	}
	for (size_t i = 0; m && ms->unknown && i < ms->unknown->len; i++) {
		if (map_set(w->arena, m, ms->unknown->entry[i].key, ms->unknown->entry[i].value) < 0)
			return no_memory(w, NULL);
	}
	return no_memory(w, m ? value_map(w->arena, m) : NULL);
}

static const struct value *canon_struct(struct walk *w, const struct value *raw, const struct go_type *t, const struct trail *at)
{
	struct members ms = {0};

	if (raw && raw->kind != K_MAP)
		return refuse(w, raw, t, at);
	ms.field = flat_fields(w->arena, t, &ms.len);
	ms.canonical = arena_calloc(w->arena, ms.len, sizeof(*ms.canonical));
	if (!ms.field || !ms.canonical)
		return no_memory(w, NULL);
	for (size_t i = 0; raw && raw->u.map && i < raw->u.map->len; i++) {
		if (take_member(w, &ms, t, &raw->u.map->entry[i], at) < 0)
			return NULL;
	}
	return write_members(w, &ms, at);
}

static const struct value *canon(struct walk *w, const struct value *raw, const struct go_type *t, const struct trail *at)
{
	if (raw && raw->flags & V_ASIS)
		return raw;
	if (raw && raw->kind == K_NIL)
		raw = NULL;
	if (at && at->depth > LIMIT_JSON_DEPTH) {
		err_set(w->err, ERR_LIMIT, "nested more than %d levels deep", LIMIT_JSON_DEPTH);
		return NULL;
	}
	if (t->special == GO_QUANTITY || t->special == GO_INT_OR_STRING || t->special == GO_TIME)
		return canon_special(w, raw, t, at);
	if (t->special != GO_PLAIN)
		return raw ? raw : &absent; /* any JSON, or protobuf's own rules */
	switch ((enum go_kind)t->kind) {
	case GO_STRUCT:
		return canon_struct(w, raw, t, at);
	case GO_PTR:
		return raw ? canon(w, raw, t->elem, at) : &absent;
	case GO_SLICE:
		return canon_list(w, raw, t, at);
	case GO_MAP:
		return canon_map(w, raw, t, at);
	case GO_INVALID:
	case GO_INTERFACE:
	case GO_FUNC:
		return raw ? raw : &absent;
	default:
		return canon_scalar(w, raw, t, at);
	}
}

const struct value *schema_canon(struct arena *a, const struct value *raw, const struct go_type *type, struct err *err)
{
	struct err unwanted = {0};
	struct walk w = {.arena = a, .err = err ? err : &unwanted};
	const struct value *v = canon(&w, raw, type, NULL);

	if (!v || w.first.code == ERR_NONE)
		return v;
	if (err && err->code == ERR_NONE)
		*err = w.first;
	return NULL;
}
