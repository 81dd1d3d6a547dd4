/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter's calls: arguments against parameters as reflect does it, results and whose bytes they hold. */
#include "patches/template/exec.h"

#include <string.h>

#include "base/limits.h"
#include "patches/template/builtin.h"
#include "patches/template/gofmt.h"

enum { ARGS_ON_STACK = 8 };

/* --- types of arguments ----------------------------------------------------------------------------------------- */

bool type_can_be_nil(const struct go_type *type)
{
	if (type_is_any(type))
		return true;
	return type->kind == GO_INTERFACE || type->kind == GO_MAP || type->kind == GO_PTR || type->kind == GO_SLICE || type->kind == GO_FUNC;
}

static bool is_message(const struct go_type *type)
{
	return type->kind == GO_PTR && type->elem && type->elem->special >= GO_PB_MESSAGE && type->elem->special != GO_PB_ENUM &&
	       type->elem->kind == GO_STRUCT;
}

static bool assignable(const struct go_type *from, const struct go_type *to)
{
	if (to->kind == GO_INTERFACE)
		return from && is_message(from);
	return from && type_same(from, to);
}

static const struct go_type *static_type(struct rv value)
{
	return value.iface ? &go_any : go_type_of(value.v);
}

static bool fail_type(struct exec *x, const struct go_type *type, struct rv value)
{
	return exec_fail(x, "wrong type for value; expected %s; got %s", type->name, rv_type_name(value));
}

static bool take_address(struct exec *x, struct rv value, const struct go_type *type, struct rv *ret)
{
	struct value *pointer = value_new(x->run.arena, K_PTR, type);

	if (!pointer)
		return exec_nomem(x);
	pointer->u.ptr = value.v;
	*ret = (struct rv){.v = pointer, .pod = value.pod};
	return true;
}

bool validate(struct exec *x, struct rv value, const struct go_type *type, struct rv *ret)
{
	*ret = value;
	if (type_is_any(type))
		return true;
	if (!value.v) {
		if (!type_can_be_nil(type))
			return exec_fail(x, "invalid value; expected %s", type->name);
		return rv_zero(x->run.arena, type, ret) || exec_nomem(x);
	}
	if (assignable(static_type(value), type) && !value.iface)
		return true;
	if (value.iface && value.v->kind != K_NIL) {
		value = rv_unwrap(value);
		*ret = value;
		if (assignable(static_type(value), type))
			return true;
	}
	if (value.iface)
		return fail_type(x, type, value);
	if (value.v->kind == K_PTR && assignable(go_type_of(value.v)->elem, type)) {
		if (!value.v->u.ptr)
			return exec_fail(x, "dereference of nil pointer of type %s", type->name);
		*ret = (struct rv){.v = value.v->u.ptr, .addr = true, .pod = value.pod};
		return true;
	}
	if (value.addr && type->kind == GO_PTR && type_same(type->elem, static_type(value)))
		return take_address(x, value, type, ret);
	return fail_type(x, type, value);
}

/* --- counts ----------------------------------------------------------------------------------------------------- */

static const struct go_type *param_type(const struct function *f, uint32_t i)
{
	if (i >= f->n_params)
		i = f->n_params - 1u;
	return f->n_params ? f->param[i] : NULL;
}

static bool count_ok(struct exec *x, struct str name, const struct function *f, uint32_t args, bool final)
{
	const uint32_t n = args + final;

	if (f && f->flags & FN_VARIADIC) {
		if (n >= f->n_params - 1u)
			return true;
		return exec_fail(x, "wrong number of args for %.*s: want at least %u got %u", (int)name.len, name.p, f->n_params - 1u, args);
	}
	if (n == (f ? f->n_params : 0u))
		return true;
	return exec_fail(x, "wrong number of args for %.*s: want %u got %u", (int)name.len, name.p, f ? f->n_params : 0u, n);
}

/* --- and, or ---------------------------------------------------------------------------------------------------- */

/* The first argument that decides, or the last; what comes after is not evaluated. */
static bool short_circuit(struct exec *x, struct rv dot, bool is_or, const struct node *const *arg, uint32_t n, const struct rv *final,
	struct rv *ret)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!eval_arg(x, dot, NULL, arg[i], ret))
			return false;
		if (rv_truth(*ret) == is_or)
			return true;
	}
	if (final)
		*ret = *final;
	return true;
}

/* --- the call --------------------------------------------------------------------------------------------------- */

static bool eval_args(struct exec *x, struct rv dot, const struct function *f, const struct node *const *arg, uint32_t n,
	const struct rv *final, struct rv *ret_argv)
{
	for (uint32_t i = 0; i < n; i++)
		if (!eval_arg(x, dot, param_type(f, i), arg[i], &ret_argv[i]))
			return false;
	return !final || validate(x, *final, param_type(f, n), &ret_argv[n]);
}

/* Of a result that was made of these: the pod's if any is; structure on purpose if all that are the pod's are that. */
static unsigned flags_of_args(const struct value *const *argv, uint32_t n)
{
	unsigned pod = 0, structure = V_STRUCTURE;

	for (uint32_t i = 0; i < n; i++) {
		const unsigned flags = go_pod_flags(argv[i]);

		if (!(flags & V_POD))
			continue;
		pod = V_POD;
		structure &= flags;
	}
	return pod ? pod | structure : 0;
}

static bool may_hold_text(const struct value *v)
{
	return v->kind == K_STRING || v->kind >= K_LIST;
}

/* A map that a function changed may have got keys of the pod. */
static void mark_keys(const struct value *v)
{
	struct map *m = v->kind == K_MAP ? v->u.map : NULL;

	for (uint32_t i = 0; m && !m->frozen && i < m->len; i++)
		m->entry[i].key_from_pod = true;
}

static bool finish(struct exec *x, const struct function *f, const struct value *v, const struct value *const *argv, uint32_t n, struct rv *ret)
{
	const bool changes = f->flags & FN_MUTATES;
	unsigned flags = 0;

	if (!(f->flags & FN_SPAN_AWARE) && (may_hold_text(v) || changes)) {
		flags = flags_of_args(argv, n);
		if (flags && f->flags & FN_STRUCTURE)
			flags |= V_STRUCTURE;
		if (flags && changes && n)
			mark_keys(argv[0]);
	}
	if (v->kind == K_STRING && !exec_charge(x, v->u.s.len / 64))
		return false;
	if (flags && may_hold_text(v))
		v = value_flagged(x->run.arena, v, flags);
	*ret = (struct rv){.v = v, .iface = type_is_any(f->result)};
	return v ? true : exec_nomem(x);
}

static bool call_function(struct exec *x, const struct callee *callee, const struct node *at, const struct rv *argv, uint32_t n, struct rv *ret)
{
	const struct value *on_stack[ARGS_ON_STACK], **arg = on_stack, *v;

	if (n > ARGS_ON_STACK && !(arg = arena_calloc(x->run.arena, n, sizeof(*arg))))
		return exec_nomem(x);
	for (uint32_t i = 0; i < n; i++)
		if (!(arg[i] = rv_value(x->run.arena, argv[i])))
			return exec_nomem(x);
	v = callee->function->call(&x->run, n, arg, exec_cause(x));
	if (v)
		return finish(x, callee->function, v, arg, n, ret);
	x->at = at;
	return exec_fail_with(x, "error calling ", callee->name, &x->cause);
}

static const struct value *string_method(struct run *r, const struct value *receiver, struct err *err)
{
	struct text t;

	text_init(&t, r->arena, LIMIT_TEMPLATE_OUTPUT);
	return go_string_method(r, &t, receiver, err) < 0 ? NULL : run_str(r, &t, err);
}

static bool call_method(struct exec *x, const struct callee *callee, const struct node *at, struct rv *ret)
{
	const struct value *receiver = callee->receiver.v, *v;
	struct err *cause = exec_cause(x);

	if (callee->method->kind == M_STRING)
		v = string_method(&x->run, receiver, cause);
	else
		v = schema_call_method(x->run.arena, receiver, callee->method, cause);
	if (!v) {
		x->at = at;
		return exec_fail_with(x, "error calling ", callee->name, cause);
	}
	*ret = (struct rv){.v = v, .pod = callee->receiver.pod || (may_hold_text(v) && go_pod_flags(receiver))};
	return true;
}

/* The functions that see more than a value: how it was come by. */
static bool call_reflect(struct exec *x, const struct callee *callee, const struct node *at, const struct node *first, uint32_t n,
	const struct rv *argv, struct rv *ret)
{
	if (builtin_reflect(&x->run, callee->function, first, n, argv, ret, exec_cause(x)) == 0)
		return true;
	x->at = at;
	return exec_fail_with(x, "error calling ", callee->name, &x->cause);
}

bool eval_call(struct exec *x, struct rv dot, const struct callee *callee, const struct node *at, struct words words, struct rv *ret)
{
	const struct function *f = callee->function;
	const struct node *const *arg = words.len ? words.item + 1 : NULL;
	const uint32_t n = words.len ? words.len - 1 : 0;
	struct rv on_stack[ARGS_ON_STACK], *argv = on_stack;
	const uint32_t total = n + (words.final ? 1 : 0);

	if (!count_ok(x, callee->name, f, n, words.final) || !exec_charge(x, 1 + n))
		return false;
	if (!f)
		return call_method(x, callee, at, ret);
	if (f->flags & FN_SHORT_CIRCUIT)
		return short_circuit(x, dot, f->name[0] == 'o', arg, n, words.final, ret);
	if (total > ARGS_ON_STACK && !(argv = arena_calloc(x->run.arena, total, sizeof(*argv))))
		return exec_nomem(x);
	if (!eval_args(x, dot, f, arg, n, words.final, argv))
		return false;
	if (builtin_is_reflect(f))
		return call_reflect(x, callee, at, n ? arg[0] : NULL, total, argv, ret);
	return call_function(x, callee, at, argv, total, ret);
}
