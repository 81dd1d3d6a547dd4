/* SPDX-License-Identifier: Apache-2.0 */
/* Does at most one replica lead, whatever the API, the clocks and the other replicas do? */
#include "webhook/cluster/lease.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "patches/value/json.h"

enum { REPLICAS = 3, SECOND = 1000, BODY_MAX = 4096, MICROS = 1000000 };

/* The one Lease of the API: its text, as PUT and POST left it. */
struct store {
	struct arena a;
	bool exists;
	int version, writes;
	struct lease_record last;
	const struct value *object;
};

static const struct value *parse(struct arena *a, struct str text)
{
	struct err err = {0};
	const struct value *v = json_parse(a, text.p, text.len, 0, &err);

	if (!v)
		fail_msg("%s", err.what);
	return v;
}

static const struct value *stored(struct store *s, struct str body)
{
	const struct value *v = parse(&s->a, body);
	struct value *object = arena_alloc(&s->a, sizeof(*object)), *meta = arena_alloc(&s->a, sizeof(*meta));

	*object = *v;
	*meta = *raw_get(v, "metadata");
	object->u.map = map_clone(&s->a, v->u.map, 1);
	meta->u.map = map_clone(&s->a, meta->u.map, 1);
	assert_int_equal(map_setc(&s->a, meta->u.map, "resourceVersion",
				 value_str(&s->a, str_of(arena_printf(&s->a, "%d", s->version)))),
		0);
	assert_int_equal(map_setc(&s->a, object->u.map, "metadata", meta), 0);
	return object;
}

/* What an API server does: status, and the object where there is one. */
static int serve(struct store *s, enum lease_action action, struct str body, const struct value **ret)
{
	const bool write = action != LEASE_READ;
	const struct value *v = write ? parse(&s->a, body) : NULL;

	*ret = NULL;
	if (action == LEASE_CREATE && s->exists)
		return 409;
	if (action != LEASE_CREATE && !s->exists)
		return 404;
	if (action == LEASE_WRITE) {
		char version[16];

		(void)snprintf(version, sizeof(version), "%d", s->version);
		if (!str_is(raw_str(raw_get(v, "metadata"), "resourceVersion"), version))
			return 409;
	}
	if (write) {
		s->exists = true;
		s->version++;
		s->writes++;
		s->object = stored(s, (struct str){arena_strndup(&s->a, body.p, body.len), body.len});
	}
	*ret = s->object;
	return 200;
}

static struct str body_of(struct arena *a, struct lease *l, int64_t wall, bool release)
{
	struct text t;

	text_init(&t, a, BODY_MAX);
	lease_body(l, "mesh", "outrigger", wall, release, &t);
	assert_false(t.failed);
	return (struct str){t.data, t.len};
}

/* One action of a replica whose wall clock is skewed; reachable: whether the API answers it. */
static void act(struct store *s, struct lease *l, int64_t now, int64_t skew, bool reachable)
{
	const enum lease_action action = lease_next(l, now);
	const struct value *object = NULL;
	int status = 0;

	if (action == LEASE_NOTHING)
		return;
	if (reachable) {
		const struct str body = action == LEASE_READ
						? STR("")
						: body_of(&s->a, l, (now + skew) * 1000 + 1700000000000000, false);

		status = serve(s, action, body, &object);
	}
	lease_answered(l, action, status, object, now);
}

static void store_init(struct store *s)
{
	*s = (struct store){.version = 1};
	arena_init(&s->a, 0);
}

static void one_creates_it_and_renews(void **state UNUSED)
{
	struct store s;
	struct lease l;

	store_init(&s);
	lease_init(&l, "a", LEASE_TIMING, 7);
	assert_int_equal(lease_next(&l, 0), LEASE_READ);
	act(&s, &l, 0, 0, true);
	assert_int_equal(lease_next(&l, 0), LEASE_CREATE);
	act(&s, &l, 0, 0, true);
	assert_true(lease_leads(&l, 0));
	assert_int_equal(lease_next(&l, 0), LEASE_NOTHING);
	assert_in_range(lease_wait_ms(&l, 0), 2000, 2400);
	assert_int_equal(lease_next(&l, 2400), LEASE_WRITE);
	act(&s, &l, 2400, 0, true);
	assert_true(lease_leads(&l, 12399));
	assert_false(lease_leads(&l, 12400));
	assert_true(str_is(raw_str(raw_get(s.object, "spec"), "holderIdentity"), "a"));
	arena_release(&s.a);
}

static void body_is_what_others_read(void **state UNUSED)
{
	struct store s;
	struct lease l;
	struct str body;

	store_init(&s);
	lease_init(&l, "pod-1_00ff", LEASE_TIMING, 7);
	act(&s, &l, 0, 0, true);
	body = body_of(&s.a, &l, INT64_C(1700000000) * MICROS + 42, false);
	assert_string_equal(arena_strndup(&s.a, body.p, body.len),
		"{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{\"name\":\"outrigger\","
		"\"namespace\":\"mesh\"},\"spec\":{\"holderIdentity\":\"pod-1_00ff\",\"leaseDurationSeconds\":15,"
		"\"leaseTransitions\":0,\"acquireTime\":\"2023-11-14T22:13:20.000042Z\","
		"\"renewTime\":\"2023-11-14T22:13:20.000042Z\"}}");
	act(&s, &l, 0, 0, true);
	body = body_of(&s.a, &l, INT64_C(1700000002) * MICROS, false);
	/* acquireTime stays while one holds it. */
	assert_true(str_find(body, STR("\"acquireTime\":\"2023-11-14T22:13:20.000000Z\"")) != SIZE_MAX);
	assert_true(str_find(body, STR("\"renewTime\":\"2023-11-14T22:13:22.000000Z\"")) != SIZE_MAX);
	assert_true(str_find(body, STR("\"resourceVersion\":\"2\"")) != SIZE_MAX);
	arena_release(&s.a);
}

static void release_hands_it_on_at_once(void **state UNUSED)
{
	const struct value *object;
	struct lease a, b;
	struct store s;

	store_init(&s);
	lease_init(&a, "a", LEASE_TIMING, 7);
	lease_init(&b, "b", LEASE_TIMING, 9);
	act(&s, &a, 0, 0, true);
	act(&s, &a, 0, 0, true);
	act(&s, &b, 10, 0, true);
	assert_int_equal(lease_next(&b, 11), LEASE_NOTHING);
	assert_int_equal(serve(&s, LEASE_WRITE, body_of(&s.a, &a, 0, true), &object), 200);
	assert_false(lease_leads(&a, 12));
	act(&s, &b, 2500, 0, true); /* sees it free */
	act(&s, &b, 2500, 0, true);
	assert_true(lease_leads(&b, 2500));
	assert_int_equal(s.writes, 3);
	arena_release(&s.a);
}

/* The others' clocks say anything; what counts is how long we saw no change. */
static void taken_over_when_silent_whatever_clocks_say(void **state UNUSED)
{
	static const int64_t skews[] = {0, INT64_C(86400000), INT64_C(-86400000)};

	for (size_t i = 0; i < ARRAY_LEN(skews); i++) {
		struct lease a, b;
		struct store s;
		int64_t now;

		store_init(&s);
		lease_init(&a, "a", LEASE_TIMING, 7);
		lease_init(&b, "b", LEASE_TIMING, 9);
		act(&s, &a, 0, skews[i], true);
		act(&s, &a, 0, skews[i], true);
		for (now = 0; now < 14900; now += 100) {
			act(&s, &b, now, 0, true);
			assert_false(lease_leads(&b, now));
		}
		for (; now < 20000 && !lease_leads(&b, now); now += 100)
			act(&s, &b, now, 0, true);
		assert_in_range(now, 15000, 18000);
		assert_false(lease_leads(&a, now));
		assert_true(str_is(raw_str(raw_get(s.object, "spec"), "holderIdentity"), "b"));
		{
			int64_t transitions = 0;

			assert_true(raw_int(raw_path(s.object, "spec", "leaseTransitions", NULL), &transitions));
			assert_int_equal(transitions, 1);
		}
		arena_release(&s.a);
	}
}

static uint64_t random_next(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* An hour of three replicas with an API that is now and then not there for some of them: never two leaders, and mostly
 * one. */
static void never_two(void **state UNUSED)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct lease l[REPLICAS];
		bool reachable[REPLICAS] = {true, true, true};
		uint64_t random = seed * 0x9e3779b97f4a7c15;
		struct store s;
		int led = 0;

		store_init(&s);
		for (int i = 0; i < REPLICAS; i++)
			lease_init(&l[i], i == 0 ? "a" : i == 1 ? "b" : "c", LEASE_TIMING, seed + (uint64_t)i);
		for (int64_t now = 0; now < 3600 * SECOND; now += 200) {
			int leaders = 0;

			for (int i = 0; i < REPLICAS; i++) {
				if (random_next(&random) % 100 == 0)
					reachable[i] = random_next(&random) % 3 != 0;
				act(&s, &l[i], now, (int64_t)i * 1000000, reachable[i]);
			}
			for (int i = 0; i < REPLICAS; i++)
				leaders += lease_leads(&l[i], now);
			if (leaders > 1)
				fail_msg("seed %llu: %d leaders at %lld ms", (unsigned long long)seed, leaders,
					(long long)now);
			led += leaders;
		}
		assert_true(led > 18000 / 2);
		arena_release(&s.a);
	}
}

static const struct {
	enum lease_action action;
	int status;
	const char *object;
	enum lease_action then; /* once the retry has passed */
	bool leads;
} answers[] = {
	{LEASE_READ, 0, NULL, LEASE_READ, false},
	{LEASE_READ, 401, NULL, LEASE_READ, false},
	{LEASE_READ, 403, NULL, LEASE_READ, false},
	{LEASE_READ, 404, NULL, LEASE_CREATE, false},
	{LEASE_READ, 500, NULL, LEASE_READ, false},
	{LEASE_READ, 200, "{}", LEASE_READ, false},
	{LEASE_READ, 200, "{\"metadata\":[],\"spec\":1}", LEASE_READ, false},
	{LEASE_READ, 200, "{\"metadata\":{\"resourceVersion\":7},\"spec\":{}}", LEASE_READ, false},
	/* no spec at all, as `kubectl create` could leave it: free */
	{LEASE_READ, 200, "{\"metadata\":{\"resourceVersion\":\"7\"}}", LEASE_WRITE, false},
	{LEASE_READ, 200, "{\"metadata\":{\"resourceVersion\":\"7\"},\"spec\":{\"holderIdentity\":\"\"}}", LEASE_WRITE,
		false},
	{LEASE_READ, 200, "{\"metadata\":{\"resourceVersion\":\"7\"},\"spec\":{\"holderIdentity\":\"b\"}}", LEASE_READ,
		false},
	{LEASE_READ, 200,
		"{\"metadata\":{\"resourceVersion\":\"7\"},\"spec\":{\"holderIdentity\":\"b\",\"leaseDurationSeconds\":"
		"1}}",
		LEASE_WRITE, false},
	{LEASE_READ, 200,
		"{\"metadata\":{\"resourceVersion\":\"7\"},\"spec\":{\"holderIdentity\":\"b\",\"leaseDurationSeconds\":"
		"-5}}",
		LEASE_READ, false},
	/* ours, from before a restart of the same identity: not led until it is written */
	{LEASE_READ, 200, "{\"metadata\":{\"resourceVersion\":\"7\"},\"spec\":{\"holderIdentity\":\"a\"}}", LEASE_WRITE,
		false},
	{LEASE_CREATE, 201, "{\"metadata\":{\"resourceVersion\":\"7\"},\"spec\":{\"holderIdentity\":\"a\"}}",
		LEASE_WRITE, true},
	{LEASE_CREATE, 201, "{\"metadata\":{\"resourceVersion\":\"7\"},\"spec\":{\"holderIdentity\":\"b\"}}",
		LEASE_READ, false},
	{LEASE_CREATE, 409, NULL, LEASE_READ, false},
	{LEASE_CREATE, 403, NULL, LEASE_READ, false},
};

static void answers_good_and_bad(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct lease l;
		struct arena a;
		const struct value *object;

		arena_init(&a, 0);
		lease_init(&l, "a", LEASE_TIMING, 7);
		object = answers[i].object ? parse(&a, str_of(answers[i].object)) : NULL;
		assert_int_equal(lease_next(&l, 0), LEASE_READ);
		lease_answered(&l, answers[i].action, answers[i].status, object, 0);
		if (lease_leads(&l, 1) != answers[i].leads)
			fail_msg("row %zu: leads", i);
		if (lease_next(&l, 2400) != answers[i].then)
			fail_msg("row %zu: then %d", i, (int)lease_next(&l, 2400));
		arena_release(&a);
	}
}

/* A Lease that was changed or deleted under the leader: it looks, and goes on where it still holds it. */
static void leader_looks_after_a_conflict(void **state UNUSED)
{
	struct lease l;
	struct store s;

	store_init(&s);
	lease_init(&l, "a", LEASE_TIMING, 7);
	act(&s, &l, 0, 0, true);
	act(&s, &l, 0, 0, true);
	s.version++;
	s.object = stored(&s, body_of(&s.a, &l, 0, false));
	act(&s, &l, 2500, 0, true);
	assert_int_equal(lease_next(&l, 2500), LEASE_READ);
	act(&s, &l, 2500, 0, true);
	assert_int_equal(lease_next(&l, 2500), LEASE_WRITE);
	act(&s, &l, 2500, 0, true);
	assert_true(lease_leads(&l, 12000));
	s.exists = false;
	for (int64_t now = 5000; now < 12000; now += 500)
		act(&s, &l, now, 0, true);
	assert_true(s.exists);
	assert_true(lease_leads(&l, 12000));
	arena_release(&s.a);
}

/* Suspended for an hour: what it believes of itself is over. */
static void sleeper_does_not_lead(void **state UNUSED)
{
	struct lease l;
	struct store s;

	store_init(&s);
	lease_init(&l, "a", LEASE_TIMING, 7);
	act(&s, &l, 0, 0, true);
	act(&s, &l, 0, 0, true);
	assert_true(lease_leads(&l, 1));
	assert_false(lease_leads(&l, 3600 * SECOND));
	arena_release(&s.a);
}

static void durations_keep_their_proportions(void **state UNUSED)
{
	const struct lease_timing usual = lease_timing(15000), quick = lease_timing(3000);

	assert_memory_equal(&usual, &LEASE_TIMING, sizeof(usual));
	assert_true(quick.retry_ms * 2 < quick.deadline_ms && quick.deadline_ms + quick.retry_ms <= quick.lease_ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_creates_it_and_renews),
		cmocka_unit_test(body_is_what_others_read),
		cmocka_unit_test(release_hands_it_on_at_once),
		cmocka_unit_test(taken_over_when_silent_whatever_clocks_say),
		cmocka_unit_test(never_two),
		cmocka_unit_test(answers_good_and_bad),
		cmocka_unit_test(leader_looks_after_a_conflict),
		cmocka_unit_test(sleeper_does_not_lead),
		cmocka_unit_test(durations_keep_their_proportions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
