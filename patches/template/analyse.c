/* SPDX-License-Identifier: Apache-2.0 */
/* A template walked by types: each branch once, with what is known of every value before any pod is there. */
#include "patches/template/analyse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "patches/template/exec.h"
#include "patches/template/guess.h"

/* Nodes looked at: a definition counts each time it is used. Definitions within each other. */
enum { NODES_MAX = 500000, CALLS_MAX = 16, VARIABLES_MAX = 512 };

struct known_variable {
	uint32_t id;
	struct guess value;
};

struct walker {
	struct guesser g;
	struct known_variable var[VARIABLES_MAX]; /* those of the definition from var_base */
	uint32_t var_len, var_base;
	uint32_t nodes, calls;
};

static struct guess guess_pipeline(struct walker *w, struct guess dot, const struct node *pipe);
static void walk(struct walker *w, struct guess dot, const struct node *n);

/* --- variables
 * ---------------------------------------------------------------------------------------------------------- */

static void declare(struct walker *w, uint32_t id, struct guess value)
{
	if (w->var_len < VARIABLES_MAX)
		w->var[w->var_len++] = (struct known_variable){id, value};
}

static struct known_variable *find_variable(struct walker *w, uint32_t id)
{
	for (uint32_t i = w->var_len; i > w->var_base; i--)
		if (w->var[i - 1].id == id)
			return &w->var[i - 1];
	return NULL;
}

/* What is assigned in one branch need not be there behind it: nothing is known of it any more. */
static void assign(struct walker *w, uint32_t id)
{
	struct known_variable *v = find_variable(w, id);

	if (v)
		v->value = guess_nothing;
}

static void set_variables(struct walker *w, const struct node *pipe, struct guess value)
{
	for (uint32_t i = 0; i < pipe->u.pipe.decl.len; i++) {
		const uint32_t id = pipe->u.pipe.decl.item[i]->u.path.variable;

		if (pipe->assign)
			assign(w, id);
		else
			declare(w, id, value);
	}
}

/* --- expressions
 * ------------------------------------------------------------------------------------------------------- */

static struct guess guess_fields(struct walker *w, struct guess receiver, const struct node *n)
{
	for (uint32_t i = 0; i < n->u.path.fields.len; i++)
		receiver = guess_field(&w->g, receiver, n, i);
	return receiver;
}

static struct guess guess_variable(struct walker *w, const struct node *n)
{
	const struct known_variable *v = find_variable(w, n->u.path.variable);

	return guess_fields(w, v ? v->value : guess_nothing, n);
}

static struct guess guess_function(
	struct walker *w, struct guess dot, const struct node *cmd, const struct guess *final);

static struct guess guess_word(struct walker *w, struct guess dot, const struct node *n)
{
	switch ((enum node_type)n->type) {
	case NODE_DOT:
		return dot;
	case NODE_FIELD:
		return guess_fields(w, dot, n);
	case NODE_VARIABLE:
		return guess_variable(w, n);
	case NODE_CHAIN:
		return guess_fields(w, guess_word(w, dot, n->u.path.of), n);
	case NODE_PIPE:
		return guess_pipeline(w, dot, n);
	case NODE_IDENTIFIER:
		return guess_function(w, dot, n, NULL);
	case NODE_BOOL:
		return guess_value(value_bool(n->u.truth));
	case NODE_STRING:
		return guess_value(&n->u.string.value);
	default:
		return guess_nothing;
	}
}

/* Arguments behind the first of `and` and `or` may never be evaluated. */
static struct guess guess_arguments(
	struct walker *w, struct guess dot, const struct node *cmd, const struct function *f)
{
	const bool certain = w->g.certain;
	struct guess first = guess_nothing;

	for (uint32_t i = 1; i < cmd->u.list.len; i++) {
		const struct guess argument = guess_word(w, dot, cmd->u.list.item[i]);

		if (i == 1)
			first = argument;
		if (f && f->flags & FN_SHORT_CIRCUIT)
			w->g.certain = false;
	}
	w->g.certain = certain;
	return first;
}

/* cmd: a command, or an identifier alone. */
static struct guess guess_function(
	struct walker *w, struct guess dot, const struct node *cmd, const struct guess *final)
{
	const bool alone = cmd->type == NODE_IDENTIFIER;
	const struct node *n = alone ? cmd : cmd->u.list.item[0];
	const uint32_t args = alone ? 0 : cmd->u.list.len - 1;
	const struct function *f = n->u.identifier.function;
	struct guess first = guess_nothing;

	if (!alone)
		first = guess_arguments(w, dot, cmd, f);
	if (final && args == 0)
		first = *final;
	guess_use(&w->g, n->pos, n->u.identifier.name, true);
	if (!f) {
		guess_unknown_function(&w->g, n);
		return guess_nothing;
	}
	guess_count(&w->g, n, args + (final != NULL));
	if (str_is(n->u.identifier.name, "index") && args == 2 && !final)
		return guess_element(first);
	return guess_type(f->result);
}

static struct guess guess_command(struct walker *w, struct guess dot, const struct node *cmd, const struct guess *final)
{
	const struct node *first = cmd->u.list.item[0];

	if (first->type == NODE_IDENTIFIER)
		return guess_function(w, dot, cmd, final);
	(void)guess_arguments(w, dot, cmd, NULL);
	return guess_word(w, dot, first);
}

static struct guess guess_pipeline(struct walker *w, struct guess dot, const struct node *pipe)
{
	struct guess value = guess_nothing;

	w->nodes++;
	for (uint32_t i = 0; i < pipe->u.pipe.commands.len; i++) {
		const struct guess final = value;

		value = guess_command(w, dot, pipe->u.pipe.commands.item[i], i ? &final : NULL);
	}
	set_variables(w, pipe, value);
	return value;
}

/* --- actions
 * ------------------------------------------------------------------------------------------------------------ */

static void walk_list(struct walker *w, struct guess dot, const struct node *list)
{
	for (uint32_t i = 0; list && i < list->u.list.len && w->nodes < NODES_MAX; i++) {
		w->nodes++;
		walk(w, dot, list->u.list.item[i]);
	}
}

/* Walks what may run and what will not: a name that is wrong there is wrong all the same. */
static void walk_side(struct walker *w, struct guess dot, const struct node *list, bool certain)
{
	const bool before = w->g.certain;

	w->g.certain = before && certain;
	walk_list(w, dot, list);
	w->g.certain = before;
}

static void walk_action(struct walker *w, struct guess dot, const struct node *n)
{
	const struct node *pipe = n->u.action;
	const struct guess value = guess_pipeline(w, dot, pipe);

	if (!pipe->u.pipe.decl.len && pipe->u.pipe.commands.len == 1)
		guess_printed(&w->g, pipe->u.pipe.commands.item[0], value);
}

/* if and with, and the chain of their {{else if}}. */
static void walk_branch(struct walker *w, struct guess dot, const struct node *n)
{
	const uint32_t mark = w->var_len;
	const bool certain = w->g.certain;

	while (n) {
		const struct guess value = guess_pipeline(w, dot, n->u.branch.pipe);
		const struct node *rest = n->u.branch.else_list;
		const bool known = guess_is_known(value), truth = known && guess_truth(value);

		walk_side(w, n->type == NODE_WITH ? value : dot, n->u.branch.list, truth);
		w->g.certain = w->g.certain && known && !truth;
		n = rest && rest->u.list.len == 1 && rest->u.list.item[0]->chained ? rest->u.list.item[0] : NULL;
		if (!n)
			walk_list(w, dot, rest);
	}
	w->g.certain = certain;
	w->var_len = mark;
}

static void walk_range(struct walker *w, struct guess dot, const struct node *n)
{
	const struct node_list *decl = &n->u.branch.pipe->u.pipe.decl;
	const uint32_t mark = w->var_len;
	const struct guess value = guess_pipeline(w, dot, n->u.branch.pipe), element = guess_element(value);

	/* The pipeline has declared both; with two the index comes first. */
	if (!n->u.branch.pipe->assign && decl->len && w->var_len == mark + decl->len) {
		w->var[w->var_len - 1].value = element;
		if (decl->len > 1)
			w->var[w->var_len - 2].value = guess_nothing;
	}
	walk_side(w, element, n->u.branch.list, false);
	walk_side(w, dot, n->u.branch.else_list, false);
	w->var_len = mark;
}

static void walk_template(struct walker *w, struct guess dot, const struct node *n)
{
	const struct definition *d = n->u.template.definition;
	const struct guess argument = n->u.template.pipe ? guess_pipeline(w, dot, n->u.template.pipe) : guess_nothing;
	const uint32_t base = w->var_base, mark = w->var_len;

	if (!d) {
		guess_unknown_template(&w->g, n);
		return;
	}
	if (w->calls == CALLS_MAX)
		return;
	w->calls++;
	w->var_base = mark;
	declare(w, VARIABLE_ROOT, argument);
	walk_list(w, argument, d->root);
	w->var_len = mark;
	w->var_base = base;
	w->calls--;
}

static void walk(struct walker *w, struct guess dot, const struct node *n)
{
	switch ((enum node_type)n->type) {
	case NODE_ACTION:
		walk_action(w, dot, n);
		break;
	case NODE_IF:
	case NODE_WITH:
		walk_branch(w, dot, n);
		break;
	case NODE_RANGE:
		walk_range(w, dot, n);
		break;
	case NODE_TEMPLATE:
		walk_template(w, dot, n);
		break;
	default:
		break;
	}
}

/* --- all of it
 * ---------------------------------------------------------------------------------------------------------- */

static void tell_parse_error(const struct template_reader *reader, const struct err *cause)
{
	/* "template: inject:3: unexpected ...": the place is told beside it. */
	const char *at = strstr(cause->where, "line "), *what = cause->what;
	struct template_problem p = {
		.line = 1, .fails = true, .remedy = "correct the template's syntax there or in the lines before"};
	uint64_t line;

	if (at && parse_u64(str_of(at + 5), &line) && line <= UINT32_MAX)
		p.line = (uint32_t)line;
	for (unsigned colons = 0; at && colons < 3 && strchr(what, ':'); colons++)
		what = strchr(what, ':') + 1;
	p.what = what + strspn(what, " ");
	reader->problem(reader->context, &p);
}

static int walk_all(struct arena *a, struct template *t, const struct template_question *q,
	const struct template_reader *reader, struct err *err)
{
	struct walker *w = arena_zalloc(a, sizeof(*w));
	const struct guess dot = guess_type(q->dot);

	if (!w)
		return err_nomem(err);
	w->g = (struct guesser){.a = a, .template = t, .question = q, .reader = reader, .certain = true};
	declare(w, VARIABLE_ROOT, dot);
	walk_list(w, dot, t->main->root);
	return w->g.nomem ? err_nomem(err) : 0;
}

int template_analyse(
	struct arena *a, const struct template_question *q, const struct template_reader *reader, struct err *err)
{
	struct template *t = arena_zalloc(a, sizeof(*t));
	struct err cause = {0};

	if (!t)
		return err_nomem(err);
	*t = (struct template){
		.arena = a, .name = STR("inject"), .text = q->text, .dialect = q->dialect, .loose = true};
	if (template_parse(t, &cause) == 0)
		return walk_all(a, t, q, reader, err);
	if (cause.code == ERR_NOMEM)
		return err_nomem(err);
	tell_parse_error(reader, &cause);
	return 0;
}
