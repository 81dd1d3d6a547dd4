/* SPDX-License-Identifier: Apache-2.0 */
/* Whole injections for tests: a pod's JSON in; out come the result, and the pod as the patch itself makes it. */
#ifndef TESTS_UNIT_INJECT_PODS_H
#define TESTS_UNIT_INJECT_PODS_H

#include <string.h>

#include "patches/diff/diff.h"
#include "patches/inject.h"
#include "patches/value/json.h"

struct outcome {
	struct arena arena;
	int rc;
	struct inject_result result;
	struct err err;
	const struct value *given, *patched; /* patched: NULL where there is no patch, or it does not apply */
};

/* The embedded configuration, or one text of the test's own beside the embedded values. NULL with err. */
static inline struct inject_config *load_config(const char *config, struct err *err)
{
	const struct inject_options o = {.native = NATIVE_TRUE};
	struct config_texts t = {.inject_config = {NULL, {NULL, 0}}};

	if (config) {
		t.inject_config = (struct named_text){"config.yaml", str_of(config)};
		t.values = (struct named_text){"values.yaml", str_of(embedded_values)};
	}
	return inject_config_load(&t, &o, err);
}

/* Free with outcome_release, also after a failure. The pod's text must live as long. */
static inline void inject_json(const struct inject_config *c, struct str pod, struct outcome *o)
{
	struct inject_request req = {
		.pod_json = pod, .namespace = STR("shop"), .url_path = STR("/inject/cluster/c1/net/n1")};
	const struct value *patch;

	memset(o, 0, sizeof(*o));
	arena_init(&o->arena, 0);
	o->given = req.pod = json_parse(&o->arena, pod.p, pod.len, JSON_FROM_POD, &o->err);
	o->rc = req.pod ? inject_pod(c, &o->arena, &req, &o->result, &o->err) : -1;
	if (o->rc < 0 || !o->result.injected)
		return;
	patch = json_parse(&o->arena, o->result.patch.p, o->result.patch.len, 0, &o->err);
	o->patched = patch ? json_patch_apply(&o->arena, o->given, patch, &o->err) : NULL;
}

static inline void outcome_release(struct outcome *o)
{
	arena_release(&o->arena);
}

static inline const struct value *item_named(const struct value *list, struct str name)
{
	for (size_t i = 0; list && list->kind == K_LIST && i < list->u.list.len; i++)
		if (str_eq(raw_str(list->u.list.item[i], "name"), name))
			return list->u.list.item[i];
	return NULL;
}

#endif
