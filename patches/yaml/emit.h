/* SPDX-License-Identifier: Apache-2.0 */
/* The characters of a YAML text: indentation, indicators and scalars in their four styles. */
#ifndef PATCHES_YAML_EMIT_H
#define PATCHES_YAML_EMIT_H

#include "patches/yaml/style.h"

enum { YAML_INDENT = 2 };

/* A text under way. Begins with indent -1 and both flags true. */
struct yaml_writer {
	struct text *out;
	struct arena *arena;
	int indent;          /* columns; -1 before the first level */
	int column;
	bool whitespace;     /* the latest character was a blank, or there is none yet */
	bool indention;      /* so far the line holds indentation and "- ", "? ", ": " only */
	bool folding;        /* long lines of the scalar at hand may break */
	unsigned depth;
};

/* To the indentation: on a new line, unless this one holds nothing but indentation up to there. */
void yaml_indent(struct yaml_writer *w);
/* need_blank: a blank before it, where there is none. keeps_indention: what follows may be indented as if it were not there. */
void yaml_indicator(struct yaml_writer *w, const char *text, bool need_blank, bool keeps_indention);
/* In a style that the string allows. folding: lines may break behind column 80. */
void yaml_scalar_out(struct yaml_writer *w, struct str s, enum yaml_style style, bool folding);

#endif
