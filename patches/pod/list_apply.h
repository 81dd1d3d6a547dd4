/* SPDX-License-Identifier: Apache-2.0 */
/* Istio 1.5 to 1.8: what was rendered goes into the pod, what an earlier injection added goes out. */
#ifndef PATCHES_POD_LIST_APPLY_H
#define PATCHES_POD_LIST_APPLY_H

#include "patches/pod/list_spec.h"

/* Drops what the status annotation lists or, where it lists nothing, what the first releases added. */
void list_remove_earlier(struct pod_edit *e, const struct value *status);

/* The last mount of the service-account token, or NULL. */
const struct value *container_token_mount(const struct value *container);

/* Adds every item, in the template's order. hold: istio-proxy before the application. */
void list_add(struct pod_edit *e, struct list_spec *s, const struct list_rules *rules, bool hold);

/*
 * Prometheus is pointed at the agent, whatever the pod says of scraping; the rendered proxy is told what the pod said. given: the pod
 * as it came, before injectedAnnotations.
 */
void list_merge_prometheus(struct pod_edit *e, struct list_spec *s, const struct value *given, const struct value *mesh);

/* The labels that workloads of those releases carry; a label that the pod has stays. */
void list_label(struct pod_edit *e, const struct list_spec *s, const struct list_rules *rules, struct str workload, struct str revision);

/*
 * HTTP probes of the containers go through the agent; the rendered proxy is told the originals. given: the containers of the pod
 * as they came.
 */
int list_rewrite_probes(struct pod_edit *e, struct list_spec *s, const struct list_rules *rules, const struct value *mesh,
	struct err *err) MUST_CHECK;

/* --- as kube-inject up to 1.7 did it ------------------------------------------------------------------------------------ */

/* Appends every item; with hold the proxy goes first. The pod's DNS settings become the template's, or none. */
void list_append(struct pod_edit *e, struct list_spec *s, const struct list_rules *rules, bool hold);
/* The annotations alone, where merging is on. */
void list_point_prometheus(struct pod_edit *e, const struct value *given, const struct value *mesh);
void list_label_offline(struct pod_edit *e, const struct list_rules *rules, struct str revision);

#endif
