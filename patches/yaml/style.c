/* SPDX-License-Identifier: Apache-2.0 */
/* Which way of writing a string YAML allows, and which one Go's yaml takes. */
#include "patches/yaml/style.h"

#include <string.h>

#include "patches/yaml/scalar.h"

size_t yaml_width(char c)
{
	const unsigned char u = (unsigned char)c;

	return u < 0x80 ? 1 : u < 0xE0 ? 2 : u < 0xF0 ? 3 : 4;
}

static unsigned byte_at(const char *p, size_t len, size_t i)
{
	return i < len ? (unsigned char)p[i] : 0;
}

bool yaml_is_break(const char *p, size_t len)
{
	const unsigned third = byte_at(p, len, 2);

	if (*p == '\n' || *p == '\r')
		return true;
	if (byte_at(p, len, 0) == 0xC2)
		return byte_at(p, len, 1) == 0x85;
	return byte_at(p, len, 0) == 0xE2 && byte_at(p, len, 1) == 0x80 && (third == 0xA8 || third == 0xA9);
}

bool yaml_is_printable(const char *p, size_t len)
{
	const unsigned first = byte_at(p, len, 0), second = byte_at(p, len, 1), third = byte_at(p, len, 2);

	if (first < 0x80)
		return first == '\n' || (first >= ' ' && first < 0x7F);
	if (first == 0xC2)
		return second >= 0xA0;
	if (first == 0xEF) /* not U+FEFF, U+FFFE, U+FFFF */
		return !(second == 0xBB && third == 0xBF) && !(second == 0xBF && third >= 0xBE);
	return first < 0xED || (first == 0xED && second < 0xA0) || first == 0xEE;
}

bool yaml_has_break(struct str s)
{
	for (size_t i = 0; i < s.len; i += yaml_width(s.p[i]))
		if (yaml_is_break(s.p + i, s.len - i))
			return true;
	return false;
}

/* What stands in the way of a style. */
struct obstacles {
	bool indicator;    /* would be read as YAML's own */
	bool special;      /* not printable */
	bool edge;         /* a space or break at one of its ends */
	bool trailing_space;
	bool breaks;
	bool break_space;  /* a space behind a break */
	bool space_break;  /* and the other way round */
};

static bool is_blank(struct str s, size_t i)
{
	return i >= s.len || s.p[i] == ' ' || s.p[i] == '\t';
}

/* At the start nearly every indicator counts; inside only ": " and " #". */
static bool is_indicator(struct str s, size_t i, bool behind_blank)
{
	if (i == 0 && (s.p[0] == '?' || s.p[0] == ':' || s.p[0] == '-'))
		return is_blank(s, 1);
	if (i == 0)
		return s.p[0] && strchr("#,[]{}&*!|>'\"%@`", s.p[0]);
	return s.p[i] == ':' ? is_blank(s, i + 1) : s.p[i] == '#' && behind_blank;
}

static struct obstacles find_obstacles(struct str s)
{
	struct obstacles o = {.indicator = str_has_prefix(s, "---") || str_has_prefix(s, "...")};
	bool was_space = false, was_break = false, behind_blank = true;

	for (size_t i = 0, width; i < s.len; i += width) {
		const bool space = s.p[i] == ' ', a_break = yaml_is_break(s.p + i, s.len - i);

		width = yaml_width(s.p[i]);
		o.indicator |= is_indicator(s, i, behind_blank);
		o.special |= !yaml_is_printable(s.p + i, s.len - i);
		o.edge |= (space || a_break) && (i == 0 || i + width >= s.len);
		o.trailing_space |= space && i + width >= s.len;
		o.break_space |= space && was_break;
		o.space_break |= a_break && was_space;
		o.breaks |= a_break;
		was_space = space;
		was_break = a_break;
		behind_blank = is_blank(s, i) || a_break || !s.p[i];
	}
	return o;
}

/* Whether it would be read as something else than a string; a date or a time in base 60 is for other readers' sake. */
static bool is_base60(struct str s)
{
	size_t i = s.len && (s.p[0] == '+' || s.p[0] == '-') ? 1 : 0;
	size_t groups = 0;

	if (i >= s.len || s.p[i] < '0' || s.p[i] > '9')
		return false;
	while (i < s.len && ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_'))
		i++;
	for (; i + 1 < s.len && s.p[i] == ':'; groups++) {
		const bool two = i + 2 < s.len && s.p[i + 1] >= '0' && s.p[i + 1] <= '5' && s.p[i + 2] >= '0' && s.p[i + 2] <= '9';

		if (s.p[i + 1] < '0' || s.p[i + 1] > '9')
			return false;
		i += two ? 3 : 2;
	}
	if (groups && i < s.len && s.p[i] == '.')
		for (i++; i < s.len && ((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_');)
			i++;
	return groups && i == s.len;
}

static enum yaml_style quoted(const struct obstacles *o)
{
	return o->break_space || o->space_break || o->special ? YAML_STYLE_DOUBLE : YAML_STYLE_SINGLE;
}

enum yaml_style yaml_string_style(struct str s, bool simple_key)
{
	const struct obstacles o = find_obstacles(s);

	if (simple_key && o.breaks)
		return YAML_STYLE_DOUBLE;
	if (s.len && memchr(s.p, '\n', s.len))
		return o.space_break || o.special || o.trailing_space || simple_key ? YAML_STYLE_DOUBLE : YAML_STYLE_LITERAL;
	if (yaml_resolve(s).type != YAML_TYPE_STRING || is_base60(s))
		return YAML_STYLE_DOUBLE;
	if (o.edge || o.breaks || o.indicator || o.special || o.break_space || o.space_break)
		return quoted(&o);
	return YAML_STYLE_PLAIN;
}
