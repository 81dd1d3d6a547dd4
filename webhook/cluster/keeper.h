/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The work in the cluster that goes on beside the requests, some of it the leader's alone: tasks, run one after the
 * other in a thread of their own with a client that waits for its answers. The Lease is kept in another thread, so that
 * a task which waits costs no leadership; it is kept only where a task needs it.
 */
#ifndef WEBHOOK_CLUSTER_KEEPER_H
#define WEBHOOK_CLUSTER_KEEPER_H

#include "webhook/cluster/election.h"

struct keeper;

struct keeper_turn {
	struct cluster_client *client; /* the tasks' own */
	struct keeper *keeper;         /* for keeper_leads(), to be asked again before each write */
};

/*
 * One step of a task; logs what fails. Returns milliseconds until the next one is due (bounded below by a tenth of a
 * second, so that none can spin). Requests fail at once when the keeper stops.
 */
typedef int64_t keeper_step(void *context, const struct keeper_turn *turn);

struct keeper_task {
	keeper_step *step;
	void *context;    /* borrowed, outlives the keeper */
	bool only_leader; /* first step as soon as we lead, none while we do not */
	bool asks_leader; /* a task of every replica that calls keeper_leads() */
	int64_t gap_ms;   /* woken earlier than that after its last step, it waits until then */
};

enum { KEEPER_TASKS_MAX = 8 };

struct keeper_options {
	struct election_options election; /* `changed` is called after the tasks were woken */
	struct keeper_task task[KEEPER_TASKS_MAX];
	size_t n_tasks;
};

/* All tasks are due at once. NULL with err. */
struct keeper *keeper_start(const struct keeper_options *o, struct err *err) MUST_CHECK;
/* No step is begun any more, the one under way is waited for, then the Lease is handed on. NULL is fine. */
void keeper_stop(struct keeper *k);
/* Any thread. Whether we lead now; false where no task needs the Lease. */
bool keeper_leads(const struct keeper *k);
/* Any thread: the tasks of that context are due; NULL: all. */
void keeper_wake(struct keeper *k, const void *context);

#endif
