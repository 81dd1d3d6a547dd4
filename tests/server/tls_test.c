/* SPDX-License-Identifier: Apache-2.0 */
/* Do slow, broken and hostile clients end at their deadline, while others are served? The row 'TLS' of the table of bad inputs. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/server/fixture.h"
#include "webhook/server/state.h"

#define JSON "Content-Type: application/json\r\n"

enum { REQUEST_MS = 300, IDLE_MS = 600, GRACE_MS = 1500 };

static int set_up(void **state)
{
	static struct fixture f;

	fixture_start(&f, IDLE_MS, REQUEST_MS);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	fixture_stop(*state);
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int injects(struct client *c)
{
	struct response *r = test_malloc(sizeof(*r));
	char request[4096];
	int status = 0;

	if (client_try_send(c, request, post(request, sizeof(request), "/inject", JSON, POD_REVIEW))) {
		client_read(c, r, false);
		status = strstr(r->body, "\"allowed\":true") ? r->status : 0;
	}
	test_free(r);
	return status;
}

static void others_are_served(const struct fixture *f)
{
	struct client c;

	client_open(&c, f->address);
	assert_int_equal(injects(&c), 200);
	client_close(&c);
}

/* Sends a byte at a time until the server has had enough; how long that took, or -1 where it never had. */
static int64_t trickle(struct client *c, const char *text)
{
	const int64_t start = now_ms();
	const struct timespec pause = {.tv_nsec = 20000000};

	while (now_ms() - start < REQUEST_MS + GRACE_MS) {
		if (!client_try_send(c, text, 1) || client_ended(c, 1))
			return now_ms() - start;
		text += text[1] ? 1 : 0;
		(void)nanosleep(&pause, NULL);
	}
	return -1;
}

static void expect_end_of_trickle(const struct fixture *f, const char *first, const char *then)
{
	struct client c;
	int64_t took;

	client_open(&c, f->address);
	client_send(&c, first, strlen(first));
	took = trickle(&c, then);
	assert_true(took >= REQUEST_MS / 2);
	client_close(&c);
	others_are_served(f);
}

static void trickled_headers_end_at_the_deadline(void **state)
{
	expect_end_of_trickle(*state, "POST /inject HTTP/1.1\r\n", "Host: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
}

static void trickled_request_lines_end_at_the_deadline(void **state)
{
	expect_end_of_trickle(*state, "P", "OST /injectxxxxxxxxxxxxxxxxxxxxxxxxxxx");
}

static void trickled_bodies_end_at_the_deadline(void **state)
{
	expect_end_of_trickle(*state, "POST /inject HTTP/1.1\r\nHost: x\r\n" JSON "Content-Length: 1000\r\n\r\n", "      ");
}

static void silent_connections_end(void **state)
{
	const struct fixture *f = *state;
	struct client c;

	client_connect(&c, f->address); /* no handshake */
	assert_true(client_ended(&c, REQUEST_MS + GRACE_MS));
	client_close(&c);
	client_open(&c, f->address); /* no request */
	assert_true(client_ended(&c, REQUEST_MS + GRACE_MS));
	client_close(&c);
	client_open(&c, f->address); /* idle after a request */
	assert_int_equal(injects(&c), 200);
	assert_false(client_ended(&c, IDLE_MS / 3));
	assert_true(client_ended(&c, IDLE_MS + GRACE_MS));
	client_close(&c);
}

static void rubbish_instead_of_a_handshake_ends(void **state)
{
	static const char *const rubbish[] = {
		"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
		"\x16\x03\x01\x02\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff",
		"\x16\x03\x01\x00\x05\x01",
		"\x80\x2e\x01\x00\x02rubbishrubbishrubbish",
	};
	const struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rubbish); i++) {
		struct client c;

		client_connect(&c, f->address);
		client_send(&c, rubbish[i], strlen(rubbish[i]));
		assert_true(client_ended(&c, REQUEST_MS + GRACE_MS));
		client_close(&c);
	}
	others_are_served(f);
}

static void old_protocols_and_ciphers_are_refused(void **state)
{
	static const struct {
		const char *priorities;
		bool accepted;
	} rows[] = {
		{"NORMAL:-VERS-ALL:+VERS-TLS1.3", true},
		{"NORMAL:-VERS-ALL:+VERS-TLS1.2", true},
		{"NORMAL:-VERS-ALL:+VERS-TLS1.1", false},
		{"NORMAL:-VERS-ALL:+VERS-TLS1.0", false},
		{"NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC", false},
		{"NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA", false},
	};
	const struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct client c;

		client_connect(&c, f->address);
		if (client_handshake(&c, rows[i].priorities) != rows[i].accepted)
			fail_msg("%s: %s", rows[i].priorities, rows[i].accepted ? "refused" : "accepted");
		client_close(&c);
	}
	others_are_served(f);
}

/* Deadlines are no part of these: a busy machine may take its time. */
enum { PATIENT_IDLE_MS = 60000, PATIENT_REQUEST_MS = 20000 };

static void certificates_are_swapped_while_serving(void **state UNUSED)
{
	struct fixture patient = {0}, *f = &patient;
	struct cert_pair next;
	struct client before, after;
	char first[64], second[64];
	struct err err = {0};

	fixture_start(f, PATIENT_IDLE_MS, PATIENT_REQUEST_MS);
	client_open(&before, f->address);
	client_serial(&before, first);
	fixture_issue(f, &next);
	assert_int_equal(server_set_certificate(f->server, &next, &err), 0);
	client_open(&after, f->address);
	client_serial(&after, second);
	assert_string_not_equal(first, second);
	assert_int_equal(injects(&before), 200);
	assert_int_equal(injects(&after), 200);
	next.key = f->serving.key;
	assert_int_equal(server_set_certificate(f->server, &next, &err), -1);
	assert_string_equal(err.what, "the key does not belong to the certificate: they are of two pairs");
	others_are_served(f);
	client_close(&before);
	client_close(&after);
	fixture_stop(f);
}

enum { CLIENTS = 4, REQUESTS_EACH = 25 };

/* No assertion may leave a thread by longjmp(): it counts instead. */
static void *send_many(void *arg)
{
	const struct fixture *f = arg;
	struct client *c = test_malloc(sizeof(*c));
	size_t served = 0;

	client_open(c, f->address);
	for (int i = 0; i < REQUESTS_EACH; i++)
		served += injects(c) == 200;
	client_close(c);
	test_free(c);
	return (void *)served;
}

static void many_clients_while_everything_is_swapped(void **state UNUSED)
{
	struct fixture patient = {0}, *f = &patient;
	pthread_t thread[CLIENTS];
	size_t served = 0;

	fixture_start(f, PATIENT_IDLE_MS, PATIENT_REQUEST_MS);
	for (size_t i = 0; i < CLIENTS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, send_many, f), 0);
	for (int i = 0; i < 5; i++) {
		struct cert_pair next;
		struct err err = {0};

		fixture_issue(f, &next);
		assert_int_equal(server_set_certificate(f->server, &next, &err), 0);
		fixture_configure(f);
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		void *count;

		assert_int_equal(pthread_join(thread[i], &count), 0);
		served += (size_t)count;
	}
	assert_int_equal(served, CLIENTS * REQUESTS_EACH);
	fixture_stop(f);
}

static void drain_waits_for_what_has_begun(void **state UNUSED)
{
	struct fixture f = {0};
	static struct response r;
	struct client c;
	char request[4096];
	int64_t start;
	size_t len;

	fixture_start(&f, PATIENT_IDLE_MS, PATIENT_REQUEST_MS);
	client_open(&c, f.address);
	len = post(request, sizeof(request), "/inject", JSON, POD_REVIEW);
	client_send(&c, request, len - 10);
	start = now_ms();
	while (atomic_load(&f.server->active) == 0 && now_ms() - start < 10000)
		assert_false(client_ended(&c, 5));
	assert_int_equal(atomic_load(&f.server->active), 1); /* the head is there */
	start = now_ms();
	server_drain(f.server, 200);
	assert_true(now_ms() - start >= 200);
	client_send(&c, request + len - 10, 10);
	client_read(&c, &r, false);
	assert_int_equal(r.status, 200); /* nothing was cut off */
	client_close(&c);
	fixture_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trickled_headers_end_at_the_deadline),
		cmocka_unit_test(trickled_request_lines_end_at_the_deadline),
		cmocka_unit_test(trickled_bodies_end_at_the_deadline),
		cmocka_unit_test(silent_connections_end),
		cmocka_unit_test(rubbish_instead_of_a_handshake_ends),
		cmocka_unit_test(old_protocols_and_ciphers_are_refused),
		cmocka_unit_test(certificates_are_swapped_while_serving),
		cmocka_unit_test(many_clients_while_everything_is_swapped),
		cmocka_unit_test(drain_waits_for_what_has_begun),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
