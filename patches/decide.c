/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a pod is to be injected, and why: Istio's injectRequired, release by release (injector facts B1.5, A0). */
#include "patches/decide.h"

#include <string.h>
#include <strings.h>

#include "patches/pod/edit.h"
#include "patches/pod/names.h"

static const char inject_key[] = "sidecar.istio.io/inject";

bool decide_system_namespace(enum release release, struct str namespace)
{
	static const char *const always[] = {"kube-system", "kube-public"};
	static const char *const since_1_9[] = {"kube-node-lease", "local-path-storage"};

	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		if (str_is(namespace, always[i]))
			return true;
	for (size_t i = 0; release == RELEASE_HEAD && i < ARRAY_LEN(since_1_9); i++)
		if (str_is(namespace, since_1_9[i]))
			return true;
	return false;
}

struct question {
	const struct inject_config *config;
	const struct value *pod, *labels, *annotations;
	struct str namespace;
};

/* Each rule says why the pod is injected or left alone, or NONE; *row gets what it looked at. */

static enum reason by_host_network(const struct question *q, struct decide_row *row UNUSED)
{
	return raw_bool(raw_get(q->pod, "spec"), "hostNetwork") ? REASON_HOST_NETWORK : REASON_NONE;
}

static enum reason by_namespace(const struct question *q, struct decide_row *row)
{
	row->value = q->namespace;
	return decide_system_namespace(q->config->release, q->namespace) ? REASON_SYSTEM_NAMESPACE : REASON_NONE;
}

/* What the pod itself asks for: yes, no, or nothing that counts. */
static enum reason asked_today(const struct value *v, struct decide_row *row, enum reason yes, enum reason no)
{
	if (!v || v->kind != K_STRING)
		return REASON_NONE;
	row->value = v->u.s;
	return str_is(v->u.s, "true") ? yes : str_is(v->u.s, "false") ? no : REASON_NONE;
}

static enum reason by_label(const struct question *q, struct decide_row *row)
{
	return asked_today(raw_get(q->labels, inject_key), row, REASON_LABEL_TRUE, REASON_LABEL_FALSE);
}

static enum reason by_annotation(const struct question *q, struct decide_row *row)
{
	const enum reason r = asked_today(raw_get(q->annotations, inject_key), row, REASON_ANNOTATION_TRUE, REASON_ANNOTATION_FALSE);

	row->overruled = raw_get(q->labels, inject_key);
	return row->overruled ? REASON_NONE : r;
}

/* Up to 1.8: the annotation alone, YAML's words for yes; anything else that is not empty is a no. */
static enum reason by_annotation_up_to_1_8(const struct question *q, struct decide_row *row)
{
	static const char *const yes[] = {"y", "yes", "true", "on"};
	const struct str v = raw_str(q->annotations, inject_key);

	row->value = v;
	if (!v.len)
		return REASON_NONE;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (v.len == strlen(yes[i]) && strncasecmp(v.p, yes[i], v.len) == 0)
			return REASON_ANNOTATION_TRUE;
	return REASON_ANNOTATION_FALSE;
}

static enum reason by_selectors(const struct selectors *s, const struct question *q, struct decide_row *row, enum reason reason)
{
	const size_t found = selectors_find(s, q->labels && q->labels->kind == K_MAP ? q->labels->u.map : NULL);

	row->entries = s->len;
	row->entry = found == SIZE_MAX ? 0 : found + 1;
	return row->entry ? reason : REASON_NONE;
}

static enum reason by_never(const struct question *q, struct decide_row *row)
{
	return by_selectors(&q->config->never, q, row, REASON_NEVER_SELECTOR);
}

static enum reason by_always(const struct question *q, struct decide_row *row)
{
	return by_selectors(&q->config->always, q, row, REASON_ALWAYS_SELECTOR);
}

static enum reason by_policy(const struct question *q, struct decide_row *row)
{
	row->value = q->config->policy_enabled ? STR("enabled") : STR("disabled");
	return q->config->policy_enabled ? REASON_POLICY_ENABLED : REASON_POLICY_DISABLED;
}

/* kube-inject up to 1.8 left a pod alone that has other containers beside an istio-proxy. */
static enum reason by_earlier_injection(const struct question *q, struct decide_row *row UNUSED)
{
	const struct value *l = raw_get(raw_get(q->pod, "spec"), "containers");
	const bool injected = l && l->kind == K_LIST && l->u.list.len > 1 && raw_container(q->pod, "containers", CONTAINER_PROXY);

	return injected ? REASON_ALREADY_INJECTED : REASON_NONE;
}

static enum reason by_being_offline(const struct question *q UNUSED, struct decide_row *row UNUSED)
{
	return REASON_POLICY_ENABLED;
}

/* Where a rule counts: in the webhook, or offline, of which releases. Selectors and policy belong to a cluster, and do not count offline;
 * up to 1.7 the pod's own wish and its namespace did not count there either. */
static const struct rule {
	enum decide_step step;
	enum reason (*decide)(const struct question *q, struct decide_row *row);
	bool webhook, offline;
	enum release offline_since, least, most;
} rules[] = {
	{STEP_HOST_NETWORK, by_host_network, true, true, RELEASE_1_5, RELEASE_1_5, RELEASE_HEAD},
	{STEP_ALREADY_INJECTED, by_earlier_injection, false, true, RELEASE_1_5, RELEASE_1_5, RELEASE_1_8},
	{STEP_NAMESPACE, by_namespace, true, true, RELEASE_1_8, RELEASE_1_5, RELEASE_HEAD},
	{STEP_LABEL, by_label, true, true, RELEASE_HEAD, RELEASE_HEAD, RELEASE_HEAD},
	{STEP_ANNOTATION, by_annotation, true, true, RELEASE_HEAD, RELEASE_HEAD, RELEASE_HEAD},
	{STEP_ANNOTATION, by_annotation_up_to_1_8, true, true, RELEASE_1_8, RELEASE_1_5, RELEASE_1_8},
	{STEP_NEVER_SELECTOR, by_never, true, false, RELEASE_1_5, RELEASE_1_5, RELEASE_HEAD},
	{STEP_ALWAYS_SELECTOR, by_always, true, false, RELEASE_1_5, RELEASE_1_5, RELEASE_HEAD},
	{STEP_POLICY, by_policy, true, false, RELEASE_1_5, RELEASE_1_5, RELEASE_HEAD},
	{STEP_OFFLINE, by_being_offline, false, true, RELEASE_1_5, RELEASE_1_5, RELEASE_HEAD},
};

static bool counts(const struct rule *r, enum release release, bool offline)
{
	return (offline ? r->offline && release >= r->offline_since : r->webhook) && release >= r->least && release <= r->most;
}

enum reason decide_traced(const struct inject_config *c, const struct value *pod, struct str namespace, bool offline,
	struct decide_trace *ret_trace)
{
	const struct value *meta = raw_get(pod, "metadata");
	const struct question q = {.config = c, .pod = pod, .labels = raw_get(meta, "labels"),
		.annotations = raw_get(meta, "annotations"), .namespace = namespace};
	enum reason decided = REASON_NONE;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(rules) && (ret_trace || decided == REASON_NONE); i++) {
		struct decide_row row = {.step = rules[i].step, .asked = decided == REASON_NONE};

		if (!counts(&rules[i], c->release, offline))
			continue;
		if (row.asked)
			row.reason = decided = rules[i].decide(&q, &row);
		if (ret_trace)
			ret_trace->row[n++] = row;
	}
	if (ret_trace)
		ret_trace->len = n;
	return decided;
}

enum reason decide_wish(const struct inject_config *c, const struct value *pod)
{
	const struct value *meta = raw_get(pod, "metadata");
	const struct question q = {.config = c, .pod = pod, .labels = raw_get(meta, "labels"), .annotations = raw_get(meta, "annotations")};
	enum reason wish = REASON_NONE;

	for (size_t i = 0; i < ARRAY_LEN(rules) && wish == REASON_NONE; i++) {
		struct decide_row row = {.step = rules[i].step};

		if ((row.step == STEP_LABEL || row.step == STEP_ANNOTATION) && counts(&rules[i], c->release, false))
			wish = rules[i].decide(&q, &row);
	}
	return wish;
}

const char *decide_step_code(enum decide_step step)
{
	static const char *const code[STEP_COUNT] = {
		[STEP_HOST_NETWORK] = "host-network",       [STEP_ALREADY_INJECTED] = "already-injected",
		[STEP_NAMESPACE] = "namespace",             [STEP_LABEL] = "label",
		[STEP_ANNOTATION] = "annotation",           [STEP_NEVER_SELECTOR] = "never-selector",
		[STEP_ALWAYS_SELECTOR] = "always-selector", [STEP_POLICY] = "policy",
		[STEP_OFFLINE] = "offline",
	};

	return code[step];
}

enum reason decide(const struct inject_config *c, const struct value *pod, struct str namespace, bool offline)
{
	return decide_traced(c, pod, namespace, offline, NULL);
}
