/* SPDX-License-Identifier: Apache-2.0 */
/* Watches of our Secret and of our webhook configurations. */
#include "webhook/cluster/ca_watch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "webhook/cluster/clock.h"
#include "webhook/cluster/informer.h"

enum {
	FORBIDDEN_LOOKS = 2, /* in a row: an API server that has just started knows no rights yet */
	PATIENCE_MS = 60000, /* with other reasons: watches come back by themselves */
	QUERY_MAX = 1024,    /* a name of 253 bytes, escaped, and the selector */
	CONFIGURATIONS_MAX = (INFORMER_SOURCES_MAX - 1) / 2, /* beside the Secret, each as either kind */
};

struct ca_watch {
	struct ca_watch_options o;
	struct arena arena; /* of the texts of `sources` */
	struct informer_options sources;
	pthread_mutex_t lock;      /* of the informer: it is looked at while another thread ends it */
	struct informer *informer; /* NULL: not started, or ended */
	unsigned forbidden;        /* looks in a row that found that we may not */
	int64_t down_since;        /* of the clock; 0: it is watched */
	bool told;                 /* that it is not watched */
};

/* A change shows in the version, and that is all there is to know here. */
static void keep_version(struct text *out, const struct value *object)
{
	const struct str version = raw_str(raw_get(object, "metadata"), "resourceVersion");

	text_add(out, version.p, version.len);
}

/* --- what is watched ------------------------------------------------------------------------------------------------ */

static int add(struct ca_watch *w, struct cluster_place collection, const char *name, struct err *err)
{
	struct informer_options *to = &w->sources;
	struct text query;
	const char *what;

	text_init(&query, &w->arena, QUERY_MAX);
	text_adds(&query, "fieldSelector=metadata.name%3D");
	cluster_escape(&query, str_of(name));
	what = arena_printf(&w->arena, "%s %s", collection.resource, name);
	if (!what || !text_cstr(&query))
		return err_nomem(err);
	to->source[to->n_sources++] = (struct reflector_options){
		.what = what, .place = collection, .query = text_cstr(&query), .keep = keep_version, .metadata_only = true};
	return 0;
}

/* A name may be of either kind, and become one of the other. */
static int add_configuration(struct ca_watch *w, const char *name, struct err *err)
{
	static const char *const kinds[] = {"mutatingwebhookconfigurations", "validatingwebhookconfigurations"};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (add(w, (struct cluster_place){.api = "/apis/admissionregistration.k8s.io/v1", .resource = kinds[i]}, name, err) < 0)
			return -1;
	return 0;
}

/* Nothing where there are too many: then all of them are polled. */
static int add_all(struct ca_watch *w, struct err *err)
{
	const struct cluster_place secrets = {.api = "/api/v1", .resource = "secrets", .namespace = w->o.namespace};

	if (w->o.n_configurations > CONFIGURATIONS_MAX)
		return 0;
	if (w->o.secret && add(w, secrets, w->o.secret, err) < 0)
		return -1;
	for (size_t i = 0; i < w->o.n_configurations; i++)
		if (add_configuration(w, w->o.configuration[i], err) < 0)
			return -1;
	return 0;
}

/* --- life ----------------------------------------------------------------------------------------------------------- */

struct ca_watch *ca_watch_new(const struct ca_watch_options *o, struct err *err)
{
	struct ca_watch *w = calloc(1, sizeof(*w));

	if (!w) {
		(void)err_nomem(err);
		return NULL;
	}
	w->o = *o;
	arena_init(&w->arena, 0);
	(void)pthread_mutex_init(&w->lock, NULL);
	/* What fails is told once for all of them, and by us. */
	w->sources = (struct informer_options){
		.config = o->config, .changed = o->changed, .recovered = o->changed, .context = o->context};
	if (add_all(w, err) == 0)
		return w;
	ca_watch_free(w);
	return NULL;
}

int ca_watch_start(struct ca_watch *w, struct err *err)
{
	struct informer *informer;

	if (!w->sources.n_sources)
		return 0;
	informer = informer_start(&w->sources, err);
	(void)pthread_mutex_lock(&w->lock);
	w->informer = informer;
	(void)pthread_mutex_unlock(&w->lock);
	return informer ? 0 : -1;
}

void ca_watch_stop(struct ca_watch *w)
{
	struct informer *informer;

	if (!w)
		return;
	(void)pthread_mutex_lock(&w->lock);
	informer = take(w->informer);
	(void)pthread_mutex_unlock(&w->lock);
	informer_stop(informer);
}

void ca_watch_free(struct ca_watch *w)
{
	if (!w)
		return;
	ca_watch_stop(w);
	(void)pthread_mutex_destroy(&w->lock);
	arena_release(&w->arena);
	free(w);
}

/* --- who asks ------------------------------------------------------------------------------------------------------- */

/* Locked. The first that is not watched is in *ret. */
static bool all_up(const struct ca_watch *w, struct informer_state *ret)
{
	if (!w->sources.n_sources) {
		ret->forbidden = true;
		(void)snprintf(ret->problem, sizeof(ret->problem), "more than %d webhook configurations", CONFIGURATIONS_MAX);
	}
	if (!w->informer)
		return false;
	for (size_t i = 0; i < w->sources.n_sources; i++) {
		informer_look(w->informer, i, ret);
		if (!ret->synced || !ret->up)
			return false;
	}
	return true;
}

static void note_down(struct ca_watch *w, const struct informer_state *s)
{
	const int64_t now = cluster_clock_ms();

	w->forbidden = s->forbidden ? w->forbidden + 1 : 0;
	if (!w->down_since)
		w->down_since = now;
	if (w->told || (w->forbidden < FORBIDDEN_LOOKS && now - w->down_since < PATIENCE_MS))
		return;
	w->told = true;
	log_with(w->o.log, LOG_WARN, "certificates in the cluster cannot be watched: they are looked at every 10 s",
		log_cstr("error", s->problem[0] ? s->problem : "no answer yet"));
}

static void note_up(struct ca_watch *w)
{
	w->forbidden = 0;
	w->down_since = 0;
	if (w->told)
		log_line(w->o.log, LOG_INFO, "certificates in the cluster are watched now", NULL, 0);
	w->told = false;
}

bool ca_watch_up(struct ca_watch *w)
{
	struct informer_state s = {.what = NULL};
	bool up;

	(void)pthread_mutex_lock(&w->lock);
	up = all_up(w, &s);
	(void)pthread_mutex_unlock(&w->lock);
	if (up)
		note_up(w);
	else
		note_down(w, &s);
	return up;
}
