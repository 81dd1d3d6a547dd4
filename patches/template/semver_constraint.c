/* SPDX-License-Identifier: Apache-2.0 */
/* Constraints on versions: comparisons, ~ and ^, wildcards, ranges with a hyphen, || between alternatives. */
#include <string.h>

#include "patches/template/semver.h"

struct constraint {
	struct semver version;
	struct str op;
	bool minor_open, patch_open, open; /* "1", "1.2", either of them or a wildcard */
};

static bool is_space(char c)
{
	return c && strchr("\t\n\f\r ", c);
}

static size_t spaces(struct str s, size_t at)
{
	while (at < s.len && is_space(s.p[at]))
		at++;
	return at;
}

/* A version with wildcards, in pieces. len 0 where there is none. */
struct pattern {
	struct str text, major, minor, patch, pre; /* pre with its hyphen */
};

static size_t run_of(struct str s, size_t at, const char *chars)
{
	size_t n = at;

	while (n < s.len && s.p[n] && strchr(chars, s.p[n]))
		n++;
	return n;
}

#define NUMBERS "0123456789|xX*"
#define WORDS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-"

/* ".NUMBERS"; where it is not there nothing is taken. */
static size_t take_segment(struct str s, size_t at, struct str *ret)
{
	size_t end;

	*ret = STR("");
	if (at >= s.len || s.p[at] != '.')
		return at;
	end = run_of(s, at + 1, NUMBERS);
	if (end == at + 1)
		return at;
	*ret = (struct str){s.p + at + 1, end - at - 1};
	return end;
}

/* LEAD word(.word)* */
static size_t take_words(struct str s, size_t at, char lead, struct str *ret)
{
	size_t end, next;

	*ret = STR("");
	if (at >= s.len || s.p[at] != lead)
		return at;
	end = run_of(s, at + 1, WORDS);
	if (end == at + 1)
		return at;
	while (end < s.len && s.p[end] == '.' && (next = run_of(s, end + 1, WORDS)) > end + 1)
		end = next;
	*ret = (struct str){s.p + at, end - at};
	return end;
}

static size_t take_pattern(struct str s, size_t at, struct pattern *ret)
{
	const size_t start = at < s.len && s.p[at] == 'v' ? at + 1 : at;
	size_t end = run_of(s, start, NUMBERS);
	struct str metadata;

	ret->text = STR("");
	if (end == start)
		return at;
	ret->major = (struct str){s.p + start, end - start};
	end = take_segment(s, end, &ret->minor);
	ret->patch = STR("");
	if (ret->minor.len)
		end = take_segment(s, end, &ret->patch);
	end = take_words(s, end, '-', &ret->pre);
	end = take_words(s, end, '+', &metadata);
	ret->text = (struct str){s.p + at, end - at};
	return end;
}

/* "1.2 - 1.4" at `at`: where it ends, or `at`. */
static size_t take_range(struct str s, size_t at, struct pattern *from, struct pattern *to)
{
	size_t i = spaces(s, at), hyphen, end;

	i = take_pattern(s, i, from);
	hyphen = spaces(s, i);
	if (!from->text.len || hyphen == i || hyphen >= s.len || s.p[hyphen] != '-')
		return at;
	i = spaces(s, hyphen + 1);
	if (i == hyphen + 1)
		return at;
	end = take_pattern(s, i, to);
	return to->text.len ? spaces(s, end) : at;
}

/* Ranges with a hyphen written as two comparisons. */
static struct str without_ranges(struct arena *a, struct str s)
{
	struct text t;
	struct pattern from, to;

	text_init(&t, a, s.len * 2 + 64);
	for (size_t i = 0; i < s.len;) {
		const size_t end = take_range(s, i, &from, &to);

		if (end == i) {
			text_addc(&t, s.p[i++]);
			continue;
		}
		text_addf(&t, ">= %.*s, <= %.*s ", (int)from.text.len, from.text.p, (int)to.text.len, to.text.p);
		i = end;
	}
	return t.failed ? (struct str){NULL, 0} : (struct str){t.data ? t.data : "", t.len};
}

static bool is_wildcard(struct str s)
{
	return str_is(s, "x") || str_is(s, "X") || str_is(s, "*");
}

static int parse_version(struct arena *a, const struct pattern *p, struct constraint *c, struct err *err)
{
	struct err cause = {0};
	const char *text;

	c->open = c->minor_open = c->patch_open = false;
	if (is_wildcard(p->major)) {
		c->open = true;
		text = arena_printf(a, "0.0.0%.*s", (int)p->pre.len, p->pre.p);
	} else if (!p->minor.len || is_wildcard(p->minor)) {
		c->open = c->minor_open = true;
		text = arena_printf(a, "%.*s.0.0%.*s", (int)p->major.len, p->major.p, (int)p->pre.len, p->pre.p);
	} else if (!p->patch.len || is_wildcard(p->patch)) {
		c->open = c->patch_open = true;
		text = arena_printf(a, "%.*s.%.*s.0%.*s", (int)p->major.len, p->major.p, (int)p->minor.len, p->minor.p,
			(int)p->pre.len, p->pre.p);
	} else {
		text = arena_strndup(a, p->text.p, p->text.len);
	}
	if (!text)
		return err_nomem(err);
	if (semver_parse(str_of(text), &c->version, &cause) < 0)
		return err_set(err, ERR_INPUT, "constraint Parser Error");
	return 0;
}

static bool op_not_equal(const struct semver *v, const struct constraint *c)
{
	const struct semver *w = &c->version;

	if (!c->open)
		return semver_compare(v, w) != 0;
	if (v->pre.len && !w->pre.len)
		return false;
	if (w->major != v->major)
		return true;
	if (c->minor_open)
		return false;
	if (w->minor != v->minor)
		return true;
	if (c->patch_open)
		return !str_eq(v->pre, w->pre);
	return w->patch != v->patch || semver_compare(v, w) != 0;
}

static bool op_greater(const struct semver *v, const struct constraint *c)
{
	if (!c->open)
		return semver_compare(v, &c->version) > 0;
	if (v->major != c->version.major)
		return v->major > c->version.major;
	if (c->minor_open)
		return false;
	if (c->patch_open)
		return v->minor > c->version.minor;
	return semver_compare(v, &c->version) > 0;
}

static bool op_less(const struct semver *v, const struct constraint *c)
{
	return semver_compare(v, &c->version) < 0;
}

static bool op_greater_equal(const struct semver *v, const struct constraint *c)
{
	return semver_compare(v, &c->version) >= 0;
}

static bool op_less_equal(const struct semver *v, const struct constraint *c)
{
	if (!c->open)
		return semver_compare(v, &c->version) <= 0;
	if (v->major != c->version.major)
		return v->major < c->version.major;
	return c->minor_open || v->minor <= c->version.minor;
}

static bool op_tilde(const struct semver *v, const struct constraint *c)
{
	const struct semver *w = &c->version;

	if (semver_compare(v, w) < 0)
		return false;
	if (!w->major && !w->minor && !w->patch && !c->minor_open && !c->patch_open)
		return true;
	return v->major == w->major && (v->minor == w->minor || c->minor_open);
}

static bool op_equal(const struct semver *v, const struct constraint *c)
{
	return c->open ? op_tilde(v, c) : semver_compare(v, &c->version) == 0;
}

static bool op_caret(const struct semver *v, const struct constraint *c)
{
	const struct semver *w = &c->version;

	if (semver_compare(v, w) < 0)
		return false;
	if (w->major > 0 || c->minor_open)
		return v->major == w->major;
	if (v->major > 0)
		return false;
	if (w->minor > 0 || c->patch_open)
		return v->minor == w->minor;
	return v->minor == 0 && v->patch == w->patch;
}

/* The longest that fits comes first. */
static const struct {
	const char *name;
	bool (*check)(const struct semver *v, const struct constraint *c);
} operators[] = {
	{"!=", op_not_equal}, {">=", op_greater_equal}, {"=>", op_greater_equal}, {"<=", op_less_equal}, {"=<", op_less_equal},
	{"~>", op_tilde}, {"=", op_equal}, {">", op_greater}, {"<", op_less}, {"~", op_tilde}, {"^", op_caret}, {"", op_equal},
};

static bool satisfies(const struct semver *v, const struct constraint *c, size_t op)
{
	/* A version before a release is meant only where the constraint names one itself; != looks for that on its own. */
	if (operators[op].check != op_not_equal && v->pre.len && !c->version.pre.len)
		return false;
	return operators[op].check(v, c);
}

static int improper(struct str part, struct err *err)
{
	return err_set(err, ERR_INPUT, "improper constraint: %.*s", (int)(part.len < 200 ? part.len : 200), part.p);
}

/* The next comparison of a list; *at moves behind it and the blanks that follow. */
static int next_comparison(struct str part, size_t *at, struct pattern *ret, size_t *ret_op, struct err *err)
{
	const struct str rest = {part.p + *at, part.len - *at};
	size_t op = 0, end;

	while (!str_has_prefix(rest, operators[op].name))
		op++;
	end = spaces(part, *at + strlen(operators[op].name));
	*at = take_pattern(part, end, ret);
	if (!ret->text.len)
		return improper(part, err);
	*ret_op = op;
	end = spaces(part, *at);
	if (end < part.len && part.p[end] == ',')
		end = spaces(part, end + 1) + (spaces(part, end + 1) == part.len);
	else if (end < part.len && end == *at)
		return improper(part, err);
	*at = end;
	return end > part.len ? improper(part, err) : 0;
}

/* All comparisons of one alternative; each is read even where an earlier one failed, for its errors. */
static int check_all(struct arena *a, struct str part, const struct semver *v, bool *ret, struct err *err)
{
	size_t at = spaces(part, 0), op = 0;
	struct pattern pattern;
	struct constraint c;
	bool all = true;

	do {
		if (next_comparison(part, &at, &pattern, &op, err) < 0 || parse_version(a, &pattern, &c, err) < 0)
			return -1;
		all = all && satisfies(v, &c, op);
	} while (at < part.len);
	*ret = all;
	return 0;
}

int semver_check(struct arena *a, struct str constraint, const struct semver *v, bool *ret, struct err *err)
{
	struct str rest = without_ranges(a, constraint);
	bool any = false, one = false;

	if (!rest.p)
		return err_nomem(err);
	while (rest.p) {
		const size_t at = str_find(rest, STR("||"));
		const struct str part = {rest.p, at == SIZE_MAX ? rest.len : at};

		rest = at == SIZE_MAX ? (struct str){NULL, 0} : (struct str){rest.p + at + 2, rest.len - at - 2};
		if (check_all(a, part, v, &one, err) < 0)
			return -1;
		any = any || one;
	}
	*ret = any;
	return 0;
}
