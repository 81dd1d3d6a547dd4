/* SPDX-License-Identifier: Apache-2.0 */
/* What two pods differ in, as a text that is the same for all pods that differ alike. */
#include "webhook/cli/pod_changes.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "patches/pod/edit.h"
#include "patches/value/json.h"

static const char *const placeholder[] = {"{name}", "{owner}", "{workload}", "{app}", "{namespace}"};
enum { OWN_WORDS = ARRAY_LEN(placeholder) };

struct changes {
	struct text *out;
	struct text place, raw; /* raw: a value before the pod's own words are put aside */
	struct str own[OWN_WORDS];
	const struct value *before, *after; /* the pods */
	bool in_text;                       /* in JSON that a text holds */
};

/* --- what is the pod's own
 * -------------------------------------------------------------------------------------------- */

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

static bool stands_alone(struct str text, size_t at, size_t len)
{
	return (at == 0 || !is_word(text.p[at - 1])) && (at + len == text.len || !is_word(text.p[at + len]));
}

/* Length of the word of the pod's own that begins here; 0 where none does. */
static size_t own_word_at(const struct changes *c, struct str text, size_t at, size_t *ret_which)
{
	for (size_t i = 0; i < OWN_WORDS; i++) {
		const struct str own = c->own[i];

		if (own.len && own.len <= text.len - at && memcmp(text.p + at, own.p, own.len) == 0 &&
			stands_alone(text, at, own.len)) {
			*ret_which = i;
			return own.len;
		}
	}
	return 0;
}

static void add_general(struct changes *c, struct str text)
{
	size_t which;

	for (size_t at = 0; at < text.len;) {
		const size_t len = own_word_at(c, text, at, &which);

		if (len)
			text_adds(c->out, placeholder[which]);
		else
			text_addc(c->out, text.p[at]);
		at += len ? len : 1;
	}
}

static void add_value(struct changes *c, char sign, const struct value *v)
{
	if (!v)
		return;
	text_clear(&c->raw);
	json_write(&c->raw, v, JSON_SORT_KEYS | JSON_DROP_NULLS);
	c->out->failed = c->out->failed || c->raw.failed;
	text_addc(c->out, ' ');
	text_addc(c->out, sign);
	add_general(c, (struct str){c->raw.data, c->raw.len});
}

static void add_change(struct changes *c, const struct value *before, const struct value *after)
{
	c->out->failed = c->out->failed || c->place.failed;
	add_general(c, (struct str){c->place.data, c->place.len});
	add_value(c, '-', before);
	add_value(c, '+', after);
	text_addc(c->out, '\n');
}

/* --- the walk
 * ----------------------------------------------------------------------------------------------------------- */

static void compare(struct changes *c, const struct value *before, const struct value *after);

/* The list that a container is in elsewhere: a native sidecar is an init container, and still the same one. */
static const char *other_list(const struct changes *c)
{
	const struct str place = {c->place.data, c->place.len};

	return str_is(place, "/spec/containers")       ? "initContainers"
	       : str_is(place, "/spec/initContainers") ? "containers"
						       : NULL;
}

static void compare_moved(
	struct changes *c, struct str token, const char *other, const struct value *before, const struct value *after)
{
	const struct value *from = raw_container(c->before, other, token), *to = raw_container(c->after, other, token);

	/* What came from there was shown where it was. */
	if (!before && from && !to)
		return;
	if (!after && to && !from) {
		add_general(c, (struct str){c->place.data, c->place.len});
		text_adds(c->out, " moved to the other list of containers\n");
		after = to;
	}
	compare(c, before, after);
}

static void compare_at(struct changes *c, struct str token, const struct value *before, const struct value *after)
{
	const size_t len = c->place.len;
	const char *other = !before || !after ? other_list(c) : NULL;

	json_pointer_add(&c->place, token);
	if (other)
		compare_moved(c, token, other, before, after);
	else
		compare(c, before, after);
	c->place.len = len;
}

static void compare_maps(struct changes *c, const struct map *before, const struct map *after)
{
	for (uint32_t i = 0; before && i < before->len; i++)
		compare_at(c, before->entry[i].key, before->entry[i].value, map_get(after, before->entry[i].key));
	for (uint32_t i = 0; after && i < after->len; i++)
		if (!map_get(before, after->entry[i].key))
			compare_at(c, after->entry[i].key, NULL, after->entry[i].value);
}

/* Whether each item is a map with a text there, and no two have the same. */
static bool is_key_of(struct arena *a, const struct list *l, const char *key)
{
	struct map *seen = map_new(a, l->len);

	for (size_t i = 0; seen && i < l->len; i++) {
		const struct str name = raw_str(l->item[i], key);

		if (!name.p || map_get(seen, name) || map_set(a, seen, name, l->item[i]) < 0)
			return false;
	}
	return seen;
}

/* What names the items of both lists; NULL: nothing does but their index. */
static const char *key_of(struct arena *a, const struct list *before, const struct list *after)
{
	/* A volume may be mounted twice: what is mounted at one path is one. */
	static const char *const keys[] = {"mountPath", "name", "key"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (is_key_of(a, before, keys[i]) && is_key_of(a, after, keys[i]))
			return keys[i];
	return NULL;
}

static struct map *by_key(struct arena *a, const struct list *l, const char *key)
{
	struct map *m = map_new(a, l->len);

	for (size_t i = 0; m && i < l->len; i++)
		if (map_set(a, m, raw_str(l->item[i], key), l->item[i]) < 0)
			return NULL;
	return m;
}

/* Items that both have, in another order: the change is the order, whatever stands between them. */
static void compare_order(struct changes *c, const struct map *before, const struct map *after)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < before->len; i++) {
		if (!map_get(after, before->entry[i].key))
			continue;
		while (at < after->len && !map_get(before, after->entry[at].key))
			at++;
		if (at < after->len && str_eq(before->entry[i].key, after->entry[at].key)) {
			at++;
			continue;
		}
		add_general(c, (struct str){c->place.data, c->place.len});
		text_adds(c->out, " in another order\n");
		return;
	}
}

/* Of a named item that goes the name says all: what it held was this pod's. */
static void compare_named(struct changes *c, const struct map *before, const struct map *after)
{
	for (uint32_t i = 0; i < before->len; i++) {
		const struct str name = before->entry[i].key;

		if (map_get(after, name) || other_list(c)) {
			compare_at(c, name, before->entry[i].value, map_get(after, name));
			continue;
		}
		add_general(c, (struct str){c->place.data, c->place.len});
		text_adds(c->out, " -");
		add_general(c, name);
		text_addc(c->out, '\n');
	}
	for (uint32_t i = 0; i < after->len; i++)
		if (!map_get(before, after->entry[i].key))
			compare_at(c, after->entry[i].key, NULL, after->entry[i].value);
	compare_order(c, before, after);
}

static bool is_scalar(const struct value *v)
{
	return v->kind != K_LIST && v->kind != K_MAP;
}

/* How often each scalar is there, as JSON text; NULL where one is none, or without memory. */
static struct map *count_scalars(struct arena *a, const struct list *l)
{
	struct map *m = map_new(a, l->len);

	for (size_t i = 0; m && i < l->len; i++) {
		const struct value *n;
		struct text json;
		int64_t count = 0;

		if (!is_scalar(l->item[i]))
			return NULL;
		text_init(&json, a, LIMIT_BODY_BYTES);
		json_write(&json, l->item[i], 0);
		n = map_get(m, (struct str){json.data, json.len});
		if (n && !raw_int(n, &count))
			return NULL;
		n = value_number(a, count + 1);
		if (json.failed || !n || map_set(a, m, (struct str){json.data, json.len}, n) < 0)
			return NULL;
	}
	return m;
}

/* What `more` has oftener than `less`; whether there is any. */
static bool add_surplus(struct changes *c, char sign, const struct map *more, const struct map *less)
{
	bool any = false;

	for (uint32_t i = 0; i < more->len; i++) {
		const struct value *other = map_get(less, more->entry[i].key);
		int64_t have = 0, had = 0;

		if (!raw_int(more->entry[i].value, &have) || (other && !raw_int(other, &had)) || have <= had)
			continue;
		any = true;
		add_general(c, (struct str){c->place.data, c->place.len});
		text_addf(c->out, " %c%lldx ", sign, (long long)(have - had));
		add_general(c, more->entry[i].key);
		text_addc(c->out, '\n');
	}
	return any;
}

/* Arguments and names have no index that means anything: what came and what went. */
static void compare_scalars(struct changes *c, const struct map *before, const struct map *after)
{
	const bool went = add_surplus(c, '-', before, after), came = add_surplus(c, '+', after, before);

	if (went || came)
		return;
	add_general(c, (struct str){c->place.data, c->place.len});
	text_adds(c->out, " in another order\n");
}

static void compare_by_index(struct changes *c, const struct list *before, const struct list *after)
{
	for (size_t i = 0; i < (before->len > after->len ? before->len : after->len); i++) {
		char index[24];

		(void)snprintf(index, sizeof(index), "%zu", i);
		compare_at(c, str_of(index), i < before->len ? before->item[i] : NULL,
			i < after->len ? after->item[i] : NULL);
	}
}

static void compare_lists(struct changes *c, const struct value *before, const struct value *after)
{
	const struct list *b = &before->u.list, *n = &after->u.list;
	struct map *had, *have;
	struct arena a;
	const char *key;

	if (raw_equal(before, after))
		return;
	arena_init(&a, 0);
	key = key_of(&a, b, n);
	had = key ? by_key(&a, b, key) : count_scalars(&a, b);
	have = key ? by_key(&a, n, key) : count_scalars(&a, n);
	if (!had || !have)
		compare_by_index(c, b, n);
	else if (key)
		compare_named(c, had, have);
	else
		compare_scalars(c, had, have);
	arena_release(&a);
}

static bool may_be_json(const struct value *v)
{
	return v->kind == K_STRING && v->u.s.len && (v->u.s.p[0] == '{' || v->u.s.p[0] == '[');
}

/* Texts that hold JSON differ in what it says; in how it is written where it says the same. */
static void compare_texts(struct changes *c, const struct value *before, const struct value *after)
{
	const struct value *b, *n;
	struct err ignored = {0};
	struct arena a;

	arena_init(&a, 0);
	b = json_parse(&a, before->u.s.p, before->u.s.len, JSON_LAST_WINS | JSON_ALLOW_NUL, &ignored);
	n = b ? json_parse(&a, after->u.s.p, after->u.s.len, JSON_LAST_WINS | JSON_ALLOW_NUL, &ignored) : NULL;
	if (n && !raw_equal(b, n)) {
		c->in_text = true;
		compare(c, b, n);
		c->in_text = false;
	} else {
		add_change(c, before, after);
	}
	arena_release(&a);
}

static const struct value *present(const struct value *v)
{
	return v && v->kind != K_NIL ? v : NULL;
}

static void compare(struct changes *c, const struct value *before, const struct value *after)
{
	before = present(before);
	after = present(after);
	if (before == after)
		return;
	if (before && after && before->kind == K_MAP && after->kind == K_MAP)
		compare_maps(c, before->u.map, after->u.map);
	else if (before && after && before->kind == K_LIST && after->kind == K_LIST)
		compare_lists(c, before, after);
	else if (before && after && !c->in_text && may_be_json(before) && may_be_json(after) &&
		 !raw_equal(before, after))
		compare_texts(c, before, after);
	else if (!before || !after || !raw_equal(before, after))
		add_change(c, before, after);
}

static struct str without_end(struct str s, struct str end)
{
	return end.len && end.len < s.len && memcmp(s.p + s.len - end.len, end.p, end.len) == 0
		       ? (struct str){s.p, s.len - end.len}
		       : s;
}

/* "web-7d9c-" is the name of all that a ReplicaSet makes, "web" of its Deployment. "default" is everywhere. */
static void find_own_words(struct changes *c)
{
	const struct value *metadata = raw_get(c->before, "metadata");
	const struct str set = without_end(raw_str(metadata, "generateName"), STR("-"));
	const struct str hash = raw_str(raw_get(metadata, "labels"), "pod-template-hash");
	const struct str namespace = raw_str(metadata, "namespace");

	c->own[0] = raw_str(metadata, "name");
	c->own[1] = set;
	c->own[2] = without_end(without_end(set, hash), STR("-"));
	c->own[3] = raw_str(raw_get(metadata, "labels"), "app");
	c->own[4] = str_is(namespace, "default") ? STR("") : namespace;
}

void pod_changes(struct text *out, const struct value *before, const struct value *after)
{
	struct changes c = {.out = out, .before = before, .after = after};

	find_own_words(&c);
	text_init(&c.place, NULL, LIMIT_BODY_BYTES);
	text_init(&c.raw, NULL, 2 * LIMIT_BODY_BYTES);
	compare(&c, before, after);
	text_release(&c.place);
	text_release(&c.raw);
}
