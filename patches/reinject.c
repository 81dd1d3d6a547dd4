/* SPDX-License-Identifier: Apache-2.0 */
/* Injection of a pod that was injected before: it is brought back, injected anew, and what others have added since stays. */
#include "patches/merge/merge.h"
#include "patches/pod/edit.h"
#include "patches/pod/later.h"
#include "patches/pod/list_apply.h"
#include "patches/pod/metadata.h"
#include "patches/pod/names.h"
#include "patches/pod/restore.h"
#include "patches/pod/told.h"
#include "patches/reinject.h"
#include "patches/schema/schema.h"

/* Annotations or labels of one pod through a second injection. */
struct side {
	const char *key;          /* of metadata */
	const struct value *base; /* as the first injection saw them, or NULL where unknown */
};

/* One pod on its way through a second injection. */
struct again {
	struct injection *in;
	inject_fn *run;
	const struct injection_record *record;
	const struct value *came;  /* the pod as it was given */
	const struct value *pod;   /* brought back, with what others have added since */
	struct side side[2];
	struct seen seen;          /* containers that the first injection saw */
	const struct value *first; /* pod as the first injection saw it */
	const struct value *anew;  /* what injecting that gives */
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

static int inject_as(struct injection *in, const struct value *pod, inject_fn *run, struct err *err)
{
	if (!pod)
		return -1;
	take_pod(in, pod);
	return run(in, err);
}

static bool same_record(const struct again *g)
{
	const struct str came = raw_str(raw_path(g->came, "metadata", "annotations", NULL), ANNOTATION_STATUS);

	return str_eq(came, raw_str(raw_path(g->anew, "metadata", "annotations", NULL), ANNOTATION_STATUS));
}

static bool is_named_in(const struct value *list, struct str name)
{
	for (size_t i = 0; list && i < list->u.list.len; i++)
		if (str_eq(raw_str(list->u.list.item[i], "name"), name))
			return true;
	return false;
}

/* Whether the first injection found a container of the user's under that name. */
static bool is_overridden(const struct again *g, struct str name)
{
	return is_named_in(g->record->containers, name) || is_named_in(g->record->init_containers, name);
}

/* --- as the first injection saw it ---------------------------------------------------------------------------------- */

static const struct value *pod_as_first_seen(struct again *g, const struct value *pod, struct err *err)
{
	pod = seen_pod(&g->seen, pod, err);
	for (size_t i = 0; i < 2 && pod; i++)
		if (g->side[i].base)
			pod = metadata_set(g->in->a, pod, g->side[i].key, g->side[i].base->u.map, err);
	return pod;
}

static int inject_first(struct again *g, const struct value *pod, struct err *err)
{
	const struct value *first = pod_as_first_seen(g, pod, err);

	if (inject_as(g->in, first, g->run, err) < 0)
		return -1;
	g->pod = pod;
	g->first = first;
	g->anew = g->in->merged;
	return 0;
}

/* The same for a guess at what the pod was: it may be one that cannot be injected. Whether it can; -1: out of memory. */
static int try_first(struct again *g, const struct value *pod, struct err *err)
{
	struct err failed = {0};

	if (!pod)
		return -1;
	if (inject_first(g, pod, &failed) == 0)
		return 1;
	return failed.code == ERR_NOMEM ? err_nomem(err) : 0;
}

/* A template that tells the proxy of annotations, and did not, saw none. */
static bool saw_none(struct again *g)
{
	static const char *const variables[] = {ENV_METAJSON_ANNOTATIONS, ENV_METAJSON_LABELS};
	static const struct value none = {.kind = K_MAP};
	const struct value *came = raw_any_container(g->came, CONTAINER_PROXY), *anew = raw_any_container(g->anew, CONTAINER_PROXY);
	bool found = false;

	for (size_t i = 0; i < 2; i++) {
		if (g->side[i].base || env_value(came, variables[i]).p || !env_value(anew, variables[i]).p)
			continue;
		g->side[i].base = &none;
		found = true;
	}
	return found;
}

/* --- the network that Istio 1.8 told of in a label ------------------------------------------------------------------------ */

static const struct value *next_named(const struct value *l, size_t *at, struct str name)
{
	while (l && l->kind == K_LIST && *at < l->u.list.len) {
		const struct value *item = l->u.list.item[(*at)++];

		if (str_eq(raw_str(item, "name"), name))
			return item;
	}
	return NULL;
}

/* Whether the proxy that came has the variables of the one made anew, in their order. */
static bool has_order(const struct again *g)
{
	const struct value *came = raw_get(raw_any_container(g->came, CONTAINER_PROXY), "env");
	const struct value *anew = raw_get(raw_any_container(g->anew, CONTAINER_PROXY), "env");
	size_t at = 0;

	for (size_t i = 0; anew && anew->kind == K_LIST && i < anew->u.list.len; i++)
		if (!next_named(came, &at, raw_str(anew->u.list.item[i], "name")))
			return false;
	return true;
}

/* A pod's own label of the network puts that variable last. Where it stands where the template put it, the label was injection's. */
static int take_back_network(struct again *g, struct err *err)
{
	const struct value *labels = raw_path(g->pod, "metadata", "labels", NULL);
	struct again guess = *g;
	struct map *m;
	int tried;

	if (g->in->config->release != RELEASE_1_8 || !raw_get(labels, LABEL_NETWORK) || has_order(g))
		return 0;
	m = map_clone(g->in->a, labels->u.map, 0);
	if (!m)
		return err_nomem(err);
	(void)map_del(m, STR(LABEL_NETWORK));
	tried = try_first(&guess, metadata_set(g->in->a, g->pod, "labels", m, err), err);
	if (tried > 0 && has_order(&guess))
		*g = guess;
	return tried < 0 ? -1 : 0;
}

/* --- where the user's own proxy was --------------------------------------------------------------------------------- */

/* Texts of the proxy's variables by name, and its mounts by path; NULL when out of memory. */
static struct map *settings_of(struct arena *a, const struct value *pod)
{
	static const char *const lists[][3] = {{"env", "name", "value"}, {"volumeMounts", "mountPath", "name"}};
	const struct value *proxy = raw_any_container(pod, CONTAINER_PROXY);
	struct map *m = map_new(a, 64);

	for (size_t n = 0; n < ARRAY_LEN(lists); n++) {
		const struct value *l = raw_get(proxy, lists[n][0]);

		for (size_t i = 0; m && l && l->kind == K_LIST && i < l->u.list.len; i++) {
			const struct str key = raw_str(l->u.list.item[i], lists[n][1]);
			const struct value *v = raw_get(l->u.list.item[i], lists[n][2]);

			if (key.p && v && map_set(a, m, key, v) < 0)
				return NULL;
		}
	}
	return m;
}

static size_t differing(const struct map *a, const struct map *b)
{
	size_t n = 0;

	for (uint32_t i = 0; i < a->len; i++)
		n += !equal(a->entry[i].value, map_get(b, a->entry[i].key));
	return n;
}

/* How much of the proxy, and of the record, that came is not what injecting the pod as first seen gives. */
static int count_unexplained(struct again *g, size_t *ret, struct err *err)
{
	const struct map *came = settings_of(g->in->a, g->came), *anew = settings_of(g->in->a, g->anew);

	if (!came || !anew)
		return err_nomem(err);
	*ret = differing(came, anew) + differing(anew, came) + !same_record(g);
	return 0;
}

/* What Istio 1.5 to 1.8 saw of the user's own proxy, which they took out: its ports, and where it mounted its token. */
static const struct value *stand_in(struct arena *a, const struct value *came, const struct value *ports)
{
	const struct value *const mount = container_token_mount(raw_any_container(came, CONTAINER_PROXY));
	struct map *m = map_new(a, 3);
	const struct value **mounts = arena_calloc(a, 1, sizeof(*mounts)), *list;

	if (!m || !mounts)
		return NULL;
	mounts[0] = mount;
	list = value_list(a, mounts, mount ? 1 : 0);
	if (!list || map_setc(a, m, "name", value_str(a, CONTAINER_PROXY)) < 0 || map_setc(a, m, "ports", ports) < 0 ||
	    map_setc(a, m, "volumeMounts", list) < 0)
		return NULL;
	return value_map(a, m);
}

static const struct value *guessed_pod(struct again *g, size_t place, struct err *err)
{
	const struct value *own = raw_any_container(g->pod, CONTAINER_PROXY);

	if (!own)
		own = stand_in(g->in->a, g->came, g->seen.ports);
	if (!own) {
		err_nomem(err);
		return NULL;
	}
	return seen_with_proxy(&g->seen, g->pod, place, own, err);
}

/*
 * A proxy of the user's own is put first or last, made an init container, or taken out, and nothing says where it was but
 * what the templates told of all containers. The place is kept that explains most of that.
 */
static int place_own_proxy(struct again *g, struct err *err)
{
	const bool can_be = g->in->config->release != RELEASE_HEAD || is_overridden(g, CONTAINER_PROXY);
	struct again best = *g;
	size_t least, n;

	if (count_unexplained(g, &least, err) < 0)
		return -1;
	for (size_t i = 0; can_be && least && i < g->seen.n_places; i++) {
		struct again guess = *g;
		const int tried = try_first(&guess, guessed_pod(g, g->seen.place[i], err), err);

		if (tried < 0 || (tried && count_unexplained(&guess, &n, err) < 0))
			return -1;
		if (tried && n < least) {
			least = n;
			best = guess;
		}
	}
	*g = best;
	return 0;
}

/* --- lists that a pod may share with the templates ------------------------------------------------------------------ */

static const struct {
	const char *key;
	const struct go_type *type;
} shared_lists[] = {{"volumes", &go_list_volume}, {"imagePullSecrets", &go_list_local_object_reference}};

/* Whether a list came as injecting anew writes it, but for defaults that were filled in. */
static int list_as_came(const struct again *g, size_t i, bool *ret, struct err *err)
{
	const struct value *came = raw_path(g->came, "spec", shared_lists[i].key, NULL);
	const struct value *anew = raw_path(g->anew, "spec", shared_lists[i].key, NULL);

	*ret = !came && !anew;
	if (came && anew && only_more(g->in->a, came, anew, shared_lists[i].type, ret) < 0)
		return err_nomem(err);
	return 0;
}

static int lists_as_came(const struct again *g, bool *ret, struct err *err)
{
	*ret = true;
	for (size_t i = 0; i < ARRAY_LEN(shared_lists) && *ret; i++)
		if (list_as_came(g, i, ret, err) < 0)
			return -1;
	return 0;
}

static const struct value *with_lists_that_came(struct again *g, struct err *err)
{
	struct pod_edit e;

	pod_edit_begin(&e, g->in->a, g->pod);
	for (size_t i = 0; i < ARRAY_LEN(shared_lists); i++) {
		const struct value *l = raw_path(g->came, "spec", shared_lists[i].key, NULL);
		bool same;

		if (list_as_came(g, i, &same, err) < 0)
			return NULL;
		if (l && !same)
			member_set(&e, e.spec, shared_lists[i].key, l);
	}
	return pod_edit_end(&e, err);
}

/*
 * A volume of the pod's own that has a template's name was merged with it, and nothing says so but that the list comes out otherwise
 * without it. The list is kept where that gives what came.
 */
static int keep_shared_lists(struct again *g, struct err *err)
{
	struct again kept = *g;
	bool same;
	int tried;

	if (g->in->config->release != RELEASE_HEAD)
		return 0;
	if (lists_as_came(g, &same, err) < 0)
		return -1;
	if (same)
		return 0;
	tried = try_first(&kept, with_lists_that_came(g, err), err);
	if (tried > 0 && lists_as_came(&kept, &same, err) < 0)
		return -1;
	if (tried > 0 && same)
		*g = kept;
	return tried < 0 ? -1 : 0;
}

/* --- what others have done since ------------------------------------------------------------------------------------- */

/* Containers that the record overrides were brought back as the user wrote them: what others changed there is theirs to keep. */
static void change_overridden(struct again *g, struct pod_edit *e, struct container_list *l)
{
	for (size_t i = 0; i < l->len; i++) {
		const struct str name = raw_str(l->item[i], "name");
		struct three t = {.onto = l->item[i]};

		if (!is_overridden(g, name))
			continue;
		t.then = raw_any_container(g->anew, name);
		t.now = raw_any_container(g->came, name);
		l->item[i] = with_changes(e->a, t, &go_container);
		if (!l->item[i]) {
			l->item[i] = t.onto;
			e->failed = true;
		}
	}
}

static const struct value *pod_with_later_changes(struct again *g, struct err *err)
{
	const struct value *came = raw_get(g->came, "metadata"), *anew = raw_get(g->anew, "metadata"), *pod;
	struct pod_edit e;

	pod_edit_begin(&e, g->in->a, g->pod);
	if (same_record(g)) {
		change_overridden(g, &e, &e.containers);
		change_overridden(g, &e, &e.init_containers);
	}
	pod = pod_edit_end(&e, err);
	for (size_t i = 0; i < 2 && pod; i++) {
		const struct side *side = &g->side[i];
		struct map *m;

		if (!side->base)
			continue;
		m = metadata_merge(e.a, side->base, raw_get(came, side->key), raw_get(anew, side->key));
		if (!m) {
			err_nomem(err);
			return NULL;
		}
		pod = metadata_set(e.a, pod, side->key, m, err);
	}
	return pod;
}

/* Additions to containers, as an overlay of a pod; NULL where there are none, or with err set. */
static const struct value *overlay_of_additions(struct again *g, const struct value *after, const struct value *before, struct err *err)
{
	static const char *const lists[] = {"containers", "initContainers"};
	const struct value *added = only_additions(g->in->a, after, before, &go_pod_spec);
	struct map *spec = map_new(g->in->a, 2), *pod = map_new(g->in->a, 1);

	for (size_t i = 0; added && spec && i < ARRAY_LEN(lists); i++) {
		const struct value *l = raw_get(added, lists[i]);

		if (l && l->kind == K_LIST && map_setc(g->in->a, spec, lists[i], l) < 0)
			spec = NULL;
	}
	if (!added || !spec || !pod || map_setc(g->in->a, pod, "spec", value_map(g->in->a, spec)) < 0) {
		err_nomem(err);
		return NULL;
	}
	return spec->len ? value_map(g->in->a, pod) : NULL;
}

/*
 * Who wrote an addition to a container of the templates' cannot be told: the pod's author can claim an injection that never was. So
 * the pod asks for it, as it would with a container of that name of its own; what the API server fills in is nobody's wish.
 */
static int ask_for_additions(struct again *g, const struct value *before, struct err *err)
{
	struct err failed = {0};
	const struct value *overlay = overlay_of_additions(g, raw_get(g->in->merged, "spec"), before, &failed);

	if (overlay)
		g->in->asked = strategic_merge(g->in->a, g->in->given, overlay, &go_pod, &failed);
	if (failed.code == ERR_NOMEM)
		return err_nomem(err);
	if (overlay && !g->in->asked)
		g->in->asked = g->came;
	return 0;
}

/* To containers and volumes of the templates', others add, too: Kubernetes its defaults, for one. */
static int carry_additions(struct again *g, struct err *err)
{
	const struct three t = {raw_get(g->in->merged, "spec"), raw_get(g->anew, "spec"), raw_get(g->came, "spec")};
	const struct value *spec;
	struct map *pod;

	if (!same_record(g) || equal(t.onto, t.now))
		return 0;
	spec = with_additions(g->in->a, t, &go_pod_spec);
	pod = map_clone(g->in->a, g->in->merged->u.map, 0);
	if (!spec || !pod || map_setc(g->in->a, pod, "spec", spec) < 0 || !(g->in->merged = value_map(g->in->a, pod)))
		return err_nomem(err);
	return ask_for_additions(g, t.onto, err);
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
static int keeps_everything(const struct injection *in, const struct value *came, bool *ret, struct err *err)
{
	static const char *const lists[] = {"containers", "initContainers", "volumes", "imagePullSecrets"};

	*ret = raw_any_container(in->merged, CONTAINER_PROXY) || !raw_any_container(came, CONTAINER_PROXY);
	for (size_t i = 0; *ret && i < ARRAY_LEN(lists); i++) {
		const struct map *before = names_in(in->a, came, lists[i]), *after = names_in(in->a, in->merged, lists[i]);

		if (!before || !after)
			return err_nomem(err);
		*ret = keeps_names(before, after);
	}
	return 0;
}

static int inject_restored(struct again *g, const struct restored *r, struct err *err)
{
	const struct evidence evidence = {raw_any_container(g->came, CONTAINER_PROXY), g->record->containers};
	const struct value *changed;

	if (seen_read(g->in->a, r->pod, &evidence, &g->seen, err) < 0 ||
	    inject_first(g, r->pod, err) < 0 || (saw_none(g) && inject_first(g, r->pod, err) < 0) ||
	    take_back_network(g, err) < 0 || place_own_proxy(g, err) < 0 || keep_shared_lists(g, err) < 0)
		return -1;
	changed = pod_with_later_changes(g, err);
	if (!changed)
		return -1;
	g->in->merged = g->anew;
	if (!equal(changed, g->first) && inject_as(g->in, changed, g->run, err) < 0)
		return -1;
	return carry_additions(g, err);
}

int reinject(struct injection *in, const struct injection_record *record, inject_fn *run, struct err *err)
{
	const struct value *came = in->given;
	struct again g = {.in = in, .run = run, .record = record, .came = came, .side = {{"annotations", NULL}, {"labels", NULL}}};
	struct err cause = {0};
	/* Up to 1.8 those for Prometheus were the last. */
	const struct map *injected = in->config->release == RELEASE_HEAD ? in->config->injected_annotations : NULL;
	struct restored r;
	bool kept;

	if (restore_pod(in->a, came, record, in->config->mesh, injected, &r, &cause) < 0)
		return cause.code == ERR_NOMEM ? err_nomem(err) : run(in, err);
	g.side[0].base = r.annotations;
	g.side[1].base = r.labels;
	if (inject_restored(&g, &r, err) < 0 || keeps_everything(in, came, &kept, err) < 0)
		return -1;
	if (kept)
		return 0;
	in->asked = NULL;
	return inject_as(in, came, run, err);
}
