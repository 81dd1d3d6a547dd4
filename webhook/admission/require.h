/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The validating webhook: a pod as it is about to be stored, in a namespace that demands a sidecar (guard.yaml, section
 * `require`). It finds what the mutating webhook never saw: it was down and failurePolicy is Ignore, a selector left
 * the pod out, or another webhook came after.
 */
#ifndef WEBHOOK_ADMISSION_REQUIRE_H
#define WEBHOOK_ADMISSION_REQUIRE_H

#include "webhook/admission/handle.h"

/*
 * As admission_handle(), for POST /require. Pods that are created are looked at; everything else is allowed. The reason
 * is SIDECAR_PRESENT, SIDECAR_NOT_REQUIRED, SIDECAR_TOLERATED (missing, and audited or warned of) or SIDECAR_MISSING
 * (refused).
 */
void admission_require(const struct admission_policy *policy, struct arena *a, struct str body, struct text *out,
	struct admission_outcome *ret);

/* The reason alone, of a pod in r->object. ERR_NOMEM. */
int require_judge(const struct admission_policy *p, struct arena *a, const struct admission_request *r,
	enum reason *ret, struct err *err) MUST_CHECK;

/*
 * Why a pod does not have its sidecar; NULL where it has. That is: a container istio-proxy with an image, and the
 * status annotation that every injection leaves. No proof against whoever writes both by hand: `proxyImage` of the
 * requirement is.
 */
const char *sidecar_lack(const struct value *pod);

#endif
