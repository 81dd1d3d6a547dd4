/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Istio 1.5 to 1.8: one template renders lists of containers and volumes, which are added to the pod. What differs from release to
 * release is this table; what is common is in list_spec.c and list_apply.c.
 */
#ifndef PATCHES_POD_LIST_RULES_H
#define PATCHES_POD_LIST_RULES_H

#include "patches/mesh/mesh.h"
#include "patches/schema/schema.h"

struct list_rules {
	const struct go_type *data;     /* what the template's dot is: a pointer type */
	unsigned kubernetes;            /* minor release of the Kubernetes types that the injector knew */
	bool cron_jobs, empty_hash;     /* see owner_up_to_1_8() */
	int cron_jobs_since;            /* the patch release that first knew them */
	int proxy_config_since;         /* before that patch release it was another annotation, istio.io/proxyConfig */
	bool owner_in_pod_namespace;    /* DeploymentMeta.Namespace: the pod's own, else always the request's */
	bool proxy_config;              /* the annotation proxy.istio.io/config counts */
	bool validation_first;          /* istio-validation goes before the pod's init containers */
	bool hold_by_values, hold_by_proxy_config; /* istio-proxy goes first where held */
	bool startup_probes;
	bool probe_port_in_args;        /* the agent's port is read from the proxy's --statusPort; else from the mesh */
	bool empty_probers;             /* ISTIO_KUBE_APP_PROBERS is "{}" where there is nothing to tell */
	bool prometheus;                /* metrics merging */
	bool revision_label;
	bool cluster_by_values;         /* values and label name cluster and network, and the network becomes a label */
	/* Offline (kube-inject): up to 1.7 a flow of its own, from 1.8 on the webhook's. */
	bool own_offline;
	bool offline_secrets;           /* image pull secrets are added */
	bool offline_prometheus;        /* Prometheus is pointed at the agent */
	bool fs_group_by_mesh;          /* fsGroup 1337 where mesh.sdsUdsPath is set; else by environment and token mode */
};

/* Not for RELEASE_HEAD. */
const struct list_rules *list_rules(enum release release);

#endif
