/* SPDX-License-Identifier: Apache-2.0 */
/* Loading the configuration: both ways of giving it, what each bad input gets, releases, cluster objects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "patches/config/config.h"
#include "patches/inject.h"
#include "patches/value/json.h"

static struct inject_config *load(const char *config, const char *values, const char *mesh, const char *objects, struct err *err)
{
	const struct inject_options o = {.native = NATIVE_AUTO};
	const struct config_texts t = {
		.inject_config = {"config.yaml", {config, config ? strlen(config) : 0}},
		.values = {"values.yaml", {values, values ? strlen(values) : 0}},
		.mesh = {"mesh.yaml", {mesh, mesh ? strlen(mesh) : 0}},
		.cluster_objects = {"objects.yaml", {objects, objects ? strlen(objects) : 0}},
	};

	memset(err, 0, sizeof(*err));
	return inject_config_load(&t, &o, err);
}

#define GOOD "policy: enabled\ntemplates:\n  sidecar: |\n    metadata: {}\n"
#define VALUES "global: {tag: 1.30.3}\n"

static void test_good(void **state UNUSED)
{
	static const char manifest[] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio-sidecar-injector}\ndata:\n"
				       "  config: |\n    policy: disabled\n    defaultTemplates: [a, b]\n    templates: {a: 'x: 1', b: 'y: 2'}\n"
				       "    aliases: {both: [a, b]}\n    injectedAnnotations: {k: v, num: 1}\n"
				       "  values: |\n    {\"global\": {}}\n";
	struct err err;
	struct inject_config *c = load(GOOD, VALUES, NULL, NULL, &err);

	assert_non_null(c);
	assert_true(c->policy_enabled);
	assert_int_equal(c->n_templates, 1);
	assert_int_equal(c->release, RELEASE_HEAD);
	assert_int_equal(strlen(c->digest), 64);
	assert_null(inject_config_template(c, STR("other")));
	inject_config_free(c);

	c = load(manifest, NULL, "kind: ConfigMap\ndata: {mesh: 'trustDomain: td'}\n", NULL, &err);
	if (!c)
		fail_msg("%s", err.what);
	assert_false(c->policy_enabled);
	assert_int_equal(c->n_default_templates, 2);
	assert_non_null(inject_config_template(c, STR("b")));
	assert_true(str_is(map_getc(c->injected_annotations, "num")->u.s, "1"));
	assert_true(str_is(raw_str(c->mesh, "trustDomain"), "td"));
	inject_config_free(c);

	c = load(NULL, NULL, NULL, NULL, &err);
	if (!c)
		fail_msg("embedded: %s: %s", err.where, err.what);
	assert_non_null(inject_config_template(c, STR("sidecar")));
	assert_non_null(inject_config_template(c, STR("gateway")));
	inject_config_free(c);
}

static const struct {
	const char *config, *values, *mesh, *objects, *error;
} bad[] = {
	{"", VALUES, NULL, NULL, "config.yaml: neither 'templates:' (Istio 1.9 and later) nor 'template:' (Istio 1.5 to 1.8) is there"},
	{"[1]", VALUES, NULL, NULL, "config.yaml: neither"},
	{"policy: enabled\n", VALUES, NULL, NULL, "neither 'templates:'"},
	{GOOD, NULL, NULL, NULL, "config.yaml: the values are missing"},
	{GOOD, "[]", NULL, NULL, "values.yaml: could not parse configuration values: must be a map"},
	{GOOD, "global: 1", NULL, NULL, "could not parse configuration values: global must be a map"},
	{GOOD, "a: [", NULL, NULL, "values.yaml: cannot be read as YAML"},
	{GOOD, "global: {network: 5}", NULL, NULL,
		"values.yaml: could not parse configuration values: global.network must be text: put it in quotes"},
	{GOOD, "global: {proxy: {excludeInboundPorts: 8080}}", NULL, NULL, "global.proxy.excludeInboundPorts must be text: put it in quotes"},
	{GOOD, "global: {proxy: {holdApplicationUntilProxyStarts: 'true'}}", NULL, NULL,
		"global.proxy.holdApplicationUntilProxyStarts must be true or false, without quotes"},
	{GOOD, "global: {multiCluster: c1}", NULL, NULL, "global.multiCluster must be a map"},
	{"policy: enabled\ntemplate: |\n  # appendMultusNetwork\n  {}\n", "global: {network: 5}", NULL, NULL, "global.network must be text"},
	{"policy: 'off'\ntemplates: {sidecar: a}", VALUES, NULL, NULL, "policy must be 'enabled' or 'disabled', not 'off'"},
	{"templates: {sidecar: a}", VALUES, NULL, NULL, "policy must be 'enabled' or 'disabled', not ''"},
	{"policy: enabled\ntemplates: {sidecar: '{{ nope }}'}", VALUES, NULL, NULL,
		"template 'sidecar' does not compile: template: inject:1: function \"nope\" not defined"},
	{"policy: enabled\ntemplates: {sidecar: '{{ end }}'}", VALUES, NULL, NULL, "unexpected {{end}}"},
	{"policy: enabled\ntemplates: {sidecar: 1}", VALUES, NULL, NULL, "template 'sidecar' must be text"},
	{"policy: enabled\ntemplates: {sidecar: a}\nneverInjectSelector: [{matchExpressions: [{key: a, operator: Like}]}]", VALUES, NULL, NULL,
		"neverInjectSelector: entry 1: matchExpressions for key 'a': 'Like' is no operator"},
	{"policy: enabled\ntemplates: {sidecar: a}\nalwaysInjectSelector: {}", VALUES, NULL, NULL, "alwaysInjectSelector: must be a list"},
	{"policy: enabled\ntemplates: {sidecar: a}\ndefaultTemplates: sidecar", VALUES, NULL, NULL, "defaultTemplates must be a list"},
	{"policy: enabled\ntemplates: {sidecar: a}\naliases: {x: y}", VALUES, NULL, NULL, "aliases must be a list"},
	{"policy: enabled\ntemplates: {sidecar: a}\ninjectedAnnotations: {x: [1]}", VALUES, NULL, NULL, "injectedAnnotations: 'x' must be a string"},
	{"kind: ConfigMap\ndata: {values: '{}'}", VALUES, NULL, NULL, "config.yaml: the ConfigMap has no key 'config' under data"},
	{GOOD, VALUES, "kind: ConfigMap\ndata: {}", NULL, "mesh.yaml: the ConfigMap has no key 'mesh' under data"},
	{GOOD, VALUES, "a: [", NULL, "mesh.yaml"},
	{GOOD, VALUES, "defaultConfig: {drainDuration: 5 lightyears}", NULL, "mesh.yaml"},
	{GOOD, VALUES, NULL, "kind: Node\n---\n- a\n", "objects.yaml: document at line 3: a manifest must be a map"},
	{GOOD, VALUES, NULL, "kind: [", "objects.yaml: document at line 1"},
};

static void test_bad(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err;
		struct inject_config *c = load(bad[i].config, bad[i].values, bad[i].mesh, bad[i].objects, &err);

		if (c || !strstr(err.what, bad[i].error))
			fail_msg("row %zu: want %s; got %s", i, bad[i].error, c ? "a configuration" : err.what);
		assert_true(err.code == ERR_CONFIG || err.code == ERR_LIMIT);
		assert_true(err.where[0] != '\0');
	}
}

static void test_cluster_objects(void **state UNUSED)
{
	static const char objects[] =
		"apiVersion: v1\nkind: List\nitems:\n"
		"- {kind: Node, metadata: {name: a}, status: {nodeInfo: {kubeletVersion: v1.34.0}}}\n"
		"- {kind: Node, metadata: {name: b}, status: {nodeInfo: {kubeletVersion: 1.5-eks}}}\n"
		"- {kind: Node, metadata: {name: c}}\n"
		"---\nkind: Namespace\nmetadata: {name: ns1, labels: {l: v}}\n"
		"---\n\n---\nkind: Secret\n"
		"---\nkind: ProxyConfig\nmetadata: {name: p, namespace: ns1, creationTimestamp: '2020-01-02T03:04:05Z'}\nspec: {concurrency: 3}\n";
	struct err err;
	struct inject_config *c = load(GOOD, VALUES, NULL, objects, &err);

	if (!c)
		fail_msg("%s", err.what);
	assert_true(c->nodes_known);
	assert_int_equal(c->n_nodes, 3);
	assert_int_equal(c->nodes[0].minor, 34);
	assert_int_equal(c->nodes[1].minor, 5);
	assert_int_equal(c->nodes[2].minor, -1);
	assert_non_null(inject_config_namespace(c, STR("ns1")));
	assert_null(inject_config_namespace(c, STR("ns2")));
	assert_int_equal(c->n_proxy_configs, 1);
	assert_int_equal(c->proxy_configs[0].created, 20200102030405);
	inject_config_free(c);
}

static struct inject_config *load_api(const char *objects, const char *digested, bool nodes_unknown, struct err *err)
{
	const struct config_texts texts = {
		.inject_config = {"config", str_of(GOOD)},
		.values = {"values", str_of(VALUES)},
		.api_objects = {"the cluster's objects", str_of(objects)},
		.api_digested = str_of(digested),
		.nodes_unknown = nodes_unknown,
	};
	const struct inject_options o = {.revision = STR("default")};

	memset(err, 0, sizeof(*err));
	return inject_config_load(&texts, &o, err);
}

/* Whatever the API server stores is read, also what YAML has no room for; what only surrounds the configuration is no part of its digest. */
static void test_api_objects(void **state UNUSED)
{
	static const char two[] = "{\"kind\":\"List\",\"items\":[{\"kind\":\"Namespace\",\"metadata\":{\"name\":\"a\",\"labels\":{\"l\":\"\x7f\\u0000\\ud800\"}}},"
				  "{\"kind\":\"Namespace\",\"metadata\":{\"name\":\"b\"}}]}";
	static const char unsorted[] = "{\"kind\":\"List\",\"items\":[{\"kind\":\"Namespace\",\"metadata\":{\"name\":\"b\"}},"
				       "{\"kind\":\"Namespace\",\"metadata\":{\"name\":\"a\"}}]}";
	static const char none[] = "{\"kind\":\"List\",\"items\":[]}";
	const struct {
		const char *objects, *digested;
		bool nodes_unknown, has_a;
	} rows[] = {{two, "", false, true}, {unsorted, "", true, true}, {none, "", false, false}, {none, "x", false, false}, {none, "", true, false}};
	char digest[5][SHA256_HEX + 1], objects_digest[5][SHA256_HEX + 1];
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct inject_config *c = load_api(rows[i].objects, rows[i].digested, rows[i].nodes_unknown, &err);

		if (!c)
			fail_msg("row %zu: %s", i, err.what);
		assert_int_equal(c->nodes_known, !rows[i].nodes_unknown);
		assert_int_equal(inject_config_namespace(c, STR("a")) != NULL, rows[i].has_a);
		assert_int_equal(inject_config_namespace(c, STR("b")) != NULL, rows[i].has_a);
		assert_null(inject_config_namespace(c, STR("c")));
		memcpy(digest[i], c->digest, sizeof(digest[i]));
		memcpy(objects_digest[i], c->objects_digest, sizeof(objects_digest[i]));
		inject_config_free(c);
	}
	assert_string_equal(digest[0], digest[1]);
	assert_string_equal(digest[0], digest[2]);
	assert_string_not_equal(digest[2], digest[3]);
	assert_string_not_equal(objects_digest[0], objects_digest[1]);
	assert_string_equal(objects_digest[2], objects_digest[3]);
	assert_string_not_equal(objects_digest[2], objects_digest[4]); /* the right to list nodes came later, and there are none */
	assert_null(load_api("{", "", false, &err));
	assert_non_null(strstr(err.what, "the cluster's objects"));
}

/* The files that are injected come after what the cluster has, or in its place; what is no ProxyConfig or cannot be read is nobody's here. */
static void test_proxy_configs_of_files(void **state UNUSED)
{
	static const char objects[] =
		"apiVersion: networking.istio.io/v1beta1\nkind: ProxyConfig\nmetadata: {name: p, namespace: ns1, creationTimestamp: '2020-01-02T03:04:05Z'}\n"
		"spec: {concurrency: 3}\n---\napiVersion: example.org/v1\nkind: ProxyConfig\nmetadata: {name: p, namespace: ns1}\nspec: {concurrency: 9}\n";
	static const char files[] =
		"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: networking.istio.io/v1beta1, kind: ProxyConfig, metadata: {name: new}, spec: {concurrency: 7}}\n"
		"---\napiVersion: networking.istio.io/v1beta1\nkind: ProxyConfig\nmetadata: {name: p, namespace: ns1}\nspec: {concurrency: 5}\n"
		"---\nkind: ProxyConfig\napiVersion: example.org/v1\nmetadata: {name: other}\n---\nProxyConfig: [\n---\nProxyConfig\n";
	struct err err;
	struct inject_config *c = load(GOOD, VALUES, NULL, objects, &err);
	int64_t n = 0;

	if (!c)
		fail_msg("%s", err.what);
	assert_int_equal(c->n_proxy_configs, 1);
	assert_int_equal(proxy_configs_add(c, &(struct named_text){"files", str_of(files)}, STR("mine"), &err), 0);
	assert_int_equal(c->n_proxy_configs, 2);
	assert_true(raw_int(raw_get(c->proxy_configs[0].spec, "concurrency"), &n));
	assert_int_equal(n, 5);
	assert_int_equal(c->proxy_configs[0].created, 20200102030405);
	assert_true(str_is(c->proxy_configs[1].name, "new") && str_is(c->proxy_configs[1].namespace, "mine"));
	assert_true(c->proxy_configs[1].created == INT64_MAX);
	inject_config_free(c);
}

static const struct {
	const char *config, *values, *override;
	enum release release;
	const char *error;
} releases[] = {
	{"templates: {sidecar: a}", "{}", "", RELEASE_HEAD, NULL},
	{"templates: {sidecar: a}", "{}", "1.21", RELEASE_HEAD, NULL},
	{"templates: {sidecar: a}", "{}", "1.8", RELEASE_HEAD, "release 1.8 reads 'template:'"},
	{"template: a", "{}", "1.9", RELEASE_HEAD, "release 1.9 reads 'templates:'"},
	{"template: a", "{}", "2.0", RELEASE_HEAD, "'2.0' is no Istio release"},
	{"template: a", "{}", "", RELEASE_1_5, NULL},
	{"template: a", "global: {tag: 1.6.14}", "", RELEASE_1_6, NULL},
	{"template: a", "global: {tag: v1.7.8-distroless}", "", RELEASE_1_7, NULL},
	{"template: a", "global: {tag: 1.8}", "", RELEASE_1_8, NULL},
	{"template: a", "global: {tag: 1.8}", "1.5", RELEASE_1_5, NULL},
	{"template: a", "global: {tag: latest}", "", RELEASE_1_5, NULL},
	{"template: '{{ appendMultusNetwork \"\" \"x\" }}'", "global: {tag: latest}", "", RELEASE_1_8, NULL},
	{"template: '{{/* includeOutboundPorts */}}'", "{}", "", RELEASE_1_7, NULL},
	{"template: '{{/* PROXY_CONFIG */}}'", "{}", "", RELEASE_1_6, NULL},
};

static void test_releases(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(releases); i++) {
		const struct inject_options o = {.istio_version = str_of(releases[i].override)};
		char config[512];
		struct err err = {0};
		struct inject_config *c;

		(void)snprintf(config, sizeof(config), "policy: enabled\n%s\n", releases[i].config);
		c = inject_config_load(&(struct config_texts){.inject_config = {"c", str_of(config)},
			.values = {"v", str_of(releases[i].values)}}, &o, &err);
		if (releases[i].error) {
			assert_null(c);
			if (!strstr(err.what, releases[i].error))
				fail_msg("row %zu: %s", i, err.what);
			continue;
		}
		if (!c)
			fail_msg("row %zu: %s", i, err.what);
		assert_int_equal(c->release, releases[i].release);
		inject_config_free(c);
	}
}

static const struct {
	struct release_evidence told;
	int patch;
	bool before;
} patches[] = {
	{{TOLD_BY_TAG, {"1.7.1", 5}}, 2, true},
	{{TOLD_BY_TAG, {"v1.7.1-distroless", 17}}, 2, true},
	{{TOLD_BY_OPTION, {"1.7.0", 5}}, 2, true},
	{{TOLD_BY_TAG, {"1.7.2", 5}}, 2, false},
	{{TOLD_BY_TAG, {"1.6.14", 6}}, 10, false},
	{{TOLD_BY_TAG, {"1.6.9", 5}}, 10, true},
	{{TOLD_BY_TAG, {"1.7", 3}}, 2, false},
	{{TOLD_BY_TAG, {"1.7.", 4}}, 2, false},
	{{TOLD_BY_TAG, {"1.7.x", 5}}, 2, false},
	{{TOLD_BY_TAG, {"latest.0.1", 10}}, 2, false},
	{{TOLD_BY_MARKER, {"0.0.0", 5}}, 2, false},
	{{TOLD_BY_NOTHING, {NULL, 0}}, 2, false},
};

static void test_patch_releases(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(patches); i++)
		if (release_is_before(&patches[i].told, patches[i].patch) != patches[i].before)
			fail_msg("row %zu: %s", i, patches[i].told.text.p);
}

/* What 1.6.0 called the annotation, and Jobs that no CronJob is looked for behind, by the tag alone. */
static void test_rules_by_patch(void **state UNUSED)
{
	static const char config[] = "policy: enabled\ntemplate: |\n  containers:\n  - {name: istio-proxy, image: x, args: [\"{{ .DeploymentMeta.Name }}\","
				     " \"{{ .ProxyConfig.DiscoveryAddress }}\"]}\n";
	static const char pod[] = "{\"metadata\":{\"generateName\":\"x-\",\"annotations\":{\"istio.io/proxyConfig\":\"discoveryAddress: early:1\","
				  "\"proxy.istio.io/config\":\"discoveryAddress: late:1\"},\"ownerReferences\":[{\"kind\":\"Job\",\"name\":"
				  "\"job-1234567890\",\"controller\":true}]},\"spec\":{\"containers\":[]}}";
	static const char *const tags[][3] = {
		{"global: {tag: 1.6.0}", "job-1234567890", "early:1"}, {"global: {tag: 1.6.9}", "job-1234567890", "late:1"},
		{"global: {tag: 1.6.14}", "job", "late:1"}, {"global: {tag: 1.7.1}", "job-1234567890", "late:1"}, {"global: {tag: 1.7.8}", "job", "late:1"}};

	for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
		struct inject_request req = {.namespace = STR("shop")};
		struct inject_result r;
		const struct value *args;
		struct err err;
		struct inject_config *c = load(config, tags[i][0], NULL, NULL, &err);
		struct arena a;

		arena_init(&a, 0);
		req.pod = c ? json_parse(&a, pod, strlen(pod), JSON_FROM_POD, &err) : NULL;
		if (!req.pod || inject_pod(c, &a, &req, &r, &err) < 0)
			fail_msg("%s: %s", tags[i][0], err.what);
		args = raw_get(raw_path(r.pod, "spec", "containers", NULL)->u.list.item[0], "args");
		for (size_t n = 0; n < 2; n++)
			if (!str_is(args->u.list.item[n]->u.s, tags[i][n + 1]))
				fail_msg("%s: %.*s", tags[i][0], (int)args->u.list.item[n]->u.s.len, args->u.list.item[n]->u.s.p);
		arena_release(&a);
		inject_config_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good), cmocka_unit_test(test_bad), cmocka_unit_test(test_cluster_objects), cmocka_unit_test(test_api_objects), cmocka_unit_test(test_proxy_configs_of_files),
		cmocka_unit_test(test_releases), cmocka_unit_test(test_patch_releases), cmocka_unit_test(test_rules_by_patch),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
