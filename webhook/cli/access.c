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
	if (!paths)
		return err_nomem(err);
	if (cluster_config_kubeconfig(a, paths, o->context, ret, err) < 0) {
		/* A file that is not there is a mistake of whoever named it. */
		err->code = err->code == ERR_IO ? ERR_CONFIG : err->code;
		return -1;
	}
	return 0;
}
