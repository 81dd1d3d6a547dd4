/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the template tests share: the injector's data for one pod, and a row that is a template with what Go answers to it. The answers were
 * recorded with tests/oracle/template, which compares many more.
 */
#ifndef TESTS_UNIT_TEMPLATE_ROWS_H
#define TESTS_UNIT_TEMPLATE_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "patches/schema/schema.h"
#include "patches/template/template.h"
#include "patches/value/json.h"

enum outcome { PRINTS, PARSE, RUN };

struct row {
	enum outcome outcome;
	const char *template, *want;
};

static const char data_text[] =
	"{\"values\": {\"s\": \"hello\", \"i\": 42, \"f\": 1.5, \"b\": true, \"off\": false, \"n\": null, \"list\": [\"a\", \"b"
	"\", \"c\"], \"nums\": [1, 2.5, 3], \"empty\": [], \"map\": {\"k2\": \"v2\", \"k1\": \"v1\", \"k3\": 3}, \"nested\": {\""
	"a\": {\"b\": [1, {\"c\": \"d\"}]}, \"x\": null}, \"weird\": {\"a.b\": \"c\", \"\": \"empty\"}, \"html\": \"<a&b>'\\\"\""
	", \"nul\": \"a\\u0000b\", \"uni\": \"\\u00e9\\u4e2d\\ud83d\\ude00\\u2028\"}, \"pod\": {\"apiVersion\": \"v1\", \"kind\""
	": \"Pod\", \"metadata\": {\"name\": \"web-1\", \"namespace\": \"prod\", \"labels\": {\"app\": \"web\", \"version\": \""
	"v1\"}, \"annotations\": {\"note\": \"x <y>\"}, \"creationTimestamp\": \"2024-05-06T07:08:09Z\", \"ownerReferences\": ["
	"{\"apiVersion\": \"apps/v1\", \"kind\": \"ReplicaSet\", \"name\": \"web\", \"uid\": \"u\"}]}, \"spec\": {\"containers\""
	": [{\"name\": \"app\", \"image\": \"nginx\", \"ports\": [{\"containerPort\": 80, \"name\": \"http\"}, {\"containerPort"
	"\": 53, \"protocol\": \"UDP\"}], \"env\": [{\"name\": \"A\", \"value\": \"1\"}], \"resources\": {\"limits\": {\"cpu\":"
	" \"500m\", \"memory\": \"1Gi\"}}, \"securityContext\": {\"runAsUser\": 1000}, \"livenessProbe\": {\"httpGet\": {\"path"
	"\": \"/\", \"port\": 80}}}, {\"name\": \"b\", \"image\": \"b\", \"args\": [\"x\"], \"readinessProbe\": {\"tcpSocket\":"
	" {\"port\": \"http\"}}}], \"volumes\": [{\"name\": \"d\", \"emptyDir\": {}}, {\"name\": \"c\", \"configMap\": {\"name\""
	": \"c\"}}], \"terminationGracePeriodSeconds\": 30, \"nodeSelector\": {\"a\": \"b\"}, \"overhead\": {\"cpu\": \"0.5\"}}"
	"}, \"mesh\": {\"proxyListenPort\": 15001, \"connectTimeout\": \"10s\", \"enableTracing\": true, \"trustDomain\": \"clu"
	"ster.local\", \"dnsRefreshRate\": \"1.500s\", \"outboundTrafficPolicy\": {\"mode\": \"REGISTRY_ONLY\"}, \"enablePromet"
	"heusMerge\": true, \"defaultServiceExportTo\": [\"*\"], \"defaultConfig\": {\"binaryPath\": \"/usr/local/bin/envoy\", "
	"\"serviceCluster\": \"istio-proxy\", \"drainDuration\": \"45s\", \"statusPort\": 15020, \"concurrency\": 2, \"intercep"
	"tionMode\": \"TPROXY\", \"tracing\": {\"zipkin\": {\"address\": \"zipkin:9411\"}, \"sampling\": 1.5}, \"proxyMetadata\""
	": {\"B\": \"2\", \"A\": \"1\"}}}}";

static UNUSED const struct value *row_data(struct arena *a)
{
	struct err err = {0};
	const struct value *root = json_parse(a, data_text, sizeof(data_text) - 1, JSON_ALLOW_NUL, &err), *pod, *mesh;
	struct value *v = value_new(a, K_STRUCT, &go_template_data), *pointer = value_new(a, K_PTR, &go_ptr_template_data);
	struct map *m = map_new(a, 16), *deployment = map_new(a, 2);

	assert_non_null(root);
	pod = raw_get(root, "pod");
	mesh = raw_get(root, "mesh");
	assert_true(v && pointer && m && deployment && pod && mesh);
	assert_int_equal(map_setc(a, deployment, "Name", raw_path(pod, "metadata", "name", NULL)), 0);
	assert_int_equal(map_setc(a, deployment, "Namespace", raw_path(pod, "metadata", "namespace", NULL)), 0);
	const struct {
		const char *name;
		const struct value *value;
	} members[] = {
		{"TypeMeta", pod}, {"DeploymentMeta", value_map(a, deployment)}, {"ObjectMeta", raw_get(pod, "metadata")},
		{"Spec", raw_get(pod, "spec")}, {"ProxyConfig", raw_get(mesh, "defaultConfig")}, {"MeshConfig", mesh},
		{"Values", value_from_raw(a, raw_get(root, "values"))}, {"Revision", value_cstr(a, "default")},
		{"NativeSidecars", &value_true}, {"ProxyImage", value_cstr(a, "proxy:img")}, {"ProxyInitImage", value_cstr(a, "init:img")},
		{"ProxyUID", value_number(a, 1337)}, {"ProxyGID", value_number(a, 1337)},
		{"InboundTrafficPolicyMode", value_cstr(a, "passthrough")}, {"CompliancePolicy", &value_empty_string},
	};

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		assert_int_equal(map_setc(a, m, members[i].name, members[i].value), 0);
	v->u.map = m;
	pointer->u.ptr = v;
	return pointer;
}

/* What the template comes to: its output or the error's text, in the arena. */
static UNUSED enum outcome row_run(struct arena *a, const char *text, struct str *ret, struct err *err)
{
	struct template *t = template_compile("inject", str_of(text), TEMPLATE_HEAD, err);
	const struct template_env env = {.variables = NULL};
	struct rendered rendered;
	int rc;

	if (!t) {
		*ret = str_of(err->what);
		return PARSE;
	}
	rc = template_run(t, a, row_data(a), &env, &rendered, err);
	template_free(t);
	*ret = rc == 0 ? rendered.text : str_of(err->what);
	return rc == 0 ? PRINTS : RUN;
}

/* Says what differed; the number of rows that did. */
static UNUSED int row_check(struct arena *a, const char *template, enum outcome outcome, const char *want)
{
	struct err err = {0};
	struct str got;
	const enum outcome is = row_run(a, template, &got, &err);

	if (is == outcome && str_is(got, want))
		return 0;
	print_error("%s\n  want (%d) %s\n  got  (%d) %.*s\n", template, (int)outcome, want, (int)is, (int)got.len, got.p);
	return 1;
}

static UNUSED void rows_check(const struct row *rows, size_t n)
{
	struct arena a;
	int bad = 0;

	arena_init(&a, 0);
	for (size_t i = 0; i < n; i++) {
		bad += row_check(&a, rows[i].template, rows[i].outcome, rows[i].want);
		arena_clear(&a);
	}
	arena_release(&a);
	assert_int_equal(bad, 0);
}

#endif
