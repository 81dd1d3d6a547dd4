/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of actions that steer: if, range, with, template, block, break, continue. */
#include "base/limits.h"
#include "patches/template/parse.h"

static struct node *control(struct tree *t, enum node_type type);

static struct item expect(struct tree *t, enum item_type type, const char *context, bool *ret_ok)
{
	const struct item item = tree_next_solid(t);

	*ret_ok = item.type == type;
	if (!*ret_ok)
		tree_unexpected(t, &item, context);
	return item;
}

static struct node *end_control(struct tree *t)
{
	bool ok;
	const struct item item = expect(t, ITEM_RIGHT_DELIM, "end", &ok);

	return ok ? tree_node(t, NODE_END, item.pos) : NULL;
}

/* {{else if}} and {{else with}} leave their keyword to be read by the branch that they continue. */
static struct node *else_control(struct tree *t)
{
	const struct item peek = tree_peek_solid(t);
	bool ok;

	if (peek.type == ITEM_IF || peek.type == ITEM_WITH)
		return tree_node(t, NODE_ELSE, peek.pos);
	(void)expect(t, ITEM_RIGHT_DELIM, "else", &ok);
	return ok ? tree_node(t, NODE_ELSE, peek.pos) : NULL;
}

static struct node *loop_control(struct tree *t, enum node_type type, const char *shown, uint32_t pos)
{
	const struct item item = tree_next_solid(t);

	if (item.type != ITEM_RIGHT_DELIM)
		return tree_unexpected(t, &item, shown);
	if (t->range_depth == 0)
		return tree_fail(t, "%s outside {{range}}", shown);
	return tree_node(t, type, pos);
}

static const char *const context_of[] = {[NODE_IF] = "if", [NODE_RANGE] = "range", [NODE_WITH] = "with"};

/* Pipeline and first list of a branch. */
static struct node *branch_head(struct tree *t, enum node_type type, struct node **ret_next)
{
	struct node *n = tree_node(t, type, 0), *pipe;

	pipe = n ? tree_pipeline(t, context_of[type], ITEM_RIGHT_DELIM) : NULL;
	if (!pipe)
		return NULL;
	n->u.branch.pipe = pipe;
	n->pos = pipe->pos;
	t->range_depth += type == NODE_RANGE;
	n->u.branch.list = tree_item_list(t, ret_next);
	t->range_depth -= type == NODE_RANGE;
	return n->u.branch.list ? n : NULL;
}

/* The list behind a plain {{else}}. */
static struct node *else_list(struct tree *t)
{
	struct node *next, *list = tree_item_list(t, &next);

	if (list && next->type != NODE_END)
		return tree_fail(t, "expected end; found {{else}}");
	return list;
}

/* A list that holds the one branch of an {{else if}}, so that the tree is Go's. */
static struct node *chained_list(struct tree *t, uint32_t pos, struct node *branch)
{
	struct node *list = tree_node(t, NODE_LIST, pos);

	if (!list || tree_append(t, &list->u.list, branch) < 0)
		return NULL;
	branch->chained = true;
	return list;
}

/*
 * if, range, with up to their {{end}}. A chain of {{else if}} is read in a loop: in the tree each stands in the one before, but it costs
 * no depth.
 */
static struct node *control_chain(struct tree *t, enum node_type type)
{
	struct node *next, *first = branch_head(t, type, &next), *last = first;

	while (last && next->type == NODE_ELSE) {
		const enum item_type again = type == NODE_IF ? ITEM_IF : ITEM_WITH;
		const uint32_t pos = next->pos;

		if (type == NODE_RANGE || tree_peek(t).type != again) {
			last->u.branch.else_list = else_list(t);
			return last->u.branch.else_list ? first : NULL;
		}
		(void)tree_next(t);
		struct node *more = branch_head(t, type, &next);

		if (!more || !(last->u.branch.else_list = chained_list(t, pos, more)))
			return NULL;
		last = more;
	}
	return last ? first : NULL;
}

static struct node *control(struct tree *t, enum node_type type)
{
	const uint32_t mark = tree_mark(t);
	struct node *n;

	if (++t->p->depth > LIMIT_TEMPLATE_PARSE_DEPTH)
		return tree_too_deep(t);
	n = control_chain(t, type);
	t->p->depth--;
	tree_release(t, mark);
	return n;
}

static struct node *template_node(struct tree *t, uint32_t pos, struct str name, const struct node *pipe)
{
	struct node *n = tree_node(t, NODE_TEMPLATE, pos);
	struct link *link = arena_zalloc(t->p->template->arena, sizeof(*link));

	if (!n || !link)
		return tree_nomem(t);
	n->u.template.name = name;
	n->u.template.pipe = pipe;
	*link = (struct link){n, t->p->links};
	t->p->links = link;
	return n;
}

static bool template_name(struct tree *t, const struct item *item, const char *context, struct str *ret)
{
	if (item->type == ITEM_STRING || item->type == ITEM_RAW_STRING)
		return tree_unquote(t, item->text, ret);
	tree_unexpected(t, item, context);
	return false;
}

static struct node *template_control(struct tree *t)
{
	static const char context[] = "template clause";
	const struct item item = tree_next_solid(t);
	const struct node *pipe = NULL;
	struct str name;

	if (!template_name(t, &item, context, &name))
		return NULL;
	if (tree_next_solid(t).type != ITEM_RIGHT_DELIM) {
		tree_back(t);
		if (!(pipe = tree_pipeline(t, context, ITEM_RIGHT_DELIM)))
			return NULL;
	}
	return template_node(t, item.pos, name, pipe);
}

/* The body of a block is a definition of its own: variables around it are not seen. */
static int block_body(struct tree *outer, struct str name, const char *context)
{
	struct tree t;
	struct node *root, *end;

	if (tree_init(&t, outer->p, name) < 0)
		return -1;
	if (++outer->p->depth > LIMIT_TEMPLATE_PARSE_DEPTH) {
		tree_too_deep(outer);
		return -1;
	}
	root = tree_item_list(&t, &end);
	outer->p->depth--;
	if (!root)
		return -1;
	if (end->type != NODE_END) {
		tree_fail(outer, "unexpected {{else}} in %s", context);
		return -1;
	}
	return tree_add(&t, root);
}

static struct node *block_control(struct tree *t)
{
	static const char context[] = "block clause";
	const struct item item = tree_next_solid(t);
	const struct node *pipe;
	struct str name;

	if (!template_name(t, &item, context, &name))
		return NULL;
	pipe = tree_pipeline(t, context, ITEM_RIGHT_DELIM);
	if (!pipe || block_body(t, name, context) < 0)
		return NULL;
	return template_node(t, item.pos, name, pipe);
}

static struct node *action(struct tree *t)
{
	const struct item item = tree_next_solid(t);
	struct node *n;

	switch (item.type) {
	case ITEM_BLOCK: return block_control(t);
	case ITEM_BREAK: return loop_control(t, NODE_BREAK, "{{break}}", item.pos);
	case ITEM_CONTINUE: return loop_control(t, NODE_CONTINUE, "{{continue}}", item.pos);
	case ITEM_ELSE: return else_control(t);
	case ITEM_END: return end_control(t);
	case ITEM_IF: return control(t, NODE_IF);
	case ITEM_RANGE: return control(t, NODE_RANGE);
	case ITEM_TEMPLATE: return template_control(t);
	case ITEM_WITH: return control(t, NODE_WITH);
	default: break;
	}
	tree_back(t);
	n = tree_node(t, NODE_ACTION, tree_peek(t).pos);
	if (n)
		n->line = tree_peek(t).line;
	if (!n || !(n->u.action = tree_pipeline(t, "command", ITEM_RIGHT_DELIM)))
		return NULL;
	return n;
}

struct node *tree_text_or_action(struct tree *t)
{
	const struct item item = tree_next_solid(t);
	struct node *n;

	if (item.type == ITEM_LEFT_DELIM) {
		t->action_line = item.line;
		n = action(t);
		t->action_line = 0;
		return n;
	}
	if (item.type != ITEM_TEXT)
		return tree_unexpected(t, &item, "input");
	n = tree_node(t, NODE_TEXT, item.pos);
	if (n)
		n->u.text = item.text;
	return n;
}

struct node *tree_item_list(struct tree *t, struct node **ret_next)
{
	struct node *list = tree_node(t, NODE_LIST, tree_peek_solid(t).pos), *n;

	if (!list)
		return NULL;
	while (tree_peek_solid(t).type != ITEM_EOF) {
		n = tree_text_or_action(t);
		if (!n)
			return NULL;
		if (n->type == NODE_END || n->type == NODE_ELSE) {
			*ret_next = n;
			return list;
		}
		if (tree_append(t, &list->u.list, n) < 0)
			return NULL;
	}
	return tree_fail(t, "unexpected EOF");
}
