/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers in templates: one constant under every Go type that can hold it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "patches/template/parse.h"
#include "patches/template/quote.h"

static char lower(char c)
{
	return (char)(c | 0x20);
}

static bool has_prefix(struct str s, char *ret_base)
{
	if (s.len < 2 || s.p[0] != '0')
		return false;
	*ret_base = lower(s.p[1]);
	return *ret_base == 'b' || *ret_base == 'o' || *ret_base == 'x';
}

static struct str unsigned_part(struct str s)
{
	const size_t sign = s.len && (s.p[0] == '-' || s.p[0] == '+') ? 1 : 0;

	return (struct str){s.p + sign, s.len - sign};
}

static bool is_digit(char c, bool hex)
{
	return (c >= '0' && c <= '9') || (hex && lower(c) >= 'a' && lower(c) <= 'f');
}

/* Underscores may stand between digits, and between a base prefix and a digit. */
static bool underscores_ok(struct str s)
{
	enum { START, DIGIT, UNDERSCORE, OTHER } saw = START;
	char base = 0;
	size_t i = 0;
	bool hex;

	s = unsigned_part(s);
	if (has_prefix(s, &base)) {
		i = 2;
		saw = DIGIT;
	}
	hex = base == 'x';
	for (; i < s.len; i++) {
		if (is_digit(s.p[i], hex)) {
			saw = DIGIT;
		} else if (s.p[i] == '_') {
			if (saw != DIGIT)
				return false;
			saw = UNDERSCORE;
		} else if (saw == UNDERSCORE) {
			return false;
		} else {
			saw = OTHER;
		}
	}
	return saw != UNDERSCORE;
}

static unsigned digit_value(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(lower(c) - 'a') + 10;
}

/* strconv.ParseUint(s, 0, 64). */
static bool parse_uint(struct str s, uint64_t *ret)
{
	const struct str whole = s;
	unsigned base = 10;
	uint64_t n = 0;
	bool any = false;
	char prefix;

	if (s.len >= 3 && has_prefix(s, &prefix)) {
		base = prefix == 'x' ? 16 : prefix == 'o' ? 8 : 2;
		s = (struct str){s.p + 2, s.len - 2};
	} else if (s.len && s.p[0] == '0') {
		base = 8;
		s = (struct str){s.p + 1, s.len - 1};
		any = true;
	}
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '_')
			continue;
		if (!is_digit(s.p[i], base == 16) || digit_value(s.p[i]) >= base || __builtin_mul_overflow(n, (uint64_t)base, &n) ||
		    __builtin_add_overflow(n, (uint64_t)digit_value(s.p[i]), &n))
			return false;
		any = true;
	}
	*ret = n;
	return any && (!memchr(whole.p, '_', whole.len) || underscores_ok(whole));
}

/* strconv.ParseInt(s, 0, 64). */
static bool parse_int(struct str s, int64_t *ret)
{
	const bool negative = s.len && s.p[0] == '-';
	uint64_t u;

	if (!parse_uint(unsigned_part(s), &u) || u > (uint64_t)INT64_MAX + (negative ? 1 : 0))
		return false;
	*ret = negative ? (int64_t)(0 - u) : (int64_t)u;
	return true;
}

/* The grammar of a Go floating-point number, whole text. */
static bool is_float(struct str s)
{
	char base = 0;
	size_t i = 0, digits = 0, dots = 0;
	bool hex;

	s = unsigned_part(s);
	hex = s.len > 2 && has_prefix(s, &base) && base == 'x';
	for (i = hex ? 2 : 0; i < s.len; i++) {
		if (is_digit(s.p[i], hex))
			digits++;
		else if (s.p[i] == '.' && dots == 0)
			dots++;
		else if (s.p[i] != '_')
			break;
	}
	if (!digits)
		return false;
	if (i == s.len)
		return !hex;
	if (lower(s.p[i]) != (hex ? 'p' : 'e'))
		return false;
	i++;
	i += i < s.len && (s.p[i] == '-' || s.p[i] == '+') ? 1 : 0;
	if (i >= s.len || !is_digit(s.p[i], false))
		return false;
	while (i < s.len && (is_digit(s.p[i], false) || s.p[i] == '_'))
		i++;
	return i == s.len;
}

/* strconv.ParseFloat(s, 64); *ret_ok is false where memory is out. */
static bool parse_float(struct tree *t, struct str s, double *ret, bool *ret_ok)
{
	char *plain, *end;
	size_t n = 0;

	*ret_ok = true;
	if (!is_float(s) || (memchr(s.p, '_', s.len) && !underscores_ok(s)))
		return false;
	plain = arena_alloc(t->p->template->arena, s.len + 1);
	*ret_ok = plain != NULL;
	if (!plain)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != '_')
			plain[n++] = s.p[i];
	plain[n] = '\0';
	*ret = strtod(plain, &end); /* the "C" locale: nobody calls setlocale() */
	return !isinf(*ret);
}

static void set_int(struct number *n, int64_t i)
{
	n->is_int = true;
	n->i.kind = K_INT;
	n->i.u.i = i;
}

static void set_float(struct number *n, double f)
{
	n->is_float = true;
	n->f.kind = K_FLOAT;
	n->f.u.f = f;
}

static void set_uint(struct number *n, uint64_t u)
{
	n->is_uint = true;
	n->u = u;
}

static bool character(struct tree *t, struct number *n, struct str s)
{
	struct str rest = {s.p + 1, s.len - 1};
	uint32_t rune;
	bool byte;

	if (!unquote_char(&rest, '\'', &rune, &byte)) {
		tree_fail(t, "invalid syntax");
		return false;
	}
	if (!str_is(rest, "'")) {
		tree_fail(t, "malformed character constant: %.*s", (int)s.len, s.p);
		return false;
	}
	set_int(n, rune);
	set_uint(n, rune);
	set_float(n, rune);
	return true;
}

static bool floating(struct tree *t, struct number *n, struct str s)
{
	bool ok;
	double f;

	if (!parse_float(t, s, &f, &ok)) {
		if (ok)
			tree_fail(t, "illegal number syntax: %s", tree_quoted(t, s));
		else
			tree_nomem(t);
		return false;
	}
	for (size_t i = 0; i < s.len; i++) {
		if (!strchr(".eEpP", s.p[i]))
			continue;
		set_float(n, f);
		if (f >= -0x1p63 && f < 0x1p63 && (double)(int64_t)f == f)
			set_int(n, (int64_t)f);
		if (f >= 0 && f < 0x1p64 && (double)(uint64_t)f == f)
			set_uint(n, (uint64_t)f);
		return true;
	}
	tree_fail(t, "integer overflow: %s", tree_quoted(t, s));
	return false;
}

bool tree_number(struct tree *t, struct number *n, const struct item *item)
{
	const struct str s = item->text;
	uint64_t u = 0;
	int64_t i;

	n->text = s;
	if (item->type == ITEM_CHAR_CONSTANT)
		return character(t, n, s);
	if (item->type == ITEM_COMPLEX || (s.len && s.p[s.len - 1] == 'i' && is_float((struct str){s.p, s.len - 1}))) {
		tree_fail(t, "complex numbers are not supported: %.*s", (int)(s.len > 64 ? 64 : s.len), s.p);
		return false;
	}
	if ((s.len == 0 || (s.p[0] != '-' && s.p[0] != '+')) && parse_uint(s, &u))
		set_uint(n, u);
	if (parse_int(s, &i)) {
		set_int(n, i);
		if (i == 0)
			set_uint(n, 0);
	}
	if (!n->is_int && !n->is_uint)
		return floating(t, n, s);
	set_float(n, n->is_int ? (double)n->i.u.i : (double)n->u);
	return true;
}
