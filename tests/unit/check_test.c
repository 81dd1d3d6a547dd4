/* SPDX-License-Identifier: Apache-2.0 */
/* `outrigger check`: a healthy cluster is called so, and each thing that is wrong is named with its remedy. The API is played. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/base64.h"
#include "certs/ca.h"
#include "patches/config/config.h"
#include "patches/value/json.h"
#include "tests/unit/oom.h"
#include "webhook/check/check.h"

struct answer {
	const char *path; /* without what pages ask for */
	int status;
	const char *text;
};

#define NAMESPACE(name, labels) "{\"metadata\":{\"name\":\"" name "\",\"labels\":{\"kubernetes.io/metadata.name\":\"" name "\"" labels "}}}"
#define LIST(items) "{\"kind\":\"List\",\"metadata\":{},\"items\":[" items "]}"
#define RULES "\"rules\":[{\"operations\":[\"CREATE\"],\"apiGroups\":[\"\"],\"apiVersions\":[\"v1\"],\"resources\":[\"pods\"]}]"
#define WEBHOOK(name, client, selector, more)                                                                                    \
	"{\"name\":\"" name "\",\"clientConfig\":" client ",\"namespaceSelector\":" selector "," RULES more "}"
#define OUR_CLIENT "{\"caBundle\":\"QUJD\",\"service\":{\"namespace\":\"outrigger-system\",\"name\":\"outrigger\",\"port\":443}}"
#define ENABLED "{\"matchLabels\":{\"istio-injection\":\"enabled\"}}"
#define CONFIGURATION(name, webhooks) "{\"metadata\":{\"name\":\"" name "\"},\"webhooks\":[" webhooks "]}"
#define OURS CONFIGURATION("outrigger-sidecar-injector", WEBHOOK("namespace.inject.outrigger.dev", OUR_CLIENT, ENABLED, ",\"failurePolicy\":\"Fail\",\"sideEffects\":\"NoneOnDryRun\""))
#define NODE(name, spec, ready, more)                                                                                            \
	"{\"metadata\":{\"name\":\"" name "\"},\"spec\":{" spec "},\"status\":{\"conditions\":[{\"type\":\"Ready\",\"status\":\"" ready \
	"\",\"message\":\"Kubelet stopped posting node status.\"}" more "]}}"
#define TAINT(key) "\"taints\":[{\"key\":\"" key "\",\"effect\":\"NoSchedule\"}]"
#define SLICE(endpoints) LIST("{\"endpoints\":[" endpoints "]}")
#define READY(pod) "{\"conditions\":{\"ready\":true},\"targetRef\":{\"kind\":\"Pod\",\"name\":\"" pod "\"}}"
#define DOWN "{\"conditions\":{\"ready\":false}}"
#define APP_POD(name, namespace, more) "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"" namespace "\"},\"spec\":{\"containers\":[{\"name\":\"app\",\"image\":\"a\"}" more "]},\"status\":{\"phase\":\"Running\"}}"
#define PENDING_POD(name, status) "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"istio-system\"},\"spec\":{\"containers\":[{\"name\":\"app\"}]},\"status\":{\"phase\":\"Pending\"," status "}}"
#define ALLOWED "{\"status\":{\"allowed\":true}}"
#define NOT_ALLOWED "{\"status\":{\"allowed\":false}}"

#define P_WEBHOOKS "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
#define P_NAMESPACES "/api/v1/namespaces"
#define P_NODES "/api/v1/nodes"
#define P_PODS "/api/v1/pods"
#define P_SERVICE "/api/v1/namespaces/outrigger-system/services/outrigger"
#define P_SLICES "/apis/discovery.k8s.io/v1/namespaces/outrigger-system/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Doutrigger"
#define P_INJECTOR "/api/v1/namespaces/istio-system/configmaps/istio-sidecar-injector"
#define P_MESH "/api/v1/namespaces/istio-system/configmaps/istio"
#define P_TOKEN "/api/v1/namespaces/outrigger-system/serviceaccounts/outrigger/token"
#define P_REVIEW "/apis/authorization.k8s.io/v1/subjectaccessreviews"
#define P_RESOURCES "/api/v1"
#define P_ISTIOD "/apis/apps/v1/namespaces/istio-system/deployments/istiod"
#define P_DEPLOYMENT "/apis/apps/v1/namespaces/outrigger-system/deployments/outrigger"
#define DEPLOYMENT(container) "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{" container "}]}}}}"

/* The embedded default as the ConfigMap has it is added to these. */
static const struct answer healthy[] = {
	{"/version", 200, "{\"gitVersion\":\"v1.35.4\"}"},
	{P_RESOURCES, 200, "{\"resources\":[{\"name\":\"pods\"},{\"name\":\"serviceaccounts/token\"}]}"},
	{P_TOKEN, 201, "{\"status\":{\"token\":\"very.secret.indeed\"}}"},
	{P_NAMESPACES, 200, LIST(NAMESPACE("kube-system", "") "," NAMESPACE("outrigger-system", "") "," NAMESPACE("shop", ",\"istio-injection\":\"enabled\""))},
	{P_WEBHOOKS, 200, LIST(OURS)},
	{P_SERVICE, 200, "{\"spec\":{\"ports\":[{\"port\":443}]}}"},
	{P_SLICES, 200, SLICE(READY("outrigger-0") "," READY("outrigger-1"))},
	{"/api/v1/namespaces/outrigger-system/pods/outrigger-0:15014/proxy/readyz?verbose", 200, "readyz check passed\n"},
	{"/api/v1/namespaces/outrigger-system/pods/outrigger-1:15014/proxy/readyz?verbose", 200, "readyz check passed\n"},
	{P_REVIEW, 201, ALLOWED},
	{P_NODES, 200, LIST(NODE("worker-1", "", "True", "") "," NODE("worker-2", "", "True", ""))},
	{"/api/v1/nodes/worker-1/proxy/healthz", 200, "ok"},
	{"/api/v1/nodes/worker-2/proxy/healthz", 200, "ok"},
	{P_PODS, 200, LIST(APP_POD("cart", "default", ""))},
};

/* The cluster of one test: what is changed, then the healthy rest. */
struct cluster {
	const struct answer *changed;
	size_t n_changed;
	const char *inject_manifest, *mesh_manifest;
};

/* Drops what asks for a page. */
static bool same_path(const char *asked, const char *path)
{
	const char *limit = strstr(asked, "limit=");
	const size_t len = limit ? (size_t)(limit - asked) - 1 : strlen(asked);

	return strlen(path) == len && strncmp(asked, path, len) == 0;
}

static bool answer_from(const struct answer *table, size_t len, const char *path, struct check_reply *ret)
{
	for (size_t i = 0; i < len; i++) {
		if (!same_path(path, table[i].path))
			continue;
		*ret = (struct check_reply){table[i].status, str_of(table[i].text)};
		return true;
	}
	return false;
}

/* The last rights of the table are those that nobody should have. */
static bool asks_for_too_much(struct str body)
{
	static const char *const words[] = {"\"verb\":\"create\",\"group\":\"\",\"resource\":\"pods\"", "\"verb\":\"list\",\"group\":\"\",\"resource\":\"secrets\",\"namespace\":\"\"", "escalate", "impersonate"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_find(body, str_of(words[i])) != SIZE_MAX)
			return true;
	return false;
}

static int play(void *context, struct arena *a UNUSED, const char *path, struct str body, struct check_reply *ret, struct err *err)
{
	struct cluster *k = context;

	if (answer_from(k->changed, k->n_changed, path, ret))
		return ret->status ? 0 : err_set(err, ERR_IO, "%s", ret->text.p);
	if (strcmp(path, P_INJECTOR) == 0)
		*ret = (struct check_reply){200, str_of(k->inject_manifest)};
	else if (strcmp(path, P_MESH) == 0)
		*ret = (struct check_reply){200, str_of(k->mesh_manifest)};
	else if (strcmp(path, P_REVIEW) == 0)
		*ret = (struct check_reply){201, asks_for_too_much(body) ? STR(NOT_ALLOWED) : STR(ALLOWED)};
	else if (!answer_from(healthy, ARRAY_LEN(healthy), path, ret))
		*ret = (struct check_reply){404, STR("{\"kind\":\"Status\",\"message\":\"not found\"}")};
	return 0;
}

static const char *manifest(struct arena *a, const char *first, const char *first_text, const char *second, const char *second_text)
{
	struct text t;

	text_init(&t, a, 8 << 20);
	text_addf(&t, "{\"data\":{\"%s\":", first);
	json_write_string(&t, str_of(first_text), 0);
	if (second) {
		text_addf(&t, ",\"%s\":", second);
		json_write_string(&t, str_of(second_text), 0);
	}
	text_adds(&t, "}}");
	return text_cstr(&t);
}

static const struct check_options options = {.namespace = {"outrigger-system", 16}, .istio_namespace = {"istio-system", 12},
	.revision = {"default", 7}, .service = {"outrigger", 9}, .service_account = {"outrigger", 9}, .secret = {"outrigger-certs", 15},
	.server = "https://127.0.0.1:6443"};

/* What `check` prints of the cluster; NULL where it could not begin. */
static const char *report_at(struct arena *a, const struct check_source *source, const struct check_options *at, struct check_findings *ret,
	struct err *err)
{
	struct cluster *k = source->context;
	struct text out;

	k->inject_manifest = manifest(a, "config", embedded_inject_config, "values", embedded_values);
	k->mesh_manifest = manifest(a, "mesh", embedded_mesh, NULL, NULL);
	*ret = (struct check_findings){.a = a};
	if (check_cluster(source, at, ret, err) < 0 && !ret->len)
		return NULL;
	text_init(&out, a, 1 << 20);
	check_findings_print(&out, ret, false);
	return text_cstr(&out);
}

static const char *report(struct arena *a, const struct answer *changed, size_t n, struct check_findings *ret)
{
	struct cluster k = {.changed = changed, .n_changed = n};
	const struct check_source source = {&k, play, NULL};
	struct err err = {0};

	return report_at(a, &source, &options, ret, &err);
}

static void test_healthy(void **state UNUSED)
{
	struct check_findings found;
	struct arena a;
	const char *text;

	arena_init(&a, 0);
	text = report(&a, NULL, 0, &found);
	if (found.count[CHECK_ERROR] + found.count[CHECK_WARNING] != 0)
		fail_msg("a healthy cluster:\n%s", text);
	assert_non_null(strstr(text, "healthy: 0 errors, 0 warnings, 1 notes")); /* its certificates come from files */
	assert_null(strstr(text, "very.secret"));
	arena_release(&a);
}

static const struct {
	struct answer changed[3];
	const char *want; /* a part of the report */
} rows[] = {
	/* the seed story: a fallback, a kubelet out of reach, a tainted master, a full disk */
	{{{P_RESOURCES, 200, "{\"resources\":[{\"name\":\"pods\"}]}"}},
		"WARNING token-fallback: Detected that your cluster does not support third party JWT authentication. Falling back to less secure first party JWT."},
	{{{"/api/v1/nodes/worker-2/proxy/healthz", 503, "dial tcp 10.0.0.2:10250: i/o timeout"}},
		"ERROR   kubelet-unreachable: Node worker-2: the API server cannot reach its kubelet on port 10250: 503 dial tcp 10.0.0.2:10250: i/o timeout; remedy: open TCP port 10250"},
	{{{P_NODES, 200, LIST(NODE("worker-1", "", "True", "") "," NODE("master", TAINT("node-role.kubernetes.io/master"), "True", ""))}},
		"info    node-control-plane: Node master: has the taint node-role.kubernetes.io/master:NoSchedule, so pods are not put there; remedy: as it should be where other nodes take pods"},
	{{{P_NODES, 200, LIST(NODE("worker-1", "", "True", "") "," NODE("worker-2", TAINT("node.kubernetes.io/disk-pressure"), "True", ""))}},
		"ERROR   node-disk-pressure: Node worker-2: has the taint node.kubernetes.io/disk-pressure:NoSchedule, so pods are not put there; remedy: free disk space"},
	/* nodes */
	{{{P_NODES, 200, LIST(NODE("worker-1", "", "True", ",{\"type\":\"DiskPressure\",\"status\":\"True\",\"message\":\"full\"}"))}},
		"ERROR   node-disk-pressure: Node worker-1: condition DiskPressure is true: full; remedy: free disk space"},
	{{{P_NODES, 200, LIST(NODE("worker-1", TAINT("node.kubernetes.io/disk-pressure"), "True", ",{\"type\":\"DiskPressure\",\"status\":\"True\",\"message\":\"full\"}"))}},
		"2 errors, 0 warnings"},
	{{{P_NODES, 200, LIST(NODE("worker-1", "", "Unknown", ""))}}, "ERROR   node-unreachable: Node worker-1: is not ready: Kubelet stopped posting node status.; remedy: see whether the machine runs"},
	{{{P_NODES, 200, LIST(NODE("worker-1", "", "False", ""))}}, "ERROR   node-not-ready: Node worker-1: is not ready"},
	{{{P_NODES, 200, LIST(NODE("worker-1", TAINT("node-role.kubernetes.io/master"), "True", ""))}},
		"ERROR   no-node-takes-pods: none of 1 nodes is ready, not cordoned and without a taint"},
	{{{P_NODES, 200, LIST(NODE("worker-1", "\"unschedulable\":true," TAINT("node.kubernetes.io/unschedulable"), "True", ""))}},
		"WARNING node-cordoned: Node worker-1: has the taint"},
	{{{P_NODES, 200, LIST("")}}, "ERROR   no-nodes: the cluster has no node; remedy: add a node"},
	{{{P_NODES, 403, "{\"message\":\"nodes is forbidden\"}"}}, "WARNING not-allowed: nodes cannot be read: nodes is forbidden; remedy: allow this user to list nodes"},
	{{{"/api/v1/nodes/worker-1/proxy/healthz", 403, "{}"}}, "info    kubelet-not-asked: whether kubelets can be reached on port 10250 was not checked"},
	/* pods that wait */
	{{{P_PODS, 200, LIST(PENDING_POD("istiod-0", "\"conditions\":[{\"type\":\"PodScheduled\",\"status\":\"False\",\"message\":\"0/2 nodes are available: 1 node(s) had taint {node.kubernetes.io/disk-pressure: }\"}]"))}},
		"ERROR   pod-pending: Pod istio-system/istiod-0: is pending: 0/2 nodes are available: 1 node(s) had taint {node.kubernetes.io/disk-pressure: }; remedy: free disk space"},
	{{{P_PODS, 200, LIST(PENDING_POD("gw-0", "\"containerStatuses\":[{\"state\":{\"waiting\":{\"reason\":\"ImagePullBackOff\",\"message\":\"ImagePullBackOff: denied\"}}}]"))}},
		"is pending: ImagePullBackOff: denied; remedy: see image name, registry and pull secret"},
	{{{P_PODS, 200, LIST(PENDING_POD("gw-0", "\"containerStatuses\":[{\"state\":{\"waiting\":{\"reason\":\"ContainerCreating\"}}}]"))},
		 {"/api/v1/namespaces/istio-system/events", 200, LIST("{\"message\":\"MountVolume.SetUp failed for volume \\\"istio-token\\\"\"}")}},
		"is pending: MountVolume.SetUp failed for volume \"istio-token\"; remedy: the cluster issues no tokens bound to an audience"},
	/* sidecars */
	{{{P_PODS, 200, LIST(APP_POD("cart-1", "shop", "") "," APP_POD("cart-2", "shop", ""))}},
		"WARNING pods-without-sidecar: Namespace shop: 2 pods have no sidecar although they should, such as cart-1; remedy: kubectl -n shop rollout restart deployment"},
	{{{P_PODS, 200, LIST(APP_POD("cart-1", "shop", ",{\"name\":\"istio-proxy\",\"image\":\"old/proxyv2:1.2\"}"))}},
		"WARNING pods-outdated: Namespace shop: 1 pods have a sidecar of another image than"},
	/* webhooks */
	{{{P_WEBHOOKS, 200, LIST("")}}, "ERROR   webhook-missing: no MutatingWebhookConfiguration calls the Service outrigger-system/outrigger for pods; remedy: install the chart"},
	{{{P_WEBHOOKS, 200, LIST(CONFIGURATION("o", WEBHOOK("a.b.c", OUR_CLIENT, "{}", "")))}},
		"ERROR   blocks-system-namespace: Webhook a.b.c: selects pods of kube-system with failurePolicy Fail: without the webhook the cluster cannot start"},
	{{{P_WEBHOOKS, 200, LIST(CONFIGURATION("o", WEBHOOK("a.b.c", OUR_CLIENT, "{}", ",\"failurePolicy\":\"Ignore\"")))}},
		"WARNING blocks-system-namespace: Webhook a.b.c: selects pods of kube-system; remedy: exclude it"},
	{{{P_WEBHOOKS, 200, LIST(CONFIGURATION("o", WEBHOOK("a.b.c", OUR_CLIENT, "{\"matchExpressions\":[{\"key\":\"kubernetes.io/metadata.name\",\"operator\":\"NotIn\",\"values\":[\"kube-system\"]}]}", "")))}},
		"ERROR   blocks-itself: Webhook a.b.c: selects pods of our own namespace outrigger-system: once no replica runs, none can start"},
	{{{P_WEBHOOKS, 200, LIST(CONFIGURATION("o", WEBHOOK("rev.sidecar-injector.istio.io", OUR_CLIENT, ENABLED, "")))}},
		"ERROR   istiod-overwrites: Webhook rev.sidecar-injector.istio.io: istiod takes this webhook for its own"},
	{{{P_WEBHOOKS, 200, LIST(OURS "," CONFIGURATION("istio-sidecar-injector", WEBHOOK("namespace.sidecar-injector.istio.io", "{\"service\":{\"namespace\":\"istio-system\",\"name\":\"istiod\"}}", ENABLED, "")))}},
		"ERROR   injected-twice: pods of shop are sent to our webhook and to Istio's; remedy: switch Istio's own webhook off"},
	{{{P_WEBHOOKS, 200, LIST(OURS "," CONFIGURATION("outrigger-two", WEBHOOK("b.c.d", OUR_CLIENT, ENABLED, "")))}},
		"ERROR   injected-twice: pods of shop are sent to two of our webhooks"},
	{{{P_WEBHOOKS, 200, LIST(OURS "," CONFIGURATION("linkerd", WEBHOOK("linkerd-proxy-injector.linkerd.io", "{}", "{}", "")))}},
		"info    other-injector: Webhook linkerd-proxy-injector.linkerd.io: Linkerd's injector changes pods as well, before ours"},
	{{{P_WEBHOOKS, 200, LIST(CONFIGURATION("o", WEBHOOK("a.b.c", "{\"service\":{\"namespace\":\"outrigger-system\",\"name\":\"outrigger\"}}", ENABLED, "")))}},
		"ERROR   ca-bundle-empty: Webhook a.b.c: caBundle is empty"},
	{{{P_NAMESPACES, 200, LIST(NAMESPACE("shop", ",\"istio.io/rev\":\"canary\""))}},
		"WARNING namespace-unserved: shop asked for injection by label, but no webhook selects its pods"},
	{{{P_NAMESPACES, 200, LIST(NAMESPACE("shop", ",\"istio.io/rev\":\"canary\",\"istio-injection\":\"enabled\""))}},
		"WARNING labels-conflict: shop has both istio-injection and istio.io/rev"},
	{{{P_NAMESPACES, 200, LIST(NAMESPACE("shop", ",\"istio-injection\":\"enabled\",\"pod-security.kubernetes.io/enforce\":\"restricted\""))}},
		"ERROR   pod-security: Namespace shop: enforces PodSecurity restricted, which refuses container istio-init of injected pods: adds capabilities"},
	/* the service */
	{{{P_SERVICE, 404, "{}"}}, "ERROR   service-missing: Service outrigger-system/outrigger: does not exist"},
	{{{P_SERVICE, 200, "{\"spec\":{\"ports\":[{\"port\":8443}]}}"}}, "ERROR   service-port: Service outrigger-system/outrigger: has no port 443, which the webhooks name"},
	{{{P_SLICES, 200, SLICE(DOWN)}}, "ERROR   no-endpoints: Service outrigger-system/outrigger: has no ready endpoint (1 not ready)"},
	{{{P_SLICES, 200, SLICE(READY("outrigger-0"))}}, "WARNING one-endpoint: Service outrigger-system/outrigger: has one ready endpoint"},
	{{{"/api/v1/namespaces/outrigger-system/pods/outrigger-1:15014/proxy/readyz?verbose", 503, "[+]serving ok: taking requests\n[-]certificate failed: not valid now\n"}},
		"ERROR   replica-not-ready: Pod outrigger-system/outrigger-1: [-]certificate failed: not valid now"},
	/* configuration */
	{{{P_INJECTOR, 404, "{}"}}, "ERROR   configmap-missing: ConfigMap istio-system/istio-sidecar-injector: does not exist; remedy: install Istio's control plane"},
	{{{P_MESH, 200, "{}"}}, "ERROR   configmap-empty: ConfigMap istio-system/istio: holds no data"},
	{{{P_INJECTOR, 200, "{\"data\":{\"config\":\"policy: maybe\"}}"}}, "ERROR   configuration-invalid: ConfigMap istio-sidecar-injector key config"},
	{{{P_INJECTOR, 200, "{\"data\":{\"values\":\"{}\"}}"}}, "ERROR   configuration-invalid: ConfigMap istio-sidecar-injector key config: the key is missing"},
	{{{P_MESH, 200, "{\"data\":{\"mesh\":\"trustDomian: x\"}}"}}, "WARNING configuration-odd: "},
	{{{"/api/v1/namespaces/outrigger-system/secrets/outrigger-certs", 200, "{\"data\":{\"tls.crt\":\"QUJD\"}}"}},
		"ERROR   certificate-unreadable: Secret outrigger-system/outrigger-certs: tls.crt holds no certificate"},
	{{{"/api/v1/namespaces/outrigger-system/secrets/outrigger-certs", 200, "{\"data\":{\"tls.crt\":\"!\"}}"}}, "ERROR   certificate-unreadable"},
	{{{"/api/v1/namespaces/outrigger-system/secrets/outrigger-certs", 200, "{\"data\":{}}"}}, "ERROR   certificate-unreadable"},
	/* what our command line asks for is looked for, and nothing else */
	{{{P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"serve\",\"--certs=self-signed\"]")}},
		"WARNING configuration-unused: Deployment outrigger-system/outrigger: injects by the program's own configuration, not by ConfigMap istio-system/istio-sidecar-injector of this cluster; remedy: helm upgrade with --set configuration.source=cluster"},
	{{{P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"serve\"]")}, {P_INJECTOR, 404, "{}"}, {P_MESH, 404, "{}"}},
		"info    configuration-embedded: Deployment outrigger-system/outrigger: injects by the program's own configuration"},
	{{{P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"serve\"]")}, {P_INJECTOR, 404, "{}"}, {P_MESH, 404, "{}"}}, "healthy: 0 errors, 0 warnings"},
	{{{P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"serve\",\"--events\"]")}}, "the service account has the 2 rights it needs"},
	{{{P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"serve\",\"--certs=self-signed\"]")}, {P_REVIEW, 201, NOT_ALLOWED}},
		"ERROR   right-missing: ServiceAccount outrigger-system/outrigger: may not get secrets in outrigger-system"},
	{{{P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"serve\",\"--cluster\"]")}, {P_INJECTOR, 404, "{}"}}, "ERROR   configmap-missing"},
	{{{P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"serve\",\"--inject-config=/etc/config\"]")},
		 {"/api/v1/namespaces/outrigger-system/configmaps/istio", 200, "{}"}}, "ERROR   configmap-empty: ConfigMap outrigger-system/istio: holds no data"},
	{{{P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"serve\",\"--inject-config=/etc/config\"]")}}, "healthy: 0 errors, 0 warnings"},
	/* istiod's settings */
	{{{P_ISTIOD, 200, DEPLOYMENT("\"env\":[{\"name\":\"PLATFORM\",\"value\":\"openshift\"}]")}, {P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"serve\"]")}},
		"WARNING setting-differs: Deployment outrigger-system/outrigger: istiod injects with PLATFORM=openshift, we with ''; remedy: give --platform=openshift"},
	{{{P_ISTIOD, 200, DEPLOYMENT("\"env\":[{\"name\":\"PLATFORM\",\"value\":\"openshift\"}]")}, {P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"--platform\",\"openshift\"]")}},
		"ok      settings: istiod's environment and our flags say the same"},
	{{{P_ISTIOD, 200, DEPLOYMENT("\"env\":[{\"name\":\"PILOT_ENABLE_INBOUND_PASSTHROUGH\",\"value\":\"false\"}]")}, {P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"--env\",\"X=1\",\"--env=PILOT_ENABLE_INBOUND_PASSTHROUGH=true\"]")}},
		"istiod injects with PILOT_ENABLE_INBOUND_PASSTHROUGH=false, we with 'true'"},
	/* tokens and rights */
	{{{P_TOKEN, 403, "{\"message\":\"no\"}"}}, "WARNING not-allowed: a token for our own service account cannot be read: no; remedy: allow this user to create serviceaccounts/token there"},
	{{{P_TOKEN, 201, "{\"status\":{}}"}}, "ERROR   token-projection: the answer to a TokenRequest holds no token"},
	{{{P_REVIEW, 201, NOT_ALLOWED}}, "ERROR   right-missing: ServiceAccount outrigger-system/outrigger: may not list configmaps in istio-system; the configuration is read from there"},
	{{{P_REVIEW, 201, NOT_ALLOWED}, {P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"serve\",\"--certs=files\"]")}},
		"ok      rights: the service account has the 0 rights it needs, and none of those looked for beyond"},
	{{{P_REVIEW, 201, NOT_ALLOWED}, {P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"serve\",\"--events\"]")}},
		"ERROR   right-missing: ServiceAccount outrigger-system/outrigger: may not patch events; what is told again raises a count"},
	{{{P_REVIEW, 201, NOT_ALLOWED}, {P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"serve\",\"--count-pods\"]")}},
		"ERROR   right-missing: ServiceAccount outrigger-system/outrigger: may not list pods; pods without their sidecar are counted"},
	{{{P_REVIEW, 201, NOT_ALLOWED}, {P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"serve\",\"--certs=self-signed\"]")}},
		"ERROR   right-missing: ServiceAccount outrigger-system/outrigger: may not update secrets in outrigger-system"},
	{{{P_REVIEW, 201, NOT_ALLOWED}, {P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"serve\",\"--certs=self-signed\"]")}},
		"WARNING right-missing: ServiceAccount outrigger-system/outrigger: may not watch secrets in outrigger-system; changes are seen within 10 s, not at once"},
	{{{P_REVIEW, 201, NOT_ALLOWED}, {P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"serve\",\"--webhook-configuration=x\"]")}},
		"ERROR   right-missing: ServiceAccount outrigger-system/outrigger: may not get mutatingwebhookconfigurations; whether caBundle"},
	{{{P_REVIEW, 201, NOT_ALLOWED}, {P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"serve\",\"--webhook-configuration=x\"]")}},
		"WARNING right-missing: ServiceAccount outrigger-system/outrigger: may not list mutatingwebhookconfigurations; changes are seen"},
	{{{P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"serve\",\"--certs=self-signed\",\"--webhook-configuration=x\"]")}},
		"the service account has the 8 rights it needs"},
	{{{P_REVIEW, 201, NOT_ALLOWED}, {P_DEPLOYMENT, 200, DEPLOYMENT("\"args\":[\"serve\",\"--cluster\"]")}},
		"ERROR   right-missing: ServiceAccount outrigger-system/outrigger: may not list nodes"},
	{{{P_REVIEW, 201, ALLOWED}}, "WARNING right-too-much: ServiceAccount outrigger-system/outrigger: may create pods in the whole cluster"},
	{{{P_REVIEW, 403, "{\"message\":\"no\"}"}}, "WARNING not-allowed: what our service account may do cannot be read: no"},
	/* answers that are none */
	{{{"/version", 0, "cannot connect"}}, "ERROR   api-unreachable: https://127.0.0.1:6443: cannot connect"},
	{{{"/version", 401, "{\"message\":\"Unauthorized\"}"}}, "ERROR   cannot-read: the API server's version cannot be read: the API server answers 401 Unauthorized"},
	{{{P_PODS, 500, "<html>oops"}}, "ERROR   cannot-read: pods cannot be read: the API server answers 500"},
	{{{P_PODS, 200, "{\"items\":{\"a\":1}}"}}, "healthy: "},
	{{{P_PODS, 200, "[]"}}, "healthy: "},
	{{{P_NODES, 200, "{\"items\":[null,1,\"x\",{\"spec\":{\"taints\":[null]}}]}"}}, "ERROR   node-unreachable: Node "},
	{{{P_WEBHOOKS, 200, "{\"items\":[{\"webhooks\":[null,{\"rules\":[null]}]}]}"}}, "ERROR   webhook-missing"},
	{{{P_NAMESPACES, 200, LIST(NAMESPACE("shop\\u001b[2J", ",\"istio.io/rev\":\"x\""))}}, "namespace-unserved: shop [2J asked"},
};

static void test_rows(void **state UNUSED)
{
	size_t failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct check_findings found;
		struct arena a;
		const char *text;
		size_t n = 0;

		while (n < ARRAY_LEN(rows[i].changed) && rows[i].changed[n].path)
			n++;
		arena_init(&a, 0);
		text = report(&a, rows[i].changed, n, &found);
		if (!strstr(text, rows[i].want)) {
			print_error("row %zu: want \"%s\" in:\n%s", i, rows[i].want, text);
			failed++;
		}
		arena_release(&a);
	}
	assert_int_equal(failed, 0);
}

/* --- certificates: a Secret and webhooks made for the test ------------------------------------------------------------------ */

enum { DAY = 86400, MADE_AT = 1790000000 };

struct made {
	struct str ca, serving; /* PEM */
};

static struct made make_certificates(struct arena *a, const char *host)
{
	const struct cert_request for_ca = {.name = "CA", .now = MADE_AT, .seconds = 100 * DAY};
	const struct cert_request for_serving = {.name = "serving", .hosts = &host, .n_hosts = 1, .now = MADE_AT, .seconds = 30 * DAY};
	struct cert_pair ca, serving;
	struct err err = {0};

	if (ca_create(a, &for_ca, &ca, &err) < 0 || ca_issue(a, &ca, &for_serving, &serving, &err) < 0)
		fail_msg("%s", err.what);
	return (struct made){ca.cert, serving.cert};
}

static const char *encoded(struct arena *a, struct str pem)
{
	struct text t;

	text_init(&t, a, 64 << 10);
	base64_encode(&t, pem);
	return text_cstr(&t);
}

static const struct {
	const char *host;
	bool other_ca;
	int days; /* since it was made */
	const char *want;
} certificate_rows[] = {
	{"outrigger.outrigger-system.svc", false, 1, "ok      ca-bundle: Webhook a.b.c: caBundle verifies the certificate that is served"},
	{"outrigger.outrigger-system.svc", false, 1, "ok      certificate: Secret outrigger-system/outrigger-certs: the serving certificate lasts 29 more days"},
	{"outrigger.outrigger-system.svc", false, 28, "WARNING certificate-ends-soon: Secret outrigger-system/outrigger-certs: the serving certificate ends in 2 days and should have been renewed"},
	{"outrigger.outrigger-system.svc", false, 33, "ERROR   certificate-expired: Secret outrigger-system/outrigger-certs: the serving certificate ended 3 days ago"},
	{"outrigger.outrigger-system.svc", false, -2, "ERROR   certificate-not-yet-valid: Secret outrigger-system/outrigger-certs: the serving certificate begins in"},
	{"outrigger.outrigger-system.svc", true, 1, "ERROR   ca-bundle-mismatch: Webhook a.b.c: caBundle does not verify the certificate in the Secret, so the API server refuses to call: "},
	{"outrigger.elsewhere.svc", false, 1, "ERROR   ca-bundle-mismatch: Webhook a.b.c"},
};

static void test_certificates(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(certificate_rows); i++) {
		struct check_options at = options;
		struct cluster k = {.n_changed = 2};
		const struct check_source source = {&k, play, NULL};
		struct check_findings found;
		struct answer changed[2];
		struct made made, other;
		struct err err = {0};
		struct arena a;
		const char *text;

		arena_init(&a, 0);
		made = make_certificates(&a, certificate_rows[i].host);
		other = make_certificates(&a, "other");
		changed[0] = (struct answer){"/api/v1/namespaces/outrigger-system/secrets/outrigger-certs", 200,
			arena_printf(&a, "{\"data\":{\"tls.crt\":\"%s\",\"tls.key\":\"c2VjcmV0\"}}", encoded(&a, made.serving))};
		changed[1] = (struct answer){P_WEBHOOKS, 200,
			arena_printf(&a, LIST(CONFIGURATION("o", WEBHOOK("a.b.c",
				"{\"caBundle\":\"%s\",\"service\":{\"namespace\":\"outrigger-system\",\"name\":\"outrigger\"}}", ENABLED, ""))),
				encoded(&a, certificate_rows[i].other_ca ? other.ca : made.ca))};
		k.changed = changed;
		at.now = MADE_AT + certificate_rows[i].days * DAY;
		text = report_at(&a, &source, &at, &found, &err);
		if (!text || !strstr(text, certificate_rows[i].want))
			fail_msg("row %zu: want \"%s\" in:\n%s%s", i, certificate_rows[i].want, text ? text : "", err.what);
		arena_release(&a);
	}
}

/* Nodes come in two pages; the second is asked for by the token of the first, escaped. */
static int play_pages(void *context, struct arena *a, const char *path, struct str body, struct check_reply *ret, struct err *err)
{
	if (strcmp(path, P_NODES "?limit=250&continue=%61%2B%2F%3D") == 0)
		*ret = (struct check_reply){200, STR(LIST(NODE("worker-2", "", "False", "")))};
	else if (strcmp(path, P_NODES "?limit=250") == 0)
		*ret = (struct check_reply){200, STR("{\"metadata\":{\"continue\":\"a+/=\"},\"items\":[" NODE("worker-1", "", "False", "") "]}")};
	else
		return play(context, a, path, body, ret, err);
	return 0;
}

static void test_pages(void **state UNUSED)
{
	struct cluster k = {.changed = NULL};
	const struct check_source source = {&k, play_pages, NULL};
	struct check_findings found;
	struct err err = {0};
	struct arena a;
	const char *text;

	arena_init(&a, 0);
	text = report_at(&a, &source, &options, &found, &err);
	assert_non_null(text);
	assert_non_null(strstr(text, "Node worker-1: is not ready"));
	assert_non_null(strstr(text, "Node worker-2: is not ready"));
	arena_release(&a);
}

/* A cluster without ConfigMaps: to compile them takes memory of its own. */
static int check_once(struct arena *a, const void *arg UNUSED, struct err *err)
{
	static const struct answer none[] = {{P_INJECTOR, 404, "{}"}, {P_MESH, 404, "{}"}, {P_REVIEW, 403, "{}"}};
	struct cluster k = {.changed = none, .n_changed = ARRAY_LEN(none)};
	const struct check_source source = {&k, play, NULL};
	struct check_findings found = {.a = a};

	return check_cluster(&source, &options, &found, err);
}

static void test_memory_that_ends(void **state UNUSED)
{
	assert_true(oom_loop(check_once, NULL) > 100);
}

static void test_value(void **state UNUSED)
{
	struct cluster k = {.changed = NULL};
	const struct check_source source = {&k, play, NULL};
	struct check_findings found;
	struct err err = {0};
	struct arena a;
	struct text out;

	arena_init(&a, 0);
	assert_non_null(report_at(&a, &source, &options, &found, &err));
	text_init(&out, &a, 1 << 20);
	json_write(&out, check_findings_value(&a, &found), 0);
	assert_non_null(strstr(text_cstr(&out), "\"info\":1,\"warning\":0,\"error\":0},\"findings\":[{\"level\":\"ok\",\"code\":\"api\","));
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_healthy),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_memory_that_ends),
		cmocka_unit_test(test_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
