/* SPDX-License-Identifier: Apache-2.0 */
/* An injected pod in, the pod that it was before out: what injection added goes, what it replaced comes back as far as
 * anything tells. */
#ifndef PATCHES_UNINJECT_H
#define PATCHES_UNINJECT_H

#include "patches/inject.h"

enum { UNINJECT_MAX_NOTES = 128 };

/* JSON Pointers of the pod, each with a few words behind ": "; what did not fit is counted only. */
struct uninject_notes {
	const char *text[UNINJECT_MAX_NOTES];
	size_t len;
};

/* What became of the pod. Everything is in the arena or borrowed from the pod that was given. */
struct uninjected {
	const struct value *pod; /* the pod that was given, where nothing was injected */
	bool injected;           /* the pod came injected: pod is another one */
	/*
	 * With a configuration: `proven` says that pod, injected, gives exactly the pod that came; `agrees` the same of
	 * all but the containers, volumes and pull secrets that injection adds (a live pod's have been defaulted
	 * since). Where not even that holds, names and annotations alone have decided, and `differs` is the JSON
	 * Pointer of what came out otherwise.
	 */
	bool proven, agrees;
	const char *differs;
	struct uninject_notes lost; /* what was there, and nothing holds any more: the pod given is what stands there */
	struct uninject_notes assumed; /* what a pod could have had and look the same once injected */
};

/*
 * req: the injected pod, and how it was asked for (webhook or offline). c: the configuration that injected it, which is
 * asked whether the answer is right; NULL: annotations and well-known names alone decide. ERR_INPUT: the annotation
 * that says what injection added cannot be read, or what the proxy was told makes no pod.
 */
int uninject_pod(const struct inject_config *c, struct arena *a, const struct inject_request *req,
	struct uninjected *ret, struct err *err) MUST_CHECK;

#endif
