/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A year in the life of a CA, or more, with everything going wrong that may: leaders that change and act on old news, conflicts, writes that fail or
 * whose answer is lost, replicas cut off for days, clocks that differ, keys and whole Secrets lost. At every instant each client trusts what
 * each replica serves (verified by OpenSSL), and writes stay few. LIFE_YEARS and LIFE_SEED choose another life.
 */
#include "certs/rotation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	START = 1800000000,
	HOUR = 3600,
	DAY = 24 * HOUR,
	ENTRIES = 2,
	REPLICAS = 3,
	SETTLE = 30,
	NEWS = 10,   /* seconds until a replica or an API server hears of a write, at most: well below SETTLE */
	SKEW = 120,  /* of clocks */
	HISTORY = 1 << 14,
	FEW_WRITES = 12, /* of the Secret a day, damage repaired included */
};

static const char *const hosts[] = {"outrigger.mesh.svc"};

static const struct rotation_params params = {.ca_name = "outrigger CA",
	.hosts = hosts,
	.n_hosts = 1,
	.cert_seconds = 10 * DAY,
	.ca_seconds = 40 * DAY,
	.settle_seconds = SETTLE,
	.seed = 3};

/* Whoever looks with a delay sees what was there before. */
struct secret_version {
	int64_t at;
	bool exists;
	struct rotation_secret content;
	size_t serving; /* the version whose pair is served by whoever sees this one: the last that has any */
	int64_t ends;   /* of that pair */
};

struct entry_version {
	int64_t at;
	struct str bundle;
};

struct replica {
	int64_t skew, news; /* seconds */
	int64_t cut_off;    /* it has heard of nothing that happened from here on; 0: it hears */
	int64_t back;
};

struct life {
	struct arena keep, work;
	uint64_t random;
	int64_t now;
	struct secret_version secret[HISTORY];
	struct entry_version entry[ENTRIES][HISTORY];
	size_t n_secret, n_entry[ENTRIES];
	struct replica replica[REPLICAS];
	size_t leader;
	int64_t leads_since;
	unsigned char verified[HISTORY / 8 * 64]; /* by a hash of the two versions: only saves time */
	/* what came about */
	size_t steps, writes, publications, rotations, conflicts, verifications, damages;
	int64_t day, writes_today, damages_today;
};

static uint64_t dice(struct life *l)
{
	l->random ^= l->random << 13;
	l->random ^= l->random >> 7;
	l->random ^= l->random << 17;
	return l->random;
}

static bool chance(struct life *l, unsigned in_a_thousand)
{
	return dice(l) % 1000 < in_a_thousand;
}

static struct str kept(struct life *l, struct str s)
{
	char *copy = arena_strndup(&l->keep, s.p ? s.p : "", s.len);

	assert_non_null(copy);
	return (struct str){copy, s.len};
}

static const struct secret_version *secret_at(const struct life *l, int64_t at, size_t *ret_index)
{
	size_t i = l->n_secret - 1;

	while (i > 0 && l->secret[i].at > at)
		i--;
	*ret_index = i;
	return &l->secret[i];
}

static size_t entry_at(const struct life *l, size_t which, int64_t at)
{
	size_t i = l->n_entry[which] - 1;

	while (i > 0 && l->entry[which][i].at > at)
		i--;
	return i;
}

static void put_secret(struct life *l, bool exists, const struct rotation_secret *s)
{
	struct secret_version *v = &l->secret[l->n_secret];
	struct bundle chain;
	struct err err = {0};

	assert_true(l->n_secret < HISTORY);
	*v = (struct secret_version){.at = l->now, .exists = exists, .content = *s};
	v->content.trust = kept(l, s->trust);
	v->content.ca_key = kept(l, s->ca_key);
	v->content.next_cert = kept(l, s->next_cert);
	v->content.next_key = kept(l, s->next_key);
	v->content.tls_cert = kept(l, s->tls_cert);
	v->content.tls_key = kept(l, s->tls_key);
	v->serving = l->n_secret ? l->secret[l->n_secret - 1].serving : 0;
	v->ends = l->n_secret ? l->secret[l->n_secret - 1].ends : 0;
	if (exists && s->tls_cert.len && s->tls_key.len) {
		v->serving = l->n_secret;
		assert_int_equal(bundle_read(&l->work, s->tls_cert, &chain, &err), 0);
		v->ends = chain.cert[0].not_after;
	}
	l->n_secret++;
}

static void put_entry(struct life *l, size_t which, struct str bundle)
{
	assert_true(l->n_entry[which] < HISTORY);
	l->entry[which][l->n_entry[which]++] = (struct entry_version){l->now, kept(l, bundle)};
}

static int64_t hears_until(const struct replica *r, int64_t now)
{
	return r->cut_off && now < r->back ? r->cut_off : now - r->news;
}

/* --- the invariant ---------------------------------------------------------------------------------------------------- */

static void verify(struct life *l, size_t serving, size_t which, size_t entry)
{
	const size_t hash = (serving * 2654435761U ^ entry * 40503U ^ which * 977U) % (sizeof(l->verified) * 8);
	struct bundle b;
	struct err err = {0};

	/* Dates pass while versions stay: now and then the question is asked anew. */
	if (l->verified[hash / 8] >> hash % 8 & 1 && !chance(l, 20))
		return;
	assert_int_equal(bundle_read(&l->work, l->entry[which][entry].bundle, &b, &err), 0);
	if (bundle_verify(&b, l->secret[serving].content.tls_cert, hosts[0], l->now, &err) < 0)
		fail_msg("day %lld: configuration %zu, as written on day %lld, does not verify what was issued on day %lld: %s",
			(long long)(l->now - START) / DAY, which, (long long)(l->entry[which][entry].at - START) / DAY,
			(long long)(l->secret[serving].at - START) / DAY, err.what);
	l->verified[hash / 8] |= (unsigned char)(1U << hash % 8);
	l->verifications++;
}

static void all_clients_trust_all_replicas(struct life *l)
{
	for (size_t r = 0; r < REPLICAS; r++) {
		size_t ignored;
		const struct secret_version *seen = secret_at(l, hears_until(&l->replica[r], l->now), &ignored);
		const bool in_touch = hears_until(&l->replica[r], l->now) >= l->now - NEWS;

		if (seen->ends < l->now) {
			/* Nothing served yet, or one that has ended: by a replica that nobody could tell of the new one. */
			assert_true(!in_touch || !seen->ends);
			continue;
		}
		for (size_t i = 0; i < ENTRIES; i++) {
			verify(l, seen->serving, i, entry_at(l, i, l->now));
			verify(l, seen->serving, i, entry_at(l, i, l->now - NEWS));
		}
	}
}

/* --- what happens ------------------------------------------------------------------------------------------------------- */

static void carry_out_write(struct life *l, const struct rotation_step *s, size_t seen)
{
	if (seen != l->n_secret - 1) {
		l->conflicts++;
		return;
	}
	l->rotations += strstr(s->reason, "it comes into force") != NULL;
	l->writes++;
	l->writes_today++;
	put_secret(l, true, &s->secret);
	if (l->writes_today > FEW_WRITES + 4 * l->damages_today)
		fail_msg("%lld writes on day %lld: %s", (long long)l->writes_today, (long long)(l->now - START) / DAY, s->reason);
}

static void carry_out_publication(struct life *l, const struct rotation_step *s, const size_t seen[ENTRIES])
{
	for (size_t i = 0; i < ENTRIES; i++) {
		if (!s->changed[i] || chance(l, 100))
			continue; /* one may fail while the other is written */
		if (seen[i] != l->n_entry[i] - 1) {
			l->conflicts++;
			continue;
		}
		l->publications++;
		put_entry(l, i, s->bundle[i]);
	}
}

/* One look of a replica that takes itself for the leader. Seconds until the next. */
static int64_t act(struct life *l, size_t who, bool may_fail)
{
	const struct replica *r = &l->replica[who];
	const int64_t until = hears_until(r, l->now);
	struct rotation_entry entry[ENTRIES];
	size_t seen_entry[ENTRIES], seen_secret;
	const struct secret_version *secret = secret_at(l, until, &seen_secret);
	struct rotation_seen seen = {.secret_exists = secret->exists, .secret_ours = true, .secret = secret->content, .entry = entry, .n_entries = ENTRIES};
	struct rotation_step s;
	struct err err = {0};

	for (size_t i = 0; i < ENTRIES; i++) {
		const int64_t written = l->entry[i][seen_entry[i] = entry_at(l, i, until)].at;

		entry[i].bundle = l->entry[i][seen_entry[i]].bundle;
		entry[i].since = (written > l->leads_since ? written : l->leads_since) + r->news + r->skew;
	}
	if (rotation_next(&l->work, &params, &seen, l->now + r->skew, &s, &err) < 0)
		fail_msg("%s", err.what);
	assert_true(s.action != ROTATION_REFUSE);
	if (may_fail && chance(l, 100))
		return 60; /* it did not arrive */
	if (s.action == ROTATION_WRITE)
		carry_out_write(l, &s, seen_secret);
	else if (s.action == ROTATION_PUBLISH)
		carry_out_publication(l, &s, seen_entry);
	else
		return s.wake - l->now - r->skew;
	return NEWS + 1; /* whether or not the answer came: it looks again */
}

static void damage(struct life *l)
{
	struct rotation_secret s = l->secret[l->n_secret - 1].content;
	const unsigned kind = (unsigned)(dice(l) % 5);

	s.ca_key = kind == 0 ? STR("") : s.ca_key;
	s.next_key = kind == 1 ? STR("rubbish") : s.next_key;
	s.tls_key = kind == 2 ? STR("") : s.tls_key;
	s.trust = kind == 3 ? STR("") : s.trust;
	if (kind == 4)
		s = (struct rotation_secret){.writes = 0};
	l->damages++;
	l->damages_today++;
	put_secret(l, kind != 4, &s);
}

static void cut_off(struct life *l)
{
	struct replica *r = &l->replica[dice(l) % REPLICAS];

	if (r == &l->replica[l->leader] || (r->cut_off && l->now < r->back))
		return; /* a leader that hears nothing has lost its Lease */
	r->cut_off = l->now - r->news;
	r->back = l->now + (int64_t)(dice(l) % (15 * DAY));
}

static void change_leader(struct life *l)
{
	const size_t next = dice(l) % REPLICAS;

	if (l->replica[next].cut_off && l->now < l->replica[next].back)
		return;
	l->leader = next;
	l->leads_since = l->now;
}

static void something_happens(struct life *l)
{
	if (chance(l, 30))
		change_leader(l);
	if (chance(l, 10))
		cut_off(l);
	if (chance(l, 10))
		damage(l);
	if (chance(l, 20)) /* a deposed leader that has not noticed, or a replica back from days of silence */
		(void)act(l, dice(l) % REPLICAS, false);
}

static void count_day(struct life *l)
{
	if (l->now / DAY == l->day)
		return;
	l->day = l->now / DAY;
	l->writes_today = l->damages_today = 0;
}

static void begin(struct life *l, uint64_t seed)
{
	const struct rotation_secret none = {.writes = 0};

	arena_init(&l->keep, 0);
	arena_init(&l->work, 0);
	l->random = seed * 2654435761U + 1;
	l->now = START;
	for (size_t i = 0; i < REPLICAS; i++)
		l->replica[i] = (struct replica){.skew = (int64_t)(dice(l) % (2 * SKEW)) - SKEW, .news = (int64_t)(dice(l) % NEWS)};
	put_secret(l, false, &none);
	for (size_t i = 0; i < ENTRIES; i++)
		put_entry(l, i, STR(""));
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	uint64_t n;

	return text && parse_u64(str_of(text), &n) ? n : otherwise;
}

static void years_go_by(void **state UNUSED)
{
	static struct life life;
	struct life *l = &life;
	const int64_t years = (int64_t)from_environment("LIFE_YEARS", 1);

	begin(l, from_environment("LIFE_SEED", 1));
	while (l->now < START + years * 365 * DAY) {
		int64_t pause = act(l, l->leader, true);

		/* A look an hour finds nothing most of the time: some are left out, as if it had been asleep. */
		if (pause >= ROTATION_WAKE_MAX)
			pause += (int64_t)(dice(l) % (12 * HOUR));
		for (int64_t at = l->now, i = 0; i < 3; i++) { /* the moments after a write are those to look at */
			l->now = at + (i < 2 ? i * pause / 3 : pause);
			all_clients_trust_all_replicas(l);
		}
		something_happens(l);
		count_day(l);
		l->steps++;
		arena_clear(&l->work);
	}
	print_message("%lld years: %zu looks, %zu writes, %zu publications, %zu CAs, %zu conflicts, %zu damages, %zu verifications\n",
		(long long)years, l->steps, l->writes, l->publications, l->rotations, l->conflicts, l->damages, l->verifications);
	assert_true(l->rotations >= (size_t)years * 365 / 40);
	assert_true(l->conflicts > 0 && l->damages > 0 && l->verifications > 100);
	arena_release(&l->keep);
	arena_release(&l->work);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(years_go_by)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
