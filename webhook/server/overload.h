/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is turned away at once, because an answer would come too late or nothing could be said to anybody any more: HTTP
 * 503, so that the webhook's failurePolicy decides. A decision is never made of it.
 *
 * Sources: kube-apiserver names the time it waits in the query (?timeout=10s, whole seconds rounded up), reads the text
 * of a 503 into its own error, and asks again by itself where a Retry-After stands beside it.
 */
#ifndef WEBHOOK_SERVER_OVERLOAD_H
#define WEBHOOK_SERVER_OVERLOAD_H

#include "webhook/server/state.h"

/*
 * Microseconds that a request may be old when its answer is made: a second less than the time its query names, half of
 * it where that is less than two; that of the webhook's default of 10 s where it names none that can be.
 */
int64_t overload_budget_us(struct request *r);

/*
 * To be called when the head of a review was read; fd is the connection's socket, which knows how long it has waited
 * there. Whether it is turned away: whoever asked has gone, it is too old, or too many others are in progress (a fifth
 * of the connections is left for those who must hear that, and for probes). Counted and logged; r->status and
 * r->problem are set.
 */
bool overload_refuses(struct server *s, struct request *r, int fd);

/* For templates: whether the request, `ctx`, has become too old by now. Once it is, it stays so. */
bool overload_is_late(void *ctx);
/* Turns it away for that. */
void overload_give_up(struct server *s, struct request *r);

#endif
