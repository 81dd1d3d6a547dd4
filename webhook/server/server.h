/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTPS server of the webhook, over libmicrohttpd: POST /inject and /inject/..., GET and HEAD /healthz and /readyz
 * (?verbose); the latter two also over plain HTTP on a port of their own. Worker threads by core; each request is
 * answered by the thread that read it.
 */
#ifndef WEBHOOK_SERVER_SERVER_H
#define WEBHOOK_SERVER_SERVER_H

#include "base/err.h"
#include "base/log.h"
#include "certs/ca.h"
#include "webhook/audit/audit.h"
#include "webhook/check/census.h"
#include "webhook/cluster/events.h"
#include "webhook/server/listen.h"
#include "webhook/snapshot.h"

/* What somebody else has to say in /metrics, and in /readyz?verbose ("[+]NAME ok: DETAIL" lines). Any thread; each appends. */
struct server_beside {
	void (*metrics)(void *context, struct text *out); /* NULL: nothing, as the other */
	void (*health)(void *context, struct text *out);
	void *context; /* borrowed; outlives the server */
};

struct server_options {
	const char *listen;         /* ADDR:PORT */
	const char *metrics_listen; /* NULL: none */
	unsigned threads;           /* 0: one a core */
	unsigned max_connections;
	size_t max_body;              /* bytes */
	int64_t idle_ms, request_ms;  /* deadlines of a silent connection, of a request */
	struct snapshot_slot *config; /* borrowed; may be empty: not ready, /inject answers 503 */
	struct audit *audit;          /* borrowed; NULL: no audit log. Outlives the server */
	struct census *census;        /* borrowed; NULL: nobody counts pods. Outlives the server */
	struct events *events;        /* borrowed; NULL: no Events are written. Outlives the server */
	const struct client_auth *client_auth; /* borrowed; NULL: the webhook port asks no client for a certificate */
	struct server_beside beside;
	const struct log *log;        /* borrowed; NULL: nothing is logged */
};

struct server;

/* Serves from the return on; ready only after server_set_ready(). cert: NULL for one that comes later: handshakes fail
 * and it is not ready until then. NULL with err. The caller frees it with server_stop(). */
struct server *server_start(
	const struct server_options *options, const struct cert_pair *cert, struct err *err) MUST_CHECK;

/* Checks the pair and serves it to connections from now on; open ones go on with theirs. On failure the old one stays.
 */
int server_set_certificate(struct server *s, const struct cert_pair *cert, struct err *err) MUST_CHECK;

/* The chain that new connections are served, PEM, into the arena. */
int server_get_chain(struct server *s, struct arena *a, struct str *ret, struct err *err) MUST_CHECK;

/* Whether the webhook configurations verify what is served: not ready while they do not. problem: why not, one line; NULL: they do. Before the
 * first call nobody asks. Any thread. */
void server_set_trust(struct server *s, const char *problem);

/* Whether this replica holds the Lease, for the metric; before the first call nobody asks. Any thread. */
void server_set_leader(struct server *s, bool leads);

/* What /readyz says, beside configuration and certificate. While not ready every answer closes its connection. */
void server_set_ready(struct server *s, bool ready);

enum server_part { SERVER_CONFIGURATION, SERVER_CERTIFICATE, SERVER_GUARD, SERVER_PARTS };

/* What was to replace the part in force and was refused: /readyz?verbose says why and since when, and it stays ready. what: one line;
 * NULL once it is replaced, or wanted no more. Any thread. */
void server_set_refusal(struct server *s, enum server_part part, const char *what);

/* Takes no new connections; waits at most wait_ms for those requests that have begun. */
void server_drain(struct server *s, int64_t wait_ms);
/* Closes every connection, ends the threads, frees. NULL is fine. */
void server_stop(struct server *s);

/* "127.0.0.1:15017" as bound; "" for no metrics listener. Valid until server_stop(). */
const char *server_address(const struct server *s);
const char *server_metrics_address(const struct server *s);

#endif
