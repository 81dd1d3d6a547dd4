/* SPDX-License-Identifier: Apache-2.0 */
/* Injection of a pod that was injected before: it is brought back, injected anew, and what others have added since stays. */
#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/pod/restore.h"
#include "patches/reinject.h"

/* Annotations or labels of one pod through a second injection. */
struct side {
	const char *key;          /* of metadata */
	const struct value *base; /* as the first injection saw them, or NULL where unknown */
};

static void take_pod(struct injection *in, const struct value *pod)
{
	in->given = pod;
	in->annotations = raw_path(pod, "metadata", "annotations", NULL);
	in->record = (struct injection_record){.injected = false};
}

static bool equal(const struct value *a, const struct value *b)
{
	return a == b || (a && b && raw_equal(a, b));
}

/* The pod with other annotations or labels; none is no member. */
static const struct value *with_metadata(struct arena *a, const struct value *pod, const char *key, const struct map *m, struct err *err)
{
	struct pod_edit e;

	pod_edit_begin(&e, a, pod);
	e.annotations = e.labels = NULL;
	if (m && m->len)
		member_set(&e, e.metadata, key, value_map(a, map_clone(a, m, 0)));
	else
		(void)map_del(e.metadata, str_of(key));
	return pod_edit_end(&e, err);
}

/* What injection alone writes, at times, even where injecting anew does not: how many containers there are may decide. */
static bool is_injections_own(struct str key)
{
	return str_is(key, ANNOTATION_STATUS) || str_is(key, ANNOTATION_OVERRIDES) ||
	       str_is(key, "kubectl.kubernetes.io/default-container") ||
	       str_is(key, "kubectl.kubernetes.io/default-logs-container");
}

/*
 * What the first injection saw, and what others have done since: a value that is not what injecting anew writes is theirs, and
 * a key that injecting anew writes nothing over, but is no longer there, was removed by them. given: as the pod came; anew: injected
 * again from the base.
 */
static struct map *merged_metadata(struct arena *a, const struct value *base, const struct value *given, const struct value *anew)
{
	const struct map *old = base->u.map, *now = given ? given->u.map : NULL, *written = anew ? anew->u.map : NULL;
	struct map *m = map_new(a, (old ? old->len : 0) + (now ? now->len : 0));

	for (uint32_t i = 0; m && old && i < old->len; i++) {
		const struct map_entry *e = &old->entry[i];

		if ((!map_get(written, e->key) || map_get(now, e->key)) && map_set(a, m, e->key, e->value) < 0)
			return NULL;
	}
	for (uint32_t i = 0; m && now && i < now->len; i++) {
		const struct map_entry *e = &now->entry[i];

		if (!equal(e->value, map_get(written, e->key)) && (map_get(old, e->key) || !is_injections_own(e->key)) &&
		    map_set(a, m, e->key, e->value) < 0)
			return NULL;
	}
	return m;
}

static const struct value *pod_as_first_seen(struct injection *in, const struct value *pod, const struct side *side, struct err *err)
{
	for (size_t i = 0; i < 2 && pod; i++)
		if (side[i].base)
			pod = with_metadata(in->a, pod, side[i].key, side[i].base->u.map, err);
	return pod;
}

static const struct value *pod_with_later_changes(struct injection *in, const struct value *pod, const struct value *anew,
	const struct side *side, struct err *err)
{
	const struct value *came = raw_get(in->req->pod, "metadata"), *written = raw_get(anew, "metadata");

	for (size_t i = 0; i < 2 && pod; i++) {
		struct map *m;

		if (!side[i].base)
			continue;
		m = merged_metadata(in->a, side[i].base, raw_get(came, side[i].key), raw_get(written, side[i].key));
		if (!m) {
			err_nomem(err);
			return NULL;
		}
		pod = with_metadata(in->a, pod, side[i].key, m, err);
	}
	return pod;
}

static bool proxy_has(const struct value *pod, const char *variable)
{
	const struct value *env = raw_get(raw_any_container(pod, CONTAINER_PROXY), "env");

	for (size_t i = 0; env && env->kind == K_LIST && i < env->u.list.len; i++)
		if (str_is(raw_str(env->u.list.item[i], "name"), variable))
			return true;
	return false;
}

/* A template that tells the proxy of annotations, and did not, saw none. */
static bool saw_none(const struct injection *in, struct side *side)
{
	static const char *const variables[] = {ENV_METAJSON_ANNOTATIONS, ENV_METAJSON_LABELS};
	static const struct value none = {.kind = K_MAP};
	bool found = false;

	for (size_t i = 0; i < 2; i++) {
		if (side[i].base || proxy_has(in->req->pod, variables[i]) || !proxy_has(in->merged, variables[i]))
			continue;
		side[i].base = &none;
		found = true;
	}
	return found;
}

/* --- lists that a pod may share with the templates ------------------------------------------------------------------ */

static const char *const shared_lists[] = {"volumes", "imagePullSecrets"};

static bool same_list(const struct value *a, const struct value *b, const char *key)
{
	return equal(raw_path(a, "spec", key, NULL), raw_path(b, "spec", key, NULL));
}

static bool same_lists(const struct value *a, const struct value *b)
{
	return same_list(a, b, shared_lists[0]) && same_list(a, b, shared_lists[1]);
}

static const struct value *with_lists_of(struct injection *in, const struct value *pod, struct err *err)
{
	struct pod_edit e;

	pod_edit_begin(&e, in->a, pod);
	for (size_t i = 0; i < ARRAY_LEN(shared_lists); i++) {
		const struct value *l = raw_path(in->req->pod, "spec", shared_lists[i], NULL);

		if (l && !same_list(in->merged, in->req->pod, shared_lists[i]))
			member_set(&e, e.spec, shared_lists[i], l);
	}
	return pod_edit_end(&e, err);
}

static int inject_as(struct injection *in, const struct value *pod, inject_fn *run, struct err *err)
{
	if (!pod)
		return -1;
	take_pod(in, pod);
	return run(in, err);
}

/*
 * A volume of the pod's own that has a template's name was merged with it, and nothing says so but that the list comes out otherwise
 * without it. The list is kept where that gives exactly what came.
 */
static int keep_shared_lists(struct injection *in, const struct value **pod, const struct side *side, inject_fn *run, struct err *err)
{
	const struct value *before = in->merged, *kept;
	struct err failed = {0};

	if (same_lists(in->merged, in->req->pod))
		return 0;
	kept = with_lists_of(in, *pod, err);
	if (!kept)
		return -1;
	if (inject_as(in, pod_as_first_seen(in, kept, side, &failed), run, &failed) == 0 && same_lists(in->merged, in->req->pod))
		*pod = kept;
	else
		in->merged = before;
	return failed.code == ERR_NOMEM ? err_nomem(err) : 0;
}

/* --- all of it ------------------------------------------------------------------------------------------------------ */

/* Names of the items of one list of a pod's spec, for look-up; NULL when out of memory. */
static struct map *names_in(struct arena *a, const struct value *pod, const char *key)
{
	const struct value *l = raw_path(pod, "spec", key, NULL);
	const size_t len = l && l->kind == K_LIST ? l->u.list.len : 0;
	struct map *m = map_new(a, len);

	for (size_t i = 0; m && i < len; i++) {
		const struct str name = raw_str(l->u.list.item[i], "name");

		if (name.p && map_set(a, m, name, &value_true) < 0)
			return NULL;
	}
	return m;
}

static bool keeps_names(const struct map *before, const struct map *after)
{
	for (uint32_t i = 0; i < before->len; i++)
		if (!map_get(after, before->entry[i].key) && !str_eq(before->entry[i].key, CONTAINER_PROXY))
			return false;
	return true;
}

/*
 * The status annotation is the pod's word only: nothing may vanish because of it, but for a proxy that moves to the init containers
 * or back.
 */
static int keeps_everything(const struct injection *in, bool *ret, struct err *err)
{
	static const char *const lists[] = {"containers", "initContainers", "volumes", "imagePullSecrets"};

	*ret = raw_any_container(in->merged, CONTAINER_PROXY) || !raw_any_container(in->req->pod, CONTAINER_PROXY);
	for (size_t i = 0; *ret && i < ARRAY_LEN(lists); i++) {
		const struct map *before = names_in(in->a, in->req->pod, lists[i]), *after = names_in(in->a, in->merged, lists[i]);

		if (!before || !after)
			return err_nomem(err);
		*ret = keeps_names(before, after);
	}
	return 0;
}

static int inject_restored(struct injection *in, struct restored *r, inject_fn *run, struct err *err)
{
	struct side side[2] = {{"annotations", NULL}, {"labels", NULL}};
	const struct value *first, *changed;

	side[0].base = r->annotations;
	side[1].base = r->labels;
	first = pod_as_first_seen(in, r->pod, side, err);
	if (inject_as(in, first, run, err) < 0)
		return -1;
	if (saw_none(in, side)) {
		first = pod_as_first_seen(in, r->pod, side, err);
		if (inject_as(in, first, run, err) < 0)
			return -1;
	}
	if (keep_shared_lists(in, &r->pod, side, run, err) < 0)
		return -1;
	first = pod_as_first_seen(in, r->pod, side, err);
	changed = !first ? NULL : pod_with_later_changes(in, r->pod, in->merged, side, err);
	if (!changed)
		return -1;
	return equal(raw_get(changed, "metadata"), raw_get(first, "metadata")) ? 0 : inject_as(in, changed, run, err);
}

int reinject(struct injection *in, const struct injection_record *record, inject_fn *run, struct err *err)
{
	const struct value *came = in->given;
	struct err cause = {0};
	struct restored r;
	bool kept;

	if (restore_pod(in->a, came, record, in->config->mesh, &r, &cause) < 0)
		return cause.code == ERR_NOMEM ? err_nomem(err) : run(in, err);
	if (inject_restored(in, &r, run, err) < 0 || keeps_everything(in, &kept, err) < 0)
		return -1;
	return kept ? 0 : inject_as(in, came, run, err);
}
