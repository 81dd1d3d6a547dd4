/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters of what was decided, and their text for Prometheus (exposition format 0.0.4). Every label has a bounded set of values: reasons are a
 * table, the revision is the one served. Nothing is printed that has no source: a metric that is always 0 would lie.
 */
#ifndef WEBHOOK_SERVER_METRICS_H
#define WEBHOOK_SERVER_METRICS_H

#include <stdatomic.h>

#include "patches/reason.h"
#include "webhook/admission/handle.h"
#include "webhook/server/server.h"

enum { METRICS_BUCKETS = 17 }; /* 100 us to 10 s, and what took longer */

/* Written by all threads, without a lock; a zeroed struct is a fresh one. */
struct metrics {
	_Atomic uint64_t decisions[REASON_COUNT];  /* answered with an AdmissionReview, by reason */
	_Atomic uint64_t unreadable;               /* answered with 4xx or 5xx: no AdmissionReview could be read or written */
	_Atomic uint64_t unreadable_required;      /* the same, of /require */
	_Atomic uint64_t overload;                 /* turned away at once */
	_Atomic uint64_t took[METRICS_BUCKETS];    /* requests by how long they took; each in one bucket */
	_Atomic uint64_t took_us;                  /* microseconds of all of them */
};

/* micros: from the first byte of the request to its answer. */
void metrics_count(struct metrics *m, const struct admission_outcome *o, int64_t micros);

/* The same for /require, whose requests have no part in the figures of injection. */
void metrics_count_required(struct metrics *m, const struct admission_outcome *o);

/* What is in force while the text is printed. Borrowed. */
struct metrics_state {
	struct str revision;        /* p NULL without a configuration */
	const struct inject_config *config; /* NULL where there is none */
	const struct guard *guard;  /* NULL where there is none */
	uint64_t generation;        /* of the configuration; 0 where there is none */
	int64_t since;              /* seconds since 1970: put in force */
	int64_t not_after;          /* of the certificate that is served; 0 where there is none */
	bool asks_trust, trusted;   /* whether the configurations are looked at; verify what is served */
	bool asks_leader, leads;    /* whether there is a Lease to hold; held by this replica */
	bool asks_clients;          /* for certificates: */
	uint64_t clients_refused;   /* those that showed none that is good */
	const struct audit_counts *audit; /* NULL where there is no audit log */
	const struct census_counts *census; /* NULL where nobody counts pods, or another replica does */
	const struct event_counts *events; /* NULL where no Events are written */
	bool refused[SERVER_PARTS]; /* something was to replace that part and was refused */
};

/* Appends the whole text. */
void metrics_print(const struct metrics *m, const struct metrics_state *state, struct text *out);

/* --- for others that have something to count ------------------------------------------------------------------- */

void metrics_head(struct text *out, const char *name, const char *type, const char *help);
/* A metric without labels. */
void metrics_single(struct text *out, const char *name, const char *type, const char *help, uint64_t value);
/* A label's value, quoted and escaped. */
void metrics_label(struct text *out, struct str value);

#endif
