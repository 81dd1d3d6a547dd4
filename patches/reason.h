/* SPDX-License-Identifier: Apache-2.0 */
/* Every outcome of a request by one code: the answer, the log, the metric, the audit line and `explain` all use this table. */
#ifndef PATCHES_REASON_H
#define PATCHES_REASON_H

#include <stdbool.h>
#include <stddef.h>

enum reason {
	REASON_NONE,
	/* Injected. */
	REASON_POLICY_ENABLED,
	REASON_LABEL_TRUE,
	REASON_ANNOTATION_TRUE,
	REASON_ALWAYS_SELECTOR,
	/* Left alone by decision. */
	REASON_HOST_NETWORK,
	REASON_SYSTEM_NAMESPACE,
	REASON_LABEL_FALSE,
	REASON_ANNOTATION_FALSE,
	REASON_NEVER_SELECTOR,
	REASON_POLICY_DISABLED,
	REASON_ALREADY_INJECTED,
	/* Left alone because it is no creation of a pod. */
	REASON_NOT_A_POD,
	REASON_SUBRESOURCE,
	REASON_NOT_CREATE,
	/* Refused. */
	REASON_BAD_REVIEW,
	REASON_BAD_POD,
	REASON_BAD_ANNOTATION,
	REASON_UNKNOWN_TEMPLATE,
	REASON_TEMPLATE_FAILED,
	REASON_OVERLAY_FAILED,
	REASON_OVERRIDES_FAILED,
	REASON_PASS_FAILED,
	REASON_TOKEN_MODE,
	REASON_LIMIT,
	REASON_PROOF_FAILED,
	REASON_NOT_AUDITED,
	REASON_GUARD_DENIED,
	REASON_INTERNAL,
	/* Of the validating webhook. */
	REASON_SIDECAR_PRESENT,
	REASON_SIDECAR_NOT_REQUIRED,
	REASON_SIDECAR_TOLERATED,
	REASON_SIDECAR_MISSING,
	REASON_COUNT,
};

/* The first of the validating webhook's. */
#define REASON_OF_REQUIRE REASON_SIDECAR_PRESENT

enum reason_result { RESULT_INJECTED, RESULT_SKIPPED, RESULT_REFUSED };

struct reason_row {
	const char *code;          /* stable, kebab-case */
	enum reason_result result;
	const char *text;          /* one clause for people, without full stop */
};

/* "injected", "skipped", "refused". */
const char *reason_result_name(enum reason_result result);

/* Never NULL. */
const struct reason_row *reason_row(enum reason r);

#endif
