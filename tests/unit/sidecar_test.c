/* SPDX-License-Identifier: Apache-2.0 */
/* Is each pod told to have its sidecar, to need none, to lack it or to have an old one, by whom our webhooks are called for? */
#include "webhook/check/sidecar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/value/json.h"

#define RULES "\"rules\":[{\"operations\":[\"CREATE\"],\"resources\":[\"pods\"]}]"
#define OURS                                                                                                           \
	"{\"name\":\"a\"," RULES ",\"namespaceSelector\":{\"matchLabels\":{\"istio-injection\":\"enabled\"}},"         \
	"\"objectSelector\":{\"matchExpressions\":[{\"key\":\"sidecar.istio.io/inject\",\"operator\":\"NotIn\","       \
	"\"values\":[\"false\"]}]}}"
#define POD(metadata, rest) "{\"metadata\":{\"name\":\"p\"" metadata "},\"spec\":{\"containers\":[{\"name\":\"a\"}" rest "}"
#define BARE     "]}"
#define WITH(image) ",{\"name\":\"istio-proxy\",\"image\":\"" image "\"}]}"
#define NATIVE(image) "],\"initContainers\":[{\"name\":\"istio-proxy\",\"image\":\"" image "\"}]}"
#define LABEL(l) ",\"labels\":{\"sidecar.istio.io/inject\":\"" l "\"}"
#define ANNOTATED(k) ",\"annotations\":{\"" k "\":\"x\"}"

static struct inject_config *config;
static struct arena arena;
static struct webhook_entry entry;
static const char *current;

static const struct value *parse(const char *text)
{
	struct err err = {0};
	const struct value *v = json_parse(&arena, text, strlen(text), JSON_FROM_POD, &err);

	if (!v)
		fail_msg("%s: %s %s", text, err.where, err.what);
	return v;
}

static struct str image_of_today(void)
{
	struct err err = {0};
	const struct value *sample = sidecar_sample(config, &arena, &err);

	assert_non_null(sample);
	return raw_str(raw_any_container(sample, CONTAINER_PROXY), "image");
}

static int set_up(void **state UNUSED)
{
	const struct config_texts texts = {0};
	const struct inject_options options = {.revision = STR("default")};
	struct err err = {0};
	bool usable;

	arena_init(&arena, 0);
	config = inject_config_load(&texts, &options, &err);
	assert_non_null(config);
	assert_int_equal(webhook_entry_read(&arena, STR("hook"), parse(OURS), &entry, &usable, &err), 0);
	assert_true(usable);
	entry.injector = INJECTOR_OURS;
	current = arena_printf(&arena, "%.*s", (int)image_of_today().len, image_of_today().p);
	return 0;
}

static int tear_down(void **state UNUSED)
{
	inject_config_free(config);
	arena_release(&arena);
	return 0;
}

/* @ stands for the image of today. */
static const struct {
	const char *pod;
	bool labelled; /* its namespace */
	enum sidecar_state state;
} rows[] = {
	{POD("", BARE), true, SIDECAR_ABSENT},
	{POD("", BARE), false, SIDECAR_NOT_DUE},
	{POD(LABEL("false"), BARE), true, SIDECAR_NOT_DUE},
	{POD(LABEL("true"), BARE), true, SIDECAR_ABSENT},
	{POD("", "],\"hostNetwork\":true}"), true, SIDECAR_NOT_DUE},
	{POD("", WITH("@")), true, SIDECAR_THERE},
	{POD("", NATIVE("@")), true, SIDECAR_THERE},
	{POD("", WITH("old")), true, SIDECAR_OUTDATED},
	{POD("", NATIVE("old")), true, SIDECAR_OUTDATED},
	{POD("", WITH("old")), false, SIDECAR_THERE}, /* somebody else's */
	{POD(ANNOTATED("sidecar.istio.io/proxyImage"), WITH("old")), true, SIDECAR_THERE},
	{POD(ANNOTATED("sidecar.istio.io/proxyImageType"), WITH("old")), true, SIDECAR_THERE},
	{POD(ANNOTATED("kubernetes.io/config.mirror"), BARE), true, SIDECAR_NO_MATTER},
	{POD(",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\"", BARE), true, SIDECAR_NO_MATTER},
	{POD("", BARE ",\"status\":{\"phase\":\"Succeeded\"}"), true, SIDECAR_NO_MATTER},
	{POD("", BARE ",\"status\":{\"phase\":\"Failed\"}"), true, SIDECAR_NO_MATTER},
	{POD("", BARE ",\"status\":{\"phase\":\"Running\"}"), true, SIDECAR_ABSENT},
};

static const char *with_image(const char *pod)
{
	const char *at = strchr(pod, '@');

	return at ? arena_printf(&arena, "%.*s%s%s", (int)(at - pod), pod, current, at + 1) : pod;
}

static void each_pod_has_its_state(void **state UNUSED)
{
	const struct map *labels = object_labels(parse("{\"metadata\":{\"labels\":{\"istio-injection\":\"enabled\"}}}"));
	const struct sidecar_measure m = {.config = config, .entry = &entry, .n_entries = 1, .image = str_of(current)};

	assert_non_null(labels);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const enum sidecar_state got =
			sidecar_state(&m, parse(with_image(rows[i].pod)), STR("shop"), rows[i].labelled ? labels : NULL);

		if (got != rows[i].state)
			fail_msg("row %zu: %s: %d, not %d", i, rows[i].pod, got, rows[i].state);
	}
}

static void without_knowledge_nothing_is_due(void **state UNUSED)
{
	const struct map *labels = object_labels(parse("{\"metadata\":{\"labels\":{\"istio-injection\":\"enabled\"}}}"));
	struct webhook_entry theirs = entry;
	struct sidecar_measure m = {.config = config, .entry = &theirs, .n_entries = 1, .image = str_of(current)};

	theirs.injector = INJECTOR_ISTIO;
	assert_int_equal(sidecar_state(&m, parse(POD("", BARE)), STR("shop"), labels), SIDECAR_NOT_DUE);
	assert_int_equal(sidecar_state(&m, parse(POD("", WITH("old"))), STR("shop"), labels), SIDECAR_THERE);
	m = (struct sidecar_measure){.entry = &entry, .n_entries = 1};
	assert_int_equal(sidecar_state(&m, parse(POD("", BARE)), STR("shop"), labels), SIDECAR_NOT_DUE);
	assert_int_equal(sidecar_state(&m, parse(POD("", WITH("old"))), STR("shop"), labels), SIDECAR_THERE);
}

static const struct {
	const char *webhook;
	bool usable;
} webhooks[] = {
	{"{\"name\":\"a\"," RULES "}", true},
	{"{\"name\":\"a\",\"rules\":[{\"operations\":[\"*\"],\"resources\":[\"*\"]}]}", true},
	{"{\"name\":\"a\",\"rules\":[{\"operations\":[\"UPDATE\"],\"resources\":[\"pods\"]}]}", false},
	{"{\"name\":\"a\",\"rules\":[{\"operations\":[\"CREATE\"],\"resources\":[\"deployments\"]}]}", false},
	{"{\"name\":\"a\"}", false},
	{"{\"name\":\"a\"," RULES ",\"objectSelector\":{\"matchExpressions\":[{\"key\":\"k\",\"operator\":\"Newer\"}]}}", false},
	{"[]", false},
};

static void only_what_is_called_for_pods(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(webhooks); i++) {
		struct webhook_entry e;
		struct err err = {0};
		bool usable;

		assert_int_equal(webhook_entry_read(&arena, STR("hook"), parse(webhooks[i].webhook), &e, &usable, &err), 0);
		if (usable != webhooks[i].usable)
			fail_msg("%s", webhooks[i].webhook);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_pod_has_its_state),
		cmocka_unit_test(without_knowledge_nothing_is_due),
		cmocka_unit_test(only_what_is_called_for_pods),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
