/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who of several replicas leads, by a Lease of coordination.k8s.io/v1: what to ask the API next and what its answers
 * mean. No I/O and no clock: times are milliseconds of a clock that never steps back and goes on while the machine
 * sleeps. The times that other replicas wrote are never compared with ours, only whether they changed, so that clocks
 * may differ. Source: Kubernetes' Lease API, and the rules of client-go's tools/leaderelection, whose Leases this one
 * shares its fields with.
 */
#ifndef WEBHOOK_CLUSTER_LEASE_H
#define WEBHOOK_CLUSTER_LEASE_H

#include "patches/value/value.h"

/* A holder that has not renewed for lease_ms has lost it; it stops leading by itself after deadline_ms, which is less.
 */
struct lease_timing {
	int64_t lease_ms, deadline_ms, retry_ms;
};

#define LEASE_TIMING ((struct lease_timing){.lease_ms = 15000, .deadline_ms = 10000, .retry_ms = 2000})

/* The same proportions for another duration, in milliseconds. */
static inline struct lease_timing lease_timing(int64_t ms)
{
	return (struct lease_timing){.lease_ms = ms, .deadline_ms = ms * 2 / 3, .retry_ms = ms * 2 / 15};
}

enum { LEASE_NAME_MAX = 256, LEASE_WORD_MAX = 64 };

/* What a Lease says, as it was last seen. */
struct lease_record {
	char holder[LEASE_NAME_MAX];                            /* "": released, or there is none */
	char version[LEASE_WORD_MAX];                           /* resourceVersion; "": there is none */
	char acquired[LEASE_WORD_MAX], renewed[LEASE_WORD_MAX]; /* RFC 3339, as they were written */
	int64_t seconds, transitions;
};

enum lease_action {
	LEASE_NOTHING, /* until lease_wait_ms() has passed */
	LEASE_READ,    /* GET */
	LEASE_CREATE,  /* POST lease_body() */
	LEASE_WRITE,   /* PUT lease_body(); its resourceVersion makes it conditional */
};

struct lease {
	struct lease_timing timing;
	char identity[LEASE_NAME_MAX];
	struct lease_record seen;
	bool known;         /* `seen` is what the API holds, as far as we know */
	int64_t changed_at; /* when it was first seen as it is */
	int64_t held_until; /* we lead before this; 0: we do not */
	int64_t next_at;    /* of the next action */
	int64_t started_at; /* the action under way; what it gives counts from there */
	uint64_t random;    /* state of the jitter */
};

/* identity: ours alone among the replicas, cut at LEASE_NAME_MAX - 1 bytes. seed: anything that differs between them.
 */
void lease_init(struct lease *l, const char *identity, struct lease_timing timing, uint64_t seed);
enum lease_action lease_next(struct lease *l, int64_t now);
/* Until lease_next() may have something; 0: now. */
int64_t lease_wait_ms(const struct lease *l, int64_t now);
bool lease_leads(const struct lease *l, int64_t now);

/*
 * The body of LEASE_CREATE and LEASE_WRITE. name, namespace: of the Lease; micros: the wall clock since 1970, for
 * people and for other implementations. release: hands it on at once (holder empty, one second), after which we do not
 * lead.
 */
void lease_body(
	struct lease *l, const char *namespace, const char *name, int64_t micros, bool release, struct text *out);

/* What came of the action. status: of HTTP, 0 where no answer came; object: the Lease where it is 2xx, else ignored. */
void lease_answered(struct lease *l, enum lease_action action, int status, const struct value *object, int64_t now);

#endif
