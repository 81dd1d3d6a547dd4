/* SPDX-License-Identifier: Apache-2.0 */
/* What others do to a pod between two injections: other webhooks, a newer Kubernetes, and the API server's defaults. */
#include "tests/conformance/changes.h"

#include <string.h>

#include "patches/pod/names.h"
#include "patches/value/json.h"

static const struct value *parsed(struct arena *a, const char *json)
{
	struct err err = {0};

	return json_parse(a, json, strlen(json), 0, &err);
}

/* --- changes that another webhook, or a newer Kubernetes, makes ------------------------------------------------------ */

struct map *member_of(struct arena *a, const struct value *v, const char *key)
{
	const struct value *m = raw_get(v, key);

	if (m)
		return m->u.map;
	m = value_map(a, map_new(a, 2));
	return map_setc(a, v->u.map, key, m) == 0 ? m->u.map : NULL;
}

bool append_to(struct arena *a, struct map *m, const char *key, const struct value *v)
{
	const struct value *old = map_getc(m, key);
	const size_t len = old && old->kind == K_LIST ? old->u.list.len : 0;
	const struct value **item = arena_calloc(a, len + 1, sizeof(*item));

	for (size_t i = 0; item && i < len; i++)
		item[i] = old->u.list.item[i];
	if (item)
		item[len] = v;
	return item && map_setc(a, m, key, value_list(a, item, len + 1)) == 0;
}

/* The first container that is the user's alone; NULL where there is none. */
static struct map *application(const struct value *pod)
{
	const struct value *l = raw_get(raw_get(pod, "spec"), "containers");

	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++)
		if (!str_eq(raw_str(l->u.list.item[i], "name"), CONTAINER_PROXY))
			return l->u.list.item[i]->u.map;
	return NULL;
}

bool add_container(struct arena *a, const struct value *pod)
{
	return append_to(a, member_of(a, pod, "spec"), "containers",
		parsed(a, "{\"name\":\"added\",\"image\":\"added:1\",\"resources\":{},\"ports\":[{\"name\":\"added\",\"containerPort\":7979}],"
			  "\"readinessProbe\":{\"httpGet\":{\"path\":\"/ready\",\"port\":\"added\"}}}"));
}

bool add_annotation(struct arena *a, const struct value *pod)
{
	struct map *meta = member_of(a, pod, "metadata");

	return map_setc(a, member_of(a, value_map(a, meta), "annotations"), "example.com/added", parsed(a, "\"by another\"")) == 0;
}

bool add_variable(struct arena *a, const struct value *pod)
{
	struct map *container = application(pod);

	return container && append_to(a, container, "env", parsed(a, "{\"name\":\"ADDED\",\"value\":\"by another\"}"));
}

/* A sidecar of another's that wants to be the first. */
bool add_first(struct arena *a, const struct value *pod)
{
	const struct value *l = raw_get(raw_get(pod, "spec"), "containers");
	const size_t len = l && l->kind == K_LIST ? l->u.list.len : 0;
	const struct value **item = arena_calloc(a, len + 1, sizeof(*item));

	if (!item)
		return false;
	item[0] = parsed(a, "{\"name\":\"first\",\"image\":\"first:1\",\"resources\":{},\"ports\":[{\"containerPort\":7978}]}");
	for (size_t i = 0; i < len; i++)
		item[i + 1] = l->u.list.item[i];
	return map_setc(a, member_of(a, pod, "spec"), "containers", value_list(a, item, len + 1)) == 0;
}

bool add_label(struct arena *a, const struct value *pod)
{
	struct map *meta = member_of(a, pod, "metadata");

	return map_setc(a, member_of(a, value_map(a, meta), "labels"), "example.com/added", parsed(a, "\"by-another\"")) == 0;
}

bool change_image(struct arena *a, const struct value *pod)
{
	struct map *container = application(pod);

	return container && map_setc(a, container, "image", parsed(a, "\"mirror.example.com/app:1\"")) == 0;
}

/* As secret stores and tracers do, to every container, the proxy too. */
bool add_everywhere(struct arena *a, const struct value *pod)
{
	static const char *const lists[] = {"containers", "initContainers"};

	for (size_t n = 0; n < ARRAY_LEN(lists); n++) {
		const struct value *l = raw_get(raw_get(pod, "spec"), lists[n]);

		for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++)
			if (!append_to(a, l->u.list.item[i]->u.map, "env", parsed(a, "{\"name\":\"ADDED\",\"value\":\"by another\"}")) ||
			    !append_to(a, l->u.list.item[i]->u.map, "volumeMounts", parsed(a, "{\"name\":\"added\",\"mountPath\":\"/added\"}")))
				return false;
	}
	return true;
}

bool add_unknown(struct arena *a, const struct value *pod)
{
	static const char field[] = "{\"x\":[1,\"two\",{\"three\":3.50}]}";
	struct map *container = application(pod);

	return container && map_setc(a, container, "fieldOfTheFuture", parsed(a, field)) == 0 &&
	       map_setc(a, member_of(a, pod, "spec"), "fieldOfTheFuture", parsed(a, field)) == 0 &&
	       map_setc(a, member_of(a, pod, "metadata"), "fieldOfTheFuture", parsed(a, field)) == 0 &&
	       map_setc(a, pod->u.map, "fieldOfTheFuture", parsed(a, field)) == 0;
}

/* --- what the API server makes of every pod, before the first webhook and after each -------------------------------------- */

static bool set_default(struct arena *a, const struct value *v, const char *key, const char *json)
{
	return raw_get(v, key) || map_setc(a, v->u.map, key, parsed(a, json)) == 0;
}

size_t items_of(const struct value *v, const char *key, const struct value *const **ret)
{
	const struct value *l = raw_get(v, key);

	*ret = l && l->kind == K_LIST ? l->u.list.item : NULL;
	return *ret ? l->u.list.len : 0;
}

static bool default_probes(struct arena *a, const struct value *container)
{
	static const char *const probes[] = {"livenessProbe", "readinessProbe", "startupProbe"};
	static const char *const fields[][2] = {{"timeoutSeconds", "1"}, {"periodSeconds", "10"}, {"successThreshold", "1"},
		{"failureThreshold", "3"}};

	for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
		const struct value *probe = raw_get(container, probes[i]), *get = raw_get(probe, "httpGet");

		for (size_t n = 0; probe && n < ARRAY_LEN(fields); n++)
			if (!set_default(a, probe, fields[n][0], fields[n][1]))
				return false;
		if (get && (!set_default(a, get, "path", "\"/\"") || !set_default(a, get, "scheme", "\"HTTP\"")))
			return false;
	}
	return true;
}

static bool default_container(struct arena *a, const struct value *container)
{
	const struct value *const *item;
	const struct value *limits = raw_path(container, "resources", "limits", NULL);
	size_t len = items_of(container, "ports", &item);

	for (size_t i = 0; i < len; i++)
		if (!set_default(a, item[i], "protocol", "\"TCP\""))
			return false;
	len = items_of(container, "env", &item);
	for (size_t i = 0; i < len; i++)
		if (raw_path(item[i], "valueFrom", "fieldRef", NULL) &&
		    !set_default(a, raw_path(item[i], "valueFrom", "fieldRef", NULL), "apiVersion", "\"v1\""))
			return false;
	for (uint32_t i = 0; limits && limits->kind == K_MAP && i < limits->u.map->len; i++) {
		const struct map_entry *e = &limits->u.map->entry[i];
		struct map *requests = member_of(a, raw_get(container, "resources"), "requests");

		if (!requests || (!map_get(requests, e->key) && map_set(a, requests, e->key, e->value) < 0))
			return false;
	}
	return set_default(a, container, "terminationMessagePath", "\"/dev/termination-log\"") &&
	       set_default(a, container, "terminationMessagePolicy", "\"File\"") &&
	       set_default(a, container, "imagePullPolicy", "\"IfNotPresent\"") && default_probes(a, container);
}

static bool default_volume(struct arena *a, const struct value *volume)
{
	static const char *const with_mode[] = {"secret", "configMap", "downwardAPI", "projected"};
	const struct value *const *item;
	size_t len = items_of(raw_get(volume, "downwardAPI"), "items", &item);

	for (size_t i = 0; i < len; i++)
		if (raw_get(item[i], "fieldRef") && !set_default(a, raw_get(item[i], "fieldRef"), "apiVersion", "\"v1\""))
			return false;
	for (size_t i = 0; i < ARRAY_LEN(with_mode); i++)
		if (raw_get(volume, with_mode[i]) && !set_default(a, raw_get(volume, with_mode[i]), "defaultMode", "420"))
			return false;
	len = items_of(raw_get(volume, "projected"), "sources", &item);
	for (size_t i = 0; i < len; i++)
		if (raw_get(item[i], "serviceAccountToken") &&
		    !set_default(a, raw_get(item[i], "serviceAccountToken"), "expirationSeconds", "3600"))
			return false;
	return true;
}

bool default_pod(struct arena *a, const struct value *pod)
{
	static const char *const fields[][2] = {{"restartPolicy", "\"Always\""}, {"terminationGracePeriodSeconds", "30"},
		{"dnsPolicy", "\"ClusterFirst\""}, {"schedulerName", "\"default-scheduler\""}, {"securityContext", "{}"},
		{"enableServiceLinks", "true"}};
	const struct value *spec = raw_get(pod, "spec"), *const *item;
	size_t len = items_of(spec, "containers", &item);
	bool ok = spec != NULL;

	for (size_t i = 0; ok && i < len; i++)
		ok = default_container(a, item[i]);
	len = items_of(spec, "initContainers", &item);
	for (size_t i = 0; ok && i < len; i++)
		ok = default_container(a, item[i]);
	len = items_of(spec, "volumes", &item);
	for (size_t i = 0; ok && i < len; i++)
		ok = default_volume(a, item[i]);
	for (size_t i = 0; ok && i < ARRAY_LEN(fields); i++)
		ok = set_default(a, spec, fields[i][0], fields[i][1]);
	return ok;
}
