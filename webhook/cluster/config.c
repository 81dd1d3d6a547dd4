/* SPDX-License-Identifier: Apache-2.0 */
/* Where the Kubernetes API is and who we are to it: a pod's service account. */
#include "webhook/cluster/config.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"

static const char *path_in(struct arena *a, const char *folder, const char *name)
{
	return arena_printf(a, "%s/%s", folder, name);
}

/* IPv6 addresses need brackets in a URL. */
static const char *server_of(struct arena *a, const char *host, const char *port)
{
	const bool v6 = strchr(host, ':') != NULL;

	return arena_printf(a, "https://%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

static int read_namespace(struct arena *a, const char *path, struct cluster_config *c, struct err *err)
{
	struct str text;

	if (access(path, F_OK) < 0)
		return 0;
	if (file_read(a, path, LIMIT_TOKEN_BYTES, FILE_UTF8, &text, err) < 0)
		return -1;
	text = str_trim_space(text);
	c->namespace = text.len ? arena_strndup(a, text.p, text.len) : NULL;
	return text.len && !c->namespace ? err_nomem(err) : 0;
}

int cluster_config_in_cluster(struct arena *a, const char *folder, const char *host, const char *port,
	struct cluster_config *ret, struct err *err)
{
	const char *namespace_file = path_in(a, folder, "namespace");
	struct cluster_config c = {.origin = "the service account of this pod"};

	if (!host || !host[0] || !port || !port[0])
		return err_set(err, ERR_CONFIG,
			"this is no pod of a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; "
			"elsewhere give --kubeconfig");
	c.server = server_of(a, host, port);
	c.token_file = path_in(a, folder, "token");
	c.ca.file = path_in(a, folder, "ca.crt");
	if (!c.server || !c.token_file || !c.ca.file || !namespace_file)
		return err_nomem(err);
	if (access(c.token_file, R_OK) < 0 || access(c.ca.file, R_OK) < 0) {
		(void)err_set(err, ERR_CONFIG,
			"the pod has no service account's token; set automountServiceAccountToken: true in its spec, "
			"or give --kubeconfig");
		return err_at(err, "%s", folder);
	}
	if (read_namespace(a, namespace_file, &c, err) < 0)
		return -1;
	*ret = c;
	return 0;
}

const char *cluster_config_default_paths(struct arena *a, const char *kubeconfig, const char *home)
{
	if (kubeconfig && kubeconfig[0])
		return kubeconfig;
	return arena_printf(a, "%s/.kube/config", home ? home : "");
}
