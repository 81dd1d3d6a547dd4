/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that ends after n bytes, n = 0, 16, 32, … until the operation succeeds: each of its allocations fails once. */
#ifndef TESTS_UNIT_OOM_H
#define TESTS_UNIT_OOM_H

#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"

/* 0 when done, -1 with err set. The arena is the only memory it may need. */
typedef int oom_operation(struct arena *a, const void *arg, struct err *err);

/* Number of times it failed before it succeeded; 0 when it failed otherwise than by ERR_NOMEM, or never succeeded. */
static inline size_t oom_loop(oom_operation *run, const void *arg)
{
	enum { MOST = 1 << 20, STEP = 16 };

	for (size_t n = 0; n <= MOST; n += STEP) {
		struct err err = {0};
		struct arena a;
		int done;

		arena_init(&a, MOST);
		if (!arena_alloc(&a, MOST))
			abort();
		a.next -= n; /* gives the last n bytes back; the maximum is reached, so there will be no more */
		done = run(&a, arg, &err);
		arena_release(&a);
		if (done == 0)
			return n / STEP;
		if (err.code != ERR_NOMEM)
			return 0;
	}
	return 0;
}

#endif
