/* SPDX-License-Identifier: Apache-2.0 */
/* The passes over a pod, one by one: owner, environment of the URL, Prometheus, order, user ids, native sidecars. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/pod/native.h"
#include "patches/pod/order.h"
#include "patches/pod/owner.h"
#include "patches/pod/prometheus.h"
#include "patches/pod/proxy_user.h"
#include "patches/pod/template_data.h"
#include "patches/pod/url_env.h"
#include "patches/value/json.h"

static const struct value *parse(struct arena *a, const char *json)
{
	struct err err = {0};
	const struct value *v = json_parse(a, json, strlen(json), JSON_FROM_POD, &err);

	if (!v)
		fail_msg("%s: %s", json, err.what);
	return v;
}

static const char *print(struct arena *a, const struct value *v)
{
	struct text t;

	text_init(&t, a, 1 << 20);
	json_write(&t, v, JSON_SORT_KEYS);
	return text_cstr(&t);
}

/* --- owner ------------------------------------------------------------------------------------------------------- */

#define POD(kind, name, labels)                                                                                        \
	"{\"metadata\":{\"name\":\"p\",\"generateName\":\"p-\",\"labels\":" labels                                     \
	",\"ownerReferences\":[{\"controller\":false,\"kind\":\"X\",\"name\":\"x\"},{\"controller\":true,\"apiVersion\":\"v9\",\"kind\":\"" \
	kind "\",\"name\":\"" name "\"}]}}"

static const struct {
	const char *pod, *today, *up_to_1_8;
} owners[] = {
	{"{\"metadata\":{\"name\":\"p\"}}", "v1/Pod/p", "v1/Pod/p"},
	{"{\"metadata\":{\"generateName\":\"p-\"}}", "v1/Pod/", "v1/Pod/"},
	{POD("ReplicaSet", "web-abc", "{\"pod-template-hash\":\"abc\"}"), "v9/Deployment/web", "v9/Deployment/web"},
	{POD("ReplicaSet", "webabc", "{\"pod-template-hash\":\"abc\"}"), "v9/Deployment/webabc", "v9/Deployment/webabc"},
	{POD("ReplicaSet", "web-abc", "{\"pod-template-hash\":\"xyz\"}"), "v9/ReplicaSet/web-abc", "v9/ReplicaSet/web-abc"},
	{POD("ReplicaSet", "web-", "{}"), "v9/ReplicaSet/web-", "v9/Deployment/web"},
	{POD("ReplicaSet", "r-77", "{\"rollouts-pod-template-hash\":\"77\"}"), "v1alpha1/Rollout/r", "v9/Deployment/r-77"},
	{POD("ReplicationController", "rc-1", "{\"deploymentconfig\":\"dc\"}"), "v9/DeploymentConfig/dc", "v9/ReplicationController/rc-1"},
	{POD("Job", "nightly-12345678", "{}"), "batch/v1/CronJob/nightly", "v9/Job/nightly-12345678"},
	{POD("Job", "nightly-1234567890", "{}"), "batch/v1/CronJob/nightly", "batch/v1beta1/CronJob/nightly"},
	{POD("Job", "nightly-12345678901", "{}"), "v9/Job/nightly-12345678901", "v9/Job/nightly-12345678901"},
	{POD("Job", "nightly-1234567", "{}"), "v9/Job/nightly-1234567", "v9/Job/nightly-1234567"},
	{POD("Job", "-1234567890", "{}"), "v9/Job/-1234567890", "v9/Job/-1234567890"},
	{POD("StatefulSet", "db", "{}"), "v9/StatefulSet/db", "v9/StatefulSet/db"},
};

static const char *owner_text(struct arena *a, const struct workload *w)
{
	return arena_printf(a, "%.*s/%.*s/%.*s", (int)w->api_version.len, w->api_version.p, (int)w->kind.len, w->kind.p,
		(int)w->name.len, w->name.p ? w->name.p : "");
}

static void test_owner(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(owners); i++) {
		struct workload w;
		struct arena a;

		arena_init(&a, 0);
		w = owner_of_pod(parse(&a, owners[i].pod), STR("ns"));
		assert_string_equal(owner_text(&a, &w), owners[i].today);
		w = owner_up_to_1_8(parse(&a, owners[i].pod), STR("ns"), true, true);
		assert_string_equal(owner_text(&a, &w), owners[i].up_to_1_8);
		arena_release(&a);
	}
}

/* --- environment --------------------------------------------------------------------------------------------------- */

static const struct {
	const char *path, *env;
} urls[] = {
	{"/inject", "{}"},
	{"/inject/", "{}"},
	{"", "{}"},
	{"/inject/cluster", "{}"},
	{"/inject/cluster/c1", "{\"ISTIO_META_CLUSTER_ID\":\"c1\"}"},
	{"/inject/cluster/c1/net/n1/", "{\"ISTIO_META_CLUSTER_ID\":\"c1\",\"ISTIO_META_NETWORK\":\"n1\"}"},
	{"/inject/net/a--slash--b--slash--", "{\"ISTIO_META_NETWORK\":\"a/b/\"}"},
	{"/inject/foo/bar/net", "{\"FOO\":\"bar\"}"},
	{"/inject/foo//net/n", "{\"FOO\":\"\",\"ISTIO_META_NETWORK\":\"n\"}"},
	{"/inject//x/net/n", "{\"ISTIO_META_NETWORK\":\"n\"}"},
	{"/inject/:ENV:cluster=c1:ENV:net=n2:ENV:K=V=W", "{\"ISTIO_META_CLUSTER_ID\":\"c1\",\"ISTIO_META_NETWORK\":\"n2\",\"K\":\"V=W\"}"},
	{"/inject/:ENV:=x:ENV:y:ENV:z=", "{\"Z\":\"\"}"},
};

static void test_url_env(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct value v = {.kind = K_MAP};
		struct arena a;

		arena_init(&a, 0);
		v.u.map = url_env(&a, str_of(urls[i].path));
		assert_non_null(v.u.map);
		assert_string_equal(print(&a, &v), urls[i].env);
		arena_release(&a);
	}
}

/* --- Prometheus ----------------------------------------------------------------------------------------------------- */

#define PROXY ",\"spec\":{\"containers\":[{\"name\":\"istio-proxy\"}]}}"
#define NOTES(n) "{\"metadata\":{\"annotations\":" n "}" PROXY
static const char plain_mesh[] = "{\"defaultConfig\":{\"statusPort\":15020}}";
#define OURS "\"prometheus.io/path\":\"/stats/prometheus\",\"prometheus.io/port\":\"15020\",\"prometheus.io/scrape\":\"true\""

static const struct {
	const char *pod, *mesh, *annotations, *told, *error;
} metrics[] = {
	{NOTES("{}"), plain_mesh, "{" OURS "}", NULL, NULL},
	{NOTES("{\"prometheus.io/scrape\":\"false\"}"), plain_mesh, "{\"prometheus.io/scrape\":\"false\"}", NULL, NULL},
	{NOTES("{\"prometheus_io_scrape\":\"0\"}"), plain_mesh, "{\"prometheus_io_scrape\":\"0\"}", NULL, NULL},
	{NOTES("{\"prometheus.io/port\":\"8080\"}"), plain_mesh, "{" OURS "}",
		"{\"scrape\":\"\",\"path\":\"\",\"port\":\"8080\"}", NULL},
	{NOTES("{\"prometheus-io/port\":\"8080\",\"prometheus.io/path\":\"/m\"}"), plain_mesh, "{" OURS "}",
		"{\"scrape\":\"\",\"path\":\"/m\",\"port\":\"8080\"}", NULL},
	{NOTES("{\"prometheus.io/port\":\"15020\"}"), plain_mesh, "{\"prometheus.io/port\":\"15020\"}", NULL, NULL},
	{NOTES("{\"prometheus.io/port\":\"x\"}"), plain_mesh, NULL, NULL,
		"invalid prometheus scrape configuration: invalid port \"x\""},
	{NOTES("{\"prometheus.io/port\":\"15090\"}"), plain_mesh, NULL, NULL,
		"invalid prometheus scrape configuration: port 15090 is reserved for Istio (Envoy Prometheus (already merged)) and cannot be "
		"scraped"},
	{NOTES("{\"prometheus.istio.io/scrape-targets\":\"1:/a, 2\"}"), plain_mesh, "{" OURS "}",
		"{\"scrape\":\"\",\"path\":\"/a\",\"port\":\"1\",\"targets\":[{\"port\":\"1\",\"path\":\"/a\"},{\"port\":\"2\",\"path\":\"/metrics\"}]}",
		NULL},
	{NOTES("{\"prometheus.istio.io/scrape-targets\":\"70000\"}"), plain_mesh, NULL, NULL,
		"invalid prometheus scrape targets: invalid target port \"70000\""},
	{NOTES("{\"prometheus.istio.io/merge-metrics\":\"false\"}"), plain_mesh, "{\"prometheus.istio.io/merge-metrics\":\"false\"}", NULL,
		NULL},
	{NOTES("{\"a\":\"b\"}"), "{\"enablePrometheusMerge\":false}", "{\"a\":\"b\"}", NULL, NULL},
};

static void test_prometheus(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(metrics); i++) {
		struct err err = {0};
		const struct value *pod, *env;
		struct pod_edit e;
		struct arena a;
		int rc;

		arena_init(&a, 0);
		pod_edit_begin(&e, &a, parse(&a, metrics[i].pod));
		rc = merge_prometheus(&e, parse(&a, metrics[i].mesh), &err);
		assert_int_equal(rc, metrics[i].error ? -1 : 0);
		if (metrics[i].error) {
			assert_string_equal(err.what, metrics[i].error);
		} else {
			pod = pod_edit_end(&e, &err);
			assert_non_null(pod);
			assert_string_equal(print(&a, raw_path(pod, "metadata", "annotations", NULL)), metrics[i].annotations);
			env = raw_get(raw_any_container(pod, CONTAINER_PROXY), "env");
			if (metrics[i].told)
				assert_string_equal(print(&a, raw_get(env->u.list.item[0], "value")),
					print(&a, value_cstr(&a, metrics[i].told)));
			else
				assert_null(env);
		}
		arena_release(&a);
	}
}

/* --- order ------------------------------------------------------------------------------------------------------------ */

static const char *names(struct arena *a, const struct container_list *l)
{
	struct text t;

	text_init(&t, a, 4096);
	for (size_t i = 0; i < l->len; i++) {
		const struct str name = raw_str(l->item[i], "name");

		text_adds(&t, i ? " " : "");
		text_add(&t, name.p, name.len);
	}
	return text_cstr(&t);
}

static const struct {
	const char *spec;
	bool hold;
	const char *containers, *init;
} orders[] = {
	{"{\"containers\":[{\"name\":\"istio-proxy\"},{\"name\":\"a\"}],\"initContainers\":[{\"name\":\"istio-init\"},{\"name\":\"i\"}]}",
		false, "a istio-proxy", "i istio-init"},
	{"{\"containers\":[{\"name\":\"a\"},{\"name\":\"istio-proxy\"}],\"initContainers\":[{\"name\":\"i\"},{\"name\":\"istio-validation\"}]}",
		true, "istio-proxy a", "istio-validation i"},
	{"{\"containers\":[{\"name\":\"a\"}],\"initContainers\":[{\"name\":\"i\"},{\"name\":\"enable-core-dump\"},{\"name\":\"istio-proxy\"},"
	 "{\"name\":\"istio-init\"}]}",
		false, "a", "istio-init istio-proxy enable-core-dump i"},
	{"{\"initContainers\":[{\"name\":\"enable-core-dump\"},{\"name\":\"i\"},{\"name\":\"istio-init\"}]}", false, "",
		"i istio-init enable-core-dump"},
};

static void test_order(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		struct pod_edit e;
		struct arena a;

		arena_init(&a, 0);
		pod_edit_begin(&e, &a, parse(&a, arena_printf(&a, "{\"spec\":%s}", orders[i].spec)));
		order_containers(&e, orders[i].hold);
		assert_string_equal(names(&a, &e.containers), orders[i].containers);
		assert_string_equal(names(&a, &e.init_containers), orders[i].init);
		arena_release(&a);
	}
}

/* --- ids ---------------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *annotations;
	int64_t uid, gid;
} ranges[] = {
	{"{}", 1337, 1337},
	{"{\"openshift.io/sa.scc.uid-range\":\"1000620000/10000\"}", 1000629999, 1000629999},
	{"{\"openshift.io/sa.scc.uid-range\":\"5-9\",\"openshift.io/sa.scc.supplemental-groups\":\"20/10,90/2\"}", 9, 29},
	{"{\"openshift.io/sa.scc.uid-range\":\"x\",\"openshift.io/sa.scc.supplemental-groups\":\"20/10,y\"}", 1337, 1337},
	{"{\"openshift.io/sa.scc.uid-range\":\"\",\"openshift.io/sa.scc.supplemental-groups\":\"1/1\"}", 1337, 1},
};

static void test_namespace_ids(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
		struct namespace_facts ns = {.name = STR("n")};
		struct arena a;
		int64_t uid, gid;

		arena_init(&a, 0);
		ns.annotations = parse(&a, ranges[i].annotations)->u.map;
		namespace_ids(&ns, &uid, &gid);
		assert_int_equal(uid, ranges[i].uid);
		assert_int_equal(gid, ranges[i].gid);
		arena_release(&a);
	}
}

/* --- native sidecars ------------------------------------------------------------------------------------------------------ */

static void test_native(void **state UNUSED)
{
	const struct node nodes[] = {{STR("old"), 32}, {STR("new"), 33}};
	struct inject_config c = {.native = NATIVE_AUTO, .cluster_id = STR("Kubernetes"), .nodes = nodes, .n_nodes = 2, .nodes_known = true};
	struct arena a;

	arena_init(&a, 0);
	assert_false(native_sidecars(&c, parse(&a, "{}"), STR("Kubernetes")));
	assert_true(native_sidecars(&c, parse(&a, "{\"spec\":{\"nodeName\":\"new\"}}"), STR("Kubernetes")));
	assert_false(native_sidecars(&c, parse(&a, "{\"spec\":{\"nodeName\":\"old\"}}"), STR("Kubernetes")));
	assert_false(native_sidecars(&c, parse(&a, "{\"spec\":{\"nodeName\":\"gone\"}}"), STR("Kubernetes")));
	assert_false(native_sidecars(&c, parse(&a, "{\"spec\":{\"nodeName\":\"new\"}}"), STR("c1")));
	c.n_nodes = 0;
	assert_true(native_sidecars(&c, parse(&a, "{}"), STR("Kubernetes")));
	c.nodes_known = false;
	assert_false(native_sidecars(&c, parse(&a, "{}"), STR("Kubernetes")));
	c.native = NATIVE_TRUE;
	assert_true(native_sidecars(&c, parse(&a, "{}"), STR("c1")));
	c.native = NATIVE_FALSE;
	assert_false(native_sidecars(&c, parse(&a, "{}"), STR("Kubernetes")));
	arena_release(&a);
}

/* --- worker threads ------------------------------------------------------------------------------------------------------- */

#define VALUES(resources) "{\"global\":{\"proxy\":{\"resources\":" resources "}}}"
#define LIMIT(cpu)        "{\"sidecar.istio.io/proxyCPULimit\":\"" cpu "\"}"

static void test_concurrency(void **state UNUSED)
{
	static const struct {
		const char *values, *proxy_config, *annotations;
		int64_t want;
	} rows[] = {
		{"{}", "{}", LIMIT("4"), 2},
		{"{}", "{\"concurrency\":3}", LIMIT("4"), 3},
		{"{}", "{\"concurrency\":0}", "{}", 2},
		{"{}", "{\"concurrency\":0}", LIMIT("6500m"), 7},
		{"{}", "{\"concurrency\":0}", LIMIT("0"), 0},
		{VALUES("{\"limits\":{\"cpu\":\"5\"}}"), "{\"concurrency\":0}", LIMIT("much"), 2},
		{VALUES("{\"limits\":{\"cpu\":\"5\"}}"), "{\"concurrency\":0}", "{\"sidecar.istio.io/proxyCPU\":\"3\"}", 3},
		{VALUES("{\"limits\":{\"cpu\":\"5\"},\"requests\":{\"cpu\":\"1\"}}"), "{\"concurrency\":0}", "{}", 5},
		{VALUES("{\"limits\":{\"cpu\":\"much\"},\"requests\":{\"cpu\":\"1\"}}"), "{\"concurrency\":0}", "{}", 1},
		/* rounded as Istio's floating point does; what is too large for it is 0 */
		{"{}", "{\"concurrency\":0}", LIMIT("9007199254740993"), 9007199254740994},
		{"{}", "{\"concurrency\":0}", LIMIT("12E"), 0},
	};
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(estimated_concurrency(&a, parse(&a, rows[i].values), parse(&a, rows[i].proxy_config),
					 parse(&a, rows[i].annotations)), rows[i].want);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_owner), cmocka_unit_test(test_url_env), cmocka_unit_test(test_prometheus), cmocka_unit_test(test_order),
		cmocka_unit_test(test_namespace_ids), cmocka_unit_test(test_native), cmocka_unit_test(test_concurrency),
	};

	return cmocka_run_group_tests_name("pod", tests, NULL, NULL);
}
