/* SPDX-License-Identifier: Apache-2.0 */
/* Pods that are left alone although somebody seems to have meant otherwise. */
#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "webhook/admission/describe.h"

struct skip {
	const struct inject_config *config;
	const struct value *pod, *labels, *annotations;
	enum reason reason;
};

static bool asks_for_injection(const struct skip *s)
{
	return reason_row(decide_wish(s->config, s->pod))->result == RESULT_INJECTED;
}

/* A container that only injection can complete: no image is named "auto". */
static bool left_auto(const struct skip *s)
{
	const struct value *proxy = raw_any_container(s->pod, CONTAINER_PROXY);

	return str_is(raw_str(proxy, "image"), "auto");
}

static bool host_network_wanted(const struct skip *s)
{
	return s->reason == REASON_HOST_NETWORK && asks_for_injection(s);
}

static bool namespace_wanted(const struct skip *s)
{
	return s->reason == REASON_SYSTEM_NAMESPACE && asks_for_injection(s);
}

static bool contradicts(const struct skip *s)
{
	return s->reason == REASON_LABEL_FALSE && str_is(raw_str(s->annotations, "sidecar.istio.io/inject"), "true");
}

/* With no wish that counts the policy decides; a word that almost is one was meant to count. */
static bool misspelt(const struct skip *s)
{
	static const char key[] = "sidecar.istio.io/inject";

	return s->reason == REASON_POLICY_DISABLED && (raw_str(s->labels, key).len || raw_str(s->annotations, key).len);
}

static bool templates_unused(const struct skip *s)
{
	return s->reason == REASON_POLICY_DISABLED && raw_str(s->annotations, ANNOTATION_TEMPLATES).p;
}

static const struct {
	bool (*is)(const struct skip *s);
	const char *text;
} mistakes[] = {
	{left_auto, "not injected, but istio-proxy has image 'auto' and cannot start: set label "
		    "sidecar.istio.io/inject=true"},
	{host_network_wanted, "not injected: it asks for a sidecar, but uses hostNetwork; take one of the two out"},
	{namespace_wanted,
		"not injected: it asks for a sidecar, but system namespaces never get one; use another namespace"},
	{contradicts,
		"not injected: label sidecar.istio.io/inject=false wins over the annotation 'true'; take one out"},
	{misspelt, "not injected: sidecar.istio.io/inject must be exactly 'true' to count; correct it"},
	{templates_unused,
		"not injected: inject.istio.io/templates alone does not ask; set label sidecar.istio.io/inject=true"},
};

const char *skip_mistake(const struct inject_config *c, const struct value *pod, enum reason reason)
{
	const struct value *metadata = raw_get(pod, "metadata");
	const struct skip s = {.config = c,
		.pod = pod,
		.labels = raw_get(metadata, "labels"),
		.annotations = raw_get(metadata, "annotations"),
		.reason = reason};

	for (size_t i = 0; i < ARRAY_LEN(mistakes); i++)
		if (mistakes[i].is(&s))
			return mistakes[i].text;
	return NULL;
}
