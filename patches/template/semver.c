/* SPDX-License-Identifier: Apache-2.0 */
/* Semantic versions, as Masterminds/semver 3.3 reads and compares them. */
#include "patches/template/semver.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_identifier(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static int invalid(struct err *err)
{
	return err_set(err, ERR_INPUT, "Invalid Semantic Version");
}

static void skip(struct str *s, size_t n)
{
	s->p += n;
	s->len -= n;
}

static int take_number(struct str *s, uint64_t *ret, struct err *err)
{
	size_t n = 0;

	while (n < s->len && is_digit(s->p[n]))
		n++;
	if (!n)
		return invalid(err);
	if (!parse_u64((struct str){s->p, n}, ret))
		return err_set(err, ERR_INPUT,
			"Error parsing version segment: strconv.ParseUint: parsing \"%.*s\": value out of range",
			(int)(n < 100 ? n : 100), s->p);
	skip(s, n);
	return 0;
}

/* Identifiers with dots between them, behind `lead`; none where it is not there. */
static int take_identifiers(struct str *s, char lead, struct str *ret, struct err *err)
{
	size_t n = 1;

	*ret = STR("");
	if (!s->len || s->p[0] != lead)
		return 0;
	while (n < s->len && (is_identifier(s->p[n]) || s->p[n] == '.')) {
		if (s->p[n] == '.' && (n == 1 || s->p[n - 1] == '.'))
			return invalid(err);
		n++;
	}
	if (n == 1 || s->p[n - 1] == '.')
		return invalid(err);
	*ret = (struct str){s->p + 1, n - 1};
	skip(s, n);
	return 0;
}

static bool is_numeric(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_digit(s.p[i]))
			return false;
	return true;
}

static int check_prerelease(struct str pre, struct err *err)
{
	while (pre.p) {
		const struct str part = str_cut(&pre, '.');

		if (part.len > 1 && part.p[0] == '0' && is_numeric(part))
			return err_set(err, ERR_INPUT, "Version segment starts with 0");
	}
	return 0;
}

int semver_parse(struct str s, struct semver *ret, struct err *err)
{
	struct semver v = {.pre = STR("")};
	uint64_t *const more[] = {&v.minor, &v.patch};

	if (s.len && s.p[0] == 'v')
		skip(&s, 1);
	if (take_number(&s, &v.major, err) < 0)
		return -1;
	for (size_t i = 0; i < 2 && s.len && s.p[0] == '.'; i++) {
		skip(&s, 1);
		if (take_number(&s, more[i], err) < 0)
			return -1;
	}
	if (take_identifiers(&s, '-', &v.pre, err) < 0 || take_identifiers(&s, '+', &v.metadata, err) < 0)
		return -1;
	if (s.len)
		return invalid(err);
	if (check_prerelease(v.pre, err) < 0)
		return -1;
	*ret = v;
	return 0;
}

/* Numbers below words, numbers by value, words bytewise; a missing part is below any. */
static int compare_part(struct str a, struct str b)
{
	uint64_t x, y;
	bool a_number, b_number;

	if (str_eq(a, b))
		return 0;
	if (!a.len || !b.len)
		return a.len ? 1 : -1;
	a_number = parse_u64(a, &x);
	b_number = parse_u64(b, &y);
	if (a_number && b_number)
		return x > y ? 1 : -1;
	if (a_number != b_number)
		return a_number ? -1 : 1;
	return str_cmp(a, b) > 0 ? 1 : -1;
}

static int compare_pre(struct str a, struct str b)
{
	while (a.p || b.p) {
		const struct str x = a.p ? str_cut(&a, '.') : STR(""), y = b.p ? str_cut(&b, '.') : STR("");
		const int c = compare_part(x, y);

		if (c)
			return c;
	}
	return 0;
}

int semver_compare(const struct semver *a, const struct semver *b)
{
	if (a->major != b->major)
		return a->major > b->major ? 1 : -1;
	if (a->minor != b->minor)
		return a->minor > b->minor ? 1 : -1;
	if (a->patch != b->patch)
		return a->patch > b->patch ? 1 : -1;
	if (!a->pre.len || !b->pre.len)
		return !a->pre.len - !b->pre.len;
	return compare_pre(a->pre, b->pre);
}
