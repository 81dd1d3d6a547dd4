/* SPDX-License-Identifier: Apache-2.0 */
/* How a command reaches the cluster's API. */
#include "webhook/cli/access.h"

#include <stdlib.h>

int access_config(struct arena *a, const struct options *o, struct cluster_config *ret, struct err *err)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST"), *paths = o->kubeconfig;

	if (!paths && host && !getenv("KUBECONFIG"))
		return cluster_config_in_cluster(
			a, CLUSTER_SERVICE_ACCOUNT, host, getenv("KUBERNETES_SERVICE_PORT"), ret, err);
	if (!paths)
		paths = cluster_config_default_paths(a, getenv("KUBECONFIG"), getenv("HOME"));
	return paths ? cluster_config_kubeconfig(a, paths, o->context, ret, err) : err_nomem(err);
}
