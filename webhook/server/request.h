/* SPDX-License-Identifier: Apache-2.0 */
/* One request while it is served: its memory, reused from a small pool, and what has been read of it. */
#ifndef WEBHOOK_SERVER_REQUEST_H
#define WEBHOOK_SERVER_REQUEST_H

#include <pthread.h>

#include "base/arena.h"
#include "base/text.h"

struct admission_outcome;
struct MHD_Connection;
struct route;
struct server;
struct snapshot;

struct request {
	struct request *next; /* in the pool */
	struct arena arena;   /* everything below lives here */
	struct text body, out;
	struct str path, query;    /* path: percent-decoded; query: as it came */
	const struct route *route; /* NULL until the head was read */
	int status;                /* 0, or what the head already deserves: then the body is read and forgotten */
	const char *problem;       /* the line that goes with it */
	bool head_read;
	int64_t began_us;
	/* Of a review: when it came, as far as the socket knows; how old it may become; whether it has; whether to ask again makes sense. */
	int64_t asked_us, budget_us;
	bool late, retry;
	struct MHD_Connection *connection;
	/* While an answer waits for its audit line, and after. */
	struct server *server;
	struct admission_outcome *outcome; /* NULL before */
	struct snapshot *snapshot;         /* counted: the outcome borrows from it; NULL before */
	const char *unaudited;             /* why the line could not be written; NULL: it is */
};

/* Requests at rest, with their memory. Any thread. */
struct request_pool {
	pthread_mutex_t lock;
	struct request *idle;
	size_t n_idle, keep; /* more than keep are freed instead */
	size_t max_body;
};

void request_pool_init(struct request_pool *pool, size_t keep, size_t max_body);
void request_pool_release(struct request_pool *pool);
/* Empty and ready; NULL without memory. */
struct request *request_take(struct request_pool *pool) MUST_CHECK;
void request_give_back(struct request_pool *pool, struct request *r);

/*
 * Splits a request target at '?' and decodes the path. False where it is no path of ours to decode: not beginning with
 * '/', a '%' without two digits, NUL, or a segment "." or "..".
 */
bool request_set_target(struct request *r, const char *target);

#endif
