/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many pods lack the sidecar that they should have, or have an outdated one, by namespace: counted by the replica
 * that leads, every ten minutes, one small page of pods at a time so that neither the API server nor our memory feels
 * it. The answer is `outrigger check`'s.
 */
#ifndef WEBHOOK_CHECK_CENSUS_H
#define WEBHOOK_CHECK_CENSUS_H

#include "base/log.h"
#include "webhook/cluster/keeper.h"
#include "webhook/snapshot.h"

struct census;

enum {
	CENSUS_NAMESPACES = 100, /* with something to count; what is in others is summed up under an empty name */
	CENSUS_NAME_MAX = 64,
};

/* Borrowed; all outlive the census. */
struct census_options {
	const char *const *configuration; /* names of our MutatingWebhookConfigurations */
	size_t n_configurations;
	struct snapshot_slot *config;
	const struct log *log; /* NULL: nothing is logged */
	int64_t period_ms;     /* from the end of one to the next; 0: ten minutes */
	unsigned page;         /* pods asked for at once; 0: 50 */
};

struct census_of_namespace {
	char name[CENSUS_NAME_MAX];
	uint64_t absent, outdated;
};

/* What the last whole count has found. */
struct census_counts {
	bool known;        /* false before the first, and where we do not lead */
	int64_t at;        /* its end, seconds since 1970 */
	uint64_t injected; /* pods with a sidecar, outdated or not */
	struct census_of_namespace of[CENSUS_NAMESPACES + 1];
	size_t len;
};

/* NULL with err. */
struct census *census_new(const struct census_options *o, struct err *err) MUST_CHECK;
/* After the keeper has stopped. NULL is fine. */
void census_free(struct census *c);

/* A keeper_step that asks who leads. context: a struct census. */
int64_t census_step(void *context, const struct keeper_turn *turn);

/* Any thread. */
void census_read(struct census *c, struct census_counts *ret);

#endif
