/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests as the command line names them, read one document after another. */
#include "webhook/cli/input.h"

#include <string.h>

#include "base/file.h"
#include "patches/yaml/yaml.h"

int manifests_read(struct arena *a, const char *path, struct named_text *ret, struct err *err)
{
	ret->name = strcmp(path, "-") == 0 ? "standard input" : path;
	return file_read(a, path, MANIFESTS_MAX, FILE_UTF8 | FILE_STDIN, &ret->text, err);
}

/* The document's place, with the place inside it put before the cause. */
static int blame(const struct document *d, struct err *err)
{
	struct err at = {.code = ERR_INPUT};

	(void)err_at(&at, "%s:%zu", d->file, d->line);
	if (err->where[0])
		(void)err_wrap(err, "%s", err->where);
	memcpy(err->where, at.where, sizeof(err->where));
	return -1;
}

int manifests_each(struct arena *a, const struct named_text *input,
	int (*visit)(void *context, const struct document *d, struct err *err), void *context, struct err *err)
{
	struct yaml_reader reader = {.rest = input->text, .line = 1};
	struct document d = {.file = input->name};
	bool found = false;
	struct str text;

	while (yaml_next_document(&reader, &text, &d.line)) {
		if (str_trim_space(text).len == 0)
			continue;
		found = true;
		d.object = yaml_parse(a, text, YAML_FROM_POD, err);
		if (!d.object || visit(context, &d, err) < 0)
			return blame(&d, err);
	}
	return found ? 0 : err_set(err, ERR_INPUT, "%s: holds no document", input->name);
}
