/* SPDX-License-Identifier: Apache-2.0 */
/* What injection adds, against the PodSecurity level that each injected namespace enforces. */
#include "webhook/admission/pod_security.h"
#include "webhook/check/ask.h"

/* The containers that injection adds: the first that the level refuses, and why. */
static const char *lack_of(enum pod_security level, const struct value *pod, struct str *ret_container)
{
	static const char *const lists[] = {"initContainers", "containers"};
	const struct value *spec = raw_get(pod, "spec");

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		const struct value *l = raw_get(spec, lists[i]);

		for (size_t j = 0; l && l->kind == K_LIST && j < l->u.list.len; j++) {
			const struct value *container = l->u.list.item[j];
			const char *lack = str_is(raw_str(container, "name"), "app")
						   ? NULL
						   : pod_security_lack(level, spec, container);

			*ret_container = raw_str(container, "name");
			if (lack)
				return lack;
		}
	}
	return NULL;
}

static bool is_served(const struct check *c, const struct map *labels)
{
	static const struct map plain_pod = {0};

	for (size_t i = 0; i < c->n_entries; i++)
		if (c->entry[i].injector == INJECTOR_OURS && webhook_selects(&c->entry[i], labels, &plain_pod))
			return true;
	return false;
}

static enum pod_security level_of(const struct value *namespace)
{
	const struct value *v = map_getc(object_labels(namespace), "pod-security.kubernetes.io/enforce");

	return pod_security_level(v && v->kind == K_STRING ? v->u.s : STR(""));
}

/* Whether pods as injection makes them are refused there. */
static bool look_at(struct check *c, const struct value *namespace, const struct value *pod)
{
	const enum pod_security level = level_of(namespace);
	struct str container;
	const char *lack = is_served(c, object_labels(namespace)) ? lack_of(level, pod, &container) : NULL;

	if (lack)
		check_found(c->found, CHECK_ERROR, "pod-security",
			check_text(c, "Namespace %.*s", SHOWN(raw_str(raw_get(namespace, "metadata"), "name"))),
			"use Istio's CNI plugin, whose pods need less, or enforce the level privileged there",
			"enforces PodSecurity %s, which refuses container %.*s of injected pods: %s",
			pod_security_name(level), SHOWN(container), lack);
	return lack != NULL;
}

int check_namespaces(struct check *c, struct err *err)
{
	const struct value *pod = NULL;
	struct err cause = {0};
	size_t bad = 0;

	if (c->config)
		pod = sidecar_sample(c->config, c->a, &cause);
	if (cause.code == ERR_NOMEM)
		return err_nomem(err);
	if (cause.code)
		check_found(c->found, CHECK_ERROR, "injection-fails", "",
			"correct the ConfigMap: `outrigger explain` shows the whole chain",
			"a plain pod cannot be injected with the cluster's configuration: %s", cause.what);
	if (!pod || !c->namespaces)
		return 0;
	for (size_t i = 0; i < c->namespaces->u.list.len; i++)
		bad += look_at(c, c->namespaces->u.list.item[i], pod);
	if (!bad)
		check_found(c->found, CHECK_OK, "pod-security", "", NULL,
			"no injected namespace enforces a level that refuses what injection adds");
	return 0;
}
