/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connections that are open, each with a deadline of its own. libmicrohttpd's time-out starts anew with every byte,
 * so a client that trickles would hold a connection for ever: here the time of a whole request counts.
 */
#ifndef WEBHOOK_SERVER_CONNECTION_H
#define WEBHOOK_SERVER_CONNECTION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "webhook/server/client_auth.h"
#include "webhook/server/tls.h"

struct connection {
	struct connection *newer, *older;
	struct connections *table; /* borrowed */
	struct served_cert *cert;  /* a reference, from the handshake on; NULL before and without TLS */
	bool authenticated;        /* the client has shown a certificate that is asked for, and good */
	_Atomic int64_t deadline;  /* milliseconds of the monotonic clock */
	int fd;                    /* borrowed of libmicrohttpd, valid until connection_closed() */
};

struct connections {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* of CLOCK_MONOTONIC */
	pthread_t reaper;       /* closes what is past its deadline */
	struct connection *newest;
	int64_t idle_ms, request_ms;
	bool stopping;
	struct served_cert_slot *certs; /* borrowed; NULL without TLS */
	const struct client_auth *auth; /* borrowed; NULL: clients need no certificate */
	atomic_size_t refused;          /* clients that showed none that is good */
	atomic_size_t open, timed_out;  /* open now; closed at their deadline so far */
};

/* Starts the thread of the deadlines. */
int connections_start(struct connections *t, int64_t idle_ms, int64_t request_ms, struct served_cert_slot *certs,
	struct err *err) MUST_CHECK;
/* After the last connection was closed. */
void connections_stop(struct connections *t);

/* From accept on the request time runs, until the first request is done. NULL without memory. */
struct connection *connection_opened(struct connections *t, int fd) MUST_CHECK;
void connection_closed(struct connection *c);

void connection_request_begins(struct connection *c);  /* its request line was read */
void connection_request_answers(struct connection *c); /* the answer is on its way */
void connection_request_ends(struct connection *c);    /* idle from here on */

int64_t clock_ms(void); /* monotonic */
int64_t clock_us(void);

#endif
