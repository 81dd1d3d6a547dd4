/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration and the guard in force: immutable, counted, swapped whole. */
#include "webhook/snapshot.h"

#include <stdlib.h>
#include <time.h>

static struct snapshot *make(struct inject_config *config, struct guard *guard, struct err *err)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (!s) {
		(void)err_nomem(err);
		return NULL;
	}
	atomic_init(&s->refs, 1);
	s->config = config;
	s->guard = guard;
	return s;
}

struct snapshot *snapshot_new(struct inject_config *config, struct guard *guard, struct err *err)
{
	return make(config, guard, err);
}

static struct snapshot *ref(struct snapshot *s)
{
	(void)atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

struct snapshot *snapshot_with_guard(struct snapshot *of, struct guard *guard, struct err *err)
{
	struct snapshot *s = make(of->config, guard, err);

	if (s)
		s->owner = ref(of->owner ? of->owner : of); /* never a chain */
	return s;
}

void snapshot_unref(struct snapshot *s)
{
	/* acq_rel: what other threads did with the snapshot happens before it is freed. */
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (s->owner)
		snapshot_unref(s->owner);
	else
		inject_config_free(s->config);
	guard_unref(s->guard);
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
		(void)ref(s);
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
