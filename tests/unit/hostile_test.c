/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pod's strings stay strings: with a hostile text in any place that templates read, injection refuses, or makes the
 * same structure as with a plain word there. Over the embedded configuration and, where CONFORMANCE_DIR has some,
 * recorded ones.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/file.h"
#include "tests/unit/inject_pods.h"

#define WORD "benign"

static const char *const hostile[] = {
	"x\"",
	"\"",
	"'",
	"x'y",
	"''",
	"\\",
	"x\\",
	"\\\"",
	"x\ny",
	"x\n",
	"\nx",
	"x\r\ny",
	"x\ty",
	"\t",
	" x ",
	"\x01",
	"x\x1b[0m",
	"x\x7f",
	"x\xc2\x85y",
	"x\xe2\x80\xa8y",
	"\xef\xbb\xbf",
	"{{",
	"{{ .Values }}",
	"}}",
	"{{/*",
	"- x",
	"-",
	"x: y",
	"x:",
	": ",
	"?",
	"? x",
	"#",
	"x #y",
	"&a",
	"&a x",
	"*a",
	"!!int 1",
	"!!binary x",
	"!x",
	"%YAML 1.1",
	"---",
	"...",
	"\n---\n",
	"\n...\n",
	"|",
	">",
	"|\n  x",
	"@",
	"`",
	",",
	"x, y",
	"[",
	"[x]",
	"]",
	"{",
	"{}",
	"{x: y}",
	"}",
	"<<",
	"$patch",
	"$(X)",
	"%s%n",
	"x\n  privileged: true",
	"\nprivileged: true",
	"\"}]",
	"\"}],\"x\":[{\"y\":\"",
	"x\", privileged: true, y: \"",
	"x', privileged: true, y: '",
	"x\"\nprivileged: true\n#",
	"x\n- name: evil\n  image: evil",
	"$patch: delete",
	"x\n$patch: delete",
	"\\u0022",
	"\\n",
	"x\\\n",
	"\"\n\"",
	"null\nx",
	"~\n",
};

/* --- places: a pod's JSON with @ where the text goes
 * ------------------------------------------------------------------ */

#define AROUND(metadata, spec) "{\"metadata\":{" metadata "},\"spec\":{" spec "}}"
#define APP                    "\"containers\":[{\"name\":\"app\",\"ports\":[{\"containerPort\":80}]}]"

static const char *const places[] = {
	AROUND("\"name\":\"@\"", APP),
	AROUND("\"generateName\":\"@\"", APP),
	AROUND("\"namespace\":\"@\"", APP),
	AROUND("\"uid\":\"@\"", APP),
	AROUND("\"labels\":{\"app\":\"@\"}", APP),
	AROUND("\"labels\":{\"@\":\"x\"}", APP),
	AROUND("\"labels\":{\"version\":\"@\"}", APP),
	AROUND("\"labels\":{\"app.kubernetes.io/name\":\"@\",\"app.kubernetes.io/version\":\"@\"}", APP),
	AROUND("\"labels\":{\"service.istio.io/canonical-name\":\"@\",\"service.istio.io/canonical-revision\":\"@\"}",
		APP),
	AROUND("\"labels\":{\"topology.istio.io/network\":\"@\"}", APP),
	AROUND("\"labels\":{\"security.istio.io/tlsMode\":\"@\",\"istio.io/rev\":\"@\"}", APP),
	AROUND("\"annotations\":{\"@\":\"x\"}", APP),
	AROUND("\"annotations\":{\"x\":\"@\"}", APP),
	AROUND("\"generateName\":\"w-\",\"ownerReferences\":[{\"controller\":true,\"name\":\"@\",\"kind\":\"Job\","
	       "\"apiVersion\":\"v1\"}]",
		APP),
	AROUND("\"generateName\":\"w-\",\"ownerReferences\":[{\"controller\":true,\"name\":\"x\",\"kind\":\"@\","
	       "\"apiVersion\":\"v1\"}]",
		APP),
	AROUND("\"generateName\":\"w-\",\"ownerReferences\":[{\"controller\":true,\"name\":\"x\",\"kind\":\"Job\","
	       "\"apiVersion\":\"@\"}]",
		APP),
	AROUND("", "\"serviceAccountName\":\"@\"," APP),
	AROUND("", "\"nodeName\":\"@\"," APP),
	AROUND("", "\"imagePullSecrets\":[{\"name\":\"@\"}]," APP),
	AROUND("", "\"containers\":[{\"name\":\"@\",\"image\":\"x\",\"ports\":[{\"containerPort\":80}]}]"),
	AROUND("", "\"containers\":[{\"name\":\"@\",\"livenessProbe\":{\"httpGet\":{\"port\":80,\"path\":\"@\","
		   "\"host\":\"@\"}}}]"),
	AROUND("", "\"containers\":[{\"name\":\"x\",\"image\":\"@\",\"command\":[\"@\"],\"args\":[\"@\"]}]"),
	AROUND("", "\"containers\":[{\"name\":\"x\",\"ports\":[{\"name\":\"@\",\"containerPort\":80,\"protocol\":\"@\","
		   "\"hostIP\":\"@\"}]}]"),
	AROUND("", "\"containers\":[{\"name\":\"x\",\"env\":[{\"name\":\"@\",\"value\":\"@\"}]}]"),
	AROUND("", "\"containers\":[{\"name\":\"istio-proxy\",\"image\":\"@\",\"env\":[{\"name\":\"@\",\"value\":\"@\"}"
		   "],\"args\":[\"@\"]}]"),
	AROUND("", "\"containers\":[{\"name\":\"x\",\"volumeMounts\":[{\"name\":\"@\",\"mountPath\":\"/var/run/secrets/"
		   "kubernetes.io/serviceaccount\"}]}]"),
	AROUND("", "\"volumes\":[{\"name\":\"@\",\"hostPath\":{\"path\":\"@\"}}]," APP),
	AROUND("", "\"initContainers\":[{\"name\":\"@\",\"image\":\"@\"}]," APP),
	/* Documents in annotations, the text well within a JSON string of theirs. */
	AROUND("\"annotations\":{\"sidecar.istio.io/"
	       "userVolume\":\"{\\\"v\\\":{\\\"hostPath\\\":{\\\"path\\\":\\\"^\\\"}}}\"}",
		APP),
	AROUND("\"annotations\":{\"sidecar.istio.io/userVolume\":\"{\\\"^\\\":{\\\"emptyDir\\\":{}}}\"}", APP),
	AROUND("\"annotations\":{\"sidecar.istio.io/userVolumeMount\":\"{\\\"^\\\":{\\\"mountPath\\\":\\\"^\\\"}}\"}",
		APP),
	AROUND("\"annotations\":{\"proxy.istio.io/config\":\"{\\\"proxyMetadata\\\":{\\\"K\\\":\\\"^\\\"}}\"}", APP),
	AROUND("\"annotations\":{\"proxy.istio.io/config\":\"{\\\"proxyMetadata\\\":{\\\"^\\\":\\\"x\\\"}}\"}", APP),
	AROUND("\"annotations\":{\"proxy.istio.io/"
	       "config\":\"{\\\"discoveryAddress\\\":\\\"^:15012\\\",\\\"image\\\":{\\\"imageType\\\":\\\"^\\\"}}\"}",
		APP),
	AROUND("\"annotations\":{\"proxy.istio.io/"
	       "overrides\":\"{\\\"containers\\\":[{\\\"name\\\":\\\"istio-proxy\\\",\\\"image\\\":\\\"^\\\"}]}\"}",
		APP),
};

/* With the plain word that stands there where all is well. */
static const struct {
	const char *name, *word;
} annotations[] = {
	{"ambient.istio.io/redirection", WORD},
	{"istio.io/reroute-virtual-interfaces", WORD},
	{"kubectl.kubernetes.io/default-container", WORD},
	{"kubectl.kubernetes.io/default-logs-container", WORD},
	{"prometheus.io/path", WORD},
	{"prometheus.io/port", WORD},
	{"prometheus.io/scrape", WORD},
	{"prometheus.istio.io/merge-metrics", "true"},
	{"proxy.istio.io/config", "{}"},
	{"readiness.status.sidecar.istio.io/applicationPorts", "80"},
	{"readiness.status.sidecar.istio.io/failureThreshold", "7"},
	{"readiness.status.sidecar.istio.io/initialDelaySeconds", "7"},
	{"readiness.status.sidecar.istio.io/periodSeconds", "7"},
	{"sidecar.istio.io/agentLogLevel", WORD},
	{"sidecar.istio.io/bootstrapOverride", WORD},
	{"sidecar.istio.io/capNetBindService", WORD},
	{"sidecar.istio.io/componentLogLevel", WORD},
	{"sidecar.istio.io/controlPlaneAuthPolicy", WORD},
	{"sidecar.istio.io/discoveryAddress", WORD},
	{"sidecar.istio.io/enableCoreDump", "false"},
	{"sidecar.istio.io/extraStatTags", WORD},
	{"sidecar.istio.io/interceptionMode", "REDIRECT"},
	{"sidecar.istio.io/logLevel", WORD},
	{"sidecar.istio.io/nativeSidecar", WORD},
	{"sidecar.istio.io/proxyCPU", "0"},
	{"sidecar.istio.io/proxyCPULimit", "0"},
	{"sidecar.istio.io/proxyImage", WORD},
	{"sidecar.istio.io/proxyImageType", WORD},
	{"sidecar.istio.io/proxyMemory", "0"},
	{"sidecar.istio.io/proxyMemoryLimit", "0"},
	{"sidecar.istio.io/rewriteAppHTTPProbers", WORD},
	{"sidecar.istio.io/statsHistogramBuckets", WORD},
	{"sidecar.istio.io/statsInclusionPrefixes", WORD},
	{"sidecar.istio.io/statsInclusionRegexps", WORD},
	{"sidecar.istio.io/statsInclusionSuffixes", WORD},
	{"sidecar.istio.io/userVolume", "{}"},
	{"sidecar.istio.io/userVolumeMount", "{}"},
	{"status.sidecar.istio.io/port", "80"},
	{"traffic.sidecar.istio.io/excludeInboundPorts", "80"},
	{"traffic.sidecar.istio.io/excludeInterfaces", WORD},
	{"traffic.sidecar.istio.io/excludeOutboundIPRanges", "10.0.0.0/8"},
	{"traffic.sidecar.istio.io/excludeOutboundPorts", "80"},
	{"traffic.sidecar.istio.io/includeInboundPorts", "80"},
	{"traffic.sidecar.istio.io/includeOutboundIPRanges", "10.0.0.0/8"},
	{"traffic.sidecar.istio.io/includeOutboundPorts", "80"},
	{"traffic.sidecar.istio.io/kubevirtInterfaces", WORD},
};

/* --- the same structure
 * --------------------------------------------------------------------------------------------------- */

struct texts {
	struct str word, hostile;
	struct str at; /* the key below which the first difference was found */
};

static bool holds(struct str s, struct str part)
{
	return str_find(s, part) != SIZE_MAX;
}

/* Strings may differ where the word stood, or where the hostile text stands now. */
static bool same_text(const struct texts *t, struct str plain, struct str now)
{
	return str_eq(plain, now) || holds(plain, t->word) || holds(now, t->hostile);
}

static bool same(struct texts *t, const struct value *plain, const struct value *now);

/* Where a template has no quotes, '' and ~ are an empty text, which Go's types leave out: nothing is added by that. */
static bool may_be_absent(const struct texts *t, const struct map_entry *e)
{
	return holds(e->key, t->word) || (e->value->kind == K_STRING && holds(e->value->u.s, t->word));
}

/* Keys are the same, but for such as the text itself stands in. */
static bool same_map(struct texts *t, const struct map *plain, const struct map *now)
{
	size_t absent = 0;

	for (uint32_t i = 0; i < plain->len; i++) {
		const struct value *v = map_get(now, plain->entry[i].key);

		if (!v && may_be_absent(t, &plain->entry[i])) {
			absent += !holds(plain->entry[i].key, t->word);
			continue;
		}
		if (!v || !same(t, plain->entry[i].value, v)) {
			t->at = t->at.p ? t->at : plain->entry[i].key;
			return false;
		}
	}
	return plain->len == now->len + absent;
}

static bool same(struct texts *t, const struct value *plain, const struct value *now)
{
	if (plain->kind != now->kind)
		return false;
	if (plain->kind == K_STRING)
		return same_text(t, plain->u.s, now->u.s);
	if (plain->kind == K_MAP)
		return same_map(t, plain->u.map, now->u.map);
	if (plain->kind != K_LIST)
		return raw_equal(plain, now);
	if (plain->u.list.len != now->u.list.len)
		return false;
	for (size_t i = 0; i < plain->u.list.len; i++)
		if (!same(t, plain->u.list.item[i], now->u.list.item[i]))
			return false;
	return true;
}

/* --- one text in one place
 * ------------------------------------------------------------------------------------------------- */

/* Writes the pod with the text as a JSON string's content for @, and as that of a JSON string within a JSON string for
 * ^. */
static struct str filled(struct text *pod, const char *with_places, const char *what)
{
	struct text once, twice;

	text_init(&once, NULL, 1 << 16);
	text_init(&twice, NULL, 1 << 16);
	json_write_string(&once, str_of(what), 0);
	json_write_string(&twice, (struct str){once.data + 1, once.len - 2}, 0);
	text_clear(pod);
	for (const char *p = with_places; *p; p++) {
		if (*p == '@')
			text_add(pod, once.data + 1, once.len - 2);
		else if (*p == '^')
			text_add(pod, twice.data + 1, twice.len - 2);
		else
			text_addc(pod, *p);
	}
	text_release(&once);
	text_release(&twice);
	assert_false(pod->failed);
	return (struct str){pod->data, pod->len};
}

/* The message says what is wrong and where: by annotation, by place or by the template's line. */
static bool well_refused(const struct outcome *o)
{
	return o->err.code == ERR_INPUT && o->err.what[0] &&
	       (o->err.where[0] || strstr(o->err.what, "annotation") || strstr(o->err.what, "template"));
}

struct tally {
	size_t places, same, refused, failed;
};

static void try_text(const struct inject_config *c, const char *config, const char *place, const struct outcome *plain,
	const char *word, const char *what, struct tally *tally)
{
	struct texts texts = {.word = str_of(word), .hostile = str_of(what)};
	struct outcome o;
	struct text pod;

	text_init(&pod, NULL, 1 << 16);
	inject_json(c, filled(&pod, place, what), &o);
	if (o.rc < 0 && well_refused(&o)) {
		tally->refused++;
	} else if (o.rc == 0 && o.result.injected && plain->patched && o.patched &&
		   same(&texts, plain->patched, o.patched)) {
		tally->same++;
	} else {
		tally->failed++;
		print_error("%s: %.*s\n  %s at '%.*s': %s: %s\n", config, (int)pod.len, pod.data,
			o.rc < 0 ? "refused" : "another structure", (int)texts.at.len, texts.at.p ? texts.at.p : "",
			o.err.where, o.err.what);
	}
	outcome_release(&o);
	text_release(&pod);
}

static void try_place(const struct inject_config *c, const char *config, const char *place, const char *word,
	size_t stride, struct tally *tally)
{
	struct outcome plain;
	struct text pod;

	text_init(&pod, NULL, 1 << 16);
	inject_json(c, filled(&pod, place, word), &plain);
	for (size_t i = tally->places++ % stride; i < ARRAY_LEN(hostile); i += stride)
		try_text(c, config, place, &plain, word, hostile[i], tally);
	outcome_release(&plain);
	text_release(&pod);
}

static void try_config(const struct inject_config *c, const char *config, size_t stride)
{
	struct tally tally = {0};

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		try_place(c, config, places[i], WORD, stride, &tally);
	for (size_t i = 0; i < ARRAY_LEN(annotations); i++) {
		char place[512];

		(void)snprintf(
			place, sizeof(place), AROUND("\"annotations\":{\"%s\":\"@\"}", APP), annotations[i].name);
		try_place(c, config, place, annotations[i].word, stride, &tally);
	}
	print_message("%s: %zu the same, %zu refused\n", config, tally.same, tally.refused);
	assert_int_equal(tally.failed, 0);
	assert_true(tally.same > tally.refused / 4);
}

static void test_embedded(void **state UNUSED)
{
	struct err err = {0};
	struct inject_config *c = load_config(NULL, &err);

	assert_non_null(c);
	try_config(c, "embedded", 1);
	inject_config_free(c);
}

/* --- recorded configurations
 * --------------------------------------------------------------------------------------------------- */

enum { MOST = 8 << 20 };

static struct inject_config *load_recorded(const char *dir)
{
	static const char *const names[] = {"config.yaml", "values.json", "mesh.yaml"};
	const struct inject_options o = {.native = NATIVE_TRUE};
	struct inject_config *c = NULL;
	struct named_text text[3];
	struct err err = {0};
	struct arena a;
	int rc = 0;

	arena_init(&a, 0);
	for (size_t i = 0; i < ARRAY_LEN(names) && rc == 0; i++) {
		const char *path = arena_printf(&a, "%s/%s", dir, names[i]);

		text[i] = (struct named_text){names[i], {NULL, 0}};
		rc = path ? file_read(&a, path, MOST, 0, &text[i].text, &err) : -1;
	}
	if (rc == 0)
		c = inject_config_load(
			&(struct config_texts){.inject_config = text[0], .values = text[1], .mesh = text[2]}, &o, &err);
	if (!c)
		print_error("%s: %s\n", dir, err.what);
	arena_release(&a);
	return c;
}

static int is_setting(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* HOSTILE_ALL=1 tries every text in every place of every configuration; else a few of each, others each time. */
static size_t run_folder(const char *root, const char *folder)
{
	struct dirent **found;
	char path[4096];
	const bool all = getenv("HOSTILE_ALL") != NULL;
	int n;

	(void)snprintf(path, sizeof(path), "%s/%s/settings", root, folder);
	n = scandir(path, &found, is_setting, alphasort);
	for (int i = 0; i < n; i++) {
		struct inject_config *c;

		(void)snprintf(path, sizeof(path), "%s/%s/settings/%s", root, folder, found[i]->d_name);
		c = load_recorded(path);
		assert_non_null(c);
		if (c->policy_enabled && (all || i % 3 == 0))
			try_config(c, found[i]->d_name, all ? 1 : 37);
		inject_config_free(c);
		free(found[i]);
	}
	if (n >= 0)
		free(found);
	return n > 0 ? (size_t)n : 0;
}

static void test_recorded(void **state UNUSED)
{
	static const char *const folders[] = {"istio-1.5", "istio-1.7", "istio-1.32"};
	const char *root = getenv("CONFORMANCE_DIR");
	size_t n = 0;

	for (size_t i = 0; root && i < ARRAY_LEN(folders); i++)
		n += run_folder(root, folders[i]);
	if (!n)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_embedded),
		cmocka_unit_test(test_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
