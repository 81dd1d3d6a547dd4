/* SPDX-License-Identifier: Apache-2.0 */
/* The validating webhook. */
#include "webhook/admission/require.h"

#include "patches/decide.h"
#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "webhook/admission/answering.h"
#include "webhook/admission/guard_parts.h"
#include "webhook/admission/result_check.h"

static bool has_image(const struct value *container)
{
	const struct str image = raw_str(container, "image");

	return image.len && !str_is(image, "auto");
}

const char *sidecar_lack(const struct value *pod)
{
	const struct value *proxy = raw_any_container(pod, CONTAINER_PROXY);

	if (!proxy)
		return "it has no container istio-proxy";
	if (!has_image(proxy))
		return "the image of its istio-proxy is 'auto', which only injection completes";
	if (!raw_path(pod, "metadata", "annotations", ANNOTATION_STATUS, NULL))
		return "its istio-proxy was not injected: there is no annotation " ANNOTATION_STATUS;
	return NULL;
}

struct requiring {
	const struct admission_policy *policy;
	struct arena *a;
	struct guard_request asks;
	struct admission_answer *answer;
	struct admission_outcome *o;
	const char *lack;
	bool demanded, failed;
	struct guard_hit *hit;
};

/* As far as the pod itself tells why it was not injected. */
static const char *likely_cause(const struct requiring *q)
{
	const enum reason reason = decide(q->policy->config, q->asks.pod, q->asks.namespace, false);

	return reason_row(reason)->result == RESULT_SKIPPED
		       ? reason_row(reason)->text
		       : "the injection webhook was not called for it: look at its selectors and failurePolicy";
}

static const char *wrong_image(struct requiring *q, const struct guard_rule *rule)
{
	const struct str image = raw_str(raw_any_container(q->asks.pod, CONTAINER_PROXY), "image");
	const struct guard_ask ask = {.kind = GUARD_PROXY_IMAGE, .value = image_full_name(q->a, image)};

	q->failed = q->failed || !ask.value.p;
	if (!rule->n_conditions || !ask.value.p || !guard_values_fit(&rule->condition[0], &ask))
		return NULL;
	return "the image of its istio-proxy is not one of the allowed";
}

static const char *lack_of(struct requiring *q, const struct guard_rule *rule)
{
	return q->lack ? q->lack : wrong_image(q, rule);
}

static void refuse(struct requiring *q, const struct guard_rule *rule, const char *lack)
{
	const char *text = arena_printf(q->a, "requirement '%.*s': %.*s (%s%s%s)", (int)rule->name.len, rule->name.p,
		(int)rule->message.len, rule->message.p, lack, q->lack ? ": " : "", q->lack ? likely_cause(q) : "");

	q->failed = q->failed || !text;
	if (q->failed)
		return;
	(void)err_set(&q->o->err, ERR_INPUT, "%s", text);
	q->answer->message = str_of(text);
	q->answer->code = ANSWER_FORBIDDEN;
	q->answer->allowed = false;
	q->o->reason = REASON_SIDECAR_MISSING;
}

static void tolerate(struct requiring *q, const struct guard_rule *rule)
{
	const char *text = arena_printf(
		q->a, "guard %.*s: %.*s", (int)rule->name.len, rule->name.p, (int)rule->message.len, rule->message.p);

	q->failed = q->failed || !text;
	q->o->reason = REASON_SIDECAR_TOLERATED;
	if (text && rule->action == GUARD_WARN)
		answer_warn(q->answer, text);
}

/* For counters and the audit log, as of a rule. NULL without memory. */
static const struct guard_hit *add_hit(struct requiring *q, const struct guard_rule *rule)
{
	struct guard_verdict *v = &q->o->guard;

	if (!q->hit)
		q->hit = arena_calloc(q->a, q->policy->guard->n_requirements, sizeof(*q->hit));
	if (!q->hit)
		return NULL;
	v->hit = q->hit;
	q->hit[v->n_hits] =
		(struct guard_hit){.rule = rule, .exception = guard_excepted(q->policy->guard, rule, &q->asks)};
	if (!q->hit[v->n_hits].exception && rule->action > v->action)
		v->action = rule->action;
	return &q->hit[v->n_hits++];
}

/* All requirements are looked at until one refuses. */
static void look_at(struct requiring *q, const struct guard_rule *rule)
{
	const enum guard_fit fit = guard_scope_fits(&rule->scope, &q->asks);
	const struct guard_hit *hit;
	const char *lack;

	q->o->guard.n_unknown += fit == GUARD_FITS_PERHAPS;
	if (fit != GUARD_FITS)
		return;
	q->demanded = true;
	lack = lack_of(q, rule);
	if (!lack)
		return;
	hit = add_hit(q, rule);
	if (!hit)
		q->failed = true;
	else if (hit->exception)
		q->o->reason = q->o->reason == REASON_NONE ? REASON_SIDECAR_NOT_REQUIRED : q->o->reason;
	else if (rule->action == GUARD_DENY)
		refuse(q, rule, lack);
	else
		tolerate(q, rule);
}

static int require_sidecar(struct requiring *q)
{
	const struct guard *g = q->policy->guard;

	q->lack = sidecar_lack(q->asks.pod);
	q->answer->allowed = true;
	q->o->reason = REASON_NONE;
	for (size_t i = 0; i < g->n_requirements && q->answer->allowed && !q->failed; i++)
		if (!decide_system_namespace(q->policy->config->release, q->asks.namespace))
			look_at(q, &g->requirement[i]);
	if (q->o->reason == REASON_NONE)
		q->o->reason = q->demanded ? REASON_SIDECAR_PRESENT : REASON_SIDECAR_NOT_REQUIRED;
	return q->failed ? err_nomem(&q->o->err) : 0;
}

/* Webhooks that came behind injection may have put something in its way. */
static int warn_of_order(struct requiring *q)
{
	struct result_warnings w;

	if (q->lack)
		return 0;
	if (result_check_final(q->a, q->asks.pod, &w, &q->o->err) < 0)
		return -1;
	for (size_t i = 0; i < w.len; i++)
		answer_warn(q->answer, w.text[i]);
	return 0;
}

static struct requiring begin(
	const struct admission_policy *p, struct arena *a, struct admission_outcome *o, struct admission_answer *answer)
{
	const struct admission_request *r = &o->request;
	struct requiring q = {.policy = p,
		.a = a,
		.answer = answer,
		.o = o,
		.asks = {.config = p->config, .pod = r->object, .user_info = r->user_info, .now = p->now}};

	q.asks.namespace = admission_namespace(r->namespace, r->object);
	q.asks.facts = admission_facts(p, q.asks.namespace);
	return q;
}

static int answer_require(
	const struct admission_policy *p, struct arena *a, struct admission_outcome *o, struct admission_answer *answer)
{
	struct requiring q = begin(p, a, o, answer);
	struct str guard;

	if (answer_begin(a, o, answer))
		return 0;
	if (require_sidecar(&q) < 0)
		return -1;
	guard = guard_summary(a, &o->guard);
	if (!guard.p)
		return err_nomem(&o->err);
	answer_annotate(answer, "sidecar", str_of(reason_row(o->reason)->code));
	answer_annotate(answer, "guard", guard);
	return answer->allowed ? warn_of_order(&q) : 0;
}

int require_judge(const struct admission_policy *p, struct arena *a, const struct admission_request *r,
	enum reason *ret, struct err *err)
{
	struct admission_outcome o = {.request = *r};
	struct admission_answer answer = {.allowed = true};
	struct requiring q = begin(p, a, &o, &answer);

	if (require_sidecar(&q) < 0)
		return err_nomem(err);
	*ret = o.reason;
	return 0;
}

void admission_require(const struct admission_policy *policy, struct arena *a, struct str body, struct text *out,
	struct admission_outcome *ret)
{
	struct admission_answer answer;

	if (!answer_read(a, body, out, ret))
		return;
	if (answer_require(policy, a, ret, &answer) == 0)
		answer_finish(&answer, out, ret);
	else
		answer_without_memory(out, ret);
}
