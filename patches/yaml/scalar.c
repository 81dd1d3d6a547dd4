/* SPDX-License-Identifier: Apache-2.0 */
/* What a YAML scalar means: YAML 1.1 as go.yaml.in/yaml/v2 reads it. */
#include "patches/yaml/scalar.h"

#include <math.h>
#include <string.h>

#include "base/base64.h"

static const char tag_prefix[] = "tag:yaml.org,2002:";

/* Words that are no strings. */
static const struct word {
	const char *text;
	enum yaml_type type;
	bool b;
	double f;
} words[] = {
	{"y", YAML_TYPE_BOOL, .b = true},    {"Y", YAML_TYPE_BOOL, .b = true},
	{"yes", YAML_TYPE_BOOL, .b = true},  {"Yes", YAML_TYPE_BOOL, .b = true},  {"YES", YAML_TYPE_BOOL, .b = true},
	{"true", YAML_TYPE_BOOL, .b = true}, {"True", YAML_TYPE_BOOL, .b = true}, {"TRUE", YAML_TYPE_BOOL, .b = true},
	{"on", YAML_TYPE_BOOL, .b = true},   {"On", YAML_TYPE_BOOL, .b = true},   {"ON", YAML_TYPE_BOOL, .b = true},
	{"n", YAML_TYPE_BOOL, .b = false},     {"N", YAML_TYPE_BOOL, .b = false},
	{"no", YAML_TYPE_BOOL, .b = false},    {"No", YAML_TYPE_BOOL, .b = false},    {"NO", YAML_TYPE_BOOL, .b = false},
	{"false", YAML_TYPE_BOOL, .b = false}, {"False", YAML_TYPE_BOOL, .b = false}, {"FALSE", YAML_TYPE_BOOL, .b = false},
	{"off", YAML_TYPE_BOOL, .b = false},   {"Off", YAML_TYPE_BOOL, .b = false},   {"OFF", YAML_TYPE_BOOL, .b = false},
	{"~", YAML_TYPE_NULL, .b = false},
	{"null", YAML_TYPE_NULL, .b = false},  {"Null", YAML_TYPE_NULL, .b = false},  {"NULL", YAML_TYPE_NULL, .b = false},
	{".nan", YAML_TYPE_FLOAT, .f = NAN},        {".NaN", YAML_TYPE_FLOAT, .f = NAN},        {".NAN", YAML_TYPE_FLOAT, .f = NAN},
	{".inf", YAML_TYPE_FLOAT, .f = INFINITY},   {".Inf", YAML_TYPE_FLOAT, .f = INFINITY},   {".INF", YAML_TYPE_FLOAT, .f = INFINITY},
	{"+.inf", YAML_TYPE_FLOAT, .f = INFINITY},  {"+.Inf", YAML_TYPE_FLOAT, .f = INFINITY},  {"+.INF", YAML_TYPE_FLOAT, .f = INFINITY},
	{"-.inf", YAML_TYPE_FLOAT, .f = -INFINITY}, {"-.Inf", YAML_TYPE_FLOAT, .f = -INFINITY}, {"-.INF", YAML_TYPE_FLOAT, .f = -INFINITY},
};

static const char word_begins[] = "yYtToOnNfF~.+-";
enum { LONGEST_WORD = 5 };

static bool find_word(struct str text, struct yaml_scalar *ret)
{
	if (!memchr(word_begins, text.p[0], sizeof(word_begins) - 1))
		return false;
	for (size_t i = 0; text.len <= LONGEST_WORD && i < ARRAY_LEN(words); i++) {
		if (!str_is(text, words[i].text))
			continue;
		ret->type = words[i].type;
		if (words[i].type == YAML_TYPE_BOOL)
			ret->as.b = words[i].b;
		else if (words[i].type == YAML_TYPE_FLOAT)
			ret->as.f = words[i].f;
		return true;
	}
	return false;
}

/* --- numbers: their texts may hold underscores anywhere, which count for nothing ------------------------------------ */

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* Digits of one base, to the end; none at all is zero, as after the 0 of an octal number. */
static bool magnitude(struct str s, unsigned base, uint64_t *ret)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		unsigned digit;

		if (s.p[i] == '_')
			continue;
		digit = digit_of(s.p[i]);
		if (digit >= base || __builtin_mul_overflow(n, base, &n) || __builtin_add_overflow(n, digit, &n))
			return false;
	}
	*ret = n;
	return true;
}

static struct str rest(struct str s, size_t from)
{
	return (struct str){s.p + from, s.len - from};
}

static struct str skip_underscores(struct str s)
{
	while (s.len && s.p[0] == '_')
		s = rest(s, 1);
	return s;
}

/* Cuts the prefix of a base off: 0x, 0o, 0b in any case, and a plain 0 for octal. */
static unsigned base_of(struct str *s)
{
	struct str behind;
	char mark;

	if (!s->len || s->p[0] != '0')
		return 10;
	behind = skip_underscores(rest(*s, 1));
	mark = behind.len ? (char)(behind.p[0] | 0x20) : '\0';
	if (mark != 'x' && mark != 'o' && mark != 'b') {
		*s = behind;
		return 8;
	}
	*s = skip_underscores(rest(behind, 1));
	if (!s->len)
		return 0;
	return mark == 'x' ? 16 : mark == 'o' ? 8 : 2;
}

static bool signed_number(char sign, uint64_t n, struct yaml_scalar *ret)
{
	if (n <= (uint64_t)INT64_MAX + (sign == '-' ? 1 : 0))
		*ret = (struct yaml_scalar){YAML_TYPE_INT, .as.i = sign == '-' ? (int64_t)(0 - n) : (int64_t)n};
	else if (!sign)
		*ret = (struct yaml_scalar){YAML_TYPE_UINT, .as.u = n};
	else
		return false;
	return true;
}

static char cut_sign(struct str *s)
{
	const char c = s->len ? s->p[0] : '\0';

	if (c != '+' && c != '-')
		return '\0';
	*s = skip_underscores(rest(*s, 1));
	return c;
}

/* strconv.ParseInt and ParseUint with base 0. */
static bool integer(struct str s, struct yaml_scalar *ret)
{
	const char sign = cut_sign(&s);
	unsigned base;
	uint64_t n;

	if (!s.len)
		return false;
	base = base_of(&s);
	return base && magnitude(s, base, &n) && signed_number(sign, n, ret);
}

/* What only a second look of Go's at 0b takes: a sign behind the prefix. */
static bool late_binary(struct str s, struct yaml_scalar *ret)
{
	uint64_t n;
	char sign;

	if (s.p[0] != '0')
		return false;
	s = skip_underscores(rest(s, 1));
	if (!s.len || s.p[0] != 'b')
		return false;
	s = skip_underscores(rest(s, 1));
	sign = cut_sign(&s);
	return sign && s.len && magnitude(s, 2, &n) && signed_number(sign, n, ret);
}

/* Decimal fractions and exponents; what a double cannot hold is no number but a string. */
static bool fraction(struct str s, struct yaml_scalar *ret)
{
	char small[64];
	struct text plain;
	double f;
	bool ok;

	if (s.len < sizeof(small) && !memchr(s.p, '_', s.len)) {
		ok = parse_f64(s, &f);
	} else {
		text_init(&plain, NULL, s.len);
		for (size_t i = 0; i < s.len; i++)
			if (s.p[i] != '_')
				text_addc(&plain, s.p[i]);
		ok = !plain.failed && parse_f64((struct str){plain.data, plain.len}, &f);
		text_release(&plain);
	}
	if (!ok || isinf(f))
		return false;
	*ret = (struct yaml_scalar){YAML_TYPE_FLOAT, .as.f = f};
	return true;
}

static bool number(struct str text, struct yaml_scalar *ret)
{
	const char c = text.p[0];

	if (c == '.') /* here Go's strconv reads alone, and it takes no underscore */
		return !memchr(text.p, '_', text.len) && fraction(text, ret);
	if (c != '+' && c != '-' && (c < '0' || c > '9'))
		return false;
	return integer(text, ret) || fraction(text, ret) || late_binary(text, ret);
}

struct yaml_scalar yaml_resolve(struct str text)
{
	struct yaml_scalar found;

	if (!text.len)
		return (struct yaml_scalar){.type = YAML_TYPE_NULL};
	if (find_word(text, &found))
		return found;
	if (yaml_is_timestamp(text))
		return (struct yaml_scalar){YAML_TYPE_TIMESTAMP, .as.s = text};
	if (number(text, &found))
		return found;
	return (struct yaml_scalar){YAML_TYPE_STRING, .as.s = text};
}

/* --- tags ----------------------------------------------------------------------------------------------------------- */

static int decode_binary(struct arena *a, struct str text, struct yaml_scalar *ret, struct err *err)
{
	struct text out;

	text_init(&out, a, text.len);
	if (!base64_decode(text, &out))
		return err_set(err, ERR_INPUT, "yaml: !!binary value contains invalid base64 data");
	if (out.failed)
		return err_nomem(err);
	*ret = (struct yaml_scalar){YAML_TYPE_BINARY, .as.s = {out.data, out.len}};
	return 0;
}

static const char *const type_names[] = {
	[YAML_TYPE_NULL] = "null",   [YAML_TYPE_BOOL] = "bool",     [YAML_TYPE_INT] = "int",
	[YAML_TYPE_UINT] = "int",    [YAML_TYPE_FLOAT] = "float",   [YAML_TYPE_STRING] = "str",
	[YAML_TYPE_BINARY] = "binary", [YAML_TYPE_TIMESTAMP] = "timestamp",
};

/* `name` (what stands behind "!!") demands a type; an int will do for a float. */
static int demand(struct str name, struct str text, struct yaml_scalar *found, struct err *err)
{
	if (str_is(name, type_names[found->type]))
		return 0;
	if (str_is(name, "float") && found->type == YAML_TYPE_INT) {
		*found = (struct yaml_scalar){YAML_TYPE_FLOAT, .as.f = (double)found->as.i};
		return 0;
	}
	return err_set(err, ERR_INPUT, "yaml: cannot decode !!%s `%.*s` as a !!%.*s", type_names[found->type],
		text.len < 200 ? (int)text.len : 200, text.p, (int)name.len, name.p);
}

static bool is_resolvable(struct str name)
{
	return str_is(name, "bool") || str_is(name, "int") || str_is(name, "float") || str_is(name, "null") ||
	       str_is(name, "timestamp");
}

int yaml_resolve_tagged(struct arena *a, struct str tag, struct str text, bool quoted, struct yaml_scalar *ret, struct err *err)
{
	struct yaml_scalar found = {YAML_TYPE_STRING, .as.s = text};
	struct str name = {NULL, 0};

	if (str_has_prefix(tag, tag_prefix))
		name = rest(tag, sizeof(tag_prefix) - 1);
	if (str_is(name, "binary"))
		return decode_binary(a, text, ret, err);
	if (!tag.len && !quoted)
		found = yaml_resolve(text);
	if (is_resolvable(name)) {
		found = yaml_resolve(text);
		/* Only a timestamp may look like one; under another tag it is a string. */
		if (found.type == YAML_TYPE_TIMESTAMP && !str_is(name, "timestamp"))
			found.type = YAML_TYPE_STRING;
		if (demand(name, text, &found, err) < 0)
			return -1;
	}
	*ret = found;
	return 0;
}
