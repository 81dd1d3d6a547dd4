/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled template: the tree that the parser makes and the interpreter walks. Never changes once made. */
#ifndef PATCHES_TEMPLATE_NODE_H
#define PATCHES_TEMPLATE_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "patches/template/function.h"
#include "patches/template/template.h"

/* The kinds of text/template/parse; what is not named there stands in comments. */
enum node_type {
	NODE_TEXT, NODE_LIST, NODE_ACTION, NODE_PIPE, NODE_COMMAND, NODE_IF, NODE_RANGE, NODE_WITH, NODE_TEMPLATE, NODE_BREAK,
	NODE_CONTINUE, NODE_DOT, NODE_NIL, NODE_FIELD, NODE_VARIABLE, NODE_CHAIN, NODE_IDENTIFIER, NODE_BOOL, NODE_NUMBER, NODE_STRING,
	NODE_END, NODE_ELSE, /* never in a finished tree */
};

struct node;

struct node_list {
	const struct node **item;
	uint32_t len, cap;
};

/* Names of fields, without dots. */
struct name_list {
	struct str *item;
	uint32_t len, cap;
};

/* A number under every type that can hold it. */
struct number {
	struct str text;
	bool is_int, is_uint, is_float, is_complex;
	uint64_t u;
	struct value i, f; /* K_INT, K_FLOAT */
};

struct node {
	uint8_t type;
	bool assign;  /* NODE_PIPE: = and not := */
	bool chained; /* NODE_IF, NODE_WITH: stands for `else if`, `else with` in its parent's else_list */
	uint32_t pos;  /* byte of the template's text */
	uint32_t line; /* NODE_ACTION */
	union {
		struct str text;       /* NODE_TEXT */
		struct node_list list; /* NODE_LIST; NODE_COMMAND: its words */
		struct {
			struct node_list decl, commands;
		} pipe;
		const struct node *action; /* NODE_ACTION: its pipe */
		struct {
			const struct node *pipe, *list, *else_list; /* else_list: or NULL */
		} branch;
		struct {
			struct str name;
			const struct node *pipe; /* or NULL */
			const struct definition *definition; /* linked at the end of parsing; NULL: not defined */
		} template;
		struct {
			const struct node *of; /* NODE_CHAIN */
			uint32_t variable;     /* NODE_VARIABLE */
			struct name_list fields;
		} path; /* NODE_FIELD, NODE_VARIABLE, NODE_CHAIN */
		struct {
			struct str name;
			const struct function *function;
		} identifier;
		bool truth; /* NODE_BOOL */
		struct number number;
		struct {
			struct str quoted;
			struct value value;
		} string;
	} u;
};

/* {{define}}, {{block}}, or the template itself. */
struct definition {
	struct str name;
	const struct node *root; /* NODE_LIST */
};

struct template {
	struct arena *arena; /* of all that is below */
	struct arena own;    /* where the template owns it */
	struct str name;
	struct str text;
	enum template_dialect dialect;
	bool loose; /* for the analysis, never run: a function may be unknown, its node's is NULL */
	const struct definition *main;
	struct map *variables;      /* name with $: id */
	const struct str *variable; /* by id; id 0 is "$" */
};

enum { VARIABLE_ROOT = 0 };

/* As Go prints the node in its errors. */
void node_print(struct text *out, const struct node *n, const struct template *t);
/* Line from 1, column in bytes from 0, of a position. */
void template_place(const struct template *t, uint32_t pos, uint32_t *ret_line, uint32_t *ret_column);

/* parse.c: fills main, variables, variable. */
int template_parse(struct template *t, struct err *err) MUST_CHECK;

#endif
