/* SPDX-License-Identifier: Apache-2.0 */
/* Does each match find what a pod asks for, in every spelling, and does each action do what it says? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/unit/guard_pods.h"
#include "tests/unit/oom.h"

static struct inject_config *config;

static int set_up(void **state UNUSED)
{
	struct err err = {0};

	config = load_config(NULL, &err);
	return config ? 0 : -1;
}

static int tear_down(void **state UNUSED)
{
	inject_config_free(config);
	return 0;
}

#define NOTE(key, value)  "{\"annotations\":{\"" key "\":\"" value "\"}}"
#define TRAFFIC           "traffic.sidecar.istio.io/"
#define SIDECAR           "sidecar.istio.io/"
#define CONFIG(text)      NOTE("proxy.istio.io/config", text)
#define APP               "{\"containers\":[{\"name\":\"app\",\"image\":\"app\"}]}"
#define APP_WITH(members) "{\"containers\":[{\"name\":\"app\",\"image\":\"app\"," members "}]}"
#define AND_PROXY(members)                                                                                             \
	"{\"containers\":[{\"name\":\"app\",\"image\":\"app\"},{\"name\":\"istio-proxy\"," members "}]}"
#define DIGEST "@sha256:0123456789012345678901234567890123456789012345678901234567890123"

enum { STRIPS = 1, REFUSED = 2 /* without a guard: injection itself refuses the pod */ };

static const struct row {
	const char *match, *metadata, *spec; /* spec NULL: one container */
	const char *found;                   /* NULL: the rule does not fit */
	unsigned flags;
} rows[] = {
	/* injection switched off */
	{"injection: off", "{\"labels\":{\"sidecar.istio.io/inject\":\"false\"}}", NULL,
		"label sidecar.istio.io/inject is 'false'", STRIPS},
	{"injection: off", NOTE(SIDECAR "inject", "false"), NULL, "annotation sidecar.istio.io/inject is 'false'",
		STRIPS},
	{"injection: off",
		"{\"labels\":{\"sidecar.istio.io/inject\":\"false\"},\"annotations\":{\"sidecar.istio.io/"
		"inject\":\"true\"}}",
		NULL, "label sidecar.istio.io/inject is 'false'", STRIPS},
	{"injection: off",
		"{\"labels\":{\"sidecar.istio.io/inject\":\"true\"},\"annotations\":{\"sidecar.istio.io/"
		"inject\":\"false\"}}",
		NULL, NULL, 0},
	{"injection: off", NOTE(SIDECAR "inject", "true"), NULL, NULL, 0},
	{"injection: off", NOTE(SIDECAR "inject", "False"), NULL, NULL, 0},
	/* the proxy's image */
	{"proxyImage: any", NOTE(SIDECAR "proxyImage", "evil"), NULL,
		"annotation sidecar.istio.io/proxyImage is 'docker.io/library/evil'", STRIPS},
	{"proxyImage: [docker.io/evil/*]", NOTE(SIDECAR "proxyImage", "evil/proxy:1"), NULL, "'docker.io/evil/proxy:1'",
		STRIPS},
	{"proxyImage: [evil/proxy]", NOTE(SIDECAR "proxyImage", "docker.io/evil/proxy"), NULL, "'docker.io/evil/proxy'",
		STRIPS},
	{"proxyImage: {allowed: [registry.example.org/*]}",
		NOTE(SIDECAR "proxyImage", "registry.example.org/istio/proxyv2:1"), NULL, NULL, 0},
	{"proxyImage: {allowed: [registry.example.org/*]}",
		NOTE(SIDECAR "proxyImage", "registry.example.org.evil.net/proxyv2"), NULL,
		"'registry.example.org.evil.net/proxyv2'", STRIPS},
	{"proxyImage: {allowed: [registry.example.org/*], digest: required}",
		NOTE(SIDECAR "proxyImage", "registry.example.org/p:1"), NULL, "'registry.example.org/p:1'", STRIPS},
	{"proxyImage: {allowed: [registry.example.org/*], digest: required}",
		NOTE(SIDECAR "proxyImage", "registry.example.org/p" DIGEST), NULL, NULL, 0},
	{"proxyImage: {digest: required}", NOTE(SIDECAR "proxyImage", "p@sha256:0123"), NULL,
		"'docker.io/library/p@sha256:0123'", STRIPS},
	{"proxyImage: {digest: required}", "{}", AND_PROXY("\"image\":\"own:1\""),
		"container istio-proxy: proxyImage 'docker.io/library/own:1'", STRIPS},
	{"proxyImage: any", "{}", AND_PROXY("\"image\":\"auto\""), NULL, 0},
	{"proxyImageType: {allowed: [distroless]}", NOTE(SIDECAR "proxyImageType", "debug"), NULL,
		"annotation sidecar.istio.io/proxyImageType is 'debug'", STRIPS},
	{"proxyImageType: {allowed: [distroless]}", NOTE(SIDECAR "proxyImageType", "distroless"), NULL, NULL, 0},
	{"proxyImageType: [debug]", CONFIG("image: {imageType: debug}"), NULL,
		"annotation proxy.istio.io/config: image.imageType is 'debug'", STRIPS},
	{"proxyImageType: [debug]", CONFIG("image: {image_type: debug}"), NULL, "image.imageType is 'debug'", STRIPS},
	/* ports and ranges */
	{"excludedInboundPorts: any", NOTE(TRAFFIC "excludeInboundPorts", "80"), NULL,
		"annotation traffic.sidecar.istio.io/excludeInboundPorts is '80'", STRIPS},
	{"excludedInboundPorts: any", NOTE(TRAFFIC "excludeInboundPorts", ""), NULL, NULL, 0},
	{"excludedInboundPorts: {allowed: [80]}", NOTE(TRAFFIC "excludeInboundPorts", "80, 81"), NULL, "is '81'",
		STRIPS},
	{"excludedInboundPorts: [81]", NOTE(TRAFFIC "excludeInboundPorts", "80,081"), NULL, "is '81'", STRIPS},
	{"excludedInboundPorts: any", NOTE(TRAFFIC "excludeInboundPorts", "*"), NULL, "is '*'", STRIPS | REFUSED},
	{"excludedOutboundPorts: any", NOTE(TRAFFIC "excludeOutboundPorts", "5432"), NULL,
		"annotation traffic.sidecar.istio.io/excludeOutboundPorts is '5432'", STRIPS},
	{"excludedOutboundPorts: {allowed: [5432]}", NOTE(TRAFFIC "excludeOutboundPorts", "5432"), NULL, NULL, 0},
	{"excludedOutboundRanges: any", NOTE(TRAFFIC "excludeOutboundIPRanges", "10.0.0.0/8"), NULL,
		"excludeOutboundIPRanges is '10.0.0.0/8'", STRIPS},
	{"excludedOutboundRanges: {allowed: [169.254.169.254/32]}",
		NOTE(TRAFFIC "excludeOutboundIPRanges", "169.254.169.254/32,0.0.0.0/0"), NULL, "is '0.0.0.0/0'",
		STRIPS},
	{"excludedInterfaces: any", NOTE(TRAFFIC "excludeInterfaces", "eth1"), NULL, "excludeInterfaces is 'eth1'",
		STRIPS},
	{"reroutedInterfaces: any", NOTE(TRAFFIC "kubevirtInterfaces", "net1"), NULL, "kubevirtInterfaces is 'net1'",
		STRIPS},
	{"reroutedInterfaces: any", NOTE("istio.io/reroute-virtual-interfaces", "net1"), NULL,
		"annotation istio.io/reroute-virtual-interfaces is 'net1'", STRIPS},
	{"narrowedInboundPorts: any", NOTE(TRAFFIC "includeInboundPorts", "80"), NULL, "includeInboundPorts is '80'",
		STRIPS},
	{"narrowedInboundPorts: any", NOTE(TRAFFIC "includeInboundPorts", ""), NULL, "includeInboundPorts is ''",
		STRIPS},
	{"narrowedInboundPorts: any", NOTE(TRAFFIC "includeInboundPorts", "*"), NULL, NULL, 0},
	{"narrowedOutboundPorts: any", NOTE(TRAFFIC "includeOutboundPorts", "80"), NULL, "includeOutboundPorts is '80'",
		STRIPS},
	{"narrowedOutboundRanges: any", NOTE(TRAFFIC "includeOutboundIPRanges", "10.0.0.0/8"), NULL,
		"includeOutboundIPRanges is '10.0.0.0/8'", STRIPS},
	{"narrowedOutboundRanges: any", NOTE(TRAFFIC "includeOutboundIPRanges", ""), NULL,
		"includeOutboundIPRanges is ''", STRIPS},
	/* interception */
	{"interceptionMode: [NONE]", NOTE(SIDECAR "interceptionMode", "NONE"), NULL,
		"annotation sidecar.istio.io/interceptionMode is 'NONE'", STRIPS},
	{"interceptionMode: [NONE]", NOTE(SIDECAR "interceptionMode", "TPROXY"), NULL, NULL, 0},
	{"interceptionMode: {allowed: [redirect]}", NOTE(SIDECAR "interceptionMode", "TPROXY"), NULL, "is 'TPROXY'",
		STRIPS},
	{"interceptionMode: [NONE]", CONFIG("interceptionMode: NONE"), NULL,
		"annotation proxy.istio.io/config: interceptionMode is 'NONE'", STRIPS},
	{"interceptionMode: [NONE]", CONFIG("{\\\"interception_mode\\\":\\\"NONE\\\"}"), NULL,
		"interceptionMode is 'NONE'", STRIPS},
	{"interceptionMode: [NONE]", CONFIG("interceptionMode: 2.0"), NULL, "interceptionMode is 'NONE'", STRIPS},
	{"interceptionMode: [NONE]", CONFIG("interceptionMode: 2"), NULL, "interceptionMode is 'NONE'", STRIPS},
	{"interceptionMode: [NONE]", CONFIG("a: &m NONE\\ninterceptionMode: *m"), NULL, "interceptionMode is 'NONE'",
		STRIPS},
	{"interceptionMode: [NONE]", CONFIG("{interceptionMode: ["), NULL, "proxy.istio.io/config cannot be read",
		STRIPS | REFUSED},
	/* volumes */
	{"userVolumes: any", NOTE(SIDECAR "userVolumeMount", "{\\\"v\\\":{\\\"mountPath\\\":\\\"/v\\\"}}"), NULL,
		"userVolumeMount is 'mount'", STRIPS},
	{"userVolumes: [hostPath]",
		NOTE(SIDECAR "userVolume", "{\\\"v\\\":{\\\"hostPath\\\":{\\\"path\\\":\\\"/\\\"}}}"), NULL,
		"userVolume is 'hostPath'", STRIPS},
	{"userVolumes: [hostPath]",
		NOTE(SIDECAR "userVolume", "{\\\"v\\\":{\\\"HOSTPATH\\\":{\\\"path\\\":\\\"/\\\"}}}"), NULL,
		"userVolume is 'HOSTPATH'", STRIPS},
	{"userVolumes: [hostPath]",
		NOTE(SIDECAR "userVolume", "[{\\\"name\\\":\\\"v\\\",\\\"hostPath\\\":{\\\"path\\\":\\\"/\\\"}}]"),
		NULL, "userVolume is 'hostPath'", STRIPS | REFUSED},
	{"userVolumes: {allowed: [secret]}",
		NOTE(SIDECAR "userVolume", "{\\\"v\\\":{\\\"secret\\\":{\\\"secretName\\\":\\\"s\\\"}}}"), NULL, NULL,
		0},
	{"userVolumes: {allowed: [secret]}", NOTE(SIDECAR "userVolume", "{\\\"v\\\":{}}"), NULL, "is 'emptyDir'",
		STRIPS | REFUSED},
	{"userVolumes: [hostPath]", NOTE(SIDECAR "userVolume", "{"), NULL, "userVolume cannot be read",
		STRIPS | REFUSED},
	{"userVolumes: [hostPath]", "{}",
		"{\"volumes\":[{\"name\":\"h\",\"hostPath\":{\"path\":\"/"
		"\"}}],\"containers\":[{\"name\":\"a\",\"image\":\"i\"},{\"name\":\"istio-proxy\",\"image\":"
		"\"auto\",\"volumeMounts\":[{\"name\":\"h\",\"mountPath\":\"/h\"}]}]}",
		"container istio-proxy: userVolumes 'hostPath'", STRIPS},
	{"bootstrapOverride: any", NOTE(SIDECAR "bootstrapOverride", "cm"), NULL, "bootstrapOverride is 'cm'", STRIPS},
	/* levels and resources */
	{"logLevel: [debug]", NOTE(SIDECAR "logLevel", "Debug"), NULL,
		"annotation sidecar.istio.io/logLevel is 'Debug'", STRIPS},
	{"logLevel: [debug]", NOTE(SIDECAR "componentLogLevel", "misc:error,http:debug"), NULL,
		"componentLogLevel is 'debug'", STRIPS},
	{"logLevel: [debug]", NOTE(SIDECAR "agentLogLevel", "default:debug"), NULL, "agentLogLevel is 'debug'", STRIPS},
	{"logLevel: {allowed: [warning, error]}", NOTE(SIDECAR "logLevel", "warning"), NULL, NULL, 0},
	{"proxyCPU: {max: 2}", NOTE(SIDECAR "proxyCPU", "2001m"), NULL, "proxyCPU is '2001m'", STRIPS},
	{"proxyCPU: {max: 2}", NOTE(SIDECAR "proxyCPULimit", "2000m"), NULL, NULL, 0},
	{"proxyCPU: {min: 100m}", NOTE(SIDECAR "proxyCPU", "10m"), NULL, "proxyCPU is '10m'", STRIPS},
	{"proxyCPU: any", NOTE(SIDECAR "proxyCPULimit", "1"), NULL, "proxyCPULimit is '1'", STRIPS},
	{"proxyMemory: {max: 1Gi}", NOTE(SIDECAR "proxyMemoryLimit", "2Gi"), NULL, "proxyMemoryLimit is '2Gi'", STRIPS},
	{"proxyMemory: {max: 1Gi}", "{}",
		AND_PROXY("\"image\":\"auto\",\"resources\":{\"limits\":{\"memory\":\"4Gi\"}}"),
		"container istio-proxy: proxyMemory '4Gi'", STRIPS},
	{"proxyMemory: {max: 1Gi}", NOTE(SIDECAR "proxyMemory", "many"), NULL, "proxyMemory cannot be read",
		STRIPS | REFUSED},
	/* ids, capabilities, host network */
	{"runAsIds: [proxy]", "{}", APP_WITH("\"securityContext\":{\"runAsUser\":1337}"),
		"container app: runAsIds 'proxy'", 0},
	{"runAsIds: [1337]", "{}", APP_WITH("\"securityContext\":{\"runAsGroup\":1337}"),
		"container app: runAsIds '1337'", 0},
	{"runAsIds: [proxy]", "{}",
		"{\"securityContext\":{\"runAsUser\":1337},\"containers\":[{\"name\":\"a\",\"image\":\"i\"}]}",
		"spec.securityContext is 'proxy'", 0},
	{"runAsIds: [proxy]", "{}", APP_WITH("\"securityContext\":{\"runAsUser\":1000}"), NULL, 0},
	{"runAsIds: [0]", "{}",
		"{\"initContainers\":[{\"name\":\"b\",\"image\":\"i\",\"securityContext\":{\"runAsUser\":0}}],"
		"\"containers\":[{\"name\":\"a\",\"image\":\"i\"}]}",
		"init container b: runAsIds '0'", 0},
	{"capabilities: [NET_ADMIN]", "{}",
		APP_WITH("\"securityContext\":{\"capabilities\":{\"add\":[\"NET_ADMIN\"]}}"),
		"container app: capabilities 'NET_ADMIN'", 0},
	{"capabilities: [NET_ADMIN]", "{}",
		APP_WITH("\"securityContext\":{\"capabilities\":{\"add\":[\"cap_net_admin\"]}}"),
		"capabilities 'net_admin'", 0},
	{"capabilities: [NET_ADMIN]", "{}", APP_WITH("\"securityContext\":{\"capabilities\":{\"add\":[\"ALL\"]}}"),
		"capabilities 'ALL'", 0},
	{"capabilities: [NET_ADMIN]", "{}", APP_WITH("\"securityContext\":{\"privileged\":true}"), "capabilities 'ALL'",
		0},
	{"capabilities: {allowed: [CHOWN]}", "{}",
		APP_WITH("\"securityContext\":{\"capabilities\":{\"add\":[\"CHOWN\"]}}"), NULL, 0},
	{"capabilities: [SYS_ADMIN]", NOTE(SIDECAR "enableCoreDump", "true"), NULL, "enableCoreDump is 'SYS_ADMIN'", 0},
	{"hostNetwork: any", "{}", "{\"hostNetwork\":true,\"containers\":[{\"name\":\"a\",\"image\":\"i\"}]}",
		"spec.hostNetwork is 'true'", 0},
	{"hostNetwork: any", "{}", NULL, NULL, 0},
	/* templates, proxy configuration, containers, annotations */
	{"templates: {allowed: [sidecar]}", NOTE("inject.istio.io/templates", "sidecar, other"), NULL,
		"inject.istio.io/templates is 'other'", STRIPS | REFUSED},
	{"templates: {allowed: [sidecar]}", NOTE("inject.istio.io/templates", "sidecar"), NULL, NULL, 0},
	{"proxyConfig: any", CONFIG("concurrency: 8"), NULL, "annotation proxy.istio.io/config: concurrency", STRIPS},
	{"proxyConfig: [proxyMetadata.*]", CONFIG("proxy_metadata: {A_B: x}"), NULL, "proxyMetadata.A_B", STRIPS},
	{"proxyConfig: {allowed: [concurrency, drainDuration]}", CONFIG("concurrency: 8\\ndrain_duration: 5s"), NULL,
		NULL, 0},
	{"proxyConfig: [holdApplicationUntilProxyStarts]",
		CONFIG("holdApplicationUntilProxyStarts: true\\nconcurrency: 3"), NULL,
		"proxy.istio.io/config: holdApplicationUntilProxyStarts", STRIPS},
	{"proxyConfig: any", CONFIG(""), NULL, NULL, 0},
	{"ownContainers: any", "{}", AND_PROXY("\"image\":\"auto\""), "container istio-proxy", STRIPS},
	{"ownContainers: [istio-init]", "{}",
		"{\"initContainers\":[{\"name\":\"istio-init\",\"image\":\"i\"}],\"containers\":[{\"name\":\"a\","
		"\"image\":\"i\"}]}",
		"init container istio-init", STRIPS},
	{"ownContainers: [istio-init]", "{}", AND_PROXY("\"image\":\"auto\""), NULL, 0},
	{"annotations: [sidecar.istio.io/stats*]", NOTE(SIDECAR "statsInclusionPrefixes", "a"), NULL,
		"annotation sidecar.istio.io/statsInclusionPrefixes", STRIPS},
	/* several at once, and who asks */
	{"logLevel: any, users: [\"system:serviceaccount:*\"]", NOTE(SIDECAR "logLevel", "info"), NULL,
		"annotation sidecar.istio.io/logLevel is 'info'", STRIPS},
	{"logLevel: any, users: [bob]", NOTE(SIDECAR "logLevel", "info"), NULL, NULL, 0},
	{"users: {allowed: [\"system:serviceaccount:ci:*\"]}", "{}", NULL,
		"user is 'system:serviceaccount:kube-system:job-controller'", 0},
	{"groups: {allowed: [\"system:serviceaccounts\"]}", "{}", NULL, NULL, 0},
	{"groups: {allowed: [admins]}", "{}", NULL, "group is 'system:serviceaccounts'", 0},
	{"groups: [\"system:serviceaccounts\"]", "{}", NULL, "group is 'system:serviceaccounts'", 0},
	{"logLevel: any, bootstrapOverride: any", NOTE(SIDECAR "logLevel", "info"), NULL, NULL, 0},
};

static const char user[] = "{\"username\":\"system:serviceaccount:kube-system:job-controller\",\"groups\":[\"system:"
			   "serviceaccounts\",\"system:authenticated\"]}";

static const char *pod_of(struct arena *a, const struct row *row)
{
	return arena_printf(a, "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":%s,\"spec\":%s}", row->metadata,
		row->spec ? row->spec : APP);
}

static struct guard *guard_of(struct arena *a, const struct row *row, const char *action)
{
	struct err err = {0};
	const char *yaml =
		arena_printf(a, "rules:\n- name: r\n  match: {%s}\n  action: %s\n  message: m\n", row->match, action);
	struct guard *g = load_guard(yaml, &err);

	if (!g)
		fail_msg("%s: %s: %s", row->match, err.where, err.what);
	return g;
}

static void check_denied(const struct row *row, const struct guarded_outcome *g)
{
	if (g->o.rc == 0 || g->o.result.reason != REASON_GUARD_DENIED ||
		!strstr(g->o.err.what, "guard rule 'r' forbids this pod: m ("))
		fail_msg("%s, %s: %s", row->match, row->metadata, g->o.err.what);
}

/* As if it had never been there: injected, for good, and without a second hit. */
static void check_stripped(const struct admission_policy *p, const struct row *row, struct guarded_outcome *g)
{
	struct guarded_outcome again;
	struct text injected;

	if (g->o.rc < 0 || !g->o.result.injected || !g->o.patched || !raw_equal(g->o.patched, g->o.result.pod) ||
		!g->verdict.stripped)
		fail_msg("%s, %s: not stripped and injected: %s", row->match, row->metadata, g->o.err.what);
	text_init(&injected, &g->o.arena, 1 << 20);
	json_write(&injected, g->o.patched, 0);
	guard_json(p, user, (struct str){injected.data, injected.len}, &again);
	if (again.o.rc < 0 || again.verdict.n_hits || !str_is(again.o.result.patch, "[]"))
		fail_msg("%s, %s: injected again: %zu hits, %.*s %s", row->match, row->metadata, again.verdict.n_hits,
			(int)again.o.result.patch.len, again.o.result.patch.p ? again.o.result.patch.p : "",
			again.o.err.what);
	outcome_release(&again.o);
}

static void check_row(const struct row *row, enum guard_action action)
{
	struct guarded_outcome g;
	struct arena a;
	struct admission_policy p = {.config = config};
	struct guard *guard;

	arena_init(&a, 0);
	p.guard = guard = guard_of(&a, row, guard_action_name(action));
	guard_json(&p, user, str_of(pod_of(&a, row)), &g);
	if (g.verdict.action != (row->found ? action : GUARD_NONE))
		fail_msg("%s, %s, %s: %s", row->match, row->metadata, guard_action_name(action),
			guard_action_name(g.verdict.action));
	if (row->found && !strstr(guard_ask_text(&a, g.verdict.hit[0].ask), row->found))
		fail_msg("%s, %s: found %s", row->match, row->metadata, guard_ask_text(&a, g.verdict.hit[0].ask));
	if (action == GUARD_DENY && row->found)
		check_denied(row, &g);
	else if (action == GUARD_STRIP && row->found)
		check_stripped(&p, row, &g);
	else if ((g.o.rc < 0) != !!(row->flags & REFUSED))
		fail_msg("%s, %s: %d %s", row->match, row->metadata, g.o.rc, g.o.err.what);
	outcome_release(&g.o);
	guard_unref(guard);
	arena_release(&a);
}

static void each_action_on_each_match(void **state UNUSED)
{
	assert_true(ARRAY_LEN(rows) >= 60);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_row(&rows[i], GUARD_AUDIT);
		check_row(&rows[i], GUARD_WARN);
		check_row(&rows[i], GUARD_DENY);
		if (rows[i].flags & STRIPS)
			check_row(&rows[i], GUARD_STRIP);
	}
}

/* What can be stripped is stripped; loading refuses a rule that promises more. */
static void strip_promises_nothing_else(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a;
		struct err err = {0};

		if ((rows[i].flags & STRIPS) || !rows[i].found)
			continue;
		arena_init(&a, 0);
		assert_null(load_guard(arena_printf(&a, "rules:\n- {name: r, match: {%s}, action: strip, message: m}\n",
					       rows[i].match),
			&err));
		assert_non_null(strstr(err.what, "strip "));
		arena_release(&a);
	}
}

/* --- rules together --- */

#define PAIR(one, two)                                                                                                 \
	"rules:\n- {name: a, match: {logLevel: any}, action: " one ", message: m}\n"                                   \
	"- {name: b, match: {bootstrapOverride: any}, action: " two ", message: m}\n"
#define TWO                                                                                                            \
	"{\"metadata\":{\"annotations\":{\"sidecar.istio.io/logLevel\":\"info\",\"sidecar.istio.io/"                   \
	"bootstrapOverride\":\"b\"}},\"spec\":" APP "}"

static const struct {
	const char *yaml, *namespace;
	int64_t now; /* days after 2027-01-31 begins */
	const char *summary;
} together[] = {
	{PAIR("audit", "deny"), "shop", 0, "deny: b; audit: a"},
	{PAIR("deny", "strip"), "shop", 0, "deny: a; strip: b"},
	{PAIR("strip", "warn"), "shop", 0, "strip: a; warn: b"},
	{PAIR("warn", "warn"), "shop", 0, "warn: a, b"},
	{PAIR("audit", "deny"), "kube-system", 0, "none"},
	{PAIR("audit",
		 "deny") "exceptions: [{name: x, rules: [b], namespaces: [shop], until: 2027-01-31, reason: r}]\n",
		"shop", 0, "audit: a; excepted: b (x)"},
	{PAIR("audit",
		 "deny") "exceptions: [{name: x, rules: [b], namespaces: [shop], until: 2027-01-31, reason: r}]\n",
		"shop", 1, "deny: b; audit: a"},
	{PAIR("audit",
		 "deny") "exceptions: [{name: x, rules: ['*'], namespaces: [other], until: 2027-01-31, reason: r}]\n",
		"shop", 0, "deny: b; audit: a"},
	{PAIR("audit", "deny") "exceptions: [{name: x, rules: [b], users: [\"*:job-controller\"], until: 2027-01-31, "
			       "reason: r}]\n",
		"shop", 0, "audit: a; excepted: b (x)"},
	{PAIR("audit", "deny") "exceptions: [{name: x, rules: [b], pods: [web-*], until: 2027-01-31, reason: r}]\n",
		"shop", 0, "deny: b; audit: a"},
	{"rules: [{name: a, namespaces: [\"sh?p\"], match: {logLevel: any}, action: audit}]", "shop", 0, "audit: a"},
	{"rules: [{name: a, namespaces: [\"s*\"], exceptNamespaces: [shop], match: {logLevel: any}, action: audit}]",
		"shop", 0, "none"},
	{"rules: [{name: a, namespaceSelector: {matchLabels: {tier: pci}}, match: {logLevel: any}, action: deny, "
	 "message: m}]",
		"shop", 0, "deny: a"},
	{"rules: [{name: a, namespaceSelector: {matchLabels: {tier: x}}, match: {logLevel: any}, action: deny, "
	 "message: m}]",
		"shop", 0, "none"},
	{"rules: [{name: a, namespaceSelector: {matchLabels: {tier: x}}, match: {logLevel: any}, action: deny, "
	 "message: m}]",
		"unknown", 0, "not judged: 1, the namespace's labels are unknown"},
};

static void rules_work_together(void **state UNUSED)
{
	static struct map_entry pci = {.key = {"tier", 4}};
	static const struct value v = {.kind = K_STRING, .u.s = {"pci", 3}};
	static const struct map labels = {.entry = &pci, .len = 1};
	static const struct namespace_facts facts = {.name = {"shop", 4}, .labels = &labels};

	pci.value = &v;
	for (size_t i = 0; i < ARRAY_LEN(together); i++) {
		struct err err = {0};
		struct guard *g = load_guard(together[i].yaml, &err);
		struct guard_request r = {.config = config,
			.namespace = str_of(together[i].namespace),
			.now = 1801353600 + together[i].now * 86400};
		struct guard_verdict verdict;
		struct arena a;

		arena_init(&a, 0);
		if (!g)
			fail_msg("%s: %s", together[i].yaml, err.what);
		r.facts = str_is(r.namespace, "shop") ? &facts : NULL;
		r.pod = json_parse(&a, TWO, strlen(TWO), JSON_FROM_POD, &err);
		r.user_info = json_parse(&a, user, strlen(user), 0, &err);
		assert_int_equal(guard_judge(g, &a, &r, &verdict, &err), 0);
		if (!str_is(guard_summary(&a, &verdict), together[i].summary))
			fail_msg("%s in %s: %.*s", together[i].yaml, together[i].namespace,
				(int)guard_summary(&a, &verdict).len, guard_summary(&a, &verdict).p);
		arena_release(&a);
		guard_unref(g);
	}
}

/* --- pods that say they were injected --- */

static void inject_again(const struct admission_policy *p, struct str pod, struct guarded_outcome *ret)
{
	guard_json(p, NULL, pod, ret);
}

/* Injection's own container is not the pod's; a record that lies does not make the pod's own injection's. */
static void records_are_looked_behind(void **state UNUSED)
{
	static const char rule[] = "rules: [{name: r, match: {ownContainers: any}, action: deny, message: m}]";
	static const char plain[] = "{\"metadata\":{},\"spec\":" APP "}";
	static const char forged[] =
		"{\"metadata\":{\"annotations\":{\"sidecar.istio.io/"
		"status\":\"{\\\"containers\\\":[\\\"istio-proxy\\\",\\\"app\\\"]}\"}},\"spec\":" AND_PROXY(
			"\"image\":\"evil\"") "}";
	struct err err = {0};
	struct guard *g = load_guard(rule, &err);
	const struct admission_policy p = {.config = config, .guard = g};
	struct guarded_outcome first, second;
	struct text injected;

	inject_again(&p, STR(plain), &first);
	assert_int_equal(first.o.rc, 0);
	text_init(&injected, &first.o.arena, 1 << 20);
	json_write(&injected, first.o.patched, 0);
	inject_again(&p, (struct str){injected.data, injected.len}, &second);
	assert_int_equal(second.o.rc, 0);
	assert_true(str_is(second.o.result.patch, "[]"));
	outcome_release(&second.o);
	outcome_release(&first.o);
	inject_again(&p, STR(forged), &first);
	assert_int_equal(first.o.rc, -1);
	assert_int_equal(first.o.result.reason, REASON_GUARD_DENIED);
	outcome_release(&first.o);
	guard_unref(g);
}

/* A copy of an injected pod is one; with more in injection's container than injection writes, that is the pod's doing. */
static void additions_are_asked_for(void **state UNUSED)
{
	static const char rule[] = "rules: [{name: r, match: {ownContainers: any}, action: deny, message: m}]";
	static const char plain[] = "{\"metadata\":{},\"spec\":" APP "}";
	static const char proxy[] = "\"name\":\"istio-proxy\"", more[] = "\"command\":[\"sleep\"],";
	struct err err = {0};
	struct guard *g = load_guard(rule, &err);
	const struct admission_policy p = {.config = config, .guard = g};
	struct guarded_outcome first, second;
	struct text injected, changed;
	const char *at;

	inject_again(&p, STR(plain), &first);
	assert_int_equal(first.o.rc, 0);
	text_init(&injected, &first.o.arena, 1 << 20);
	text_init(&changed, &first.o.arena, 1 << 20);
	json_write(&injected, first.o.patched, 0);
	at = strstr(text_cstr(&injected), proxy);
	assert_non_null(at);
	text_add(&changed, injected.data, (size_t)(at - injected.data));
	text_adds(&changed, more);
	text_adds(&changed, at);
	inject_again(&p, (struct str){changed.data, changed.len}, &second);
	assert_int_equal(second.o.rc, -1);
	assert_int_equal(second.o.result.reason, REASON_GUARD_DENIED);
	outcome_release(&second.o);
	outcome_release(&first.o);
	guard_unref(g);
}

/* What templates write on their own is not asked for by the pod, though nothing says who wrote it; another value is. */
static void written_annotations_are_not_asked_for(void **state UNUSED)
{
	static const char template[] =
		"policy: enabled\ndefaultTemplates: [sidecar]\ntemplates:\n  sidecar: |\n    metadata:\n"
		"      annotations: {" TRAFFIC "excludeInboundPorts: \"{{ annotation .ObjectMeta `" TRAFFIC
		"excludeInboundPorts` `15020` }}\"}\n"
		"    spec: {containers: [{name: istio-proxy, image: p}]}\n";
	static const char rule[] = "rules: [{name: r, match: {excludedInboundPorts: any}, action: deny, message: m}]";
	static const char plain[] = "{\"metadata\":{},\"spec\":" APP "}";
	struct err err = {0};
	struct guard *g = load_guard(rule, &err);
	struct inject_config *own_config = load_config(template, &err);
	const struct admission_policy p = {.config = own_config, .guard = g};
	struct guarded_outcome first, second;
	struct text injected;
	char *at;

	if (!own_config)
		fail_msg("%s: %s", err.where, err.what);
	guard_json(&p, NULL, STR(plain), &first);
	assert_int_equal(first.o.rc, 0);
	text_init(&injected, &first.o.arena, 1 << 20);
	json_write(&injected, first.o.patched, 0);
	assert_non_null(strstr(text_cstr(&injected), "15020"));
	guard_json(&p, NULL, (struct str){injected.data, injected.len}, &second);
	assert_int_equal(second.o.rc, 0);
	assert_int_equal(second.verdict.n_hits, 0);
	outcome_release(&second.o);
	at = strstr(injected.data, "15020");
	at[4] = '1';
	guard_json(&p, NULL, (struct str){injected.data, injected.len}, &second);
	assert_int_equal(second.o.result.reason, REASON_GUARD_DENIED);
	outcome_release(&second.o);
	outcome_release(&first.o);
	inject_config_free(own_config);
	guard_unref(g);
}

static void labels_that_are_never_selected_are_found(void **state UNUSED)
{
	static const char never[] = "policy: enabled\nneverInjectSelector: [{matchLabels: {job: batch}}]\ntemplates: "
				    "{sidecar: \"spec: {}\"}\n";
	static const char *const pods[] = {"{\"metadata\":{\"labels\":{\"job\":\"batch\"}},\"spec\":" APP "}",
		"{\"metadata\":{\"labels\":{\"job\":\"web\"}},\"spec\":" APP "}", "{\"metadata\":{},\"spec\":" APP "}"};
	struct err err = {0};
	struct guard *g = load_guard("rules: [{name: r, match: {neverSelector: any}, action: deny, message: m}]", &err);
	struct inject_config *own_config = load_config(never, &err);
	const struct admission_policy p = {.config = own_config, .guard = g};

	if (!own_config || !g)
		fail_msg("%s: %s", err.where, err.what);
	for (size_t i = 0; i < ARRAY_LEN(pods); i++) {
		struct guarded_outcome o;

		guard_json(&p, NULL, str_of(pods[i]), &o);
		assert_int_equal(o.verdict.action, i == 0 ? GUARD_DENY : GUARD_NONE);
		if (i == 0)
			assert_non_null(strstr(o.o.err.what, "(label of neverInjectSelector is 'there')"));
		outcome_release(&o.o);
	}
	inject_config_free(own_config);
	guard_unref(g);
}

/* --- hostile pods --- */

static void judge_many(const char *action, struct guarded_outcome *ret, struct text *pod)
{
	struct err err = {0};
	struct guard *g;
	struct admission_policy p = {.config = config};
	struct text yaml;

	text_init(&yaml, NULL, 256);
	text_addf(&yaml, "rules: [{name: r, match: {excludedOutboundPorts: any}, action: %s, message: m}]", action);
	p.guard = g = load_guard(text_cstr(&yaml), &err);
	text_init(pod, NULL, 1 << 20);
	text_adds(pod, "{\"metadata\":{\"annotations\":{\"" TRAFFIC "excludeOutboundPorts\":\"1");
	for (int i = 0; i < 2000; i++)
		text_adds(pod, ",1");
	text_adds(pod, "\"}},\"spec\":" APP "}");
	guard_json(&p, NULL, (struct str){pod->data, pod->len}, ret);
	guard_unref(g);
	text_release(&yaml);
}

/* Nothing hides behind them where a rule may forbid; where rules only record, nothing is refused. */
static void many_things_are_bounded(void **state UNUSED)
{
	struct guarded_outcome o;
	struct text pod;

	judge_many("strip", &o, &pod);
	assert_int_equal(o.o.rc, -1);
	assert_int_equal(o.o.err.code, ERR_LIMIT);
	assert_string_equal(o.o.err.what, "the pod asks for more than 1024 things that guard rules are about");
	outcome_release(&o.o);
	text_release(&pod);
	judge_many("audit", &o, &pod);
	assert_int_equal(o.o.rc, 0);
	assert_int_equal(o.verdict.action, GUARD_AUDIT);
	outcome_release(&o.o);
	text_release(&pod);
}

/* What is said of a pod cannot move a terminal's cursor, and is cut between characters. */
static void hostile_texts_are_shown(void **state UNUSED)
{
	const struct guard_ask ask = {.kind = GUARD_LOG_LEVEL,
		.place = GUARD_AT_ANNOTATION,
		.at = STR("k\x1b[2J"),
		.value = STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xe2\x82\xac\xe2\x82\xac")};
	struct arena a;

	arena_init(&a, 0);
	assert_string_equal(guard_ask_text(&a, &ask),
		"annotation k?[2J is 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...'");
	arena_release(&a);
}

struct judging {
	struct guard *guard;
	const char *pod;
};

static int judge(struct arena *a, const void *arg, struct err *err)
{
	const struct judging *j = arg;
	struct guard_request r = {.config = config, .namespace = STR("shop")};
	struct guard_verdict v;

	r.pod = json_parse(a, j->pod, strlen(j->pod), JSON_FROM_POD, err);
	return r.pod ? guard_judge(j->guard, a, &r, &v, err) : -1;
}

static void every_failed_allocation_is_an_error(void **state UNUSED)
{
	struct err err = {0};
	const struct judging j = {
		.guard = load_guard(
			"rules:\n- {name: a, match: {proxyConfig: [concurrency]}, action: strip, message: m}\n"
			"- {name: b, match: {ownContainers: any}, action: strip, message: m}\n"
			"- {name: c, match: {userVolumes: any}, action: strip, message: m}\n"
			"- {name: d, match: {proxyImage: any}, action: audit}\n- {name: e, match: {runAsIds: [proxy]}, "
			"action: audit}\n",
			&err),
		.pod = "{\"metadata\":{\"annotations\":{\"proxy.istio.io/config\":\"concurrency: 1\\nproxy_metadata: "
		       "{A: b}\",\"sidecar.istio.io/userVolume\":"
		       "\"{\\\"a\\\":{}}\",\"sidecar.istio.io/"
		       "proxyImage\":\"x\"}},\"spec\":{\"securityContext\":{\"runAsUser\":1337},\"containers\":[{"
		       "\"name\":"
		       "\"istio-proxy\",\"image\":\"i\"}]}}"};

	assert_non_null(j.guard);
	assert_true(oom_loop(judge, &j) > 10);
	guard_unref(j.guard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_action_on_each_match),
		cmocka_unit_test(strip_promises_nothing_else),
		cmocka_unit_test(rules_work_together),
		cmocka_unit_test(records_are_looked_behind),
		cmocka_unit_test(additions_are_asked_for),
		cmocka_unit_test(labels_that_are_never_selected_are_found),
		cmocka_unit_test(written_annotations_are_not_asked_for),
		cmocka_unit_test(many_things_are_bounded),
		cmocka_unit_test(hostile_texts_are_shown),
		cmocka_unit_test(every_failed_allocation_is_an_error),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
