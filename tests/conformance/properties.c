/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold for every pod, whatever Istio answered: the recorded pods are injected, changed, and injected again. */
#include <stdio.h>
#include <string.h>

#include "patches/diff/diff.h"
#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/value/json.h"
#include "tests/conformance/changes.h"
#include "tests/conformance/compare.h"
#include "tests/conformance/runner.h"

/* One recorded pod and how it is asked for. */
struct subject {
	struct runner *r;
	struct group *g;
	struct arena *a;
	const struct inject_config *config;
	const struct value *pod;
	struct str namespace, path;
	char id[160];
};

enum outcome { REFUSED, SKIPPED, INJECTED };

/* Injects a pod as if it came by the wire. */
static enum outcome inject_whole(const struct subject *s, const struct value *pod, struct inject_result *ret)
{
	struct inject_request req = {.namespace = s->namespace, .url_path = s->path};
	struct err err = {0};
	struct text json;

	text_init(&json, s->a, 64 << 20);
	json_write(&json, pod, 0);
	req.pod_json = (struct str){json.data, json.len};
	req.pod = json_parse(s->a, json.data, json.len, JSON_FROM_POD, &err);
	if (!req.pod || inject_pod(s->config, s->a, &req, ret, &err) < 0)
		return REFUSED;
	return ret->injected ? INJECTED : SKIPPED;
}

static enum outcome inject(const struct subject *s, const struct value *pod, const struct value **ret, struct str *ret_patch)
{
	struct inject_result res;
	const enum outcome outcome = inject_whole(s, pod, &res);

	if (outcome != REFUSED) {
		*ret = res.pod;
		*ret_patch = res.patch;
	}
	return outcome;
}

/* --- properties ------------------------------------------------------------------------------------------------------- */

static void name_case(const struct subject *s, const char *property, char *id, size_t size)
{
	(void)snprintf(id, size, "%s.%s", s->id, property);
}

static void check_equal(const struct subject *s, const char *property, const struct value *want, const struct value *got)
{
	char id[200];

	name_case(s, property, id, sizeof(id));
	want = normalise(s->a, want, false);
	got = normalise(s->a, got, false);
	if (raw_equal(want, got))
		runner_passed(s->r, s->g);
	else if (runner_failed(s->r, s->g, id, "the pods differ"))
		(void)print_differences(stdout, want, got, s->r->differences);
}

static void check_second(const struct subject *s, const char *property, const struct value *once)
{
	const struct value *twice;
	struct str patch;
	char id[200];

	name_case(s, property, id, sizeof(id));
	if (inject(s, once, &twice, &patch) != INJECTED)
		(void)runner_failed(s->r, s->g, id, "an injected pod is refused or skipped");
	else if (str_is(patch, "[]"))
		runner_passed(s->r, s->g);
	else if (runner_failed(s->r, s->g, id, "the second patch is not empty"))
		(void)print_differences(stdout, normalise(s->a, once, false), normalise(s->a, twice, false), s->r->differences);
}

/*
 * Another original that injection makes the same pod of, and that calls for the other answer after the same change: then nothing in
 * the pod that comes can tell which answer is right.
 */
static bool proves_two_answers(const struct subject *s, const struct value *twin, const struct value *once, change_fn *change,
	const struct value *answer)
{
	const struct value *same, *other;
	struct str patch;

	if (!twin || inject(s, twin, &same, &patch) != INJECTED ||
	    !raw_equal(normalise(s->a, same, false), normalise(s->a, once, false)))
		return false;
	twin = value_deep_copy(s->a, twin);
	return change(s->a, twin) && inject(s, twin, &other, &patch) == INJECTED &&
	       raw_equal(normalise(s->a, other, false), normalise(s->a, answer, false));
}

/* The original with annotations of the injected pod's as its own. */
static const struct value *twin_with_annotations(const struct subject *s, const struct value *once)
{
	static const char *const written[] = {"sidecar.istio.io/status", "proxy.istio.io/overrides", "prometheus.io/"};
	const struct value *twin = value_deep_copy(s->a, s->pod), *from = raw_get(raw_get(once, "metadata"), "annotations");
	struct map *m = member_of(s->a, value_map(s->a, member_of(s->a, twin, "metadata")), "annotations");

	for (uint32_t i = 0; from && i < from->u.map->len; i++) {
		const struct map_entry *e = &from->u.map->entry[i];
		bool own = true;

		for (size_t n = 0; n < ARRAY_LEN(written); n++)
			own = own && !str_has_prefix(e->key, written[n]);
		if (own && !map_get(m, e->key) && map_set(s->a, m, e->key, e->value) < 0)
			return NULL;
	}
	return twin;
}

/* The original with its own istio-proxy moved from one list to the end of the other. */
static const struct value *twin_with_moved_proxy(const struct subject *s, bool to_init)
{
	const struct value *twin = value_deep_copy(s->a, s->pod), *spec = raw_get(twin, "spec"), *proxy = NULL;
	const struct value *l = raw_get(spec, to_init ? "containers" : "initContainers");
	const struct value **item = arena_calloc(s->a, l && l->kind == K_LIST ? l->u.list.len : 0, sizeof(*item));
	size_t kept = 0;

	for (size_t i = 0; item && l && l->kind == K_LIST && i < l->u.list.len; i++) {
		if (str_eq(raw_str(l->u.list.item[i], "name"), CONTAINER_PROXY))
			proxy = l->u.list.item[i];
		else
			item[kept++] = l->u.list.item[i];
	}
	if (!proxy || map_setc(s->a, spec->u.map, to_init ? "containers" : "initContainers", value_list(s->a, item, kept)) < 0 ||
	    !append_to(s->a, spec->u.map, to_init ? "initContainers" : "containers", proxy))
		return NULL;
	return twin;
}

static bool has_two_answers(const struct subject *s, const struct value *once, change_fn *change, const struct value *answer)
{
	return proves_two_answers(s, twin_with_annotations(s, once), once, change, answer) ||
	       proves_two_answers(s, twin_with_moved_proxy(s, false), once, change, answer) ||
	       proves_two_answers(s, twin_with_moved_proxy(s, true), once, change, answer);
}

/* Injecting the changed original, and injecting the injected pod after the same change, must agree. */
static void check_change(const struct subject *s, const char *property, const struct value *once, change_fn *change)
{
	const struct value *original = value_deep_copy(s->a, s->pod), *later = value_deep_copy(s->a, once), *want, *got;
	struct str patch;
	enum outcome wanted;
	char id[200];

	if (!change(s->a, original) || !change(s->a, later))
		return;
	name_case(s, property, id, sizeof(id));
	wanted = inject(s, original, &want, &patch);
	if (wanted != inject(s, later, &got, &patch))
		(void)runner_failed(s->r, s->g, id, "one is injected, the other is not");
	else if (wanted != INJECTED)
		runner_passed(s->r, s->g);
	else if (!raw_equal(normalise(s->a, want, false), normalise(s->a, got, false)) && has_two_answers(s, once, change, got))
		s->g->undecidable++;
	else
		check_equal(s, property, want, got);
}

/* Fields that no schema knows survive both injections, and change nothing else. */
static void check_unknown(const struct subject *s, const struct value *once)
{
	const struct value *original = value_deep_copy(s->a, s->pod), *want = value_deep_copy(s->a, once), *got;
	struct str patch;

	if (!add_unknown(s->a, original) || !add_unknown(s->a, want) || inject(s, original, &got, &patch) != INJECTED)
		return;
	check_equal(s, "unknown", want, got);
	check_second(s, "unknown-second", got);
}

/* What the API server fills in is nobody's wish for a proxy of their own. */
static void check_asks_nothing(const struct subject *s, const struct value *once)
{
	struct inject_result res;
	char id[200];

	if (raw_any_container(s->pod, CONTAINER_PROXY) || inject_whole(s, once, &res) != INJECTED)
		return;
	name_case(s, "asks-nothing", id, sizeof(id));
	if (raw_any_container(res.asked_pod, CONTAINER_PROXY))
		(void)runner_failed(s->r, s->g, id, "defaults count as a proxy of the user's own");
	else
		runner_passed(s->r, s->g);
}

/* The API server fills in defaults between two webhooks: those are no changes. */
static void check_defaulted(const struct subject *s)
{
	const struct value *original = value_deep_copy(s->a, s->pod), *once;
	struct str patch;

	if (!default_pod(s->a, original) || inject(s, original, &once, &patch) != INJECTED)
		return;
	once = value_deep_copy(s->a, once);
	if (!default_pod(s->a, once))
		return;
	check_second(s, "defaulted", once);
	check_asks_nothing(s, once);
}

static bool all_have_added(const struct value *pod, const char *list)
{
	const struct value *const *item;
	const size_t len = items_of(raw_get(pod, "spec"), list, &item);

	for (size_t i = 0; i < len; i++) {
		const struct value *const *found;
		bool has[2] = {false, false};
		size_t n = items_of(item[i], "env", &found);

		while (n-- > 0)
			has[0] = has[0] || str_is(raw_str(found[n], "name"), "ADDED");
		n = items_of(item[i], "volumeMounts", &found);
		while (n-- > 0)
			has[1] = has[1] || str_is(raw_str(found[n], "name"), "added");
		if (!has[0] || !has[1])
			return false;
	}
	return true;
}

/*
 * What others add to containers that are injection's own stays as well, and is all that is other than before. Where the user has a
 * container of that name, it is as if it had been the user's: before what injection itself writes last.
 */
static void check_everywhere(const struct subject *s, const struct value *once)
{
	const struct value *later = value_deep_copy(s->a, once), *got;
	struct str patch;
	char id[200];

	if (!add_everywhere(s->a, later) || inject(s, later, &got, &patch) != INJECTED)
		return;
	name_case(s, "everywhere", id, sizeof(id));
	if (!raw_path(once, "metadata", "annotations", "proxy.istio.io/overrides", NULL))
		check_equal(s, "everywhere", later, got);
	else if (!all_have_added(got, "containers") || !all_have_added(got, "initContainers"))
		(void)runner_failed(s->r, s->g, id, "what others added is gone");
	else
		check_second(s, "everywhere", got);
}

/* Every map below in another order, by a fixed sequence of numbers. */
static void shuffle(const struct value *v, uint32_t *random)
{
	struct map *m = v->kind == K_MAP ? v->u.map : NULL;

	for (size_t i = 0; v->kind == K_LIST && i < v->u.list.len; i++)
		shuffle(v->u.list.item[i], random);
	for (uint32_t i = 0; m && i < m->len; i++)
		shuffle(m->entry[i].value, random);
	for (uint32_t i = m ? m->len : 0; i > 1; i--) {
		const struct map_entry last = m->entry[i - 1];
		uint32_t other;

		*random = *random * 1664525 + 1013904223;
		other = (*random >> 16) % i;
		m->entry[i - 1] = m->entry[other];
		m->entry[other] = last;
	}
}

/* The order in which maps are walked never shows. */
static void check_shuffled(const struct subject *s, const struct value *once)
{
	const struct value *original = value_deep_copy(s->a, s->pod), *got;
	uint32_t random = 1;
	struct str patch;

	shuffle(original, &random);
	if (inject(s, original, &got, &patch) == INJECTED)
		check_equal(s, "shuffled", once, got);
	else
		(void)runner_failed(s->r, s->g, s->id, "not injected with its members in another order");
}

static void check_subject(const struct subject *s)
{
	const struct value *once;
	struct str patch;

	if (inject(s, s->pod, &once, &patch) != INJECTED)
		return;
	check_second(s, "second", once);
	check_change(s, "container", once, add_container);
	check_change(s, "annotation", once, add_annotation);
	check_change(s, "variable", once, add_variable);
	check_change(s, "first", once, add_first);
	check_change(s, "label", once, add_label);
	check_change(s, "image", once, change_image);
	check_unknown(s, once);
	check_defaulted(s);
	check_everywhere(s, once);
	check_shuffled(s, once);
}

static void run_line(struct runner *r, struct group *g, const char *folder, struct str line)
{
	struct err err = {0};
	struct arena a;
	const struct value *v, *request;

	arena_init(&a, 0);
	v = json_parse(&a, line.p, line.len, JSON_GO_UTF8 | JSON_ALLOW_NUL, &err);
	request = raw_get(raw_get(v, "request"), "request");
	if (raw_get(request, "object") && raw_get(request, "object")->kind == K_MAP) {
		struct subject s = {.r = r, .g = g, .a = &a, .pod = raw_get(request, "object"), .namespace = raw_str(request, "namespace"),
			.path = raw_str(v, "path")};

		(void)snprintf(s.id, sizeof(s.id), "%.*s", (int)raw_str(v, "id").len, raw_str(v, "id").p);
		s.config = runner_wants(r, g->name, s.id) ? settings_config(r, folder, raw_str(v, "settings"), raw_get(v, "env"),
			STR(RANDOM_NODES), raw_str(v, "revision"), "") : NULL;
		if (s.config)
			check_subject(&s);
	}
	arena_release(&a);
}

void run_properties(struct runner *r, const char *folder)
{
	char group[320];
	struct arena a;
	struct str rest;
	struct group *g;
	size_t n = 0;

	(void)snprintf(group, sizeof(group), "properties %s", folder);
	arena_init(&a, 0);
	rest = read_file(&a, arena_printf(&a, "%s/%s/random/pods.jsonl", r->root, folder));
	g = rest.p ? runner_group(r, group) : NULL;
	while (g && rest.p) {
		const struct str line = str_cut(&rest, '\n');

		if (line.len && n++ % r->every == 0)
			run_line(r, g, folder, line);
	}
	arena_release(&a);
}
