/* SPDX-License-Identifier: Apache-2.0 */
/* Label selectors of the injector's configuration (metav1.LabelSelector): compiled, and asked of a pod's labels. */
#include "patches/config/config.h"

#include <string.h>

static bool one_of(const struct label_requirement *r, struct str value)
{
	for (size_t i = 0; i < r->n_values; i++)
		if (str_eq(r->value[i], value))
			return true;
	return false;
}

static bool requirement_holds(const struct label_requirement *r, const struct map *labels)
{
	const struct value *found = map_get(labels, r->key);
	const struct str value = found && found->kind == K_STRING ? found->u.s : STR("");

	switch (r->op) {
	case LABEL_IN:
		return found && one_of(r, value);
	case LABEL_NOT_IN:
		return !found || !one_of(r, value);
	case LABEL_EXISTS:
		return found;
	case LABEL_NOT_EXISTS:
		return !found;
	}
	return false;
}

static bool selector_matches(const struct selector *s, const struct map *labels)
{
	for (size_t i = 0; i < s->len; i++)
		if (!requirement_holds(&s->requirement[i], labels))
			return false;
	return s->len > 0;
}

size_t selectors_find(const struct selectors *s, const struct map *labels)
{
	for (size_t i = 0; i < s->len; i++)
		if (selector_matches(&s->selector[i], labels))
			return i;
	return SIZE_MAX;
}

bool selectors_match(const struct selectors *s, const struct map *labels)
{
	return selectors_find(s, labels) != SIZE_MAX;
}

static int read_operator(struct str op, struct label_requirement *r, struct err *err)
{
	static const struct {
		const char *name;
		unsigned op;
	} operators[] = {
		{"In", LABEL_IN}, {"NotIn", LABEL_NOT_IN}, {"Exists", LABEL_EXISTS}, {"DoesNotExist", LABEL_NOT_EXISTS},
	};

	for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
		if (str_is(op, operators[i].name)) {
			r->op = operators[i].op;
			return 0;
		}
	}
	return err_set(err, ERR_CONFIG, "'%.*s' is no operator of a label selector, use In, NotIn, Exists or DoesNotExist",
		(int)(op.len < 64 ? op.len : 64), op.p ? op.p : "");
}

static int read_values(struct arena *a, const struct value *raw, struct label_requirement *r, struct err *err)
{
	const bool wanted = r->op == LABEL_IN || r->op == LABEL_NOT_IN;
	const size_t len = raw && raw->kind == K_LIST ? raw->u.list.len : 0;
	struct str *value = arena_calloc(a, len, sizeof(*value));

	if (!value)
		return err_nomem(err);
	if (raw && raw->kind != K_LIST)
		return err_set(err, ERR_CONFIG, "values of a label selector must be a list");
	if (wanted != (len > 0))
		return err_set(err, ERR_CONFIG, wanted ? "operators In and NotIn need values" : "operators Exists and DoesNotExist take no values");
	for (size_t i = 0; i < len; i++) {
		if (raw->u.list.item[i]->kind != K_STRING)
			return err_set(err, ERR_CONFIG, "values of a label selector must be strings");
		value[i] = raw->u.list.item[i]->u.s;
	}
	r->value = value;
	r->n_values = len;
	return 0;
}

static int read_expression(struct arena *a, const struct value *raw, struct label_requirement *r, struct err *err)
{
	r->key = raw_str(raw, "key");
	if (!r->key.len)
		return err_set(err, ERR_CONFIG, "an entry of matchExpressions needs a key");
	if (read_operator(raw_str(raw, "operator"), r, err) < 0 || read_values(a, raw_get(raw, "values"), r, err) < 0)
		return err_wrap(err, "matchExpressions for key '%.*s'", (int)(r->key.len < 64 ? r->key.len : 64), r->key.p);
	return 0;
}

static int read_label(struct arena *a, const struct map_entry *e, struct label_requirement *r, struct err *err)
{
	struct str *value = arena_zalloc(a, sizeof(*value));

	if (!value)
		return err_nomem(err);
	if (e->value->kind != K_STRING)
		return err_set(err, ERR_CONFIG, "matchLabels '%.*s' must be a string",
			(int)(e->key.len < 64 ? e->key.len : 64), e->key.p);
	*value = e->value->u.s;
	*r = (struct label_requirement){.key = e->key, .op = LABEL_IN, .value = value, .n_values = 1};
	return 0;
}

int selector_compile(struct arena *a, const struct value *raw, struct selector *ret, struct err *err)
{
	const struct value *labels = raw_get(raw, "matchLabels"), *expressions = raw_get(raw, "matchExpressions");
	const size_t n_labels = labels && labels->kind == K_MAP && labels->u.map ? labels->u.map->len : 0;
	const size_t n_expressions = expressions && expressions->kind == K_LIST ? expressions->u.list.len : 0;
	struct label_requirement *r = arena_calloc(a, n_labels + n_expressions, sizeof(*r));

	if (!r)
		return err_nomem(err);
	if (raw->kind != K_MAP)
		return err_set(err, ERR_CONFIG, "must be a label selector, with matchLabels or matchExpressions");
	if ((labels && labels->kind != K_MAP) || (expressions && expressions->kind != K_LIST))
		return err_set(err, ERR_CONFIG, "matchLabels must be a map and matchExpressions a list");
	for (size_t i = 0; i < n_labels; i++)
		if (read_label(a, &labels->u.map->entry[i], &r[i], err) < 0)
			return -1;
	for (size_t i = 0; i < n_expressions; i++)
		if (read_expression(a, expressions->u.list.item[i], &r[n_labels + i], err) < 0)
			return -1;
	*ret = (struct selector){r, n_labels + n_expressions};
	return 0;
}

int selectors_compile(struct arena *a, const struct value *raw, struct selectors *ret, struct err *err)
{
	struct selector *s;

	*ret = (struct selectors){NULL, 0};
	if (!raw || raw->kind == K_NIL)
		return 0;
	if (raw->kind != K_LIST)
		return err_set(err, ERR_CONFIG, "must be a list of label selectors");
	s = arena_calloc(a, raw->u.list.len, sizeof(*s));
	if (!s)
		return err_nomem(err);
	for (size_t i = 0; i < raw->u.list.len; i++)
		if (selector_compile(a, raw->u.list.item[i], &s[i], err) < 0)
			return err_wrap(err, "entry %zu", i + 1);
	*ret = (struct selectors){s, raw->u.list.len};
	return 0;
}
