/* SPDX-License-Identifier: Apache-2.0 */
/* What the parser's files share: the state of text/template/parse's Tree, function by function. */
#ifndef PATCHES_TEMPLATE_PARSE_H
#define PATCHES_TEMPLATE_PARSE_H

#include "base/err.h"
#include "patches/template/lex.h"
#include "patches/template/node.h"

/* A {{template}} to be linked when all definitions are known. */
struct link {
	struct node *node;
	struct link *next;
};

/* One for the whole text. */
struct parser {
	struct template *template;
	struct lexer lexer;
	struct err *err;
	struct map *definitions; /* name: index into definition */
	struct definition **definition;
	uint32_t n_definitions, definitions_cap;
	uint32_t variables_cap;
	struct link *links;
	uint32_t depth; /* of nested actions and parentheses */
};

/* One for each definition; items that were read ahead belong to it. */
struct tree {
	struct parser *p;
	struct str name;
	struct item token[3];
	uint32_t peeked;
	uint32_t *scope; /* ids of the variables that are declared, in order */
	uint32_t scope_len, scope_cap;
	uint32_t *live; /* how often each id is in scope */
	uint32_t live_len;
	uint32_t action_line; /* 0: none */
	uint32_t range_depth;
};

int tree_init(struct tree *t, struct parser *p, struct str name) MUST_CHECK;

struct item tree_next(struct tree *t);
void tree_back(struct tree *t);
struct item tree_peek(struct tree *t);
struct item tree_next_solid(struct tree *t); /* skips spaces */
struct item tree_peek_solid(struct tree *t);

/* Each sets the error as Go words it and returns NULL, so that failing functions can end in `return tree_fail(...)`. */
void *tree_fail(struct tree *t, const char *fmt, ...) PRINTF_LIKE(2, 3);
void *tree_unexpected(struct tree *t, const struct item *item, const char *context);
void *tree_nomem(struct tree *t);
void *tree_too_deep(struct tree *t);

struct node *tree_node(struct tree *t, enum node_type type, uint32_t pos);
int tree_append(struct tree *t, struct node_list *list, const struct node *n) MUST_CHECK;
/* "\"x\"": quoted for a message. */
const char *tree_quoted(struct tree *t, struct str s);
/* The text in a string literal; false with the error set. */
bool tree_unquote(struct tree *t, struct str literal, struct str *ret);

uint32_t tree_mark(const struct tree *t);
void tree_release(struct tree *t, uint32_t mark);

/* parse_pipe.c */
struct node *tree_pipeline(struct tree *t, const char *context, enum item_type end);
/* parse_number.c: type is that of a character constant, complex or number item. */
bool tree_number(struct tree *t, struct number *n, const struct item *item);
/* parse.c */
int tree_add(struct tree *t, const struct node *root) MUST_CHECK;
/* parse_control.c: a piece of text, an action, {{end}} or {{else}}. */
struct node *tree_text_or_action(struct tree *t);
/* Up to {{end}} or {{else}}, which comes in *ret_next. */
struct node *tree_item_list(struct tree *t, struct node **ret_next);

#endif
