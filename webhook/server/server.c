/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTPS server of the webhook: start, certificates, readiness, drain, stop. */
#include "webhook/server/server.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "certs/check.h"
#include "webhook/server/http.h"

enum {
	CONNECTION_BYTES =
		24
		<< 10, /* head and read buffer of one connection: HEAD_BYTES_MAX and what libmicrohttpd makes of it */
	CONNECTION_GROW = 4 << 10,
	IDLE_REQUESTS_A_THREAD = 2,
	DRAIN_STEP_MS = 5,
};

static unsigned thread_count(const struct server *s)
{
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (s->options.threads)
		return s->options.threads;
	return cores > 0 && cores < 256 ? (unsigned)cores : 1;
}

/* Takes the socket. Options that only TLS has stand last, where MHD_OPTION_END can cut them off. */
static int start_daemon(struct endpoint *e, int fd, bool tls, unsigned threads, struct err *err)
{
	struct server *s = e->server;
	const unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | (tls ? MHD_USE_TLS : 0) |
			       (audit_blocks(s->options.audit) ? MHD_ALLOW_SUSPEND_RESUME : 0);
	const struct MHD_OptionItem options[] = {
		{MHD_OPTION_LISTEN_SOCKET, fd, NULL},
		{MHD_OPTION_CONNECTION_LIMIT, (intptr_t)s->options.max_connections, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_INCREMENT, CONNECTION_GROW, NULL},
		{MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
		{threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)threads, NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	const struct MHD_OptionItem tls_options[] = {
		{tls ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, 0, (void *)(uintptr_t)TLS_PRIORITIES},
		{MHD_OPTION_END, 0, NULL},
	};

	listen_name(fd, e->name);
	if (tls)
		e->daemon = MHD_start_daemon(flags, 0, NULL, NULL, http_handle, e, MHD_OPTION_URI_LOG_CALLBACK,
			http_begin, e, MHD_OPTION_NOTIFY_COMPLETED, http_end, e, MHD_OPTION_NOTIFY_CONNECTION,
			http_connection, e, MHD_OPTION_ARRAY, tls_options, MHD_OPTION_HTTPS_CERT_CALLBACK,
			http_certificate, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	else
		e->daemon = MHD_start_daemon(flags, 0, NULL, NULL, http_handle, e, MHD_OPTION_URI_LOG_CALLBACK,
			http_begin, e, MHD_OPTION_NOTIFY_COMPLETED, http_end, e, MHD_OPTION_NOTIFY_CONNECTION,
			http_connection, e, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	if (e->daemon)
		return 0;
	(void)close(fd);
	return err_set(err, ERR_IO, "cannot start serving on %s", e->name);
}

static int start_endpoint(struct endpoint *e, const char *listen, bool tls, unsigned threads, struct err *err)
{
	own(listen_close) int fd = -1;
	int taken;

	if (listen_open(listen, &fd, err) < 0)
		return -1;
	taken = fd;
	fd = -1;
	return start_daemon(e, taken, tls, threads, err);
}

static void server_freep(struct server **slot)
{
	server_stop(*slot);
}

static struct server *server_new(const struct server_options *options, struct err *err)
{
	struct server *s = calloc(1, sizeof(*s));

	if (!s) {
		(void)err_nomem(err);
		return NULL;
	}
	s->options = *options;
	s->inject.server = s;
	s->metrics.server = s;
	s->metrics.only_health = true;
	served_cert_slot_init(&s->certs);
	refusals_init(&s->refusals);
	refusals_init(&s->trust);
	request_pool_init(&s->requests, (size_t)thread_count(s) * IDLE_REQUESTS_A_THREAD, options->max_body);
	return s;
}

struct server *server_start(const struct server_options *options, const struct cert_pair *cert, struct err *err)
{
	own(server_freep) struct server *s = server_new(options, err);

	if (!s || (cert && server_set_certificate(s, cert, err) < 0) ||
		connections_start(&s->connections, options->idle_ms, options->request_ms, &s->certs, err) < 0)
		return NULL;
	s->connections_started = true;
	s->connections.auth = options->client_auth;
	if (start_endpoint(&s->inject, options->listen, true, thread_count(s), err) < 0 ||
		(options->metrics_listen && start_endpoint(&s->metrics, options->metrics_listen, false, 1, err) < 0))
		return NULL;
	return take(s);
}

int server_set_certificate(struct server *s, const struct cert_pair *cert, struct err *err)
{
	struct cert_facts facts;
	struct served_cert *next;

	if (cert_check(cert, (int64_t)time(NULL), &facts, err) < 0)
		return -1;
	next = served_cert_new(cert, facts.not_before, facts.not_after, err);
	if (!next)
		return -1;
	served_cert_swap(&s->certs, next);
	return 0;
}

int server_get_chain(struct server *s, struct arena *a, struct str *ret, struct err *err)
{
	struct served_cert *c = served_cert_get(&s->certs);
	const size_t len = c ? strlen(c->pem) : 0;
	const char *copy = arena_strndup(a, c ? c->pem : "", len);

	served_cert_unref(c);
	if (!copy)
		return err_nomem(err);
	*ret = (struct str){copy, len};
	return 0;
}

void server_set_trust(struct server *s, const char *problem)
{
	refusals_set(&s->trust, SERVER_CERTIFICATE, problem);
	atomic_store(&s->trust_asked, true);
}

void server_set_leader(struct server *s, bool leads)
{
	atomic_store(&s->leads, leads);
	atomic_store(&s->leader_asked, true);
}

void server_set_ready(struct server *s, bool ready)
{
	atomic_store(&s->ready, ready);
}

void server_set_refusal(struct server *s, enum server_part part, const char *what)
{
	refusals_set(&s->refusals, part, what);
}

static void sleep_ms(long ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

void server_drain(struct server *s, int64_t wait_ms)
{
	const int64_t until = clock_ms() + wait_ms;
	const MHD_socket listener = MHD_quiesce_daemon(s->inject.daemon);

	if (listener != MHD_INVALID_SOCKET)
		(void)close(listener);
	while (atomic_load(&s->active) > 0 && clock_ms() < until)
		sleep_ms(DRAIN_STEP_MS);
}

void server_stop(struct server *s)
{
	if (!s)
		return;
	/* libmicrohttpd cannot end while connections wait; the audit log tells each of them, written or not. */
	while (atomic_load(&s->suspended) > 0)
		sleep_ms(DRAIN_STEP_MS);
	if (s->inject.daemon)
		MHD_stop_daemon(s->inject.daemon);
	if (s->metrics.daemon)
		MHD_stop_daemon(s->metrics.daemon);
	if (s->connections_started)
		connections_stop(&s->connections);
	request_pool_release(&s->requests);
	served_cert_slot_release(&s->certs);
	refusals_release(&s->refusals);
	refusals_release(&s->trust);
	free(s);
}

const char *server_address(const struct server *s)
{
	return s->inject.name;
}

const char *server_metrics_address(const struct server *s)
{
	return s->metrics.name;
}
