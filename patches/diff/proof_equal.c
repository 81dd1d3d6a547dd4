/* SPDX-License-Identifier: Apache-2.0 */
/* Whether two trees of cJSON are the same object to Kubernetes. */
#include "patches/diff/proof_equal.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

/* The way from the root: keys and indices, for the message. */
struct place {
	const struct place *outer;
	const char *key; /* NULL: an index */
	size_t index;
};

static int compare(const cJSON *a, const cJSON *b, const struct place *at, int depth, struct err *err);

static void print_key(struct text *out, const char *key)
{
	for (; *key; key++) {
		if (*key == '~' || *key == '/')
			text_adds(out, *key == '~' ? "~0" : "~1");
		else
			text_addc(out, *key);
	}
}

static int differ(const struct place *at, const char *how, struct err *err)
{
	const struct place *chain[LIMIT_JSON_DEPTH + 2];
	struct text pointer;
	const char *cstr;
	size_t n = 0;

	text_init(&pointer, NULL, 4096);
	for (; at->outer && n < ARRAY_LEN(chain); at = at->outer)
		chain[n++] = at;
	while (n--) {
		text_addc(&pointer, '/');
		if (chain[n]->key)
			print_key(&pointer, chain[n]->key);
		else
			text_addu(&pointer, chain[n]->index);
	}
	cstr = text_cstr(&pointer);
	err_set(err, ERR_BUG, "proof of the patch: %s", how);
	err_at(err, "%s", cstr ? cstr : "");
	text_release(&pointer);
	return -1;
}

static int compare_arrays(const cJSON *a, const cJSON *b, const struct place *at, int depth, struct err *err)
{
	struct place here = {.outer = at};
	const cJSON *x = a->child, *y = b->child;

	for (; x && y; x = x->next, y = y->next, here.index++)
		if (compare(x, y, &here, depth, err) < 0)
			return -1;
	return x || y ? differ(&here, x ? "an item too many" : "an item is missing", err) : 0;
}

static int by_key(const void *a, const void *b)
{
	const cJSON *const *x = a, *const *y = b;

	return strcmp((*x)->string, (*y)->string);
}

/* The members that are not null, by key, in one allocation for both objects: *ret_a and *ret_b, the first is to be freed. */
struct members {
	const cJSON **item;
	size_t len;
};

static size_t count_members(const cJSON *object)
{
	size_t n = 0;

	for (const cJSON *m = object->child; m; m = m->next)
		n += !cJSON_IsNull(m);
	return n;
}

static void sort_members(const cJSON *object, struct members *ret)
{
	ret->len = 0;
	for (const cJSON *m = object->child; m; m = m->next)
		if (!cJSON_IsNull(m))
			ret->item[ret->len++] = m;
	qsort(ret->item, ret->len, sizeof(const cJSON *), by_key);
}

static int compare_sorted(struct members a, struct members b, const struct place *at, int depth, struct err *err)
{
	for (size_t i = 0; i < a.len || i < b.len; i++) {
		const int order = i == a.len ? 1 : i == b.len ? -1 : strcmp(a.item[i]->string, b.item[i]->string);
		const struct place here = {.outer = at, .key = order > 0 ? b.item[i]->string : a.item[i]->string};

		if (order)
			return differ(&here, order > 0 ? "a member is missing" : "a member too many", err);
		if (i && strcmp(a.item[i - 1]->string, a.item[i]->string) == 0)
			return differ(&here, "a key stands there twice", err);
		if (compare(a.item[i], b.item[i], &here, depth, err) < 0)
			return -1;
	}
	return 0;
}

static int compare_unordered(const cJSON *a, const cJSON *b, const struct place *at, int depth, struct err *err)
{
	enum { FEW = 24 };
	const cJSON *few[2 * FEW], **item = few;
	struct members x = {.len = count_members(a)}, y = {.len = count_members(b)};
	int result;

	if (x.len > FEW || y.len > FEW)
		item = calloc(x.len + y.len, sizeof(*item));
	if (!item)
		return err_nomem(err);
	x.item = item;
	y.item = item + x.len;
	sort_members(a, &x);
	sort_members(b, &y);
	result = compare_sorted(x, y, at, depth, err);
	if (item != few)
		free(item);
	return result;
}

/*
 * Whether the keys are the same in the same order and without nulls: then nothing need be sorted to pair them, and whatever a
 * reader makes of a duplicate it makes of both.
 */
static bool same_keys(const cJSON *a, const cJSON *b)
{
	const cJSON *x = a->child, *y = b->child;

	for (; x && y; x = x->next, y = y->next)
		if (cJSON_IsNull(x) || cJSON_IsNull(y) || strcmp(x->string, y->string) != 0)
			return false;
	return !x && !y;
}

static int compare_objects(const cJSON *a, const cJSON *b, const struct place *at, int depth, struct err *err)
{
	struct place here = {.outer = at};
	const cJSON *x = a->child, *y = b->child;

	if (!same_keys(a, b))
		return compare_unordered(a, b, at, depth, err);
	for (; x; x = x->next, y = y->next) {
		here.key = x->string;
		if (compare(x, y, &here, depth, err) < 0)
			return -1;
	}
	return 0;
}

static int compare(const cJSON *a, const cJSON *b, const struct place *at, int depth, struct err *err)
{
	const int kind = a->type & 0xff;

	if (kind != (b->type & 0xff))
		return differ(at, "another kind of value", err);
	if (depth > LIMIT_JSON_DEPTH)
		return differ(at, "nests too deeply", err);
	if (kind == cJSON_Array)
		return compare_arrays(a, b, at, depth + 1, err);
	if (kind == cJSON_Object)
		return compare_objects(a, b, at, depth + 1, err);
	if (kind == cJSON_String && strcmp(a->valuestring, b->valuestring) != 0)
		return differ(at, "another string", err);
	if (kind == cJSON_Number && (a->valuedouble < b->valuedouble || a->valuedouble > b->valuedouble))
		return differ(at, "another number", err);
	return 0;
}

int proof_equal(const cJSON *result, const cJSON *wanted, struct err *err)
{
	const struct place root = {.outer = NULL};

	return compare(result, wanted, &root, 0, err);
}
