/* SPDX-License-Identifier: Apache-2.0 */
/* What injection writes into a pod's metadata, told by names and values alone. */
#include "patches/pod/written.h"

#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/pod/told.h"

/* How the value that injection writes is told; by what, is the row's own text. */
enum rule {
	ANY_VALUE,
	THIS_VALUE,  /* `by` itself */
	FROM_LABELS, /* of the first of these labels that is there (separated by spaces), or a part of it; else whatever
			it is */
	FROM_VARIABLE,   /* what this variable of the proxy holds */
	FIRST_CONTAINER, /* the name of the first container that is not the proxy's */
	REVISION,        /* of releases that write it as a label, and not as an annotation */
	UNTOLD,          /* a pod of its own looks the same: it stays */
};

struct written {
	const char *key;
	enum rule rule;
	const char *by;
};

static const struct written labels[] = {
	{"security.istio.io/tlsMode", THIS_VALUE, "istio"},
	{"networking.istio.io/tunnel", THIS_VALUE, "http"},
	{"service.istio.io/canonical-name", FROM_LABELS, "app.kubernetes.io/name app"},
	{"service.istio.io/canonical-revision", FROM_LABELS, "app.kubernetes.io/version version"},
	{LABEL_NETWORK, UNTOLD, NULL},
	{"istio.io/rev", REVISION, NULL},
};

/* Those of the traffic are written where a CNI plugin redirects it, which reads them. */
static const struct written annotations[] = {
	{"istio.io/rev", ANY_VALUE, NULL},
	{"kubectl.kubernetes.io/default-container", FIRST_CONTAINER, NULL},
	{"kubectl.kubernetes.io/default-logs-container", FIRST_CONTAINER, NULL},
	{"prometheus.istio.io/secure-port", FROM_VARIABLE, "ENVOY_SECURE_MERGED_METRICS_PORT"},
	{ANNOTATION_INTERCEPTION, THIS_VALUE, "REDIRECT"},
	{"traffic.sidecar.istio.io/includeOutboundIPRanges", THIS_VALUE, "*"},
	{"traffic.sidecar.istio.io/includeInboundPorts", THIS_VALUE, "*"},
	{"traffic.sidecar.istio.io/excludeInboundPorts", THIS_VALUE, "15020"},
	{"k8s.v1.cni.cncf.io/networks", THIS_VALUE, "istio-cni"},
	{"k8s.v1.cni.cncf.io/networks", THIS_VALUE, "default/istio-cni"},
};

static bool is_from_labels(const struct value *pod, struct str keys, struct str value)
{
	const struct value *own = raw_path(pod, "metadata", "labels", NULL);

	while (keys.p) {
		const struct str key = str_cut(&keys, ' ');
		const struct value *v = own ? map_get(own->u.map, key) : NULL;

		if (v && v->kind == K_STRING && v->u.s.len)
			return str_find(v->u.s, value) != SIZE_MAX;
	}
	return true;
}

static bool is_from_variable(const struct value *pod, const char *variable, struct str value)
{
	const struct value *env = raw_get(raw_any_container(pod, CONTAINER_PROXY), "env");

	for (size_t i = 0; env && env->kind == K_LIST && i < env->u.list.len; i++)
		if (str_is(raw_str(env->u.list.item[i], "name"), variable) &&
			str_eq(raw_str(env->u.list.item[i], "value"), value))
			return true;
	return false;
}

static bool is_first_container(const struct value *pod, struct str value)
{
	const struct value *l = raw_path(pod, "spec", "containers", NULL);

	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++) {
		const struct str name = raw_str(l->u.list.item[i], "name");

		if (!str_eq(name, CONTAINER_PROXY))
			return str_eq(name, value);
	}
	return false;
}

/* People choose a revision by this label, so that it goes only where nothing else can have written it. */
static bool is_revision(const struct value *pod, struct str value)
{
	const struct value *own = raw_path(pod, "metadata", "annotations", NULL);
	const struct str status = raw_str(own, ANNOTATION_STATUS);

	if (raw_get(own, "istio.io/rev"))
		return false;
	/* Up to 1.8 the status has a version; 1.5 wrote no such label, and did not tell the proxy its configuration either. */
	if (status.p && str_find(status, STR("\"version\"")) != SIZE_MAX)
		return env_value(raw_any_container(pod, CONTAINER_PROXY), "PROXY_CONFIG").p != NULL;
	return status.p && str_find(status, value) != SIZE_MAX;
}

static bool matches(const struct written *w, const struct value *pod, struct str value)
{
	switch (w->rule) {
	case THIS_VALUE:
		return str_is(value, w->by);
	case FROM_LABELS:
		return is_from_labels(pod, str_of(w->by), value);
	case FROM_VARIABLE:
		return is_from_variable(pod, w->by, value);
	case FIRST_CONTAINER:
		return is_first_container(pod, value);
	case REVISION:
		return is_revision(pod, value);
	case UNTOLD:
		return false;
	default:
		return true;
	}
}

static bool is_written(
	const struct written *table, size_t len, const struct value *pod, struct str key, struct str value)
{
	for (size_t i = 0; i < len; i++)
		if (str_is(key, table[i].key) && matches(&table[i], pod, value))
			return true;
	return false;
}

bool label_is_written(const struct value *pod, struct str key, struct str value)
{
	return is_written(labels, ARRAY_LEN(labels), pod, key, value);
}

bool annotation_is_written(const struct value *pod, struct str key, struct str value)
{
	return is_written(annotations, ARRAY_LEN(annotations), pod, key, value);
}

static bool is_known(const struct written *table, size_t len, struct str key)
{
	for (size_t i = 0; i < len; i++)
		if (str_is(key, table[i].key))
			return true;
	return false;
}

bool label_is_known(struct str key)
{
	return is_known(labels, ARRAY_LEN(labels), key);
}

bool annotation_is_known(struct str key)
{
	return is_known(annotations, ARRAY_LEN(annotations), key);
}
