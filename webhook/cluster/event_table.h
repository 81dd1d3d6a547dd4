/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that wait to be written, gathered: what happens again to the same owner for the same reason raises a count.
 * Bounded in every way: slots, slots of one namespace, texts, writes a minute. No I/O, no clock, no lock.
 * Source: the rules of client-go's tools/record EventCorrelator, which gathers and limits in the same way.
 */
#ifndef WEBHOOK_CLUSTER_EVENT_TABLE_H
#define WEBHOOK_CLUSTER_EVENT_TABLE_H

#include "base/text.h"

enum {
	EVENT_SLOTS = 256,
	EVENT_SLOTS_OF_NAMESPACE = 64,
	EVENT_NAMESPACES = 64, /* counters of writes; namespaces that share one share its limit */
	EVENT_MINUTE_MS = 60000,
	EVENT_A_MINUTE = 60,           /* writes, over all namespaces */
	EVENT_A_MINUTE_NAMESPACE = 10, /* writes of one namespace */
	EVENT_WINDOW_MS = 600000,      /* after so long without another one the next is a new Event */
	EVENT_AGAIN_MS = 60000,        /* a count that grew is written no sooner, as a rule */
	EVENT_ATTEMPTS = 5,
	EVENT_MESSAGE_MAX = 512,
};

/* Something that happened to a pod, said of whoever makes such pods. */
struct event_note {
	struct str namespace;
	struct str api_version, kind, name, uid; /* of the owner, which is in that namespace */
	const char *reason;                      /* static; CamelCase, as Kubernetes' own */
	struct str message;                      /* one line; cut at EVENT_MESSAGE_MAX - 1 bytes */
};

/* One Event. Times: ms of a clock that never steps back; seconds since 1970 for people. */
struct event_slot {
	bool used;
	bool exists;                    /* the API has it, as far as we know */
	uint64_t key, space;            /* hashes of owner and reason, of the namespace */
	uint64_t id;                    /* part of its name; never the same twice */
	uint64_t pending, told;         /* times it happened: not written yet, written */
	int64_t first_s, last_s;        /* wall clock */
	int64_t last_ms, not_before_ms; /* it happened; it may be written */
	unsigned failures;              /* one after another */
	const char *reason;
	char namespace[64], api_version[128], kind[64], name[254], uid[64];
	char message[EVENT_MESSAGE_MAX];
};

/* The last writes, the oldest at `next`; 0: none yet. */
struct event_rate {
	size_t next;
	int64_t at[EVENT_A_MINUTE];
};

struct event_counts {
	uint64_t noted, written, dropped; /* times it happened; writes that the API took; times that nobody is told of */
};

struct event_table {
	uint64_t seed, made;
	int64_t again_ms; /* EVENT_AGAIN_MS, but in tests */
	struct event_slot slot[EVENT_SLOTS];
	struct event_rate all, of_namespace[EVENT_NAMESPACES];
	struct event_counts counts;
};

/* seed: anything that differs between replicas. again_ms: 0 stands for EVENT_AGAIN_MS. The table is large: not for a
 * stack. */
void event_table_init(struct event_table *t, uint64_t seed, int64_t again_ms);
/* False where it was dropped: no room, or a text longer than Kubernetes knows. */
bool event_table_put(struct event_table *t, const struct event_note *n, int64_t now_ms, int64_t now_s);
/* One that is due, the longest waiting first, and within the limits, which count it from here on; NULL: none. */
struct event_slot *event_table_next(struct event_table *t, int64_t now_ms);

enum event_result {
	EVENT_WRITTEN,
	EVENT_MISSING, /* it is gone from the API: to be made anew, at once */
	EVENT_TAKEN,   /* the API has another one of that name: to be made under another, at once */
	EVENT_LATER,   /* no answer, or a busy API: once more, EVENT_ATTEMPTS times in all */
	EVENT_REFUSED, /* it will never be written */
};

/* What came of writing the slot when it said `told` and `pending` times; it may have happened more often since. */
void event_table_answered(
	struct event_table *t, struct event_slot *slot, uint64_t pending, enum event_result result, int64_t now_ms);

#endif
