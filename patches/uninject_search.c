/* SPDX-License-Identifier: Apache-2.0 */
/* The pod that was injected, looked for: a candidate is injected, and changed where something else comes out than what
 * came. */
#include "patches/uninject_search.h"

#include <string.h>

#include "base/limits.h"
#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/pod/written.h"
#include "patches/value/json.h"

enum { MAX_ROUNDS = 12 };

const char *const shared_list_key[SHARED_LISTS] = {"volumes", "imagePullSecrets"};

bool status_lists(const struct injection_record *record, const char *key, struct str name)
{
	const struct value *l = raw_get(record->status, key);

	for (size_t i = 0; name.p && l && l->kind == K_LIST && i < l->u.list.len; i++)
		if (str_eq(l->u.list.item[i]->u.s, name))
			return true;
	return false;
}

bool is_list_member(struct str key)
{
	return str_is(key, "containers") || str_is(key, "initContainers") ||
	       str_is(key, shared_list_key[SHARED_VOLUMES]) || str_is(key, shared_list_key[SHARED_SECRETS]);
}

static const struct map *members(const struct value *v)
{
	return v && v->kind == K_MAP ? v->u.map : NULL;
}

static bool same(const struct value *a, const struct value *b)
{
	return a == b || (a && b && raw_equal(a, b));
}

/* --- a candidate as a pod -------------------------------------------------------------------------------------------
 */

/* Containers that injection orders anew go behind all others: that is where most people write them. */
static void put_behind(struct pod_edit *e, struct container_list *from, struct container_list *to, struct str name)
{
	const size_t index = container_index(from, name);
	const struct value *c;

	if (index == SIZE_MAX)
		return;
	c = from->item[index];
	container_remove(from, index);
	container_append(e, to, c);
}

static void drop_if_empty(struct pod_edit *e, struct container_list *l, const char *key)
{
	if (l->len || !l->given)
		return;
	(void)map_del(e->spec, str_of(key));
	l->given = NULL;
}

static void place_containers(struct pod_edit *e, const struct candidate *c)
{
	struct container_list *init = &e->init_containers;

	put_behind(e, &e->containers, &e->containers, CONTAINER_PROXY);
	put_behind(e, init, init, CONTAINER_INIT);
	put_behind(e, init, init, CONTAINER_VALIDATION);
	put_behind(e, init, init, CONTAINER_CORE_DUMP);
	if (!find_container(&e->containers, CONTAINER_PROXY))
		put_behind(e, init, c->proxy_in_init ? init : &e->containers, CONTAINER_PROXY);
	drop_if_empty(e, &e->containers, "containers");
	drop_if_empty(e, init, "initContainers");
}

/* Of several of one name injection's is the last: Istio up to 1.8 put its own behind whatever was there. */
static bool is_added(const struct search *s, size_t n, const struct list *l, size_t index)
{
	const struct str name = raw_str(l->item[index], "name");

	if (!status_lists(s->record, shared_list_key[n], name))
		return false;
	for (size_t i = index + 1; i < l->len; i++)
		if (str_eq(raw_str(l->item[i], "name"), name))
			return false;
	return true;
}

static void place_shared(struct pod_edit *e, const struct search *s, const struct candidate *c, size_t n)
{
	const struct value *l = raw_path(s->req->pod, "spec", shared_list_key[n], NULL);
	const size_t len = l && l->kind == K_LIST ? l->u.list.len : 0;
	const struct value **item = arena_calloc(e->a, len, sizeof(*item));
	size_t kept = 0;

	if (!item) {
		e->failed = true;
		return;
	}
	for (size_t i = 0; i < len; i++) {
		const struct str name = raw_str(l->u.list.item[i], "name");
		const struct value *own = map_get(c->kept[n], name);

		if (own || !is_added(s, n, &l->u.list, i))
			item[kept++] = own ? own : l->u.list.item[i];
	}
	if (kept)
		member_set(e, e->spec, shared_list_key[n], value_list(e->a, item, kept));
	else
		(void)map_del(e->spec, str_of(shared_list_key[n]));
}

static void place_members(struct pod_edit *e, const struct search *s, const struct candidate *c)
{
	const struct map *came = members(raw_get(s->restored->pod, "spec"));

	for (uint32_t i = 0; came && i < came->len; i++) {
		const struct str key = came->entry[i].key;
		const struct value *v = map_get(c->spec, key);

		if (is_list_member(key))
			continue;
		if (!v)
			(void)map_del(e->spec, key);
		else if (map_set(e->a, e->spec, key, v) < 0)
			e->failed = true;
	}
}

static struct map *place_texts(struct pod_edit *e, const char *key, const struct map *m)
{
	if (!m->len) {
		(void)map_del(e->metadata, str_of(key));
		return NULL;
	}
	return map_clone(e->a, m, 0);
}

const struct value *candidate_pod(const struct search *s, const struct candidate *c, struct err *err)
{
	struct pod_edit e;

	pod_edit_begin(&e, s->a, s->restored->pod);
	if (!e.failed) {
		place_containers(&e, c);
		for (size_t i = 0; i < SHARED_LISTS; i++)
			place_shared(&e, s, c, i);
		place_members(&e, s, c);
		e.annotations = place_texts(&e, "annotations", c->annotations);
		e.labels = place_texts(&e, "labels", c->labels);
		e.failed = e.failed || (c->annotations->len && !e.annotations) || (c->labels->len && !e.labels);
	}
	return pod_edit_end(&e, err);
}

/* --- what injection writes, asked of the injector -------------------------------------------------------------------
 */

/* A pod in which little is set comes back with all that templates and passes write. */
struct writes {
	struct map *annotations, *labels, *spec;
};

/* What decides whether and by which templates a pod is injected stays. */
static bool steers(struct str key)
{
	return str_has_prefix(key, "inject.istio.io/") || str_is(key, "sidecar.istio.io/inject") ||
	       str_is(key, ANNOTATION_PROXY_CONFIG) || str_is(key, ANNOTATION_NATIVE);
}

static struct map *steering(struct arena *a, const struct value *texts)
{
	const struct map *m = members(texts);
	struct map *kept = map_new(a, 4);

	for (uint32_t i = 0; kept && m && i < m->len; i++)
		if (steers(m->entry[i].key) && map_set(a, kept, m->entry[i].key, m->entry[i].value) < 0)
			return NULL;
	return kept;
}

/* 1: injected, *ret is the pod, in `scratch`. 0: refused, or left alone. -1: out of memory. */
static int inject_as_came(const struct search *s, struct arena *scratch, const struct value *pod,
	const struct value **ret, struct err *err)
{
	struct inject_request req = *s->req;
	struct inject_result res;
	struct err cause = {0};

	req.pod = pod;
	req.pod_json = (struct str){NULL, 0};
	req.trace = NULL;
	if (inject_pod(s->config, scratch, &req, &res, &cause) < 0)
		return cause.code == ERR_NOMEM ? err_nomem(err) : 0;
	*ret = res.pod;
	return res.injected;
}

/* The keys, but for those of the pod itself, in the search's own arena. */
static struct map *copy_keys(struct arena *a, const struct map *m, const struct map *own)
{
	struct map *copy = map_new(a, m ? m->len : 0);

	for (uint32_t i = 0; copy && m && i < m->len; i++) {
		const struct str key = m->entry[i].key;
		const char *text;

		if (map_get(own, key))
			continue;
		text = arena_strndup(a, key.p, key.len);
		if (!text || map_set(a, copy, (struct str){text, key.len}, &value_true) < 0)
			return NULL;
	}
	return copy;
}

/* Texts inside belong to the scratch arena, so that values are copied as JSON. */
static struct map *copy_values(struct arena *a, const struct map *m, struct err *err)
{
	struct text t;
	const struct value v = {.kind = K_MAP, .u.map = map_clone(a, m, 0)};
	const struct value *copy;

	text_init(&t, a, LIMIT_BODY_BYTES);
	json_write(&t, &v, 0);
	copy = t.failed || !v.u.map ? NULL : json_parse(a, t.data, t.len, JSON_FROM_POD | JSON_LAST_WINS, err);
	return copy ? copy->u.map : NULL;
}

static int ask_bare(const struct search *s, const struct candidate *bare, struct writes *ret, struct err *err)
{
	const struct value *pod = candidate_pod(s, bare, err), *injected;
	struct arena scratch;
	int status;

	if (!pod)
		return -1;
	arena_init(&scratch, 0);
	status = inject_as_came(s, &scratch, pod, &injected, err);
	if (status > 0) {
		ret->annotations = copy_keys(
			s->a, members(raw_path(injected, "metadata", "annotations", NULL)), bare->annotations);
		ret->labels = copy_keys(s->a, members(raw_path(injected, "metadata", "labels", NULL)), bare->labels);
		ret->spec = copy_values(s->a, members(raw_get(injected, "spec")), err);
		if (!ret->annotations || !ret->labels || !ret->spec)
			status = err_nomem(err);
	}
	arena_release(&scratch);
	return status;
}

/* 1: told. 0: the configuration does not inject such a pod. */
static int ask_writes(const struct search *s, struct writes *ret, struct err *err)
{
	const struct value *metadata = raw_get(s->restored->pod, "metadata");
	struct candidate bare = {0};

	if (!s->config)
		return 0;
	bare.annotations = steering(s->a, raw_get(metadata, "annotations"));
	bare.labels = steering(s->a, raw_get(metadata, "labels"));
	bare.spec = map_new(s->a, 1);
	for (size_t i = 0; i < SHARED_LISTS; i++)
		bare.kept[i] = map_new(s->a, 1);
	if (!bare.annotations || !bare.labels || !bare.spec || !bare.kept[0] || !bare.kept[1])
		return err_nomem(err);
	return ask_bare(s, &bare, ret, err);
}

/* --- the first candidate
 * ---------------------------------------------------------------------------------------------- */

typedef bool is_written_fn(const struct value *pod, struct str key, struct str value);

static bool is_ours(struct str key)
{
	return str_is(key, ANNOTATION_STATUS) || str_is(key, ANNOTATION_OVERRIDES);
}

/* What Prometheus is to do has been put back from what the proxy was told. */
static bool is_restored(struct str key)
{
	return str_is(key, "prometheus.io/path") || str_is(key, "prometheus.io/port") ||
	       str_is(key, "prometheus.io/scrape");
}

/* Without what injection writes. asked: keys that the injector wrote; NULL: names alone decide. */
static struct map *without_written(
	const struct search *s, const struct value *texts, const struct map *asked, is_written_fn *by_name)
{
	const struct map *m = members(texts);
	struct map *kept = map_new(s->a, m ? m->len : 0);

	for (uint32_t i = 0; kept && m && i < m->len; i++) {
		const struct map_entry *e = &m->entry[i];
		const bool written = asked ? map_get(asked, e->key) && !is_restored(e->key)
					   : e->value->kind == K_STRING && by_name(s->req->pod, e->key, e->value->u.s);

		if (!written && map_set(s->a, kept, e->key, e->value) < 0)
			return NULL;
	}
	return kept;
}

/* What the proxy was told of, as it was; and what others have added to the pod since. told: NULL where it was told
 * nothing. */
static struct map *as_told(const struct search *s, const char *key, const struct value *told, struct map *later)
{
	const struct map *came = members(raw_path(s->req->pod, "metadata", key, NULL));
	struct map *m = told && later ? map_clone(s->a, told->u.map, later->len) : later;

	for (uint32_t i = 0; m && m != later && i < later->len; i++) {
		const struct map_entry *e = &later->entry[i];

		if (!map_get(m, e->key) && !is_restored(e->key) && map_get(came, e->key) &&
			map_set(s->a, m, e->key, e->value) < 0)
			return NULL;
	}
	return m;
}

/* Members that injection sets to the same are its own: NULL where nothing else is left. */
static const struct value *subtract(const struct search *s, const struct value *v, const struct value *written)
{
	const struct map *m = members(v);
	struct map *left = map_new(s->a, m ? m->len : 0);

	if (!m || !members(written))
		return same(v, written) ? NULL : v;
	for (uint32_t i = 0; left && i < m->len; i++)
		if (!same(m->entry[i].value, map_get(written->u.map, m->entry[i].key)) &&
			map_set(s->a, left, m->entry[i].key, m->entry[i].value) < 0)
			return v;
	if (left && left->len == m->len)
		return v;
	return left && left->len ? value_map(s->a, left) : NULL;
}

static const struct value *legacy_group(struct arena *a)
{
	struct map *m = map_new(a, 1);
	const struct value *v = value_number(a, 1337);

	return m && v && map_setc(a, m, "fsGroup", v) == 0 ? value_map(a, m) : NULL;
}

/* The proxy's group, for it to read its token, is all that releases have set in every pod alike. */
static struct map *first_spec(const struct search *s, const struct map *asked)
{
	const struct map *m = members(raw_get(s->restored->pod, "spec"));
	const struct value *group = legacy_group(s->a);
	struct map *spec = map_new(s->a, m ? m->len : 0);

	for (uint32_t i = 0; group && spec && m && i < m->len; i++) {
		const struct map_entry *e = &m->entry[i];
		const struct value *written = asked                               ? map_get(asked, e->key)
					      : str_is(e->key, "securityContext") ? group
										  : NULL;
		const struct value *v = written ? subtract(s, e->value, written) : e->value;

		if (v && !is_list_member(e->key) && map_set(s->a, spec, e->key, v) < 0)
			return NULL;
	}
	return group ? spec : NULL;
}

static int first_candidate(struct search *s, struct err *err)
{
	const struct value *metadata = raw_get(s->restored->pod, "metadata");
	struct candidate *c = &s->candidate;
	struct writes w = {0};

	if (ask_writes(s, &w, err) < 0)
		return -1;
	c->annotations = without_written(s, raw_get(metadata, "annotations"), w.annotations, annotation_is_written);
	c->labels = without_written(s, raw_get(metadata, "labels"), w.labels, label_is_written);
	c->annotations = as_told(s, "annotations", s->restored->annotations, c->annotations);
	c->labels = as_told(s, "labels", s->restored->labels, c->labels);
	c->spec = first_spec(s, w.spec);
	for (size_t i = 0; i < SHARED_LISTS; i++)
		c->kept[i] = map_new(s->a, 4);
	if (!c->annotations || !c->labels || !c->spec || !c->kept[0] || !c->kept[1])
		return err_nomem(err);
	return 0;
}

/* --- repairs: what comes out otherwise is put to what came
 * ------------------------------------------------------------- */

static bool ends_with(struct str s, struct str end)
{
	return end.len && s.len > end.len && str_eq((struct str){s.p + s.len - end.len, end.len}, end);
}

/* Injection that appends to a list in an annotation leaves the pod's own value in front: "own,added", "own, added". */
static struct str in_front(struct str whole, struct str added)
{
	struct str own = whole;

	if (!ends_with(whole, added))
		return whole;
	own.len -= added.len;
	own = str_trim_space(own);
	return own.len > 1 && own.p[own.len - 1] == ',' ? (struct str){own.p, own.len - 1} : whole;
}

/* The same of a list that is JSON: [{own}, {added}]. */
static struct str without_last(struct arena *a, struct str whole)
{
	struct text t;

	if (!str_has_suffix(whole, "}]"))
		return whole;
	for (size_t at = whole.len; at > 2; at--) {
		if (memcmp(whole.p + at - 3, ", {", 3) != 0)
			continue;
		text_init(&t, a, LIMIT_BODY_BYTES);
		text_add(&t, whole.p, at - 3);
		text_addc(&t, ']');
		return t.failed ? (struct str){NULL, 0} : (struct str){t.data, t.len};
	}
	return whole;
}

/* What injection makes `came` of; a guess where nothing stands there yet, what came where that was wrong. */
static const struct value *mended(
	const struct search *s, const struct value *came, const struct value *injected, bool first)
{
	struct str own;

	if (!first || !injected || came->kind != K_STRING || injected->kind != K_STRING)
		return came;
	own = in_front(came->u.s, injected->u.s);
	if (own.len == came->u.s.len)
		own = without_last(s->a, came->u.s);
	return own.p ? value_str(s->a, own) : NULL;
}

/* 1 where something was changed. */
static int repair_map(
	const struct search *s, struct map *m, const struct map *came, const struct map *injected, struct err *err)
{
	int changed = 0;

	for (uint32_t i = 0; came && i < came->len; i++) {
		const struct map_entry *e = &came->entry[i];
		const struct value *got = map_get(injected, e->key), *mine = map_get(m, e->key), *v;

		if (is_ours(e->key) || is_list_member(e->key) || same(e->value, got) || same(e->value, mine))
			continue;
		v = mended(s, e->value, got, !mine);
		if (!v || map_set(s->a, m, e->key, v) < 0)
			return err_nomem(err);
		changed = 1;
	}
	for (uint32_t i = m->len; i > 0; i--) {
		const struct str key = m->entry[i - 1].key;

		if (!map_get(came, key) && map_get(injected, key))
			changed = map_del(m, key) || changed;
	}
	return changed;
}

static const struct value *named(const struct value *list, struct str name)
{
	for (size_t i = 0; list && list->kind == K_LIST && i < list->u.list.len; i++)
		if (str_eq(raw_str(list->u.list.item[i], "name"), name))
			return list->u.list.item[i];
	return NULL;
}

/* An item of the pod's own that injection merged with its own: first without what is injection's, then as it came. */
static int keep_merged(struct search *s, size_t n, const struct value *came, const struct value *got, struct err *err)
{
	const struct str name = raw_str(came, "name");
	const struct value *mine = map_get(s->candidate.kept[n], name), *v = came;
	struct map *m;

	if (same(came, got) || same(mine, came))
		return 0;
	if (!mine) {
		v = subtract(s, came, got);
		m = map_clone(s->a, members(v), 1);
		v = m && map_setc(s->a, m, "name", raw_get(came, "name")) == 0 ? value_map(s->a, m) : NULL;
	}
	return v && map_set(s->a, s->candidate.kept[n], name, v) == 0 ? 1 : err_nomem(err);
}

static int keep_misplaced(struct search *s, size_t n, const struct value *item, struct err *err)
{
	const struct str name = raw_str(item, "name");

	if (map_get(s->candidate.kept[n], name) || !status_lists(s->record, shared_list_key[n], name))
		return 0;
	return map_set(s->a, s->candidate.kept[n], name, item) == 0 ? 1 : err_nomem(err);
}

/* Where each item is as it came, their order tells whose they are: what stands where injection puts no own was there
 * before. */
static int repair_order(struct search *s, size_t n, const struct list *came, const struct list *got, struct err *err)
{
	for (size_t i = 0; i < came->len && i < got->len; i++) {
		int changed;

		if (str_eq(raw_str(came->item[i], "name"), raw_str(got->item[i], "name")))
			continue;
		changed = keep_misplaced(s, n, came->item[i], err);
		return changed ? changed
			       : keep_misplaced(s, n,
					 named(raw_path(s->req->pod, "spec", shared_list_key[n], NULL),
						 raw_str(got->item[i], "name")),
					 err);
	}
	return 0;
}

static int repair_shared(struct search *s, size_t n, const struct value *injected, struct err *err)
{
	const struct value *came = raw_path(s->req->pod, "spec", shared_list_key[n], NULL);
	const struct value *got = raw_path(injected, "spec", shared_list_key[n], NULL);
	int changed = 0;

	if (!came || came->kind != K_LIST || !got || got->kind != K_LIST || same(came, got))
		return 0;
	for (size_t i = 0; i < came->u.list.len; i++) {
		const struct value *item = came->u.list.item[i];
		const struct str name = raw_str(item, "name");
		const int step = status_lists(s->record, shared_list_key[n], name) ? keep_merged(s, n, item, named(got, name), err) : 0;

		if (step < 0)
			return -1;
		changed = changed || step;
	}
	return changed ? 1 : repair_order(s, n, &came->u.list, &got->u.list, err);
}

/* What people write is a container; that it was an init container is asked last. */
static int repair_place(struct search *s)
{
	const bool asked = s->candidate.proxy_in_init;

	s->candidate.proxy_in_init = !asked && raw_container(s->restored->pod, "initContainers", CONTAINER_PROXY);
	return s->candidate.proxy_in_init;
}

static int repair(struct search *s, const struct value *injected, struct err *err)
{
	const struct value *came = raw_get(s->req->pod, "metadata"), *got = raw_get(injected, "metadata");
	const int step[] = {
		repair_map(s, s->candidate.annotations, members(raw_get(came, "annotations")),
			members(raw_get(got, "annotations")), err),
		repair_map(
			s, s->candidate.labels, members(raw_get(came, "labels")), members(raw_get(got, "labels")), err),
		repair_map(s, s->candidate.spec, members(raw_get(s->req->pod, "spec")),
			members(raw_get(injected, "spec")), err),
		repair_shared(s, SHARED_VOLUMES, injected, err),
		repair_shared(s, SHARED_SECRETS, injected, err),
	};
	int changed = 0;

	for (size_t i = 0; i < ARRAY_LEN(step); i++) {
		if (step[i] < 0)
			return -1;
		changed = changed || step[i];
	}
	return changed ? 1 : repair_place(s);
}

/* --- comparison
 * --------------------------------------------------------------------------------------------------------- */

static void drop_listed(const struct search *s, struct pod_edit *e, struct container_list *l, const char *key)
{
	(void)e;
	for (size_t i = l->len; i > 0; i--)
		if (status_lists(s->record, key, raw_str(l->item[i - 1], "name")))
			container_remove(l, i - 1);
}

/* The pod without what injection adds as a whole. */
static const struct value *rest_of(const struct search *s, const struct value *pod, struct err *err)
{
	struct pod_edit e;

	pod_edit_begin(&e, s->a, pod);
	if (!e.failed) {
		drop_listed(s, &e, &e.containers, "containers");
		drop_listed(s, &e, &e.init_containers, "initContainers");
		for (size_t n = 0; n < SHARED_LISTS; n++)
			(void)map_del(e.spec, str_of(shared_list_key[n]));
		(void)map_del(e.annotations, STR(ANNOTATION_STATUS));
		(void)map_del(e.annotations, STR(ANNOTATION_OVERRIDES));
	}
	return pod_edit_end(&e, err);
}

/* Appends the JSON Pointer of the first difference; false where there is none. Values nest as deep as they were parsed.
 */
static bool first_difference(struct text *t, const struct value *a, const struct value *b)
{
	const size_t len = t->len;

	if (same(a, b))
		return false;
	if (!a || !b || a->kind != b->kind)
		return true;
	for (uint32_t i = 0; a->kind == K_MAP && a->u.map && i < a->u.map->len; i++) {
		json_pointer_add(t, a->u.map->entry[i].key);
		if (first_difference(t, a->u.map->entry[i].value, map_get(b->u.map, a->u.map->entry[i].key)))
			return true;
		t->len = len;
	}
	for (size_t i = 0; a->kind == K_LIST && i < a->u.list.len; i++) {
		text_addf(t, "/%zu", i);
		if (first_difference(t, a->u.list.item[i], i < b->u.list.len ? b->u.list.item[i] : NULL))
			return true;
		t->len = len;
	}
	return true;
}

static int compare(struct search *s, const struct value *injected, struct err *err)
{
	const struct value *came, *got;
	struct text t;

	s->agreement = AGREES;
	s->differs = NULL;
	if (raw_equal(s->req->pod, injected))
		return 0;
	came = rest_of(s, s->req->pod, err);
	got = came ? rest_of(s, injected, err) : NULL;
	if (!got)
		return -1;
	s->agreement = AGREES_BUT_ADDED;
	text_init(&t, s->a, 4096);
	if (!first_difference(&t, came, got))
		return 0;
	s->agreement = AGREES_NOT;
	s->differs = text_cstr(&t);
	return s->differs ? 0 : err_nomem(err);
}

/* --- all of it -------------------------------------------------------------------------------------------------- */

/* Injects the candidate and compares. 1: it was injected. 0: it is refused, or left alone. */
static int judge(struct search *s, struct arena *scratch, const struct value **ret, struct err *err)
{
	const struct value *pod = candidate_pod(s, &s->candidate, err);
	int status;

	s->agreement = AGREES_NOT;
	s->differs = "";
	status = pod ? inject_as_came(s, scratch, pod, ret, err) : -1;
	return status > 0 && compare(s, *ret, err) < 0 ? -1 : status;
}

/* 1: the candidate was changed and is worth another round. */
static int run_round(struct search *s, struct err *err)
{
	const struct value *injected;
	struct arena scratch;
	int status;

	arena_init(&scratch, 0);
	status = judge(s, &scratch, &injected, err);
	if (status > 0)
		status = s->agreement == AGREES ? 0 : repair(s, injected, err);
	arena_release(&scratch);
	return status;
}

int search_run(struct search *s, struct err *err)
{
	int status = 1;

	s->agreement = AGREES_NOT;
	s->differs = NULL;
	if (first_candidate(s, err) < 0)
		return -1;
	for (int round = 0; s->config && status > 0 && round < MAX_ROUNDS; round++)
		status = run_round(s, err);
	if (status >= 0 && s->candidate.proxy_in_init && s->agreement != AGREES) {
		s->candidate.proxy_in_init = false;
		status = run_round(s, err);
		s->candidate.proxy_in_init = false;
	}
	return status < 0 ? -1 : 0;
}
