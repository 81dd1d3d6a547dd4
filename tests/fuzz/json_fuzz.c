/* SPDX-License-Identifier: Apache-2.0 */
/* What the JSON reader accepts, the writer prints so that it reads back as the same. */
#include <stdlib.h>

#include "patches/value/json.h"
#include "tests/fuzz/fuzz.h"

static void round_trip(struct arena *a, const char *data, size_t size, unsigned read, unsigned write)
{
	const struct value *v = json_parse(a, data, size, read, NULL), *again;
	struct text out;

	if (!v)
		return;
	text_init(&out, a, 64 << 20);
	json_write(&out, v, write);
	again = out.failed ? NULL : json_parse(a, out.data, out.len, read & JSON_ALLOW_NUL, NULL);
	if (!again || !raw_equal(v, again))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;

	arena_init(&a, 0);
	round_trip(&a, (const char *)data, size, 0, JSON_INDENT);
	round_trip(&a, (const char *)data, size, JSON_FROM_POD | JSON_LAST_WINS | JSON_GO_UTF8 | JSON_ALLOW_NUL, JSON_ESCAPE_HTML | JSON_SORT_KEYS);
	arena_release(&a);
	return 0;
}
