/* SPDX-License-Identifier: Apache-2.0 */
/* The proxy's agent as probes and metrics see it: its port, its paths, and how an application's ports are named to it. */
#include "patches/pod/agent.h"

#include "base/limits.h"
#include "patches/pod/names.h"

const struct agent_slot agent_slots[AGENT_SLOTS] = {
	{"readinessProbe", NULL, "/app-health/", "/readyz"},
	{"livenessProbe", NULL, "/app-health/", "/livez"},
	{"startupProbe", NULL, "/app-health/", "/startupz"},
	{"lifecycle", "preStop", "/app-lifecycle/", "/prestopz"},
	{"lifecycle", "postStart", "/app-lifecycle/", "/poststartz"},
};

const struct value *agent_handler(const struct value *container, const struct agent_slot *s)
{
	const struct value *v = raw_get(container, s->outer);

	return s->inner ? raw_get(v, s->inner) : v;
}

int64_t agent_port(const struct value *mesh)
{
	int64_t port = 0;

	(void)raw_int(raw_path(mesh, "defaultConfig", "statusPort", NULL), &port);
	return port;
}

int64_t agent_port_asked(const struct pod_edit *e, int64_t fallback)
{
	const struct str asked = pod_annotation(e, ANNOTATION_STATUS_PORT);
	int64_t port = 0;

	if (!asked.p)
		return fallback;
	return parse_i64(asked, &port) ? port : 0;
}

struct str agent_path(struct arena *a, const struct value *container, const char *prefix, const char *suffix)
{
	const struct str name = raw_str(container, "name");
	struct text t;

	text_init(&t, a, LIMIT_BODY_BYTES);
	text_adds(&t, prefix);
	text_add(&t, name.p, name.len);
	text_adds(&t, suffix);
	return t.failed ? (struct str){NULL, 0} : (struct str){t.data, t.len};
}

const struct value *agent_known_port(const struct value *container, const struct value *port)
{
	const struct value *ports = raw_get(container, "ports"), *found = NULL;

	if (!port || port->kind != K_STRING)
		return port;
	for (size_t i = 0; port->u.s.len && ports && ports->kind == K_LIST && i < ports->u.list.len; i++)
		if (str_eq(raw_str(ports->u.list.item[i], "name"), port->u.s))
			found = raw_get(ports->u.list.item[i], "containerPort");
	return found;
}

const struct value *agent_http_get(struct pod_edit *e, const struct value *old, struct str path, int64_t port)
{
	struct map *m = map_clone(e->a, old && old->kind == K_MAP ? old->u.map : NULL, 2);

	if (!m) {
		e->failed = true;
		return NULL;
	}
	member_set(e, m, "path", value_str(e->a, path));
	member_set(e, m, "port", value_number(e->a, port));
	/* The kubelet speaks plain HTTP to the agent, whatever the application speaks. */
	if (str_is(raw_str(old, "scheme"), "HTTPS"))
		member_set(e, m, "scheme", value_cstr(e->a, "HTTP"));
	return value_map(e->a, m);
}
