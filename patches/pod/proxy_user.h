/* SPDX-License-Identifier: Apache-2.0 */
/* The proxy's user and group: ids of a namespace under OpenShift, and what follows where a pod sets its own. */
#ifndef PATCHES_POD_PROXY_USER_H
#define PATCHES_POD_PROXY_USER_H

#include "patches/config/config.h"
#include "patches/value/value.h"

enum { PROXY_ID = 1337 };

/*
 * Where the pod's own istio-proxy sets runAsUser or runAsGroup, the traffic redirection must except that user: the init container's
 * argument -u, and the ids of istio-validation. In TPROXY mode the proxy keeps user 0.
 */
const struct value *adjust_proxy_user(struct arena *a, const struct value *merged, const struct value *original, bool tproxy,
	struct err *err) MUST_CHECK;

/* OpenShift gives every container of a pod one user: a proxy with the application's user loses it, to get its own. */
const struct value *forget_shared_user(struct arena *a, const struct value *pod, struct err *err) MUST_CHECK;

/* Highest user id of the namespace's range and highest group id of its first block; PROXY_ID where it names none. */
void namespace_ids(const struct namespace_facts *ns, int64_t *ret_uid, int64_t *ret_gid);

#endif
