/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter's control flow: text, actions, branches, loops, templates within templates. */
#include "patches/template/exec.h"

#include "patches/template/gofmt.h"
#include "patches/template/quote.h"

enum walk { WALK_ON, WALK_BREAK, WALK_CONTINUE, WALK_FAILED };

/* A turn makes a value even where it does nothing. */
enum { TURN_STEPS = 8, SPANS_FIRST = 32 };

static enum walk walk(struct exec *x, struct rv dot, const struct node *n);

/* --- output ----------------------------------------------------------------------------------------------------- */

static bool output_ok(struct exec *x)
{
	if (!x->out.failed)
		return true;
	if (!x->out.full)
		return exec_nomem(x);
	return exec_fail_limit(x, "the template prints too many bytes", LIMIT_TEMPLATE_OUTPUT);
}

static bool add_span(struct exec *x, size_t begin, unsigned flags, const struct node *n)
{
	if (!(flags & V_POD) || begin == x->out.len)
		return true;
	if (x->n_spans == x->spans_cap) {
		const size_t cap = x->spans_cap ? x->spans_cap * 2 : SPANS_FIRST;
		struct span *span = arena_grow(x->run.arena, x->span, x->spans_cap * sizeof(*span), cap * sizeof(*span));

		if (!span)
			return exec_nomem(x);
		x->span = span;
		x->spans_cap = cap;
	}
	x->span[x->n_spans++] = (struct span){begin, x->out.len, (flags & V_STRUCTURE) != 0, n->line};
	return true;
}

/* What {{ x }} prints: one indirection, and methods of the address where there is one. */
static bool print_action(struct exec *x, const struct node *n, struct rv value)
{
	const size_t begin = x->out.len;
	struct err *cause = exec_cause(x);
	const struct value *v;
	bool nil;

	x->at = n;
	if (value.v && !value.iface && !value.boxed && value.v->kind == K_PTR)
		value = rv_indirect(value, &nil);
	if (!value.v) {
		text_adds(&x->out, "<no value>");
		return output_ok(x);
	}
	v = rv_value(x->run.arena, value);
	if (!v)
		return exec_nomem(x);
	if (v->kind == K_STRING && !v->type) {
		text_add(&x->out, v->u.s.p, v->u.s.len);
		return output_ok(x) && add_span(x, begin, v->flags, n);
	}
	if (gofmt_print(&x->run, &x->out, v, value.addr, cause) < 0)
		return output_ok(x) && exec_fail_with(x, "", STR(""), cause);
	return output_ok(x) && exec_charge(x, (x->out.len - begin) / 64) && add_span(x, begin, go_pod_flags(v), n);
}

/* --- walking ---------------------------------------------------------------------------------------------------- */

static enum walk walk_list(struct exec *x, struct rv dot, const struct node *list)
{
	x->at = list;
	for (uint32_t i = 0; i < list->u.list.len; i++) {
		const enum walk how = walk(x, dot, list->u.list.item[i]);

		if (how != WALK_ON)
			return how;
	}
	return WALK_ON;
}

static enum walk walk_action(struct exec *x, struct rv dot, const struct node *n)
{
	struct rv value;

	if (!eval_pipeline(x, dot, n->u.action, &value))
		return WALK_FAILED;
	if (n->u.action->u.pipe.decl.len)
		return WALK_ON;
	return print_action(x, n, value) ? WALK_ON : WALK_FAILED;
}

/* The branch that an else_list holds and nothing else, where the text said {{else if}}. */
static const struct node *chained(const struct node *else_list)
{
	return else_list && else_list->u.list.len == 1 && else_list->u.list.item[0]->chained ? else_list->u.list.item[0] : NULL;
}

static enum walk walk_branch(struct exec *x, struct rv dot, const struct node *n)
{
	const uint32_t mark = x->var_len;
	enum walk how = WALK_ON;
	struct rv value;

	for (;;) { /* once for each {{else if}} */
		x->at = n;
		if (!eval_pipeline(x, dot, n->u.branch.pipe, &value))
			return WALK_FAILED;
		if (rv_truth(rv_unwrap(value))) {
			how = walk_list(x, n->type == NODE_WITH ? value : dot, n->u.branch.list);
			break;
		}
		if (!chained(n->u.branch.else_list)) {
			if (n->u.branch.else_list)
				how = walk_list(x, dot, n->u.branch.else_list);
			break;
		}
		n = chained(n->u.branch.else_list);
	}
	var_pop(x, mark);
	return how;
}

static bool assign(struct exec *x, const struct node *decl, struct rv value)
{
	struct variable *v = var_find(x, decl->u.path.variable);

	if (v)
		v->value = value;
	return v != NULL;
}

/* Gives the loop's variables their values: with one it is the element, with two the index comes first. */
static bool set_loop_variables(struct exec *x, const struct node *pipe, uint32_t mark, struct rv index, struct rv elem)
{
	const struct node_list *decl = &pipe->u.pipe.decl;

	if (decl->len == 0)
		return true;
	if (!pipe->assign) {
		x->var[mark - 1].value = elem;
		if (decl->len > 1)
			x->var[mark - 2].value = index;
		return true;
	}
	if (!assign(x, decl->item[0], decl->len > 1 ? index : elem))
		return false;
	return decl->len == 1 || assign(x, decl->item[1], elem);
}

/* One turn: WALK_ON and WALK_CONTINUE go on. */
static enum walk turn(struct exec *x, const struct node *n, struct rv index, struct rv elem)
{
	const struct node *at = x->at;
	const uint32_t mark = x->var_len;
	enum walk how;

	x->at = n; /* too many turns are the loop's fault, not of what ran last */
	if (!exec_charge(x, TURN_STEPS))
		return WALK_FAILED;
	x->at = at;
	if (!set_loop_variables(x, n->u.branch.pipe, mark, index, elem))
		return WALK_FAILED;
	how = walk_list(x, elem, n->u.branch.list);
	var_pop(x, mark);
	return how == WALK_CONTINUE ? WALK_ON : how;
}

static enum walk range_list(struct exec *x, const struct node *n, struct rv list)
{
	enum walk how = WALK_ON;

	for (size_t i = 0; i < list.v->u.list.len && how == WALK_ON; i++) {
		const struct value *index = value_int(x->run.arena, (int64_t)i);
		struct rv elem;

		if (!index || !rv_item(x->run.arena, list, i, &elem))
			return exec_nomem(x), WALK_FAILED;
		how = turn(x, n, (struct rv){.v = index}, elem);
	}
	return how;
}

static bool map_key(struct exec *x, struct rv map, const struct map_entry *e, struct rv *ret)
{
	const struct go_type *type = go_type_of(map.v);
	struct value *key = value_new(x->run.arena, K_STRING, NULL);

	if (!key)
		return exec_nomem(x);
	key->u.s = e->key;
	key->flags = e->key_from_pod || map.pod || (map.v->flags & V_POD) ? V_POD : 0;
	key->type = type && type->key && type->key != &go_string ? type->key : NULL;
	*ret = (struct rv){.v = key};
	return true;
}

static enum walk range_map(struct exec *x, const struct node *n, struct rv map)
{
	const struct map_entry *const *sorted = map_sorted(x->run.arena, map.v->u.map);
	const uint32_t len = map.v->u.map->len; /* the body may change the map */
	enum walk how = WALK_ON;

	if (!sorted)
		return exec_nomem(x), WALK_FAILED;
	struct map_entry *copy = arena_calloc(x->run.arena, len, sizeof(*copy));

	if (!copy || !exec_charge(x, len))
		return exec_nomem(x), WALK_FAILED;
	for (uint32_t i = 0; i < len; i++)
		copy[i] = *sorted[i];
	for (uint32_t i = 0; i < len && how == WALK_ON; i++) {
		struct rv key, elem;

		if (!map_key(x, map, &copy[i], &key))
			return WALK_FAILED;
		if (!rv_entry(x->run.arena, map, &copy[i], &elem))
			return exec_nomem(x), WALK_FAILED;
		how = turn(x, n, key, elem);
	}
	return how;
}

static enum walk range_int(struct exec *x, const struct node *n, struct rv value)
{
	enum walk how = WALK_ON;

	for (int64_t i = 0; i < value.v->u.i && how == WALK_ON; i++) {
		struct value *v = value_new(x->run.arena, K_INT, value.v->type);

		if (!v)
			return exec_nomem(x), WALK_FAILED;
		v->u.i = i;
		how = turn(x, n, (struct rv){.v = NULL}, (struct rv){.v = v});
	}
	return how;
}

static bool fail_with_value(struct exec *x, const char *before, struct rv value, const char *after)
{
	struct err cause = {0};
	struct text t;
	const char *shown;

	text_init(&t, x->run.arena, LIMIT_TEMPLATE_OUTPUT);
	if (value.v && gofmt_print(&x->run, &t, value.v, false, &cause) < 0 && cause.code == ERR_NOMEM)
		return exec_nomem(x);
	shown = text_cstr(&t);
	return exec_fail(x, "%s%s%s", before, shown ? shown : "", after);
}

/* Whether there is something to walk over; *ret_run walks. */
static bool range_kind(struct exec *x, const struct node *n, struct rv value, enum walk (**ret_run)(struct exec *, const struct node *, struct rv))
{
	*ret_run = NULL;
	if (!value.v)
		return true;
	switch ((enum kind)value.v->kind) {
	case K_INT:
		if (n->u.branch.pipe->u.pipe.decl.len > 1)
			return fail_with_value(x, "can't use ", value, " to iterate over more than one variable");
		*ret_run = value.v->u.i > 0 ? range_int : NULL;
		return true;
	case K_LIST:
		*ret_run = value.v->u.list.len ? range_list : NULL;
		return true;
	case K_MAP:
		*ret_run = value.v->u.map && value.v->u.map->len ? range_map : NULL;
		return true;
	default:
		return fail_with_value(x, "range can't iterate over ", value, "");
	}
}

static enum walk walk_range(struct exec *x, struct rv dot, const struct node *n)
{
	enum walk (*run)(struct exec *, const struct node *, struct rv);
	const uint32_t mark = x->var_len;
	enum walk how = WALK_ON;
	struct rv value;
	bool nil;

	if (!eval_pipeline(x, dot, n->u.branch.pipe, &value))
		return WALK_FAILED;
	value = rv_indirect(value, &nil);
	if (!range_kind(x, n, value, &run))
		return WALK_FAILED;
	if (run)
		how = run(x, n, value);
	else if (n->u.branch.else_list)
		how = walk_list(x, dot, n->u.branch.else_list);
	var_pop(x, mark);
	return run && how == WALK_BREAK ? WALK_ON : how;
}

static enum walk run_definition(struct exec *x, const struct definition *d, struct rv dot)
{
	const struct definition *outer = x->definition;
	const struct node *at = x->at;
	const uint32_t base = x->var_base, mark = x->var_len;
	enum walk how;

	x->var_base = mark;
	x->definition = d;
	how = var_push(x, VARIABLE_ROOT, dot) ? walk_list(x, dot, d->root) : WALK_FAILED;
	x->definition = outer;
	x->at = at;
	var_pop(x, mark);
	x->var_base = base;
	return how;
}

static enum walk walk_template(struct exec *x, struct rv dot, const struct node *n)
{
	const struct definition *d = n->u.template.definition;
	struct rv value = {.v = NULL};
	enum walk how;

	if (!d) {
		struct text t;

		text_init(&t, x->run.arena, 4096);
		quote_with(&t, n->u.template.name, '"', false);
		exec_fail(x, "template %.*s not defined", (int)t.len, t.data ? t.data : "");
		return WALK_FAILED;
	}
	if (x->calls >= LIMIT_TEMPLATE_CALL_DEPTH) {
		exec_fail_limit(x, "exceeded maximum template depth", LIMIT_TEMPLATE_CALL_DEPTH);
		return WALK_FAILED;
	}
	if (n->u.template.pipe && !eval_pipeline(x, dot, n->u.template.pipe, &value))
		return WALK_FAILED;
	x->calls++;
	how = run_definition(x, d, value);
	x->calls--;
	return how;
}

static enum walk walk_text(struct exec *x, const struct node *n)
{
	text_add(&x->out, n->u.text.p, n->u.text.len);
	return output_ok(x) ? WALK_ON : WALK_FAILED;
}

static enum walk walk_deeper(struct exec *x, struct rv dot, const struct node *n)
{
	enum walk how;

	if (!exec_enter(x))
		return WALK_FAILED;
	how = n->type == NODE_RANGE ? walk_range(x, dot, n) : n->type == NODE_TEMPLATE ? walk_template(x, dot, n) : walk_branch(x, dot, n);
	exec_leave(x);
	return how;
}

static enum walk walk(struct exec *x, struct rv dot, const struct node *n)
{
	x->at = n;
	switch ((enum node_type)n->type) {
	case NODE_TEXT: return walk_text(x, n);
	case NODE_ACTION: return walk_action(x, dot, n);
	case NODE_BREAK: return WALK_BREAK;
	case NODE_CONTINUE: return WALK_CONTINUE;
	default: return walk_deeper(x, dot, n);
	}
}

bool walk_root(struct exec *x, struct rv dot, const struct node *list)
{
	return walk_list(x, dot, list) != WALK_FAILED;
}
