/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events on the owners of pods: what kubectl shows of a ReplicaSet whose pods were left alone by mistake, or refused.
 * Requests leave notes and go on; a task of the keeper gathers and writes them, as core/v1 Events, which every
 * Kubernetes since 1.16 takes. Source: Kubernetes API reference, Event v1 core.
 */
#ifndef WEBHOOK_CLUSTER_EVENTS_H
#define WEBHOOK_CLUSTER_EVENTS_H

#include "base/log.h"
#include "webhook/cluster/event_table.h"
#include "webhook/cluster/keeper.h"

struct events;

struct events_options {
	const char *replica;    /* copied */
	const struct log *log;  /* borrowed, outlives it; NULL: nothing is logged */
	int64_t again_ms;       /* a count that grew is written no sooner; 0: EVENT_AGAIN_MS */
};

/* NULL with err. */
struct events *events_new(const struct events_options *o, struct err *err) MUST_CHECK;
/* After the keeper and the server have stopped; what was not written is forgotten. NULL is fine. */
void events_free(struct events *e);
void events_freep(struct events **slot);

/* Any thread; takes a short lock and no memory. What there is no room for is counted as dropped. */
void events_put(struct events *e, const struct event_note *n);
/* Any thread. */
struct event_counts events_counted(struct events *e);

/* A keeper_step of every replica, not only of the leader: each writes what it decided. context: a struct events. */
int64_t events_step(void *context, const struct keeper_turn *turn);

#endif
