/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTPS request to the API server as libcurl sees it: what single requests and watches have in common. */
#ifndef WEBHOOK_CLUSTER_TRANSFER_H
#define WEBHOOK_CLUSTER_TRANSFER_H

#include <sys/stat.h>

#include "webhook/cluster/config.h"
#include "webhook/cluster/libcurl.h"

/* Our token, read again when its file changes. One thread. */
struct cluster_auth {
	const struct cluster_config *config; /* borrowed */
	char *header;                        /* "Authorization: Bearer TOKEN"; NULL: none, or not read yet */
	struct timespec modified;            /* of the file as it was read */
	ino_t inode;
};

void cluster_auth_init(struct cluster_auth *auth, const struct cluster_config *config);
void cluster_auth_release(struct cluster_auth *auth);
/*
 * *ret: the header, NULL where we have no token; valid until the next call. again: read the file even if it looks
 * unchanged. A file that is gone leaves the token we have.
 */
int cluster_auth_header(struct cluster_auth *auth, bool again, const char **ret, struct err *err) MUST_CHECK;

/* A request under way; zeroed before the first start, reusable. */
struct transfer {
	const struct libcurl *curl; /* borrowed */
	CURL *easy;                 /* owned; keeps its connections from one request to the next */
	struct curl_slist *headers, *connect_to;
	char *url;
	char problem[CURL_ERROR_SIZE]; /* libcurl's words for what failed; "" */
	long retry_after;              /* seconds, as the answer's head said; 0 */
	int64_t date;                  /* of the answer by its head, seconds since 1970; 0 */
};

struct transfer_request {
	const char *method, *path, *content_type; /* path: escaped, with its query */
	const char *accept;                       /* media type; NULL: application/json; copied */
	struct str body;                          /* borrowed until the transfer is over; p NULL: none */
	const char *authorization;                /* header line, NULL: none; copied */
};

enum { TRANSFER_CONNECT_MS = 10000 };

int transfer_init(struct transfer *t, const struct libcurl *curl, struct err *err) MUST_CHECK;
void transfer_release(struct transfer *t);
/* Sets up everything but what is done with the bytes, and the time-outs. Keeps no reference to r but its body. */
int transfer_prepare(struct transfer *t, const struct cluster_config *config, const struct transfer_request *r,
	struct err *err) MUST_CHECK;
/* HTTP status of what came; 0: none. */
int transfer_status(const struct transfer *t);
/* "METHOD PATH: no answer from SERVER: reason; remedy". path without its query. Returns -1. */
int transfer_failed(const struct transfer *t, const struct cluster_config *config, const struct transfer_request *r,
	CURLcode code, struct err *err);

/* Bytes of a path without its query. */
int transfer_path_len(const char *path);

#endif
