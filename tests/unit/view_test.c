/* SPDX-License-Identifier: Apache-2.0 */
/* Raw nodes as Go values: paths of fields and getters, and what a template would see at their end. */
#include "patches/schema/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "patches/value/json.h"
#include "tests/unit/oom.h"
#include "tests/unit/view_path.h"

struct row {
	const struct go_type *type;
	const char *json;
	const char *path; /* of view_path() */
	const char *want; /* its type and value */
};

static const char *show(struct arena *a, const struct value *v)
{
	const char *type = v->kind == K_NIL ? "nil" : go_type_of(v)->name;

	switch ((enum kind)v->kind) {
	case K_BOOL:
		return arena_printf(a, "%s %s", type, v->u.b ? "true" : "false");
	case K_INT:
		return arena_printf(a, "%s %lld", type, (long long)v->u.i);
	case K_FLOAT:
		return arena_printf(a, "%s %g", type, v->u.f);
	case K_STRING:
		return arena_printf(a, "%s '%.*s'", type, (int)v->u.s.len, v->u.s.p);
	case K_LIST:
		return arena_printf(a, "%s %zu%s", type, v->u.list.len, v->u.list.item ? "" : " nil");
	case K_MAP:
		return v->u.map ? arena_printf(a, "%s %u", type, v->u.map->len) : arena_printf(a, "%s nil", type);
	case K_PTR:
		return arena_printf(a, "%s%s", type, v->u.ptr ? "" : " nil");
	case K_NIL:
	case K_NUMBER:
	case K_STRUCT:
		break;
	}
	return type;
}

#define POD "{\"containers\":[{\"name\":\"a\",\"ports\":[{\"containerPort\":80,\"protocol\":\"TCP\"}],\"resources\":{\"limits\":{\"cpu\":\"0.5\"," \
	"\"memory\":1024}},\"livenessProbe\":{\"httpGet\":{\"port\":\"http\"},\"timeoutSeconds\":3}},{\"name\":\"b\",\"readinessProbe\":" \
	"{\"tcpSocket\":{\"port\":15020}}}],\"hostNetwork\":true,\"nodeSelector\":{\"x\":\"y\"},\"securityContext\":{\"runAsUser\":5}," \
	"\"volumes\":[{\"name\":\"v\",\"configMap\":{\"name\":\"cm\"}}],\"ServiceAccountNAME\":\"sa\"}"
#define PROXY "{\"drainDuration\":\"45.5s\",\"concurrency\":2,\"statusPort\":15020,\"interceptionMode\":\"TPROXY\",\"serviceCluster\":\"sc\"," \
	"\"tracing\":{\"zipkin\":{\"address\":\"z:1\"},\"sampling\":1.5},\"proxyMetadata\":{\"A\":\"b\"}," \
	"\"holdApplicationUntilProxyStarts\":true}"

static const struct row rows[] = {
	{&go_pod_spec, POD, "Containers", "[]v1.Container 2"},
	{&go_pod_spec, POD, "Containers.0", "v1.Container"},
	{&go_pod_spec, POD, "Containers.0.Name", "string 'a'"},
	{&go_pod_spec, POD, "Containers.0.Image", "string ''"},
	{&go_pod_spec, POD, "Containers.0.Ports.0.ContainerPort", "int32 80"},
	{&go_pod_spec, POD, "Containers.0.Ports.0.Protocol", "v1.Protocol 'TCP'"},
	{&go_pod_spec, POD, "Containers.0.Ports.0.HostPort", "int32 0"},
	{&go_pod_spec, POD, "Containers.1.Ports", "[]v1.ContainerPort 0 nil"},
	{&go_pod_spec, POD, "Containers.0.Resources.Limits", "v1.ResourceList 2"},
	{&go_pod_spec, POD, "Containers.0.Resources.Requests", "v1.ResourceList nil"},
	{&go_pod_spec, POD, "Containers.0.Resources.Limits.[cpu]", "resource.Quantity"},
	{&go_pod_spec, POD, "Containers.0.Resources.Limits.[cpu].String()", "string '500m'"},
	{&go_pod_spec, POD, "Containers.0.Resources.Limits.[cpu].MilliValue()", "int64 500"},
	{&go_pod_spec, POD, "Containers.0.Resources.Limits.[cpu].Value()", "int64 1"},
	{&go_pod_spec, POD, "Containers.0.Resources.Limits.[cpu].IsZero()", "bool false"},
	{&go_pod_spec, POD, "Containers.0.Resources.Limits.[cpu].Format", "resource.Format 'DecimalSI'"},
	{&go_pod_spec, POD, "Containers.0.Resources.Limits.[memory].String()", "string '1024'"},
	{&go_pod_spec, POD, "Containers.0.Resources.Limits.[gpu].String()", "string '0'"},
	{&go_pod_spec, POD, "Containers.0.Resources.Limits.[cpu].DeepCopy()",
		"string 'error: method DeepCopy of resource.Quantity cannot be called from a template here'"},
	{&go_pod_spec, POD, "Containers.0.LivenessProbe", "*v1.Probe"},
	{&go_pod_spec, POD, "Containers.0.LivenessProbe.*.ProbeHandler", "v1.ProbeHandler"},
	{&go_pod_spec, POD, "Containers.0.LivenessProbe.HTTPGet.Port", "intstr.IntOrString"},
	{&go_pod_spec, POD, "Containers.0.LivenessProbe.HTTPGet.Port.String()", "string 'http'"},
	{&go_pod_spec, POD, "Containers.0.LivenessProbe.HTTPGet.Port.Type", "intstr.Type 1"},
	{&go_pod_spec, POD, "Containers.0.LivenessProbe.HTTPGet.Port.IntValue()", "int 0"},
	{&go_pod_spec, POD, "Containers.0.LivenessProbe.HTTPGet.Path", "string ''"},
	{&go_pod_spec, POD, "Containers.1.ReadinessProbe.TCPSocket.Port.String()", "string '15020'"},
	{&go_pod_spec, POD, "Containers.1.ReadinessProbe.TCPSocket.Port.IntVal", "int32 15020"},
	{&go_pod_spec, POD, "Containers.1.LivenessProbe", "*v1.Probe nil"},
	{&go_pod_spec, POD, "HostNetwork", "bool true"},
	{&go_pod_spec, POD, "HostPID", "bool false"},
	{&go_pod_spec, POD, "NodeSelector.[x]", "string 'y'"},
	{&go_pod_spec, POD, "NodeSelector.[z]", "string ''"},
	{&go_pod_spec, POD, "SecurityContext.RunAsUser", "*int64"},
	{&go_pod_spec, POD, "SecurityContext.RunAsUser.*", "int64 5"},
	{&go_pod_spec, POD, "SecurityContext.RunAsGroup", "*int64 nil"},
	{&go_pod_spec, POD, "Volumes.0.ConfigMap.LocalObjectReference.Name", "string 'cm'"},
	{&go_pod_spec, POD, "Volumes.0.VolumeSource.ConfigMap.Name", "string 'cm'"},
	{&go_pod_spec, POD, "ServiceAccountName", "string 'sa'"},
	{&go_pod_spec, "{}", "Containers", "[]v1.Container 0 nil"},
	{&go_pod_spec, "null", "Containers", "[]v1.Container 0 nil"},
	{&go_pod_spec, "{\"hostNetwork\":\"yes\",\"containers\":7,\"priority\":\"x\"}", "HostNetwork", "bool false"},
	{&go_pod_spec, "{\"hostNetwork\":\"yes\",\"containers\":7,\"priority\":\"x\"}", "Containers", "[]v1.Container 0 nil"},
	{&go_object_meta, "{\"labels\":{\"app\":\"x\"},\"creationTimestamp\":\"2024-02-29T23:59:59.25+01:00\"}", "Labels.[app]", "string 'x'"},
	{&go_object_meta, "{\"creationTimestamp\":\"2024-02-29T23:59:59.25+01:00\"}", "CreationTimestamp.String()",
		"string '2024-02-29 22:59:59.25 +0000 UTC'"},
	{&go_object_meta, "{\"creationTimestamp\":\"1969-12-31T23:59:59Z\"}", "CreationTimestamp.Time.String()",
		"string '1969-12-31 23:59:59 +0000 UTC'"},
	{&go_object_meta, "{}", "CreationTimestamp.String()", "string '0001-01-01 00:00:00 +0000 UTC'"},
	{&go_object_meta, "{}", "CreationTimestamp.IsZero()", "bool true"},
	{&go_object_meta, "{\"name\":\"n\"}", "GetName()", "string 'n'"},
	{&go_namespaced_name, "{\"Namespace\":\"a\",\"Name\":\"b\"}", "String()", "string 'a/b'"},
	{&go_ptr_proxy_config, PROXY, "DrainDuration", "*durationpb.Duration"},
	{&go_ptr_proxy_config, PROXY, "DrainDuration.Seconds", "int64 45"},
	{&go_ptr_proxy_config, PROXY, "DrainDuration.Nanos", "int32 500000000"},
	{&go_ptr_proxy_config, PROXY, "DrainDuration.String()", "string 'seconds:45 nanos:500000000'"},
	{&go_ptr_proxy_config, PROXY, "DrainDuration.AsDuration().String()", "string '45.5s'"},
	{&go_ptr_proxy_config_1_7, PROXY, "DrainDuration.String()", "string '45.5s'"},
	{&go_ptr_proxy_config, PROXY, "Concurrency", "*wrapperspb.Int32Value"},
	{&go_ptr_proxy_config, PROXY, "Concurrency.Value", "int32 2"},
	{&go_ptr_proxy_config, PROXY, "GetConcurrency().GetValue()", "int32 2"},
	{&go_ptr_proxy_config_1_6, PROXY, "Concurrency", "int32 2"},
	{&go_ptr_proxy_config, "{}", "GetConcurrency()", "*wrapperspb.Int32Value nil"},
	{&go_ptr_proxy_config, "{}", "GetConcurrency().GetValue()", "int32 0"},
	{&go_ptr_proxy_config, "null", "GetTracing().GetZipkin().GetAddress()", "string ''"},
	{&go_ptr_proxy_config, PROXY, "GetTracing().GetZipkin().GetAddress()", "string 'z:1'"},
	{&go_ptr_proxy_config, PROXY, "Tracing.Sampling", "float64 1.5"},
	{&go_ptr_proxy_config, PROXY, "Tracing.Tracer", "*v1alpha1.Tracing_Zipkin_"},
	{&go_ptr_proxy_config, PROXY, "Tracing.Tracer.Zipkin.Address", "string 'z:1'"},
	{&go_ptr_proxy_config, "{\"tracing\":{}}", "Tracing.Tracer", "nil"},
	{&go_ptr_proxy_config, PROXY, "Tracing.GetLightstep()", "*v1alpha1.Tracing_Lightstep nil"},
	{&go_ptr_proxy_config, PROXY, "GetServiceCluster()", "string 'sc'"},
	{&go_ptr_proxy_config, PROXY, "ClusterName.ServiceCluster", "string 'sc'"},
	{&go_ptr_proxy_config, PROXY, "InterceptionMode", "v1alpha1.ProxyConfig_InboundInterceptionMode 1"},
	{&go_ptr_proxy_config, PROXY, "InterceptionMode.String()", "string 'TPROXY'"},
	{&go_ptr_proxy_config, "{}", "InterceptionMode.String()", "string 'REDIRECT'"},
	{&go_ptr_proxy_config, "{\"interceptionMode\":9}", "InterceptionMode.String()", "string '9'"},
	{&go_ptr_proxy_config, PROXY, "ProxyMetadata.[A]", "string 'b'"},
	{&go_ptr_proxy_config, PROXY, "HoldApplicationUntilProxyStarts.GetValue()", "bool true"},
	{&go_ptr_mesh_config, "{\"defaultConfig\":" PROXY "}", "DefaultConfig.StatusPort", "int32 15020"},
	{&go_ptr_mesh_config, "{\"extensionProviders\":[{\"name\":\"p\",\"envoyFileAccessLog\":{\"path\":\"x\"}}]}",
		"ExtensionProviders.0.GetEnvoyFileAccessLog().Path", "string 'x'"},
	{&go_template_data, "{\"Values\":{\"a\":[1,true]},\"ProxyUID\":1337}", "ProxyUID", "int64 1337"},
	{&go_template_data, "{\"Values\":{\"a\":[1,true]}}", "Values.[a].1", "bool true"},
	{&go_template_data, "{}", "MeshConfig", "*v1alpha1.MeshConfig nil"},
	{&go_template_data_1_5, "{\"Spec\":{\"hostIPC\":true}}", "Spec.HostIPC", "bool true"},
};

static void test_paths(void **state UNUSED)
{
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct value *v = view_path(&a, rows[i].type, rows[i].json, rows[i].path);

		if (strcmp(show(&a, v), rows[i].want) != 0)
			fail_msg("%s of %s: %s, want %s", rows[i].path, rows[i].type->name, show(&a, v), rows[i].want);
	}
	arena_release(&a);
}

static void test_strings_of_the_pod_stay_marked(void **state UNUSED)
{
	static const char json[] = "{\"dnsPolicy\":\"X\",\"nodeName\":\"n\",\"containers\":[{\"resources\":{\"limits\":{\"cpu\":\"1\"}}}]}";
	struct err err = {0};
	struct arena a;
	const struct value *spec, *quantity;

	arena_init(&a, 0);
	spec = schema_view(&a, json_parse(&a, json, strlen(json), JSON_FROM_POD, &err), &go_pod_spec);
	assert_true(view_field(&a, spec, STR("NodeName"))->flags & V_POD);
	assert_true(view_field(&a, spec, STR("DNSPolicy"))->flags & V_POD);
	quantity = view_step(&a, view_step(&a, view_step(&a, view_step(&a, view_field(&a, spec, STR("Containers")), STR("0")), STR("Resources")), STR("Limits")),
		STR("[cpu]"));
	assert_true(view_call(&a, quantity, STR("String()"))->flags & V_POD);
	arena_release(&a);
}

static void test_typed_values_pass_through(void **state UNUSED)
{
	struct value v = {.kind = K_STRUCT, .type = &go_pod_spec};

	assert_ptr_equal(schema_view(NULL, &v, &go_ptr_proxy_config), &v);
}

/* A getter, what it points to, and the text of that: each may find no memory, and then says so. */
static int operation(struct arena *a, const void *raw, struct err *err)
{
	const struct value *config = schema_view(a, raw, &go_ptr_proxy_config_1_7), *duration;

	if (!config)
		return err_nomem(err);
	duration = schema_call_method(a, config, go_method_find(go_type_of(config), STR("GetDrainDuration")), err);
	if (!duration)
		return -1;
	return schema_call_method(a, duration, go_method_find(go_type_of(duration), STR("String")), err) ? 0 : -1;
}

static void test_without_memory(void **state UNUSED)
{
	struct arena a;

	arena_init(&a, 0);
	assert_true(oom_loop(operation, view_parse(&a, PROXY)) > 5);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths), cmocka_unit_test(test_strings_of_the_pod_stay_marked),
		cmocka_unit_test(test_typed_values_pass_through), cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
