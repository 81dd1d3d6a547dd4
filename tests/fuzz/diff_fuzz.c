/* SPDX-License-Identifier: Apache-2.0 */
/* Two documents, one behind the other in a list: their patch leads from one to the other, and is proven; or it is itself a patch. */
#include <stdlib.h>

#include "patches/diff/diff.h"
#include "patches/value/json.h"
#include "tests/fuzz/fuzz.h"

static struct str print(struct arena *a, const struct value *v)
{
	struct text t;

	text_init(&t, a, 64 << 20);
	json_write(&t, v, 0);
	return (struct str){t.data, t.len};
}

static void diff_pair(struct arena *a, const struct value *from, const struct value *to)
{
	struct err err = {0};
	struct text patch;

	text_init(&patch, a, 64 << 20);
	if (json_diff(a, &patch, from, to, &go_pod, &err) < 0)
		abort();
	if (patch_prove(print(a, from), (struct str){patch.data, patch.len}, print(a, to), &err) < 0 && err.code != ERR_NOMEM)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct value *pair, *ignored UNUSED;
	struct arena a;

	arena_init(&a, 0);
	pair = json_parse(&a, (const char *)data, size, 0, NULL);
	if (pair && pair->kind == K_LIST && pair->u.list.len == 2)
		diff_pair(&a, pair->u.list.item[0], pair->u.list.item[1]);
	if (pair && pair->kind == K_LIST && pair->u.list.len == 3)
		ignored = json_patch_apply(&a, pair->u.list.item[0], pair->u.list.item[1], NULL);
	arena_release(&a);
	return 0;
}
