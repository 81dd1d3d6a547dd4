/* SPDX-License-Identifier: Apache-2.0 */
/* Our JSON reader against jansson's: the same texts accepted, the same values read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "patches/value/json.h"
#include "tests/unit/random_json.h"

enum { OURS_ALLOW_NUL = JSON_ALLOW_NUL }; /* jansson's macros of this name come behind it */
#include <jansson.h>

enum { TEXTS = 40000 };

static bool same(const struct value *v, json_t *peer);

static bool same_map(const struct map *m, json_t *peer)
{
	if (json_object_size(peer) != m->len)
		return false;
	for (uint32_t i = 0; i < m->len; i++) {
		json_t *member = json_object_getn(peer, m->entry[i].key.p, m->entry[i].key.len);

		if (!member || !same(m->entry[i].value, member))
			return false;
	}
	return true;
}

static bool same_list(struct list list, json_t *peer)
{
	if (json_array_size(peer) != list.len)
		return false;
	for (size_t i = 0; i < list.len; i++)
		if (!same(list.item[i], json_array_get(peer, i)))
			return false;
	return true;
}

static bool same_number(const struct value *v, json_t *peer)
{
	int64_t i;

	if (json_is_integer(peer))
		return raw_int(v, &i) && i == json_integer_value(peer);
	return json_is_real(peer) && raw_float(v) == json_real_value(peer);
}

static bool same(const struct value *v, json_t *peer)
{
	switch ((enum kind)v->kind) {
	case K_NIL:
		return json_is_null(peer);
	case K_BOOL:
		return json_is_boolean(peer) && json_is_true(peer) == v->u.b;
	case K_NUMBER:
		return same_number(v, peer);
	case K_STRING:
		return json_is_string(peer) &&
			str_eq(v->u.s, (struct str){json_string_value(peer), json_string_length(peer)});
	case K_LIST:
		return json_is_array(peer) && same_list(v->u.list, peer);
	case K_MAP:
		return json_is_object(peer) && same_map(v->u.map, peer);
	default:
		return false;
	}
}

/* jansson overlooks a NUL behind a number or word, and takes one behind the value for the end; we refuse it. */
static bool stumbled_over_nul(const struct text *t, const struct err *err)
{
	const size_t at = strtoul(err->where + strlen("byte "), NULL, 10);

	return at < t->len && t->data[at] == '\0';
}

/* Where the two differ on purpose: jansson has no whole numbers beyond 64 bits, and no NUL in keys. We have. */
static bool jansson_cannot(const json_error_t *e)
{
	return strstr(e->text, "too big integer") || strstr(e->text, "too big negative integer") ||
		strstr(e->text, "NUL byte in object key");
}

static void compare(struct text *t, size_t *accepted)
{
	struct arena a;
	struct err err = {0};
	json_error_t e = {.text = ""};
	json_t *peer = json_loadb(t->data, t->len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &e);
	const struct value *v;

	arena_init(&a, 0);
	v = json_parse(&a, t->data, t->len, OURS_ALLOW_NUL, &err);
	if (!v != !peer && !(v ? jansson_cannot(&e) : stumbled_over_nul(t, &err)))
		fail_msg("ours: %s %s; jansson: %s\n%.*s", err.where, err.what, e.text, (int)t->len, t->data);
	if (v && peer && !same(v, peer))
		fail_msg("read otherwise: %.*s", (int)t->len, t->data);
	*accepted += v != NULL;
	json_decref(peer);
	arena_release(&a);
}

static void run(bool damage, size_t least, size_t most)
{
	struct random r = {damage ? 4711 : 42};
	size_t accepted = 0;

	for (int i = 0; i < TEXTS; i++) {
		struct text t;

		text_init(&t, NULL, 1 << 24);
		random_json(&r, &t, 4);
		if (damage)
			random_damage(&r, &t);
		compare(&t, &accepted);
		text_release(&t);
	}
	if (accepted < least || accepted > most)
		fail_msg("%zu of %d accepted: the texts test nothing", accepted, TEXTS);
}

static void test_whole(void **state UNUSED)
{
	run(false, TEXTS, TEXTS);
}

static void test_damaged(void **state UNUSED)
{
	run(true, TEXTS / 20, TEXTS - TEXTS / 20);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
