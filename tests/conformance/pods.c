/* SPDX-License-Identifier: Apache-2.0 */
/* Webhook cases: recorded requests and answers, one pod each. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "patches/diff/diff.h"
#include "patches/value/json.h"
#include "tests/conformance/compare.h"
#include "tests/conformance/runner.h"

enum { CRASHED = 599 };

/* --- one request -------------------------------------------------------------------------------------------------- */

static void check_pod(struct runner *r, struct group *g, const char *id, struct arena *a, const struct inject_result *got,
	const struct value *given, const struct value *want)
{
	struct err err = {0};
	const struct value *patch, *applied = given;

	if (got->injected) {
		patch = json_parse(a, got->patch.p, got->patch.len, 0, &err);
		applied = patch ? json_patch_apply(a, given, patch, &err) : NULL;
		if (!applied) {
			(void)runner_failed(r, g, id, err.what);
			return;
		}
	}
	want = normalise(a, want ? want : given, false);
	applied = normalise(a, applied, false);
	if (raw_equal(want, applied)) {
		runner_passed(r, g);
		return;
	}
	if (runner_failed(r, g, id, "the pods differ"))
		(void)print_differences(stdout, want, applied, r->differences);
}

static void check_refusal(struct runner *r, struct group *g, const char *id, bool refused, const struct err *err, struct str want)
{
	char why[1400];

	if (refused && same_complaint(want, str_of(err->what))) {
		runner_passed(r, g);
		return;
	}
	(void)snprintf(why, sizeof(why), refused ? "another message: %s" : "was to be refused%s", refused ? err->what : "");
	if (runner_failed(r, g, id, why))
		printf("    want %.*s\n", (int)want.len, want.p);
}

void check_request(struct runner *r, struct group *g, const char *id, struct arena *a, const struct inject_config *c,
	const struct value *review, struct str url_path, const struct value *expect)
{
	const struct value *request = raw_get(review, "request"), *object = raw_get(request, "object");
	const bool allowed = raw_bool(expect, "allowed");
	struct inject_request req = {.namespace = raw_str(request, "namespace"), .url_path = url_path};
	struct inject_result res;
	struct err err = {0};
	struct text json;
	int64_t code = 0;
	int rc;

	text_init(&json, a, 64 << 20);
	json_write(&json, object ? object : &value_nil, 0);
	req.pod_json = (struct str){json.data, json.len};
	req.pod = json_parse(a, json.data, json.len, JSON_FROM_POD, &err);
	rc = req.pod ? inject_pod(c, a, &req, &res, &err) : -1;
	(void)raw_int(raw_get(expect, "code"), &code);
	if (code == CRASHED)
		runner_passed(r, g);
	else if (!allowed)
		check_refusal(r, g, id, rc < 0, &err, raw_str(expect, "message"));
	else if (rc < 0)
		(void)runner_failed(r, g, id, err.what);
	else
		check_pod(r, g, id, a, &res, object, raw_get(expect, "object"));
}

/* --- random/pods.jsonl, webhook.jsonl ----------------------------------------------------------------------------- */

static void run_line(struct runner *r, struct group *g, const char *folder, struct str line, const char *release)
{
	const struct inject_config *c;
	const struct value *v;
	struct err err = {0};
	struct arena a;
	char id[128];

	arena_init(&a, 0);
	v = json_parse(&a, line.p, line.len, JSON_GO_UTF8 | JSON_ALLOW_NUL, &err);
	(void)snprintf(id, sizeof(id), "%.*s", (int)raw_str(v, "id").len, v ? raw_str(v, "id").p : "");
	if (!v) {
		(void)runner_failed(r, g, "unreadable line", err.what);
	} else if (runner_wants(r, g->name, id)) {
		c = settings_config(r, folder, raw_str(v, "settings"), raw_get(v, "env"), STR(RANDOM_NODES), raw_str(v, "revision"), release);
		if (c)
			check_request(r, g, id, &a, c, raw_get(v, "request"), raw_str(v, "path"), raw_get(v, "expect"));
		else
			(void)runner_failed(r, g, id, "its settings cannot be loaded");
	}
	arena_release(&a);
}

void run_pods(struct runner *r, const char *folder, const char *file, const char *group, const char *release)
{
	struct arena a;
	struct str rest;
	struct group *g;

	arena_init(&a, 0);
	rest = read_file(&a, arena_printf(&a, "%s/%s/%s", r->root, folder, file));
	g = rest.p ? runner_group(r, group) : NULL;
	while (g && rest.p) {
		const struct str line = str_cut(&rest, '\n');

		if (line.len)
			run_line(r, g, folder, line, release);
	}
	arena_release(&a);
}

/* --- cases/NAME/podN.request.json ---------------------------------------------------------------------------------- */

static const struct value *read_json(struct arena *a, const char *path)
{
	const struct str text = read_file(a, path);
	struct err err = {0};

	return text.p ? json_parse(a, text.p, text.len, 0, &err) : NULL;
}

static const struct value *expected_object(struct arena *a, const struct value *object)
{
	struct map *m = map_new(a, 2);

	if (!m || map_setc(a, m, "allowed", &value_true) < 0 || (object && map_setc(a, m, "object", object) < 0))
		return NULL;
	return value_map(a, m);
}

static void run_case_pods(struct runner *r, struct group *g, const char *folder, const char *name, const char *dir,
	const struct value *meta, struct arena *a)
{
	const struct value *env = raw_get(meta, "env");
	const bool openshift = str_is(raw_str(env, "PLATFORM"), "openshift");
	const struct inject_config *c = settings_config(r, folder, raw_str(meta, "settings"), env,
		cluster_manifests(a, raw_get(meta, "nodes"), openshift), STR("default"), "");

	for (int i = 0; c; i++) {
		const struct value *review = read_json(a, arena_printf(a, "%s/pod%d.request.json", dir, i));
		const struct value *want = read_json(a, arena_printf(a, "%s/pod%d.injected.json", dir, i));
		char id[512];

		if (!review)
			return;
		(void)snprintf(id, sizeof(id), "%s#%d", name, i);
		if (runner_wants(r, g->name, id))
			check_request(r, g, id, a, c, review, STR("/inject"), expected_object(a, want));
	}
	(void)runner_failed(r, g, name, "its settings cannot be loaded");
}

void run_cases(struct runner *r, const char *folder)
{
	char path[4096], group[320];
	struct dirent **found;
	struct group *g;
	int n;

	(void)snprintf(path, sizeof(path), "%s/%s/cases", r->root, folder);
	n = scandir(path, &found, NULL, alphasort);
	if (n < 0)
		return;
	(void)snprintf(group, sizeof(group), "golden webhook %s", folder);
	g = runner_group(r, group);
	for (int i = 0; i < n; i++) {
		struct arena a;
		const struct value *meta;
		const char *dir;

		arena_init(&a, 0);
		dir = arena_printf(&a, "%s/%s", path, found[i]->d_name);
		meta = read_json(&a, arena_printf(&a, "%s/case.json", dir));
		if (meta && access(arena_printf(&a, "%s/pod0.request.json", dir), R_OK) == 0)
			run_case_pods(r, g, folder, found[i]->d_name, dir, meta, &a);
		arena_release(&a);
		free(found[i]);
	}
	free(found);
}
