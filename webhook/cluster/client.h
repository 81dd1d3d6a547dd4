/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to the Kubernetes API, one at a time and to the end. Connections are kept. Errors name the path and carry
 * the API server's own words (a metav1.Status message). What the server sends is bounded by LIMIT_API_BYTES.
 */
#ifndef WEBHOOK_CLUSTER_CLIENT_H
#define WEBHOOK_CLUSTER_CLIENT_H

#include "patches/value/value.h"
#include "webhook/cluster/config.h"

struct cluster_client;

/* Connects to nothing yet. config: borrowed, outlives the client. NULL with err. One thread at a time. */
struct cluster_client *cluster_client_new(const struct cluster_config *config, struct err *err) MUST_CHECK;
void cluster_client_free(struct cluster_client *c); /* NULL is fine */
void cluster_client_freep(struct cluster_client **slot);
/* Any thread: what is under way and all that follows fails, within a second. */
void cluster_client_stop(struct cluster_client *c);
/* Any thread. Whether it was: what fails from then on is nothing to tell of. */
bool cluster_client_stopped(const struct cluster_client *c);

enum { CLUSTER_TIMEOUT_MS = 30000 };

enum {
	CLUSTER_NOT_FOUND = 404,
	CLUSTER_UNAUTHORIZED = 401,
	CLUSTER_FORBIDDEN = 403,
	CLUSTER_CONFLICT = 409, /* it was changed meanwhile, or is there already */
	CLUSTER_GONE = 410,
	CLUSTER_INVALID = 422,
};

/* What came, in the arena of the call. */
struct cluster_answer {
	int status;                 /* HTTP; 0: no answer came */
	struct str body;            /* as it came */
	int64_t date;               /* when, by the server's clock: seconds since 1970; 0: it did not say */
	const struct value *object; /* the body where it is a JSON object, else NULL */
};

/* Where an object or a collection is. */
struct cluster_place {
	const char *api;         /* "/api/v1", "/apis/GROUP/VERSION" */
	const char *resource;    /* "secrets" */
	const char *namespace;   /* NULL: of the cluster, or of all namespaces */
	const char *name;        /* NULL: the collection */
	const char *subresource; /* NULL: none */
};

/* The URL's path, each part escaped; query: "a=b&c=d", already escaped, or NULL. NULL without memory. */
const char *cluster_path(struct arena *a, const struct cluster_place *p, const char *query) MUST_CHECK;
/* Escapes a value of a query. */
void cluster_escape(struct text *out, struct str s);

/* A request as HTTP has it. */
struct cluster_request {
	const char *method, *path; /* path: escaped, with its query */
	const char *content_type;  /* NULL: application/json */
	struct str body;           /* p NULL: none */
	int64_t timeout_ms; /* of the whole, which is then not repeated when the server is busy; 0: CLUSTER_TIMEOUT_MS
			     */
};

/*
 * 0: an answer came, whatever its status. After a 401 the token is read again and the request repeated once; after a
 * 429, or a 503 that names a time, it is repeated some times, as neither was carried out. -1: none came (ERR_IO), or it
 * was too large (ERR_LIMIT).
 */
int cluster_ask(struct cluster_client *c, struct arena *a, const struct cluster_request *r, struct cluster_answer *ret,
	struct err *err) MUST_CHECK;

enum cluster_verb {
	CLUSTER_GET,
	CLUSTER_CREATE,
	CLUSTER_REPLACE, /* the body's resourceVersion says what it replaces; else CLUSTER_CONFLICT */
	CLUSTER_PATCH,   /* body: JSON Patch; a "test" of /metadata/resourceVersion makes it conditional */
	CLUSTER_APPLY,   /* body: the fields that are ours; they are taken from whoever else has them */
	CLUSTER_DELETE,
};

#define CLUSTER_FIELD_MANAGER "outrigger"

/* A request as Kubernetes has it. */
struct cluster_call {
	enum cluster_verb verb;
	struct cluster_place place;
	const char *query;  /* escaped; NULL: none */
	struct str body;    /* JSON; p NULL: none */
	int64_t timeout_ms; /* as in struct cluster_request */
};

/*
 * 0: done, ret->object is the answer's object. -1 with err: ERR_IO naming method, path and the server's reason;
 * ret->status tells what kind of failure it was (CLUSTER_NOT_FOUND and so on; 0: no answer). ret is always set.
 */
int cluster_do(struct cluster_client *c, struct arena *a, const struct cluster_call *call, struct cluster_answer *ret,
	struct err *err) MUST_CHECK;

typedef int cluster_each(void *context, const struct value *item, struct err *err);

/* A collection, page by page. */
struct cluster_list {
	struct cluster_place place;
	const char *query;  /* selectors, escaped; NULL: none */
	unsigned page;      /* items asked for at once; 0: 250 */
	cluster_each *each; /* the item is good during the call; -1 ends the list */
	void *context;
};

/* As cluster_do(). Pages are read one by one: memory holds one. An item may be missing or come twice where the list
 * changes meanwhile. */
int cluster_list(
	struct cluster_client *c, const struct cluster_list *list, int *ret_status, struct err *err) MUST_CHECK;

/*
 * For who reads pages himself (kubernetes.io/docs/reference/using-api/api-concepts, "Retrieving large results sets in
 * chunks"). token: of the page that comes next, escaped for a query; "": there is none. size: of its room. ERR_LIMIT where
 * it has none there.
 */
int cluster_next_page(const struct value *list, char *token, size_t size, struct err *err) MUST_CHECK;
/* Whether an answer that is no list is a 410 with a token to go on with what is there now. token: what was asked with. */
bool cluster_list_goes_on(const struct cluster_answer *answer, const char *token);

/* Whether discovery knows it: cluster_serves(c, "/api/v1", "serviceaccounts/token", ...). An API that is not there
 * serves nothing. */
int cluster_serves(
	struct cluster_client *c, const char *api, const char *resource, bool *ret, struct err *err) MUST_CHECK;
/* "v1.35.4", in the arena. */
int cluster_version(struct cluster_client *c, struct arena *a, struct str *ret, struct err *err) MUST_CHECK;

#endif
