/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that keeps collections of the Kubernetes API up to date. */
#include "webhook/cluster/informer.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "webhook/cluster/clock.h"
#include "webhook/cluster/transfer.h"

enum {
	STEP_MAX_MS = 10000,
	STATUS_OK = 200,
	STATUS_TOO_MANY = 429,
	STATUS_UNAVAILABLE = 503,
	DEAD_AFTER_MS = 30000, /* bytes that nobody acknowledges, or silence on the wire */
	PROBE_AFTER_S = 15,
	PROBE_EVERY_S = 5,
};

/* One collection. The thread's own, but for what the lock guards: the reflector. */
struct source {
	struct informer *informer;
	struct reflector reflector;
	struct transfer transfer;
	bool added;   /* to the multi handle */
	bool opened;  /* the head of the watch has come */
	bool stale;   /* the connection it had gave no answer: not to be used again */
	bool changed; /* to be told of */
	bool broken, troubled; /* as was told, as was logged last */
};

struct informer {
	struct informer_options o;
	struct libcurl curl;
	CURLM *multi;
	struct cluster_auth auth;
	pthread_mutex_t lock;
	struct source source[INFORMER_SOURCES_MAX];
	size_t n;
	pthread_t thread;
	atomic_bool ending;
};

/* --- one request ---------------------------------------------------------------------------------------------------- */

static size_t take_bytes(char *data, size_t size, size_t n, void *context)
{
	struct source *s = context;
	struct informer *i = s->informer;
	const int http = transfer_status(&s->transfer);
	int status;

	(void)pthread_mutex_lock(&i->lock);
	status = reflector_take(&s->reflector, http, (struct str){data, size * n}, cluster_clock_ms(), &s->changed);
	(void)pthread_mutex_unlock(&i->lock);
	return status < 0 ? 0 : size * n;
}

/* A server that vanished without a word is found out within half a minute, whether or not we have sent it something. */
static int set_socket(void *context UNUSED, curl_socket_t fd, curlsocktype purpose UNUSED)
{
	static const struct {
		int level, option, value;
	} options[] = {
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, PROBE_AFTER_S},
		{IPPROTO_TCP, TCP_KEEPINTVL, PROBE_EVERY_S},
		{IPPROTO_TCP, TCP_USER_TIMEOUT, DEAD_AFTER_MS},
	};

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		(void)setsockopt(fd, options[i].level, options[i].option, &options[i].value, sizeof(options[i].value));
	return CURL_SOCKOPT_OK;
}

static bool set_up(struct source *s, int64_t timeout)
{
	const struct libcurl *curl = &s->informer->curl;
	CURL *easy = s->transfer.easy;

	return curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK &&
	       curl->easy_setopt(easy, CURLOPT_WRITEDATA, s) == CURLE_OK &&
	       curl->easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, set_socket) == CURLE_OK &&
	       curl->easy_setopt(easy, CURLOPT_PRIVATE, s) == CURLE_OK &&
	       curl->easy_setopt(easy, CURLOPT_PIPEWAIT, 1L) == CURLE_OK &&
	       curl->easy_setopt(easy, CURLOPT_FRESH_CONNECT, s->stale ? 1L : 0L) == CURLE_OK &&
	       curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout) == CURLE_OK;
}

static int send_request(struct source *s, const char *path, int64_t timeout, struct err *err)
{
	struct informer *i = s->informer;
	struct transfer_request t = {.method = "GET", .path = path, .accept = reflector_accept(&s->reflector)};

	if (cluster_auth_header(&i->auth, s->reflector.unauthorized, &t.authorization, err) < 0 ||
		transfer_prepare(&s->transfer, i->o.config, &t, err) < 0)
		return -1;
	if (!set_up(s, timeout) || i->curl.multi_add_handle(i->multi, s->transfer.easy) != CURLM_OK)
		return err_set(err, ERR_BUG, "a request cannot be set up");
	s->added = true;
	s->opened = false;
	return 0;
}

/* failed: NULL where a whole answer came. */
static void end_request(struct source *s, int http, const struct err *failed)
{
	struct informer *i = s->informer;

	if (s->added)
		(void)i->curl.multi_remove_handle(i->multi, s->transfer.easy);
	s->added = false;
	(void)pthread_mutex_lock(&i->lock);
	reflector_done(&s->reflector, http, failed, cluster_clock_ms(), &s->changed);
	if (http == STATUS_TOO_MANY || http == STATUS_UNAVAILABLE)
		reflector_wait(&s->reflector, s->transfer.retry_after, cluster_clock_ms());
	(void)pthread_mutex_unlock(&i->lock);
}

static void begin_request(struct source *s)
{
	struct informer *i = s->informer;
	struct err err = {0};
	const char *path;
	int64_t timeout;
	struct arena a;

	arena_init(&a, 0);
	(void)pthread_mutex_lock(&i->lock);
	path = reflector_request(&s->reflector, &a, cluster_clock_ms(), &timeout);
	(void)pthread_mutex_unlock(&i->lock);
	if (path && send_request(s, path, timeout, &err) < 0)
		end_request(s, 0, &err);
	arena_release(&a);
}

/* --- the thread ----------------------------------------------------------------------------------------------------- */

/* Once for each trouble that the next try does not end, and once where it is over. */
static void log_trouble(struct source *s)
{
	const struct reflector *r = &s->reflector;
	const bool troubled = r->problem.code != ERR_NONE && (s->troubled || r->failures > 1);
	char text[INFORMER_TEXT_MAX];

	if (troubled == s->troubled)
		return;
	s->troubled = troubled;
	err_print(&r->problem, text, sizeof(text));
	if (troubled)
		log_with(s->informer->o.log, LOG_WARN, "cannot follow what the API server holds; what is known stays in force",
			log_cstr("what", r->o.what), log_cstr("error", text));
	else
		log_with(s->informer->o.log, LOG_INFO, "what the API server holds is followed again", log_cstr("what", r->o.what));
}

/* The API server is there again, for the others as well. */
static void tell_recovered(struct source *s)
{
	struct informer *i = s->informer;
	const bool broken = s->reflector.problem.code != ERR_NONE;
	const bool recovered = s->broken && !broken;

	s->broken = broken;
	if (!recovered)
		return;
	(void)pthread_mutex_lock(&i->lock);
	for (size_t n = 0; n < i->n; n++)
		reflector_hurry(&i->source[n].reflector, cluster_clock_ms());
	(void)pthread_mutex_unlock(&i->lock);
	if (i->o.recovered)
		i->o.recovered(i->o.context);
}

static void finish(struct source *s, CURLcode code)
{
	const struct transfer_request t = {.method = "GET", .path = s->reflector.o.place.api};
	const int http = transfer_status(&s->transfer);
	struct err err = {0};

	/* One that was broken libcurl throws away by itself; one that is only silent it would use again. */
	s->stale = code == CURLE_OPERATION_TIMEDOUT;
	if (code == CURLE_OK) {
		end_request(s, http, NULL);
		return;
	}
	(void)transfer_failed(&s->transfer, s->informer->o.config, &t, code, &err);
	(void)err_wrap(&err, "%s", s->reflector.o.what);
	end_request(s, http, &err);
}

static void take_ends(struct informer *i)
{
	CURLMsg *m;
	int left;

	while ((m = i->curl.multi_info_read(i->multi, &left)) != NULL) {
		const CURLcode code = m->data.result;
		char *private = NULL;

		/* m is gone once its handle is removed. */
		if (m->msg == CURLMSG_DONE && i->curl.easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private) == CURLE_OK && private)
			finish((struct source *)(void *)private, code);
	}
}

/* A watch says nothing until something happens, but its head comes at once. */
static void see_opened(struct source *s)
{
	struct informer *i = s->informer;

	if (!s->added || s->opened || !reflector_watches(&s->reflector) || transfer_status(&s->transfer) != STATUS_OK)
		return;
	s->opened = true;
	(void)pthread_mutex_lock(&i->lock);
	reflector_opened(&s->reflector);
	(void)pthread_mutex_unlock(&i->lock);
}

static void begin_due(struct informer *i)
{
	for (size_t n = 0; n < i->n; n++)
		if (reflector_due(&i->source[n].reflector) <= cluster_clock_ms())
			begin_request(&i->source[n]);
}

static void tell(struct informer *i)
{
	bool changed = false;

	for (size_t n = 0; n < i->n; n++) {
		struct source *s = &i->source[n];

		see_opened(s);
		log_trouble(s);
		tell_recovered(s);
		changed = changed || s->changed;
		s->changed = false;
	}
	if (changed && i->o.changed)
		i->o.changed(i->o.context);
}

static int wait_ms(const struct informer *i)
{
	const int64_t now = cluster_clock_ms();
	int64_t wait = STEP_MAX_MS;

	for (size_t n = 0; n < i->n; n++) {
		const int64_t due = reflector_due(&i->source[n].reflector);

		if (due != INT64_MAX && due - now < wait)
			wait = due - now;
	}
	return wait > 0 ? (int)wait : 0;
}

static void *run(void *context)
{
	struct informer *i = context;
	int running;

	while (!atomic_load(&i->ending)) {
		begin_due(i);
		(void)i->curl.multi_perform(i->multi, &running);
		take_ends(i);
		tell(i);
		(void)i->curl.multi_poll(i->multi, NULL, 0, wait_ms(i), NULL);
	}
	return NULL;
}

/* --- life ----------------------------------------------------------------------------------------------------------- */

static void free_informer(struct informer *i)
{
	for (size_t n = 0; n < i->n; n++) {
		struct source *s = &i->source[n];

		if (s->added)
			(void)i->curl.multi_remove_handle(i->multi, s->transfer.easy);
		transfer_release(&s->transfer);
		reflector_release(&s->reflector);
	}
	if (i->multi)
		(void)i->curl.multi_cleanup(i->multi);
	cluster_auth_release(&i->auth);
	(void)pthread_mutex_destroy(&i->lock);
	free(i);
}

static void free_informerp(struct informer **slot)
{
	if (*slot)
		free_informer(*slot);
}

static int add_sources(struct informer *i, struct err *err)
{
	for (size_t n = 0; n < i->o.n_sources && n < INFORMER_SOURCES_MAX; n++) {
		struct source *s = &i->source[i->n];
		uint64_t seed = 0;

		if (getrandom(&seed, sizeof(seed), 0) < 0)
			seed = (uint64_t)cluster_clock_ms();
		s->informer = i;
		reflector_init(&s->reflector, &i->o.source[n], seed, cluster_clock_ms());
		i->n++;
		if (transfer_init(&s->transfer, &i->curl, err) < 0)
			return -1;
	}
	return 0;
}

struct informer *informer_start(const struct informer_options *o, struct err *err)
{
	own(free_informerp) struct informer *i = calloc(1, sizeof(*i));

	if (!i) {
		(void)err_nomem(err);
		return NULL;
	}
	i->o = *o;
	(void)pthread_mutex_init(&i->lock, NULL);
	atomic_init(&i->ending, false);
	cluster_auth_init(&i->auth, o->config);
	if (libcurl_load(&i->curl, err) < 0)
		return NULL;
	i->multi = i->curl.multi_init();
	if (!i->multi) {
		(void)err_nomem(err);
		return NULL;
	}
	if (add_sources(i, err) < 0)
		return NULL;
	if (pthread_create(&i->thread, NULL, run, i) != 0) {
		(void)err_set(err, ERR_IO, "cannot start a thread for the API server's watches");
		return NULL;
	}
	return take(i);
}

void informer_stop(struct informer *i)
{
	if (!i)
		return;
	atomic_store(&i->ending, true);
	(void)i->curl.multi_wakeup(i->multi);
	(void)pthread_join(i->thread, NULL);
	free_informer(i);
}

/* --- who asks ------------------------------------------------------------------------------------------------------- */

void informer_look(struct informer *i, size_t number, struct informer_state *ret)
{
	const struct reflector *r = &i->source[number].reflector;
	const int64_t now = cluster_clock_ms();

	(void)pthread_mutex_lock(&i->lock);
	*ret = (struct informer_state){
		.what = r->o.what,
		.synced = r->synced,
		.answered = r->answered,
		.absent = r->absent,
		.up = r->up,
		.forbidden = !r->up && r->forbidden,
		.since_event_ms = r->last_event ? now - r->last_event : -1,
		.lists = r->lists,
		.watches = r->watches,
		.objects = r->kept.n,
	};
	if (r->problem.code != ERR_NONE)
		err_print(&r->problem, ret->problem, sizeof(ret->problem));
	(void)pthread_mutex_unlock(&i->lock);
	if (ret->since_event_ms < -1)
		ret->since_event_ms = 0;
}

void informer_visit(struct informer *i, size_t number, informer_each *each, void *context)
{
	const struct kept *k = &i->source[number].reflector.kept;

	(void)pthread_mutex_lock(&i->lock);
	for (size_t n = 0; n < k->n; n++)
		each(context, kept_text(&k->object[n]));
	(void)pthread_mutex_unlock(&i->lock);
}
