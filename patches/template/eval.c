/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter's expressions: pipelines, commands, constants, arguments. */
#include "patches/template/exec.h"

#include <string.h>

static const struct words no_words = {NULL, 0, NULL};

static bool fail_node(struct exec *x, const char *before, const struct node *n, const char *after)
{
	struct text t;
	const char *shown;

	text_init(&t, x->run.arena, 64 << 10);
	node_print(&t, n, x->template);
	shown = text_cstr(&t);
	return shown ? exec_fail(x, "%s%s%s", before, shown, after) : exec_nomem(x);
}

/* --- constants -------------------------------------------------------------------------------------------------- */

/* Whether a number that nobody gives a type is a float64: by how it is written. */
static bool written_as_float(const struct number *n)
{
	const struct str s = n->text;
	const bool rune = s.len && s.p[0] == '\'';
	bool hex = s.len > 2 && s.p[0] == '0' && (s.p[1] == 'x' || s.p[1] == 'X'), mark = false;

	for (size_t i = 0; i < s.len; i++) {
		mark = mark || strchr(".eEpP", s.p[i]);
		if (s.p[i] == 'p' || s.p[i] == 'P')
			hex = false;
	}
	return n->is_float && !hex && !rune && mark;
}

static bool ideal_constant(struct exec *x, const struct node *n, struct rv *ret)
{
	const struct number *number = &n->u.number;

	x->at = n;
	if (written_as_float(number))
		*ret = (struct rv){.v = &number->f};
	else if (number->is_int)
		*ret = (struct rv){.v = &number->i};
	else
		return exec_fail(x, "%.*s overflows int", (int)number->text.len, number->text.p);
	return true;
}

static bool not_a_function(struct exec *x, struct words words)
{
	if (words.len > 1 || words.final)
		return fail_node(x, "can't give argument to non-function ", words.item[0], "");
	return true;
}

/* --- commands --------------------------------------------------------------------------------------------------- */

static bool eval_field_node(struct exec *x, struct rv dot, const struct node *n, struct words words, struct rv *ret)
{
	x->at = n;
	return eval_fields(x, dot, dot, n, &n->u.path.fields, words, ret);
}

static bool eval_variable(struct exec *x, struct rv dot, const struct node *n, struct words words, struct rv *ret)
{
	struct variable *v;

	x->at = n;
	v = var_find(x, n->u.path.variable);
	if (!v)
		return false;
	if (n->u.path.fields.len)
		return eval_fields(x, dot, v->value, n, &n->u.path.fields, words, ret);
	*ret = v->value;
	return words.len == 0 || not_a_function(x, words);
}

static bool eval_function(struct exec *x, struct rv dot, const struct node *n, const struct node *at, struct words words, struct rv *ret)
{
	const struct callee callee = {.name = n->u.identifier.name, .function = n->u.identifier.function};

	x->at = n;
	return eval_call(x, dot, &callee, at, words, ret);
}

static bool eval_chain(struct exec *x, struct rv dot, const struct node *n, struct words words, struct rv *ret)
{
	struct rv receiver;

	x->at = n;
	return eval_arg(x, dot, NULL, n->u.path.of, &receiver) && eval_fields(x, dot, receiver, n, &n->u.path.fields, words, ret);
}

static bool eval_word(struct exec *x, struct rv dot, const struct node *n, struct words words, struct rv *ret)
{
	x->at = n;
	if (!not_a_function(x, words))
		return false;
	switch ((enum node_type)n->type) {
	case NODE_BOOL:
		*ret = (struct rv){.v = value_bool(n->u.truth)};
		return true;
	case NODE_DOT:
		*ret = dot;
		return true;
	case NODE_NIL:
		return exec_fail(x, "nil is not a command");
	case NODE_NUMBER:
		return ideal_constant(x, n, ret);
	default:
		*ret = (struct rv){.v = &n->u.string.value};
		return true;
	}
}

static bool eval_command(struct exec *x, struct rv dot, const struct node *cmd, const struct rv *final, struct rv *ret)
{
	const struct words words = {cmd->u.list.item, cmd->u.list.len, final};
	const struct node *first = words.item[0];

	switch ((enum node_type)first->type) {
	case NODE_FIELD: return eval_field_node(x, dot, first, words, ret);
	case NODE_CHAIN: return eval_chain(x, dot, first, words, ret);
	case NODE_IDENTIFIER: return eval_function(x, dot, first, cmd, words, ret);
	case NODE_PIPE: return not_a_function(x, words) && eval_pipeline(x, dot, first, ret);
	case NODE_VARIABLE: return eval_variable(x, dot, first, words, ret);
	default: return eval_word(x, dot, first, words, ret);
	}
}

/* --- pipelines -------------------------------------------------------------------------------------------------- */

static bool set_variables(struct exec *x, const struct node *pipe, struct rv value)
{
	for (uint32_t i = 0; i < pipe->u.pipe.decl.len; i++) {
		const uint32_t id = pipe->u.pipe.decl.item[i]->u.path.variable;
		struct variable *v;

		if (!pipe->assign) {
			if (!var_push(x, id, value))
				return false;
			continue;
		}
		v = var_find(x, id);
		if (!v)
			return false;
		v->value = value;
	}
	return true;
}

bool eval_pipeline(struct exec *x, struct rv dot, const struct node *pipe, struct rv *ret)
{
	struct rv value = {.v = NULL}, final;
	bool ok = true;

	if (!exec_enter(x))
		return false;
	x->at = pipe;
	for (uint32_t i = 0; ok && i < pipe->u.pipe.commands.len; i++) {
		final = value;
		ok = eval_command(x, dot, pipe->u.pipe.commands.item[i], i ? &final : NULL, &value);
		if (ok)
			value = rv_unwrap(value);
	}
	exec_leave(x);
	if (!ok || !set_variables(x, pipe, value))
		return false;
	*ret = value;
	return true;
}

/* --- arguments -------------------------------------------------------------------------------------------------- */

static bool typed_constant(struct exec *x, const struct go_type *type, struct value constant, struct rv *ret)
{
	struct value *v = value_new(x->run.arena, (enum kind)constant.kind, type);

	if (!v)
		return exec_nomem(x);
	v->u = constant.u;
	v->flags = constant.flags;
	*ret = (struct rv){.v = v};
	return true;
}

static bool is_basic(const struct go_type *type)
{
	return type == &go_string || type == &go_int || type == &go_bool || type == &go_float64;
}

/* A literal for a parameter with a type. */
static bool eval_literal(struct exec *x, const struct go_type *type, const struct node *n, struct rv *ret)
{
	const struct go_type *named = is_basic(type) ? NULL : type;
	const bool number = n->type == NODE_NUMBER;

	switch ((enum go_kind)type->kind) {
	case GO_BOOL:
		return n->type == NODE_BOOL ? typed_constant(x, named, *value_bool(n->u.truth), ret) : fail_node(x, "expected bool; found ", n, "");
	case GO_STRING:
		return n->type == NODE_STRING ? typed_constant(x, named, n->u.string.value, ret) : fail_node(x, "expected string; found ", n, "");
	case GO_FLOAT32:
	case GO_FLOAT64:
		return number && n->u.number.is_float ? typed_constant(x, named, n->u.number.f, ret) : fail_node(x, "expected float; found ", n, "");
	case GO_INT:
	case GO_INT8:
	case GO_INT16:
	case GO_INT32:
	case GO_INT64:
		return number && n->u.number.is_int ? typed_constant(x, named, n->u.number.i, ret) : fail_node(x, "expected integer; found ", n, "");
	case GO_UINT:
	case GO_UINT8:
	case GO_UINT16:
	case GO_UINT32:
	case GO_UINT64:
		if (number && n->u.number.is_uint)
			return typed_constant(x, named, (struct value){.kind = K_INT, .u.i = (int64_t)n->u.number.u}, ret);
		return fail_node(x, "expected unsigned integer; found ", n, "");
	default:
		break;
	}
	struct text t;

	text_init(&t, x->run.arena, 4096);
	text_addf(&t, " for arg of type %s", type->name);
	return fail_node(x, "can't handle ", n, text_cstr(&t) ? t.data : "");
}

static bool eval_nil_arg(struct exec *x, const struct go_type *type, struct rv *ret)
{
	if (!type_can_be_nil(type))
		return exec_fail(x, "cannot assign nil to %s", type->name);
	if (type_is_any(type)) {
		*ret = (struct rv){.v = NULL};
		return true;
	}
	return rv_zero(x->run.arena, type, ret) || exec_nomem(x);
}

bool eval_arg(struct exec *x, struct rv dot, const struct go_type *type, const struct node *n, struct rv *ret)
{
	const struct words itself = {&n, 1, NULL};
	struct rv value;
	bool ok;

	x->at = n;
	switch ((enum node_type)n->type) {
	case NODE_DOT: return validate(x, dot, type, ret);
	case NODE_NIL: return eval_nil_arg(x, type, ret);
	case NODE_FIELD: ok = eval_field_node(x, dot, n, itself, &value); break;
	case NODE_VARIABLE: ok = eval_variable(x, dot, n, no_words, &value); break;
	case NODE_PIPE: ok = eval_pipeline(x, dot, n, &value); break;
	case NODE_IDENTIFIER: ok = eval_function(x, dot, n, n, no_words, &value); break;
	case NODE_CHAIN: ok = eval_chain(x, dot, n, no_words, &value); break;
	case NODE_BOOL:
		if (type_is_any(type)) {
			*ret = (struct rv){.v = value_bool(n->u.truth)};
			return true;
		}
		return eval_literal(x, type, n, ret);
	case NODE_NUMBER: return type_is_any(type) ? ideal_constant(x, n, ret) : eval_literal(x, type, n, ret);
	default:
		if (!type_is_any(type))
			return eval_literal(x, type, n, ret);
		*ret = (struct rv){.v = &n->u.string.value};
		return true;
	}
	return ok && validate(x, value, type, ret);
}
