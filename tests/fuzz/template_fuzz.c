/* SPDX-License-Identifier: Apache-2.0 */
/* Templates: whatever the text is, it compiles or not, runs or not, and what it prints has its spans in order. First byte: the dialect. */
#include <stdlib.h>

#include "patches/schema/schema.h"
#include "patches/template/template.h"
#include "patches/value/json.h"
#include "tests/fuzz/fuzz.h"

static const char data[] = "{\"Values\":{\"s\":\"hello\",\"i\":42,\"l\":[\"a\",1,null],\"m\":{\"k\":\"v\"}},\"ObjectMeta\":{\"name\":\"p\",\"labels\":{\"a\":\"b\"}},"
			   "\"Spec\":{\"containers\":[{\"name\":\"c\",\"resources\":{\"limits\":{\"cpu\":\"1\"}}}]},\"ProxyConfig\":{\"statusPort\":15020}}";

enum { MEMORY = 64 << 20 };

static const struct value *template_data(struct arena *a)
{
	const struct value *raw = json_parse(a, data, sizeof(data) - 1, JSON_FROM_POD, NULL);
	struct value *v = value_new(a, K_STRUCT, &go_template_data), *pointer = value_new(a, K_PTR, &go_ptr_template_data);

	if (!raw || !v || !pointer)
		abort();
	v->u.map = raw->u.map;
	pointer->u.ptr = v;
	return pointer;
}

static void check_spans(const struct rendered *r)
{
	size_t end = 0;

	for (size_t i = 0; i < r->n_spans; i++) {
		if (r->span[i].begin < end || r->span[i].end <= r->span[i].begin || r->span[i].end > r->text.len)
			abort();
		end = r->span[i].end;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const enum template_dialect dialects[] = {TEMPLATE_HEAD, TEMPLATE_V1_8, TEMPLATE_V1_5};
	const struct template_env env = {.variables = NULL};
	struct rendered rendered;
	struct template *t;
	struct arena a;

	if (size == 0)
		return 0;
	t = template_compile("inject", (struct str){(const char *)bytes + 1, size - 1}, dialects[bytes[0] % ARRAY_LEN(dialects)], NULL);
	arena_init(&a, MEMORY);
	if (t && template_run(t, &a, template_data(&a), &env, &rendered, NULL) == 0)
		check_spans(&rendered);
	arena_release(&a);
	template_free(t);
	return 0;
}
