/* SPDX-License-Identifier: Apache-2.0 */
/* Go's string and character literals: strconv.Quote and Unquote. */
#ifndef PATCHES_TEMPLATE_QUOTE_H
#define PATCHES_TEMPLATE_QUOTE_H

#include "base/text.h"

/* Between quote marks ('"' or '\''); `ascii`: everything beyond ASCII escaped. The rune form is for one character constant. */
void quote_with(struct text *out, struct str s, char mark, bool ascii);
void quote_rune(struct text *out, uint32_t rune, bool ascii);
/* Whether it can stand between back quotes unchanged. */
bool quote_can_raw(struct str s);

/* A Go literal in "..." or `...` (escapes resolved into *out). False: not a valid literal. */
bool unquote(struct text *out, struct str literal);
/*
 * The first character of a literal's inside, where `mark` is the quote around it: its rune, the rest of the text, and whether it was
 * written as a byte (\x41, \101). False: bad escape.
 */
bool unquote_char(struct str *rest, char mark, uint32_t *ret_rune, bool *ret_byte);

#endif
