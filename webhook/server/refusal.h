/* SPDX-License-Identifier: Apache-2.0 */
/* What was to replace the configuration or the certificate and was refused: why, and since when, for /readyz?verbose. */
#ifndef WEBHOOK_SERVER_REFUSAL_H
#define WEBHOOK_SERVER_REFUSAL_H

#include <pthread.h>

#include "base/arena.h"
#include "webhook/server/server.h"

enum { REFUSAL_MAX = 1536 };

/* Any thread. */
struct refusals {
	pthread_mutex_t lock;
	struct refusal {
		int64_t since;          /* seconds since 1970; 0: none */
		char what[REFUSAL_MAX]; /* cut at a character where longer */
	} of[SERVER_PARTS];
};

void refusals_init(struct refusals *r);
void refusals_release(struct refusals *r);
/* NULL ends it; another text while there is one keeps its time. */
void refusals_set(struct refusals *r, enum server_part part, const char *what);
bool refusals_has(struct refusals *r, enum server_part part);
/* What was refused, in the arena; NULL where nothing was, or without memory. */
const char *refusals_what(struct refusals *r, enum server_part part, struct arena *a);
/* "; a newer one is refused since TIME: WHAT", or "" where there is none; in the arena, NULL without memory. */
const char *refusals_text(struct refusals *r, enum server_part part, struct arena *a);

#endif
