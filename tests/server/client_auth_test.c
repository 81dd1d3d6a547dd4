/* SPDX-License-Identifier: Apache-2.0 */
/* Does the webhook port serve clients that show the certificate asked for, and nobody else, while health goes on in the open? */
#include "webhook/server/client_auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/server/fixture.h"
#include "webhook/server/state.h"

#define JSON "Content-Type: application/json\r\n"
#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"

enum { DAY = 86400 };

static const char *const names[] = {"kube-apiserver", "api.example.org"};

struct clients {
	struct fixture f;
	struct arena a;
	struct cert_pair ca, other;
	struct client_auth *auth;
};

static int64_t now(void)
{
	return (int64_t)time(NULL);
}

static void make_ca(struct clients *t, struct cert_pair *ret)
{
	const struct cert_request req = {.name = "CA of clients", .now = now(), .seconds = DAY};
	struct err err = {0};

	assert_int_equal(ca_create(&t->a, &req, ret, &err), 0);
}

static int set_up(void **state)
{
	static struct clients t;
	struct err err = {0};

	arena_init(&t.a, 0);
	make_ca(&t, &t.ca);
	make_ca(&t, &t.other);
	t.auth = client_auth_new(t.ca.cert, names, ARRAY_LEN(names), &err);
	assert_non_null(t.auth);
	t.f.client_auth = t.auth;
	fixture_start(&t.f, 5000, 5000);
	*state = &t;
	return 0;
}

static int tear_down(void **state)
{
	struct clients *t = *state;

	fixture_stop(&t->f);
	client_auth_free(t->auth);
	arena_release(&t->a);
	return 0;
}

static struct cert_pair issue(struct clients *t, const struct cert_pair *ca, struct cert_request req)
{
	struct cert_pair pair;
	struct err err = {0};

	if (ca_issue(&t->a, ca, &req, &pair, &err) < 0)
		fail_msg("%s", err.what);
	return pair;
}

/* The status of an injection, 0 where the server ended the connection before it. */
static int try(struct clients *t, const struct cert_pair *pair, const char *priorities)
{
	struct response *r = test_malloc(sizeof(*r));
	char request[4096];
	struct client c;
	int status = 0;

	client_connect(&c, t->f.address);
	if (client_handshake_as(&c, priorities, pair) &&
		client_try_send(&c, request, post(request, sizeof(request), "/inject", JSON, POD_REVIEW))) {
		client_read(&c, r, false);
		status = r->status;
	}
	client_close(&c);
	test_free(r);
	return status;
}

static void only_those_asked_for_are_served(void **state)
{
	struct clients *t = *state;
	static const char *const dns[] = {"other.example.org", "api.example.org"};
	const struct cert_request good = {.name = "kube-apiserver", .now = now(), .seconds = DAY, .client = true};
	struct cert_request named = good, by_dns = good, expired = good, later = good, server = good;
	size_t refused = 0;

	named.name = "kube-apiserver-2";
	by_dns.name = "x";
	by_dns.hosts = dns;
	by_dns.n_hosts = ARRAY_LEN(dns);
	expired.now = now() - 2 * DAY;
	later.now = now() + 2 * DAY;
	server.client = false;
	{
		const struct {
			const char *name;
			struct cert_pair pair;
			bool unseen; /* the handshake ends before the certificate is judged */
			int want;
		} rows[] = {
			{"of the CA, by common name", issue(t, &t->ca, good), false, 200},
			{"of the CA, by DNS name", issue(t, &t->ca, by_dns), false, 200},
			{"none", {.cert.len = 0}, true, 0},
			{"of another CA", issue(t, &t->other, good), false, 0},
			{"of another name", issue(t, &t->ca, named), false, 0},
			{"expired", issue(t, &t->ca, expired), false, 0},
			{"not yet valid", issue(t, &t->ca, later), false, 0},
			{"a server's", issue(t, &t->ca, server), false, 0},
			{"the CA itself, whose key is for signing certificates", t->ca, true, 0},
			{"the webhook's own", t->f.serving, false, 0},
		};
		static const char *const versions[] = {TLS12, TLS13};

		for (size_t v = 0; v < ARRAY_LEN(versions); v++)
			for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
				const int status = try(t, rows[i].pair.cert.len ? &rows[i].pair : NULL, versions[v]);

				if (status != rows[i].want)
					fail_msg("%s, %s: got %d, wanted %d", rows[i].name, versions[v], status, rows[i].want);
				refused += status == 0 && !rows[i].unseen;
			}
	}
	assert_int_equal(atomic_load(&t->f.server->connections.refused), refused);
}

static void health_stays_in_the_open(void **state)
{
	struct clients *t = *state;
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
	struct response *r = test_malloc(sizeof(*r));
	struct client c;

	client_connect(&c, t->f.plain);
	client_send(&c, request, strlen(request));
	client_read(&c, r, false);
	assert_int_equal(r->status, 200);
	assert_non_null(strstr(r->body, "\noutrigger_clients_refused_total "));
	client_close(&c);
	test_free(r);
}

static void connection_is_kept(void **state)
{
	struct clients *t = *state;
	const struct cert_pair pair =
		issue(t, &t->ca, (struct cert_request){.name = "kube-apiserver", .now = now(), .seconds = DAY, .client = true});
	struct response *r = test_malloc(sizeof(*r));
	char request[4096];
	const size_t len = post(request, sizeof(request), "/inject", JSON, POD_REVIEW);
	struct client c;

	client_connect(&c, t->f.address);
	assert_true(client_handshake_as(&c, CLIENT_PRIORITIES, &pair));
	for (int i = 0; i < 3; i++) {
		client_send(&c, request, len);
		client_read(&c, r, false);
		assert_int_equal(r->status, 200);
	}
	client_close(&c);
	test_free(r);
}

static void a_ca_is_needed(void **state)
{
	struct clients *t = *state;
	const struct str bad[] = {STR(""), STR("rubbish"), t->ca.key};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = {0};

		assert_null(client_auth_new(bad[i], NULL, 0, &err));
		assert_int_equal(err.code, ERR_CONFIG);
		assert_string_equal(err.what, "holds no CA certificate in PEM form (-----BEGIN CERTIFICATE-----)");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_those_asked_for_are_served),
		cmocka_unit_test(health_stays_in_the_open),
		cmocka_unit_test(connection_is_kept),
		cmocka_unit_test(a_ca_is_needed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
