/* SPDX-License-Identifier: Apache-2.0 */
/* Is `serve` ready only when the webhook configurations trust what it serves, does it start without a certificate, and hand the Lease on? */
#include "webhook/cli/keeping.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/base64.h"
#include "tests/server/api.h"
#include "tests/server/fixture.h"
#include "webhook/cluster/ca_secret.h"
#include "webhook/cluster/clock.h"

#define LEASES "/apis/coordination.k8s.io/v1/namespaces/mesh/leases"
#define SECRET "/api/v1/namespaces/mesh/secrets/certs"
#define HOOK   "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/hook"
#define LIST   "{\"kind\":\"PartialObjectMetadataList\",\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[]}"
#define EVENT(name, version)                                                                                                                         \
	"{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"name\":\"" name "\",\"resourceVersion\":\"" version "\"}}}\n"
/* The collections, each by the one name. */
#define HOOKS    "GET /apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations?fieldSelector=metadata.name=hook&"
#define REQUIRES "GET /apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations?fieldSelector=metadata.name=hook&"
#define SECRETS  "GET /api/v1/namespaces/mesh/secrets?fieldSelector=metadata.name=certs&"

enum {
	WAIT_TIMES = 1000,
	WAIT_NS = 10000000,
	DAY = 86400,
	TEXT_MAX = 64 << 10,
	AT_ONCE_MS = 5000, /* half of the time between two looks that nobody asks for */
};

static const char *const hosts[] = {"outrigger.mesh.svc", "outrigger.mesh", "outrigger.mesh.svc.cluster.local", "mesh.example.org"};

struct stage {
	struct fixture f;
	struct api api;
	struct keeping k;
	struct options options;
	struct arena a;
	char folder[64], kubeconfig[128], ca_file[128];
	struct response response;
	struct cert_pair ca, serving; /* of the Secret */
	struct log log;
};

static void put(const char *path, const char *text, size_t len)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(close(fd), 0);
}

static void write_kubeconfig(struct stage *s)
{
	char text[1024];

	(void)snprintf(s->folder, sizeof(s->folder), "/tmp/keeping-test-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	(void)snprintf(s->kubeconfig, sizeof(s->kubeconfig), "%s/config", s->folder);
	(void)snprintf(s->ca_file, sizeof(s->ca_file), "%s/ca.crt", s->folder);
	put(s->ca_file, s->api.ca.cert.p, s->api.ca.cert.len);
	(void)snprintf(text, sizeof(text),
		"clusters: [{name: c, cluster: {server: '%s', certificate-authority: ca.crt}}]\n"
		"users: [{name: u, user: {token: good}}]\n"
		"contexts: [{name: a, context: {cluster: c, user: u, namespace: mesh}}]\ncurrent-context: a\n",
		s->api.server);
	put(s->kubeconfig, text, strlen(text));
}

static void make_serving(struct stage *s)
{
	const struct cert_request request = {
		.name = hosts[0], .hosts = hosts, .n_hosts = ARRAY_LEN(hosts), .now = (int64_t)time(NULL), .seconds = 30 * DAY};
	struct err err = {0};

	assert_int_equal(ca_issue(&s->a, &s->ca, &request, &s->serving, &err), 0);
}

static void make_certificates(struct stage *s)
{
	const struct cert_request request = {.name = "outrigger in-cluster CA", .now = (int64_t)time(NULL), .seconds = 100 * DAY};
	struct err err = {0};

	assert_int_equal(ca_create(&s->a, &request, &s->ca, &err), 0);
	make_serving(s);
}

static const char *coded(struct stage *s, struct str pem)
{
	struct text t;

	text_init(&t, &s->a, TEXT_MAX);
	base64_encode(&t, pem);
	assert_false(t.failed);
	return text_cstr(&t);
}

/* The webhook configuration in the API, which trusts what is given. host: by which it calls. */
static void register_hook(struct stage *s, struct str ca, const char *host)
{
	const char *body = arena_printf(&s->a,
		"{\"apiVersion\":\"admissionregistration.k8s.io/v1\",\"kind\":\"MutatingWebhookConfiguration\",\"metadata\":"
		"{\"name\":\"hook\",\"resourceVersion\":\"1\"},\"webhooks\":[{\"name\":\"a.example.org\",\"clientConfig\":"
		"{\"url\":\"https://%s:15017/inject\",\"caBundle\":\"%s\"}}]}",
		host, coded(s, ca));

	assert_non_null(body);
	api_add(&s->api, (struct api_rule){.request = "GET " HOOK, .status = 200, .body = body});
}

static void store_secret(struct stage *s)
{
	const struct rotation_secret secret = {.trust = s->ca.cert,
		.ca_key = s->ca.key,
		.tls_cert = s->serving.cert,
		.tls_key = s->serving.key,
		.issued_until = (int64_t)time(NULL) + 30 * DAY};
	struct text t;
	struct err err = {0};

	text_init(&t, &s->a, TEXT_MAX);
	assert_int_equal(ca_secret_write(&s->a, "mesh", "certs", &secret, NULL, &t, &err), 0);
	api_add(&s->api, (struct api_rule){.request = "GET " SECRET, .status = 200, .body = text_cstr(&t)});
}

static int set_up(void **state)
{
	static struct stage s;

	memset(&s, 0, sizeof(s));
	s.log = (struct log){.fd = memfd_create("log", MFD_CLOEXEC), .level = LOG_DEBUG};
	arena_init(&s.a, 0);
	api_start(&s.api);
	write_kubeconfig(&s);
	make_certificates(&s);
	api_add(&s.api, (struct api_rule){.request = "POST " LEASES, .status = 201, .manner = API_ECHO});
	api_add(&s.api, (struct api_rule){.request = "PUT " LEASES, .status = 200, .manner = API_ECHO});
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	keeping_stop(&s->k);
	fixture_stop(&s->f);
	keeping_release(&s->k);
	api_stop(&s->api);
	arena_release(&s->a);
	(void)unlink(s->kubeconfig);
	(void)unlink(s->ca_file);
	(void)rmdir(s->folder);
	(void)close(s->log.fd);
	return 0;
}

static int prepare(struct stage *s, char **argv, int argc, struct err *err)
{
	if (options_parse(VERB_SERVE, argc, argv, &s->options, err) < 0)
		return -1;
	s->options.kubeconfig = s->kubeconfig;
	return keeping_prepare(&s->k, &s->options, err);
}

static void start(struct stage *s, char **argv, int argc)
{
	struct err err = {0};

	if (prepare(s, argv, argc, &err) < 0 || keeping_start(&s->k, s->f.server, NULL, &s->log, &err) < 0)
		fail_msg("%s: %s", err.where, err.what);
}

/* What the plain port answers, whatever its status. */
static const char *ask(struct stage *s, const char *request)
{
	struct client *c = test_malloc(sizeof(*c));

	client_connect(c, s->f.plain);
	client_send(c, request, strlen(request));
	client_read(c, &s->response, false);
	client_close(c);
	test_free(c);
	return s->response.body;
}

static const char *readyz(struct stage *s)
{
	return ask(s, "GET /readyz?verbose HTTP/1.1\r\nHost: x\r\n\r\n");
}

static const char *metrics(struct stage *s)
{
	return ask(s, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
}

static void wait_for(struct stage *s, const char *(*what)(struct stage *), const char *text)
{
	for (int i = 0; i < WAIT_TIMES; i++) {
		if (strstr(what(s), text))
			return;
		(void)nanosleep(&(struct timespec){.tv_nsec = WAIT_NS}, NULL);
	}
	fail_msg("'%s' is not in: %s", text, what(s));
}

static void expect_ready(struct stage *s, bool ready)
{
	(void)readyz(s);
	assert_int_equal(s->response.status, ready ? 200 : 503);
}

/* Certificates from files, as cert-manager brings them: somebody else writes the caBundle, and it is only looked at. */
static void ready_when_trusted(void **state)
{
	struct stage *s = *state;
	char *argv[] = {(char[]){"--webhook-configuration=hook"}};

	fixture_start(&s->f, 5000, 5000);
	start(s, argv, ARRAY_LEN(argv));
	wait_for(s, readyz, "[-]trust failed: there is no webhook configuration hook: is --webhook-configuration right?");
	expect_ready(s, false);
	register_hook(s, s->ca.cert, "127.0.0.1");
	wait_for(s, readyz, "[-]trust failed: the caBundle of MutatingWebhookConfiguration hook, webhook a.example.org, does not verify");
	assert_non_null(strstr(s->response.body, "cert-manager's cainjector"));
	assert_non_null(strstr(metrics(s), "\noutrigger_cabundle_match 0\n"));
	register_hook(s, s->f.ca.cert, "127.0.0.1");
	wait_for(s, readyz, "[+]trust ok: the webhook configurations verify what is served");
	expect_ready(s, true);
	assert_non_null(strstr(metrics(s), "\noutrigger_cabundle_match 1\n"));
	assert_null(strstr(s->response.body, "outrigger_leader"));
	/* Nobody leads, and nothing was written or read that files mode has no right to. */
	assert_int_equal(api_asked(&s->api, "PATCH ") + api_asked(&s->api, "POST ") + api_asked(&s->api, "PUT "), 0);
	assert_int_equal(api_asked(&s->api, "GET /api/v1"), 0);
}

static void what_is_known_outlasts_the_api(void **state)
{
	struct stage *s = *state;
	char *argv[] = {(char[]){"--webhook-configuration=hook"}};

	fixture_start(&s->f, 5000, 5000);
	api_pause(&s->api);
	start(s, argv, ARRAY_LEN(argv));
	wait_for(s, readyz, "[-]trust failed: the webhook configurations could not be read yet");
	api_resume(&s->api);
	register_hook(s, s->f.ca.cert, "127.0.0.1");
	wait_for(s, readyz, "[+]trust ok");
	api_pause(&s->api);
	expect_ready(s, true);
	api_resume(&s->api);
}

static bool shakes_hands(struct stage *s)
{
	struct client *c = test_malloc(sizeof(*c));
	bool done;

	client_connect(c, s->f.address);
	done = client_handshake(c, CLIENT_PRIORITIES);
	client_close(c);
	test_free(c);
	return done;
}

static void own_ca_from_the_secret(void **state)
{
	struct stage *s = *state;
	char *argv[] = {(char[]){"--certs=self-signed"}, (char[]){"--webhook-configuration=hook"}, (char[]){"--secret-name=certs"},
		(char[]){"--host=mesh.example.org"}, (char[]){"--lease-name=lead"}, (char[]){"--lease-duration=3s"}};

	s->f.no_certificate = true;
	fixture_start(&s->f, 5000, 5000);
	assert_non_null(strstr(readyz(s), "[-]certificate failed: none is served"));
	assert_false(shakes_hands(s));
	register_hook(s, STR(""), "mesh.example.org");
	api_add(&s->api, (struct api_rule){.request = "POST /api/v1/namespaces/mesh/secrets", .status = 403, .body = "{}"});
	start(s, argv, ARRAY_LEN(argv));
	wait_for(s, metrics, "\noutrigger_leader 1\n");
	wait_for(s, readyz, "[-]trust failed: there is no certificate of our own CA yet; the replica that leads makes one");
	api_wait_asked(&s->api, "POST /api/v1/namespaces/mesh/secrets", 1);
	expect_ready(s, false);

	/* As another replica left it: it is served at once, and not written. No look sees the one without the other. */
	api_pause(&s->api);
	register_hook(s, s->ca.cert, "mesh.example.org");
	store_secret(s);
	api_resume(&s->api);
	wait_for(s, readyz, "[+]trust ok");
	expect_ready(s, true);
	assert_true(shakes_hands(s));
	assert_int_equal(api_asked(&s->api, "PUT " SECRET) + api_asked(&s->api, "PATCH "), 0);

	/* The end hands the Lease on; what is served is served on. */
	keeping_stop(&s->k);
	assert_non_null(strstr(api_latest(&s->api, "PUT " LEASES "/lead")->body, "\"holderIdentity\":\"\""));
	assert_true(shakes_hands(s));
	expect_ready(s, true);
}

/* Lists that are empty, and watches that the test writes to. */
static void serve_watches(struct stage *s)
{
	static const char *const lists[] = {SECRETS "limit=", HOOKS "limit=", REQUIRES "limit="};
	static const char *const watches[] = {SECRETS "watch=1", HOOKS "watch=1", REQUIRES "watch=1"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		api_add(&s->api, (struct api_rule){.request = lists[i], .status = 200, .body = LIST});
		api_add(&s->api, (struct api_rule){.request = watches[i], .status = 200, .manner = API_STREAM});
	}
}

/* All that is watched was looked at since it is. */
static void wait_quiet(struct stage *s)
{
	size_t looks;

	api_wait_asked(&s->api, SECRETS "watch=1", 1);
	api_wait_asked(&s->api, HOOKS "watch=1", 1);
	api_wait_asked(&s->api, REQUIRES "watch=1", 1);
	do {
		looks = api_asked(&s->api, "GET " HOOK);
		(void)nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 500000000}, NULL);
	} while (api_asked(&s->api, "GET " HOOK) != looks);
}

static size_t times_logged(struct stage *s, const char *message)
{
	static char text[TEXT_MAX];
	const ssize_t len = pread(s->log.fd, text, sizeof(text) - 1, 0);
	size_t n = 0;

	assert_true(len >= 0);
	text[len] = '\0';
	for (const char *at = strstr(text, message); at; at = strstr(at + 1, message))
		n++;
	return n;
}

/* Another replica's write of the Secret, and what others do to a caBundle, are acted on without a poll; no key is sent for it. */
static void changes_are_watched(void **state)
{
	struct stage *s = *state;
	char *argv[] = {(char[]){"--certs=self-signed"}, (char[]){"--webhook-configuration=hook"}, (char[]){"--secret-name=certs"},
		(char[]){"--host=mesh.example.org"}, (char[]){"--lease-name=lead"}};
	const struct cert_pair before = s->serving;
	int64_t began;

	s->f.no_certificate = true;
	fixture_start(&s->f, 5000, 5000);
	api_add(&s->api, (struct api_rule){.request = "PATCH " HOOK, .status = 403, .body = "{}"});
	serve_watches(s);
	register_hook(s, s->ca.cert, "mesh.example.org");
	store_secret(s);
	start(s, argv, ARRAY_LEN(argv));
	wait_for(s, readyz, "[+]trust ok");
	wait_quiet(s);
	assert_string_equal(api_latest(&s->api, SECRETS "limit=")->accept, "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io");
	assert_string_equal(api_latest(&s->api, SECRETS "watch=1")->accept, "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");

	/* A renewal by the leader that is elsewhere. */
	make_serving(s);
	assert_false(str_eq(before.cert, s->serving.cert));
	store_secret(s);
	began = cluster_clock_ms();
	assert_int_equal(api_push(&s->api, SECRETS "watch=1", EVENT("certs", "6")), 1);
	while (times_logged(s, "certificate replaced") < 2 && cluster_clock_ms() - began < AT_ONCE_MS)
		(void)nanosleep(&(struct timespec){.tv_nsec = WAIT_NS}, NULL);
	assert_int_equal(times_logged(s, "certificate replaced"), 2);

	/* Somebody empties the caBundle. */
	wait_quiet(s);
	register_hook(s, STR(""), "mesh.example.org");
	began = cluster_clock_ms();
	assert_int_equal(api_push(&s->api, HOOKS "watch=1", EVENT("hook", "7")), 1);
	wait_for(s, readyz, "[-]trust failed: the caBundle of MutatingWebhookConfiguration hook");
	assert_true(cluster_clock_ms() - began < AT_ONCE_MS);
	assert_int_equal(times_logged(s, "cannot be watched"), 0);
}

/* A Role of before: all goes on by polls, which is told once. */
static void without_the_right_to_watch(void **state)
{
	struct stage *s = *state;
	char *argv[] = {(char[]){"--webhook-configuration=hook"}};

	fixture_start(&s->f, 5000, 5000);
	api_add(&s->api, (struct api_rule){.request = HOOKS, .status = 403, .body = "{\"kind\":\"Status\",\"message\":\"no right to list\"}"});
	register_hook(s, s->ca.cert, "127.0.0.1");
	start(s, argv, ARRAY_LEN(argv));
	wait_for(s, readyz, "[-]trust failed: the caBundle of");
	api_wait_asked(&s->api, "GET " HOOK, 4);
	assert_int_equal(times_logged(s, "cannot be watched"), 1);
	assert_int_equal(times_logged(s, "no right to list"), 1);
	register_hook(s, s->f.ca.cert, "127.0.0.1");
	wait_for(s, readyz, "[+]trust ok");

	/* The right comes: nothing is restarted for it. */
	serve_watches(s);
	for (int i = 0; i < 4 * WAIT_TIMES && !times_logged(s, "are watched now"); i++)
		(void)nanosleep(&(struct timespec){.tv_nsec = WAIT_NS}, NULL);
	assert_int_equal(times_logged(s, "are watched now"), 1);
	assert_int_equal(times_logged(s, "cannot be watched"), 1);
}

/* Without a look at certificates: readiness waits for nothing, and who leads counts. */
static void events_and_counted_pods(void **state)
{
	struct stage *s = *state;
	struct server_options made = {.listen = NULL};
	struct event_note note = {.namespace = STR("shop"), .api_version = STR("apps/v1"), .kind = STR("ReplicaSet"), .name = STR("a"),
		.uid = STR("u"), .reason = "GuardDenied", .message = STR("m")};
	char *argv[] = {(char[]){"--events"}, (char[]){"--count-pods"}, (char[]){"--webhook-configuration=hook"}, (char[]){"--lease-name=lead"}};
	struct err err = {0};

	api_add(&s->api, (struct api_rule){.request = "POST /api/v1/namespaces/shop/events", .status = 201, .manner = API_ECHO});
	api_add(&s->api, (struct api_rule){.request = "GET /api/v1/namespaces?limit=", .status = 200, .body = "{\"items\":[]}"});
	api_add(&s->api, (struct api_rule){.request = "GET /api/v1/pods?limit=", .status = 200,
				 .body = "{\"items\":[{\"metadata\":{\"namespace\":\"shop\"},\"spec\":{\"containers\":[{\"name\":\"istio-proxy\"}]}}]}"});
	assert_int_equal(prepare(s, argv, ARRAY_LEN(argv), &err), 0);
	assert_int_equal(keeping_equip(&s->k, &s->f.config, NULL, &made, &err), 0);
	assert_non_null(made.events);
	s->f.events = made.events;
	s->f.census = made.census;
	fixture_start(&s->f, 5000, 5000);
	register_hook(s, s->f.ca.cert, "127.0.0.1");
	assert_int_equal(keeping_start(&s->k, s->f.server, NULL, NULL, &err), 0);
	events_put(made.events, &note);
	wait_for(s, metrics, "\noutrigger_events_written_total 1\n");
	wait_for(s, metrics, "\noutrigger_leader 1\n");
	wait_for(s, metrics, "\noutrigger_pods_injected 1\n");
	wait_for(s, readyz, "[+]trust ok");
}

static void only_events(void **state)
{
	struct stage *s = *state;
	struct server_options made = {.listen = NULL};
	char *argv[] = {(char[]){"--events"}};
	struct err err = {0};

	assert_int_equal(prepare(s, argv, ARRAY_LEN(argv), &err), 0);
	assert_int_equal(keeping_equip(&s->k, &s->f.config, NULL, &made, &err), 0);
	assert_null(made.census);
	fixture_start(&s->f, 5000, 5000);
	assert_int_equal(keeping_start(&s->k, s->f.server, NULL, NULL, &err), 0);
	expect_ready(s, true);
	assert_null(strstr(readyz(s), "trust"));
	assert_null(strstr(metrics(s), "outrigger_leader"));
	keeping_stop(&s->k);
	assert_int_equal(api_asked(&s->api, ""), 0);
}

static void mistakes_are_named(void **state)
{
	struct stage *s = *state;
	static const struct {
		const char *one, *two, *want;
	} rows[] = {
		{"--certs=self-signed", "--tls-cert=a", "--tls-cert is for --certs=files"},
		{"--certs=self-signed", "--tls-key=a", "--tls-key is for --certs=files"},
		{"--certs=files", "--host=a", "--host is for --certs=self-signed"},
		{"--certs=self-signed", "--host=a b", "'a b' is neither a DNS name nor an IP address"},
		{"--certs=self-signed", "--ca-lifetime=2h", "the CA must live at least 3 times as long"},
		{"--certs=self-signed", "--cert-lifetime=10s", "--cert-lifetime must be a time"},
		{"--count-pods", "--listen=127.0.0.1:0", "--count-pods needs --webhook-configuration"},
		{"--certs=self-signed", "--lease-duration=1s", "--lease-duration must be a time"},
		{"--certs=other", "--host=a", "--certs must be files|self-signed, got 'other'"},
	};

	fixture_start(&s->f, 5000, 5000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char one[64], two[64];
		char *argv[] = {one, two};
		struct err err = {0};

		(void)snprintf(one, sizeof(one), "%s", rows[i].one);
		(void)snprintf(two, sizeof(two), "%s", rows[i].two);
		assert_int_equal(prepare(s, argv, ARRAY_LEN(argv), &err), -1);
		assert_int_equal(err.code, ERR_CONFIG);
		if (!strstr(err.what, rows[i].want))
			fail_msg("%s %s: %s: %s", one, two, err.where, err.what);
		keeping_stop(&s->k);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ready_when_trusted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_known_outlasts_the_api, set_up, tear_down),
		cmocka_unit_test_setup_teardown(own_ca_from_the_secret, set_up, tear_down),
		cmocka_unit_test_setup_teardown(changes_are_watched, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_the_right_to_watch, set_up, tear_down),
		cmocka_unit_test_setup_teardown(events_and_counted_pods, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_events, set_up, tear_down),
		cmocka_unit_test_setup_teardown(mistakes_are_named, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
