/* SPDX-License-Identifier: Apache-2.0 */
/* json.Marshal over typed and dynamic values; what is wanted was printed by Go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <cmocka.h>

#include "tests/unit/oom.h"
#include "tests/unit/view_path.h"

#define PROXY                                                                                                                        \
	"{\"drainDuration\":\"45.5s\",\"concurrency\":0,\"statusPort\":15020,\"interceptionMode\":\"TPROXY\",\"serviceCluster\":\"\"," \
	"\"tracing\":{\"zipkin\":{},\"sampling\":1.5,\"customTags\":{\"b\":{\"literal\":{\"value\":\"<x>\"}},\"a\":{\"header\":"       \
	"{\"name\":\"h\"}}}},\"proxyMetadata\":{\"B\":\"1\",\"A\":\"b\"},\"holdApplicationUntilProxyStarts\":false,"                  \
	"\"terminationDrainDuration\":\"0.000005s\",\"runtimeValues\":{},\"caCertificatesPem\":[\"x\"],\"proxyAdminPort\":0}"
#define MESH                                                                                                                         \
	"{\"proxyListenPort\":15001,\"connectTimeout\":\"10s\",\"defaultConfig\":{\"concurrency\":2},\"enablePrometheusMerge\":true,"   \
	"\"outboundTrafficPolicy\":{\"mode\":\"REGISTRY_ONLY\"},\"extensionProviders\":[{\"name\":\"p\",\"envoyFileAccessLog\":"        \
	"{\"path\":\"/x\",\"logFormat\":{\"labels\":{\"b\":1,\"a\":[\"x\",true,null],\"c\":{\"d\":\"e\"}}}}}],\"serviceSettings\":"     \
	"[{\"settings\":{\"clusterLocal\":true},\"hosts\":[\"a\"]}],\"trustDomain\":\"cluster.local\",\"discoverySelectors\":"          \
	"[{\"matchLabels\":{\"a\":\"b\"}}]}"

static const struct {
	const struct go_type *type;
	const char *json, *path, *want;
} rows[] = {
	{&go_ptr_proxy_config, PROXY, "",
		"{\"serviceCluster\":\"\",\"drainDuration\":\"45.500s\",\"concurrency\":0,\"interceptionMode\":\"TPROXY\",\"tracing\":{\"zipkin\":{},"
		"\"customTags\":{\"a\":{\"header\":{\"name\":\"h\"}},\"b\":{\"literal\":{\"value\":\"\\u003cx\\u003e\"}}},\"sampling\":1.5},"
		"\"proxyMetadata\":{\"A\":\"b\",\"B\":\"1\"},\"statusPort\":15020,\"terminationDrainDuration\":\"0.000005s\","
		"\"holdApplicationUntilProxyStarts\":false,\"caCertificatesPem\":[\"x\"]}"},
	{&go_ptr_proxy_config, PROXY, "DrainDuration", "{\"seconds\":45,\"nanos\":500000000}"},
	{&go_ptr_proxy_config, PROXY, "TerminationDrainDuration", "{\"nanos\":5000}"},
	{&go_ptr_proxy_config, PROXY, "Concurrency", "{}"},
	{&go_ptr_proxy_config, PROXY, "InterceptionMode", "1"},
	{&go_ptr_proxy_config, PROXY, "ProxyMetadata", "{\"A\":\"b\",\"B\":\"1\"}"},
	{&go_ptr_proxy_config, PROXY, "Tracing.Tracer", "{\"Zipkin\":{}}"},
	{&go_ptr_proxy_config, PROXY, "ClusterName", "{\"ServiceCluster\":\"\"}"},
	{&go_ptr_proxy_config, "null", "", "null"},
	{&go_ptr_proxy_config_1_5, "{\"configPath\":\"/c\",\"concurrency\":2,\"drainDuration\":\"5s\",\"controlPlaneAuthPolicy\":\"MUTUAL_TLS\"}", "",
		"{\"config_path\":\"/c\",\"drain_duration\":{\"seconds\":5},\"control_plane_auth_policy\":1,\"concurrency\":2}"},
	{&go_ptr_proxy_config_1_7, "{\"configPath\":\"/c\",\"concurrency\":2}", "", "{\"configPath\":\"/c\",\"concurrency\":{\"value\":2}}"},
	{&go_ptr_mesh_config, MESH, "",
		"{\"proxyListenPort\":15001,\"connectTimeout\":\"10s\",\"defaultConfig\":{\"concurrency\":2},\"outboundTrafficPolicy\":{},"
		"\"trustDomain\":\"cluster.local\",\"serviceSettings\":[{\"settings\":{\"clusterLocal\":true},\"hosts\":[\"a\"]}],"
		"\"enablePrometheusMerge\":true,\"extensionProviders\":[{\"name\":\"p\",\"envoyFileAccessLog\":{\"path\":\"/x\",\"logFormat\":"
		"{\"labels\":{\"a\":[\"x\",true,null],\"b\":1,\"c\":{\"d\":\"e\"}}}}}],\"discoverySelectors\":[{\"matchLabels\":{\"a\":\"b\"}}]}"},
	{&go_ptr_mesh_config, MESH, "ExtensionProviders.0.GetEnvoyFileAccessLog().LogFormat.LogFormat",
		"{\"Labels\":{\"a\":[\"x\",true,null],\"b\":1,\"c\":{\"d\":\"e\"}}}"},
	{&go_ptr_mesh_config, MESH, "DiscoverySelectors", "[{\"matchLabels\":{\"a\":\"b\"}}]"},
	{&go_pod_spec, "{}", "", "{\"containers\":null}"},
	{&go_pod_spec, "{}", "Volumes", "null"},
	{&go_pod_spec, "{\"containers\":[{\"resources\":{\"limits\":{\"cpu\":\"0.5\"}}}]}", "Containers",
		"[{\"name\":\"\",\"resources\":{\"limits\":{\"cpu\":\"500m\"}}}]"},
	{&go_object_meta, "{\"creationTimestamp\":\"2024-05-01T12:00:00.25+02:00\"}", "", "{\"creationTimestamp\":\"2024-05-01T10:00:00Z\"}"},
	{&go_object_meta, "{\"creationTimestamp\":\"2024-05-01T12:00:00.25+02:00\"}", "CreationTimestamp.Time", "\"2024-05-01T10:00:00.25Z\""},
	{&go_object_meta, "{}", "CreationTimestamp", "null"},
	{&go_object_meta, "{}", "CreationTimestamp.Time", "\"0001-01-01T00:00:00Z\""},
	{&go_object_meta, "{\"labels\":{\"b\":\"<&>\",\"a\":\"\"}}", "Labels", "{\"a\":\"\",\"b\":\"\\u003c\\u0026\\u003e\"}"},
	{&go_namespaced_name, "{\"Name\":\"n\"}", "", "{\"Namespace\":\"\",\"Name\":\"n\"}"},
	{&go_probe, "{\"httpGet\":{\"port\":\"http\"},\"exec\":{}}", "", "{\"exec\":{},\"httpGet\":{\"port\":\"http\"}}"},
	{&go_http_get_action, "{}", "Port", "0"},
};

static void test_marshal(void **state UNUSED)
{
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct value *v = view_path(&a, rows[i].type, rows[i].json, rows[i].path);
		struct err err = {0};
		struct text out;

		text_init(&out, &a, 1 << 20);
		if (go_json_marshal(&a, &out, v, JSON_ESCAPE_HTML, &err) < 0)
			fail_msg("%s %s: %s", rows[i].type->name, rows[i].path, err.what);
		if (strcmp(text_cstr(&out), rows[i].want) != 0)
			fail_msg("%s %s\ngot  %s\nwant %s", rows[i].type->name, rows[i].path, text_cstr(&out), rows[i].want);
	}
	arena_release(&a);
}

static void test_dynamic_values(void **state UNUSED)
{
	struct err err = {0};
	struct arena a;
	struct map *m;
	struct text out;

	arena_init(&a, 0);
	m = map_new(&a, 4);
	assert_int_equal(map_setc(&a, m, "z", value_float(&a, 1e21)), 0);
	assert_int_equal(map_setc(&a, m, "a", value_list(&a, (const struct value *[]){&value_nil, &value_true}, 2)), 0);
	assert_int_equal(map_setc(&a, m, "b", value_new(&a, K_LIST, NULL)), 0);
	assert_int_equal(map_setc(&a, m, "c", value_int(&a, -5)), 0);
	text_init(&out, &a, 1 << 20);
	assert_int_equal(go_json_marshal(&a, &out, value_map(&a, m), 0, &err), 0);
	assert_string_equal(text_cstr(&out), "{\"a\":[null,true],\"b\":null,\"c\":-5,\"z\":1e+21}");
	assert_null(go_json_tree(&a, value_float(&a, (double)NAN), &err));
	assert_string_equal(err.what, "json: unsupported value: NaN");
	arena_release(&a);
}

static void test_a_dict_that_holds_itself(void **state UNUSED)
{
	struct err err = {0};
	struct arena a;
	struct map *m;

	arena_init(&a, 0);
	m = map_new(&a, 1);
	assert_int_equal(map_setc(&a, m, "me", value_map(&a, m)), 0);
	assert_null(go_json_tree(&a, value_map(&a, m), &err));
	assert_int_equal(err.code, ERR_LIMIT);
	arena_release(&a);
}

static void test_text_of_the_pod_stays_marked(void **state UNUSED)
{
	static const char json[] = "{\"labels\":{\"a\":\"b\"},\"name\":\"n\"}";
	struct err err = {0};
	struct arena a;
	const struct value *v;

	arena_init(&a, 0);
	v = schema_view(&a, json_parse(&a, json, strlen(json), JSON_FROM_POD, &err), &go_object_meta);
	v = go_json_tree(&a, v, &err);
	assert_non_null(v);
	assert_int_equal(raw_get(v, "name")->flags, V_POD);
	assert_int_equal(raw_path(v, "labels", "a", NULL)->flags, V_POD);
	assert_true(map_find(raw_get(v, "labels")->u.map, STR("a"))->key_from_pod);
	arena_release(&a);
}

static int operation(struct arena *a, const void *v, struct err *err)
{
	return go_json_tree(a, v, err) ? 0 : -1;
}

static void test_without_memory(void **state UNUSED)
{
	struct arena a;

	arena_init(&a, 0);
	assert_true(oom_loop(operation, view_path(&a, &go_ptr_proxy_config, PROXY, "")) > 20);
	assert_true(oom_loop(operation, view_path(&a, &go_pod_spec, "{\"containers\":[{\"resources\":{\"limits\":{\"cpu\":\"0.5\"}}}]}", "")) > 20);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marshal), cmocka_unit_test(test_dynamic_values), cmocka_unit_test(test_a_dict_that_holds_itself),
		cmocka_unit_test(test_text_of_the_pod_stays_marked), cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests_name("go_json", tests, NULL, NULL);
}
