/* SPDX-License-Identifier: Apache-2.0 */
/* Are notes written as Events that the API takes, once and then as a count, and given up where it does not? */
#include "webhook/cluster/events.h"

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

#include "patches/value/json.h"
#include "tests/server/api.h"
#include "tests/server/fixture.h"

#define EVENTS "/api/v1/namespaces/shop/events"

enum { AGAIN_MS = 300, PUTTERS = 4, PUTS = 2000, WAIT_STEPS = 1000 };

struct stage {
	struct api api;
	struct arena a;
	struct log log;
	struct events *events;
	struct keeper *keeper;
};

static int set_up(void **state)
{
	static struct stage s;
	struct events_options o = {.replica = "outrigger-0", .log = &s.log, .again_ms = AGAIN_MS};
	struct keeper_options keeper = {
		.election = {.config = &s.api.config, .namespace = "mesh", .name = "outrigger", .identity = "pod-1", .timing = LEASE_TIMING},
		.n_tasks = 1,
	};
	struct err err = {0};

	s = (struct stage){.log = {.fd = memfd_create("log", MFD_CLOEXEC), .level = LOG_DEBUG}};
	arena_init(&s.a, 0);
	api_start(&s.api);
	s.events = events_new(&o, &err);
	assert_non_null(s.events);
	keeper.task[0] = (struct keeper_task){.step = events_step, .context = s.events};
	s.keeper = keeper_start(&keeper, &err);
	assert_non_null(s.keeper);
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	keeper_stop(s->keeper);
	events_free(s->events);
	api_stop(&s->api);
	arena_release(&s->a);
	(void)close(s->log.fd);
	return 0;
}

static void put(struct stage *s, const char *name, const char *message)
{
	const struct event_note n = {.namespace = STR("shop"),
		.api_version = STR("apps/v1"),
		.kind = STR("ReplicaSet"),
		.name = str_of(name),
		.uid = STR("5c2e"),
		.reason = "GuardDenied",
		.message = str_of(message)};

	events_put(s->events, &n);
	keeper_wake(s->keeper, s->events);
}

static const struct value *body_of(struct stage *s, const char *request)
{
	const struct api_request *r = api_latest(&s->api, request);
	const struct value *v;
	struct err err = {0};

	assert_non_null(r);
	v = json_parse(&s->a, r->body, strlen(r->body), 0, &err);
	if (!v)
		fail_msg("%s: %s", r->body, err.what);
	return v;
}

static void is(const struct value *object, const char *name, const char *text)
{
	if (!str_is(raw_str(object, name), text))
		fail_msg("%s is '%.*s', not '%s'", name, (int)raw_str(object, name).len, raw_str(object, name).p, text);
}

static size_t logged(struct stage *s, const char *part)
{
	const off_t len = lseek(s->log.fd, 0, SEEK_END);
	char *text = arena_zalloc(&s->a, (size_t)len + 1);
	size_t n = 0;

	assert_non_null(text);
	assert_int_equal(pread(s->log.fd, text, (size_t)len, 0), len);
	for (const char *at = text; (at = strstr(at, part)); at++)
		n++;
	return n;
}

static void wait_written(struct stage *s, uint64_t written, uint64_t dropped)
{
	struct event_counts c;

	for (int i = 0; i < WAIT_STEPS; i++) {
		c = events_counted(s->events);
		if (c.written >= written && c.dropped >= dropped)
			return;
		(void)nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	fail_msg("%llu written, %llu dropped", (unsigned long long)c.written, (unsigned long long)c.dropped);
}

static void a_note_becomes_an_event(void **state)
{
	struct stage *s = *state;
	const struct value *event, *owner;
	const struct api_request *patch;
	char path[512];

	api_add(&s->api, (struct api_rule){.request = "POST " EVENTS, .status = 201, .manner = API_ECHO});
	api_add(&s->api, (struct api_rule){.request = "PATCH " EVENTS, .status = 200, .body = "{\"kind\":\"Event\"}"});
	put(s, "web-5d4f", "no \"debug\" here");
	wait_written(s, 1, 0);
	event = body_of(s, "POST " EVENTS);
	owner = raw_get(event, "involvedObject");
	is(event, "kind", "Event");
	is(event, "type", "Warning");
	is(event, "reason", "GuardDenied");
	is(event, "message", "no \"debug\" here");
	is(event, "reportingComponent", "outrigger");
	is(event, "reportingInstance", "outrigger-0");
	is(raw_get(event, "source"), "component", "outrigger");
	is(raw_get(event, "metadata"), "namespace", "shop");
	is(owner, "apiVersion", "apps/v1");
	is(owner, "kind", "ReplicaSet");
	is(owner, "name", "web-5d4f");
	is(owner, "namespace", "shop");
	is(owner, "uid", "5c2e");
	assert_true(str_has_prefix(raw_str(raw_get(event, "metadata"), "name"), "web-5d4f."));
	assert_non_null(strstr(api_latest(&s->api, "POST " EVENTS)->body, "\"count\":1}"));

	/* Twice more: the same one. */
	put(s, "web-5d4f", "again");
	put(s, "web-5d4f", "again");
	wait_written(s, 2, 0);
	(void)snprintf(path, sizeof(path), "PATCH " EVENTS "/%.*s", (int)raw_str(raw_get(event, "metadata"), "name").len,
		raw_str(raw_get(event, "metadata"), "name").p);
	patch = api_latest(&s->api, path);
	assert_non_null(patch);
	assert_string_equal(patch->content_type, "application/json-patch+json");
	assert_non_null(strstr(patch->body, "{\"op\":\"replace\",\"path\":\"/count\",\"value\":3}"));
	assert_non_null(strstr(patch->body, "{\"op\":\"replace\",\"path\":\"/message\",\"value\":\"again\"}"));

	/* The API forgot it, as it does after an hour: a new one, with the whole count. */
	api_add(&s->api, (struct api_rule){.request = "PATCH " EVENTS, .status = 404, .body = "{}", .times = 1});
	put(s, "web-5d4f", "once more");
	wait_written(s, 3, 0);
	assert_int_equal(api_asked(&s->api, "POST " EVENTS), 2);
	assert_non_null(strstr(api_latest(&s->api, "POST " EVENTS)->body, "\"count\":4}"));
	assert_int_equal(logged(s, "cannot be written"), 0);
}

static void what_the_api_refuses(void **state)
{
	struct stage *s = *state;

	api_add(&s->api,
		(struct api_rule){.request = "POST " EVENTS, .status = 403, .body = "{\"kind\":\"Status\",\"message\":\"no right to create events\"}"});
	put(s, "web-5d4f", "m");
	wait_written(s, 0, 1);
	assert_int_equal(logged(s, "no right to create events"), 1);
	assert_int_equal(api_asked(&s->api, "POST " EVENTS), 1);
}

/* Its name may be anything that a kind allows; that of the Event may not. */
static const struct {
	const char *name, *begins;
} names[] = {
	{"web-5d4f", "web-5d4f."},
	{"system:web/5D", "system-web-5."},
	{"-x", "of-x."},
	{"::", "of."},
};

static void the_end_is_no_failure(void **state)
{
	struct stage *s = *state;

	api_add(&s->api, (struct api_rule){.request = "POST " EVENTS, .status = 201, .manner = API_SILENT});
	put(s, "web", "nobody answers");
	api_wait_asked(&s->api, "POST " EVENTS, 1);
	keeper_stop(take(s->keeper));
	assert_int_equal(logged(s, "an Event cannot be written"), 0);
}

static void any_name(void **state)
{
	struct stage *s = *state;

	api_add(&s->api, (struct api_rule){.request = "POST " EVENTS, .status = 201, .manner = API_ECHO});
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		events_put(s->events, &(struct event_note){.namespace = STR("shop"), .api_version = STR("v1"), .kind = STR("K"),
					      .name = str_of(names[i].name), .uid = str_of(names[i].name), .reason = "GuardDenied", .message = STR("m")});
		keeper_wake(s->keeper, s->events);
		wait_written(s, i + 1, 0);
		if (!str_has_prefix(raw_str(raw_get(body_of(s, "POST " EVENTS), "metadata"), "name"), names[i].begins))
			fail_msg("%s: %s", names[i].name, api_latest(&s->api, "POST " EVENTS)->body);
	}
}

static void *put_many(void *context)
{
	struct stage *s = context;
	char uid[32];

	for (int i = 0; i < PUTS; i++) {
		(void)snprintf(uid, sizeof(uid), "u%d", i % 7);
		events_put(s->events, &(struct event_note){.namespace = STR("shop"), .api_version = STR("v1"), .kind = STR("K"),
					      .name = str_of(uid), .uid = str_of(uid), .reason = "GuardDenied", .message = STR("m")});
	}
	return NULL;
}

/* While requests go on in several threads; the API goes away and comes back. */
static void from_many_threads(void **state)
{
	struct stage *s = *state;
	pthread_t thread[PUTTERS];
	struct event_counts c;

	api_add(&s->api, (struct api_rule){.request = "POST " EVENTS, .status = 201, .manner = API_ECHO});
	api_add(&s->api, (struct api_rule){.request = "PATCH " EVENTS, .status = 200, .body = "{\"kind\":\"Event\"}"});
	for (int i = 0; i < PUTTERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, put_many, s), 0);
	for (int i = 0; i < 20; i++)
		keeper_wake(s->keeper, s->events);
	for (int i = 0; i < PUTTERS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	wait_written(s, 7, 0);
	c = events_counted(s->events);
	assert_int_equal(c.noted, PUTTERS * PUTS);
	assert_int_equal(c.dropped, 0);
	assert_true(c.written <= EVENT_A_MINUTE_NAMESPACE);
	api_pause(&s->api);
	put(s, "web", "nobody hears it");
	(void)nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
	keeper_stop(s->keeper); /* at once, although something waits */
	s->keeper = NULL;
}

/* --- from a request to the API ------------------------------------------------------------------------------------- */

#define OWNED(members, annotation)                                                                                     \
	"{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"u-1\","           \
	"\"kind\":{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"},"                                               \
	"\"resource\":{\"group\":\"\",\"version\":\"v1\",\"resource\":\"pods\"},\"operation\":\"CREATE\"," members         \
	"\"namespace\":\"shop\",\"object\":{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"generateName\":\"a-\"," \
	"\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":\"ReplicaSet\",\"name\":\"a\",\"uid\":\"u-9\","         \
	"\"controller\":true}],\"annotations\":{" annotation "}},"                                                           \
	"\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"i\"}]}}}}"

#define UNREADABLE "\"status.sidecar.istio.io/port\":\"x\""
#define SWITCHED_OFF "\"sidecar.istio.io/inject\":\"false\""

static void send_review(struct client *c, const char *body)
{
	static char request[16 << 10];
	const size_t len = post(request, sizeof(request), "/inject", "Content-Type: application/json\r\n", body);

	client_send(c, request, len);
}

static void read_refusal(struct client *c, struct response *ret)
{
	client_read(c, ret, false);
	assert_int_equal(ret->status, 200);
	assert_non_null(strstr(ret->body, "\"allowed\":false"));
}

static void ask(struct client *c, const char *body, struct response *ret)
{
	send_review(c, body);
	read_refusal(c, ret);
}

static void refused_pods_of_a_controller(void **state)
{
	static const char metrics[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
	static struct response answer;
	static struct client c;
	struct stage *s = *state;
	struct fixture f = {.events = s->events};

	api_add(&s->api, (struct api_rule){.request = "POST " EVENTS, .status = 201, .manner = API_ECHO});
	fixture_start(&f, 10000, 10000);
	client_open(&c, f.address);
	ask(&c, OWNED("\"dryRun\":true,", UNREADABLE), &answer);
	assert_int_equal(events_counted(s->events).noted, 0);
	ask(&c, OWNED("", UNREADABLE), &answer);
	ask(&c, OWNED("", UNREADABLE), &answer);
	assert_int_equal(events_counted(s->events).noted, 2);
	client_close(&c);
	keeper_wake(s->keeper, s->events);
	wait_written(s, 1, 0);
	is(body_of(s, "POST " EVENTS), "reason", "InjectionRefused");
	client_connect(&c, f.plain);
	client_send(&c, metrics, sizeof(metrics) - 1);
	client_read(&c, &answer, false);
	assert_non_null(strstr(answer.body, "\noutrigger_events_written_total 1\n"));
	assert_non_null(strstr(answer.body, "\noutrigger_events_dropped_total 0\n"));
	client_close(&c);
	fixture_stop(&f);
}

/* Standard output as the audit log, which nobody reads for a while. */
struct slow_reader {
	int out, in, before;
};

static void fill(int fd)
{
	static const char rubbish[4096];

	while (write(fd, rubbish, sizeof(rubbish)) > 0)
		continue;
	while (write(fd, rubbish, 1) > 0)
		continue;
}

static void drain(int fd)
{
	char some[4096];

	while (read(fd, some, sizeof(some)) > 0)
		continue;
}

static void open_slow(struct slow_reader *r)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	r->out = ends[0];
	r->in = ends[1];
	(void)fflush(stdout);
	r->before = dup(STDOUT_FILENO);
	assert_true(r->before >= 0 && dup2(r->in, STDOUT_FILENO) >= 0);
}

static void close_slow(struct slow_reader *r)
{
	(void)close(r->out);
	(void)close(r->in);
	(void)close(r->before);
}

static struct audit *start_audit(struct slow_reader *r, struct stage *s)
{
	const struct audit_options o = {.path = "-", .block = true, .checkpoint_lines = 1000, .checkpoint_ms = 60000,
		.rotate_bytes = 1 << 30, .replica = "test", .version = "0", .log = &s->log};
	struct err err = {0};
	struct audit *audit;

	open_slow(r);
	audit = audit_start(&o, &err);
	(void)dup2(r->before, STDOUT_FILENO);
	assert_non_null(audit);
	return audit;
}

static void wait_lag(struct audit *audit)
{
	for (int i = 0; i < WAIT_STEPS && audit_counted(audit).lag == 0; i++)
		(void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	assert_int_equal(audit_counted(audit).lag, 1);
}

/* While its line waits to be written, another guard comes into force. */
static void the_guard_is_replaced_meanwhile(void **state)
{
	static const char guard[] = "rules:\n- {name: stay-in, match: {injection: off}, action: deny, message: ask the mesh team}\n";
	static struct response answer;
	static struct client c;
	struct stage *s = *state;
	struct slow_reader reader;
	struct fixture f = {.events = s->events, .audit = start_audit(&reader, s)};

	api_add(&s->api, (struct api_rule){.request = "POST " EVENTS, .status = 201, .manner = API_ECHO});
	fixture_start(&f, 10000, 10000);
	fixture_guard(&f, STR(guard));
	client_open(&c, f.address);
	(void)nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL); /* the log has begun */
	fill(reader.in);
	send_review(&c, OWNED("", SWITCHED_OFF));
	wait_lag(f.audit);
	fixture_configure(&f);
	drain(reader.out);
	read_refusal(&c, &answer);
	keeper_wake(s->keeper, s->events);
	wait_written(s, 1, 0);
	is(body_of(s, "POST " EVENTS), "message", "pod refused by guard rule 'stay-in': ask the mesh team");
	client_close(&c);
	fixture_stop(&f);
	audit_stop(f.audit);
	close_slow(&reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_note_becomes_an_event, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_the_api_refuses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_end_is_no_failure, set_up, tear_down),
		cmocka_unit_test_setup_teardown(any_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refused_pods_of_a_controller, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_guard_is_replaced_meanwhile, set_up, tear_down),
		cmocka_unit_test_setup_teardown(from_many_threads, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
