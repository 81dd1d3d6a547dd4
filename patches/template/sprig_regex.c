/* SPDX-License-Identifier: Apache-2.0 */
/* sprig's regular expressions. */
#include <string.h>

#include "patches/template/regex.h"
#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"
#include "patches/template/unicode.h"

/* A pattern at work on a text. */
struct matching {
	struct run *run;
	struct regex re;
	struct str s;           /* valid UTF-8: a byte that is none became U+FFFD, which is what Go takes it for */
	struct str given;       /* as it was */
	const size_t *origin;   /* where each byte of s comes from in `given`; NULL where they are the same */
	const size_t *at;       /* begin and end of each group of the last match, in s */
	size_t groups;
};

static void matching_release(struct matching *m)
{
	regex_release(&m->re);
}

/* Go's MustCompile quotes the pattern before its complaint. */
static int explain(struct run *r, struct str pattern, struct err *err)
{
	struct text t;

	out_init(r, &t);
	if (memchr(pattern.p, '`', pattern.len)) {
		go_quote(&t, pattern);
	} else {
		text_addc(&t, '`');
		text_add(&t, pattern.p, pattern.len);
		text_addc(&t, '`');
	}
	return err_wrap(err, "regexp: Compile(%.400s)", text_cstr(&t));
}

static int make_valid(struct matching *m, struct err *err)
{
	struct arena *a = m->run->arena;
	char *clean = arena_alloc(a, m->given.len * 3 + 1);
	size_t *origin = arena_calloc(a, m->given.len * 3 + 1, sizeof(*origin)), n = 0, size;
	uint32_t rune;

	if (!clean || !origin)
		return err_nomem(err);
	for (size_t i = 0; i < m->given.len; i += size) {
		char bytes[4];

		size = utf8_decode(m->given.p + i, m->given.len - i, &rune);
		for (size_t k = 0, len = utf8_encode(rune, bytes); k < len; k++) {
			origin[n] = i;
			clean[n++] = bytes[k];
		}
	}
	origin[n] = m->given.len;
	m->s = (struct str){clean, n};
	m->origin = origin;
	return 0;
}

/* What stands between two places of s, as it was given. */
static struct str between(const struct matching *m, size_t from, size_t to)
{
	if (m->origin) {
		from = m->origin[from];
		to = m->origin[to];
	}
	return (struct str){m->given.p + from, to - from};
}

static void add_between(const struct matching *m, struct text *out, size_t from, size_t to)
{
	const struct str s = between(m, from, to);

	text_add(out, s.p, s.len);
}

static int begin(struct matching *m, struct run *r, const struct value *pattern, const struct value *text, bool must,
	struct err *err)
{
	*m = (struct matching){.run = r, .s = text->u.s, .given = text->u.s};
	if (run_charge(r, 256 + pattern->u.s.len * 8 + text->u.s.len / 16, err) < 0 ||
	    (!utf8_valid(text->u.s.p, text->u.s.len) && make_valid(m, err) < 0))
		return -1;
	if (regex_compile(r->arena, pattern->u.s, &m->re, err) == 0)
		return 0;
	return must || (err && err->code != ERR_INPUT) ? -1 : explain(r, pattern->u.s, err);
}

static int find(struct matching *m, size_t from, struct err *err)
{
	if (run_charge(m->run, 64 + (m->s.len - from) / 16, err) < 0)
		return -1;
	return regex_find(&m->re, m->s, from, &m->at, &m->groups, err);
}

static size_t rune_size(const struct matching *m, size_t at)
{
	uint32_t rune;

	return at < m->s.len ? utf8_decode(m->s.p + at, m->s.len - at, &rune) : 0;
}

/* All matches, but no empty one right behind another: Go's FindAll. */
struct all {
	size_t from, before; /* before: end of the last match, SIZE_MAX at first */
};

/* 1 with a match in m->at, 0 at the end, -1 with err set. */
static int next_match(struct matching *m, struct all *all, struct err *err)
{
	while (all->from <= m->s.len) {
		const int found = find(m, all->from, err);
		bool accept = true;

		if (found <= 0)
			return found;
		if (m->at[1] == all->from) {
			const size_t n = rune_size(m, all->from);

			accept = m->at[0] != all->before;
			all->from += n ? n : 1;
		} else {
			all->from = m->at[1];
		}
		all->before = m->at[1];
		if (accept)
			return 1;
	}
	return 0;
}

static struct str matched(const struct matching *m)
{
	return between(m, m->at[0], m->at[1]);
}

static const struct value *match(struct run *r, const struct value *const argv[], bool must, struct err *err)
{
	own(matching_release) struct matching m = {0};
	int found;

	if (begin(&m, r, argv[0], argv[1], must, err) < 0)
		return NULL;
	found = find(&m, 0, err);
	return found < 0 ? NULL : value_bool(found);
}

/* A pattern that does not parse matches nothing. */
CALL(sprig_regex_match)
{
	struct err failed = {0};
	const struct value *v = match(r, argv, true, &failed);

	if (v || failed.code == ERR_INPUT)
		return v ? v : value_bool(false);
	err_set(err, failed.code, "%s", failed.what);
	return NULL;
}

CALL(sprig_must_regex_match)
{
	return match(r, argv, true, err);
}

static const struct value *find_first(struct run *r, const struct value *const argv[], bool must, struct err *err)
{
	own(matching_release) struct matching m = {0};
	int found;

	if (begin(&m, r, argv[0], argv[1], must, err) < 0)
		return NULL;
	found = find(&m, 0, err);
	if (found < 0)
		return NULL;
	return found ? give_str(r, matched(&m), err) : &value_empty_string;
}

CALL(sprig_regex_find)
{
	return find_first(r, argv, false, err);
}

CALL(sprig_must_regex_find)
{
	return find_first(r, argv, true, err);
}

static const struct value *find_all(struct run *r, const struct value *const argv[], bool must, struct err *err)
{
	own(matching_release) struct matching m = {0};
	struct all all = {0, SIZE_MAX};
	struct items list;
	int found = 0;

	items_init(&list, r);
	if (begin(&m, r, argv[0], argv[1], must, err) < 0)
		return NULL;
	while ((argv[2]->u.i < 0 || (int64_t)list.len < argv[2]->u.i) && (found = next_match(&m, &all, err)) > 0)
		if (items_add_str(&list, matched(&m), argv[1]->flags & V_POD, err) < 0)
			return NULL;
	if (found < 0)
		return NULL;
	return list.len ? give_items(&list, &go_list_string, err) : give_nil_list(r, &go_list_string, err);
}

CALL(sprig_regex_find_all)
{
	return find_all(r, argv, false, err);
}

CALL(sprig_must_regex_find_all)
{
	return find_all(r, argv, true, err);
}

static bool is_name_rune(uint32_t rune)
{
	return rune == '_' || unicode_is(&unicode_letter, rune) || unicode_is(&unicode_digit, rune);
}

/* The name behind a $: its length in *ret_len with braces, false where there is none. */
static bool reference(struct str s, struct str *ret_name, size_t *ret_len)
{
	const bool braces = s.len && s.p[0] == '{';
	const size_t from = braces ? 1 : 0;
	size_t at = from;
	uint32_t rune;

	while (at < s.len) {
		const size_t n = utf8_decode(s.p + at, s.len - at, &rune);

		if (!is_name_rune(rune))
			break;
		at += n;
	}
	*ret_name = (struct str){s.p + from, at - from};
	*ret_len = at + braces;
	return ret_name->len && (!braces || (at < s.len && s.p[at] == '}'));
}

/* A group's number, SIZE_MAX where the name is none. */
static size_t group_number(struct str name)
{
	uint64_t n;

	if (name.len > 8 || (name.p[0] == '0' && name.len > 1) || !parse_u64(name, &n))
		return SIZE_MAX;
	return (size_t)n;
}

static void add_group(const struct matching *m, struct text *out, size_t group)
{
	if (group < m->groups && m->at[2 * group] != SIZE_MAX)
		add_between(m, out, m->at[2 * group], m->at[2 * group + 1]);
}

static void add_named_group(const struct matching *m, struct text *out, struct str name)
{
	for (size_t i = 0; i < m->re.n_names; i++) {
		if (str_eq(m->re.name[i], name) && i + 1 < m->groups && m->at[2 * i + 2] != SIZE_MAX) {
			add_group(m, out, i + 1);
			return;
		}
	}
}

/* $1, ${1}, $name, ${name}, $$. */
static void expand(const struct matching *m, struct text *out, struct str with)
{
	while (with.len) {
		const char *dollar = memchr(with.p, '$', with.len);
		const size_t before = dollar ? (size_t)(dollar - with.p) : with.len;
		struct str name;
		size_t len;

		text_add(out, with.p, before);
		if (!dollar)
			return;
		with = (struct str){dollar + 1, with.len - before - 1};
		if (with.len && with.p[0] == '$') {
			text_addc(out, '$');
			len = 1;
		} else if (!reference(with, &name, &len)) {
			text_addc(out, '$');
			len = 0;
		} else if (group_number(name) != SIZE_MAX) {
			add_group(m, out, group_number(name));
		} else {
			add_named_group(m, out, name);
		}
		with.p += len;
		with.len -= len;
	}
}

static const struct value *replace(struct run *r, const struct value *const argv[], bool literal, bool must, struct err *err)
{
	own(matching_release) struct matching m = {0};
	const struct str with = argv[2]->u.s;
	size_t from = 0, last = 0;
	int found = 0;
	struct text out;

	out_init(r, &out);
	if (begin(&m, r, argv[0], argv[1], must, err) < 0)
		return NULL;
	while (from <= m.s.len && !out.failed && (found = find(&m, from, err)) > 0) {
		const size_t width = rune_size(&m, from);

		add_between(&m, &out, last, m.at[0]);
		if (m.at[1] > last || m.at[0] == 0) {
			if (literal)
				text_add(&out, with.p, with.len);
			else
				expand(&m, &out, with);
		}
		last = m.at[1];
		if (from + width > last)
			from += width;
		else
			from = from + 1 > last ? from + 1 : last;
	}
	if (found < 0)
		return NULL;
	add_between(&m, &out, last, m.s.len);
	if (charge_bytes(r, out.len, err) < 0)
		return NULL;
	return run_str(r, &out, err);
}

CALL(sprig_regex_replace_all)
{
	return replace(r, argv, false, false, err);
}

CALL(sprig_must_regex_replace_all)
{
	return replace(r, argv, false, true, err);
}

CALL(sprig_regex_replace_all_literal)
{
	return replace(r, argv, true, false, err);
}

CALL(sprig_must_regex_replace_all_literal)
{
	return replace(r, argv, true, true, err);
}

static int add_pieces(struct matching *m, struct items *list, int64_t max, bool has_pattern, unsigned pod, struct err *err)
{
	struct all all = {0, SIZE_MAX};
	size_t from = 0, end = 0;
	int64_t matches = 0;
	int found = 0;

	if (has_pattern && !m->s.len)
		return items_add_str(list, STR(""), 0, err);
	while ((max < 0 || matches++ < max) && (found = next_match(m, &all, err)) > 0) {
		if (max > 0 && (int64_t)list->len == max - 1)
			break;
		end = m->at[0];
		if (m->at[1] && items_add_str(list, between(m, from, end), pod, err) < 0)
			return -1;
		from = m->at[1];
	}
	if (found < 0)
		return -1;
	return end == m->s.len ? 0 : items_add_str(list, between(m, from, m->s.len), pod, err);
}

static const struct value *split(struct run *r, const struct value *const argv[], bool must, struct err *err)
{
	own(matching_release) struct matching m = {0};
	struct items list;

	items_init(&list, r);
	if (begin(&m, r, argv[0], argv[1], must, err) < 0)
		return NULL;
	if (argv[2]->u.i == 0)
		return give_nil_list(r, &go_list_string, err);
	if (add_pieces(&m, &list, argv[2]->u.i, argv[0]->u.s.len, argv[1]->flags & V_POD, err) < 0)
		return NULL;
	return give_items(&list, &go_list_string, err);
}

CALL(sprig_regex_split)
{
	return split(r, argv, false, err);
}

CALL(sprig_must_regex_split)
{
	return split(r, argv, true, err);
}

CALL(sprig_regex_quote_meta)
{
	const struct str s = argv[0]->u.s;
	struct text out;

	if (charge_bytes(r, s.len, err) < 0)
		return NULL;
	out_init(r, &out);
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] && strchr("\\.+*?()|[]{}^$", s.p[i]))
			text_addc(&out, '\\');
		text_addc(&out, s.p[i]);
	}
	return run_str(r, &out, err);
}
