/* SPDX-License-Identifier: Apache-2.0 */
/* The options of every verb: one table from which parsing, help and the manual come. */
#include "webhook/cli/options.h"

#include <stddef.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"

enum option_type { OPTION_STRING, OPTION_CHOICE, OPTION_LIST, OPTION_NUMBER, OPTION_SIZE, OPTION_DURATION, OPTION_FLAG };

struct option {
	const char *name, *alias; /* alias: the name that istioctl has for it */
	char letter;
	unsigned char type;
	unsigned verbs;      /* enum verb bits */
	size_t offset;       /* of its member in struct options */
	const char *argument;
	const char *fallback; /* as it would be typed; NULL: none */
	const char *choices;  /* OPTION_CHOICE: words separated by | */
	int64_t least, most;  /* OPTION_NUMBER, OPTION_SIZE, OPTION_DURATION */
	const char *help;
};

/* Ten years. */
#define MOST_LIFETIME (INT64_C(87600) * 3600000)

#define AT(member) .offset = offsetof(struct options, member)

/* In the order in which help prints them. */
static const struct option table[] = {
	{.name = "listen", AT(listen), .type = OPTION_STRING, .verbs = VERB_SERVE, .argument = "ADDR:PORT", .fallback = "0.0.0.0:15017",
	 .help = "where to serve HTTPS; [::]:PORT for IPv6, port 0 takes any free one"},
	{.name = "metrics-listen", AT(metrics_listen), .type = OPTION_STRING, .verbs = VERB_SERVE, .argument = "ADDR:PORT|off",
	 .fallback = "off", .help = "where to serve /healthz, /readyz, /metrics over plain HTTP, 0.0.0.0:15014 in a cluster"},
	{.name = "tls-cert", AT(tls_cert), .type = OPTION_STRING, .verbs = VERB_SERVE, .argument = "FILE",
	 .help = "certificate and chain, PEM (see `outrigger certs`)"},
	{.name = "tls-key", AT(tls_key), .type = OPTION_STRING, .verbs = VERB_SERVE, .argument = "FILE", .help = "its private key, PEM"},
	{.name = "certs", AT(certs), .type = OPTION_CHOICE, .choices = "files|self-signed", .verbs = VERB_SERVE,
	 .argument = "files|self-signed", .fallback = "files",
	 .help = "whose certificate: that of --tls-cert, or one of a CA of its own that it keeps in the cluster and rotates"},
	{.name = "webhook-configuration", AT(webhook_configurations), .type = OPTION_LIST, .verbs = VERB_SERVE, .argument = "NAME",
	 .help = "mutating or validating, that calls here: not ready until its caBundle verifies what is served; self-signed writes it; may be repeated"},
	{.name = "service-name", AT(service_name), .type = OPTION_STRING, .verbs = VERB_SERVE, .argument = "NAME", .fallback = "outrigger",
	 .help = "self-signed: the Service, for the certificate's names"},
	{.name = "namespace", .letter = 'n', AT(namespace), .type = OPTION_STRING, .verbs = VERB_SERVE, .argument = "NAMESPACE",
	 .help = "of Service, Secret and Lease (the pod's own)"},
	{.name = "host", AT(hosts), .type = OPTION_LIST, .verbs = VERB_SERVE, .argument = "NAME|ADDRESS",
	 .help = "self-signed: one more name or address in the certificate; may be repeated"},
	{.name = "secret-name", AT(secret_name), .type = OPTION_STRING, .verbs = VERB_SERVE, .argument = "NAME", .fallback = "outrigger-certs",
	 .help = "self-signed: the Secret with the CA and the certificate; made where it is missing"},
	{.name = "lease-name", AT(lease_name), .type = OPTION_STRING, .verbs = VERB_SERVE, .argument = "NAME", .fallback = "outrigger",
	 .help = "the Lease whose holder writes; the others only serve"},
	{.name = "lease-duration", AT(lease_duration), .type = OPTION_DURATION, .least = 3000, .most = 600000, .verbs = VERB_SERVE,
	 .argument = "TIME", .fallback = "15s", .help = "so long after it was last renewed another replica may take the Lease"},
	{.name = "cert-lifetime", AT(cert_lifetime), .type = OPTION_DURATION, .least = 20000, .most = MOST_LIFETIME, .verbs = VERB_SERVE,
	 .argument = "TIME", .fallback = "2160h", .help = "self-signed: life of a serving certificate; renewed after two thirds of it"},
	{.name = "ca-lifetime", AT(ca_lifetime), .type = OPTION_DURATION, .least = 60000, .most = MOST_LIFETIME, .verbs = VERB_SERVE,
	 .argument = "TIME", .fallback = "26280h", .help = "self-signed: life of the CA, at least three times that; the next one after two thirds of it"},
	{.name = "ca-settle", AT(ca_settle), .type = OPTION_DURATION, .least = 0, .most = 3600000, .verbs = VERB_SERVE,
	 .argument = "TIME", .fallback = "5s", .help = "self-signed: how long a new CA is in every caBundle before it is served with"},
	{.name = "events", AT(events), .type = OPTION_FLAG, .verbs = VERB_SERVE,
	 .help = "write an Event on the owner of pods that are refused, or left alone by what looks like a mistake"},
	{.name = "count-pods", AT(count_pods), .type = OPTION_FLAG, .verbs = VERB_SERVE,
	 .help = "the leader counts pods without their sidecar, and outdated ones, every ten minutes: for the metrics"},
	{.name = "client-ca", AT(client_ca), .type = OPTION_STRING, .verbs = VERB_SERVE, .argument = "FILE",
	 .help = "CA of the clients' certificates, PEM: who shows none of it cannot call the webhook"},
	{.name = "client-name", AT(client_names), .type = OPTION_LIST, .verbs = VERB_SERVE, .argument = "NAME",
	 .help = "common name or DNS name that a client's certificate must have; may be repeated (any of the CA)"},
	{.name = "inject-config", .alias = "injectConfigFile", AT(inject_config), .type = OPTION_STRING, .verbs = VERB_CONFIGURED,
	 .argument = "FILE", .help = "key `config` of the ConfigMap istio-sidecar-injector, or its manifest (embedded default)"},
	{.name = "values", .alias = "valuesFile", AT(values), .type = OPTION_STRING, .verbs = VERB_CONFIGURED, .argument = "FILE",
	 .help = "key `values` of the same, JSON or YAML, or the manifest"},
	{.name = "mesh-config", .alias = "meshConfigFile", AT(mesh_config), .type = OPTION_STRING, .verbs = VERB_CONFIGURED,
	 .argument = "FILE", .help = "key `mesh` of the ConfigMap istio, or its manifest"},
	{.name = "revision", AT(revision), .type = OPTION_STRING, .verbs = VERB_CONFIGURED, .argument = "REV", .fallback = "default",
	 .help = "the revision served, as the templates see it"},
	{.name = "istio-version", AT(istio_version), .type = OPTION_STRING, .verbs = VERB_CONFIGURED, .argument = "X.Y",
	 .help = "whose rules to follow; read from the configuration unless given"},
	{.name = "native-sidecars", AT(native_sidecars), .type = OPTION_CHOICE, .choices = "auto|true|false", .verbs = VERB_CONFIGURED,
	 .argument = "auto|true|false", .fallback = "auto", .help = "native sidecars; auto: when every node's kubelet is 1.33 or later"},
	{.name = "platform", AT(platform), .type = OPTION_CHOICE, .choices = "openshift|", .verbs = VERB_CONFIGURED,
	 .argument = "openshift|\"\"", .fallback = "", .help = "take ids from the namespace's annotations, as OpenShift asks"},
	{.name = "compliance-policy", AT(compliance_policy), .type = OPTION_STRING, .verbs = VERB_CONFIGURED, .argument = "NAME",
	 .fallback = "", .help = "what templates see as .CompliancePolicy (istiod's COMPLIANCE_POLICY)"},
	{.name = "token-policy", AT(token_policy), .type = OPTION_CHOICE, .choices = "auto|third-party|first-party|require-third-party",
	 .verbs = VERB_CONFIGURED, .argument = "auto|third-party|first-party|require-third-party", .fallback = "auto",
	 .help = "which service-account token proxies use; auto: as the cluster can, as the values say without one"},
	{.name = "cluster-id", AT(cluster_id), .type = OPTION_STRING, .verbs = VERB_CONFIGURED, .argument = "ID", .fallback = "Kubernetes",
	 .help = "name of the cluster whose nodes are known"},
	{.name = "cluster-objects", AT(cluster_objects), .type = OPTION_STRING, .verbs = VERB_CONFIGURED, .argument = "FILE",
	 .help = "manifests of Nodes, Namespaces and ProxyConfigs that the injection shall know"},
	{.name = "guard-config", AT(guard_config), .type = OPTION_STRING, .verbs = VERB_GUARDED | VERB_CONFIG, .argument = "FILE",
	 .help = "guard.yaml, or the manifest of its ConfigMap (embedded: audits everything dangerous)"},
	{.name = "env", AT(env), .type = OPTION_LIST, .verbs = VERB_CONFIGURED, .argument = "KEY=VALUE",
	 .help = "what `env` in a template gives; allow-listed names only; may be repeated"},
	{.name = "threads", AT(threads), .type = OPTION_NUMBER, .least = 0, .most = 256, .verbs = VERB_SERVE, .argument = "N",
	 .fallback = "0", .help = "worker threads; 0: one a core"},
	{.name = "max-body", AT(max_body), .type = OPTION_SIZE, .least = 1024, .most = 64 << 20, .verbs = VERB_SERVE,
	 .argument = "BYTES", .fallback = "8Mi", .help = "largest body of a request; Ki and Mi are understood"},
	{.name = "max-connections", AT(max_connections), .type = OPTION_NUMBER, .least = 8, .most = 100000, .verbs = VERB_SERVE,
	 .argument = "N", .fallback = "1000", .help = "connections held at once; more are closed at once"},
	{.name = "idle-timeout", AT(idle_timeout), .type = OPTION_DURATION, .least = 1000, .most = 3600000, .verbs = VERB_SERVE,
	 .argument = "TIME", .fallback = "90s", .help = "a silent connection is closed after this"},
	{.name = "request-timeout", AT(request_timeout), .type = OPTION_DURATION, .least = 100, .most = 60000, .verbs = VERB_SERVE,
	 .argument = "TIME", .fallback = "10s", .help = "handshake, headers and body must be there within this"},
	{.name = "drain-delay", AT(drain_delay), .type = OPTION_DURATION, .least = 0, .most = 600000, .verbs = VERB_SERVE,
	 .argument = "TIME", .fallback = "5s", .help = "after SIGTERM: not ready, but serving, this long"},
	{.name = "audit-log", AT(audit_log), .type = OPTION_STRING, .verbs = VERB_SERVE, .argument = "FILE|-|off", .fallback = "off",
	 .help = "where each decision is a line, chained to the one before; - is standard output"},
	{.name = "audit-key", AT(audit_key), .type = OPTION_STRING, .verbs = VERB_SERVE | VERB_AUDIT, .argument = "FILE",
	 .help = "private key that signs its checkpoints (see `outrigger audit key create`); none: not signed"},
	{.name = "audit-full", AT(audit_full), .type = OPTION_CHOICE, .choices = "block|drop", .verbs = VERB_SERVE,
	 .argument = "block|drop", .fallback = "drop",
	 .help = "what cannot be written: block refuses the pod (and waits for the disk with every line), drop counts it"},
	{.name = "audit-rotate-size", AT(audit_rotate_size), .type = OPTION_SIZE, .least = 64 << 10, .most = INT64_C(1) << 40, .verbs = VERB_SERVE,
	 .argument = "BYTES", .fallback = "100Mi", .help = "a file so large becomes FILE.1; Ki, Mi and Gi are understood"},
	{.name = "audit-rotate-keep", AT(audit_rotate_keep), .type = OPTION_NUMBER, .least = 1, .most = 1000, .verbs = VERB_SERVE,
	 .argument = "N", .fallback = "10", .help = "how many rotated files are kept"},
	{.name = "audit-checkpoint-lines", AT(audit_checkpoint_lines), .type = OPTION_NUMBER, .least = 1, .most = 1000000, .verbs = VERB_SERVE,
	 .argument = "N", .fallback = "10000", .help = "lines after which one signs what came before"},
	{.name = "audit-checkpoint-interval", AT(audit_checkpoint_interval), .type = OPTION_DURATION, .least = 100, .most = 3600000,
	 .verbs = VERB_SERVE, .argument = "TIME", .fallback = "10s", .help = "time after which one does, where there were fewer"},
	{.name = "log-format", AT(log_format), .type = OPTION_CHOICE, .choices = "json|text", .verbs = VERB_SERVE,
	 .argument = "json|text", .fallback = "text", .help = "log lines on standard error"},
	{.name = "log-level", AT(log_level), .type = OPTION_CHOICE, .choices = "debug|info|warn|error", .verbs = VERB_SERVE,
	 .argument = "debug|info|warn|error", .fallback = "info", .help = "what is less is not logged"},
	{.name = "filename", .letter = 'f', AT(files), .type = OPTION_LIST, .verbs = VERB_MANIFESTS, .argument = "FILE|DIR|-",
	 .help = "manifests: YAML or JSON, several documents, Lists; of a directory its *.yaml, *.yml, *.json; - is standard input; may be repeated"},
	{.name = "namespace", .letter = 'n', AT(namespace), .type = OPTION_STRING, .verbs = VERB_MANIFESTS, .argument = "NAMESPACE",
	 .help = "for objects that name none"},
	{.name = "output", .letter = 'o', AT(output), .type = OPTION_CHOICE, .choices = "yaml|json", .verbs = VERB_INJECT | VERB_UNINJECT,
	 .argument = "yaml|json", .fallback = "yaml", .help = "how changed objects are printed"},
	{.name = "strict", AT(strict), .type = OPTION_FLAG, .verbs = VERB_UNINJECT,
	 .help = "print nothing, and fail, where something cannot be put back"},
	{.name = "filename", .letter = 'f', AT(file), .type = OPTION_STRING, .verbs = VERB_GUARD, .argument = "FILE|-",
	 .help = "fixtures, one a document; more files may stand behind it; - is standard input"},
	{.name = "filename", .letter = 'f', AT(files), .type = OPTION_LIST, .verbs = VERB_REPLAY, .argument = "FILE|DIR|-",
	 .help = "AdmissionReviews: one a file, or one a line; of a directory its *.json, *.jsonl, *.ndjson, *.log; may be repeated"},
	{.name = "to-inject-config", AT(to.inject_config), .type = OPTION_STRING, .verbs = VERB_REPLAY, .argument = "FILE",
	 .help = "the second configuration: as --inject-config; without --to-values its values must be in the same manifest"},
	{.name = "to-values", AT(to.values), .type = OPTION_STRING, .verbs = VERB_REPLAY, .argument = "FILE", .help = "as --values"},
	{.name = "to-mesh-config", AT(to.mesh_config), .type = OPTION_STRING, .verbs = VERB_REPLAY, .argument = "FILE",
	 .help = "as --mesh-config; this and what follows is as in the first unless given"},
	{.name = "to-revision", AT(to.revision), .type = OPTION_STRING, .verbs = VERB_REPLAY, .argument = "REV", .help = "as --revision"},
	{.name = "to-istio-version", AT(to.istio_version), .type = OPTION_STRING, .verbs = VERB_REPLAY, .argument = "X.Y",
	 .help = "as --istio-version; read from the configuration where --to-inject-config is given"},
	{.name = "to-native-sidecars", AT(to.native_sidecars), .type = OPTION_CHOICE, .choices = "auto|true|false", .verbs = VERB_REPLAY,
	 .argument = "auto|true|false", .help = "as --native-sidecars"},
	{.name = "to-token-policy", AT(to.token_policy), .type = OPTION_CHOICE,
	 .choices = "auto|third-party|first-party|require-third-party", .verbs = VERB_REPLAY,
	 .argument = "auto|third-party|first-party|require-third-party", .help = "as --token-policy"},
	{.name = "to-cluster-objects", AT(to.cluster_objects), .type = OPTION_STRING, .verbs = VERB_REPLAY, .argument = "FILE",
	 .help = "as --cluster-objects"},
	{.name = "to-guard-config", AT(to.guard_config), .type = OPTION_STRING, .verbs = VERB_REPLAY, .argument = "FILE",
	 .help = "as --guard-config"},
	{.name = "labels", AT(labels), .type = OPTION_STRING, .verbs = VERB_EXPLAIN, .argument = "KEY=VALUE,...",
	 .help = "labels of a pod, in place of a file"},
	{.name = "output", .letter = 'o', AT(output), .type = OPTION_CHOICE, .choices = "text|json", .verbs = VERB_REPLAY | VERB_EXPLAIN | VERB_GUARD,
	 .argument = "text|json", .fallback = "text", .help = "how it is printed; json is a list, one entry a pod or fixture"},
	{.name = "output", .letter = 'o', AT(output), .type = OPTION_CHOICE, .choices = "text|json", .verbs = VERB_CONFIG,
	 .argument = "text|json", .fallback = "text", .help = "how it is printed; json is a list, one entry a finding"},
	{.name = "out", AT(out), .type = OPTION_STRING, .verbs = VERB_CERTS, .argument = "DIR",
	 .help = "directory for ca.crt, ca.key, tls.crt, tls.key; made if it is missing"},
	{.name = "host", AT(hosts), .type = OPTION_LIST, .verbs = VERB_CERTS, .argument = "NAME|ADDRESS",
	 .help = "a name or address that clients use; may be repeated"},
	{.name = "days", AT(days), .type = OPTION_NUMBER, .least = 1, .most = 3650, .verbs = VERB_CERTS, .argument = "N", .fallback = "90",
	 .help = "how long the serving certificate is valid; the CA ten times that, at most ten years"},
	{.name = "namespace", .letter = 'n', AT(namespace), .type = OPTION_STRING, .verbs = VERB_AUDIT, .argument = "NAMESPACE",
	 .help = "query: of this namespace"},
	{.name = "reason", AT(reason), .type = OPTION_STRING, .verbs = VERB_AUDIT, .argument = "CODE", .help = "query: with this reason"},
	{.name = "decision", AT(decision), .type = OPTION_CHOICE, .choices = "injected|skipped|refused", .verbs = VERB_AUDIT,
	 .argument = "injected|skipped|refused", .help = "query: decided so"},
	{.name = "user", AT(user), .type = OPTION_STRING, .verbs = VERB_AUDIT, .argument = "NAME", .help = "query: asked by this user"},
	{.name = "owner", AT(owner), .type = OPTION_STRING, .verbs = VERB_AUDIT, .argument = "KIND/NAME",
	 .help = "query: of this workload's pods"},
	{.name = "uid", AT(uid), .type = OPTION_STRING, .verbs = VERB_AUDIT, .argument = "UID", .help = "query: of this admission request"},
	{.name = "rule", AT(rule), .type = OPTION_STRING, .verbs = VERB_AUDIT, .argument = "NAME",
	 .help = "query: this rule of the guard fitted"},
	{.name = "kind", AT(kind), .type = OPTION_STRING, .verbs = VERB_AUDIT, .argument = "KIND|all",
	 .help = "query: lines of this kind, such as configuration, guard, certificate, gap (default decision)"},
	{.name = "since", AT(since), .type = OPTION_STRING, .verbs = VERB_AUDIT, .argument = "TIME",
	 .help = "query, report: from then on; 2026-01-02T03:04:05Z, 2026-01-02, or an age like 24h"},
	{.name = "until", AT(until), .type = OPTION_STRING, .verbs = VERB_AUDIT, .argument = "TIME", .help = "query, report: before then"},
	{.name = "output", .letter = 'o', AT(output), .type = OPTION_STRING, .verbs = VERB_AUDIT, .argument = "table|json|FILE",
	 .help = "query: table (default), or json, the lines as they stand; report: the page's file"},
	{.name = "public-key", AT(public_key), .type = OPTION_STRING, .verbs = VERB_AUDIT, .argument = "FILE",
	 .help = "verify, report: the public keys that count, PEM; else those that the log itself publishes, which is said"},
	{.name = "out", AT(out), .type = OPTION_STRING, .verbs = VERB_AUDIT, .argument = "FILE",
	 .help = "key create: where the private key goes; a file that is there is not replaced"},
	{.name = "cluster", AT(cluster), .type = OPTION_FLAG, .verbs = VERB_SERVE,
	 .help = "read the configuration from the Kubernetes API and follow it: ConfigMaps by revision, Nodes, Namespaces, ProxyConfigs"},
	{.name = "guard-configmap", AT(guard_configmap), .type = OPTION_STRING, .verbs = VERB_SERVE, .argument = "NAME",
	 .help = "with --cluster: the ConfigMap whose key guard.yaml is the guard, in --istio-namespace"},
	{.name = "kubeconfig", AT(kubeconfig), .type = OPTION_STRING, .verbs = VERB_CHECK | VERB_SERVE, .argument = "FILE",
	 .help = "how the cluster is reached (KUBECONFIG, ~/.kube/config; in a pod its service account)"},
	{.name = "context", AT(context), .type = OPTION_STRING, .verbs = VERB_CHECK | VERB_SERVE, .argument = "NAME", .help = "of the kubeconfig; its current one unless given"},
	{.name = "namespace", .letter = 'n', AT(namespace), .type = OPTION_STRING, .verbs = VERB_CHECK, .argument = "NAMESPACE",
	 .fallback = "outrigger-system", .help = "where Outrigger is installed"},
	{.name = "istio-namespace", AT(istio_namespace), .type = OPTION_STRING, .verbs = VERB_CHECK | VERB_SERVE, .argument = "NAMESPACE",
	 .fallback = "istio-system", .help = "where the two ConfigMaps are"},
	{.name = "revision", AT(revision), .type = OPTION_STRING, .verbs = VERB_CHECK, .argument = "REV", .fallback = "default",
	 .help = "whose ConfigMaps are looked at"},
	{.name = "service-name", AT(service_name), .type = OPTION_STRING, .verbs = VERB_CHECK, .argument = "NAME", .fallback = "outrigger",
	 .help = "the Service that the webhook configurations call"},
	{.name = "service-account", AT(service_account), .type = OPTION_STRING, .verbs = VERB_CHECK, .argument = "NAME", .fallback = "outrigger",
	 .help = "whose rights and tokens are looked at"},
	{.name = "secret-name", AT(secret_name), .type = OPTION_STRING, .verbs = VERB_CHECK, .argument = "NAME", .fallback = "outrigger-certs",
	 .help = "the Secret with the serving certificate"},
	{.name = "output", .letter = 'o', AT(output), .type = OPTION_CHOICE, .choices = "text|json", .verbs = VERB_CHECK, .argument = "text|json",
	 .fallback = "text", .help = "how findings are printed"},
	{.name = "help", .letter = 'h', AT(help), .type = OPTION_FLAG, .verbs = ~0U, .help = "this text"},
};

static int bad_value(const struct option *o, const char *value, const char *want, struct err *err)
{
	return err_set(err, ERR_CONFIG, "--%s must be %s, got '%.64s'", o->name, want, value);
}

static int bad_range(const struct option *o, const char *value, struct err *err)
{
	char want[96];

	(void)snprintf(want, sizeof(want), "%s from %lld to %lld", o->type == OPTION_DURATION ? "a time like 500ms, 10s or 2m" : "a number",
		(long long)o->least, (long long)o->most);
	if (o->type == OPTION_DURATION)
		(void)snprintf(want, sizeof(want), "a time like 500ms, 10s or 2m, from %lldms to %llds", (long long)o->least,
			(long long)(o->most / 1000));
	return bad_value(o, value, want, err);
}

static const struct {
	const char *suffix;
	unsigned char type;
	int64_t factor;
} units[] = {
	{"Ki", OPTION_SIZE, 1 << 10}, {"Mi", OPTION_SIZE, 1 << 20}, {"Gi", OPTION_SIZE, 1 << 30},   {"ms", OPTION_DURATION, 1},
	{"s", OPTION_DURATION, 1000}, {"m", OPTION_DURATION, 60000},  {"h", OPTION_DURATION, 3600000},
};

/* The number in the option's own unit: bytes, or milliseconds (a time needs its unit, but for 0). */
static int parse_number(const struct option *o, const char *value, int64_t *ret, struct err *err)
{
	struct str text = str_of(value);
	int64_t factor = 1, n;
	bool has_unit = false;

	for (size_t i = 0; i < ARRAY_LEN(units) && !has_unit; i++) {
		if (units[i].type == o->type && str_has_suffix(text, units[i].suffix)) {
			text.len -= strlen(units[i].suffix);
			factor = units[i].factor;
			has_unit = true;
		}
	}
	if (!parse_i64(text, &n) || __builtin_mul_overflow(n, factor, &n) || n < o->least || n > o->most ||
	    (o->type == OPTION_DURATION && !has_unit && n != 0))
		return bad_range(o, value, err);
	*ret = n;
	return 0;
}

static bool is_choice(const char *choices, const char *value)
{
	struct str rest = str_of(choices);

	while (rest.p)
		if (str_is(str_cut(&rest, '|'), value))
			return true;
	return false;
}

static int store(const struct option *o, const char *value, struct options *to, struct err *err)
{
	void *const member = (char *)to + o->offset;
	struct option_list *list = member;

	switch (o->type) {
	case OPTION_FLAG:
		*(bool *)member = true;
		return 0;
	case OPTION_LIST:
		if (list->len == OPTIONS_REPEAT_MAX)
			return err_set(err, ERR_CONFIG, "--%s may be given at most %d times", o->name, OPTIONS_REPEAT_MAX);
		list->item[list->len++] = value;
		return 0;
	case OPTION_CHOICE:
		if (!is_choice(o->choices, value))
			return bad_value(o, value, o->argument, err);
		*(const char **)member = value;
		return 0;
	case OPTION_STRING:
		*(const char **)member = value;
		return 0;
	default:
		return parse_number(o, value, member, err);
	}
}

static const struct option *find_long(enum verb verb, struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if ((table[i].verbs & verb) && (str_is(name, table[i].name) || (table[i].alias && str_is(name, table[i].alias))))
			return &table[i];
	return NULL;
}

static const struct option *find_letter(enum verb verb, char letter)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if ((table[i].verbs & verb) && table[i].letter && table[i].letter == letter)
			return &table[i];
	return NULL;
}

/* Finds the option of one argument and its value, if that is in the same word. */
static const struct option *recognise(enum verb verb, const char *arg, const char **ret_value)
{
	const char *equals = strchr(arg, '=');

	*ret_value = NULL;
	if (arg[1] == '-') {
		if (equals)
			*ret_value = equals + 1;
		return find_long(verb, (struct str){arg + 2, equals ? (size_t)(equals - arg) - 2 : strlen(arg) - 2});
	}
	if (arg[2])
		*ret_value = arg[2] == '=' ? arg + 3 : arg + 2;
	return find_letter(verb, arg[1]);
}

static int parse_option(enum verb verb, char **argv, int *i, int argc, struct options *to, struct err *err)
{
	const char *arg = argv[*i], *value;
	const struct option *o = recognise(verb, arg, &value);

	if (!o)
		return err_set(err, ERR_CONFIG, "unknown option '%.64s'", arg);
	if (o->type == OPTION_FLAG && value)
		return err_set(err, ERR_CONFIG, "--%s takes no value", o->name);
	if (o->type != OPTION_FLAG && !value) {
		if (*i + 1 >= argc)
			return err_set(err, ERR_CONFIG, "--%s needs a value: %s", o->name, o->argument);
		value = argv[++*i];
	}
	return store(o, value, to, err);
}

static int fill_defaults(enum verb verb, struct options *to, struct err *err)
{
	memset(to, 0, sizeof(*to));
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if ((table[i].verbs & verb) && table[i].fallback && store(&table[i], table[i].fallback, to, err) < 0)
			return -1;
	return 0;
}

int options_parse(enum verb verb, int argc, char **argv, struct options *ret, struct err *err)
{
	bool only_rest = false;

	if (fill_defaults(verb, ret, err) < 0)
		return -1;
	for (int i = 0; i < argc; i++) {
		if (!only_rest && strcmp(argv[i], "--") == 0) {
			only_rest = true;
		} else if (!only_rest && argv[i][0] == '-' && argv[i][1]) {
			if (parse_option(verb, argv, &i, argc, ret, err) < 0)
				return -1;
		} else if (ret->n_rest == OPTIONS_REST_MAX) {
			return err_set(err, ERR_CONFIG, "more than %d arguments", OPTIONS_REST_MAX);
		} else {
			ret->rest[ret->n_rest++] = argv[i];
		}
	}
	return 0;
}

void options_print(enum verb verb, FILE *to)
{
	enum { COLUMN = 40 };

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct option *o = &table[i];
		int width;

		if (!(o->verbs & verb))
			continue;
		width = fprintf(to, "  %c%c%s --%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
			o->letter ? "," : " ", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
		(void)fprintf(to, "%*s %s", width < COLUMN ? COLUMN - width : 0, "", o->help);
		if (o->fallback && o->fallback[0])
			(void)fprintf(to, " (default %s)", o->fallback);
		if (o->alias)
			(void)fprintf(to, "; also --%s", o->alias);
		(void)fputc('\n', to);
	}
}
