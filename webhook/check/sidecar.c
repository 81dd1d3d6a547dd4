/* SPDX-License-Identifier: Apache-2.0 */
/* Which webhooks are called for a pod, and whether it has the sidecar that it should have. */
#include "webhook/check/sidecar.h"

#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/value/json.h"

static const char least_pod[] = "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"sample\"},"
				"\"spec\":{\"containers\":[{\"name\":\"app\",\"image\":\"app\"}]}}";

const struct map *object_labels(const struct value *object)
{
	const struct value *labels = raw_path(object, "metadata", "labels", NULL);

	return labels && labels->kind == K_MAP ? labels->u.map : NULL;
}

/* --- webhooks ------------------------------------------------------------------------------------------------------- */

static bool list_has(const struct value *l, const char *word)
{
	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++)
		if (l->u.list.item[i]->kind == K_STRING &&
			(str_is(l->u.list.item[i]->u.s, word) || str_is(l->u.list.item[i]->u.s, "*")))
			return true;
	return false;
}

/* Whether any of its rules is about the creation of pods. */
static bool is_for_pods(const struct value *webhook)
{
	const struct value *rules = raw_get(webhook, "rules");

	for (size_t i = 0; rules && rules->kind == K_LIST && i < rules->u.list.len; i++) {
		const struct value *r = rules->u.list.item[i];

		if (list_has(raw_get(r, "resources"), "pods") && list_has(raw_get(r, "operations"), "CREATE"))
			return true;
	}
	return false;
}

/* An empty selector matches everything there. */
static int compile(struct arena *a, const struct value *raw, bool *ret_any, struct selectors *ret, struct err *err)
{
	const struct value *labels = raw_get(raw, "matchLabels"), *expressions = raw_get(raw, "matchExpressions");
	const struct value **item = arena_alloc(a, sizeof(*item)), *l;

	*ret_any = (labels && labels->kind == K_MAP && labels->u.map->len) ||
		   (expressions && expressions->kind == K_LIST && expressions->u.list.len);
	if (!*ret_any)
		return 0;
	if (!item)
		return err_nomem(err);
	*item = raw;
	l = value_list(a, item, 1);
	return l ? selectors_compile(a, l, ret, err) : err_nomem(err);
}

int webhook_entry_read(struct arena *a, struct str configuration, const struct value *webhook, struct webhook_entry *ret,
	bool *ret_usable, struct err *err)
{
	struct err bad = {0};

	*ret_usable = is_for_pods(webhook);
	*ret = (struct webhook_entry){
		.configuration = configuration, .name = raw_str(webhook, "name"), .raw = webhook, .injector = INJECTOR_OTHER};
	if (!*ret_usable)
		return 0;
	if (compile(a, raw_get(webhook, "namespaceSelector"), &ret->selects_namespaces, &ret->namespaces, &bad) == 0 &&
		compile(a, raw_get(webhook, "objectSelector"), &ret->selects_objects, &ret->objects, &bad) == 0)
		return 0;
	*ret_usable = false; /* the API server knows an operator that we do not */
	return bad.code == ERR_NOMEM ? err_nomem(err) : 0;
}

bool webhook_selects(const struct webhook_entry *e, const struct map *namespace_labels, const struct map *pod_labels)
{
	return (!e->selects_namespaces || selectors_match(&e->namespaces, namespace_labels)) &&
	       (!e->selects_objects || selectors_match(&e->objects, pod_labels));
}

/* --- pods ----------------------------------------------------------------------------------------------------------- */

const struct value *sidecar_sample(const struct inject_config *c, struct arena *a, struct err *err)
{
	const struct value *pod = json_parse(a, least_pod, sizeof(least_pod) - 1, JSON_FROM_POD, err);
	const struct inject_request request = {.pod = pod, .namespace = STR("default"), .url_path = STR("/inject")};
	struct inject_result result;

	if (!pod)
		return NULL;
	return inject_pod(c, a, &request, &result, err) == 0 && result.injected ? result.pod : NULL;
}

/* Static pods are made without the API, and those that end are none of ours any more. */
static bool counts(const struct value *pod)
{
	const struct str phase = raw_str(raw_get(pod, "status"), "phase");
	const struct value *annotations = raw_path(pod, "metadata", "annotations", NULL);

	return !str_is(phase, "Succeeded") && !str_is(phase, "Failed") &&
	       !raw_get(raw_get(pod, "metadata"), "deletionTimestamp") &&
	       !raw_get(annotations, "kubernetes.io/config.mirror");
}

static bool is_ours(const struct sidecar_measure *m, const struct value *pod, const struct map *namespace_labels)
{
	for (size_t i = 0; i < m->n_entries; i++)
		if (m->entry[i].injector == INJECTOR_OURS &&
			webhook_selects(&m->entry[i], namespace_labels, object_labels(pod)))
			return true;
	return false;
}

static bool is_due(const struct sidecar_measure *m, const struct value *pod, struct str namespace)
{
	return m->config && reason_row(decide(m->config, pod, namespace, false))->result == RESULT_INJECTED;
}

static bool chose_its_image(const struct value *pod)
{
	const struct value *annotations = raw_path(pod, "metadata", "annotations", NULL);

	return raw_get(annotations, "sidecar.istio.io/proxyImage") ||
	       raw_get(annotations, "sidecar.istio.io/proxyImageType") || raw_get(annotations, "proxy.istio.io/config");
}

enum sidecar_state sidecar_state(
	const struct sidecar_measure *m, const struct value *pod, struct str namespace, const struct map *namespace_labels)
{
	const struct value *proxy = raw_any_container(pod, CONTAINER_PROXY);

	if (!counts(pod))
		return SIDECAR_NO_MATTER;
	if (!proxy)
		return is_ours(m, pod, namespace_labels) && is_due(m, pod, namespace) ? SIDECAR_ABSENT : SIDECAR_NOT_DUE;
	return m->image.len && !str_eq(raw_str(proxy, "image"), m->image) && !chose_its_image(pod) &&
			       is_ours(m, pod, namespace_labels)
		       ? SIDECAR_OUTDATED
		       : SIDECAR_THERE;
}
