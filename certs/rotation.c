/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a CA of our own as a state machine. */
#include "certs/rotation.h"

#include <string.h>

#include "base/limits.h"
#include "certs/rotation_facts.h"
#include "certs/x509.h"

enum { DAY = 86400, MINUTE = 60, CERT_SECONDS_LEAST = 20, CA_TIMES_LEAST = 3, NAME_MAX_BYTES = 64 };

/* What the stages below share. */
struct plan {
	struct arena *a;
	const struct rotation_params *p;
	const struct rotation_seen *seen;
	int64_t now;
	struct rotation_facts f;
	struct bundle published; /* what every configuration must have */
	struct bundle *wanted;   /* one an entry: what it is to hold, given what it holds */
	bool *changed;
	bool all_published;
	int64_t published_since; /* the last of the entries */
	const char *blocked;     /* why a step that is wanted is not taken */
	struct rotation_step *step;
	struct err *err;
};

/* A stage: 1 when it has decided the step, 0 when there is nothing for it to do, -1 with err. */
typedef int stage(struct plan *);

static int decide(struct plan *plan, enum rotation_action action, const char *reason)
{
	if (!reason)
		return err_nomem(plan->err);
	plan->step->action = action;
	plan->step->reason = reason;
	return 1;
}

static int wait_until(struct plan *plan, int64_t wake, const char *reason)
{
	plan->step->wake = wake;
	return decide(plan, ROTATION_WAIT, reason);
}

static int trouble(struct plan *plan, int64_t wake, const char *reason)
{
	plan->step->trouble = true;
	return wait_until(plan, wake, reason);
}

int64_t rotation_writes_max(const struct rotation_params *p)
{
	/* A renewal a two thirds of a life less the jitter; three writes a rotation of the CA. Twice that is no
	 * accident. */
	const int64_t renewals = 2 * DAY / (p->cert_seconds / 2), rotations = 2 * 3 * DAY / (p->ca_seconds / 2);

	return ROTATION_SPARE_WRITES + renewals + rotations;
}

/* What is wanted and cannot be: what else there is to do goes on. The first reason is the one to tell. */
static int block(struct plan *plan, const char *reason)
{
	if (!reason)
		return err_nomem(plan->err);
	if (!plan->blocked)
		plan->blocked = reason;
	return 0;
}

/* What all writes of the Secret share: they are counted, and left beyond what can be meant. */
static int write_secret(struct plan *plan, const struct rotation_secret *next, const char *reason)
{
	const int64_t day = plan->now / DAY, most = rotation_writes_max(plan->p);
	const struct rotation_secret *old = &plan->seen->secret;
	const int64_t before = plan->seen->secret_exists && old->writes_day == day ? old->writes : 0;

	if (!reason)
		return err_nomem(plan->err);
	if (before >= most)
		return block(
			plan, arena_printf(plan->a,
				      "the Secret was written %lld times today, which is more than its lifetimes ask "
				      "for: something "
				      "undoes what is written; no more is written until tomorrow (it would be: %s)",
				      (long long)before, reason));
	plan->step->secret = *next;
	plan->step->secret.writes_day = day;
	plan->step->secret.writes = before + 1;
	return decide(plan, ROTATION_WRITE, reason);
}

static struct rotation_secret current(const struct plan *plan)
{
	static const struct rotation_secret none;

	return plan->seen->secret_exists ? plan->seen->secret : none;
}

/* Bundles share memory: what is to grow or shrink by itself needs its own. */
static int copy(struct plan *plan, const struct bundle *of, struct bundle *ret)
{
	*ret = (struct bundle){.len = 0};
	return bundle_unite(plan->a, ret, of, plan->err);
}

static int set_trust(struct plan *plan, struct rotation_secret *secret, const struct bundle *trust)
{
	return bundle_write(plan->a, trust, &secret->trust, plan->err);
}

/* Dates that have passed on every clock that is still taken for right. */
static int64_t surely_past(const struct plan *plan)
{
	return plan->now - CERT_BACKDATE;
}

static bool is_same(const struct bundle_cert *x, const struct rotation_ca *ca)
{
	return ca->usable && str_eq(x->der, ca->cert.der);
}

/* --- stages, in their order
 * ------------------------------------------------------------------------------------------- */

static int refuse_foreign(struct plan *plan)
{
	if (!plan->seen->secret_exists || plan->seen->secret_ours)
		return 0;
	plan->step->trouble = true;
	return decide(plan, ROTATION_REFUSE,
		"the Secret is not ours: it lacks our label, so it is left alone; delete it, or name another");
}

/* Dates written by a clock that is wrong would outlive its correction, and two leaders would undo each other's work. */
static int wait_for_clock(struct plan *plan)
{
	const int64_t ahead = plan->seen->clock_ahead;
	char when[X509_DATE_MAX];

	if (plan->seen->clock_known && (ahead > CERT_BACKDATE || ahead < -CERT_BACKDATE))
		return trouble(plan, plan->now + MINUTE,
			arena_printf(plan->a,
				"this machine's clock is %lld seconds %s the API server's: nothing is written until "
				"one of them is right",
				(long long)(ahead < 0 ? -ahead : ahead), ahead < 0 ? "behind" : "ahead of"));
	if (plan->seen->clock_known || plan->f.newest <= plan->now)
		return 0;
	return trouble(plan, plan->now + MINUTE,
		arena_printf(plan->a,
			"the Secret was written by a clock that is ahead of this machine's (valid from %s): nothing is "
			"written; correct the "
			"clock, or delete the Secret if it was written by a wrong one",
			x509_date(plan->f.newest, when)));
}

/* CAs of ours that the configurations trust and the Secret has lost: certificates of theirs may still be served. */
static int adopt_lost(struct plan *plan, struct bundle *trust)
{
	for (size_t i = 0; i < plan->seen->n_entries; i++)
		for (size_t k = 0; k < plan->wanted[i].len; k++) {
			const struct bundle_cert *cert = &plan->wanted[i].cert[k];

			if (str_is(cert->name, plan->p->ca_name) && bundle_add(plan->a, trust, cert, plan->err) < 0)
				return -1;
		}
	return 0;
}

static int make_ca(struct plan *plan, struct rotation_secret *secret, struct bundle *ret)
{
	const struct cert_request req = {.name = plan->p->ca_name, .now = plan->now, .seconds = plan->p->ca_seconds};
	struct cert_pair pair;

	if (ca_create(plan->a, &req, &pair, plan->err) < 0)
		return -1;
	secret->next_cert = pair.cert;
	secret->next_key = pair.key;
	return bundle_read(plan->a, pair.cert, ret, plan->err);
}

/* Why a next CA is wanted; NULL where it is not. */
static const char *reason_to_rotate(struct plan *plan)
{
	const struct rotation_secret secret = current(plan);
	char when[X509_DATE_MAX];

	if (!plan->f.ca.usable && !secret.trust.len && !secret.ca_key.len)
		return "there is no CA yet: one is made, and put into every configuration before anything is served "
		       "with it";
	if (!plan->f.ca.usable)
		return arena_printf(plan->a,
			"the CA cannot be used any more (%.400s): a new one is made, and put into every configuration "
			"before anything "
			"is served with it",
			plan->f.ca.problem.what);
	if (plan->now < plan->f.ca.due)
		return NULL;
	return arena_printf(plan->a, "two thirds of the CA's life are over (it ends at %s): the next one is made",
		x509_date(plan->f.ca.cert.not_after, when));
}

static int start_rotation(struct plan *plan)
{
	struct rotation_secret secret = current(plan);
	const int64_t ends = plan->now + plan->p->cert_seconds;
	struct bundle trust, made;
	const char *reason;

	if (plan->f.next.usable)
		return 0;
	reason = reason_to_rotate(plan);
	if (!reason)
		return 0;
	if (copy(plan, &plan->published, &trust) < 0 || (!plan->f.ca.usable && adopt_lost(plan, &trust) < 0))
		return -1;
	if (trust.len >= ROTATION_CAS_MAX)
		return block(plan, arena_printf(plan->a,
					   "%zu CAs are trusted already, and none of them has done its service: no "
					   "other is made; the CA has been "
					   "lost or replaced too often (now: %s)",
					   trust.len, reason));
	if (make_ca(plan, &secret, &made) < 0 || bundle_unite(plan->a, &trust, &made, plan->err) < 0 ||
		set_trust(plan, &secret, &trust) < 0)
		return -1;
	/* What a lost CA has issued last nobody can say: at most now, then. */
	if (!plan->f.ca.usable && trust.len > 1 && secret.old_until < ends)
		secret.old_until = ends;
	return write_secret(plan, &secret, reason);
}

static int complete_trust(struct plan *plan)
{
	struct rotation_secret secret = current(plan);
	struct bundle trust;

	if (!plan->f.next.usable || bundle_has(&plan->f.trust, &plan->f.next.cert))
		return 0;
	if (copy(plan, &plan->published, &trust) < 0 ||
		bundle_add(plan->a, &trust, &plan->f.next.cert, plan->err) < 0 || set_trust(plan, &secret, &trust) < 0)
		return -1;
	return write_secret(plan, &secret, "the next CA was missing in ca.crt: added");
}

static int drop_broken_next(struct plan *plan)
{
	struct rotation_secret secret = current(plan);

	if (plan->f.next.usable || (!secret.next_cert.len && !secret.next_key.len))
		return 0;
	secret.next_cert = secret.next_key = STR("");
	return write_secret(plan, &secret,
		arena_printf(plan->a, "the next CA cannot be used (%.400s), and none is wanted yet: removed",
			plan->f.next.problem.what));
}

static int issue_with(struct plan *plan, const struct rotation_ca *ca, struct rotation_secret *secret)
{
	const int64_t left = ca->cert.not_after - plan->now, wanted = plan->p->cert_seconds;
	const char *first = plan->p->hosts[0];
	const struct cert_request req = {.name = strlen(first) <= NAME_MAX_BYTES ? first : "outrigger",
		.hosts = plan->p->hosts,
		.n_hosts = plan->p->n_hosts,
		.now = plan->now,
		.seconds = left < wanted ? left : wanted};
	struct cert_pair pair;

	if (ca_issue(plan->a, &ca->pair, &req, &pair, plan->err) < 0)
		return -1;
	secret->tls_cert = pair.cert;
	secret->tls_key = pair.key;
	if (secret->issued_until < plan->now + req.seconds)
		secret->issued_until = plan->now + req.seconds;
	return 0;
}

/* The CA in force first: people look there. */
static int reorder(struct plan *plan, struct rotation_secret *secret)
{
	struct bundle trust = {.len = 0};

	if (bundle_add(plan->a, &trust, &plan->f.next.cert, plan->err) < 0 ||
		bundle_unite(plan->a, &trust, &plan->published, plan->err) < 0)
		return -1;
	return set_trust(plan, secret, &trust);
}

static bool is_settled(const struct plan *plan)
{
	return plan->all_published && plan->now >= plan->published_since + plan->p->settle_seconds;
}

static int switch_over(struct plan *plan)
{
	struct rotation_secret secret = current(plan);
	/* Without a record, the old CA may have issued just now. */
	const int64_t until = secret.issued_until ? secret.issued_until : plan->now + plan->p->cert_seconds;

	if (!plan->f.next.usable || !is_settled(plan))
		return 0;
	if (plan->published.len > 1 && until > secret.old_until)
		secret.old_until = until;
	secret.issued_until = 0;
	secret.ca_key = secret.next_key;
	secret.next_cert = secret.next_key = STR("");
	if (reorder(plan, &secret) < 0 || issue_with(plan, &plan->f.next, &secret) < 0)
		return -1;
	return write_secret(plan, &secret,
		"every configuration trusts the next CA: it comes into force, with a serving certificate of its own");
}

static int issue(struct plan *plan)
{
	struct rotation_secret secret = current(plan);
	const struct rotation_facts *f = &plan->f;
	char when[X509_DATE_MAX];
	const char *reason;

	/* A certificate cannot outlive its CA: one that ends with it cannot be renewed for longer. */
	if (!f->ca.usable || (f->serving && (plan->now < f->serving_due || f->serving_until >= f->ca.cert.not_after)))
		return 0;
	reason = f->serving ? arena_printf(plan->a,
				      "two thirds of the serving certificate's life are over (it ends at %s): renewed",
				      x509_date(f->serving_until, when))
			    : arena_printf(plan->a, "%.600s: a new one is issued", f->problem.what);
	if (issue_with(plan, &f->ca, &secret) < 0)
		return -1;
	return write_secret(plan, &secret, reason);
}

static int write_bundles(struct plan *plan)
{
	struct str *texts = arena_calloc(plan->a, plan->seen->n_entries, sizeof(*texts));

	if (!texts)
		return err_nomem(plan->err);
	for (size_t i = 0; i < plan->seen->n_entries; i++)
		if (bundle_write(plan->a, &plan->wanted[i], &texts[i], plan->err) < 0)
			return -1;
	plan->step->bundle = texts;
	plan->step->changed = plan->changed;
	return 0;
}

static int publish(struct plan *plan)
{
	const int64_t day = plan->now / DAY, most = rotation_writes_max(plan->p) * (int64_t)(plan->seen->n_entries + 1);
	size_t changed = 0;

	for (size_t i = 0; i < plan->seen->n_entries; i++)
		changed += plan->changed[i];
	if (!changed)
		return 0;
	if (plan->seen->published_day == day && plan->seen->published >= most)
		return block(plan, arena_printf(plan->a,
					   "the caBundles were written %lld times today: something undoes what is "
					   "written; no more is written until "
					   "tomorrow; look for who else manages these webhook configurations",
					   (long long)plan->seen->published));
	if (write_bundles(plan) < 0)
		return -1;
	return decide(plan, ROTATION_PUBLISH,
		arena_printf(plan->a, "%zu of %zu webhooks have a caBundle that %s", changed, plan->seen->n_entries,
			plan->all_published ? "holds a CA out of service: removed" : "lacks a CA of ours: added"));
}

static bool is_retired(const struct plan *plan, const struct bundle_cert *cert)
{
	const int64_t until = current(plan).old_until;

	if (is_same(cert, &plan->f.ca) || is_same(cert, &plan->f.next))
		return false;
	return cert->not_after < surely_past(plan) || (until && until < surely_past(plan));
}

static int retire(struct plan *plan)
{
	struct rotation_secret secret = current(plan);
	struct bundle trust = {.len = 0};

	if (!plan->f.ca.usable)
		return 0;
	for (size_t i = 0; i < plan->f.trust.len; i++)
		if (!is_retired(plan, &plan->f.trust.cert[i]) &&
			bundle_add(plan->a, &trust, &plan->f.trust.cert[i], plan->err) < 0)
			return -1;
	if (trust.len == plan->f.trust.len)
		return 0;
	if (set_trust(plan, &secret, &trust) < 0)
		return -1;
	if (trust.len == 1)
		secret.old_until = 0;
	return write_secret(plan, &secret,
		arena_printf(plan->a, "the last certificate of %zu old CAs has ended: they leave ca.crt",
			plan->f.trust.len - trust.len));
}

static void earlier(int64_t *wake, int64_t at)
{
	*wake = at < *wake ? at : *wake;
}

static int rest(struct plan *plan)
{
	const struct rotation_facts *f = &plan->f;
	const int64_t old = current(plan).old_until + CERT_BACKDATE + 1;
	int64_t wake = plan->now + ROTATION_WAKE_MAX;
	char serving[X509_DATE_MAX], ca[X509_DATE_MAX];

	if (plan->blocked)
		return trouble(plan, wake, plan->blocked);
	if (f->next.usable) {
		earlier(&wake, plan->published_since + plan->p->settle_seconds);
		return wait_until(plan, wake, "the next CA was put into every configuration a moment ago");
	}
	earlier(&wake, f->ca.due);
	if (f->serving_due > plan->now)
		earlier(&wake, f->serving_due);
	if (f->trust.len > 1 && old > plan->now)
		earlier(&wake, old);
	return wait_until(plan, wake,
		arena_printf(plan->a, "nothing to do: the serving certificate is renewed at %s, the CA at %s",
			x509_date(f->serving_due, serving), x509_date(f->ca.due, ca)));
}

/*
 * Renewal stands before publication, and publication before all that needs it: whatever cannot be written, what can go
 * on without it does.
 */
static stage *const stages[] = {refuse_foreign, wait_for_clock, start_rotation, complete_trust, drop_broken_next,
	switch_over, issue, publish, retire, rest};

/* --- what the configurations are to hold
 * -------------------------------------------------------------------------------- */

/* A CA of ours that has left the Secret. One that is newer than the CA in force is what this replica has not heard of
 * yet. */
static bool is_out_of_service(const struct plan *plan, const struct bundle_cert *cert)
{
	return plan->f.ca.usable && str_is(cert->name, plan->p->ca_name) &&
	       cert->not_before < plan->f.ca.cert.not_before && !bundle_has(&plan->f.trust, cert);
}

/* What others have put there stays until it ends: two who manage one configuration must not undo each other's work. */
static int want(struct plan *plan, size_t i)
{
	const struct rotation_entry *entry = &plan->seen->entry[i];
	struct bundle has = {.len = 0};
	struct err ignored = {0};
	bool complete;

	if (bundle_read(plan->a, entry->bundle, &has, &ignored) < 0) {
		if (ignored.code == ERR_NOMEM)
			return err_nomem(plan->err);
		has.len = 0;
	}
	complete = bundle_covers(&has, &plan->published);
	if (copy(plan, &plan->published, &plan->wanted[i]) < 0)
		return -1;
	plan->changed[i] = !complete;
	for (size_t k = 0; k < has.len; k++) {
		if (is_out_of_service(plan, &has.cert[k]))
			plan->changed[i] = true;
		else if (has.cert[k].not_after >= surely_past(plan) && plan->wanted[i].len < LIMIT_BUNDLE_CERTS &&
			 bundle_add(plan->a, &plan->wanted[i], &has.cert[k], plan->err) < 0)
			return -1;
	}
	plan->all_published &= complete;
	if (entry->since > plan->published_since)
		plan->published_since = entry->since;
	return 0;
}

static int compare_entries(struct plan *plan)
{
	const size_t n = plan->seen->n_entries;

	plan->wanted = arena_calloc(plan->a, n, sizeof(*plan->wanted));
	plan->changed = arena_calloc(plan->a, n, sizeof(*plan->changed));
	if (!plan->wanted || !plan->changed)
		return err_nomem(plan->err);
	if (copy(plan, &plan->f.trust, &plan->published) < 0)
		return -1;
	(void)bundle_drop_expired(&plan->published, surely_past(plan));
	plan->all_published = true;
	for (size_t i = 0; i < n; i++)
		if (want(plan, i) < 0)
			return -1;
	return 0;
}

int rotation_next(struct arena *a, const struct rotation_params *p, const struct rotation_seen *seen, int64_t now,
	struct rotation_step *ret, struct err *err)
{
	struct rotation_step step = {.wake = now + ROTATION_WAKE_MAX};
	struct plan plan = {.a = a, .p = p, .seen = seen, .now = now, .step = &step, .err = err};
	const struct rotation_secret secret = current(&plan);
	int decided = 0;

	if (rotation_read(a, p, &secret, now, &plan.f, err) < 0 || compare_entries(&plan) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(stages) && !decided; i++)
		decided = stages[i](&plan);
	if (decided < 0)
		return -1;
	*ret = step;
	return 0;
}

int rotation_check(const struct rotation_params *p, struct err *err)
{
	if (p->cert_seconds < CERT_SECONDS_LEAST)
		return err_set(err, ERR_CONFIG, "a certificate must live at least %d seconds", CERT_SECONDS_LEAST);
	if (p->ca_seconds / CA_TIMES_LEAST < p->cert_seconds)
		return err_set(err, ERR_CONFIG, "the CA must live at least %d times as long as a certificate of it",
			CA_TIMES_LEAST);
	if (!p->ca_name[0] || strlen(p->ca_name) > NAME_MAX_BYTES)
		return err_set(err, ERR_CONFIG, "the CA's name must have 1 to %d bytes", NAME_MAX_BYTES);
	if (!p->n_hosts || p->n_hosts > CERT_MAX_HOSTS)
		return err_set(err, ERR_CONFIG, "1 to %d hosts are needed", CERT_MAX_HOSTS);
	return 0;
}
