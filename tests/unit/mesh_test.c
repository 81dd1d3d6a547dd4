/* SPDX-License-Identifier: Apache-2.0 */
/* The mesh configuration: defaults, merging by release, ProxyConfig resources, what templates print of it. */
#include "patches/mesh/mesh.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "patches/mesh/address.h"
#include "patches/mesh/defaults.h"
#include "patches/mesh/duration.h"
#include "patches/mesh/problems.h"
#include "patches/mesh/proto.h"
#include "patches/value/json.h"
#include "tests/unit/oom.h"

#define R5 RELEASE_1_5
#define R6 RELEASE_1_6
#define R7 RELEASE_1_7
#define R8 RELEASE_1_8
#define HEAD RELEASE_HEAD

static struct str maybe(const char *text)
{
	return text ? str_of(text) : (struct str){NULL, 0};
}

/* --- PROXY_CONFIG --- */

struct config_row {
	enum release release;
	const char *mesh, *annotation; /* annotation NULL: none */
	const char *want;              /* what protoToJSON prints */
};

static const struct config_row config_rows[] = {
	/* nothing said: nothing printed */
	{R6, "", NULL, "{}"}, {R7, "", NULL, "{}"}, {R8, "", NULL, "{}"}, {HEAD, "", NULL, "{}"},
	{HEAD, "", "", "{}"}, {HEAD, "", "{}", "{}"}, {HEAD, "", "# a comment", "{}"}, {HEAD, "defaultConfig:", NULL, "{}"},
	/* 1.5 does not clean, and has no annotation */
	{R5, "", "concurrency: 3", "{\"configPath\":\"/etc/istio/proxy\",\"binaryPath\":\"/usr/local/bin/envoy\",\"serviceCluster\":"
		"\"istio-proxy\",\"drainDuration\":\"45s\",\"parentShutdownDuration\":\"60s\",\"discoveryAddress\":"
		"\"istio-pilot:15010\",\"connectTimeout\":\"1s\",\"proxyAdminPort\":15000,\"statNameLength\":189,"
		"\"envoyAccessLogService\":{},\"envoyMetricsService\":{}}"},
	/* an empty map that was written is printed by gogo, but not once the message was cloned for an annotation */
	{R6, "defaultConfig: {proxyMetadata: {}}", NULL, "{\"proxyMetadata\":{}}"},
	{R7, "defaultConfig: {proxyMetadata: {}}", NULL, "{\"proxyMetadata\":{}}"},
	{R8, "defaultConfig: {proxyMetadata: {}}", NULL, "{\"proxyMetadata\":{}}"},
	{HEAD, "defaultConfig: {proxyMetadata: {}}", NULL, "{}"},
	{R7, "defaultConfig: {proxyMetadata: {}}", "", "{}"},
	{R7, "defaultConfig: {proxyMetadata: {}}", "concurrency: 4", "{\"concurrency\":4}"},
	{R7, "", "proxyMetadata: {}", "{\"proxyMetadata\":{}}"},
	{R8, "defaultConfig: {extraStatTags: []}", "", "{\"extraStatTags\":[]}"},
	{HEAD, "defaultConfig: {extraStatTags: []}", "", "{}"},
	/* zeros: lost up to 1.6, kept in 1.7 and 1.8, and today where there is presence */
	{R6, "defaultConfig: {concurrency: 0}", NULL, "{}"},
	{R6, "defaultConfig: {concurrency: 5}", NULL, "{\"concurrency\":5}"},
	{R7, "defaultConfig: {concurrency: 0}", NULL, "{\"concurrency\":0}"},
	{R8, "defaultConfig: {concurrency: 2}", NULL, "{}"},
	{HEAD, "defaultConfig: {concurrency: 0}", NULL, "{\"concurrency\":0}"},
	{HEAD, "defaultConfig: {concurrency: 2}", NULL, "{\"concurrency\":2}"},
	{R6, "", "concurrency: 0", "{}"},
	{R7, "", "concurrency: 0", "{\"concurrency\":0}"},
	{HEAD, "", "concurrency: 0", "{\"concurrency\":0}"},
	{HEAD, "defaultConfig: {interceptionMode: TPROXY}", "interceptionMode: REDIRECT", "{\"interceptionMode\":\"TPROXY\"}"},
	{R7, "defaultConfig: {interceptionMode: TPROXY}", "interceptionMode: REDIRECT", "{}"},
	{HEAD, "defaultConfig: {interceptionMode: TPROXY}", "interceptionMode: NONE", "{\"interceptionMode\":\"NONE\"}"},
	{HEAD, "", "statNameLength: 0", "{}"},
	{HEAD, "", "discoveryAddress: ''", "{}"},
	{HEAD, "", "discoveryAddress: a.b:15012", "{\"discoveryAddress\":\"a.b:15012\"}"},
	/* defaults are left out, what differs is printed, in order of declaration */
	{HEAD, "", "statusPort: 15020", "{}"}, {HEAD, "", "statusPort: 15021", "{\"statusPort\":15021}"},
	{HEAD, "", "statusPort: \"15021\"", "{\"statusPort\":15021}"}, {HEAD, "", "statusPort: 0x3AAD", "{\"statusPort\":15021}"},
	{HEAD, "", "drainDuration: 45s", "{}"}, {HEAD, "", "drainDuration: 0.75m", "{}"},
	{HEAD, "", "drainDuration: 1m30s", "{\"drainDuration\":\"90s\"}"},
	{HEAD, "", "terminationDrainDuration: 1500ms", "{\"terminationDrainDuration\":\"1.500s\"}"},
	{R6, "", "terminationDrainDuration: 20s", "{}"}, /* unknown there */
	{R7, "", "terminationDrainDuration: 20s", "{\"terminationDrainDuration\":\"20s\"}"},
	{R6, "", "parentShutdownDuration: 90s", "{\"parentShutdownDuration\":\"90s\"}"},
	{HEAD, "", "parentShutdownDuration: 90s", "{}"},
	{R6, "", "controlPlaneAuthPolicy: MUTUAL_TLS", "{\"controlPlaneAuthPolicy\":\"MUTUAL_TLS\"}"},
	{R7, "", "controlPlaneAuthPolicy: MUTUAL_TLS", "{}"},
	{HEAD, "", "controlPlaneAuthPolicy: MUTUAL_TLS", "{}"},
	{HEAD, "", "control_plane_auth_policy: 1", "{}"},
	{HEAD, "", "{meshId: m, concurrency: 1, configPath: /x, proxyAdminPort: 15001}",
		"{\"configPath\":\"/x\",\"proxyAdminPort\":15001,\"concurrency\":1,\"meshId\":\"m\"}"},
	{HEAD, "", "holdApplicationUntilProxyStarts: false", "{\"holdApplicationUntilProxyStarts\":false}"},
	{R7, "", "holdApplicationUntilProxyStarts: true", "{}"},
	{R8, "", "holdApplicationUntilProxyStarts: true", "{\"holdApplicationUntilProxyStarts\":true}"},
	/* the oneof: either is there, never both */
	{HEAD, "", "serviceCluster: istio-proxy", "{}"},
	{HEAD, "", "tracingServiceName: CANONICAL_NAME_ONLY", "{\"tracingServiceName\":\"CANONICAL_NAME_ONLY\"}"},
	{HEAD, "", "tracingServiceName: APP_LABEL_AND_NAMESPACE", "{\"tracingServiceName\":\"APP_LABEL_AND_NAMESPACE\"}"},
	{HEAD, "defaultConfig: {tracingServiceName: CANONICAL_NAME_ONLY}", "serviceCluster: mine", "{\"serviceCluster\":\"mine\"}"},
	{HEAD, "", "{serviceCluster: a, tracingServiceName: 2}", "{\"tracingServiceName\":\"CANONICAL_NAME_AND_NAMESPACE\"}"},
	/* names: both spellings; camelCase wins; unknown ones are nothing; case counts */
	{HEAD, "", "status_port: 9", "{\"statusPort\":9}"},
	{HEAD, "", "{status_port: 9, statusPort: 8}", "{\"statusPort\":8}"},
	{HEAD, "", "{statusport: 9, StatusPort: 8, foo: {bar: 1}}", "{}"},
	{R7, "", "{status_port: 9, nothing: 1}", "{\"statusPort\":9}"},
	{R6, "", "meshId: m", "{}"}, {R7, "", "meshId: m", "{\"meshId\":\"m\"}"},
	/* nulls leave what was there */
	{HEAD, "defaultConfig: {concurrency: 3}", "{concurrency: null, statusPort: ~}", "{\"concurrency\":3}"},
	{R7, "defaultConfig: {concurrency: 3}", "{concurrency: null, tracing: null}", "{\"concurrency\":3}"},
	/* proxyMetadata: key by key today, whole before */
	{HEAD, "defaultConfig: {proxyMetadata: {A: '1', B: '2'}}", "proxyMetadata: {B: '3', C: '4'}",
		"{\"proxyMetadata\":{\"A\":\"1\",\"B\":\"3\",\"C\":\"4\"}}"},
	{R8, "defaultConfig: {proxyMetadata: {A: '1', B: '2'}}", "proxyMetadata: {B: '3', C: '4'}",
		"{\"proxyMetadata\":{\"B\":\"3\",\"C\":\"4\"}}"},
	{HEAD, "defaultConfig: {proxyMetadata: {B: b, A: a}}", NULL, "{\"proxyMetadata\":{\"A\":\"a\",\"B\":\"b\"}}"},
	{HEAD, "", "proxyMetadata: {A: null}", "{\"proxyMetadata\":{\"A\":\"\"}}"},
	{HEAD, "", "proxyMetadata: {A: '<&>'}", "{\"proxyMetadata\":{\"A\":\"\\u003c\\u0026\\u003e\"}}"},
	{HEAD, "", "runtimeValues: {b: '1', a: '2'}", "{\"runtimeValues\":{\"a\":\"2\",\"b\":\"1\"}}"},
	{HEAD, "defaultConfig: {runtimeValues: {a: x}}", "runtimeValues: {b: '1'}", "{\"runtimeValues\":{\"b\":\"1\"}}"},
	/* messages replace, but for the parts of proxyHeaders */
	{HEAD, "defaultConfig: {tracing: {sampling: 10, zipkin: {address: 'z:1'}}}", "tracing: {sampling: 50}",
		"{\"tracing\":{\"sampling\":50}}"},
	{HEAD, "defaultConfig: {proxyHeaders: {server: {disabled: true}, requestId: {}}}", "proxyHeaders: {server: {value: x}}",
		"{\"proxyHeaders\":{\"requestId\":{},\"server\":{\"value\":\"x\"}}}"},
	{HEAD, "defaultConfig: {proxyHeaders: {forwardedClientCert: SANITIZE, setCurrentClientCertDetails: {uri: true}}}",
		"proxyHeaders: {attemptCount: {disabled: true}}",
		"{\"proxyHeaders\":{\"forwardedClientCert\":\"SANITIZE\",\"attemptCount\":{\"disabled\":true}}}"},
	{HEAD, "", "tracing: {zipkin: {address: 'z:9411'}}", "{\"tracing\":{\"zipkin\":{\"address\":\"z:9411\"}}}"},
	{R7, "", "tracing: {zipkin: {address: 'zipkin.istio-system:9411'}}", "{}"},
	{HEAD, "", "tracing: {zipkin: {address: 'zipkin.istio-system:9411'}}",
		"{\"tracing\":{\"zipkin\":{\"address\":\"zipkin.istio-system:9411\"}}}"},
	{R7, "", "tracing: {zipkin: {}}", "{\"tracing\":{\"zipkin\":{}}}"},
	{R7, "", "tracing: {}", "{\"tracing\":{}}"}, {HEAD, "", "tracing: {}", "{\"tracing\":{}}"},
	{HEAD, "", "tracing: {zipkin: {address: a}, datadog: {address: b}}", "{\"tracing\":{\"datadog\":{\"address\":\"b\"}}}"},
	{HEAD, "", "tracing: {sampling: 1e2, maxPathTagLength: 256}", "{\"tracing\":{\"maxPathTagLength\":256,\"sampling\":100}}"},
	{HEAD, "", "tracing: {sampling: 0.5, customTags: {b: {literal: {value: x}}, a: {header: {name: h}}}}",
		"{\"tracing\":{\"customTags\":{\"a\":{\"header\":{\"name\":\"h\"}},\"b\":{\"literal\":{\"value\":\"x\"}}},"
		"\"sampling\":0.5}}"},
	{HEAD, "", "tracing: {stackdriver: {maxNumberOfAttributes: 7}}", "{\"tracing\":{\"stackdriver\":{\"maxNumberOfAttributes\":\"7\"}}}"},
	{R6, "", "envoyMetricsService: {}", "{}"},
	{R6, "", "envoyMetricsService: {address: 'a:1'}", "{\"envoyMetricsService\":{\"address\":\"a:1\"}}"},
	{HEAD, "", "envoyMetricsService: {}", "{\"envoyMetricsService\":{}}"},
	{HEAD, "", "image: {imageType: distroless}", "{\"image\":{\"imageType\":\"distroless\"}}"},
	{HEAD, "", "gatewayTopology: {numTrustedProxies: 2, forwardClientCertDetails: 99}",
		"{\"gatewayTopology\":{\"numTrustedProxies\":2,\"forwardClientCertDetails\":99}}"},
	{HEAD, "", "extraStatTags: [a, null, b]", "{\"extraStatTags\":[\"a\",\"\",\"b\"]}"},
	/* lists replace */
	{HEAD, "defaultConfig: {extraStatTags: [a]}", "extraStatTags: [b, c]", "{\"extraStatTags\":[\"b\",\"c\"]}"},
	/* the mesh's defaultConfig by its other name is read, and lost */
	{HEAD, "default_config: {concurrency: 7}", NULL, "{}"}, {R7, "default_config: {concurrency: 7}", NULL, "{}"},
	{R6, "default_config: {concurrency: 7}", NULL, "{\"concurrency\":7}"},
};

static void test_proxy_config(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(config_rows); i++) {
		const struct config_row *row = &config_rows[i];
		struct err err = {0};
		struct arena a;
		struct text t;

		arena_init(&a, 0);
		text_init(&t, &a, 1 << 20);
		const struct value *mesh = mesh_parse(&a, str_of(row->mesh), row->release, NULL, &err);
		const struct value *config = mesh ? proxy_config_effective(&a, mesh, row->release, maybe(row->annotation), STR("ns"),
			NULL, NULL, 0, &err) : NULL;

		if (!config || proto_to_json(&a, &t, config, row->release, &err) < 0)
			fail_msg("row %zu (%s | %s): %s", i, row->mesh, row->annotation ? row->annotation : "-", err.what);
		if (strcmp(text_cstr(&t), row->want) != 0)
			fail_msg("row %zu (%s | %s):\nwant %s\ngot  %s", i, row->mesh, row->annotation ? row->annotation : "-",
				row->want, text_cstr(&t));
		arena_release(&a);
	}
}

/* --- the annotation over the mesh, directly --- */

static const struct config_row apply_rows[] = {
	{HEAD, "defaultConfig: {interceptionMode: TPROXY}", "interceptionMode: REDIRECT", "interceptionMode absent"},
	{HEAD, "defaultConfig: {concurrency: 3}", "concurrency: 0", "concurrency 0"},
	{HEAD, "", "statusPort: 0", "statusPort absent"},
	{HEAD, "", "holdApplicationUntilProxyStarts: true", "holdApplicationUntilProxyStarts true"},
	{HEAD, "defaultConfig: {proxyMetadata: {A: a}}", "proxyMetadata: {B: b}", "proxyMetadata {\"A\":\"a\",\"B\":\"b\"}"},
	{R7, "defaultConfig: {proxyMetadata: {A: a}}", "proxyMetadata: {B: b}", "proxyMetadata {\"B\":\"b\"}"},
	{R5, "", "statNameLength: 5", "statNameLength 189"},
	{HEAD, "", NULL, "statNameLength 189"},
};

static void test_apply(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(apply_rows); i++) {
		const struct config_row *row = &apply_rows[i];
		struct str want = str_of(row->want);
		const struct str field = str_cut(&want, ' ');
		struct err err = {0};
		struct arena a;
		struct text t;

		arena_init(&a, 0);
		text_init(&t, &a, 1 << 20);
		const struct value *mesh = mesh_parse(&a, str_of(row->mesh), row->release, NULL, &err);

		assert_non_null(mesh);
		value_freeze(mesh);
		const struct value *applied = mesh_apply_proxy_config(&a, mesh, row->release, maybe(row->annotation), &err);

		if (!applied)
			fail_msg("row %zu: %s", i, err.what);
		const struct value *v = map_get(raw_get(applied, "defaultConfig")->u.map, field);

		if (v)
			json_write(&t, v, JSON_SORT_KEYS);
		else
			text_adds(&t, "absent");
		if (!str_is(want, text_cstr(&t)))
			fail_msg("row %zu (%s): want %s, got %s", i, row->annotation, row->want, text_cstr(&t));
		arena_release(&a);
	}
}

/* --- ProxyConfig resources --- */

struct resource {
	const char *name, *namespace, *spec;
	int64_t created;
};

static const struct {
	const char *mesh, *annotation, *namespace, *labels;
	struct resource resource[4];
	const char *want;
} resource_rows[] = {
	{"", NULL, "ns", "{}", {{"a", "istio-system", "{\"concurrency\":3}", 1}}, "{\"concurrency\":3}"},
	{"rootNamespace: root", NULL, "ns", "{}", {{"a", "istio-system", "{\"concurrency\":3}", 1}}, "{}"},
	{"rootNamespace: root", NULL, "ns", "{}", {{"a", "root", "{\"concurrency\":3}", 1}}, "{\"concurrency\":3}"},
	{"", NULL, "ns", "{}", {{"a", "other", "{\"concurrency\":3}", 1}}, "{}"},
	{"", NULL, "ns", "{}", {{"a", "ns", "{\"concurrency\":0}", 1}}, "{\"concurrency\":0}"},
	/* namespace over root over mesh */
	{"defaultConfig: {concurrency: 1}", NULL, "ns", "{}",
		{{"a", "istio-system", "{\"concurrency\":3}", 1}, {"b", "ns", "{\"concurrency\":4}", 2}}, "{\"concurrency\":4}"},
	/* variables are merged, the image replaces */
	{"defaultConfig: {proxyMetadata: {M: m, X: m}, image: {imageType: debug}}", NULL, "ns", "{}",
		{{"a", "istio-system", "{\"environmentVariables\":{\"R\":\"r\",\"X\":\"r\"}}", 1},
		 {"b", "ns", "{\"environmentVariables\":{\"N\":\"n\",\"X\":\"n\"},\"image\":{}}", 2}},
		"{\"proxyMetadata\":{\"M\":\"m\",\"N\":\"n\",\"R\":\"r\",\"X\":\"n\"},\"image\":{}}"},
	/* the oldest wins; then the name */
	{"", NULL, "ns", "{}", {{"b", "ns", "{\"concurrency\":1}", 9}, {"a", "ns", "{\"concurrency\":2}", 5}}, "{\"concurrency\":2}"},
	{"", NULL, "ns", "{}", {{"b", "ns", "{\"concurrency\":1}", 5}, {"a", "ns", "{\"concurrency\":2}", 5}}, "{\"concurrency\":2}"},
	/* selectors */
	{"", NULL, "ns", "{\"app\":\"x\"}",
		{{"a", "ns", "{\"selector\":{\"matchLabels\":{\"app\":\"x\"}},\"concurrency\":6}", 5}, {"b", "ns", "{\"concurrency\":2}", 1}},
		"{\"concurrency\":6}"},
	{"", NULL, "ns", "{\"app\":\"y\"}",
		{{"a", "ns", "{\"selector\":{\"matchLabels\":{\"app\":\"x\"}},\"concurrency\":6}", 5}, {"b", "ns", "{\"concurrency\":2}", 1}},
		"{\"concurrency\":2}"},
	{"", NULL, "ns", "{\"app\":\"x\"}",
		{{"a", "istio-system", "{\"selector\":{\"matchLabels\":{\"app\":\"x\"}},\"concurrency\":6}", 5}}, "{}"},
	{"", NULL, "ns", "{}", {{"a", "ns", "{\"selector\":{},\"concurrency\":6}", 5}}, "{}"},
	{"", NULL, "ns", "{\"app\":\"x\"}", {{"a", "ns", "{\"selector\":{\"matchLabels\":{}},\"concurrency\":6}", 5}}, "{}"},
	{"", NULL, "istio-system", "{}", {{"a", "istio-system", "{\"concurrency\":3}", 1}}, "{\"concurrency\":3}"},
	/* the annotation: over the namespace, under a matching workload */
	{"", "concurrency: 8", "ns", "{}", {{"b", "ns", "{\"concurrency\":2}", 1}}, "{\"concurrency\":8}"},
	{"", "{concurrency: 8, statusPort: 1}", "ns", "{\"app\":\"x\"}",
		{{"a", "ns", "{\"selector\":{\"matchLabels\":{\"app\":\"x\"}},\"concurrency\":6}", 5}},
		"{\"concurrency\":6,\"statusPort\":1}"},
	/* what a ProxyConfig has beyond is nothing here */
	{"", NULL, "ns", "{}", {{"a", "ns", "{\"unknown\":1,\"concurrency\":\"3\"}", 1}}, "{\"concurrency\":3}"},
};

static void test_resources(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(resource_rows); i++) {
		struct proxy_config_resource r[4];
		struct err err = {0};
		struct arena a;
		struct text t;
		size_t n = 0;

		arena_init(&a, 0);
		text_init(&t, &a, 1 << 20);
		for (; n < 4 && resource_rows[i].resource[n].name; n++) {
			const struct resource *from = &resource_rows[i].resource[n];

			r[n] = (struct proxy_config_resource){str_of(from->name), str_of(from->namespace), from->created,
				json_parse(&a, from->spec, strlen(from->spec), 0, &err)};
		}
		const struct value *mesh = mesh_parse(&a, str_of(resource_rows[i].mesh), HEAD, NULL, &err);
		const struct value *labels = json_parse(&a, resource_rows[i].labels, strlen(resource_rows[i].labels), 0, &err);
		const struct value *config = mesh ? proxy_config_effective(&a, mesh, HEAD, maybe(resource_rows[i].annotation),
			str_of(resource_rows[i].namespace), labels->u.map, r, n, &err) : NULL;

		if (!config || proto_to_json(&a, &t, config, HEAD, &err) < 0)
			fail_msg("row %zu: %s", i, err.what);
		if (strcmp(text_cstr(&t), resource_rows[i].want) != 0)
			fail_msg("row %zu:\nwant %s\ngot  %s", i, resource_rows[i].want, text_cstr(&t));
		arena_release(&a);
	}
}

/* --- the mesh itself --- */

static const struct {
	enum release release;
	const char *mesh, *field, *want; /* want NULL: absent */
} mesh_rows[] = {
	{HEAD, "", "trustDomain", "\"cluster.local\""},
	{HEAD, "trustDomain: td", "trustDomain", "\"td\""},
	{R5, "", "trustDomain", NULL}, {R5, "", "accessLogFile", "\"/dev/stdout\""}, {R6, "", "accessLogFile", NULL},
	{R5, "accessLogFile: ''", "accessLogFile", NULL},
	{R6, "", "sdsUdsPath", "\"unix:./etc/istio/proxy/SDS\""}, {R6, "sdsUdsPath: ''", "sdsUdsPath", NULL},
	{R8, "", "sdsUdsPath", NULL}, {HEAD, "", "sdsUdsPath", NULL},
	{R7, "", "enablePrometheusMerge", NULL}, {R7, "enablePrometheusMerge: false", "enablePrometheusMerge", "false"},
	{HEAD, "", "enablePrometheusMerge", "true"}, {HEAD, "enablePrometheusMerge: false", "enablePrometheusMerge", "false"},
	{HEAD, "enablePrometheusMerge: null", "enablePrometheusMerge", "true"},
	{HEAD, "enableTracing: false", "enableTracing", NULL},
	{HEAD, "proxyListenPort: 15002", "proxyListenPort", "15002"},
	{HEAD, "trustDomainAliases: [b, a, b]", "trustDomainAliases", "[\"a\",\"b\"]"},
	{R7, "trustDomainAliases: [b, a, b]", "trustDomainAliases", "[\"b\",\"a\",\"b\"]"},
	{R7, "", "trustDomainAliases", "[]"}, {HEAD, "", "trustDomainAliases", NULL},
	{HEAD, "defaultServiceExportTo: []", "defaultServiceExportTo", NULL},
	{HEAD, "defaultServiceExportTo: [.]", "defaultServiceExportTo", "[\".\"]"},
	{HEAD, "defaultProviders: {metrics: [prometheus]}", "defaultProviders", "{\"metrics\":[\"prometheus\"]}"},
	{HEAD, "extensionProviders: [{name: envoy, envoyFileAccessLog: {path: /x}}]", "extensionProviders",
		"[{\"name\":\"prometheus\",\"prometheus\":{}},{\"name\":\"stackdriver\",\"stackdriver\":{}},"
		"{\"envoyFileAccessLog\":{\"path\":\"/x\"},\"name\":\"envoy\"}]"},
	{HEAD, "extensionProviders: [{name: p, zipkin: {service: s, port: 1}}, {name: p, datadog: {service: s, port: 1}}]",
		"extensionProviders", "[{\"name\":\"prometheus\",\"prometheus\":{}},{\"name\":\"stackdriver\",\"stackdriver\":{}},"
		"{\"envoyFileAccessLog\":{\"path\":\"/dev/stdout\"},\"name\":\"envoy\"},"
		"{\"datadog\":{\"port\":1,\"service\":\"s\"},\"name\":\"p\"}]"},
	{HEAD, "outboundTrafficPolicy: {mode: REGISTRY_ONLY}", "outboundTrafficPolicy", "{}"},
	{HEAD, "localityLbSetting: {}", "localityLbSetting", "{}"},
	{HEAD, "null", "trustDomain", "\"cluster.local\""},
	{R5, "protocolDetectionTimeout: 100ms", "protocolDetectionTimeout", "\"0.100s\""},
	{R5, "connectTimeout: 10s", "connectTimeout", "\"10s\""},
};

static void test_mesh(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(mesh_rows); i++) {
		struct err err = {0};
		struct arena a;
		struct text t;

		arena_init(&a, 0);
		text_init(&t, &a, 1 << 20);
		const struct value *mesh = mesh_parse(&a, str_of(mesh_rows[i].mesh), mesh_rows[i].release, NULL, &err);
		const struct value *v = mesh ? raw_get(mesh, mesh_rows[i].field) : NULL;

		if (!mesh)
			fail_msg("row %zu: %s", i, err.what);
		if (v)
			json_write(&t, v, JSON_SORT_KEYS);
		if (!v != !mesh_rows[i].want || (v && strcmp(text_cstr(&t), mesh_rows[i].want) != 0))
			fail_msg("row %zu (%s): want %s, got %s", i, mesh_rows[i].mesh, mesh_rows[i].want ? mesh_rows[i].want : "nothing",
				v ? text_cstr(&t) : "nothing");
		arena_release(&a);
	}
}

static const struct {
	enum release release;
	const char *mesh, *what, *where;
} mesh_errors[] = {
	{HEAD, "defaultConfig: {concurrency: x}", "failed to convert to proto.: invalid character 'x' looking for beginning of value",
		"defaultConfig.concurrency"},
	{HEAD, "defaultConfig: {concurrency: 1.5}", "failed to convert to proto.: json: cannot unmarshal number 1.5 into Go value of type int32",
		"defaultConfig.concurrency"},
	{HEAD, "defaultConfig: {concurrency: 3000000000}",
		"failed to convert to proto.: json: cannot unmarshal number 3000000000 into Go value of type int32", "defaultConfig.concurrency"},
	{HEAD, "defaultConfig: []",
		"failed to convert to proto.: json: cannot unmarshal array into Go value of type map[string]json.RawMessage", "defaultConfig"},
	{HEAD, "[]", "failed to convert to proto.: json: cannot unmarshal array into Go value of type map[string]json.RawMessage", ""},
	{HEAD, "trustDomain: 5", "failed to convert to proto.: json: cannot unmarshal number into Go value of type string", "trustDomain"},
	{HEAD, "enableTracing: 'true'", "failed to convert to proto.: json: cannot unmarshal string into Go value of type bool", "enableTracing"},
	{HEAD, "connectTimeout: 10", "failed to convert to proto.: json: cannot unmarshal number into Go value of type string", "connectTimeout"},
	{HEAD, "connectTimeout: '10'", "failed to convert to proto.: bad Duration: time: missing unit in duration \"10\"", "connectTimeout"},
	{HEAD, "connectTimeout: 5x", "failed to convert to proto.: bad Duration: time: unknown unit \"x\" in duration \"5x\"", "connectTimeout"},
	{HEAD, "outboundTrafficPolicy: {mode: NOPE}", "failed to convert to proto.: unknown value \"\\\"NOPE\\\"\" for enum "
		"istio.mesh.v1alpha1.MeshConfig.OutboundTrafficPolicy.Mode", "outboundTrafficPolicy.mode"},
	{R7, "outboundTrafficPolicy: {mode: NOPE}", "failed to convert to proto.: unknown value \"NOPE\" for enum "
		"istio.mesh.v1alpha1.MeshConfig.OutboundTrafficPolicy.Mode", "outboundTrafficPolicy.mode"},
	{HEAD, "trustDomainAliases: [a, 1]", "failed to convert to proto.: json: cannot unmarshal number into Go value of type string",
		"trustDomainAliases.1"},
	{HEAD, "defaultConfig: {proxyMetadata: {A: 1}}", "failed to convert to proto.: json: cannot unmarshal number into Go value of type string",
		"defaultConfig.proxyMetadata.A"},
	{HEAD, "connectTimeout: 0s", "1 error occurred:\n\t* invalid connect timeout: duration must be greater than 1ms\n\n", ""},
	{HEAD, "connectTimeout: 2h", "1 error occurred:\n\t* invalid connect timeout: time 2h0m0s must be >1ms and <1h0m0s\n\n", ""},
	{HEAD, "{proxyListenPort: 0, trustDomain: a_b}", "2 errors occurred:\n\t* invalid proxy listen port: port number 0 must be in the range "
		"1..65535\n\t* trustDomain: trust domain name \"a_b\" invalid\n\n", ""},
	{HEAD, "defaultConfig: {statusPort: 70000}",
		"1 error occurred:\n\t* invalid status port: port number 70000 must be in the range 1..65535\n\n", ""},
	{R7, "defaultConfig: {drainDuration: 90s}", "1 error occurred:\n\t* invalid parent and drain time combination parent shutdown time 1m0s "
		"must be greater than drain time 1m30s\n\n", ""},
};

static void test_mesh_errors(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(mesh_errors); i++) {
		struct err err = {0};
		struct arena a;

		arena_init(&a, 0);
		if (mesh_parse(&a, str_of(mesh_errors[i].mesh), mesh_errors[i].release, NULL, &err))
			fail_msg("row %zu (%s) is accepted", i, mesh_errors[i].mesh);
		assert_int_equal(err.code, ERR_CONFIG);
		assert_string_equal(err.what, mesh_errors[i].what);
		assert_string_equal(err.where, mesh_errors[i].where);
		arena_release(&a);
	}
}

static void test_warnings(void **state UNUSED)
{
	static const char text[] = "{foo: 1, defaultConfig: {bar: {}, tracing: {baz: 1}}, extensionProviders: [{name: x, prometheus: {q: 1}}]}";
	static const char *const want[] = {
		"unknown field \"defaultConfig.tracing.baz\" is ignored", "unknown field \"defaultConfig.bar\" is ignored",
		"unknown field \"extensionProviders.0.prometheus.q\" is ignored", "unknown field \"foo\" is ignored",
	};
	struct err err = {0};
	struct arena a;

	arena_init(&a, 0);
	struct mesh_warnings w = {.arena = &a};

	assert_non_null(mesh_parse(&a, STR(text), HEAD, &w, &err));
	assert_int_equal(w.len, ARRAY_LEN(want));
	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		assert_string_equal(w.text[i], want[i]);

	/* never more than there is room for */
	char many[4096] = "{";
	for (size_t i = 0; i < 40; i++)
		(void)snprintf(many + strlen(many), sizeof(many) - strlen(many), "%sf%zu: 1", i ? ", " : "", i);
	(void)snprintf(many + strlen(many), sizeof(many) - strlen(many), "}");
	w = (struct mesh_warnings){.arena = &a};
	assert_non_null(mesh_parse(&a, str_of(many), HEAD, &w, &err));
	assert_int_equal(w.len, ARRAY_LEN(w.text));
	arena_release(&a);
}

static void test_canon(void **state UNUSED)
{
	static const char text[] = "{\"status_port\":\"7\",\"nope\":1}";
	struct err err = {0};
	struct arena a;

	arena_init(&a, 0);
	const struct value *raw = json_parse(&a, text, sizeof(text) - 1, 0, &err);
	struct mesh_warnings w = {.arena = &a};

	assert_null(proto_canon(&a, raw, &go_proxy_config, NULL, &err));
	assert_string_equal(err.what, "unknown field \"nope\" in ProxyConfig");
	err = (struct err){0};
	const struct value *v = proto_canon(&a, raw, &go_proxy_config, &w, &err);

	assert_non_null(v);
	assert_int_equal(w.len, 1);
	assert_string_equal(raw_get(v, "statusPort")->u.s.p, "7");
	assert_int_equal(raw_get(v, "statusPort")->kind, K_NUMBER);
	arena_release(&a);
}

/* Strings of the annotation stay marked as the pod's, and none of its nodes passes for the request's own. */
static void test_pod_marks(void **state UNUSED)
{
	struct err err = {0};
	struct arena a;

	arena_init(&a, 0);
	const struct value *mesh = mesh_parse(&a, STR("defaultConfig: {proxyMetadata: {M: m}, meshId: x}"), HEAD, NULL, &err);
	const struct value *config = proxy_config_effective(&a, mesh, HEAD, STR("{proxyMetadata: {A: a}, image: {imageType: t}, meshId: z}"),
		STR("ns"), NULL, NULL, 0, &err);

	assert_non_null(config);
	const struct map *metadata = raw_get(config, "proxyMetadata")->u.map;

	assert_int_equal(map_getc(metadata, "A")->flags, V_POD);
	assert_int_equal(map_getc(metadata, "M")->flags, 0);
	assert_true(map_find(metadata, STR("A"))->key_from_pod);
	assert_false(map_find(metadata, STR("M"))->key_from_pod);
	assert_int_equal(raw_get(config, "meshId")->flags, V_POD);
	assert_int_equal(raw_path(config, "image", "imageType", NULL)->flags, V_POD);
	assert_int_equal(raw_get(config, "image")->flags, 0);
	assert_int_equal(raw_get(mesh, "defaultConfig")->flags, 0);
	arena_release(&a);
}

/* --- the pieces --- */

static void test_durations(void **state UNUSED)
{
	static const struct {
		const char *text, *proto, *go; /* proto NULL: go is the error */
	} rows[] = {
		{"45s", "45s", "45s"}, {"0", "0s", "0s"}, {"-0", "0s", "0s"}, {"0s", "0s", "0s"}, {"100ms", "0.100s", "100ms"},
		{"1.5h", "5400s", "1h30m0s"}, {"1h1m1s1ms1us1ns", "3661.001001001s", "1h1m1.001001001s"}, {"-5s", "-5s", "-5s"},
		{"+5s", "5s", "5s"}, {".5s", "0.500s", "500ms"}, {"1.s", "1s", "1s"}, {"1us", "0.000001s", "1\302\265s"},
		{"1\302\265s", "0.000001s", "1\302\265s"}, {"1\316\274s", "0.000001s", "1\302\265s"}, {"1ns", "0.000000001s", "1ns"},
		{"1500us", "0.001500s", "1.5ms"}, {"1m", "60s", "1m0s"}, {"-1.5ms", "-0.001500s", "-1.5ms"}, {"100h", "360000s", "100h0m0s"},
		{"9223372036854775807ns", "9223372036.854775807s", "2562047h47m16.854775807s"},
		{"-9223372036854775808ns", "-9223372036.854775808s", "-2562047h47m16.854775808s"},
		{"0.3333333333333333333h", "1200s", "20m0s"}, {"3000000h", NULL, "time: invalid duration \"3000000h\""},
		{"", NULL, "time: invalid duration \"\""}, {"s", NULL, "time: invalid duration \"s\""},
		{".s", NULL, "time: invalid duration \".s\""}, {"5", NULL, "time: missing unit in duration \"5\""},
		{"5 s", NULL, "time: unknown unit \" s\" in duration \"5 s\""}, {"5d", NULL, "time: unknown unit \"d\" in duration \"5d\""},
		{"--5s", NULL, "time: invalid duration \"--5s\""}, {"1s2", NULL, "time: missing unit in duration \"1s2\""},
		{"9223372036854775808ns", NULL, "time: invalid duration \"9223372036854775808ns\""},
		{"99999999999999999999s", NULL, "time: invalid duration \"99999999999999999999s\""},
	};
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct text proto, go;
		int64_t ns;
		const char *problem = duration_parse(&a, str_of(rows[i].text), &ns);

		if (!problem != (rows[i].proto != NULL))
			fail_msg("%s: %s", rows[i].text, problem ? problem : "accepted");
		if (problem) {
			assert_string_equal(problem, rows[i].go);
			continue;
		}
		text_init(&proto, &a, 100);
		text_init(&go, &a, 100);
		duration_add_proto(&proto, ns);
		duration_add_go(&go, ns);
		assert_string_equal(text_cstr(&proto), rows[i].proto);
		assert_string_equal(text_cstr(&go), rows[i].go);
		if (ns != INT64_MIN)
			assert_int_equal(duration_of_proto(str_of(text_cstr(&proto))), ns);
	}
	arena_release(&a);
}

static void test_addresses(void **state UNUSED)
{
	static const struct {
		const char *address, *problem;
	} rows[] = {
		{"a:1", NULL}, {"a.b.c:65535", NULL}, {"1.2.3.4:80", NULL}, {"[::1]:80", NULL}, {"a.b.:80", NULL}, {"A-b.C:80", NULL}, {"1a:80", NULL},
		{"", "unable to split \"\": missing port in address"},
		{"a", "unable to split \"a\": address a: missing port in address"},
		{"a:b:1", "unable to split \"a:b:1\": address a:b:1: too many colons in address"},
		{"::1:80", "unable to split \"::1:80\": address ::1:80: too many colons in address"},
		{"[::1", "unable to split \"[::1\": address [::1: missing ']' in address"},
		{"[::1]", "unable to split \"[::1]\": address [::1]: missing port in address"},
		{"[::1]80", "unable to split \"[::1]80\": address [::1]80: missing port in address"},
		{"[a]b:80", "unable to split \"[a]b:80\": address [a]b:80: missing port in address"},
		{"a]:80", "unable to split \"a]:80\": address a]:80: unexpected ']' in address"},
		{"a[:80", "unable to split \"a[:80\": address a[:80: unexpected '[' in address"},
		{"a:", "port () is not a number: strconv.Atoi: parsing \"\": invalid syntax"},
		{"a:x", "port (x) is not a number: strconv.Atoi: parsing \"x\": invalid syntax"},
		{"a:99999999999999999999", "port (99999999999999999999) is not a number: strconv.Atoi: parsing \"99999999999999999999\": "
			"value out of range"},
		{"a:0", "port number 0 must be in the range 1..65535"}, {"a:-1", "port number -1 must be in the range 1..65535"},
		{"a:+80", NULL}, {"a:65536", "port number 65536 must be in the range 1..65535"},
		{":80", "\"\" is not a valid hostname or an IP address"}, {"a_b:80", "\"a_b\" is not a valid hostname or an IP address"},
		{"a.1:80", "\"a.1\" is not a valid hostname or an IP address"}, {"1.2.3.04:80", "\"1.2.3.04\" is not a valid hostname or an IP address"},
		{"a\n:80", "\"a\\n\" is not a valid hostname or an IP address"}, {".:80", "\".\" is not a valid hostname or an IP address"},
	};
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *problem = address_check(&a, str_of(rows[i].address), false);

		if (!problem != !rows[i].problem || (problem && strcmp(problem, rows[i].problem) != 0))
			fail_msg("%s: want %s, got %s", rows[i].address, rows[i].problem ? rows[i].problem : "nothing", problem ? problem : "nothing");
	}
	assert_null(address_check(&a, STR("1.2.3.04:80"), true));
	arena_release(&a);
}

static void test_defaults_are_canonical(void **state UNUSED)
{
	for (unsigned r = 0; r <= RELEASE_HEAD; r++) {
		struct err err = {0};
		struct arena a;

		arena_init(&a, 0);
		struct proto_reader reader = {&a, NULL, &err, PROTO_UNKNOWN_ERROR, release_is_gogo((enum release)r)};
		const struct value *mesh = mesh_defaults(&a, (enum release)r, &err);
		struct map *again = map_new(&a, 0);

		assert_non_null(mesh);
		if (proto_apply(&reader, again, mesh, mesh_config_type((enum release)r)) < 0)
			fail_msg("release %u: %s: %s", r, err.where, err.what);
		assert_true(raw_equal(mesh, value_map(&a, again)));
		arena_release(&a);
	}
}

static int run_all(struct arena *a, const void *arg UNUSED, struct err *err)
{
	const struct value *mesh = mesh_parse(a, STR("{trustDomainAliases: [b, a], defaultConfig: {proxyMetadata: {A: a}}}"), HEAD, NULL, err);
	const struct value *config = mesh ? proxy_config_effective(a, mesh, HEAD, STR("{concurrency: 3, proxyMetadata: {B: b}}"), STR("ns"),
		NULL, NULL, 0, err) : NULL;
	struct text t;

	text_init(&t, a, 1 << 16);
	if (!config || !mesh_apply_proxy_config(a, mesh, HEAD, STR("statusPort: 1"), err))
		return -1;
	if (proto_to_json(a, &t, config, HEAD, err) < 0)
		return err->code == ERR_LIMIT ? (err_clear(err), err_nomem(err)) : -1;
	return 0;
}

static void test_out_of_memory(void **state UNUSED)
{
	assert_true(oom_loop(run_all, NULL) > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proxy_config), cmocka_unit_test(test_apply), cmocka_unit_test(test_resources),
		cmocka_unit_test(test_mesh), cmocka_unit_test(test_mesh_errors), cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_canon), cmocka_unit_test(test_pod_marks), cmocka_unit_test(test_durations),
		cmocka_unit_test(test_addresses), cmocka_unit_test(test_defaults_are_canonical), cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests_name("mesh", tests, NULL, NULL);
}
