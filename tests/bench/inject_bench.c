/* SPDX-License-Identifier: Apache-2.0 */
/* What one injection costs without any network: CPU time, latency, memory. Instructions: the same under callgrind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "patches/inject.h"
#include "patches/value/json.h"

enum { MAX_FILE = 8 << 20, WARM_UP = 50 };

static struct str read_file(const char *path)
{
	FILE *f = path ? fopen(path, "rb") : NULL;
	char *data = f ? malloc(MAX_FILE) : NULL;
	size_t len = data ? fread(data, 1, MAX_FILE - 1, f) : 0;

	if (f)
		(void)fclose(f);
	return (struct str){data, len};
}

static const char *joined(char *buf, size_t size, const char *dir, const char *name)
{
	(void)snprintf(buf, size, "%s/%s", dir, name);
	return buf;
}

static struct inject_config *load(const char *dir)
{
	const struct inject_options options = {.native = NATIVE_TRUE};
	struct config_texts t = {.inject_config = {NULL, {NULL, 0}}};
	struct inject_config *c;
	struct err err = {0};
	char path[4096];

	if (dir) {
		t.inject_config = (struct named_text){"config.yaml", read_file(joined(path, sizeof(path), dir, "config.yaml"))};
		t.values = (struct named_text){"values.json", read_file(joined(path, sizeof(path), dir, "values.json"))};
		t.mesh = (struct named_text){"mesh.yaml", read_file(joined(path, sizeof(path), dir, "mesh.yaml"))};
	}
	c = inject_config_load(&t, &options, &err);
	if (!c)
		(void)fprintf(stderr, "%s: %s\n", err.where, err.what);
	free((void *)(uintptr_t)t.inject_config.text.p);
	free((void *)(uintptr_t)t.values.text.p);
	free((void *)(uintptr_t)t.mesh.text.p);
	return c;
}

static double seconds(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int one(const struct inject_config *c, struct arena *a, struct str body, size_t *ret_patch)
{
	struct inject_request req = {.url_path = STR("/inject")};
	struct inject_result res;
	struct err err = {0};
	const struct value *review, *request;

	arena_clear(a);
	review = json_parse(a, body.p, body.len, JSON_FROM_POD, &err);
	request = raw_get(review, "request");
	req.pod = raw_get(request, "object");
	req.namespace = raw_str(request, "namespace");
	if (!req.pod || inject_pod(c, a, &req, &res, &err) < 0) {
		(void)fprintf(stderr, "%s: %s\n", err.where, err.what);
		return -1;
	}
	*ret_patch = res.patch.len;
	return 0;
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int measure(const struct inject_config *c, struct str body, size_t n)
{
	double *took = calloc(n, sizeof(*took)), cpu;
	struct rusage usage;
	struct arena a;
	size_t patch = 0;

	arena_init(&a, 0);
	for (size_t i = 0; i < WARM_UP && took; i++)
		if (one(c, &a, body, &patch) < 0)
			return EXIT_FAILURE;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (size_t i = 0; i < n && took; i++) {
		const double start = seconds(CLOCK_MONOTONIC);

		if (one(c, &a, body, &patch) < 0)
			return EXIT_FAILURE;
		took[i] = seconds(CLOCK_MONOTONIC) - start;
	}
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	if (!took || getrusage(RUSAGE_SELF, &usage) < 0)
		return EXIT_FAILURE;
	qsort(took, n, sizeof(*took), by_size);
	printf("injections %zu, patch %zu bytes: %.1f us CPU each; p50 %.1f us, p99 %.1f us, max %.1f us; resident %.1f MiB\n", n, patch,
		cpu * 1e6 / (double)n, took[n / 2] * 1e6, took[n * 99 / 100] * 1e6, took[n - 1] * 1e6, (double)usage.ru_maxrss / 1024);
	free(took);
	arena_release(&a);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const char *file = argc > 1 ? argv[1] : "tests/bench/hello.json";
	const size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 5000;
	struct inject_config *c = load(argc > 3 ? argv[3] : NULL);
	const struct str body = read_file(file);
	int rc = EXIT_FAILURE;

	if (!body.p || !n)
		(void)fprintf(stderr, "usage: inject_bench [REVIEW.json [COUNT [SETTINGS-FOLDER]]]\n");
	else if (c)
		rc = measure(c, body, n);
	free((void *)(uintptr_t)body.p);
	inject_config_free(c);
	return rc;
}
