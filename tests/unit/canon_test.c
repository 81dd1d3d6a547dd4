/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical form and the check before it, document by document. tests/oracle/canon asks Go itself, by the thousand. */
#include "patches/schema/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/limits.h"
#include "patches/value/json.h"
#include "tests/unit/oom.h"

struct row {
	const struct go_type *type;
	const char *json;
	const char *want; /* canonical, or "!" and the error's text */
};

static const struct value *parse(struct arena *a, const char *json)
{
	struct err err = {0};
	const struct value *v = json_parse(a, json, strlen(json), 0, &err);

	if (!v)
		fail_msg("%s: %s", json, err.what);
	return v;
}

static const char *print(struct arena *a, const struct value *v)
{
	struct text out;

	text_init(&out, a, 1 << 20);
	json_write(&out, v, 0);
	return text_cstr(&out);
}

static const struct row canon_rows[] = {
	{&go_pod_spec, "{}", "{}"},
	{&go_pod_spec, "{\"containers\":null}", "{}"},
	{&go_pod_spec, "{\"containers\":[]}", "{\"containers\":[]}"},
	{&go_pod_spec, "{\"initContainers\":[],\"hostNetwork\":false,\"priority\":0,\"nodeName\":\"\"}", "{\"priority\":0}"},
	{&go_container, "{}", "{\"name\":\"\",\"resources\":{}}"},
	{&go_container, "{\"image\":\"i\",\"name\":\"n\",\"nope\":1}", "{\"name\":\"n\",\"image\":\"i\",\"resources\":{}}"},
	{&go_container, "{\"name\":\"n\",\"volumeMounts\":[{\"readonly\":true,\"mountPath\":\"/\"}]}",
		"{\"name\":\"n\",\"resources\":{},\"volumeMounts\":[{\"name\":\"\",\"readOnly\":true,\"mountPath\":\"/\"}]}"},
	{&go_container, "{\"NAME\":\"a\",\"name\":\"b\"}", "{\"name\":\"b\",\"resources\":{}}"},
	{&go_container, "{\"name\":\"a\",\"Name\":null}", "{\"name\":\"a\",\"resources\":{}}"},
	{&go_container, "{\"args\":[\"a\"],\"ARGS\":null}", "{\"name\":\"\",\"resources\":{}}"},
	{&go_list_container, "[null]", "[{\"name\":\"\",\"resources\":{}}]"},
	{&go_resource_requirements, "{\"limits\":{\"cpu\":\"0.5\",\"memory\":1024,\"x\":null}}",
		"{\"limits\":{\"cpu\":\"500m\",\"memory\":\"1024\",\"x\":\"0\"}}"},
	{&go_map_string, "{\"a\":null}", "{\"a\":\"\"}"},
	{&go_probe, "{\"httpGet\":{},\"timeoutSeconds\":0,\"periodSeconds\":5}", "{\"httpGet\":{\"port\":0},\"periodSeconds\":5}"},
	{&go_probe, "{\"tcpSocket\":{\"port\":\"80\"}}", "{\"tcpSocket\":{\"port\":\"80\"}}"},
	{&go_volume, "{\"emptyDir\":{\"medium\":\"Memory\",\"sizeLimit\":\"1024Mi\"},\"name\":\"v\"}",
		"{\"name\":\"v\",\"emptyDir\":{\"medium\":\"Memory\",\"sizeLimit\":\"1Gi\"}}"},
	{&go_volume, "{\"projected\":{}}", "{\"name\":\"\",\"projected\":{}}"},
	{&go_security_context, "{\"privileged\":false,\"runAsUser\":0}", "{\"privileged\":false,\"runAsUser\":0}"},
	{&go_object_meta, "{\"creationTimestamp\":null,\"labels\":{}}", "{}"},
	{&go_object_meta, "{\"creationTimestamp\":\"2024-05-01T12:00:00.5+02:00\"}", "{\"creationTimestamp\":\"2024-05-01T10:00:00Z\"}"},
	{&go_pod, "{\"spec\":{}}", "{\"metadata\":{},\"spec\":{},\"status\":{}}"},
	{&go_security_context, "{\"runAsUser\":-0}", "{\"runAsUser\":0}"},
	{&go_pod, "{\"spec\":{\"containers\":[{\"name\":7}]}}",
		"!json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string"},
	{&go_pod, "{\"spec\":{\"containers\":[{\"args\":[true]}]}}",
		"!json: cannot unmarshal bool into Go struct field Container.spec.containers.args of type string"},
	{&go_pod, "{\"spec\":{\"priority\":1.5}}",
		"!json: cannot unmarshal number 1.5 into Go struct field PodSpec.spec.priority of type int32"},
	{&go_pod, "{\"spec\":{\"priority\":2147483648}}",
		"!json: cannot unmarshal number 2147483648 into Go struct field PodSpec.spec.priority of type int32"},
	{&go_pod, "{\"spec\":{\"volumes\":[{\"configMap\":[]}]}}",
		"!json: cannot unmarshal array into Go struct field Volume.spec.volumes.VolumeSource.configMap of type v1.ConfigMapVolumeSource"},
	{&go_pod, "[]", "!json: cannot unmarshal array into Go value of type v1.Pod"},
	{&go_pod, "{\"metadata\":{\"labels\":\"x\"}}",
		"!json: cannot unmarshal string into Go struct field ObjectMeta.metadata.labels of type map[string]string"},
	{&go_resource_requirements, "{\"limits\":{\"cpu\":\"x\"}}",
		"!quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
	{&go_resource_requirements, "{\"limits\":{\"cpu\":\"1x\",\"memory\":{}}}",
		"!quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
	{&go_http_get_action, "{\"port\":true}", "!json: cannot unmarshal bool into Go struct field HTTPGetAction.port of type int32"},
	/* A type's own parser ends the reading, so its error is told rather than the wrong kind before it. */
	{&go_container, "{\"name\":1,\"resources\":{\"limits\":{\"cpu\":\"1mi\"}}}", "!unable to parse quantity's suffix"},
};

static void test_canon(void **state UNUSED)
{
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(canon_rows); i++) {
		struct err err = {0};
		const struct value *v = schema_canon(&a, parse(&a, canon_rows[i].json), canon_rows[i].type, &err);
		const char *got = v ? print(&a, v) : arena_printf(&a, "!%s", err.what);

		if (strcmp(got, canon_rows[i].want) != 0)
			fail_msg("%s\ngot  %s\nwant %s", canon_rows[i].json, got, canon_rows[i].want);
	}
	arena_release(&a);
}

static void test_canon_is_stable(void **state UNUSED)
{
	struct err err = {0};
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(canon_rows); i++) {
		const char *want = canon_rows[i].want;
		const struct value *again;

		if (want[0] == '!')
			continue;
		again = schema_canon(&a, parse(&a, want), canon_rows[i].type, &err);
		assert_non_null(again);
		assert_string_equal(print(&a, again), want);
	}
	arena_release(&a);
}

/* A pod whose container is given a new image: the rest of it is as it came, the container's new parts are canonical. */
static void test_untouched_nodes_stay(void **state UNUSED)
{
	static const char pod[] = "{\"resources\":{\"limits\":{\"cpu\":\"0.5\"},\"tomorrow\":1},\"tomorrow\":{\"a\":null},\"args\":[],\"name\":\"n\"}";
	struct err err = {0};
	struct arena a;
	const struct value *raw, *v;
	struct map *m;

	arena_init(&a, 0);
	raw = json_parse(&a, pod, strlen(pod), JSON_FROM_POD, &err);
	assert_ptr_equal(schema_canon(&a, raw, &go_container, &err), raw);
	m = map_clone(&a, raw->u.map, 3);
	assert_int_equal(map_setc(&a, m, "image", value_cstr(&a, "i")), 0);
	assert_int_equal(map_setc(&a, m, "dropped", value_cstr(&a, "x")), 0);
	assert_int_equal(map_setc(&a, m, "IMAGEPULLPOLICY", value_cstr(&a, "Always")), 0);
	v = schema_canon(&a, value_map(&a, m), &go_container, &err);
	assert_non_null(v);
	assert_string_equal(print(&a, v), "{\"name\":\"n\",\"image\":\"i\",\"args\":[],\"resources\":{\"limits\":{\"cpu\":\"0.5\"},"
		"\"tomorrow\":1},\"imagePullPolicy\":\"Always\",\"tomorrow\":{\"a\":null}}");
	arena_release(&a);
}

static void test_error_places(void **state UNUSED)
{
	static const struct {
		const char *json, *where, *what;
	} rows[] = {
		{"{\"spec\":{\"containers\":[{},{\"ports\":[{\"containerPort\":\"80\"}]}]}}", "/spec/containers/1/ports/0/containerPort",
			"cannot read a string as v1.ContainerPort.containerPort (int32)"},
		{"{\"spec\":{\"containers\":[{\"resources\":{\"limits\":{\"a~/b\":\"x\"}}}]}}", "/spec/containers/0/resources/limits/a~0~1b",
			"quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
		{"{\"spec\":{\"containers\":[{\"args\":[\"a\",1.5]}]}}", "/spec/containers/0/args/1",
			"cannot read the number 1.5 as v1.Container.args (string)"},
		{"{\"spec\":{\"hostNETWORK\":\"x\"}}", "/spec/hostNETWORK", "cannot read a string as v1.PodSpec.hostNetwork (bool)"},
		{"{\"metadata\":{\"creationTimestamp\":\"now\"}}", "/metadata/creationTimestamp",
			"'now' is no time: it must be as 2006-01-02T15:04:05Z"},
		{"{\"metadata\":{\"labels\":{\"a\":{}}}}", "/metadata/labels/a", "cannot read an object as v1.ObjectMeta.labels (string)"},
		{"[]", "", "cannot read an array as v1.Pod"},
		{"{\"spec\":{\"containers\":[{\"livenessProbe\":{\"httpGet\":{\"port\":4294967296}}}]}}",
			"/spec/containers/0/livenessProbe/httpGet/port",
			"cannot read the number 4294967296 as v1.HTTPGetAction.port (intstr.IntOrString)"},
	};
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err err = {0}, canon_err = {0};

		assert_int_equal(schema_check(parse(&a, rows[i].json), &go_pod, &err), -1);
		assert_string_equal(err.what, rows[i].what);
		assert_string_equal(err.where, rows[i].where);
		assert_int_equal(err.code, ERR_INPUT);
		assert_null(schema_canon(&a, parse(&a, rows[i].json), &go_pod, &canon_err));
		assert_string_equal(canon_err.where, rows[i].where);
	}
	arena_release(&a);
}

static void test_check_accepts(void **state UNUSED)
{
	static const char *const documents[] = {
		"null", "{}", "{\"spec\":null,\"metadata\":{\"labels\":null,\"creationTimestamp\":null}}",
		"{\"new\":{\"anything\":[1]},\"spec\":{\"newer\":5,\"containers\":[{\"newest\":true}]}}",
		"{\"metadata\":{\"managedFields\":[{\"fieldsV1\":{\"f:spec\":{}},\"time\":\"2024-01-01T00:00:00Z\"}]}}",
		"{\"spec\":{\"containers\":[{\"resources\":{\"limits\":{\"cpu\":1.5,\"memory\":\"1Gi\"}}}],\"priority\":-2147483648}}",
	};
	struct arena a;

	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
		struct err err = {0};

		if (schema_check(parse(&a, documents[i]), &go_pod, &err) < 0)
			fail_msg("%s: %s: %s", documents[i], err.where, err.what);
	}
	arena_release(&a);
}

static int canon_operation(struct arena *a, const void *raw, struct err *err)
{
	return schema_canon(a, raw, &go_pod, err) ? 0 : -1;
}

static void test_canon_without_memory(void **state UNUSED)
{
	static const char pod[] = "{\"metadata\":{\"labels\":{\"a\":\"b\"},\"creationTimestamp\":\"2024-01-01T00:00:00+01:00\"},\"spec\":{\"containers\":"
		"[{\"name\":\"n\",\"resources\":{\"limits\":{\"cpu\":\"0.5\"}},\"ports\":[{\"containerPort\":-0}]}]}}";
	struct arena a;

	arena_init(&a, 0);
	assert_true(oom_loop(canon_operation, parse(&a, pod)) > 20);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canon), cmocka_unit_test(test_canon_is_stable), cmocka_unit_test(test_untouched_nodes_stay),
		cmocka_unit_test(test_error_places), cmocka_unit_test(test_check_accepts), cmocka_unit_test(test_canon_without_memory),
	};

	return cmocka_run_group_tests_name("canon", tests, NULL, NULL);
}
