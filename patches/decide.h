/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that decide on injection, in order, with what each found: `decide` itself and `explain` read the same rows. */
#ifndef PATCHES_DECIDE_H
#define PATCHES_DECIDE_H

#include "patches/inject.h"

enum decide_step {
	STEP_HOST_NETWORK,
	STEP_ALREADY_INJECTED, /* offline, up to 1.8 */
	STEP_NAMESPACE,
	STEP_LABEL,            /* since 1.9 */
	STEP_ANNOTATION,
	STEP_NEVER_SELECTOR,
	STEP_ALWAYS_SELECTOR,
	STEP_POLICY,
	STEP_OFFLINE,          /* offline: what does not say no is injected */
	STEP_COUNT,
};

/* Stable, kebab-case. */
const char *decide_step_code(enum decide_step step);

struct decide_row {
	enum decide_step step;
	bool asked;         /* false: an earlier rule had decided */
	enum reason reason; /* NONE: the rule does not decide */
	struct str value;   /* what the rule looked at; p NULL where there is none. Borrowed from pod and configuration */
	size_t entry;       /* of a list of selectors: which matched, from 1; 0: none */
	size_t entries;     /* how many there are */
	bool overruled;     /* the annotation, where a label is there: it does not count */
};

/* Every rule of the release in the order in which it counts; exactly one decides. */
struct decide_trace {
	struct decide_row row[STEP_COUNT];
	size_t len;
};

/* As decide(); fills *ret_trace too unless it is NULL. */
enum reason decide_traced(const struct inject_config *c, const struct value *pod, struct str namespace, bool offline,
	struct decide_trace *ret_trace);

/* What the pod itself asks for, by the label or annotation that counts: LABEL_TRUE, LABEL_FALSE and so on; NONE where it has no wish. */
enum reason decide_wish(const struct inject_config *c, const struct value *pod);
/* Whether that release never injects pods of this namespace. */
bool decide_system_namespace(enum release release, struct str namespace);

#endif
