/* SPDX-License-Identifier: Apache-2.0 */
/* Random objects shaped like pods, and what random changes make of them. */
#ifndef TESTS_UNIT_RANDOM_POD_H
#define TESTS_UNIT_RANDOM_POD_H

#include <stdlib.h>

#include "patches/value/json.h"
#include "tests/unit/random_json.h"

/* A value for tests that cannot go on without. */
static inline const void *need(const void *p)
{
	if (!p)
		abort();
	return p;
}

UNUSED static void random_env(struct random *r, struct text *t)
{
	const uint32_t n = random_below(r, 12) ? random_below(r, 6) : 40;

	for (uint32_t i = 0; i < n; i++)
		text_addf(t, "%s{\"name\":\"E%u\",\"value\":\"%u\"}", i ? "," : "", random_below(r, 15) ? i : 0, random_below(r, 9));
}

UNUSED static void random_containers(struct random *r, struct text *t)
{
	const uint32_t n = random_below(r, 6);

	for (uint32_t i = 0; i < n; i++) {
		text_addf(t, "%s{\"name\":\"c%u\",\"image\":\"i%u\",\"args\":[\"a\",\"b\",%u],\"env\":[", i ? "," : "",
			random_below(r, 20) ? i : 0, random_below(r, 3), random_below(r, 3));
		random_env(r, t);
		text_addf(t, "],\"ports\":[{\"containerPort\":80},{\"containerPort\":%u}],\"other\":", 80 + random_below(r, 3));
		random_json(r, t, 2);
		text_addc(t, '}');
	}
}

UNUSED static const struct value *random_pod(struct random *r, struct arena *a)
{
	struct text t;

	text_init(&t, a, 1 << 24);
	text_adds(&t, "{\"metadata\":{\"labels\":{\"a/b~c\":\"x\",\"l\":\"y\"},\"creationTimestamp\":null},\"spec\":{\"containers\":[");
	random_containers(r, &t);
	text_adds(&t, "],\"initContainers\":[");
	random_containers(r, &t);
	text_adds(&t, "],\"tolerations\":[{\"key\":\"a\"},{\"key\":\"b\"}],\"unknown\":");
	random_json(r, &t, 3);
	text_adds(&t, "}}");
	return need(json_parse(a, t.data, t.len, 0, NULL));
}

UNUSED static const struct value *random_small(struct random *r, struct arena *a)
{
	struct text t;

	text_init(&t, a, 1 << 24);
	random_json(r, &t, 1);
	return need(json_parse(a, t.data, t.len, 0, NULL));
}

static const struct value *random_change(struct random *r, struct arena *a, const struct value *v);

UNUSED static const struct value *change_list(struct random *r, struct arena *a, struct list old)
{
	const struct value **item = arena_calloc(a, 2 * old.len + 1, sizeof(*item));
	size_t n = 0;

	need(item);
	for (size_t i = 0; i < old.len; i++) {
		if (random_below(r, 12) == 0)
			item[n++] = random_below(r, 2) ? random_small(r, a) : old.item[random_below(r, (uint32_t)old.len)];
		if (random_below(r, 12))
			item[n++] = random_change(r, a, old.item[i]);
	}
	while (n && random_below(r, 3) == 0) {
		const size_t x = random_below(r, (uint32_t)n), y = random_below(r, (uint32_t)n);
		const struct value *swap = item[x];

		item[x] = item[y];
		item[y] = swap;
	}
	return need(value_list(a, item, n));
}

UNUSED static const struct value *change_map(struct random *r, struct arena *a, const struct map *old)
{
	struct map *m = map_new(a, 0);

	need(m);
	for (uint32_t i = 0; i < old->len; i++) {
		const struct value *v = old->entry[i].value;

		if (random_below(r, 12) == 0)
			continue;
		v = random_below(r, 20) ? random_change(r, a, v) : &value_nil;
		if (map_set(a, m, old->entry[i].key, v) < 0)
			abort();
	}
	if (random_below(r, 6) == 0 && map_setc(a, m, random_below(r, 2) ? "new/~member" : "name", random_small(r, a)) < 0)
		abort();
	return need(value_map(a, m));
}

UNUSED static const struct value *random_change(struct random *r, struct arena *a, const struct value *v)
{
	if (random_below(r, 4) == 0)
		return v; /* the very same node, as what injection does not touch */
	if (v->kind == K_LIST)
		return change_list(r, a, v->u.list);
	if (v->kind == K_MAP)
		return change_map(r, a, v->u.map);
	return random_below(r, 10) ? v : random_small(r, a);
}

#endif
