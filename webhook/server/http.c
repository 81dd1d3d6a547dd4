/* SPDX-License-Identifier: Apache-2.0 */
/* The callbacks that libmicrohttpd calls, for each listener. */
#include "webhook/server/http.h"

#include <string.h>

#include "webhook/server/overload.h"
#include "webhook/server/route.h"

struct connection *http_connection_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

void http_connection(void *cls, struct MHD_Connection *c, void **slot, enum MHD_ConnectionNotificationCode what)
{
	struct endpoint *e = cls;
	const union MHD_ConnectionInfo *info;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*slot)
			connection_closed(*slot);
		*slot = NULL;
		return;
	}
	info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	*slot = info ? connection_opened(&e->server->connections, info->connect_fd) : NULL;
}

static int http_verify(gnutls_session_t session)
{
	struct MHD_Connection *c = gnutls_session_get_ptr(session);
	struct connection *connection = c ? http_connection_of(c) : NULL;

	if (!connection)
		return -1;
	connection->authenticated = client_auth_accepts(connection->table->auth, session);
	if (!connection->authenticated)
		(void)atomic_fetch_add(&connection->table->refused, 1);
	return connection->authenticated ? 0 : -1;
}

/* libmicrohttpd makes its connection the session's own pointer. The reference ends with the connection, so the key
 * outlives the handshake. */
int http_certificate(gnutls_session_t session, const gnutls_datum_t *ca_names UNUSED, int n_ca_names UNUSED,
	const gnutls_pk_algorithm_t *algorithms UNUSED, int n_algorithms UNUSED, gnutls_pcert_st **ret_chain,
	unsigned int *ret_len, gnutls_privkey_t *ret_key)
{
	struct MHD_Connection *c = gnutls_session_get_ptr(session);
	struct connection *connection = c ? http_connection_of(c) : NULL;

	if (!connection)
		return -1;
	if (!connection->cert)
		connection->cert = served_cert_get(connection->table->certs);
	if (!connection->cert)
		return -1;
	if (connection->table->auth)
		client_auth_ask(session, http_verify);
	*ret_chain = connection->cert->chain;
	*ret_len = connection->cert->len;
	*ret_key = connection->cert->key;
	return 0;
}

/* Called with the request line, before any header is read. */
void *http_begin(void *cls, const char *target, struct MHD_Connection *c)
{
	struct endpoint *e = cls;
	struct connection *connection = http_connection_of(c);
	struct request *r = connection ? request_take(&e->server->requests) : NULL;

	if (!r)
		return NULL;
	(void)atomic_fetch_add(&e->server->active, 1);
	connection_request_begins(connection);
	r->began_us = clock_us();
	r->connection = c;
	if (strlen(target) > TARGET_BYTES_MAX) {
		r->status = MHD_HTTP_URI_TOO_LONG;
		r->problem = "the path is longer than 4 KiB";
	} else if (!request_set_target(r, target)) {
		r->status = MHD_HTTP_BAD_REQUEST;
		r->problem = "the path is malformed";
	}
	return r;
}

void http_end(void *cls, struct MHD_Connection *c, void **slot, enum MHD_RequestTerminationCode how UNUSED)
{
	struct endpoint *e = cls;
	struct connection *connection = http_connection_of(c);

	if (!*slot)
		return;
	if (connection)
		connection_request_ends(connection);
	request_give_back(&e->server->requests, *slot);
	*slot = NULL;
	(void)atomic_fetch_sub(&e->server->active, 1);
}

/* Text of ours stays with the request until it is done, so libmicrohttpd need not copy it. */
static struct MHD_Response *response_of(struct text *out)
{
	static const char none[] = "out of memory\n";
	const union {
		const char *in;
		void *out;
	} fixed = {.in = none}; /* only read, but taken as void * */

	if (out->failed || !out->data)
		return MHD_create_response_from_buffer(
			out->failed ? sizeof(none) - 1 : 0, fixed.out, MHD_RESPMEM_PERSISTENT);
	return MHD_create_response_from_buffer(out->len, out->data, MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result send_answer(
	struct endpoint *e, struct MHD_Connection *c, struct request *r, unsigned status, const char *type, bool last)
{
	struct MHD_Response *response = response_of(&r->out);
	struct connection *connection = http_connection_of(c);
	enum MHD_Result result = MHD_NO;

	if (!response)
		return MHD_NO;
	if (r->out.failed)
		status = MHD_HTTP_INTERNAL_SERVER_ERROR;
	if (connection)
		connection_request_answers(connection);
	/* kube-apiserver goes on with a connection to a terminating pod until it is told not to (kubernetes 127335). */
	if (!atomic_load_explicit(&e->server->ready, memory_order_relaxed) && !e->only_health)
		last = true;
	if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES &&
		(status != MHD_HTTP_METHOD_NOT_ALLOWED ||
			MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, r->route->allow) == MHD_YES) &&
		(!r->retry || MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1") == MHD_YES) &&
		(!last || MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close") == MHD_YES))
		result = MHD_queue_response(c, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result send_problem(struct endpoint *e, struct MHD_Connection *c, struct request *r, bool last)
{
	text_clear(&r->out);
	text_adds(&r->out, r->problem);
	text_addc(&r->out, '\n');
	return send_answer(e, c, r, (unsigned)r->status, "text/plain; charset=utf-8", last);
}

/* A body that is too large is read to its end and forgotten: its sender can only read the answer then. */
static void collect(struct request *r, const char *data, size_t len)
{
	if (r->status)
		return;
	text_add(&r->body, data, len);
	if (!r->body.failed)
		return;
	r->status = r->body.len + len > r->body.max ? MHD_HTTP_CONTENT_TOO_LARGE : MHD_HTTP_INTERNAL_SERVER_ERROR;
	r->problem = r->status == MHD_HTTP_CONTENT_TOO_LARGE ? "the body is larger than the limit (--max-body)"
							     : "out of memory";
}

/* The handshake has ended for such a client; this is for the day when a session comes by another way, as resumption would be. */
static bool is_unknown(const struct endpoint *e, const struct connection *c)
{
	return !e->only_health && e->server->options.client_auth && !(c && c->authenticated);
}

/* Whether the answer must go out before the body is read. */
static bool begin_head(struct endpoint *e, struct request *r, struct MHD_Connection *c, const char *method)
{
	const struct connection *connection = http_connection_of(c);

	if (is_unknown(e, connection)) {
		r->status = MHD_HTTP_FORBIDDEN;
		r->problem = "a client certificate is needed here";
		return true;
	}
	if (route_check_head(e, r, c, method))
		return true;
	if (!r->status && r->route->takes_body && connection)
		(void)overload_refuses(e->server, r, connection->fd);
	return false;
}

enum MHD_Result http_handle(void *cls, struct MHD_Connection *c, const char *url UNUSED, const char *method,
	const char *version UNUSED, const char *data, size_t *data_len, void **slot)
{
	struct endpoint *e = cls;
	struct request *r = *slot;
	const char *type;
	unsigned status;

	if (!r)
		return MHD_NO; /* no memory for a request: the connection ends */
	if (!r->head_read) {
		r->head_read = true;
		return begin_head(e, r, c, method) ? send_problem(e, c, r, true) : MHD_YES;
	}
	if (*data_len) {
		collect(r, data, *data_len);
		*data_len = 0;
		return MHD_YES;
	}
	if (!r->status && r->route->takes_body && !r->outcome && overload_is_late(r))
		overload_give_up(e->server, r);
	/* Asked again on another connection, it may reach another replica. */
	if (r->status)
		return send_problem(e, c, r, r->retry);
	status = r->route->answer(e->server, r, &type);
	if (status == ANSWER_LATER)
		return MHD_YES;
	return r->status ? send_problem(e, c, r, false) : send_answer(e, c, r, status, type, false);
}
