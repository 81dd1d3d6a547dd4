/* SPDX-License-Identifier: Apache-2.0 */
/* Does the client ask the API as Kubernetes wants it, and survive every answer that is none? */
#include "webhook/cluster/client.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/server/api.h"

#define STATUS(code, message)                                                                                          \
	"{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"message\":\"" message "\",\"code\":" #code "}"
#define SECRET "/api/v1/namespaces/mesh/secrets/certs"

static const struct cluster_place secret = {
	.api = "/api/v1", .resource = "secrets", .namespace = "mesh", .name = "certs"};

struct place {
	struct api api;
	struct arena a;
	struct cluster_client *client;
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	struct err err = {0};

	assert_non_null(p);
	api_start(&p->api);
	arena_init(&p->a, 0);
	p->client = cluster_client_new(&p->api.config, &err);
	assert_non_null(p->client);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	cluster_client_free(p->client);
	arena_release(&p->a);
	api_stop(&p->api);
	free(p);
	return 0;
}

static int call(struct place *p, enum cluster_verb verb, const char *body, struct cluster_answer *ret, struct err *err)
{
	const struct cluster_call c = {.verb = verb, .place = secret, .body = {body, body ? strlen(body) : 0}};

	err_clear(err);
	return cluster_do(p->client, &p->a, &c, ret, err);
}

static const struct {
	enum cluster_verb verb;
	const char *body, *line, *type;
} requests[] = {
	{CLUSTER_GET, NULL, "GET " SECRET, ""},
	{CLUSTER_CREATE, "{}", "POST " SECRET "?fieldManager=outrigger", "application/json"},
	{CLUSTER_REPLACE, "{}", "PUT " SECRET "?fieldManager=outrigger", "application/json"},
	{CLUSTER_PATCH, "[]", "PATCH " SECRET "?fieldManager=outrigger", "application/json-patch+json"},
	{CLUSTER_APPLY, "{}", "PATCH " SECRET "?fieldManager=outrigger&force=true", "application/apply-patch+yaml"},
	{CLUSTER_DELETE, NULL, "DELETE " SECRET, ""},
};

static void requests_are_as_kubernetes_wants(void **state)
{
	struct place *p = *state;

	api_add(&p->api, (struct api_rule){.request = "", .status = 200, .body = "{\"kind\":\"Secret\",\"data\":{}}"});
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		struct cluster_answer answer;
		struct err err = {0};
		const struct api_request *r;

		if (call(p, requests[i].verb, requests[i].body, &answer, &err) < 0)
			fail_msg("row %zu: %s", i, err.what);
		assert_int_equal(answer.status, 200);
		assert_true(str_is(raw_str(answer.object, "kind"), "Secret"));
		r = api_latest(&p->api, requests[i].line);
		if (!r || strcmp(r->line, requests[i].line) != 0)
			fail_msg("row %zu: asked %s", i, p->api.log[p->api.n_log - 1].line);
		assert_string_equal(r->content_type, requests[i].type);
		assert_string_equal(r->authorization, "Bearer good");
		assert_string_equal(r->body, requests[i].body ? requests[i].body : "");
	}
}

static const struct {
	int status;
	const char *body;
	enum api_manner manner;
	int want; /* ret->status */
	const char *error;
} answers[] = {
	{401, STATUS(401, "Unauthorized"), API_WHOLE, 401, "GET " SECRET ": 401 Unauthorized: Unauthorized"},
	{403, STATUS(403, "secrets \\\"certs\\\" is forbidden"), API_WHOLE, 403,
		"GET " SECRET ": 403 Forbidden: secrets \"certs\" is forbidden"},
	{404, STATUS(404, "secrets \\\"certs\\\" not found"), API_WHOLE, 404,
		"GET " SECRET ": 404 Not Found: secrets \"certs\" not found"},
	{409, STATUS(409, "the object has been modified"), API_WHOLE, 409,
		"GET " SECRET ": 409 Conflict: the object has been modified"},
	{410, STATUS(410, "too old"), API_WHOLE, 410, "GET " SECRET ": 410 Gone: too old"},
	{422, STATUS(422, "data is invalid"), API_WHOLE, 422, "GET " SECRET ": 422 Invalid: data is invalid"},
	{500, "<html>no</html>", API_WHOLE, 500, "GET " SECRET ": 500 Internal Error: <html>no</html>"},
	{503, "", API_WHOLE, 503, "GET " SECRET ": 503 Unavailable"},
	{418, "", API_WHOLE, 418, "GET " SECRET ": 418"},
	{200, "", API_WHOLE, 200, "GET " SECRET ": the answer is not what a Kubernetes API sends: byte 0: "},
	{200, "{\"a\":", API_WHOLE, 200, "GET " SECRET ": the answer is not what a Kubernetes API sends: "},
	{200, "[]", API_WHOLE, 200,
		"GET " SECRET ": the answer is not what a Kubernetes API sends: a JSON object is expected"},
	{302, "{}", API_WHOLE, 302, "GET " SECRET ": 302"},
	{200, "{\"a\":", API_CUT, 0, "GET " SECRET ": no answer from https://127.0.0.1:"},
	{200, "", API_ENDLESS, 0, "GET " SECRET ": the answer is larger than 33554432 bytes"},
};

static void every_answer_is_survived(void **state)
{
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct cluster_answer answer;
		struct err err = {0};

		api_add(&p->api, (struct api_rule){.request = "GET",
					 .status = answers[i].status,
					 .body = answers[i].body,
					 .manner = answers[i].manner});
		assert_int_equal(call(p, CLUSTER_GET, NULL, &answer, &err), -1);
		if (strncmp(err.what, answers[i].error, strlen(answers[i].error)) != 0)
			fail_msg("row %zu: %s", i, err.what);
		assert_int_equal(answer.status, answers[i].want);
		assert_null(strstr(err.what, "good"));
	}
	/* And then all is well again. */
	api_add(&p->api, (struct api_rule){.request = "GET", .status = 200, .body = "{}"});
	assert_int_equal(call(p, CLUSTER_GET, NULL, &(struct cluster_answer){0}, &(struct err){0}), 0);
}

static void a_long_message_is_cut(void **state)
{
	struct place *p = *state;
	struct cluster_answer answer;
	struct err err = {0};
	char body[4096];

	(void)snprintf(body, sizeof(body), "{\"message\":\"%.*s\"}", 3000,
		(const char *)memset(arena_alloc(&p->a, 3001), 'x', 3000));
	api_add(&p->api, (struct api_rule){.request = "GET", .status = 500, .body = body});
	assert_int_equal(call(p, CLUSTER_GET, NULL, &answer, &err), -1);
	assert_true(strlen(err.what) < 600);
}

static void the_busy_are_asked_again(void **state)
{
	struct place *p = *state;
	struct cluster_answer answer;
	struct err err = {0};

	api_add(&p->api, (struct api_rule){.request = "GET", .status = 200, .body = "{}"});
	api_add(&p->api, (struct api_rule){.request = "GET", .status = 429, .body = "", .retry_after = 1, .times = 1});
	assert_int_equal(call(p, CLUSTER_GET, NULL, &answer, &err), 0);
	assert_int_equal(api_asked(&p->api, "GET"), 2);
	/* A 503 without a time may have been carried out, and a long time is the caller's business. */
	api_add(&p->api, (struct api_rule){.request = "GET", .status = 503, .body = "", .times = 1});
	assert_int_equal(call(p, CLUSTER_GET, NULL, &answer, &err), -1);
	api_add(&p->api,
		(struct api_rule){.request = "GET", .status = 503, .body = "", .retry_after = 3000, .times = 1});
	assert_int_equal(call(p, CLUSTER_GET, NULL, &answer, &err), -1);
	assert_int_equal(api_asked(&p->api, "GET"), 4);
}

static void put(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

/* The file holds another token by the time that the old one is refused; and one that is gone leaves what we have. */
static void tokens_rotate(void **state)
{
	struct place *p = *state;
	char path[] = "/tmp/cluster-token-XXXXXX";
	struct cluster_config config = p->api.config;
	struct cluster_answer answer;
	struct err err = {0};

	(void)close(mkstemp(path));
	config.token = NULL;
	config.token_file = path;
	cluster_client_free(p->client);
	p->client = cluster_client_new(&config, &err);
	api_add(&p->api, (struct api_rule){.request = "GET", .status = 200, .body = "{}"});
	assert_int_equal(call(p, CLUSTER_GET, NULL, &answer, &err), -1);
	assert_string_equal(err.what, "the token for the API server: is no token: it is empty");
	assert_string_equal(err.where, path);
	put(path, "one\nX-Evil: 1");
	assert_int_equal(call(p, CLUSTER_GET, NULL, &answer, &err), -1);
	assert_string_equal(
		err.what, "the token for the API server: is no token: it must be one word of visible characters");
	put(path, "old\n");
	assert_int_equal(call(p, CLUSTER_GET, NULL, &answer, &err), -1);
	assert_int_equal(answer.status, 401);
	assert_int_equal(api_asked(&p->api, "GET"), 2);
	put(path, "good\n");
	assert_int_equal(call(p, CLUSTER_GET, NULL, &answer, &err), 0);
	(void)unlink(path);
	assert_int_equal(call(p, CLUSTER_GET, NULL, &answer, &err), 0);
	cluster_client_free(take(p->client));
}

static void strangers_are_not_trusted(void **state)
{
	struct place *p = *state;
	const struct cert_request request = {.name = "other CA", .now = (int64_t)time(NULL), .seconds = 3600};
	struct cluster_config config = p->api.config;
	struct cluster_answer answer;
	struct cert_pair other;
	struct err err = {0};

	api_add(&p->api, (struct api_rule){.request = "GET", .status = 200, .body = "{}"});
	assert_int_equal(ca_create(&p->a, &request, &other, &err), 0);
	config.ca.text = other.cert;
	cluster_client_free(p->client);
	p->client = cluster_client_new(&config, &err);
	assert_int_equal(call(p, CLUSTER_GET, NULL, &answer, &err), -1);
	assert_int_equal(answer.status, 0);
	assert_non_null(strstr(err.what,
		"its certificate must be of the certificate authority that is configured, and for this name"));
	assert_int_equal(api_asked(&p->api, ""), 0);

	/* The right CA for another name. */
	config.ca = p->api.config.ca;
	config.server_name = "kubernetes.default.svc";
	assert_int_equal(call(p, CLUSTER_GET, NULL, &answer, &err), -1);
	assert_int_equal(api_asked(&p->api, ""), 0);
	config.server_name = NULL;
	config.ca.text = other.cert;
	config.insecure = true;
	assert_int_equal(call(p, CLUSTER_GET, NULL, &answer, &err), 0);
	cluster_client_free(take(p->client));
}

static void a_name_of_its_own_is_checked(void **state)
{
	static const char *const hosts[] = {"kubernetes.default.svc"};
	const struct cert_request request = {
		.name = "API", .hosts = hosts, .n_hosts = 1, .now = (int64_t)time(NULL), .seconds = 3600};
	struct place *p = *state;
	struct cluster_config config = p->api.config;
	struct cluster_answer answer;
	struct err err = {0};

	api_pause(&p->api);
	assert_int_equal(ca_issue(&p->api.arena, &p->api.ca, &request, &p->api.serving, &err), 0);
	api_resume(&p->api);
	api_add(&p->api, (struct api_rule){.request = "GET", .status = 200, .body = "{}"});
	assert_int_equal(call(p, CLUSTER_GET, NULL, &answer, &err), -1);
	config.server_name = "kubernetes.default.svc";
	cluster_client_free(p->client);
	p->client = cluster_client_new(&config, &err);
	if (call(p, CLUSTER_GET, NULL, &answer, &err) < 0)
		fail_msg("%s", err.what);
	cluster_client_free(take(p->client));
}

static void a_silent_server_is_left(void **state)
{
	struct place *p = *state;
	const struct cluster_request r = {.method = "GET", .path = "/version?x", .timeout_ms = 300};
	struct cluster_answer answer;
	struct err err = {0};

	api_add(&p->api, (struct api_rule){.request = "GET", .status = 200, .manner = API_SILENT});
	assert_int_equal(cluster_ask(p->client, &p->a, &r, &answer, &err), -1);
	assert_non_null(strstr(err.what, "GET /version: no answer from https://127.0.0.1:"));
	assert_int_equal(err.code, ERR_IO);
}

static void *stop_later(void *context)
{
	struct place *p = context;

	api_wait_asked(&p->api, "GET", 1);
	cluster_client_stop(p->client);
	return NULL;
}

static void who_ends_waits_for_nobody(void **state)
{
	struct place *p = *state;
	struct cluster_answer answer;
	struct err err = {0};
	pthread_t thread;

	api_add(&p->api, (struct api_rule){.request = "GET", .status = 200, .manner = API_SILENT});
	assert_int_equal(pthread_create(&thread, NULL, stop_later, p), 0);
	assert_int_equal(call(p, CLUSTER_GET, NULL, &answer, &err), -1);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_string_equal(err.what, "GET " SECRET ": we are ending");
}

static void a_server_that_is_gone_is_named(void **state)
{
	struct place *p = *state;
	struct cluster_answer answer;
	struct err err = {0};

	api_pause(&p->api);
	assert_int_equal(call(p, CLUSTER_GET, NULL, &answer, &err), -1);
	assert_non_null(
		strstr(err.what, "; is the address right, and does a NetworkPolicy or firewall let us through?"));
	assert_int_equal(answer.status, 0);
	api_resume(&p->api);
	api_add(&p->api, (struct api_rule){.request = "GET", .status = 200, .body = "{}"});
	assert_int_equal(call(p, CLUSTER_GET, NULL, &answer, &err), 0);
}

/* --- lists ------------------------------------------------------------------------------------------------------- */

struct seen {
	char names[64];
};

static int see(void *context, const struct value *item, struct err *err)
{
	struct seen *s = context;
	const struct str name = raw_str(item, "name");
	const size_t len = strlen(s->names);

	if (str_is(name, "bad"))
		return err_set(err, ERR_INPUT, "bad");
	(void)snprintf(s->names + len, sizeof(s->names) - len, "%.*s ", (int)name.len, name.p ? name.p : "?");
	return 0;
}

static int list(struct place *p, struct seen *s, int *ret_status, struct err *err)
{
	const struct cluster_list l = {.place = {.api = "/api/v1", .resource = "pods"},
		.query = "labelSelector=a%3Db",
		.page = 2,
		.each = see,
		.context = s};

	memset(s, 0, sizeof(*s));
	err_clear(err);
	return cluster_list(p->client, &l, ret_status, err);
}

#define FIRST "GET /api/v1/pods?labelSelector=a=b&limit=2"

static void lists_come_in_pages(void **state)
{
	struct place *p = *state;
	struct seen s;
	struct err err = {0};
	int status;

	api_add(&p->api, (struct api_rule){.request = FIRST,
				 .status = 200,
				 .body = "{\"metadata\":{\"continue\":\"a+b&c\"},\"items\":[{\"name\":\"1\"},{\"name\":"
					 "\"2\"}]}"});
	api_add(&p->api, (struct api_rule){.request = FIRST "&continue=a+b&c",
				 .status = 200,
				 .body = "{\"metadata\":{\"continue\":\"\"},\"items\":[{\"name\":\"3\"}]}"});
	if (list(p, &s, &status, &err) < 0)
		fail_msg("%s", err.what);
	assert_string_equal(s.names, "1 2 3 ");
	/* One that has grown too old goes on with what is there now. */
	api_add(&p->api, (struct api_rule){.request = FIRST "&continue=a+b&c",
				 .status = 410,
				 .body = "{\"metadata\":{\"continue\":\"z\"}}"});
	api_add(&p->api,
		(struct api_rule){
			.request = FIRST "&continue=z", .status = 200, .body = "{\"items\":[{\"name\":\"4\"}]}"});
	assert_int_equal(list(p, &s, &status, &err), 0);
	assert_string_equal(s.names, "1 2 4 ");
	assert_int_equal(status, 200);
	api_add(&p->api,
		(struct api_rule){.request = FIRST "&continue=a+b&c", .status = 410, .body = STATUS(410, "expired")});
	assert_int_equal(list(p, &s, &status, &err), -1);
	assert_int_equal(status, 410);
	assert_string_equal(err.what, "GET /api/v1/pods: 410 Gone: expired");
}

static void lists_that_are_none(void **state)
{
	struct place *p = *state;
	struct seen s;
	struct err err = {0};
	int status;

	api_add(&p->api, (struct api_rule){.request = FIRST, .status = 200, .body = "{\"items\":null}"});
	assert_int_equal(list(p, &s, &status, &err), 0);
	api_add(&p->api, (struct api_rule){.request = FIRST, .status = 200, .body = "{\"items\":{}}"});
	assert_int_equal(list(p, &s, &status, &err), -1);
	assert_string_equal(err.what, "pods: the answer is no list");
	api_add(&p->api,
		(struct api_rule){
			.request = FIRST, .status = 200, .body = "{\"items\":[{\"name\":\"bad\"},{\"name\":\"1\"}]}"});
	assert_int_equal(list(p, &s, &status, &err), -1);
	assert_string_equal(err.what, "bad");
	/* An answer that is an error is its status. */
	api_add(&p->api, (struct api_rule){.request = FIRST, .status = 500, .body = "", .times = 1});
	assert_int_equal(list(p, &s, &status, &err), -1);
	assert_int_equal(status, 500);
}

static void discovery_is_asked(void **state)
{
	struct place *p = *state;
	struct err err = {0};
	struct str version;
	bool serves = true;

	api_add(&p->api, (struct api_rule){.request = "GET /api/v1",
				 .status = 200,
				 .body = "{\"resources\":[{\"name\":\"serviceaccounts\"},{\"name\":\"serviceaccounts/"
					 "token\"}]}"});
	api_add(&p->api,
		(struct api_rule){.request = "GET /version", .status = 200, .body = "{\"gitVersion\":\"v1.35.4\"}"});
	assert_int_equal(cluster_serves(p->client, "/api/v1", "serviceaccounts/token", &serves, &err), 0);
	assert_true(serves);
	assert_int_equal(cluster_serves(p->client, "/api/v1", "serviceaccounts/tokens", &serves, &err), 0);
	assert_false(serves);
	assert_int_equal(
		cluster_serves(p->client, "/apis/networking.istio.io/v1beta1", "proxyconfigs", &serves, &err), 0);
	assert_false(serves);
	assert_int_equal(cluster_version(p->client, &p->a, &version, &err), 0);
	assert_true(str_is(version, "v1.35.4"));
	api_add(&p->api, (struct api_rule){.request = "GET /api/v1", .status = 403, .body = STATUS(403, "no")});
	assert_int_equal(cluster_serves(p->client, "/api/v1", "serviceaccounts/token", &serves, &err), -1);
	assert_string_equal(err.what, "GET /api/v1: 403 Forbidden: no");
}

static const struct {
	struct cluster_place place;
	const char *query, *path;
} paths[] = {
	{{"/api/v1", "nodes", NULL, NULL, NULL}, NULL, "/api/v1/nodes"},
	{{"/api/v1", "nodes", NULL, "a/b?c", NULL}, "limit=1", "/api/v1/nodes/a%2Fb%3Fc?limit=1"},
	{{"/api/v1", "serviceaccounts", "mesh", "x", "token"}, NULL, "/api/v1/namespaces/mesh/serviceaccounts/x/token"},
	{{"/api/v1", "nodes", NULL, "n:10250", "proxy/healthz"}, NULL, "/api/v1/nodes/n%3A10250/proxy/healthz"},
	{{"/apis/a.b/v1", "things", "n", NULL, NULL}, NULL, "/apis/a.b/v1/namespaces/n/things"},
};

static void paths_are_escaped(void **state)
{
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		assert_string_equal(cluster_path(&p->a, &paths[i].place, paths[i].query), paths[i].path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(requests_are_as_kubernetes_wants, set_up, tear_down),
		cmocka_unit_test_setup_teardown(every_answer_is_survived, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_long_message_is_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_busy_are_asked_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tokens_rotate, set_up, tear_down),
		cmocka_unit_test_setup_teardown(strangers_are_not_trusted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_name_of_its_own_is_checked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_silent_server_is_left, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_ends_waits_for_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_server_that_is_gone_is_named, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lists_come_in_pages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lists_that_are_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(discovery_is_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(paths_are_escaped, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
