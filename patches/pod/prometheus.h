/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics merging: Prometheus is pointed at the agent, and the agent is told where the application's metrics are. */
#ifndef PATCHES_POD_PROMETHEUS_H
#define PATCHES_POD_PROMETHEUS_H

#include "patches/pod/edit.h"

/* mesh: the raw mesh configuration. Errors (ERR_INPUT) as Istio words them; where = JSON Pointer of the annotation. */
int merge_prometheus(struct pod_edit *e, const struct value *mesh, struct err *err) MUST_CHECK;

/* prometheus.istio.io/secure-port from the proxy's ENVOY_SECURE_MERGED_METRICS_PORT, unless the pod says its own. */
void annotate_secure_port(struct pod_edit *e);

/* For stripping: drops Prometheus annotations where they already point at the agent. */
void forget_merged_prometheus(struct pod_edit *e, const struct value *mesh);

#endif
