/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The task that keeps what is served and what the webhook configurations trust together. Every replica looks at both,
 * serves what our Secret holds once it is trusted, and says whether the configurations verify what it serves; the
 * leader takes the steps of certs/rotation.h.
 */
#ifndef WEBHOOK_CLUSTER_CA_KEEPER_H
#define WEBHOOK_CLUSTER_CA_KEEPER_H

#include "certs/rotation.h"
#include "webhook/cluster/ca_bundle.h"
#include "webhook/cluster/keeper.h"

/* What the task does to whoever serves. Called in the keeper's thread. */
struct ca_keeper_hooks {
	int (*serve)(void *context, const struct cert_pair *pair, struct err *err);
	/* The chain served now, PEM, into the arena. */
	int (*served)(void *context, struct arena *a, struct str *ret, struct err *err);
	/* problem: why a configuration does not verify it and what to do; NULL: all do. */
	void (*judged)(void *context, const char *problem);
	/* Whether a change of what is looked at wakes the task: then it looks by itself once in 30 to 60 s only; NULL: it does not. */
	bool (*watched)(void *context);
	void *context;
};

/* Texts are borrowed, and outlive the task. */
struct ca_keeper_options {
	bool own_ca;                   /* our Secret is kept and served; else the configurations are only looked at */
	struct rotation_params params; /* of our own CA */
	const char *namespace, *secret;
	const char *const *configuration; /* names, of either kind */
	size_t n_configurations;
	struct ca_keeper_hooks hooks;
	const struct log *log; /* NULL: nothing is logged */
};

enum { CA_KEEPER_TEXT_MAX = 1024 };

struct ca_keeper {
	struct ca_keeper_options o;
	struct ca_sighting {
		uint64_t webhook, bundle; /* hashes */
		int64_t since;            /* seconds since 1970 */
	} seen[CA_WEBHOOKS_MAX];
	size_t n_seen;
	int64_t published_day, published;
	char *served;                  /* the certificate of the Secret that is served; owned; NULL: none */
	bool trusted;                  /* as said last */
	bool judged;                   /* something was said of what is served */
	char told[CA_KEEPER_TEXT_MAX]; /* the last trouble that was logged */
};

void ca_keeper_init(struct ca_keeper *k, const struct ca_keeper_options *o);
void ca_keeper_release(struct ca_keeper *k);
/* A keeper_step; context: a struct ca_keeper. Not for the leader only: it asks by itself. */
int64_t ca_keeper_step(void *context, const struct keeper_turn *turn);

#endif
