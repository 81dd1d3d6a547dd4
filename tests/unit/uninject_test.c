/* SPDX-License-Identifier: Apache-2.0 */
/* Injected and uninjected: what comes back, what is named, and what cannot be uninjected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "patches/uninject.h"
#include "tests/unit/inject_pods.h"

#define POD(metadata, spec) "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{" metadata "},\"spec\":{" spec "}}"
#define APP                 "\"containers\":[{\"name\":\"app\",\"image\":\"i\",\"resources\":{}}]"
#define PROBED(port)                                                                                                   \
	"\"containers\":[{\"name\":\"app\",\"image\":\"i\",\"resources\":{},\"ports\":[{\"name\":\"http\","            \
	"\"containerPort\":8080}],"                                                                                    \
	"\"livenessProbe\":{\"httpGet\":{\"path\":\"/live\",\"port\":" port                                            \
	",\"scheme\":\"HTTPS\"},\"periodSeconds\":7}}]"

static struct inject_config *config;

static int load(void **state)
{
	struct err err = {0};

	(void)state;
	config = load_config(NULL, &err);
	return config ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	inject_config_free(config);
	return 0;
}

static bool notes_hold(const struct uninject_notes *notes, const char *text)
{
	for (size_t i = 0; i < notes->len && i < UNINJECT_MAX_NOTES; i++)
		if (strcmp(notes->text[i], text) == 0)
			return true;
	return false;
}

static void uninject(const struct inject_config *c, struct outcome *o, const struct value *pod, struct uninjected *ret)
{
	const struct inject_request req = {
		.pod = pod, .namespace = STR("shop"), .url_path = STR("/inject/cluster/c1/net/n1")};

	o->rc = uninject_pod(c, &o->arena, &req, ret, &o->err);
}

/* --- exactly back ------------------------------------------------------------------------------------------------ */

static const char *const exact[] = {
	POD("\"name\":\"a\"", APP),
	POD("\"name\":\"a\",\"labels\":{\"app\":\"web\",\"version\":\"v2\"},\"annotations\":{\"example.com/"
	    "note\":\"mine\"}",
		APP),
	POD("\"name\":\"a\",\"labels\":{\"security.istio.io/tlsMode\":\"disabled\",\"service.istio.io/"
	    "canonical-name\":\"other\"}",
		APP),
	POD("\"name\":\"a\",\"annotations\":{\"prometheus.io/scrape\":\"true\",\"prometheus.io/"
	    "port\":\"9090\",\"prometheus.io/path\":\"/m\"}",
		APP),
	POD("\"name\":\"a\"", PROBED("8443")),
	POD("\"name\":\"a\"", PROBED("8080")),
	POD("\"name\":\"a\"", "\"initContainers\":[{\"name\":\"first\",\"image\":\"f\",\"resources\":{}}],\"volumes\":["
			      "{\"name\":\"v\",\"emptyDir\":{}}]," APP),
	POD("\"name\":\"a\"", "\"containers\":[{\"name\":\"app\",\"image\":\"i\",\"resources\":{}},{\"name\":\"istio-"
			      "proxy\",\"image\":\"auto\","
			      "\"resources\":{\"limits\":{\"cpu\":\"3\"}},\"fieldOfTheFuture\":[1]}]"),
	POD("\"name\":\"a\",\"fieldOfTheFuture\":{\"x\":1.50}",
		"\"fieldOfTheFuture\":[{}],\"securityContext\":{\"fsGroup\":7,\"runAsUser\":8}," APP),
};

static void comes_back(const struct inject_config *c, const char *pod)
{
	struct outcome o;
	struct uninjected u;

	inject_json(config, str_of(pod), &o);
	assert_non_null(o.patched);
	uninject(c, &o, o.result.pod, &u);
	if (o.rc < 0 || !u.injected || u.lost.len || !raw_equal(u.pod, o.given) || (c && !u.proven)) {
		struct text t;

		text_init(&t, &o.arena, 1 << 20);
		if (o.rc == 0)
			json_write(&t, u.pod, 0);
		fail_msg("%s\ncame back as %s: %s", pod, t.data ? text_cstr(&t) : "nothing", o.err.what);
	}
	outcome_release(&o);
}

static void test_exact(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(exact); i++)
		comes_back(config, exact[i]);
}

/* By names alone a network stays: nothing tells whose it is. */
static void test_by_names(void **state)
{
	static const char *const pods[] = {
		POD("\"name\":\"a\",\"labels\":{\"topology.istio.io/network\":\"n1\"}", APP),
		POD("\"name\":\"a\",\"labels\":{\"topology.istio.io/network\":\"n1\",\"app\":\"web\"},"
		    "\"annotations\":{\"prometheus.io/port\":\"90\"}",
			PROBED("8443")),
		POD("\"name\":\"a\",\"labels\":{\"topology.istio.io/network\":\"n1\"}",
			"\"containers\":[{\"name\":\"app\",\"image\":\"i\",\"resources\":{}},{\"name\":\"istio-proxy\","
			"\"image\":\"auto\","
			"\"resources\":{}}]"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pods); i++)
		comes_back(NULL, pods[i]);
}

/* --- named ------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *pod;
	bool lost;
	const char *note;
} named[] = {
	{POD("\"name\":\"a\"", PROBED("\"nowhere\"")), true,
		"/spec/containers/0/livenessProbe: it asked for a port that the proxy was not told, and now asks the "
		"proxy, which is gone"},
	{POD("\"name\":\"a\"", PROBED("\"http\"")), false,
		"/spec/containers/0/livenessProbe/httpGet/port: perhaps by its name"},
	{POD("\"name\":\"a\",\"labels\":{\"security.istio.io/tlsMode\":\"istio\"}", APP), false,
		"/metadata/labels/security.istio.io~1tlsMode"},
	{POD("\"name\":\"a\"", "\"containers\":[{\"name\":\"istio-proxy\",\"image\":\"auto\",\"resources\":{}},{"
			       "\"name\":\"app\",\"image\":\"i\"}]"),
		false, "/spec/containers/1: its place among the others"},
};

static void test_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(named); i++) {
		struct outcome o;
		struct uninjected u;

		inject_json(config, str_of(named[i].pod), &o);
		assert_non_null(o.patched);
		uninject(config, &o, o.result.pod, &u);
		assert_int_equal(o.rc, 0);
		assert_false(raw_equal(u.pod, o.given));
		assert_int_equal(u.lost.len > 0, named[i].lost);
		if (!notes_hold(named[i].lost ? &u.lost : &u.assumed, named[i].note))
			fail_msg("row %zu: no '%s'", i, named[i].note);
		outcome_release(&o);
	}
}

/* --- changed since ------------------------------------------------------------------------------------------------ */

static const struct value *edited(struct outcome *o, const struct value *pod, const char *from, const char *to)
{
	struct text t, u;
	struct str rest;
	size_t at;

	text_init(&t, &o->arena, 1 << 20);
	text_init(&u, &o->arena, 1 << 20);
	json_write(&t, pod, 0);
	rest = (struct str){t.data, t.len};
	at = str_find(rest, str_of(from));
	assert_int_not_equal(at, SIZE_MAX);
	text_add(&u, rest.p, at);
	text_adds(&u, to);
	text_add(&u, rest.p + at + strlen(from), rest.len - at - strlen(from));
	return json_parse(&o->arena, u.data, u.len, JSON_FROM_POD, &o->err);
}

/* A live pod: the API server has set defaults, another controller an annotation. */
static void test_live(void **state)
{
	struct outcome o;
	struct uninjected u;
	const struct value *live;

	(void)state;
	inject_json(config, str_of(exact[0]), &o);
	live = edited(&o, o.result.pod, "\"name\":\"istio-proxy\"",
		"\"name\":\"istio-proxy\",\"terminationMessagePolicy\":\"File\"");
	live = edited(&o, live, "\"annotations\":{", "\"annotations\":{\"cni.example.com/ip\":\"10.0.0.1\",");
	uninject(config, &o, live, &u);
	assert_int_equal(o.rc, 0);
	assert_false(u.proven);
	assert_true(u.agrees);
	assert_non_null(raw_path(u.pod, "metadata", "annotations", "cni.example.com/ip", NULL));
	assert_null(raw_path(u.pod, "metadata", "labels", NULL));
	outcome_release(&o);
}

/* A status that lists the user's own container is not believed by the injector, and that is said. */
static void test_forged(void **state)
{
	static const char pod[] = POD(
		"\"name\":\"a\",\"annotations\":{\"sidecar.istio.io/status\":\"{\\\"containers\\\":[\\\"app\\\"]}\"}",
		"\"containers\":[{\"name\":\"app\",\"image\":\"i\"},{\"name\":\"b\",\"image\":\"i\"}]");
	struct outcome o;
	struct uninjected u;

	(void)state;
	arena_init(&o.arena, 0);
	o.err = (struct err){0};
	uninject(config, &o, json_parse(&o.arena, pod, strlen(pod), JSON_FROM_POD, &o.err), &u);
	assert_int_equal(o.rc, 0);
	assert_false(u.agrees);
	assert_non_null(u.differs);
	outcome_release(&o);
}

/* --- not at all ----------------------------------------------------------------------------------------------------
 */

static const struct {
	const char *pod;
	const char *what, *where;
} refused[] = {
	{POD("\"annotations\":{\"sidecar.istio.io/status\":\"injected\"}", APP),
		"annotation 'sidecar.istio.io/status' does not say what injection added",
		"/metadata/annotations/sidecar.istio.io~1status"},
	{POD("\"annotations\":{\"sidecar.istio.io/status\":\"{\\\"containers\\\":7}\"}", APP),
		"annotation 'sidecar.istio.io/status' is not what injection wrote, remove it: containers must be a "
		"list of names",
		"/metadata/annotations/sidecar.istio.io~1status"},
	{POD("\"annotations\":7", APP), "annotations", "/metadata/annotations"},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct outcome o;
		struct uninjected u;

		arena_init(&o.arena, 0);
		o.err = (struct err){0};
		uninject(config, &o,
			json_parse(&o.arena, refused[i].pod, strlen(refused[i].pod), JSON_FROM_POD, &o.err), &u);
		assert_int_equal(o.rc, -1);
		assert_non_null(strstr(o.err.what, refused[i].what));
		assert_string_equal(o.err.where, refused[i].where);
		outcome_release(&o);
	}
}

static void test_not_injected(void **state)
{
	struct outcome o;
	struct uninjected u;

	(void)state;
	arena_init(&o.arena, 0);
	o.err = (struct err){0};
	o.given = json_parse(&o.arena, exact[1], strlen(exact[1]), JSON_FROM_POD, &o.err);
	uninject(config, &o, o.given, &u);
	assert_int_equal(o.rc, 0);
	assert_false(u.injected);
	assert_ptr_equal(u.pod, o.given);
	outcome_release(&o);
}

/* --- memory that ends ------------------------------------------------------------------------------------------------
 */

enum { STEP = 16 * 17, ENOUGH = 8 << 20 };

static int uninject_within(const char *text, size_t len, size_t room)
{
	struct outcome o;
	struct uninjected u;

	arena_init(&o.arena, ENOUGH);
	o.err = (struct err){0};
	assert_non_null(arena_alloc(&o.arena, ENOUGH - 4096));
	assert_non_null(arena_alloc(&o.arena, (size_t)(o.arena.end - o.arena.next)));
	o.arena.max = o.arena.total;
	o.arena.next -= room;
	o.rc = 0;
	o.given = json_parse(&o.arena, text, len, JSON_FROM_POD, &o.err);
	if (o.given)
		uninject(NULL, &o, o.given, &u);
	if ((!o.given || o.rc < 0) && o.err.code != ERR_NOMEM)
		fail_msg("room for %zu bytes: code %d: %s", room, (int)o.err.code, o.err.what);
	arena_release(&o.arena);
	return o.given ? o.rc : -1;
}

static void test_memory(void **state)
{
	struct outcome o;
	struct text t;
	size_t room = 0;

	(void)state;
	inject_json(config, str_of(exact[7]), &o);
	text_init(&t, &o.arena, 1 << 20);
	json_write(&t, o.result.pod, 0);
	while (room < ENOUGH / 2 && uninject_within(t.data, t.len, room) < 0)
		room += STEP;
	assert_in_range(room, STEP, ENOUGH / 2 - 1);
	outcome_release(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_by_names),
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_not_injected),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
