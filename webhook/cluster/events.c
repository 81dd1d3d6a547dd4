/* SPDX-License-Identifier: Apache-2.0 */
/* Events on the owners of pods: notes in, core/v1 Events out. */
#include "webhook/cluster/events.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "patches/value/json.h"
#include "webhook/cluster/clock.h"

enum {
	LOOK_MS = 1000,      /* notes wait so long, and what comes together is gathered */
	SOON_MS = 100,       /* there may be more to write; other tasks first */
	AWAY_MS = 10000,     /* the API does not answer */
	WRITES_A_STEP = 10,  /* the keeper has other tasks, too */
	WRITE_TIMEOUT_MS = 5000,
	BODY_MAX = 8 << 10,
	ARENA_MAX = 1 << 20,
	OWNER_SHOWN = 200,
	TIME_MAX = 32,
	TOO_MANY = 429,
	SERVER_ERROR = 500,
};

struct events {
	pthread_mutex_t lock; /* of the table; never held while the API is asked */
	struct event_table *table;
	const struct log *log;
	char replica[256];
	bool told; /* what was logged still holds */
};

struct events *events_new(const struct events_options *o, struct err *err)
{
	struct events *e = calloc(1, sizeof(*e));
	struct event_table *t = calloc(1, sizeof(*t));
	uint64_t seed = 0;

	if (!e || !t) {
		free(e);
		free(t);
		(void)err_nomem(err);
		return NULL;
	}
	if (getrandom(&seed, sizeof(seed), 0) < 0)
		seed = (uint64_t)cluster_clock_ms() * 0x9e3779b97f4a7c15U;
	event_table_init(t, seed, o->again_ms);
	e->table = t;
	e->log = o->log;
	(void)pthread_mutex_init(&e->lock, NULL);
	(void)snprintf(e->replica, sizeof(e->replica), "%s", o->replica);
	return e;
}

void events_free(struct events *e)
{
	if (!e)
		return;
	(void)pthread_mutex_destroy(&e->lock);
	free(e->table);
	free(e);
}

void events_freep(struct events **slot)
{
	events_free(*slot);
}

void events_put(struct events *e, const struct event_note *n)
{
	const int64_t now_ms = cluster_clock_ms(), now_s = (int64_t)time(NULL);

	(void)pthread_mutex_lock(&e->lock);
	(void)event_table_put(e->table, n, now_ms, now_s);
	(void)pthread_mutex_unlock(&e->lock);
}

struct event_counts events_counted(struct events *e)
{
	struct event_counts counts;

	(void)pthread_mutex_lock(&e->lock);
	counts = e->table->counts;
	(void)pthread_mutex_unlock(&e->lock);
	return counts;
}

/* --- as the API has them -------------------------------------------------------------------------------------------- */

static void add_time(struct text *out, int64_t seconds)
{
	const time_t t = (time_t)seconds;
	struct tm tm = {0};
	char text[TIME_MAX];

	(void)gmtime_r(&t, &tm);
	(void)strftime(text, sizeof(text), "\"%Y-%m-%dT%H:%M:%SZ\"", &tm);
	text_adds(out, text);
}

static void add_member(struct text *out, const char *name, const char *value)
{
	text_addf(out, "\"%s\":", name);
	json_write_string(out, str_of(value), 0);
	text_addc(out, ',');
}

/* The owner's name, as far as the name of an Event may hold it, and something of its own. */
static const char *name_of(struct arena *a, const struct event_slot *s)
{
	char owner[OWNER_SHOWN + 1];
	size_t len = 0;

	for (const char *c = s->name; *c && len < OWNER_SHOWN; c++)
		owner[len++] = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') ? *c : '-';
	while (len && owner[len - 1] == '-')
		len--;
	owner[len] = '\0';
	return arena_printf(a, "%s%s.%016llx", owner[0] == '-' || !len ? "of" : "", owner, (unsigned long long)s->id);
}

/* The API server wants the owner in the Event's own namespace. */
static void add_owner(struct text *out, const struct event_slot *s)
{
	text_adds(out, "\"involvedObject\":{");
	add_member(out, "apiVersion", s->api_version);
	add_member(out, "kind", s->kind);
	add_member(out, "name", s->name);
	add_member(out, "namespace", s->namespace);
	add_member(out, "uid", s->uid);
	out->len--;
	text_adds(out, "},");
}

static void write_new(struct text *out, const struct events *e, const struct event_slot *s, const char *name)
{
	text_adds(out, "{\"apiVersion\":\"v1\",\"kind\":\"Event\",\"metadata\":{");
	add_member(out, "name", name);
	add_member(out, "namespace", s->namespace);
	out->len--;
	text_adds(out, "},");
	add_owner(out, s);
	add_member(out, "type", "Warning");
	add_member(out, "reason", s->reason);
	add_member(out, "message", s->message);
	add_member(out, "reportingComponent", CLUSTER_FIELD_MANAGER);
	add_member(out, "reportingInstance", e->replica);
	text_addf(out, "\"source\":{\"component\":\"%s\"},\"firstTimestamp\":", CLUSTER_FIELD_MANAGER);
	add_time(out, s->first_s);
	text_adds(out, ",\"lastTimestamp\":");
	add_time(out, s->last_s);
	text_addf(out, ",\"count\":%llu}", (unsigned long long)(s->told + s->pending));
}

static void write_change(struct text *out, const struct event_slot *s)
{
	text_addf(out, "[{\"op\":\"replace\",\"path\":\"/count\",\"value\":%llu},",
		(unsigned long long)(s->told + s->pending));
	text_adds(out, "{\"op\":\"replace\",\"path\":\"/lastTimestamp\",\"value\":");
	add_time(out, s->last_s);
	text_adds(out, "},{\"op\":\"replace\",\"path\":\"/message\",\"value\":");
	json_write_string(out, str_of(s->message), 0);
	text_adds(out, "}]");
}

/* --- the task ------------------------------------------------------------------------------------------------------- */

static enum event_result result_of(bool exists, int status)
{
	if (exists && status == CLUSTER_NOT_FOUND)
		return EVENT_MISSING;
	if (!exists && status == CLUSTER_CONFLICT)
		return EVENT_TAKEN;
	if (status == 0 || status == CLUSTER_UNAUTHORIZED || status == CLUSTER_CONFLICT || status == TOO_MANY ||
		status >= SERVER_ERROR)
		return EVENT_LATER;
	return EVENT_REFUSED;
}

/* Once, until one could be written again. */
static void tell(struct events *e, const struct event_slot *s, const struct err *err)
{
	if (!e->told)
		log_with(e->log, LOG_WARN, "an Event cannot be written", log_cstr("namespace", s->namespace),
			log_cstr("reason", s->reason), log_cstr("error", err->what));
	e->told = true;
}

/* s: a copy. */
static enum event_result write_one(struct events *e, struct cluster_client *c, struct arena *a,
	const struct event_slot *s, int *ret_status)
{
	struct cluster_call call = {.verb = s->exists ? CLUSTER_PATCH : CLUSTER_CREATE,
		.place = {.api = "/api/v1", .resource = "events", .namespace = s->namespace},
		.timeout_ms = WRITE_TIMEOUT_MS};
	const char *name = name_of(a, s);
	struct cluster_answer answer;
	struct err err = {0};
	struct text body;

	*ret_status = 0;
	text_init(&body, a, BODY_MAX);
	if (s->exists)
		write_change(&body, s);
	else
		write_new(&body, e, s, name ? name : "");
	if (!name || body.failed)
		return EVENT_REFUSED;
	call.place.name = s->exists ? name : NULL;
	call.body = (struct str){body.data, body.len};
	if (cluster_do(c, a, &call, &answer, &err) == 0) {
		e->told = false;
		return EVENT_WRITTEN;
	}
	*ret_status = answer.status;
	if ((result_of(s->exists, answer.status) == EVENT_LATER || result_of(s->exists, answer.status) == EVENT_REFUSED) &&
		!cluster_client_stopped(c))
		tell(e, s, &err);
	return result_of(s->exists, answer.status);
}

/* The slot stays where it is: it holds what nobody was told. */
static struct event_slot *take_next(struct events *e, struct event_slot *ret_copy)
{
	struct event_slot *slot;

	(void)pthread_mutex_lock(&e->lock);
	slot = event_table_next(e->table, cluster_clock_ms());
	if (slot)
		*ret_copy = *slot;
	(void)pthread_mutex_unlock(&e->lock);
	return slot;
}

static void settle(struct events *e, struct event_slot *slot, uint64_t pending, enum event_result result)
{
	(void)pthread_mutex_lock(&e->lock);
	event_table_answered(e->table, slot, pending, result, cluster_clock_ms());
	(void)pthread_mutex_unlock(&e->lock);
}

static int64_t write_due(struct events *e, struct cluster_client *c, struct arena *a)
{
	struct event_slot copy, *slot;

	for (int i = 0; i < WRITES_A_STEP; i++) {
		enum event_result result;
		int status;

		slot = take_next(e, &copy);
		if (!slot)
			return LOOK_MS;
		result = write_one(e, c, a, &copy, &status);
		settle(e, slot, copy.pending, result);
		if (result == EVENT_LATER && status == 0)
			return AWAY_MS;
		arena_clear(a);
	}
	return SOON_MS;
}

int64_t events_step(void *context, const struct keeper_turn *turn)
{
	struct arena a;
	int64_t next;

	arena_init(&a, ARENA_MAX);
	next = write_due(context, turn->client, &a);
	arena_release(&a);
	return next;
}
