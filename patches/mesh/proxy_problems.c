/* SPDX-License-Identifier: Apache-2.0 */
/* What Istio's validation refuses in a proxy configuration, today and in the old releases. */
#include "patches/mesh/address.h"
#include "patches/mesh/duration.h"
#include "patches/mesh/proxy_config.h"

enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000, HTTP2_WINDOW_MIN = 65535 };
static const int64_t hour = 3600LL * NS_PER_S;

struct check {
	struct problems *p;
	const struct map *config;
	enum release release;
};

static struct str text_of(const struct map *m, const char *key)
{
	const struct value *v = map_getc(m, key);

	return v && v->kind == K_STRING ? v->u.s : (struct str){NULL, 0};
}

static const struct map *message(const struct map *m, const char *key)
{
	const struct value *v = map_getc(m, key);

	return v && v->kind == K_MAP ? v->u.map : NULL;
}

static int64_t number(const struct map *m, const char *key)
{
	const struct value *v = map_getc(m, key);
	int64_t n;

	return v && raw_int(v, &n) ? n : 0;
}

static void required(struct check *c, const char *field, const char *what)
{
	if (!text_of(c->config, field).len)
		problems_add(c->p, "%s", what);
}

static void check_cluster(struct check *c)
{
	if (release_is_gogo(c->release))
		required(c, "serviceCluster", "service cluster must be set");
	else if (map_getc(c->config, "tracingServiceName"))
		return;
	else if (!map_getc(c->config, "serviceCluster"))
		problems_add(c->p, "oneof service cluster or tracing service name must be specified");
	else
		required(c, "serviceCluster", "service cluster must be specified");
}

/* NULL where a duration is of whole milliseconds, else what is wrong. */
static const char *duration_problem(int64_t ns)
{
	if (ns < NS_PER_MS)
		return "duration must be greater than 1ms";
	return ns % NS_PER_MS ? "only durations to ms precision are supported" : NULL;
}

static const char *shown(struct arena *a, int64_t ns)
{
	struct text t;

	text_init(&t, a, 64);
	duration_add_go(&t, ns);
	const char *text = text_cstr(&t);

	return text ? text : "?";
}

static void check_drain(struct check *c)
{
	const int64_t ns = duration_of_proto(text_of(c->config, "drainDuration"));
	const char *problem = duration_problem(ns);

	if (problem)
		problems_add(c->p, "invalid drain duration: %s", problem);
	else if (ns % NS_PER_S)
		problems_add(c->p, "drain time only supports durations to seconds precision");
}

#define COMBINATION "invalid parent and drain time combination "

static void check_parent_and_drain(struct check *c)
{
	const int64_t drain = duration_of_proto(text_of(c->config, "drainDuration"));
	const int64_t parent = duration_of_proto(text_of(c->config, "parentShutdownDuration"));
	const char *bad_drain = duration_problem(drain), *bad_parent = duration_problem(parent);
	struct arena *a = c->p->arena;

	if (bad_drain)
		problems_add(c->p, COMBINATION "invalid drain duration: %s", bad_drain);
	if (bad_parent)
		problems_add(c->p, COMBINATION "invalid parent shutdown duration: %s", bad_parent);
	if (bad_drain || bad_parent)
		return;
	if (drain % NS_PER_S)
		problems_add(c->p, COMBINATION "drain time only supports durations to seconds precision");
	if (parent % NS_PER_S)
		problems_add(c->p, COMBINATION "parent shutdown time only supports durations to seconds precision");
	if (parent <= drain)
		problems_add(c->p, COMBINATION "parent shutdown time %s must be greater than drain time %s", shown(a, parent),
			shown(a, drain));
	if (drain > hour)
		problems_add(c->p, COMBINATION "drain time %s must be <1h0m0s", shown(a, drain));
	if (parent > hour)
		problems_add(c->p, COMBINATION "parent shutdown time %s must be <1h0m0s", shown(a, parent));
}

static const char *bad_address(struct check *c, struct str address)
{
	return address_check(c->p->arena, address, release_is_gogo(c->release));
}

static void check_discovery(struct check *c)
{
	const struct str address = text_of(c->config, "discoveryAddress");

	if (!address.len) {
		problems_add(c->p, "discovery address must be set to the proxy discovery service");
		return;
	}
	const char *problem = bad_address(c, address);

	if (problem)
		problems_add(c->p, "invalid discovery address: %s", problem);
}

/* The node's own address is put in later: any will do here. */
static struct str with_host_ip(struct arena *a, struct str address)
{
	const struct str variable = STR("$(HOST_IP)");
	const size_t at = address.len ? str_find(address, variable) : SIZE_MAX;
	struct text t;

	if (at == SIZE_MAX)
		return address;
	text_init(&t, a, address.len + 16);
	text_add(&t, address.p, at);
	text_adds(&t, "127.0.0.1");
	text_add(&t, address.p + at + variable.len, address.len - at - variable.len);
	return (struct str){text_cstr(&t), t.len};
}

static void check_collector(struct check *c, const struct map *tracing, const char *name)
{
	const struct map *collector = message(tracing, name);
	struct str address = text_of(collector, "address");
	const char *problem;

	if (!collector)
		return;
	if (c->release >= RELEASE_1_8 || str_is(str_of(name), "datadog"))
		address = with_host_ip(c->p->arena, address);
	problem = bad_address(c, address.p ? address : STR(""));
	if (problem)
		problems_add(c->p, "invalid %s config: %s", name, problem);
}

static void check_lightstep(struct check *c, const struct map *lightstep)
{
	const struct str address = text_of(lightstep, "address");
	const char *problem;

	if (!lightstep)
		return;
	if (!address.len)
		problems_add(c->p, "invalid lightstep config: address is required");
	problem = bad_address(c, address.p ? address : STR(""));
	if (problem)
		problems_add(c->p, "invalid lightstep config: invalid lightstep address: %s", problem);
	if (!text_of(lightstep, "accessToken").len)
		problems_add(c->p, "invalid lightstep config: access token is required");
}

static bool has_tls_files(const struct map *tls)
{
	return text_of(tls, "clientCertificate").len || text_of(tls, "caCertificates").len || text_of(tls, "privateKey").len ||
		text_of(tls, "caCrl").len;
}

#define TLS "invalid tracing TLS config: "

static void check_skip_verify(struct check *c, const struct map *tls, bool simple, bool mutual)
{
	const struct value *skip = map_getc(tls, "insecureSkipVerify");
	const bool ca = text_of(tls, "caCertificates").len, names = map_getc(tls, "subjectAltNames") != NULL;

	if (!skip || skip->kind != K_BOOL || !skip->u.b)
		return;
	if (simple && (ca || names || text_of(tls, "credentialName").len))
		problems_add(c->p, TLS "cannot specify CaCertificates or CredentialName or SubjectAltNames when InsecureSkipVerify "
			"is set true");
	if (mutual && (ca || names))
		problems_add(c->p, TLS "cannot specify CaCertificates or SubjectAltNames when InsecureSkipVerify is set true");
}

static void check_tls(struct check *c, const struct map *tls)
{
	const struct str mode = text_of(tls, "mode"), credential = text_of(tls, "credentialName");
	const bool simple = str_is(mode, "SIMPLE"), mutual = str_is(mode, "MUTUAL"), old = release_is_gogo(c->release);

	if (!tls)
		return;
	if (!old && str_has_prefix(credential, "configmap://"))
		problems_add(c->p, TLS "invalid configmap:// credentialName: namespace must match the configuration namespace \"\"");
	if (!old)
		check_skip_verify(c, tls, simple, mutual);
	if ((simple || mutual) && credential.len) {
		if (has_tls_files(tls))
			problems_add(c->p, old ? TLS "cannot specify client certificates or CA certificate If credentialName is set" :
				TLS "cannot specify client certificates or CA certificate or CA CRL If credentialName is set");
		return;
	}
	if (mutual && !text_of(tls, "clientCertificate").len)
		problems_add(c->p, TLS "client certificate required for mutual tls");
	if (mutual && !text_of(tls, "privateKey").len)
		problems_add(c->p, TLS "private key required for mutual tls");
}

static void check_tracing(struct check *c)
{
	const struct map *tracing = message(c->config, "tracing");

	check_lightstep(c, message(tracing, "lightstep"));
	check_collector(c, tracing, "zipkin");
	check_collector(c, tracing, "datadog");
	check_tls(c, message(tracing, "tlsSettings"));
}

static void check_named_address(struct check *c, struct str address, const char *what)
{
	const char *problem = address.len ? bad_address(c, address) : NULL;

	if (problem)
		problems_add(c->p, "invalid %s address %s: %s", what, printable_quoted(c->p->arena, address), problem);
}

static void check_ports(struct check *c)
{
	const char *admin = address_check_port(c->p->arena, map_getc(c->config, "proxyAdminPort"));
	const struct value *set = map_getc(c->config, "controlPlaneAuthPolicy");
	const struct str policy = set ? set->u.s : (struct str){NULL, 0}; /* a name, or a number that has none */
	const bool known = !set || str_is(policy, "NONE") || str_is(policy, "MUTUAL_TLS");
	const char *status;

	if (admin)
		problems_add(c->p, "invalid proxy admin port: %s", admin);
	if (!known && release_is_gogo(c->release))
		problems_add(c->p, "unrecognized control plane auth policy %s", printable_quoted(c->p->arena, policy));
	else if (!known)
		problems_add(c->p, "invalid authentication policy: unrecognized control plane auth policy %s",
			printable_quoted(c->p->arena, policy));
	if (release_is_gogo(c->release))
		return;
	status = address_check_port(c->p->arena, map_getc(c->config, "statusPort"));
	if (status)
		problems_add(c->p, "invalid status port: %s", status);
}

static void check_key_provider(struct check *c)
{
	static const char *const providers[] = {"cryptomb", "qat"};
	const struct map *provider = message(c->config, "privateKeyProvider");

	if (!provider)
		return;
	for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
		const struct map *m = message(provider, providers[i]);

		if (!m)
			continue;
		if (!map_getc(m, "pollDelay"))
			problems_add(c->p, "invalid private key provider configuration: pollDelay is required");
		else if (!duration_of_proto(text_of(m, "pollDelay")))
			problems_add(c->p, "invalid private key provider configuration: pollDelay must be non zero");
		return;
	}
	problems_add(c->p, "invalid private key provider configuration: private key provider configuration is required");
	problems_add(c->p, "invalid private key provider configuration: unknown private key provider");
}

static const struct connection_row {
	const char *field, *name;
	bool duration;
	int64_t min;
	const char *wanted;
} connection_rows[] = {
	{"listenerPerConnectionBufferLimitBytes", "listener_per_connection_buffer_limit_bytes", false, 0, "non-negative"},
	{"clusterPerConnectionBufferLimitBytes", "cluster_per_connection_buffer_limit_bytes", false, 0, "non-negative"},
	{"httpIdleTimeout", "http_idle_timeout", true, 0, "non-negative"},
	{"httpMaxConnectionDuration", "http_max_connection_duration", true, 0, "non-negative"},
	{"httpDrainTimeout", "http_drain_timeout", true, 0, "non-negative"},
	{"httpRequestTimeout", "http_request_timeout", true, 0, "non-negative"},
	{"httpRequestHeadersTimeout", "http_request_headers_timeout", true, 0, "non-negative"},
	{"httpStreamIdleTimeout", "http_stream_idle_timeout", true, 0, "non-negative"},
	{"httpMaxStreamDuration", "http_max_stream_duration", true, 0, "non-negative"},
	{"httpMaxConcurrentStreams", "http_max_concurrent_streams", false, 1, "positive"},
	{"http2InitialStreamWindowSize", "http2_initial_stream_window_size", false, HTTP2_WINDOW_MIN, "at least 65535"},
	{"http2InitialConnectionWindowSize", "http2_initial_connection_window_size", false, HTTP2_WINDOW_MIN, "at least 65535"},
	{"listenerConnectionLimit", "listener_connection_limit", false, 1, "positive"},
	{"globalDownstreamConnectionLimit", "global_downstream_connection_limit", false, 1, "positive"},
};

static void check_connections(struct check *c)
{
	const struct map *settings = message(c->config, "connectionSettings");

	for (size_t i = 0; settings && i < ARRAY_LEN(connection_rows); i++) {
		const struct connection_row *row = &connection_rows[i];

		if (!map_getc(settings, row->field))
			continue;
		const int64_t n = row->duration ? duration_of_proto(text_of(settings, row->field)) : number(settings, row->field);

		if (n < row->min)
			problems_add(c->p, "invalid connection settings: %s must be %s", row->name, row->wanted);
	}
}

void proxy_config_problems(struct problems *p, const struct map *config, enum release release)
{
	struct check c = {p, config, release};

	required(&c, "configPath", "config path must be set");
	required(&c, "binaryPath", "binary path must be set");
	check_cluster(&c);
	if (release_is_gogo(release))
		check_parent_and_drain(&c);
	else
		check_drain(&c);
	check_discovery(&c);
	check_tracing(&c);
	check_named_address(&c, text_of(config, "statsdUdpAddress"), "statsd udp");
	check_named_address(&c, text_of(config, "envoyMetricsServiceAddress"), "envoy metrics service");
	check_named_address(&c, text_of(message(config, "envoyMetricsService"), "address"), "envoy metrics service");
	check_named_address(&c, text_of(message(config, "envoyAccessLogService"), "address"), "envoy access log service");
	check_ports(&c);
	check_key_provider(&c);
	check_connections(&c);
}
