/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of webhook/server/ share: the server's own state. Nobody else includes this. */
#ifndef WEBHOOK_SERVER_STATE_H
#define WEBHOOK_SERVER_STATE_H

#include <microhttpd.h>

#include "webhook/server/connection.h"
#include "webhook/server/metrics.h"
#include "webhook/server/refusal.h"
#include "webhook/server/request.h"
#include "webhook/server/server.h"

/* One listener; what libmicrohttpd hands to every callback. */
struct endpoint {
	struct server *server;
	bool only_health;          /* the plain port */
	struct MHD_Daemon *daemon; /* NULL when not started */
	char name[LISTEN_NAME_MAX];
};

struct server {
	struct server_options options; /* texts are not used after the start */
	struct served_cert_slot certs;
	struct connections connections;
	bool connections_started;
	struct refusals refusals;
	struct refusals trust;   /* why the webhook configurations do not verify what is served, as the part "certificate" */
	atomic_bool trust_asked; /* whether anybody looks */
	atomic_bool leads, leader_asked;
	struct request_pool requests;
	struct endpoint inject, metrics;
	struct metrics metrics_counted;
	atomic_bool ready;
	atomic_size_t active; /* requests begun and not yet done */
	atomic_size_t suspended; /* of these: waiting for their audit line */
};

#endif
