/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches of our Secret and of our webhook configurations: that one of them has changed, and nothing of what it holds. Each is watched by its
 * name, so that a Role with resourceNames is right enough, and as metadata only: no key comes over the wire for it.
 * Source: kubernetes.io/docs/reference/using-api/api-concepts, "Metadata-only fetches"; .../access-authn-authz/rbac, "Referring to resources".
 */
#ifndef WEBHOOK_CLUSTER_CA_WATCH_H
#define WEBHOOK_CLUSTER_CA_WATCH_H

#include <stddef.h>

#include "base/log.h"
#include "webhook/cluster/config.h"

struct ca_watch;

/* All but the hook's context is borrowed until ca_watch_free(). */
struct ca_watch_options {
	const struct cluster_config *config;
	const char *namespace, *secret; /* secret NULL: none is watched */
	const char *const *configuration; /* names, of either kind */
	size_t n_configurations;
	/* Called in a thread of its own: when one of them is another, and when the API server is there again. */
	void (*changed)(void *context);
	void *context;
	const struct log *log; /* NULL: nothing is logged */
};

/* Starts nothing. NULL with err. */
struct ca_watch *ca_watch_new(const struct ca_watch_options *o, struct err *err) MUST_CHECK;
int ca_watch_start(struct ca_watch *w, struct err *err) MUST_CHECK;
/* No call of `changed` after the return. NULL is fine, as in ca_watch_free(). */
void ca_watch_stop(struct ca_watch *w);
void ca_watch_free(struct ca_watch *w); /* stops it first */

/* One thread at a time, also before the start and after the end: whether all of them are watched now. That they are not is logged once, where
 * we may not or it lasts: an API server that is away for a moment is nothing to tell. */
bool ca_watch_up(struct ca_watch *w);

#endif
