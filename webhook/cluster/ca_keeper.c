/* SPDX-License-Identifier: Apache-2.0 */
/* The task that keeps what is served and what the webhook configurations trust together. */
#include "webhook/cluster/ca_keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/limits.h"
#include "webhook/cluster/ca_secret.h"

enum {
	LOOK_MS = 10000,   /* between two looks at the API */
	RARE_MS = 60000,   /* at most, where changes are told */
	LOOK_MIN_MS = 500, /* where lifetimes are short */
	EAGER_MS = 1000,   /* while this replica is not ready for want of trust */
	SOON_MS = 200,     /* after a write: what has become of it */
	FAILED_MS = 5000,
	LOOKS_A_LIFE = 60,
	DAY = 86400,
	ARENA_MAX = 64 << 20,
};

/* One look at the API and what follows from it. */
struct look {
	struct ca_keeper *k;
	const struct keeper_turn *turn;
	struct arena a;
	int64_t now;
	struct ca_webhooks webhooks;
	struct bundle bundle[CA_WEBHOOKS_MAX]; /* of each */
	struct rotation_entry entry[CA_WEBHOOKS_MAX];
	const struct value *secret; /* NULL: there is none */
	struct rotation_seen seen;
	struct err *err;
};

void ca_keeper_init(struct ca_keeper *k, const struct ca_keeper_options *o)
{
	*k = (struct ca_keeper){.o = *o};
}

void ca_keeper_release(struct ca_keeper *k)
{
	free(k->served);
	k->served = NULL;
}

/* From half of it to all of it: replicas do not come together. */
static int64_t rare_ms(void)
{
	uint32_t random = 0;

	(void)!getrandom(&random, sizeof(random), 0);
	return RARE_MS / 2 + (int64_t)(random % (RARE_MS / 2 + 1));
}

static int64_t look_ms(const struct ca_keeper *k)
{
	const struct ca_keeper_hooks *hooks = &k->o.hooks;
	const int64_t most = hooks->watched && hooks->watched(hooks->context) ? rare_ms() : LOOK_MS;
	const int64_t short_ms = k->o.params.cert_seconds * 1000 / LOOKS_A_LIFE;

	if (!k->trusted)
		return EAGER_MS;
	if (!k->o.own_ca || short_ms > most)
		return most;
	return short_ms > LOOK_MIN_MS ? short_ms : LOOK_MIN_MS;
}

/* Trouble is told once, until it is over or another one comes. */
static void tell(struct ca_keeper *k, const char *trouble)
{
	if (!trouble) {
		k->told[0] = '\0';
		return;
	}
	if (strncmp(k->told, trouble, sizeof(k->told) - 1) == 0)
		return;
	(void)snprintf(k->told, sizeof(k->told), "%s", trouble);
	log_with(k->o.log, LOG_WARN, "certificates in the cluster", log_cstr("trouble", k->told));
}

/* --- looking
 * -------------------------------------------------------------------------------------------------------------- */

static uint64_t hash(uint64_t h, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3U; /* FNV-1a: tells changes apart, no more */
	return (h ^ 0xff) * 0x100000001b3U;
}

/* Never later than now: a clock that was ahead may have been set right since. */
static int64_t first_seen(const struct ca_keeper *k, const struct ca_sighting *now)
{
	for (size_t i = 0; i < k->n_seen; i++)
		if (k->seen[i].webhook == now->webhook && k->seen[i].bundle == now->bundle)
			return k->seen[i].since < now->since ? k->seen[i].since : now->since;
	return now->since;
}

static int sight(struct look *l)
{
	struct ca_sighting now[CA_WEBHOOKS_MAX];
	struct ca_keeper *k = l->k;

	for (size_t i = 0; i < l->webhooks.len; i++) {
		const struct ca_webhook *w = &l->webhooks.item[i];
		struct err unreadable = {0};

		now[i] =
			(struct ca_sighting){.webhook = hash(hash(hash(1, str_of(w->kind)), w->configuration), w->name),
				.bundle = hash(1, w->bundle),
				.since = l->now};
		now[i].since = first_seen(k, &now[i]);
		l->entry[i] = (struct rotation_entry){w->bundle, now[i].since};
		if (bundle_read(&l->a, w->bundle, &l->bundle[i], &unreadable) < 0) {
			if (unreadable.code == ERR_NOMEM)
				return err_nomem(l->err);
			l->bundle[i].len = 0;
		}
	}
	memcpy(k->seen, now, l->webhooks.len * sizeof(now[0]));
	k->n_seen = l->webhooks.len;
	return 0;
}

static int read_secret(struct look *l)
{
	const struct ca_keeper_options *o = &l->k->o;
	const struct cluster_call call = {.verb = CLUSTER_GET,
		.place = {.api = "/api/v1", .resource = "secrets", .namespace = o->namespace, .name = o->secret}};
	struct cluster_answer answer;
	struct err refused = {0};
	const int status = cluster_do(l->turn->client, &l->a, &call, &answer, &refused);

	l->seen.clock_known = answer.date != 0;
	l->seen.clock_ahead = (int64_t)time(NULL) - answer.date;
	if (status < 0) {
		if (answer.status == CLUSTER_NOT_FOUND)
			return 0;
		*l->err = refused;
		return -1;
	}
	l->secret = answer.object;
	l->seen.secret_exists = l->secret != NULL;
	return ca_secret_read(&l->a, l->secret, &l->seen.secret_ours, &l->seen.secret, l->err);
}

static int look(struct look *l)
{
	const struct ca_keeper_options *o = &l->k->o;

	if (ca_bundle_read(l->turn->client, &l->a, o->configuration, o->n_configurations, &l->webhooks, l->err) < 0 ||
		sight(l) < 0)
		return -1;
	l->seen.entry = l->entry;
	l->seen.n_entries = l->webhooks.len;
	l->seen.published_day = l->k->published_day;
	l->seen.published = l->k->published;
	return o->own_ca ? read_secret(l) : 0;
}

/* --- serving
 * ---------------------------------------------------------------------------------------------------------------- */

/* Why a webhook would not verify the chain, and what to do; NULL: all would. */
static const char *problem_with(struct look *l, struct str chain)
{
	const bool own = l->k->o.own_ca;

	for (size_t i = 0; i < l->webhooks.len; i++) {
		const struct ca_webhook *w = &l->webhooks.item[i];
		struct err why = {0};
		const char *text;

		if (bundle_verify(&l->bundle[i], chain, w->host[0] ? w->host : NULL, l->now, &why) == 0)
			continue;
		text = arena_printf(&l->a,
			"the caBundle of %s %.*s, webhook %.*s, does not verify the certificate that is served: %s; %s",
			w->kind, (int)w->configuration.len, w->configuration.p, (int)w->name.len, w->name.p, why.what,
			own ? "the replica that leads writes it as soon as it can"
			    : "put the CA of the serving certificate there, or look at what should (cert-manager's "
			      "cainjector)");
		return text ? text : "out of memory";
	}
	if (!l->webhooks.missing)
		return NULL;
	return arena_printf(&l->a, "there is no webhook configuration %.253s: is --webhook-configuration right?",
		l->webhooks.missing);
}

/* What the Secret holds is served once it is trusted everywhere, or when what is served is not either. */
static int adopt(struct look *l)
{
	struct ca_keeper *k = l->k;
	const struct cert_pair pair = {l->seen.secret.tls_cert, l->seen.secret.tls_key};
	struct str now;
	char *copy;

	if (!l->seen.secret_ours || !pair.cert.len || !pair.key.len || (k->served && str_is(pair.cert, k->served)))
		return 0;
	if (k->served && k->o.hooks.served(k->o.hooks.context, &l->a, &now, l->err) < 0)
		return -1;
	if (k->served && problem_with(l, pair.cert) && !problem_with(l, now))
		return 0;
	if (k->o.hooks.serve(k->o.hooks.context, &pair, l->err) < 0)
		return err_wrap(l->err, "the Secret %.253s/%.253s holds no pair to serve", k->o.namespace, k->o.secret);
	copy = strndup(pair.cert.p, pair.cert.len);
	if (!copy)
		return err_nomem(l->err);
	free(k->served);
	k->served = copy;
	log_with(k->o.log, LOG_INFO, "certificate replaced", log_cstr("secret", k->o.secret));
	return 0;
}

static void say(struct ca_keeper *k, const char *problem)
{
	k->trusted = !problem;
	k->o.hooks.judged(k->o.hooks.context, problem);
}

static int judge(struct look *l)
{
	const struct ca_keeper_hooks *hooks = &l->k->o.hooks;
	struct str chain;

	if (l->k->o.own_ca && !l->k->served) {
		say(l->k, "there is no certificate of our own CA yet; the replica that leads makes one");
	} else {
		if (hooks->served(hooks->context, &l->a, &chain, l->err) < 0)
			return -1;
		say(l->k, problem_with(l, chain));
	}
	l->k->judged = true;
	return 0;
}

/* --- the leader's part
 * -------------------------------------------------------------------------------------------------------- */

static int write_secret(struct look *l, const struct rotation_step *s, int *ret_status)
{
	const struct ca_keeper_options *o = &l->k->o;
	struct cluster_call call = {.verb = l->secret ? CLUSTER_REPLACE : CLUSTER_CREATE,
		.place = {.api = "/api/v1",
			.resource = "secrets",
			.namespace = o->namespace,
			.name = l->secret ? o->secret : NULL}};
	struct cluster_answer answer = {.status = 0};
	struct text body;
	int status;

	text_init(&body, &l->a, LIMIT_CONFIG_BYTES);
	if (ca_secret_write(&l->a, o->namespace, o->secret, &s->secret, l->secret, &body, l->err) < 0)
		return -1;
	call.body = (struct str){body.data, body.len};
	status = cluster_do(l->turn->client, &l->a, &call, &answer, l->err);
	*ret_status = answer.status;
	return status;
}

static size_t end_of_configuration(const struct ca_webhooks *w, size_t from)
{
	size_t to = from + 1;

	while (to < w->len && w->item[to].resource == w->item[from].resource &&
		str_eq(w->item[to].configuration, w->item[from].configuration))
		to++;
	return to;
}

static bool is_any(const bool *changed, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (changed[i])
			return true;
	return false;
}

static void count_publication(struct ca_keeper *k, int64_t now)
{
	if (k->published_day != now / DAY)
		k->published = 0;
	k->published_day = now / DAY;
	k->published++;
}

/* Each configuration for itself: one that cannot be written does not keep the others from it. The last failure is told.
 */
static int publish(struct look *l, const struct rotation_step *s, int *ret_status)
{
	int done = 0;

	for (size_t from = 0, to; from < l->webhooks.len; from = to) {
		struct err refused = {0};
		int status = 0;

		to = end_of_configuration(&l->webhooks, from);
		if (!is_any(s->changed, from, to))
			continue;
		count_publication(l->k, l->now);
		if (ca_bundle_write(l->turn->client, &l->a, &l->webhooks, from, to, s->bundle, &status, &refused) == 0)
			continue;
		*l->err = refused;
		*ret_status = status;
		done = -1;
	}
	return done;
}

/* Milliseconds until the next look. */
static int64_t carry_out(struct look *l, const struct rotation_step *s)
{
	int status = 0;
	int done;

	log_with(l->k->o.log, LOG_INFO,
		s->action == ROTATION_WRITE ? "writing the Secret of our CA" : "writing caBundles",
		log_cstr("reason", s->reason));
	done = s->action == ROTATION_WRITE ? write_secret(l, s, &status) : publish(l, s, &status);
	if (done == 0 || status == CLUSTER_CONFLICT) {
		*l->err = (struct err){0};
		return SOON_MS;
	}
	return FAILED_MS;
}

static int64_t lead(struct look *l)
{
	const int64_t most = look_ms(l->k);
	struct rotation_step s;
	int64_t wait;

	if (rotation_next(&l->a, &l->k->o.params, &l->seen, l->now, &s, l->err) < 0)
		return FAILED_MS;
	if ((s.action == ROTATION_WRITE || s.action == ROTATION_PUBLISH) && keeper_leads(l->turn->keeper))
		return carry_out(l, &s);
	if (s.trouble)
		(void)err_set(l->err, ERR_CONFIG, "%.900s", s.reason);
	wait = (s.wake - l->now) * 1000;
	return wait < most ? wait : most;
}

/* --- the step
 * ------------------------------------------------------------------------------------------------------------------ */

static int64_t take_look(struct look *l)
{
	if (look(l) < 0) {
		/* What is known stays in force while the API is away. */
		if (!l->k->judged && !cluster_client_stopped(l->turn->client))
			say(l->k, "the webhook configurations could not be read yet");
		return FAILED_MS;
	}
	/* A Secret that cannot be served is told of, and is what the leader is there to mend. */
	if (l->k->o.own_ca)
		(void)!adopt(l);
	if (judge(l) < 0)
		return FAILED_MS;
	return l->k->o.own_ca && keeper_leads(l->turn->keeper) ? lead(l) : look_ms(l->k);
}

int64_t ca_keeper_step(void *context, const struct keeper_turn *turn)
{
	struct err err = {0};
	struct look *l = calloc(1, sizeof(*l));
	int64_t wait;

	if (!l)
		return FAILED_MS;
	l->k = context;
	l->turn = turn;
	l->err = &err;
	l->now = (int64_t)time(NULL);
	arena_init(&l->a, ARENA_MAX);
	wait = take_look(l);
	if (!cluster_client_stopped(turn->client))
		tell(l->k, err.code ? err.what : NULL);
	arena_release(&l->a);
	free(l);
	return wait;
}
