/* SPDX-License-Identifier: Apache-2.0 */
/* A stand-in for the Kubernetes API on 127.0.0.1 over TLS. */
#include "tests/server/api.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { DAY = 86400, WAIT_SECONDS = 10, STREAM_MAX = 1 << 20 };

/* A body that is written while it is sent. */
struct api_stream {
	struct api *api;
	enum api_manner manner;
	char line[API_PATH_MAX];
	struct text text; /* not sent yet; malloc */
	bool ended, gone; /* by the test; by the client */
};

static bool begins(const char *line, const char *begin)
{
	return strncmp(line, begin, strlen(begin)) == 0;
}

/* --- streams: each connection has a thread, which may wait ---------------------------------------------------------
 */

static ssize_t send_text(struct api_stream *s, char *buf, size_t max)
{
	const size_t len = s->text.len < max ? s->text.len : max;

	memcpy(buf, s->text.data, len);
	memmove(s->text.data, s->text.data + len, s->text.len - len);
	s->text.len -= len;
	return (ssize_t)len;
}

static ssize_t read_stream(void *context, uint64_t at UNUSED, char *buf, size_t max)
{
	struct api_stream *s = context;
	ssize_t len = 0;

	if (s->manner == API_ENDLESS) {
		memset(buf, ' ', max);
		return (ssize_t)max;
	}
	(void)pthread_mutex_lock(&s->api->lock);
	while (!s->text.len && !s->ended && !s->api->ending && s->manner != API_CUT)
		(void)pthread_cond_wait(&s->api->changed, &s->api->lock);
	if (s->text.len)
		len = send_text(s, buf, max);
	else
		len = s->manner == API_CUT ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
	(void)pthread_mutex_unlock(&s->api->lock);
	return len;
}

static void leave_stream(void *context)
{
	struct api_stream *s = context;

	(void)pthread_mutex_lock(&s->api->lock);
	s->gone = true;
	(void)pthread_cond_broadcast(&s->api->changed);
	(void)pthread_mutex_unlock(&s->api->lock);
}

/* Locked. */
static struct MHD_Response *make_stream(struct api *api, const struct api_rule *rule, const char *line)
{
	struct api_stream *s = calloc(1, sizeof(*s));

	if (!s || api->n_streams == API_STREAMS_MAX)
		abort();
	s->api = api;
	s->manner = rule->manner;
	(void)snprintf(s->line, sizeof(s->line), "%s", line);
	text_init(&s->text, NULL, STREAM_MAX);
	text_adds(&s->text, rule->body ? rule->body : "");
	api->stream[api->n_streams++] = s;
	return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, read_stream, s, leave_stream);
}

static size_t tell_streams(struct api *api, const char *begin, const char *text)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&api->lock);
	for (size_t i = 0; i < api->n_streams; i++) {
		struct api_stream *s = api->stream[i];

		if (s->gone || s->ended || !begins(s->line, begin))
			continue;
		if (text)
			text_adds(&s->text, text);
		else
			s->ended = true;
		n++;
	}
	(void)pthread_cond_broadcast(&api->changed);
	(void)pthread_mutex_unlock(&api->lock);
	return n;
}

size_t api_push(struct api *api, const char *begin, const char *text)
{
	return tell_streams(api, begin, text);
}

size_t api_end(struct api *api, const char *begin)
{
	return tell_streams(api, begin, NULL);
}

/* --- requests ------------------------------------------------------------------------------------------------------
 */

static const struct api_rule nothing = {.status = 404,
	.body = "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"the server could not "
		"find the "
		"requested resource\",\"reason\":\"NotFound\",\"code\":404}"};
static const struct api_rule stranger = {.status = 401,
	.body = "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\"Unauthorized\","
		"\"code\":401}"};

/* Locked. */
static const struct api_rule *rule_for(struct api *api, const struct api_request *r)
{
	char good[300];

	(void)snprintf(good, sizeof(good), "Bearer %s", api->token ? api->token : "");
	if (api->token && strcmp(r->authorization, good) != 0)
		return &stranger;
	for (size_t i = api->n_rules; i-- > 0;) {
		if (!begins(r->line, api->rule[i].request) ||
			(api->rule[i].times && api->used[i] >= api->rule[i].times))
			continue;
		api->used[i]++;
		return &api->rule[i];
	}
	return &nothing;
}

/* Locked. A resourceVersion that was sent is the old one. */
static struct MHD_Response *make_echo(struct api *api, const char *sent)
{
	static const char member[] = "\"metadata\":{", old[] = ",\"resourceVersion\":\"";
	const char *metadata = strstr(sent, member), *cut = strstr(sent, old), *rest;
	struct MHD_Response *response;
	struct text t;

	if (!metadata)
		abort();
	metadata += sizeof(member) - 1;
	rest = cut ? strchr(cut + sizeof(old) - 1, '"') + 1 : metadata;
	text_init(&t, NULL, STREAM_MAX);
	text_add(&t, sent, (size_t)(metadata - sent));
	text_addf(&t, "\"resourceVersion\":\"%zu\",", ++api->versions);
	text_add(&t, metadata, cut ? (size_t)(cut - metadata) : 0);
	text_adds(&t, rest);
	response = MHD_create_response_from_buffer(t.len, t.data, MHD_RESPMEM_MUST_COPY);
	text_release(&t);
	return response;
}

/* Locked. NULL: no memory. */
static struct MHD_Response *respond(struct api *api, const struct api_request *r, struct api_rule *ret_rule)
{
	const struct api_rule *rule = rule_for(api, r);
	const char *body = rule->body ? rule->body : "";

	*ret_rule = *rule;
	if (rule->manner == API_WHOLE)
		return MHD_create_response_from_buffer(strlen(body), (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
	return rule->manner == API_ECHO ? make_echo(api, r->body) : make_stream(api, rule, r->line);
}

/* Without our lock: libmicrohttpd has one of its own, under which it calls us. */
static enum MHD_Result reply(struct MHD_Connection *c, struct MHD_Response *response, const struct api_rule *rule)
{
	enum MHD_Result result;
	char number[32];

	if (!response)
		return MHD_NO;
	(void)snprintf(number, sizeof(number), "%ld", rule->retry_after);
	if (rule->date)
		(void)MHD_add_response_header(response, "Date", rule->date);
	if (rule->retry_after)
		(void)MHD_add_response_header(response, "Retry-After", number);
	(void)MHD_add_response_header(response, "Content-Type", "application/json");
	result = MHD_queue_response(c, (unsigned)rule->status, response);
	MHD_destroy_response(response);
	return result;
}

static void copy_header(struct MHD_Connection *c, const char *name, char *to, size_t size)
{
	const char *value = MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);

	(void)snprintf(to, size, "%s", value ? value : "");
}

static enum MHD_Result add_query(void *context, enum MHD_ValueKind kind UNUSED, const char *key, const char *value)
{
	char *line = context;
	const size_t len = strlen(line);

	(void)snprintf(line + len, API_PATH_MAX - len, "%c%s%s%s", strchr(line, '?') ? '&' : '?', key, value ? "=" : "",
		value ? value : "");
	return MHD_YES;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *c, const char *url, const char *method,
	const char *version UNUSED, const char *data, size_t *data_len, void **slot)
{
	struct api *api = context;
	struct text *body = *slot;
	struct MHD_Response *response;
	struct api_request *r;
	struct api_rule rule;

	if (!body) {
		*slot = body = calloc(1, sizeof(*body));
		if (!body)
			abort();
		text_init(body, NULL, STREAM_MAX);
		return MHD_YES;
	}
	if (*data_len) {
		text_add(body, data, *data_len);
		*data_len = 0;
		return MHD_YES;
	}
	(void)pthread_mutex_lock(&api->lock);
	if (api->n_log == API_LOG_MAX)
		abort();
	r = &api->log[api->n_log++];
	(void)snprintf(r->line, sizeof(r->line), "%s %s", method, url);
	(void)MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, add_query, r->line);
	copy_header(c, "Authorization", r->authorization, sizeof(r->authorization));
	copy_header(c, "Content-Type", r->content_type, sizeof(r->content_type));
	copy_header(c, "Accept", r->accept, sizeof(r->accept));
	r->body = strndup(body->data ? body->data : "", body->len);
	response = respond(api, r, &rule);
	(void)pthread_cond_broadcast(&api->changed);
	(void)pthread_mutex_unlock(&api->lock);
	return reply(c, response, &rule);
}

static void finish(
	void *context UNUSED, struct MHD_Connection *c UNUSED, void **slot, enum MHD_RequestTerminationCode how UNUSED)
{
	struct text *body = *slot;

	if (body)
		text_release(body);
	free(body);
	*slot = NULL;
}

void api_add(struct api *api, struct api_rule rule)
{
	(void)pthread_mutex_lock(&api->lock);
	if (api->n_rules == API_RULES_MAX)
		abort();
	api->used[api->n_rules] = 0;
	api->rule[api->n_rules++] = rule;
	(void)pthread_mutex_unlock(&api->lock);
}

/* Locked. */
static size_t count(const struct api *api, const char *begin)
{
	size_t n = 0;

	for (size_t i = 0; i < api->n_log; i++)
		n += begins(api->log[i].line, begin);
	return n;
}

size_t api_asked(struct api *api, const char *begin)
{
	size_t n;

	(void)pthread_mutex_lock(&api->lock);
	n = count(api, begin);
	(void)pthread_mutex_unlock(&api->lock);
	return n;
}

void api_wait_asked(struct api *api, const char *begin, size_t times)
{
	struct timespec until;
	size_t n;
	int status = 0;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_SECONDS;
	(void)pthread_mutex_lock(&api->lock);
	while ((n = count(api, begin)) < times && status == 0)
		status = pthread_cond_timedwait(&api->changed, &api->lock, &until);
	(void)pthread_mutex_unlock(&api->lock);
	if (n < times)
		fail_msg("asked %zu times for %s, not %zu", n, begin, times);
}

const struct api_request *api_latest(struct api *api, const char *begin)
{
	const struct api_request *found = NULL;

	(void)pthread_mutex_lock(&api->lock);
	for (size_t i = 0; i < api->n_log; i++)
		if (begins(api->log[i].line, begin))
			found = &api->log[i];
	(void)pthread_mutex_unlock(&api->lock);
	return found;
}

/* --- life ----------------------------------------------------------------------------------------------------------
 */

static void listen_on(struct api *api, uint16_t port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const union MHD_DaemonInfo *info;

	api->ending = false;
	api->daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0,
		NULL, NULL, handle, api, MHD_OPTION_HTTPS_MEM_CERT, api->serving.cert.p, MHD_OPTION_HTTPS_MEM_KEY,
		api->serving.key.p, MHD_OPTION_NOTIFY_COMPLETED, finish, NULL, MHD_OPTION_SOCK_ADDR, &address,
		MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
	assert_non_null(api->daemon);
	/* Clients read the name meanwhile. */
	if (port)
		return;
	info = MHD_get_daemon_info(api->daemon, MHD_DAEMON_INFO_BIND_PORT);
	assert_non_null(info);
	if (!api->server[0]) /* others read it when it comes back */
		(void)snprintf(api->server, sizeof(api->server), "https://127.0.0.1:%u", info->port);
}

void api_start(struct api *api)
{
	static const char *const hosts[] = {"127.0.0.1"};
	const struct cert_request authority = {.name = "API CA", .now = (int64_t)time(NULL), .seconds = DAY};
	const struct cert_request serving = {
		.name = "API", .hosts = hosts, .n_hosts = 1, .now = (int64_t)time(NULL), .seconds = DAY};
	struct err err = {0};

	memset(api, 0, sizeof(*api));
	arena_init(&api->arena, 0);
	(void)pthread_mutex_init(&api->lock, NULL);
	(void)pthread_cond_init(&api->changed, NULL);
	assert_int_equal(ca_create(&api->arena, &authority, &api->ca, &err), 0);
	assert_int_equal(ca_issue(&api->arena, &api->ca, &serving, &api->serving, &err), 0);
	listen_on(api, 0);
	api->config = (struct cluster_config){
		.server = api->server, .ca.text = api->ca.cert, .token = "good", .origin = "the test"};
	api->token = "good";
}

void api_pause(struct api *api)
{
	(void)pthread_mutex_lock(&api->lock);
	api->ending = true;
	(void)pthread_cond_broadcast(&api->changed);
	(void)pthread_mutex_unlock(&api->lock);
	MHD_stop_daemon(api->daemon);
	api->daemon = NULL;
	for (size_t i = 0; i < api->n_streams; i++) {
		text_release(&api->stream[i]->text);
		free(api->stream[i]);
	}
	api->n_streams = 0;
}

void api_resume(struct api *api)
{
	listen_on(api, (uint16_t)strtoul(strrchr(api->server, ':') + 1, NULL, 10));
}

void api_stop(struct api *api)
{
	if (api->daemon)
		api_pause(api);
	for (size_t i = 0; i < api->n_log; i++)
		free(api->log[i].body);
	(void)pthread_cond_destroy(&api->changed);
	(void)pthread_mutex_destroy(&api->lock);
	arena_release(&api->arena);
}
