/* SPDX-License-Identifier: Apache-2.0 */
/* What the cluster's configuration makes of a pod that asks for nothing. */
#ifndef WEBHOOK_CHECK_SAMPLE_H
#define WEBHOOK_CHECK_SAMPLE_H

#include "webhook/check/ask.h"

/* The injected pod; c->config must be set. NULL where it is left alone, or refused (err). */
const struct value *sample_pod(struct check *c, struct err *err) MUST_CHECK;

#endif
