/* SPDX-License-Identifier: Apache-2.0 */
/* How many pods lack the sidecar that they should have, or have an outdated one. */
#include "webhook/check/census.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "webhook/check/sidecar.h"
#include "webhook/cluster/clock.h"

#define REGISTRATION "/apis/admissionregistration.k8s.io/v1"

enum {
	PERIOD_MS = 600000,
	LOOK_MS = 5000, /* whether we lead, and whether it is time */
	NEXT_MS = 100,  /* between two pages */
	FAILED_MS = 60000,
	PAGE = 50,
	ENTRIES_MAX = 64,
	NAMESPACES_MAX = 20000,
	RUN_ARENA_MAX = 32 << 20,
	PAGE_ARENA_MAX = 64 << 20,
	TOKEN_MAX = 8 << 10,
};

struct known_namespace {
	struct str name;
	const struct map *labels;
};

/* A count under way. */
struct run {
	bool begun;
	struct arena arena; /* of what is below */
	struct snapshot *snapshot;
	struct webhook_entry entry[ENTRIES_MAX];
	struct known_namespace *namespace;
	size_t n_namespaces;
	struct sidecar_measure measure;
	unsigned page;         /* pods asked for at once */
	char token[TOKEN_MAX]; /* of the next page, escaped; "": of the first */
	struct census_counts counts;
};

struct census {
	struct census_options o;
	struct run run;
	int64_t due_ms;
	bool told;            /* what was logged still holds */
	pthread_mutex_t lock; /* of: */
	struct census_counts last;
};

struct census *census_new(const struct census_options *o, struct err *err)
{
	struct census *c = calloc(1, sizeof(*c));

	if (!c) {
		(void)err_nomem(err);
		return NULL;
	}
	c->o = *o;
	(void)pthread_mutex_init(&c->lock, NULL);
	return c;
}

static void end_run(struct run *r)
{
	if (r->begun) {
		arena_release(&r->arena);
		snapshot_unref(r->snapshot);
	}
	r->begun = false;
}

void census_free(struct census *c)
{
	if (!c)
		return;
	end_run(&c->run);
	(void)pthread_mutex_destroy(&c->lock);
	free(c);
}

void census_read(struct census *c, struct census_counts *ret)
{
	(void)pthread_mutex_lock(&c->lock);
	*ret = c->last;
	(void)pthread_mutex_unlock(&c->lock);
}

static void publish(struct census *c, const struct census_counts *counts)
{
	(void)pthread_mutex_lock(&c->lock);
	c->last = *counts;
	(void)pthread_mutex_unlock(&c->lock);
}

/* --- before the first page: whom our webhooks are called for -------------------------------------------------------- */

static int read_configuration(struct run *r, struct cluster_client *client, const char *name, struct err *err)
{
	const struct cluster_call call = {.verb = CLUSTER_GET,
		.place = {.api = REGISTRATION, .resource = "mutatingwebhookconfigurations", .name = name}};
	struct cluster_answer answer;
	struct err refused = {0};
	const struct value *l;

	if (cluster_do(client, &r->arena, &call, &answer, &refused) < 0) {
		if (answer.status == CLUSTER_NOT_FOUND)
			return 0; /* a validating one, or none yet: it injects nobody */
		*err = refused;
		return -1;
	}
	l = raw_get(answer.object, "webhooks");
	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len && r->measure.n_entries < ENTRIES_MAX; i++) {
		struct webhook_entry *e = &r->entry[r->measure.n_entries];
		bool usable;

		if (webhook_entry_read(&r->arena, str_of(name), l->u.list.item[i], e, &usable, err) < 0)
			return -1;
		e->injector = INJECTOR_OURS;
		r->measure.n_entries += usable;
	}
	return 0;
}

/* Out of the page, which is forgotten. NULL: none, or no memory, which *failed tells. */
static const struct map *copy_labels(struct arena *a, const struct map *m, bool *failed)
{
	struct map *copy = m ? map_new(a, m->len) : NULL;

	*failed = m && !copy;
	for (uint32_t i = 0; copy && !*failed && i < m->len; i++) {
		const struct map_entry *e = &m->entry[i];
		const char *key = arena_strndup(a, e->key.p, e->key.len);
		const struct value *v = e->value->kind == K_STRING ? value_copy_str(a, e->value->u.s) : NULL;

		*failed = !key || !v || map_set(a, copy, (struct str){key, e->key.len}, v) < 0;
	}
	return copy;
}

static int keep_namespace(void *context, const struct value *item, struct err *err)
{
	struct run *r = context;
	const struct str name = raw_str(raw_get(item, "metadata"), "name");
	struct known_namespace *to = &r->namespace[r->n_namespaces];
	bool failed;

	if (r->n_namespaces == NAMESPACES_MAX)
		return err_set(err, ERR_LIMIT, "there are more than %d namespaces", NAMESPACES_MAX);
	to->name = (struct str){arena_strndup(&r->arena, name.p ? name.p : "", name.len), name.len};
	to->labels = copy_labels(&r->arena, object_labels(item), &failed);
	r->n_namespaces++;
	return failed || !to->name.p ? err_nomem(err) : 0;
}

static int read_namespaces(struct run *r, struct cluster_client *client, struct err *err)
{
	const struct cluster_list list = {.place = {.api = "/api/v1", .resource = "namespaces"},
		.page = PAGE,
		.each = keep_namespace,
		.context = r};
	int status;

	r->namespace = arena_calloc(&r->arena, NAMESPACES_MAX, sizeof(*r->namespace));
	return r->namespace ? cluster_list(client, &list, &status, err) : err_nomem(err);
}

static int measure(struct census *c, struct cluster_client *client, struct err *err)
{
	struct run *r = &c->run;
	struct err ignored = {0};
	const struct value *sample;

	for (size_t i = 0; i < c->o.n_configurations; i++)
		if (read_configuration(r, client, c->o.configuration[i], err) < 0)
			return -1;
	/* A configuration that leaves a plain pod alone, or refuses it, tells no image. */
	sample = sidecar_sample(r->snapshot->config, &r->arena, &ignored);
	if (ignored.code == ERR_NOMEM)
		return err_nomem(err);
	r->measure.config = r->snapshot->config;
	r->measure.entry = r->entry;
	r->measure.image = raw_str(raw_any_container(sample, CONTAINER_PROXY), "image");
	return read_namespaces(r, client, err);
}

/* Takes the snapshot. */
static int begin_run(struct census *c, struct snapshot *snapshot, struct cluster_client *client, struct err *err)
{
	memset(&c->run, 0, sizeof(c->run));
	c->run.begun = true;
	c->run.snapshot = snapshot;
	c->run.page = c->o.page ? c->o.page : PAGE;
	arena_init(&c->run.arena, RUN_ARENA_MAX);
	return measure(c, client, err);
}

/* --- pods ----------------------------------------------------------------------------------------------------------- */

static const struct map *labels_of(const struct run *r, struct str namespace)
{
	for (size_t i = 0; i < r->n_namespaces; i++)
		if (str_eq(r->namespace[i].name, namespace))
			return r->namespace[i].labels;
	return NULL;
}

static struct census_of_namespace *count_of(struct census_counts *counts, struct str namespace)
{
	struct census_of_namespace *of;

	if (namespace.len >= CENSUS_NAME_MAX)
		namespace.len = 0;
	for (size_t i = 0; i < counts->len; i++)
		if (str_is(namespace, counts->of[i].name))
			return &counts->of[i];
	if (counts->len > CENSUS_NAMESPACES)
		return &counts->of[CENSUS_NAMESPACES];
	of = &counts->of[counts->len++];
	memset(of, 0, sizeof(*of));
	if (counts->len <= CENSUS_NAMESPACES)
		memcpy(of->name, namespace.len ? namespace.p : "", namespace.len);
	return of;
}

static void count(struct run *r, const struct value *pod)
{
	const struct str namespace = raw_str(raw_get(pod, "metadata"), "namespace");
	const enum sidecar_state state = sidecar_state(&r->measure, pod, namespace, labels_of(r, namespace));

	r->counts.injected += state == SIDECAR_THERE || state == SIDECAR_OUTDATED;
	if (state == SIDECAR_ABSENT)
		count_of(&r->counts, namespace)->absent++;
	if (state == SIDECAR_OUTDATED)
		count_of(&r->counts, namespace)->outdated++;
}

/* Pods may be large: fewer of them may fit. The same page is asked for again. */
static bool shrink_page(struct run *r, const struct err *refused)
{
	if (r->page == 1 || (refused->code != ERR_LIMIT && refused->code != ERR_NOMEM))
		return false;
	r->page = (r->page + 3) / 4;
	return true;
}

/* *ret_more: there is a page to be asked for. */
static int count_page(struct census *c, struct cluster_client *client, struct arena *a, bool *ret_more, struct err *err)
{
	struct run *r = &c->run;
	struct cluster_call call = {.verb = CLUSTER_GET, .place = {.api = "/api/v1", .resource = "pods"}};
	struct cluster_answer answer;
	struct err refused = {0};
	const struct value *l;

	call.query = arena_printf(a, "limit=%u%s%s", r->page, r->token[0] ? "&continue=" : "", r->token);
	if (!call.query)
		return err_nomem(err);
	if (cluster_do(client, a, &call, &answer, &refused) < 0 && !cluster_list_goes_on(&answer, r->token)) {
		*ret_more = shrink_page(r, &refused);
		*err = *ret_more ? (struct err){0} : refused;
		return *ret_more ? 0 : -1;
	}
	l = raw_get(answer.object, "items");
	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++)
		count(r, l->u.list.item[i]);
	if (cluster_next_page(answer.object, r->token, sizeof(r->token), err) < 0)
		return -1;
	*ret_more = r->token[0] != '\0';
	return 0;
}

/* --- the task ------------------------------------------------------------------------------------------------------- */

/* Once, until a count succeeds. The next one begins anew: what was counted so far is old by then. */
static int64_t failed(struct census *c, const struct cluster_client *client, const struct err *err)
{
	if (cluster_client_stopped(client))
		return LOOK_MS;
	if (!c->told)
		log_with(c->o.log, LOG_WARN, "pods cannot be counted", log_cstr("error", err->what));
	c->told = true;
	end_run(&c->run);
	c->due_ms = cluster_clock_ms() + FAILED_MS;
	return LOOK_MS;
}

static int64_t finish(struct census *c)
{
	c->run.counts.known = true;
	c->run.counts.at = (int64_t)time(NULL);
	publish(c, &c->run.counts);
	end_run(&c->run);
	c->told = false;
	c->due_ms = cluster_clock_ms() + (c->o.period_ms ? c->o.period_ms : PERIOD_MS);
	return LOOK_MS;
}

/* Whoever leads next counts for himself. */
static int64_t rest(struct census *c)
{
	const struct census_counts none = {.known = false};

	end_run(&c->run);
	c->due_ms = 0;
	publish(c, &none);
	return LOOK_MS;
}

/* Without a configuration nobody knows which pods should have a sidecar. */
static int64_t start(struct census *c, struct cluster_client *client)
{
	struct snapshot *snapshot = snapshot_get(c->o.config);
	struct err err = {0};

	if (!snapshot)
		return LOOK_MS;
	return begin_run(c, snapshot, client, &err) < 0 ? failed(c, client, &err) : NEXT_MS;
}

static int64_t go_on(struct census *c, struct cluster_client *client)
{
	struct err err = {0};
	bool more = false;
	struct arena a;
	int status;

	arena_init(&a, PAGE_ARENA_MAX);
	status = count_page(c, client, &a, &more, &err);
	arena_release(&a);
	if (status < 0)
		return failed(c, client, &err);
	return more ? NEXT_MS : finish(c);
}

int64_t census_step(void *context, const struct keeper_turn *turn)
{
	struct census *c = context;

	if (!keeper_leads(turn->keeper))
		return rest(c);
	if (c->run.begun)
		return go_on(c, turn->client);
	return c->due_ms <= cluster_clock_ms() ? start(c, turn->client) : LOOK_MS;
}
