/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a pod is to be injected, and why: Istio's injectRequired, release by release (injector facts B1.5, A0). */
#include "patches/inject.h"

#include <string.h>
#include <strings.h>

#include "patches/pod/edit.h"
#include "patches/pod/names.h"

static const char inject_key[] = "sidecar.istio.io/inject";

static bool system_namespace(enum release release, struct str namespace)
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

/* What the pod itself asks for: yes, no, or nothing that counts. */
static enum reason asked_today(const struct value *labels, const struct value *annotations)
{
	const struct value *label = raw_get(labels, inject_key), *annotation = raw_get(annotations, inject_key);
	const struct value *v = label ? label : annotation;

	if (!v || v->kind != K_STRING)
		return REASON_NONE;
	if (str_is(v->u.s, "true"))
		return label ? REASON_LABEL_TRUE : REASON_ANNOTATION_TRUE;
	if (str_is(v->u.s, "false"))
		return label ? REASON_LABEL_FALSE : REASON_ANNOTATION_FALSE;
	return REASON_NONE;
}

/* Up to 1.8: the annotation alone, YAML's words for yes; anything else that is not empty is a no. */
static enum reason asked_up_to_1_8(const struct value *annotations)
{
	static const char *const yes[] = {"y", "yes", "true", "on"};
	const struct str v = raw_str(annotations, inject_key);

	if (!v.len)
		return REASON_NONE;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (v.len == strlen(yes[i]) && strncasecmp(v.p, yes[i], v.len) == 0)
			return REASON_ANNOTATION_TRUE;
	return REASON_ANNOTATION_FALSE;
}

static enum reason by_selectors(const struct inject_config *c, const struct value *labels)
{
	const struct map *m = labels && labels->kind == K_MAP ? labels->u.map : NULL;

	if (selectors_match(&c->never, m))
		return REASON_NEVER_SELECTOR;
	if (selectors_match(&c->always, m))
		return REASON_ALWAYS_SELECTOR;
	return REASON_NONE;
}

/* kube-inject up to 1.8 left a pod alone that has other containers beside an istio-proxy. */
static bool already_injected(const struct value *pod)
{
	const struct value *l = raw_get(raw_get(pod, "spec"), "containers");

	return l && l->kind == K_LIST && l->u.list.len > 1 && raw_container(pod, "containers", CONTAINER_PROXY);
}

/* Offline, selectors and policy do not count: they belong to a cluster. Up to 1.7 the pod's own wish did not count either. */
static enum reason decide_offline(const struct inject_config *c, const struct value *pod, struct str namespace)
{
	const struct value *meta = raw_get(pod, "metadata"), *annotations = raw_get(meta, "annotations");
	enum reason r = REASON_NONE;

	if (c->release == RELEASE_HEAD)
		r = asked_today(raw_get(meta, "labels"), annotations);
	else if (already_injected(pod))
		return REASON_ALREADY_INJECTED;
	else if (c->release == RELEASE_1_8)
		r = asked_up_to_1_8(annotations);
	if (c->release >= RELEASE_1_8 && system_namespace(c->release, namespace))
		return REASON_SYSTEM_NAMESPACE;
	return r != REASON_NONE ? r : REASON_POLICY_ENABLED;
}

enum reason decide(const struct inject_config *c, const struct value *pod, struct str namespace, bool offline)
{
	const struct value *meta = raw_get(pod, "metadata");
	const struct value *labels = raw_get(meta, "labels"), *annotations = raw_get(meta, "annotations");
	enum reason r;

	if (raw_bool(raw_get(pod, "spec"), "hostNetwork"))
		return REASON_HOST_NETWORK;
	if (offline)
		return decide_offline(c, pod, namespace);
	if (system_namespace(c->release, namespace))
		return REASON_SYSTEM_NAMESPACE;
	r = c->release == RELEASE_HEAD ? asked_today(labels, annotations) : asked_up_to_1_8(annotations);
	if (r == REASON_NONE)
		r = by_selectors(c, labels);
	if (r != REASON_NONE)
		return r;
	return c->policy_enabled ? REASON_POLICY_ENABLED : REASON_POLICY_DISABLED;
}
