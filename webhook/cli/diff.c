/* SPDX-License-Identifier: Apache-2.0 */
/* outrigger diff: what injection would change in manifests. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "patches/yaml/yaml.h"
#include "webhook/cli/command.h"
#include "webhook/cli/configure.h"
#include "webhook/cli/input.h"
#include "webhook/cli/line_diff.h"
#include "webhook/cli/offline.h"

struct differ {
	const struct inject_config *config;
	struct arena *a;
	struct str namespace;
	bool colour;
	struct text out, notes;
};

static char *title(struct arena *a, const struct document *d)
{
	const struct value *metadata = raw_get(d->object, "metadata");
	const struct str kind = raw_str(d->object, "kind"), namespace = raw_str(metadata, "namespace");
	const struct str own = raw_str(metadata, "name"), name = own.len ? own : raw_str(metadata, "generateName");

	return arena_printf(a, "%s:%zu %.*s %.*s%s%.*s", d->file, d->line, (int)kind.len, kind.p ? kind.p : "", (int)namespace.len,
		namespace.p ? namespace.p : "", namespace.len ? "/" : "", (int)name.len, name.p ? name.p : "");
}

/* A name with a newline in it must not look like a line of the diff. */
static void blank_controls(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
}

/* Both as injection writes them, so that nothing but the injection shows. */
static int write_both(struct differ *f, const struct document *d, const struct value *injected, struct text *before,
	struct text *after, struct err *err)
{
	const struct offline_options as_before = {.namespace = f->namespace, .before = true};
	const struct value *given;
	struct text said_already;

	text_init(&said_already, f->a, MANIFESTS_MAX);
	if (offline_object(f->config, f->a, d->object, &as_before, &given, &said_already, err) < 0 ||
	    yaml_write(f->a, before, given, err) < 0 || yaml_write(f->a, after, injected, err) < 0)
		return -1;
	return text_check(before, "the object", err) < 0 ? -1 : text_check(after, "the injected object", err);
}

static int compare(struct differ *f, const struct document *d, const struct value *injected, struct err *err)
{
	char *name = title(f->a, d), *injected_name;
	struct line_diff options = {.before_name = name, .colour = f->colour};
	struct text before, after;

	text_init(&before, f->a, OFFLINE_OUTPUT_MAX);
	text_init(&after, f->a, OFFLINE_OUTPUT_MAX);
	if (!name)
		return err_nomem(err);
	blank_controls(name);
	injected_name = arena_printf(f->a, "%s (injected)", name);
	if (!injected_name)
		return err_nomem(err);
	options.after_name = injected_name;
	if (write_both(f, d, injected, &before, &after, err) < 0)
		return -1;
	return line_diff_write(&f->out, (struct str){before.data, before.len}, (struct str){after.data, after.len}, &options, err);
}

static int visit(void *context, const struct document *d, struct err *err)
{
	struct differ *f = context;
	const struct offline_options options = {.namespace = f->namespace};
	const struct value *injected;

	if (offline_object(f->config, f->a, d->object, &options, &injected, &f->notes, err) < 0)
		return -1;
	return injected == d->object ? 0 : compare(f, d, injected, err);
}

static int print(const struct differ *f, struct err *err)
{
	if (text_check(&f->out, "the output", err) < 0)
		return -1;
	if (f->notes.len)
		(void)fwrite(f->notes.data, 1, f->notes.len, stderr);
	if (f->out.len && fwrite(f->out.data, 1, f->out.len, stdout) != f->out.len)
		return err_set(err, ERR_IO, "cannot write to standard output");
	return f->out.len ? EXIT_DIFFERS : EXIT_OK;
}

static int diff_all(struct inject_config *c, const struct options *o, struct arena *a, struct err *err)
{
	struct differ f = {.config = c, .a = a, .namespace = str_of(o->namespace)};
	struct manifests input;

	f.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	text_init(&f.out, a, OFFLINE_OUTPUT_MAX);
	text_init(&f.notes, a, MANIFESTS_MAX);
	if (manifests_read_all(a, &o->files, &input, err) < 0 || offline_proxy_configs(c, &input, f.namespace, err) < 0)
		return -1;
	for (size_t i = 0; i < input.len; i++)
		if (manifests_each(a, &input.item[i], visit, &f, err) < 0)
			return -1;
	return print(&f, err);
}

int cmd_diff(const struct options *o, struct err *err)
{
	struct inject_config *c;
	struct arena a;
	int status;

	if (files_needed(o, err) < 0)
		return -1;
	c = configure(o, err);
	if (!c)
		return -1;
	for (size_t i = 0; i < c->warnings.len; i++)
		(void)fprintf(stderr, "outrigger diff: warning: %s\n", c->warnings.text[i]);
	arena_init(&a, OFFLINE_ARENA_MAX);
	status = diff_all(c, o, &a, err);
	arena_release(&a);
	inject_config_free(c);
	return status;
}
