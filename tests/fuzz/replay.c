/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over the files and directories named, with any compiler. Fails when there were none. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"
#include "tests/fuzz/fuzz.h"

static void close_file(FILE **f)
{
	if (*f)
		fclose(*f);
}

static void close_directory(DIR **d)
{
	if (*d)
		closedir(*d);
}

static void free_bytes(uint8_t **bytes)
{
	free(*bytes);
}

/* Each input has an allocation of just its size, so that a sanitizer sees a byte read too far. */
static int run_file(const char *path, size_t size)
{
	own(close_file) FILE *f = fopen(path, "rb");
	own(free_bytes) uint8_t *data = malloc(size ? size : 1);

	if (!f || !data || fread(data, 1, size, f) != size) {
		perror(path);
		return -1;
	}
	LLVMFuzzerTestOneInput(data, size);
	return 1;
}

/* Number of inputs run, or -1. One level of directories is all that a corpus has. */
static int run_path(const char *path, int depth);

static int run_directory(const char *path, int depth)
{
	own(close_directory) DIR *d = opendir(path);
	const struct dirent *e;
	int count = 0;

	if (!d) {
		perror(path);
		return -1;
	}
	while ((e = readdir(d))) {
		char inner[4096];
		int n;

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(inner, sizeof(inner), "%s/%s", path, e->d_name);
		n = run_path(inner, depth + 1);
		if (n < 0)
			return -1;
		count += n;
	}
	return count;
}

static int run_path(const char *path, int depth)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		perror(path);
		return -1;
	}
	if (!S_ISDIR(st.st_mode))
		return run_file(path, (size_t)st.st_size);
	return depth < 4 ? run_directory(path, depth) : 0;
}

int main(int argc, char **argv)
{
	int count = 0;

	for (int i = 1; i < argc; i++) {
		const int n = run_path(argv[i], 0);

		if (n < 0)
			return 1;
		count += n;
	}
	printf("%d inputs\n", count);
	return count ? 0 : 1;
}
