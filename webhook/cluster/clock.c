/* SPDX-License-Identifier: Apache-2.0 */
/* The clock of what talks to the API, and a thread's wait that others can cut short. */
#include "webhook/cluster/clock.h"

#include <time.h>

enum { WAIT_MAX_MS = 30000, NANOS = 1000000000 };

int64_t cluster_clock_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void waiter_init(struct waiter *w)
{
	pthread_condattr_t attr;

	*w = (struct waiter){.woken = false};
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&w->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
}

void waiter_release(struct waiter *w)
{
	(void)pthread_cond_destroy(&w->changed);
	(void)pthread_mutex_destroy(&w->lock);
}

static struct timespec after(int64_t ms)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(ms / 1000);
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= NANOS) {
		t.tv_nsec -= NANOS;
		t.tv_sec++;
	}
	return t;
}

void waiter_wait(struct waiter *w, int64_t ms)
{
	const struct timespec until = after(ms < 0 ? 0 : ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS);
	int status = 0;

	(void)pthread_mutex_lock(&w->lock);
	while (!w->woken && !w->ended && status == 0)
		status = pthread_cond_timedwait(&w->changed, &w->lock, &until);
	w->woken = false;
	(void)pthread_mutex_unlock(&w->lock);
}

static void set(struct waiter *w, bool *flag)
{
	(void)pthread_mutex_lock(&w->lock);
	*flag = true;
	(void)pthread_cond_broadcast(&w->changed);
	(void)pthread_mutex_unlock(&w->lock);
}

void waiter_wake(struct waiter *w)
{
	set(w, &w->woken);
}

void waiter_end(struct waiter *w)
{
	set(w, &w->ended);
}

bool waiter_ended(struct waiter *w)
{
	bool ended;

	(void)pthread_mutex_lock(&w->lock);
	ended = w->ended;
	(void)pthread_mutex_unlock(&w->lock);
	return ended;
}
