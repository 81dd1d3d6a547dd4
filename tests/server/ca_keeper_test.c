/* SPDX-License-Identifier: Apache-2.0 */
/* Does the keeper of our CA take its steps over the API, one conditional write each, whatever the API answers, and say what is not trusted? */
#include "webhook/cluster/ca_keeper.h"

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
#include "patches/value/json.h"
#include "tests/server/api.h"
#include "webhook/cluster/ca_secret.h"
#include "webhook/cluster/clock.h"

#define LEASES  "/apis/coordination.k8s.io/v1/namespaces/mesh/leases"
#define SECRETS "/api/v1/namespaces/mesh/secrets"
#define SECRET  SECRETS "/outrigger-certs"
#define HOOKS   "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/hook"
#define HOOK(version, bundle)                                                                                                                        \
	"{\"apiVersion\":\"admissionregistration.k8s.io/v1\",\"kind\":\"MutatingWebhookConfiguration\","                                     \
	"\"metadata\":{\"name\":\"hook\",\"resourceVersion\":\"" version "\"},\"webhooks\":[{\"name\":\"a.example.org\","                   \
	"\"clientConfig\":{\"service\":{\"name\":\"outrigger\",\"namespace\":\"mesh\"},\"caBundle\":\"" bundle "\"}},"                     \
	"{\"name\":\"b.example.org\",\"clientConfig\":{\"url\":\"https://outrigger.mesh:15017/inject\",\"caBundle\":\"" bundle "\"}}]}"

enum { SECONDS_A_DAY = 86400 };

static const char *const hosts[] = {"outrigger.mesh.svc", "outrigger.mesh"};
static const char *const configurations[] = {"hook"};

struct stage {
	struct api api;
	struct arena a;
	struct ca_keeper k;
	struct keeper *keeper;
	struct cluster_client *client;
	struct log log;
	int served_times, judged_times;
	bool watched;
	struct cert_pair served;
	char problem[1024]; /* "": trusted */
};

static int serve(void *context, const struct cert_pair *pair, struct err *err)
{
	struct stage *s = context;

	s->served_times++;
	s->served.cert = (struct str){arena_strndup(&s->a, pair->cert.p, pair->cert.len), pair->cert.len};
	return s->served.cert.p ? 0 : err_nomem(err);
}

static int served(void *context, struct arena *a UNUSED, struct str *ret, struct err *err UNUSED)
{
	*ret = ((struct stage *)context)->served.cert;
	return 0;
}

static void judged(void *context, const char *problem)
{
	struct stage *s = context;

	s->judged_times++;
	(void)snprintf(s->problem, sizeof(s->problem), "%s", problem ? problem : "");
}

static bool watched(void *context)
{
	return ((struct stage *)context)->watched;
}

static int64_t idle(void *context UNUSED, const struct keeper_turn *turn UNUSED)
{
	return 60000;
}

static void lead(struct stage *s)
{
	const struct keeper_options o = {
		.election = {.config = &s->api.config, .namespace = "mesh", .name = "outrigger", .identity = "pod-1", .timing = LEASE_TIMING},
		.task = {{.step = idle, .context = s, .only_leader = true}},
		.n_tasks = 1,
	};
	struct err err = {0};

	api_add(&s->api, (struct api_rule){.request = "POST " LEASES, .status = 201, .manner = API_ECHO});
	api_add(&s->api, (struct api_rule){.request = "PUT " LEASES, .status = 200, .manner = API_ECHO});
	s->keeper = keeper_start(&o, &err);
	assert_non_null(s->keeper);
	for (int i = 0; i < 1000 && !keeper_leads(s->keeper); i++)
		(void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	assert_true(keeper_leads(s->keeper));
}

static int set_up(void **state)
{
	static struct stage s;
	struct ca_keeper_options o = {
		.own_ca = true,
		.params = {.ca_name = "CA", .hosts = hosts, .n_hosts = 2, .cert_seconds = SECONDS_A_DAY, .ca_seconds = 4 * SECONDS_A_DAY},
		.namespace = "mesh",
		.secret = "outrigger-certs",
		.configuration = configurations,
		.n_configurations = 1,
		.hooks = {serve, served, judged, watched, &s},
		.log = &s.log,
	};
	struct err err = {0};

	s = (struct stage){.log = {.fd = memfd_create("log", MFD_CLOEXEC), .level = LOG_DEBUG}};
	arena_init(&s.a, 0);
	api_start(&s.api);
	lead(&s);
	s.client = cluster_client_new(&s.api.config, &err);
	assert_non_null(s.client);
	ca_keeper_init(&s.k, &o);
	api_add(&s.api, (struct api_rule){.request = "GET " HOOKS, .status = 200, .body = HOOK("1", "")});
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	ca_keeper_release(&s->k);
	keeper_stop(s->keeper);
	cluster_client_free(s->client);
	api_stop(&s->api);
	arena_release(&s->a);
	(void)close(s->log.fd);
	return 0;
}

static int64_t step(struct stage *s)
{
	const struct keeper_turn turn = {s->client, s->keeper};

	return ca_keeper_step(&s->k, &turn);
}

static const char *logged(struct stage *s)
{
	const off_t len = lseek(s->log.fd, 0, SEEK_END);
	char *text = arena_zalloc(&s->a, (size_t)len + 1);

	assert_non_null(text);
	assert_int_equal(pread(s->log.fd, text, (size_t)len, 0), len);
	return text;
}

/* The API server keeps what was sent. */
static void store(struct stage *s, const char *request, const char *version)
{
	static const char member[] = "\"metadata\":{";
	const char *sent = api_latest(&s->api, request)->body, *meta = strstr(sent, member), *old = strstr(sent, "\"resourceVersion\":\"");
	const char *rest = meta + sizeof(member) - 1;
	const char *stored;

	if (old) /* as we write it, it stands alone between two commas */
		stored = arena_printf(&s->a, "%.*s\"resourceVersion\":\"%s\"%s", (int)(old - sent), sent, version, strchr(old + 19, '"') + 1);
	else
		stored = arena_printf(&s->a, "%.*s\"resourceVersion\":\"%s\",%s", (int)(rest - sent), sent, version, rest);
	assert_non_null(stored);
	api_add(&s->api, (struct api_rule){.request = "GET " SECRET, .status = 200, .body = stored});
}

/* The first caBundle that a body holds, base 64. */
static const char *bundle_in(struct stage *s, const char *body, const char *before)
{
	const char *from = strstr(body, before);
	const char *copy;

	assert_non_null(from);
	from += strlen(before);
	copy = arena_strndup(&s->a, from, (size_t)(strchr(from, '"') - from));
	assert_non_null(copy);
	return copy;
}

static const char *hook_with(struct stage *s, const char *bundle)
{
	struct text t;
	const char *rest = HOOK("2", "@"), *at;

	text_init(&t, &s->a, 1 << 20);
	while ((at = strchr(rest, '@'))) {
		text_add(&t, rest, (size_t)(at - rest));
		text_adds(&t, bundle);
		rest = at + 1;
	}
	text_adds(&t, rest);
	return text_cstr(&t);
}

static void a_first_ca(void **state)
{
	struct stage *s = *state;
	const struct api_request *r;

	/* A first look finds nothing: a next CA is written, and not more than that. */
	api_add(&s->api, (struct api_rule){.request = "POST " SECRETS, .status = 201, .manner = API_ECHO});
	assert_true(step(s) < 1000);
	assert_string_equal(s->problem, "there is no certificate of our own CA yet; the replica that leads makes one");
	r = api_latest(&s->api, "POST " SECRETS);
	assert_non_null(strstr(r->body, "\"app.kubernetes.io/managed-by\":\"outrigger\""));
	assert_non_null(strstr(r->body, "\"next-ca.key\":"));
	assert_null(strstr(r->body, "\"tls.crt\":"));
	store(s, "POST " SECRETS, "1");

	/* Somebody was faster: looked at again; no server-side apply: a JSON Patch under the same condition. */
	api_add(&s->api, (struct api_rule){.request = "PATCH " HOOKS, .status = 200, .body = "{}", .times = 1});
	api_add(&s->api, (struct api_rule){.request = "PATCH " HOOKS, .status = 415, .body = "{}", .times = 1});
	api_add(&s->api, (struct api_rule){.request = "PATCH " HOOKS, .status = 409, .body = "{}", .times = 1});
	assert_true(step(s) < 1000);
	assert_int_equal(api_asked(&s->api, "PATCH " HOOKS), 1);
	r = api_latest(&s->api, "PATCH " HOOKS "?fieldManager=outrigger&force=true");
	assert_string_equal(r->content_type, "application/apply-patch+yaml");
	assert_non_null(strstr(r->body, "\"metadata\":{\"name\":\"hook\",\"resourceVersion\":\"1\"}"));
	assert_non_null(strstr(r->body, "{\"name\":\"b.example.org\",\"clientConfig\":{\"caBundle\":\""));
	assert_true(step(s) < 1000);
	r = api_latest(&s->api, "PATCH " HOOKS);
	assert_string_equal(r->content_type, "application/json-patch+json");
	assert_non_null(strstr(r->body, "[{\"op\":\"test\",\"path\":\"/metadata/resourceVersion\",\"value\":\"1\"},"
					"{\"op\":\"add\",\"path\":\"/webhooks/0/clientConfig/caBundle\",\"value\":\""));
	assert_non_null(strstr(r->body, "\"path\":\"/webhooks/1/clientConfig/caBundle\""));
	api_add(&s->api, (struct api_rule){.request = "GET " HOOKS,
				 .status = 200,
				 .body = hook_with(s, bundle_in(s, r->body, "/clientConfig/caBundle\",\"value\":\""))});

	/* Trusted everywhere: it comes into force. A write that lost a race is no harm. */
	api_add(&s->api, (struct api_rule){.request = "PUT " SECRET, .status = 200, .manner = API_ECHO});
	api_add(&s->api, (struct api_rule){.request = "PUT " SECRET, .status = 409, .body = "{}", .times = 1});
	assert_true(step(s) < 1000);
	for (size_t i = 0; i < s->k.n_seen; i++)
		s->k.seen[i].since += 365 * (int64_t)SECONDS_A_DAY; /* the clock was ahead when this was seen, and was set right since */
	assert_true(step(s) < 1000);
	assert_int_equal(api_asked(&s->api, "PUT " SECRET), 2);
	r = api_latest(&s->api, "PUT " SECRET);
	assert_non_null(strstr(r->body, "\"resourceVersion\":\"1\""));
	assert_non_null(strstr(r->body, "\"tls.key\":"));
	assert_null(strstr(r->body, "\"next-ca.key\":"));
	assert_int_equal(s->served_times, 0);
	store(s, "PUT " SECRET, "2");

	/* Served, trusted for both hosts, and then nothing more is written. */
	assert_int_equal(step(s), 10000);
	assert_int_equal(s->served_times, 1);
	assert_string_equal(s->problem, "");
	assert_int_equal(step(s), 10000);
	assert_int_equal(s->served_times, 1);
	assert_int_equal(api_asked(&s->api, "PUT " SECRET) + api_asked(&s->api, "PATCH " HOOKS) + api_asked(&s->api, "POST " SECRETS), 6);
}

/* Once all is well, and changes are told, it looks by itself for what nobody tells only. */
static void looks_are_rare_where_changes_are_told(void **state)
{
	struct stage *s = *state;
	int64_t wait;

	s->watched = true;
	wait = step(s);
	assert_in_range(wait, 30000, 60000);
	s->watched = false;
	assert_int_equal(step(s), 10000);
}

static void what_is_not_trusted_is_named(void **state)
{
	struct stage *s = *state;

	api_add(&s->api, (struct api_rule){.request = "GET " HOOKS, .status = 200, .body = HOOK("3", "")});
	api_add(&s->api, (struct api_rule){.request = "PATCH " HOOKS, .status = 403, .body = "{\"kind\":\"Status\",\"message\":\"no right to patch\"}"});
	assert_int_equal(step(s), 5000);
	assert_string_equal(s->problem,
		"the caBundle of MutatingWebhookConfiguration hook, webhook a.example.org, does not verify the certificate that is served: it holds "
		"no certificate; the replica that leads writes it as soon as it can");
	assert_non_null(strstr(logged(s), "no right to patch"));
	api_add(&s->api, (struct api_rule){.request = "GET " HOOKS, .status = 404, .body = "{}"});
	s->watched = true;
	assert_true(step(s) <= 1000);
	s->watched = false;
	assert_string_equal(s->problem, "there is no webhook configuration hook: is --webhook-configuration right?");
}

static void without_an_api_all_stays(void **state)
{
	struct stage *s = *state;
	const int before = s->judged_times;

	api_add(&s->api, (struct api_rule){.request = "GET " HOOKS, .status = 500, .body = "{}"});
	assert_int_equal(step(s), 5000);
	assert_int_equal(s->judged_times, before);
}

static void foreign_secret_is_left_alone(void **state)
{
	struct stage *s = *state;
	const size_t before = api_asked(&s->api, "PUT " SECRET);

	api_add(&s->api, (struct api_rule){.request = "GET " HOOKS, .status = 200, .body = HOOK("4", "")});
	api_add(&s->api, (struct api_rule){.request = "GET " SECRET,
				 .status = 200,
				 .body = "{\"metadata\":{\"name\":\"outrigger-certs\",\"resourceVersion\":\"9\"},\"data\":{\"tls.crt\":\"!!\"}}"});
	(void)step(s);
	assert_int_equal(api_asked(&s->api, "PUT " SECRET), before);
	assert_non_null(strstr(logged(s), "the Secret is not ours"));
}

/* Dates by a wrong clock would outlive its correction. */
/* A replaced object loses what its replacement does not name. */
static void what_others_gave_the_secret_stays(void **state)
{
	static const char *const kept[] = {
		"\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"name\":\"o\",\"uid\":\"u\"}]",
		"\"finalizers\":[\"example.org/keep\"]", "\"l\":\"1\"", "\"n\":\"2\"", "\"more\":\"eA==\"", "\"type\":\"kubernetes.io/tls\""};
	const struct rotation_secret secret = {.trust = STR("x")};
	struct stage *s = *state;
	struct err err = {0};
	const struct value *old;
	struct text t, body;

	text_init(&t, &s->a, 4096);
	text_init(&body, &s->a, 4096);
	text_addf(&t, "{\"metadata\":{\"resourceVersion\":\"7\",\"uid\":\"u\",%s,%s,\"labels\":{%s},\"annotations\":{%s}},\"data\":{%s},%s}",
		kept[0], kept[1], kept[2], kept[3], kept[4], kept[5]);
	old = json_parse(&s->a, t.data, t.len, 0, &err);
	assert_non_null(old);
	assert_int_equal(ca_secret_write(&s->a, "mesh", "certs", &secret, old, &body, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (!strstr(text_cstr(&body), kept[i]))
			fail_msg("%s is not in %s", kept[i], body.data);
}

static void clocks_that_differ_write_nothing(void **state)
{
	struct stage *s = *state;
	const size_t before = api_asked(&s->api, "POST " SECRETS);
	const time_t early = time(NULL) - 3600;
	char date[64];
	struct tm tm;

	assert_non_null(gmtime_r(&early, &tm));
	assert_true(strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0);
	api_add(&s->api, (struct api_rule){.request = "GET " SECRET, .status = 404, .body = "{}", .date = date});
	(void)step(s);
	assert_int_equal(api_asked(&s->api, "POST " SECRETS), before);
	assert_non_null(strstr(logged(s), "seconds ahead of the API server's: nothing is written"));
	api_add(&s->api, (struct api_rule){.request = "GET " SECRET, .status = 404, .body = "{}"});
	(void)step(s);
	assert_int_equal(api_asked(&s->api, "POST " SECRETS), before + 1);
}

static void the_end_is_no_trouble(void **state)
{
	struct stage *s = *state;
	const size_t before = strlen(logged(s));

	cluster_client_stop(s->client);
	(void)step(s);
	assert_int_equal(strlen(logged(s)), before);
}

static void keys_are_not_logged(void **state)
{
	struct stage *s = *state;
	const char *text = logged(s);

	assert_non_null(strstr(text, "writing the Secret of our CA"));
	assert_null(strstr(text, "PRIVATE KEY"));
	assert_null(strstr(text, "LS0tLS1")); /* "-----" in base 64 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_ca),
		cmocka_unit_test(looks_are_rare_where_changes_are_told),
		cmocka_unit_test(what_is_not_trusted_is_named),
		cmocka_unit_test(without_an_api_all_stays),
		cmocka_unit_test(foreign_secret_is_left_alone),
		cmocka_unit_test(what_others_gave_the_secret_stays),
		cmocka_unit_test(clocks_that_differ_write_nothing),
		cmocka_unit_test(keys_are_not_logged),
		cmocka_unit_test(the_end_is_no_trouble),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
