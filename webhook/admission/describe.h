/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer says beside the patch: annotations for the API server's audit log, warnings for whoever made the pod.
 */
#ifndef WEBHOOK_ADMISSION_DESCRIBE_H
#define WEBHOOK_ADMISSION_DESCRIBE_H

#include "patches/decide.h"
#include "webhook/admission/handle.h"

/*
 * Adds to the answer: decision, reason, reason-detail, rule, revision, templates, templates-digest, overrides,
 * token-mode, configuration, guard. trace: of the decision; empty where none was taken. ERR_NOMEM.
 */
int describe_decision(const struct admission_policy *p, struct arena *a, const struct admission_outcome *o,
	const struct decide_trace *trace, struct admission_answer *answer, struct err *err) MUST_CHECK;

/* Adds warnings: the guard's first, then what looks like a mistake, what will not work, and what the injection itself
 * had to say. ERR_NOMEM. */
int describe_warnings(const struct admission_policy *p, struct arena *a, const struct admission_outcome *o,
	struct admission_answer *answer, struct err *err) MUST_CHECK;

/* Whether an annotation is the pod's own word on injection: written by people, not by an earlier injection. */
bool annotation_steers(struct str key);

/* Static text or NULL: whether leaving this pod alone looks like somebody's mistake. */
const char *skip_mistake(const struct inject_config *c, const struct value *pod, enum reason reason);

#endif
