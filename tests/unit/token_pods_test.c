/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Istio's own ConfigMaps of 1.5, 1.7, 1.21 and later under each policy and each cluster: variable, volume and mount of the injected pod are
 * those of the mode. Over the recorded settings in CONFORMANCE_DIR; the embedded configuration is always there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/limits.h"
#include "patches/inject.h"
#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/value/json.h"

/* Settings; values and third are what they say: the mode without a word from anybody, and whether only third-party is known. */
static const struct settings {
	const char *folder; /* NULL: embedded */
	enum token_mode values;
	bool only_third;
	const char *audience;
} settings[] = {
	{NULL, TOKEN_MODE_THIRD_PARTY, false, "istio-ca"},
	{"istio-1.5/settings/first-party", TOKEN_MODE_FIRST_PARTY, false, "istio-ca"},
	{"istio-1.5/settings/third-party-custom-audience", TOKEN_MODE_THIRD_PARTY, false, "custom-aud"},
	{"istio-1.7/settings/istio-1.7.8-default", TOKEN_MODE_THIRD_PARTY, false, "istio-ca"},
	{"istio-1.7/settings/istio-1.7.8-first-party", TOKEN_MODE_FIRST_PARTY, false, "istio-ca"},
	{"istio-1.32/settings/istio-1.21.6-default", TOKEN_MODE_THIRD_PARTY, false, "istio-ca"},
	{"istio-1.32/settings/istio-1.21.6-first-party", TOKEN_MODE_FIRST_PARTY, false, "istio-ca"},
	{"istio-1.32/settings/istio-1.27.9-first-party", TOKEN_MODE_THIRD_PARTY, true, "istio-ca"},
	{"istio-1.32/settings/01de93a62630", TOKEN_MODE_THIRD_PARTY, true, "istio-ca"},
};

static const char pod[] = "{\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\"},\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"i\"}]}}";

/* --- what a pod has ------------------------------------------------------------------------------------------------- */

static const struct value *named(const struct value *list, const char *key, const char *name)
{
	for (size_t i = 0; list && i < list->u.list.len; i++)
		if (str_is(raw_str(list->u.list.item[i], key), name))
			return list->u.list.item[i];
	return NULL;
}

static void check_volume(const struct value *p, const struct settings *s)
{
	const struct value *volume = named(raw_path(p, "spec", "volumes", NULL), "name", "istio-token");
	const struct value *sources = raw_path(volume, "projected", "sources", NULL), *token;
	int64_t seconds = 0;

	if (!sources || sources->u.list.len != 1)
		fail_msg("%s: no volume istio-token", s->folder);
	token = raw_get(sources->u.list.item[0], "serviceAccountToken");
	assert_true(str_is(raw_str(token, "path"), "istio-token"));
	assert_true(str_is(raw_str(token, "audience"), s->audience));
	assert_true(raw_int(raw_get(token, "expirationSeconds"), &seconds));
	assert_int_equal(seconds, 43200);
}

/* The table of modes, row by row. */
static void check_pod(const struct value *p, const struct settings *s, enum token_mode mode)
{
	const struct value *proxy = raw_any_container(p, CONTAINER_PROXY);
	const struct value *mount = named(raw_get(proxy, "volumeMounts"), "mountPath", "/var/run/secrets/tokens");
	const struct value *variable = named(raw_get(proxy, "env"), "name", "JWT_POLICY");

	if (variable && !str_is(raw_str(variable, "value"), token_mode_value(mode)))
		fail_msg("%s: JWT_POLICY is not %s", s->folder, token_mode_value(mode));
	if (!variable && !s->only_third && s->folder)
		fail_msg("%s: no JWT_POLICY", s->folder);
	if ((mount != NULL) != (mode == TOKEN_MODE_THIRD_PARTY))
		fail_msg("%s: the mount is %s", s->folder, mount ? "there" : "not there");
	if (mode == TOKEN_MODE_THIRD_PARTY) {
		assert_true(str_is(raw_str(mount, "name"), "istio-token"));
		check_volume(p, s);
	} else if (named(raw_path(p, "spec", "volumes", NULL), "name", "istio-token")) {
		fail_msg("%s: the volume is there", s->folder);
	}
}

/* --- all combinations ------------------------------------------------------------------------------------------------- */

/* As the README's table has it: refused, or this mode. */
static bool is_refused(const struct settings *s, enum token_policy policy, enum token_discovery discovery)
{
	const bool lacking = discovery == TOKEN_DISCOVERY_NO;

	if (policy == TOKEN_POLICY_REQUIRE_THIRD_PARTY)
		return lacking;
	return s->only_third && (policy == TOKEN_POLICY_FIRST_PARTY || (policy == TOKEN_POLICY_AUTO && lacking));
}

static enum token_mode wanted(const struct settings *s, enum token_policy policy, enum token_discovery discovery)
{
	if (policy == TOKEN_POLICY_FIRST_PARTY)
		return TOKEN_MODE_FIRST_PARTY;
	if (policy != TOKEN_POLICY_AUTO || discovery == TOKEN_DISCOVERY_YES)
		return TOKEN_MODE_THIRD_PARTY;
	return discovery == TOKEN_DISCOVERY_NO ? TOKEN_MODE_FIRST_PARTY : s->values;
}

static bool has_sentence(const struct inject_result *r)
{
	for (size_t i = 0; i < r->n_warnings; i++)
		if (strcmp(r->warning[i], TOKEN_FALLBACK_SENTENCE) == 0)
			return true;
	return false;
}

static void run(const struct settings *s, const struct config_texts *t, enum token_policy policy, enum token_discovery discovery)
{
	const struct inject_options o = {.token_policy = policy, .token_discovery = discovery};
	struct err err = {0};
	own(inject_config_freep) struct inject_config *c = inject_config_load(t, &o, &err);
	struct inject_request req = {.namespace = STR("ns"), .url_path = STR("/inject")};
	struct inject_result r;
	struct arena a;

	if (!c)
		fail_msg("%s: %s", s->folder, err.what);
	arena_init(&a, 0);
	req.pod = json_parse(&a, pod, sizeof(pod) - 1, JSON_FROM_POD, &err);
	assert_non_null(req.pod);
	if (is_refused(s, policy, discovery)) {
		assert_int_equal(inject_pod(c, &a, &req, &r, &err), -1);
		assert_int_equal(r.reason, REASON_TOKEN_MODE);
		assert_non_null(strstr(err.what, "--token-policy"));
	} else {
		if (inject_pod(c, &a, &req, &r, &err) < 0)
			fail_msg("%s: %s", s->folder, err.what);
		check_pod(r.pod, s, wanted(s, policy, discovery));
		assert_int_equal(has_sentence(&r), policy == TOKEN_POLICY_AUTO && discovery == TOKEN_DISCOVERY_NO);
	}
	arena_release(&a);
}

static void run_settings(const struct settings *s, const struct config_texts *t)
{
	for (unsigned policy = TOKEN_POLICY_AUTO; policy <= TOKEN_POLICY_REQUIRE_THIRD_PARTY; policy++)
		for (unsigned discovery = TOKEN_DISCOVERY_UNKNOWN; discovery <= TOKEN_DISCOVERY_NO; discovery++)
			run(s, t, (enum token_policy)policy, (enum token_discovery)discovery);
}

static bool read_text(struct arena *a, const char *root, const char *folder, const char *name, struct named_text *ret)
{
	const char *path = arena_printf(a, "%s/%s/%s", root, folder, name);
	struct err err = {0};

	assert_non_null(path);
	ret->name = path;
	return file_read(a, path, LIMIT_CONFIG_BYTES, FILE_UTF8, &ret->text, &err) == 0;
}

static void test_embedded(void **state UNUSED)
{
	const struct config_texts none = {.values = {NULL, {NULL, 0}}};

	run_settings(&settings[0], &none);
}

static void test_recorded(void **state UNUSED)
{
	const char *root = getenv("CONFORMANCE_DIR");
	size_t n = 0;

	for (size_t i = 1; root && i < ARRAY_LEN(settings); i++) {
		struct config_texts t = {.values = {NULL, {NULL, 0}}};
		struct arena a;

		arena_init(&a, 0);
		if (read_text(&a, root, settings[i].folder, "config.yaml", &t.inject_config) &&
			read_text(&a, root, settings[i].folder, "values.json", &t.values) &&
			read_text(&a, root, settings[i].folder, "mesh.yaml", &t.mesh)) {
			run_settings(&settings[i], &t);
			n++;
		}
		arena_release(&a);
	}
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
