/* SPDX-License-Identifier: Apache-2.0 */
/* YAML that is read can be written, and reads back as the same; and a text that is all one pod's string adds no structure. */
#include <stdlib.h>
#include <string.h>

#include "patches/yaml/node.h"
#include "patches/yaml/span.h"
#include "patches/yaml/yaml.h"
#include "tests/fuzz/fuzz.h"

static void round_trip(struct arena *a, struct str text)
{
	const struct value *v = yaml_parse(a, text, YAML_FROM_POD, NULL), *again;
	struct text first, second;

	text_init(&first, a, 64 << 20);
	text_init(&second, a, 64 << 20);
	if (!v || yaml_write(a, &first, v, NULL) < 0)
		return;
	again = yaml_parse(a, (struct str){first.data, first.len}, 0, NULL);
	if (!again || yaml_write(a, &second, again, NULL) < 0 || first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
		abort();
}

/* The first byte says how long the template's own part is, at both ends; what the fast check passes, the full one must too. */
static void spans(struct arena *a, const char *data, size_t size)
{
	const size_t margin = size ? (unsigned char)data[0] % 8 : 0;
	struct span span = {.begin = margin, .end = size - margin - 1, .line = 1};
	struct rendered r = {{data + 1, size - 1}, &span, 1};
	struct yaml_document document;

	if (size < 2 * margin + 2)
		return;
	(void)!yaml_parse_rendered(a, &r, NULL);
	if (yaml_document_read(a, r.text, &document, NULL) == 0 && yaml_spans_harmless(&document, &r) && yaml_spans_compare(a, &r, NULL) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a;

	arena_init(&a, 0);
	round_trip(&a, (struct str){(const char *)data, size});
	spans(&a, (const char *)data, size);
	arena_release(&a);
	return 0;
}
