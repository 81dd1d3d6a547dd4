/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that keeps the Lease over the API. */
#include "webhook/cluster/election.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "webhook/cluster/clock.h"

enum { BODY_MAX = 4096, RELEASE_TIMEOUT_MS = 2000, REQUEST_TIMEOUT_MIN_MS = 500, NAME_MAX_BYTES = 254 };

struct election {
	struct election_options o;
	char namespace[NAME_MAX_BYTES], name[NAME_MAX_BYTES];
	struct lease lease;
	struct cluster_client *client;
	pthread_t thread;
	struct waiter waiter; /* of the thread; ended by election_stop() */
	bool led;             /* as `changed` and the log were told last */
	bool complained;      /* one line for a trouble, however long it lasts */
	_Atomic int64_t held_until;
};

bool election_leads(const struct election *e)
{
	return cluster_clock_ms() < atomic_load(&e->held_until);
}

static void log_change(const struct election *e, const char *message)
{
	log_with(e->o.log, LOG_INFO, message, log_cstr("lease", e->name), log_cstr("namespace", e->namespace),
		log_cstr("holder", e->lease.seen.holder));
}

static void tell(struct election *e)
{
	const bool leads = lease_leads(&e->lease, cluster_clock_ms());

	atomic_store(&e->held_until, e->lease.held_until);
	if (leads == e->led)
		return;
	e->led = leads;
	log_change(e, leads ? "leading: this replica keeps what only one may keep" : "no longer leading");
	if (e->o.changed)
		e->o.changed(e->o.context, leads);
}

static void complain(struct election *e, const struct err *err)
{
	char text[2 * sizeof(*err)];

	if (e->complained)
		return;
	e->complained = true;
	err_print(err, text, sizeof(text));
	log_with(e->o.log, LOG_WARN, "the Lease cannot be kept; trying again", log_cstr("error", text));
}

static int64_t wall_micros(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static struct cluster_call call_for(const struct election *e, enum lease_action action, struct str body)
{
	static const enum cluster_verb verbs[] = {
		[LEASE_READ] = CLUSTER_GET, [LEASE_CREATE] = CLUSTER_CREATE, [LEASE_WRITE] = CLUSTER_REPLACE};

	return (struct cluster_call){
		.verb = verbs[action],
		.place = {.api = "/apis/coordination.k8s.io/v1",
			.resource = "leases",
			.namespace = e->namespace,
			.name = action == LEASE_CREATE ? NULL : e->name},
		.body = body,
	};
}

/* Sends it, and tells the state machine what came. */
static void carry_out(struct election *e, struct arena *a, enum lease_action action)
{
	/* A request that takes longer than what is left of our time helps nobody. */
	const int64_t timeout = (e->o.timing.deadline_ms - e->o.timing.retry_ms) / 2;
	struct cluster_answer answer = {0};
	struct err err = {0};
	struct cluster_call call;
	struct text body;
	int status;

	text_init(&body, a, BODY_MAX);
	if (action != LEASE_READ)
		lease_body(&e->lease, e->namespace, e->name, wall_micros(), false, &body);
	call = call_for(e, action, (struct str){body.data, body.len});
	call.timeout_ms = timeout > REQUEST_TIMEOUT_MIN_MS ? timeout : REQUEST_TIMEOUT_MIN_MS;
	status = cluster_do(e->client, a, &call, &answer, &err);
	lease_answered(&e->lease, action, answer.status, status == 0 ? answer.object : NULL, cluster_clock_ms());
	if (status == 0)
		e->complained = false;
	else if (!(answer.status == CLUSTER_NOT_FOUND && action == LEASE_READ) && answer.status != CLUSTER_CONFLICT &&
		 !waiter_ended(&e->waiter))
		complain(e, &err);
}

static void *run(void *context)
{
	struct election *e = context;
	struct arena a;

	arena_init(&a, 0);
	while (!waiter_ended(&e->waiter)) {
		const int64_t now = cluster_clock_ms();
		const enum lease_action action = lease_next(&e->lease, now);

		if (action == LEASE_NOTHING)
			waiter_wait(&e->waiter, lease_wait_ms(&e->lease, now));
		else
			carry_out(e, &a, action);
		arena_clear(&a);
		tell(e);
	}
	arena_release(&a);
	return NULL;
}

/* The client of the thread was stopped, so that it ends soon: this needs one of its own. */
static void release(struct election *e)
{
	own(cluster_client_freep) struct cluster_client *client = NULL;
	struct cluster_answer answer;
	struct cluster_call call;
	struct err err = {0};
	struct arena a;
	struct text body;

	arena_init(&a, 0);
	text_init(&body, &a, BODY_MAX);
	lease_body(&e->lease, e->namespace, e->name, wall_micros(), true, &body);
	call = call_for(e, LEASE_WRITE, (struct str){body.data, body.len});
	call.timeout_ms = RELEASE_TIMEOUT_MS;
	client = cluster_client_new(e->o.config, &err);
	if (!client || cluster_do(client, &a, &call, &answer, &err) < 0)
		complain(e, &err);
	else
		log_change(e, "handed on the Lease");
	arena_release(&a);
}

static void free_election(struct election *e)
{
	cluster_client_free(e->client);
	waiter_release(&e->waiter);
	free(e);
}

struct election *election_start(const struct election_options *o, struct err *err)
{
	struct election *e = calloc(1, sizeof(*e));
	char identity[LEASE_NAME_MAX];
	uint64_t random = 0;

	if (!e) {
		(void)err_nomem(err);
		return NULL;
	}
	if (getrandom(&random, sizeof(random), 0) < 0)
		random = (uint64_t)wall_micros();
	(void)snprintf(identity, sizeof(identity), "%.200s_%016llx", o->identity, (unsigned long long)random);
	e->o = *o;
	(void)snprintf(e->namespace, sizeof(e->namespace), "%s", o->namespace);
	(void)snprintf(e->name, sizeof(e->name), "%s", o->name);
	lease_init(&e->lease, identity, o->timing, random);
	atomic_init(&e->held_until, 0);
	waiter_init(&e->waiter);
	e->client = cluster_client_new(o->config, err);
	if (e->client && pthread_create(&e->thread, NULL, run, e) == 0)
		return e;
	if (e->client)
		(void)err_set(err, ERR_IO, "cannot start a thread for the Lease");
	free_election(e);
	return NULL;
}

void election_stop(struct election *e)
{
	if (!e)
		return;
	waiter_end(&e->waiter);
	cluster_client_stop(e->client);
	(void)pthread_join(e->thread, NULL);
	if (election_leads(e)) {
		atomic_store(&e->held_until, 0);
		release(e);
	}
	free_election(e);
}
