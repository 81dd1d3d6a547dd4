/* SPDX-License-Identifier: Apache-2.0 */
/* The injector's own functions, in each dialect; limits; whose bytes a result holds. */
#include "tests/unit/render.h"

#include <stdio.h>

#include "base/limits.h"

static const char pod[] =
	"{\"metadata\": {\"name\": \"web\", \"labels\": {\"app\": \"web\"}, \"annotations\": {\"a\": \"1\", \"empty\": \"\"}},"
	" \"spec\": {\"containers\": [{\"name\": \"app\", \"image\": \"r:5000/x:1.2@sha256:ab\", \"ports\": [{\"containerPort\": 80},"
	" {\"containerPort\": 53, \"protocol\": \"UDP\"}, {\"containerPort\": 443, \"protocol\": \"TCP\"}]},"
	" {\"name\": \"istio-proxy\", \"ports\": [{\"containerPort\": 15090}]}]}}";

static const char mesh[] = "{\"extensionProviders\": [{\"name\": \"x\", \"opentelemetry\": {\"serviceAttributeEnrichment\":"
	" \"OTEL_SEMANTIC_CONVENTIONS\"}}], \"defaultConfig\": {\"drainDuration\": \"45s\"}}";

static const char values[] = "{\"m\": {\"a\": 1, \"b\": null}, \"t\": \"{{ .Values.m.a }}!\", \"loop\": \"{{ render .Values.loop }}\"}";

static const struct row rows_head[] = {
	{"{{ annotation .ObjectMeta `a` `x` }} {{ annotation .ObjectMeta `nope` 5 }} {{ annotation .ObjectMeta `empty` `x` }}|", "1 5 |"},
	{"{{ annotation .ObjectMeta `nope` nil }}", "<nil>"},
	{"{{ isset .ObjectMeta.Annotations `a` }} {{ isset .ObjectMeta.Annotations `b` }}", "true false"},
	{"{{ isset .Values.m `a` }}", "error: wrong type for value; expected map[string]string; got map[string]interface {}"},
	{"{{ valueOrDefault `` `d` }} {{ valueOrDefault 0 5 }} {{ valueOrDefault .Values.nope `m` }}", "d 0 m"},
	{"{{ includeInboundPorts .Spec.Containers }} {{ applicationPorts .Spec.Containers }}", "80,443,15090 80,443"},
	{"{{ excludeInboundPort `15020` `80, 15021,` }}", "80,15021,15020"},
	{"{{ excludeInboundPort 15020 `` }} {{ excludeInboundPort `0` `1` }} {{ excludeInboundPort ` ` `1` }}", "15020 1 1"},
	{"{{ excludeInboundPort `80` `80, 81` }}", "80, 81"},
	{"{{ kubevirtInterfaces `a,b` }} {{ excludeInterfaces `x` }}", "a,b x"},
	{"{{ directory `/a/b/c.yaml` }} {{ directory `x` }}| {{ contains `ell` `hello` }} {{ toLower `ABC` }}", "/a/b/ | true abc"},
	{"{{ indent 2 `a\nb\nc` }}", "a\n  b\n  c"},
	{"{{ indent -2 `a\nb` }}", "a\n  b"},
	{"{{ env `KNOWN` `d` }} {{ env `EMPTY` `d` }} {{ env `HOME` `d` }}", "yes d d"},
	{"{{ env `KNOWN` }}", "error: wrong number of args for env: want 2 got 1"},
	{"{{ appendMultusNetwork `` `n` }}|{{ appendMultusNetwork `a` `n` }}|{{ appendMultusNetwork `a, n` `n` }}", "n|a, n|a, n"},
	{"{{ appendMultusNetwork `[{\"name\":\"b\"}]` `n` }}", "[{\"name\":\"b\"}, {\"name\": \"n\"}]"},
	{"{{ appendMultusNetwork `[{\"name\":\"n\"}]` `n` }}", "[{\"name\":\"n\"}]"},
	{"{{ appendMultusNetwork `[{\"name\":\"n\"}]` `ns/n` }}", "[{\"name\":\"n\"}, {\"name\": \"n\", \"namespace\": \"ns\"}]"},
	{"{{ appendMultusNetwork `[1]` `n` }} {{ appendMultusNetwork `x]` `n` }}", "[1] x]"},
	{"{{ toJSON .ObjectMeta.Labels }} {{ toJSON .Spec.NodeSelector }}", "{\"app\":\"web\"} {}"},
	{"{{ toJSON .Values.m }}", "error: wrong type for value; expected map[string]string"},
	{"{{ fromJSON `{\"a\":[1]}` }} {{ fromJSON `{` }}", "map[a:[1]] {}"},
	{"{{ structToJSON nil }}", "{}"},
	{"{{ structToJSON (index .Spec.Containers 1) }}",
	 "{\"name\":\"istio-proxy\",\"ports\":[{\"containerPort\":15090}],\"resources\":{}}"},
	{"{{ toYaml .Values.m }}", "a: 1\nb: null\n"},
	{"{{ toYaml nil }}", "null\n"},
	{"{{ toYaml (list) }}", "[]\n"},
	{"{{ toJsonMap (strdict `b` `<`) (strdict `a` `1` `b` `2`) }} {{ toJsonMap }}", "{\"a\":\"1\",\"b\":\"2\"} null"},
	{"{{ mergeMaps (strdict `a` `1`) (strdict `a` `2`) }} {{ strdict `k` }}", "map[a:2] map[k:]"},
	{"{{ omit (strdict `a` `1` `b` `2`) `a` `c` }}", "map[b:2]"},
	{"{{ omit (dict `a` 1) `a` }}", "error: wrong type for value; expected map[string]string; got map[string]interface {}"},
	{"{{ omitNil (dict `a` nil `b` (list nil 1) `c` (dict `d` nil)) }} {{ omitNil (dict `a` nil) }}", "map[b:[1]] <no value>"},
	{"{{ formatDuration .MeshConfig.DefaultConfig.DrainDuration }} {{ formatDuration .MeshConfig.ConnectTimeout }}", "45s 0s"},
	{"{{ protoToJSON .MeshConfig.DefaultConfig.DrainDuration }}", "\"45s\""},
	{"{{ protoToJSON .Spec }}", "error: wrong type for value; expected protoreflect.ProtoMessage; got v1.PodSpec"},
	{"{{ otelResourceAttributes .MeshConfig .ObjectMeta.Annotations .ObjectMeta.Labels `ns` .Spec.Containers }}",
	 "service.namespace=ns,service.instance.id=ns.$(POD_NAME).app"},
	{"{{ otelResourceAttributes .MeshConfig (strdict `resource.opentelemetry.io/service.version` `v9`) .ObjectMeta.Labels `` "
	 "(slice .Spec.Containers 0 1) }}",
	 "service.version=v9,service.instance.id=.$(POD_NAME).app"},
	{"{{ otelResourceAttributes .MeshConfig .ObjectMeta.Labels .ObjectMeta.Labels `` (slice .Spec.Containers 0 1) }}",
	 "service.version=1.2@sha256:ab,service.instance.id=.$(POD_NAME).app"},
	{"{{ otelResourceAttributes nil .ObjectMeta.Labels .ObjectMeta.Labels `ns` .Spec.Containers }}|", "|"},
	{"{{ if false }}{{ expandenv `$HOME` }}{{ end }}{{ if false }}{{ genPrivateKey `rsa` }}{{ end }}ok", "ok"},
	{"{{ expandenv `$HOME` }}", "error: error calling expandenv: not available here"},
	{"{{ getHostByName `example.com` }}", "error: error calling getHostByName: not available here"},
	{"{{ genCA `x` 1 }}", "error: error calling genCA: not available here"},
	/* What would be endless or huge ends. */
	{"{{ repeat 1000000000 `xxxxxxxxxx` }}", "error: a text of more than"},
	{"{{ indent 1000000000 `a\nb` }}", "error: the result is larger than"},
	{"{{ nindent 1000000000 `a` }}", "error: the result is larger than"},
	{"{{ untilStep 0 9223372036854775807 1 }}", "error: a list of more than"},
	{"{{ seq 1 1000000000 }}", "error: a sequence of more than"},
	{"{{ randAlpha 1000000000 }}", "error: random characters"},
	{"{{ range until 1000000 }}{{ range until 1000000 }}{{ end }}{{ end }}", "error: "},
	{"{{ $d := dict }}{{ $_ := set $d `d` $d }}{{ deepEqual $d $d }}", "false"},
	{"{{ $d := dict }}{{ $_ := set $d `d` $d }}{{ deepCopy $d }}", "error: "},
	{"{{ $d := dict }}{{ $_ := set $d `d` $d }}{{ $e := dict }}{{ $_ := set $e `d` $e }}{{ $_ := merge $d $e }}", "error: nested more than"},
	{"{{ set .Values.m `x` 1 }}", "error: cannot change the configuration's own values"},
	{"{{ unset .Values.m `a` }}", "error: cannot change the configuration's own values"},
	{"{{ merge .Values.m (dict `x` 1) }} {{ .Values.m }}", "map[a:1 b:<nil> x:1] map[a:1 b:<nil>]"},
	{"{{ (mergeOverwrite .Values (dict `m` (dict `a` 2))).m }} {{ .Values.m }}", "map[a:2 b:<nil>] map[a:1 b:<nil>]"},
};

static const struct row rows_1_8[] = {
	{"{{ toJson .ObjectMeta.Labels }} {{ default `d` `` }}", "{\"app\":\"web\"} d"},
	{"{{ appendMultusNetwork `[{\"name\":\"n\"}]` `n` }}", "[{\"name\":\"n\"}, {\"name\": \"n\"}]"},
	{"{{ appendMultusNetwork `a` `a` }}", "a, a"},
	{"{{ render .Values.t }} {{ render `{{ nope }}` }}|{{ render `{{ .ObjectMeta.Nope }}` }}", "1! |"},
	{"{{ render .Values.loop }}", "error: render runs within itself too often"},
};

static const struct row rows_1_5[] = {
	{"{{ toJson .ObjectMeta.Labels }} {{ contains `b` `abc` }}", "{\"app\":\"web\"} true"},
	{"{{ default `d` `` }}", "error: function \"default\" not defined"},
	{"{{ render `{{ .ObjectMeta.Name | toLower }}` }}", "web"},
};

struct fixture {
	struct arena a;
	const struct value *data;
	struct template_env env;
};

static const struct value *typed(struct arena *a, const char *json, const struct go_type *type, bool from_pod)
{
	const struct value *raw = json_parse(a, json, strlen(json), from_pod ? JSON_FROM_POD : 0, NULL);

	assert_non_null(raw);
	raw = schema_view(a, raw, type);
	assert_non_null(raw);
	return raw;
}

static const struct value *field(struct arena *a, const struct value *v, const char *name)
{
	const struct value *f = schema_view_field(a, v, go_field_find(go_type_of(v), str_of(name), NULL));

	assert_non_null(f);
	return f;
}

static void set_up(struct fixture *f)
{
	const struct value *p, *v;
	struct map *dot, *variables;

	arena_init(&f->a, 0);
	p = typed(&f->a, pod, &go_pod, true);
	v = from_json(&f->a, values);
	value_freeze(v);
	dot = map_new(&f->a, 4);
	variables = map_new(&f->a, 2);
	assert_int_equal(map_setc(&f->a, dot, "ObjectMeta", field(&f->a, p, "ObjectMeta")), 0);
	assert_int_equal(map_setc(&f->a, dot, "Spec", field(&f->a, p, "Spec")), 0);
	assert_int_equal(map_setc(&f->a, dot, "MeshConfig", typed(&f->a, mesh, &go_ptr_mesh_config, false)), 0);
	assert_int_equal(map_setc(&f->a, dot, "Values", v), 0);
	assert_int_equal(map_setc(&f->a, variables, "KNOWN", value_cstr(&f->a, "yes")), 0);
	assert_int_equal(map_setc(&f->a, variables, "EMPTY", &value_empty_string), 0);
	f->data = value_map(&f->a, dot);
	f->env = (struct template_env){.variables = variables, .now = 1700000000};
}

static void check(const struct row *rows, size_t n, enum template_dialect dialect)
{
	struct fixture f;

	set_up(&f);
	check_rows(rows, n, dialect, f.data, &f.env);
	arena_release(&f.a);
}

static void test_head(void **state)
{
	(void)state;
	check(rows_head, ARRAY_LEN(rows_head), TEMPLATE_HEAD);
}

static void test_1_8(void **state)
{
	(void)state;
	check(rows_1_8, ARRAY_LEN(rows_1_8), TEMPLATE_V1_8);
}

static void test_1_5(void **state)
{
	(void)state;
	check(rows_1_5, ARRAY_LEN(rows_1_5), TEMPLATE_V1_5);
}

/* Which part of what is printed is the pod's: marked with brackets, with braces where it is structure on purpose. */
static void test_spans(void **state)
{
	static const struct row rows[] = {
		{"a{{ .ObjectMeta.Name }}b", "a[web]b"},
		{"{{ annotation .ObjectMeta `a` `x` }}{{ annotation .ObjectMeta `nope` `x` }}", "[1]x"},
		{"{{ default `d` .ObjectMeta.Namespace }}{{ default `d` .ObjectMeta.Name }}", "d[web]"},
		{"{{ upper .ObjectMeta.Name }}{{ ternary `y` .ObjectMeta.Name true }}", "[WEB]y"},
		{"{{ range splitList `e` .ObjectMeta.Name }}({{ . }}){{ end }}", "([w])([b])"},
		{"{{ get (dict `a` `c` `b` .ObjectMeta.Name) `b` }}{{ get (dict `a` `c`) `a` }}", "[web]c"},
		{"{{ toYaml .ObjectMeta.Labels }}{{ toYaml .Values.m }}", "{app: web\n}a: 1\nb: null\n"},
		{"{{ len .ObjectMeta.Name }}{{ regexFind `w` .ObjectMeta.Name }}", "3[w]"},
		{"{{ range $k, $v := dict .ObjectMeta.Name 1 }}{{ $k }}{{ end }}", "[web]"},
		{"{{ (semver (print `1.2.3-` .ObjectMeta.Name)).Prerelease }}", "[web]"},
	};
	struct fixture f;

	(void)state;
	set_up(&f);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct template *t = template_compile("test", str_of(rows[i].template), TEMPLATE_HEAD, NULL);
		struct rendered r;
		struct text marked;
		size_t at = 0;

		assert_non_null(t);
		assert_int_equal(template_run(t, &f.a, f.data, &f.env, &r, NULL), 0);
		text_init(&marked, &f.a, 1000);
		for (size_t k = 0; k < r.n_spans; k++) {
			text_add(&marked, r.text.p + at, r.span[k].begin - at);
			text_addc(&marked, r.span[k].structure ? '{' : '[');
			text_add(&marked, r.text.p + r.span[k].begin, r.span[k].end - r.span[k].begin);
			text_addc(&marked, r.span[k].structure ? '}' : ']');
			at = r.span[k].end;
		}
		text_add(&marked, r.text.p + at, r.text.len - at);
		assert_string_equal(text_cstr(&marked), rows[i].want);
		template_free(t);
	}
	arena_release(&f.a);
}

/*
 * Memory ends after each 16 bytes more, until the run succeeds: it must have failed before, for want of memory or (where the text that is
 * printed did not fit) at a limit, and never shows another answer.
 */
static bool survives(const struct template *t, const struct fixture *f, const char *want)
{
	enum { MOST = 1 << 20, STEP = 16 };

	for (size_t n = 0; n <= MOST; n += STEP) {
		struct err err = {0};
		struct rendered result;
		struct arena a;
		bool done, good;

		arena_init(&a, MOST);
		assert_non_null(arena_alloc(&a, MOST));
		a.next -= n; /* gives the last n bytes back; there will be no more */
		done = template_run(t, &a, f->data, &f->env, &result, &err) == 0;
		good = done ? str_is(result.text, want) && n : err.code == ERR_NOMEM || err.code == ERR_LIMIT;
		if (!good)
			print_error("after %zu bytes: %s\n", n, done ? "another answer" : err.what);
		arena_release(&a);
		if (done || !good)
			return good;
	}
	return false;
}

/* Calls of every kind, with memory that ends at each step. */
static void test_no_memory(void **state)
{
	static const char *const calls[] = {
		"quote `a` (list 1 (dict `b` 2))", "title `hello wörld`", "snakecase `HTTPServer`", "wrap 5 `hello world foo`", "splitn `,` 2 `a,b,c`",
		"join `-` (sortAlpha (list 3 1 2))", "replace `a` `b` `banana`", "addf 0.1 0.2", "seq 1 9", "until 9",
		"chunk 2 (list 1 2 3)", "uniq (list (dict `a` 1) (dict `a` 1))", "without (list 1 2) 1", "concat (list) (list)",
		"keys (dict `a` 1)", "values (dict `a` 1)", "merge (dict `m` (dict)) (dict `m` (dict `a` 1))", "merge .Values (dict `x` 1)",
		"deepCopy .Values.m", "deepEqual .ObjectMeta .ObjectMeta", "fromJson `{\"a\":[1]}`", "toJson .ObjectMeta", "toPrettyJson .Values.m",
		"toRawJson `\u2028`", "b32dec `NBUQ====`", "sha256sum `a`", "len (shuffle `abc`)", "regexReplaceAll `(a)b` `xabx` `<$1>`",
		"regexSplit `,` `a,b` -1", "regexFindAll `x` `a` -1", "regexFind `.` `\xff`", "semver `1.2.3-a+b`", "semverCompare `1.2 - 1.4 || ^2` `2.1.0`",
		"urlParse `http://u:p@h:80/p?q#f` | urlJoin", "clean `/a/../b`", "date `2006-01-02` 0", "toDate `2006` `2020`",
		"dateModify `1h` (toDate `2006` `2020`)", "durationRound `2h1m`", "annotation .ObjectMeta `nope` 5", "includeInboundPorts .Spec.Containers",
		"appendMultusNetwork `[{\"name\":\"b\"}]` `ns/n`", "toYaml .Values.m", "structToJSON .Spec", "toJsonMap (strdict `a` `1`)",
		"omitNil (dict `a` (list nil 1))", "protoToJSON .MeshConfig.DefaultConfig.DrainDuration", "formatDuration .MeshConfig.DefaultConfig.DrainDuration",
		"otelResourceAttributes .MeshConfig .ObjectMeta.Annotations .ObjectMeta.Labels `ns` .Spec.Containers",
	};
	struct fixture f;
	bool good = true;

	(void)state;
	set_up(&f);
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		char text[512];
		struct template *t;
		const char *want;

		(void)snprintf(text, sizeof(text), "{{ %s }}", calls[i]);
		want = render(&f.a, text, TEMPLATE_HEAD, f.data, &f.env);
		t = template_compile("test", str_of(text), TEMPLATE_HEAD, NULL);
		assert_non_null(t);
		if (strncmp(want, "error", 5) == 0 || !survives(t, &f, want)) {
			print_error("%s: %s\n", text, want);
			good = false;
		}
		template_free(t);
	}
	arena_release(&f.a);
	assert_true(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_head), cmocka_unit_test(test_1_8), cmocka_unit_test(test_1_5),
		cmocka_unit_test(test_spans), cmocka_unit_test(test_no_memory)};

	return cmocka_run_group_tests_name("injector functions", tests, NULL, NULL);
}
