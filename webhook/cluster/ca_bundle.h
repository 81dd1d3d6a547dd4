/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caBundle of each webhook of our configurations: read, and written by server-side apply as the one field that is
 * ours. Both kinds are looked for under a configuration's name, the mutating and the validating one.
 */
#ifndef WEBHOOK_CLUSTER_CA_BUNDLE_H
#define WEBHOOK_CLUSTER_CA_BUNDLE_H

#include "webhook/cluster/client.h"

enum { CA_WEBHOOKS_MAX = 64 };

/* One webhook as observed. Texts live in the arena of the read. */
struct ca_webhook {
	const char *kind, *resource;    /* "MutatingWebhookConfiguration", "mutatingwebhookconfigurations" */
	struct str configuration, name; /* of the configuration, of the webhook in it */
	struct str version;             /* resourceVersion of the configuration */
	size_t index;                   /* in the configuration's list */
	const char *host;  /* by which the API server calls it; "" where it names neither service nor URL */
	struct str bundle; /* decoded PEM; what is no base 64 is none */
};

struct ca_webhooks {
	struct ca_webhook item[CA_WEBHOOKS_MAX]; /* those of one configuration stand together */
	size_t len;
	const char *missing; /* a configuration that does not exist, of either kind; NULL: all do */
};

/* All webhooks of the configurations of these names. -1 with err: one could not be read, so nothing is known. */
int ca_bundle_read(struct cluster_client *c, struct arena *a, const char *const *names, size_t n_names,
	struct ca_webhooks *ret, struct err *err) MUST_CHECK;

/*
 * Gives the webhooks [from, to), which are all those of one configuration, their bundles (PEM, by index in `w`); the
 * configuration must be as it was read. Where the API server knows no server-side apply (415), or takes the webhooks
 * for one indivisible list (422: it finds half of each missing), by a JSON Patch under the same condition. *ret_status:
 * as in struct cluster_answer; CLUSTER_CONFLICT: it was changed meanwhile.
 */
int ca_bundle_write(struct cluster_client *c, struct arena *a, const struct ca_webhooks *w, size_t from, size_t to,
	const struct str *bundles, int *ret_status, struct err *err) MUST_CHECK;

#endif
