/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the Kubernetes API, one at a time and to the end. */
#include "webhook/cluster/client.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "webhook/cluster/answer.h"
#include "webhook/cluster/transfer.h"

enum {
	STATUS_TOO_MANY = 429,
	STATUS_UNAVAILABLE = 503,
	BUSY_REPEATS = 3,
	BUSY_WAIT_MAX = 5, /* seconds; who asks for more gets an error at once, and tries again later */
	SLEEP_STEP_MS = 100,
};

struct cluster_client {
	const struct cluster_config *config;
	struct libcurl curl;
	struct transfer transfer;
	struct cluster_auth auth;
	atomic_bool stopped;
};

struct cluster_client *cluster_client_new(const struct cluster_config *config, struct err *err)
{
	own(cluster_client_freep) struct cluster_client *c = calloc(1, sizeof(*c));

	if (!c) {
		(void)err_nomem(err);
		return NULL;
	}
	c->config = config;
	atomic_init(&c->stopped, false);
	cluster_auth_init(&c->auth, config);
	if (libcurl_load(&c->curl, err) < 0 || transfer_init(&c->transfer, &c->curl, err) < 0)
		return NULL;
	return take(c);
}

void cluster_client_free(struct cluster_client *c)
{
	if (!c)
		return;
	transfer_release(&c->transfer);
	cluster_auth_release(&c->auth);
	free(c);
}

void cluster_client_freep(struct cluster_client **slot)
{
	cluster_client_free(*slot);
}

void cluster_client_stop(struct cluster_client *c)
{
	atomic_store(&c->stopped, true);
}

bool cluster_client_stopped(const struct cluster_client *c)
{
	return atomic_load(&c->stopped);
}

/* --- one exchange ------------------------------------------------------------------------------------------------- */

static size_t take_bytes(char *data, size_t size, size_t n, void *context)
{
	struct text *body = context;

	text_add(body, data, size * n);
	return body->failed ? 0 : size * n;
}

/* libcurl calls it about once a second. */
static int look_up(void *context, curl_off_t a UNUSED, curl_off_t b UNUSED, curl_off_t c UNUSED, curl_off_t d UNUSED)
{
	const struct cluster_client *client = context;

	return atomic_load(&client->stopped);
}

static bool set_up(struct cluster_client *c, const struct cluster_request *r, struct text *body)
{
	const struct libcurl *curl = &c->curl;
	const long timeout = (long)(r->timeout_ms ? r->timeout_ms : CLUSTER_TIMEOUT_MS);
	CURL *easy = c->transfer.easy;

	return curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK &&
	       curl->easy_setopt(easy, CURLOPT_WRITEDATA, body) == CURLE_OK &&
	       curl->easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, look_up) == CURLE_OK &&
	       curl->easy_setopt(easy, CURLOPT_XFERINFODATA, c) == CURLE_OK &&
	       curl->easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
	       curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout) == CURLE_OK;
}

/* Sends it once. ret->status is 0 where no whole answer came. */
static int exchange(
	struct cluster_client *c, struct text *body, const struct cluster_request *r, bool new_token, struct err *err)
{
	struct transfer_request t = {
		.method = r->method, .path = r->path, .content_type = r->content_type, .body = r->body};
	CURLcode code;

	text_clear(body);
	if (cluster_auth_header(&c->auth, new_token, &t.authorization, err) < 0 ||
		transfer_prepare(&c->transfer, c->config, &t, err) < 0)
		return -1;
	if (!set_up(c, r, body))
		return err_set(err, ERR_BUG, "a request cannot be set up");
	code = c->curl.easy_perform(c->transfer.easy);
	if (body->failed) {
		(void)text_check(body, "the answer", err);
		return err_wrap(err, "%s %.*s", r->method, transfer_path_len(r->path), r->path);
	}
	if (atomic_load(&c->stopped))
		return err_set(err, ERR_IO, "%s %.*s: we are ending", r->method, transfer_path_len(r->path), r->path);
	return code == CURLE_OK ? 0 : transfer_failed(&c->transfer, c->config, &t, code, err);
}

static void wait_seconds(const struct cluster_client *c, long seconds)
{
	const struct timespec step = {.tv_nsec = SLEEP_STEP_MS * 1000000L};

	for (long i = 0; i < seconds * 1000 / SLEEP_STEP_MS && !atomic_load(&c->stopped); i++)
		(void)nanosleep(&step, NULL);
}

/* Seconds to wait before the same again; 0: the answer stands. */
static long busy_for(const struct cluster_client *c, int status)
{
	const long after = c->transfer.retry_after;

	if (status == STATUS_TOO_MANY && !after)
		return 1;
	return (status == STATUS_TOO_MANY || status == STATUS_UNAVAILABLE) && after <= BUSY_WAIT_MAX ? after : 0;
}

int cluster_ask(struct cluster_client *c, struct arena *a, const struct cluster_request *r, struct cluster_answer *ret,
	struct err *err)
{
	bool new_token = false;
	struct text body;

	*ret = (struct cluster_answer){0};
	text_init(&body, a, LIMIT_API_BYTES);
	for (int busy = 0;;) {
		long wait;

		if (exchange(c, &body, r, new_token, err) < 0)
			return -1;
		ret->status = transfer_status(&c->transfer);
		ret->date = c->transfer.date;
		if (ret->status == CLUSTER_UNAUTHORIZED && c->config->token_file && !new_token) {
			new_token = true;
			continue;
		}
		wait = r->timeout_ms ? 0 : busy_for(c, ret->status);
		if (!wait || busy++ == BUSY_REPEATS)
			break;
		wait_seconds(c, wait);
	}
	ret->body = (struct str){body.data ? body.data : "", body.len};
	return 0;
}

/* --- as Kubernetes has it ------------------------------------------------------------------------------------------
 */

void cluster_escape(struct text *out, struct str s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";

	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] && strchr(plain, s.p[i]))
			text_addc(out, s.p[i]);
		else
			text_addf(out, "%%%02X", (unsigned char)s.p[i]);
	}
}

static void add_part(struct text *out, const char *part)
{
	text_addc(out, '/');
	cluster_escape(out, str_of(part));
}

/* A subresource may have parts of its own. */
static void add_subresource(struct text *out, const char *subresource)
{
	struct str rest = str_of(subresource);

	while (rest.p) {
		const struct str part = str_cut(&rest, '/');

		text_addc(out, '/');
		cluster_escape(out, part);
	}
}

const char *cluster_path(struct arena *a, const struct cluster_place *p, const char *query)
{
	struct text t;

	text_init(&t, a, LIMIT_CONFIG_BYTES);
	text_adds(&t, p->api);
	if (p->namespace) {
		add_part(&t, "namespaces");
		add_part(&t, p->namespace);
	}
	add_part(&t, p->resource);
	if (p->name)
		add_part(&t, p->name);
	if (p->subresource)
		add_subresource(&t, p->subresource);
	if (query)
		text_addf(&t, "?%s", query);
	return text_cstr(&t);
}

static const struct {
	const char *method, *content_type, *query;
} verbs[] = {
	[CLUSTER_GET] = {"GET", NULL, NULL},
	[CLUSTER_CREATE] = {"POST", "application/json", "fieldManager=" CLUSTER_FIELD_MANAGER},
	[CLUSTER_REPLACE] = {"PUT", "application/json", "fieldManager=" CLUSTER_FIELD_MANAGER},
	[CLUSTER_PATCH] = {"PATCH", "application/json-patch+json", "fieldManager=" CLUSTER_FIELD_MANAGER},
	[CLUSTER_APPLY] = {"PATCH", "application/apply-patch+yaml",
		"fieldManager=" CLUSTER_FIELD_MANAGER "&force=true"},
	[CLUSTER_DELETE] = {"DELETE", "application/json", NULL},
};

static bool is_success(int status)
{
	return status >= 200 && status <= 299;
}

/* The answer's object, or what the server says against it. */
static int judge(struct arena *a, const struct cluster_request *r, struct cluster_answer *ret, struct err *err)
{
	struct err problem = {0};

	ret->object = answer_parse(a, ret->body, &problem);
	if (ret->object && is_success(ret->status))
		return 0;
	if (problem.code == ERR_NOMEM)
		return err_nomem(err);
	if (is_success(ret->status))
		(void)err_set(err, ERR_IO, "the answer is not what a Kubernetes API sends: %s%s%.200s", problem.where,
			problem.where[0] ? ": " : "", problem.what);
	else
		(void)answer_refused(ret->status, ret->object, ret->body, err);
	return err_wrap(err, "%s %.*s", r->method, transfer_path_len(r->path), r->path);
}

static const char *path_of(struct arena *a, const struct cluster_call *call)
{
	const char *own = verbs[call->verb].query;
	const char *query = call->query && own ? arena_printf(a, "%s&%s", call->query, own)
			    : call->query      ? call->query
					       : own;

	return call->query && own && !query ? NULL : cluster_path(a, &call->place, query);
}

int cluster_do(struct cluster_client *c, struct arena *a, const struct cluster_call *call, struct cluster_answer *ret,
	struct err *err)
{
	const struct cluster_request r = {
		.method = verbs[call->verb].method,
		.path = path_of(a, call),
		.content_type = verbs[call->verb].content_type,
		.body = call->body,
		.timeout_ms = call->timeout_ms,
	};

	*ret = (struct cluster_answer){0};
	if (!r.path)
		return err_nomem(err);
	if (cluster_ask(c, a, &r, ret, err) < 0) {
		ret->status = 0;
		return -1;
	}
	return judge(a, &r, ret, err);
}
