/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration of `outrigger serve --cluster`: what the Kubernetes API holds, in place of files. ConfigMaps by revision, the guard's
 * if it is named, Nodes, Namespaces and ProxyConfigs are followed, and discovery is asked whether there are third-party tokens.
 */
#ifndef WEBHOOK_CLI_CLUSTERING_H
#define WEBHOOK_CLI_CLUSTERING_H

#include <stdatomic.h>

#include "webhook/cli/reload.h"
#include "webhook/cluster/events.h"
#include "webhook/cluster/informer.h"
#include "webhook/cluster/keeper.h"

struct clustering {
	const struct options *options; /* borrowed, as log; NULL: nothing is to be released */
	const struct log *log;
	struct cluster_config config;
	struct informer *informer; /* NULL: not started */
	struct keeper *keeper;     /* asks discovery */
	int fd;                    /* eventfd, readable when something has changed; -1 without --cluster */
	atomic_int discovery;      /* enum token_discovery */
	atomic_uint failures;      /* of discovery, in a row */
	atomic_bool asked;         /* discovery answered once, or will not */
	struct events *events;     /* borrowed, to be set before the first reload: what is refused is told of on its ConfigMap; NULL: it is not */
	struct arena arena;        /* the names */
};

/* Before all else: whether the options go together, and how the cluster is reached. ERR_CONFIG names the option. To be released with
 * clustering_stop() in any case. */
int clustering_prepare(struct clustering *c, const struct options *o, struct err *err) MUST_CHECK;
/* Starts to follow, in threads; asks for nothing before the return. Does nothing without --cluster. c is not to be moved from here on. */
int clustering_start(struct clustering *c, const struct log *log, struct err *err) MUST_CHECK;
void clustering_stop(struct clustering *c); /* for own(); zeroed is fine */

/* What reload is to read in place of files; borrows c. */
struct reload_source clustering_source(struct clustering *c);

/* Whether something has changed since the last call; its fd is quiet until the next change. */
bool clustering_changed(struct clustering *c);

/* Metrics of what is followed, and lines for /readyz?verbose; borrows c. */
struct server_beside clustering_beside(struct clustering *c);

#endif
