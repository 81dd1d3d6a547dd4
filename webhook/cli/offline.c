/* SPDX-License-Identifier: Apache-2.0 */
/* Injection of manifests without a cluster: the objects. */
#include "webhook/cli/offline.h"

#include <string.h>

#include "patches/pod/canonical.h"
#include "patches/pod/coerce.h"
#include "patches/pod/list_rules.h"
#include "patches/pod/owner.h"

/* Where a kind has its pod: metadata and spec, as keys from the object down. */
struct shape {
	const char *kind;
	const char *groups;         /* of apiVersion, separated by spaces; "-" is the core group */
	const struct go_type *type; /* of today's version */
	const char *metadata[4], *spec[6];
};

static const struct shape shapes[] = {
	{"Pod", "-", &go_pod, {"metadata"}, {"spec"}},
	{"ReplicationController", "-", &go_replication_controller, {"spec", "template", "metadata"},
		{"spec", "template", "spec"}},
	{"Deployment", "apps extensions", &go_deployment, {"spec", "template", "metadata"},
		{"spec", "template", "spec"}},
	{"DaemonSet", "apps extensions", &go_daemon_set, {"spec", "template", "metadata"},
		{"spec", "template", "spec"}},
	{"ReplicaSet", "apps extensions", &go_replica_set, {"spec", "template", "metadata"},
		{"spec", "template", "spec"}},
	{"StatefulSet", "apps", &go_stateful_set, {"spec", "template", "metadata"}, {"spec", "template", "spec"}},
	{"Job", "batch", &go_job, {"spec", "template", "metadata"}, {"spec", "template", "spec"}},
	/* As istioctl has it: labels and annotations go to the Job, not to its pods. */
	{"CronJob", "batch", &go_cron_job, {"spec", "jobTemplate", "metadata"},
		{"spec", "jobTemplate", "spec", "template", "spec"}},
	{"DeploymentConfig", "apps.openshift.io -", &go_deployment_config, {"spec", "template", "metadata"},
		{"spec", "template", "spec"}},
};

struct offline {
	const struct inject_config *config;
	struct arena *a;
	const struct offline_options *options;
	struct text *notes;
	const char *pointer; /* JSON Pointer of the object in its document; NULL: the document itself */
};

static struct str group_of(struct str api_version)
{
	struct str rest = api_version;
	const struct str group = str_cut(&rest, '/');

	return rest.p ? group : STR("-");
}

static const struct shape *find_shape(const struct value *object)
{
	const struct str kind = raw_str(object, "kind"), group = group_of(raw_str(object, "apiVersion"));

	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		struct str groups = str_of(shapes[i].groups);

		if (!str_is(kind, shapes[i].kind))
			continue;
		while (groups.p)
			if (str_eq(str_cut(&groups, ' '), group))
				return &shapes[i];
	}
	return NULL;
}

static bool is_list(const struct value *object)
{
	return str_is(raw_str(object, "kind"), "List") && str_is(group_of(raw_str(object, "apiVersion")), "-");
}

static const struct value *follow(const struct value *v, const char *const *path)
{
	while (v && *path)
		v = raw_get(v, *path++);
	return v;
}

/* A copy of `v` with the value at the path replaced; maps that are missing on the way are made. NULL without memory. */
static const struct value *replace(
	struct arena *a, const struct value *v, const char *const *path, const struct value *with)
{
	const struct value *inner;
	struct map *m;

	if (!*path || !with)
		return with;
	inner = replace(a, raw_get(v, *path), path + 1, with);
	m = map_clone(a, v && v->kind == K_MAP ? v->u.map : NULL, 1);
	if (!inner || !m || map_setc(a, m, *path, inner) < 0)
		return NULL;
	return value_map(a, m);
}

/* The pod as inject_pod wants it: a Pod as it is, else an object of a template's two parts. */
static const struct value *pod_of(struct arena *a, const struct value *object, const struct shape *shape)
{
	const struct value *metadata = follow(object, shape->metadata), *spec = follow(object, shape->spec);
	struct map *m;

	if (!shape->spec[1])
		return object;
	m = map_new(a, 4);
	if (!m || (metadata && map_setc(a, m, "metadata", metadata) < 0) || (spec && map_setc(a, m, "spec", spec) < 0))
		return NULL;
	return value_map(a, m);
}

static struct str effective_namespace(const struct offline *f, const struct value *object)
{
	const struct str own = raw_str(raw_get(object, "metadata"), "namespace");

	return own.len ? own : f->options->namespace;
}

static struct workload workload_of(const struct offline *f, const struct value *object, const struct shape *shape)
{
	const struct str namespace = effective_namespace(f, object);

	/* Up to 1.8 a pod in a file was its own owner. */
	if (!shape->spec[1] && f->config->release == RELEASE_HEAD)
		return owner_of_pod(object, namespace);
	return (struct workload){
		.name = raw_str(raw_get(object, "metadata"), "name"),
		.namespace = namespace,
		.kind = raw_str(object, "kind"),
		.api_version = raw_str(object, "apiVersion"),
	};
}

static struct str object_name(const struct value *object)
{
	const struct value *metadata = raw_get(object, "metadata");

	return raw_str(metadata, "name").len ? raw_str(metadata, "name") : raw_str(metadata, "generateName");
}

/* Two of the outcomes have words that users of istioctl know. */
static void note(const struct offline *f, const struct value *object, const struct workload *w, enum reason reason)
{
	const struct str name = object_name(object);
	const char *why = reason == REASON_HOST_NETWORK ? "host networking enabled" : "sidecar injection disabled";

	text_addf(f->notes, "Skipping injection because %.*s \"%.*s%s%.*s\" has %s (%s)\n", (int)w->kind.len,
		w->kind.p ? w->kind.p : "", (int)w->namespace.len, w->namespace.p ? w->namespace.p : "",
		w->namespace.len ? "/" : "", (int)name.len, name.p ? name.p : "", why, reason_row(reason)->code);
}

static const struct value *put_back(
	struct arena *a, const struct value *object, const struct shape *shape, const struct value *pod)
{
	const struct value *metadata = raw_get(pod, "metadata"), *spec = raw_get(pod, "spec");

	if (!shape->spec[1])
		return pod;
	if (metadata)
		object = replace(a, object, shape->metadata, metadata);
	if (object && spec)
		object = replace(a, object, shape->spec, spec);
	return object;
}

static int blame(const struct value *object, const struct workload *w, struct err *err)
{
	const struct str name = object_name(object);

	return err_wrap(err, "%.*s %.*s", (int)w->kind.len, w->kind.p ? w->kind.p : "",
		name.len < 256 ? (int)name.len : 256, name.p ? name.p : "");
}

/*
 * istioctl writes an injected object through Go's types: zeros that they always print appear, empty members that they
 * omit vanish. Whoever compares with its output (GitOps) sees them.
 */
static const struct value *written(
	const struct offline *f, const struct value *object, const struct shape *shape, struct err *err)
{
	const unsigned kubernetes = f->config->release == RELEASE_HEAD ? 0 : list_rules(f->config->release)->kubernetes;

	if (!object) {
		err_nomem(err);
		return NULL;
	}
	return canonical_object(f->a, object, shape->type, kubernetes, err);
}

/* --- another change than injection ------------------------------------------------------------------------------ */

static const char *pointer_of(const struct offline *f, const char *const *path)
{
	struct text t;

	text_init(&t, f->a, 4096);
	text_adds(&t, f->pointer ? f->pointer : "");
	for (; *path; path++) {
		text_addc(&t, '/');
		text_adds(&t, *path);
	}
	return text_cstr(&t);
}

/* An item of a List has a place in its document. */
static const struct value *coerced(const struct offline *f, const struct value *object, const struct shape *shape, struct err *err)
{
	return (f->pointer ? coerce_item_strings : coerce_strings)(f->a, object, shape->type, err);
}

static int change_workload(struct offline *f, const struct value *object, const struct shape *shape, const struct value **ret,
	struct err *err)
{
	struct offline_change *change = f->options->change;
	const struct value *given = coerced(f, object, shape, err), *done;
	const struct workload workload = workload_of(f, given ? given : object, shape);
	struct offline_subject s = {.pod = given ? pod_of(f->a, given, shape) : NULL, .workload = shape->spec[1] ? &workload : NULL,
		.kind = raw_str(object, "kind"), .namespace = effective_namespace(f, object), .name = object_name(object),
		.metadata = pointer_of(f, shape->metadata), .spec = pointer_of(f, shape->spec)};

	if (!given)
		return blame(object, &workload, err);
	if (!s.pod || !s.metadata || !s.spec)
		return err_nomem(err);
	if (change->run(change, f->a, &s, &done, err) < 0)
		return blame(object, &workload, err);
	*ret = object;
	if (done == s.pod)
		return 0;
	*ret = put_back(f->a, given, shape, done);
	return *ret ? 0 : err_nomem(err);
}

/* --- injection --------------------------------------------------------------------------------------------------- */

/* Where Go's type has a pointer to the template istioctl refuses an object without one; nobody could start a pod from it. */
static int check_template(const struct value *object, const struct shape *shape, struct err *err)
{
	const struct value *template = raw_get(raw_get(object, "spec"), "template");

	if ((shape->type != &go_replication_controller && shape->type != &go_deployment_config) || (template && template->kind != K_NIL))
		return 0;
	return err_set(err, ERR_INPUT, "spec.template is required value");
}

static int inject_workload(struct offline *f, const struct value *object, const struct shape *shape,
	const struct value **ret, struct err *err)
{
	const struct value *given = coerced(f, object, shape, err);
	const struct workload workload = workload_of(f, given ? given : object, shape);
	const struct value *pod = given ? pod_of(f->a, given, shape) : NULL, *done;
	struct inject_request request = {.pod = pod, .namespace = workload.namespace, .workload = &workload};
	struct inject_result result = {.reason = REASON_INTERNAL};

	if (!pod)
		return given ? err_nomem(err) : blame(object, &workload, err);
	if (check_template(given, shape, err) < 0)
		return blame(object, &workload, err);
	if (inject_pod(f->config, f->a, &request, &result, err) < 0)
		return blame(object, &workload, err);
	if (!result.injected) {
		note(f, object, &workload, result.reason);
		*ret = object;
		return 0;
	}
	done = written(f, f->options->before ? given : put_back(f->a, given, shape, result.pod), shape, err);
	if (!done)
		return blame(object, &workload, err);
	*ret = done;
	return 0;
}

static int inject_any(
	struct offline *f, const struct value *object, unsigned depth, const struct value **ret, struct err *err);

/* The items are written into a new list only where one of them changed. */
static int inject_list(
	struct offline *f, const struct value *list, unsigned depth, const struct value **ret, struct err *err)
{
	const struct value *items = raw_get(list, "items");
	const size_t len = items && items->kind == K_LIST ? items->u.list.len : 0;
	const struct value **item = arena_calloc(f->a, len + 1, sizeof(const struct value *));
	static const char *const path[] = {"items", NULL};
	bool changed = false;

	if (!item)
		return err_nomem(err);
	if (depth == OFFLINE_LIST_DEPTH)
		return err_set(err, ERR_LIMIT, "Lists within Lists more than %d deep", OFFLINE_LIST_DEPTH);
	for (size_t i = 0; i < len; i++) {
		struct offline inner = *f;

		inner.pointer = arena_printf(f->a, "%s/items/%zu", f->pointer ? f->pointer : "", i);
		if (!inner.pointer)
			return err_nomem(err);
		if (inject_any(&inner, items->u.list.item[i], depth + 1, &item[i], err) < 0)
			return err_wrap(err, "item %zu of the List", i);
		changed = changed || item[i] != items->u.list.item[i];
	}
	*ret = list;
	if (!changed)
		return 0;
	*ret = replace(f->a, list, path, value_list(f->a, item, len));
	return *ret ? 0 : err_nomem(err);
}

static int inject_any(
	struct offline *f, const struct value *object, unsigned depth, const struct value **ret, struct err *err)
{
	const struct shape *shape = find_shape(object);

	if (shape && f->options->change)
		return change_workload(f, object, shape, ret, err);
	if (shape)
		return inject_workload(f, object, shape, ret, err);
	if (is_list(object))
		return inject_list(f, object, depth, ret, err);
	*ret = object;
	return 0;
}

int offline_object(const struct inject_config *c, struct arena *a, const struct value *object,
	const struct offline_options *o, const struct value **ret, struct text *notes, struct err *err)
{
	struct offline f = {.config = c, .a = a, .options = o, .notes = notes};

	return inject_any(&f, object, 0, ret, err);
}

int offline_pod(struct arena *a, const struct value *object, const struct value **ret, struct err *err)
{
	const struct shape *shape = find_shape(object);

	*ret = NULL;
	if (!shape)
		return 0;
	object = coerce_strings(a, object, shape->type, err);
	if (!object)
		return -1;
	for (size_t i = 0; object && shape->spec[i + 1]; i++)
		object = raw_get(object, shape->spec[i]);
	*ret = object;
	return object ? 0 : err_set(err, ERR_INPUT, "it has no pod template");
}

const struct list *offline_items(const struct value *object)
{
	const struct value *items = is_list(object) ? raw_get(object, "items") : NULL;

	return items && items->kind == K_LIST ? &items->u.list : NULL;
}

int offline_proxy_configs(struct inject_config *c, const struct manifests *input, struct str namespace, struct err *err)
{
	for (size_t i = 0; i < input->len; i++)
		if (proxy_configs_add(c, &input->item[i], namespace, err) < 0)
			return -1;
	return 0;
}
