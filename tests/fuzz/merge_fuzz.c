/* SPDX-License-Identifier: Apache-2.0 */
/* Two documents, a line each: a pod and a patch. The merge ends, leaves both as they were, and a pod without nulls takes {} as it is. */
#include <stdlib.h>
#include <string.h>

#include "patches/merge/merge.h"
#include "patches/value/json.h"
#include "tests/fuzz/fuzz.h"

static const struct value *read(struct arena *a, const char *data, size_t size)
{
	return json_parse(a, data, size, JSON_FROM_POD | JSON_LAST_WINS, NULL);
}

static void merge(struct arena *a, struct str original, struct str patch)
{
	const struct value *pod = read(a, original.p, original.len), *change = read(a, patch.p, patch.len), *merged;

	if (!pod || !change || pod->kind != K_MAP)
		return;
	merged = strategic_merge(a, pod, change, &go_pod, NULL);
	if (!raw_equal(pod, read(a, original.p, original.len)) || !raw_equal(change, read(a, patch.p, patch.len)))
		abort();
	if (merged && merged->kind != K_MAP)
		abort();
	if (merged && strategic_merge(a, merged, NULL, &go_pod, NULL) != merged)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *newline = size ? memchr(text, '\n', size) : NULL;
	struct arena a;

	if (!newline)
		return 0;
	arena_init(&a, 0);
	merge(&a, (struct str){text, (size_t)(newline - text)}, (struct str){newline + 1, (size_t)(text + size - newline - 1)});
	arena_release(&a);
	return 0;
}
