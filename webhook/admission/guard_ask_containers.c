/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod's spec asks for: its containers, those of injection that it brings itself, ids, capabilities, the host's
 * network. */
#include "patches/pod/names.h"
#include "patches/pod/proxy_user.h"
#include "webhook/admission/guard_ask.h"

static bool is_injections(struct str name)
{
	const struct str names[] = {CONTAINER_PROXY, CONTAINER_INIT, CONTAINER_VALIDATION, CONTAINER_CORE_DUMP};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

static bool shares_ids(const struct asking *q, int64_t id, bool group)
{
	int64_t uid, gid;

	if (id == PROXY_ID || !q->r->config->openshift)
		return id == PROXY_ID;
	namespace_ids(q->r->facts, &uid, &gid);
	return id == (group ? gid : uid);
}

static void ask_ids(struct asking *q, struct guard_ask found, const struct value *security)
{
	static const char *const fields[] = {"runAsUser", "runAsGroup"};

	found.kind = GUARD_RUN_AS_IDS;
	for (size_t i = 0; i < ARRAY_LEN(fields) && guard_wants(q, GUARD_RUN_AS_IDS); i++) {
		const struct value *v = raw_get(security, fields[i]);
		const char *text;
		int64_t id;

		if (!raw_int(v, &id))
			continue;
		text = arena_printf(q->asks->a, "%lld", (long long)id);
		q->asks->failed = q->asks->failed || !text;
		found.value = str_of(text);
		guard_ask_add(q, found);
		found.value = STR("proxy");
		if (shares_ids(q, id, i == 1))
			guard_ask_add(q, found);
	}
}

static void ask_capabilities(struct asking *q, struct guard_ask found, const struct value *security)
{
	const struct value *l = raw_path(security, "capabilities", "add", NULL);

	found.kind = GUARD_CAPABILITIES;
	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++) {
		const struct value *v = l->u.list.item[i];

		found.value = v->kind == K_STRING ? v->u.s : STR("");
		if (found.value.len > 4 && (found.value.p[0] == 'C' || found.value.p[0] == 'c') &&
			found.value.p[3] == '_')
			found.value =
				(struct str){found.value.p + 4, found.value.len - 4}; /* CAP_NET_ADMIN is NET_ADMIN */
		guard_ask_add(q, found);
	}
	found.value = STR("ALL");
	if (raw_bool(security, "privileged"))
		guard_ask_add(q, found);
}

static void ask_resources(struct asking *q, struct guard_ask found, const struct value *container)
{
	static const char *const sides[] = {"limits", "requests"};

	for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
		const struct value *side = raw_path(container, "resources", sides[i], NULL);
		const struct value *cpu = raw_get(side, "cpu"), *memory = raw_get(side, "memory");

		found.kind = GUARD_CPU;
		if (cpu)
			guard_read_amount(q, found, guard_scalar(cpu));
		found.kind = GUARD_MEMORY;
		if (memory)
			guard_read_amount(q, found, guard_scalar(memory));
	}
}

/* Names of the pod's volumes that are folders of the node; NULL without memory. */
static const struct map *host_paths(struct asking *q)
{
	const struct value *l = raw_path(q->r->pod, "spec", "volumes", NULL);

	if (q->host_paths || !(q->host_paths = map_new(q->asks->a, 4)))
		return q->host_paths;
	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++) {
		const struct str name = raw_str(l->u.list.item[i], "name");

		if (name.p && raw_get(l->u.list.item[i], "hostPath") &&
			map_set(q->asks->a, q->host_paths, name, &value_true) < 0)
			return NULL;
	}
	return q->host_paths;
}

static void ask_mounts(struct asking *q, struct guard_ask found, const struct value *container)
{
	const struct value *l = guard_wants(q, GUARD_USER_VOLUMES) ? raw_get(container, "volumeMounts") : NULL;
	const struct map *paths = l ? host_paths(q) : NULL;

	q->asks->failed = q->asks->failed || (l && !paths);
	found.kind = GUARD_USER_VOLUMES;
	for (size_t i = 0; paths && l->kind == K_LIST && i < l->u.list.len; i++) {
		found.value = map_get(paths, raw_str(l->u.list.item[i], "name")) ? STR("hostPath") : STR("mount");
		guard_ask_add(q, found);
	}
}

/* What the pod itself says of a container that is injection's. */
static void ask_own(struct asking *q, struct guard_ask found, const struct value *container)
{
	const struct str image = raw_str(container, "image");

	found.kind = GUARD_OWN_CONTAINERS;
	found.value = found.at;
	guard_ask_add(q, found);
	found.kind = GUARD_PROXY_IMAGE;
	if (image.len && !str_is(image, "auto") && guard_wants(q, GUARD_PROXY_IMAGE))
		guard_read_image(q, found, image);
	ask_resources(q, found, container);
	ask_mounts(q, found, container);
}

static void ask_container(struct asking *q, const struct value *container, enum guard_place place)
{
	const struct guard_ask found = {.place = place, .at = raw_str(container, "name")};
	const struct value *security = raw_get(container, "securityContext");

	ask_capabilities(q, found, security);
	if (is_injections(found.at))
		ask_own(q, found, container);
	else
		ask_ids(q, found, security);
}

static void ask_containers(struct asking *q, const struct value *list, enum guard_place place)
{
	for (size_t i = 0; list && list->kind == K_LIST && i < list->u.list.len; i++)
		ask_container(q, list->u.list.item[i], place);
}

void guard_ask_spec(struct asking *q)
{
	const struct value *spec = raw_get(q->r->pod, "spec");
	const struct guard_ask host = {
		.kind = GUARD_HOST_NETWORK, .place = GUARD_AT_SPEC, .at = STR("hostNetwork"), .value = STR("true")};
	const struct guard_ask security = {.place = GUARD_AT_SPEC, .at = STR("securityContext")};

	if (raw_bool(spec, "hostNetwork"))
		guard_ask_add(q, host);
	ask_ids(q, security, raw_get(spec, "securityContext"));
	ask_containers(q, raw_get(spec, "containers"), GUARD_AT_CONTAINER);
	ask_containers(q, raw_get(spec, "initContainers"), GUARD_AT_INIT_CONTAINER);
}
