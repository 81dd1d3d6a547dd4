/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AdmissionReview, admission.k8s.io/v1 and v1beta1: the request in, the answer out.
 * Source: Kubernetes' k8s.io/api/admission/v1 types and "Dynamic Admission Control", section Webhook request and response.
 */
#ifndef WEBHOOK_ADMISSION_REVIEW_H
#define WEBHOOK_ADMISSION_REVIEW_H

#include "patches/reason.h"
#include "patches/value/value.h"

enum { REVIEW_UID_MAX = 256, REVIEW_MAX_WARNINGS = 5, REVIEW_MAX_ANNOTATIONS = 16 };

/* Borrowed from the body and the arena. */
struct admission_request {
	struct str api_version;      /* of the review, echoed in the answer */
	struct str uid;
	struct str operation, name, namespace;
	struct str user;             /* name of who asked; p NULL where nobody is named */
	const struct value *user_info; /* raw; NULL where there is none */
	bool dry_run;
	const struct value *object;  /* raw, strings marked as the pod's */
	struct str object_json;      /* the same, byte for byte as the body has it; p NULL where it cannot be told */
	enum reason reason;          /* NONE: a pod is being created; not a pod, no creation: allowed untouched; BAD_REVIEW: refused */
	const char *problem;         /* BAD_REVIEW and BAD_POD: what is wrong, for status.message */
};

/*
 * 0: the review can be answered with its uid: see ret->reason. -1: it cannot (HTTP 400); err says what is wrong with the body, where =
 * "byte N" or a JSON Pointer; ERR_NOMEM. The body must outlive the result.
 */
int review_parse(struct arena *a, struct str body, struct admission_request *ret, struct err *err) MUST_CHECK;

/* For the API server's audit log. */
struct audit_annotation {
	const char *key; /* part of a qualified name, as the API server demands; it puts the webhook's name before it */
	struct str value;
};

struct admission_answer {
	struct str api_version, uid;
	bool allowed;
	struct str patch;            /* JSON Patch; none where p is NULL or it holds no operation */
	struct str message;          /* status.message; p NULL: no status */
	int code;                    /* status.code */
	struct audit_annotation annotation[REVIEW_MAX_ANNOTATIONS];
	size_t n_annotations;
	const char *warning[REVIEW_MAX_WARNINGS]; /* the first that came; the rest is dropped */
	size_t n_warnings;
};

/* Beyond what there is room for, and with an empty value, nothing. */
void answer_annotate(struct admission_answer *answer, const char *key, struct str value);
void answer_warn(struct admission_answer *answer, const char *text);

/* Appends the answer as an AdmissionReview; look at out->failed afterwards. */
void answer_write(struct text *out, const struct admission_answer *answer);

#endif
