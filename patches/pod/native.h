/* SPDX-License-Identifier: Apache-2.0 */
/* Native sidecars: whether the proxy runs as a restarting init container (KEP 753). */
#ifndef PATCHES_POD_NATIVE_H
#define PATCHES_POD_NATIVE_H

#include "patches/config/config.h"
#include "patches/value/value.h"

/* By mode and, when automatic, by the kubelets: of the pod's node where it names a known one, else of all. cluster: the pod's. */
bool native_sidecars(const struct inject_config *c, const struct value *pod, struct str cluster);

/*
 * A pod's own istio-proxy that stands in containers moves behind the init containers, where the template puts the proxy there:
 * so that the two merge. overlay: the rendered pod so far.
 */
const struct value *move_proxy_to_init(struct arena *a, const struct value *pod, const struct value *overlay, bool native,
	struct err *err) MUST_CHECK;

#endif
