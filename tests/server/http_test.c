/* SPDX-License-Identifier: Apache-2.0 */
/* What does the server answer to each good and bad HTTP request? The row 'HTTP' of the table of bad inputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/server/fixture.h"

#define JSON "Content-Type: application/json\r\n"
#define HEAD "POST /inject HTTP/1.1\r\nHost: x\r\n"

static int set_up(void **state)
{
	static struct fixture f;

	fixture_start(&f, 60000, 20000);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	fixture_stop(*state);
	return 0;
}

enum after { KEPT, ENDED };

/* Each on a connection of its own; what is kept must then serve a good request. */
static const struct {
	const char *name, *request;
	int status;
	enum after after;
	const char *head, *body; /* a part of each, or NULL */
} rows[] = {
	{"GET", "GET /inject HTTP/1.1\r\nHost: x\r\n\r\n", 405, KEPT, "Allow: POST\r\n", "the method is not allowed here\n"},
	{"PUT", "PUT /inject HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 405, KEPT, "Allow: POST\r\n", NULL},
	{"OPTIONS", "OPTIONS /inject HTTP/1.1\r\nHost: x\r\n\r\n", 405, KEPT, "Allow: POST\r\n", NULL},
	{"unknown method", "BREW /inject HTTP/1.1\r\nHost: x\r\n\r\n", 405, KEPT, "Allow: POST\r\n", NULL},
	{"POST to health", "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405, KEPT, "Allow: GET, HEAD\r\n", NULL},
	{"unknown path", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404, KEPT, NULL, "nothing is here but /inject and /require\n"},
	{"prefix only", "POST /injected HTTP/1.1\r\nHost: x\r\n" JSON "Content-Length: 2\r\n\r\n{}", 404, KEPT, NULL, NULL},
	{"no Content-Type", HEAD "Content-Length: 2\r\n\r\n{}", 415, KEPT, NULL, "invalid Content-Type, want `application/json`\n"},
	{"text/json", HEAD "Content-Type: text/json\r\nContent-Length: 2\r\n\r\n{}", 415, KEPT, NULL, NULL},
	{"application/jsonp", HEAD "Content-Type: application/jsonp\r\nContent-Length: 2\r\n\r\n{}", 415, KEPT, NULL, NULL},
	{"compressed", HEAD JSON "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", 415, KEPT, NULL, NULL},
	{"empty body", HEAD JSON "Content-Length: 0\r\n\r\n", 400, KEPT, NULL, "no body found\n"},
	{"no length at all", HEAD JSON "\r\n", 400, KEPT, NULL, "no body found\n"},
	{"not JSON", HEAD JSON "Content-Length: 2\r\n\r\nxx", 400, KEPT, "Content-Type: text/plain", "byte 0: "},
	{"no review", HEAD JSON "Content-Length: 2\r\n\r\n{}", 400, KEPT, NULL, "/kind: must be \"AdmissionReview\"\n"},
	{"length with letters", HEAD JSON "Content-Length: 2x\r\n\r\n{}", 400, ENDED, NULL, NULL},
	{"length negative", HEAD JSON "Content-Length: -2\r\n\r\n{}", 400, ENDED, NULL, NULL},
	{"length twice", HEAD JSON "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400, ENDED, NULL, "more than one Content-Length"},
	{"length and chunked", HEAD JSON "Content-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400, ENDED, NULL,
	 NULL},
	{"encoding unknown", HEAD JSON "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400, ENDED, NULL, NULL},
	{"no Host", "POST /inject HTTP/1.1\r\n" JSON "Content-Length: 2\r\n\r\n{}", 400, ENDED, NULL, NULL},
	{"two Hosts", HEAD "Host: y\r\n" JSON "Content-Length: 2\r\n\r\n{}", 400, ENDED, NULL, "more than one Host header\n"},
	{"chunk size bad", HEAD JSON "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", 400, ENDED, NULL, NULL},
	{"chunk size huge", HEAD JSON "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n", 413, ENDED, NULL, NULL},
	{"dots", "POST /inject/../inject HTTP/1.1\r\nHost: x\r\n" JSON "Content-Length: 2\r\n\r\n{}", 400, ENDED, NULL, "malformed"},
	{"dots encoded", "POST /inject/%2e%2e HTTP/1.1\r\nHost: x\r\n" JSON "Content-Length: 2\r\n\r\n{}", 400, ENDED, NULL, "malformed"},
	{"NUL in the path", "POST /inject/%00 HTTP/1.1\r\nHost: x\r\n" JSON "Content-Length: 2\r\n\r\n{}", 400, ENDED, NULL, "malformed"},
	{"percent rubbish", "POST /inject/%zz HTTP/1.1\r\nHost: x\r\n" JSON "Content-Length: 2\r\n\r\n{}", 400, ENDED, NULL, "malformed"},
	{"percent at the end", "POST /inject/%2 HTTP/1.1\r\nHost: x\r\n" JSON "Content-Length: 2\r\n\r\n{}", 400, ENDED, NULL, "malformed"},
	{"a proxy's target", "POST http://x/inject HTTP/1.1\r\nHost: x\r\n" JSON "Content-Length: 2\r\n\r\n{}", 400, ENDED, NULL, NULL},
	{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, ENDED, NULL, NULL},
	{"WebSocket", "GET /inject HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 405, KEPT, NULL, NULL},
	{"Expect and bad type", HEAD "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n", 415, ENDED, NULL, NULL},
	{"healthz", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 200, KEPT, NULL, "ok\n"},
	{"metrics are on the plain port", "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 404, KEPT, NULL, NULL},
	{"readyz", "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", 200, KEPT, NULL, "ok\n"},
	{"readyz verbose", "GET /readyz?verbose HTTP/1.1\r\nHost: x\r\n\r\n", 200, KEPT, NULL, "[+]certificate ok: valid until "},
};

static void expect_injection(struct client *c, const char *path, const char *extra)
{
	static struct response r;
	char request[4096];

	client_send(c, request, post(request, sizeof(request), path, extra, POD_REVIEW));
	client_read(c, &r, false);
	if (r.status != 200)
		fail_msg("status %d: %s%s", r.status, r.head, r.body);
	assert_non_null(strstr(r.head, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(r.body, "\"uid\":\"u-1\",\"allowed\":true"));
	assert_non_null(strstr(r.body, "\"patchType\":\"JSONPatch\""));
}

/* The validating webhook: an answer, and never a patch. */
static void sidecars_are_required(void **state)
{
	const struct fixture *f = *state;
	static struct response r;
	char request[4096];
	struct client c;

	client_open(&c, f->address);
	client_send(&c, request, post(request, sizeof(request), "/require", JSON, POD_REVIEW));
	client_read(&c, &r, false);
	assert_int_equal(r.status, 200);
	assert_non_null(strstr(r.body, "\"uid\":\"u-1\",\"allowed\":true,\"auditAnnotations\":{\"sidecar\":\"sidecar-not-required\","));
	assert_null(strstr(r.body, "patch"));
	client_send(&c, request, post(request, sizeof(request), "/require", JSON, "{}"));
	client_read(&c, &r, false);
	assert_int_equal(r.status, 400);
	client_send(&c, request, post(request, sizeof(request), "/require/more", JSON, POD_REVIEW));
	client_read(&c, &r, false);
	assert_int_equal(r.status, 404);
	client_close(&c);
}

static void requests_get_what_they_deserve(void **state)
{
	const struct fixture *f = *state;
	static struct response r;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct client c;

		client_open(&c, f->address);
		client_send(&c, rows[i].request, strlen(rows[i].request));
		client_read(&c, &r, false);
		if (r.status != rows[i].status)
			fail_msg("%s: status %d, wanted %d: %s", rows[i].name, r.status, rows[i].status, r.body);
		if (rows[i].head && !strstr(r.head, rows[i].head))
			fail_msg("%s: head is %s", rows[i].name, r.head);
		if (rows[i].body && !strstr(r.body, rows[i].body))
			fail_msg("%s: body is %s", rows[i].name, r.body);
		if (rows[i].after == KEPT)
			expect_injection(&c, "/inject", JSON);
		else if (!client_ended(&c, CLIENT_WAIT_MS))
			fail_msg("%s: the connection is kept", rows[i].name);
		client_close(&c);
	}
}

static void good_requests_are_injected_on_one_connection(void **state)
{
	const struct fixture *f = *state;
	struct client c;

	client_open(&c, f->address);
	expect_injection(&c, "/inject", JSON);
	expect_injection(&c, "/inject/cluster/c1/net/n1", JSON);
	expect_injection(&c, "/inject?timeout=10s", JSON);
	expect_injection(&c, "/inject", "Content-Type: application/json; charset=utf-8\r\n");
	expect_injection(&c, "/inject", "content-type: Application/JSON\r\n");
	client_close(&c);
}

static void heads_have_no_body(void **state)
{
	const struct fixture *f = *state;
	static const char *const requests[] = {"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HEAD /inject HTTP/1.1\r\nHost: x\r\n\r\n"};
	static const int statuses[] = {200, 405};
	static struct response r;
	struct client c;

	client_open(&c, f->address);
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		client_send(&c, requests[i], strlen(requests[i]));
		client_read(&c, &r, true);
		assert_int_equal(r.status, statuses[i]);
	}
	expect_injection(&c, "/inject", JSON);
	client_close(&c);
}

static void chunks_are_joined(void **state)
{
	const struct fixture *f = *state;
	static struct response r;
	struct client c;
	char chunk[4096];
	const char *body = POD_REVIEW;

	client_open(&c, f->address);
	client_send(&c, HEAD JSON "Transfer-Encoding: chunked\r\n\r\n", strlen(HEAD JSON "Transfer-Encoding: chunked\r\n\r\n"));
	for (size_t at = 0, size = 1; at < strlen(body); at += size, size = size * 2 < 64 ? size * 2 : 1) {
		const size_t n = strlen(body) - at < size ? strlen(body) - at : size;

		client_send(&c, chunk, (size_t)snprintf(chunk, sizeof(chunk), "%zx\r\n%.*s\r\n", n, (int)n, body + at));
	}
	client_send(&c, "0\r\n\r\n", 5);
	client_read(&c, &r, false);
	assert_int_equal(r.status, 200);
	assert_non_null(strstr(r.body, "\"allowed\":true"));
	client_close(&c);
}

static char *spaces(size_t len)
{
	char *p = malloc(len + 1);

	assert_non_null(p);
	memset(p, ' ', len);
	p[len] = '\0';
	return p;
}

static void expect_after_large_body(const struct fixture *f, size_t size, int status)
{
	static struct response r;
	char *body = spaces(size), *request = malloc(size + 1024);
	struct client c;

	assert_non_null(request);
	client_open(&c, f->address);
	client_send(&c, request, post(request, size + 1024, "/inject", JSON, body));
	client_read(&c, &r, false);
	assert_int_equal(r.status, status);
	expect_injection(&c, "/inject", JSON);
	client_close(&c);
	free(request);
	free(body);
}

static void bodies_up_to_the_limit_are_read(void **state)
{
	expect_after_large_body(*state, FIXTURE_MAX_BODY, 400); /* spaces are no JSON, but they were read */
	expect_after_large_body(*state, FIXTURE_MAX_BODY + 1, 413);
	expect_after_large_body(*state, FIXTURE_MAX_BODY * 3, 413);
}

static void huge_lengths_are_refused_at_once(void **state)
{
	const struct fixture *f = *state;
	static struct response r;
	struct client c;

	client_open(&c, f->address);
	client_send(&c, HEAD JSON "Content-Length: 99999999999\r\n\r\n", strlen(HEAD JSON "Content-Length: 99999999999\r\n\r\n"));
	client_read(&c, &r, false);
	assert_int_equal(r.status, 413);
	assert_true(client_ended(&c, CLIENT_WAIT_MS));
	client_close(&c);
}

static void large_chunked_bodies_are_refused(void **state)
{
	const struct fixture *f = *state;
	static struct response r;
	char *body = spaces(FIXTURE_MAX_BODY), head[128];
	struct client c;

	client_open(&c, f->address);
	client_send(&c, HEAD JSON "Transfer-Encoding: chunked\r\n\r\n", strlen(HEAD JSON "Transfer-Encoding: chunked\r\n\r\n"));
	for (int i = 0; i < 2; i++) {
		client_send(&c, head, (size_t)snprintf(head, sizeof(head), "%x\r\n", FIXTURE_MAX_BODY));
		client_send(&c, body, FIXTURE_MAX_BODY);
		client_send(&c, "\r\n", 2);
	}
	client_send(&c, "0\r\n\r\n", 5);
	client_read(&c, &r, false);
	assert_int_equal(r.status, 413);
	client_close(&c);
	free(body);
}

static void expect_status_of_head(const struct fixture *f, const char *head, int status)
{
	static struct response r;
	struct client c;

	client_open(&c, f->address);
	(void)client_try_send(&c, head, strlen(head));
	client_read(&c, &r, false);
	assert_int_equal(r.status, status);
	client_close(&c);
}

static void large_heads_are_refused(void **state)
{
	const struct fixture *f = *state;
	char *filler = spaces(40 << 10), *request = malloc(400 << 10);
	size_t len;

	assert_non_null(request);
	memset(filler, 'a', 40 << 10);
	(void)snprintf(request, 400 << 10, HEAD JSON "X: %.*s\r\nContent-Length: 0\r\n\r\n", 17 << 10, filler);
	expect_status_of_head(f, request, 431);
	(void)snprintf(request, 400 << 10, HEAD JSON "X: %.*s\r\nContent-Length: 0\r\n\r\n", 40 << 10, filler);
	expect_status_of_head(f, request, 431);
	len = (size_t)snprintf(request, 400 << 10, HEAD);
	for (int i = 0; i < 10000; i++)
		len += (size_t)snprintf(request + len, (400 << 10) - len, "h%d: %d\r\n", i, i);
	(void)snprintf(request + len, (400 << 10) - len, "\r\n");
	expect_status_of_head(f, request, 431);
	(void)snprintf(request, 400 << 10, "POST /inject/%.*s HTTP/1.1\r\nHost: x\r\n" JSON "Content-Length: 0\r\n\r\n", 5 << 10, filler);
	expect_status_of_head(f, request, 414);
	(void)snprintf(request, 400 << 10, "POST /inject/%.*s HTTP/1.1\r\nHost: x\r\n" JSON "Content-Length: 0\r\n\r\n", 40 << 10, filler);
	expect_status_of_head(f, request, 414);
	free(request);
	free(filler);
}

static void continue_is_sent_when_asked_for(void **state)
{
	const struct fixture *f = *state;
	static struct response r;
	char request[4096];
	struct client c;
	size_t len;

	client_open(&c, f->address);
	len = post(request, sizeof(request), "/inject", JSON "Expect: 100-continue\r\n", POD_REVIEW);
	client_send(&c, request, len - strlen(POD_REVIEW));
	client_read(&c, &r, true);
	assert_int_equal(r.status, 100);
	client_send(&c, POD_REVIEW, strlen(POD_REVIEW));
	client_read(&c, &r, false);
	assert_int_equal(r.status, 200);
	client_close(&c);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
	const struct fixture *f = *state;
	static struct response r;
	char request[8192];
	struct client c;
	size_t len;

	client_open(&c, f->address);
	len = post(request, sizeof(request), "/inject", JSON, POD_REVIEW);
	len += (size_t)snprintf(request + len, sizeof(request) - len, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
	len += post(request + len, sizeof(request) - len, "/inject", JSON, POD_REVIEW);
	client_send(&c, request, len);
	client_read(&c, &r, false);
	assert_non_null(strstr(r.body, "\"allowed\":true"));
	client_read(&c, &r, false);
	assert_string_equal(r.body, "ok\n");
	client_read(&c, &r, false);
	assert_non_null(strstr(r.body, "\"allowed\":true"));
	client_close(&c);
}

static void a_cut_body_harms_nobody(void **state)
{
	const struct fixture *f = *state;
	char request[4096];
	struct client c;
	const size_t len = post(request, sizeof(request), "/inject", JSON, POD_REVIEW);

	for (size_t cut = 1; cut < len; cut += 37) {
		client_open(&c, f->address);
		client_send(&c, request, cut);
		client_close(&c);
	}
	client_open(&c, f->address);
	expect_injection(&c, "/inject", JSON);
	client_close(&c);
}

static void the_plain_port_has_health_and_metrics_only(void **state)
{
	static const struct {
		const char *request;
		int status;
	} plain[] = {
		{"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 200},
		{"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", 200},
		{"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 200},
		{HEAD JSON "Content-Length: 2\r\n\r\n{}", 404},
		{"GET /inject HTTP/1.1\r\nHost: x\r\n\r\n", 404},
	};
	const struct fixture *f = *state;
	static struct response r;
	struct client c;

	client_connect(&c, f->plain);
	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		client_send(&c, plain[i].request, strlen(plain[i].request));
		client_read(&c, &r, false);
		assert_int_equal(r.status, plain[i].status);
	}
	client_close(&c);
}

static void draining_says_so_and_closes(void **state)
{
	struct fixture *f = *state;
	static struct response r;
	char request[4096];
	struct client c, health;

	server_set_ready(f->server, false);
	client_connect(&health, f->plain);
	client_send(&health, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n", strlen("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"));
	client_read(&health, &r, false);
	assert_int_equal(r.status, 503);
	assert_string_equal(r.body, "[-]serving failed: starting or draining\nreadyz check failed\n");
	client_close(&health);
	client_open(&c, f->address);
	client_send(&c, request, post(request, sizeof(request), "/inject", JSON, POD_REVIEW));
	client_read(&c, &r, false);
	assert_int_equal(r.status, 200);
	assert_non_null(strcasestr(r.head, "Connection: close\r\n"));
	assert_true(client_ended(&c, CLIENT_WAIT_MS));
	client_close(&c);
	server_set_ready(f->server, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_get_what_they_deserve),
		cmocka_unit_test(sidecars_are_required),
		cmocka_unit_test(good_requests_are_injected_on_one_connection),
		cmocka_unit_test(heads_have_no_body),
		cmocka_unit_test(chunks_are_joined),
		cmocka_unit_test(bodies_up_to_the_limit_are_read),
		cmocka_unit_test(huge_lengths_are_refused_at_once),
		cmocka_unit_test(large_chunked_bodies_are_refused),
		cmocka_unit_test(large_heads_are_refused),
		cmocka_unit_test(continue_is_sent_when_asked_for),
		cmocka_unit_test(pipelined_requests_are_answered_in_order),
		cmocka_unit_test(a_cut_body_harms_nobody),
		cmocka_unit_test(the_plain_port_has_health_and_metrics_only),
		cmocka_unit_test(draining_says_so_and_closes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
