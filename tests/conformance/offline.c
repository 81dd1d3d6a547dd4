/* SPDX-License-Identifier: Apache-2.0 */
/* Offline cases: whole files injected, compared document by document. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "patches/value/json.h"
#include "patches/yaml/yaml.h"
#include "tests/conformance/compare.h"
#include "tests/conformance/runner.h"
#include "webhook/cli/offline.h"

/* The next document that holds anything, parsed; NULL at the end or, with err set, where it cannot be read. */
static const struct value *next_document(struct arena *a, struct yaml_reader *r, struct err *err)
{
	struct str doc;
	size_t line;

	while (yaml_next_document(r, &doc, &line)) {
		const struct value *v = yaml_parse(a, doc, 0, err);

		if (!v)
			return NULL;
		if (v->kind != K_NIL)
			return normalise(a, v, true);
	}
	return NULL;
}

static void compare_documents(struct runner *r, struct group *g, const char *id, struct arena *a, struct str want, struct str got)
{
	struct yaml_reader w = {want, 1}, o = {got, 1};
	struct err err = {0};

	for (;;) {
		const struct value *x = next_document(a, &w, &err), *y = next_document(a, &o, &err);

		if (err.code != ERR_NONE || !x != !y) {
			(void)runner_failed(r, g, id, err.code != ERR_NONE ? err.what : "another number of documents");
			return;
		}
		if (!x) {
			runner_passed(r, g);
			return;
		}
		if (!raw_equal(x, y)) {
			if (runner_failed(r, g, id, "the documents differ"))
				(void)print_differences(stdout, x, y, r->differences);
			return;
		}
	}
}

static bool mentions(struct arena *a, const char *text, struct str piece)
{
	char *lower = arena_strndup(a, text, strlen(text));

	for (size_t i = 0; lower && lower[i]; i++)
		lower[i] = (char)tolower((unsigned char)lower[i]);
	return lower && str_find(str_of(lower), piece) != SIZE_MAX;
}

static void run_case(struct runner *r, struct group *g, const char *folder, const char *id, const char *dir, const struct value *meta,
	struct arena *a)
{
	const struct inject_config *c = settings_config(r, folder, raw_str(meta, "settings"), raw_get(meta, "env"),
		cluster_manifests(a, raw_get(meta, "nodes"), false), STR("default"), "");
	const struct named_text input = {"input.yaml", read_file(a, arena_printf(a, "%s/input.yaml", dir))};
	const struct str want = read_file(a, arena_printf(a, "%s/kube-inject.yaml", dir)), error = raw_str(meta, "expectedError");
	const struct str log = raw_str(meta, "expectedLog");
	const struct offline_options options = {.json = false};
	struct text out, notes;
	struct err err = {0};
	int rc;

	text_init(&out, a, OFFLINE_OUTPUT_MAX);
	text_init(&notes, a, 1 << 20);
	rc = c ? offline_inject(c, a, &input, &options, &out, &notes, &err) : -1;
	if (error.len && rc < 0 && mentions(a, err.what, error))
		runner_passed(r, g);
	else if (rc < 0 || error.len)
		(void)runner_failed(r, g, id, rc < 0 ? err.what : "was to be refused");
	else if (log.len && str_find((struct str){notes.data, notes.len}, log) == SIZE_MAX)
		(void)runner_failed(r, g, id, "the warning is missing");
	else
		compare_documents(r, g, id, a, want, (struct str){out.data, out.len});
}

void run_offline(struct runner *r, const char *folder)
{
	char path[4096], group[320];
	struct dirent **found;
	int n;

	(void)snprintf(path, sizeof(path), "%s/%s/cases", r->root, folder);
	n = scandir(path, &found, NULL, alphasort);
	(void)snprintf(group, sizeof(group), "golden offline %s", folder);
	for (int i = 0; i < n; i++) {
		struct arena a;
		const char *dir;
		struct str text;
		struct err err = {0};
		const struct value *meta;

		arena_init(&a, 0);
		dir = arena_printf(&a, "%s/%s", path, found[i]->d_name);
		text = read_file(&a, arena_printf(&a, "%s/case.json", dir));
		meta = text.p ? json_parse(&a, text.p, text.len, 0, &err) : NULL;
		if (meta && !raw_bool(meta, "skipKubeInject") && runner_wants(r, group, found[i]->d_name))
			run_case(r, runner_group(r, group), folder, found[i]->d_name, dir, meta, &a);
		arena_release(&a);
		free(found[i]);
	}
	if (n >= 0)
		free(found);
}
