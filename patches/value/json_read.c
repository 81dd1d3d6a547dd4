/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text to raw values: one pass, a bounded descent, the arena as the only memory. */
#include "patches/value/json.h"

#include <math.h>
#include <string.h>

#include "base/limits.h"
#include "patches/value/json_place.h"
#include "patches/value/json_string.h"
#include "patches/value/number.h"

enum {
	STACK_ITEMS = 128, /* members waiting for the end of their list or map, before the arena is asked */
};

/* What an empty list points to: no nil slice. */
static const struct value *const no_items[1];

static const struct value asis_nil = {.kind = K_NIL, .flags = V_ASIS};
static const struct value asis_true = {.kind = K_BOOL, .flags = V_ASIS, .u.b = true};
static const struct value asis_false = {.kind = K_BOOL, .flags = V_ASIS};

struct reader {
	struct arena *arena;
	struct json_cursor in;
	const char *from;
	unsigned flags;
	uint8_t node_flags, string_flags; /* value_flag of every node, of every string */
	bool key_from_pod;
	int depth;
	const struct json_place *place;
	/* Items of the lists and maps that are open, those of the innermost last. */
	struct map_entry *item;
	size_t len, cap;
	struct err *err;
};

static const struct value *read_value(struct reader *r);

/* --- errors --- */

static int fail_at(struct reader *r, const char *at, enum err_code code, const char *problem)
{
	err_set(r->err, code, "%s", problem);
	return err_at(r->err, "byte %zu", (size_t)(at - r->from));
}

static int fail(struct reader *r, const char *problem)
{
	if (r->in.p == r->in.end)
		return fail_at(r, r->in.p, ERR_INPUT, "unexpected end of the JSON text");
	return fail_at(r, r->in.p, ERR_INPUT, problem);
}

/* Names the JSON Pointer of the place, and of the member of it if there is one. */
static int fail_place(struct reader *r, const struct str *member, const char *problem)
{
	struct text pointer;
	const char *cstr;

	text_init(&pointer, r->arena, 1 << 16);
	json_place_print(&pointer, r->place, member);
	cstr = text_cstr(&pointer);
	err_set(r->err, ERR_INPUT, "%s", problem);
	return err_at(r->err, "%s", cstr ? cstr : "");
}

/* --- tokens --- */

static void skip_space(struct reader *r)
{
	const char *p = r->in.p;

	while (p < r->in.end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	r->in.p = p;
}

/* Behind an opening quote. `nul`: whether it holds one though it must not; then the caller says where. */
static int read_string(struct reader *r, struct str *ret, bool *ret_nul)
{
	const char *problem, *at;

	*ret_nul = false;
	switch (json_read_string(r->arena, &r->in, r->flags, ret, &problem, &at)) {
	case JSON_STRING_OK:
		return 0;
	case JSON_STRING_NUL:
		*ret_nul = true;
		return 0;
	case JSON_STRING_BAD:
		return fail_at(r, at, ERR_INPUT, problem);
	case JSON_STRING_NOMEM:
		break;
	}
	return err_nomem(r->err);
}

/* Beyond a double's range readers disagree (infinity, an error, the text): refused, as Go and jansson do. */
static const struct value *read_number(struct reader *r)
{
	const char *const from = r->in.p;
	const char *problem = NULL;
	bool exponent = false;
	struct value *v;

	r->in.p = number_scan(from, r->in.end, &exponent, &problem);
	if (problem) {
		fail(r, problem);
		return NULL;
	}
	if (r->in.p - from > LIMIT_JSON_NUMBER) {
		fail_at(r, from, ERR_LIMIT, "number of too many digits");
		return NULL;
	}
	v = value_new(r->arena, K_NUMBER, NULL);
	if (!v) {
		err_nomem(r->err);
		return NULL;
	}
	v->flags = r->node_flags;
	v->u.s = (struct str){from, (size_t)(r->in.p - from)};
	if (exponent && !isfinite(raw_float(v))) {
		fail_at(r, from, ERR_INPUT, "number out of the range of a double");
		return NULL;
	}
	return v;
}

static const struct value *read_text(struct reader *r)
{
	struct value *v;
	struct str s;
	bool nul;

	r->in.p++;
	if (read_string(r, &s, &nul) < 0)
		return NULL;
	if (nul) {
		fail_place(r, NULL, "string holds NUL (\\u0000)");
		return NULL;
	}
	v = value_new(r->arena, K_STRING, NULL);
	if (!v) {
		err_nomem(r->err);
		return NULL;
	}
	v->flags = r->string_flags;
	v->u.s = s;
	return v;
}

static const struct value *read_word(struct reader *r, const char *word, size_t len, const struct value *v)
{
	const size_t left = (size_t)(r->in.end - r->in.p), n = left < len ? left : len;

	for (size_t i = 0; i < n; i++, r->in.p++) {
		if (*r->in.p != word[i]) {
			fail(r, "unexpected character");
			return NULL;
		}
	}
	if (n < len) {
		fail(r, "");
		return NULL;
	}
	return v;
}

/* --- lists and maps --- */

static int push(struct reader *r, struct map_entry e)
{
	if (r->len == r->cap) {
		struct map_entry *bigger = arena_alloc(r->arena, 2 * r->cap * sizeof(*bigger));

		if (!bigger)
			return err_nomem(r->err);
		memcpy(bigger, r->item, r->len * sizeof(*bigger));
		r->item = bigger;
		r->cap *= 2;
	}
	r->item[r->len++] = e;
	return 0;
}

static const struct value *close_list(struct reader *r, size_t base)
{
	const size_t len = r->len - base;
	struct value *v = arena_alloc(r->arena, sizeof(*v) + len * sizeof(struct value *));
	const struct value **item;

	if (!v) {
		err_nomem(r->err);
		return NULL;
	}
	item = (const struct value **)(v + 1);
	for (size_t i = 0; i < len; i++)
		item[i] = r->item[base + i].value;
	*v = (struct value){.kind = K_LIST, .flags = r->node_flags, .u.list = {len ? item : no_items, len}};
	r->len = base;
	return v;
}

/* Behind a member: 1 and on to the next, 0 at the end, or -1. */
static int next_member(struct reader *r, char close)
{
	skip_space(r);
	if (r->in.p < r->in.end && *r->in.p == close) {
		r->in.p++;
		return 0;
	}
	if (r->in.p == r->in.end || *r->in.p != ',')
		return fail(r, close == ']' ? "',' or ']' was expected" : "',' or '}' was expected");
	r->in.p++;
	skip_space(r);
	return 1;
}

static bool closes_at_once(struct reader *r, char close)
{
	r->in.p++;
	skip_space(r);
	if (r->in.p == r->in.end || *r->in.p != close)
		return false;
	r->in.p++;
	return true;
}

static int read_items(struct reader *r, struct json_place *here)
{
	int more = !closes_at_once(r, ']');

	for (; more > 0; here->index++) {
		const struct value *v = read_value(r);

		if (!v || push(r, (struct map_entry){.value = v}) < 0)
			return -1;
		more = next_member(r, ']');
	}
	return more;
}

static const struct value *read_list(struct reader *r)
{
	const size_t base = r->len;
	struct json_place here = {.outer = r->place, .in_list = true};
	int done;

	r->place = &here;
	done = read_items(r, &here);
	r->place = here.outer;
	return done < 0 ? NULL : close_list(r, base);
}

static int read_key(struct reader *r, struct str *ret)
{
	bool nul;

	if (r->in.p == r->in.end || *r->in.p != '"')
		return fail(r, "a key in double quotes was expected");
	r->in.p++;
	if (read_string(r, ret, &nul) < 0)
		return -1;
	if (nul) {
		r->place = r->place->outer;
		return fail_place(r, ret, "key holds NUL (\\u0000)");
	}
	skip_space(r);
	if (r->in.p == r->in.end || *r->in.p != ':')
		return fail(r, "':' was expected");
	r->in.p++;
	skip_space(r);
	return 0;
}

/* The members are checked for duplicates here, at the end, in one go. */
static const struct value *close_map(struct reader *r, size_t base)
{
	const size_t len = r->len - base;
	struct value *v = value_new(r->arena, K_MAP, NULL);
	struct map *m = v ? map_new(r->arena, len) : NULL;

	if (!m) {
		err_nomem(r->err);
		return NULL;
	}
	for (size_t i = 0; i < len; i++) {
		const struct map_entry *e = &r->item[base + i];
		const uint32_t before = m->len;

		if (map_set(r->arena, m, e->key, e->value) < 0) {
			err_nomem(r->err);
			return NULL;
		}
		if (m->len == before && !(r->flags & JSON_LAST_WINS)) {
			fail_place(r, &e->key, "duplicate key");
			return NULL;
		}
		if (m->len > before)
			m->entry[before].key_from_pod = r->key_from_pod;
	}
	v->flags = r->node_flags;
	v->u.map = m;
	r->len = base;
	return v;
}

static int read_members(struct reader *r, struct json_place *here)
{
	int more = !closes_at_once(r, '}');

	while (more > 0) {
		struct map_entry e = {.key = {NULL, 0}};

		if (read_key(r, &e.key) < 0)
			return -1;
		here->key = e.key;
		e.value = read_value(r);
		if (!e.value || push(r, e) < 0)
			return -1;
		more = next_member(r, '}');
	}
	return more;
}

static const struct value *read_map(struct reader *r)
{
	const size_t base = r->len;
	struct json_place here = {.outer = r->place};
	int done;

	r->place = &here;
	done = read_members(r, &here);
	r->place = here.outer;
	return done < 0 ? NULL : close_map(r, base);
}

static const struct value *read_nested(struct reader *r)
{
	const struct value *v;

	if (r->depth == LIMIT_JSON_DEPTH) {
		fail_at(r, r->in.p, ERR_LIMIT, "JSON nests too deeply");
		return NULL;
	}
	r->depth++;
	v = *r->in.p == '[' ? read_list(r) : read_map(r);
	r->depth--;
	return v;
}

static const struct value *read_value(struct reader *r)
{
	const bool asis = r->node_flags;

	switch (r->in.p < r->in.end ? *r->in.p : '\0') {
	case '{':
	case '[':
		return read_nested(r);
	case '"':
		return read_text(r);
	case 't':
		return read_word(r, "true", 4, asis ? &asis_true : &value_true);
	case 'f':
		return read_word(r, "false", 5, asis ? &asis_false : &value_false);
	case 'n':
		return read_word(r, "null", 4, asis ? &asis_nil : &value_nil);
	case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
		return read_number(r);
	default:
		fail(r, "a JSON value was expected");
		return NULL;
	}
}

const struct value *json_parse(struct arena *a, const char *data, size_t len, unsigned flags, struct err *err)
{
	struct map_entry waiting[STACK_ITEMS];
	const bool pod = flags & JSON_FROM_POD;
	struct reader r = {.arena = a, .in = {data, data + len}, .from = data, .flags = flags, .item = waiting,
		.cap = STACK_ITEMS, .key_from_pod = pod, .node_flags = pod ? V_ASIS : 0,
		.string_flags = pod ? V_ASIS | V_POD : 0, .err = err};
	const struct value *v;

	if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
		fail(&r, "the text begins with a byte order mark");
		return NULL;
	}
	skip_space(&r);
	v = read_value(&r);
	if (!v)
		return NULL;
	skip_space(&r);
	if (r.in.p < r.in.end) {
		fail(&r, "more text behind the JSON value");
		return NULL;
	}
	return v;
}
