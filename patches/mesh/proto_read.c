/* SPDX-License-Identifier: Apache-2.0 */
/* Messages out of JSON: the walk over fields, lists and maps. */
#include "patches/mesh/proto.h"

#include <stdio.h>

#include "base/limits.h"
#include "patches/mesh/proto_scalar.h"

/* Where the reader is, for messages about it. */
struct step {
	const struct step *up;
	struct str name;
	size_t depth;
};

enum { PATH_STEPS = 16 };

static void add_path(struct text *out, const struct step *at)
{
	const struct step *steps[PATH_STEPS];
	size_t n = 0;

	for (; at && n < PATH_STEPS; at = at->up)
		if (at->name.len)
			steps[n++] = at;
	while (n) {
		const struct step *s = steps[--n];

		text_add(out, s->name.p, s->name.len < 64 ? s->name.len : 64);
		if (n)
			text_addc(out, '.');
	}
}

static const char *path_of(struct arena *a, const struct step *at)
{
	struct text t;

	text_init(&t, a, (size_t)PATH_STEPS * 66);
	add_path(&t, at);
	return text_cstr(&t);
}

static int at_field(struct proto_reader *r, const struct step *at)
{
	const char *path = path_of(r->a, at);

	if (path && *path)
		(void)err_at(r->err, "%s", path);
	return -1;
}

const struct go_type *proto_elem(const struct go_type *t)
{
	while (t && t->kind == GO_PTR)
		t = t->elem;
	return t;
}

bool proto_is_oneof(const struct go_field *f)
{
	return f->type->kind == GO_INTERFACE && !(f->flags & F_ONEOF);
}

static const struct value *read_value(struct proto_reader *r, const struct value *raw, const struct go_type *type,
	const struct step *at, bool *ret_zero);
static int read_message(struct proto_reader *r, struct map *dst, const struct value *raw, const struct go_type *message,
	const struct step *at);

static const struct value *wrong_kind(struct proto_reader *r, const struct value *raw, const char *go_type)
{
	(void)err_set(r->err, ERR_INPUT, "json: cannot unmarshal %s into Go value of type %s", scalar_json_kind(raw), go_type);
	return NULL;
}

static const struct value *read_list(struct proto_reader *r, const struct value *raw, const struct go_type *type,
	const struct step *at, bool *ret_zero)
{
	if (raw->kind != K_LIST)
		return wrong_kind(r, raw, "[]json.RawMessage");

	const struct value **item = arena_calloc(r->a, raw->u.list.len + 1, sizeof(*item));

	for (size_t i = 0; item && i < raw->u.list.len; i++) {
		char index[24];
		const int len = snprintf(index, sizeof(index), "%zu", i);
		const struct step here = {at, {index, (size_t)len}, at->depth + 1};
		bool zero;

		item[i] = read_value(r, raw->u.list.item[i], type->elem, &here, &zero);
		if (!item[i])
			return NULL;
	}
	*ret_zero = !r->gogo && raw->u.list.len == 0;
	const struct value *v = item ? value_list(r->a, item, raw->u.list.len) : NULL;

	if (!v)
		(void)err_nomem(r->err);
	return v;
}

static int set_entry(struct proto_reader *r, struct map *m, const struct map_entry *from, const struct value *v)
{
	if (map_set(r->a, m, from->key, v) < 0)
		return err_nomem(r->err);
	if (from->key_from_pod)
		m->entry[m->len - 1].key_from_pod = true; /* keys of one map differ: this one was appended */
	return 0;
}

static const struct value *read_map(struct proto_reader *r, const struct value *raw, const struct go_type *type,
	const struct step *at, bool *ret_zero)
{
	if (raw->kind != K_MAP)
		return wrong_kind(r, raw, "map[string]json.RawMessage");

	const size_t len = raw->u.map ? raw->u.map->len : 0;
	struct map *m = map_new(r->a, len);

	for (size_t i = 0; m && i < len; i++) {
		const struct map_entry *e = &raw->u.map->entry[i];
		const struct step here = {at, e->key, at->depth + 1};
		bool zero;
		const struct value *v = read_value(r, e->value, type->elem, &here, &zero);

		if (!v || set_entry(r, m, e, v) < 0)
			return NULL;
	}
	*ret_zero = !r->gogo && len == 0;
	const struct value *v = m ? value_map(r->a, m) : NULL;

	if (!v)
		(void)err_nomem(r->err);
	return v;
}

static const struct value *read_new_message(struct proto_reader *r, const struct value *raw, const struct go_type *t,
	const struct step *at)
{
	struct map *m;

	if (raw->kind == K_NIL && r->gogo)
		return &value_nil;
	m = map_new(r->a, 4);
	if (!m) {
		(void)err_nomem(r->err);
		return NULL;
	}
	if (raw->kind != K_NIL && read_message(r, m, raw, t, at) < 0)
		return NULL;
	const struct value *v = value_map(r->a, m);

	if (!v)
		(void)err_nomem(r->err);
	return v;
}

static const struct value *read_plain(struct proto_reader *r, const struct value *raw, const struct go_type *t,
	const struct step *at, bool *ret_zero)
{
	switch (t->kind) {
	case GO_SLICE:
		if (t->elem->kind == GO_UINT8)
			return scalar_read(r, raw, &go_string, ret_zero);
		return read_list(r, raw, t, at, ret_zero);
	case GO_MAP:
		return read_map(r, raw, t, at, ret_zero);
	default:
		return scalar_read(r, raw, t, ret_zero);
	}
}

/* NULL with err set, its path included. *ret_zero: whether a field without presence of its own is unset by it. */
static const struct value *read_value(struct proto_reader *r, const struct value *raw, const struct go_type *type,
	const struct step *at, bool *ret_zero)
{
	const struct go_type *t = proto_elem(type);
	const struct value *v;

	*ret_zero = false;
	if (at->depth > LIMIT_YAML_DEPTH) {
		(void)err_set(r->err, ERR_LIMIT, "nested too deeply");
		(void)at_field(r, at);
		return NULL;
	}
	switch (t->special) {
	case GO_PB_MESSAGE:
		v = read_new_message(r, raw, t, at);
		break;
	case GO_PB_DURATION:
		v = scalar_read_duration(r, raw);
		break;
	case GO_PB_ENUM:
		v = scalar_read_enum(r, raw, t, ret_zero);
		break;
	case GO_PB_WRAPPER: {
		bool ignored;

		v = t->n_fields ? scalar_read(r, raw, t->field[0].type, &ignored) : NULL;
		break;
	}
	case GO_PB_STRUCT:
		v = raw->kind == K_MAP ? scalar_read_any(r, raw) : wrong_kind(r, raw, "map[string]json.RawMessage");
		break;
	case GO_PB_VALUE: case GO_PB_LIST_VALUE: case GO_PB_ANY: case GO_PB_TIMESTAMP:
		v = scalar_read_any(r, raw);
		break;
	default:
		v = read_plain(r, raw, t, at, ret_zero);
	}
	if (!v)
		(void)at_field(r, at);
	return v;
}

int proto_set(struct arena *a, struct map *dst, const struct go_type *message, const struct go_field *f, const struct value *v)
{
	for (size_t i = 0; f->oneof && i < message->n_fields; i++) {
		const struct go_field *other = &message->field[i];

		if (other != f && other->oneof && str_is(str_of(other->oneof), f->oneof))
			(void)map_del(dst, str_of(other->json_name));
	}
	return map_setc(a, dst, f->json_name, v);
}

static int read_field(struct proto_reader *r, struct map *dst, const struct value *raw, const struct go_type *message,
	const struct go_field *f, const struct step *at)
{
	const struct step here = {at, str_of(f->json_name), at->depth + 1};
	bool zero;

	if (raw->kind == K_NIL && proto_elem(f->type)->special != GO_PB_VALUE)
		return 0;
	const struct value *v = read_value(r, raw, f->type, &here, &zero);

	if (!v)
		return -1;
	if (zero && !f->oneof) {
		(void)map_del(dst, str_of(f->json_name));
		return 0;
	}
	return proto_set(r->a, dst, message, f, v) < 0 ? err_nomem(r->err) : 0;
}

static bool is_field(const struct go_type *message, struct str name)
{
	for (size_t i = 0; i < message->n_fields; i++) {
		const struct go_field *f = &message->field[i];

		if (!proto_is_oneof(f) && (str_is(name, f->json_name) || (f->proto_name && str_is(name, f->proto_name))))
			return true;
	}
	return false;
}

static int warn_unknown(struct proto_reader *r, struct str name, const struct step *at)
{
	struct text t;

	if (r->warnings->len == ARRAY_LEN(r->warnings->text))
		return 0;
	const struct step here = {at, name, 0};

	text_init(&t, r->warnings->arena, 2048);
	text_adds(&t, "unknown field \"");
	add_path(&t, &here);
	text_adds(&t, "\" is ignored");
	const char *text = text_cstr(&t);

	if (!text)
		return err_nomem(r->err);
	r->warnings->text[r->warnings->len++] = text;
	return 0;
}

static int unknown_fields(struct proto_reader *r, const struct map *raw, const struct go_type *message, const struct step *at)
{
	for (uint32_t i = 0; i < raw->len; i++) {
		const struct str name = raw->entry[i].key;

		if (is_field(message, name))
			continue;
		if (r->unknown == PROTO_UNKNOWN_ERROR) {
			(void)err_set(r->err, ERR_INPUT, "unknown field \"%.*s\" in %s", (int)(name.len < 64 ? name.len : 64),
				name.p, message->bare ? message->bare : message->name);
			return at_field(r, at);
		}
		if (warn_unknown(r, name, at) < 0)
			return -1;
	}
	return 0;
}

/* Both names of a field count; where both are given, the camelCase one. Fields go in order of declaration, as in Go: the last of
 * a oneof's members stays. */
static int read_message(struct proto_reader *r, struct map *dst, const struct value *raw, const struct go_type *message,
	const struct step *at)
{
	if (raw->kind != K_MAP) {
		(void)wrong_kind(r, raw, "map[string]json.RawMessage");
		return at_field(r, at);
	}
	for (size_t i = 0; i < message->n_fields; i++) {
		const struct go_field *f = &message->field[i];
		const struct value *member;

		if (proto_is_oneof(f))
			continue;
		member = map_getc(raw->u.map, f->json_name);
		if (!member && f->proto_name)
			member = map_getc(raw->u.map, f->proto_name);
		if (member && read_field(r, dst, member, message, f, at) < 0)
			return -1;
	}
	if (r->unknown == PROTO_UNKNOWN_SILENT || !raw->u.map)
		return 0;
	return unknown_fields(r, raw->u.map, message, at);
}

int proto_apply(struct proto_reader *r, struct map *dst, const struct value *raw, const struct go_type *message)
{
	const struct step top = {NULL, {NULL, 0}, 0};

	if (!raw || raw->kind == K_NIL)
		return 0;
	return read_message(r, dst, raw, proto_elem(message), &top);
}

const struct value *proto_canon(struct arena *a, const struct value *raw, const struct go_type *message,
	struct mesh_warnings *warnings, struct err *err)
{
	struct proto_reader r = {a, warnings, err, warnings ? PROTO_UNKNOWN_WARN : PROTO_UNKNOWN_ERROR, false};
	struct map *m = map_new(a, 8);
	const struct value *v = m ? value_map(a, m) : NULL;

	if (!v)
		(void)err_nomem(err);
	else if (proto_apply(&r, m, raw, message) < 0)
		v = NULL;
	return v;
}
