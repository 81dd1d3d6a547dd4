/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What will not work although the pod was injected rightly: warnings for whoever made it. A table of checks over the
 * injected pod and what is known of its namespace; where something is not known, nothing is said.
 */
#ifndef WEBHOOK_ADMISSION_RESULT_CHECK_H
#define WEBHOOK_ADMISSION_RESULT_CHECK_H

#include "patches/inject.h"

enum { RESULT_WARNINGS_MAX = 3, RESULT_WARNING_BYTES = 119 };

struct result_warnings {
	const char *text[RESULT_WARNINGS_MAX]; /* at most RESULT_WARNING_BYTES each; in the arena or static */
	size_t len;
};

/* r->injected. facts: of the pod's namespace, NULL where not known. ERR_NOMEM. */
int result_check(const struct inject_config *c, struct arena *a, const struct inject_result *r,
	const struct namespace_facts *facts, struct str namespace, struct result_warnings *ret,
	struct err *err) MUST_CHECK;

/* The same of a pod as it is about to be stored: what other webhooks made of it, and in which order. ERR_NOMEM. */
int result_check_final(struct arena *a, const struct value *pod, struct result_warnings *ret, struct err *err) MUST_CHECK;

#endif
