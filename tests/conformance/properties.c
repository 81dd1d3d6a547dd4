/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold for every pod, whatever Istio answered: the recorded pods are injected, changed, and injected again. */
#include <stdio.h>
#include <string.h>

#include "patches/diff/diff.h"
#include "patches/pod/names.h"
#include "patches/value/json.h"
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

static const struct value *parsed(struct arena *a, const char *json)
{
	struct err err = {0};

	return json_parse(a, json, strlen(json), 0, &err);
}

/* Injects a pod as if it came by the wire. */
static enum outcome inject(const struct subject *s, const struct value *pod, const struct value **ret, struct str *ret_patch)
{
	struct inject_request req = {.namespace = s->namespace, .url_path = s->path};
	struct inject_result res;
	struct err err = {0};
	struct text json;

	text_init(&json, s->a, 64 << 20);
	json_write(&json, pod, 0);
	req.pod_json = (struct str){json.data, json.len};
	req.pod = json_parse(s->a, json.data, json.len, JSON_FROM_POD, &err);
	if (!req.pod || inject_pod(s->config, s->a, &req, &res, &err) < 0)
		return REFUSED;
	*ret = res.pod;
	*ret_patch = res.patch;
	return res.injected ? INJECTED : SKIPPED;
}

/* --- changes that another webhook, or a newer Kubernetes, makes ------------------------------------------------------ */

static struct map *member(struct arena *a, const struct value *v, const char *key)
{
	const struct value *m = raw_get(v, key);

	if (m)
		return m->u.map;
	m = value_map(a, map_new(a, 2));
	return map_setc(a, v->u.map, key, m) == 0 ? m->u.map : NULL;
}

static bool append(struct arena *a, struct map *m, const char *key, const struct value *v)
{
	const struct value *old = map_getc(m, key);
	const size_t len = old && old->kind == K_LIST ? old->u.list.len : 0;
	const struct value **item = arena_calloc(a, len + 1, sizeof(*item));

	for (size_t i = 0; item && i < len; i++)
		item[i] = old->u.list.item[i];
	if (item)
		item[len] = v;
	return item && map_setc(a, m, key, value_list(a, item, len + 1)) == 0;
}

/* The first container that is the user's alone; NULL where there is none. */
static struct map *application(const struct value *pod)
{
	const struct value *l = raw_get(raw_get(pod, "spec"), "containers");

	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++)
		if (!str_eq(raw_str(l->u.list.item[i], "name"), CONTAINER_PROXY))
			return l->u.list.item[i]->u.map;
	return NULL;
}

static bool add_container(struct arena *a, const struct value *pod)
{
	return append(a, member(a, pod, "spec"), "containers",
		parsed(a, "{\"name\":\"added\",\"image\":\"added:1\",\"resources\":{},\"ports\":[{\"name\":\"added\",\"containerPort\":7979}],"
			  "\"readinessProbe\":{\"httpGet\":{\"path\":\"/ready\",\"port\":\"added\"}}}"));
}

static bool add_annotation(struct arena *a, const struct value *pod)
{
	struct map *meta = member(a, pod, "metadata");

	return map_setc(a, member(a, value_map(a, meta), "annotations"), "example.com/added", parsed(a, "\"by another\"")) == 0;
}

static bool add_variable(struct arena *a, const struct value *pod)
{
	struct map *container = application(pod);

	return container && append(a, container, "env", parsed(a, "{\"name\":\"ADDED\",\"value\":\"by another\"}"));
}

static bool add_unknown(struct arena *a, const struct value *pod)
{
	static const char field[] = "{\"x\":[1,\"two\",{\"three\":3.50}]}";
	struct map *container = application(pod);

	return container && map_setc(a, container, "fieldOfTheFuture", parsed(a, field)) == 0 &&
	       map_setc(a, member(a, pod, "spec"), "fieldOfTheFuture", parsed(a, field)) == 0 &&
	       map_setc(a, member(a, pod, "metadata"), "fieldOfTheFuture", parsed(a, field)) == 0 &&
	       map_setc(a, pod->u.map, "fieldOfTheFuture", parsed(a, field)) == 0;
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

/* Injecting the changed original, and injecting the injected pod after the same change, must agree. */
static void check_change(const struct subject *s, const char *property, const struct value *once,
	bool (*change)(struct arena *a, const struct value *pod))
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
	else if (wanted == INJECTED)
		check_equal(s, property, want, got);
	else
		runner_passed(s->r, s->g);
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
	check_unknown(s, once);
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

	(void)snprintf(group, sizeof(group), "properties %s", folder);
	arena_init(&a, 0);
	rest = read_file(&a, arena_printf(&a, "%s/%s/random/pods.jsonl", r->root, folder));
	g = rest.p ? runner_group(r, group) : NULL;
	while (g && rest.p) {
		const struct str line = str_cut(&rest, '\n');

		if (line.len)
			run_line(r, g, folder, line);
	}
	arena_release(&a);
}
