/* SPDX-License-Identifier: Apache-2.0 */
/* sprig's strings: trimming, cutting, repeating, replacing, indenting. */
#include <string.h>

#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"

CALL(sprig_hello)
{
	return give_cstr(r, "Hello!", err);
}

CALL(sprig_trim)
{
	return give_str(r, str_trim_space(argv[0]->u.s), err);
}

static bool in_cutset(struct str cutset, uint32_t rune)
{
	uint32_t c;

	for (size_t i = 0; i < cutset.len;) {
		i += utf8_decode(cutset.p + i, cutset.len - i, &c);
		if (c == rune)
			return true;
	}
	return false;
}

/* utf8.DecodeLastRune. */
static size_t last_rune(struct str s, uint32_t *ret)
{
	for (size_t n = s.len < 4 ? s.len : 4; n > 1; n--)
		if (utf8_decode(s.p + s.len - n, n, ret) == n)
			return n;
	return utf8_decode(s.p + s.len - 1, 1, ret);
}

CALL(sprig_trim_all)
{
	const struct str cutset = argv[0]->u.s;
	struct str s = argv[1]->u.s;
	uint32_t rune;

	if (charge_bytes(r, cutset.len < SIZE_MAX / (s.len + 1) ? cutset.len * s.len : SIZE_MAX, err) < 0)
		return NULL;
	while (s.len) {
		const size_t n = utf8_decode(s.p, s.len, &rune);

		if (!in_cutset(cutset, rune))
			break;
		s.p += n;
		s.len -= n;
	}
	while (s.len) {
		const size_t n = last_rune(s, &rune);

		if (!in_cutset(cutset, rune))
			break;
		s.len -= n;
	}
	return give_str(r, s, err);
}

static bool has_prefix(struct str s, struct str prefix)
{
	return s.len >= prefix.len && (!prefix.len || memcmp(s.p, prefix.p, prefix.len) == 0);
}

static bool has_suffix(struct str s, struct str suffix)
{
	return s.len >= suffix.len && (!suffix.len || memcmp(s.p + s.len - suffix.len, suffix.p, suffix.len) == 0);
}

CALL(sprig_trim_prefix)
{
	struct str s = argv[1]->u.s;

	if (has_prefix(s, argv[0]->u.s)) {
		s.p += argv[0]->u.s.len;
		s.len -= argv[0]->u.s.len;
	}
	return give_str(r, s, err);
}

CALL(sprig_trim_suffix)
{
	struct str s = argv[1]->u.s;

	if (has_suffix(s, argv[0]->u.s))
		s.len -= argv[0]->u.s.len;
	return give_str(r, s, err);
}

CALL(sprig_has_prefix)
{
	return value_bool(has_prefix(argv[1]->u.s, argv[0]->u.s));
}

CALL(sprig_has_suffix)
{
	return value_bool(has_suffix(argv[1]->u.s, argv[0]->u.s));
}

CALL(sprig_contains)
{
	if (charge_bytes(r, argv[1]->u.s.len, err) < 0)
		return NULL;
	return value_bool(str_find(argv[1]->u.s, argv[0]->u.s) != SIZE_MAX);
}

/* s[from:to] as Go slices, or the text of its panic; from is not negative. */
static const struct value *go_slice(struct run *r, struct str s, int64_t from, int64_t to, struct err *err)
{
	if (to < 0)
		err_set(err, ERR_INPUT, "runtime error: slice bounds out of range [:%lld]", (long long)to);
	else if (to > (int64_t)s.len)
		err_set(err, ERR_INPUT, "runtime error: slice bounds out of range [:%lld] with length %zu", (long long)to, s.len);
	else if (from > to)
		err_set(err, ERR_INPUT, "runtime error: slice bounds out of range [%lld:%lld]", (long long)from, (long long)to);
	else
		return give_str(r, (struct str){s.p + from, (size_t)(to - from)}, err);
	return NULL;
}

CALL(sprig_substr)
{
	const int64_t start = argv[0]->u.i, end = argv[1]->u.i;
	const struct str s = argv[2]->u.s;

	if (start < 0)
		return go_slice(r, s, 0, end, err);
	return go_slice(r, s, start, end < 0 || end > (int64_t)s.len ? (int64_t)s.len : end, err);
}

CALL(sprig_trunc)
{
	const int64_t n = argv[0]->u.i;
	struct str s = argv[1]->u.s;

	if (n < 0 && n > -(int64_t)s.len) {
		s.p += (int64_t)s.len + n;
		s.len = (size_t)-n;
	} else if (n >= 0 && (int64_t)s.len > n) {
		s.len = (size_t)n;
	}
	return give_str(r, s, err);
}

static int repeat(struct run *r, struct text *out, int64_t count, struct str s, struct err *err)
{
	size_t total;

	if (count < 0)
		return err_set(err, ERR_INPUT, "strings: negative Repeat count");
	if (__builtin_mul_overflow((size_t)count, s.len, &total) || total > LIMIT_TEMPLATE_OUTPUT)
		return err_set(err, ERR_LIMIT, "a text of more than %d bytes", LIMIT_TEMPLATE_OUTPUT);
	if (charge_bytes(r, total, err) < 0)
		return -1;
	for (int64_t i = 0; s.len && i < count; i++)
		text_add(out, s.p, s.len);
	return 0;
}

CALL(sprig_repeat)
{
	struct text out;

	out_init(r, &out);
	if (repeat(r, &out, argv[0]->u.i, argv[1]->u.s, err) < 0)
		return NULL;
	return run_str(r, &out, err);
}

static int replace_runes(struct text *out, struct str with, struct str s)
{
	uint32_t rune;

	for (size_t i = 0, n; i < s.len; i += n) {
		n = utf8_decode(s.p + i, s.len - i, &rune);
		text_add(out, with.p, with.len);
		text_add(out, s.p + i, n);
	}
	text_add(out, with.p, with.len);
	return 0;
}

CALL(sprig_replace)
{
	const struct str old = argv[0]->u.s, with = argv[1]->u.s;
	struct str s = argv[2]->u.s;
	struct text out;

	out_init(r, &out);
	if (str_eq(old, with))
		return give_str(r, s, err);
	if (!old.len)
		replace_runes(&out, with, s);
	while (old.len) {
		const size_t at = str_find(s, old);

		text_add(&out, s.p, at == SIZE_MAX ? s.len : at);
		if (at == SIZE_MAX)
			break;
		text_add(&out, with.p, with.len);
		s.p += at + old.len;
		s.len -= at + old.len;
	}
	if (charge_bytes(r, out.len, err) < 0)
		return NULL;
	return run_str(r, &out, err);
}

static const struct value *indent(struct run *r, const char *before, int64_t spaces, struct str s, struct err *err)
{
	struct text out;

	if (spaces < 0)
		return give_error(err, "strings: negative Repeat count");
	out_init(r, &out);
	text_adds(&out, before);
	for (struct str rest = s; rest.p && !out.failed;) {
		const struct str line = str_cut(&rest, '\n');

		text_fill(&out, ' ', (size_t)spaces);
		text_add(&out, line.p, line.len);
		if (rest.p)
			text_addc(&out, '\n');
	}
	if (charge_bytes(r, out.len, err) < 0)
		return NULL;
	return run_str(r, &out, err);
}

CALL(sprig_indent)
{
	return indent(r, "", argv[0]->u.i, argv[1]->u.s, err);
}

CALL(sprig_nindent)
{
	return indent(r, "\n", argv[0]->u.i, argv[1]->u.s, err);
}

CALL(sprig_plural)
{
	return argv[2]->u.i == 1 ? argv[0] : argv[1];
}

CALL(sprig_fail)
{
	err_set(err, ERR_INPUT, "%.*s", (int)(argv[0]->u.s.len < 900 ? argv[0]->u.s.len : 900), argv[0]->u.s.p);
	return NULL;
}
