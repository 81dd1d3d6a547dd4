/* SPDX-License-Identifier: Apache-2.0 */
/* A pod without what rules take out of it. */
#include "base/limits.h"
#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/yaml/yaml.h"
#include "webhook/admission/guard_parts.h"

struct stripping {
	struct pod_edit e;
	const struct guard_asks *asks;
	struct err *err;
};

static void forget(struct map *m, const char *key)
{
	if (m)
		(void)map_del(m, str_of(key));
}

static void remove_container(struct container_list *l, struct str name)
{
	for (size_t i = container_index(l, name); i != SIZE_MAX; i = container_index(l, name))
		container_remove(l, i);
}

/* A label and an annotation say the same, a volume is nothing without its mount: they go together. */
static void remove_kin(struct stripping *s, enum guard_kind kind)
{
	if (kind == GUARD_INJECTION) {
		forget(s->e.labels, "sidecar.istio.io/inject");
		forget(s->e.annotations, "sidecar.istio.io/inject");
	} else if (kind == GUARD_USER_VOLUMES) {
		forget(s->e.annotations, "sidecar.istio.io/userVolume");
		forget(s->e.annotations, "sidecar.istio.io/userVolumeMount");
	}
}

static void remove_one(struct stripping *s, const struct guard_ask *ask)
{
	switch (ask->place) {
	case GUARD_AT_LABEL:
	case GUARD_AT_ANNOTATION:
		remove_kin(s, ask->kind);
		if (s->e.annotations && ask->place == GUARD_AT_ANNOTATION)
			(void)map_del(s->e.annotations, ask->at);
		return;
	case GUARD_AT_CONTAINER:
		remove_container(&s->e.containers, ask->at);
		return;
	case GUARD_AT_INIT_CONTAINER:
		remove_container(&s->e.init_containers, ask->at);
		return;
	default:
		return; /* the proxy configuration is written anew at once; the rest cannot be taken out */
	}
}

/* --- proxy.istio.io/config --- */

static bool goes(const struct guard_asks *asks, struct str path)
{
	for (size_t i = 0; i < asks->len; i++)
		if (asks->item[i].strip && asks->item[i].place == GUARD_AT_PROXY_CONFIG &&
			str_eq(asks->item[i].at, path))
			return true;
	return false;
}

static const struct value *kept_members(struct stripping *s, struct str parent, const struct map *given)
{
	struct map *m = map_new(s->e.a, given ? given->len : 0);

	for (uint32_t i = 0; m && given && i < given->len; i++) {
		const struct map_entry *e = &given->entry[i];
		const struct str path = guard_config_path(s->e.a, parent, e->key);
		const struct value *v = e->value;

		if (path.p && goes(s->asks, path))
			continue;
		if (path.p && !parent.len && path.len && v->kind == K_MAP)
			v = kept_members(s, path, v->u.map);
		if (!path.p || !v || map_set(s->e.a, m, e->key, v) < 0)
			return NULL;
	}
	return m ? value_map(s->e.a, m) : NULL;
}

static int rewrite_config(struct stripping *s)
{
	const struct str text = pod_annotation(&s->e, ANNOTATION_PROXY_CONFIG);
	const struct value *v = text.p ? yaml_parse(s->e.a, text, 0, s->err) : NULL;
	struct text out;

	if (!text.p)
		return 0; /* another rule has taken the whole annotation */
	v = v && v->kind == K_MAP ? kept_members(s, STR(""), v->u.map) : NULL;
	if (!v)
		return err_nomem(s->err);
	if (!v->u.map->len) {
		forget(s->e.annotations, ANNOTATION_PROXY_CONFIG);
		return 0;
	}
	text_init(&out, s->e.a, LIMIT_BODY_BYTES);
	if (yaml_write(s->e.a, &out, v, s->err) < 0 ||
		text_check(&out, "the annotation " ANNOTATION_PROXY_CONFIG, s->err) < 0)
		return -1;
	pod_annotate(&s->e, STR(ANNOTATION_PROXY_CONFIG), (struct str){out.data, out.len});
	return 0;
}

/* What is left empty goes too: a pod that never had annotations has no member for them. */
static void drop_empty(struct pod_edit *e)
{
	if (e->annotations && !e->annotations->len) {
		(void)map_del(e->metadata, STR("annotations"));
		e->annotations = NULL;
	}
	if (e->labels && !e->labels->len) {
		(void)map_del(e->metadata, STR("labels"));
		e->labels = NULL;
	}
}

const struct value *guard_strip(
	struct arena *a, const struct value *pod, const struct guard_asks *asks, struct err *err)
{
	struct stripping s = {.asks = asks, .err = err};
	bool config = false;

	pod_edit_begin(&s.e, a, pod);
	for (size_t i = 0; i < asks->len && !s.e.failed; i++) {
		if (!asks->item[i].strip)
			continue;
		config = config || asks->item[i].place == GUARD_AT_PROXY_CONFIG;
		remove_one(&s, &asks->item[i]);
	}
	if (config && !s.e.failed && rewrite_config(&s) < 0)
		return NULL;
	if (!s.e.failed)
		drop_empty(&s.e);
	return pod_edit_end(&s.e, err);
}
