/* SPDX-License-Identifier: Apache-2.0 */
/* The parser's top: definitions, read-ahead, errors, variables in scope. */
#include "patches/template/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "patches/template/quote.h"

enum { MESSAGE_MAX = 64 << 10 };

void *tree_nomem(struct tree *t)
{
	err_nomem(t->p->err);
	return NULL;
}

/* Errors carry the line of the item that was read last, as Go's do. */
void *tree_fail(struct tree *t, const char *fmt, ...)
{
	struct err *err = t->p->err;
	char message[sizeof(err->what)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	err_set(err, ERR_CONFIG, "template: %.*s:%u: %s", (int)t->p->template->name.len, t->p->template->name.p, t->token[0].line, message);
	err_at(err, "line %u", t->token[0].line);
	return NULL;
}

void *tree_too_deep(struct tree *t)
{
	tree_fail(t, "nested deeper than %d levels", LIMIT_TEMPLATE_PARSE_DEPTH);
	if (t->p->err)
		t->p->err->code = ERR_LIMIT;
	return NULL;
}

void *tree_unexpected(struct tree *t, const struct item *item, const char *context)
{
	struct text shown;
	const char *text;

	text_init(&shown, t->p->template->arena, MESSAGE_MAX);
	if (item->type != ITEM_ERROR)
		text_adds(&shown, "unexpected ");
	item_print(&shown, item);
	if (item->type != ITEM_ERROR)
		text_addf(&shown, " in %s", context);
	else if (t->action_line && t->action_line != item->line)
		text_addf(&shown, "%s started at %.*s:%u", str_has_suffix(item->text, " action") ? "" : " in action",
			(int)t->p->template->name.len, t->p->template->name.p, t->action_line);
	text = text_cstr(&shown);
	return text ? tree_fail(t, "%s", text) : tree_nomem(t);
}

const char *tree_quoted(struct tree *t, struct str s)
{
	struct text out;
	const char *text;

	text_init(&out, t->p->template->arena, MESSAGE_MAX);
	quote_with(&out, s, '"', false);
	text = text_cstr(&out);
	return text ? text : "";
}

bool tree_unquote(struct tree *t, struct str literal, struct str *ret)
{
	struct text out;

	text_init(&out, t->p->template->arena, literal.len * 3 + 1);
	if (!unquote(&out, literal)) {
		tree_fail(t, "invalid syntax");
		return false;
	}
	if (!text_cstr(&out)) {
		tree_nomem(t);
		return false;
	}
	*ret = (struct str){out.data, out.len};
	return true;
}

/* --- items ---------------------------------------------------------------------------------------------------- */

struct item tree_next(struct tree *t)
{
	if (t->peeked > 0)
		t->peeked--;
	else
		t->token[0] = lexer_next(&t->p->lexer);
	return t->token[t->peeked];
}

void tree_back(struct tree *t)
{
	t->peeked++;
}

struct item tree_peek(struct tree *t)
{
	if (t->peeked == 0) {
		t->peeked = 1;
		t->token[0] = lexer_next(&t->p->lexer);
	}
	return t->token[t->peeked - 1];
}

struct item tree_next_solid(struct tree *t)
{
	struct item item;

	do
		item = tree_next(t);
	while (item.type == ITEM_SPACE);
	return item;
}

struct item tree_peek_solid(struct tree *t)
{
	const struct item item = tree_next_solid(t);

	tree_back(t);
	return item;
}

/* --- nodes ---------------------------------------------------------------------------------------------------- */

struct node *tree_node(struct tree *t, enum node_type type, uint32_t pos)
{
	struct node *n = arena_zalloc(t->p->template->arena, sizeof(*n));

	if (!n)
		return tree_nomem(t);
	n->type = (uint8_t)type;
	n->pos = pos;
	return n;
}

int tree_append(struct tree *t, struct node_list *list, const struct node *n)
{
	if (list->len == list->cap) {
		const uint32_t cap = list->cap ? list->cap * 2 : 4;
		const struct node **item = arena_grow(t->p->template->arena, list->item, list->cap * sizeof(*item), cap * sizeof(*item));

		if (!item)
			return err_nomem(t->p->err);
		list->item = item;
		list->cap = cap;
	}
	list->item[list->len++] = n;
	return 0;
}

/* --- variables ------------------------------------------------------------------------------------------------ */

uint32_t tree_mark(const struct tree *t)
{
	return t->scope_len;
}

void tree_release(struct tree *t, uint32_t mark)
{
	while (t->scope_len > mark)
		t->live[t->scope[--t->scope_len]]--;
}

/* --- definitions ---------------------------------------------------------------------------------------------- */

/* Whether it holds nothing but white space. */
static bool is_empty(const struct node *n)
{
	if (n->type == NODE_TEXT)
		return str_trim_space(n->u.text).len == 0;
	if (n->type != NODE_LIST)
		return false;
	for (uint32_t i = 0; i < n->u.list.len; i++) /* lists hold no lists: the depth is one */
		if (n->u.list.item[i]->type != NODE_TEXT || !is_empty(n->u.list.item[i]))
			return false;
	return true;
}

static struct definition *add_definition(struct tree *t)
{
	struct parser *p = t->p;
	struct arena *a = p->template->arena;
	struct definition *d = arena_zalloc(a, sizeof(*d));
	const struct value *index = value_int(a, p->n_definitions);

	if (!d || !index || map_set(a, p->definitions, t->name, index) < 0)
		return tree_nomem(t);
	if (p->n_definitions == p->definitions_cap) {
		const uint32_t cap = p->definitions_cap ? p->definitions_cap * 2 : 8;
		struct definition **all = arena_grow(a, p->definition, p->definitions_cap * sizeof(*all), cap * sizeof(*all));

		if (!all)
			return tree_nomem(t);
		p->definition = all;
		p->definitions_cap = cap;
	}
	p->definition[p->n_definitions++] = d;
	d->name = t->name;
	return d;
}

static struct definition *find_definition(struct parser *p, struct str name)
{
	const struct value *index = map_get(p->definitions, name);

	return index ? p->definition[index->u.i] : NULL;
}

int tree_add(struct tree *t, const struct node *root)
{
	struct definition *d = find_definition(t->p, t->name);

	if (!d && !(d = add_definition(t)))
		return -1;
	if (d->root && !is_empty(d->root)) {
		if (is_empty(root))
			return 0;
		tree_fail(t, "template: multiple definition of template %s", tree_quoted(t, t->name));
		return -1;
	}
	d->root = root;
	return 0;
}

int tree_init(struct tree *t, struct parser *p, struct str name)
{
	struct arena *a = p->template->arena;

	*t = (struct tree){.p = p, .name = name, .live_len = 8, .scope_cap = 8};
	t->live = arena_calloc(a, t->live_len, sizeof(*t->live));
	t->scope = arena_calloc(a, t->scope_cap, sizeof(*t->scope));
	if (!t->live || !t->scope)
		return err_nomem(p->err);
	t->scope[t->scope_len++] = VARIABLE_ROOT;
	t->live[VARIABLE_ROOT] = 1;
	return 0;
}

/* {{define "name"}} ... {{end}}; the keyword is past. */
static int parse_definition(struct parser *p)
{
	static const char context[] = "define clause";
	struct tree t;
	struct item item;
	struct node *root, *end;

	if (tree_init(&t, p, STR("definition")) < 0)
		return -1;
	item = tree_next_solid(&t);
	if (item.type != ITEM_STRING && item.type != ITEM_RAW_STRING) {
		tree_unexpected(&t, &item, context);
		return -1;
	}
	if (!tree_unquote(&t, item.text, &t.name))
		return -1;
	item = tree_next_solid(&t);
	if (item.type != ITEM_RIGHT_DELIM) {
		tree_unexpected(&t, &item, context);
		return -1;
	}
	root = tree_item_list(&t, &end);
	if (!root)
		return -1;
	if (end->type != NODE_END) {
		tree_fail(&t, "unexpected {{else}} in %s", context);
		return -1;
	}
	return tree_add(&t, root);
}

/* Whether the next item begins a {{define}}, which is then read. -1: error. */
static int try_definition(struct tree *t)
{
	const struct item delim = tree_next(t);

	if (tree_next_solid(t).type == ITEM_DEFINE)
		return parse_definition(t->p) < 0 ? -1 : 1;
	t->token[1] = delim;
	t->peeked = 2;
	return 0;
}

static int parse_top(struct tree *t)
{
	struct node *root = tree_node(t, NODE_LIST, tree_peek(t).pos), *n;

	if (!root)
		return -1;
	while (tree_peek(t).type != ITEM_EOF) {
		if (tree_peek(t).type == ITEM_LEFT_DELIM) {
			const int defined = try_definition(t);

			if (defined < 0)
				return -1;
			if (defined)
				continue;
		}
		n = tree_text_or_action(t);
		if (!n)
			return -1;
		if (n->type == NODE_END || n->type == NODE_ELSE) {
			tree_fail(t, "unexpected %s", n->type == NODE_END ? "{{end}}" : "{{else}}");
			return -1;
		}
		if (tree_append(t, &root->u.list, n) < 0)
			return -1;
	}
	return tree_add(t, root);
}

/* Names of variables by id, for messages. */
static int name_variables(struct template *t, struct err *err)
{
	struct str *name = arena_calloc(t->arena, t->variables->len, sizeof(*name));

	if (!name)
		return err_nomem(err);
	for (uint32_t i = 0; i < t->variables->len; i++)
		name[i] = t->variables->entry[i].key;
	t->variable = name;
	return 0;
}

int template_parse(struct template *t, struct err *err)
{
	struct parser p = {.template = t, .err = err, .definitions = map_new(t->arena, 4)};
	struct tree top;

	t->variables = map_new(t->arena, 4);
	if (!p.definitions || !t->variables || map_setc(t->arena, t->variables, "$", &value_nil) < 0)
		return err_nomem(err);
	lexer_init(&p.lexer, t->arena, t->text);
	if (tree_init(&top, &p, t->name) < 0 || parse_top(&top) < 0 || name_variables(t, err) < 0)
		return -1;
	for (struct link *l = p.links; l; l = l->next)
		l->node->u.template.definition = find_definition(&p, l->node->u.template.name);
	t->main = find_definition(&p, t->name);
	return 0;
}
