/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a list, and behind a \x1e as a watch: what is kept is the same however they come in pieces. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "webhook/cluster/keep.h"

enum { STATUS = 200, LATER = 5000 };

static void feed(struct reflector *r, struct str bytes, size_t piece, int64_t now)
{
	bool changed = false;
	int64_t timeout;
	struct arena a;

	arena_init(&a, 0);
	if (!reflector_request(r, &a, now, &timeout))
		abort();
	for (size_t at = 0; at < bytes.len; at += piece)
		if (reflector_take(r, STATUS, (struct str){bytes.p + at, bytes.len - at < piece ? bytes.len - at : piece}, now, &changed) < 0)
			break;
	reflector_done(r, STATUS, NULL, now + LATER, &changed);
	if (reflector_due(r) < now)
		abort();
	arena_release(&a);
}

static void follow(struct reflector *r, struct str list, struct str watch, size_t piece)
{
	static const struct reflector_options o = {
		.what = "namespaces", .place = {.api = "/api/v1", .resource = "namespaces"}, .keep = keep_namespace, .max_bytes = 64 << 10};

	reflector_init(r, &o, 1, 0);
	feed(r, list, piece, 0);
	if (watch.p && reflector_watches(r))
		feed(r, watch, piece, LATER);
}

static void compare(const struct reflector *a, const struct reflector *b)
{
	if (a->kept.n != b->kept.n || a->problem.code != b->problem.code || strcmp(a->version, b->version) != 0)
		abort();
	for (size_t i = 0; i < a->kept.n; i++)
		if (strcmp(a->kept.object[i].key, b->kept.object[i].key) != 0 || !str_eq(kept_text(&a->kept.object[i]), kept_text(&b->kept.object[i])))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reflector whole, pieces;
	struct str watch = {(const char *)data, size};
	const struct str list = str_cut(&watch, '\x1e');

	follow(&whole, list, watch, size + 1);
	follow(&pieces, list, watch, 1 + size % 7);
	compare(&whole, &pieces);
	if (whole.kept.n > size)
		abort();
	reflector_release(&whole);
	reflector_release(&pieces);
	return 0;
}
