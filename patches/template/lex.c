/* SPDX-License-Identifier: Apache-2.0 */
/* A template's text as items: what text/template/parse's lexer gives, item for item. */
#include "patches/template/lex.h"

#include <string.h>

#include "patches/template/quote.h"
#include "patches/template/unicode.h"

static const struct str left_delim = {"{{", 2}, right_delim = {"}}", 2}, comment_end = {"*/", 2};
enum { DELIM_LEN = 2, TRIM_LEN = 2 /* the minus and the space beside it */, END = UINT32_MAX /* stands for a rune at the end */ };

static const struct {
	const char *word;
	enum item_type type;
} keywords[] = {
	{"block", ITEM_BLOCK}, {"break", ITEM_BREAK}, {"continue", ITEM_CONTINUE}, {"define", ITEM_DEFINE}, {"else", ITEM_ELSE}, {"end", ITEM_END},
	{"if", ITEM_IF}, {"nil", ITEM_NIL}, {"range", ITEM_RANGE}, {"template", ITEM_TEMPLATE}, {"with", ITEM_WITH},
	{"true", ITEM_BOOL}, {"false", ITEM_BOOL},
};

void lexer_init(struct lexer *l, struct arena *a, struct str in)
{
	*l = (struct lexer){.arena = a, .in = in, .line = 1, .start_line = 1};
}

static struct str rest(const struct lexer *l)
{
	return (struct str){l->in.p + l->pos, l->in.len - l->pos};
}

static bool is_space(uint32_t r)
{
	return r == ' ' || r == '\t' || r == '\r' || r == '\n';
}

static bool is_word(uint32_t r)
{
	return r != END && (r == '_' || unicode_is(&unicode_letter, r) || unicode_is(&unicode_digit, r));
}

/* The next rune, or END; *ret_n is its length. */
static uint32_t peek_n(const struct lexer *l, uint32_t *ret_n)
{
	uint32_t rune;

	*ret_n = 0;
	if (l->pos >= l->in.len)
		return END;
	*ret_n = (uint32_t)utf8_decode(l->in.p + l->pos, l->in.len - l->pos, &rune);
	return rune;
}

static uint32_t peek(const struct lexer *l)
{
	uint32_t n;

	return peek_n(l, &n);
}

static uint32_t next(struct lexer *l)
{
	uint32_t n, rune = peek_n(l, &n);

	l->pos += n;
	if (rune == '\n')
		l->line++;
	return rune;
}

static bool accept(struct lexer *l, const char *set)
{
	if (l->pos >= l->in.len || !strchr(set, l->in.p[l->pos]) || !l->in.p[l->pos])
		return false;
	l->pos++;
	return true;
}

static void accept_run(struct lexer *l, const char *set)
{
	while (accept(l, set))
		;
}

static struct item emit(struct lexer *l, enum item_type type)
{
	const struct item item = {type, l->start, l->start_line, {l->in.p + l->start, l->pos - l->start}};

	l->start = l->pos;
	l->start_line = l->line;
	return item;
}

/* Drops what was read without next(), counting its lines. */
static void skip(struct lexer *l)
{
	for (uint32_t i = l->start; i < l->pos; i++)
		l->line += l->in.p[i] == '\n';
	l->start = l->pos;
	l->start_line = l->line;
}

/* No more comes after an error. */
static struct item fail_text(struct lexer *l, struct text *message)
{
	const char *text = text_cstr(message);
	const struct item item = {ITEM_ERROR, l->start, l->start_line, str_of(text ? text : "out of memory")};

	l->in.len = l->pos = l->start = 0;
	return item;
}

static struct item fail(struct lexer *l, const char *message)
{
	struct text t;

	text_init(&t, l->arena, 256);
	text_adds(&t, message);
	return fail_text(l, &t);
}

/* "bad character U+0040 '@'" */
static struct item fail_rune(struct lexer *l, const char *message, uint32_t rune)
{
	struct text t;

	text_init(&t, l->arena, 256);
	text_addf(&t, "%s U+%04X", message, rune);
	if (unicode_is(&unicode_print, rune)) {
		text_adds(&t, " '");
		text_add_rune(&t, rune);
		text_addc(&t, '\'');
	}
	return fail_text(l, &t);
}

static struct item fail_number(struct lexer *l)
{
	struct text t;

	text_init(&t, l->arena, (l->pos - l->start) * 10ul + 256);
	text_adds(&t, "bad number syntax: ");
	quote_with(&t, (struct str){l->in.p + l->start, l->pos - l->start}, '"', false);
	return fail_text(l, &t);
}

static bool trims_left(struct str s)
{
	return s.len >= TRIM_LEN && s.p[0] == '-' && is_space((unsigned char)s.p[1]);
}

static bool trims_right(struct str s)
{
	return s.len >= TRIM_LEN && is_space((unsigned char)s.p[0]) && s.p[1] == '-';
}

static bool at_right_delim(const struct lexer *l, bool *ret_trim)
{
	const struct str s = rest(l);

	*ret_trim = trims_right(s) && str_has_prefix((struct str){s.p + TRIM_LEN, s.len - TRIM_LEN}, right_delim.p);
	return *ret_trim || str_has_prefix(s, right_delim.p);
}

static void skip_spaces(struct lexer *l)
{
	while (l->pos < l->in.len && is_space((unsigned char)l->in.p[l->pos]))
		l->pos++;
}

/* {{/ * ... * /}}: false with *ret_error set where it is none. */
static bool lex_comment(struct lexer *l, struct item *ret_error)
{
	size_t end;
	bool trim;

	l->pos += DELIM_LEN;
	end = str_find(rest(l), comment_end);
	if (end == SIZE_MAX) {
		*ret_error = fail(l, "unclosed comment");
		return false;
	}
	l->pos += (uint32_t)end + DELIM_LEN;
	if (!at_right_delim(l, &trim)) {
		*ret_error = fail(l, "comment ends before closing delimiter");
		return false;
	}
	l->pos += DELIM_LEN + (trim ? (uint32_t)TRIM_LEN : 0);
	if (trim)
		skip_spaces(l);
	skip(l);
	return true;
}

/* Text up to an action that trims what is before it: the text without the spaces at its end. */
static struct item lex_text_before(struct lexer *l, size_t len)
{
	const uint32_t end = l->pos + (uint32_t)len;
	struct item item;

	l->pos = end;
	if (trims_left((struct str){l->in.p + end + DELIM_LEN, l->in.len - end - DELIM_LEN}))
		while (l->pos > l->start && is_space((unsigned char)l->in.p[l->pos - 1]))
			l->pos--;
	for (uint32_t i = l->start; i < l->pos; i++)
		l->line += l->in.p[i] == '\n';
	item = emit(l, ITEM_TEXT);
	l->pos = end;
	skip(l);
	return item;
}

static struct item lex_text(struct lexer *l)
{
	struct item item;

	for (;;) {
		const size_t len = str_find(rest(l), left_delim);
		bool trim;

		if (len == SIZE_MAX) {
			l->pos = (uint32_t)l->in.len;
			for (uint32_t i = l->start; i < l->pos; i++)
				l->line += l->in.p[i] == '\n';
			return emit(l, l->pos > l->start ? ITEM_TEXT : ITEM_EOF);
		}
		if (len > 0) {
			item = lex_text_before(l, len);
			if (item.text.len)
				return item;
		}
		l->pos += DELIM_LEN;
		trim = trims_left(rest(l));
		if (str_has_prefix((struct str){rest(l).p + (trim ? TRIM_LEN : 0), rest(l).len - (trim ? TRIM_LEN : 0)}, "/*")) {
			l->pos += trim ? (uint32_t)TRIM_LEN : 0;
			skip(l);
			if (!lex_comment(l, &item))
				return item;
			continue;
		}
		item = emit(l, ITEM_LEFT_DELIM);
		l->inside = true;
		l->pos += trim ? (uint32_t)TRIM_LEN : 0;
		skip(l);
		l->paren_depth = 0;
		return item;
	}
}

static struct item lex_right_delim(struct lexer *l)
{
	struct item item;
	bool trim;

	(void)at_right_delim(l, &trim);
	if (trim) {
		l->pos += TRIM_LEN;
		skip(l);
	}
	l->pos += DELIM_LEN;
	item = emit(l, ITEM_RIGHT_DELIM);
	if (trim) {
		skip_spaces(l);
		skip(l);
	}
	l->inside = false;
	return item;
}

/* A run of spaces; the last one may belong to a closing delimiter that trims. */
static struct item lex_space(struct lexer *l)
{
	uint32_t n = 0;
	bool trim;

	for (; is_space(peek(l)); n++)
		(void)next(l);
	l->pos--;
	if (at_right_delim(l, &trim) && trim) {
		if (l->in.p[l->pos] == '\n')
			l->line--;
		if (n == 1)
			return lex_right_delim(l);
	} else {
		l->pos++;
	}
	return emit(l, ITEM_SPACE);
}

/* Where a name may end. */
static bool at_terminator(const struct lexer *l)
{
	const uint32_t r = peek(l);

	return r == END || is_space(r) || r == '.' || r == ',' || r == '|' || r == ':' || r == ')' || r == '(' ||
	       str_has_prefix(rest(l), right_delim.p);
}

static struct item lex_name(struct lexer *l, enum item_type type)
{
	while (is_word(peek(l)))
		(void)next(l);
	if (!at_terminator(l))
		return fail_rune(l, "bad character", peek(l));
	return emit(l, type);
}

static struct item lex_identifier(struct lexer *l)
{
	struct item item = lex_name(l, ITEM_IDENTIFIER);

	for (size_t i = 0; item.type == ITEM_IDENTIFIER && i < ARRAY_LEN(keywords); i++)
		if (str_is(item.text, keywords[i].word))
			item.type = keywords[i].type;
	return item;
}

/* The dot or dollar sign has been read. */
static struct item lex_field_or_variable(struct lexer *l, enum item_type type)
{
	if (at_terminator(l))
		return emit(l, type == ITEM_VARIABLE ? ITEM_VARIABLE : ITEM_DOT);
	return lex_name(l, type);
}

static struct item lex_quoted(struct lexer *l, char mark, enum item_type type, const char *unterminated)
{
	for (;;) {
		uint32_t r = next(l);

		if (r == '\\') {
			r = next(l);
			if (r != END && r != '\n')
				continue;
		}
		if (r == END || r == '\n')
			return fail(l, unterminated);
		if (r == (unsigned char)mark)
			return emit(l, type);
	}
}

static struct item lex_raw(struct lexer *l)
{
	for (;;) {
		const uint32_t r = next(l);

		if (r == END)
			return fail(l, "unterminated raw quoted string");
		if (r == '`')
			return emit(l, ITEM_RAW_STRING);
	}
}

static bool scan_number(struct lexer *l)
{
	const char *digits = "0123456789_", *exponent = "eE";

	(void)accept(l, "+-");
	if (accept(l, "0")) {
		const uint32_t at = l->pos;

		if (accept(l, "xX"))
			digits = "0123456789abcdefABCDEF_";
		else if (accept(l, "oO"))
			digits = "01234567_";
		else if (accept(l, "bB"))
			digits = "01_";
		if (l->pos > at)
			exponent = (l->in.p[at] | 0x20) == 'x' ? "pP" : "";
	}
	accept_run(l, digits);
	if (accept(l, "."))
		accept_run(l, digits);
	if (accept(l, exponent)) {
		(void)accept(l, "+-");
		accept_run(l, "0123456789_");
	}
	(void)accept(l, "i");
	if (!is_word(peek(l)))
		return true;
	(void)next(l);
	return false;
}

/* Lets through what is no number; the parser finds out. */
static struct item lex_number(struct lexer *l)
{
	if (!scan_number(l))
		return fail_number(l);
	if (peek(l) == '+' || peek(l) == '-') { /* 1+2i */
		if (!scan_number(l) || l->in.p[l->pos - 1] != 'i')
			return fail_number(l);
		return emit(l, ITEM_COMPLEX);
	}
	return emit(l, ITEM_NUMBER);
}

static struct item lex_mark(struct lexer *l, uint32_t r)
{
	switch (r) {
	case '=':
		return emit(l, ITEM_ASSIGN);
	case '|':
		return emit(l, ITEM_PIPE);
	case '(':
		l->paren_depth++;
		return emit(l, ITEM_LEFT_PAREN);
	case ')':
		return --l->paren_depth < 0 ? fail(l, "unexpected right paren") : emit(l, ITEM_RIGHT_PAREN);
	case ':':
		return next(l) == '=' ? emit(l, ITEM_DECLARE) : fail(l, "expected :=");
	default:
		return r > ' ' && r < 0x7f ? emit(l, ITEM_CHAR) : fail_rune(l, "unrecognized character in action:", r);
	}
}

static bool starts_number(const struct lexer *l, uint32_t r)
{
	if (r == '.') /* the end of the text counts: Go takes the dot for a number there */
		return l->pos + 1 == l->in.len || (l->in.p[l->pos + 1] >= '0' && l->in.p[l->pos + 1] <= '9');
	return r == '+' || r == '-' || (r >= '0' && r <= '9');
}

static struct item lex_inside(struct lexer *l)
{
	uint32_t r;
	bool trim;

	if (at_right_delim(l, &trim))
		return l->paren_depth == 0 ? lex_right_delim(l) : fail(l, "unclosed left paren");
	r = peek(l);
	if (r == END)
		return fail(l, "unclosed action");
	if (is_space(r))
		return lex_space(l);
	if (starts_number(l, r))
		return lex_number(l);
	if (is_word(r))
		return lex_identifier(l);
	(void)next(l);
	switch (r) {
	case '"':
		return lex_quoted(l, '"', ITEM_STRING, "unterminated quoted string");
	case '\'':
		return lex_quoted(l, '\'', ITEM_CHAR_CONSTANT, "unterminated character constant");
	case '`':
		return lex_raw(l);
	case '$':
		return lex_field_or_variable(l, ITEM_VARIABLE);
	case '.':
		return lex_field_or_variable(l, ITEM_FIELD);
	default:
		return lex_mark(l, r);
	}
}

struct item lexer_next(struct lexer *l)
{
	if (l->in.len == 0)
		return (struct item){ITEM_EOF, l->pos, l->start_line, STR("EOF")};
	return l->inside ? lex_inside(l) : lex_text(l);
}

void item_print(struct text *out, const struct item *item)
{
	struct str cut = item->text;
	uint32_t rune;
	size_t runes = 0;

	if (item->type == ITEM_EOF || item->type == ITEM_ERROR) {
		text_adds(out, item->type == ITEM_EOF ? "EOF" : "");
		text_add(out, item->text.p, item->type == ITEM_EOF ? 0 : item->text.len);
		return;
	}
	if (item->type >= ITEM_BLOCK) {
		text_addc(out, '<');
		text_add(out, item->text.p, item->text.len);
		text_addc(out, '>');
		return;
	}
	if (item->text.len > 10)
		for (cut.len = 0; runes < 10 && cut.len < item->text.len; runes++)
			cut.len += utf8_decode(cut.p + cut.len, item->text.len - cut.len, &rune);
	quote_with(out, cut, '"', false);
	if (item->text.len > 10)
		text_adds(out, "...");
}
