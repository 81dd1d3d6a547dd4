/* SPDX-License-Identifier: Apache-2.0 */
/* The Service that the webhook is called by, who answers behind it, and what the replicas say of themselves. */
#include "webhook/check/ask.h"

enum { STATUS_OK = 200, STATUS_NOT_FOUND = 404, STATUS_UNAVAILABLE = 503, READY_LINE_MAX = 300 };

/* The port that the API server will call, as our webhooks name it; 443 where they name none. */
static int64_t called_port(const struct check *c)
{
	int64_t port = 443;

	for (size_t i = 0; i < c->n_entries; i++)
		if (c->entry[i].injector == INJECTOR_OURS)
			(void)raw_int(raw_path(c->entry[i].raw, "clientConfig", "service", "port", NULL), &port);
	return port;
}

static bool has_port(const struct value *service, int64_t wanted)
{
	const struct value *l = raw_path(service, "spec", "ports", NULL);
	int64_t port;

	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++)
		if (raw_int(raw_get(l->u.list.item[i], "port"), &port) && port == wanted)
			return true;
	return false;
}

struct replicas {
	size_t ready, not_ready, answering;
	const char *subject;
};

/* Its lines begin with "[-]" where something does not hold (/readyz?verbose). */
static void tell_unready(struct check *c, const char *subject, struct str text)
{
	struct str rest = text;

	while (rest.p) {
		const struct str line = str_cut(&rest, '\n');

		if (str_has_prefix(line, "[-]"))
			check_found(c->found, CHECK_ERROR, "replica-not-ready", subject,
				"see to what it names; its log has the whole story", "%.*s",
				(int)(line.len < READY_LINE_MAX ? line.len : READY_LINE_MAX), line.p);
	}
}

static int ask_replica(struct check *c, struct replicas *r, const struct value *target, struct err *err)
{
	const struct str pod = raw_str(target, "name");
	const char *path = check_text(c, "/api/v1/namespaces/%.*s/pods/%.*s:15014/proxy/readyz?verbose",
		SHOWN(c->options->namespace), SHOWN(pod));
	const char *subject = check_text(c, "Pod %.*s/%.*s", SHOWN(c->options->namespace), SHOWN(pod));
	struct check_reply reply = {0};

	if (!str_is(raw_str(target, "kind"), "Pod") || !pod.len)
		return 0;
	if (c->source->call(c->source->context, c->a, path, (struct str){0}, &reply, err) < 0)
		return -1;
	r->answering += reply.status == STATUS_OK;
	if (reply.status == STATUS_UNAVAILABLE)
		tell_unready(c, subject, reply.text);
	return 0;
}

static int look_at_slice(struct check *c, void *context, const struct value *slice, struct err *err)
{
	const struct value *l = raw_get(slice, "endpoints");
	struct replicas *r = context;

	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++) {
		const struct value *e = l->u.list.item[i], *ready = raw_path(e, "conditions", "ready", NULL);

		/* Unknown counts as ready, as the API says. */
		if (ready && ready->kind == K_BOOL && !ready->u.b)
			r->not_ready++;
		else
			r->ready++;
		if (ask_replica(c, r, raw_get(e, "targetRef"), err) < 0)
			return -1;
	}
	return 0;
}

static void conclude(struct check *c, const struct replicas *r)
{
	if (r->ready == 0)
		check_found(c->found, CHECK_ERROR, "no-endpoints", r->subject,
			"kubectl -n NAMESPACE get pods, then describe and logs of those that are not ready",
			"has no ready endpoint (%zu not ready): every call of the webhook fails", r->not_ready);
	else if (r->ready == 1)
		check_found(c->found, CHECK_WARNING, "one-endpoint", r->subject,
			"run two replicas or more, on two nodes",
			"has one ready endpoint: while it is replaced every call of the webhook fails");
	else
		check_found(c->found, CHECK_OK, "endpoints", r->subject, NULL,
			"has %zu ready endpoints; %zu answered when asked through the API server", r->ready,
			r->answering);
}

int check_service(struct check *c, struct err *err)
{
	const struct str namespace = c->options->namespace, name = c->options->service;
	struct replicas r = {.subject = check_text(c, "Service %.*s/%.*s", SHOWN(namespace), SHOWN(name))};
	const struct value *service = NULL;
	bool complete;
	int status = 0;

	if (check_ask(c, check_text(c, "/api/v1/namespaces/%.*s/services/%.*s", SHOWN(namespace), SHOWN(name)),
		    (struct str){0}, r.subject, "get services there", &status, &service, err) < 0)
		return -1;
	if (status == STATUS_NOT_FOUND)
		check_found(c->found, CHECK_ERROR, "service-missing", r.subject,
			"install the chart; -n and --service-name say where it was installed", "does not exist");
	if (!service)
		return 0;
	if (!has_port(service, called_port(c)))
		check_found(c->found, CHECK_ERROR, "service-port", r.subject,
			"make clientConfig.service.port of the webhooks and the Service's port the same",
			"has no port %lld, which the webhooks name", (long long)called_port(c));
	if (check_each(c,
		    check_text(c,
			    "/apis/discovery.k8s.io/v1/namespaces/%.*s/"
			    "endpointslices?labelSelector=kubernetes.io%%2Fservice-name%%3D%.*s",
			    SHOWN(namespace), SHOWN(name)),
		    "EndpointSlices", "list endpointslices there", look_at_slice, &r, &complete, err) < 0)
		return -1;
	if (complete)
		conclude(c, &r);
	return 0;
}
