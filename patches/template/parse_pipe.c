/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of pipelines: declarations, commands, operands, terms. */
#include <string.h>

#include "base/limits.h"
#include "patches/template/parse.h"

static struct node *operand(struct tree *t, bool *ret_none);

/* --- names ---------------------------------------------------------------------------------------------------- */

/* The id of a variable's name, new ones included. UINT32_MAX: out of memory. */
static uint32_t variable_id(struct tree *t, struct str name)
{
	struct template *template = t->p->template;
	const struct map_entry *e = map_find(template->variables, name);

	if (!e) {
		if (map_set(template->arena, template->variables, name, &value_nil) < 0)
			return UINT32_MAX;
		e = map_find(template->variables, name);
	}
	return (uint32_t)(e - template->variables->entry);
}

static int grow(struct tree *t, uint32_t **array, uint32_t *len, uint32_t need)
{
	uint32_t cap = *len, *grown;

	while (cap <= need)
		cap *= 2;
	grown = arena_calloc(t->p->template->arena, cap, sizeof(*grown));
	if (!grown)
		return err_nomem(t->p->err);
	memcpy(grown, *array, *len * sizeof(*grown));
	*array = grown;
	*len = cap;
	return 0;
}

static int declare(struct tree *t, uint32_t id)
{
	if ((id >= t->live_len && grow(t, &t->live, &t->live_len, id) < 0) ||
	    (t->scope_len >= t->scope_cap && grow(t, &t->scope, &t->scope_cap, t->scope_len) < 0))
		return -1;
	t->scope[t->scope_len++] = id;
	t->live[id]++;
	return 0;
}

static int add_field(struct tree *t, struct name_list *list, struct str name)
{
	if (list->len == list->cap) {
		const uint32_t cap = list->cap ? list->cap * 2 : 4;
		struct str *item = arena_grow(t->p->template->arena, list->item, list->cap * sizeof(*item), cap * sizeof(*item));

		if (!item)
			return err_nomem(t->p->err);
		list->item = item;
		list->cap = cap;
	}
	list->item[list->len++] = name;
	return 0;
}

static struct node *variable_node(struct tree *t, const struct item *item)
{
	struct node *n = tree_node(t, NODE_VARIABLE, item->pos);

	if (!n || (n->u.path.variable = variable_id(t, item->text)) == UINT32_MAX)
		return tree_nomem(t);
	return n;
}

static struct node *use_variable(struct tree *t, const struct item *item)
{
	struct node *n = variable_node(t, item);

	if (n && (n->u.path.variable >= t->live_len || t->live[n->u.path.variable] == 0))
		return tree_fail(t, "undefined variable %s", tree_quoted(t, item->text));
	return n;
}

/* --- terms ---------------------------------------------------------------------------------------------------- */

static struct node *identifier(struct tree *t, const struct item *item)
{
	const struct function *f = function_find(t->p->template->dialect, item->text);
	struct node *n;

	if (!f && !t->p->template->loose)
		return tree_fail(t, "function %s not defined", tree_quoted(t, item->text));
	n = tree_node(t, NODE_IDENTIFIER, item->pos);
	if (n) {
		n->u.identifier.name = item->text;
		n->u.identifier.function = f;
	}
	return n;
}

static struct node *field(struct tree *t, const struct item *item)
{
	struct node *n = tree_node(t, NODE_FIELD, item->pos);

	if (!n || add_field(t, &n->u.path.fields, (struct str){item->text.p + 1, item->text.len - 1}) < 0)
		return NULL;
	return n;
}

static struct node *number(struct tree *t, const struct item *item)
{
	struct node *n = tree_node(t, NODE_NUMBER, item->pos);

	return n && tree_number(t, &n->u.number, item) ? n : NULL;
}

static struct node *string(struct tree *t, const struct item *item)
{
	struct node *n = tree_node(t, NODE_STRING, item->pos);

	if (!n || !tree_unquote(t, item->text, &n->u.string.value.u.s))
		return NULL;
	n->u.string.value.kind = K_STRING;
	n->u.string.quoted = item->text;
	return n;
}

static struct node *boolean(struct tree *t, const struct item *item)
{
	struct node *n = tree_node(t, NODE_BOOL, item->pos);

	if (n)
		n->u.truth = str_is(item->text, "true");
	return n;
}

static struct node *parenthesized(struct tree *t)
{
	struct node *n;

	if (++t->p->depth > LIMIT_TEMPLATE_PARSE_DEPTH)
		return tree_too_deep(t);
	n = tree_pipeline(t, "parenthesized pipeline", ITEM_RIGHT_PAREN);
	t->p->depth--;
	return n;
}

/* *ret_none: the next item is no term, and is left. */
static struct node *term(struct tree *t, bool *ret_none)
{
	const struct item item = tree_next_solid(t);

	*ret_none = false;
	switch (item.type) {
	case ITEM_IDENTIFIER: return identifier(t, &item);
	case ITEM_BREAK:
	case ITEM_CONTINUE: break;
	case ITEM_DOT: return tree_node(t, NODE_DOT, item.pos);
	case ITEM_NIL: return tree_node(t, NODE_NIL, item.pos);
	case ITEM_VARIABLE: return use_variable(t, &item);
	case ITEM_FIELD: return field(t, &item);
	case ITEM_BOOL: return boolean(t, &item);
	case ITEM_CHAR_CONSTANT:
	case ITEM_COMPLEX:
	case ITEM_NUMBER: return number(t, &item);
	case ITEM_LEFT_PAREN: return parenthesized(t);
	case ITEM_STRING:
	case ITEM_RAW_STRING: return string(t, &item);
	default: break;
	}
	tree_back(t);
	*ret_none = true;
	return NULL;
}

static int read_fields(struct tree *t, struct name_list *list)
{
	while (tree_peek(t).type == ITEM_FIELD) {
		const struct item item = tree_next(t);

		if (add_field(t, list, (struct str){item.text.p + 1, item.text.len - 1}) < 0)
			return -1;
	}
	return 0;
}

static const char *literal_text(struct tree *t, const struct node *n)
{
	struct text shown;

	text_init(&shown, t->p->template->arena, 4096);
	node_print(&shown, n, t->p->template);
	return tree_quoted(t, (struct str){shown.data, shown.len});
}

/* A term and the fields behind it. Fields and variables take them up, and then stand where the first of them does. */
static struct node *operand(struct tree *t, bool *ret_none)
{
	struct node *n = term(t, ret_none), *chain;
	uint32_t pos;

	if (!n || tree_peek(t).type != ITEM_FIELD)
		return n;
	pos = tree_peek(t).pos;
	switch (n->type) {
	case NODE_FIELD:
	case NODE_VARIABLE:
		n->pos = pos;
		return read_fields(t, &n->u.path.fields) < 0 ? NULL : n;
	case NODE_PIPE:
	case NODE_IDENTIFIER:
		chain = tree_node(t, NODE_CHAIN, pos);
		if (!chain || read_fields(t, &chain->u.path.fields) < 0)
			return NULL;
		chain->u.path.of = n;
		return chain;
	default:
		chain = tree_node(t, NODE_CHAIN, pos); /* read first: the line of the error is that of the last item */
		if (!chain || read_fields(t, &chain->u.path.fields) < 0)
			return NULL;
		return tree_fail(t, "unexpected . after term %s", literal_text(t, n));
	}
}

/* --- commands and pipelines ----------------------------------------------------------------------------------- */

/* Words up to a pipe sign, which is read, or the end of the pipeline, which is not. */
static struct node *command(struct tree *t)
{
	struct node *cmd = tree_node(t, NODE_COMMAND, tree_peek_solid(t).pos);
	struct item item;

	if (!cmd)
		return NULL;
	do {
		struct node *word;
		bool none;

		(void)tree_peek_solid(t);
		word = operand(t, &none);
		if ((!word && !none) || (word && tree_append(t, &cmd->u.list, word) < 0))
			return NULL;
		item = tree_next(t);
	} while (item.type == ITEM_SPACE);
	if (item.type == ITEM_RIGHT_DELIM || item.type == ITEM_RIGHT_PAREN)
		tree_back(t);
	else if (item.type != ITEM_PIPE)
		return tree_unexpected(t, &item, "operand");
	return cmd->u.list.len ? cmd : tree_fail(t, "empty command");
}

/* Only the first command may begin with something that cannot be called. */
static struct node *check_pipeline(struct tree *t, struct node *pipe, const char *context)
{
	const struct node_list *commands = &pipe->u.pipe.commands;

	if (commands->len == 0)
		return tree_fail(t, "missing value for %s", context);
	for (uint32_t i = 1; i < commands->len; i++) {
		switch (commands->item[i]->u.list.item[0]->type) {
		case NODE_BOOL:
		case NODE_DOT:
		case NODE_NIL:
		case NODE_NUMBER:
		case NODE_STRING:
			return tree_fail(t, "non executable command in pipeline stage %u", i + 1);
		default:
			break;
		}
	}
	return pipe;
}

static int add_declaration(struct tree *t, struct node *pipe, const struct item *item)
{
	struct node *v = variable_node(t, item);

	if (!v)
		return -1;
	return tree_append(t, &pipe->u.pipe.decl, v) < 0 || declare(t, v->u.path.variable) < 0 ? -1 : 0;
}

/* Behind "$x,": whether a second variable of a range may come. */
static bool second_declaration(struct tree *t, const struct node *pipe, const char *context)
{
	if (strcmp(context, "range") == 0 && pipe->u.pipe.decl.len < 2) {
		switch (tree_peek_solid(t).type) {
		case ITEM_VARIABLE:
		case ITEM_RIGHT_DELIM:
		case ITEM_RIGHT_PAREN:
			return true;
		default:
			tree_fail(t, "range can only initialize variables");
			return false;
		}
	}
	tree_fail(t, "too many declarations in %s", context);
	return false;
}

/* "$x :=", "$x =", "$i, $x :=". What turns out to be none is put back. */
static int declarations(struct tree *t, struct node *pipe, const char *context)
{
	while (tree_peek_solid(t).type == ITEM_VARIABLE) {
		const struct item variable = tree_next_solid(t), after = tree_peek(t), next = tree_peek_solid(t);

		if (next.type == ITEM_ASSIGN || next.type == ITEM_DECLARE) {
			pipe->assign = next.type == ITEM_ASSIGN;
			(void)tree_next_solid(t);
			return add_declaration(t, pipe, &variable);
		}
		if (next.type != ITEM_CHAR || !str_is(next.text, ",")) {
			t->token[1] = after.type == ITEM_SPACE ? after : variable;
			t->token[2] = variable;
			t->peeked = after.type == ITEM_SPACE ? 3 : 2;
			return 0;
		}
		(void)tree_next_solid(t);
		if (add_declaration(t, pipe, &variable) < 0 || !second_declaration(t, pipe, context))
			return -1;
	}
	return 0;
}

static bool starts_command(enum item_type type)
{
	switch (type) {
	case ITEM_BOOL:
	case ITEM_CHAR_CONSTANT:
	case ITEM_COMPLEX:
	case ITEM_DOT:
	case ITEM_FIELD:
	case ITEM_IDENTIFIER:
	case ITEM_NUMBER:
	case ITEM_NIL:
	case ITEM_RAW_STRING:
	case ITEM_STRING:
	case ITEM_VARIABLE:
	case ITEM_LEFT_PAREN:
		return true;
	default:
		return false;
	}
}

struct node *tree_pipeline(struct tree *t, const char *context, enum item_type end)
{
	struct node *pipe = tree_node(t, NODE_PIPE, tree_peek_solid(t).pos);

	if (!pipe || declarations(t, pipe, context) < 0)
		return NULL;
	for (;;) {
		const struct item item = tree_next_solid(t);
		const struct node *cmd;

		if (item.type == end)
			return check_pipeline(t, pipe, context);
		if (!starts_command(item.type))
			return tree_unexpected(t, &item, context);
		tree_back(t);
		cmd = command(t);
		if (!cmd || tree_append(t, &pipe->u.pipe.commands, cmd) < 0)
			return NULL;
	}
}
