/* SPDX-License-Identifier: Apache-2.0 */
/* The connections that are open, each with a deadline of its own. */
#include "webhook/server/connection.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { TICK_MOST = 500, TICK_LEAST = 20 }; /* milliseconds between two looks at the deadlines */

int64_t clock_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_ms(void)
{
	return clock_us() / 1000;
}

/* The lock keeps the descriptor valid: a connection leaves the list under it, before it is closed. */
static void close_late(struct connections *t, int64_t now)
{
	for (struct connection *c = t->newest; c; c = c->older) {
		if (now < atomic_load_explicit(&c->deadline, memory_order_relaxed))
			continue;
		(void)shutdown(c->fd, SHUT_RDWR);
		atomic_store_explicit(&c->deadline, INT64_MAX, memory_order_relaxed);
		(void)atomic_fetch_add_explicit(&t->timed_out, 1, memory_order_relaxed);
	}
}

static int64_t tick(const struct connections *t)
{
	const int64_t quarter = t->request_ms / 4;

	return quarter > TICK_MOST ? TICK_MOST : quarter < TICK_LEAST ? TICK_LEAST : quarter;
}

/* Sleeps while no connection is open: an idle server wakes nobody. */
static void wait_for_next_look(struct connections *t)
{
	struct timespec until;
	int64_t nanoseconds;

	if (!t->newest) {
		(void)pthread_cond_wait(&t->changed, &t->lock);
		return;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	nanoseconds = until.tv_nsec + tick(t) * 1000000;
	until.tv_sec += nanoseconds / 1000000000;
	until.tv_nsec = nanoseconds % 1000000000;
	(void)pthread_cond_timedwait(&t->changed, &t->lock, &until);
}

static void *reap(void *arg)
{
	struct connections *t = arg;

	(void)pthread_mutex_lock(&t->lock);
	while (!t->stopping) {
		close_late(t, clock_ms());
		wait_for_next_look(t);
	}
	(void)pthread_mutex_unlock(&t->lock);
	return NULL;
}

int connections_start(
	struct connections *t, int64_t idle_ms, int64_t request_ms, struct served_cert_slot *certs, struct err *err)
{
	pthread_condattr_t monotonic;

	memset(t, 0, sizeof(*t));
	t->idle_ms = idle_ms;
	t->request_ms = request_ms;
	t->certs = certs;
	(void)pthread_mutex_init(&t->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&t->changed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	if (pthread_create(&t->reaper, NULL, reap, t) != 0)
		return err_set(err, ERR_IO, "cannot start a thread");
	return 0;
}

void connections_stop(struct connections *t)
{
	(void)pthread_mutex_lock(&t->lock);
	t->stopping = true;
	(void)pthread_cond_signal(&t->changed);
	(void)pthread_mutex_unlock(&t->lock);
	(void)pthread_join(t->reaper, NULL);
	(void)pthread_cond_destroy(&t->changed);
	(void)pthread_mutex_destroy(&t->lock);
}

static void set_deadline(struct connection *c, int64_t in_ms)
{
	atomic_store_explicit(&c->deadline, clock_ms() + in_ms, memory_order_relaxed);
}

struct connection *connection_opened(struct connections *t, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));
	bool first;

	if (!c)
		return NULL;
	c->table = t;
	c->fd = fd;
	set_deadline(c, t->request_ms);
	(void)pthread_mutex_lock(&t->lock);
	first = !t->newest;
	c->older = t->newest;
	if (c->older)
		c->older->newer = c;
	t->newest = c;
	if (first)
		(void)pthread_cond_signal(&t->changed);
	(void)pthread_mutex_unlock(&t->lock);
	(void)atomic_fetch_add_explicit(&t->open, 1, memory_order_relaxed);
	return c;
}

void connection_closed(struct connection *c)
{
	struct connections *t = c->table;

	(void)pthread_mutex_lock(&t->lock);
	if (c->older)
		c->older->newer = c->newer;
	if (c->newer)
		c->newer->older = c->older;
	else
		t->newest = c->older;
	(void)pthread_mutex_unlock(&t->lock);
	(void)atomic_fetch_sub_explicit(&t->open, 1, memory_order_relaxed);
	served_cert_unref(c->cert);
	free(c);
}

void connection_request_begins(struct connection *c)
{
	set_deadline(c, c->table->request_ms);
}

void connection_request_answers(struct connection *c)
{
	set_deadline(c, c->table->request_ms);
}

void connection_request_ends(struct connection *c)
{
	set_deadline(c, c->table->idle_ms);
}
