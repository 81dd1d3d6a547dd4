/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in for the Kubernetes API on 127.0.0.1 over TLS: it answers as the test tells it to, well or badly, and keeps
 * what it was asked. Watches are streams that the test writes to.
 */
#ifndef TESTS_SERVER_API_H
#define TESTS_SERVER_API_H

#include <pthread.h>

#include "certs/ca.h"
#include "webhook/cluster/config.h"

enum { API_LOG_MAX = 256, API_PATH_MAX = 512, API_RULES_MAX = 64, API_STREAMS_MAX = 32 };

enum api_manner {
	API_WHOLE,
	API_ECHO,    /* what was sent comes back, as an API server stores it: with a resourceVersion of its own */
	API_CUT,     /* the connection ends in the middle of the body */
	API_ENDLESS, /* a body without end */
	API_SILENT,  /* a head, and then nothing */
	API_STREAM,  /* a watch: the body as its beginning, then what api_push() sends */
};

/* What is answered to requests whose "METHOD PATH" begins so. Later rules win. */
struct api_rule {
	const char *request; /* "GET /api/v1/nodes?" */
	int status;
	const char *body; /* borrowed */
	long retry_after; /* seconds; 0: no header */
	const char *date; /* of the answer, borrowed; NULL: now */
	enum api_manner manner;
	int times; /* as often; 0: always. Then the rule is passed over */
};

struct api_request {
	char line[API_PATH_MAX]; /* "GET /api/v1/nodes?limit=250" */
	char authorization[256], content_type[64], accept[96];
	char *body;
};

struct api {
	struct arena arena;
	struct cert_pair ca, serving;
	struct MHD_Daemon *daemon;
	char server[64];              /* "https://127.0.0.1:PORT" */
	struct cluster_config config; /* to reach it, with the token "good" */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct api_rule rule[API_RULES_MAX];
	int used[API_RULES_MAX];
	size_t n_rules;
	struct api_request log[API_LOG_MAX];
	size_t n_log;
	struct api_stream *stream[API_STREAMS_MAX];
	size_t n_streams;
	const char *token; /* other ones get 401; NULL: any */
	size_t versions; /* given to what was stored */
	bool ending;
};

void api_start(struct api *api);
void api_stop(struct api *api);
/* Takes the place of a server that was stopped: same port, same rules. */
void api_pause(struct api *api);
void api_resume(struct api *api);

void api_add(struct api *api, struct api_rule rule);
/* How many requests began so. */
size_t api_asked(struct api *api, const char *begin);
/* Waits until that many did; fails the test after ten seconds. */
void api_wait_asked(struct api *api, const char *begin, size_t times);
/* The latest request that began so, its body with it; borrowed until the next api_stop(). NULL: none. */
const struct api_request *api_latest(struct api *api, const char *begin);

/* Sends text to all open streams whose request line begins so; returns how many. */
size_t api_push(struct api *api, const char *begin, const char *text);
/* Ends them, as an API server ends a watch whose time is over. */
size_t api_end(struct api *api, const char *begin);

#endif
