/* SPDX-License-Identifier: Apache-2.0 */
/* What `config check` says: each mistake with its place, its words and its remedy; nothing where nothing is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/nearest.h"
#include "patches/config/check.h"

#define VALUES "global:\n  hub: h\n  none: null\n"
#define CONTAINER "spec: {containers: [{name: istio-proxy, image: i}]}"
#define HEAD "policy: enabled\ntemplates:\n  sidecar: |\n    " CONTAINER "\n"
/* A template of one line, its text at column 5 of line 4. */
#define T(text) HEAD "    # " text "\n"
#define AT "config.yaml:5:"
#define OLD "policy: enabled\ntemplate: |\n  containers: [{name: istio-proxy, image: i}]\n"

static struct named_text text_of(const char *name, const char *text)
{
	return (struct named_text){name, {text, text ? strlen(text) : 0}};
}

/* All findings as the command prints them. */
static const char *check(struct arena *a, const struct config_texts *texts, const struct inject_options *options)
{
	struct findings f = {.a = a};
	struct err err = {0};
	struct text out;

	text_init(&out, a, 1 << 20);
	if (config_check(texts, options, &f, &err) < 0)
		fail_msg("%s", err.what);
	findings_sort(&f);
	for (size_t i = 0; i < f.len; i++) {
		const struct finding *x = &f.item[i];

		text_addf(&out, "%s:%zu:%zu: %s: %s; %s\n", x->place.file, x->place.line, x->place.column, finding_severity_name(x->severity), x->what,
			x->remedy);
	}
	return text_cstr(&out);
}

static const struct row {
	const char *label, *config, *values, *mesh, *version, *want;
} rows[] = {
	{"nothing is wrong", HEAD, VALUES, "trustDomain: td\n", "", ""},
	{"nothing is wrong, old", OLD, VALUES, NULL, "1.6", ""},

	/* texts that cannot be read: each is told, and the others are looked at all the same */
	{"three at once", "policy: [", "a: [", "b: {", "",
		"config.yaml:2:1: error: cannot be read as YAML: yaml: line 1: did not find expected node content; correct the YAML there or in the lines before\n"
		"mesh.yaml:2:1: error: cannot be read as YAML: yaml: line 1: did not find expected node content; correct the YAML there or in the lines before\n"
		"values.yaml:2:1: error: cannot be read as YAML: yaml: line 1: did not find expected node content; correct the YAML there or in the lines before\n"},
	{"no values", HEAD, NULL, NULL, "",
		"config.yaml:1:0: error: the values are missing; give the key 'values' of the same ConfigMap too, or its whole manifest (--values)\n"},
	{"neither format", "policy: enabled\n", VALUES, NULL, "",
		"config.yaml:1:0: error: neither 'templates:' (Istio 1.9 and later) nor 'template:' (Istio 1.5 to 1.8) is there; give the key 'config' of the ConfigMap istio-sidecar-injector, or that ConfigMap's manifest\n"},
	{"wrong version", HEAD, VALUES, NULL, "1.7",
		"config.yaml:1:0: error: release 1.7 reads 'template:', but the file has 'templates:' of 1.9 and later; leave --istio-version out, or give the file that belongs to it\n"},
	{"manifest without the key", "kind: ConfigMap\ndata:\n  values: '{}'\n", VALUES, NULL, "",
		"config.yaml:2:0: error: the ConfigMap has no key 'config' under data; give the ConfigMap that has it: istio-sidecar-injector has 'config' and 'values', istio has 'mesh'\n"},
	{"manifest of another", HEAD, VALUES, "kind: ConfigMap\ndata:\n  config: a\n", "",
		"mesh.yaml:2:0: error: the ConfigMap has no key 'mesh' under data; give the ConfigMap that has it: istio-sidecar-injector has 'config' and 'values', istio has 'mesh'\n"},

	/* keys */
	{"unknown keys", "polcy: enabled\n" HEAD "completelyOther: 1\n", VALUES, NULL, "",
		"config.yaml:1:0: warning: unknown key 'polcy' is ignored; use 'policy' if that is meant\n"
		"config.yaml:6:0: warning: unknown key 'completelyOther' is ignored; take it out\n"},
	{"policy", "policy: on\ntemplates: {sidecar: '" CONTAINER "'}\n", VALUES, NULL, "",
		"config.yaml:1:0: error: policy is no text; write 'enabled' or 'disabled'\n"},
	{"a policy that is misspelt", "policy: Enabled\ntemplates: {sidecar: '" CONTAINER "'}\n", VALUES, NULL, "",
		"config.yaml:1:0: error: policy is 'Enabled'; write 'enabled' or 'disabled'\n"},
	{"no policy", "templates: {sidecar: '" CONTAINER "'}\n", VALUES, NULL, "",
		"config.yaml:1:0: error: there is no policy; write 'enabled' or 'disabled'\n"},
	{"both formats", HEAD "template: |\n  containers: []\n", VALUES, NULL, "",
		"config.yaml:5:0: warning: both 'templates:' (Istio 1.9 and later) and 'template:' (up to 1.8) are there: 'template:' is not read; take out the one of the release that does not run here\n"},
	{"the charts' own hint to old injectors", HEAD "template: \"{{ Template_Version_And_Istio_Version_Mismatched_Check_Installation }}\"\n", VALUES, NULL, "", ""},
	{"keys of 1.9", OLD "aliases: {}\ndefaultTemplates: [a]\n", VALUES, NULL, "",
		"config.yaml:4:0: warning: 'aliases' is read from Istio 1.9 on, beside 'templates:'; take it out\n"
		"config.yaml:5:0: warning: 'defaultTemplates' is read from Istio 1.9 on, beside 'templates:'; take it out\n"},
	{"selectors", HEAD "neverInjectSelector:\n- matchLabel: {a: b}\n- {}\n- matchExpressions:\n  - {key: a, operatr: In}\n"
		"alwaysInjectSelector: {}\n", VALUES, NULL, "",
		"config.yaml:6:0: warning: entry 1 of neverInjectSelector is empty and matches no pod; give it matchLabels or matchExpressions, or take it out\n"
		"config.yaml:6:0: warning: unknown key 'matchLabel' of a selector is ignored; use 'matchLabels' if that is meant\n"
		"config.yaml:7:0: warning: entry 2 of neverInjectSelector is empty and matches no pod; give it matchLabels or matchExpressions, or take it out\n"
		"config.yaml:8:0: error: entry 3 of neverInjectSelector: matchExpressions for key 'a': '' is no operator of a label selector, use In, NotIn, Exists or DoesNotExist; write it as a label selector: matchLabels, or matchExpressions with key, operator, values\n"
		"config.yaml:9:0: warning: unknown key 'operatr' of a selector's expression is ignored; use 'operator' if that is meant\n"
		"config.yaml:10:0: error: alwaysInjectSelector must be a list; write a list of label selectors, or []\n"},
	{"default templates", HEAD "defaultTemplates: [sidcar, other]\n", VALUES, NULL, "",
		"config.yaml:5:0: error: defaultTemplates names template 'other', which is not there; name one of the keys of 'templates', or add it there\n"
		"config.yaml:5:0: error: defaultTemplates names template 'sidcar', which is not there; use 'sidecar' if that is meant\n"},
	{"default templates, not a list", HEAD "defaultTemplates: sidecar\n", VALUES, NULL, "",
		"config.yaml:5:0: error: defaultTemplates must be a list of names of templates; write it as [NAME, ...]\n"},
	{"no sidecar", "policy: enabled\ntemplates:\n  one: |\n    " CONTAINER "\n", VALUES, NULL, "",
		"config.yaml:2:0: error: there is no template 'sidecar', which is used where defaultTemplates names none; add one of that name, or name others in defaultTemplates\n"},
	{"aliases", HEAD "aliases:\n  a: [sidecar, nope]\n  b: sidecar\n", VALUES, NULL, "",
		"config.yaml:6:0: error: alias 'a' names template 'nope', which is not there; name one of the keys of 'templates', or add it there\n"
		"config.yaml:7:0: error: alias 'b' must be a list of names of templates; write it as [NAME, ...]\n"},
	{"annotations", HEAD "injectedAnnotations:\n  ok: true\n  list: [1]\n", VALUES, NULL, "",
		"config.yaml:7:0: error: injectedAnnotations: 'list' must be a string; write a string in quotes\n"},
	{"a template that is no text", "policy: enabled\ntemplates:\n  sidecar: {a: b}\n", VALUES, NULL, "",
		"config.yaml:3:0: error: template 'sidecar' must be text; write it as a block of text (|)\n"},

	/* templates, without running them */
	{"parse error", T("{{ if }}"), VALUES, NULL, "",
		"config.yaml:5:0: error: missing value for if; correct the template's syntax there or in the lines before\n"},
	{"functions", T("{{ toYml . }}{{ quot 1 }}{{ zzzzzzzz }}"), VALUES, NULL, "",
		"config.yaml:5:10: error: function 'toYml' is not defined; use 'toYaml' if that is meant\n"
		"config.yaml:5:23: error: function 'quot' is not defined; use 'quote' if that is meant\n"
		"config.yaml:5:35: error: function 'zzzzzzzz' is not defined; take it out: neither Istio's injector nor sprig has a function of that name\n"},
	{"a function of a later release", "policy: enabled\ntemplate: |\n  # {{ mergeMaps }}\n", VALUES, NULL, "1.5",
		"config.yaml:3:8: error: function 'mergeMaps' is not defined; it came with a later release of Istio: take it out, or use that release's configuration\n"},
	{"count of arguments", T("{{ toYaml }}"), VALUES, NULL, "",
		"config.yaml:5:10: error: function 'toYaml' takes 1 argument, but gets 0; write it as: toYaml V: as YAML\n"},
	{"fields of the dot", T("{{ .ObjectMeta.Nme }}{{ .Revison }}"), VALUES, NULL, "",
		"config.yaml:5:21: error: .ObjectMeta has no field 'Nme' (its type is v1.ObjectMeta); use 'Name' if that is meant\n"
		"config.yaml:5:31: error: the dot has no field 'Revison' (its type is inject.SidecarTemplateData); use 'Revision' if that is meant\n"},
	{"fields of the mesh", T("{{ .MeshConfig.Zzzzzzz }}{{ .ProxyConfig.ConfigPth }}"), VALUES, NULL, "",
		"config.yaml:5:21: error: .MeshConfig has no field 'Zzzzzzz' (its type is v1alpha1.MeshConfig); take it out: the name is of no field that templates of this release can read\n"
		"config.yaml:5:47: error: .ProxyConfig has no field 'ConfigPth' (its type is v1alpha1.ProxyConfig); use 'ConfigPath' if that is meant\n"},
	{"fields of a variable", T("{{ $m := .ObjectMeta }}{{ $m.Labls }}"), VALUES, NULL, "",
		"config.yaml:5:35: error: $m has no field 'Labls' (its type is v1.ObjectMeta); use 'Labels' if that is meant\n"},
	{"fields in a loop", T("{{ range $i, $c := .Spec.Containers }}{{ $c.Nam }}{{ .Imag }}{{ $i.x }}{{ end }}"), VALUES, NULL, "",
		"config.yaml:5:50: error: $c has no field 'Nam' (its type is v1.Container); use 'Name' if that is meant\n"
		"config.yaml:5:60: error: the dot has no field 'Imag' (its type is v1.Container); use 'Image' if that is meant\n"},
	{"fields under with", T("{{ with .Spec.SecurityContext }}{{ .Foo }}{{ else }}{{ .Spek }}{{ end }}"), VALUES, NULL, "",
		"config.yaml:5:42: error: the dot has no field 'Foo' (its type is v1.PodSecurityContext); take it out: the name is of no field that templates of this release can read\n"
		"config.yaml:5:62: error: the dot has no field 'Spek' (its type is inject.SidecarTemplateData); use 'Spec' if that is meant\n"},
	{"fields in a definition", T("{{ define \"a\" }}{{ .Nme }}{{ end }}{{ template \"a\" .ObjectMeta }}"), VALUES, NULL, "",
		"config.yaml:5:26: error: the dot has no field 'Nme' (its type is v1.ObjectMeta); use 'Name' if that is meant\n"},
	{"an undefined definition", T("{{ if false }}{{ template \"nope\" }}{{ end }}"), VALUES, NULL, "",
		"config.yaml:5:33: error: template \"nope\" is not defined; define it with {{ define }} in the same template: those of other keys are not seen\n"},
	{"where an else is", T("{{ if .Spec.HostNetwork }}{{ else if .Sepc }}{{ end }}"), VALUES, NULL, "",
		"config.yaml:5:44: error: the dot has no field 'Sepc' (its type is inject.SidecarTemplateData); take it out: the name is of no field that templates of this release can read\n"},
	{"what may be assigned is not known", T("{{ $x := .ObjectMeta }}{{ $x = .Spec }}{{ $x.HostNetwork }}"), VALUES, NULL, "", ""},
	{"data that 1.8 lacks", OLD "  # {{ .Revision }}\n", VALUES, NULL, "1.8",
		"config.yaml:4:8: error: the dot has no field 'Revision' (its type is inject.SidecarTemplateData); take it out: the name is of no field that templates of this release can read\n"},
	{"data that is newer than the tag", T("{{ .ProxyImage }}{{ omitNil (dict) }}"), "global: {tag: 1.12.3}\n", NULL, "",
		"config.yaml:5:10: info: 'ProxyImage' came with Istio 1.13: the injector of 1.12 fails on it; nothing to do unless that release's injector runs it too\n"
		"config.yaml:5:27: info: 'omitNil' came with Istio 1.28: the injector of 1.12 fails on it; nothing to do unless that release's injector runs it too\n"},
	{"data that is older than the option", T("{{ .EstimatedConcurrency }}"), VALUES, NULL, "1.20",
		"config.yaml:5:10: info: 'EstimatedConcurrency' went with Istio 1.18: the injector of 1.20 fails on it; nothing to do unless that release's injector runs it too\n"},
	{"a gateway's template is another matter", HEAD "  waypoint: |\n    {{ .DeploymentName }}{{ .Zzz }}{{ .Values.none.x }}{{ nosuch }}\n", VALUES, NULL, "",
		"config.yaml:6:59: error: function 'nosuch' is not defined; take it out: neither Istio's injector nor sprig has a function of that name\n"},

	/* values */
	{"null", T("{{ .Values.global.none.x }}"), VALUES, NULL, "",
		"config.yaml:5:29: error: .Values.global.none is null in the values, so '.x' of it fails for every pod; give it a map in the values, or guard the action with {{ with }}\n"},
	{"no map", T("{{ $g := .Values.global }}{{ $g.hub.x }}"), VALUES, NULL, "",
		"config.yaml:5:42: error: $g.hub is no map in the values, so '.x' of it fails for every pod; give it a map in the values, or guard the action with {{ with }}\n"},
	{"no value", T("{{ .Values.global.hubb }}"), VALUES, NULL, "",
		"config.yaml:5:10: warning: .Values.global.hubb is not in the values, so \"<no value>\" is printed; set it in the values, or give the action a default\n"},
	{"guarded", T("{{ if .Values.global.none }}{{ .Values.global.none.x }}{{ end }}{{ with .Values.global.none }}{{ .x }}{{ end }}"
		"{{ if .ObjectMeta.Name }}{{ .Values.global.nope }}{{ end }}{{ and .Values.global.none .Values.global.none.x }}"
		"{{ .Values.global.nope | default 1 }}"), VALUES, NULL, "", ""},
	{"guarded by what holds", T("{{ if .Values.global.hub }}{{ .Values.global.none.x }}{{ end }}"), VALUES, NULL, "",
		"config.yaml:5:56: error: .Values.global.none is null in the values, so '.x' of it fails for every pod; give it a map in the values, or guard the action with {{ with }}\n"},
	{"kinds", HEAD, "global: {jwtPolicy: third, proxy: {holdApplicationUntilProxyStarts: 'true'}}\nsidecarInjectorWebhook:\n  rewriteAppHTTPProbe: yes please\n",
		NULL, "",
		"values.yaml:1:0: warning: global.jwtPolicy is 'third', which is no token mode; write third-party-jwt or first-party-jwt\n"
		"values.yaml:1:0: error: global.proxy.holdApplicationUntilProxyStarts is of another kind; write true or false, without quotes\n"
		"values.yaml:3:0: error: sidecarInjectorWebhook.rewriteAppHTTPProbe is of another kind; write true or false, without quotes\n"},
	{"kinds before 1.8: a switch that templates print", OLD, "global: {tag: 1.7.8, hub: 1}\nsidecarInjectorWebhook: {rewriteAppHTTPProbe: 'true'}\n", NULL, "", ""},
	{"kinds in 1.7", OLD, "global:\n  tag: 1.7.8\n  proxy: {holdApplicationUntilProxyStarts: 'true'}\n", NULL, "1.7",
		"values.yaml:3:0: warning: global.proxy.holdApplicationUntilProxyStarts is no boolean and counts as false in the order of containers; write true or false, without quotes\n"},
	{"kinds before 1.7", OLD, "global:\n  tag: 1.6.14\n  proxy: {holdApplicationUntilProxyStarts: 'true'}\n", NULL, "1.6", ""},
	{"kinds in 1.8", OLD, "global:\n  tag: 1.8.6\n  proxy: {holdApplicationUntilProxyStarts: 'true'}\n", NULL, "1.8",
		"values.yaml:3:0: error: global.proxy.holdApplicationUntilProxyStarts is of another kind; write true or false, without quotes\n"},
	{"sections", HEAD, "global: 1\nsidecarInjectorWebhook: []\n", NULL, "",
		"values.yaml:1:0: error: global is of another kind; write a map\n"
		"values.yaml:2:0: error: sidecarInjectorWebhook is of another kind; write a map\n"},
	{"a list", HEAD, "[]", NULL, "",
		"values.yaml:1:0: error: the values must be a map; give the key 'values' of the ConfigMap istio-sidecar-injector\n"},
	{"the tag of an older release", HEAD, "global:\n  tag: 1.7.8\n", NULL, "",
		"values.yaml:2:0: warning: global.tag is of Istio 1.7, but the configuration has 'templates:' of 1.9 and later; take 'config' and 'values' from the same ConfigMap\n"},
	{"the tag of a newer release", OLD, "global:\n  tag: 1.20.1-distroless\n", NULL, "",
		"values.yaml:2:0: warning: global.tag is of Istio 1.20, but the configuration has 'template:' of 1.8 and earlier; take 'config' and 'values' from the same ConfigMap\n"},
	{"templates of a newer release", T("{{ .NativeSidecars }} {{ .InboundTrafficPolicyMode }}"), "global:\n  tag: 1.20.1\n", NULL, "",
		"config.yaml:5:10: info: 'NativeSidecars' came with Istio 1.27: the injector of 1.20 fails on it; nothing to do unless that release's injector runs it too\n"
		"config.yaml:5:32: info: 'InboundTrafficPolicyMode' came with Istio 1.22: the injector of 1.20 fails on it; nothing to do unless that release's injector runs it too\n"
		"values.yaml:2:0: warning: global.tag is of Istio 1.20, but template 'sidecar' is of 1.27 or later: it has '.NativeSidecars' and '.InboundTrafficPolicyMode'; take 'config' and 'values' from the same ConfigMap\n"},

	/* mesh */
	{"unknown fields", HEAD, VALUES, "trustDomian: a\ndefaultConfig:\n  concurency: 1\n  tracing:\n    zipkin: {adress: a}\n"
		"extensionProviders:\n- name: a\n  prometheuss: {}\n", "",
		"mesh.yaml:1:0: error: invalid zipkin config: unable to split \"\": missing port in address; correct it: Istio refuses this mesh configuration too\n"
		"mesh.yaml:1:0: warning: unknown field 'trustDomian' of MeshConfig is ignored; use 'trustDomain' if that is meant\n"
		"mesh.yaml:3:0: warning: unknown field 'concurency' of ProxyConfig is ignored; use 'concurrency' if that is meant\n"
		"mesh.yaml:5:0: warning: unknown field 'adress' of Tracing_Zipkin is ignored; use 'address' if that is meant\n"
		"mesh.yaml:8:0: warning: unknown field 'prometheuss' of MeshConfig_ExtensionProvider is ignored; use 'prometheus' if that is meant\n"},
	{"fields of old releases", HEAD, VALUES, "disableMixerHttpReports: true\nsdsUdsPath: ''\ndefaultConfig: {parentShutdownDuration: 1s}\n", "", ""},
	{"a bad duration", HEAD, VALUES, "trustDomain: a\ndefaultConfig:\n  drainDuration: 5 lightyears\n", "",
		"mesh.yaml:3:0: error: failed to convert to proto.: bad Duration: time: unknown unit \" lightyears\" in duration \"5 lightyears\"; correct it: Istio refuses this mesh configuration too\n"},
	{"a bad port", HEAD, VALUES, "proxyListenPort: 99999\n", "",
		"mesh.yaml:1:0: error: invalid proxy listen port: port number 99999 must be in the range 1..65535; correct it: Istio refuses this mesh configuration too\n"},

	/* trials */
	{"a template that fails", HEAD "    # {{ fail \"because\" }}\n", VALUES, NULL, "",
		"config.yaml:5:10: error: injection of a plain pod fails with template 'sidecar': executing \"inject\" at <fail \"because\">: error calling fail: because; correct the action there, or give the values what it reads\n"},
	{"a template that fails for native sidecars", HEAD "    # {{ if .NativeSidecars }}{{ fail \"because\" }}{{ end }}\n", VALUES, NULL, "",
		"config.yaml:5:34: error: injection of a pod with native sidecars fails with template 'sidecar': executing \"inject\" at <fail \"because\">: error calling fail: because; correct the action there, or give the values what it reads\n"},
	{"what is rendered is no YAML", "policy: enabled\ntemplates:\n  sidecar: |\n    spec: [\n", VALUES, NULL, "",
		"config.yaml:3:0: error: injection of a plain pod fails with template 'sidecar': failed to run injection template: failed applying injection overlay: strategic merge: invalid JSON document: yaml: line 1: did not find expected node content; correct the YAML that it renders; line numbers are of what is rendered\n"},
	{"what is rendered is no pod", "policy: enabled\ntemplates:\n  sidecar: |\n    spec: {containers: 1}\n", VALUES, NULL, "",
		"config.yaml:3:0: error: injection of a plain pod fails with template 'sidecar': failed to run injection template: failed applying injection overlay: unmarshal patched pod: json: cannot unmarshal number into Go struct field PodSpec.spec.containers of type []v1.Container; correct the YAML that it renders; line numbers are of what is rendered\n"},
	{"no proxy", "policy: disabled\ntemplates:\n  sidecar: |\n    metadata: {}\n", VALUES, NULL, "",
		"config.yaml:2:0: warning: the default templates add no container 'istio-proxy'; let one of the default templates render a container of that name\n"},
	{"the old format fails", "policy: enabled\ntemplate: |\n  containers: {{ fail \"because\" }}\n", VALUES, NULL, "1.8",
		"config.yaml:3:18: error: injection of a plain pod fails: executing \"inject\" at <fail \"because\">: error calling fail: because; correct the action there, or give the values what it reads\n"},
	{"another template fails", HEAD "  other: |\n    {{ fail \"because\" }}\n", VALUES, NULL, "",
		"config.yaml:6:8: error: injection of a plain pod fails with template 'other': executing \"inject\" at <fail \"because\">: error calling fail: because; correct the action there, or give the values what it reads\n"},
	/* places inside manifests */
	{"a block in a block", "apiVersion: v1\nkind: ConfigMap\ndata:\n  config: |\n    policy: enabled\n    templates:\n      sidecar: |\n\n        " CONTAINER
		"\n        {{ .Nope }}\n  values: |\n    global:\n      jwtPolicy: x\n", NULL, NULL, "",
		"config.yaml:10:12: error: the dot has no field 'Nope' (its type is inject.SidecarTemplateData); take it out: the name is of no field that templates of this release can read\n"
		"config.yaml:13:0: warning: global.jwtPolicy is 'x', which is no token mode; write third-party-jwt or first-party-jwt\n"},
	{"a text in quotes", "apiVersion: v1\nkind: ConfigMap\ndata:\n  config: \"policy: enabled\\ntemplates:\\n  sidecar: |\\n    " CONTAINER "\\n    {{ .Nope }}\\nx: 1\\n\"\n"
		"  values: '{\"global\": {\"jwtPolicy\": 1}}'\n", NULL, NULL, "",
		"config.yaml:4:0: error: line 2 of template 'sidecar': the dot has no field 'Nope' (its type is inject.SidecarTemplateData); take it out: the name is of no field that templates of this release can read\n"
		"config.yaml:4:0: warning: line 6 of key 'config': unknown key 'x' is ignored; take it out\n"
		"config.yaml:5:0: error: global.jwtPolicy is of another kind; write text: put it in quotes\n"},
	{"control characters", "policy: \"\\e[31mred\\n\"\ntemplates: {sidecar: '" CONTAINER "'}\n", VALUES, NULL, "",
		"config.yaml:1:0: error: policy is '?[31mred '; write 'enabled' or 'disabled'\n"},
};

static void test_rows(void **state UNUSED)
{
	unsigned failed = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		const struct config_texts texts = {.inject_config = text_of("config.yaml", r->config), .values = text_of("values.yaml", r->values),
			.mesh = text_of("mesh.yaml", r->mesh)};
		const struct inject_options options = {.istio_version = str_of(r->version)};
		struct arena a;
		const char *got;

		arena_init(&a, 0);
		got = check(&a, &texts, &options);
		if (strcmp(got, r->want) != 0) {
			print_error("%s:\n--- wanted\n%s--- got\n%s", r->label, r->want, got);
			failed++;
		}
		arena_release(&a);
	}
	assert_int_equal(failed, 0);
}

/* Memory that ends anywhere is told, never taken for a good configuration. */
static void test_memory(void **state UNUSED)
{
	static const struct config_texts texts = {.inject_config = {"config.yaml", {T("{{ .Nope }}"), sizeof(T("{{ .Nope }}")) - 1}},
		.values = {"values.yaml", {VALUES, sizeof(VALUES) - 1}}, .mesh = {"mesh.yaml", {"trustDomian: a\n", 15}}};
	const struct inject_options options = {.native = NATIVE_AUTO};
	unsigned refused = 0;
	bool done = false;

	for (size_t max = 1024; !done; max += 4096) {
		struct err err = {0};
		struct findings f;
		struct arena a;

		arena_init(&a, max);
		f = (struct findings){.a = &a};
		done = config_check(&texts, &options, &f, &err) == 0;
		if (done)
			assert_int_equal(f.len, 2);
		else
			assert_int_equal(err.code, ERR_NOMEM);
		refused += !done;
		arena_release(&a);
	}
	assert_true(refused > 3);
}

/* More than anybody reads: what is shown is bounded, and so is the time. */
static void test_many(void **state UNUSED)
{
	struct arena a;
	struct text config;
	struct findings f = {.a = &a};
	struct config_texts texts = {.values = text_of("values.yaml", VALUES)};
	const struct inject_options options = {.native = NATIVE_AUTO};
	struct err err = {0};

	arena_init(&a, 0);
	text_init(&config, &a, 8 << 20);
	text_adds(&config, HEAD "    #");
	for (unsigned i = 0; i < 100000; i++)
		text_adds(&config, "{{ .Nope }}{{ nope }}");
	text_adds(&config, "\n");
	for (unsigned i = 0; i < 100000; i++)
		text_addf(&config, "key%u: 1\n", i);
	texts.inject_config = text_of("config.yaml", text_cstr(&config));
	assert_int_equal(config_check(&texts, &options, &f, &err), 0);
	assert_int_equal(f.len, FINDINGS_MAX);
	assert_true(findings_full(&f));
	arena_release(&a);
}

static void test_nearest(void **state UNUSED)
{
	static const char *const names[] = {"policy", "template", "templates", "x"};
	static const struct {
		const char *given, *want;
	} rows_of_names[] = {
		{"polcy", "policy"}, {"POLICY", "policy"}, {"tmplates", "templates"}, {"template", "template"}, {"X", "x"}, {"y", NULL}, {"", NULL},
		{"entirely", NULL}, {"polpolpolpolpolpolpolpolpolpolpolpolpolpolpolpolpolpolpolpolpolpolicy", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows_of_names); i++) {
		const char *got = nearest_name(str_of(rows_of_names[i].given), names, ARRAY_LEN(names));

		if (!rows_of_names[i].want)
			assert_null(got);
		else
			assert_string_equal(got, rows_of_names[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
