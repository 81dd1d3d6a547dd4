/* SPDX-License-Identifier: Apache-2.0 */
/* Pods: those that stay pending, and those that should have a sidecar but have none, or one of another release. */
#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "webhook/check/ask.h"

enum { PENDING_MAX = 50, GROUPS_MAX = 2000, EVENTS_ASKED_MAX = 20 };

/* The pods of one namespace of which the same is to be said. */
struct group {
	struct str namespace;
	size_t missing, outdated;
	struct str missing_example, outdated_example, outdated_image;
};

struct survey {
	struct sidecar_measure measure;
	struct group *group;
	size_t n_groups, injected, pending, events_asked;
};

static struct str keep(struct check *c, struct str s)
{
	return str_of(check_text(c, "%.*s", SHOWN(s)));
}

static struct group *group_of(struct check *c, struct survey *s, struct str namespace)
{
	for (size_t i = s->n_groups; i-- > 0;)
		if (str_eq(s->group[i].namespace, namespace))
			return &s->group[i];
	if (s->n_groups == GROUPS_MAX)
		return NULL;
	s->group[s->n_groups] = (struct group){.namespace = keep(c, namespace)};
	return &s->group[s->n_groups++];
}

/* --- pending
 * --------------------------------------------------------------------------------------------------------------------
 */

static const struct value *waiting_of(const struct value *pod)
{
	static const char *const lists[] = {"initContainerStatuses", "containerStatuses"};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		const struct value *l = raw_path(pod, "status", lists[i], NULL);

		for (size_t j = 0; l && l->kind == K_LIST && j < l->u.list.len; j++) {
			const struct value *w = raw_path(l->u.list.item[j], "state", "waiting", NULL);

			if (w && !str_is(raw_str(w, "reason"), "PodInitializing"))
				return w;
		}
	}
	return NULL;
}

static const struct value *unscheduled(const struct value *pod)
{
	const struct value *l = raw_path(pod, "status", "conditions", NULL);

	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++)
		if (str_is(raw_str(l->u.list.item[i], "type"), "PodScheduled") &&
			str_is(raw_str(l->u.list.item[i], "status"), "False"))
			return l->u.list.item[i];
	return NULL;
}

/* What kubelet complained of last, as volumes that it cannot mount; len 0 where nothing is known. */
static int last_warning(
	struct check *c, struct survey *s, struct str namespace, struct str name, struct str *ret, struct err *err)
{
	const struct value *answer = NULL, *l;
	int status = 0;

	*ret = (struct str){0};
	if (s->events_asked++ >= EVENTS_ASKED_MAX)
		return 0;
	if (check_ask(c,
		    check_text(c,
			    "/api/v1/namespaces/%.*s/"
			    "events?limit=50&fieldSelector=involvedObject.name%%3D%.*s%%2Ctype%%3DWarning",
			    SHOWN(namespace), SHOWN(name)),
		    (struct str){0}, "events", "list events", &status, &answer, err) < 0)
		return -1;
	l = raw_get(answer, "items");
	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++)
		if (raw_str(l->u.list.item[i], "message").len)
			*ret = raw_str(l->u.list.item[i], "message");
	return 0;
}

static const char *remedy_for(struct str why)
{
	static const struct {
		const char *part, *remedy;
	} known[] = {
		{"istio-token", "the cluster issues no tokens bound to an audience: run Outrigger with "
				"--token-policy=auto or first-party, then restart the pod"},
		{"istio-ca-root-cert", "istiod writes this ConfigMap into each namespace: see that it runs, or that "
				       "its trust domain is not managed elsewhere"},
		{"disk-pressure",
			"free disk space on the nodes named above; the taint goes by itself some minutes later"},
		{"untolerated taint", "see the nodes' taints above: remove one, add a toleration or a node"},
		{"had taint", "see the nodes' taints above: remove one, add a toleration or a node"},
		{"nsufficient", "lower its requests, or add a node"},
		{"ImagePull", "see image name, registry and pull secret"},
		{"ErrImagePull", "see image name, registry and pull secret"},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_find(why, str_of(known[i].part)) != SIZE_MAX)
			return known[i].remedy;
	return "kubectl describe the pod: its events tell more";
}

static int tell_pending(struct check *c, struct survey *s, const struct value *pod, struct err *err)
{
	const struct str namespace = raw_str(raw_get(pod, "metadata"), "namespace"),
			 name = raw_str(raw_get(pod, "metadata"), "name");
	const struct value *scheduled = unscheduled(pod), *waiting = waiting_of(pod);
	struct str why = scheduled ? raw_str(scheduled, "message") : raw_str(waiting, "message"), warned = {0};

	if (s->pending++ >= PENDING_MAX)
		return 0;
	if (!scheduled && last_warning(c, s, namespace, name, &warned, err) < 0)
		return -1;
	if (warned.len)
		why = warned;
	if (!why.len)
		why = waiting ? raw_str(waiting, "reason") : STR("nothing says why yet");
	check_found(c->found, CHECK_ERROR, "pod-pending", check_text(c, "Pod %.*s/%.*s", SHOWN(namespace), SHOWN(name)),
		remedy_for(why), "is pending: %.*s", (int)(why.len < CHECK_MESSAGE_MAX ? why.len : CHECK_MESSAGE_MAX),
		why.p);
	return 0;
}

/* --- sidecars
 * ---------------------------------------------------------------------------------------------------------------------
 */

static void look_at_sidecar(struct check *c, struct survey *s, const struct value *pod, struct str namespace,
	enum sidecar_state state)
{
	const struct value *proxy = raw_any_container(pod, CONTAINER_PROXY);
	const struct str name = raw_str(raw_get(pod, "metadata"), "name");
	struct group *g = state == SIDECAR_ABSENT || state == SIDECAR_OUTDATED ? group_of(c, s, namespace) : NULL;

	s->injected += proxy != NULL;
	if (!g)
		return;
	if (state == SIDECAR_ABSENT && g->missing++ == 0)
		g->missing_example = keep(c, name);
	if (state == SIDECAR_OUTDATED && g->outdated++ == 0) {
		g->outdated_example = keep(c, name);
		g->outdated_image = keep(c, raw_str(proxy, "image"));
	}
}

static int look_at(struct check *c, void *context, const struct value *pod, struct err *err)
{
	struct survey *s = context;
	const struct str namespace = raw_str(raw_get(pod, "metadata"), "namespace");
	const enum sidecar_state state = sidecar_state(&s->measure, pod, namespace, check_labels_of(c, namespace));

	if (state == SIDECAR_NO_MATTER)
		return 0;
	look_at_sidecar(c, s, pod, namespace, state);
	if (!str_is(raw_str(raw_get(pod, "status"), "phase"), "Pending"))
		return 0;
	return str_eq(namespace, c->options->istio_namespace) || str_eq(namespace, c->options->namespace) ||
			       raw_any_container(pod, CONTAINER_PROXY)
		       ? tell_pending(c, s, pod, err)
		       : 0;
}

static void tell_group(struct check *c, const struct survey *s, const struct group *g)
{
	const char *subject = check_text(c, "Namespace %.*s", SHOWN(g->namespace));
	const char *remedy = check_text(c,
		"kubectl -n %.*s rollout restart deployment (or delete bare pods): pods are injected when they are "
		"made",
		SHOWN(g->namespace));

	if (g->missing)
		check_found(c->found, CHECK_WARNING, "pods-without-sidecar", subject, remedy,
			"%zu pods have no sidecar although they should, such as %.*s", g->missing,
			SHOWN(g->missing_example));
	if (g->outdated)
		check_found(c->found, CHECK_WARNING, "pods-outdated", subject, remedy,
			"%zu pods have a sidecar of another image than %.*s, such as %.*s with %.*s", g->outdated,
			SHOWN(s->measure.image), SHOWN(g->outdated_example), SHOWN(g->outdated_image));
}

static void conclude(struct check *c, const struct survey *s)
{
	for (size_t i = 0; i < s->n_groups; i++)
		tell_group(c, s, &s->group[i]);
	if (s->pending > PENDING_MAX)
		check_found(c->found, CHECK_INFO, "pod-pending", "", NULL, "%zu more pods are pending",
			s->pending - PENDING_MAX);
	if (s->n_groups == 0 && c->config)
		check_found(c->found, CHECK_OK, "sidecars", "", NULL,
			"%zu pods have a sidecar, and none that should lacks it or has another image", s->injected);
	if (s->pending == 0)
		check_found(c->found, CHECK_OK, "pending", "", NULL, "no pod of the mesh is pending");
}

int check_pods(struct check *c, struct err *err)
{
	struct survey s = {.group = arena_calloc(c->a, GROUPS_MAX, sizeof(struct group)),
		.measure = {.config = c->config, .entry = c->entry, .n_entries = c->n_entries}};
	struct err ignored = {0};
	const struct value *sample =
		c->config ? sidecar_sample(c->config, c->a, &ignored) : NULL; /* a failure was told with the namespaces */
	bool complete;

	if (!s.group || ignored.code == ERR_NOMEM)
		return err_nomem(err);
	s.measure.image = raw_str(raw_any_container(sample, CONTAINER_PROXY), "image");
	if (check_each(c, "/api/v1/pods", "pods", "list pods", look_at, &s, &complete, err) < 0)
		return -1;
	if (complete)
		conclude(c, &s);
	return 0;
}
