/* SPDX-License-Identifier: Apache-2.0 */
/* The characters of a YAML text: indentation, indicators and scalars in their four styles. */
#include "patches/yaml/emit.h"

enum { INDENT = YAML_INDENT, BEST_WIDTH = 80 };

/* --- characters ----------------------------------------------------------------------------------------------------- */

static void put(struct yaml_writer *w, const char *p, size_t len)
{
	text_add(w->out, p, len);
	w->column++;
}

static void put_break(struct yaml_writer *w)
{
	text_addc(w->out, '\n');
	w->column = 0;
}

/* Breaks other than LF stay what they are. */
static void put_break_of(struct yaml_writer *w, const char *p, size_t len)
{
	if (*p == '\n') {
		put_break(w);
		return;
	}
	put(w, p, len);
	w->column = 0;
}

void yaml_indent(struct yaml_writer *w)
{
	const int indent = w->indent < 0 ? 0 : w->indent;

	if (!w->indention || w->column > indent || (w->column == indent && !w->whitespace))
		put_break(w);
	while (w->column < indent)
		put(w, " ", 1);
	w->whitespace = true;
	w->indention = true;
}

void yaml_indicator(struct yaml_writer *w, const char *text, bool need_blank, bool keeps_indention)
{
	if (need_blank && !w->whitespace)
		put(w, " ", 1);
	for (; *text; text++)
		put(w, text, 1);
	w->whitespace = false;
	w->indention = w->indention && keeps_indention;
}

/* --- scalars -------------------------------------------------------------------------------------------------------- */

/* Whether the line breaks instead of the space at i: behind column 80, and never next to another space. */
static bool folds(const struct yaml_writer *w, struct str s, size_t i, bool behind_space)
{
	return w->folding && !behind_space && w->column > BEST_WIDTH && !(i + 1 < s.len && s.p[i + 1] == ' ');
}

/* A plain string has no breaks and no space at its ends. */
static void write_plain(struct yaml_writer *w, struct str s)
{
	bool space = false;

	if (!w->whitespace)
		put(w, " ", 1);
	for (size_t i = 0, width; i < s.len; i += width) {
		width = yaml_width(s.p[i]);
		if (s.p[i] == ' ' && folds(w, s, i, space))
			yaml_indent(w);
		else
			put(w, s.p + i, width);
		space = s.p[i] == ' ';
		if (!space)
			w->indention = false;
	}
	w->whitespace = false;
	w->indention = false;
}

static void write_single(struct yaml_writer *w, struct str s)
{
	bool breaks = false, space = false;

	yaml_indicator(w, "'", true, false);
	for (size_t i = 0, width; i < s.len; i += width) {
		width = yaml_width(s.p[i]);
		if (yaml_is_break(s.p + i, s.len - i)) {
			put_break_of(w, s.p + i, width);
			w->indention = true;
			breaks = true;
			continue;
		}
		if (s.p[i] == ' ') {
			if (i > 0 && i + 1 < s.len && folds(w, s, i, space))
				yaml_indent(w);
			else
				put(w, " ", 1);
			space = true;
			continue;
		}
		if (breaks)
			yaml_indent(w);
		if (s.p[i] == '\'')
			put(w, "'", 1);
		put(w, s.p + i, width);
		w->indention = false;
		breaks = space = false;
	}
	yaml_indicator(w, "'", false, false);
}

static const struct escape {
	uint32_t rune;
	char letter;
} escapes[] = {
	{0x00, '0'}, {0x07, 'a'}, {0x08, 'b'}, {0x09, 't'}, {0x0A, 'n'}, {0x0B, 'v'}, {0x0C, 'f'}, {0x0D, 'r'}, {0x1B, 'e'},
	{'"', '"'}, {'\\', '\\'}, {0x85, 'N'}, {0xA0, '_'}, {0x2028, 'L'}, {0x2029, 'P'},
};

static void write_escape(struct yaml_writer *w, uint32_t rune)
{
	const size_t before = w->out->len;

	for (size_t i = 0; i < ARRAY_LEN(escapes); i++)
		if (escapes[i].rune == rune) {
			put(w, "\\", 1);
			put(w, &escapes[i].letter, 1);
			return;
		}
	if (rune <= 0xFF)
		text_addf(w->out, "\\x%02X", rune);
	else if (rune <= 0xFFFF)
		text_addf(w->out, "\\u%04X", rune);
	else
		text_addf(w->out, "\\U%08X", rune);
	w->column += (int)(w->out->len - before);
}

/* A line may break at the first of several spaces too; a backslash then keeps the next one. */
static void write_double_space(struct yaml_writer *w, struct str s, size_t i, bool behind_space)
{
	if (!w->folding || behind_space || w->column <= BEST_WIDTH || i == 0 || i + 1 >= s.len) {
		put(w, " ", 1);
		return;
	}
	yaml_indent(w);
	if (s.p[i + 1] == ' ')
		put(w, "\\", 1);
}

static void write_double(struct yaml_writer *w, struct str s)
{
	/* A text that begins with a byte order mark is escaped from end to end: Go looks for the mark at the wrong place. */
	const bool all = str_has_prefix(s, "\xEF\xBB\xBF");
	bool space = false;
	uint32_t rune;

	yaml_indicator(w, "\"", true, false);
	for (size_t i = 0, width; i < s.len; i += width) {
		const char *p = s.p + i;

		width = utf8_decode(p, s.len - i, &rune);
		if (all || *p == '"' || *p == '\\' || yaml_is_break(p, s.len - i) || !yaml_is_printable(p, s.len - i))
			write_escape(w, rune);
		else if (*p == ' ')
			write_double_space(w, s, i, space);
		else
			put(w, p, width);
		space = *p == ' ' && !all;
	}
	yaml_indicator(w, "\"", false, false);
}

/* The last break is taken, others are to be kept: "-" where there is none, "+" where there is more than one. */
static const char *chomping(struct str s)
{
	size_t at = s.len;

	for (int breaks = 0; breaks < 2; breaks++) {
		if (at == 0)
			return "+";
		do
			at--;
		while (at > 0 && ((unsigned char)s.p[at] & 0xC0) == 0x80);
		if (!yaml_is_break(s.p + at, s.len - at))
			return breaks ? "" : "-";
	}
	return "+";
}

static void write_literal(struct yaml_writer *w, struct str s)
{
	bool breaks = true;

	yaml_indicator(w, "|", true, false);
	if (s.p[0] == ' ' || yaml_is_break(s.p, s.len))
		yaml_indicator(w, "2", false, false);
	yaml_indicator(w, chomping(s), false, false);
	put_break(w);
	w->indention = true;
	w->whitespace = true;
	for (size_t i = 0, width; i < s.len; i += width) {
		width = yaml_width(s.p[i]);
		if (yaml_is_break(s.p + i, s.len - i)) {
			put_break_of(w, s.p + i, width);
			w->indention = true;
			breaks = true;
			continue;
		}
		if (breaks)
			yaml_indent(w);
		put(w, s.p + i, width);
		w->indention = false;
		breaks = false;
	}
}

void yaml_scalar_out(struct yaml_writer *w, struct str s, enum yaml_style style, bool folding)
{
	const int indent = w->indent;

	w->folding = folding;
	w->indent = indent < 0 ? INDENT : indent + INDENT;
	switch (style) {
	case YAML_STYLE_PLAIN:
		write_plain(w, s);
		break;
	case YAML_STYLE_SINGLE:
		write_single(w, s);
		break;
	case YAML_STYLE_DOUBLE:
		write_double(w, s);
		break;
	case YAML_STYLE_LITERAL:
		write_literal(w, s);
		break;
	}
	w->indent = indent;
}
