/* SPDX-License-Identifier: Apache-2.0 */
/* Which items of a list stay where they are, when maps are told apart by a key. */
#include "patches/diff/match.h"

#include <string.h>

#include "base/limits.h"

/* Text or number; the two may be taken for each other, which costs an operation and is not wrong. */
static bool key_of(const struct value *item, const char *merge_key, struct str *ret)
{
	const struct value *key = raw_get(item, merge_key);

	if (!key || (key->kind != K_STRING && key->kind != K_NUMBER))
		return false;
	*ret = key->u.s;
	return true;
}

/* Key to item. 0: not comparable by key. */
static int index_keys(struct arena *a, struct list list, const char *merge_key, struct map **ret)
{
	struct map *m = map_new(a, list.len);
	struct str key;

	if (!m)
		return -1;
	for (uint32_t i = 0; i < list.len; i++) {
		if (!key_of(list.item[i], merge_key, &key))
			return 0;
		if (map_set(a, m, key, list.item[i]) < 0)
			return -1;
		if (m->len != i + 1)
			return 0; /* two of one key */
	}
	*ret = m;
	return 1;
}

/* The entries of `from` are in the order of its items. Returns whether the matches rise already, as they nearly always do. */
static bool match_all(const struct map *from, const struct map *to, size_t *match, size_t *ret_matches)
{
	bool rising = true;
	size_t last = 0;

	*ret_matches = 0;
	for (uint32_t j = 0; j < to->len; j++) {
		const struct map_entry *e = map_find(from, to->entry[j].key);

		match[j] = e ? (size_t)(e - from->entry) : NOT_KEPT;
		if (!e)
			continue;
		rising = rising && (*ret_matches == 0 || match[j] > last);
		last = match[j];
		++*ret_matches;
	}
	return rising;
}

/* About how many bytes of patch it takes to move an item. */
static size_t weight(const struct value *v, int depth)
{
	size_t sum = 16;

	if (depth > LIMIT_VALUE_DEPTH)
		return sum;
	if (v->kind == K_STRING || v->kind == K_NUMBER)
		sum += v->u.s.len;
	for (size_t i = 0; v->kind == K_LIST && i < v->u.list.len; i++)
		sum += weight(v->u.list.item[i], depth + 1);
	for (uint32_t i = 0; v->kind == K_MAP && v->u.map && i < v->u.map->len; i++)
		sum += v->u.map->entry[i].key.len + weight(v->u.map->entry[i].value, depth + 1);
	return sum;
}

/* The heaviest rising sequence that ends in to's item `last`. */
struct chain {
	size_t sum;
	size_t last; /* NOT_KEPT: empty */
};

/* A Fenwick tree of maxima over the indices of `from`. */
static struct chain best_before(const struct chain *tree, size_t index)
{
	struct chain best = {0, NOT_KEPT};

	for (size_t i = index; i; i &= i - 1)
		if (tree[i].sum > best.sum)
			best = tree[i];
	return best;
}

static void offer(struct chain *tree, size_t len, size_t index, struct chain c)
{
	for (size_t i = index + 1; i <= len; i += i & (0 - i))
		if (c.sum > tree[i].sum)
			tree[i] = c;
}

/* The heaviest rising subsequence of match, in n log n; what is not in it becomes NOT_KEPT. */
static int keep_heaviest(struct arena *a, struct list from, struct list to, size_t *match)
{
	struct chain *tree = arena_calloc(a, from.len + 1, sizeof(*tree));
	size_t *before = arena_calloc(a, to.len, sizeof(*before));
	size_t next;

	if (!tree || !before)
		return -1;
	for (size_t j = 0; j < to.len; j++) {
		struct chain c;

		if (match[j] == NOT_KEPT)
			continue;
		c = best_before(tree, match[j]);
		before[j] = c.last;
		offer(tree, from.len, match[j], (struct chain){c.sum + weight(to.item[j], 0), j});
	}
	next = best_before(tree, from.len).last;
	for (size_t j = to.len; j--;) {
		if (j == next)
			next = before[j];
		else
			match[j] = NOT_KEPT;
	}
	return 0;
}

int match_by_key(struct arena *a, struct list from, struct list to, const char *merge_key, const size_t **ret)
{
	struct map *from_keys, *to_keys;
	size_t *match, matches;
	int done = index_keys(a, from, merge_key, &from_keys);

	if (done == 1)
		done = index_keys(a, to, merge_key, &to_keys);
	if (done != 1)
		return done;
	match = arena_calloc(a, to.len, sizeof(*match));
	if (!match)
		return -1;
	if (!match_all(from_keys, to_keys, match, &matches) && keep_heaviest(a, from, to, match) < 0)
		return -1;
	*ret = matches ? match : NULL;
	return 1;
}
