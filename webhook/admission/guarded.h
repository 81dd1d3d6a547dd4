/* SPDX-License-Identifier: Apache-2.0 */
/* Injection under a guard: the pod is judged as it asks, and injected without what rules take out. */
#ifndef WEBHOOK_ADMISSION_GUARDED_H
#define WEBHOOK_ADMISSION_GUARDED_H

#include "patches/inject.h"
#include "webhook/admission/guard.h"

/* By what a request is answered. Borrowed; of one moment. */
struct admission_policy {
	const struct inject_config *config;
	const struct guard *guard;
	int64_t now; /* seconds since 1970 */
	const struct namespace_facts
		*facts; /* of the request's namespace, where the caller knows them; NULL: the configuration's */
	struct time_check time; /* of what templates take */
};

/* What is known of a namespace; NULL where nothing is. */
const struct namespace_facts *admission_facts(const struct admission_policy *p, struct str namespace);

/*
 * As inject_pod(), with a guard before it; request->original is the guard's to set. A pod that says it was injected
 * before is injected first, which tells what it was before: that is judged, so that a container or an annotation is no
 * more and no less its own than injection takes it for. user_info: of the request, or NULL. *ret_verdict is set in
 * every case. -1: refused, with reason GUARD_DENIED where a rule did it.
 */
int guarded_inject(const struct admission_policy *p, struct arena *a, const struct inject_request *request,
	const struct value *user_info, struct inject_result *ret, struct guard_verdict *ret_verdict,
	struct err *err) MUST_CHECK;

/* The namespace that counts: the request's, whatever the pod says; the pod's own where nothing is asked of a server. */
struct str admission_namespace(struct str of_request, const struct value *pod);

#endif
