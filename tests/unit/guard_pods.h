/* SPDX-License-Identifier: Apache-2.0 */
/* Pods before a guard, for tests: a pod's JSON in; out come verdict and result. */
#ifndef TESTS_UNIT_GUARD_PODS_H
#define TESTS_UNIT_GUARD_PODS_H

#include <stdio.h>

#include "tests/unit/inject_pods.h"
#include "webhook/admission/guarded.h"

struct guarded_outcome {
	struct outcome o;
	struct guard_verdict verdict;
};

static inline struct guard *load_guard(const char *yaml, struct err *err)
{
	const struct named_text text = {"guard.yaml", str_of(yaml)};
	const struct guard_known known = {.now = 0};

	return guard_load(&text, &known, err);
}

/* Free with outcome_release(&g->o). The pod's text must live as long. user: raw userInfo as JSON, or NULL. */
static inline void guard_json(
	const struct admission_policy *p, const char *user, struct str pod, struct guarded_outcome *g)
{
	struct inject_request req = {.pod_json = pod, .namespace = STR("shop"), .url_path = STR("/inject")};
	struct outcome *o = &g->o;
	const struct value *patch, *info;

	memset(g, 0, sizeof(*g));
	arena_init(&o->arena, 0);
	info = user ? json_parse(&o->arena, user, strlen(user), 0, &o->err) : NULL;
	o->given = req.pod = json_parse(&o->arena, pod.p, pod.len, JSON_FROM_POD, &o->err);
	o->rc = req.pod ? guarded_inject(p, &o->arena, &req, info, &o->result, &g->verdict, &o->err) : -1;
	if (o->rc < 0 || !o->result.patch.p)
		return;
	patch = json_parse(&o->arena, o->result.patch.p, o->result.patch.len, 0, &o->err);
	o->patched = patch ? json_patch_apply(&o->arena, o->given, patch, &o->err) : NULL;
}

#endif
