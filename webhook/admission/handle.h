/* SPDX-License-Identifier: Apache-2.0 */
/* One request from body to answer: parse, decide and inject, write. */
#ifndef WEBHOOK_ADMISSION_HANDLE_H
#define WEBHOOK_ADMISSION_HANDLE_H

#include "patches/config/config.h"
#include "webhook/admission/review.h"

/* What became of a request, for the response's head, the log and the metrics. Borrowed from the body and the arena. */
struct admission_outcome {
	int http_status;             /* 200: an AdmissionReview is in `out`; 400, 500: one line of text is */
	bool allowed;
	enum reason reason;
	struct admission_request request;
	struct err err;              /* the cause where it was refused; code ERR_NONE otherwise */
};

/*
 * Always leaves something to send in `out`, which is empty before. Allocates in `a` only; a failed allocation is HTTP 500. config is
 * borrowed; path is the URL's, as it came.
 */
void admission_handle(const struct inject_config *config, struct arena *a, struct str body, struct str path, struct text *out,
	struct admission_outcome *ret);

#endif
