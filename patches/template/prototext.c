/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protobuf messages as text, on one line: zipkin:{address:"zipkin:9411"} sampling:1.5. Go's library puts one space or two between
 * members, by chance of its build; here it is always one. Source: google.golang.org/protobuf/encoding/prototext.
 */
#include <string.h>

#include "base/gofloat.h"
#include "base/limits.h"
#include "patches/template/gofmt.h"

struct writer {
	struct run *run;
	struct text *out;
	struct err *err;
	unsigned depth;
	bool first; /* of a message's members */
};

static int write_message(struct writer *w, const struct value *v);

static void write_string(struct text *out, struct str s)
{
	uint32_t rune;

	text_addc(out, '"');
	for (size_t i = 0; i < s.len;) {
		const size_t n = utf8_decode(s.p + i, s.len - i, &rune);

		if (n == 1 && rune == 0xfffd)
			text_addf(out, "\\x%02x", (unsigned char)s.p[i]);
		else if (rune == '"' || rune == '\\')
			text_addf(out, "\\%c", (char)rune);
		else if (rune == '\n' || rune == '\r' || rune == '\t')
			text_addf(out, "\\%c", rune == '\n' ? 'n' : rune == '\r' ? 'r' : 't');
		else if (rune < ' ' || rune == 0x7f)
			text_addf(out, "\\x%02x", rune);
		else if (rune >= 0x80 && rune <= 0x9f)
			text_addf(out, "\\u%04x", rune);
		else
			text_add(out, s.p + i, n);
		i += n;
	}
	text_addc(out, '"');
}

static void write_int(struct text *out, const struct value *v)
{
	const struct go_type *t = go_type_of(v);
	const char *name = t->special == GO_PB_ENUM ? go_enum_name(t, v->u.i) : NULL;

	if (name)
		text_adds(out, name);
	else if (t->kind >= GO_UINT && t->kind <= GO_UINT64)
		text_addu(out, (uint64_t)v->u.i);
	else
		text_addi(out, v->u.i);
}

static int write_value(struct writer *w, const struct value *v)
{
	const bool outer_first = w->first;
	int rc;

	switch ((enum kind)v->kind) {
	case K_BOOL:
		text_adds(w->out, v->u.b ? "true" : "false");
		return 0;
	case K_INT:
		write_int(w->out, v);
		return 0;
	case K_FLOAT:
		go_format_float(w->out, v->u.f, 'g', -1, go_type_of(v)->kind == GO_FLOAT32 ? 32 : 64);
		return 0;
	case K_STRING:
		write_string(w->out, v->u.s);
		return 0;
	case K_PTR:
		if (v->u.ptr && v->u.ptr->kind != K_STRUCT)
			return write_value(w, v->u.ptr);
		break;
	default:
		break;
	}
	text_addc(w->out, '{');
	w->first = true;
	rc = write_message(w, v->kind == K_PTR ? v->u.ptr : v);
	w->first = outer_first;
	text_addc(w->out, '}');
	return rc;
}

static int write_named(struct writer *w, const char *name, const struct value *v)
{
	if (!w->first)
		text_addc(w->out, ' ');
	w->first = false;
	text_addf(w->out, "%s:", name);
	return write_value(w, v);
}

static int write_entry(struct writer *w, const char *name, const struct value *map, const struct map_entry *e)
{
	const struct value *v = schema_view_entry(w->run->arena, map, e->value);

	if (!v)
		return err_nomem(w->err);
	text_addf(w->out, "%s%s:{key:", w->first ? "" : " ", name);
	write_string(w->out, e->key);
	text_adds(w->out, " value:");
	w->first = false;
	if (write_value(w, v) < 0)
		return -1;
	text_addc(w->out, '}');
	return 0;
}

static int write_repeated(struct writer *w, const char *name, const struct value *v)
{
	for (size_t i = 0; i < v->u.list.len && !w->out->failed; i++) {
		const struct value *item = schema_view_item(w->run->arena, v, i);

		if (!item)
			return err_nomem(w->err);
		if (write_named(w, name, item) < 0)
			return -1;
	}
	return 0;
}

static int write_mapped(struct writer *w, const char *name, const struct value *v)
{
	const struct map_entry *const *sorted = v->u.map ? map_sorted(w->run->arena, v->u.map) : NULL;

	if (v->u.map && !sorted)
		return err_nomem(w->err);
	for (uint32_t i = 0; v->u.map && i < v->u.map->len && !w->out->failed; i++)
		if (write_entry(w, name, v, sorted[i]) < 0)
			return -1;
	return 0;
}

/* proto3: what is zero is not there, but in a oneof. */
static bool is_absent(const struct value *v)
{
	return v->kind == K_NIL || (v->kind != K_STRUCT && !go_truth(v));
}

static int write_field(struct writer *w, const struct value *message, const struct go_field *f)
{
	const char *name = f->proto_name ? f->proto_name : f->json_name;
	const struct value *raw = map_getc(message->u.map, f->json_name), *v;

	if (f->type->special == GO_PB_ONEOF || ((f->flags & F_ONEOF) && (!raw || raw->kind == K_NIL)))
		return 0;
	v = schema_view_field(w->run->arena, message, f);
	if (!v)
		return err_nomem(w->err);
	if (is_absent(v) && !(f->flags & F_ONEOF))
		return 0;
	if (v->kind == K_LIST)
		return write_repeated(w, name, v);
	return v->kind == K_MAP ? write_mapped(w, name, v) : write_named(w, name, v);
}

static void write_span(struct writer *w, const struct map *m)
{
	static const char *const names[] = {"seconds", "nanos"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct value *v = map_getc(m, names[i]);

		if (v && v->kind == K_INT && v->u.i)
			(void)write_named(w, names[i], v);
	}
}

static const struct value *wrapped(struct writer *w, const struct value *v)
{
	const struct value *raw = map_getc(v->u.map, "value");

	for (uint16_t i = 0; i < v->type->n_fields; i++)
		if (strcmp(v->type->field[i].json_name, "value") == 0)
			return schema_view(w->run->arena, raw, v->type->field[i].type);
	return value_from_raw(w->run->arena, raw ? raw : &value_nil);
}

static int write_wrapper(struct writer *w, const struct value *v)
{
	const struct value *inner = wrapped(w, v);

	if (!inner)
		return err_nomem(w->err);
	return is_absent(inner) ? 0 : write_named(w, "value", inner);
}

static int write_message(struct writer *w, const struct value *v)
{
	int rc = 0;

	if (!v)
		return 0;
	if (w->depth++ > LIMIT_VALUE_DEPTH || run_charge(w->run, 1, w->err) < 0)
		return err_set(w->err, ERR_LIMIT, "the value is nested too deep");
	switch ((enum go_special)v->type->special) {
	case GO_PB_DURATION:
	case GO_PB_TIMESTAMP:
		write_span(w, v->u.map);
		break;
	case GO_PB_WRAPPER:
		rc = write_wrapper(w, v);
		break;
	case GO_PB_MESSAGE:
		for (uint16_t i = 0; i < v->type->n_fields && rc == 0 && !w->out->failed; i++)
			rc = write_field(w, v, &v->type->field[i]);
		break;
	default:
		rc = err_set(w->err, ERR_INPUT, "cannot print the inside of a %s", v->type->name);
		break;
	}
	w->depth--;
	return rc;
}

int go_proto_text(struct run *r, struct text *out, const struct value *v, struct err *err)
{
	struct writer w = {.run = r, .out = out, .err = err, .first = true};

	if (v->kind == K_PTR && !v->u.ptr) {
		text_adds(out, "<nil>");
		return 0;
	}
	return write_message(&w, v->kind == K_PTR ? v->u.ptr : v);
}
