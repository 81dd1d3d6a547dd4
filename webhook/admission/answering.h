/* SPDX-License-Identifier: Apache-2.0 */
/* The way from a body to an answer that both webhooks share. */
#ifndef WEBHOOK_ADMISSION_ANSWERING_H
#define WEBHOOK_ADMISSION_ANSWERING_H

#include "webhook/admission/handle.h"

enum { ANSWER_BAD_REQUEST = 400, ANSWER_FORBIDDEN = 403, ANSWER_INTERNAL = 500 };

/* False: the body is no review, and `out` says so. */
bool answer_read(struct arena *a, struct str body, struct text *out, struct admission_outcome *ret) MUST_CHECK;
/* Whether the answer is settled by what is asked: no creation of a pod, or a review that cannot be right. */
bool answer_begin(struct arena *a, struct admission_outcome *o, struct admission_answer *ret) MUST_CHECK;
/* Refuses, in the cause's words. */
void answer_refuse(struct arena *a, struct admission_answer *answer, const struct err *err);
void answer_finish(const struct admission_answer *answer, struct text *out, struct admission_outcome *ret);
/* HTTP 500 in one line. */
void answer_without_memory(struct text *out, struct admission_outcome *ret);

#endif
