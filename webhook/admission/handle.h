/* SPDX-License-Identifier: Apache-2.0 */
/* One request from body to answer: parse, judge, decide and inject, write. */
#ifndef WEBHOOK_ADMISSION_HANDLE_H
#define WEBHOOK_ADMISSION_HANDLE_H

#include "webhook/admission/guarded.h"
#include "webhook/admission/review.h"

/* What became of a request, for the response's head, the log and the metrics. Borrowed from the body, the arena and the
 * policy. */
struct admission_outcome {
	int http_status; /* 200: an AdmissionReview is in `out`; 400, 500: one line of text is */
	bool allowed;
	enum reason reason;
	struct admission_request request;
	struct inject_result result; /* zero where it did not come to that */
	struct guard_verdict guard;
	const char *mistake; /* why a pod that is left alone looks as if that was not meant, with the remedy; NULL: it
				does not */
	struct err err;      /* the cause where it was refused; code ERR_NONE otherwise */
};

/*
 * Always leaves something to send in `out`, which is empty before. Allocates in `a` only; a failed allocation is HTTP
 * 500. path is the URL's, as it came.
 */
void admission_handle(const struct admission_policy *policy, struct arena *a, struct str body, struct str path,
	struct text *out, struct admission_outcome *ret);

/*
 * Takes an answer back, of either webhook, because its line could not be written: `out` and the outcome are those of a
 * refusal with reason NOT_AUDITED. why: for people.
 */
void admission_unaudited(struct arena *a, const char *why, struct text *out, struct admission_outcome *o);

#endif
