/* SPDX-License-Identifier: Apache-2.0 */
/* Injection under a guard. */
#include "webhook/admission/guarded.h"

#include <string.h>

#include "patches/pod/edit.h"
#include "patches/pod/names.h"

struct str admission_namespace(struct str of_request, const struct value *pod)
{
	return of_request.len ? of_request : raw_str(raw_get(pod, "metadata"), "namespace");
}

const struct namespace_facts *admission_facts(const struct admission_policy *p, struct str namespace)
{
	return p->facts ? p->facts : inject_config_namespace(p->config, namespace);
}

struct guarded {
	const struct admission_policy *policy;
	struct arena *a;
	struct inject_request request;
	struct guard_request asks;
	struct inject_result *ret;
	struct guard_verdict *verdict;
};

static int deny(struct guarded *g, struct err *err)
{
	const char *text = guard_denial(g->a, guard_deciding(g->verdict));

	g->ret->reason = REASON_GUARD_DENIED;
	return text ? err_set(err, ERR_INPUT, "%s", text) : err_nomem(err);
}

static int judge(struct guarded *g, const struct value *pod, struct err *err)
{
	g->asks.pod = pod;
	if (guard_judge(g->policy->guard, g->a, &g->asks, g->verdict, err) == 0)
		return 0;
	g->ret->reason = REASON_LIMIT;
	return -1;
}

static int inject(struct guarded *g, struct err *err)
{
	return inject_pod(g->policy->config, g->a, &g->request, g->ret, err);
}

static int inject_stripped(struct guarded *g, struct err *err)
{
	g->request.original = g->request.pod;
	g->request.pod = g->verdict->stripped;
	return inject(g, err);
}

static int inject_new(struct guarded *g, struct err *err)
{
	if (judge(g, g->request.pod, err) < 0)
		return -1;
	if (g->verdict->action == GUARD_DENY)
		return deny(g, err);
	return g->verdict->stripped ? inject_stripped(g, err) : inject(g, err);
}

/* The pod without those annotations that injection writes just so on its own. */
static const struct value *without_written(struct guarded *g, const struct value *pod, const struct value *bare,
	const struct value *injected, struct err *err)
{
	const struct value *kept = raw_path(bare, "metadata", "annotations", NULL);
	const struct value *given = raw_path(pod, "metadata", "annotations", NULL);
	const struct value *written = raw_path(injected, "metadata", "annotations", NULL);
	struct pod_edit e;

	pod_edit_begin(&e, g->a, pod);
	for (uint32_t i = 0; !e.failed && written && written->kind == K_MAP && i < written->u.map->len; i++) {
		const struct map_entry *w = &written->u.map->entry[i];
		const struct value *v = given && given->kind == K_MAP ? map_get(given->u.map, w->key) : NULL;

		if (v && raw_equal(v, w->value) && !(kept && map_get(kept->u.map, w->key)))
			(void)map_del(e.annotations, w->key);
	}
	return pod_edit_end(&e, err);
}

/*
 * Templates write annotations that a pod could have written itself (the CNI plugin reads them), and nothing says who
 * did. What injection writes just so without them asks for nothing.
 */
static int judge_injected(struct guarded *g, struct err *err)
{
	const struct value *pod = g->ret->asked_pod, *bare;
	struct inject_request request = g->request;
	struct inject_result result;
	struct err cause = {0};

	if (judge(g, pod, err) < 0)
		return -1;
	bare = guard_without_annotations(g->verdict, g->a, &g->asks, g->policy->guard->kinds, err);
	if (!bare || bare == pod)
		return bare ? 0 : -1;
	request.pod = bare;
	request.pod_json = (struct str){NULL, 0};
	request.trace = NULL;
	if (inject_pod(g->policy->config, g->a, &request, &result, &cause) < 0 || !result.injected)
		return cause.code == ERR_NOMEM ? err_nomem(err) : 0;
	pod = without_written(g, pod, bare, result.pod, err);
	return pod ? judge(g, pod, err) : -1;
}

static int inject_again(struct guarded *g, struct err *err)
{
	if (inject(g, err) < 0 || judge_injected(g, err) < 0)
		return -1;
	if (g->verdict->action == GUARD_DENY)
		return deny(g, err);
	return g->verdict->stripped ? inject_stripped(g, err) : 0;
}

int guarded_inject(const struct admission_policy *p, struct arena *a, const struct inject_request *request,
	const struct value *user_info, struct inject_result *ret, struct guard_verdict *ret_verdict, struct err *err)
{
	const struct str namespace = admission_namespace(request->namespace, request->pod);
	struct guarded g = {.policy = p,
		.a = a,
		.request = *request,
		.ret = ret,
		.verdict = ret_verdict,
		.asks = {.config = p->config,
			.namespace = namespace,
			.facts = admission_facts(p, namespace),
			.user_info = user_info,
			.now = p->now}};

	memset(ret, 0, sizeof(*ret));
	memset(ret_verdict, 0, sizeof(*ret_verdict));
	return raw_path(request->pod, "metadata", "annotations", ANNOTATION_STATUS, NULL) ? inject_again(&g, err)
											  : inject_new(&g, err);
}
