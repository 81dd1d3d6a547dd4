/* SPDX-License-Identifier: Apache-2.0 */
/* The environment that the webhook's URL carries, and the cluster and network of a pod. */
#ifndef PATCHES_POD_URL_ENV_H
#define PATCHES_POD_URL_ENV_H

#include "patches/config/config.h"
#include "patches/pod/edit.h"

/*
 * "/inject/cluster/ID/net/N/K/V" (values may hold --slash--) or the legacy "/inject/:ENV:K=V": a map of strings by the
 * variable's name. A last key without value is ignored. NULL when out of memory.
 */
struct map *url_env(struct arena *a, struct str path) MUST_CHECK;

/*
 * Adds the cluster and the network of the values, the URL and the pod's label (in rising order of precedence) to env.
 * Returns the cluster's name, "Kubernetes" where none is named. -1 in *ret_failed when out of memory.
 */
struct str cluster_env(struct arena *a, const struct inject_config *c, const struct value *pod, struct map *env, bool *ret_failed);

/* Puts the variables, sorted by name, at the end of the container's environment; those that were there before go. */
void container_set_env(struct pod_edit *e, struct container_list *l, size_t index, const struct map *env);
/* The same for the pod's istio-proxy, wherever it is. */
void apply_cluster_env(struct pod_edit *e, const struct map *env);

#endif
