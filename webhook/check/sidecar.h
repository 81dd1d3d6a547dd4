/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which webhooks are called for a pod, and whether it has the sidecar that it should have: what `outrigger check` and
 * the running webhook's figures both tell. Source: Kubernetes API reference, MutatingWebhookConfiguration v1.
 */
#ifndef WEBHOOK_CHECK_SIDECAR_H
#define WEBHOOK_CHECK_SIDECAR_H

#include "patches/inject.h"

/* One webhook of a MutatingWebhookConfiguration that is called when pods are made. Borrowed from its JSON and an arena. */
struct webhook_entry {
	struct str configuration, name; /* "outrigger-sidecar-injector", "namespace.inject.outrigger.dev" */
	enum { INJECTOR_OURS, INJECTOR_ISTIO, INJECTOR_OTHER } injector; /* the caller's to say */
	const struct value *raw;
	bool selects_namespaces, selects_objects; /* false: the selector is empty, and matches all */
	struct selectors namespaces, objects;     /* one selector each, where there is one */
};

/* *ret_usable: it is called for pods, and its selectors can be understood. ERR_NOMEM. */
int webhook_entry_read(struct arena *a, struct str configuration, const struct value *webhook, struct webhook_entry *ret,
	bool *ret_usable, struct err *err) MUST_CHECK;
/* Whether the API server calls this webhook for a pod with such labels in such a namespace. */
bool webhook_selects(const struct webhook_entry *e, const struct map *namespace_labels, const struct map *pod_labels);

/* The labels of an object; NULL where it has none. */
const struct map *object_labels(const struct value *object);

/* What the configuration makes of a pod that asks for nothing: the injected pod. NULL where it is left alone, or refused
 * (err). */
const struct value *sidecar_sample(const struct inject_config *c, struct arena *a, struct err *err) MUST_CHECK;

/* By what pods are judged. Borrowed. */
struct sidecar_measure {
	const struct inject_config *config; /* NULL: not known, nothing is due */
	const struct webhook_entry *entry;  /* those that are not ours do not count */
	size_t n_entries;
	struct str image; /* of the proxy, as injection would set it today; len 0: not known */
};

enum sidecar_state {
	SIDECAR_NO_MATTER, /* the pod has ended, or is being deleted, or was made without the API */
	SIDECAR_NOT_DUE,   /* it has none and needs none */
	SIDECAR_THERE,
	SIDECAR_ABSENT,    /* our webhooks are called for such a pod and would inject it, but it has none */
	SIDECAR_OUTDATED,  /* the same, and it has one of another image that it did not choose itself */
};

enum sidecar_state sidecar_state(
	const struct sidecar_measure *m, const struct value *pod, struct str namespace, const struct map *namespace_labels);

#endif
