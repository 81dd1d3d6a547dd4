/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of the objects of one collection: little texts in order of namespace and name, with a bound on all of it. */
#ifndef WEBHOOK_CLUSTER_KEPT_H
#define WEBHOOK_CLUSTER_KEPT_H

#include <stdint.h>

#include "base/text.h"

struct kept_object {
	char *key; /* "NAMESPACE/NAME", "/NAME" without a namespace; what is kept stands behind its NUL */
	size_t key_len, len;
	uint64_t round; /* of the list that saw it last */
};

/* One thread at a time. Zeroed before the first use. */
struct kept {
	struct kept_object *object; /* sorted by key */
	size_t n, cap;
	size_t bytes; /* of keys and texts */
	size_t max;   /* of these; 0: LIMIT_KEPT_TOTAL */
	uint64_t round;
};

void kept_release(struct kept *k); /* empty and reusable */

/*
 * text: what is kept of it, copied. *ret_changed becomes true where that is not what was kept before, else it is left alone. ERR_LIMIT
 * beyond LIMIT_KEPT_OBJECTS or `max`, or where text is larger than LIMIT_KEPT_BYTES; ERR_NOMEM. On failure what was kept stays.
 */
int kept_put(struct kept *k, struct str namespace, struct str name, struct str text, bool *ret_changed, struct err *err) MUST_CHECK;
/* *ret_changed becomes true where it was kept. */
void kept_remove(struct kept *k, struct str namespace, struct str name, bool *ret_changed);

/* A list that says anew all that there is: what it has not put between the two is gone. */
void kept_begin(struct kept *k);
void kept_end(struct kept *k, bool *ret_changed);

struct str kept_text(const struct kept_object *o);

#endif
