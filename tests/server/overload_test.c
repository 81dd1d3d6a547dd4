/* SPDX-License-Identifier: Apache-2.0 */
/* Is a request that cannot be answered in time, or finds too many others, turned away at once, counted and logged? */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/server/fixture.h"
#include "webhook/server/overload.h"

#define JSON "Content-Type: application/json\r\n"

enum {
	THREADS = 2,
	CONNECTIONS = 64,
	MOST = CONNECTIONS - CONNECTIONS / 5,
};

/* Each turn of the loop costs milliseconds and few steps: without a look at the clock it is minutes before the steps
 * are used up. */
#define SLOW                                                                                                           \
	"policy: enabled\ntemplates:\n  sidecar: |\n"                                                                  \
	"    {{ range until 30000 }}{{ $m := regexMatch \"^(a+)+$\" \"aaaaaaaaaaaaaaab\" }}{{ end }}\n"                \
	"    spec: {containers: [{name: istio-proxy, image: i}]}\n"

static struct fixture f;
static struct log logged;

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void pause_ms(long ms)
{
	(void)nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* As the fixture has it, with a log, and with a template that takes minutes where that is asked for. */
static void start(bool slow, unsigned threads)
{
	const struct server_options options = {.listen = "127.0.0.1:0",
		.metrics_listen = "127.0.0.1:0",
		.threads = threads,
		.max_connections = CONNECTIONS,
		.max_body = FIXTURE_MAX_BODY,
		.idle_ms = 60000,
		.request_ms = 20000,
		.config = &f.config,
		.log = &logged};
	const struct config_texts texts = {
		.inject_config = {"slow", STR(SLOW)}, .values = {"values", STR("global: {}")}};
	const struct inject_options inject = {.revision = STR("default")};
	const struct guard_known known = {0};
	const struct named_text embedded = {0};
	struct err err = {0};

	fixture_start(&f, 60000, 20000);
	server_stop(f.server);
	if (slow) {
		struct inject_config *config = inject_config_load(&texts, &inject, &err);
		struct guard *guard = guard_load(&embedded, &known, &err);
		struct snapshot *snapshot = config && guard ? snapshot_new(config, guard, &err) : NULL;

		if (!snapshot)
			fail_msg("%s: %s", err.where, err.what);
		snapshot_swap(&f.config, snapshot);
	}
	assert_int_equal(log_init(&logged, memfd_create("log", MFD_CLOEXEC), "text", "info", &err), 0);
	f.server = server_start(&options, &f.serving, &err);
	if (!f.server)
		fail_msg("%s: %s", err.where, err.what);
	server_set_ready(f.server, true);
	f.address = server_address(f.server);
	f.plain = server_metrics_address(f.server);
}

static void stop(void)
{
	fixture_stop(&f);
	(void)close(logged.fd);
}

static void log_has(const char *part)
{
	static char text[256 << 10];
	const ssize_t len = pread(logged.fd, text, sizeof(text) - 1, 0);

	assert_true(len >= 0);
	text[len] = '\0';
	if (!strstr(text, part))
		fail_msg("no '%s' in the log:\n%s", part, text);
}

static unsigned long turned_away(void)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
			  name[] = "\noutrigger_overload_total ";
	static struct client c;
	static struct response r;
	const char *at;

	client_connect(&c, f.plain);
	client_send(&c, request, sizeof(request) - 1);
	client_read(&c, &r, false);
	client_close(&c);
	assert_int_equal(r.status, 200);
	at = strstr(r.body, name);
	assert_non_null(at);
	return strtoul(at + sizeof(name) - 1, NULL, 10);
}

static void ask(struct client *c, const char *path)
{
	char request[4096];

	client_send(c, request, post(request, sizeof(request), path, JSON, POD_REVIEW));
}

static void asks_time(void **state UNUSED)
{
	static const struct {
		const char *query;
		int64_t want; /* ms */
	} rows[] = {
		{NULL, 9000},
		{"", 9000},
		{"timeout=10s", 9000},
		{"timeout=30s", 29000},
		{"timeout=2s", 1000},
		{"timeout=1s", 500},
		{"timeout=1m0s", 29000},
		{"timeout=2540400h10m10.000000000s", 29000},
		{"timeout=200ms", 100},
		{"a=b&timeout=5s&c", 4000},
		{"timeout", 9000},
		{"timeout=", 9000},
		{"timeout=0s", 9000},
		{"timeout=-5s", 9000},
		{"timeout=5", 9000},
		{"timeout=99999999999999999999s", 9000},
		{"timeoutt=1s", 9000},
		{"timeout=1s&timeout=5s", 500},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct request r = {.query = {rows[i].query, rows[i].query ? strlen(rows[i].query) : 0}};

		arena_init(&r.arena, 0);
		if (overload_budget_us(&r) != rows[i].want * 1000)
			fail_msg("%s: %lld us", rows[i].query ? rows[i].query : "none",
				(long long)overload_budget_us(&r));
		arena_release(&r.arena);
	}
}

/* What would take minutes ends with its time; the connection and the others go on. */
static void a_slow_decision_is_given_up(void **state UNUSED)
{
	static struct client c;
	static struct response r;
	const int64_t began = now_ms();

	start(true, THREADS);
	client_open(&c, f.address);
	ask(&c, "/inject?timeout=1s");
	client_read(&c, &r, false);
	assert_int_equal(r.status, 503);
	assert_string_equal(
		r.body, "overloaded: no time is left for this request within the webhook's timeoutSeconds\n");
	assert_null(strstr(r.head, "Retry-After"));
	assert_true(now_ms() - began < CLIENT_WAIT_MS);
	client_send(&c, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 35);
	client_read(&c, &r, false);
	assert_int_equal(r.status, 200);
	client_close(&c);
	assert_int_equal(turned_away(), 1);
	log_has("turned away: overload");
	log_has("no time is left");
	stop();
}

/* Those that waited behind slow ones for too long are not begun: all are answered after about the time of one. */
static void a_queue_is_answered_at_once(void **state UNUSED)
{
	enum { MANY = 40 };
	static struct client c[MANY];
	static struct response r;
	int64_t began;

	start(true, THREADS);
	for (size_t i = 0; i < MANY; i++)
		client_open(&c[i], f.address);
	began = now_ms();
	for (size_t i = 0; i < MANY; i++)
		ask(&c[i], "/inject?timeout=1s");
	for (size_t i = 0; i < MANY; i++) {
		client_read(&c[i], &r, false);
		assert_int_equal(r.status, 503);
	}
	/* One after the other would be MANY / THREADS halves of a second. */
	assert_true(now_ms() - began < CLIENT_WAIT_MS);
	assert_int_equal(turned_away(), MANY);
	for (size_t i = 0; i < MANY; i++)
		client_close(&c[i]);
	stop();
}

/* The only thread is busy; whoever asks meanwhile and goes has nobody decide for it. */
static void nobody_decides_for_who_has_gone(void **state UNUSED)
{
	enum { MANY = 8 };
	static struct client busy, gone[MANY];
	static struct response r;
	const int64_t began = now_ms();

	start(true, 1);
	client_open(&busy, f.address);
	for (size_t i = 0; i < MANY; i++)
		client_open(&gone[i], f.address);
	ask(&busy, "/inject?timeout=1s");
	pause_ms(100);
	for (size_t i = 0; i < MANY; i++) {
		ask(&gone[i], "/inject?timeout=30s");
		client_close(&gone[i]);
	}
	client_read(&busy, &r, false);
	assert_int_equal(r.status, 503);
	client_close(&busy);
	/* A single one that were decided on would hold its thread for half a minute. */
	while (turned_away() < MANY + 1 && now_ms() - began < 15000)
		pause_ms(20);
	assert_int_equal(turned_away(), MANY + 1);
	log_has("whoever asked has gone");
	stop();
}

static void a_crowd_is_told_so(void **state UNUSED)
{
	static const char head[] = "POST /inject HTTP/1.1\r\nHost: x\r\n" JSON "Content-Length: 100\r\n\r\n";
	static struct client held[MOST], c;
	static struct response r;
	const int64_t began = now_ms();

	start(false, THREADS);
	for (size_t i = 0; i < MOST; i++) {
		client_open(&held[i], f.address);
		client_send(&held[i], head, sizeof(head) - 1);
	}
	do {
		client_open(&c, f.address);
		ask(&c, "/inject?timeout=10s");
		client_read(&c, &r, false);
		client_close(&c);
	} while (r.status == 200 && now_ms() - began < CLIENT_WAIT_MS);
	assert_int_equal(r.status, 503);
	assert_non_null(strstr(r.head, "Retry-After: 1\r\n"));
	assert_non_null(strstr(r.head, "Connection: close\r\n"));
	assert_string_equal(r.body, "overloaded: too many requests are in progress (see --max-connections)\n");
	client_open(&c, f.address);
	client_send(&c, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", 34);
	client_read(&c, &r, false);
	client_close(&c);
	assert_int_equal(r.status, 200);
	assert_true(turned_away() >= 1); /* those that are held may be among them */
	log_has("too many requests are in progress");
	/* Once there is room again it is as before. */
	for (size_t i = 0; i < MOST; i++)
		client_close(&held[i]);
	do {
		client_open(&c, f.address);
		ask(&c, "/inject?timeout=10s");
		client_read(&c, &r, false);
		client_close(&c);
	} while (r.status != 200 && now_ms() - began < 2 * CLIENT_WAIT_MS);
	assert_int_equal(r.status, 200);
	assert_non_null(strstr(r.body, "\"allowed\":true"));
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_time),
		cmocka_unit_test(a_slow_decision_is_given_up),
		cmocka_unit_test(a_queue_is_answered_at_once),
		cmocka_unit_test(nobody_decides_for_who_has_gone),
		cmocka_unit_test(a_crowd_is_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
