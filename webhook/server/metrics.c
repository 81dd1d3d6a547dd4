/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of what was decided, and their text for Prometheus (exposition format 0.0.4). */
#include "webhook/server/metrics.h"

#include <microhttpd.h>
#include <string.h>

#include "webhook/server/route.h"

/* Upper ends of the buckets but the last, which has none. */
static const struct {
	int64_t micros;
	const char *seconds;
} buckets[METRICS_BUCKETS - 1] = {
	{100, "0.0001"},
	{250, "0.00025"},
	{500, "0.0005"},
	{1000, "0.001"},
	{2500, "0.0025"},
	{5000, "0.005"},
	{10000, "0.01"},
	{25000, "0.025"},
	{50000, "0.05"},
	{100000, "0.1"},
	{250000, "0.25"},
	{500000, "0.5"},
	{1000000, "1"},
	{2500000, "2.5"},
	{5000000, "5"},
	{10000000, "10"},
};

static size_t bucket_of(int64_t micros)
{
	size_t i = 0;

	while (i < ARRAY_LEN(buckets) && micros > buckets[i].micros)
		i++;
	return i;
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	(void)atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void metrics_count(struct metrics *m, const struct admission_outcome *o, int64_t micros)
{
	add(o->http_status == MHD_HTTP_OK ? &m->decisions[o->reason] : &m->unreadable, 1);
	add(&m->took[bucket_of(micros)], 1);
	add(&m->took_us, micros > 0 ? (uint64_t)micros : 0);
}

void metrics_count_required(struct metrics *m, const struct admission_outcome *o)
{
	if (o->http_status != MHD_HTTP_OK)
		add(&m->unreadable_required, 1);
	else if (o->reason >= REASON_OF_REQUIRE)
		add(&m->decisions[o->reason], 1);
}

void metrics_head(struct text *out, const char *name, const char *type, const char *help)
{
	text_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_single(struct text *out, const char *name, const char *type, const char *help, uint64_t value)
{
	metrics_head(out, name, type, help);
	text_addf(out, "%s %llu\n", name, (unsigned long long)value);
}

void metrics_label(struct text *out, struct str value)
{
	text_addc(out, '"');
	for (size_t i = 0; i < value.len; i++) {
		const char c = value.p[i];

		if (c == '"' || c == '\\')
			text_addc(out, '\\');
		if (c == '\n')
			text_adds(out, "\\n");
		else
			text_addc(out, c);
	}
	text_addc(out, '"');
}

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* One copy of what many lines are made of, so that sums and parts agree. */
struct counted {
	uint64_t decisions[REASON_COUNT], by_result[RESULT_REFUSED + 1], all;
	uint64_t unreadable, unreadable_required;
	uint64_t took[METRICS_BUCKETS], took_us;
};

static void read_counters(const struct metrics *m, struct counted *ret)
{
	*ret = (struct counted){.took_us = read_counter(&m->took_us),
		.unreadable_required = read_counter(&m->unreadable_required),
		.unreadable = read_counter(&m->unreadable)};
	for (unsigned i = REASON_NONE + 1; i < REASON_OF_REQUIRE; i++) {
		ret->decisions[i] = read_counter(&m->decisions[i]);
		ret->by_result[reason_row((enum reason)i)->result] += ret->decisions[i];
		ret->all += ret->decisions[i];
	}
	for (size_t i = 0; i < METRICS_BUCKETS; i++)
		ret->took[i] = read_counter(&m->took[i]);
}

static void print_decisions(const struct counted *c, struct str revision, struct text *out)
{
	metrics_head(out, "outrigger_decisions_total", "counter", "Admission requests decided, by result, reason and revision.");
	for (unsigned i = REASON_NONE + 1; i < REASON_OF_REQUIRE; i++) {
		const struct reason_row *row = reason_row((enum reason)i);

		text_addf(out, "outrigger_decisions_total{result=\"%s\",reason=\"%s\",revision=", reason_result_name(row->result), row->code);
		metrics_label(out, revision);
		text_addf(out, "} %llu\n", (unsigned long long)c->decisions[i]);
	}
}

static void print_histogram(const struct counted *c, const char *name, const char *help, struct text *out)
{
	uint64_t sum = 0;

	metrics_head(out, name, "histogram", help);
	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		sum += c->took[i];
		text_addf(out, "%s_bucket{le=\"%s\"} %llu\n", name, i < ARRAY_LEN(buckets) ? buckets[i].seconds : "+Inf",
			(unsigned long long)sum);
	}
	text_addf(out, "%s_sum %llu.%06llu\n%s_count %llu\n", name, (unsigned long long)(c->took_us / 1000000),
		(unsigned long long)(c->took_us % 1000000), name, (unsigned long long)sum);
}

/* The names that istiod's injector has, so that dashboards made for it go on. As there, a request that cannot be read is
 * a failure (istio/istio pkg/kube/inject/webhook.go, serveInject and handleError). */
static void print_istio(const struct counted *c, struct text *out)
{
	metrics_single(out, "sidecar_injection_requests_total", "counter", "Total number of sidecar injection requests.",
		c->all + c->unreadable);
	metrics_single(out, "sidecar_injection_success_total", "counter", "Sidecar injection requests that were injected.",
		c->by_result[RESULT_INJECTED]);
	metrics_single(out, "sidecar_injection_failure_total", "counter", "Sidecar injection requests that were refused.",
		c->by_result[RESULT_REFUSED] + c->unreadable);
	metrics_single(out, "sidecar_injection_skip_total", "counter", "Sidecar injection requests that were left alone.",
		c->by_result[RESULT_SKIPPED]);
	print_histogram(c, "sidecar_injection_time_seconds", "Time that sidecar injection requests took.", out);
}

static void print_configuration(const struct metrics_state *s, struct text *out)
{
	static const char *const parts[] = {
		[SERVER_CONFIGURATION] = "configuration", [SERVER_CERTIFICATE] = "certificate", [SERVER_GUARD] = "guard"};

	metrics_single(out, "outrigger_configuration_generation", "gauge", "Configurations loaded since the start; 0 without one.",
		s->generation);
	if (s->generation)
		metrics_single(out, "outrigger_configuration_since_seconds", "gauge",
			"When the configuration was put in force, seconds since 1970.", (uint64_t)s->since);
	metrics_head(out, "outrigger_configuration_refused", "gauge", "Whether something newer was refused and the last good one serves on.");
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		text_addf(out, "outrigger_configuration_refused{part=\"%s\"} %d\n", parts[i], s->refused[i]);
	metrics_single(out, "outrigger_certificate_not_after_seconds", "gauge", "End of the served certificate, seconds since 1970.",
		s->not_after > 0 ? (uint64_t)s->not_after : 0);
}

static void print_token_mode(const struct inject_config *c, struct text *out)
{
	const bool known = c && c->token_asked.use != TOKEN_USE_NONE;
	const char *in_force = known ? token_mode_name(c->token.mode) : "unknown";
	static const char *const modes[] = {"third-party", "first-party", "unknown"};

	metrics_head(out, "outrigger_token_mode", "gauge", "Which service-account token proxies are given: 1 for the mode in force.");
	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		text_addf(out, "outrigger_token_mode{mode=\"%s\"} %d\n", modes[i], strcmp(modes[i], in_force) == 0);
}

static void print_required(const struct metrics *m, struct text *out)
{
	metrics_head(out, "outrigger_required_total", "counter", "Pods that /require looked at, by what it found.");
	for (unsigned i = REASON_OF_REQUIRE; i < REASON_COUNT; i++)
		text_addf(out, "outrigger_required_total{reason=\"%s\"} %llu\n", reason_row((enum reason)i)->code,
			(unsigned long long)read_counter(&m->decisions[i]));
}

static void print_guard_rule(const struct guard *g, const struct guard_rule *rule, bool excepted, struct text *out)
{
	text_adds(out, "outrigger_guard_outcomes_total{rule=");
	metrics_label(out, rule->name);
	text_addf(out, ",action=\"%s\"} %llu\n", excepted ? "excepted" : guard_action_name(rule->action),
		(unsigned long long)guard_counted(g, rule, excepted));
}

/* They begin anew with each guard that is loaded. */
static void print_guard(const struct guard *g, struct text *out)
{
	const size_t len = g ? g->n_rules + g->n_requirements : 0;

	metrics_head(out, "outrigger_guard_outcomes_total", "counter", "Pods that a rule of the guard fitted, by what came of it.");
	for (size_t i = 0; i < len; i++) {
		const struct guard_rule *rule = i < g->n_rules ? &g->rule[i] : &g->requirement[i - g->n_rules];

		print_guard_rule(g, rule, false, out);
		if (g->n_exceptions)
			print_guard_rule(g, rule, true, out);
	}
}

static void print_trust(const struct metrics_state *s, struct text *out)
{
	if (s->asks_trust)
		metrics_single(out, "outrigger_cabundle_match", "gauge",
			"Whether the caBundle of every webhook configuration verifies the certificate that is served.", s->trusted);
	if (s->asks_leader)
		metrics_single(out, "outrigger_leader", "gauge",
			"Whether this replica holds the Lease and writes what only one may write.", s->leads);
}

static void print_clients(const struct metrics_state *s, struct text *out)
{
	if (s->asks_clients)
		metrics_single(out, "outrigger_clients_refused_total", "counter",
			"Handshakes ended because the client's certificate was not of the CA and name asked for.", s->clients_refused);
}

static void print_audit(const struct audit_counts *c, struct text *out)
{
	if (!c)
		return;
	metrics_single(out, "outrigger_audit_lines_total", "counter", "Lines written to the audit log.", c->lines);
	metrics_single(out, "outrigger_audit_dropped_total", "counter",
		"Lines that could not be written: dropped, or their requests refused.", c->dropped);
	metrics_single(out, "outrigger_audit_lag_lines", "gauge", "Lines that wait to be written.", c->lag);
	metrics_single(out, "outrigger_audit_failing", "gauge", "Whether the audit log cannot be written now.", c->failing);
}

static void print_pods_of(const struct census_counts *c, const char *name, bool outdated, struct text *out)
{
	for (size_t i = 0; i < c->len; i++) {
		const uint64_t n = outdated ? c->of[i].outdated : c->of[i].absent;

		if (!n)
			continue;
		text_addf(out, "%s{pod_namespace=", name);
		metrics_label(out, str_of(c->of[i].name));
		text_addf(out, "} %llu\n", (unsigned long long)n);
	}
}

/* The label is not "namespace": that is the replica's own, which whoever scrapes adds. */
static void print_census(const struct census_counts *c, struct text *out)
{
	static const char absent[] = "outrigger_pods_uninjected", outdated[] = "outrigger_pods_outdated";

	if (!c)
		return;
	metrics_head(out, absent, "gauge",
		"Pods without the sidecar that they should have, by their namespace; those of too many namespaces under an empty name.");
	print_pods_of(c, absent, false, out);
	metrics_head(out, outdated, "gauge", "Pods whose sidecar has another image than injection sets today, by their namespace.");
	print_pods_of(c, outdated, true, out);
	metrics_single(out, "outrigger_pods_injected", "gauge", "Pods with a sidecar.", c->injected);
	metrics_single(out, "outrigger_pods_counted_seconds", "gauge", "When pods were last counted, seconds since 1970.", (uint64_t)c->at);
}

static void print_events(const struct event_counts *c, struct text *out)
{
	if (!c)
		return;
	metrics_single(out, "outrigger_events_written_total", "counter", "Events on the owners of pods that the API server took.",
		c->written);
	metrics_single(out, "outrigger_events_dropped_total", "counter",
		"Occurrences without an Event: no room, or the API server refused it.", c->dropped);
}

void metrics_print(const struct metrics *m, const struct metrics_state *state, struct text *out)
{
	struct counted c;

	read_counters(m, &c);
	print_decisions(&c, state->revision, out);
	metrics_single(out, "outrigger_unreadable_requests_total", "counter", "Requests that held no readable AdmissionReview.",
		c.unreadable + c.unreadable_required);
	metrics_single(out, "outrigger_overload_total", "counter", "Requests turned away at once, for want of time or room.",
		read_counter(&m->overload));
	metrics_single(out, "outrigger_proof_failures_total", "counter", "Patches that could not be proven, and were not sent.",
		c.decisions[REASON_PROOF_FAILED]);
	print_histogram(&c, "outrigger_request_duration_seconds", "Time from the first byte of a request to its answer.", out);
	print_configuration(state, out);
	print_token_mode(state->config, out);
	print_guard(state->guard, out);
	print_required(m, out);
	print_trust(state, out);
	print_clients(state, out);
	print_audit(state->audit, out);
	print_census(state->census, out);
	print_events(state->events, out);
	print_istio(&c, out);
}

/* What other parts count, where they are. */
struct counted_elsewhere {
	struct audit_counts audit;
	struct event_counts events;
	struct census_counts census;
};

static void ask_parts(struct server *s, struct counted_elsewhere *c, struct metrics_state *state)
{
	if (s->options.audit) {
		c->audit = audit_counted(s->options.audit);
		state->audit = &c->audit;
	}
	if (s->options.events) {
		c->events = events_counted(s->options.events);
		state->events = &c->events;
	}
	if (s->options.census) {
		census_read(s->options.census, &c->census);
		state->census = c->census.known ? &c->census : NULL;
	}
}

unsigned answer_metrics(struct server *s, struct request *r, const char **ret_type)
{
	own(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(s->options.config);
	struct served_cert *cert = served_cert_get(&s->certs);
	struct metrics_state state = {0};
	struct counted_elsewhere elsewhere;

	*ret_type = "text/plain; version=0.0.4; charset=utf-8";
	if (snapshot) {
		state.revision = snapshot->config->revision;
		state.config = snapshot->config;
		state.guard = snapshot->guard;
		state.generation = snapshot->generation;
		state.since = snapshot->since;
	}
	ask_parts(s, &elsewhere, &state);
	state.asks_trust = atomic_load(&s->trust_asked);
	state.trusted = !refusals_has(&s->trust, SERVER_CERTIFICATE);
	state.asks_leader = atomic_load(&s->leader_asked);
	state.leads = atomic_load(&s->leads);
	state.asks_clients = s->options.client_auth != NULL;
	state.clients_refused = atomic_load(&s->connections.refused);
	state.not_after = cert ? cert->not_after : 0;
	for (unsigned i = 0; i < SERVER_PARTS; i++)
		state.refused[i] = refusals_has(&s->refusals, (enum server_part)i);
	metrics_print(&s->metrics_counted, &state, &r->out);
	if (s->options.beside.metrics)
		s->options.beside.metrics(s->options.beside.context, &r->out);
	served_cert_unref(cert);
	return MHD_HTTP_OK;
}
