/* SPDX-License-Identifier: Apache-2.0 */
/* Too much of everything through the whole injection: pods, annotations, templates that do not end, memory that does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/unit/inject_pods.h"

enum { MOST = 16 << 20 };

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

static struct str str_of_text(const struct text *t)
{
	assert_false(t->failed);
	return (struct str){t->data, t->len};
}

/* --- large pods --------------------------------------------------------------------------------------------------- */

static void test_thousand_containers(void **state)
{
	enum { MANY = 1000 };
	struct text pod;
	struct outcome o;

	text_init(&pod, NULL, MOST);
	text_adds(&pod, "{\"spec\":{\"containers\":[");
	for (int i = 0; i < MANY; i++)
		text_addf(&pod,
			"%s{\"name\":\"c%d\",\"x-n\":%d,\"ports\":[{\"containerPort\":%d}],\"livenessProbe\":{"
			"\"httpGet\":{\"port\":80}}}",
			i ? "," : "", i, i, i + 1);
	text_adds(&pod, "]}}");
	inject_json(*state, str_of_text(&pod), &o);
	if (!o.patched)
		fail_msg("%s", o.err.what);
	for (int i = 0; i < MANY; i++) {
		char name[16];
		int64_t n;

		(void)snprintf(name, sizeof(name), "c%d", i);
		assert_true(raw_int(
			raw_get(item_named(raw_path(o.patched, "spec", "containers", NULL), str_of(name)), "x-n"), &n));
		assert_int_equal(n, i);
	}
	outcome_release(&o);
	text_release(&pod);
}

/* 3 MiB in annotations: carried, as one of a size and as many. */
static void test_large_annotations(void **state)
{
	for (int many = 0; many < 2; many++) {
		struct text pod;
		struct outcome o;

		text_init(&pod, NULL, MOST);
		text_adds(&pod, "{\"metadata\":{\"annotations\":{");
		for (int i = 0; i < (many ? 3 << 10 : 1); i++) {
			text_addf(&pod, "%s\"a%d\":\"", i ? "," : "", i);
			text_fill(&pod, 'x', many ? 1 << 10 : 3 << 20);
			text_addc(&pod, '"');
		}
		text_adds(&pod, "}}}");
		inject_json(*state, str_of_text(&pod), &o);
		if (!o.patched)
			fail_msg("%s", o.err.what);
		assert_true(o.result.patch.len < 64 << 10);
		outcome_release(&o);
		text_release(&pod);
	}
}

/* A long value of one annotation: `filler` again and again between two texts. */
static const struct {
	const char *name, *before, *filler, *after;
	size_t times;
	enum reason reason; /* 0: injected */
	enum err_code code;
	const char *message;
} longs[] = {
	{"inject.istio.io/templates", "sidecar", ",sidecar", "", 999, REASON_LIMIT, ERR_LIMIT,
		"'inject.istio.io/templates' names more than 64"},
	{"inject.istio.io/templates", "sidecar", ",sidecar", "", 63, 0, ERR_NONE, ""},
	{"inject.istio.io/templates", "", "x", "", 1 << 20, REASON_UNKNOWN_TEMPLATE, ERR_INPUT,
		"not found; have sidecar, gateway"},
	{"proxy.istio.io/config", "proxyMetadata: {A: '", "x", "'}", 1 << 20, 0, ERR_NONE, ""},
	{"proxy.istio.io/config", "", "[", "", 1 << 20, REASON_BAD_ANNOTATION, ERR_INPUT, "'proxy.istio.io/config'"},
	{"proxy.istio.io/config", "", "{a: ", "", 1 << 18, REASON_BAD_ANNOTATION, ERR_INPUT, "'proxy.istio.io/config'"},
	{"proxy.istio.io/config", "concurrency: ", "9", "", 1 << 20, REASON_BAD_ANNOTATION, ERR_INPUT,
		"'proxy.istio.io/config'"},
	{"proxy.istio.io/config", "", "concurrency: 1\\n", "", 1 << 16, 0, ERR_NONE, ""},
	{"sidecar.istio.io/status", "", "[", "", 1 << 20, 0, ERR_NONE, ""},
	{"proxy.istio.io/overrides", "", "[", "", 1 << 20, REASON_LIMIT, ERR_LIMIT, "'proxy.istio.io/overrides'"},
	{"proxy.istio.io/overrides", "{\\\"containers\\\":[{\\\"name\\\":\\\"istio-proxy\\\"}",
		",{\\\"name\\\":\\\"istio-proxy\\\"}", "]}", 1 << 14, REASON_LIMIT, ERR_LIMIT,
		"containers lists more than 256 containers"},
	{"proxy.istio.io/overrides", "{\\\"containers\\\":[{\\\"name\\\":\\\"istio-proxy\\\"}",
		",{\\\"name\\\":\\\"istio-proxy\\\"}", "]}", 200, 0, ERR_NONE, ""},
	{"sidecar.istio.io/status", "{\\\"volumes\\\":[\\\"v\\\"", ",\\\"v\\\"", "]}", 1 << 14, REASON_LIMIT, ERR_LIMIT,
		"'sidecar.istio.io/status'"},
	{"sidecar.istio.io/status", "{\\\"volumes\\\":[\\\"v\\\"", ",\\\"v\\\"", "]}", 200, 0, ERR_NONE, ""},
	{"sidecar.istio.io/userVolume", "", "{\\\"a\\\":", "", 1 << 16, REASON_TEMPLATE_FAILED, ERR_INPUT,
		"'sidecar.istio.io/userVolume' must hold"},
	{"sidecar.istio.io/proxyCPU", "", "1", "", 1 << 20, 0, ERR_NONE, ""},
	{"sidecar.istio.io/proxyCPU", "1e", "9", "", 1 << 10, REASON_BAD_ANNOTATION, ERR_INPUT,
		"'sidecar.istio.io/proxyCPU'"},
	{"sidecar.istio.io/proxyCPU", "1e", "9", "", 9, 0, ERR_NONE, ""},
	{"sidecar.istio.io/proxyCPU", "1e-", "9", "", 9, 0, ERR_NONE, ""},
	{"traffic.sidecar.istio.io/excludeInboundPorts", "1", ",1", "", 1 << 18, 0, ERR_NONE, ""},
	{"traffic.sidecar.istio.io/excludeInboundPorts", "", ",", "", 1 << 18, REASON_BAD_ANNOTATION, ERR_INPUT,
		"excludeInboundPorts"},
	{"traffic.sidecar.istio.io/includeOutboundIPRanges", "1.1.1.1/1", ",1.1.1.1/1", "", 1 << 16, 0, ERR_NONE, ""},
	{"istio.io/reroute-virtual-interfaces", "eth0", ",eth0", "", 1 << 16, 0, ERR_NONE, ""},
};

static void test_long_values(void **state)
{
	size_t failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(longs); i++) {
		struct text pod;
		struct outcome o;
		bool good;

		text_init(&pod, NULL, MOST);
		text_addf(&pod, "{\"metadata\":{\"annotations\":{\"%s\":\"%s", longs[i].name, longs[i].before);
		for (size_t n = 0; n < longs[i].times; n++)
			text_adds(&pod, longs[i].filler);
		text_addf(&pod, "%s\"}}}", longs[i].after);
		inject_json(*state, str_of_text(&pod), &o);
		if (longs[i].code == ERR_NONE)
			good = o.rc == 0 && o.patched;
		else
			good = o.rc < 0 && o.result.reason == longs[i].reason && o.err.code == longs[i].code &&
			       strstr(o.err.what, longs[i].message);
		failed += !good;
		if (!good)
			print_error("%s %s%s...: %s, code %d, at '%s': %s\n", longs[i].name, longs[i].before,
				longs[i].filler, reason_row(o.result.reason)->code, (int)o.err.code, o.err.where,
				o.err.what);
		outcome_release(&o);
		text_release(&pod);
	}
	assert_int_equal(failed, 0);
}

/* What a forged record must not take away: volumes and secrets by the status, a container because another list has its name. */
static void test_forged_record(void **state)
{
	static const char *const pods[] = {
		"{\"metadata\":{\"annotations\":{\"sidecar.istio.io/status\":\"{\\\"volumes\\\":[\\\"mine\\\"],\\\"imagePullSecrets\\\":"
		"[\\\"mine\\\"]}\"}},\"spec\":{\"containers\":[{\"name\":\"a\"}],\"volumes\":[{\"name\":\"mine\"}],"
		"\"imagePullSecrets\":[{\"name\":\"mine\"}]}}",
		"{\"metadata\":{\"annotations\":{\"sidecar.istio.io/status\":\"{\\\"containers\\\":[\\\"istio-init\\\"]}\"}},\"spec\":"
		"{\"containers\":[{\"name\":\"a\"},{\"name\":\"istio-init\",\"image\":\"mine\"}]}}",
	};

	static const char *const mine[] = {"{\"name\":\"mine\"}", "\"image\":\"mine\""};

	for (size_t i = 0; i < ARRAY_LEN(pods); i++) {
		const char *first;
		struct outcome o;
		struct text out;

		inject_json(*state, str_of(pods[i]), &o);
		assert_int_equal(o.rc, 0);
		text_init(&out, NULL, MOST);
		json_write(&out, raw_get(o.patched, "spec"), 0);
		first = strstr(text_cstr(&out), mine[i]);
		if (!first || (i == 0 && !strstr(first + 1, mine[i]))) /* the volume and the secret */
			fail_msg("pod %zu: %s", i, text_cstr(&out));
		text_release(&out);
		outcome_release(&o);
	}
}

/* --- templates of the configuration's own
 * ------------------------------------------------------------------------------ */

#define POD "{\"metadata\":{\"annotations\":{\"k\":\"v\"}},\"spec\":{\"containers\":[{\"name\":\"app\",\"x-own\":1}]}}"

/* The template's lines are given without indentation. */
static const struct {
	const char *text;
	enum reason reason; /* 0: injected */
	enum err_code code;
	const char *message, *where;
} templates[] = {
	{"a: 1\nb: {{ template \"x\" . }}\n{{ define \"x\" }}\n{{ template \"x\" . }}{{ end }}", REASON_LIMIT,
		ERR_LIMIT, "template: inject:4:", "line 4"},
	{"{{ range $i := until 1000000000 }}x{{ end }}", REASON_LIMIT, ERR_LIMIT, "template: inject:1:", "line 1"},
	{"a: 1\n{{ range 1000000000 }}{{ end }}", REASON_LIMIT, ERR_LIMIT, "template: inject:2:", "line 2"},
	{"a: 1\n{{ range 1000000000 }}x{{ end }}", REASON_LIMIT, ERR_LIMIT, "template: inject:2:", "line 2"},
	{"a: {{ printf \"%1000000000d\" 1 }}", REASON_OVERLAY_FAILED, ERR_INPUT, "", NULL},
	{"a: '{{ repeat 1000000000 \"xxxxxxxxxx\" }}'", REASON_LIMIT, ERR_LIMIT, "template: inject:1:", "line 1"},
	{"\n{{ range until 1000 }}{{ repeat 10000 \"x\" }}{{ end }}", REASON_LIMIT, ERR_LIMIT,
		"template: inject:2:", "line 2"},
	{"{{ $l := list 1 }}{{ range until 100 }}{{ $l = concat $l $l }}{{ end }}", REASON_LIMIT, ERR_LIMIT,
		"template: inject:1:", "line 1"},
	{"{{ $d := dict }}{{ $_ := set $d \"d\" $d }}\n{{ toJson $d }}", REASON_LIMIT, ERR_LIMIT,
		"template: inject:2:", "line 2"},
	{"\n{{ regexReplaceAll \"(a|aa)+$\" (repeat 100000 \"a\") \"\" }}", 0, 0, "", NULL},
	{"{{ fail \"no\" }}", REASON_TEMPLATE_FAILED, ERR_INPUT, "template: inject:1:", "line 1"},
	{"\n\n{{ .Nope }}", REASON_TEMPLATE_FAILED, ERR_INPUT, "template: inject:3:", "line 3"},
	{"{{ index .Spec.Containers 7 }}", REASON_TEMPLATE_FAILED, ERR_INPUT, "template: inject:1:", "line 1"},
	{"[1]", REASON_OVERLAY_FAILED, ERR_INPUT, "template 's' does not render a map", NULL},
	{"text", REASON_OVERLAY_FAILED, ERR_INPUT, "template 's' does not render a map", NULL},
	{"a: [", REASON_OVERLAY_FAILED, ERR_INPUT, "yaml: line 1", NULL},
	{"", 0, 0, "", NULL},
	{"# nothing", 0, 0, "", NULL},
	{"metadata: {}\n---\nspec: [}", 0, 0, "", NULL},
	{"a: &a\n  b: *a", REASON_OVERLAY_FAILED, ERR_INPUT, "anchor 'a' value contains itself", NULL},
	{"spec: {containers: []}", 0, 0, "", NULL},
	{"spec: {containers: null}", 0, 0, "gone", NULL}, /* the configuration's own order */
	{"spec: null", 0, 0, "gone", NULL},
	{"spec: {containers: [{image: a}]}", REASON_OVERLAY_FAILED, ERR_INPUT, "merge key", NULL},
	{"spec: {containers: [1]}", REASON_OVERLAY_FAILED, ERR_INPUT, "", NULL},
	{"spec: {containers: {a: b}}", REASON_OVERLAY_FAILED, ERR_INPUT, "", NULL},
	{"spec: {containers: [{name: a, $patch: explode}]}", REASON_OVERLAY_FAILED, ERR_INPUT, "explode", NULL},
	{"spec: {$patch: 1}", REASON_OVERLAY_FAILED, ERR_INPUT, "", NULL},
	{"spec: {containers: [{name: a, ports: [{containerPort: x}]}]}", REASON_OVERLAY_FAILED, ERR_INPUT,
		"containerPort", NULL},
	{"a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
	 "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f "
	 "[*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
	 "g: [*f,*f,*f,*f,*f,*f,*f,*f,*f,*f]",
		REASON_LIMIT, ERR_LIMIT, "", NULL},
};

static struct inject_config *config_of(const char *template, struct err *err)
{
	struct text t;
	struct str rest = str_of(template);
	struct inject_config *c;

	text_init(&t, NULL, MOST);
	text_adds(&t, "policy: enabled\ndefaultTemplates: [s]\ntemplates:\n  s: |2\n");
	while (rest.p) {
		const struct str line = str_cut(&rest, '\n');

		text_adds(&t, "    ");
		text_add(&t, line.p, line.len);
		text_addc(&t, '\n');
	}
	c = load_config(text_cstr(&t), err);
	text_release(&t);
	return c;
}

static void test_templates(void **state UNUSED)
{
	size_t failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(templates); i++) {
		struct err err = {0};
		struct inject_config *c = config_of(templates[i].text, &err);
		struct outcome o;
		bool good;

		if (!c)
			fail_msg("%s: %s: %s", templates[i].text, err.where, err.what);
		inject_json(c, STR(POD), &o);
		if (!templates[i].reason)
			good = o.rc == 0 && o.patched &&
			       !item_named(raw_path(o.patched, "spec", "containers", NULL), STR("app")) ==
				       (templates[i].message[0] != '\0');
		else
			good = o.rc < 0 && o.result.reason == templates[i].reason && o.err.code == templates[i].code &&
			       strstr(o.err.what, templates[i].message) &&
			       (!templates[i].where || strcmp(o.err.where, templates[i].where) == 0);
		failed += !good;
		if (!good)
			print_error("%.60s: %s, code %d, at '%s': %s\n", templates[i].text,
				reason_row(o.result.reason)->code, (int)o.err.code, o.err.where, o.err.what);
		outcome_release(&o);
		inject_config_free(c);
	}
	assert_int_equal(failed, 0);
}

/* --- the format of 1.5 to 1.8
 * -------------------------------------------------------------------------------------------------- */

/* A forged status strips containers there, as Istio's own did: it must be told. */
static void test_forged_status(void **state UNUSED)
{
	static const struct {
		const char *names;
		size_t warnings;
	} rows[] = {{"app", 1}, {"proxy", 0}, {"nobody", 0}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0};
		struct inject_config *c =
			load_config("policy: enabled\ntemplate: |\n  containers: [{name: proxy}]\n", &err);
		struct outcome o;
		char pod[512];

		if (!c)
			fail_msg("%s", err.what);
		(void)snprintf(pod, sizeof(pod),
			"{\"metadata\":{\"annotations\":{\"sidecar.istio.io/"
			"status\":\"{\\\"containers\\\":[\\\"%s\\\"]}\"}},"
			"\"spec\":{\"containers\":[{\"name\":\"proxy\"},{\"name\":\"app\"}]}}",
			rows[i].names);
		inject_json(c, str_of(pod), &o);
		if (!o.patched)
			fail_msg("%s", o.err.what);
		assert_int_equal(o.result.n_warnings, rows[i].warnings);
		assert_int_equal(
			!item_named(raw_path(o.patched, "spec", "containers", NULL), STR("app")), rows[i].warnings);
		outcome_release(&o);
		inject_config_free(c);
	}
}

/* --- memory that ends
 * ---------------------------------------------------------------------------------------------------- */

static const char *const pods[] = {
	"{\"metadata\":{\"name\":\"web\"},\"spec\":{\"containers\":[{\"name\":\"app\",\"image\":\"app:1\"}]}}",
	"{\"metadata\":{\"generateName\":\"web-\",\"labels\":{\"app\":\"web\",\"version\":\"v1\"},\"ownerReferences\":["
	"{\"controller\":true,\"kind\":"
	"\"ReplicaSet\",\"name\":\"web-1\",\"apiVersion\":\"apps/v1\"}],\"annotations\":{\"prometheus.io/"
	"scrape\":\"true\",\"prometheus.io/port\":\"80\","
	"\"proxy.istio.io/config\":\"proxyMetadata: {A: b}\\nholdApplicationUntilProxyStarts: "
	"true\",\"sidecar.istio.io/proxyCPU\":\"1\","
	"\"sidecar.istio.io/"
	"userVolume\":\"{\\\"v\\\":{\\\"emptyDir\\\":{}}}\"}},\"spec\":{\"containers\":[{\"name\":\"app\",\"ports\":[{"
	"\"name\":\"web\","
	"\"containerPort\":80}],\"livenessProbe\":{\"httpGet\":{\"port\":\"web\"}},\"readinessProbe\":{\"tcpSocket\":{"
	"\"port\":80}}},{\"name\":\"istio-proxy\","
	"\"image\":\"auto\",\"env\":[{\"name\":\"A\",\"value\":\"c\"}],\"resources\":{\"limits\":{\"cpu\":\"0.5\"}}}]}"
	"}",
	"{\"metadata\":{\"annotations\":{\"sidecar.istio.io/"
	"status\":\"{\\\"containers\\\":[\\\"istio-proxy\\\"],\\\"volumes\\\":[\\\"istio-envoy\\\"]}\","
	"\"proxy.istio.io/"
	"overrides\":\"{\\\"containers\\\":[{\\\"name\\\":\\\"istio-proxy\\\",\\\"tty\\\":true}]}\"}},\"spec\":{"
	"\"containers\":["
	"{\"name\":\"istio-proxy\",\"env\":[{\"name\":\"ISTIO_META_APP_CONTAINERS\",\"value\":\"istio-proxy,app\"},"
	"{\"name\":\"ISTIO_META_POD_PORTS\",\"value\":\"[{\\\"containerPort\\\":9}]\"},{\"name\":\"MORE\",\"value\":\"x\"}]},"
	"{\"name\":\"app\"},{\"name\":\"later\"}],\"volumes\":[{\"name\":\"istio-envoy\"}]}}",
	"{\"metadata\":{\"annotations\":{\"status.sidecar.istio.io/port\":\"x\",\"sidecar.istio.io/interceptionMode\":\"y\"}}}",
};

/* The last n bytes of the arena are all there is. 0 done, -1 refused for want of memory; anything else fails the test.
 */
static int inject_within(const struct inject_config *c, struct str pod, size_t room, const struct outcome *want)
{
	enum { ARENA = 8 << 20 };
	struct inject_request req = {
		.pod_json = pod, .namespace = STR("shop"), .url_path = STR("/inject/cluster/c1/net/n1")};
	struct inject_result r = {.reason = REASON_NONE};
	struct err err = {0};
	struct arena a;
	int rc;

	arena_init(&a, ARENA);
	assert_non_null(arena_alloc(&a, ARENA - 4096));
	assert_non_null(arena_alloc(&a, (size_t)(a.end - a.next)));
	a.next -= room;
	a.max = a.total;
	req.pod = json_parse(&a, pod.p, pod.len, JSON_FROM_POD, &err);
	rc = req.pod ? inject_pod(c, &a, &req, &r, &err) : -1;
	if (rc == want->rc && err.code == want->err.code && (rc < 0 || str_eq(r.patch, want->result.patch)))
		rc = 0;
	else if (rc < 0 && err.code != ERR_NOMEM)
		fail_msg("room for %zu bytes: code %d: %s", room, (int)err.code, err.what);
	else if (rc == 0)
		fail_msg("room for %zu bytes: another patch", room);
	arena_release(&a);
	return rc;
}

static void end_memory(const struct inject_config *c, const char *json)
{
	enum { STEP = 16 * 17, ENOUGH = 4 << 20 };
	const struct str pod = str_of(json);
	struct outcome want;
	size_t room = 0;

	inject_json(c, pod, &want);
	while (room < ENOUGH && inject_within(c, pod, room, &want) < 0)
		room += STEP;
	assert_in_range(room, STEP, ENOUGH - 1);
	outcome_release(&want);
}

static void test_out_of_memory(void **state)
{
	struct err err = {0};
	struct inject_config *old = load_config("policy: enabled\ntemplate: |\n  rewriteAppHTTPProbe: true\n"
						"  containers: [{name: istio-proxy, args: [--statusPort, '15020']}]\n",
		&err);

	assert_non_null(old);
	for (size_t i = 0; i < ARRAY_LEN(pods); i++) {
		end_memory(*state, pods[i]);
		end_memory(old, pods[i]);
	}
	inject_config_free(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thousand_containers),
		cmocka_unit_test(test_large_annotations),
		cmocka_unit_test(test_long_values), cmocka_unit_test(test_forged_record),
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_forged_status),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
