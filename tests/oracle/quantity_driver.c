/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the lines of quantity/main.go on standard input and compares quantity_canonical() with them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "patches/schema/schema.h"

/* Whether it agrees. Thousandths only where Go's are right: not where they overflow, nor below zero, where it rounds by two. */
static bool agrees(struct arena *a, struct str text, const char *want, int64_t want_milli)
{
	struct str got = {NULL, 0};
	int64_t milli = 0;
	struct err err = {0};

	if (quantity_canonical(a, text, &got, &milli, &err) < 0) {
		if (want[0] == '!' && strcmp(err.what, want + 1) == 0)
			return true;
		printf("'%.*s': error '%s', want '%s'\n", (int)text.len, text.p, err.what, want);
		return false;
	}
	if (!str_is(got, want)) {
		printf("'%.*s': '%.*s', want '%s'\n", (int)text.len, text.p, (int)got.len, got.p, want);
		return false;
	}
	if (milli == want_milli || milli <= 0 || llabs(milli) > INT64_MAX / 10000)
		return true;
	printf("'%.*s': %lld thousandths, want %lld\n", (int)text.len, text.p, (long long)milli, (long long)want_milli);
	return false;
}

int main(void)
{
	char line[4096];
	unsigned long n = 0, wrong = 0;
	struct arena a;

	arena_init(&a, 0);
	while (fgets(line, sizeof(line), stdin)) {
		char *want = strchr(line, '\t');
		char *milli = want ? strchr(want + 1, '\t') : NULL;

		if (!milli)
			return EXIT_FAILURE;
		*want = *milli = '\0';
		wrong += !agrees(&a, str_of(line), want + 1, strtoll(milli + 1, NULL, 10));
		n++;
		arena_clear(&a);
	}
	printf("%lu quantities, %lu differ\n", n, wrong);
	arena_release(&a);
	return n && !wrong ? EXIT_SUCCESS : EXIT_FAILURE;
}
