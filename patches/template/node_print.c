/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes as Go prints them in its errors, and places in the text. */
#include <string.h>

#include "patches/template/node.h"
#include "patches/template/quote.h"

/* Only error texts are made of this, and those are cut at 1 KiB. */
enum { ENOUGH = 8 << 10 };

static void add(struct text *out, struct str s)
{
	text_add(out, s.p, s.len);
}

static void print_fields(struct text *out, const struct name_list *fields)
{
	for (uint32_t i = 0; i < fields->len && out->len < ENOUGH; i++) {
		text_addc(out, '.');
		add(out, fields->item[i]);
	}
}

static void print_wrapped(struct text *out, const struct node *n, const struct template *t)
{
	const bool pipe = n->type == NODE_PIPE;

	if (pipe)
		text_addc(out, '(');
	node_print(out, n, t);
	if (pipe)
		text_addc(out, ')');
}

static void print_command(struct text *out, const struct node *n, const struct template *t)
{
	for (uint32_t i = 0; i < n->u.list.len; i++) {
		if (i > 0)
			text_addc(out, ' ');
		print_wrapped(out, n->u.list.item[i], t);
	}
}

static void print_pipe(struct text *out, const struct node *n, const struct template *t)
{
	for (uint32_t i = 0; i < n->u.pipe.decl.len; i++) {
		text_adds(out, i > 0 ? ", " : "");
		node_print(out, n->u.pipe.decl.item[i], t);
	}
	if (n->u.pipe.decl.len)
		text_adds(out, n->assign ? " = " : " := ");
	for (uint32_t i = 0; i < n->u.pipe.commands.len; i++) {
		text_adds(out, i > 0 ? " | " : "");
		node_print(out, n->u.pipe.commands.item[i], t);
	}
}

static void print_branch(struct text *out, const struct node *n, const struct template *t)
{
	text_addf(out, "{{%s ", n->type == NODE_IF ? "if" : n->type == NODE_RANGE ? "range" : "with");
	node_print(out, n->u.branch.pipe, t);
	text_adds(out, "}}");
	node_print(out, n->u.branch.list, t);
	if (n->u.branch.else_list) {
		text_adds(out, "{{else}}");
		node_print(out, n->u.branch.else_list, t);
	}
	text_adds(out, "{{end}}");
}

static void print_template(struct text *out, const struct node *n, const struct template *t)
{
	text_adds(out, "{{template ");
	quote_with(out, n->u.template.name, '"', false);
	if (n->u.template.pipe) {
		text_addc(out, ' ');
		node_print(out, n->u.template.pipe, t);
	}
	text_adds(out, "}}");
}

static void print_word(struct text *out, const struct node *n, const struct template *t)
{
	switch ((enum node_type)n->type) {
	case NODE_FIELD:
		print_fields(out, &n->u.path.fields);
		break;
	case NODE_VARIABLE:
		add(out, t->variable ? t->variable[n->u.path.variable] : t->variables->entry[n->u.path.variable].key);
		print_fields(out, &n->u.path.fields);
		break;
	case NODE_CHAIN:
		print_wrapped(out, n->u.path.of, t);
		print_fields(out, &n->u.path.fields);
		break;
	case NODE_IDENTIFIER:
		add(out, n->u.identifier.name);
		break;
	case NODE_NUMBER:
		add(out, n->u.number.text);
		break;
	case NODE_STRING:
		add(out, n->u.string.quoted);
		break;
	case NODE_BOOL:
		text_adds(out, n->u.truth ? "true" : "false");
		break;
	default:
		text_adds(out, n->type == NODE_NIL ? "nil" : ".");
		break;
	}
}

void node_print(struct text *out, const struct node *n, const struct template *t)
{
	if (out->len > ENOUGH) /* the depth is that of the tree, which the parser bounds */
		return;
	switch ((enum node_type)n->type) {
	case NODE_TEXT:
		add(out, n->u.text);
		break;
	case NODE_LIST:
		for (uint32_t i = 0; i < n->u.list.len && out->len < ENOUGH; i++)
			node_print(out, n->u.list.item[i], t);
		break;
	case NODE_ACTION:
		text_adds(out, "{{");
		node_print(out, n->u.action, t);
		text_adds(out, "}}");
		break;
	case NODE_PIPE:
		print_pipe(out, n, t);
		break;
	case NODE_COMMAND:
		print_command(out, n, t);
		break;
	case NODE_IF:
	case NODE_RANGE:
	case NODE_WITH:
		print_branch(out, n, t);
		break;
	case NODE_TEMPLATE:
		print_template(out, n, t);
		break;
	case NODE_BREAK:
	case NODE_CONTINUE:
		text_adds(out, n->type == NODE_BREAK ? "{{break}}" : "{{continue}}");
		break;
	default:
		print_word(out, n, t);
		break;
	}
}

void template_place(const struct template *t, uint32_t pos, uint32_t *ret_line, uint32_t *ret_column)
{
	const char *start = t->text.p, *at = t->text.p, *newline;
	size_t left = pos < t->text.len ? pos : t->text.len;

	*ret_line = 1;
	while (left && (newline = memchr(at, '\n', left))) {
		left -= (size_t)(newline + 1 - at);
		at = newline + 1;
		start = at;
		++*ret_line;
	}
	*ret_column = (uint32_t)(at + left - start);
}
