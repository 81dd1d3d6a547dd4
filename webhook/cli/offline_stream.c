/* SPDX-License-Identifier: Apache-2.0 */
/* Injection of manifests without a cluster: the stream of documents around the objects. */
#include <string.h>

#include "patches/value/json.h"
#include "patches/yaml/yaml.h"
#include "webhook/cli/offline.h"

static int print_object(struct arena *a, const struct value *object, bool json, struct text *out, struct err *err)
{
	if (!json)
		return yaml_write(a, out, object, err);
	json_write(out, object, JSON_INDENT);
	text_addc(out, '\n');
	return 0;
}

static void end_line(struct text *out)
{
	if (out->len && out->data[out->len - 1] != '\n')
		text_addc(out, '\n');
}

static int inject_document(const struct inject_config *c, struct arena *a, const struct value *object, struct str document,
	const struct offline_options *o, struct text *out, struct text *notes, struct err *err)
{
	const struct value *injected;

	if (offline_object(c, a, object, o, &injected, notes, err) < 0)
		return -1;
	if (injected == object && !o->json)
		text_add(out, document.p, document.len);
	else if ((injected != object || object->kind != K_NIL) && print_object(a, injected, o->json, out, err) < 0)
		return -1;
	end_line(out);
	return 0;
}

int offline_inject(const struct inject_config *c, struct arena *a, const struct named_text *input,
	const struct offline_options *o, struct text *out, struct text *notes, struct err *err)
{
	struct yaml_reader reader = {.rest = input->text, .line = 1};
	const struct value *object;
	struct str document;
	bool found = false;
	size_t line;

	while (yaml_next_document(&reader, &document, &line)) {
		if (str_trim_space(document).len == 0)
			continue;
		if (out->len && !o->json)
			text_adds(out, "---\n");
		found = true;
		if (o->change) {
			o->change->file = input->name;
			o->change->line = line;
		}
		object = document_parse(a, document, input->name, line, err);
		if (!object)
			return -1;
		if (inject_document(c, a, object, document, o, out, notes, err) < 0)
			return document_blame(input->name, line, err);
	}
	if (!found)
		return err_set(err, ERR_INPUT, "%s: holds no document", input->name);
	return out->failed ? err_set(err, ERR_LIMIT, "the output is larger than %d bytes", OFFLINE_OUTPUT_MAX) : 0;
}
