/* SPDX-License-Identifier: Apache-2.0 */
/* An injected pod brought back to what it was before, as far as its own annotations and its proxy's environment still say. */
#ifndef PATCHES_POD_RESTORE_H
#define PATCHES_POD_RESTORE_H

#include "patches/pod/overrides.h"

enum { RESTORE_MAX_LOST = 64 };

/* What became of the pod. Everything is in the arena or borrowed from the pod that was given. */
struct restored {
	const struct value *pod;
	/*
	 * Annotations and labels as the first injection saw them (raw maps), told by the proxy's ISTIO_METAJSON_ANNOTATIONS and
	 * ISTIO_METAJSON_LABELS; NULL where it has no such variable: the pod then still holds what injection added to them.
	 */
	const struct value *annotations, *labels;
	size_t n_removed;               /* containers, volumes and pull secrets taken out */
	size_t n_overrides;             /* containers put back as the user had written them */
	size_t n_handlers;              /* probes and lifecycle handlers put back */
	bool prometheus;                /* annotations of Prometheus were put back, or taken out where injection had added them */
	/*
	 * JSON Pointers (of pod) of probes and handlers whose originals are nowhere: they keep the agent's path, and their port is the
	 * empty name, which is no container's. Counted beyond the array, too.
	 */
	const char *lost[RESTORE_MAX_LOST];
	size_t n_lost;
};

/* Whether the record says what an injection added. */
bool restorable(const struct injection_record *record);

/*
 * pod: one for which restorable() holds. mesh: raw, for the agent's port. injected: the configuration's injectedAnnotations, where they
 * were written after those for Prometheus, or NULL. ERR_INPUT: what the proxy was told makes no pod.
 */
int restore_pod(struct arena *a, const struct value *pod, const struct injection_record *record, const struct value *mesh,
	const struct map *injected, struct restored *ret, struct err *err) MUST_CHECK;

#endif
