/* SPDX-License-Identifier: Apache-2.0 */
/* Probe rewriting: the kubelet asks the agent, and the agent asks the application inside the mesh. */
#ifndef PATCHES_POD_PROBES_H
#define PATCHES_POD_PROBES_H

#include "patches/pod/edit.h"

/*
 * Rewrites HTTP, HTTPS, TCP and gRPC probes and lifecycle handlers of every container but the proxy, and gives the proxy the
 * originals (ISTIO_KUBE_APP_PROBERS). by_default: the values' sidecarInjectorWebhook.rewriteAppHTTPProbe. A pod without proxy stays as
 * it is. was_injected: the pod came with a status annotation, so probers that the proxy already knows are kept.
 */
int rewrite_probes(struct pod_edit *e, const struct value *mesh, bool by_default, struct err *err) MUST_CHECK;

#endif
