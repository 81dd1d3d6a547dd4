/* SPDX-License-Identifier: Apache-2.0 */
/* Bad and hostile pods through the whole injection: each row says what it must get, and nothing of the user's is lost
 * on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "tests/unit/inject_pods.h"

/* What the user wrote under keys that no schema knows must be there still: items of lists are found again by their
 * names. */
static bool kept(const struct value *given, const struct value *got)
{
	if (given->kind == K_LIST) {
		for (size_t i = 0; i < given->u.list.len; i++) {
			const struct value *item = given->u.list.item[i];
			const struct str name = raw_str(item, "name");
			const struct value *same = name.p ? item_named(got, name)
						   : got && got->kind == K_LIST && i < got->u.list.len
							   ? got->u.list.item[i]
							   : NULL;

			if (!kept(item, same))
				return false;
		}
		return true;
	}
	for (uint32_t i = 0; given->kind == K_MAP && i < given->u.map->len; i++) {
		const struct map_entry *e = &given->u.map->entry[i];
		const struct value *v = got && got->kind == K_MAP ? map_get(got->u.map, e->key) : NULL;

		if (str_has_prefix(e->key, "x-") ? !v || !raw_equal(e->value, v) : !kept(e->value, v))
			return false;
	}
	return true;
}

/* Containers of the user are there still, as they came but for their probes. */
static bool containers_kept(const struct outcome *o)
{
	const struct value *own = raw_path(o->given, "spec", "containers", NULL);
	const struct value *now = raw_path(o->patched, "spec", "containers", NULL);

	for (size_t i = 0; own && own->kind == K_LIST && i < own->u.list.len; i++) {
		const struct str name = raw_str(own->u.list.item[i], "name");

		if (name.len && !str_is(name, "istio-proxy") && !item_named(now, name))
			return false;
	}
	return true;
}

enum want { INJECTED, SKIPPED, REFUSED };

struct row {
	const char *pod;
	enum want want;
	enum reason reason;  /* of a refusal */
	const char *message; /* a part of it */
	const char *where;   /* all of it; NULL: not looked at */
};

static const char *told(const struct outcome *o)
{
	return o->rc < 0 ? o->err.what : o->result.injected ? "injected" : "left alone";
}

static bool as_wanted(const struct row *row, const struct outcome *o)
{
	if (row->want != REFUSED)
		return o->rc == 0 && o->result.injected == (row->want == INJECTED) &&
		       (row->want == SKIPPED || (o->patched && raw_equal(o->patched, o->result.pod) &&
							kept(o->given, o->patched) && containers_kept(o) &&
							!raw_get(o->given, "status") == !raw_get(o->patched, "status")));
	return o->rc < 0 && o->result.reason == row->reason && strstr(o->err.what, row->message) &&
	       o->err.code == (row->reason == REASON_LIMIT ? ERR_LIMIT : ERR_INPUT) &&
	       (!row->where || strcmp(o->err.where, row->where) == 0);
}

static size_t check_row(const struct inject_config *c, const struct row *row)
{
	struct outcome o;
	bool good;

	inject_json(c, str_of(row->pod), &o);
	good = as_wanted(row, &o);
	if (!good)
		print_error("%.200s\n  got %s, code %d, at '%s': %s\n", row->pod, reason_row(o.result.reason)->code,
			(int)o.err.code, o.err.where, told(&o));
	outcome_release(&o);
	return !good;
}

static void check_rows(const struct inject_config *c, const struct row *rows, size_t n)
{
	size_t failed = 0;

	for (size_t i = 0; i < n; i++)
		failed += check_row(c, &rows[i]);
	assert_int_equal(failed, 0);
}

static int setup(void **state)
{
	struct err err = {0};

	*state = load_config(NULL, &err);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	inject_config_free(*state);
	return 0;
}

/* --- pods --------------------------------------------------------------------------------------------------------- */

#define SPEC(s)      "{\"metadata\":{\"name\":\"web\"},\"spec\":{" s "}}"
#define CONTAINER(c) SPEC("\"containers\":[{\"name\":\"app\"," c "}]")
#define META(m)      "{\"metadata\":{\"name\":\"web\"," m "},\"spec\":{\"containers\":[{\"name\":\"app\",\"x-own\":[1]}]}}"

static const struct row pods[] = {
	{"null", REFUSED, REASON_BAD_POD, "must be a Pod", NULL},
	{"[]", REFUSED, REASON_BAD_POD, "must be a Pod", NULL},
	{"{}", INJECTED, 0, NULL, NULL},
	{"{\"metadata\":{\"name\":\"web\"}}", INJECTED, 0, NULL, NULL},
	{"{\"metadata\":null,\"spec\":null}", INJECTED, 0, NULL, NULL},
	{"{\"spec\":[]}", REFUSED, REASON_BAD_POD, "cannot read an array as", "/spec"},
	{"{\"spec\":\"x\"}", REFUSED, REASON_BAD_POD, "cannot read a string as", "/spec"},
	{"{\"metadata\":[]}", REFUSED, REASON_BAD_POD, "cannot read", "/metadata"},
	{SPEC("\"containers\":{}"), REFUSED, REASON_BAD_POD, "PodSpec.containers", "/spec/containers"},
	{SPEC("\"containers\":[null]"), INJECTED, 0, NULL, NULL},
	{SPEC("\"containers\":[null,{\"name\":\"app\",\"x-own\":1},null]"), INJECTED, 0, NULL, NULL},
	{SPEC("\"containers\":null"), INJECTED, 0, NULL, NULL},
	{SPEC("\"containers\":[]"), INJECTED, 0, NULL, NULL},
	{SPEC("\"containers\":[],\"initContainers\":null,\"volumes\":null"), INJECTED, 0, NULL, NULL},
	{SPEC("\"containers\":[1]"), REFUSED, REASON_BAD_POD, "cannot read", "/spec/containers/0"},
	{SPEC("\"containers\":[{}]"), INJECTED, 0, NULL, NULL},
	{SPEC("\"containers\":[{\"image\":\"a\"}]"), INJECTED, 0, NULL, NULL},
	{SPEC("\"containers\":[{\"name\":\"a\",\"x-n\":1},{\"name\":\"a\",\"x-n\":1}]"), INJECTED, 0, NULL, NULL},
	{SPEC("\"containers\":[{\"name\":7}]"), REFUSED, REASON_BAD_POD, "Container.name", "/spec/containers/0/name"},
	{SPEC("\"containers\":[{\"name\":\"istio-proxy\"},{\"name\":\"istio-proxy\"}]"), INJECTED, 0, NULL, NULL},
	{SPEC("\"initContainers\":[{\"name\":\"istio-init\"},{\"name\":\"istio-init\"}]"), INJECTED, 0, NULL, NULL},
	{CONTAINER("\"ports\":[{\"containerPort\":99999}]"), INJECTED, 0, NULL, NULL},
	{CONTAINER("\"ports\":[{\"containerPort\":-1}]"), INJECTED, 0, NULL, NULL},
	{CONTAINER("\"ports\":[{\"containerPort\":\"80\"}]"), REFUSED, REASON_BAD_POD, "ContainerPort.containerPort",
		"/spec/containers/0/ports/0/containerPort"},
	{CONTAINER("\"ports\":[{\"containerPort\":4294967296}]"), REFUSED, REASON_BAD_POD, "4294967296",
		"/spec/containers/0/ports/0/containerPort"},
	{CONTAINER("\"ports\":[{\"containerPort\":80.5}]"), REFUSED, REASON_BAD_POD, "80.5",
		"/spec/containers/0/ports/0/containerPort"},
	{CONTAINER("\"ports\":[null]"), INJECTED, 0, NULL, NULL},
	{CONTAINER("\"livenessProbe\":{\"httpGet\":{\"path\":\"/\",\"port\":\"nobody\"}}"), INJECTED, 0, NULL, NULL},
	{CONTAINER("\"livenessProbe\":{\"httpGet\":{\"path\":\"/\",\"port\":\"\"}}"), INJECTED, 0, NULL, NULL},
	{CONTAINER("\"livenessProbe\":{\"httpGet\":{}}"), INJECTED, 0, NULL, NULL},
	{CONTAINER("\"livenessProbe\":{\"httpGet\":{\"path\":\"/\",\"port\":99999999999}}"), REFUSED, REASON_BAD_POD,
		"99999999999", "/spec/containers/0/livenessProbe/httpGet/port"},
	{CONTAINER("\"livenessProbe\":[]"), REFUSED, REASON_BAD_POD, "Container.livenessProbe",
		"/spec/containers/0/livenessProbe"},
	{CONTAINER("\"readinessProbe\":{\"tcpSocket\":{\"port\":\"nobody\"},\"x-p\":{}}"), INJECTED, 0, NULL, NULL},
	{CONTAINER("\"env\":{\"A\":\"b\"}"), REFUSED, REASON_BAD_POD, "Container.env", "/spec/containers/0/env"},
	{CONTAINER("\"env\":[{\"name\":\"A\"},{\"name\":\"A\",\"value\":\"2\"}]"), INJECTED, 0, NULL, NULL},
	{CONTAINER("\"env\":[{\"name\":\"A\",\"value\":1}]"), REFUSED, REASON_BAD_POD, "EnvVar.value",
		"/spec/containers/0/env/0/value"},
	{CONTAINER("\"env\":[null]"), INJECTED, 0, NULL, NULL},
	{SPEC("\"volumes\":[{\"name\":\"v\",\"x-v\":1},{\"name\":\"v\",\"x-v\":1}]"), INJECTED, 0, NULL, NULL},
	{SPEC("\"volumes\":[{\"name\":\"istio-envoy\",\"hostPath\":{\"path\":\"/\"}}]"), INJECTED, 0, NULL, NULL},
	{SPEC("\"volumes\":{\"name\":\"v\"}"), REFUSED, REASON_BAD_POD, "PodSpec.volumes", "/spec/volumes"},
	{SPEC("\"imagePullSecrets\":[\"x\"]"), REFUSED, REASON_BAD_POD, "cannot read a string",
		"/spec/imagePullSecrets/0"},
	{META("\"labels\":{\"app\":1}"), REFUSED, REASON_BAD_POD, "ObjectMeta.labels", "/metadata/labels/app"},
	{META("\"labels\":null"), INJECTED, 0, NULL, NULL},
	{META("\"labels\":{\"app\":null}"), INJECTED, 0, NULL, NULL},
	{META("\"labels\":[]"), REFUSED, REASON_BAD_POD, "ObjectMeta.labels", "/metadata/labels"},
	{META("\"annotations\":null"), INJECTED, 0, NULL, NULL},
	{META("\"annotations\":{\"a/b\":true}"), REFUSED, REASON_BAD_POD, "ObjectMeta.annotations",
		"/metadata/annotations/a~1b"},
	{META("\"annotations\":\"x\""), REFUSED, REASON_BAD_POD, "ObjectMeta.annotations", "/metadata/annotations"},
	{META("\"annotations\":{\"\":\"\",\"/\":\"~\",\"~1\":\"\"}"), INJECTED, 0, NULL, NULL},
	{META("\"ownerReferences\":[null,{\"controller\":true}],\"generateName\":\"w-\""), INJECTED, 0, NULL, NULL},
	{META("\"ownerReferences\":{}"), REFUSED, REASON_BAD_POD, "ObjectMeta.ownerReferences",
		"/metadata/ownerReferences"},
	{META("\"creationTimestamp\":\"yesterday\""), REFUSED, REASON_BAD_POD, "is no time",
		"/metadata/creationTimestamp"},
	{META("\"namespace\":5"), REFUSED, REASON_BAD_POD, "ObjectMeta.namespace", "/metadata/namespace"},
	{CONTAINER("\"securityContext\":{\"runAsUser\":-1,\"x-s\":1}"), INJECTED, 0, NULL, NULL},
	{CONTAINER("\"securityContext\":{\"runAsUser\":9223372036854775807}"), INJECTED, 0, NULL, NULL},
	{CONTAINER("\"securityContext\":{\"runAsUser\":9223372036854775808}"), REFUSED, REASON_BAD_POD,
		"9223372036854775808", "/spec/containers/0/securityContext/runAsUser"},
	{SPEC("\"securityContext\":{\"fsGroup\":1e400}"), REFUSED, REASON_NONE, "range", NULL},
	{SPEC("\"terminationGracePeriodSeconds\":1e30"), REFUSED, REASON_BAD_POD, "1e30",
		"/spec/terminationGracePeriodSeconds"},
	{CONTAINER("\"resources\":{\"limits\":{\"cpu\":\"lots\"}}"), REFUSED, REASON_BAD_POD, "quantit",
		"/spec/containers/0/resources/limits/cpu"},
	{CONTAINER("\"resources\":{\"limits\":{\"cpu\":[]}}"), REFUSED, REASON_BAD_POD, "cannot read an array",
		"/spec/containers/0/resources/limits/cpu"},
	{CONTAINER("\"resources\":{\"requests\":{\"memory\":\"1e999999999\"}}"), INJECTED, 0, NULL, NULL},
	{CONTAINER("\"resources\":{\"limits\":{\"cpu\":-2,\"memory\":\"99999999999999999999999999\"}}"), INJECTED, 0,
		NULL, NULL},
	{SPEC("\"hostNetwork\":\"yes\""), REFUSED, REASON_BAD_POD, "PodSpec.hostNetwork", "/spec/hostNetwork"},
	{SPEC("\"hostNetwork\":true"), SKIPPED, 0, NULL, NULL},
	{SPEC("\"hostNetwork\":true,\"containers\":{}"), REFUSED, REASON_BAD_POD, "PodSpec.containers",
		"/spec/containers"},
	/* Fields of a newer Kubernetes, everywhere; a container of the user's own name for the proxy too. */
	{"{\"x-top\":{\"a\":[1,null,{}]},\"metadata\":{\"x-meta\":null,\"name\":\"w\"},\"spec\":{\"x-spec\":1,"
	 "\"containers\":[{\"name\":\"a\","
	 "\"x-c\":{\"d\":1.50},\"env\":[{\"name\":\"E\",\"x-e\":\"\"}],\"ports\":[{\"containerPort\":80,\"x-port\":1}],"
	 "\"livenessProbe\":{\"x-p\":1,"
	 "\"exec\":{\"command\":[\"a\"],\"x-x\":1}},\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/"
	 "v\",\"x-m\":1}]}],\"volumes\":[{\"name\":\"v\","
	 "\"x-v\":[]}],\"initContainers\":[{\"name\":\"i\",\"x-i\":{}}],\"tolerations\":[{\"x-t\":1}]},\"status\":{\"x-"
	 "status\":\"\"}}",
		INJECTED, 0, NULL, NULL},
	{CONTAINER("\"livenessProbe\":{\"x-p\":1,\"httpGet\":{\"port\":80,\"x-h\":1}}"), INJECTED, 0, NULL, NULL},
};

static void test_pods(void **state)
{
	check_rows(*state, pods, ARRAY_LEN(pods));
}

/* --- annotations that are validated ---------------------------------------------------------------------------------
 */

#define ANNOTATED(key, value) META("\"annotations\":{\"" key "\":\"" value "\"}")

static const char *const numbers[] = {
	"", " ", "-1", "1.5", "4294967296", "99999999999999999999", "0x10", "+1", "1 ", "1e3", "one", "1,2", NULL};
static const char *const booleans[] = {"", " ", "yes", "on", "2", "tRUE", "true ", "0.0", NULL};
static const char *const modes[] = {"", " ", "redirect", "REDIRECT ", "NONE,TPROXY", "x", NULL};
static const char *const quantities[] = {
	"", " ", "lots", "1 Gi", "1gi", "--1", "1e", "1.2.3", "0x1", "1 ", "NaN", NULL};
static const char *const port[] = {"", " ", "-1", "1.5", "65536", "80,81", "http", "99999999999999999999", NULL};
static const char *const ports[] = {
	"*", "*,80", "80,*", "-1", "65536", "1.5", "80,,81", "80,", ",", "80-90", "90:80", "http", NULL};
static const char *const inbound[] = {"*,80", "80,*", "-1", "65536", "80,,81", "80,", "**", "* ", NULL};
static const char *const ranges[] = {" ", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0", "10.0.0.256/8", "host.example/8",
	"10.0.0.0/8,", ",", "*,10.0.0.0/8", "::1/129", "10.0.0.0/8 ", "10.0.0.0/08", "10.0.0.9-10.0.0.1", NULL};
static const char *const interfaces[] = {
	" ", ",", "eth0,", "eth0,,eth1", "abcdefghijklmnop", "eth 0", "0eth", "eth/0", "eth0;reboot", NULL};

static const struct {
	const char *name;
	const char *const *bad;
} validated[] = {
	{"istio.io/reroute-virtual-interfaces", interfaces},
	{"prometheus.istio.io/merge-metrics", booleans},
	{"readiness.status.sidecar.istio.io/failureThreshold", numbers},
	{"readiness.status.sidecar.istio.io/initialDelaySeconds", numbers},
	{"readiness.status.sidecar.istio.io/periodSeconds", numbers},
	{"sidecar.istio.io/interceptionMode", modes},
	{"sidecar.istio.io/proxyCPU", quantities},
	{"sidecar.istio.io/proxyCPULimit", quantities},
	{"sidecar.istio.io/proxyMemory", quantities},
	{"sidecar.istio.io/proxyMemoryLimit", quantities},
	{"status.sidecar.istio.io/port", port},
	{"traffic.sidecar.istio.io/excludeInboundPorts", ports},
	{"traffic.sidecar.istio.io/excludeInterfaces", interfaces},
	{"traffic.sidecar.istio.io/excludeOutboundIPRanges", ranges},
	{"traffic.sidecar.istio.io/excludeOutboundPorts", ports},
	{"traffic.sidecar.istio.io/includeInboundPorts", inbound},
	{"traffic.sidecar.istio.io/includeOutboundIPRanges", ranges},
	{"traffic.sidecar.istio.io/kubevirtInterfaces", interfaces},
};

/* The annotation is named in the message, and the place is its JSON Pointer. */
static size_t check_bad_value(const struct inject_config *c, const char *name, const char *bad)
{
	char pod[512], message[160], where[160];
	const char *slash = strchr(name, '/');
	const struct row row = {pod, REFUSED, REASON_BAD_ANNOTATION, message, where};

	(void)snprintf(pod, sizeof(pod), META("\"annotations\":{\"%s\":\"%s\"}"), name, bad);
	(void)snprintf(message, sizeof(message), "for annotation '%s': ", name);
	(void)snprintf(where, sizeof(where), "/metadata/annotations/%.*s~1%s", (int)(slash - name), name, slash + 1);
	return check_row(c, &row);
}

static void test_validated_annotations(void **state)
{
	size_t failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(validated); i++)
		for (size_t v = 0; validated[i].bad[v]; v++)
			failed += check_bad_value(*state, validated[i].name, validated[i].bad[v]);
	assert_int_equal(failed, 0);
}

/* --- annotations that hold documents
 * ---------------------------------------------------------------------------------- */

#define CONFIG    "proxy.istio.io/config"
#define STATUS    "sidecar.istio.io/status"
#define OVERRIDES "proxy.istio.io/overrides"
#define TEMPLATES "inject.istio.io/templates"
#define AT        "/metadata/annotations/"
#define BOMB                                                                                                           \
	"a: &a [x,x,x,x,x,x,x,x,x,x]\\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\\nc: &c "                                 \
	"[*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\\n"                                                                           \
	"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\\nf: &f "                       \
	"[*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\\n"                                                                           \
	"g: [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]"

static const struct row documents[] = {
	{ANNOTATED(CONFIG, ""), INJECTED, 0, NULL, NULL},
	{ANNOTATED(CONFIG, "{"), REFUSED, REASON_BAD_ANNOTATION, "'" CONFIG "'", AT "proxy.istio.io~1config"},
	{ANNOTATED(CONFIG, "a: b: c"), REFUSED, REASON_BAD_ANNOTATION, "'" CONFIG "'", AT "proxy.istio.io~1config"},
	{ANNOTATED(CONFIG, "[1]"), REFUSED, REASON_BAD_ANNOTATION, "'" CONFIG "'", AT "proxy.istio.io~1config"},
	{ANNOTATED(CONFIG, "text"), REFUSED, REASON_BAD_ANNOTATION, "'" CONFIG "'", AT "proxy.istio.io~1config"},
	{ANNOTATED(CONFIG, "noSuchField: 1"), INJECTED, 0, NULL, NULL},
	{ANNOTATED(CONFIG, "concurrency: many"), REFUSED, REASON_BAD_ANNOTATION, "'" CONFIG "'",
		AT "proxy.istio.io~1config"},
	{ANNOTATED(CONFIG, "concurrency: -1"), INJECTED, 0, NULL, NULL}, /* as in Istio: the proxy's own affair */
	{ANNOTATED(CONFIG, "concurrency: 99999999999"), REFUSED, REASON_BAD_ANNOTATION, "'" CONFIG "'",
		AT "proxy.istio.io~1config"},
	{ANNOTATED(CONFIG, "proxyMetadata: [a]"), REFUSED, REASON_BAD_ANNOTATION, "'" CONFIG "'",
		AT "proxy.istio.io~1config"},
	{ANNOTATED(CONFIG, "proxyMetadata: {A: 1}"), REFUSED, REASON_BAD_ANNOTATION, "'" CONFIG "'",
		AT "proxy.istio.io~1config"},
	{ANNOTATED(CONFIG, "drainDuration: soon"), REFUSED, REASON_BAD_ANNOTATION, "'" CONFIG "'",
		AT "proxy.istio.io~1config"},
	{ANNOTATED(CONFIG, "a: *nobody"), REFUSED, REASON_BAD_ANNOTATION, "'" CONFIG "'", AT "proxy.istio.io~1config"},
	{ANNOTATED(CONFIG, "a: &a [*a]"), REFUSED, REASON_BAD_ANNOTATION, "'" CONFIG "'", AT "proxy.istio.io~1config"},
	{ANNOTATED(CONFIG, BOMB), REFUSED, REASON_BAD_ANNOTATION, "'" CONFIG "'", AT "proxy.istio.io~1config"},
	{ANNOTATED(STATUS, ""), INJECTED, 0, NULL, NULL},
	{ANNOTATED(STATUS, "not JSON"), INJECTED, 0, NULL, NULL},
	{ANNOTATED(STATUS, "[]"), INJECTED, 0, NULL, NULL},
	{ANNOTATED(STATUS, "{\\\"containers\\\":\\\"app\\\"}"), REFUSED, REASON_BAD_ANNOTATION, "'" STATUS "'",
		AT "sidecar.istio.io~1status"},
	{ANNOTATED(STATUS, "{\\\"containers\\\":[7]}"), REFUSED, REASON_BAD_ANNOTATION, "'" STATUS "'",
		AT "sidecar.istio.io~1status"},
	{ANNOTATED(STATUS, "{\\\"volumes\\\":{}}"), REFUSED, REASON_BAD_ANNOTATION, "'" STATUS "'",
		AT "sidecar.istio.io~1status"},
	{ANNOTATED(STATUS, "{\\\"containers\\\":[\\\"app\\\"],\\\"initContainers\\\":[\\\"app\\\"]}"), INJECTED, 0,
		NULL, NULL},
	{ANNOTATED(OVERRIDES, ""), REFUSED, REASON_BAD_ANNOTATION, "'" OVERRIDES "'", AT "proxy.istio.io~1overrides"},
	{ANNOTATED(OVERRIDES, "not JSON"), REFUSED, REASON_BAD_ANNOTATION, "'" OVERRIDES "'",
		AT "proxy.istio.io~1overrides"},
	{ANNOTATED(OVERRIDES, "[]"), REFUSED, REASON_BAD_ANNOTATION, "'" OVERRIDES "'", AT "proxy.istio.io~1overrides"},
	{ANNOTATED(OVERRIDES, "null"), INJECTED, 0, NULL, NULL},
	{ANNOTATED(OVERRIDES, "{\\\"containers\\\":{}}"), REFUSED, REASON_BAD_ANNOTATION, "'" OVERRIDES "'",
		AT "proxy.istio.io~1overrides"},
	{ANNOTATED(OVERRIDES, "{\\\"containers\\\":[{\\\"name\\\":1}]}"), REFUSED, REASON_BAD_ANNOTATION,
		"'" OVERRIDES "'", AT "proxy.istio.io~1overrides"},
	{ANNOTATED(OVERRIDES, "{\\\"containers\\\":[{\\\"name\\\":\\\"app\\\"},null]}"), INJECTED, 0, NULL, NULL},
	{META("\"annotations\":{\"" STATUS "\":\"{\\\"containers\\\":[\\\"app\\\"]}\",\"" OVERRIDES
	      "\":\"{\\\"containers\\\":[{\\\"name\\\":\\\"app\\\",\\\"$patch\\\":\\\"delete\\\"}]}\"}"),
		INJECTED, 0, NULL, NULL},
	{ANNOTATED(TEMPLATES, ""), REFUSED, REASON_UNKNOWN_TEMPLATE,
		"requested template \"\" not found; have sidecar, gateway", AT "inject.istio.io~1templates"},
	{ANNOTATED(TEMPLATES, "nobody"), REFUSED, REASON_UNKNOWN_TEMPLATE, "nobody", AT "inject.istio.io~1templates"},
	{ANNOTATED(TEMPLATES, "no\\\\body"), REFUSED, REASON_UNKNOWN_TEMPLATE, "requested template \"no\\\\body\" not found",
		AT "inject.istio.io~1templates"},
	{ANNOTATED(TEMPLATES, "sidecar,,gateway"), REFUSED, REASON_UNKNOWN_TEMPLATE,
		"requested template \"\" not found", AT "inject.istio.io~1templates"},
	{ANNOTATED(TEMPLATES, "sidecar,"), REFUSED, REASON_UNKNOWN_TEMPLATE, "requested template \"\" not found",
		AT "inject.istio.io~1templates"},
	{ANNOTATED(TEMPLATES, " sidecar "), INJECTED, 0, NULL, NULL},
	{ANNOTATED(TEMPLATES, "gateway"), INJECTED, 0, NULL, NULL},
	{ANNOTATED("sidecar.istio.io/userVolume", "not JSON"), REFUSED, REASON_TEMPLATE_FAILED,
		"must hold a JSON object of volumes by name", NULL},
	{ANNOTATED("sidecar.istio.io/userVolume", "[]"), REFUSED, REASON_TEMPLATE_FAILED,
		"annotation 'sidecar.istio.io/userVolume' must", NULL},
	{ANNOTATED("sidecar.istio.io/userVolume", "{\\\"v\\\":{\\\"emptyDir\\\":{}}}"), INJECTED, 0, NULL, NULL},
	{ANNOTATED("sidecar.istio.io/userVolumeMount", "{\\\"v\\\":{\\\"mountPath\\\":\\\"/v\\\"}}"), INJECTED, 0, NULL,
		NULL},
	{ANNOTATED("sidecar.istio.io/userVolume", "{\\\"v\\\":1}"), REFUSED, REASON_OVERLAY_FAILED, "", NULL},
	{ANNOTATED("sidecar.istio.io/userVolume", "{\\\"istio-envoy\\\":{\\\"hostPath\\\":{\\\"path\\\":\\\"/\\\"}}}"),
		INJECTED, 0, NULL, NULL},
	{ANNOTATED("sidecar.istio.io/userVolumeMount", "{"), REFUSED, REASON_TEMPLATE_FAILED,
		"must hold a JSON object of volumes by name", NULL},
	{ANNOTATED("sidecar.istio.io/userVolumeMount", "{\\\"v\\\":{\\\"$patch\\\":\\\"delete\\\"}}"), REFUSED,
		REASON_OVERLAY_FAILED, "order", NULL},
};

static void test_documents(void **state)
{
	check_rows(*state, documents, ARRAY_LEN(documents));
}

/* Text that is no YAML is told of in the words of the configuration's format. */
static void test_rendered_text_is_no_yaml(void **state UNUSED)
{
	static const struct {
		const char *config, *message;
	} rows[] = {
		{"policy: enabled\ntemplate: 'a: ['\n",
			"failed parsing generated injected YAML (check Istio sidecar injector configuration): "},
		{"policy: enabled\ndefaultTemplates: [sidecar]\ntemplates: {sidecar: 'a: ['}\n",
			"failed to run injection template: failed applying injection overlay: "},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};
		struct inject_config *c = load_config(rows[i].config, &err);
		struct outcome o;

		assert_non_null(c);
		inject_json(c, STR("{\"metadata\":{\"name\":\"a\"},\"spec\":{\"containers\":[{\"name\":\"app\"}]}}"), &o);
		assert_int_equal(o.rc, -1);
		assert_ptr_equal(strstr(o.err.what, rows[i].message), o.err.what);
		outcome_release(&o);
		inject_config_free(c);
	}
}

/* Up to 1.8 a status that cannot be read was one of before there were any, and nobody read overrides. */
static void test_records_up_to_1_8(void **state UNUSED)
{
	static const struct row rows[] = {
		{ANNOTATED(STATUS, "{\\\"containers\\\":\\\"app\\\"}"), INJECTED, 0, NULL, NULL},
		{ANNOTATED(STATUS, "{\\\"containers\\\":[7]}"), INJECTED, 0, NULL, NULL},
		{ANNOTATED(OVERRIDES, ""), INJECTED, 0, NULL, NULL},
		{ANNOTATED(OVERRIDES, "not JSON"), INJECTED, 0, NULL, NULL},
		{ANNOTATED(OVERRIDES, "[]"), INJECTED, 0, NULL, NULL},
		{ANNOTATED(OVERRIDES, "{\\\"containers\\\":[{\\\"name\\\":1}]}"), INJECTED, 0, NULL, NULL},
	};
	struct err err = {0};
	struct inject_config *c = load_config("policy: enabled\ntemplate: |\n  containers: [{name: istio-proxy}]\n", &err);

	assert_non_null(c);
	check_rows(c, rows, ARRAY_LEN(rows));
	inject_config_free(c);
}

/* What the configuration annotates with is no wish of the pod's: the proxy is not told of it, and Prometheus goes to the agent. */
static void test_injected_annotations_up_to_1_8(void **state UNUSED)
{
	struct err err = {0};
	struct inject_config *c = load_config("policy: enabled\ninjectedAnnotations: {prometheus.io/port: '5', "
					      "prometheus.istio.io/merge-metrics: 'false'}\ntemplate: |\n  # includeOutboundPorts\n"
					      "  containers: [{name: istio-proxy}]\n",
		&err);
	const struct value *proxy;
	struct outcome o;

	assert_non_null(c);
	inject_json(c, STR("{\"metadata\":{\"name\":\"a\"},\"spec\":{\"containers\":[{\"name\":\"app\"}]}}"), &o);
	assert_non_null(o.patched);
	assert_true(str_is(raw_str(raw_path(o.patched, "metadata", "annotations", NULL), "prometheus.io/port"), "15020"));
	proxy = item_named(raw_path(o.patched, "spec", "containers", NULL), STR("istio-proxy"));
	assert_non_null(proxy);
	assert_null(item_named(raw_get(proxy, "env"), STR("ISTIO_PROMETHEUS_ANNOTATIONS")));
	outcome_release(&o);
	inject_config_free(c);
}

/* On OpenShift a namespace's ids are for its own pods, not for those of another cluster that has one of that name. */
static void test_ids_are_of_one_cluster(void **state UNUSED)
{
	static const struct {
		const char *ours;
		int64_t user;
	} rows[] = {{"c1", 1000629999}, {"", 1337}, {"c2", 1337}}; /* pods come by /inject/cluster/c1 */

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct inject_options options = {
			.native = NATIVE_TRUE, .openshift = true, .cluster_id = str_of(rows[i].ours)};
		const struct config_texts texts = {.cluster_objects = {"ns", STR("{kind: Namespace, metadata: {name: shop, "
			"annotations: {openshift.io/sa.scc.uid-range: 1000620000/10000}}}")}};
		struct err err = {0};
		struct inject_config *c = inject_config_load(&texts, &options, &err);
		const struct value *proxy;
		struct outcome o;
		int64_t user = 0;

		assert_non_null(c);
		inject_json(c, STR("{\"metadata\":{\"name\":\"a\"},\"spec\":{\"containers\":[{\"name\":\"app\"}]}}"), &o);
		assert_non_null(o.patched);
		proxy = item_named(raw_path(o.patched, "spec", "initContainers", NULL), STR("istio-proxy"));
		assert_true(raw_int(raw_path(proxy, "securityContext", "runAsUser", NULL), &user));
		assert_int_equal(user, rows[i].user);
		outcome_release(&o);
		inject_config_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_injected_annotations_up_to_1_8),
		cmocka_unit_test(test_records_up_to_1_8),
		cmocka_unit_test(test_ids_are_of_one_cluster),
		cmocka_unit_test(test_pods),
		cmocka_unit_test(test_validated_annotations),
		cmocka_unit_test(test_rendered_text_is_no_yaml),
		cmocka_unit_test(test_documents),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
