/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations and labels through a second injection. */
#include "patches/pod/metadata.h"

#include "patches/pod/edit.h"
#include "patches/pod/names.h"

static bool equal(const struct value *a, const struct value *b)
{
	return a == b || (a && b && raw_equal(a, b));
}

const struct value *metadata_set(struct arena *a, const struct value *pod, const char *key, const struct map *m, struct err *err)
{
	struct pod_edit e;

	pod_edit_begin(&e, a, pod);
	e.annotations = e.labels = NULL;
	if (m && m->len)
		member_set(&e, e.metadata, key, value_map(a, map_clone(a, m, 0)));
	else
		(void)map_del(e.metadata, str_of(key));
	return pod_edit_end(&e, err);
}

/* What injection alone writes, at times, even where injecting anew does not: how many containers there are may decide. */
static bool is_injections_own(struct str key)
{
	return str_is(key, ANNOTATION_STATUS) || str_is(key, ANNOTATION_OVERRIDES) ||
	       str_is(key, "kubectl.kubernetes.io/default-container") ||
	       str_is(key, "kubectl.kubernetes.io/default-logs-container");
}

struct map *metadata_merge(struct arena *a, const struct value *base, const struct value *given, const struct value *anew)
{
	const struct map *old = base->u.map, *now = given ? given->u.map : NULL, *written = anew ? anew->u.map : NULL;
	struct map *m = map_new(a, (old ? old->len : 0) + (now ? now->len : 0));

	for (uint32_t i = 0; m && old && i < old->len; i++) {
		const struct map_entry *e = &old->entry[i];

		if ((!map_get(written, e->key) || map_get(now, e->key)) && map_set(a, m, e->key, e->value) < 0)
			return NULL;
	}
	for (uint32_t i = 0; m && now && i < now->len; i++) {
		const struct map_entry *e = &now->entry[i];

		if (!equal(e->value, map_get(written, e->key)) && (map_get(old, e->key) || !is_injections_own(e->key)) &&
		    map_set(a, m, e->key, e->value) < 0)
			return NULL;
	}
	return m;
}
