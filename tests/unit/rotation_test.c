/* SPDX-License-Identifier: Apache-2.0 */
/* Does each state of the Secret, the configurations and the clock lead to the one right step, and every broken one back to health? */
#include "certs/rotation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "certs/check.h"
#include "tests/unit/oom.h"

enum { NOW = 1800000000, DAY = 86400, SETTLE = 10, ENTRIES = 2 };

static const char *const hosts[] = {"outrigger.mesh.svc", "outrigger", "outrigger.mesh", "outrigger.mesh.svc.cluster.local"};

static struct arena arena;

static int set_up(void **state UNUSED)
{
	arena_init(&arena, 0);
	return 0;
}

static int tear_down(void **state UNUSED)
{
	arena_release(&arena);
	return 0;
}

static const struct rotation_params params = {.ca_name = "outrigger CA",
	.hosts = hosts,
	.n_hosts = 4,
	.cert_seconds = 30 * DAY,
	.ca_seconds = 120 * DAY,
	.settle_seconds = SETTLE,
	.seed = 7};

/* What would be in a cluster, and what time it is there. */
struct world {
	struct arena *a; /* of the group */
	int64_t now;
	struct rotation_entry entry[ENTRIES];
	struct rotation_seen seen;
	struct rotation_step last;
};

static void begin(struct world *w)
{
	*w = (struct world){.a = &arena, .now = NOW};
	w->seen.entry = w->entry;
	w->seen.n_entries = ENTRIES;
}

/* The next step, carried out as it should be. */
static const struct rotation_step *step(struct world *w)
{
	struct err err = {0};

	if (rotation_next(w->a, &params, &w->seen, w->now, &w->last, &err) < 0)
		fail_msg("%s", err.what);
	if (w->last.action == ROTATION_WRITE) {
		w->seen.secret_exists = w->seen.secret_ours = true;
		w->seen.secret = w->last.secret;
	}
	for (size_t i = 0; w->last.action == ROTATION_PUBLISH && i < ENTRIES; i++)
		if (w->last.changed[i])
			w->entry[i] = (struct rotation_entry){w->last.bundle[i], w->now};
	return &w->last;
}

static void expect(struct world *w, enum rotation_action action, const char *reason)
{
	const struct rotation_step *s = step(w);

	if (s->action != action || !strstr(s->reason, reason))
		fail_msg("wanted %d '%s', got %d '%s'", (int)action, reason, (int)s->action, s->reason);
}

/* Goes on until there is nothing to do. How many writes of the Secret that took. */
static int settle(struct world *w)
{
	int writes = 0;

	for (int i = 0; i < 20; i++) {
		const struct rotation_step *s = step(w);

		writes += s->action == ROTATION_WRITE;
		if (s->action == ROTATION_WAIT && !strstr(s->reason, "a moment ago"))
			return writes;
		assert_true(s->action != ROTATION_REFUSE);
		if (s->action == ROTATION_WAIT)
			w->now = s->wake;
	}
	fail_msg("it does not come to rest: %s", w->last.reason);
	return 0;
}

static struct bundle bundle_of(struct world *w, struct str pem)
{
	struct bundle b;
	struct err err = {0};

	assert_int_equal(bundle_read(w->a, pem, &b, &err), 0);
	return b;
}

/* Every configuration verifies what is served, for each host. */
static void expect_health(struct world *w)
{
	const struct rotation_secret *s = &w->seen.secret;
	const struct cert_pair pair = {s->tls_cert, s->tls_key};
	struct cert_facts facts;
	struct err err = {0};

	if (cert_check(&pair, w->now, &facts, &err) < 0)
		fail_msg("%s", err.what);
	for (size_t i = 0; i < ENTRIES; i++)
		for (size_t k = 0; k < params.n_hosts; k++) {
			const struct bundle b = bundle_of(w, w->entry[i].bundle);

			if (bundle_verify(&b, s->tls_cert, hosts[k], w->now, &err) < 0)
				fail_msg("entry %zu, %s: %s", i, hosts[k], err.what);
		}
	assert_int_equal(s->next_cert.len + s->next_key.len, 0);
}

static void begin_settled(struct world *w)
{
	begin(w);
	(void)settle(w);
	expect_health(w);
}

static void first_ca_is_trusted_before_it_serves(void **state UNUSED)
{
	struct world w;

	begin(&w);
	expect(&w, ROTATION_WRITE, "there is no CA yet: one is made, and put into every configuration before anything is served with it");
	assert_int_equal(w.seen.secret.tls_cert.len, 0);
	expect(&w, ROTATION_PUBLISH, "2 of 2 webhooks have a caBundle that lacks a CA of ours: added");
	expect(&w, ROTATION_WAIT, "the next CA was put into every configuration a moment ago");
	assert_int_equal(w.last.wake, NOW + SETTLE);
	w.now += SETTLE - 1;
	expect(&w, ROTATION_WAIT, "a moment ago");
	w.now++;
	expect(&w, ROTATION_WRITE, "every configuration trusts the next CA: it comes into force");
	expect(&w, ROTATION_WAIT, "nothing to do: the serving certificate is renewed at ");
	assert_false(w.last.trouble);
	expect_health(&w);
}

static void renewal_comes_at_two_thirds_of_life(void **state UNUSED)
{
	struct world w;
	int64_t from;

	begin_settled(&w);
	from = w.now;
	w.now += 20 * DAY - 3 * DAY - 1; /* two thirds less a tenth: the jitter */
	expect(&w, ROTATION_WAIT, "nothing to do");
	w.now = from + 20 * DAY;
	expect(&w, ROTATION_WRITE, "two thirds of the serving certificate's life are over (it ends at 2027-02-14 08:00:10 UTC): renewed");
	expect(&w, ROTATION_WAIT, "nothing to do");
	expect_health(&w);
	assert_int_equal(w.seen.secret.issued_until, w.now + 30 * DAY);
}

static void jitter_differs_between_installations(void **state UNUSED)
{
	struct world w;
	struct rotation_params other = params;
	struct rotation_step s;
	struct err err = {0};
	int64_t first = 0;

	begin_settled(&w);
	w.now += 17 * DAY - 30; /* within an hour of every due time */
	for (other.seed = 0; other.seed < 50; other.seed++) {
		assert_int_equal(rotation_next(w.a, &other, &w.seen, w.now, &s, &err), 0);
		first = first ? first : s.wake;
		if (s.wake != first)
			break;
	}
	assert_true(other.seed < 50);
}

static void go_to_ca_renewal(struct world *w)
{
	const int64_t until = w->now + 80 * DAY;

	while (w->now < until) {
		const struct rotation_step *s = step(w);

		if (s->action == ROTATION_WRITE && strstr(s->reason, "of the CA's life are over"))
			return;
		if (s->action == ROTATION_WAIT)
			w->now += DAY;
	}
	fail_msg("no rotation of the CA in two thirds of its life");
}

static void cas_overlap(void **state UNUSED)
{
	struct world w;
	struct str tls, ca_key;
	int64_t old_until;

	begin_settled(&w);
	go_to_ca_renewal(&w);
	tls = w.seen.secret.tls_cert;
	ca_key = w.seen.secret.ca_key;
	assert_int_equal(bundle_of(&w, w.seen.secret.trust).len, 2);
	expect(&w, ROTATION_PUBLISH, "lacks a CA of ours: added");
	w.now += SETTLE;
	assert_true(str_eq(tls, w.seen.secret.tls_cert));
	assert_true(str_eq(ca_key, w.seen.secret.ca_key));
	expect(&w, ROTATION_WRITE, "it comes into force");
	assert_false(str_eq(ca_key, w.seen.secret.ca_key));
	expect_health(&w);
	old_until = w.seen.secret.old_until;
	assert_true(old_until > w.now && old_until <= w.now + 30 * DAY);
	while (w.now <= old_until + CERT_BACKDATE) {
		const struct rotation_step *s = step(&w);

		assert_int_equal(bundle_of(&w, w.entry[0].bundle).len, 2);
		if (s->action == ROTATION_WAIT)
			w.now += DAY;
	}
	expect(&w, ROTATION_WRITE, "the last certificate of 1 old CAs has ended: they leave ca.crt");
	expect(&w, ROTATION_PUBLISH, "2 of 2 webhooks have a caBundle that holds a CA out of service: removed");
	expect(&w, ROTATION_WAIT, "nothing to do");
	assert_int_equal(bundle_of(&w, w.entry[0].bundle).len, 1);
	expect_health(&w);
}

static struct str half(struct str s)
{
	return (struct str){s.p, s.len / 2};
}

enum { CA_CRT = 1, CA_KEY = 2, NEXT_CRT = 4, NEXT_KEY = 8, TLS_CRT = 16, TLS_KEY = 32 };

static struct str *texts_of(struct rotation_secret *s, int which)
{
	return which == CA_CRT ? &s->trust
		: which == CA_KEY ? &s->ca_key
		: which == NEXT_CRT ? &s->next_cert
		: which == NEXT_KEY ? &s->next_key
		: which == TLS_CRT ? &s->tls_cert
				  : &s->tls_key;
}

/* Whatever part of the Secret is gone, cut, rubbish or swapped, in rest and in a rotation: health again, soon, and then rest. */
static void broken_secrets_heal(void **state UNUSED)
{
	struct world start[2];

	begin_settled(&start[0]);
	begin_settled(&start[1]);
	go_to_ca_renewal(&start[1]);
	for (int rotating = 0; rotating < 2; rotating++)
		for (int which = 1; which < 64; which++)
			for (int how = 0; how < 4; how++) {
				struct world w = start[rotating];
				int writes;

				if (__builtin_popcount((unsigned)which) > 1 && which < 63) /* one part, or all of them */
					continue;
				w.seen.entry = w.entry;
				for (int part = CA_CRT; part <= TLS_KEY; part *= 2) {
					struct str *text = texts_of(&w.seen.secret, which & part ? part : CA_CRT);

					if (which & part)
						*text = how == 0 ? STR("") : how == 1 ? half(*text) : how == 2 ? STR("rubbish\0") : w.seen.secret.tls_cert;
				}
				writes = settle(&w);
				if (writes > 5)
					fail_msg("rotating %d, parts %d, way %d: %d writes", rotating, which, how, writes);
				expect_health(&w);
				expect(&w, ROTATION_WAIT, "nothing to do");
						}
}

static void damages_are_named(void **state UNUSED)
{
	const struct {
		int part;
		const char *reason;
	} rows[] = {
		{TLS_CRT, "the serving certificate cannot be used: holds no certificate in PEM form (-----BEGIN CERTIFICATE-----): a new one is issued"},
		{TLS_KEY, "the serving certificate cannot be used: holds no private key in PEM form (-----BEGIN PRIVATE KEY-----): a new one is issued"},
		{CA_KEY, "the CA cannot be used any more (holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)): a new one is made"},
		{CA_CRT, "the CA cannot be used any more (there is no CA): a new one is made"},
		{NEXT_CRT, "the next CA cannot be used (there is no CA), and none is wanted yet: removed"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;

		begin_settled(&w);
		*texts_of(&w.seen.secret, rows[i].part) = STR("rubbish");
		expect(&w, ROTATION_WRITE, rows[i].reason);
		}
}

/* While the key is lost the certificate goes on being trusted, and what it has signed being served. */
static void lost_key_starts_a_rotation(void **state UNUSED)
{
	struct world w;
	struct str tls;

	begin_settled(&w);
	tls = w.seen.secret.tls_cert;
	w.seen.secret.ca_key = STR("");
	expect(&w, ROTATION_WRITE, "the CA cannot be used any more");
	assert_int_equal(bundle_of(&w, w.seen.secret.trust).len, 2);
	assert_true(str_eq(tls, w.seen.secret.tls_cert));
	(void)settle(&w);
	assert_int_equal(bundle_of(&w, w.entry[0].bundle).len, 2);
	assert_true(w.seen.secret.old_until > w.now);
}

/* A Secret that was deleted: other replicas still serve what they have, by a CA that only the configurations know. */
static void lost_secret_keeps_its_ca_trusted(void **state UNUSED)
{
	struct world w;
	struct rotation_secret lost;
	struct bundle b;
	struct err err = {0};

	begin_settled(&w);
	lost = w.seen.secret;
	w.seen.secret_exists = w.seen.secret_ours = false;
	w.seen.secret = (struct rotation_secret){.writes = 0};
	while (settle(&w) == 0)
		;
	expect_health(&w);
	b = bundle_of(&w, w.entry[0].bundle);
	assert_int_equal(bundle_verify(&b, lost.tls_cert, hosts[0], w.now, &err), 0);
	while (w.now < lost.issued_until + 2 * DAY) {
		const struct rotation_step *s = step(&w);

		if (s->action == ROTATION_WAIT)
			w.now += DAY;
	}
	assert_int_equal(bundle_of(&w, w.entry[0].bundle).len, 1);
	expect_health(&w);
}

static void foreign_secret_is_left_alone(void **state UNUSED)
{
	struct world w;

	begin_settled(&w);
	w.seen.secret_ours = false;
	w.seen.secret.tls_cert = STR("");
	expect(&w, ROTATION_REFUSE, "the Secret is not ours: it lacks our label, so it is left alone; delete it, or name another");
	assert_true(w.last.trouble);
}

static void clocks_that_differ_write_nothing(void **state UNUSED)
{
	const struct {
		const char *name;
		int64_t step; /* of our clock */
		bool known;
		int64_t ahead;
		enum rotation_action action;
		const char *reason;
	} rows[] = {
		{"suspended for an hour", 3600, false, 0, ROTATION_WAIT, "nothing to do"},
		{"five minutes back", -CERT_BACKDATE, false, 0, ROTATION_WAIT, "nothing to do"},
		{"a day back", -DAY, false, 0, ROTATION_WAIT,
		 "the Secret was written by a clock that is ahead of this machine's (valid from 2027-01-15 07:55:10 UTC): nothing is written"},
		{"a day back, and known", -DAY, true, -DAY, ROTATION_WAIT, "this machine's clock is 86400 seconds behind the API server's"},
		{"a year ahead, and known", 365 * DAY, true, 365 * DAY, ROTATION_WAIT,
		 "this machine's clock is 31536000 seconds ahead of the API server's: nothing is written until one of them is right"},
		{"a year ahead, and not known", 365 * DAY, false, 0, ROTATION_WRITE, "the CA cannot be used any more (certificate number 1 expired at"},
		{"right, where the Secret was written a day ahead", -DAY, true, 1, ROTATION_WRITE, "the CA cannot be used any more (certificate number 1 is not valid before"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world w;

		begin_settled(&w);
		w.now += rows[i].step;
		w.seen.clock_known = rows[i].known;
		w.seen.clock_ahead = rows[i].ahead;
		expect(&w, rows[i].action, rows[i].reason);
		assert_int_equal(w.last.trouble, strstr(rows[i].reason, "nothing to do") == NULL && rows[i].action == ROTATION_WAIT);
		}
}

static void time_lost_is_made_good_at_once(void **state UNUSED)
{
	struct world w;

	begin_settled(&w);
	w.now += 31 * DAY; /* suspended beyond the certificate's end */
	expect(&w, ROTATION_WRITE, "the serving certificate cannot be used: certificate number 1 expired at ");
	expect_health(&w);
	w.now += 200 * DAY; /* and beyond the CA's */
	(void)settle(&w);
	expect_health(&w);
}

static void writing_hosts_changed(void **state UNUSED)
{
	static const char *const other[] = {"other.mesh.svc"};
	struct rotation_params changed = params;
	struct world w;
	struct rotation_step s;
	struct err err = {0};

	begin_settled(&w);
	changed.hosts = other;
	changed.n_hosts = 1;
	assert_int_equal(rotation_next(w.a, &changed, &w.seen, w.now, &s, &err), 0);
	assert_int_equal(s.action, ROTATION_WRITE);
	assert_string_equal(s.reason, "the serving certificate is not for other.mesh.svc: a new one is issued");
	assert_true(cert_covers(s.secret.tls_cert, "other.mesh.svc"));
}

/* X.520 bounds the common name at 64 bytes, Kubernetes a Service's and a namespace's name at 63 each. */
static void a_name_too_long_for_people_is_a_host_still(void **state UNUSED)
{
	static const char *const host[] = {"a-service-with-a-name-as-long-as-it-may-be.a-namespace-that-is-not-short.svc"};
	struct rotation_params long_name = params;
	struct rotation_step s;
	struct world w;
	struct err err = {0};

	begin_settled(&w);
	long_name.hosts = host;
	long_name.n_hosts = 1;
	if (rotation_next(w.a, &long_name, &w.seen, w.now, &s, &err) < 0)
		fail_msg("%s", err.what);
	assert_true(cert_covers(s.secret.tls_cert, host[0]));
}

static struct cert_pair foreign_ca(struct world *w, const char *name, int64_t seconds)
{
	const struct cert_request req = {.name = name, .now = w->now, .seconds = seconds};
	struct cert_pair pair;
	struct err err = {0};

	assert_int_equal(ca_create(w->a, &req, &pair, &err), 0);
	return pair;
}

static struct str join(struct world *w, struct str x, struct str y)
{
	const char *both = arena_printf(w->a, "%.*s%.*s", (int)x.len, x.p, (int)y.len, y.p);

	assert_non_null(both);
	return str_of(both);
}

static void bundles_of_others_stay(void **state UNUSED)
{
	struct world w;
	struct str both;

	begin_settled(&w);
	both = join(&w, foreign_ca(&w, "another CA", 1000 * DAY).cert, w.entry[0].bundle);
	w.entry[0].bundle = both;
	expect(&w, ROTATION_WAIT, "nothing to do"); /* a superset */
	w.entry[0].bundle = join(&w, w.entry[1].bundle, w.entry[1].bundle);
	expect(&w, ROTATION_WAIT, "nothing to do"); /* the same set */
	w.entry[0].bundle = foreign_ca(&w, "another CA", 1000 * DAY).cert;
	w.entry[1].bundle = STR("rubbish");
	expect(&w, ROTATION_PUBLISH, "2 of 2 webhooks have a caBundle that lacks a CA of ours: added");
	assert_int_equal(bundle_of(&w, w.entry[0].bundle).len, 2);
	assert_int_equal(bundle_of(&w, w.entry[1].bundle).len, 1);
	w.now += 100;
	expect(&w, ROTATION_WAIT, "nothing to do");
}

/* A leader that has slept through a rotation sees the old Secret and the new configurations: it must not take the new CA away. */
static void stale_leader_does_no_harm(void **state UNUSED)
{
	struct world w;
	struct rotation_secret old;
	struct rotation_step s;
	struct err err = {0};

	begin_settled(&w);
	old = w.seen.secret;
	go_to_ca_renewal(&w);
	(void)settle(&w);
	while (w.seen.secret.old_until) {
		(void)step(&w);
		if (w.last.action == ROTATION_WAIT)
			w.now += DAY;
	}
	(void)settle(&w);
	w.seen.secret = old;
	w.now = NOW + 60; /* it still believes in its time, too */
	assert_int_equal(rotation_next(w.a, &params, &w.seen, w.now, &s, &err), 0);
	if (s.action != ROTATION_PUBLISH)
		fail_msg("%s", s.reason);
	for (size_t i = 0; i < ENTRIES; i++) {
		const struct bundle before = bundle_of(&w, w.entry[i].bundle), after = bundle_of(&w, s.bundle[i]);

		assert_true(bundle_covers(&after, &before));
	}
}

static void loops_end(void **state UNUSED)
{
	struct world w;
	int writes = 0;

	begin_settled(&w);
	for (int i = 0; i < 50; i++) {
		w.seen.secret.tls_key = STR("");
		writes += step(&w)->action == ROTATION_WRITE;
	}
	assert_int_equal(writes + 2, rotation_writes_max(&params));
	assert_true(w.last.trouble);
	assert_non_null(strstr(w.last.reason, "something undoes what is written; no more is written until tomorrow (it would be: the serving"));
	w.entry[0].bundle = STR("");
	expect(&w, ROTATION_PUBLISH, "1 of 2 webhooks"); /* what else there is to do goes on */
	w.seen.published_day = w.now / DAY;
	w.seen.published = 1000000;
	w.entry[0].bundle = STR("");
	expect(&w, ROTATION_WAIT, "something undoes");
	w.now += DAY;
	expect(&w, ROTATION_WRITE, "a new one is issued");
}

static void cas_lost_again_and_again_are_bounded(void **state UNUSED)
{
	struct world w;

	begin_settled(&w);
	for (int i = 0; i < 40; i++) {
		w.seen.secret.ca_key = STR("");
		w.seen.secret.next_key = STR("");
		(void)step(&w);
		w.now += DAY / 2;
		assert_true(bundle_of(&w, w.seen.secret.trust).len <= ROTATION_CAS_MAX);
	}
	while (w.now < NOW + 120 * DAY) {
		if (step(&w)->action == ROTATION_WAIT)
			w.now += 3 * DAY;
	}
	(void)settle(&w);
	expect_health(&w);
}

static void without_configurations_it_goes_on(void **state UNUSED)
{
	struct world w;

	begin(&w);
	w.seen.n_entries = 0;
	expect(&w, ROTATION_WRITE, "there is no CA yet");
	expect(&w, ROTATION_WRITE, "it comes into force");
	expect(&w, ROTATION_WAIT, "nothing to do");
	w.seen.n_entries = ENTRIES; /* installed later */
	expect(&w, ROTATION_PUBLISH, "2 of 2 webhooks");
	expect_health(&w);
}

static void parameters_are_checked(void **state UNUSED)
{
	static const struct {
		int64_t cert, ca;
		size_t n_hosts;
		const char *name, *want;
	} rows[] = {
		{60, 180, 1, "CA", NULL},
		{19, 180, 1, "CA", "a certificate must live at least 20 seconds"},
		{60, 179, 1, "CA", "the CA must live at least 3 times as long as a certificate of it"},
		{60, 180, 0, "CA", "1 to 100 hosts are needed"},
		{60, 180, 1, "", "the CA's name must have 1 to 64 bytes"},
		{60, 180, 1, "12345678901234567890123456789012345678901234567890123456789012345", "the CA's name must have 1 to 64 bytes"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct rotation_params p = {.ca_name = rows[i].name, .hosts = hosts, .n_hosts = rows[i].n_hosts, .cert_seconds = rows[i].cert, .ca_seconds = rows[i].ca};
		struct err err = {0};

		assert_int_equal(rotation_check(&p, &err), rows[i].want ? -1 : 0);
		assert_string_equal(err.what, rows[i].want ? rows[i].want : "");
	}
}

static int next_step(struct arena *a, const void *arg, struct err *err)
{
	const struct world *w = arg;
	struct rotation_step s;

	return rotation_next(a, &params, &w->seen, w->now, &s, err);
}

static void memory_may_end(void **state UNUSED)
{
	struct world w;

	begin_settled(&w);
	w.entry[0].bundle = STR(""); /* all is read, and a bundle written */
	assert_true(oom_loop(next_step, &w) > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_ca_is_trusted_before_it_serves),
		cmocka_unit_test(renewal_comes_at_two_thirds_of_life),
		cmocka_unit_test(jitter_differs_between_installations),
		cmocka_unit_test(cas_overlap),
		cmocka_unit_test(broken_secrets_heal),
		cmocka_unit_test(damages_are_named),
		cmocka_unit_test(lost_key_starts_a_rotation),
		cmocka_unit_test(lost_secret_keeps_its_ca_trusted),
		cmocka_unit_test(foreign_secret_is_left_alone),
		cmocka_unit_test(clocks_that_differ_write_nothing),
		cmocka_unit_test(time_lost_is_made_good_at_once),
		cmocka_unit_test(writing_hosts_changed),
		cmocka_unit_test(a_name_too_long_for_people_is_a_host_still),
		cmocka_unit_test(bundles_of_others_stay),
		cmocka_unit_test(stale_leader_does_no_harm),
		cmocka_unit_test(loops_end),
		cmocka_unit_test(cas_lost_again_and_again_are_bounded),
		cmocka_unit_test(without_configurations_it_goes_on),
		cmocka_unit_test(parameters_are_checked),
		cmocka_unit_test(memory_may_end),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
