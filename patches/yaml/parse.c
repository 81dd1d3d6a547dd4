/* SPDX-License-Identifier: Apache-2.0 */
/* YAML text to raw values, as sigs.k8s.io/yaml makes JSON of it: nodes are resolved, aliases copied, merge keys applied. */
#include "patches/yaml/parse.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/gofloat.h"
#include "base/limits.h"
#include "patches/value/json.h"
#include "patches/yaml/scalar.h"

/*
 * Errors come in the order in which Go finds them: what stops the decoder first; then the duplicate keys, all of them; then what JSON
 * cannot hold. The latter two are kept here while decoding goes on.
 */
struct decoder {
	struct arena *arena;
	unsigned flags;
	size_t decoded, from_aliases; /* nodes */
	size_t depth, alias_depth;
	struct text duplicates;
	struct err no_json;
};

static const struct value *decode(struct decoder *d, struct yaml_node *n, struct err *err);

static const struct value *fail_at(const struct yaml_node *n, struct err *err)
{
	(void)err_at(err, "line %u", n->line + 1);
	return NULL;
}

static const struct value *made(const struct value *v, struct err *err)
{
	if (!v)
		(void)err_nomem(err);
	return v;
}

/* --- scalars -------------------------------------------------------------------------------------------------------- */

static unsigned node_flags(const struct decoder *d)
{
	return d->flags & YAML_FROM_POD ? V_ASIS : 0;
}

static const struct value *leaf(struct decoder *d, enum kind kind, struct str text, struct err *err)
{
	struct value *v = value_new(d->arena, kind, NULL);

	if (!v) {
		(void)err_nomem(err);
		return NULL;
	}
	v->u.s = text;
	v->flags = (uint8_t)node_flags(d);
	if (kind == K_STRING && d->flags & YAML_FROM_POD)
		v->flags |= V_POD;
	return v;
}

/* As encoding/json writes strings: what is no UTF-8 becomes U+FFFD. Only !!binary can bring that. */
static const struct value *binary(struct decoder *d, struct str bytes, struct err *err)
{
	struct text out;
	uint32_t rune;

	text_init(&out, d->arena, LIMIT_ARENA_BYTES);
	for (size_t i = 0; i < bytes.len; text_add_rune(&out, rune))
		i += utf8_decode(bytes.p + i, bytes.len - i, &rune);
	if (out.failed)
		return made(NULL, err);
	return leaf(d, K_STRING, (struct str){out.data ? out.data : "", out.len}, err);
}

static const struct value *number(struct decoder *d, const struct yaml_node *n, const struct yaml_scalar *s, struct err *err)
{
	const struct value *v;
	struct text out;

	text_init(&out, d->arena, 64);
	if (s->type == YAML_TYPE_INT) {
		text_addi(&out, s->as.i);
	} else if (s->type == YAML_TYPE_UINT) {
		text_addu(&out, s->as.u);
	} else if (json_write_float(&out, s->as.f) < 0) {
		(void)err_set(&d->no_json, ERR_INPUT, "json: unsupported value: %s",
			isnan(s->as.f) ? "NaN" : s->as.f > 0 ? "+Inf" : "-Inf");
		(void)fail_at(n, &d->no_json);
		text_addc(&out, '0');
	}
	if (out.failed)
		return made(NULL, err);
	v = leaf(d, K_NUMBER, (struct str){out.data, out.len}, err);
	return v && s->type == YAML_TYPE_FLOAT ? made(value_flagged(d->arena, v, V_FLOAT), err) : v;
}

static int resolve(struct decoder *d, const struct yaml_node *n, struct yaml_scalar *ret, struct err *err)
{
	if (yaml_resolve_tagged(d->arena, n->tag, n->text, !n->implicit, ret, err) == 0)
		return 0;
	return err_at(err, "line %u", n->line + 1);
}

static const struct value *decode_scalar(struct decoder *d, const struct yaml_node *n, struct err *err)
{
	struct yaml_scalar s;

	if (resolve(d, n, &s, err) < 0)
		return NULL;
	switch (s.type) {
	case YAML_TYPE_NULL:
		return made(value_flagged(d->arena, &value_nil, node_flags(d)), err);
	case YAML_TYPE_BOOL:
		return made(value_flagged(d->arena, value_bool(s.as.b), node_flags(d)), err);
	case YAML_TYPE_INT:
	case YAML_TYPE_UINT:
	case YAML_TYPE_FLOAT:
		return number(d, n, &s, err);
	case YAML_TYPE_BINARY:
		return binary(d, s.as.s, err);
	case YAML_TYPE_STRING:
	case YAML_TYPE_TIMESTAMP:
		break;
	}
	return leaf(d, K_STRING, n->text, err);
}

/* --- maps ----------------------------------------------------------------------------------------------------------- */

/* A float as a key is printed as a float32, which is what sigs.k8s.io/yaml does. */
static void add_float_key(struct text *out, double f)
{
	if (isnan(f))
		text_adds(out, ".nan");
	else if (isinf(f) || isinf((float)f))
		text_adds(out, f > 0 ? ".inf" : "-.inf");
	else
		go_format_float(out, (float)f, 'g', -1, 32);
}

static void refuse_key(struct decoder *d, const struct yaml_node *n, const char *type, const char *key)
{
	(void)err_set(&d->no_json, ERR_INPUT, "unsupported map key of type: %s, key: %s", type, key);
	(void)fail_at(n, &d->no_json);
}

static int key_text(struct decoder *d, const struct yaml_node *n, struct str *ret, struct err *err)
{
	struct yaml_scalar s;
	struct text out;

	if (resolve(d, n, &s, err) < 0)
		return -1;
	text_init(&out, d->arena, LIMIT_ARENA_BYTES);
	if (s.type == YAML_TYPE_STRING || s.type == YAML_TYPE_TIMESTAMP)
		*ret = n->text;
	else if (s.type == YAML_TYPE_BOOL)
		*ret = s.as.b ? STR("true") : STR("false");
	else if (s.type == YAML_TYPE_INT)
		text_addi(&out, s.as.i);
	else if (s.type == YAML_TYPE_FLOAT)
		add_float_key(&out, s.as.f);
	else if (s.type == YAML_TYPE_BINARY)
		*ret = s.as.s;
	else if (s.type == YAML_TYPE_NULL)
		refuse_key(d, n, "%!s(<nil>)", "<nil>");
	else
		refuse_key(d, n, "uint64", n->text.p);
	if (out.failed)
		return err_nomem(err);
	if (out.len)
		*ret = (struct str){out.data, out.len};
	return 0;
}

static int enter(struct decoder *d, const struct yaml_node *n, struct err *err);

/* Keys may be aliases too. What a key is counts as decoded, as in Go. */
static int decode_key(struct decoder *d, struct yaml_node *n, struct str *ret, struct err *err)
{
	const struct yaml_node *what = n->kind == YAML_NODE_ALIAS ? n->target : n;

	if (what->kind == YAML_NODE_SCALAR)
		return enter(d, n, err) < 0 ? -1 : key_text(d, what, ret, err);
	if (!decode(d, n, err)) /* what is wrong inside comes first */
		return -1;
	(void)err_set(err, ERR_INPUT, "yaml: invalid map key: %s",
		what->kind == YAML_NODE_MAP ? "map[interface {}]interface {}{...}" : "[]interface {}{...}");
	return err_at(err, "line %u", n->line + 1);
}

static void note_duplicate(struct decoder *d, const struct yaml_node *value, struct str key)
{
	text_addf(&d->duplicates, "\n  line %u: key \"%.*s\" already set in map", value->line + 1,
		key.len < 100 ? (int)key.len : 100, key.p);
}

static int set_member(struct decoder *d, struct map *m, struct yaml_node *key, struct yaml_node *value, struct err *err)
{
	struct str name = {"", 0};
	const struct value *v;
	uint32_t before;

	if (decode_key(d, key, &name, err) < 0)
		return -1;
	v = decode(d, value, err);
	if (!v)
		return -1;
	if (d->flags & YAML_STRICT_KEYS && map_find(m, name)) {
		note_duplicate(d, value, name);
		return 0;
	}
	before = m->len;
	if (map_set(d->arena, m, name, v) < 0)
		return err_nomem(err);
	if (m->len > before)
		m->entry[before].key_from_pod = d->flags & YAML_FROM_POD;
	return 0;
}

static bool is_merge(const struct yaml_node *n)
{
	return n->kind == YAML_NODE_SCALAR && str_is(n->text, "<<") &&
	       (n->implicit || str_is(n->tag, "tag:yaml.org,2002:merge"));
}

static int merge(struct decoder *d, struct map *m, struct yaml_node *n, struct err *err);

static int fill_map(struct decoder *d, struct map *m, struct yaml_node *n, struct err *err)
{
	int rc = 0;

	for (struct yaml_node *key = n->child; key && rc == 0; key = key->next->next)
		rc = is_merge(key) ? merge(d, m, key->next, err) : set_member(d, m, key, key->next, err);
	return rc;
}

static int begin_alias(struct decoder *d, struct yaml_node *n, struct err *err)
{
	if (n->busy) {
		(void)err_set(err, ERR_INPUT, "yaml: anchor '%.100s' value contains itself", n->text.p);
		return err_at(err, "line %u", n->line + 1);
	}
	n->busy = true;
	d->alias_depth++;
	return 0;
}

static void end_alias(struct decoder *d, struct yaml_node *n)
{
	d->alias_depth--;
	n->busy = false;
}

/* One map, or an alias to one, whose members go into m. */
static int merge_one(struct decoder *d, struct map *m, struct yaml_node *n, struct err *err)
{
	int rc;

	if (enter(d, n, err) < 0)
		return -1;
	if (n->kind == YAML_NODE_MAP) {
		d->depth++;
		rc = fill_map(d, m, n, err);
		d->depth--;
		return rc;
	}
	if (n->kind != YAML_NODE_ALIAS || n->target->kind != YAML_NODE_MAP) {
		(void)err_set(err, ERR_INPUT, "yaml: map merge requires map or sequence of maps as the value");
		return err_at(err, "line %u", n->line + 1);
	}
	if (begin_alias(d, n, err) < 0)
		return -1;
	rc = merge_one(d, m, n->target, err);
	end_alias(d, n);
	return rc;
}

/* Of a list the earlier maps take precedence: it is applied from its end. */
static int merge_list(struct decoder *d, struct map *m, const struct yaml_node *list, struct err *err)
{
	struct yaml_node **item = arena_calloc(d->arena, list->len, sizeof(struct yaml_node *));
	size_t i = 0;
	int rc = 0;

	if (!item)
		return err_nomem(err);
	for (struct yaml_node *n = list->child; n; n = n->next)
		item[i++] = n;
	while (i > 0 && rc == 0)
		rc = merge_one(d, m, item[--i], err);
	return rc;
}

static int merge(struct decoder *d, struct map *m, struct yaml_node *n, struct err *err)
{
	return n->kind == YAML_NODE_LIST ? merge_list(d, m, n, err) : merge_one(d, m, n, err);
}

static const struct value *decode_map(struct decoder *d, struct yaml_node *n, struct err *err)
{
	struct map *m = map_new(d->arena, n->len / 2);
	struct value *v = value_new(d->arena, K_MAP, NULL);

	if (!m || !v) {
		(void)err_nomem(err);
		return NULL;
	}
	if (fill_map(d, m, n, err) < 0)
		return NULL;
	v->u.map = m;
	v->flags = (uint8_t)node_flags(d);
	return v;
}

/* --- lists, aliases, documents -------------------------------------------------------------------------------------- */

static const struct value *decode_list(struct decoder *d, const struct yaml_node *n, struct err *err)
{
	const struct value **item = arena_calloc(d->arena, n->len, sizeof(*item));
	struct value *v = value_new(d->arena, K_LIST, NULL);
	size_t i = 0;

	if (!item || !v) {
		(void)err_nomem(err);
		return NULL;
	}
	for (struct yaml_node *c = n->child; c; c = c->next) {
		item[i] = decode(d, c, err);
		if (!item[i++])
			return NULL;
	}
	v->u.list = (struct list){item, n->len};
	v->flags = (uint8_t)node_flags(d);
	return v;
}

static const struct value *decode_alias(struct decoder *d, struct yaml_node *n, struct err *err)
{
	const struct value *v;

	if (begin_alias(d, n, err) < 0)
		return NULL;
	v = decode(d, n->target, err);
	end_alias(d, n);
	return v;
}

/* The share of nodes that aliases may bring, as Go bounds it: little in large documents. */
static bool too_many_aliases(const struct decoder *d)
{
	const double low = 400000, high = 4000000, decoded = (double)d->decoded;
	double allowed = 0.99;

	if (decoded >= high)
		allowed = 0.10;
	else if (decoded > low)
		allowed = 0.99 - 0.89 * ((decoded - low) / (high - low));
	return d->from_aliases > 100 && d->decoded > 1000 && (double)d->from_aliases / decoded > allowed;
}

/* What every node costs; recursion goes through here. */
static int enter(struct decoder *d, const struct yaml_node *n, struct err *err)
{
	d->decoded++;
	if (d->alias_depth)
		d->from_aliases++;
	if (too_many_aliases(d))
		(void)err_set(err, ERR_LIMIT, "yaml: document contains excessive aliasing");
	else if (d->decoded > LIMIT_YAML_EVENTS)
		(void)err_set(err, ERR_LIMIT, "yaml: more than %d nodes", LIMIT_YAML_EVENTS);
	else if (d->depth > LIMIT_YAML_DEPTH)
		(void)err_set(err, ERR_LIMIT, "yaml: nested deeper than %d levels", LIMIT_YAML_DEPTH);
	else
		return 0;
	return err_at(err, "line %u", n->line + 1);
}

static const struct value *decode(struct decoder *d, struct yaml_node *n, struct err *err)
{
	const struct value *v;

	if (enter(d, n, err) < 0)
		return NULL;
	if (n->kind == YAML_NODE_SCALAR)
		return decode_scalar(d, n, err);
	if (n->kind == YAML_NODE_ALIAS)
		return decode_alias(d, n, err);
	d->depth++;
	v = n->kind == YAML_NODE_MAP ? decode_map(d, n, err) : decode_list(d, n, err);
	d->depth--;
	return v;
}

/* What was kept for the end. */
static const struct value *late_errors(const struct decoder *d, const struct value *v, struct err *err)
{
	if (d->duplicates.len) {
		(void)err_set(err, ERR_INPUT, "yaml: unmarshal errors:%.*s", (int)d->duplicates.len, d->duplicates.data);
		return NULL;
	}
	if (d->no_json.code != ERR_NONE) {
		if (err && err->code == ERR_NONE)
			*err = d->no_json;
		return NULL;
	}
	return v;
}

const struct value *yaml_decode(struct arena *a, const struct yaml_document *document, unsigned flags, struct err *err)
{
	struct decoder d = {.arena = a, .flags = flags};
	const struct value *v;

	if (!document->root)
		return &value_nil;
	text_init(&d.duplicates, a, sizeof(((struct err *)NULL)->what));
	v = decode(&d, document->root, err);
	return v ? late_errors(&d, v, err) : NULL;
}

const struct value *yaml_parse(struct arena *a, struct str text, unsigned flags, struct err *err)
{
	struct yaml_document document;

	if (yaml_document_read(a, text, &document, err) < 0)
		return NULL;
	return yaml_decode(a, &document, flags, err);
}
