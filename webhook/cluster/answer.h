/* SPDX-License-Identifier: Apache-2.0 */
/* What an API server's answers mean. */
#ifndef WEBHOOK_CLUSTER_ANSWER_H
#define WEBHOOK_CLUSTER_ANSWER_H

#include "patches/value/value.h"

/* A JSON object, read as Go reads it; NULL where it is none, or there is no memory (err, which may be NULL, tells
 * which). */
const struct value *answer_parse(struct arena *a, struct str body, struct err *err) MUST_CHECK;

/* "403 Forbidden: MESSAGE": message from a metav1.Status, else the beginning of the text. Returns -1. path: without
 * query. */
int answer_refused(int status, const struct value *object, struct str body, struct err *err);

#endif
