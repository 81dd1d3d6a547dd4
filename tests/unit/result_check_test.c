/* SPDX-License-Identifier: Apache-2.0 */
/* Is what will not work told, and nothing else? Whole answers, with what is known of the cluster. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "patches/value/json.h"
#include "tests/unit/oom.h"
#include "webhook/admission/describe.h"
#include "webhook/admission/handle.h"
#include "webhook/admission/result_check.h"

/* By what the proxy is added: with istio-init, or by the CNI plugin with istio-validation. */
#define TEMPLATE(init, extra)                                                                                          \
	"policy: enabled\ndefaultTemplates: [sidecar]\ntemplates:\n  sidecar: |\n    metadata: {annotations: {}}\n   " \
	" spec:\n"                                                                                                     \
	"      initContainers: [" init "]\n      containers: [{name: istio-proxy, image: p}]\n" extra
#define INIT "{name: istio-init, image: i, securityContext: {capabilities: {add: [NET_ADMIN]}}}"
#define VALIDATION                                                                                                     \
	"{name: istio-validation, image: i, securityContext: {runAsUser: 1337, runAsNonRoot: true, "                   \
	"allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}}"
#define CNI        TEMPLATE(VALIDATION, "")
#define REDIRECTED TEMPLATE(INIT, "")
#define ROOT_CERT                                                                                                      \
	TEMPLATE("", "      volumes: [{name: istiod-ca-cert, configMap: {name: istio-ca-root-cert}}]\n      "          \
		     "imagePullSecrets: [{name: pull}]\n")
#define HOST_PATH TEMPLATE("", "      volumes: [{name: h, hostPath: {path: /h}}]\n")
#define LEVEL(l)  "kind: Namespace\nmetadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: " l "}}\n"
#define APP       "{\"containers\":[{\"name\":\"app\",\"image\":\"app\"}]}"
#define WITH_INIT(name, more)                                                                                          \
	"{\"initContainers\":[{\"name\":\"" name "\",\"image\":\"i\"" more                                             \
	"}],\"containers\":[{\"name\":\"app\",\"image\":\"app\"}]}"
#define WITH(container) "{\"containers\":[{\"name\":\"app\",\"image\":\"app\"}," container "]}"
#define JOB             "{\"ownerReferences\":[{\"kind\":\"Job\",\"name\":\"j\"}]}"

static const struct row {
	const char *name, *config, *objects, *metadata, *spec;
	const char *want; /* all warnings, joined by "|" */
} rows[] = {
	{"nothing odd", REDIRECTED, LEVEL("privileged"), "{}", APP, ""},
	{"a namespace that is not known", REDIRECTED, NULL, "{}", APP, ""},
	{"a level that does not exist", REDIRECTED, LEVEL("none"), "{}", APP, ""},
	{"baseline and istio-init", REDIRECTED, LEVEL("baseline"), "{}", APP,
		"PodSecurity 'baseline' will refuse the pod: istio-init adds capabilities; use the CNI plugin"},
	{"baseline and CNI", CNI, LEVEL("baseline"), "{}", APP, ""},
	{"baseline and a hostPath", HOST_PATH, LEVEL("baseline"), "{}", APP,
		"PodSecurity 'baseline' will refuse the pod: volume h is a hostPath; take it out"},
	{"restricted", CNI, LEVEL("restricted"), "{}", APP,
		"PodSecurity 'restricted' will refuse the pod: istio-proxy lacks runAsNonRoot; set it for the pod"},
	{"restricted, nonroot pod", CNI, LEVEL("restricted"), "{}",
		"{\"securityContext\":{\"runAsNonRoot\":true},\"containers\":[{\"name\":\"app\",\"image\":\"app\"}]}",
		"PodSecurity 'restricted' will refuse the pod: istio-proxy does not drop ALL capabilities"},
	{"restricted, root pod", CNI, LEVEL("restricted"), "{}",
		"{\"securityContext\":{\"runAsUser\":0},\"containers\":[{\"name\":\"app\",\"image\":\"app\"}]}",
		"PodSecurity 'restricted' will refuse the pod: istio-proxy runs as user 0; use the CNI plugin"},
	{"the pod's own fault", CNI, LEVEL("baseline"), "{}",
		WITH("{\"name\":\"own\",\"image\":\"o\",\"securityContext\":{\"privileged\":true}}"), ""},
	{"a Job", REDIRECTED, NULL, JOB, APP,
		"this Job will not end while istio-proxy runs: use native sidecars, or let it POST to "
		":15020/quitquitquit"},
	{"a ReplicaSet", REDIRECTED, NULL, "{\"ownerReferences\":[{\"kind\":\"ReplicaSet\",\"name\":\"j\"}]}", APP, ""},
	{"init containers and CNI", CNI, NULL, "{}", WITH_INIT("migrate", ""),
		"init container migrate has no network before istio-proxy runs: use native sidecars or runAsUser "
		"1337"},
	{"an init container as the proxy, and CNI", CNI, NULL, "{}",
		WITH_INIT("migrate", ",\"securityContext\":{\"runAsUser\":1337}"), ""},
	{"init containers and istio-init", REDIRECTED, NULL, "{}", WITH_INIT("migrate", ""), ""},
	{"root certificate there", ROOT_CERT,
		"kind: ConfigMap\nmetadata: {name: istio-ca-root-cert, namespace: shop}\n", "{}", APP, ""},
	{"root certificate missing", ROOT_CERT,
		"kind: ConfigMap\nmetadata: {name: istio-ca-root-cert, namespace: other}\n", "{}", APP,
		"the pod will not start: ConfigMap istio-ca-root-cert is missing in this namespace; istiod writes it"},
	{"pull secret there", ROOT_CERT, "kind: Secret\nmetadata: {name: pull, namespace: shop}\n", "{}", APP, ""},
	{"pull secret missing", ROOT_CERT, "kind: Secret\nmetadata: {name: other, namespace: shop}\n", "{}", APP,
		"the proxy's image may not be pulled: Secret pull is missing in this namespace; create it"},
	{"linkerd", REDIRECTED, NULL, "{}", WITH("{\"name\":\"linkerd-proxy\",\"image\":\"l\"}"),
		"linkerd-proxy is in the pod too: two meshes redirect its traffic; switch one injection off"},
	{"another Istio proxy", REDIRECTED, NULL, "{}", WITH("{\"name\":\"mesh\",\"image\":\"hub/proxyv2:1\"}"),
		"container mesh is another Istio proxy: both want the same ports; let one injector go"},
	{"a long name", CNI, NULL, "{}",
		WITH_INIT("abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-0123456789", ""),
		"init container abcdefghijklmnopqrstuvwx has no network before istio-proxy runs: use native sidecars "
		"or runAsUser 1337"},
};

static struct inject_config *configure(const struct row *row)
{
	const struct inject_options options = {.native = NATIVE_FALSE};
	const struct config_texts texts = {
		.inject_config = {"config", str_of(row->config)},
		.values = {"values", STR("global: {tag: 1.30.0}\nsidecarInjectorWebhook: {}\n")},
		.cluster_objects = {"objects", row->objects ? str_of(row->objects) : (struct str){NULL, 0}},
	};
	struct err err = {0};
	struct inject_config *c = inject_config_load(&texts, &options, &err);

	if (!c)
		fail_msg("%s: %s: %s", row->name, err.where, err.what);
	return c;
}

static const char *body_of(struct arena *a, const struct row *row)
{
	return arena_printf(a,
		"{\"apiVersion\":\"admission.k8s.io/"
		"v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"u\",\"kind\":{\"group\":\"\",\"version\":"
		"\"v1\","
		"\"kind\":\"Pod\"},\"resource\":{\"group\":\"\",\"version\":\"v1\",\"resource\":\"pods\"},"
		"\"operation\":\"CREATE\",\"namespace\":\"shop\",\"object\":"
		"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":%s,\"spec\":%s}}}",
		row->metadata, row->spec);
}

static void check_row(const struct row *row, struct guard *guard)
{
	struct inject_config *config = configure(row);
	const struct admission_policy policy = {.config = config, .guard = guard};
	struct admission_outcome o;
	struct admission_answer answer = {.n_warnings = 0};
	struct err err = {0};
	struct text out, all;
	struct arena a;

	arena_init(&a, 0);
	text_init(&out, &a, 1 << 20);
	text_init(&all, &a, 4096);
	admission_handle(&policy, &a, str_of(body_of(&a, row)), STR("/inject"), &out, &o);
	if (!o.allowed || !o.result.injected)
		fail_msg("%s: %s", row->name, o.err.what);
	assert_int_equal(describe_warnings(&policy, &a, &o, &answer, &err), 0);
	for (size_t i = 0; i < answer.n_warnings; i++) {
		assert_true(strlen(answer.warning[i]) < 120);
		text_addf(&all, "%s%s", i ? "|" : "", answer.warning[i]);
	}
	if (strcmp(text_cstr(&all), row->want) != 0)
		fail_msg("%s: %s", row->name, text_cstr(&all));
	if (row->want[0])
		assert_non_null(strstr(text_cstr(&out), "\"warnings\":["));
	arena_release(&a);
	inject_config_free(config);
}

static void each_check_says_its_word(void **state UNUSED)
{
	const struct guard_known known = {0};
	const struct named_text none = {"guard", STR("rules: []")};
	struct err err = {0};
	struct guard *guard = guard_load(&none, &known, &err);

	assert_non_null(guard);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_row(&rows[i], guard);
	guard_unref(guard);
}

/* --- skips that look like mistakes --- */

static const struct {
	const char *policy, *metadata, *spec, *namespace, *want; /* want: the beginning; NULL: none */
} skips[] = {
	{"enabled", "{\"labels\":{\"sidecar.istio.io/inject\":\"false\"}}", APP, "shop", NULL},
	{"enabled", "{\"labels\":{\"sidecar.istio.io/inject\":\"false\"}}",
		WITH("{\"name\":\"istio-proxy\",\"image\":\"auto\"}"), "shop",
		"not injected, but istio-proxy has image 'auto'"},
	{"enabled",
		"{\"labels\":{\"sidecar.istio.io/inject\":\"false\"},\"annotations\":{\"sidecar.istio.io/"
		"inject\":\"true\"}}",
		APP, "shop", "not injected: label sidecar.istio.io/inject=false wins over"},
	{"enabled", "{\"labels\":{\"sidecar.istio.io/inject\":\"true\"}}", "{\"hostNetwork\":true,\"containers\":[]}",
		"shop", "not injected: it asks for a sidecar, but uses hostNetwork"},
	{"enabled", "{}", "{\"hostNetwork\":true,\"containers\":[]}", "shop", NULL},
	{"enabled", "{\"labels\":{\"sidecar.istio.io/inject\":\"true\"}}", APP, "kube-system",
		"not injected: it asks for a sidecar, but system"},
	{"disabled", "{\"labels\":{\"sidecar.istio.io/inject\":\"True\"}}", APP, "shop",
		"not injected: sidecar.istio.io/inject must be exactly 'true'"},
	{"disabled", "{\"annotations\":{\"inject.istio.io/templates\":\"sidecar\"}}", APP, "shop",
		"not injected: inject.istio.io/templates alone"},
	{"disabled", "{}", APP, "shop", NULL},
};

static void mistakes_are_guessed(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(skips); i++) {
		struct inject_config c = {
			.release = RELEASE_HEAD, .policy_enabled = strcmp(skips[i].policy, "enabled") == 0};
		struct err err = {0};
		const struct value *pod;
		const char *got, *text;
		struct arena a;

		arena_init(&a, 0);
		text = arena_printf(&a, "{\"metadata\":%s,\"spec\":%s}", skips[i].metadata, skips[i].spec);
		pod = json_parse(&a, text, strlen(text), JSON_FROM_POD, &err);
		got = skip_mistake(&c, pod, decide(&c, pod, str_of(skips[i].namespace), false));
		if (!got != !skips[i].want || (got && strncmp(got, skips[i].want, strlen(skips[i].want)) != 0))
			fail_msg("%s: %s", text, got ? got : "nothing");
		assert_true(!got || strlen(got) < 120);
		arena_release(&a);
	}
}

struct checked {
	const struct inject_config *config;
	const struct value *before, *after;
};

static int check(struct arena *a, const void *arg, struct err *err)
{
	const struct checked *c = arg;
	const struct inject_result r = {.injected = true, .asked_pod = c->before, .pod = c->after};
	struct result_warnings w;

	return result_check(c->config, a, &r, NULL, STR("shop"), &w, err);
}

static void every_failed_allocation_is_an_error(void **state UNUSED)
{
	static const char before[] = "{\"spec\":" APP "}", after[] = "{\"metadata\":" JOB ",\"spec\":" WITH(
								   "{\"name\":\"istio-proxy\",\"image\":\"p\"}") "}";
	const struct inject_config config = {.release = RELEASE_HEAD};
	struct checked c = {.config = &config};
	struct err err = {0};
	struct arena a;

	arena_init(&a, 0);
	c.before = json_parse(&a, before, strlen(before), JSON_FROM_POD, &err);
	c.after = json_parse(&a, after, strlen(after), JSON_FROM_POD, &err);
	assert_true(oom_loop(check, &c) > 0);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_check_says_its_word),
		cmocka_unit_test(mistakes_are_guessed),
		cmocka_unit_test(every_failed_allocation_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
