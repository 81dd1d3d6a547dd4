/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration and the guard in force: immutable, counted, swapped whole. A request holds one snapshot from start to end. */
#ifndef WEBHOOK_SNAPSHOT_H
#define WEBHOOK_SNAPSHOT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "patches/config/config.h"
#include "webhook/admission/guard.h"

struct snapshot {
	atomic_size_t refs;
	struct inject_config *config; /* owned, unless `owner` is there */
	struct snapshot *owner;       /* counted: whose configuration it is; NULL: this one's */
	struct guard *guard;          /* counted */
	uint64_t generation;          /* 1 for the first, one more with each swap */
	int64_t since;                /* seconds since 1970: put in force */
};

/* Takes configuration and guard on success. One reference, the caller's. */
struct snapshot *snapshot_new(struct inject_config *config, struct guard *guard, struct err *err) MUST_CHECK;
/* The configuration of `of`, which it keeps a reference to, with another guard, which it takes on success. */
struct snapshot *snapshot_with_guard(struct snapshot *of, struct guard *guard, struct err *err) MUST_CHECK;
void snapshot_unref(struct snapshot *s); /* NULL is fine; the last one frees the configuration */
void snapshot_unrefp(struct snapshot **slot);

/* Where the threads find the one in force. Any thread. */
struct snapshot_slot {
	pthread_mutex_t lock;
	struct snapshot *current; /* owned; NULL before the first swap */
};

void snapshot_slot_init(struct snapshot_slot *slot);
void snapshot_slot_release(struct snapshot_slot *slot);
/* A reference of the caller's own; NULL before the first swap. */
struct snapshot *snapshot_get(struct snapshot_slot *slot);
/* Takes the new one and lets the old one go once its last request is done. */
void snapshot_swap(struct snapshot_slot *slot, struct snapshot *next);

#endif
