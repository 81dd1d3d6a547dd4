/* SPDX-License-Identifier: Apache-2.0 */
/* The proxy's agent as probes and metrics see it: its port, its paths, and how an application's ports are named to it. */
#ifndef PATCHES_POD_AGENT_H
#define PATCHES_POD_AGENT_H

#include "patches/pod/edit.h"

/* defaultConfig.statusPort of a raw mesh configuration; 0 where it has none. */
int64_t agent_port(const struct value *mesh);
/* The port that the pod's annotation asks for, else `fallback`. A text that is no number counts as 0; validation has refused it before. */
int64_t agent_port_asked(const struct pod_edit *e, int64_t fallback);

/* Where a container can hold a handler, and the path under which the agent serves it. */
struct agent_slot {
	const char *outer, *inner;   /* member of the container; member of that, for lifecycle */
	const char *prefix, *suffix; /* of the agent's path, around the container's name */
};

enum { AGENT_SLOTS = 5 };
extern const struct agent_slot agent_slots[AGENT_SLOTS];

/* The handler in that slot of a container, or NULL. */
const struct value *agent_handler(const struct value *container, const struct agent_slot *s);

/* PREFIX, the container's name, SUFFIX; p NULL when out of memory. */
struct str agent_path(struct arena *a, const struct value *container, const char *prefix, const char *suffix);

/* A probe's port as a number: a name is looked up in the container's ports, of several of one name the last counts. NULL if unknown. */
const struct value *agent_known_port(const struct value *container, const struct value *port);

/* An httpGet that asks the agent: the old one (or NULL) with path and port of the agent, in plain HTTP. NULL when out of memory (kept in e). */
const struct value *agent_http_get(struct pod_edit *e, const struct value *old, struct str path, int64_t port);

#endif
