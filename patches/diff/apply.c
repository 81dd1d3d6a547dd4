/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6902 over raw trees, all of it: for files and tests. Trees do not change: what lies on the way to a change is copied. */
#include "patches/diff/diff.h"

#include <string.h>

#include "base/limits.h"
#include "patches/value/json.h"

enum op_kind { OP_ADD, OP_REMOVE, OP_REPLACE, OP_MOVE, OP_COPY, OP_TEST };

enum { SHOWN = 160 }; /* bytes of a pointer that an error shows */

/* A JSON Pointer taken apart. */
struct pointer {
	struct str text;
	struct str token[LIMIT_JSON_DEPTH * 2];
	size_t len;
};

struct applier {
	struct arena *arena;
	struct err *err;
};

/* --- pointers --- */

static int fail_path(struct applier *ap, const struct pointer *p, const char *problem)
{
	const int shown = p->text.len < SHOWN ? (int)p->text.len : SHOWN;

	return err_set(ap->err, ERR_INPUT, "%s: \"%.*s\"", problem, shown, p->text.p);
}

/* ~1 is "/", ~0 is "~". */
static int unescape(struct applier *ap, struct str raw, struct str *ret)
{
	char *out;
	size_t n = 0;

	*ret = raw;
	if (!raw.len || !memchr(raw.p, '~', raw.len))
		return 0;
	out = arena_alloc(ap->arena, raw.len);
	if (!out)
		return err_nomem(ap->err);
	for (size_t i = 0; i < raw.len; i++) {
		if (raw.p[i] != '~') {
			out[n++] = raw.p[i];
			continue;
		}
		i++;
		if (i == raw.len || (raw.p[i] != '0' && raw.p[i] != '1'))
			return err_set(ap->err, ERR_INPUT, "'~' in a JSON Pointer must be followed by 0 or 1");
		out[n++] = raw.p[i] == '0' ? '~' : '/';
	}
	*ret = (struct str){out, n};
	return 0;
}

static int parse_pointer(struct applier *ap, struct str text, struct pointer *ret)
{
	struct str rest = text;

	ret->text = text;
	ret->len = 0;
	if (!text.len)
		return 0;
	if (text.p[0] != '/')
		return fail_path(ap, ret, "a JSON Pointer must begin with '/'");
	(void)str_cut(&rest, '/');
	while (rest.p) {
		const struct str token = str_cut(&rest, '/');

		if (ret->len == ARRAY_LEN(ret->token))
			return err_set(ap->err, ERR_LIMIT, "a JSON Pointer of more than %zu steps", ARRAY_LEN(ret->token));
		if (unescape(ap, token, &ret->token[ret->len++]) < 0)
			return -1;
	}
	return 0;
}

/* An index below `end`, or "-", which is `end` itself, where `append` allows it. */
static bool parse_index(struct str token, size_t end, bool append, size_t *ret)
{
	uint64_t n;

	if (append && str_is(token, "-")) {
		*ret = end;
		return true;
	}
	if ((token.len > 1 && token.p[0] == '0') || !parse_u64(token, &n) || n > end || (n == end && !append))
		return false;
	*ret = (size_t)n;
	return true;
}

/* The node at a pointer, or NULL. */
static const struct value *look_up(const struct value *v, const struct pointer *p)
{
	for (size_t i = 0; v && i < p->len; i++) {
		size_t at;

		if (v->kind == K_MAP)
			v = map_get(v->u.map, p->token[i]);
		else if (v->kind == K_LIST && parse_index(p->token[i], v->u.list.len, false, &at))
			v = v->u.list.item[at];
		else
			v = NULL;
	}
	return v;
}

/* --- changed copies --- */

/* A list with `cut` items at `at` replaced by v (or by nothing). */
static const struct value *splice_list(struct applier *ap, const struct value *old, size_t at, size_t cut, const struct value *v)
{
	const struct list from = old->u.list;
	const size_t put = v ? 1 : 0, len = from.len - cut + put;
	const struct value **item = arena_calloc(ap->arena, len + 1, sizeof(*item)), *list;

	if (!item) {
		err_nomem(ap->err);
		return NULL;
	}
	for (size_t i = 0; i < at; i++)
		item[i] = from.item[i];
	if (v)
		item[at] = v;
	for (size_t i = at + cut; i < from.len; i++)
		item[i - cut + put] = from.item[i];
	list = value_list(ap->arena, item, len);
	if (!list)
		err_nomem(ap->err);
	return list;
}

static const struct value *change_map(struct applier *ap, const struct value *old, struct str key, const struct value *v)
{
	struct map *m = map_clone(ap->arena, old->u.map, v ? 1 : 0);
	const struct value *map = m ? value_map(ap->arena, m) : NULL;

	if (!map || (v && map_set(ap->arena, m, key, v) < 0)) {
		err_nomem(ap->err);
		return NULL;
	}
	if (!v)
		(void)map_del(m, key);
	return map;
}

/* The last step: adds, replaces or (v is NULL) removes. */
static const struct value *change_here(struct applier *ap, const struct value *in, const struct pointer *p, enum op_kind op,
	const struct value *v)
{
	const struct str token = p->token[p->len - 1];
	size_t at;

	if (in->kind == K_MAP) {
		if (op == OP_ADD || map_find(in->u.map, token))
			return change_map(ap, in, token, v);
		fail_path(ap, p, "no such member");
	} else if (in->kind == K_LIST) {
		if (parse_index(token, in->u.list.len, op == OP_ADD, &at))
			return splice_list(ap, in, at, op == OP_ADD ? 0 : 1, v);
		fail_path(ap, p, "no such index");
	} else {
		fail_path(ap, p, "neither an object nor an array holds it");
	}
	return NULL;
}

/* Depth is bounded by the pointer's length. */
static const struct value *change(struct applier *ap, const struct value *in, const struct pointer *p, size_t step, enum op_kind op,
	const struct value *v)
{
	const struct value *below;
	size_t at = 0;

	if (step + 1 == p->len)
		return change_here(ap, in, p, op, v);
	if (in->kind == K_MAP)
		below = map_get(in->u.map, p->token[step]);
	else if (in->kind == K_LIST && parse_index(p->token[step], in->u.list.len, false, &at))
		below = in->u.list.item[at];
	else
		below = NULL;
	if (!below) {
		fail_path(ap, p, "no such place");
		return NULL;
	}
	below = change(ap, below, p, step + 1, op, v);
	if (!below)
		return NULL;
	return in->kind == K_MAP ? change_map(ap, in, p->token[step], below) : splice_list(ap, in, at, 1, below);
}

static const struct value *change_at(struct applier *ap, const struct value *doc, const struct pointer *p, enum op_kind op,
	const struct value *v)
{
	if (p->len)
		return change(ap, doc, p, 0, op, v);
	if (!v)
		fail_path(ap, p, "the whole document cannot be removed");
	return v;
}

/* --- operations --- */

static bool is_inside(const struct pointer *outer, const struct pointer *inner)
{
	if (inner->len <= outer->len)
		return false;
	for (size_t i = 0; i < outer->len; i++)
		if (!str_eq(outer->token[i], inner->token[i]))
			return false;
	return true;
}

static const struct value *move_or_copy(struct applier *ap, const struct value *doc, const struct value *op, enum op_kind kind,
	const struct pointer *to)
{
	const struct str text = raw_str(op, "from");
	const struct value *v;
	struct pointer from;

	if (!text.p) {
		err_set(ap->err, ERR_INPUT, "the operation has no \"from\"");
		return NULL;
	}
	if (parse_pointer(ap, text, &from) < 0)
		return NULL;
	v = look_up(doc, &from);
	if (!v || (kind == OP_MOVE && is_inside(&from, to))) {
		fail_path(ap, &from, v ? "cannot move a value into itself" : "no such place");
		return NULL;
	}
	if (kind == OP_MOVE && str_eq(from.text, to->text))
		return doc;
	if (kind == OP_MOVE && from.len)
		doc = change_at(ap, doc, &from, OP_REMOVE, NULL);
	return doc ? change_at(ap, doc, to, OP_ADD, v) : NULL;
}

static const struct value *test_value(struct applier *ap, const struct value *doc, const struct pointer *p, const struct value *wanted)
{
	const struct value *v = look_up(doc, p);

	if (v && raw_equal(v, wanted))
		return doc;
	fail_path(ap, p, "the value is not the one that \"test\" wants");
	return NULL;
}

static int find_op(struct applier *ap, const struct value *op, enum op_kind *ret)
{
	static const char *const names[] = {"add", "remove", "replace", "move", "copy", "test"};
	const struct str name = raw_str(op, "op");

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (name.p && str_is(name, names[i])) {
			*ret = (enum op_kind)i;
			return 0;
		}
	}
	return err_set(ap->err, ERR_INPUT, "unknown operation \"%.*s\"", name.len < SHOWN ? (int)name.len : SHOWN, name.p ? name.p : "");
}

static const struct value *apply_one(struct applier *ap, const struct value *doc, const struct value *op)
{
	const struct value *v = op->kind == K_MAP ? map_getc(op->u.map, "value") : NULL;
	const struct str path = raw_str(op, "path");
	struct pointer p;
	enum op_kind kind = OP_TEST;

	if (find_op(ap, op, &kind) < 0)
		return NULL;
	if (!path.p) {
		err_set(ap->err, ERR_INPUT, "the operation has no \"path\"");
		return NULL;
	}
	if (parse_pointer(ap, path, &p) < 0)
		return NULL;
	if (kind == OP_MOVE || kind == OP_COPY)
		return move_or_copy(ap, doc, op, kind, &p);
	if (kind == OP_REMOVE)
		return change_at(ap, doc, &p, kind, NULL);
	if (!v) {
		err_set(ap->err, ERR_INPUT, "the operation has no \"value\"");
		return NULL;
	}
	return kind == OP_TEST ? test_value(ap, doc, &p, v) : change_at(ap, doc, &p, kind, v);
}

const struct value *json_patch_apply(struct arena *a, const struct value *doc, const struct value *patch, struct err *err)
{
	struct applier ap = {a, err};

	if (patch->kind != K_LIST) {
		err_set(err, ERR_INPUT, "a JSON Patch is an array of operations");
		return NULL;
	}
	for (size_t i = 0; i < patch->u.list.len; i++) {
		doc = apply_one(&ap, doc, patch->u.list.item[i]);
		if (!doc) {
			err_at(err, "/%zu", i);
			return NULL;
		}
	}
	return doc;
}
