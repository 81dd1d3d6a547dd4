/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that keeps the Lease (lease.h) over the API, so that whoever asks knows at once whether we lead. */
#ifndef WEBHOOK_CLUSTER_ELECTION_H
#define WEBHOOK_CLUSTER_ELECTION_H

#include "base/log.h"
#include "webhook/cluster/client.h"
#include "webhook/cluster/lease.h"

struct election;

/* Texts are copied; config and log are borrowed, and outlive the election. */
struct election_options {
	const struct cluster_config *config;
	const char *namespace, *name; /* of the Lease */
	const char *identity; /* the replica's name; something random is added, so that two of one name differ */
	struct lease_timing timing;
	const struct log *log; /* NULL: nothing is logged */
	/* Called by the thread each time that we begin or cease to lead, but not for the end by election_stop(); NULL:
	 * nobody. */
	void (*changed)(void *context, bool leads);
	void *context;
};

/* NULL with err. */
struct election *election_start(const struct election_options *o, struct err *err) MUST_CHECK;
/* Hands the Lease on where we lead; takes some four seconds at most. NULL is fine. */
void election_stop(struct election *e);
/* Any thread. Ends by itself when the Lease could not be renewed, whatever the thread is at. */
bool election_leads(const struct election *e);

#endif
