/* SPDX-License-Identifier: Apache-2.0 */
/* A pod's own proxy containers: read from its annotations, stripped for templates, applied again after them. */
#include "patches/pod/overrides.h"

#include "base/limits.h"
#include "patches/merge/merge.h"
#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/pod/prometheus.h"
#include "patches/pod/proxy_user.h"
#include "patches/schema/schema.h"
#include "patches/value/json.h"

enum { READ_LIKE_GO = JSON_FROM_POD | JSON_LAST_WINS | JSON_GO_UTF8 };

/* --- the record -------------------------------------------------------------------------------------------- */

static const struct value *list_in(const struct value *v, const char *key)
{
	const struct value *l = raw_get(v, key);

	return l && l->kind == K_LIST ? l : NULL;
}

static int check_names(const struct value *status, const char *key, struct err *err)
{
	const struct value *l = raw_get(status, key);

	if (l && l->kind != K_LIST)
		return err_set(err, ERR_INPUT, "%s must be a list of names", key);
	if (l && l->u.list.len > LIMIT_RECORDED_NAMES)
		return err_set(err, ERR_LIMIT, "%s lists more than %d names", key, LIMIT_RECORDED_NAMES);
	for (size_t i = 0; l && i < l->u.list.len; i++)
		if (l->u.list.item[i]->kind != K_STRING)
			return err_set(err, ERR_INPUT, "%s must be a list of names", key);
	return 0;
}

/* A status that is no JSON object says nothing, as in Istio; one with lists of a wrong kind would crash Istio: refused. */
static int read_status(struct arena *a, struct str text, struct injection_record *r, struct err *err)
{
	static const char *const keys[] = {"containers", "initContainers", "volumes", "imagePullSecrets"};
	struct err ignored = {0};

	r->injected = true;
	r->status = json_parse(a, text.p, text.len, READ_LIKE_GO, &ignored);
	if (!r->status || r->status->kind != K_MAP) {
		r->status = NULL;
		return ignored.code == ERR_NOMEM ? err_nomem(err) : 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (check_names(r->status, keys[i], err) < 0)
			return err_wrap(err, "annotation '%s' is not what injection wrote, remove it", ANNOTATION_STATUS);
	return 0;
}

static int canonical_list(struct arena *a, const struct value *overrides, const char *key, const struct value **ret, struct err *err)
{
	const struct value *l = raw_get(overrides, key);

	if (!l)
		return 0;
	if (l->kind == K_LIST && l->u.list.len > LIMIT_RECORDED_NAMES)
		return err_set(err, ERR_LIMIT, "%s lists more than %d containers", key, LIMIT_RECORDED_NAMES);
	if (schema_check(l, &go_list_container, err) < 0)
		return -1;
	l = raw_touched(a, l);
	if (!l)
		return err_nomem(err);
	*ret = schema_canon(a, l, &go_list_container, err);
	return *ret ? 0 : -1;
}

/* Places within the annotation's own text are part of the message: the error's place is the annotation. */
static int unreadable(const struct err *cause, struct err *err)
{
	if (cause->code == ERR_NOMEM)
		return err_nomem(err);
	return err_set(err, cause->code, "annotation '%s' cannot be read, remove it: %s%s%s", ANNOTATION_OVERRIDES, cause->where,
		cause->where[0] ? ": " : "", cause->what);
}

static int read_overrides(struct arena *a, struct str text, struct injection_record *r, struct err *err)
{
	struct err cause = {0};
	const struct value *v = json_parse(a, text.p, text.len, READ_LIKE_GO, &cause);

	if (v && v->kind != K_MAP && v->kind != K_NIL)
		err_set(&cause, ERR_INPUT, "must be a JSON object with containers and initContainers");
	if (cause.code != ERR_NONE || canonical_list(a, v, "containers", &r->containers, &cause) < 0 ||
	    canonical_list(a, v, "initContainers", &r->init_containers, &cause) < 0)
		return unreadable(&cause, err);
	return 0;
}

int injection_record_read(struct arena *a, const struct value *pod, struct injection_record *ret, struct err *err)
{
	const struct value *annotations = raw_path(pod, "metadata", "annotations", NULL);
	const struct str status = raw_str(annotations, ANNOTATION_STATUS), overrides = raw_str(annotations, ANNOTATION_OVERRIDES);

	*ret = (struct injection_record){.injected = false};
	if (status.p && read_status(a, status, ret, err) < 0)
		return err_at(err, "/metadata/annotations/sidecar.istio.io~1status");
	if (overrides.p && read_overrides(a, overrides, ret, err) < 0)
		return err_at(err, "/metadata/annotations/proxy.istio.io~1overrides");
	return 0;
}

int injection_record_of_lists(struct arena *a, const struct value *pod, struct injection_record *ret, struct err *err)
{
	const struct str status = raw_str(raw_path(pod, "metadata", "annotations", NULL), ANNOTATION_STATUS);
	struct err cause = {0};

	*ret = (struct injection_record){.injected = false};
	if (status.p && read_status(a, status, ret, &cause) < 0) {
		if (cause.code != ERR_INPUT)
			return err_set(err, cause.code, "%s", cause.what);
		ret->status = NULL;
	}
	return 0;
}

/* --- stripping ---------------------------------------------------------------------------------------------- */

static bool lists_name(const struct value *status, const char *key, struct str name)
{
	const struct value *l = list_in(status, key);

	for (size_t i = 0; l && i < l->u.list.len; i++)
		if (str_eq(l->u.list.item[i]->u.s, name))
			return true;
	return false;
}

static void remove_added(struct container_list *l, const struct value *status, const char *key)
{
	for (size_t i = 0; i < l->len;) {
		if (lists_name(status, key, raw_str(l->item[i], "name")))
			container_remove(l, i);
		else
			i++;
	}
}

static void reinsert(struct pod_edit *e, struct container_list *l, const struct value *overrides)
{
	for (size_t i = 0; overrides && overrides->kind == K_LIST && i < overrides->u.list.len; i++)
		if (!find_container(l, raw_str(overrides->u.list.item[i], "name")))
			container_append(e, l, overrides->u.list.item[i]);
}

const struct value *stripped_pod(struct arena *a, const struct value *pod, const struct injection_record *record,
	const struct value *mesh, struct err *err)
{
	struct pod_edit e;

	if (!record->status && !record->containers && !record->init_containers)
		return pod;
	pod_edit_begin(&e, a, pod);
	if (record->status) {
		remove_added(&e.containers, record->status, "containers");
		remove_added(&e.init_containers, record->status, "initContainers");
		forget_merged_prometheus(&e, mesh);
		(void)map_del(e.annotations, STR(ANNOTATION_STATUS));
	}
	reinsert(&e, &e.containers, record->containers);
	reinsert(&e, &e.init_containers, record->init_containers);
	return pod_edit_end(&e, err);
}

/* --- applying again ----------------------------------------------------------------------------------------- */

/* The user's container as an overlay: canonical, and without the image where it asks for the template's. */
static const struct value *as_overlay(struct arena *a, const struct value *container, struct err *err)
{
	const struct value *copy = raw_touched(a, container);
	const struct value *canon = copy ? schema_canon(a, copy, &go_container, err) : NULL;
	struct map *m;

	if (!copy)
		err_nomem(err);
	if (!canon || !str_is(raw_str(canon, "image"), "auto"))
		return canon;
	m = map_clone(a, canon->u.map, 0);
	canon = m && map_del(m, STR("image")) ? value_map(a, m) : NULL;
	if (!canon)
		err_nomem(err);
	return canon;
}

static const struct value *single_member(struct arena *a, const char *key, const struct value *v)
{
	struct map *m = v ? map_new(a, 1) : NULL;

	return m && map_setc(a, m, key, v) == 0 ? value_map(a, m) : NULL;
}

static const struct value *apply_container(struct arena *a, const struct value *pod, const char *list, const struct value *container,
	struct err *err)
{
	const struct value **item = arena_calloc(a, 1, sizeof(*item));
	const struct value *overlay;

	if (item)
		item[0] = container;
	overlay = item ? single_member(a, "spec", single_member(a, list, value_list(a, item, 1))) : NULL;
	if (!overlay) {
		err_nomem(err);
		return NULL;
	}
	pod = strategic_merge(a, pod, overlay, &go_pod, err);
	if (!pod)
		return NULL;
	return schema_canon(a, pod, &go_pod, err);
}

struct overridden {
	const struct value **item;
	size_t len;
};

/* One list of the overlay: every container that the user has too is applied again, and remembered. */
static const struct value *reapply_list(struct arena *a, const struct value *merged, const struct value *original,
	const struct value *overlay, const struct injection_record *record, bool init, struct overridden *done, struct err *err)
{
	const char *key = init ? "initContainers" : "containers";
	const struct value *rendered = list_in(raw_get(overlay, "spec"), key);
	const struct value *kept = init ? record->init_containers : record->containers;
	const struct container_list overrides = {.item = kept ? (const struct value **)(uintptr_t)kept->u.list.item : NULL,
		.len = kept ? kept->u.list.len : 0};

	done->item = arena_calloc(a, rendered ? rendered->u.list.len : 0, sizeof(*done->item));
	for (size_t i = 0; done->item && rendered && i < rendered->u.list.len && merged; i++) {
		const struct str name = raw_str(rendered->u.list.item[i], "name");
		const struct value *own = find_container(&overrides, name);

		if (lists_name(record->status, key, name))
			continue;
		if (!own)
			own = init ? raw_any_container(original, name) : raw_container(original, key, name);
		if (!own)
			continue;
		own = as_overlay(a, own, err);
		if (own)
			done->item[done->len++] = own;
		merged = own ? apply_container(a, merged, key, own, err) : NULL;
	}
	if (!done->item)
		err_nomem(err);
	return done->item ? merged : NULL;
}

static const struct value *record_overrides(struct arena *a, const struct value *merged, const struct overridden *containers,
	const struct overridden *init, struct err *err)
{
	struct map *m = map_new(a, 2);
	struct pod_edit e;
	struct text t;

	pod_edit_begin(&e, a, merged);
	if (containers->len)
		member_set(&e, m, "containers", value_list(a, containers->item, containers->len));
	if (init->len)
		member_set(&e, m, "initContainers", value_list(a, init->item, init->len));
	text_init(&t, a, LIMIT_BODY_BYTES);
	json_write(&t, &(struct value){.kind = K_MAP, .u.map = m}, JSON_ESCAPE_HTML);
	if (t.failed)
		e.failed = true;
	else
		pod_annotate(&e, STR(ANNOTATION_OVERRIDES), (struct str){t.data, t.len});
	return pod_edit_end(&e, err);
}

const struct value *reapply_overrides(struct arena *a, const struct value *merged, const struct value *original,
	const struct value *overlay, const struct injection_record *record, bool tproxy, struct err *err)
{
	struct overridden containers = {NULL, 0}, init = {NULL, 0};

	merged = reapply_list(a, merged, original, overlay, record, false, &containers, err);
	if (!merged)
		goto failed;
	merged = reapply_list(a, merged, original, overlay, record, true, &init, err);
	if (!merged)
		goto failed;
	if (!record->injected && (containers.len || init.len))
		merged = record_overrides(a, merged, &containers, &init, err);
	return merged ? adjust_proxy_user(a, merged, original, tproxy, err) : NULL;
failed:
	err_wrap(err, "failed to apply sidecar container");
	return NULL;
}
