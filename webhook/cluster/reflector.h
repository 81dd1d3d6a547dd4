/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One collection of the Kubernetes API, kept up to date: listed page by page, then watched from there on. A state machine: it says what is
 * to be asked and when, and is given what comes and a clock that never steps back; informer.h sends and receives. What is kept is bounded.
 * Source: kubernetes.io/docs/reference/using-api/api-concepts, "Efficient detection of changes", "410 Gone responses", "Watch bookmarks".
 */
#ifndef WEBHOOK_CLUSTER_REFLECTOR_H
#define WEBHOOK_CLUSTER_REFLECTOR_H

#include "patches/value/value.h"
#include "webhook/cluster/client.h"
#include "webhook/cluster/kept.h"

/* Appends what is to be kept of an object; nothing appended, not even "": it is not kept. */
typedef void reflector_keep(struct text *out, const struct value *object);

/* Texts are borrowed, and outlive the reflector. */
struct reflector_options {
	const char *what;           /* for people: "nodes", "ConfigMap istio-system/istio" */
	struct cluster_place place; /* the collection */
	const char *query;          /* selectors, escaped; NULL: none */
	unsigned page;              /* objects asked for at once, fewer where such a page is too large; 0: 250 */
	bool may_be_absent;         /* an API that is not there (404) has no objects; it is looked for again */
	bool metadata_only;         /* of each object only its metadata is sent: all that keep() sees */
	reflector_keep *keep;
	size_t max_bytes;      /* of one page and of one event; 0: LIMIT_API_PAGE_BYTES */
	size_t max_kept;       /* of all that is kept; 0: LIMIT_KEPT_TOTAL */
	int64_t watch_seconds; /* how long one watch is to last; 0: five to ten minutes */
};

enum { REFLECTOR_ABSENT_MS = 60000, REFLECTOR_BACK_OFF_MS = 30000, REFLECTOR_VERSION_MAX = 128, REFLECTOR_TOKEN_MAX = 16 << 10 };

struct reflector {
	struct reflector_options o;
	struct kept kept;
	enum { REFLECTOR_LISTS, REFLECTOR_WATCHES } state;
	bool under_way;    /* what reflector_request() said was sent */
	int64_t due, began; /* milliseconds of the clock that is given */
	int64_t not_before; /* the same: the server wants nothing sooner */
	char version[REFLECTOR_VERSION_MAX]; /* resourceVersion to watch from */
	char page[REFLECTOR_TOKEN_MAX];      /* continue token, escaped; "": the first page */
	unsigned pages;                      /* of the list under way, read so far */
	struct text body;                    /* of a page, of a refusal, or a line that is not whole yet */
	bool useless;       /* reflector_take() has ended it; problem says why */
	bool expired;       /* for this reason: the server no longer knows the resourceVersion */
	unsigned failures;  /* in a row; a list or an event ends it */
	unsigned refusals;  /* watches in a row that were answered and of no use; only an event ends it */
	uint64_t random;    /* state of the jitter */

	/* To be looked at. */
	bool synced;        /* a whole list was read at least once: what is kept can be used */
	bool answered;      /* synced, refused, or more than can be kept: waiting for it alone does not help */
	bool absent;        /* the API is not there */
	bool up;            /* a watch is open, or none is needed */
	bool forbidden;     /* the answer was 403: we may not */
	bool unauthorized;  /* the token was refused: it is to be read again */
	int64_t last_event; /* when the last object, bookmark or list came; 0: never */
	uint64_t lists, watches; /* begun */
	struct err problem; /* why it is not up to date; code ERR_NONE: it is, or nothing failed yet */
};

void reflector_init(struct reflector *r, const struct reflector_options *o, uint64_t seed, int64_t now);
void reflector_release(struct reflector *r);

/*
 * What to GET, into the arena, once reflector_due() has come; NULL without memory. *ret_timeout: milliseconds after which a silent server is
 * given up. The request is under way from here on, until reflector_done().
 */
const char *reflector_request(struct reflector *r, struct arena *a, int64_t now, int64_t *ret_timeout) MUST_CHECK;
/* The Accept header of what is under way; NULL: plain JSON. */
const char *reflector_accept(const struct reflector *r);
/* When; INT64_MAX while a request is under way. */
int64_t reflector_due(const struct reflector *r);

/*
 * Bytes of the answer with that status. *ret_changed: what is kept is another now. -1: it is of no use to go on, the request is to be ended.
 */
int reflector_take(struct reflector *r, int status, struct str bytes, int64_t now, bool *ret_changed) MUST_CHECK;
/* After reflector_done(): who is busy has said in how many seconds to come again (Retry-After; 0: nothing). At most REFLECTOR_BACK_OFF_MS. */
void reflector_wait(struct reflector *r, int64_t seconds, int64_t now);
/* Somebody else was answered: what failed before is tried again soon, and not only after its back-off. */
void reflector_hurry(struct reflector *r, int64_t now);
/* The head of a watch came: it is open, though nothing may have happened yet. */
void reflector_opened(struct reflector *r);
/* The request has ended. status 0 or failed: no whole answer came, for that reason; NULL: it did. */
void reflector_done(struct reflector *r, int status, const struct err *failed, int64_t now, bool *ret_changed);

/* Whether what is under way, or next, is a watch. */
bool reflector_watches(const struct reflector *r);

#endif
