/* SPDX-License-Identifier: Apache-2.0 */
/* Second injections: what the first one saw is found out again, and what others have done since is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/pod/restore.h"
#include "patches/pod/told.h"
#include "patches/reinject.h"
#include "tests/unit/inject_pods.h"

enum { MOST = 4 << 20 };

static const struct value *parse(struct arena *a, const char *json)
{
	struct err err = {0};
	const struct value *v = json_parse(a, json, strlen(json), JSON_FROM_POD, &err);

	if (!v)
		fail_msg("%s: %s", json, err.what);
	return v;
}

/* --- which containers were seen, and where a proxy may have stood ------------------------------------------------------- */

#define CONTAINER(name, ports) "{\"name\":\"" name "\",\"ports\":[" ports "]}"
#define PORT(number)           "{\"containerPort\":" number "}"

/* told: names and ports, NULL for no such variable; seen: names; places: indices; own: ports that no container has. */
static const struct {
	const char *containers, *names, *ports, *seen, *places, *own;
} rows[] = {
	{CONTAINER("a", PORT("1")), NULL, NULL, "a", "1 0", ""},
	{CONTAINER("a", PORT("1")), "a", "[" PORT("1") "]", "a", "1 0", ""},
	{CONTAINER("a", PORT("1")) "," CONTAINER("b", PORT("2")), "a", "[" PORT("1") "]", "a", "1 0", ""},
	{CONTAINER("a", PORT("1")) "," CONTAINER("b", PORT("2")), "a,b", "[" PORT("1") "," PORT("9") "," PORT("2") "]", "a b", "1 2 0", "9"},
	{CONTAINER("a", PORT("1")) "," CONTAINER("b", PORT("2")), "a,b", "[" PORT("8") "," PORT("9") "," PORT("1") "," PORT("2") "]", "a b",
		"0 2", "8 9"},
	{CONTAINER("a", PORT("1")) "," CONTAINER("b", PORT("2")), "istio-proxy,a,b", "[" PORT("1") "," PORT("2") "]", "a b", "0 2", ""},
	{CONTAINER("a", PORT("1")) "," CONTAINER("b", PORT("2")), "a,istio-proxy,b", "[" PORT("1") "," PORT("9") "," PORT("2") "]", "a b",
		"1 2 0", "9"},
	{CONTAINER("a", PORT("1")) "," CONTAINER("istio-proxy", PORT("9")), "a,istio-proxy", "[" PORT("1") "," PORT("9") "]", "a", "1 0", "9"},
	/* names and ports of something else: the pod's word is worth nothing */
	{CONTAINER("a", PORT("1")), "x,y", "[" PORT("7") "]", "a", "1 0", ""},
	{CONTAINER("a", PORT("1")), "", "not JSON", "a", "1 0", ""},
	{CONTAINER("a", PORT("1")), NULL, "{}", "a", "1 0", ""},
	{"", "a", "[" PORT("7") "]", "", "0", "7"},
	/* without names: what came later had no port that was told */
	{CONTAINER("a", PORT("1")) "," CONTAINER("b", PORT("2")), NULL, "[" PORT("1") "]", "a", "1 0", ""},
	{CONTAINER("a", PORT("1")) "," CONTAINER("b", PORT("2")), NULL, "[" PORT("2") "]", "b", "1 0", ""},
	{CONTAINER("a", PORT("1")) "," CONTAINER("b", PORT("2")), NULL, "[" PORT("9") "," PORT("1") "]", "a", "0 1", "9"},
};

/* Ports or indices, as text. */
static const char *ports_as_text(struct arena *a, const struct value *l)
{
	struct text t;
	int64_t port;

	text_init(&t, a, MOST);
	for (size_t n = 0; n < l->u.list.len && raw_int(raw_get(l->u.list.item[n], "containerPort"), &port); n++)
		text_addf(&t, "%s%d", n ? " " : "", (int)port);
	return text_cstr(&t);
}

static const char *names_as_text(struct arena *a, const struct seen *s)
{
	struct text t;

	text_init(&t, a, MOST);
	for (size_t i = 0; i < s->len; i++)
		text_addf(&t, "%s%.*s", i ? " " : "", (int)raw_str(s->item[i], "name").len, raw_str(s->item[i], "name").p);
	return text_cstr(&t);
}

static const char *places_as_text(struct arena *a, const struct seen *s)
{
	struct text t;

	text_init(&t, a, MOST);
	for (size_t i = 0; i < s->n_places; i++)
		text_addf(&t, "%s%zu", i ? " " : "", s->place[i]);
	return text_cstr(&t);
}

static const struct value *proxy_told(struct arena *a, const char *names, const char *ports)
{
	static const char *const variables[] = {ENV_APP_CONTAINERS, ENV_POD_PORTS};
	const char *const values[] = {names, ports};
	struct text t;

	text_init(&t, a, MOST);
	text_adds(&t, "{\"name\":\"istio-proxy\",\"env\":[{\"name\":\"X\"}");
	for (size_t i = 0; i < 2; i++) {
		if (!values[i])
			continue;
		text_addf(&t, ",{\"name\":\"%s\",\"value\":", variables[i]);
		json_write_string(&t, str_of(values[i]), 0);
		text_adds(&t, "}");
	}
	text_adds(&t, "]}");
	return parse(a, text_cstr(&t));
}

static void test_seen(void **state UNUSED)
{
	size_t failed = 0;
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *pod = arena_printf(&a, "{\"spec\":{\"containers\":[%s]}}", rows[i].containers);
		const char *const want[] = {rows[i].seen, rows[i].places, rows[i].own};
		const struct evidence evidence = {proxy_told(&a, rows[i].names, rows[i].ports), NULL};
		const char *got[3];
		struct err err = {0};
		struct seen s;

		assert_int_equal(seen_read(&a, parse(&a, pod), &evidence, &s, &err), 0);
		got[0] = names_as_text(&a, &s);
		got[1] = places_as_text(&a, &s);
		got[2] = ports_as_text(&a, s.ports);
		for (size_t n = 0; n < 3; n++) {
			if (strcmp(got[n], want[n]) == 0)
				continue;
			print_error("row %zu: '%s', want '%s'\n", i, got[n], want[n]);
			failed++;
		}
	}
	arena_release(&a);
	assert_int_equal(failed, 0);
}

/* --- whole pods ------------------------------------------------------------------------------------------------------------ */

/* Overlays, as of 1.9 and later. */
static const char native[] = "policy: enabled\n"
			     "templates:\n"
			     "  sidecar: |\n"
			     "    spec:\n"
			     "      initContainers:\n"
			     "      - name: istio-proxy\n"
			     "        image: proxy:1\n"
			     "        restartPolicy: Always\n"
			     "        env:\n"
			     "        - name: ISTIO_META_POD_PORTS\n"
			     "          value: '[{{ $first := true }}{{ range .Spec.Containers }}{{ range .Ports }}"
			     "{{ if not $first }},{{ end }}{{ structToJSON . }}{{ $first = false }}{{ end }}{{ end }}]'\n"
			     "        - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}\n"
			     "      volumes: [{name: istio-envoy, emptyDir: {medium: Memory}}]\n"
			     "defaultTemplates: [sidecar]\n";

/* Every container of the pod's gets a variable, as with gRPC. */
static const char each[] = "policy: enabled\n"
			   "templates:\n"
			   "  sidecar: |\n"
			   "    spec:\n"
			   "      containers:\n"
			   "      {{ range .Spec.Containers }}\n"
			   "      - name: {{ .Name }}\n"
			   "        env: [{name: TOLD, value: x}]\n"
			   "      {{ end }}\n"
			   "defaultTemplates: [sidecar]\n";

/* A list of what is added, as up to 1.8; without names as of 1.5, or as of 1.7. */
static const char lists[] = "policy: enabled\n"
			    "template: |\n"
			    "  containers:\n"
			    "  - name: istio-proxy\n"
			    "    image: proxy:1\n"
			    "    env:\n"
			    "    - name: ISTIO_META_POD_PORTS\n"
			    "      value: '[{{ $first := true }}{{ range .Spec.Containers }}{{ range .Ports }}"
			    "{{ if not $first }},{{ end }}{{ structToJSON . }}{{ $first = false }}{{ end }}{{ end }}]'\n"
			    "  volumes: [{name: istio-envoy, emptyDir: {medium: Memory}}, {name: istio-token, emptyDir: {}}]\n"
			    "  imagePullSecrets: [{name: pull}]\n";

static const char named_lists[] = "policy: enabled\n"
				  "template: |\n"
				  "  # holdApplicationUntilProxyStarts: 1.7\n"
				  "  initContainers: [{name: istio-validation, image: proxy:1}]\n"
				  "  containers:\n"
				  "  - name: istio-proxy\n"
				  "    image: proxy:1\n"
				  "    env:\n"
				  "    - name: ISTIO_META_APP_CONTAINERS\n"
				  "      value: '{{ range $i, $c := .Spec.Containers }}{{ if ne $i 0 }},{{ end }}{{ $c.Name }}{{ end }}'\n"
				  "  volumes: [{name: istio-token, emptyDir: {}}]\n";

/* What the configuration annotates with is written over what Prometheus is told. */
static const char annotating[] = "policy: enabled\n"
				 "injectedAnnotations: {prometheus.io/port: '5', note: x}\n"
				 "defaultTemplates: [sidecar]\n"
				 "templates:\n"
				 "  sidecar: |\n"
				 "    spec: {containers: [{name: istio-proxy, image: proxy:1}]}\n";

/* A null goes where the list is new, and is a zero where it is not. */
static const char nulls[] = "policy: enabled\n"
			    "defaultTemplates: [sidecar]\n"
			    "templates:\n"
			    "  sidecar: |\n"
			    "    spec:\n"
			    "      initContainers: [{name: istio-init, image: i, resources: {limits: {cpu: '1', memory: null}}}]\n"
			    "      containers: [{name: istio-proxy, image: p, resources: {limits: {cpu: '1', memory: null}}}]\n";

/* Of 1.8: what the template tells the proxy of the network goes to a label. */
static const char network_lists[] = "policy: enabled\n"
				    "template: |\n"
				    "  # appendMultusNetwork\n"
				    "  containers:\n"
				    "  - name: istio-proxy\n"
				    "    image: proxy:1\n"
				    "    env:\n"
				    "    - {name: ISTIO_META_NETWORK, value: n9}\n"
				    "    - {name: LAST, value: z}\n"
				    "    - name: ISTIO_META_APP_CONTAINERS\n"
				    "      value: '{{ range $i, $c := .Spec.Containers }}{{ if ne $i 0 }},{{ end }}{{ $c.Name }}{{ end }}'\n";

#define POD(containers, more) "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[" containers "]" more "}}"
#define APP                   "{\"name\":\"app\",\"image\":\"app:1\",\"ports\":[{\"containerPort\":80}]}"
#define TWO                   "{\"name\":\"two\",\"image\":\"two:1\",\"ports\":[{\"containerPort\":81}]}"
#define OWN                   "{\"name\":\"istio-proxy\",\"image\":\"auto\",\"ports\":[{\"containerPort\":9}],\"tty\":true}"
#define BARE                  "{\"name\":\"istio-proxy\",\"image\":\"auto\"}"
#define TOKEN                                                                                                                         \
	"{\"name\":\"istio-proxy\",\"image\":\"x\",\"volumeMounts\":[{\"name\":\"t\",\"mountPath\":\"/var/run/secrets/kubernetes.io/" \
	"serviceaccount\"}]}"

#define OVERRIDES(text)                                                                                                               \
	"{\"metadata\":{\"name\":\"p\",\"annotations\":{\"proxy.istio.io/overrides\":\"" text "\"}},\"spec\":{\"containers\":[" APP "]}}"

static const char *const pods[] = {
	POD(APP, ""),
	OVERRIDES("{}"),
	OVERRIDES("{\\\"containers\\\":null,\\\"initContainers\\\":[]}"),
	POD(APP "," TWO, ",\"volumes\":[{\"name\":\"mine\",\"emptyDir\":{}}],\"imagePullSecrets\":[{\"name\":\"mine\"}]"),
	POD(OWN "," APP "," TWO, ""),
	POD(APP "," OWN "," TWO, ""),
	POD(APP "," TWO "," OWN, ""),
	POD(APP "," BARE, ""),
	POD(TOKEN "," APP, ""),
	POD(APP, ",\"initContainers\":[" OWN "]"),
	POD(APP, ",\"initContainers\":[{\"name\":\"istio-validation\",\"image\":\"mine\"},{\"name\":\"first\",\"image\":\"x\"}]"),
	POD(APP, ",\"volumes\":[{\"name\":\"istio-token\",\"secret\":{\"secretName\":\"s\"}},{\"name\":\"v\",\"emptyDir\":{}}],"
		 "\"imagePullSecrets\":[{\"name\":\"pull\"},{\"name\":\"mine\"}]"),
	POD(APP, ",\"volumes\":[{\"name\":\"istio-envoy\",\"secret\":{\"secretName\":\"s\"}},{\"name\":\"v\",\"emptyDir\":{}}]"),
	POD("{\"name\":\"app\",\"image\":\"a\",\"env\":[{\"name\":\"A\",\"value\":\"1\"},{\"name\":\"A\",\"value\":\"2\"}]}", ""),
};

/* What others do, to the original and to the injected pod: a JSON Patch. /spec/containers/-, since containers change places. */
static const char *const changes[] = {
	"[]",
	"[{\"op\":\"add\",\"path\":\"/spec/containers/-\",\"value\":{\"name\":\"added\",\"image\":\"x\",\"ports\":[{\"containerPort\":70}]}}]",
	"[{\"op\":\"add\",\"path\":\"/metadata/labels\",\"value\":{\"added\":\"x\"}}]",
	"[{\"op\":\"add\",\"path\":\"/spec/nodeName\",\"value\":\"n\"},{\"op\":\"add\",\"path\":\"/spec/future\",\"value\":{\"x\":[1]}}]",
	"[{\"op\":\"add\",\"path\":\"/spec/tolerations\",\"value\":[{\"key\":\"x\"}]}]",
};

static struct str as_json(struct arena *a, const struct value *v)
{
	struct text t;

	text_init(&t, a, MOST);
	json_write(&t, v, 0);
	return (struct str){t.data, t.len};
}

static struct str changed(struct arena *a, struct str pod, const char *change)
{
	struct err err = {0};
	const struct value *v = json_parse(a, pod.p, pod.len, JSON_FROM_POD, &err);

	v = v ? json_patch_apply(a, v, parse(a, change), &err) : NULL;
	if (!v)
		fail_msg("%s: %s", change, err.what);
	return as_json(a, v);
}

/* Injects the changed original, and the injected pod after the same change. Whether both give the same. */
static bool gives_the_same(const struct inject_config *c, const char *pod, const char *change)
{
	struct outcome once, want, got;
	bool same;

	inject_json(c, str_of(pod), &once);
	assert_non_null(once.patched);
	inject_json(c, changed(&once.arena, str_of(pod), change), &want);
	inject_json(c, changed(&once.arena, as_json(&once.arena, once.patched), change), &got);
	same = want.patched && got.patched && raw_equal(want.patched, got.patched) &&
	       (strcmp(change, "[]") != 0 || str_is(got.result.patch, "[]"));
	if (!same)
		print_error("%s\n%s\n", pod, change);
	outcome_release(&once);
	outcome_release(&want);
	outcome_release(&got);
	return same;
}

static void test_pods(void **state UNUSED)
{
	/* Templates that go over all containers, and tell no names, cannot say which came later: unchanged pods only. */
	static const struct {
		const char *text;
		size_t n_changes;
	} configs[] = {{native, ARRAY_LEN(changes)}, {each, 1}, {lists, ARRAY_LEN(changes)}, {named_lists, ARRAY_LEN(changes)},
		{annotating, ARRAY_LEN(changes)}, {nulls, ARRAY_LEN(changes)}};
	size_t failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(configs); i++) {
		struct err err = {0};
		struct inject_config *c = load_config(configs[i].text, &err);

		if (!c)
			fail_msg("%zu: %s", i, err.what);
		for (size_t p = 0; p < ARRAY_LEN(pods); p++)
			for (size_t n = 0; n < configs[i].n_changes; n++)
				failed += !gives_the_same(c, pods[p], changes[n]);
		inject_config_free(c);
	}
	assert_int_equal(failed, 0);
}

/* What is added to the templates' own proxy stays, and counts as what the pod asks for; not what the API server fills in. */
static void test_additions(void **state UNUSED)
{
	static const struct {
		const char *change;
		bool asked;
	} additions[] = {
		{"[]", false},
		{"[{\"op\":\"add\",\"path\":\"/spec/containers/1/imagePullPolicy\",\"value\":\"Always\"}]", false},
		{"[{\"op\":\"add\",\"path\":\"/spec/containers/1/command\",\"value\":[\"sleep\"]}]", true},
		{"[{\"op\":\"add\",\"path\":\"/spec/containers/1/env/-\",\"value\":{\"name\":\"MORE\"}}]", true},
	};
	struct err err = {0};
	struct inject_config *c = load_config(lists, &err);

	assert_non_null(c);
	for (size_t i = 0; i < ARRAY_LEN(additions); i++) {
		struct outcome once, twice;

		inject_json(c, str_of(pods[0]), &once);
		inject_json(c, changed(&once.arena, as_json(&once.arena, once.patched), additions[i].change), &twice);
		assert_int_equal(twice.rc, 0);
		if (!str_is(twice.result.patch, "[]") || !raw_any_container(twice.result.asked_pod, CONTAINER_PROXY) == additions[i].asked)
			fail_msg("%s: %.*s", additions[i].change, (int)twice.result.patch.len, twice.result.patch.p);
		outcome_release(&once);
		outcome_release(&twice);
	}
	inject_config_free(c);
}

/* --- records that nobody's injection wrote ------------------------------------------------------------------------------------ */

static size_t runs;

static int counted_overlays(struct injection *in, struct err *err)
{
	runs++;
	return inject_overlays(in, err);
}

static int counted_lists(struct injection *in, struct err *err)
{
	runs++;
	return inject_lists(in, err);
}

#define FORGED(status, overrides, proxy, more)                                                                              \
	"{\"metadata\":{\"annotations\":{\"sidecar.istio.io/status\":\"" status "\",\"proxy.istio.io/overrides\":\"" overrides \
	"\"}},\"spec\":{\"containers\":[" APP "," TWO ",{\"name\":\"istio-proxy\",\"env\":[" proxy "]}]" more "}}"
#define SAYS(name, value) "{\"name\":\"" name "\",\"value\":\"" value "\"}"

static const char *const forged[] = {
	FORGED("{\\\"containers\\\":[\\\"istio-proxy\\\"]}", "{}", "", ""),
	FORGED("{\\\"containers\\\":[\\\"app\\\",\\\"two\\\",\\\"istio-proxy\\\"]}", "{}", "", ""),
	FORGED("{\\\"containers\\\":[\\\"istio-proxy\\\"],\\\"volumes\\\":[\\\"mine\\\"]}",
		"{\\\"containers\\\":[{\\\"name\\\":\\\"app\\\"},{\\\"name\\\":\\\"istio-proxy\\\",\\\"tty\\\":true}]}",
		SAYS("ISTIO_META_APP_CONTAINERS", "two,istio-proxy,app,nobody") "," SAYS("ISTIO_META_POD_PORTS",
			"[{\\\"containerPort\\\":80},{\\\"containerPort\\\":1},{\\\"containerPort\\\":81}]") ","
		SAYS("ISTIO_METAJSON_ANNOTATIONS", "{\\\"a\\\":\\\"b\\\"}") "," SAYS("ISTIO_METAJSON_LABELS", "{}"),
		",\"volumes\":[{\"name\":\"mine\",\"emptyDir\":{}}]"),
	FORGED("{\\\"initContainers\\\":[\\\"istio-proxy\\\"],\\\"imagePullSecrets\\\":[\\\"mine\\\"]}",
		"{\\\"initContainers\\\":[{\\\"name\\\":\\\"istio-proxy\\\"}]}", SAYS("ISTIO_META_POD_PORTS", "[1,2,3]"),
		",\"imagePullSecrets\":[{\"name\":\"mine\"}]"),
};

static size_t count_runs(const struct inject_config *c, inject_fn *run, const char *json)
{
	struct inject_result result = {.reason = REASON_NONE};
	struct inject_request req = {.namespace = STR("shop")};
	struct injection_record record;
	struct injection in = {.config = c, .req = &req, .ret = &result};
	struct err err = {0};
	struct arena a;

	runs = 0;
	arena_init(&a, 0);
	in.a = &a;
	in.given = req.pod = parse(&a, json);
	in.annotations = raw_path(in.given, "metadata", "annotations", NULL);
	if (injection_record_read(&a, in.given, &record, &err) < 0 || !restorable(&record) || reinject(&in, &record, run, &err) < 0)
		fail_msg("%s: %s", json, err.what);
	/* Up to 1.8 Istio takes out whatever a status names, so that has to stay; it is warned of. */
	for (size_t i = 0; i < 2 && run == counted_overlays; i++)
		if (!raw_container(in.merged, "containers", i ? STR("two") : STR("app")))
			fail_msg("%s: a container is gone", json);
	arena_release(&a);
	return runs;
}

/* Whatever the pod says of earlier injections, templates run a few times, and what is the user's stays. */
static void test_forged_records(void **state UNUSED)
{
	size_t most = 0;

	for (size_t i = 0; i < 2; i++) {
		struct err err = {0};
		struct inject_config *c = load_config(i ? named_lists : native, &err);

		assert_non_null(c);
		for (size_t n = 0; n < ARRAY_LEN(forged); n++) {
			const size_t some = count_runs(c, i ? counted_lists : counted_overlays, forged[n]);

			most = some > most ? some : most;
		}
		inject_config_free(c);
	}
	assert_in_range(most, 2, REINJECT_MOST_RUNS);
}

/* --- the network that Istio 1.8 told of in a label --------------------------------------------------------------------------- */

static const struct value *inject_plain(const struct inject_config *c, struct arena *a, const struct value *pod, struct str *ret_patch)
{
	const struct str json = as_json(a, pod);
	struct inject_request req = {.pod_json = json, .namespace = STR("shop"), .url_path = STR("/inject")};
	struct inject_result res;
	struct err err = {0};

	req.pod = json_parse(a, json.p, json.len, JSON_FROM_POD, &err);
	if (!req.pod || inject_pod(c, a, &req, &res, &err) < 0 || !res.injected)
		fail_msg("%s", err.what);
	*ret_patch = res.patch;
	return res.pod;
}

static void test_network_label(void **state UNUSED)
{
	static const char *const labels[] = {"{}", "{\"topology.istio.io/network\":\"n9\"}", "{\"topology.istio.io/network\":\"own\",\"a\":\"b\"}"};
	struct err err = {0};
	struct inject_config *c = load_config(network_lists, &err);

	assert_non_null(c);
	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		const struct value *pod;
		struct str patch;
		struct arena a;
		const char *text;

		arena_init(&a, 0);
		text = arena_printf(&a, "{\"metadata\":{\"name\":\"p\",\"labels\":%s},\"spec\":{\"containers\":[" APP "]}}", labels[i]);
		pod = json_parse(&a, text, strlen(text), 0, &err);
		assert_non_null(pod);
		(void)inject_plain(c, &a, inject_plain(c, &a, pod, &patch), &patch);
		if (!str_is(patch, "[]"))
			fail_msg("%s: %.*s", labels[i], (int)patch.len, patch.p);
		arena_release(&a);
	}
	inject_config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seen),
		cmocka_unit_test(test_pods), cmocka_unit_test(test_network_label),
		cmocka_unit_test(test_additions),
		cmocka_unit_test(test_forged_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
