/* SPDX-License-Identifier: Apache-2.0 */
/* Injection of a pod that was injected before: it is brought back, injected anew, and what others have added since stays. */
#ifndef PATCHES_REINJECT_H
#define PATCHES_REINJECT_H

#include "patches/injection.h"

/* inject_overlays() or inject_lists(). */
typedef int inject_fn(struct injection *in, struct err *err);

/* Templates run at most so often, whatever a pod says of the injection before. */
enum { REINJECT_MOST_RUNS = 8 };

/*
 * in->merged is what injecting the pod as it was before, with what others have changed since, gives: equal to the pod that came where
 * nothing has changed. Where a container would get lost that way, the pod is injected as it came, as Istio does. record: of
 * in->given, with restorable().
 */
int reinject(struct injection *in, const struct injection_record *record, inject_fn *run, struct err *err) MUST_CHECK;

#endif
