/* SPDX-License-Identifier: Apache-2.0 */
/* What a Secret's content amounts to at a time: which CA can issue, what is wrong with what is served. Of rotation.c
 * alone. */
#ifndef CERTS_ROTATION_FACTS_H
#define CERTS_ROTATION_FACTS_H

#include "certs/rotation.h"

/* A CA that can issue now: a certificate and the key that belongs to it. */
struct rotation_ca {
	bool usable;
	struct err problem; /* else why not */
	struct bundle_cert cert;
	struct cert_pair pair;
	int64_t due; /* when its successor is wanted */
};

struct rotation_facts {
	struct bundle trust;
	struct rotation_ca ca, next;
	int64_t newest; /* latest beginning of any certificate in the Secret: when it was written, by the writer's clock
			 */
	bool serving;   /* the pair is good, by a CA of `trust`, for all the hosts */
	struct err problem; /* else why not */
	int64_t serving_due, serving_until;
};

int rotation_read(struct arena *a, const struct rotation_params *p, const struct rotation_secret *secret, int64_t now,
	struct rotation_facts *ret, struct err *err) MUST_CHECK;

/* Two thirds of a life that began CERT_BACKDATE after `not_before`, less up to a tenth of it. */
int64_t rotation_due(const struct rotation_params *p, int64_t not_before, int64_t not_after);

#endif
