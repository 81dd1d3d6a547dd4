/* SPDX-License-Identifier: Apache-2.0 */
/* The work in the cluster that goes on beside the requests. */
#include "webhook/cluster/keeper.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "webhook/cluster/clock.h"

enum { STEP_MIN_MS = 100, IDLE_MS = 30000 };

struct keeper {
	struct keeper_task task[KEEPER_TASKS_MAX];
	int64_t due[KEEPER_TASKS_MAX], ended[KEEPER_TASKS_MAX]; /* of the next step, of the last */
	size_t n_tasks;
	struct cluster_client *client;
	struct election *election; /* NULL where no task needs the Lease */
	pthread_t thread;
	struct waiter waiter;
	void (*changed)(void *context, bool leads);
	void *context;
	atomic_bool woken[KEEPER_TASKS_MAX];
};

bool keeper_leads(const struct keeper *k)
{
	return k->election && election_leads(k->election);
}

void keeper_wake(struct keeper *k, const void *context)
{
	for (size_t i = 0; i < k->n_tasks; i++)
		if (!context || k->task[i].context == context)
			atomic_store(&k->woken[i], true);
	waiter_wake(&k->waiter);
}

static void changed(void *context, bool leads)
{
	struct keeper *k = context;

	keeper_wake(k, NULL);
	if (k->changed)
		k->changed(k->context, leads);
}

static bool may_run(const struct keeper *k, const struct keeper_task *t)
{
	return !t->only_leader || keeper_leads(k);
}

static int64_t due_of(struct keeper *k, size_t i)
{
	const int64_t woken = k->ended[i] + k->task[i].gap_ms;

	return atomic_load(&k->woken[i]) && woken < k->due[i] ? woken : k->due[i];
}

static void run_step(struct keeper *k, size_t i)
{
	const struct keeper_turn turn = {k->client, k};
	int64_t ms;

	/* Before the step: who wakes it meanwhile has something new to show. */
	atomic_store(&k->woken[i], false);
	ms = k->task[i].step(k->task[i].context, &turn);
	k->ended[i] = cluster_clock_ms();
	k->due[i] = k->ended[i] + (ms > STEP_MIN_MS ? ms : STEP_MIN_MS);
}

/* Runs what is due; returns when the next is. */
static int64_t run_due(struct keeper *k)
{
	int64_t next = cluster_clock_ms() + IDLE_MS;

	for (size_t i = 0; i < k->n_tasks && !waiter_ended(&k->waiter); i++) {
		int64_t due;

		if (!may_run(k, &k->task[i]))
			continue;
		if (due_of(k, i) <= cluster_clock_ms())
			run_step(k, i);
		due = due_of(k, i);
		next = due < next ? due : next;
	}
	return next;
}

static void *run(void *context)
{
	struct keeper *k = context;

	while (!waiter_ended(&k->waiter)) {
		const int64_t next = run_due(k);

		waiter_wait(&k->waiter, next - cluster_clock_ms());
	}
	return NULL;
}

static bool needs_lease(const struct keeper_options *o)
{
	for (size_t i = 0; i < o->n_tasks; i++)
		if (o->task[i].only_leader || o->task[i].asks_leader)
			return true;
	return false;
}

static int start_election(struct keeper *k, const struct keeper_options *o, struct err *err)
{
	struct election_options election = o->election;

	if (!needs_lease(o))
		return 0;
	k->changed = o->election.changed;
	k->context = o->election.context;
	election.changed = changed;
	election.context = k;
	k->election = election_start(&election, err);
	return k->election ? 0 : -1;
}

static void free_keeper(struct keeper *k)
{
	election_stop(k->election);
	cluster_client_free(k->client);
	waiter_release(&k->waiter);
	free(k);
}

struct keeper *keeper_start(const struct keeper_options *o, struct err *err)
{
	struct keeper *k = calloc(1, sizeof(*k));

	if (!k) {
		(void)err_nomem(err);
		return NULL;
	}
	waiter_init(&k->waiter);
	for (size_t i = 0; i < o->n_tasks && i < KEEPER_TASKS_MAX; i++)
		k->task[k->n_tasks++] = o->task[i];
	k->client = cluster_client_new(o->election.config, err);
	/* The thread begins after the election: it reads where that is. */
	if (k->client && start_election(k, o, err) == 0) {
		if (pthread_create(&k->thread, NULL, run, k) == 0)
			return k;
		(void)err_set(err, ERR_IO, "cannot start a thread for the cluster's tasks");
	}
	free_keeper(k);
	return NULL;
}

void keeper_stop(struct keeper *k)
{
	if (!k)
		return;
	waiter_end(&k->waiter);
	cluster_client_stop(k->client);
	(void)pthread_join(k->thread, NULL);
	free_keeper(k);
}
