/* SPDX-License-Identifier: Apache-2.0 */
/* RE2's syntax into PCRE2's. */
#include <string.h>

#include "patches/template/regex.h"

enum { MAX_REPEAT = 1000, MAX_GROUPS = 1000, MAX_RUNE = 0x10ffff, RUNE_ERROR = 0xfffd };

/* What stands before, as far as repetition cares. */
enum last { L_NOTHING, L_ATOM, L_REPEATED };

struct translator {
	struct arena *arena;
	struct str whole, rest;
	struct translation *to;
	enum last last;
	size_t depth;
	const char *last_repeat; /* where the repetition begins that ends here */
	struct err *err;
};

static int fail(const struct translator *t, const char *what, const char *from, size_t len)
{
	return err_set(t->err, ERR_INPUT, "error parsing regexp: %s: `%.*s`", what, (int)(len < 300 ? len : 300), from);
}

static int fail_rest(const struct translator *t, const char *what, const char *from)
{
	return fail(t, what, from, (size_t)(t->rest.p - from));
}

static void skip(struct translator *t, size_t n)
{
	t->rest.p += n;
	t->rest.len -= n;
}

static char peek(const struct translator *t, size_t at)
{
	return at < t->rest.len ? t->rest.p[at] : '\0';
}

static bool starts(const struct translator *t, const char *prefix)
{
	return str_has_prefix(t->rest, prefix);
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

static void emit(struct translator *t, const char *text)
{
	text_adds(&t->to->out, text);
}

static void emit_rune(struct translator *t, uint32_t rune)
{
	if (rune < 0x80 && is_alnum((char)rune))
		text_addc(&t->to->out, (char)rune);
	else
		text_addf(&t->to->out, "\\x{%x}", rune);
}

static int take_rune(struct translator *t, uint32_t *ret)
{
	const size_t n = utf8_decode(t->rest.p, t->rest.len, ret);

	if (n == 1 && *ret == RUNE_ERROR)
		return err_set(t->err, ERR_INPUT, "error parsing regexp: invalid UTF-8: `%.*s`",
			(int)(t->rest.len < 300 ? t->rest.len : 300), t->rest.p);
	skip(t, n);
	return 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Behind "\x": two digits, or any in braces. */
static bool take_hex(struct translator *t, uint32_t *ret)
{
	size_t n = 0;

	*ret = 0;
	if (peek(t, 0) != '{') {
		const int high = hex(peek(t, 0)), low = high < 0 ? -1 : hex(peek(t, 1));

		if (low < 0)
			return false;
		*ret = (uint32_t)(high << 4 | low);
		skip(t, 2);
		return true;
	}
	for (skip(t, 1); hex(peek(t, 0)) >= 0 && *ret <= MAX_RUNE; n++, skip(t, 1))
		*ret = *ret << 4 | (uint32_t)hex(peek(t, 0));
	if (!n || *ret > MAX_RUNE || peek(t, 0) != '}')
		return false;
	skip(t, 1);
	return true;
}

static uint32_t control(char c)
{
	static const char names[] = "afnrtv", codes[] = "\a\f\n\r\t\v";
	const char *at = c ? strchr(names, c) : NULL;

	return at ? (uint32_t)codes[at - names] : 0;
}

/* An escape that stands for one rune. t->rest is at the backslash. */
static int take_escape(struct translator *t, uint32_t *ret)
{
	const char *from = t->rest.p;
	const char c = peek(t, 1);

	if (t->rest.len < 2)
		return err_set(t->err, ERR_INPUT, "error parsing regexp: trailing backslash at end of expression: ``");
	if (c == '0' || (is_octal(c) && is_octal(peek(t, 2)))) {
		*ret = 0;
		skip(t, 1);
		for (int i = 0; i < 3 && is_octal(peek(t, 0)); i++, skip(t, 1))
			*ret = *ret << 3 | (uint32_t)(peek(t, 0) - '0');
		return 0;
	}
	if (c == 'x') {
		skip(t, 2);
		return take_hex(t, ret) ? 0 : fail_rest(t, "invalid escape sequence", from);
	}
	*ret = control(c) ? control(c) : (unsigned char)c;
	if (!control(c) && (is_alnum(c) || (unsigned char)c >= 0x80)) {
		uint32_t rune;

		skip(t, 1);
		return take_rune(t, &rune) < 0 ? -1 : fail_rest(t, "invalid escape sequence", from);
	}
	skip(t, 2);
	return 0;
}

/* \pN, \p{Greek}, \P..., \p{^...}: the same in a class and outside. */
static int take_property(struct translator *t)
{
	const char *from = t->rest.p, *close;
	bool negative = peek(t, 1) == 'P';
	struct str name;

	if (peek(t, 2) != '{') {
		uint32_t rune;

		skip(t, 2);
		if (!t->rest.len || take_rune(t, &rune) < 0)
			return fail_rest(t, "invalid character class range", from);
		name = (struct str){from + 2, (size_t)(t->rest.p - from) - 2};
	} else {
		close = memchr(from, '}', t->rest.len);
		if (!close)
			return fail(t, "invalid character class range", from, t->rest.len);
		name = (struct str){from + 3, (size_t)(close - from) - 3};
		skip(t, (size_t)(close - from) + 1);
	}
	if (name.len && name.p[0] == '^') {
		negative = !negative;
		name = (struct str){name.p + 1, name.len - 1};
	}
	for (size_t i = 0; i < name.len; i++)
		if (!is_alnum(name.p[i]) && name.p[i] != '_')
			return fail_rest(t, "invalid character class range", from);
	if (!name.len)
		return fail_rest(t, "invalid character class range", from);
	text_addf(&t->to->out, "\\%c{%s%.*s}", negative ? 'P' : 'p', name.len > 2 && !str_is(name, "Any") ? "sc:" : "",
		(int)name.len, name.p);
	return 0;
}

/* \s of RE2 has no vertical tab. */
static const char *perl_class(char c, bool in_class)
{
	switch (c) {
	case 'd': return "\\d";
	case 'D': return "\\D";
	case 'w': return "\\w";
	case 'W': return "\\W";
	case 's': return in_class ? "\\t\\n\\f\\r\\x20" : "[\\t\\n\\f\\r\\x20]";
	case 'S': return in_class ? "\\S\\x0b" : "[^\\t\\n\\f\\r\\x20]";
	default: return NULL;
	}
}

/* [:alpha:] and its kin; 0 where it is none. */
static int take_posix(struct translator *t)
{
	static const char *const names[] = {"alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
		"space", "upper", "word", "xdigit"};
	const char *end = t->rest.len > 2 ? memmem(t->rest.p + 2, t->rest.len - 2, ":]", 2) : NULL;
	struct str name;
	size_t len;

	if (!starts(t, "[:") || !end)
		return 0;
	len = (size_t)(end - t->rest.p) + 2;
	name = (struct str){t->rest.p + 2, len - 4};
	if (name.len && name.p[0] == '^')
		name = (struct str){name.p + 1, name.len - 1};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!str_is(name, names[i]))
			continue;
		text_add(&t->to->out, t->rest.p, len);
		skip(t, len);
		return 1;
	}
	return fail(t, "invalid character class range", t->rest.p, len);
}

static int take_class_rune(struct translator *t, const char *class_start, uint32_t *ret)
{
	if (!t->rest.len)
		return fail(t, "missing closing ]", class_start, (size_t)(t->rest.p - class_start));
	return peek(t, 0) == '\\' ? take_escape(t, ret) : take_rune(t, ret);
}

static int take_range(struct translator *t, const char *class_start)
{
	const char *from = t->rest.p;
	uint32_t low, high;

	if (take_class_rune(t, class_start, &low) < 0)
		return -1;
	emit_rune(t, low);
	if (t->rest.len < 2 || peek(t, 0) != '-' || peek(t, 1) == ']')
		return 0;
	skip(t, 1);
	if (take_class_rune(t, class_start, &high) < 0)
		return -1;
	if (high < low)
		return fail_rest(t, "invalid character class range", from);
	emit(t, "-");
	emit_rune(t, high);
	return 0;
}

static int take_class(struct translator *t)
{
	const char *start = t->rest.p;
	const char *perl;

	skip(t, 1);
	emit(t, "[");
	if (peek(t, 0) == '^') {
		emit(t, "^");
		skip(t, 1);
	}
	for (bool first = true; first || !t->rest.len || peek(t, 0) != ']'; first = false) {
		const int posix = take_posix(t);

		if (posix < 0)
			return -1;
		if (posix > 0)
			continue;
		perl = peek(t, 0) == '\\' ? perl_class(peek(t, 1), true) : NULL;
		if (perl) {
			emit(t, perl);
			skip(t, 2);
		} else if (peek(t, 0) == '\\' && (peek(t, 1) | 0x20) == 'p') {
			if (take_property(t) < 0)
				return -1;
		} else if (take_range(t, start) < 0) {
			return -1;
		}
	}
	skip(t, 1);
	emit(t, "]");
	t->last = L_ATOM;
	return 0;
}

static int add_group(struct translator *t, struct str name)
{
	struct translation *to = t->to;

	if (to->n_names >= MAX_GROUPS)
		return err_set(t->err, ERR_LIMIT, "a regular expression with more than %d groups", MAX_GROUPS);
	if (to->n_names == to->cap) {
		const size_t cap = to->cap ? to->cap * 2 : 8;
		struct str *grown = arena_grow(t->arena, to->name, to->cap * sizeof(*grown), cap * sizeof(*grown));

		if (!grown)
			return err_nomem(t->err);
		to->name = grown;
		to->cap = cap;
	}
	to->name[to->n_names++] = name;
	return 0;
}

/* (?P<name> or (?<name> */
static int take_name(struct translator *t)
{
	const size_t before = peek(t, 2) == 'P' ? 4 : 3;
	const char *from = t->rest.p, *close = memchr(from, '>', t->rest.len);
	struct str name;

	if (!close)
		return fail(t, "invalid named capture", from, t->rest.len);
	name = (struct str){from + before, (size_t)(close - from) - before};
	skip(t, (size_t)(close - from) + 1);
	for (size_t i = 0; i < name.len; i++)
		if (!is_alnum(name.p[i]) && name.p[i] != '_')
			return fail_rest(t, "invalid named capture", from);
	if (!name.len)
		return fail_rest(t, "invalid named capture", from);
	emit(t, "(");
	return add_group(t, name);
}

/* (?i), (?ims-U:  */
static int take_flags(struct translator *t)
{
	const char *from = t->rest.p;
	bool minus = false, flag = false;

	for (skip(t, 2); t->rest.len; skip(t, 1)) {
		const char c = peek(t, 0);

		if (c && strchr("imsU", c)) {
			flag = true;
		} else if (c == '-' && !minus) {
			minus = true;
			flag = false;
		} else if ((c == ':' || c == ')') && (flag || !minus)) {
			skip(t, 1);
			if (t->rest.p - from > 3 || c == ':')
				text_add(&t->to->out, from, (size_t)(t->rest.p - from));
			t->depth += c == ':';
			t->last = L_NOTHING;
			return 0;
		} else {
			skip(t, 1);
			return fail_rest(t, "invalid or unsupported Perl syntax", from);
		}
	}
	return fail(t, "missing closing )", t->whole.p, t->whole.len);
}

static int open_group(struct translator *t)
{
	t->last = L_NOTHING;
	if (peek(t, 1) == '?' && !starts(t, "(?P<") && !(starts(t, "(?<") && t->rest.len > 3))
		return take_flags(t);
	t->depth++;
	if (peek(t, 1) == '?')
		return take_name(t);
	skip(t, 1);
	emit(t, "(");
	return add_group(t, STR(""));
}

static int close_group(struct translator *t)
{
	if (!t->depth)
		return fail(t, "unexpected )", t->whole.p, t->whole.len);
	t->depth--;
	emit(t, ")");
	skip(t, 1);
	t->last = L_ATOM;
	return 0;
}

/* A number without leading zeros; -1 where there is none, MAX_REPEAT + 1 where it is too large. */
static int take_count(struct str s, size_t *at)
{
	const size_t from = *at;
	int n = 0;

	for (; *at < s.len && s.p[*at] >= '0' && s.p[*at] <= '9'; (*at)++)
		n = n > MAX_REPEAT ? n : n * 10 + (s.p[*at] - '0');
	if (*at == from || (s.p[from] == '0' && *at - from > 1))
		return -1;
	return n > MAX_REPEAT ? MAX_REPEAT + 1 : n;
}

/* {n}, {n,}, {n,m} at the start: its length, 0 where it is plain text, -1 with err set. */
static int braces_len(struct translator *t)
{
	size_t at = 1;
	int most = -1;
	const int least = take_count(t->rest, &at);

	if (least < 0)
		return 0;
	if (at < t->rest.len && t->rest.p[at] == ',') {
		at++;
		if (at < t->rest.len && t->rest.p[at] != '}') {
			most = take_count(t->rest, &at);
			if (most < 0)
				return 0;
		}
	}
	if (at >= t->rest.len || t->rest.p[at] != '}')
		return 0;
	if (least > MAX_REPEAT || most > MAX_REPEAT || (most >= 0 && most < least))
		return fail(t, "invalid repeat count", t->rest.p, at + 1);
	return (int)at + 1;
}

static int repeat(struct translator *t, size_t len)
{
	const char *from = t->rest.p;

	if (t->last == L_NOTHING)
		return fail(t, "missing argument to repetition operator", from, len);
	if (peek(t, len) == '?')
		len++;
	text_add(&t->to->out, from, len);
	skip(t, len);
	if (t->last == L_REPEATED)
		return fail_rest(t, "invalid nested repetition operator", t->last_repeat);
	t->last_repeat = from;
	t->last = L_REPEATED;
	return 0;
}

static int literal(struct translator *t)
{
	uint32_t rune;

	if (take_rune(t, &rune) < 0)
		return -1;
	emit_rune(t, rune);
	t->last = L_ATOM;
	return 0;
}

/* Between \Q and \E everything is itself. */
static int quoted(struct translator *t)
{
	skip(t, 2);
	while (t->rest.len && !starts(t, "\\E"))
		if (literal(t) < 0)
			return -1;
	skip(t, t->rest.len ? 2 : 0);
	return 0;
}

/* An assertion; PCRE2 repeats one only in a group. */
static int assertion(struct translator *t, const char *text, size_t len)
{
	skip(t, len);
	text_addf(&t->to->out, peek(t, 0) && strchr("*+?{", peek(t, 0)) ? "(?:%s)" : "%s", text);
	t->last = L_ATOM;
	return 0;
}

static int backslash(struct translator *t)
{
	const char *perl = perl_class(peek(t, 1), false);
	uint32_t rune;

	switch (peek(t, 1)) {
	case 'A': return assertion(t, "\\A", 2);
	case 'b': return assertion(t, "\\b", 2);
	case 'B': return assertion(t, "\\B", 2);
	case 'z': return assertion(t, "\\z", 2);
	case 'Q': return quoted(t);
	case 'p': case 'P':
		t->last = L_ATOM;
		return take_property(t);
	default: break;
	}
	t->last = L_ATOM;
	if (perl) {
		emit(t, perl);
		skip(t, 2);
		return 0;
	}
	if (take_escape(t, &rune) < 0)
		return -1;
	emit_rune(t, rune);
	return 0;
}

static int step(struct translator *t)
{
	int len;

	switch (peek(t, 0)) {
	case '(': return open_group(t);
	case ')': return close_group(t);
	case '[': return take_class(t);
	case '^': return assertion(t, "^", 1);
	case '$': return assertion(t, "$", 1);
	case '\\': return backslash(t);
	case '*': case '+': case '?': return repeat(t, 1);
	case '{':
		len = braces_len(t);
		return len > 0 ? repeat(t, (size_t)len) : len == 0 ? literal(t) : -1;
	case '|':
		emit(t, "|");
		skip(t, 1);
		t->last = L_NOTHING;
		return 0;
	case '.':
		emit(t, ".");
		skip(t, 1);
		t->last = L_ATOM;
		return 0;
	default: return literal(t);
	}
}

int regex_translate(struct arena *a, struct str pattern, struct translation *ret, struct err *err)
{
	struct translator t = {.arena = a, .whole = pattern, .rest = pattern, .to = ret, .err = err};

	memset(ret, 0, sizeof(*ret));
	text_init(&ret->out, a, 16 * pattern.len + 64);
	while (t.rest.len)
		if (step(&t) < 0)
			return -1;
	if (t.depth)
		return fail(&t, "missing closing )", pattern.p, pattern.len);
	return ret->out.failed ? err_nomem(err) : 0;
}
