/* SPDX-License-Identifier: Apache-2.0 */
/* Maps from text to values: in order of insertion, linear while small, hashed with a secret seed beyond. */
#include "patches/value/value.h"

#include <stdlib.h>
#include <string.h>

#include "patches/value/hash.h"

enum {
	SMALL = 8,         /* keys up to which comparing them all is faster than hashing one */
	FIRST_ROOM = 4,
	LARGEST = 1 << 28, /* keys: far above what an arena holds, so that 32 bits are enough for every index */
};

struct map *map_new(struct arena *a, size_t room)
{
	struct map *m;

	if (room > LARGEST)
		return NULL;
	m = arena_alloc(a, sizeof(*m) + room * sizeof(*m->entry));
	if (!m)
		return NULL;
	*m = (struct map){.entry = room ? (struct map_entry *)(m + 1) : NULL, .cap = (uint32_t)room};
	return m;
}

static void index_put(struct map *m, uint32_t at)
{
	const uint32_t mask = m->index_cap - 1;
	uint32_t slot = m->entry[at].hash & mask;

	while (m->index[slot])
		slot = (slot + 1) & mask;
	m->index[slot] = at + 1;
}

static void index_fill(struct map *m)
{
	memset(m->index, 0, m->index_cap * sizeof(*m->index));
	for (uint32_t i = 0; i < m->len; i++)
		index_put(m, i);
}

/* At most half full. The entries' hashes are right when there was an index before; else they are made now. */
static int index_grow(struct arena *a, struct map *m, uint32_t keys)
{
	const bool hashed = m->index;
	uint32_t cap = 32;

	while (cap / 2 < keys)
		cap *= 2;
	m->index = arena_alloc(a, cap * sizeof(*m->index));
	if (!m->index) {
		m->index_cap = 0;
		return -1;
	}
	m->index_cap = cap;
	for (uint32_t i = 0; i < m->len && !hashed; i++)
		m->entry[i].hash = hash_text(m->entry[i].key);
	index_fill(m);
	return 0;
}

static struct map_entry *find_linear(const struct map *m, struct str key)
{
	for (struct map_entry *e = m->entry, *end = m->entry + m->len; e < end; e++)
		if (e->key.len == key.len && (!key.len || memcmp(e->key.p, key.p, key.len) == 0))
			return e;
	return NULL;
}

static struct map_entry *find_hashed(const struct map *m, struct str key, uint32_t hash)
{
	const uint32_t mask = m->index_cap - 1;

	for (uint32_t slot = hash & mask; m->index[slot]; slot = (slot + 1) & mask) {
		struct map_entry *e = &m->entry[m->index[slot] - 1];

		if (e->hash == hash && str_eq(e->key, key))
			return e;
	}
	return NULL;
}

static struct map_entry *find(const struct map *m, struct str key)
{
	if (!m || !m->len)
		return NULL;
	return m->index ? find_hashed(m, key, hash_text(key)) : find_linear(m, key);
}

const struct map_entry *map_find(const struct map *m, struct str key)
{
	return find(m, key);
}

const struct value *map_get(const struct map *m, struct str key)
{
	const struct map_entry *e = find(m, key);

	return e ? e->value : NULL;
}

const struct value *map_getc(const struct map *m, const char *key)
{
	return map_get(m, str_of(key));
}

static int make_room(struct arena *a, struct map *m)
{
	const uint32_t cap = m->cap ? m->cap * 2 : FIRST_ROOM;
	struct map_entry *entry;

	if (cap > LARGEST)
		return -1;
	entry = arena_grow(a, m->entry, m->len * sizeof(*entry), cap * sizeof(*entry));
	if (!entry)
		return -1;
	m->entry = entry;
	m->cap = cap;
	return 0;
}

/* The index first: when memory ends between the two steps, the map still answers rightly. */
static int append(struct arena *a, struct map *m, struct map_entry e)
{
	if (m->len == m->cap && make_room(a, m) < 0)
		return -1;
	if (m->len >= SMALL && m->index_cap / 2 <= m->len) {
		struct map bigger = *m;

		if (index_grow(a, &bigger, m->len + 1) < 0)
			return -1;
		*m = bigger;
	}
	if (m->index)
		e.hash = hash_text(e.key);
	m->entry[m->len++] = e;
	if (m->index)
		index_put(m, m->len - 1);
	return 0;
}

int map_set(struct arena *a, struct map *m, struct str key, const struct value *v)
{
	struct map_entry *e;

	if (m->frozen)
		return -1;
	e = find(m, key);
	if (!e)
		return append(a, m, (struct map_entry){.key = key, .value = v});
	e->value = v;
	return 0;
}

int map_setc(struct arena *a, struct map *m, const char *key, const struct value *v)
{
	return map_set(a, m, str_of(key), v);
}

bool map_del(struct map *m, struct str key)
{
	struct map_entry *e = find(m, key);
	size_t behind;

	if (!e)
		return false;
	if (m->frozen)
		return true;
	behind = (size_t)(m->entry + m->len - (e + 1));
	memmove(e, e + 1, behind * sizeof(*e));
	m->len--;
	if (m->index)
		index_fill(m);
	return true;
}

struct map *map_clone(struct arena *a, const struct map *m, size_t more)
{
	const size_t len = m ? m->len : 0;
	struct map *copy = more > LARGEST ? NULL : map_new(a, len + more);

	if (!copy || !copy->entry || !len)
		return copy;
	memcpy(copy->entry, m->entry, len * sizeof(*copy->entry));
	copy->len = m->len;
	if (!m->index)
		return copy;
	copy->index = m->index; /* says that the hashes are right; replaced at once */
	return index_grow(a, copy, (uint32_t)(len + more)) < 0 ? NULL : copy;
}

static int compare_entries(const void *a, const void *b)
{
	const struct map_entry *const *x = a, *const *y = b;

	return str_cmp((*x)->key, (*y)->key);
}

const struct map_entry *const *map_sorted(struct arena *a, const struct map *m)
{
	const size_t len = m ? m->len : 0;
	const struct map_entry **sorted = arena_alloc(a, len * sizeof(*sorted));

	if (!sorted)
		return NULL;
	for (size_t i = 0; i < len; i++)
		sorted[i] = &m->entry[i];
	if (len > 1)
		qsort(sorted, len, sizeof(*sorted), compare_entries);
	return sorted;
}
