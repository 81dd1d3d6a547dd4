/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of the objects of one collection. */
#include "webhook/cluster/kept.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

enum { FIRST_OBJECTS = 16 };

void kept_release(struct kept *k)
{
	for (size_t i = 0; i < k->n; i++)
		free(k->object[i].key);
	free(k->object);
	*k = (struct kept){.round = k->round, .max = k->max};
}

struct str kept_text(const struct kept_object *o)
{
	return (struct str){o->key + o->key_len + 1, o->len};
}

/* A slash is in no name, so that the order is that of the pairs. */
static int compare(const struct kept_object *o, struct str namespace, struct str name)
{
	struct str rest = {o->key, o->key_len};
	const struct str own = str_cut(&rest, '/');
	const int order = str_cmp(own, namespace);

	return order ? order : str_cmp(rest, name);
}

/* Where it is, or would be. */
static size_t find(const struct kept *k, struct str namespace, struct str name, bool *ret_found)
{
	size_t low = 0, high = k->n;

	*ret_found = false;
	/* Lists come in order: behind the last is where the next belongs. */
	if (k->n && compare(&k->object[k->n - 1], namespace, name) < 0)
		return k->n;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const int order = compare(&k->object[middle], namespace, name);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int make(struct str namespace, struct str name, struct str text, struct kept_object *ret, struct err *err)
{
	const size_t key_len = namespace.len + 1 + name.len;
	char *key = malloc(key_len + 1 + text.len);

	if (!key)
		return err_nomem(err);
	memcpy(key, namespace.p ? namespace.p : "", namespace.len);
	key[namespace.len] = '/';
	memcpy(key + namespace.len + 1, name.p ? name.p : "", name.len);
	key[key_len] = '\0';
	memcpy(key + key_len + 1, text.p ? text.p : "", text.len);
	*ret = (struct kept_object){.key = key, .key_len = key_len, .len = text.len};
	return 0;
}

static size_t size_of(const struct kept_object *o)
{
	return o->key_len + 1 + o->len;
}

static void drop(struct kept *k, struct kept_object *o)
{
	k->bytes -= size_of(o);
	free(o->key);
}

/* For one more, where none is replaced. */
static int make_room(struct kept *k, struct err *err)
{
	const size_t cap = k->cap ? k->cap * 2 : FIRST_OBJECTS;
	struct kept_object *grown;

	if (k->n >= LIMIT_KEPT_OBJECTS)
		return err_set(err, ERR_LIMIT, "there are more than %d objects; the rest is not known", LIMIT_KEPT_OBJECTS);
	if (k->n < k->cap)
		return 0;
	grown = reallocarray(k->object, cap, sizeof(*grown));
	if (!grown)
		return err_nomem(err);
	k->object = grown;
	k->cap = cap;
	return 0;
}

int kept_put(struct kept *k, struct str namespace, struct str name, struct str text, bool *ret_changed, struct err *err)
{
	const size_t max = k->max ? k->max : LIMIT_KEPT_TOTAL;
	struct kept_object next;
	bool found;
	const size_t at = find(k, namespace, name, &found);

	if (found && str_eq(kept_text(&k->object[at]), text)) {
		k->object[at].round = k->round;
		return 0;
	}
	if (text.len > LIMIT_KEPT_BYTES)
		return err_set(err, ERR_LIMIT, "'%.*s' is larger than %d bytes", (int)name.len, name.p, LIMIT_KEPT_BYTES);
	if (k->bytes - (found ? size_of(&k->object[at]) : 0) + text.len > max)
		return err_set(err, ERR_LIMIT, "the objects have more than %zu bytes; the rest is not known", max);
	if ((!found && make_room(k, err) < 0) || make(namespace, name, text, &next, err) < 0)
		return -1;
	if (found)
		drop(k, &k->object[at]);
	else
		memmove(&k->object[at + 1], &k->object[at], (k->n++ - at) * sizeof(*k->object));
	next.round = k->round;
	k->bytes += size_of(&next);
	k->object[at] = next;
	*ret_changed = true;
	return 0;
}

void kept_remove(struct kept *k, struct str namespace, struct str name, bool *ret_changed)
{
	bool found;
	const size_t at = find(k, namespace, name, &found);

	if (!found)
		return;
	drop(k, &k->object[at]);
	k->n--;
	memmove(&k->object[at], &k->object[at + 1], (k->n - at) * sizeof(*k->object));
	*ret_changed = true;
}

void kept_begin(struct kept *k)
{
	k->round++;
}

void kept_end(struct kept *k, bool *ret_changed)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++) {
		if (k->object[i].round == k->round)
			k->object[n++] = k->object[i];
		else
			drop(k, &k->object[i]);
	}
	*ret_changed = *ret_changed || n != k->n;
	k->n = n;
}
