/* SPDX-License-Identifier: Apache-2.0 */
/* Do tasks run when they are due, the leader's by the leader alone, and does an end hand the Lease on? */
#include "webhook/cluster/keeper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/server/api.h"
#include "webhook/cluster/clock.h"

#define LEASES "/apis/coordination.k8s.io/v1/namespaces/mesh/leases"
#define OURS   "/apis/coordination.k8s.io/v1/namespaces/mesh/leases/outrigger"

enum { WAIT_MS = 10000, LONG = 600000 };

/* Times in which a test sees several turns. */
static const struct lease_timing quick = {.lease_ms = 3000, .deadline_ms = 2000, .retry_ms = 100};

struct counter {
	struct waiter ran;
	atomic_int times;
	atomic_bool led; /* at each step */
	int64_t again;
};

static int64_t step(void *context, const struct keeper_turn *turn)
{
	struct counter *c = context;

	atomic_store(&c->led, keeper_leads(turn->keeper));
	(void)atomic_fetch_add(&c->times, 1);
	waiter_wake(&c->ran);
	return c->again;
}

static void wait_times(struct counter *c, int times)
{
	const int64_t until = cluster_clock_ms() + WAIT_MS;

	while (atomic_load(&c->times) < times && cluster_clock_ms() < until)
		waiter_wait(&c->ran, until - cluster_clock_ms());
	assert_true(atomic_load(&c->times) >= times);
}

static struct keeper_options options_for(struct api *api, struct counter *all, struct counter *leader)
{
	return (struct keeper_options){
		.election = {.config = &api->config,
			.namespace = "mesh",
			.name = "outrigger",
			.identity = "pod-1",
			.timing = quick},
		.task = {{.step = step, .context = all}, {.step = step, .context = leader, .only_leader = true}},
		.n_tasks = leader ? 2 : 1,
	};
}

#define HELD(by)                                                                                                       \
	"{\"metadata\":{\"resourceVersion\":\"7\"},\"spec\":{\"holderIdentity\":\"" by                                 \
	"\",\"leaseDurationSeconds\":60}}"

/* Echoes what is written: the identity has something random in it, so the answer must be made of the request. */
static void leader_runs_and_hands_on(void **state UNUSED)
{
	struct counter all = {.again = 100}, leader = {.again = LONG};
	const struct api_request *r;
	struct keeper_options o;
	struct err err = {0};
	struct keeper *k;
	struct api api;

	api_start(&api);
	waiter_init(&all.ran);
	waiter_init(&leader.ran);
	api_add(&api, (struct api_rule){.request = "POST " LEASES, .status = 201, .manner = API_ECHO});
	api_add(&api, (struct api_rule){.request = "PUT " OURS, .status = 200, .manner = API_ECHO});
	o = options_for(&api, &all, &leader);
	k = keeper_start(&o, &err);
	assert_non_null(k);
	wait_times(&leader, 1);
	assert_true(atomic_load(&leader.led));
	assert_true(keeper_leads(k));
	wait_times(&all, 3);
	api_wait_asked(&api, "PUT " OURS, 2);
	keeper_wake(k, &leader);
	wait_times(&leader, 2);
	keeper_stop(k);
	r = api_latest(&api, "PUT " OURS);
	assert_non_null(r);
	assert_non_null(strstr(r->body, "\"holderIdentity\":\"\""));
	waiter_release(&all.ran);
	waiter_release(&leader.ran);
	api_stop(&api);
}

static void others_lead(void **state UNUSED)
{
	struct counter all = {.again = 100}, leader = {.again = 100};
	struct keeper_options o;
	struct err err = {0};
	struct keeper *k;
	struct api api;

	api_start(&api);
	waiter_init(&all.ran);
	waiter_init(&leader.ran);
	api_add(&api, (struct api_rule){.request = "GET " OURS, .status = 200, .body = HELD("pod-2")});
	o = options_for(&api, &all, &leader);
	k = keeper_start(&o, &err);
	assert_non_null(k);
	api_wait_asked(&api, "GET " OURS, 5);
	wait_times(&all, 5);
	assert_int_equal(atomic_load(&leader.times), 0);
	assert_false(keeper_leads(k));
	keeper_stop(k);
	assert_int_equal(api_asked(&api, "PUT " OURS), 0);
	waiter_release(&all.ran);
	waiter_release(&leader.ran);
	api_stop(&api);
}

/* A Lease that nobody needs is not kept; an API that is not there holds nothing up. */
static void no_lease_without_need(void **state UNUSED)
{
	struct counter all = {.again = 100};
	struct keeper_options o;
	struct err err = {0};
	struct keeper *k;
	struct api api;

	api_start(&api);
	waiter_init(&all.ran);
	api_pause(&api);
	o = options_for(&api, &all, NULL);
	k = keeper_start(&o, &err);
	assert_non_null(k);
	wait_times(&all, 3);
	assert_false(keeper_leads(k));
	keeper_stop(k);
	assert_int_equal(api_asked(&api, ""), 0);
	waiter_release(&all.ran);
	api_stop(&api);
}

/* The API goes away under the leader: it stops leading within its deadline. */
static void leader_without_an_api_steps_down(void **state UNUSED)
{
	struct counter all = {.again = 100}, leader = {.again = 100};
	struct keeper_options o;
	struct err err = {0};
	struct keeper *k;
	struct api api;
	int64_t gone;

	api_start(&api);
	waiter_init(&all.ran);
	waiter_init(&leader.ran);
	api_add(&api, (struct api_rule){.request = "POST " LEASES, .status = 201, .manner = API_ECHO});
	api_add(&api, (struct api_rule){.request = "PUT " OURS, .status = 200, .manner = API_ECHO});
	o = options_for(&api, &all, &leader);
	k = keeper_start(&o, &err);
	assert_non_null(k);
	wait_times(&leader, 1);
	gone = cluster_clock_ms();
	api_pause(&api);
	while (keeper_leads(k) && cluster_clock_ms() < gone + WAIT_MS)
		waiter_wait(&all.ran, 100);
	assert_true(cluster_clock_ms() - gone <= quick.deadline_ms + WAIT_MS / 2);
	assert_false(keeper_leads(k));
	api_resume(&api);
	wait_times(&leader, atomic_load(&leader.times) + 2);
	assert_true(keeper_leads(k));
	keeper_stop(k);
	waiter_release(&all.ran);
	waiter_release(&leader.ran);
	api_stop(&api);
}

/* However often it is woken, and the last time is not lost. */
static void woken_not_more_often_than_its_gap(void **state UNUSED)
{
	struct counter all = {.again = LONG};
	struct keeper_options o;
	struct err err = {0};
	struct keeper *k;
	struct api api;
	int64_t began;

	api_start(&api);
	waiter_init(&all.ran);
	o = options_for(&api, &all, NULL);
	o.task[0].gap_ms = 2000;
	began = cluster_clock_ms();
	k = keeper_start(&o, &err);
	assert_non_null(k);
	wait_times(&all, 1);
	while (cluster_clock_ms() - began < 500) {
		keeper_wake(k, &all);
		(void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	assert_int_equal(atomic_load(&all.times), 1);
	wait_times(&all, 2);
	assert_true(cluster_clock_ms() - began >= 2000);
	keeper_stop(k);
	waiter_release(&all.ran);
	api_stop(&api);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leader_runs_and_hands_on),
		cmocka_unit_test(others_lead),
		cmocka_unit_test(no_lease_without_need),
		cmocka_unit_test(leader_without_an_api_steps_down),
		cmocka_unit_test(woken_not_more_often_than_its_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
