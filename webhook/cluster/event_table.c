/* SPDX-License-Identifier: Apache-2.0 */
/* Events that wait to be written, gathered. */
#include "webhook/cluster/event_table.h"

#include <string.h>

enum { RETRY_MS = 5000 };

/* FNV-1a: finds slots; texts are compared where it matters. */
static uint64_t hash(uint64_t h, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3U;
	return (h ^ 0xff) * 0x100000001b3U;
}

void event_table_init(struct event_table *t, uint64_t seed, int64_t again_ms)
{
	memset(t, 0, sizeof(*t));
	t->seed = seed;
	t->again_ms = again_ms ? again_ms : EVENT_AGAIN_MS;
}

/* --- limits: at most so many writes in any minute ------------------------------------------------------------------ */

static bool rate_allows(const struct event_rate *r, int64_t now_ms)
{
	return r->at[r->next] == 0 || now_ms - r->at[r->next] >= EVENT_MINUTE_MS;
}

static void rate_count(struct event_rate *r, size_t max, int64_t now_ms)
{
	r->at[r->next] = now_ms;
	r->next = (r->next + 1) % max;
}

static struct event_rate *rate_of(struct event_table *t, const struct event_slot *s)
{
	return &t->of_namespace[s->space % EVENT_NAMESPACES];
}

/* --- what happens --------------------------------------------------------------------------------------------------- */

static bool is_about(const struct event_slot *s, const struct event_note *n)
{
	return str_is(n->uid, s->uid) && strcmp(n->reason, s->reason) == 0 && str_is(n->namespace, s->namespace);
}

static struct event_slot *find(struct event_table *t, const struct event_note *n, uint64_t key)
{
	for (size_t i = 0; i < EVENT_SLOTS; i++)
		if (t->slot[i].used && t->slot[i].key == key && is_about(&t->slot[i], n))
			return &t->slot[i];
	return NULL;
}

/* A free one, else the one that nothing happened to for the longest time; none that holds what nobody was told. One
 * namespace cannot take them all: whoever may create pods chooses the owners that they name. */
static struct event_slot *find_room(struct event_table *t, uint64_t space)
{
	struct event_slot *room = NULL, *own = NULL;
	size_t n_own = 0;

	for (size_t i = 0; i < EVENT_SLOTS; i++) {
		struct event_slot *s = &t->slot[i];
		const bool ours = s->used && s->space == space, idle = !s->used || !s->pending;

		n_own += ours;
		if (ours && idle && (!own || s->last_ms < own->last_ms))
			own = s;
		if (idle && (!room || (room->used && (!s->used || s->last_ms < room->last_ms))))
			room = s;
	}
	return n_own < EVENT_SLOTS_OF_NAMESPACE ? room : own;
}

static bool set(char *to, size_t size, struct str s)
{
	if (!s.len || s.len >= size)
		return false;
	memcpy(to, s.p, s.len);
	to[s.len] = '\0';
	return true;
}

static void set_message(struct event_slot *s, struct str message)
{
	size_t len = message.len < sizeof(s->message) ? message.len : sizeof(s->message) - 1;

	while (len < message.len && len && ((unsigned char)message.p[len] & 0xc0) == 0x80)
		len--;
	memcpy(s->message, message.len ? message.p : "", len);
	s->message[len] = '\0';
}

static void begin_anew(struct event_table *t, struct event_slot *s, int64_t now_ms, int64_t now_s)
{
	s->exists = false;
	s->pending = s->told = 0;
	s->failures = 0;
	s->id = t->seed + ++t->made * 0x9e3779b97f4a7c15U;
	s->first_s = now_s;
	s->not_before_ms = now_ms;
}

static struct event_slot *take_room(struct event_table *t, const struct event_note *n, uint64_t key, uint64_t space)
{
	struct event_slot next = {.used = true, .key = key, .space = space, .reason = n->reason}, *s;

	if (!set(next.namespace, sizeof(next.namespace), n->namespace) || !set(next.kind, sizeof(next.kind), n->kind) ||
		!set(next.api_version, sizeof(next.api_version), n->api_version) ||
		!set(next.name, sizeof(next.name), n->name) || !set(next.uid, sizeof(next.uid), n->uid))
		return NULL;
	s = find_room(t, space);
	if (s)
		*s = next;
	return s;
}

bool event_table_put(struct event_table *t, const struct event_note *n, int64_t now_ms, int64_t now_s)
{
	const uint64_t space = hash(t->seed, n->namespace), key = hash(hash(space, n->uid), str_of(n->reason));
	struct event_slot *s = find(t, n, key);

	t->counts.noted++;
	if (!s) {
		s = take_room(t, n, key, space);
		if (!s) {
			t->counts.dropped++;
			return false;
		}
		begin_anew(t, s, now_ms, now_s);
	} else if (!s->pending && now_ms - s->last_ms > EVENT_WINDOW_MS) {
		begin_anew(t, s, now_ms, now_s);
	}
	s->pending++;
	s->last_ms = now_ms;
	s->last_s = now_s;
	set_message(s, n->message);
	return true;
}

/* --- writing -------------------------------------------------------------------------------------------------------- */

struct event_slot *event_table_next(struct event_table *t, int64_t now_ms)
{
	struct event_slot *due = NULL;

	if (!rate_allows(&t->all, now_ms))
		return NULL;
	for (size_t i = 0; i < EVENT_SLOTS; i++) {
		struct event_slot *s = &t->slot[i];

		if (s->used && s->pending && s->not_before_ms <= now_ms && rate_allows(rate_of(t, s), now_ms) &&
			(!due || s->not_before_ms < due->not_before_ms))
			due = s;
	}
	if (due) {
		rate_count(&t->all, EVENT_A_MINUTE, now_ms);
		rate_count(rate_of(t, due), EVENT_A_MINUTE_NAMESPACE, now_ms);
	}
	return due;
}

static void give_up(struct event_table *t, struct event_slot *s, uint64_t pending, int64_t now_ms)
{
	t->counts.dropped += pending;
	s->pending -= pending;
	s->failures = 0;
	s->not_before_ms = now_ms + t->again_ms;
}

static void try_later(struct event_table *t, struct event_slot *s, uint64_t pending, int64_t now_ms)
{
	if (++s->failures >= EVENT_ATTEMPTS)
		give_up(t, s, pending, now_ms);
	else
		s->not_before_ms = now_ms + ((int64_t)RETRY_MS << s->failures);
}

void event_table_answered(
	struct event_table *t, struct event_slot *s, uint64_t pending, enum event_result result, int64_t now_ms)
{
	switch (result) {
	case EVENT_WRITTEN:
		t->counts.written++;
		s->exists = true;
		s->told += pending;
		s->pending -= pending;
		s->failures = 0;
		s->not_before_ms = now_ms + t->again_ms;
		break;
	case EVENT_MISSING:
	case EVENT_TAKEN:
		s->exists = false;
		s->id += ++t->made * 0x9e3779b97f4a7c15U;
		if (++s->failures >= EVENT_ATTEMPTS)
			give_up(t, s, pending, now_ms);
		break;
	case EVENT_LATER:
		try_later(t, s, pending, now_ms);
		break;
	case EVENT_REFUSED:
		give_up(t, s, pending, now_ms);
		break;
	}
}
