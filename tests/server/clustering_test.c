/* SPDX-License-Identifier: Apache-2.0 */
/* Is what the Kubernetes API holds in force, does a bad change of it never replace a good one, and does the start wait for it? */
#include "webhook/cli/clustering.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "patches/value/json.h"
#include "tests/server/api.h"
#include "tests/server/fixture.h"
#include "webhook/server/connection.h"

#define MAPS       "GET /api/v1/namespaces/istio-system/configmaps?fieldSelector=metadata.name="
#define INJECTOR   MAPS "istio-sidecar-injector"
#define MESH       MAPS "istio&"
#define NODES      "GET /api/v1/nodes?"
#define NAMESPACES "GET /api/v1/namespaces?"
#define ACCOUNTS   "GET /api/v1/serviceaccounts?"
#define CONFIGS    "GET /apis/networking.istio.io/v1beta1/proxyconfigs?"
#define WATCH      "watch=1&"
#define DISCOVERY  "GET /api/v1"

#define NO_ITEMS     "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[]}"
#define EVENT(of, object) "{\"type\":\"" of "\",\"object\":" object "}\n"
#define MAP(name, version, data)                                                                                       \
	"{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"istio-system\",\"uid\":\"u\",\"resourceVersion\":\"" version "\"},\"data\":{" data "}}"
#define TEMPLATE                                                                                                       \
	"\"config\":\"policy: enabled\\ntemplates:\\n  sidecar: |\\n    spec: {}\\n    # {{ .Values.global.jwtPolicy }}\\n\""
#define GOOD_INJECTOR MAP("istio-sidecar-injector", "7", TEMPLATE ",\"values\":\"{\\\"global\\\":{\\\"jwtPolicy\\\":\\\"third-party-jwt\\\"}}\"")
#define GOOD_MESH     MAP("istio", "8", "\"mesh\":\"accessLogFile: /dev/stdout\\n\"")
#define BAD_MESH      MAP("istio", "9", "\"mesh\":\"defaultConfig: [\"")
#define NODE(name, version)                                                                                            \
	"{\"metadata\":{\"name\":\"" name "\",\"resourceVersion\":\"6\"},\"status\":{\"nodeInfo\":{\"kubeletVersion\":\"" version "\"}}}"
#define SHOP(label)                                                                                                    \
	"{\"metadata\":{\"name\":\"shop\",\"resourceVersion\":\"6\",\"labels\":{\"l\":\"" label                         \
	"\"},\"annotations\":{\"openshift.io/sa.scc.uid-range\":\"1/2\",\"note\":\"\\u007f\\u0000\"}}}"
#define ACCOUNT(name, mounts)                                                                                          \
	"{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"shop\",\"resourceVersion\":\"6\"},\"automountServiceAccountToken\":" mounts "}"
#define TOKENS    "{\"kind\":\"APIResourceList\",\"resources\":[{\"name\":\"pods\"},{\"name\":\"serviceaccounts/token\"}]}"
#define NO_TOKENS "{\"kind\":\"APIResourceList\",\"resources\":[{\"name\":\"pods\"}]}"

enum { WAIT_MS = 15000, LOG_BYTES = 64 << 10 };

struct stage {
	struct api api;
	struct fixture f;
	struct clustering c;
	struct reload reload;
	struct options options;
	struct log log;
	struct response response;
	char folder[64], kubeconfig[128], ca[128], log_path[128];
};

static void put(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

static void write_files(struct stage *s)
{
	char text[512];

	(void)snprintf(s->folder, sizeof(s->folder), "/tmp/clustering-test-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	(void)snprintf(s->kubeconfig, sizeof(s->kubeconfig), "%s/config", s->folder);
	(void)snprintf(s->ca, sizeof(s->ca), "%s/ca.crt", s->folder);
	(void)snprintf(s->log_path, sizeof(s->log_path), "%s/log", s->folder);
	put(s->ca, s->api.ca.cert.p);
	(void)snprintf(text, sizeof(text),
		"clusters: [{name: c, cluster: {server: '%s', certificate-authority: ca.crt}}]\n"
		"users: [{name: u, user: {token: good}}]\n"
		"contexts: [{name: a, context: {cluster: c, user: u}}]\ncurrent-context: a\n",
		s->api.server);
	put(s->kubeconfig, text);
}

/* Nothing but empty lists, and watches on which nothing happens. Discovery's path is the beginning of theirs: its rules come before. */
static void fill_api(struct api *api)
{
	static const char *const lists[] = {MAPS, NODES, NAMESPACES, ACCOUNTS, CONFIGS};
	static const char *const watches[] = {MAPS "istio-sidecar-injector&" WATCH, MESH WATCH, MAPS "guard&" WATCH,
		MAPS "istio-sidecar-injector-blue&" WATCH, MAPS "istio-blue&" WATCH, NODES WATCH, NAMESPACES WATCH, ACCOUNTS WATCH,
		CONFIGS WATCH};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		api_add(api, (struct api_rule){.request = lists[i], .status = 200, .body = NO_ITEMS});
	for (size_t i = 0; i < ARRAY_LEN(watches); i++)
		api_add(api, (struct api_rule){.request = watches[i], .status = 200, .manner = API_STREAM});
}

static int set_up(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	api_start(&s->api);
	fixture_start(&s->f, 5000, 5000);
	snapshot_slot_release(&s->f.config);
	snapshot_slot_init(&s->f.config);
	write_files(s);
	api_add(&s->api, (struct api_rule){.request = DISCOVERY, .status = 200, .body = TOKENS});
	fill_api(&s->api);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	reload_release(&s->reload);
	fixture_stop(&s->f);
	clustering_stop(&s->c);
	api_stop(&s->api);
	(void)unlink(s->kubeconfig);
	(void)unlink(s->ca);
	(void)unlink(s->log_path);
	(void)rmdir(s->folder);
	(void)close(s->log.fd);
	free(s);
	return 0;
}

/* As `serve` does it. more: further arguments, ended by NULL. */
static void start(struct stage *s, char **more)
{
	char *argv[16] = {(char[]){"--cluster"}, (char[]){"--kubeconfig"}, s->kubeconfig};
	int argc = 3;
	struct err err = {0};
	const int fd = open(s->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	while (more && *more)
		argv[argc++] = *more++;
	assert_true(fd >= 0);
	assert_int_equal(log_init(&s->log, fd, "text", "info", &err), 0);
	assert_int_equal(options_parse(VERB_SERVE, argc, argv, &s->options, &err), 0);
	if (clustering_prepare(&s->c, &s->options, &err) < 0 || clustering_start(&s->c, &s->log, &err) < 0)
		fail_msg("%s", err.what);
	reload_init(&s->reload, &s->options, (struct watch_timing){.quiet_ms = 20, .most_ms = 200, .poll_ms = 60000}, clock_ms());
	reload_set_source(&s->reload, clustering_source(&s->c));
	reload_start(&s->reload, &s->f.config, &s->f.serving, s->f.server, &s->log);
	s->reload.pair_from_files = false;
}

/* Runs the loop of `serve` until the answer is yes. */
static void wait_until(struct stage *s, bool (*holds)(struct stage *s, const char *arg), const char *arg)
{
	const int64_t until = clock_ms() + WAIT_MS;

	while (!holds(s, arg)) {
		struct pollfd fd = {.fd = s->c.fd, .events = POLLIN};
		const int wait = watch_wait_ms(&s->reload.watch, clock_ms());

		if (clock_ms() > until)
			fail_msg("it does not come true: %s", arg);
		(void)poll(&fd, 1, wait < 50 ? wait : 50);
		if (clustering_changed(&s->c))
			reload_touch(&s->reload, clock_ms());
		reload_step(&s->reload, clock_ms());
	}
}

static bool refuses(struct stage *s, const char *what)
{
	return strstr(s->reload.refused[SERVER_CONFIGURATION], what) || strstr(s->reload.refused[SERVER_GUARD], what);
}

static bool has_generation(struct stage *s, const char *number)
{
	own(snapshot_unrefp) struct snapshot *now = snapshot_get(&s->f.config);

	return now && now->generation == strtoull(number, NULL, 10);
}

static bool nothing_is_refused(struct stage *s, const char *arg UNUSED)
{
	return !s->reload.refused[SERVER_CONFIGURATION][0] && !s->reload.refused[SERVER_GUARD][0];
}

static bool is_pushed(struct stage *s, const char *line)
{
	const char *space = strchr(line, '\n'); /* "REQUEST\nEVENT" */
	char begin[128];

	(void)snprintf(begin, sizeof(begin), "%.*s", (int)(space - line), line);
	return api_push(&s->api, begin, space + 1) > 0;
}

#define push(s, request, event) wait_until(s, is_pushed, request WATCH "\n" event)

static void give_configuration(struct stage *s)
{
	push(s, INJECTOR "&", EVENT("ADDED", GOOD_INJECTOR));
	push(s, MESH, EVENT("ADDED", GOOD_MESH));
	wait_until(s, has_generation, "1");
}

static bool logged(struct stage *s, const char *what)
{
	struct arena a;
	struct err err = {0};
	struct str text;
	bool found;

	arena_init(&a, 4 * LOG_BYTES);
	assert_int_equal(file_read(&a, s->log_path, LOG_BYTES, 0, &text, &err), 0);
	found = str_find(text, str_of(what)) != SIZE_MAX;
	arena_release(&a);
	return found;
}

static bool has_lost_first_watches(struct stage *s, const char *arg UNUSED)
{
	struct informer_state state;

	informer_look(s->c.informer, 2, &state);
	return !state.up;
}

static bool token_is(struct stage *s, const char *mode)
{
	own(snapshot_unrefp) struct snapshot *now = snapshot_get(&s->f.config);

	return now && strcmp(token_mode_name(now->config->token.mode), mode) == 0;
}

static void ask_readyz(struct stage *s)
{
	static const char request[] = "GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n";
	struct client c;

	client_open(&c, s->f.address);
	client_send(&c, request, sizeof(request) - 1);
	client_read(&c, &s->response, false);
	client_close(&c);
}

/* --- the tests -------------------------------------------------------------------------------------------------------- */

static void waits_for_the_config_maps(void **state)
{
	struct stage *s = *state;
	own(snapshot_unrefp) struct snapshot *now = NULL;
	const struct namespace_facts *shop;

	api_add(&s->api, (struct api_rule){.request = NODES "limit", .status = 200,
		.body = "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[" NODE("a", "v1.34.1") "]}"});
	api_add(&s->api, (struct api_rule){.request = NAMESPACES "limit", .status = 200,
		.body = "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[" SHOP("one") "]}"});
	api_add(&s->api, (struct api_rule){.request = CONFIGS "limit", .status = 404, .body = "404 page not found"});
	start(s, NULL);
	wait_until(s, refuses, "ConfigMap istio-system/istio-sidecar-injector is not there; install it");
	assert_true(logged(s, "info no configuration yet reason=\"ConfigMap istio-system/istio-sidecar-injector is not there"));
	ask_readyz(s);
	assert_int_equal(s->response.status, 503);
	assert_non_null(strstr(s->response.body, "[-]configuration failed: none is loaded: ConfigMap istio-system/istio-sidecar-injector is not there"));
	push(s, INJECTOR "&", EVENT("ADDED", GOOD_INJECTOR));
	wait_until(s, refuses, "ConfigMap istio-system/istio is not there");
	push(s, MESH, EVENT("ADDED", GOOD_MESH));
	wait_until(s, has_generation, "1");
	assert_true(nothing_is_refused(s, ""));
	assert_true(logged(s, "info configuration in force generation=1"));
	now = snapshot_get(&s->f.config);
	assert_true(now->config->nodes_known);
	assert_int_equal(now->config->n_nodes, 1);
	assert_int_equal(now->config->nodes[0].minor, 34);
	shop = inject_config_namespace(now->config, STR("shop"));
	assert_non_null(shop);
	assert_int_equal(shop->labels->len, 1);
	assert_int_equal(shop->annotations->len, 1); /* but for what anybody may write there */
	assert_int_equal(now->config->token_asked.discovery, TOKEN_DISCOVERY_YES);
	ask_readyz(s);
	assert_int_equal(s->response.status, 200);
}

static void bad_ones_never_replace_good_ones(void **state)
{
	struct stage *s = *state;

	start(s, NULL);
	give_configuration(s);
	push(s, MESH, EVENT("MODIFIED", BAD_MESH));
	wait_until(s, refuses, "ConfigMap istio-system/istio key mesh: ");
	assert_true(logged(s, "error refused what the cluster holds now; the last good one stays in force part=\"configuration\""));
	assert_true(has_generation(s, "1"));
	push(s, MESH, EVENT("MODIFIED", "{\"metadata\":{\"name\":\"istio\",\"namespace\":\"istio-system\"}}"));
	wait_until(s, refuses, "ConfigMap istio-system/istio has no key 'mesh'");
	push(s, MESH, EVENT("DELETED", GOOD_MESH));
	wait_until(s, refuses, "ConfigMap istio-system/istio is not there");
	assert_true(has_generation(s, "1"));
	push(s, MESH, EVENT("ADDED", GOOD_MESH));
	wait_until(s, nothing_is_refused, "");
	assert_true(logged(s, "info the cluster holds what is in force part=\"configuration\""));
	push(s, MESH, EVENT("MODIFIED", MAP("istio", "12", "\"mesh\":\"accessLogFile: /dev/stderr\\n\"")));
	wait_until(s, has_generation, "2");
	assert_true(logged(s, "info configuration replaced generation=2"));
}

/* They count from the next request on, and are no other configuration. */
static void namespaces_and_nodes_change(void **state)
{
	struct stage *s = *state;
	own(snapshot_unrefp) struct snapshot *first = NULL, *now = NULL;

	start(s, NULL);
	give_configuration(s);
	first = snapshot_get(&s->f.config);
	assert_null(inject_config_namespace(first->config, STR("shop")));
	push(s, NAMESPACES, EVENT("ADDED", SHOP("two")));
	wait_until(s, has_generation, "2");
	push(s, NODES, EVENT("ADDED", NODE("n", "v1.28.0")));
	wait_until(s, has_generation, "3");
	push(s, ACCOUNTS, EVENT("ADDED", ACCOUNT("default", "true")) EVENT("ADDED", ACCOUNT("bare", "false")));
	wait_until(s, has_generation, "4");
	now = snapshot_get(&s->f.config);
	assert_non_null(inject_config_namespace(now->config, STR("shop")));
	assert_int_equal(now->config->nodes[0].minor, 28);
	assert_int_equal(now->config->n_unmounted_accounts, 1);
	assert_true(inject_config_account_is_unmounted(now->config, STR("shop"), STR("bare")));
	assert_string_equal(now->config->digest, first->config->digest);
	assert_string_not_equal(now->config->objects_digest, first->config->objects_digest);
	assert_false(logged(s, "replaced"));
	snapshot_unref(take(now));
	push(s, CONFIGS, EVENT("ADDED", "{\"metadata\":{\"name\":\"p\",\"namespace\":\"shop\"},\"spec\":{\"concurrency\":3}}"));
	wait_until(s, has_generation, "5");
	now = snapshot_get(&s->f.config);
	assert_int_equal(now->config->n_proxy_configs, 1);
	assert_string_not_equal(now->config->digest, first->config->digest);
	assert_true(logged(s, "configuration replaced generation=5"));
}

/* What may not be read is done without; that there are no nodes is then no knowledge. */
static void rights_that_are_missing(void **state)
{
	struct stage *s = *state;
	own(snapshot_unrefp) struct snapshot *now = NULL;
	struct text t;

	api_add(&s->api, (struct api_rule){.request = NODES, .status = 403, .body = "{\"message\":\"nodes is\\n[+]forbidden\"}"});
	start(s, NULL);
	give_configuration(s);
	now = snapshot_get(&s->f.config);
	assert_false(now->config->nodes_known);
	text_init(&t, NULL, 64 << 10);
	clustering_beside(&s->c).health(&s->c, &t);
	assert_non_null(strstr(text_cstr(&t), "[+]watch/nodes ok: nodes: not followed now: the list of nodes: 403 Forbidden: nodes is?[+]forbidden\n"));
	text_release(&t);
}

static void tokens_come_and_go(void **state)
{
	struct stage *s = *state;

	api_add(&s->api, (struct api_rule){.request = DISCOVERY, .status = 200, .body = NO_TOKENS, .times = 1});
	fill_api(&s->api);
	start(s, NULL);
	give_configuration(s);
	assert_true(token_is(s, "first-party"));
	assert_true(logged(s, "warn " TOKEN_FALLBACK_SENTENCE));
	/* An API server that was away may have been upgraded. */
	api_pause(&s->api);
	wait_until(s, has_lost_first_watches, "");
	api_resume(&s->api);
	wait_until(s, token_is, "third-party");
	assert_true(logged(s, "info configuration replaced"));
}

static void names_by_revision(void **state)
{
	struct stage *s = *state;
	char *more[] = {(char[]){"--revision"}, (char[]){"blue"}, (char[]){"--guard-configmap"}, (char[]){"guard"}, NULL};

	start(s, more);
	wait_until(s, refuses, "ConfigMap istio-system/istio-sidecar-injector-blue is not there");
	push(s, MAPS "istio-sidecar-injector-blue&", EVENT("ADDED", GOOD_INJECTOR));
	push(s, MAPS "istio-blue&", EVENT("ADDED", GOOD_MESH));
	wait_until(s, refuses, "ConfigMap istio-system/guard is not there");
	push(s, MAPS "guard&", EVENT("ADDED", MAP("guard", "6", "\"guard.yaml\":\"rules: 7\"")));
	wait_until(s, refuses, "ConfigMap istio-system/guard key guard.yaml");
	assert_false(has_generation(s, "1"));
	push(s, MAPS "guard&", EVENT("MODIFIED", MAP("guard", "7", "\"guard.yaml\":\"rules: []\"")));
	wait_until(s, has_generation, "1");
	push(s, MAPS "guard&", EVENT("MODIFIED", MAP("guard", "8", "\"guard.yaml\":\"rules: 7\"")));
	wait_until(s, refuses, "ConfigMap istio-system/guard key guard.yaml");
	assert_true(has_generation(s, "1"));
}

#define EVENTS "POST /api/v1/namespaces/istio-system/events"

static bool is_told(struct stage *s, const char *part)
{
	const struct api_request *r = api_latest(&s->api, EVENTS);

	return r && strstr(r->body, part);
}

/* Whoever changed the ConfigMap learns by an Event on it, once for each mistake. */
static void mistakes_are_told_of(void **state)
{
	static const char mesh[] = "\"involvedObject\":{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"istio\",\"namespace\":\"istio-system\",\"uid\":\"u-8\"}";
	static const char injector[] = "\"name\":\"istio-sidecar-injector\",\"namespace\":\"istio-system\"";
	struct stage *s = *state;
	const struct events_options o = {.replica = "a"};
	struct keeper_options keeper = {.election = {.config = &s->api.config}, .n_tasks = 1};
	struct keeper *k;
	struct err err = {0};

	api_add(&s->api, (struct api_rule){.request = EVENTS, .status = 201, .manner = API_ECHO});
	start(s, NULL);
	give_configuration(s);
	s->c.events = events_new(&o, &err);
	assert_non_null(s->c.events);
	push(s, MESH, EVENT("MODIFIED", "{\"metadata\":{\"name\":\"istio\",\"namespace\":\"istio-system\",\"uid\":\"u-8\"},\"data\":{\"mesh\":\"a: [\"}}"));
	wait_until(s, refuses, "ConfigMap istio-system/istio key mesh");
	keeper.task[0] = (struct keeper_task){.step = events_step, .context = s->c.events};
	k = keeper_start(&keeper, &err);
	assert_non_null(k);
	wait_until(s, is_told, mesh);
	assert_true(is_told(s, "\"reason\":\"ConfigurationRefused\",\"message\":\""));
	assert_true(is_told(s, "ConfigMap istio-system/istio key mesh: cannot be read as YAML"));
	push(s, INJECTOR "&", EVENT("MODIFIED", MAP("istio-sidecar-injector", "9", "\"config\":\"policy: [\",\"values\":\"{}\"")));
	wait_until(s, refuses, "ConfigMap istio-system/istio-sidecar-injector key config");
	keeper_wake(k, NULL);
	wait_until(s, is_told, injector);
	assert_int_equal(events_counted(s->c.events).noted, 2);
	keeper_stop(k);
	events_free(take(s->c.events));
}

static void is_measured(void **state)
{
	struct stage *s = *state;
	struct text t;

	start(s, NULL);
	give_configuration(s);
	text_init(&t, NULL, 64 << 10);
	clustering_beside(&s->c).metrics(&s->c, &t);
	assert_non_null(strstr(text_cstr(&t), "\noutrigger_cluster_watch_healthy{resource=\"injector-configmap\"} 1\n"));
	assert_non_null(strstr(text_cstr(&t), "\noutrigger_cluster_watch_objects{resource=\"mesh-configmap\"} 1\n"));
	assert_non_null(strstr(text_cstr(&t), "\noutrigger_cluster_watch_lists_total{resource=\"nodes\"} 1\n"));
	text_clear(&t);
	clustering_beside(&s->c).health(&s->c, &t);
	assert_non_null(strstr(text_cstr(&t), "[+]watch/mesh-configmap ok: ConfigMap istio-system/istio: 1 known, heard of 0s ago\n"));
	assert_non_null(strstr(text_cstr(&t), "[+]discovery ok: the cluster has serviceaccounts/token\n"));
	text_release(&t);
}

static void options_that_do_not_go_together(void **state UNUSED)
{
	static const struct {
		const char *args[4], *error;
	} rows[] = {
		{{"--cluster", "--values", "v"}, "--values has no place beside --cluster, which reads that from the API; leave one of them out"},
		{{"--cluster", "--mesh-config", "v"}, "--mesh-config has no place beside --cluster"},
		{{"--guard-configmap", "g"}, "--guard-configmap needs --cluster; a file is named by --guard-config"},
		{{"--cluster", "--guard-configmap=g", "--guard-config=f"}, "--guard-configmap and --guard-config are two guards: give one"},
		{{"--cluster", "--kubeconfig", "/nowhere"}, "/nowhere"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[4][64], *argv[4], out[2048];
		struct clustering c = {.options = NULL};
		struct options o;
		struct err err = {0};
		int argc = 0;

		for (; argc < 4 && rows[i].args[argc]; argc++) {
			(void)snprintf(text[argc], sizeof(text[argc]), "%s", rows[i].args[argc]);
			argv[argc] = text[argc];
		}
		assert_int_equal(options_parse(VERB_SERVE, argc, argv, &o, &err), 0);
		assert_int_equal(clustering_prepare(&c, &o, &err), -1);
		assert_int_equal(err.code, ERR_CONFIG);
		err_print(&err, out, sizeof(out));
		if (!strstr(out, rows[i].error))
			fail_msg("row %zu: %s", i, out);
		clustering_stop(&c);
	}
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		ROW(waits_for_the_config_maps),
		ROW(bad_ones_never_replace_good_ones),
		ROW(namespaces_and_nodes_change),
		ROW(rights_that_are_missing),
		ROW(tokens_come_and_go),
		ROW(names_by_revision),
		ROW(mistakes_are_told_of),
		ROW(is_measured),
		cmocka_unit_test(options_that_do_not_go_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
