/* SPDX-License-Identifier: Apache-2.0 */
/* Native sidecars: whether the proxy runs as a restarting init container (KEP 753). */
#include "patches/pod/native.h"

#include "patches/pod/edit.h"
#include "patches/pod/names.h"

/* Stable since Kubernetes 1.33. */
enum { STABLE_MINOR = 33 };

bool native_sidecars(const struct inject_config *c, const struct value *pod, struct str cluster)
{
	const struct str node = raw_str(raw_get(pod, "spec"), "nodeName");

	if (c->native != NATIVE_AUTO)
		return c->native == NATIVE_TRUE;
	/* Only the nodes of the own cluster are known. */
	if (!c->nodes_known || !str_eq(cluster, c->cluster_id))
		return false;
	for (size_t i = 0; node.len && i < c->n_nodes; i++)
		if (str_eq(c->nodes[i].name, node))
			return c->nodes[i].minor >= STABLE_MINOR;
	for (size_t i = 0; i < c->n_nodes; i++)
		if (c->nodes[i].minor < STABLE_MINOR)
			return false;
	return true;
}

const struct value *move_proxy_to_init(struct arena *a, const struct value *pod, const struct value *overlay, bool native,
	struct err *err)
{
	const struct str asked = raw_str(raw_path(pod, "metadata", "annotations", NULL), ANNOTATION_NATIVE);
	const struct value *proxy;
	struct pod_edit e;
	size_t index;

	if (str_is(asked, "true") || str_is(asked, "false"))
		native = str_is(asked, "true");
	if (!native || !raw_container(overlay, "initContainers", CONTAINER_PROXY) ||
	    !raw_container(pod, "containers", CONTAINER_PROXY))
		return pod;
	pod_edit_begin(&e, a, pod);
	index = container_index(&e.containers, CONTAINER_PROXY);
	if (index != SIZE_MAX) {
		proxy = e.containers.item[index];
		container_remove(&e.containers, index);
		container_append(&e, &e.init_containers, proxy);
	}
	return pod_edit_end(&e, err);
}
