/* SPDX-License-Identifier: Apache-2.0 */
/* Names that pods, templates and proxies agree on. Source: istio.io/docs/reference/config/{annotations,labels}. */
#ifndef PATCHES_POD_NAMES_H
#define PATCHES_POD_NAMES_H

#include "base/text.h"

#define CONTAINER_PROXY STR("istio-proxy")
#define CONTAINER_INIT STR("istio-init")
#define CONTAINER_VALIDATION STR("istio-validation")
#define CONTAINER_CORE_DUMP STR("enable-core-dump")

#define ANNOTATION_STATUS "sidecar.istio.io/status"
#define ANNOTATION_OVERRIDES "proxy.istio.io/overrides"
#define ANNOTATION_PROXY_CONFIG "proxy.istio.io/config"
#define ANNOTATION_TEMPLATES "inject.istio.io/templates"
#define ANNOTATION_NATIVE "sidecar.istio.io/nativeSidecar"
#define ANNOTATION_IMAGE_TYPE "sidecar.istio.io/proxyImageType"
#define ANNOTATION_INTERCEPTION "sidecar.istio.io/interceptionMode"
#define ANNOTATION_REWRITE_PROBES "sidecar.istio.io/rewriteAppHTTPProbers"
#define ANNOTATION_STATUS_PORT "status.sidecar.istio.io/port"
#define ANNOTATION_MERGE_METRICS "prometheus.istio.io/merge-metrics"
#define ANNOTATION_CPU "sidecar.istio.io/proxyCPU"
#define ANNOTATION_CPU_LIMIT "sidecar.istio.io/proxyCPULimit"

#define LABEL_NETWORK "topology.istio.io/network"

#define ENV_CLUSTER "ISTIO_META_CLUSTER_ID"
#define ENV_NETWORK "ISTIO_META_NETWORK"
#define ENV_APP_PROBERS "ISTIO_KUBE_APP_PROBERS"
#define ENV_METAJSON_ANNOTATIONS "ISTIO_METAJSON_ANNOTATIONS"
#define ENV_METAJSON_LABELS "ISTIO_METAJSON_LABELS"
#define ENV_APP_CONTAINERS "ISTIO_META_APP_CONTAINERS"
#define ENV_POD_PORTS "ISTIO_META_POD_PORTS"
#define ENV_PROMETHEUS "ISTIO_PROMETHEUS_ANNOTATIONS"

/* "true", "1", "t", ... as strconv.ParseBool reads them: 1, 0, or -1 where it is neither. */
int parse_go_bool(struct str s);

#endif
