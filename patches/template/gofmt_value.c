/* SPDX-License-Identifier: Apache-2.0 */
/* Go's fmt: one value under one verb. */
#include <string.h>

#include "base/limits.h"
#include "patches/template/exec.h"
#include "patches/template/gofmt.h"

static void print_value(struct printer *p, struct rv value, uint32_t verb, unsigned depth);

void print_fail(struct printer *p, enum err_code code, const char *what, const char *detail)
{
	p->failed = true;
	err_set(p->err, code, "%s%s", what, detail);
}

static const char *type_name(const struct value *v)
{
	const struct go_type *type = go_type_of(v);

	return type ? type->name : "<nil>";
}

static void bad_verb(struct printer *p, const struct value *v, uint32_t verb)
{
	const bool was = p->erroring;

	text_adds(p->out, "%!");
	text_add_rune(p->out, verb);
	text_addc(p->out, '(');
	p->erroring = true;
	if (!v || v->kind == K_NIL) {
		text_adds(p->out, "<nil>");
	} else {
		text_addf(p->out, "%s=", type_name(v));
		print_value(p, (struct rv){.v = v}, 'v', 0);
	}
	p->erroring = was;
	text_addc(p->out, ')');
}

static bool is_unsigned(const struct value *v)
{
	return v->type && v->type->kind >= GO_UINT && v->type->kind <= GO_UINT64;
}

static void print_int_value(struct printer *p, const struct value *v, uint32_t verb)
{
	const uint64_t u = (uint64_t)v->u.i;
	const bool sign = !is_unsigned(v), sharp = p->f.sharp;

	switch (verb) {
	case 'v':
		if (p->f.sharp_v && !sign) {
			p->f.sharp = true;
			print_integer(p, u, 16, false, verb, false);
			p->f.sharp = sharp;
			break;
		}
		print_integer(p, u, 10, sign, verb, false);
		break;
	case 'd': print_integer(p, u, 10, sign, verb, false); break;
	case 'b': print_integer(p, u, 2, sign, verb, false); break;
	case 'o':
	case 'O': print_integer(p, u, 8, sign, verb, false); break;
	case 'x': print_integer(p, u, 16, sign, verb, false); break;
	case 'X': print_integer(p, u, 16, sign, verb, true); break;
	case 'c': print_char(p, u); break;
	case 'q': print_quoted_char(p, u); break;
	case 'U': print_unicode(p, u); break;
	default: bad_verb(p, v, verb); break;
	}
}

static void print_float_value(struct printer *p, const struct value *v, uint32_t verb)
{
	const int bits = v->type && v->type->kind == GO_FLOAT32 ? 32 : 64;

	switch (verb) {
	case 'v': print_float(p, v->u.f, bits, 'g', -1); break;
	case 'b':
	case 'g':
	case 'G':
	case 'x':
	case 'X': print_float(p, v->u.f, bits, (char)verb, -1); break;
	case 'f':
	case 'e':
	case 'E': print_float(p, v->u.f, bits, (char)verb, 6); break;
	case 'F': print_float(p, v->u.f, bits, 'f', 6); break;
	default: bad_verb(p, v, verb); break;
	}
}

/* False: a verb that strings have not. */
static bool print_text(struct printer *p, struct str s, uint32_t verb)
{
	switch (verb) {
	case 'v':
		if (p->f.sharp_v)
			print_quoted(p, s);
		else
			print_string(p, s);
		return true;
	case 's': print_string(p, s); return true;
	case 'x':
	case 'X': print_hex_string(p, s, verb == 'X'); return true;
	case 'q': print_quoted(p, s); return true;
	default: return false;
	}
}

static void between(struct printer *p, size_t i)
{
	if (i > 0)
		text_adds(p->out, p->f.sharp_v ? ", " : " ");
}

static void open_container(struct printer *p, const struct value *v, const char *plain)
{
	if (p->f.sharp_v)
		text_addf(p->out, "%s{", type_name(v));
	else
		text_adds(p->out, plain);
}

static bool nil_in_go_syntax(struct printer *p, const struct value *v, bool nil)
{
	if (!nil || !p->f.sharp_v)
		return false;
	text_addf(p->out, "%s(nil)", type_name(v));
	return true;
}

static void print_list(struct printer *p, struct rv list, uint32_t verb, unsigned depth)
{
	const struct list *items = &list.v->u.list;

	if (nil_in_go_syntax(p, list.v, !items->item && items->len == 0))
		return;
	open_container(p, list.v, "[");
	for (size_t i = 0; i < items->len && !p->failed && !p->out->failed; i++) {
		struct rv item;

		between(p, i);
		if (!rv_item(p->run->arena, list, i, &item)) {
			print_fail(p, ERR_NOMEM, "out of memory", "");
			return;
		}
		print_value(p, item, verb, depth + 1);
	}
	text_addc(p->out, p->f.sharp_v ? '}' : ']');
}

static void print_map(struct printer *p, struct rv map, uint32_t verb, unsigned depth)
{
	const struct map *m = map.v->u.map;
	const struct go_type *type = go_type_of(map.v);
	const struct map_entry *const *sorted = m ? map_sorted(p->run->arena, m) : NULL;

	if (m && !sorted) {
		print_fail(p, ERR_NOMEM, "out of memory", "");
		return;
	}
	if (nil_in_go_syntax(p, map.v, !m))
		return;
	open_container(p, map.v, "map[");
	for (uint32_t i = 0; m && i < m->len && !p->failed && !p->out->failed; i++) {
		const struct value key = {.kind = K_STRING, .type = type->key != &go_string ? type->key : NULL, .u.s = sorted[i]->key};
		struct rv entry;

		between(p, i);
		print_value(p, (struct rv){.v = &key}, verb, depth + 1);
		text_addc(p->out, ':');
		if (!rv_entry(p->run->arena, map, sorted[i], &entry)) {
			print_fail(p, ERR_NOMEM, "out of memory", "");
			return;
		}
		print_value(p, entry, verb, depth + 1);
	}
	text_addc(p->out, p->f.sharp_v ? '}' : ']');
}

static void print_fields(struct printer *p, const struct value *v, uint32_t verb, unsigned depth)
{
	open_container(p, v, "{");
	for (uint16_t i = 0; i < v->type->n_fields && !p->failed && !p->out->failed; i++) {
		const struct go_field *field = &v->type->field[i];
		const struct value *member = schema_view_field(p->run->arena, v, field);

		between(p, i);
		if (p->f.plus_v || p->f.sharp_v)
			text_addf(p->out, "%s:", field->go_name);
		if (!member) {
			print_fail(p, ERR_NOMEM, "out of memory", "");
			return;
		}
		print_value(p, (struct rv){.v = member, .iface = type_is_any(field->type)}, verb, depth + 1);
	}
	text_addc(p->out, '}');
}

/* What has no members of the schema, but members in Go. */
static void print_struct(struct printer *p, const struct value *v, uint32_t verb, unsigned depth)
{
	if (v->type->special == GO_PLAIN || v->type->special == GO_PB_MESSAGE)
		print_fields(p, v, verb, depth);
	else
		print_special(p, v, verb);
}

static void print_pointer(struct printer *p, const struct value *v, uint32_t verb, unsigned depth)
{
	const struct value *to = v->u.ptr;

	if (depth == 0 && to && (to->kind == K_LIST || to->kind == K_STRUCT || to->kind == K_MAP)) {
		text_addc(p->out, '&');
		print_value(p, (struct rv){.v = to}, verb, depth + 1);
		return;
	}
	if (to) {
		print_fail(p, ERR_INPUT, "cannot print the address that is a ", type_name(v));
		return;
	}
	if (verb == 'v' && p->f.sharp_v)
		text_addf(p->out, "(%s)(nil)", type_name(v));
	else if (verb == 'v')
		print_padded_chars(p, "<nil>");
	else if (strchr("bodxX", (int)(verb < 0x80 ? verb : 1)))
		print_integer(p, 0, verb == 'b' ? 2 : verb == 'o' ? 8 : verb == 'd' ? 10 : 16, false, verb, verb == 'X');
	else
		bad_verb(p, v, verb);
}

static bool handle_methods(struct printer *p, const struct value *v, uint32_t verb)
{
	const struct go_method *m = rv_stringer((struct rv){.v = v});
	struct text t;

	if (p->erroring)
		return false;
	if (verb == 'w') {
		bad_verb(p, v, verb);
		return true;
	}
	if (p->f.sharp_v || !(verb == 'v' || verb == 's' || verb == 'x' || verb == 'X' || verb == 'q') || !m)
		return false;
	if (v->kind == K_PTR && !v->u.ptr && !m->on_pointer) { /* fmt catches the panic and says no more */
		text_adds(p->out, "<nil>");
		return true;
	}
	text_init(&t, p->run->arena, LIMIT_TEMPLATE_OUTPUT);
	if (go_string_method(p->run, &t, v, p->err) < 0) {
		p->failed = true;
		return true;
	}
	p->out->failed |= t.failed;
	(void)print_text(p, (struct str){t.data, t.len}, verb);
	return true;
}

static void print_nil(struct printer *p)
{
	text_adds(p->out, p->f.sharp_v ? "interface {}(nil)" : "<nil>");
}

static void print_value(struct printer *p, struct rv value, uint32_t verb, unsigned depth)
{
	const struct value *v = value.v;

	if (p->failed || depth > LIMIT_VALUE_DEPTH || run_charge(p->run, 1, p->err) < 0) {
		if (!p->failed)
			print_fail(p, ERR_LIMIT, "the value is nested too deep", "");
		return;
	}
	if (v->kind == K_NIL) {
		print_nil(p);
		return;
	}
	if (depth > 0 && handle_methods(p, v, verb))
		return;
	switch ((enum kind)v->kind) {
	case K_NIL: break;
	case K_BOOL:
		if (verb == 't' || verb == 'v')
			print_padded_chars(p, v->u.b ? "true" : "false");
		else
			bad_verb(p, v, verb);
		break;
	case K_INT: print_int_value(p, v, verb); break;
	case K_FLOAT: print_float_value(p, v, verb); break;
	case K_NUMBER:
	case K_STRING:
		if (!print_text(p, v->u.s, verb))
			bad_verb(p, v, verb);
		break;
	case K_LIST: print_list(p, value, verb, depth); break;
	case K_MAP: print_map(p, value, verb, depth); break;
	case K_STRUCT: print_struct(p, v, verb, depth); break;
	case K_PTR: print_pointer(p, v, verb, depth); break;
	}
}

/* %p: addresses are nobody's business, and nil is 0x0. */
static void print_address(struct printer *p, const struct value *v)
{
	const bool sharp = p->f.sharp;

	if (v->kind != K_LIST && v->kind != K_MAP && v->kind != K_PTR) {
		bad_verb(p, v, 'p');
		return;
	}
	if ((v->kind == K_PTR && v->u.ptr) || (v->kind == K_MAP && v->u.map) || (v->kind == K_LIST && v->u.list.item)) {
		print_fail(p, ERR_INPUT, "cannot print the address that is a ", type_name(v));
		return;
	}
	p->f.sharp = !sharp;
	print_integer(p, 0, 16, false, 'v', false);
	p->f.sharp = sharp;
}

void print_arg(struct printer *p, const struct value *v, uint32_t verb)
{
	if (v->kind == K_NIL) {
		if (verb == 'T' || verb == 'v')
			print_padded_chars(p, "<nil>");
		else
			bad_verb(p, NULL, verb);
		return;
	}
	if (verb == 'T')
		print_string(p, str_of(type_name(v)));
	else if (verb == 'p')
		print_address(p, v);
	else if ((!v->type && v->kind < K_LIST) || !handle_methods(p, v, verb))
		print_value(p, (struct rv){.v = v}, verb, 0);
}
