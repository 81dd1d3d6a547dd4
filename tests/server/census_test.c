/* SPDX-License-Identifier: Apache-2.0 */
/* Are pods counted page by page by whoever leads, by nobody else, and is a failure no count? */
#include "webhook/check/census.h"

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

#include "tests/server/api.h"
#include "tests/server/fixture.h"
#include "webhook/cluster/clock.h"

#define LEASES "/apis/coordination.k8s.io/v1/namespaces/mesh/leases"
#define HOOK   "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/hook"
#define SPACES "/api/v1/namespaces?limit="
#define PODS   "/api/v1/pods?limit=2"

enum { PERIOD_MS = 60000, WAIT_STEPS = 1500 };

static const char hook[] =
	"{\"metadata\":{\"name\":\"hook\"},\"webhooks\":[{\"name\":\"a\","
	"\"rules\":[{\"operations\":[\"CREATE\"],\"resources\":[\"pods\"]}],"
	"\"namespaceSelector\":{\"matchLabels\":{\"istio-injection\":\"enabled\"}}}]}";
static const char spaces[] = "{\"items\":[{\"metadata\":{\"name\":\"shop\",\"labels\":{\"istio-injection\":\"enabled\"}}},"
			     "{\"metadata\":{\"name\":\"plain\"}}]}";

#define POD(namespace, name, more) \
	"{\"metadata\":{\"namespace\":\"" namespace "\",\"name\":\"" name "\"},\"spec\":{\"containers\":[{\"name\":\"a\"}" more "]}}"
#define OLD ",{\"name\":\"istio-proxy\",\"image\":\"old\"}"
#define PAGE(next, items) "{\"metadata\":{\"continue\":\"" next "\"},\"items\":[" items "]}"

struct stage {
	struct api api;
	struct arena a;
	struct log log;
	struct fixture f;
	struct census *census;
	struct cluster_client *client;
	struct keeper *keeper;
	bool leads;
};

static int64_t idle(void *context UNUSED, const struct keeper_turn *turn UNUSED)
{
	return 60000;
}

static void start_keeper(struct stage *s)
{
	const struct keeper_options o = {
		.election = {.config = &s->api.config, .namespace = "mesh", .name = "outrigger", .identity = "pod-1", .timing = LEASE_TIMING},
		.task = {{.step = idle, .context = s, .only_leader = true}},
		.n_tasks = 1,
	};
	struct err err = {0};

	s->keeper = keeper_start(&o, &err);
	assert_non_null(s->keeper);
	for (int i = 0; i < WAIT_STEPS && s->leads && !keeper_leads(s->keeper); i++)
		(void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	assert_int_equal(keeper_leads(s->keeper), s->leads);
}

static struct stage *set_up_as(bool leads)
{
	static const char *const names[] = {"validating", "hook"}; /* the stand-in knows no mutating one of the first name */
	static struct stage s;
	struct census_options o = {.configuration = names, .n_configurations = ARRAY_LEN(names), .period_ms = PERIOD_MS, .page = 2};
	struct err err = {0};

	s = (struct stage){.leads = leads, .log = {.fd = memfd_create("log", MFD_CLOEXEC), .level = LOG_DEBUG}};
	arena_init(&s.a, 0);
	api_start(&s.api);
	if (leads) {
		api_add(&s.api, (struct api_rule){.request = "POST " LEASES, .status = 201, .manner = API_ECHO});
		api_add(&s.api, (struct api_rule){.request = "PUT " LEASES, .status = 200, .manner = API_ECHO});
	}
	api_add(&s.api, (struct api_rule){.request = "GET " HOOK, .status = 200, .body = hook});
	api_add(&s.api, (struct api_rule){.request = "GET " SPACES, .status = 200, .body = spaces});
	o.config = &s.f.config;
	o.log = &s.log;
	s.census = census_new(&o, &err);
	s.f.census = s.census;
	assert_non_null(s.census);
	fixture_start(&s.f, 10000, 10000);
	s.client = cluster_client_new(&s.api.config, &err);
	assert_non_null(s.client);
	start_keeper(&s);
	return &s;
}

static int set_up(void **state)
{
	*state = set_up_as(true);
	return 0;
}

static int set_up_follower(void **state)
{
	*state = set_up_as(false);
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	fixture_stop(&s->f);
	keeper_stop(s->keeper);
	cluster_client_free(s->client);
	census_free(s->census);
	api_stop(&s->api);
	arena_release(&s->a);
	(void)close(s->log.fd);
	return 0;
}

static int64_t step(struct stage *s)
{
	const struct keeper_turn turn = {s->client, s->keeper};

	return census_step(s->census, &turn);
}

static bool is_logged(struct stage *s, const char *part)
{
	const off_t len = lseek(s->log.fd, 0, SEEK_END);
	char *text = arena_zalloc(&s->a, (size_t)len + 1);

	assert_non_null(text);
	assert_int_equal(pread(s->log.fd, text, (size_t)len, 0), len);
	return strstr(text, part) != NULL;
}

static const char *metrics(struct stage *s)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
	static struct response answer;
	static struct client c;

	client_connect(&c, s->f.plain);
	client_send(&c, request, sizeof(request) - 1);
	client_read(&c, &answer, false);
	client_close(&c);
	return answer.body;
}

static void pages_are_counted(void **state)
{
	static struct census_counts counts;
	struct stage *s = *state;

	api_add(&s->api, (struct api_rule){.request = "GET " PODS,
				 .status = 200,
				 .body = PAGE("next/1", POD("shop", "a", "") "," POD("shop", "b", OLD))});
	api_add(&s->api, (struct api_rule){.request = "GET " PODS "&continue=next/1", /* decoded by the stand-in */
				 .status = 200,
				 .body = PAGE("", POD("shop", "c", "") "," POD("plain", "d", ""))});
	assert_null(strstr(metrics(s), "outrigger_pods_"));
	assert_int_equal(step(s), 100); /* whom webhooks are called for */
	assert_int_equal(step(s), 100); /* a page */
	census_read(s->census, &counts);
	assert_false(counts.known);
	assert_true(step(s) > 100); /* the last page */
	census_read(s->census, &counts);
	assert_true(counts.known);
	assert_int_equal(counts.len, 1);
	assert_string_equal(counts.of[0].name, "shop");
	assert_int_equal(counts.of[0].absent, 2);
	assert_int_equal(counts.of[0].outdated, 1);
	assert_int_equal(counts.injected, 1);
	assert_non_null(strstr(metrics(s), "\noutrigger_pods_uninjected{pod_namespace=\"shop\"} 2\n"));
	assert_non_null(strstr(metrics(s), "\noutrigger_pods_outdated{pod_namespace=\"shop\"} 1\n"));
	assert_non_null(strstr(metrics(s), "\noutrigger_pods_injected 1\n"));
	assert_non_null(strstr(metrics(s), "\noutrigger_pods_counted_seconds 1"));
	/* Then not before its period is over. */
	for (int i = 0; i < 5; i++)
		assert_true(step(s) > 100);
	assert_int_equal(api_asked(&s->api, "GET " PODS), 2);
}

static void a_failure_is_no_count(void **state)
{
	static struct census_counts counts;
	struct stage *s = *state;

	api_add(&s->api, (struct api_rule){.request = "GET " PODS, .status = 200, .body = PAGE("x", POD("shop", "a", ""))});
	api_add(&s->api, (struct api_rule){.request = "GET " PODS "&continue=x",
				 .status = 410,
				 .body = "{\"kind\":\"Status\",\"message\":\"the token is too old\"}"});
	assert_int_equal(step(s), 100);
	assert_int_equal(step(s), 100);
	assert_true(step(s) > 100);
	census_read(s->census, &counts);
	assert_false(counts.known);
	assert_true(is_logged(s, "the token is too old"));
}

/* A count that takes longer than the API server keeps a list goes on with what is there now. */
static void a_list_that_has_grown_old(void **state)
{
	static struct census_counts counts;
	struct stage *s = *state;

	api_add(&s->api, (struct api_rule){.request = "GET " PODS, .status = 200, .body = PAGE("x", POD("shop", "a", ""))});
	api_add(&s->api, (struct api_rule){.request = "GET " PODS "&continue=x",
				 .status = 410,
				 .body = "{\"kind\":\"Status\",\"metadata\":{\"continue\":\"now\"},\"message\":\"too old\"}"});
	api_add(&s->api, (struct api_rule){.request = "GET " PODS "&continue=now", .status = 200, .body = PAGE("", POD("shop", "b", ""))});
	assert_int_equal(step(s), 100);
	assert_int_equal(step(s), 100);
	assert_int_equal(step(s), 100);
	assert_true(step(s) > 100);
	census_read(s->census, &counts);
	assert_true(counts.known);
	assert_int_equal(counts.of[0].absent, 2);
}

/* Whoever makes large pods must not keep others from being counted. */
static void a_page_that_is_too_large(void **state)
{
	static struct census_counts counts;
	struct stage *s = *state;
	struct text t;

	text_init(&t, NULL, 16 << 20);
	text_adds(&t, "{\"items\":[{");
	for (unsigned i = 0; t.len < 6 << 20; i++)
		text_addf(&t, "%s\"%x\":\"\"", i ? "," : "", i);
	text_adds(&t, "}]}");
	api_add(&s->api, (struct api_rule){.request = "GET " PODS, .status = 200, .body = text_cstr(&t)});
	api_add(&s->api, (struct api_rule){.request = "GET /api/v1/pods?limit=1", .status = 200, .body = PAGE("", POD("shop", "a", ""))});
	assert_int_equal(step(s), 100);
	assert_int_equal(step(s), 100);
	assert_true(step(s) > 100);
	census_read(s->census, &counts);
	assert_true(counts.known);
	assert_int_equal(counts.of[0].absent, 1);
	text_release(&t);
}

static void the_end_is_no_failure(void **state)
{
	struct stage *s = *state;

	cluster_client_stop(s->client);
	(void)step(s);
	assert_false(is_logged(s, "warn"));
}

static void no_right_to_count(void **state)
{
	struct stage *s = *state;

	api_add(&s->api, (struct api_rule){.request = "GET " HOOK, .status = 403, .body = "{\"kind\":\"Status\",\"message\":\"no right\"}"});
	assert_true(step(s) > 100);
	assert_true(step(s) > 100);
	assert_int_equal(api_asked(&s->api, "GET " HOOK), 1);
	assert_true(is_logged(s, "no right"));
}

/* As with --cluster, at first. */
static void without_a_configuration_it_waits(void **state)
{
	struct stage *s = *state;
	struct snapshot *kept = s->f.config.current;

	s->f.config.current = NULL;
	assert_true(step(s) > 100);
	assert_int_equal(api_asked(&s->api, "GET " HOOK), 0);
	assert_false(is_logged(s, "cannot be counted"));
	s->f.config.current = kept;
	assert_int_equal(step(s), 100);
}

/* More namespaces than there are figures for: the rest is summed up. */
static void many_namespaces(void **state)
{
	static struct census_counts counts;
	struct stage *s = *state;
	struct text namespaces, pods;

	text_init(&namespaces, &s->a, 1 << 20);
	text_init(&pods, &s->a, 1 << 20);
	text_adds(&namespaces, "{\"items\":[");
	text_adds(&pods, "{\"items\":[");
	for (int i = 0; i < CENSUS_NAMESPACES + 20; i++) {
		text_addf(&namespaces, "%s{\"metadata\":{\"name\":\"n%d\",\"labels\":{\"istio-injection\":\"enabled\"}}}", i ? "," : "", i);
		for (int j = 0; j < 2; j++)
			text_addf(&pods, "%s{\"metadata\":{\"namespace\":\"n%d\"},\"spec\":{\"containers\":[]}}", i + j ? "," : "", i);
	}
	text_adds(&namespaces, "]}");
	text_adds(&pods, "]}");
	api_add(&s->api, (struct api_rule){.request = "GET " SPACES, .status = 200, .body = text_cstr(&namespaces)});
	api_add(&s->api, (struct api_rule){.request = "GET " PODS, .status = 200, .body = text_cstr(&pods)});
	assert_int_equal(step(s), 100);
	assert_true(step(s) > 100);
	census_read(s->census, &counts);
	assert_int_equal(counts.len, CENSUS_NAMESPACES + 1);
	assert_int_equal(counts.of[0].absent, 2);
	assert_string_equal(counts.of[CENSUS_NAMESPACES].name, "");
	assert_int_equal(counts.of[CENSUS_NAMESPACES].absent, 40);
	assert_non_null(strstr(metrics(s), "\noutrigger_pods_uninjected{pod_namespace=\"\"} 40\n"));
}

static void followers_count_nothing(void **state)
{
	struct stage *s = *state;

	for (int i = 0; i < 3; i++)
		assert_true(step(s) > 100);
	assert_int_equal(api_asked(&s->api, "GET " HOOK) + api_asked(&s->api, "GET " SPACES), 0);
	assert_null(strstr(metrics(s), "outrigger_pods_"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pages_are_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failure_is_no_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_list_that_has_grown_old, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_page_that_is_too_large, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_end_is_no_failure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_right_to_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_configuration_it_waits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_namespaces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(followers_count_nothing, set_up_follower, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
