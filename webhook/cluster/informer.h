/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that keeps collections of the Kubernetes API up to date, all of them over one connection where the server speaks HTTP/2. Whoever
 * asks gets what is known at once; an API that is away changes nothing of it.
 */
#ifndef WEBHOOK_CLUSTER_INFORMER_H
#define WEBHOOK_CLUSTER_INFORMER_H

#include "base/log.h"
#include "webhook/cluster/reflector.h"

struct informer;

enum { INFORMER_SOURCES_MAX = 16, INFORMER_TEXT_MAX = 1280 };

/* Texts, config and log are borrowed, and outlive the informer. */
struct informer_options {
	const struct cluster_config *config;
	struct reflector_options source[INFORMER_SOURCES_MAX];
	size_t n_sources;
	/* Called by the thread when what is kept of a collection is another, and when it is first answered. */
	void (*changed)(void *context);
	/* And when one is followed again that was not; NULL: nobody. */
	void (*recovered)(void *context);
	void *context;
	const struct log *log; /* NULL: nothing is logged */
};

/* Asks for nothing before the return. NULL with err. */
struct informer *informer_start(const struct informer_options *o, struct err *err) MUST_CHECK;
/* Ends what is under way; takes no longer than a step of the thread. NULL is fine. */
void informer_stop(struct informer *i);

/* How it stands with one collection. */
struct informer_state {
	const char *what; /* borrowed from the options */
	bool synced;      /* what is kept can be used: it was listed once */
	bool answered;    /* synced, refused, or more than can be kept: to wait for it does not help */
	bool absent;      /* its API is not there */
	bool up;          /* it is watched now, or need not be */
	bool forbidden;   /* it is not, because we may not */
	int64_t since_event_ms; /* since the last object, bookmark or list; -1: none came */
	uint64_t lists, watches; /* begun */
	size_t objects;
	char problem[INFORMER_TEXT_MAX]; /* why it is not up to date; "": it is */
};

/* Any thread. number: index of the source. */
void informer_look(struct informer *i, size_t number, struct informer_state *ret);

/* Any thread: each object that is kept, in order of namespace and name. The text is good during the call, which must not come back here. */
typedef void informer_each(void *context, struct str text);
void informer_visit(struct informer *i, size_t number, informer_each *each, void *context);

#endif
