/* SPDX-License-Identifier: Apache-2.0 */
/* json.Marshal over values: a raw tree first, then its text. */
#include "patches/schema/go_json.h"

#include "base/limits.h"
#include "patches/schema/decode.h"
#include "patches/value/json.h"

static const struct value *no_memory(struct json_walk *w)
{
	err_nomem(w->err);
	return NULL;
}

const struct value *json_number(struct json_walk *w, const struct text *digits)
{
	struct value *v = digits->failed ? NULL : value_new(w->arena, K_NUMBER, NULL);

	if (!v)
		return no_memory(w);
	v->u.s = (struct str){digits->data, digits->len};
	return v;
}

const struct value *json_string(struct json_walk *w, const struct text *t, unsigned flags)
{
	struct value *v = t->failed ? NULL : value_new(w->arena, K_STRING, NULL);

	if (!v)
		return no_memory(w);
	v->flags = (uint8_t)flags;
	v->u.s = t->len ? (struct str){t->data, t->len} : STR("");
	return v;
}

static const struct value *int_tree(struct json_walk *w, const struct value *v)
{
	struct text digits;

	text_init(&digits, w->arena, 32);
	if (v->type && (v->type->kind == GO_UINT64 || v->type->kind == GO_UINT))
		text_addu(&digits, (uint64_t)v->u.i);
	else
		text_addi(&digits, v->u.i);
	return json_number(w, &digits);
}

static const struct value *float_tree(struct json_walk *w, const struct value *v)
{
	struct text digits;

	text_init(&digits, w->arena, 64);
	if (json_write_float(&digits, v->u.f) < 0) {
		err_set(w->err, ERR_INPUT, "json: unsupported value: %s", v->u.f > 0 ? "+Inf" : v->u.f < 0 ? "-Inf" : "NaN");
		return NULL;
	}
	return json_number(w, &digits);
}

/* A node that says all there is to say already, or its like without type and V_ASIS. */
static const struct value *plain(struct json_walk *w, const struct value *v)
{
	struct value *copy;

	if (!v->type && !(v->flags & V_ASIS))
		return v;
	copy = value_new(w->arena, (enum kind)v->kind, NULL);
	if (!copy)
		return no_memory(w);
	*copy = *v;
	copy->type = NULL;
	copy->flags &= (uint8_t)~V_ASIS;
	return copy;
}

static const struct value *list_tree(struct json_walk *w, const struct value *v)
{
	const size_t n = v->u.list.len;
	const struct value **items, *list;

	if (!v->u.list.item)
		return &value_nil;
	items = arena_calloc(w->arena, n, sizeof(*items));
	if (!items)
		return no_memory(w);
	for (size_t i = 0; i < n; i++) {
		const struct value *item = schema_view_item(w->arena, v, i);

		items[i] = item ? json_tree(w, item) : no_memory(w);
		if (!items[i])
			return NULL;
	}
	list = value_list(w->arena, items, n);
	return list ? list : no_memory(w);
}

/* The key's mark comes along with it. */
int json_add(struct json_walk *w, struct map *m, struct str key, bool key_from_pod, const struct value *v)
{
	if (!v)
		return -1;
	if (map_set(w->arena, m, key, v) < 0)
		return err_nomem(w->err);
	if (key_from_pod)
		m->entry[m->len - 1].key_from_pod = true;
	return 0;
}

static const struct value *map_tree(struct json_walk *w, const struct value *v)
{
	const struct map_entry *const *sorted;
	struct map *m;
	const struct value *result;

	if (!v->u.map)
		return &value_nil;
	sorted = map_sorted(w->arena, v->u.map);
	m = map_new(w->arena, v->u.map->len);
	if (!sorted || !m)
		return no_memory(w);
	for (size_t i = 0; i < v->u.map->len; i++) {
		const struct value *entry = schema_view_entry(w->arena, v, sorted[i]->value);

		if (json_add(w, m, sorted[i]->key, sorted[i]->key_from_pod, entry ? json_tree(w, entry) : no_memory(w)) < 0)
			return NULL;
	}
	result = value_map(w->arena, m);
	return result ? result : no_memory(w);
}

/* --- structs, by their tags ------------------------------------------------------------------------------------ */

static bool is_zero_time(const struct value *v)
{
	return v->kind == K_STRUCT && v->type && v->type->special == GO_TIME && !map_getc(v->u.map, "time");
}

static bool left_out(const struct value *v, unsigned flags)
{
	if (flags & F_OMITZERO && is_zero_time(v))
		return true;
	if (!(flags & F_OMITEMPTY))
		return false;
	switch ((enum kind)v->kind) {
	case K_NIL:
		return true;
	case K_BOOL:
		return !v->u.b;
	case K_INT:
		return v->u.i == 0;
	case K_FLOAT:
		return v->u.f == 0;
	case K_STRING:
		return v->u.s.len == 0;
	case K_LIST:
		return v->u.list.len == 0;
	case K_MAP:
		return !v->u.map || v->u.map->len == 0;
	case K_PTR:
		return !v->u.ptr;
	case K_NUMBER:
	case K_STRUCT:
		break;
	}
	return false;
}

/* What encoding/json calls the field: a message's tags have proto's name, but in Istio 1.6 to 1.8; a oneof's wrapper has none. */
static const char *tag_of(const struct go_type *t, const struct go_field *f)
{
	if (!f->proto_name || f->flags & F_CAMEL)
		return f->json_name;
	return t->special == GO_PLAIN ? f->go_name : f->proto_name;
}

static const struct value *struct_tree(struct json_walk *w, const struct value *v)
{
	size_t n;
	const struct go_field *const *fields = flat_fields(w->arena, v->type, &n);
	struct map *m = map_new(w->arena, 8);
	const struct value *result;

	if (!fields || !m)
		return no_memory(w);
	for (size_t i = 0; i < n; i++) {
		const struct value *member = fields[i]->flags & F_ONEOF ? &value_nil : schema_view_field(w->arena, v, fields[i]);

		if (!member)
			return no_memory(w);
		if (fields[i]->flags & F_ONEOF || left_out(member, fields[i]->flags))
			continue;
		if (json_add(w, m, str_of(tag_of(v->type, fields[i])), false, json_tree(w, member)) < 0)
			return NULL;
	}
	result = value_map(w->arena, m);
	return result ? result : no_memory(w);
}

/* A quantity that does not parse is printed as it was written. */
static const struct value *quantity_tree(struct json_walk *w, const struct value *v)
{
	const struct value *raw = map_getc(v->u.map, "s");
	struct str text = STR("0");
	struct text copy;

	if (raw && (raw->kind == K_STRING || raw->kind == K_NUMBER) && quantity_canonical(w->arena, raw->u.s, &text, NULL, NULL) < 0)
		text = raw->u.s;
	text_init(&copy, w->arena, LIMIT_TEMPLATE_OUTPUT);
	text_add(&copy, text.p, text.len);
	return json_string(w, &copy, v->flags & V_POD);
}

/* metav1.Time to the second, time.Time with what decimals there are; both in UTC. */
static const struct value *time_tree(struct json_walk *w, const struct value *v)
{
	const struct value *raw = map_getc(v->u.map, "time");
	const bool decimals = v->type == &go_time;
	struct moment at = {MOMENT_ZERO, 0};
	struct text out;

	if (raw && raw->kind == K_STRING)
		(void)!moment_parse(raw->u.s, &at, NULL);
	if (!decimals && at.seconds == MOMENT_ZERO && at.nanos == 0)
		return &value_nil;
	text_init(&out, w->arena, 64);
	moment_print(&out, at, decimals && at.nanos ? 9 : 0);
	if (decimals && at.nanos && !out.failed) {
		out.len--; /* Z */
		while (out.data[out.len - 1] == '0')
			out.len--;
		text_addc(&out, 'Z');
	}
	return json_string(w, &out, 0);
}

static const struct value *special_tree(struct json_walk *w, const struct value *v)
{
	const struct map *m = v->u.map;
	const struct value *raw;

	switch ((enum go_special)v->type->special) {
	case GO_QUANTITY:
		return quantity_tree(w, v);
	case GO_TIME:
		return time_tree(w, v);
	case GO_INT_OR_STRING:
		raw = map_getc(m, "StrVal");
		raw = raw ? raw : map_getc(m, "IntVal");
		return raw ? json_tree(w, raw) : json_tree(w, &(struct value){.kind = K_INT});
	case GO_RAW_EXTENSION:
	case GO_FIELDS_V1:
		raw = map_getc(m, "Raw");
		return raw ? raw : &value_nil;
	default:
		break;
	}
	if (go_method_find(v->type, STR("MarshalJSON")))
		return proto_tree(w, v);
	return struct_tree(w, v);
}

static const struct value *tree(struct json_walk *w, const struct value *v)
{
	switch ((enum kind)v->kind) {
	case K_NIL:
		return &value_nil;
	case K_BOOL:
	case K_STRING:
	case K_NUMBER:
		return plain(w, v);
	case K_INT:
		return int_tree(w, v);
	case K_FLOAT:
		return float_tree(w, v);
	case K_LIST:
		return list_tree(w, v);
	case K_MAP:
		return map_tree(w, v);
	case K_PTR:
		return v->u.ptr ? json_tree(w, v->u.ptr) : &value_nil;
	case K_STRUCT:
		break;
	}
	return v->type->special == GO_PLAIN ? struct_tree(w, v) : special_tree(w, v);
}

const struct value *json_tree(struct json_walk *w, const struct value *v)
{
	const struct value *result;

	if (w->depth >= LIMIT_JSON_DEPTH) { /* sprig's dicts can hold themselves */
		err_set(w->err, ERR_LIMIT, "json: unsupported value: nested more than %d levels deep, or encountered a cycle via %s",
			LIMIT_JSON_DEPTH, go_type_of(v) ? go_type_of(v)->name : "nil");
		return NULL;
	}
	w->depth++;
	result = tree(w, v);
	w->depth--;
	return result;
}

const struct value *go_json_tree(struct arena *a, const struct value *v, struct err *err)
{
	struct json_walk w = {.arena = a, .err = err};

	return json_tree(&w, v);
}

int go_json_marshal(struct arena *a, struct text *out, const struct value *v, unsigned flags, struct err *err)
{
	const struct value *raw = go_json_tree(a, v, err);

	if (!raw)
		return -1;
	json_write(out, raw, flags);
	return text_check(out, "the JSON text", err);
}
