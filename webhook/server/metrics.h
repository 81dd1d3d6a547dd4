/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of what was decided, and their text for Prometheus (exposition format 0.0.4). */
#ifndef WEBHOOK_SERVER_METRICS_H
#define WEBHOOK_SERVER_METRICS_H

#include <stdatomic.h>

#include "patches/reason.h"
#include "webhook/admission/handle.h"

/* Written by all threads; a zeroed struct is a fresh one. */
struct metrics {
	_Atomic uint64_t decisions[REASON_COUNT]; /* answered with an AdmissionReview, by reason */
	_Atomic uint64_t unreadable;              /* answered with 4xx or 5xx: no AdmissionReview could be read or written */
};

void metrics_count(struct metrics *m, const struct admission_outcome *o);

/* Appends the whole text. generation, not_after: of the configuration and the certificate that are served; 0 where there is none. */
void metrics_print(const struct metrics *m, uint64_t generation, int64_t not_after, struct text *out);

#endif
