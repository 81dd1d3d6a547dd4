/* SPDX-License-Identifier: Apache-2.0 */
/* Runs what a folder of recorded answers holds and prints a table by group. */
#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conformance/runner.h"

struct str read_file(struct arena *a, const char *path)
{
	FILE *f = path ? fopen(path, "rb") : NULL;
	struct str s = {NULL, 0};
	char *data;
	long size;

	if (!f)
		return s;
	if (fseek(f, 0, SEEK_END) == 0 && (size = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0 &&
	    (data = arena_alloc(a, (size_t)size + 1)) && fread(data, 1, (size_t)size, f) == (size_t)size) {
		data[size] = '\0';
		s = (struct str){data, (size_t)size};
	}
	(void)fclose(f);
	return s;
}

struct group *runner_group(struct runner *r, const char *name)
{
	struct group *g;

	for (size_t i = 0; i < r->n_groups; i++)
		if (strcmp(r->group[i].name, name) == 0)
			return &r->group[i];
	if (r->n_groups == MAX_GROUPS)
		return &r->group[MAX_GROUPS - 1];
	g = &r->group[r->n_groups++];
	(void)snprintf(g->name, sizeof(g->name), "%s", name);
	return g;
}

bool runner_wants(const struct runner *r, const char *group, const char *id)
{
	return (!r->only_group || strstr(group, r->only_group)) && (!r->only_case || strcmp(id, r->only_case) == 0);
}

void runner_passed(struct runner *r, struct group *g)
{
	(void)r;
	g->passed++;
}

/* A line of exceptions.txt is "GROUP/ID  reason", a pattern as of a shell: one bug of Istio's, in each release that has it. */
static bool is_excepted(const struct runner *r, const char *group, const char *id)
{
	struct str rest = r->exceptions;
	char key[640], pattern[640];

	(void)snprintf(key, sizeof(key), "%s/%s", group, id);
	while (rest.p) {
		const struct str line = str_cut(&rest, '\n');
		const size_t len = str_find(line, STR("  "));

		if (len == SIZE_MAX)
			continue;
		(void)snprintf(pattern, sizeof(pattern), "%.*s", (int)(len < sizeof(pattern) ? len : 0), line.p);
		if (fnmatch(pattern, key, 0) == 0)
			return true;
	}
	return false;
}

bool runner_failed(struct runner *r, struct group *g, const char *id, const char *why)
{
	if (is_excepted(r, g->name, id)) {
		g->excepted++;
		return false;
	}
	g->failed++;
	printf("  FAIL %s/%s: %s\n", g->name, id, why);
	return true;
}

/* Istio's own cases have templates by hand, which tell no release: up to 1.8 it is the folder's. */
static const char *release_by_hand(const char *folder)
{
	static const char *const releases[] = {"1.5", "1.6", "1.7", "1.8"};
	const char *name = folder + strlen("istio-");

	for (size_t i = 0; i < ARRAY_LEN(releases); i++)
		if (strncmp(name, releases[i], 3) == 0 && (name[3] == '\0' || name[3] == '.'))
			return releases[i];
	return "";
}

static void run_folder(struct runner *r, const char *folder)
{
	char group[320];

	run_cases(r, folder);
	run_offline(r, folder);
	(void)snprintf(group, sizeof(group), "golden webhook %s", folder);
	run_pods(r, folder, "webhook.jsonl", group, release_by_hand(folder));
	(void)snprintf(group, sizeof(group), "random %s", folder);
	run_pods(r, folder, "random/pods.jsonl", group, "");
}

static int print_table(const struct runner *r)
{
	size_t passed = 0, failed = 0, excepted = 0;

	printf("%-32s %8s %8s %8s\n", "group", "passed", "failed", "excepted");
	for (size_t i = 0; i < r->n_groups; i++) {
		const struct group *g = &r->group[i];

		printf("%-32s %8zu %8zu %8zu\n", g->name, g->passed, g->failed, g->excepted);
		passed += g->passed;
		failed += g->failed;
		excepted += g->excepted;
	}
	for (size_t i = 0; i < r->n_groups; i++)
		if (r->group[i].undecidable)
			printf("%s: %zu more have two right answers: another original, injected to the same pod, calls for the one given\n",
				r->group[i].name, r->group[i].undecidable);
	if (excepted)
		printf("conformance: %zu listed exceptions (tests/conformance/exceptions.txt)\n", excepted);
	printf("conformance: %zu passed, %zu failed", passed, failed);
	if (r->every > 1)
		printf(" (properties and uninject: 1 of %zu random pods only)", r->every);
	printf("\n");
	if (passed + failed == 0) {
		printf("conformance: no case found\n");
		return EXIT_FAILURE;
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_all(struct runner *r)
{
	struct dirent **found;
	const int n = scandir(r->root, &found, NULL, alphasort);

	if (n < 0) {
		printf("conformance: SKIPPED: no folder %s\n", r->root);
		return EXIT_SUCCESS;
	}
	for (int i = 0; i < n; i++)
		if (strncmp(found[i]->d_name, "istio-", 6) == 0)
			run_folder(r, found[i]->d_name);
	run_templates(r);
	for (int i = 0; i < n; i++) {
		if (strncmp(found[i]->d_name, "istio-", 6) == 0) {
			run_uninject(r, found[i]->d_name);
			run_properties(r, found[i]->d_name);
		}
		free(found[i]);
	}
	free(found);
	settings_release();
	return print_table(r);
}

static const char usage[] =
	"usage: conformance [-g GROUP] [-c CASE] [-d DIFFERENCES] [-s EVERY] [FOLDER]\n"
	"FOLDER is CONFORMANCE_DIR or ../shared/conformance unless given; -g takes a part of a group's name;\n"
	"-s 10 runs properties and uninject over every 10th random pod only (for sanitizers), and says so.\n";

int main(int argc, char **argv)
{
	const char *env = getenv("CONFORMANCE_DIR");
	struct runner r = {.root = env && *env ? env : "../shared/conformance", .differences = 6, .every = 1};
	struct arena a;
	int rc;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-') {
			r.root = argv[i];
		} else if (i + 1 < argc && strcmp(argv[i], "-g") == 0) {
			r.only_group = argv[++i];
		} else if (i + 1 < argc && strcmp(argv[i], "-c") == 0) {
			r.only_case = argv[++i];
		} else if (i + 1 < argc && strcmp(argv[i], "-d") == 0) {
			r.differences = (size_t)strtoul(argv[++i], NULL, 10);
		} else if (i + 1 < argc && strcmp(argv[i], "-s") == 0 && strtoul(argv[i + 1], NULL, 10) > 0) {
			r.every = (size_t)strtoul(argv[++i], NULL, 10);
		} else {
			fputs(usage, stderr);
			return 2;
		}
	}
	arena_init(&a, 0);
	r.exceptions = read_file(&a, "tests/conformance/exceptions.txt");
	rc = run_all(&r);
	arena_release(&a);
	return rc;
}
