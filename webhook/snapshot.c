/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration in force: immutable, counted, swapped whole. */
#include "webhook/snapshot.h"

#include <stdlib.h>
#include <time.h>

struct snapshot *snapshot_new(struct inject_config *config, struct err *err)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (!s) {
		(void)err_nomem(err);
		return NULL;
	}
	atomic_init(&s->refs, 1);
	s->config = config;
	return s;
}

void snapshot_unref(struct snapshot *s)
{
	/* acq_rel: what other threads did with the snapshot happens before it is freed. */
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	inject_config_free(s->config);
	free(s);
}

void snapshot_unrefp(struct snapshot **slot)
{
	snapshot_unref(*slot);
}

void snapshot_slot_init(struct snapshot_slot *slot)
{
	(void)pthread_mutex_init(&slot->lock, NULL);
	slot->current = NULL;
}

void snapshot_slot_release(struct snapshot_slot *slot)
{
	snapshot_unref(take(slot->current));
	(void)pthread_mutex_destroy(&slot->lock);
}

struct snapshot *snapshot_get(struct snapshot_slot *slot)
{
	struct snapshot *s;

	/* The lock makes reading the pointer and counting it one step; it is held for a few instructions. */
	(void)pthread_mutex_lock(&slot->lock);
	s = slot->current;
	if (s)
		(void)atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	(void)pthread_mutex_unlock(&slot->lock);
	return s;
}

void snapshot_swap(struct snapshot_slot *slot, struct snapshot *next)
{
	struct snapshot *old;

	next->since = (int64_t)time(NULL);
	(void)pthread_mutex_lock(&slot->lock);
	old = slot->current;
	next->generation = old ? old->generation + 1 : 1;
	slot->current = next;
	(void)pthread_mutex_unlock(&slot->lock);
	snapshot_unref(old);
}
