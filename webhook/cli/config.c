/* SPDX-License-Identifier: Apache-2.0 */
/* outrigger config check: all that is wrong with the configuration, one line each. */
#include "webhook/cli/config.h"

#include <stdio.h>
#include <string.h>

#include "patches/config/check.h"
#include "patches/value/json.h"
#include "webhook/cli/command.h"
#include "webhook/cli/configure.h"

enum { OUTPUT_MAX = 16 << 20 };

static int check_injector(const struct options *o, struct findings *f, struct err *err)
{
	struct config_texts texts;
	struct inject_options options;

	return configure_inputs(f->a, o, &texts, &options, err) < 0 ? -1 : config_check(&texts, &options, f, err);
}

/* In the order in which they run; findings are sorted by file afterwards. */
static const struct config_checker checkers[] = {
	{"injector", check_injector},
	{"guard", config_check_guard},
};

/* --- output
 * -------------------------------------------------------------------------------------------------------------- */

static void print_text(struct text *out, const struct finding *f)
{
	text_adds(out, f->place.file);
	if (f->place.line)
		text_addf(out, ":%zu", f->place.line);
	if (f->place.column)
		text_addf(out, ":%zu", f->place.column);
	text_addf(out, ": %s: %s; %s\n", finding_severity_name(f->severity), f->what, f->remedy);
}

/* before: what stands before the value, its name with it. */
static void print_member(struct text *out, const char *before, const char *value)
{
	text_adds(out, before);
	json_write_string(out, str_of(value), 0);
}

static void print_json(struct text *out, const struct finding *f, bool first)
{
	print_member(out, first ? "\n  {\"file\": " : ",\n  {\"file\": ", f->place.file);
	if (f->place.line)
		text_addf(out, ", \"line\": %zu", f->place.line);
	if (f->place.column)
		text_addf(out, ", \"column\": %zu", f->place.column);
	print_member(out, ", \"severity\": ", finding_severity_name(f->severity));
	print_member(out, ", \"message\": ", f->what);
	print_member(out, ", \"remedy\": ", f->remedy);
	text_adds(out, "}");
}

static int print_all(const struct findings *f, bool json, struct err *err)
{
	struct text out;

	text_init(&out, f->a, OUTPUT_MAX);
	text_adds(&out, json ? "[" : "");
	for (size_t i = 0; i < f->len; i++) {
		if (json)
			print_json(&out, &f->item[i], i == 0);
		else
			print_text(&out, &f->item[i]);
	}
	text_adds(&out, !json ? "" : f->len ? "\n]\n" : "]\n");
	if (text_check(&out, "the output", err) < 0)
		return -1;
	if (f->dropped)
		(void)fprintf(stderr, "outrigger config: %zu more findings are not shown\n", f->dropped);
	return fwrite(out.data, 1, out.len, stdout) == out.len
		       ? 0
		       : err_set(err, ERR_IO, "cannot write to standard output");
}

/* --- the command
 * ----------------------------------------------------------------------------------------------------------- */

static int check_all(const struct options *o, struct findings *f, struct err *err)
{
	size_t wrong = f->dropped;

	for (size_t i = 0; i < ARRAY_LEN(checkers); i++)
		if (checkers[i].run(o, f, err) < 0)
			return -1;
	findings_sort(f);
	for (size_t i = 0; i < f->len; i++)
		wrong += f->item[i].severity != FINDING_INFO;
	if (print_all(f, strcmp(o->output, "json") == 0, err) < 0)
		return -1;
	return wrong ? EXIT_FAILED : EXIT_OK;
}

int cmd_config(const struct options *o, struct err *err)
{
	struct findings f = {0};
	struct arena a;
	int status;

	if (o->n_rest != 1 || strcmp(o->rest[0], "check") != 0)
		return err_set(err, ERR_CONFIG, "one of these is needed: check");
	arena_init(&a, 0);
	f.a = &a;
	status = check_all(o, &f, err);
	arena_release(&a);
	return status;
}
