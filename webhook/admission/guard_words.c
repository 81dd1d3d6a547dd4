/* SPDX-License-Identifier: Apache-2.0 */
/* The words of guard.yaml. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/glob.h"
#include "base/limits.h"
#include "patches/schema/schema.h"
#include "webhook/admission/guard_load.h"

enum { FIELD_LIST_MAX = 640, PATTERN_MAX = 256 };

int guard_fail(struct guard_reader *r, const struct yaml_node *n, const char *fmt, ...)
{
	char what[sizeof(r->err->what) / 2];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	(void)err_set(r->err, ERR_CONFIG, "%s", what);
	return n ? err_at(r->err, "%s:%u", r->file, n->line + 1) : err_at(r->err, "%s", r->file);
}

int guard_warn(struct guard_reader *r, size_t line, const char *fmt, ...)
{
	char what[512];
	va_list args;
	const char *text;

	va_start(args, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (r->g->n_warnings == GUARD_WARNINGS_MAX)
		return 0;
	text = arena_printf(&r->g->arena, "%s:%zu: %s", r->file, line, what);
	if (!text)
		return err_nomem(r->err);
	r->g->warning[r->g->n_warnings++] = text;
	return 0;
}

static int shown(struct str s)
{
	return (int)(s.len < 64 ? s.len : 64);
}

static int unknown_field(struct guard_reader *r, const struct yaml_node *key, const struct guard_field *field,
	size_t len, const char *what)
{
	char list[FIELD_LIST_MAX];
	size_t at = 0;

	list[0] = '\0';
	for (size_t i = 0; i < len && at < sizeof(list); i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? ", " : "", field[i].name);
	return guard_fail(r, key, "%s has no field '%.*s'; there are %s", what, shown(key->text),
		key->text.p ? key->text.p : "", list);
}

size_t guard_find_field(struct guard_reader *r, const struct yaml_node *n, const struct yaml_node *key,
	const struct guard_field *field, size_t len, const char *what)
{
	size_t found = 0;

	while (key->kind == YAML_NODE_SCALAR && found < len && !str_is(key->text, field[found].name))
		found++;
	if (key->kind != YAML_NODE_SCALAR || found == len) {
		(void)unknown_field(r, key, field, len, what);
		return SIZE_MAX;
	}
	for (const struct yaml_node *before = n->child; before != key; before = before->next->next) {
		if (before->kind == YAML_NODE_SCALAR && str_eq(before->text, key->text)) {
			(void)guard_fail(
				r, key, "'%s' is there already, at line %u", field[found].name, before->line + 1);
			return SIZE_MAX;
		}
	}
	return found;
}

int guard_read_map(struct guard_reader *r, const struct yaml_node *n, const char *what, const struct guard_field *field,
	size_t len, void *into)
{
	uint32_t seen = 0;

	if (n->kind != YAML_NODE_MAP)
		return guard_fail(r, n, "%s must be a map that begins with its name", what);
	for (const struct yaml_node *key = n->child; key; key = key->next->next) {
		const size_t found = guard_find_field(r, n, key, field, len, what);

		if (found == SIZE_MAX || field[found].read(r, key->next, into) < 0)
			return -1;
		seen |= UINT32_C(1) << found;
	}
	for (size_t i = 0; i < len; i++)
		if (field[i].needed && !(seen & UINT32_C(1) << i))
			return guard_fail(r, n, "%s needs '%s'", what, field[i].name);
	return 0;
}

int guard_check_list(struct guard_reader *r, const struct yaml_node *n, const char *what, size_t most)
{
	if (n->kind != YAML_NODE_LIST)
		return guard_fail(r, n, "%s must be a list", what);
	return n->len <= most ? 0 : guard_fail(r, n, "%s has %zu entries, more than %zu", what, n->len, most);
}

int guard_read_text(struct guard_reader *r, const struct yaml_node *n, const char *what, struct str *ret)
{
	if (n->kind != YAML_NODE_SCALAR)
		return guard_fail(r, n, "%s must be a text%s", what,
			n->kind == YAML_NODE_ALIAS ? ", written out: aliases are not followed here" : "");
	*ret = n->text.p ? n->text : STR("");
	return 0;
}

int guard_read_globs(struct guard_reader *r, const struct yaml_node *n, const char *what, struct globs *ret)
{
	struct str *glob;
	size_t len = 0;

	if (guard_check_list(r, n, what, LIMIT_GUARD_PATTERNS) < 0)
		return -1;
	if (!n->len)
		return guard_fail(r, n, "%s is empty: leave it out where all are meant", what);
	if ((r->patterns += n->len) > LIMIT_GUARD_PATTERNS)
		return guard_fail(r, n, "more than %d names and patterns in one file", LIMIT_GUARD_PATTERNS);
	glob = arena_calloc(&r->g->arena, n->len, sizeof(*glob));
	if (!glob)
		return err_nomem(r->err);
	for (const struct yaml_node *item = n->child; item; item = item->next) {
		if (guard_read_text(r, item, what, &glob[len]) < 0)
			return -1;
		if (!glob[len].len || glob[len].len > PATTERN_MAX)
			return guard_fail(r, item, "an entry of %s has 1 to %d bytes", what, PATTERN_MAX);
		len++;
	}
	*ret = (struct globs){glob, len};
	return 0;
}

int guard_read_selector(struct guard_reader *r, const struct yaml_node *n, struct selectors *ret)
{
	struct yaml_node root = *n;
	const struct yaml_document document = {.root = &root};
	const struct value *item = yaml_decode(&r->g->arena, &document, 0, r->err), *list;
	const struct value **items = arena_calloc(&r->g->arena, 1, sizeof(*items));

	if (!item)
		return err_at(r->err, "%s:%u", r->file, n->line + 1);
	if (!items)
		return err_nomem(r->err);
	items[0] = item;
	list = value_list(&r->g->arena, items, 1);
	if (!list)
		return err_nomem(r->err);
	for (const struct yaml_node *key = n->kind == YAML_NODE_MAP ? n->child : NULL; key; key = key->next->next)
		if (!str_is(key->text, "matchLabels") && !str_is(key->text, "matchExpressions"))
			return guard_fail(r, key, "a label selector has matchLabels and matchExpressions, not '%.*s'",
				shown(key->text), key->text.p ? key->text.p : "");
	if (selectors_compile(&r->g->arena, list, ret, r->err) < 0)
		return err_at(r->err, "%s:%u", r->file, n->line + 1);
	return ret->selector[0].len ? 0
				    : guard_fail(r, n, "namespaceSelector is empty: leave it out where all are meant");
}

/* --- conditions --- */

static bool is_word(const struct yaml_node *n, const char *word)
{
	return n->kind == YAML_NODE_SCALAR && str_is(n->text, word);
}

static int read_word(
	struct guard_reader *r, const struct yaml_node *n, const struct guard_condition *c, const char *word)
{
	return is_word(n, word) ? 0 : guard_fail(r, n, "%s must be '%s'", guard_kinds[c->kind].name, word);
}

static int read_quantity(struct guard_reader *r, const struct yaml_node *n, int64_t *ret)
{
	struct str text, canonical;
	struct err cause = {0};

	if (guard_read_text(r, n, "a bound", &text) < 0)
		return -1;
	if (quantity_canonical(&r->g->arena, text, &canonical, ret, &cause) == 0)
		return 0;
	return cause.code == ERR_NOMEM
		       ? err_nomem(r->err)
		       : guard_fail(r, n, "'%.*s' is no quantity, such as 500m or 1Gi", shown(text), text.p);
}

static int bound_min(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	struct guard_values *v = into;

	v->has_min = true;
	return read_quantity(r, n, &v->min);
}

static int bound_max(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	struct guard_values *v = into;

	v->has_max = true;
	return read_quantity(r, n, &v->max);
}

static int values_allowed(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	struct guard_values *v = into;

	return guard_read_globs(r, n, "allowed", &v->globs);
}

static int values_digest(struct guard_reader *r, const struct yaml_node *n, void *into)
{
	struct guard_values *v = into;

	v->digest = true;
	return is_word(n, "required") ? 0 : guard_fail(r, n, "digest must be 'required'");
}

static const struct guard_field bound_fields[] = {{"min", bound_min, false}, {"max", bound_max, false}};
static const struct guard_field values_fields[] = {
	{"allowed", values_allowed, false}, {"digest", values_digest, false}};

static int read_bounds(struct guard_reader *r, const struct yaml_node *n, struct guard_condition *c)
{
	const char *name = guard_kinds[c->kind].name;

	if (is_word(n, "any"))
		return 0;
	if (n->kind != YAML_NODE_MAP || !n->len)
		return guard_fail(r, n, "%s must be 'any' or {min: QUANTITY, max: QUANTITY}", name);
	return guard_read_map(r, n, name, bound_fields, ARRAY_LEN(bound_fields), &c->values);
}

/* Patterns of images are compared with whole names, so a short one gets what Docker assumes, as the pod's does. */
static int complete_images(struct guard_reader *r, struct globs *g)
{
	struct str *full = arena_calloc(&r->g->arena, g->len, sizeof(*full));

	for (size_t i = 0; full && i < g->len; i++) {
		struct str rest = g->glob[i];

		full[i] = glob_is_pattern(str_cut(&rest, '/')) ? g->glob[i] : image_full_name(&r->g->arena, g->glob[i]);
		if (!full[i].p)
			return err_nomem(r->err);
	}
	if (!full)
		return err_nomem(r->err);
	g->glob = full;
	return 0;
}

static int read_values(struct guard_reader *r, const struct yaml_node *n, struct guard_condition *c)
{
	static const struct str all[] = {{"*", 1}};
	const struct guard_kind_row *row = &guard_kinds[c->kind];
	const bool image = row->syntax == GUARD_SYNTAX_IMAGE;

	if (is_word(n, "any"))
		return 0;
	if (n->kind == YAML_NODE_LIST) {
		c->values.mode = VALUES_ONE_OF;
		if (guard_read_globs(r, n, row->name, &c->values.globs) < 0)
			return -1;
	} else if (n->kind == YAML_NODE_MAP && n->len) {
		c->values.mode = VALUES_ALL_BUT;
		if (guard_read_map(r, n, row->name, values_fields, image ? 2 : 1, &c->values) < 0)
			return -1;
		if (!c->values.globs.len)
			c->values.globs = (struct globs){all, 1};
	} else {
		return guard_fail(r, n, "%s must be 'any', a list of values, or {allowed: [VALUES]%s}", row->name,
			image ? ", digest: required" : "");
	}
	return image ? complete_images(r, &c->values.globs) : 0;
}

int guard_read_condition(struct guard_reader *r, const struct yaml_node *n, struct guard_condition *c)
{
	switch (guard_kinds[c->kind].syntax) {
	case GUARD_SYNTAX_OFF:
		return read_word(r, n, c, "off");
	case GUARD_SYNTAX_ON:
		return read_word(r, n, c, "any");
	case GUARD_SYNTAX_BOUND:
		return read_bounds(r, n, c);
	default:
		return read_values(r, n, c);
	}
}

/* --- days --- */

static bool two_or_four(struct str text, size_t at, size_t len, int64_t *ret)
{
	return parse_i64((struct str){text.p + at, len}, ret) && text.p[at] != '-' && text.p[at] != '+';
}

/* Days since 1970 of a date in the Gregorian calendar; years are taken to begin in March, so that the leap day is the
 * last. */
static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
	const int64_t y = year - (month <= 2), m = (month + 9) % 12;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

bool guard_day(struct str text, int64_t *ret)
{
	static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t year, month, day;
	bool leap;

	if (text.len != 10 || text.p[4] != '-' || text.p[7] != '-' || !two_or_four(text, 0, 4, &year) ||
		!two_or_four(text, 5, 2, &month) || !two_or_four(text, 8, 2, &day))
		return false;
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > lengths[month - 1] + (leap && month == 2))
		return false;
	*ret = days_since_1970(year, month, day) * 86400;
	return true;
}
