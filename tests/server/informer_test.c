/* SPDX-License-Identifier: Apache-2.0 */
/* Does the thread follow an API server that goes away, forgets, falls silent or wants another token, and does it end at once? */
#include "webhook/cluster/informer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/server/api.h"
#include "webhook/cluster/clock.h"

#define NODES      "GET /api/v1/nodes?limit"
#define WATCH      "GET /api/v1/nodes?watch=1"
#define NAMESPACES "GET /api/v1/namespaces?limit"
#define ITEM(name) "{\"metadata\":{\"name\":\"" name "\",\"resourceVersion\":\"1\"}}"
#define LIST(version, items)                                                                                           \
	"{\"metadata\":{\"resourceVersion\":\"" version "\"},\"items\":[" items "]}"
#define EVENT(type, name, version)                                                                                     \
	"{\"type\":\"" type "\",\"object\":{\"metadata\":{\"name\":\"" name "\",\"resourceVersion\":\"" version "\"}}}\n"

enum { WAIT_MS = 10000, WAIT_LONG_MS = 40000 };

static void keep_name(struct text *out, const struct value *object)
{
	const struct str name = raw_str(raw_get(object, "metadata"), "name");

	text_add(out, name.p, name.len);
}

struct bench {
	struct api api;
	struct waiter told;
	struct informer *informer;
	struct informer_options o;
};

static void changed(void *context)
{
	waiter_wake(&((struct bench *)context)->told);
}

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	api_start(&b->api);
	waiter_init(&b->told);
	b->o = (struct informer_options){
		.config = &b->api.config,
		.source = {{.what = "nodes", .place = {.api = "/api/v1", .resource = "nodes"}, .keep = keep_name},
			{.what = "namespaces", .place = {.api = "/api/v1", .resource = "namespaces"}, .keep = keep_name, .may_be_absent = true}},
		.n_sources = 1,
		.changed = changed,
		.context = b,
	};
	api_add(&b->api, (struct api_rule){.request = WATCH, .status = 200, .manner = API_STREAM});
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	const int64_t began = cluster_clock_ms();

	informer_stop(b->informer);
	assert_true(cluster_clock_ms() - began < 5000);
	api_stop(&b->api);
	waiter_release(&b->told);
	free(b);
	return 0;
}

static void start(struct bench *b)
{
	struct err err = {0};

	b->informer = informer_start(&b->o, &err);
	assert_non_null(b->informer);
}

static void add_name(void *context, struct str text)
{
	struct text *t = context;

	text_addf(t, "%s%.*s", t->len ? " " : "", (int)text.len, text.p);
}

static bool holds(struct bench *b, size_t source, const char *want)
{
	struct text t;
	bool same;

	text_init(&t, NULL, 4096);
	informer_visit(b->informer, source, add_name, &t);
	same = t.failed || !text_cstr(&t) ? false : strcmp(text_cstr(&t), want) == 0;
	text_release(&t);
	return same;
}

static void wait_holds(struct bench *b, size_t source, const char *want)
{
	const int64_t until = cluster_clock_ms() + WAIT_MS;

	while (!holds(b, source, want) && cluster_clock_ms() < until)
		waiter_wait(&b->told, until - cluster_clock_ms());
	assert_true(holds(b, source, want));
}

/* Nobody tells of that: it is looked at again and again. */
static struct informer_state wait_up(struct bench *b, bool up, int64_t ms)
{
	const int64_t until = cluster_clock_ms() + ms;
	struct informer_state s;

	for (;;) {
		informer_look(b->informer, 0, &s);
		if (s.up == up && (s.synced || !up))
			return s;
		if (cluster_clock_ms() >= until)
			fail_msg("nodes are still %s: %s", up ? "not followed" : "followed", s.problem);
		waiter_wait(&b->told, 20);
	}
}

static void follows(void **state)
{
	struct bench *b = *state;
	struct informer_state s;

	b->o.n_sources = 2;
	api_add(&b->api, (struct api_rule){.request = NODES, .status = 200, .body = LIST("5", ITEM("b") "," ITEM("a"))});
	start(b);
	wait_holds(b, 0, "a b");
	api_wait_asked(&b->api, WATCH "&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=", 1);
	api_wait_asked(&b->api, NAMESPACES, 1);
	while (!api_push(&b->api, WATCH, EVENT("ADDED", "c", "6")))
		waiter_wait(&b->told, 20);
	wait_holds(b, 0, "a b c");
	(void)api_push(&b->api, WATCH, EVENT("DELETED", "a", "7") "{\"type\":");
	wait_holds(b, 0, "b c");
	(void)api_push(&b->api, WATCH, "\"ADDED\",\"object\":{\"metadata\":{\"name\":\"d\"}}}\n");
	wait_holds(b, 0, "b c d");
	s = wait_up(b, true, WAIT_MS);
	assert_true(s.synced && s.answered && !s.absent && s.since_event_ms >= 0);
	assert_int_equal(s.objects, 3);
	assert_string_equal(s.problem, "");
	informer_look(b->informer, 1, &s);
	assert_true(s.absent && s.synced && s.up);
	assert_string_equal(s.what, "namespaces");
}

/* What was known stays, the watch goes on behind the bookmark, and nothing is listed again. */
static void server_goes_and_comes(void **state)
{
	struct bench *b = *state;
	struct informer_state s;

	api_add(&b->api, (struct api_rule){.request = NODES, .status = 200, .body = LIST("5", ITEM("a"))});
	start(b);
	wait_holds(b, 0, "a");
	api_wait_asked(&b->api, WATCH, 1);
	(void)wait_up(b, true, WAIT_MS);
	while (!api_push(&b->api, WATCH, EVENT("BOOKMARK", "", "77") EVENT("ADDED", "b", "78") EVENT("BOOKMARK", "", "99")))
		waiter_wait(&b->told, 20);
	wait_holds(b, 0, "a b");
	api_pause(&b->api);
	do { /* its watch ended in order, be it a brief one: what is wrong is known once the next one fails */
		s = wait_up(b, false, WAIT_MS);
		waiter_wait(&b->told, 5);
	} while (!strstr(s.problem, "nodes: GET"));
	assert_true(s.synced);
	waiter_wait(&b->told, 1500);
	assert_true(holds(b, 0, "a b"));
	api_resume(&b->api);
	s = wait_up(b, true, WAIT_LONG_MS);
	assert_string_equal(s.problem, "");
	assert_int_equal(s.lists, 1);
	api_wait_asked(&b->api, WATCH "&allowWatchBookmarks=true&resourceVersion=99&", 1);
	assert_int_equal(api_asked(&b->api, NODES), 1);
	while (!api_push(&b->api, WATCH, EVENT("DELETED", "a", "100")))
		waiter_wait(&b->told, 20);
	wait_holds(b, 0, "b");
}

/* The server is not there when we start. */
static void server_comes_late(void **state)
{
	struct bench *b = *state;
	struct informer_state s;

	api_pause(&b->api);
	start(b);
	do {
		waiter_wait(&b->told, 20);
		informer_look(b->informer, 0, &s);
	} while (!s.problem[0]);
	assert_false(s.synced || s.answered || s.up);
	assert_int_equal(s.since_event_ms, -1);
	api_add(&b->api, (struct api_rule){.request = NODES, .status = 200, .body = LIST("5", ITEM("a"))});
	api_resume(&b->api);
	wait_holds(b, 0, "a");
}

static void server_has_forgotten(void **state)
{
	struct bench *b = *state;

	api_add(&b->api, (struct api_rule){.request = NODES, .status = 200, .body = LIST("50", ITEM("b"))});
	api_add(&b->api, (struct api_rule){.request = NODES, .status = 200, .body = LIST("5", ITEM("a")), .times = 1});
	start(b);
	wait_holds(b, 0, "a");
	api_wait_asked(&b->api, WATCH, 1);
	while (!api_push(&b->api, WATCH, "{\"type\":\"ERROR\",\"object\":{\"message\":\"too old\",\"code\":410}}\n"))
		waiter_wait(&b->told, 20);
	wait_holds(b, 0, "b");
	api_wait_asked(&b->api, WATCH "&allowWatchBookmarks=true&resourceVersion=50&", 1);
	assert_int_equal(api_asked(&b->api, NODES), 2);
}

static void server_is_busy(void **state)
{
	struct bench *b = *state;
	const int64_t began = cluster_clock_ms();

	api_add(&b->api, (struct api_rule){.request = NODES, .status = 200, .body = LIST("5", ITEM("a"))});
	api_add(&b->api, (struct api_rule){.request = NODES, .status = 429, .body = "{}", .retry_after = 2, .times = 1});
	start(b);
	wait_holds(b, 0, "a");
	assert_true(cluster_clock_ms() - began >= 2000);
	assert_int_equal(api_asked(&b->api, NODES), 2);
}

/* A watch that outlives its timeoutSeconds without a word is given up, and begun anew. */
static void server_falls_silent(void **state)
{
	struct bench *b = *state;
	struct informer_state s;

	b->o.source[0].watch_seconds = 1;
	api_add(&b->api, (struct api_rule){.request = NODES, .status = 200, .body = LIST("5", ITEM("a"))});
	start(b);
	wait_holds(b, 0, "a");
	api_wait_asked(&b->api, WATCH "&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=1", 2);
	informer_look(b->informer, 0, &s);
	assert_int_equal(s.lists, 1);
	assert_true(holds(b, 0, "a"));
}

static void token_is_replaced(void **state)
{
	char path[] = "/tmp/outrigger-informer-XXXXXX";
	struct bench *b = *state;
	const int fd = mkstemp(path);
	int status;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "good", 4), 4);
	(void)close(fd);
	b->api.config.token_file = path;
	api_add(&b->api, (struct api_rule){.request = NODES, .status = 200, .body = LIST("5", ITEM("a"))});
	start(b);
	wait_holds(b, 0, "a");
	api_wait_asked(&b->api, WATCH, 1);
	(void)pthread_mutex_lock(&b->api.lock);
	b->api.token = "better";
	(void)pthread_mutex_unlock(&b->api.lock);
	status = truncate(path, 0) < 0 ? -1 : 0;
	assert_int_equal(status, 0);
	{
		FILE *f = fopen(path, "w");

		assert_non_null(f);
		assert_int_equal(fputs("better", f) >= 0, 1);
		assert_int_equal(fclose(f), 0);
	}
	while (!api_end(&b->api, WATCH))
		waiter_wait(&b->told, 20);
	api_wait_asked(&b->api, WATCH, 2);
	while (!api_push(&b->api, WATCH, EVENT("ADDED", "b", "6")))
		waiter_wait(&b->told, 20);
	wait_holds(b, 0, "a b");
	(void)unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(follows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(server_goes_and_comes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(server_comes_late, set_up, tear_down),
		cmocka_unit_test_setup_teardown(server_has_forgotten, set_up, tear_down),
		cmocka_unit_test_setup_teardown(server_is_busy, set_up, tear_down),
		cmocka_unit_test_setup_teardown(server_falls_silent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(token_is_replaced, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
