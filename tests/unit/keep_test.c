/* SPDX-License-Identifier: Apache-2.0 */
/* Is of each object kept what injection needs, and nothing else? */
#include "webhook/cluster/keep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "patches/value/json.h"

#define META "\"metadata\":{\"name\":\"a\",\"namespace\":\"n\",\"uid\":\"u\",\"managedFields\":[1]"

static const struct {
	reflector_keep *keep;
	const char *object, *kept;
} rows[] = {
	{keep_config_map, "{" META "},\"data\":{\"b\":\"2\",\"a\":\"\\u0000\"},\"binaryData\":{\"x\":\"\"}}", "{\"uid\":\"u\",\"data\":{\"a\":\"\\u0000\",\"b\":\"2\"}}"},
	{keep_config_map, "{" META "}}", "{\"uid\":\"u\"}"},
	{keep_config_map, "{" META "},\"data\":7}", "{\"uid\":\"u\"}"},
	{keep_node, "{" META "},\"status\":{\"nodeInfo\":{\"kubeletVersion\":\"v1.34.0\",\"bootID\":\"x\"},\"images\":[1]}}",
	 "{\"kind\":\"Node\",\"metadata\":{\"name\":\"a\"},\"status\":{\"nodeInfo\":{\"kubeletVersion\":\"v1.34.0\"}}}"},
	{keep_node, "{" META "}}", "{\"kind\":\"Node\",\"metadata\":{\"name\":\"a\"},\"status\":{\"nodeInfo\":{\"kubeletVersion\":\"\"}}}"},
	{keep_namespace, "{" META "}}", "{\"kind\":\"Namespace\",\"metadata\":{\"name\":\"a\"}}"},
	{keep_namespace,
	 "{" META ",\"labels\":{\"z\":\"1\",\"a\":\"2\"},\"annotations\":{\"note\":\"long\",\"openshift.io/sa.scc.uid-range\":\"1/2\","
	 "\"openshift.io/sa.scc.mcs\":7,\"openshift.io/sa.scc.supplemental-groups\":\"3/4\"}},\"status\":{}}",
	 "{\"kind\":\"Namespace\",\"metadata\":{\"name\":\"a\",\"labels\":{\"a\":\"2\",\"z\":\"1\"},\"annotations\":{"
	 "\"openshift.io/sa.scc.uid-range\":\"1/2\",\"openshift.io/sa.scc.supplemental-groups\":\"3/4\"}}}"},
	{keep_service_account, "{" META "},\"automountServiceAccountToken\":false,\"secrets\":[{\"name\":\"x\"}]}",
	 "{\"kind\":\"ServiceAccount\",\"metadata\":{\"name\":\"a\",\"namespace\":\"n\"},\"automountServiceAccountToken\":false}"},
	{keep_service_account, "{" META "},\"automountServiceAccountToken\":true}", NULL},
	{keep_service_account, "{" META "},\"automountServiceAccountToken\":\"false\"}", NULL},
	{keep_service_account, "{" META "}}", NULL},
	{keep_proxy_config, "{" META ",\"creationTimestamp\":\"2020-01-02T03:04:05Z\"},\"spec\":{\"concurrency\":3},\"status\":{}}",
	 "{\"kind\":\"ProxyConfig\",\"metadata\":{\"name\":\"a\",\"namespace\":\"n\",\"creationTimestamp\":\"2020-01-02T03:04:05Z\"},"
	 "\"apiVersion\":\"networking.istio.io/v1beta1\",\"spec\":{\"concurrency\":3}}"},
};

static void keeps_what_is_needed(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct value *v;
		struct err err = {0};
		struct arena a;
		struct text t;

		arena_init(&a, 0);
		text_init(&t, &a, 4096);
		v = json_parse(&a, rows[i].object, strlen(rows[i].object), JSON_ALLOW_NUL, &err);
		assert_non_null(v);
		rows[i].keep(&t, v);
		assert_string_equal(text_cstr(&t), rows[i].kept ? rows[i].kept : "");
		assert_true(!rows[i].kept == !t.len);
		if (t.len)
			assert_non_null(json_parse(&a, t.data, t.len, JSON_ALLOW_NUL, &err));
		arena_release(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(keeps_what_is_needed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
