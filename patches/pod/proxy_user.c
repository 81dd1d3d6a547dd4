/* SPDX-License-Identifier: Apache-2.0 */
/* The proxy's user and group: ids of a namespace under OpenShift, and what follows where a pod sets its own. */
#include "patches/pod/proxy_user.h"

#include "patches/pod/edit.h"
#include "patches/pod/names.h"

struct ids {
	bool has_user, has_group;
	int64_t user, group;
};

static struct ids ids_of(const struct value *container)
{
	const struct value *sc = raw_get(container, "securityContext");
	struct ids ids = {0};

	ids.has_user = raw_int(raw_get(sc, "runAsUser"), &ids.user);
	ids.has_group = raw_int(raw_get(sc, "runAsGroup"), &ids.group);
	return ids;
}

static void set_ids(struct pod_edit *e, struct container_list *l, size_t index, const struct ids *ids)
{
	struct map *sc = member_edit(e, container_edit(e, l, index), "securityContext");

	if (!sc)
		return;
	if (ids->has_user)
		member_set(e, sc, "runAsUser", value_number(e->a, ids->user));
	if (ids->has_group)
		member_set(e, sc, "runAsGroup", value_number(e->a, ids->group));
}

/* The argument behind "-u" of the redirection tool. */
static void set_excepted_user(struct pod_edit *e, size_t index, int64_t user)
{
	const struct value *args = raw_get(e->init_containers.item[index], "args");
	const size_t len = args && args->kind == K_LIST ? args->u.list.len : 0;
	const struct value **item = arena_calloc(e->a, len, sizeof(*item));
	const char *text = arena_printf(e->a, "%lld", (long long)user);
	struct map *container;
	size_t at = SIZE_MAX;

	if (!item || !text) {
		e->failed = true;
		return;
	}
	for (size_t i = 0; i < len; i++) {
		item[i] = args->u.list.item[i];
		if (at == SIZE_MAX && item[i]->kind == K_STRING && str_is(item[i]->u.s, "-u"))
			at = i + 1;
	}
	if (at >= len)
		return;
	item[at] = value_cstr(e->a, text);
	container = container_edit(e, &e->init_containers, index);
	member_set(e, container, "args", value_list(e->a, item, len));
}

static size_t redirection_container(const struct pod_edit *e)
{
	const size_t init = container_index(&e->init_containers, CONTAINER_INIT);

	return init != SIZE_MAX ? init : container_index(&e->init_containers, CONTAINER_VALIDATION);
}

const struct value *adjust_proxy_user(struct arena *a, const struct value *merged, const struct value *original, bool tproxy,
	struct err *err)
{
	struct ids ids = ids_of(raw_any_container(original, CONTAINER_PROXY));
	struct container_list *l;
	size_t init, proxy;
	struct pod_edit e;

	if (!ids.has_user && !ids.has_group)
		return merged;
	pod_edit_begin(&e, a, merged);
	init = redirection_container(&e);
	if (init == SIZE_MAX)
		return merged;
	tproxy = tproxy || str_is(pod_annotation(&e, ANNOTATION_INTERCEPTION), "TPROXY");
	l = container_where(&e, CONTAINER_PROXY, &proxy);
	if (tproxy && ids.has_user && l)
		set_ids(&e, l, proxy, &(struct ids){.has_user = true, .user = 0});
	if (!tproxy && str_eq(raw_str(e.init_containers.item[init], "name"), CONTAINER_VALIDATION))
		set_ids(&e, &e.init_containers, init, &ids);
	/* The owner that redirection excepts may not be 0. */
	if (ids.has_user && ids.user != 0)
		set_excepted_user(&e, init, ids.user);
	return pod_edit_end(&e, err);
}

/* The user of the last application container that names one; 0 where none does. */
static int64_t application_user(const struct container_list *l, int64_t before)
{
	for (size_t i = 0; i < l->len; i++) {
		const struct str name = raw_str(l->item[i], "name");
		const struct ids ids = ids_of(l->item[i]);

		if (ids.has_user && !str_eq(name, CONTAINER_PROXY) && !str_eq(name, CONTAINER_VALIDATION) &&
		    !str_eq(name, CONTAINER_INIT))
			before = ids.user;
	}
	return before;
}

const struct value *forget_shared_user(struct arena *a, const struct value *pod, struct err *err)
{
	const struct value *proxy = raw_any_container(pod, CONTAINER_PROXY);
	struct container_list *l;
	struct pod_edit e;
	struct map *sc;
	size_t index;

	if (!raw_get(proxy, "securityContext"))
		return pod;
	pod_edit_begin(&e, a, pod);
	if (ids_of(proxy).user != application_user(&e.init_containers, application_user(&e.containers, 0)))
		return pod;
	l = container_where(&e, CONTAINER_PROXY, &index);
	sc = member_edit(&e, container_edit(&e, l, index), "securityContext");
	if (sc) {
		(void)map_del(sc, STR("runAsUser"));
		(void)map_del(sc, STR("runAsGroup"));
	}
	return pod_edit_end(&e, err);
}

/* "1000620000/10000" (start and size) or "1000620000-1000629999": the last id; false where it is neither. */
static bool last_id(struct str block, int64_t *ret)
{
	struct str second = block;
	const char sep = str_find(block, STR("/")) != SIZE_MAX ? '/' : '-';
	const struct str first = str_cut(&second, sep);
	uint64_t start, end;

	if (!second.p || !parse_u64(first, &start) || !parse_u64(second, &end) || start > UINT32_MAX || end > UINT32_MAX)
		return false;
	*ret = (int64_t)(sep == '/' ? (uint32_t)(start + end - 1) : (uint32_t)end);
	return true;
}

static struct str note(const struct namespace_facts *ns, const char *key)
{
	const struct value *v = map_getc(ns->annotations, key);

	return v && v->kind == K_STRING ? v->u.s : (struct str){NULL, 0};
}

void namespace_ids(const struct namespace_facts *ns, int64_t *ret_uid, int64_t *ret_gid)
{
	struct str users, groups, rest;
	int64_t gid = PROXY_ID, id;

	*ret_uid = *ret_gid = PROXY_ID;
	if (!ns)
		return;
	users = note(ns, "openshift.io/sa.scc.uid-range");
	groups = note(ns, "openshift.io/sa.scc.supplemental-groups");
	if (!groups.p)
		groups = users;
	if (users.len && last_id(users, &id))
		*ret_uid = id;
	if (!groups.len)
		return;
	/* Every block must be readable for the first to count. */
	rest = groups;
	for (bool first = true; rest.p; first = false) {
		if (!last_id(str_cut(&rest, ','), &id))
			return;
		gid = first ? id : gid;
	}
	*ret_gid = gid;
}
