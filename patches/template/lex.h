/* SPDX-License-Identifier: Apache-2.0 */
/* A template's text as items: what text/template/parse's lexer gives, item for item. */
#ifndef PATCHES_TEMPLATE_LEX_H
#define PATCHES_TEMPLATE_LEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

/* Those from ITEM_BLOCK on are keywords. */
enum item_type {
	ITEM_ERROR, ITEM_BOOL, ITEM_CHAR, ITEM_CHAR_CONSTANT, ITEM_COMPLEX, ITEM_ASSIGN, ITEM_DECLARE, ITEM_EOF, ITEM_FIELD, ITEM_IDENTIFIER,
	ITEM_LEFT_DELIM, ITEM_LEFT_PAREN, ITEM_NUMBER, ITEM_PIPE, ITEM_RAW_STRING, ITEM_RIGHT_DELIM, ITEM_RIGHT_PAREN, ITEM_SPACE,
	ITEM_STRING, ITEM_TEXT, ITEM_VARIABLE, ITEM_BLOCK, ITEM_BREAK, ITEM_CONTINUE, ITEM_DOT, ITEM_DEFINE, ITEM_ELSE, ITEM_END, ITEM_IF,
	ITEM_NIL, ITEM_RANGE, ITEM_TEMPLATE, ITEM_WITH,
};

struct item {
	enum item_type type;
	uint32_t pos, line;
	struct str text; /* ITEM_ERROR: the message */
};

struct lexer {
	struct arena *arena; /* for messages */
	struct str in;
	uint32_t pos, start, line, start_line;
	int paren_depth;
	bool inside; /* of an action */
};

void lexer_init(struct lexer *l, struct arena *a, struct str in);
/* After ITEM_ERROR and ITEM_EOF comes ITEM_EOF for ever. */
struct item lexer_next(struct lexer *l);
/* As Go's errors name an item: <if>, "text", EOF. */
void item_print(struct text *out, const struct item *item);

#endif
