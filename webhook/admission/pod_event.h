/* SPDX-License-Identifier: Apache-2.0 */
/* What of a decision is worth an Event on the pod's owner. */
#ifndef WEBHOOK_ADMISSION_POD_EVENT_H
#define WEBHOOK_ADMISSION_POD_EVENT_H

#include "webhook/admission/handle.h"
#include "webhook/cluster/event_table.h"

/*
 * A pod that is left alone by what looks like a mistake, or refused by either webhook, and that a controller made:
 * whoever makes one by hand is answered, and sees the warning or the refusal. False where there is nothing to say; on
 * dry run there never is. No value of the pod's is in the text, only names of annotations and rules. Borrowed from the
 * request and `a`.
 */
bool pod_event(struct arena *a, const struct admission_outcome *o, struct event_note *ret);

#endif
