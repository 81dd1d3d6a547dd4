/* SPDX-License-Identifier: Apache-2.0 */
/* Whole objects as offline injection writes them: by kind and by release, with nothing lost that no type knows. */
#include "patches/pod/canonical.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "patches/pod/coerce.h"
#include "patches/value/json.h"
#include "patches/yaml/yaml.h"
#include "tests/unit/oom.h"

#define POD_TEMPLATE "{\"metadata\":{},\"spec\":{\"containers\":[]}}"

static const struct row {
	const struct go_type *type;
	unsigned kubernetes;
	const char *given, *want; /* want NULL: refused, `error` says what */
	const char *error, *where;
} rows[] = {
	/* Zeros that Go always prints, by kind; nothing that it would print as null. */
	{&go_replica_set, 0, "{}", "{\"metadata\":{},\"spec\":{\"template\":" /* spec.containers is null in Go */
				   "{\"metadata\":{},\"spec\":{}}},\"status\":{\"replicas\":0}}", NULL, NULL},
	{&go_replication_controller, 0, "{}", "{\"metadata\":{},\"spec\":{},\"status\":{\"replicas\":0}}", NULL, NULL},
	{&go_stateful_set, 0, "{\"spec\":{\"serviceName\":\"s\",\"template\":" POD_TEMPLATE "}}",
	 "{\"metadata\":{},\"spec\":{\"template\":" POD_TEMPLATE ",\"serviceName\":\"s\",\"updateStrategy\":{}},"
	 "\"status\":{\"replicas\":0,\"availableReplicas\":0}}", NULL, NULL},
	{&go_stateful_set, 19, "{\"spec\":{\"serviceName\":\"s\",\"template\":" POD_TEMPLATE "}}",
	 "{\"metadata\":{},\"spec\":{\"template\":" POD_TEMPLATE ",\"serviceName\":\"s\",\"updateStrategy\":{}},"
	 "\"status\":{\"replicas\":0}}", NULL, NULL},
	{&go_daemon_set, 17, "{\"spec\":{\"template\":" POD_TEMPLATE "},\"status\":{\"numberReady\":2}}",
	 "{\"metadata\":{},\"spec\":{\"template\":" POD_TEMPLATE ",\"updateStrategy\":{}},\"status\":{\"currentNumberScheduled\":0,"
	 "\"numberMisscheduled\":0,\"desiredNumberScheduled\":0,\"numberReady\":2}}", NULL, NULL},
	{&go_deployment_config, 17, "{\"spec\":{\"minReadySeconds\":0,\"paused\":false,\"template\":" POD_TEMPLATE "}}",
	 "{\"metadata\":{},\"spec\":{\"strategy\":{\"resources\":{}},\"replicas\":0,\"test\":false,\"template\":" POD_TEMPLATE "},"
	 "\"status\":{\"latestVersion\":0,\"observedGeneration\":0,\"replicas\":0,\"updatedReplicas\":0,\"availableReplicas\":0,"
	 "\"unavailableReplicas\":0}}", NULL, NULL},
	{&go_deployment, 0, "{\"spec\":{\"paused\":false,\"replicas\":0,\"minReadySeconds\":0,\"template\":" POD_TEMPLATE "}}",
	 "{\"metadata\":{},\"spec\":{\"replicas\":0,\"template\":" POD_TEMPLATE ",\"strategy\":{}},\"status\":{}}", NULL, NULL},
	{&go_cron_job, 17, "{\"spec\":{\"schedule\":\"@daily\",\"timeZone\":\"UTC\"}}",
	 "{\"metadata\":{},\"spec\":{\"schedule\":\"@daily\",\"jobTemplate\":{\"metadata\":{},\"spec\":{\"template\":{\"metadata\":{},"
	 "\"spec\":{}}}}},\"status\":{}}", NULL, NULL},
	{&go_job, 0, "{\"status\":{\"succeeded\":0,\"startTime\":null}}",
	 "{\"metadata\":{},\"spec\":{\"template\":{\"metadata\":{},\"spec\":{}}},\"status\":{}}", NULL, NULL},
	/* In the pod: empty members go, quantities become canonical. */
	{&go_pod, 0,
	 "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"labels\":{}},\"spec\":{\"containers\":[{\"name\":\"a\",\"args\":[],"
	 "\"env\":[{\"name\":\"e\",\"value\":\"\"}],\"resources\":{\"limits\":{\"memory\":\"1024Mi\",\"cpu\":0.5}},\"tty\":false}],"
	 "\"volumes\":null}}",
	 "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":{\"containers\":[{\"name\":\"a\",\"env\":[{\"name\":\"e\"}],"
	 "\"resources\":{\"limits\":{\"memory\":\"1Gi\",\"cpu\":\"500m\"}}}]},\"status\":{}}", NULL, NULL},
	/* What no type knows stays as it is, wherever it stands; what a release did not have goes. */
	{&go_pod, 0, "{\"spec\":{\"new\":[0,\"\",{}],\"containers\":[{\"later\":{\"args\":[]},\"name\":\"a\"}]},\"x\":null}",
	 "{\"metadata\":{},\"spec\":{\"containers\":[{\"name\":\"a\",\"resources\":{},\"later\":{\"args\":[]}}],\"new\":[0,\"\",{}]},"
	 "\"status\":{},\"x\":null}", NULL, NULL},
	{&go_pod, 17, "{\"spec\":{\"new\":1,\"os\":{\"name\":\"linux\"},\"containers\":[]}}",
	 "{\"metadata\":{},\"spec\":{\"containers\":[],\"new\":1},\"status\":{}}", NULL, NULL},
	/* Any JSON. */
	{&go_pod, 0, "{\"metadata\":{\"managedFields\":[{\"manager\":\"m\",\"fieldsV1\":{\"f:a\":{},\"b\":[]}}]},\"spec\":{\"containers\":[]}}",
	 "{\"metadata\":{\"managedFields\":[{\"manager\":\"m\",\"fieldsV1\":{\"f:a\":{},\"b\":[]}}]},\"spec\":{\"containers\":[]},"
	 "\"status\":{}}", NULL, NULL},
	/* What Go's types refuse. */
	{&go_deployment, 0, "{\"spec\":{\"replicas\":\"3\"}}", NULL,
	 "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32", "/spec/replicas"},
	{&go_stateful_set, 0, "{\"spec\":{\"volumeClaimTemplates\":[{\"spec\":{\"accessModes\":\"x\"}}]}}", NULL,
	 "of type []v1.PersistentVolumeAccessMode", "/spec/volumeClaimTemplates/0/spec/accessModes"},
};

static const struct value *parse(struct arena *a, const char *text)
{
	struct err err = {0};
	const struct value *v = json_parse(a, text, strlen(text), JSON_FROM_POD, &err);

	if (!v)
		fail_msg("%s: %s", text, err.what);
	return v;
}

static const char *print(struct arena *a, const struct value *v)
{
	struct text t;

	text_init(&t, a, 1 << 16);
	json_write(&t, v, 0);
	return text_cstr(&t);
}

static void check_row(size_t i, struct arena *a)
{
	const struct value *given = parse(a, rows[i].given), *v;
	const char *before = print(a, given);
	struct err err = {0};

	v = canonical_object(a, given, rows[i].type, rows[i].kubernetes, &err);
	assert_string_equal(print(a, given), before);
	if (!v && rows[i].want)
		fail_msg("row %zu: %s", i, err.what);
	if (!rows[i].want) {
		assert_null(v);
		assert_string_equal(err.where, rows[i].where);
		if (!strstr(err.what, rows[i].error))
			fail_msg("row %zu: %s", i, err.what);
	} else if (strcmp(print(a, v), rows[i].want) != 0) {
		fail_msg("row %zu: %s", i, print(a, v));
	}
}

static void test_rows(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a;

		arena_init(&a, 0);
		check_row(i, &a);
		arena_release(&a);
	}
}

/* What is canonical stays so. */
static void test_twice_is_once(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a;
		struct err err = {0};
		const struct value *v;

		if (!rows[i].want)
			continue;
		arena_init(&a, 0);
		v = canonical_object(&a, parse(&a, rows[i].want), rows[i].type, rows[i].kubernetes, &err);
		assert_non_null(v);
		assert_string_equal(print(&a, v), rows[i].want);
		arena_release(&a);
	}
}

/* Scalars of YAML where a kind's type has text. */
static void test_coerced(void **state UNUSED)
{
	static const struct {
		const struct go_type *type;
		const char *given, *want;
	} coerced[] = {
		{&go_deployment, "{\"metadata\":{\"name\":7,\"labels\":{\"v\":1.10,\"on\":true}},\"spec\":{\"replicas\":1,\"template\":"
		 "{\"metadata\":{\"annotations\":{\"a\":12}},\"spec\":{\"containers\":[{\"args\":[1,false],\"ports\":[{\"containerPort\":80}],"
		 "\"env\":[{\"name\":\"e\",\"value\":3}]}]}}}}",
		 "{\"metadata\":{\"name\":\"7\",\"labels\":{\"v\":\"1.1\",\"on\":\"true\"}},\"spec\":{\"replicas\":1,\"template\":"
		 "{\"metadata\":{\"annotations\":{\"a\":\"12\"}},\"spec\":{\"containers\":[{\"args\":[\"1\",\"false\"],"
		 "\"ports\":[{\"containerPort\":80}],\"env\":[{\"name\":\"e\",\"value\":\"3\"}]}]}}}}"},
		{&go_cron_job, "{\"spec\":{\"timeZone\":1,\"jobTemplate\":{\"metadata\":{\"labels\":{\"a\":0}}}}}",
		 "{\"spec\":{\"timeZone\":\"1\",\"jobTemplate\":{\"metadata\":{\"labels\":{\"a\":\"0\"}}}}}"},
		{&go_deployment_config, "{\"spec\":{\"selector\":{\"a\":false}}}", "{\"spec\":{\"selector\":{\"a\":\"false\"}}}"},
		{&go_deployment, "{\"spec\":{\"strategy\":{\"rollingUpdate\":{\"maxSurge\":1}}},\"unknown\":{\"a\":1}}",
		 "{\"spec\":{\"strategy\":{\"rollingUpdate\":{\"maxSurge\":1}}},\"unknown\":{\"a\":1}}"},
	};

	for (size_t i = 0; i < ARRAY_LEN(coerced); i++) {
		struct arena a;
		struct err err = {0};
		const struct value *v;

		arena_init(&a, 0);
		v = coerce_strings(&a, parse(&a, coerced[i].given), coerced[i].type, &err);
		assert_non_null(v);
		assert_string_equal(print(&a, v), coerced[i].want);
		arena_release(&a);
	}
}

/* A float is one also where it is whole: sigs.k8s.io/yaml prints it as Go prints a 32-bit float. */
static void test_coerced_yaml_floats(void **state UNUSED)
{
	static const char given[] = "metadata: {labels: {a: 1e9, b: 1.0, c: 1e3, d: 1000000, e: 12345678.0, f: '1e9'}}\n";
	struct err err = {0};
	const struct value *v;
	struct arena a;

	arena_init(&a, 0);
	v = yaml_parse(&a, STR(given), 0, &err);
	assert_non_null(v);
	v = coerce_strings(&a, v, &go_deployment, &err);
	assert_non_null(v);
	assert_string_equal(print(&a, v), "{\"metadata\":{\"labels\":{\"a\":\"1e+09\",\"b\":\"1\",\"c\":\"1000\",\"d\":\"1000000\","
					  "\"e\":\"1.2345678e+07\",\"f\":\"1e9\"}}}");
	v = yaml_parse(&a, STR(given), 0, &err);
	assert_non_null(v);
	v = coerce_item_strings(&a, v, &go_deployment, &err);
	assert_non_null(v);
	assert_string_equal(print(&a, v), "{\"metadata\":{\"labels\":{\"a\":\"1000000000\",\"b\":\"1\",\"c\":\"1000\",\"d\":\"1000000\","
					  "\"e\":\"12345678\",\"f\":\"1e9\"}}}");
	arena_release(&a);
}

static int run_row(struct arena *a, const void *arg, struct err *err)
{
	const struct row *row = arg;
	const struct value *given = json_parse(a, row->given, strlen(row->given), JSON_FROM_POD, err);

	return given && canonical_object(a, given, row->type, row->kubernetes, err) ? 0 : -1;
}

static void test_out_of_memory(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].want && oom_loop(run_row, &rows[i]) == 0)
			fail_msg("row %zu", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows), cmocka_unit_test(test_twice_is_once), cmocka_unit_test(test_coerced), cmocka_unit_test(test_coerced_yaml_floats),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests_name("canonical", tests, NULL, NULL);
}
