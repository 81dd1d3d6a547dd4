/* SPDX-License-Identifier: Apache-2.0 */
/* The generated table and its look-ups. */
#include "patches/schema/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const struct go_field *field(const struct go_type *t, const char *name)
{
	return go_field_find(t, str_of(name), NULL);
}

static void test_fields_by_go_name(void **state UNUSED)
{
	static const struct {
		const struct go_type *type;
		const char *name, *json, *of; /* json NULL: no such field */
	} rows[] = {
		{&go_pod_spec, "Containers", "containers", "[]v1.Container"},
		{&go_pod_spec, "containers", NULL, NULL},
		{&go_pod_spec, "NodeSelector", "nodeSelector", "map[string]string"},
		{&go_volume, "VolumeSource", "", "v1.VolumeSource"},
		{&go_volume, "ConfigMap", "configMap", "*v1.ConfigMapVolumeSource"},
		{&go_probe, "HTTPGet", "httpGet", "*v1.HTTPGetAction"},
		{&go_resource_requirements, "Limits", "limits", "v1.ResourceList"},
		{&go_object_meta, "DeletionTimestamp", "deletionTimestamp", "*v1.Time"},
		{&go_proxy_config, "Concurrency", "concurrency", "*wrapperspb.Int32Value"},
		{&go_proxy_config_1_5, "Concurrency", "concurrency", "int32"},
		{&go_proxy_config_1_6, "Concurrency", "concurrency", "int32"},
		{&go_proxy_config_1_7, "Concurrency", "concurrency", "*types.Int32Value"},
		{&go_proxy_config_1_5, "ConnectTimeout", "connectTimeout", "*types.Duration"},
		{&go_proxy_config_1_6, "ConnectTimeout", NULL, NULL},
		{&go_proxy_config_1_8, "HoldApplicationUntilProxyStarts", "holdApplicationUntilProxyStarts", "*types.BoolValue"},
		{&go_proxy_config_1_7, "HoldApplicationUntilProxyStarts", NULL, NULL},
		{&go_proxy_config, "ParentShutdownDuration", NULL, NULL},
		{&go_proxy_config_1_8, "ParentShutdownDuration", "parentShutdownDuration", "*types.Duration"},
		{&go_proxy_config, "ServiceCluster", NULL, NULL}, /* member of a oneof */
		{&go_proxy_config, "ClusterName", "ClusterName", "v1alpha1.isProxyConfig_ClusterName"},
		{&go_template_data, "Spec", "Spec", "v1.PodSpec"},
		{&go_template_data_1_5, "Spec", "Spec", "*v1.PodSpec"},
		{&go_template_data_1_5, "DeploymentMeta", "DeploymentMeta", "*v1.ObjectMeta"},
		{&go_template_data, "DeploymentMeta", "DeploymentMeta", "types.NamespacedName"},
		{&go_template_data, "Values", "Values", "map[string]interface {}"},
		{&go_template_data_1_5, "Revision", NULL, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct go_field *f = field(rows[i].type, rows[i].name);

		if (!f != !rows[i].json)
			fail_msg("%s.%s is %sthere", rows[i].type->name, rows[i].name, f ? "" : "not ");
		if (f) {
			assert_string_equal(f->json_name, rows[i].json);
			assert_string_equal(f->type->name, rows[i].of);
		}
	}
}

static void test_embedding_field_is_told(void **state UNUSED)
{
	const struct go_field *via;

	assert_non_null(go_field_find(&go_volume, STR("Name"), &via));
	assert_null(via);
	assert_non_null(go_field_find(&go_volume, STR("EmptyDir"), &via));
	assert_string_equal(via->go_name, "VolumeSource");
	assert_non_null(go_field_find(&go_pod, STR("Labels"), &via));
	assert_string_equal(via->go_name, "ObjectMeta");
	assert_null(go_field_find(&go_pod, STR("NoSuch"), &via));
	assert_null(via);
}

static void test_fields_by_json_name(void **state UNUSED)
{
	static const struct {
		const struct go_type *type;
		struct str key;
		const char *go_name; /* NULL: none */
	} rows[] = {
		{&go_pod_spec, STR("containers"), "Containers"},
		{&go_pod_spec, STR("CONTAINERS"), "Containers"},
		{&go_pod_spec, STR("container\xc5\xbf"), "Containers"},
		{&go_pod_spec, STR("hostnam\xc3\xa9"), NULL},
		{&go_pod_spec, STR("container"), NULL},
		{&go_pod_spec, STR("containers\0x"), NULL},
		{&go_pod_spec, STR(""), NULL},
		{&go_volume, STR("configmap"), "ConfigMap"},
		{&go_volume, STR("volumesource"), NULL},
		{&go_pod, STR("kind"), "Kind"},
		{&go_pod, STR("metadata"), "ObjectMeta"},
		{&go_pod, STR("name"), NULL},
		{&go_proxy_config, STR("configPath"), "ConfigPath"},
		{&go_proxy_config, STR("config_path"), "ConfigPath"},
		{&go_proxy_config, STR("configpath"), NULL},
		{&go_proxy_config, STR("serviceCluster"), "ServiceCluster"},
		{&go_proxy_config, STR("ClusterName"), NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct go_field *f = go_field_by_json(rows[i].type, rows[i].key);

		if (!f != !rows[i].go_name)
			fail_msg("%s: %s is %sthere", rows[i].type->name, rows[i].key.p, f ? "" : "not ");
		if (f)
			assert_string_equal(f->go_name, rows[i].go_name);
	}
}

static void test_merge_keys_and_ages(void **state UNUSED)
{
	const struct go_field *volumes = field(&go_pod_spec, "Volumes");

	assert_string_equal(volumes->merge_key, "name");
	assert_int_equal(volumes->flags & (F_MERGE | F_RETAIN_KEYS | F_REPLACE), F_MERGE | F_RETAIN_KEYS);
	assert_string_equal(field(&go_container, "Ports")->merge_key, "containerPort");
	assert_int_equal(field(&go_container, "Args")->flags & F_MERGE, 0);
	assert_int_equal(field(&go_container, "Name")->flags & F_OMITEMPTY, 0);
	assert_int_equal(field(&go_container, "Image")->since, 17);
	assert_int_equal(field(&go_container, "RestartPolicy")->since, 20);
	assert_int_equal(field(&go_security_context, "SeccompProfile")->since, 19);
	assert_int_equal(field(&go_pod_security_context, "FSGroupChangePolicy")->since, 18);
	assert_int_equal(field(&go_http_get_action, "Port")->since, 17);
	assert_int_equal(field(&go_proxy_config, "ConfigPath")->since, 0);
	assert_int_equal(field(field(&go_stateful_set, "Status")->type, "Replicas")->since, 17);
	assert_int_equal(field(field(&go_stateful_set, "Status")->type, "AvailableReplicas")->since, 20);
	assert_int_equal(field(field(&go_cron_job, "Spec")->type, "Schedule")->since, 17); /* batch/v1beta1 at that time */
	assert_int_equal(field(field(&go_cron_job, "Spec")->type, "TimeZone")->since, 20);
	assert_int_equal(field(field(&go_deployment_config, "Spec")->type, "Test")->since, 17);
}

static void test_methods(void **state UNUSED)
{
	const struct go_method *m = go_method_find(&go_ptr_proxy_config, STR("GetConcurrency"));

	assert_non_null(m);
	assert_int_equal(m->kind, M_GETTER);
	assert_string_equal(m->field->json_name, "concurrency");
	assert_true(m->on_pointer);
	m = go_method_find(&go_proxy_config, STR("GetServiceCluster"));
	assert_string_equal(m->field->oneof, "ClusterName");
	assert_int_equal(go_method_find(&go_quantity, STR("String"))->kind, M_STRING);
	assert_int_equal(go_method_find(&go_pod_spec, STR("DeepCopy"))->kind, M_OTHER);
	assert_null(go_method_find(&go_pod_spec, STR("Nope")));
	assert_null(go_method_find(&go_string, STR("String")));
	assert_false(go_method_find(&go_namespaced_name, STR("String"))->on_pointer);
}

static void test_methods_are_sorted(void **state UNUSED)
{
	const struct go_type *const types[] = {&go_mesh_config, &go_proxy_config, &go_quantity, &go_pod, &go_time, &go_mesh_config_1_5};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		assert_true(types[i]->n_methods > 0);
		for (size_t j = 1; j < types[i]->n_methods; j++)
			assert_true(strcmp(types[i]->method[j - 1].name, types[i]->method[j].name) < 0);
	}
}

static void test_enums(void **state UNUSED)
{
	const struct go_type *mode = field(&go_proxy_config, "InterceptionMode")->type;

	assert_string_equal(go_enum_name(mode, 0), "REDIRECT");
	assert_string_equal(go_enum_name(mode, 1), "TPROXY");
	assert_null(go_enum_name(mode, 77));
	assert_string_equal(go_enum_name(field(&go_proxy_config_1_5, "ControlPlaneAuthPolicy")->type, 1), "MUTUAL_TLS");
}

static void test_type_of(void **state UNUSED)
{
	static const struct {
		struct value v;
		const char *name;
	} rows[] = {
		{{.kind = K_BOOL}, "bool"}, {{.kind = K_INT}, "int"}, {{.kind = K_FLOAT}, "float64"},
		{{.kind = K_STRING}, "string"}, {{.kind = K_LIST}, "[]interface {}"},
		{{.kind = K_MAP}, "map[string]interface {}"}, {{.kind = K_STRUCT, .type = &go_pod_spec}, "v1.PodSpec"},
		{{.kind = K_MAP, .type = &go_map_string}, "map[string]string"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(go_type_of(&rows[i].v)->name, rows[i].name);
	assert_null(go_type_of(&value_nil));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_by_go_name), cmocka_unit_test(test_embedding_field_is_told),
		cmocka_unit_test(test_fields_by_json_name), cmocka_unit_test(test_merge_keys_and_ages),
		cmocka_unit_test(test_methods), cmocka_unit_test(test_methods_are_sorted), cmocka_unit_test(test_enums),
		cmocka_unit_test(test_type_of),
	};

	return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
