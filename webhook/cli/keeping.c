/* SPDX-License-Identifier: Apache-2.0 */
/* What `outrigger serve` keeps in the cluster: a CA of its own, or an eye on what the webhook configurations trust. */
#include "webhook/cli/keeping.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "webhook/cli/access.h"
#include "webhook/cli/auditing.h"

enum {
	MS_A_SECOND = 1000,
	LOOK_GAP_MS = 500, /* between two looks at certificates, however much changes */
};

/* CAs of ours are known by this name in a caBundle; `outrigger certs create` gives another. */
#define CA_NAME "outrigger in-cluster CA"

bool keeping_own_ca(const struct options *o)
{
	return strcmp(o->certs, "self-signed") == 0;
}

static bool looks_at_trust(const struct options *o)
{
	return keeping_own_ca(o) || o->webhook_configurations.len;
}

static bool needs_lease(const struct options *o)
{
	return keeping_own_ca(o) || o->count_pods;
}

static bool is_wanted(const struct options *o)
{
	return looks_at_trust(o) || o->events || o->count_pods;
}

/* --- options
 * ------------------------------------------------------------------------------------------------------------- */

static int check_options(const struct options *o, struct err *err)
{
	if (keeping_own_ca(o) && (o->tls_cert || o->tls_key))
		return err_set(err, ERR_CONFIG,
			"%s is for --certs=files: with self-signed the certificate is in the Secret --secret-name",
			o->tls_cert ? "--tls-cert" : "--tls-key");
	if (!keeping_own_ca(o) && o->hosts.len)
		return err_set(err, ERR_CONFIG,
			"--host is for --certs=self-signed: a certificate from files has its names already");
	if (o->count_pods && !o->webhook_configurations.len)
		return err_set(err, ERR_CONFIG,
			"--count-pods needs --webhook-configuration: its selectors say which pods should have a sidecar");
	return 0;
}

static const char *add_host(struct keeping *k, const char *host)
{
	if (host)
		k->host[k->n_hosts++] = host;
	return host;
}

/* As the Service is called from anywhere in the cluster, the first by kube-apiserver; and what else was asked for. */
static int name_hosts(struct keeping *k, struct err *err)
{
	const char *service = k->options->service_name, *namespace = k->namespace;

	if (!add_host(k, arena_printf(&k->arena, "%s.%s.svc", service, namespace)) ||
		!add_host(k, arena_printf(&k->arena, "%s.%s", service, namespace)) ||
		!add_host(k, arena_printf(&k->arena, "%s.%s.svc.cluster.local", service, namespace)))
		return err_nomem(err);
	for (size_t i = 0; i < k->options->hosts.len; i++)
		(void)add_host(k, k->options->hosts.item[i]);
	return 0;
}

/* Replicas agree on it, installations differ (FNV-1a). */
static uint64_t seed_of(const struct keeping *k)
{
	uint64_t h = 0xcbf29ce484222325U;

	for (const char *p = k->host[0]; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3U;
	return h;
}

static struct rotation_params params_of(const struct keeping *k)
{
	const struct options *o = k->options;

	return (struct rotation_params){
		.ca_name = CA_NAME,
		.hosts = k->host,
		.n_hosts = k->n_hosts,
		.cert_seconds = o->cert_lifetime / MS_A_SECOND,
		.ca_seconds = o->ca_lifetime / MS_A_SECOND,
		.settle_seconds = (o->ca_settle + MS_A_SECOND - 1) / MS_A_SECOND,
		.seed = seed_of(k),
	};
}

/* What the leader would find out when it issues: a name that is none. */
static int try_hosts(const struct keeping *k, struct err *err)
{
	const struct cert_request ca_request = {.name = CA_NAME, .seconds = 1};
	struct cert_request request = ca_request;
	struct cert_pair ca, pair;
	struct arena a;
	int status;

	request.hosts = k->host;
	request.n_hosts = k->n_hosts;
	arena_init(&a, 0);
	status = ca_create(&a, &ca_request, &ca, err) < 0 ? -1 : ca_issue(&a, &ca, &request, &pair, err);
	arena_release(&a);
	return status;
}

static int check_own_ca(struct keeping *k, struct err *err)
{
	struct rotation_params params;

	if (name_hosts(k, err) < 0)
		return -1;
	params = params_of(k);
	if (rotation_check(&params, err) < 0)
		return err_at(err, "%s", "--cert-lifetime, --ca-lifetime");
	return try_hosts(k, err) < 0 ? err_at(err, "%s", "--service-name, --namespace, --host") : 0;
}

static int find_namespace(struct keeping *k, struct err *err)
{
	k->namespace = k->options->namespace ? k->options->namespace : k->config.namespace;
	if (!k->namespace)
		return err_set(err, ERR_CONFIG,
			"%s says no namespace: --namespace is needed, that of the Service and of the Secret",
			k->config.origin);
	return 0;
}

int keeping_prepare(struct keeping *k, const struct options *o, struct err *err)
{
	memset(k, 0, sizeof(*k));
	k->options = o;
	arena_init(&k->arena, 0);
	if (check_options(o, err) < 0)
		return -1;
	if (!is_wanted(o))
		return 0;
	if (access_config(&k->arena, o, &k->config, err) < 0)
		return -1;
	if (!needs_lease(o))
		return 0;
	if (find_namespace(k, err) < 0)
		return -1;
	return keeping_own_ca(o) ? check_own_ca(k, err) : 0;
}

int keeping_equip(struct keeping *k, struct snapshot_slot *config, const struct log *log, struct server_options *ret,
	struct err *err)
{
	const struct options *o = k->options;
	const struct events_options events = {.replica = k->replica, .log = log};
	const struct census_options census = {.configuration = o->webhook_configurations.item,
		.n_configurations = o->webhook_configurations.len,
		.config = config,
		.log = log};

	if (gethostname(k->replica, sizeof(k->replica) - 1) < 0)
		(void)snprintf(k->replica, sizeof(k->replica), "unknown");
	k->log = log;
	k->events = o->events ? events_new(&events, err) : NULL;
	k->census = o->count_pods ? census_new(&census, err) : NULL;
	ret->events = k->events;
	ret->census = k->census;
	return (o->events && !k->events) || (o->count_pods && !k->census) ? -1 : 0;
}

/* --- what the keeper does to the server, in its threads
 * ------------------------------------------------------------------ */

static int serve_pair(void *context, const struct cert_pair *pair, struct err *err)
{
	const struct keeping *k = context;

	if (server_set_certificate(k->server, pair, err) < 0)
		return -1;
	audit_certificate(k->audit, pair);
	return 0;
}

static int served_chain(void *context, struct arena *a, struct str *ret, struct err *err)
{
	return server_get_chain(((const struct keeping *)context)->server, a, ret, err);
}

/* Logged once for each change; /readyz?verbose has it as long as it lasts. */
static void judged(void *context, const char *problem)
{
	struct keeping *k = context;
	char text[CA_KEEPER_TEXT_MAX];

	server_set_trust(k->server, problem);
	(void)snprintf(text, sizeof(text), "%s", problem ? problem : "");
	if (strcmp(text, k->told) == 0)
		return;
	(void)snprintf(k->told, sizeof(k->told), "%s", text);
	if (problem)
		log_with(k->log, LOG_WARN, "not ready: what is served is not trusted", log_cstr("reason", text));
	else
		log_line(k->log, LOG_INFO, "the webhook configurations trust what is served", NULL, 0);
}

static bool is_watched(void *context)
{
	return ca_watch_up(((const struct keeping *)context)->watch);
}

static void certificates_changed(void *context)
{
	struct keeping *k = context;

	keeper_wake(k->keeper, &k->ca);
}

static void leads(void *context, bool now)
{
	server_set_leader(((const struct keeping *)context)->server, now);
}

/* --- start and end
 * ------------------------------------------------------------------------------------------------------- */

static void init_ca(struct keeping *k)
{
	const struct options *o = k->options;
	struct ca_keeper_options options = {
		.own_ca = keeping_own_ca(o),
		.namespace = k->namespace,
		.secret = o->secret_name,
		.configuration = o->webhook_configurations.item,
		.n_configurations = o->webhook_configurations.len,
		.hooks = {serve_pair, served_chain, judged, is_watched, k},
		.log = k->log,
	};

	if (options.own_ca)
		options.params = params_of(k);
	ca_keeper_init(&k->ca, &options);
}

static int prepare_watch(struct keeping *k, struct err *err)
{
	const struct ca_watch_options options = {
		.config = &k->config,
		.namespace = k->namespace,
		.secret = keeping_own_ca(k->options) ? k->options->secret_name : NULL,
		.configuration = k->options->webhook_configurations.item,
		.n_configurations = k->options->webhook_configurations.len,
		.changed = certificates_changed,
		.context = k,
		.log = k->log,
	};

	if (!looks_at_trust(k->options))
		return 0;
	k->watch = ca_watch_new(&options, err);
	return k->watch ? 0 : -1;
}

static void add_task(struct keeper_options *o, keeper_step *step, void *context, bool asks_leader)
{
	o->task[o->n_tasks++] = (struct keeper_task){.step = step, .context = context, .asks_leader = asks_leader};
}

static void add_ca_task(struct keeping *k, struct keeper_options *o)
{
	o->task[o->n_tasks++] = (struct keeper_task){
		.step = ca_keeper_step, .context = &k->ca, .asks_leader = keeping_own_ca(k->options), .gap_ms = LOOK_GAP_MS};
}

static int start_keeper(struct keeping *k, struct err *err)
{
	struct keeper_options options = {
		.election = {.config = &k->config,
			.namespace = k->namespace,
			.name = k->options->lease_name,
			.identity = k->replica,
			.timing = lease_timing(k->options->lease_duration),
			.log = k->log,
			.changed = leads,
			.context = k},
	};

	if (looks_at_trust(k->options))
		add_ca_task(k, &options);
	if (k->events)
		add_task(&options, events_step, k->events, false);
	if (k->census)
		add_task(&options, census_step, k->census, true);
	if (needs_lease(k->options))
		server_set_leader(k->server, false);
	k->keeper = keeper_start(&options, err);
	return k->keeper ? 0 : -1;
}

int keeping_start(
	struct keeping *k, struct server *server, struct audit *audit, const struct log *log, struct err *err)
{
	if (!is_wanted(k->options))
		return 0;
	k->server = server;
	k->audit = audit;
	k->log = log;
	if (looks_at_trust(k->options))
		judged(k, "the webhook configurations were not looked at yet");
	log_with(log, LOG_INFO, "the cluster is asked, or told of pods",
		log_cstr("server", k->config.server), log_cstr("as", k->config.origin));
	init_ca(k);
	/* The keeper first, which the watch wakes; and the other way round at the end. */
	if (prepare_watch(k, err) < 0 || start_keeper(k, err) < 0)
		return -1;
	return k->watch ? ca_watch_start(k->watch, err) : 0;
}

void keeping_stop(struct keeping *k)
{
	ca_watch_stop(k->watch);
	keeper_stop(take(k->keeper));
	ca_watch_free(take(k->watch));
	ca_keeper_release(&k->ca);
	arena_release(&k->arena);
}

void keeping_release(struct keeping *k)
{
	keeping_stop(k);
	events_free(take(k->events));
	census_free(take(k->census));
}
