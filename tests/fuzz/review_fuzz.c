/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a body: read as an AdmissionReview within a bounded arena, and where it can be answered, the span is the object. */
#include <stdlib.h>

#include "patches/value/json.h"
#include "tests/fuzz/fuzz.h"
#include "webhook/admission/review.h"

enum { ARENA_MAX = 16 << 20 };

static void check(struct arena *a, const struct admission_request *request)
{
	const struct str span = request->object_json;
	struct err err = {0};
	const struct value *again = span.p ? json_parse(a, span.p, span.len, 0, &err) : NULL;

	if (!request->uid.len || (request->reason == REASON_NONE && !request->object))
		abort();
	if (span.p && err.code != ERR_NOMEM && (!again || !raw_equal(again, request->object)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct admission_request request;
	struct arena a;
	struct err err = {0};

	arena_init(&a, ARENA_MAX);
	if (review_parse(&a, (struct str){(const char *)data, size}, &request, &err) == 0)
		check(&a, &request);
	else if (err.code == ERR_NONE || err.code == ERR_BUG)
		abort();
	arena_release(&a);
	return 0;
}
