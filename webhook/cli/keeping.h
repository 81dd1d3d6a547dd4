/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `outrigger serve` keeps in the cluster while it serves: with --certs=self-signed the Secret with its CA and
 * certificate and the caBundle of its webhook configurations; with certificates from files it only looks whether these
 * verify what is served. Both are watched in a thread of their own, and looked at now and then without being told. With
 * --events and --count-pods the thread that looks writes Events and counts pods. Every replica serves, the holder of the
 * Lease writes.
 */
#ifndef WEBHOOK_CLI_KEEPING_H
#define WEBHOOK_CLI_KEEPING_H

#include "webhook/audit/audit.h"
#include "webhook/check/census.h"
#include "webhook/cli/options.h"
#include "webhook/cluster/ca_keeper.h"
#include "webhook/cluster/ca_watch.h"
#include "webhook/cluster/events.h"
#include "webhook/server/server.h"

enum { KEEPING_HOSTS_MAX = 3 + OPTIONS_REPEAT_MAX, KEEPING_NAME_MAX = 256 };

struct keeping {
	const struct options *options; /* borrowed, as the three below */
	struct server *server;
	struct audit *audit;
	const struct log *log;
	struct arena arena; /* of the texts */
	struct cluster_config config;
	const char *namespace; /* of the Service, the Secret and the Lease */
	const char *host[KEEPING_HOSTS_MAX];
	size_t n_hosts;
	char replica[KEEPING_NAME_MAX];
	struct ca_keeper ca;
	struct ca_watch *watch;        /* NULL: no certificates are looked at */
	struct events *events;         /* NULL: none are written */
	struct census *census;         /* NULL: nobody counts */
	struct keeper *keeper;         /* NULL: nothing is kept */
	char told[CA_KEEPER_TEXT_MAX]; /* why what is served is not trusted, as logged last; "": it is, or nothing was */
};

/* Whether the certificate is one of our own CA, and so comes from the cluster and not from files. */
bool keeping_own_ca(const struct options *o);

/* Before all else: whether the options go together, and how the cluster is reached. ERR_CONFIG names the option. To be
 * released with keeping_release() in any case. */
int keeping_prepare(struct keeping *k, const struct options *o, struct err *err) MUST_CHECK;

/* What the server is to be given before it starts: where its Events go, who counts pods. */
int keeping_equip(struct keeping *k, struct snapshot_slot *config, const struct log *log, struct server_options *ret,
	struct err *err) MUST_CHECK;

/* Does nothing where the options ask for nothing. Where they name webhook configurations the server is not ready until
 * these were seen to verify what it serves, and with a CA of our own serves nothing until then. */
int keeping_start(
	struct keeping *k, struct server *server, struct audit *audit, const struct log *log, struct err *err) MUST_CHECK;

/* Hands the Lease on; takes some five seconds at most. The server goes on with what it serves. Twice is fine. */
void keeping_stop(struct keeping *k);
/* The same, and frees all; after the server has stopped. */
void keeping_release(struct keeping *k);

#endif
