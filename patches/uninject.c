/* SPDX-License-Identifier: Apache-2.0 */
/* An injected pod in, the pod that it was before out. */
#include "patches/uninject.h"

#include <string.h>

#include "base/limits.h"
#include "patches/pod/agent.h"
#include "patches/pod/names.h"
#include "patches/pod/told.h"
#include "patches/pod/written.h"
#include "patches/schema/schema.h"
#include "patches/uninject_search.h"
#include "patches/value/json.h"

struct uninjecting {
	struct search search;
	struct uninjected *ret;
	bool failed; /* out of memory */
};

/* --- notes -------------------------------------------------------------------------------------------------------- */

/* pointer: NULL is out of memory. words: empty where there is nothing to say. */
static void note(
	struct uninjecting *u, struct uninject_notes *to, const char *pointer, struct str token, const char *words)
{
	struct text t;

	if (to->len >= UNINJECT_MAX_NOTES) {
		to->len++;
		return;
	}
	text_init(&t, u->search.a, LIMIT_BODY_BYTES);
	text_adds(&t, pointer ? pointer : "");
	if (token.p)
		json_pointer_add(&t, token);
	text_adds(&t, words[0] ? ": " : "");
	text_adds(&t, words);
	if (!pointer || !text_cstr(&t))
		u->failed = true;
	else
		to->text[to->len++] = t.data;
}

static const struct str no_token = {NULL, 0};

static const struct map *texts(const struct value *pod, const char *key)
{
	const struct value *v = raw_path(pod, "metadata", key, NULL);

	return v && v->kind == K_MAP ? v->u.map : NULL;
}

/* Prometheus' annotations are what they were where the proxy was told of them. */
static bool is_told_prometheus(struct str key, const struct map *before)
{
	return str_has_prefix(key, "prometheus.io/") &&
	       (map_getc(before, "prometheus.io/scrape") || map_getc(before, "prometheus.io/path") ||
		       map_getc(before, "prometheus.io/port"));
}

typedef bool is_known_fn(struct str key);

static bool by_names(const struct uninjecting *u)
{
	return !u->search.config;
}

static void note_texts(struct uninjecting *u, const char *key, const char *pointer, is_known_fn *is_known)
{
	const struct map *came = texts(u->search.req->pod, key), *before = texts(u->ret->pod, key);

	for (uint32_t i = 0; came && i < came->len; i++) {
		const struct map_entry *e = &came->entry[i];
		const struct value *v = map_get(before, e->key);

		if (str_is(e->key, ANNOTATION_STATUS) || str_is(e->key, ANNOTATION_OVERRIDES) ||
			is_told_prometheus(e->key, before))
			continue;
		if (!v)
			note(u, &u->ret->assumed, pointer, e->key, "");
		else if (!raw_equal(v, e->value))
			note(u, &u->ret->assumed, pointer, e->key, "what injection adds behind is taken off");
		else if (by_names(u) && is_known(e->key))
			note(u, &u->ret->assumed, pointer, e->key, "stays");
	}
}

/* What only the configuration could tell. */
static void note_unasked(struct uninjecting *u)
{
	const struct value *spec = raw_get(u->search.req->pod, "spec");

	if (!by_names(u))
		return;
	note(u, &u->ret->assumed, "/metadata/annotations", no_token,
		"what this cluster's configuration alone adds stays");
	if (raw_get(spec, "securityContext"))
		note(u, &u->ret->assumed, "/spec/securityContext", no_token,
			"an fsGroup that injection replaced, or fields that it dropped");
	if (raw_get(spec, "dnsConfig"))
		note(u, &u->ret->assumed, "/spec/dnsConfig", no_token, "perhaps injection's");
}

static void note_spec(struct uninjecting *u)
{
	const struct value *came = raw_get(u->search.req->pod, "spec"), *before = raw_get(u->ret->pod, "spec");

	for (uint32_t i = 0; came && came->u.map && i < came->u.map->len; i++) {
		const struct map_entry *e = &came->u.map->entry[i];
		const struct value *v = before ? map_get(before->u.map, e->key) : NULL;

		if (!is_list_member(e->key) && (!v || !raw_equal(v, e->value)))
			note(u, &u->ret->assumed, "/spec", e->key, "");
	}
}

/* --- probes ----------------------------------------------------------------------------------------------------------
 */

static struct map *handler_edit(
	struct pod_edit *e, struct container_list *l, size_t index, const struct agent_slot *slot)
{
	struct map *m = member_edit(e, container_edit(e, l, index), slot->outer);

	return slot->inner ? member_edit(e, m, slot->inner) : m;
}

/* What still asks the agent has no original: it stays as it came, since nothing better is known. */
static void keep_lost(struct uninjecting *u, struct pod_edit *e, struct container_list *l, const char *key,
	size_t index, const struct agent_slot *slot)
{
	const struct value *came = raw_get(
		agent_handler(raw_any_container(u->search.req->pod, raw_str(l->item[index], "name")), slot), "httpGet");
	const char *pointer = arena_printf(u->search.a, "/spec/%s/%zu/%s%s%s", key, index, slot->outer,
		slot->inner ? "/" : "", slot->inner ? slot->inner : "");
	struct map *handler = handler_edit(e, l, index, slot);

	if (handler && came)
		member_set(e, handler, "httpGet", came);
	note(u, &u->ret->lost, pointer, no_token,
		"it asked for a port that the proxy was not told, and now asks the proxy, which is gone");
}

static bool has_named_port(const struct value *container, const struct value *port)
{
	const struct value *ports = raw_get(container, "ports");

	for (size_t i = 0; port && ports && ports->kind == K_LIST && i < ports->u.list.len; i++) {
		const struct value *number = raw_get(ports->u.list.item[i], "containerPort");

		if (raw_str(ports->u.list.item[i], "name").len && number && raw_equal(number, port))
			return true;
	}
	return false;
}

/* The proxy was told the number of a port that may have been asked for by its name. */
static void note_named_port(struct uninjecting *u, const struct value *container, const char *key, size_t index,
	const struct agent_slot *slot)
{
	static const char *const actions[] = {"httpGet", "tcpSocket"};
	const struct value *handler = agent_handler(container, slot);

	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		const struct value *action = raw_get(handler, actions[i]);
		const char *pointer = arena_printf(u->search.a, "/spec/%s/%zu/%s%s%s/%s/port", key, index, slot->outer,
			slot->inner ? "/" : "", slot->inner ? slot->inner : "", actions[i]);

		if (has_named_port(container, raw_get(action, "port")))
			note(u, &u->ret->assumed, pointer, no_token, "perhaps by its name");
	}
}

static void look_at_handlers(struct uninjecting *u, struct pod_edit *e, struct container_list *l, const char *key)
{
	for (size_t i = 0; i < l->len && !e->failed; i++) {
		const struct value *container = l->item[i];

		if (str_eq(raw_str(container, "name"), CONTAINER_PROXY))
			continue;
		for (size_t n = 0; n < AGENT_SLOTS; n++) {
			const struct agent_slot *slot = &agent_slots[n];
			const struct str asks = raw_str(raw_get(agent_handler(container, slot), "httpGet"), "path");
			const struct str path = asks.p ? agent_path(e->a, container, slot->prefix, slot->suffix) : asks;

			if (path.p && str_eq(asks, path))
				keep_lost(u, e, l, key, i, slot);
			else
				note_named_port(u, container, key, i, slot);
		}
	}
}

/* --- containers
 * ------------------------------------------------------------------------------------------------------- */

/* Containers of the pod's own that injection has put in its own order. */
static void note_places(struct uninjecting *u, const struct container_list *l, const char *key)
{
	static const char *const ordered[] = {"istio-proxy", "istio-init", "istio-validation", "enable-core-dump"};

	for (size_t i = 0; i < l->len; i++)
		for (size_t n = 0; n < ARRAY_LEN(ordered); n++)
			if (str_is(raw_str(l->item[i], "name"), ordered[n]))
				note(u, &u->ret->assumed, arena_printf(u->search.a, "/spec/%s/%zu", key, i), no_token,
					"its place among the others");
	if (find_container(l, CONTAINER_PROXY) &&
		raw_container(u->search.restored->pod, "initContainers", CONTAINER_PROXY))
		note(u, &u->ret->assumed, "/spec/initContainers", no_token, "istio-proxy could have been one of these");
}

/* A list that injection merges into by name: what has the name of one of its own, and is the same, leaves no trace. */
static void note_shared(struct uninjecting *u)
{
	for (size_t i = 0; i < SHARED_LISTS; i++) {
		const char *pointer = arena_printf(u->search.a, "/spec/%s", shared_list_key[i]);

		if (raw_get(u->search.record->status, shared_list_key[i]))
			note(u, &u->ret->assumed, pointer, no_token, "items that are named like injection's");
	}
}

static bool names_itself(struct str containers)
{
	while (containers.p)
		if (str_eq(str_cut(&containers, ','), CONTAINER_PROXY))
			return true;
	return false;
}

static size_t n_items(const struct value *list)
{
	return list && list->kind == K_LIST ? list->u.list.len : 0;
}

/* The proxy was told of more ports than the other containers have: then there was another istio-proxy. */
static bool was_told_more_ports(struct uninjecting *u, const struct value *proxy)
{
	const struct value *told, *l = raw_path(u->ret->pod, "spec", "containers", NULL);
	struct err ignored = {0};
	size_t n = 0;

	if (told_json(u->search.a, proxy, ENV_POD_PORTS, &told, &ignored) < 0) {
		u->failed = true;
		return false;
	}
	for (size_t i = 0; i < n_items(l); i++)
		n += n_items(raw_get(l->u.list.item[i], "ports"));
	return n_items(told) > n;
}

/* Istio 1.5 to 1.8 put their own in the place of what a pod had; their status has a version, later ones have a
 * revision. */
static void note_replaced(struct uninjecting *u)
{
	const struct value *proxy = raw_any_container(u->search.req->pod, CONTAINER_PROXY);

	if (!raw_get(u->search.record->status, "version"))
		return;
	if (names_itself(env_value(proxy, ENV_APP_CONTAINERS)) || was_told_more_ports(u, proxy))
		note(u, &u->ret->lost, "/spec/containers", no_token,
			"the pod had its own istio-proxy, which injection replaced");
	else
		note(u, &u->ret->assumed, "/spec/containers", no_token, "one named istio-proxy was replaced");
	note(u, &u->ret->assumed, "/spec/initContainers", no_token,
		"those named istio-init and enable-core-dump were replaced");
}

/* --- all of it
 * ---------------------------------------------------------------------------------------------------------- */

static int finish(struct uninjecting *u, struct err *err)
{
	const struct restored *r = u->search.restored;
	const struct value *pod = candidate_pod(&u->search, &u->search.candidate, err);
	struct pod_edit e;

	if (!pod)
		return -1;
	pod_edit_begin(&e, u->search.a, pod);
	look_at_handlers(u, &e, &e.containers, "containers");
	look_at_handlers(u, &e, &e.init_containers, "initContainers");
	note_places(u, &e.containers, "containers");
	note_places(u, &e.init_containers, "initContainers");
	u->ret->pod = pod_edit_end(&e, err);
	if (!u->ret->pod)
		return -1;
	if (!r->annotations)
		note_texts(u, "annotations", "/metadata/annotations", annotation_is_known);
	if (!r->labels)
		note_texts(u, "labels", "/metadata/labels", label_is_known);
	note_unasked(u);
	note_spec(u);
	note_shared(u);
	note_replaced(u);
	u->ret->proven = u->search.agreement == AGREES;
	u->ret->agrees = u->search.agreement != AGREES_NOT;
	u->ret->differs = u->search.differs;
	return u->failed ? err_nomem(err) : 0;
}

/* Without a configuration: the agent listens where Prometheus was pointed at, else where Istio has it listen. */
static const struct value *likely_mesh(struct arena *a, const struct value *pod, struct err *err)
{
	const struct value *annotations = raw_path(pod, "metadata", "annotations", NULL), *mesh;
	int64_t port = 15020;
	const char *json;

	if (str_is(raw_str(annotations, "prometheus.io/path"), "/stats/prometheus"))
		(void)parse_i64(raw_str(annotations, "prometheus.io/port"), &port);
	json = arena_printf(a, "{\"defaultConfig\":{\"statusPort\":%lld}}", (long long)port);
	mesh = json ? json_parse(a, json, strlen(json), 0, err) : NULL;
	if (!mesh)
		err_nomem(err);
	return mesh;
}

/* Up to 1.8 the annotations for Prometheus were written last. */
static const struct map *written_last(const struct inject_config *c)
{
	return c && c->release == RELEASE_HEAD ? c->injected_annotations : NULL;
}

static int read_record(struct uninjecting *u, struct injection_record *ret, struct err *err)
{
	if (u->search.config && u->search.config->release != RELEASE_HEAD)
		return injection_record_of_lists(u->search.a, u->search.req->pod, ret, err);
	return injection_record_read(u->search.a, u->search.req->pod, ret, err);
}

static int uninject(struct uninjecting *u, struct err *err)
{
	const struct value *mesh =
		u->search.config ? u->search.config->mesh : likely_mesh(u->search.a, u->search.req->pod, err);

	struct injection_record record;
	struct restored restored;

	if (!mesh || read_record(u, &record, err) < 0)
		return -1;
	if (!record.status) {
		err_set(err, ERR_INPUT, "annotation '%s' does not say what injection added", ANNOTATION_STATUS);
		return err_at(err, "/metadata/annotations/sidecar.istio.io~1status");
	}
	if (restore_pod(u->search.a, u->search.req->pod, &record, mesh, written_last(u->search.config), &restored, err) < 0)
		return -1;
	u->search.record = &record;
	u->search.restored = &restored;
	if (search_run(&u->search, err) < 0)
		return -1;
	/* Where the configuration is another than the one that injected, its word is worth nothing. */
	if (u->search.config && u->search.agreement == AGREES_NOT) {
		const char *differs = u->search.differs;

		u->search.config = NULL;
		if (search_run(&u->search, err) < 0)
			return -1;
		u->search.differs = differs;
	}
	return finish(u, err);
}

int uninject_pod(const struct inject_config *c, struct arena *a, const struct inject_request *req,
	struct uninjected *ret, struct err *err)
{
	struct uninjecting u = {.search = {.config = c, .a = a, .req = req}, .ret = ret};

	memset(ret, 0, sizeof(*ret));
	ret->pod = req->pod;
	if (schema_check(req->pod, &go_pod, err) < 0)
		return -1;
	if (!raw_str(raw_path(req->pod, "metadata", "annotations", NULL), ANNOTATION_STATUS).p)
		return 0;
	ret->injected = true;
	return uninject(&u, err);
}
