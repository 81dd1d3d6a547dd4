/* SPDX-License-Identifier: Apache-2.0 */
/* outrigger inject: manifests in, injected manifests out. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "webhook/cli/command.h"
#include "webhook/cli/configure.h"
#include "webhook/cli/input.h"
#include "webhook/cli/offline.h"

static void print_warnings(const struct inject_config *c)
{
	for (size_t i = 0; i < c->warnings.len; i++)
		(void)fprintf(stderr, "outrigger inject: warning: %s\n", c->warnings.text[i]);
}

/* Printed only when all of it is right: half of a stream must not look whole. */
static int inject_all(struct inject_config *c, const struct options *o, struct arena *a, struct err *err)
{
	const struct offline_options options = {
		.namespace = str_of(o->namespace), .json = strcmp(o->output, "json") == 0};
	struct manifests input;
	struct text out, notes;

	text_init(&out, a, OFFLINE_OUTPUT_MAX);
	text_init(&notes, a, MANIFESTS_MAX);
	if (manifests_read_all(a, &o->files, &input, err) < 0 || offline_proxy_configs(c, &input, options.namespace, err) < 0)
		return -1;
	for (size_t i = 0; i < input.len; i++)
		if (offline_inject(c, a, &input.item[i], &options, &out, &notes, err) < 0)
			return -1;
	if (notes.len)
		(void)fwrite(notes.data, 1, notes.len, stderr);
	if (out.len && fwrite(out.data, 1, out.len, stdout) != out.len)
		return err_set(err, ERR_IO, "cannot write to standard output");
	return 0;
}

int cmd_inject(const struct options *o, struct err *err)
{
	struct inject_config *c;
	struct arena a;
	int status;

	if (files_needed(o, err) < 0)
		return -1;
	c = configure(o, err);
	if (!c)
		return -1;
	print_warnings(c);
	arena_init(&a, OFFLINE_ARENA_MAX);
	status = inject_all(c, o, &a, err);
	arena_release(&a);
	inject_config_free(c);
	return status;
}
