/* SPDX-License-Identifier: Apache-2.0 */
/* What an earlier injection told the proxy of the pod that it saw, and which of the pod's containers those were. */
#ifndef PATCHES_POD_TOLD_H
#define PATCHES_POD_TOLD_H

#include "patches/value/value.h"

/* The value of a container's variable; {NULL, 0} where it has none, or not as a text. */
struct str env_value(const struct value *container, const char *variable);

/* JSON in a variable of the proxy; NULL where there is none or it cannot be read. Only memory that ends is an error. */
int told_json(struct arena *a, const struct value *proxy, const char *variable, const struct value **ret, struct err *err) MUST_CHECK;

/* What speaks of the earlier injection. */
struct evidence {
	const struct value *proxy;      /* as injection left it, or NULL: then all containers count as seen */
	const struct value *overridden; /* raw list of the pod's own containers that templates have too, in their order, or NULL */
};

enum { SEEN_MAX_PLACES = 3 };

/* The containers that the earlier injection saw, but for istio-proxy, in the pod's order. */
struct seen {
	struct arena *a;
	const struct value **item;
	size_t len;
	/* Where an istio-proxy of the user's own may have stood: before which item, or `len`; the likeliest first. */
	size_t place[SEEN_MAX_PLACES];
	size_t n_places;
	const struct value *ports; /* raw list: ports that were told and that none of the items has */
};

/* pod: brought back, with what others have added since. */
int seen_read(struct arena *a, const struct value *pod, const struct evidence *evidence, struct seen *ret, struct err *err) MUST_CHECK;

/* The pod without containers that came later. */
const struct value *seen_pod(const struct seen *s, const struct value *pod, struct err *err) MUST_CHECK;

/* The pod with this istio-proxy at that place among the containers, and no other one. */
const struct value *seen_with_proxy(const struct seen *s, const struct value *pod, size_t place, const struct value *proxy,
	struct err *err) MUST_CHECK;

#endif
