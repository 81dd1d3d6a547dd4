/* SPDX-License-Identifier: Apache-2.0 */
/* The clock of what talks to the API, and a thread's wait that others can cut short. */
#ifndef WEBHOOK_CLUSTER_CLOCK_H
#define WEBHOOK_CLUSTER_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Milliseconds; never steps back, and counts while the machine is suspended: a Lease goes on to expire then. */
int64_t cluster_clock_ms(void);

struct waiter {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool woken, ended;
};

void waiter_init(struct waiter *w);
void waiter_release(struct waiter *w);
/* Returns after ms, or when it is woken or ended; a wake that came before counts. At most half a minute at once: the
 * wait's own clock stands still while the machine is suspended. */
void waiter_wait(struct waiter *w, int64_t ms);
void waiter_wake(struct waiter *w); /* any thread */
void waiter_end(struct waiter *w);  /* any thread; nothing waits from here on */
bool waiter_ended(struct waiter *w);

#endif
