/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way back: each recorded pod is injected and uninjected, and must come back exactly. Where it cannot, because
 * another pod has the same answer or the answer lacks a probe's original, whatever is another than it was must have
 * been named.
 */
#include <stdio.h>
#include <string.h>

#include "patches/uninject.h"
#include "patches/value/json.h"
#include "tests/conformance/compare.h"
#include "tests/conformance/runner.h"

enum { WANTED_PERCENT = 98, PATH_MAX_BYTES = 2048 };

struct counts {
	size_t exact, alike, lost, wrong;
};

struct trip {
	struct runner *r;
	struct group *g;
	struct arena *a;
	struct counts *counts;
	const struct inject_config *config;
	bool by_names;
	struct inject_request req;
	char id[160];
};

static const struct value *injected(const struct trip *t, const struct value *pod)
{
	struct inject_request req = t->req;
	struct inject_result res;
	struct err err = {0};
	struct text json;

	text_init(&json, t->a, 64 << 20);
	json_write(&json, pod, 0);
	req.pod_json = (struct str){json.data, json.len};
	req.pod = json_parse(t->a, json.data, json.len, JSON_FROM_POD, &err);
	if (!req.pod || inject_pod(t->config, t->a, &req, &res, &err) < 0 || !res.injected)
		return NULL;
	return res.pod;
}

/* --- what differs, and whether it was named --------------------------------------------------------------------------
 */

struct walk {
	const struct uninjected *u;
	char path[PATH_MAX_BYTES];
	size_t len;
	char unnamed[PATH_MAX_BYTES]; /* the first place that was not named */
};

static bool covers(const char *note, const char *path)
{
	const char *colon = strstr(note, ": ");
	const size_t n = colon ? (size_t)(colon - note) : strlen(note), len = strlen(path);
	const size_t least = n < len ? n : len;
	const char *longer = n < len ? path : note;

	return strncmp(note, path, least) == 0 && (n == len || longer[least] == '/');
}

static bool is_named(const struct uninject_notes *notes, const char *path)
{
	for (size_t i = 0; i < notes->len && i < UNINJECT_MAX_NOTES; i++)
		if (covers(notes->text[i], path))
			return true;
	return false;
}

static void differ(struct walk *w)
{
	if (!w->unnamed[0] && !is_named(&w->u->lost, w->path) && !is_named(&w->u->assumed, w->path))
		memcpy(w->unnamed, w->path, sizeof(w->path));
}

static void walk(struct walk *w, const struct value *want, const struct value *got);

static void walk_into(struct walk *w, struct str token, const struct value *want, const struct value *got)
{
	const size_t before = w->len;
	struct text t;

	text_init(&t, NULL, PATH_MAX_BYTES);
	json_pointer_add(&t, token);
	if (t.len < sizeof(w->path) - w->len) {
		memcpy(w->path + w->len, t.data, t.len);
		w->len += t.len;
	}
	text_release(&t);
	w->path[w->len] = '\0';
	walk(w, want, got);
	w->len = before;
	w->path[w->len] = '\0';
}

static void walk_lists(struct walk *w, const struct list *want, const struct list *got)
{
	for (size_t i = 0; i < (want->len > got->len ? want->len : got->len); i++) {
		char index[24];

		(void)snprintf(index, sizeof(index), "%zu", i);
		walk_into(w, str_of(index), i < want->len ? want->item[i] : NULL, i < got->len ? got->item[i] : NULL);
	}
}

static void walk_maps(struct walk *w, const struct map *want, const struct map *got)
{
	for (uint32_t i = 0; want && i < want->len; i++)
		walk_into(w, want->entry[i].key, want->entry[i].value, map_get(got, want->entry[i].key));
	for (uint32_t i = 0; got && i < got->len; i++)
		if (!map_get(want, got->entry[i].key))
			walk_into(w, got->entry[i].key, NULL, got->entry[i].value);
}

static void walk(struct walk *w, const struct value *want, const struct value *got)
{
	if (want && got && want->kind == K_MAP && got->kind == K_MAP)
		walk_maps(w, want->u.map, got->u.map);
	else if (want && got && want->kind == K_LIST && got->kind == K_LIST)
		walk_lists(w, &want->u.list, &got->u.list);
	else if (!want || !got || !raw_equal(want, got))
		differ(w);
}

/* --- one pod
 * ------------------------------------------------------------------------------------------------------------ */

static void check_other(
	struct trip *t, const struct value *original, const struct uninjected *u, const struct value *once)
{
	struct walk w = {.u = u};
	const struct value *again = injected(t, u->pod);
	size_t *count = u->lost.len                       ? &t->counts->lost
			: again && raw_equal(again, once) ? &t->counts->alike
							  : &t->counts->wrong;
	const struct value *want = normalise(t->a, original, false), *got = normalise(t->a, u->pod, false);

	(*count)++;
	walk(&w, want, got);
	if (!w.unnamed[0]) {
		if (count == &t->counts->wrong && t->r->only_case)
			(void)print_differences(stdout, want, got, t->r->differences);
		runner_passed(t->r, t->g);
	} else if (runner_failed(t->r, t->g, t->id, "another pod came back, and not all of it was named")) {
		printf("    first at %s%s\n", w.unnamed,
			count == &t->counts->wrong ? "; it is injected otherwise" : "");
		(void)print_differences(stdout, want, got, t->r->differences);
	}
}

static void check_trip(struct trip *t, const struct value *original)
{
	const struct value *once = injected(t, original);
	struct inject_request req = t->req;
	struct uninjected u;
	struct err err = {0};

	if (!once)
		return;
	req.pod = once;
	if (uninject_pod(t->by_names ? NULL : t->config, t->a, &req, &u, &err) < 0) {
		t->counts->wrong++;
		(void)runner_failed(t->r, t->g, t->id, err.what);
		return;
	}
	if (raw_equal(normalise(t->a, original, false), normalise(t->a, u.pod, false))) {
		t->counts->exact++;
		runner_passed(t->r, t->g);
		return;
	}
	check_other(t, original, &u, once);
}

static void run_line(struct trip *t, const char *folder, struct str line)
{
	struct err err = {0};
	struct arena a;
	const struct value *v, *request;

	arena_init(&a, 0);
	t->a = &a;
	v = json_parse(&a, line.p, line.len, JSON_GO_UTF8 | JSON_ALLOW_NUL, &err);
	request = raw_get(raw_get(v, "request"), "request");
	(void)snprintf(t->id, sizeof(t->id), "%.*s", (int)raw_str(v, "id").len, v ? raw_str(v, "id").p : "");
	t->req = (struct inject_request){.namespace = raw_str(request, "namespace"), .url_path = raw_str(v, "path")};
	if (raw_get(request, "object") && raw_get(request, "object")->kind == K_MAP &&
		runner_wants(t->r, t->g->name, t->id)) {
		t->config = settings_config(t->r, folder, raw_str(v, "settings"), raw_get(v, "env"), STR(RANDOM_NODES),
			raw_str(v, "revision"), "");
		if (t->config)
			check_trip(t, raw_get(request, "object"));
	}
	arena_release(&a);
}

static void report(struct runner *r, struct group *g, const struct counts *c, bool by_names)
{
	const size_t told = c->exact + c->wrong, all = told + c->alike + c->lost;

	printf("  %s: %zu injected, %zu of them lack the original of a probe, %zu are what other pods are too (both "
	       "named); "
	       "of the other %zu exactly back: %zu\n",
		g->name, all, c->lost, c->alike, told, c->exact);
	if (!r->only_case && !by_names && c->exact * 100 < told * WANTED_PERCENT)
		(void)runner_failed(r, g, "all", "fewer than 98% come back exactly");
}

static void run_group(struct runner *r, const char *folder, struct str pods, bool by_names)
{
	struct counts counts = {0};
	struct trip t = {.r = r, .counts = &counts, .by_names = by_names};
	char group[320];
	size_t n = 0;

	(void)snprintf(group, sizeof(group), "uninject%s %s", by_names ? " by names" : "", folder);
	if (r->only_group && !strstr(group, r->only_group))
		return;
	t.g = runner_group(r, group);
	while (pods.p) {
		const struct str line = str_cut(&pods, '\n');

		if (line.len && n++ % r->every == 0)
			run_line(&t, folder, line);
	}
	report(r, t.g, &counts, by_names);
}

void run_uninject(struct runner *r, const char *folder)
{
	struct arena a;
	struct str pods;

	arena_init(&a, 0);
	pods = read_file(&a, arena_printf(&a, "%s/%s/random/pods.jsonl", r->root, folder));
	if (pods.p) {
		run_group(r, folder, pods, false);
		run_group(r, folder, pods, true);
	}
	arena_release(&a);
}
