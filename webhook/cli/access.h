/* SPDX-License-Identifier: Apache-2.0 */
/* How a command reaches the cluster's API, as its options and the environment say. */
#ifndef WEBHOOK_CLI_ACCESS_H
#define WEBHOOK_CLI_ACCESS_H

#include "webhook/cli/options.h"
#include "webhook/cluster/config.h"

/*
 * --kubeconfig and --context; without them the service account of the pod we are in, else what kubectl would read
 * (KUBECONFIG, ~/.kube/config). Texts live in `a`. ERR_CONFIG with the remedy.
 */
int access_config(struct arena *a, const struct options *o, struct cluster_config *ret, struct err *err) MUST_CHECK;

#endif
