/* SPDX-License-Identifier: Apache-2.0 */
/* outrigger guard test: the rules of guard.yaml held against fixtures, as a team's own CI does it. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "patches/value/json.h"
#include "webhook/cli/command.h"
#include "webhook/cli/configure.h"
#include "webhook/cli/guard_fixture.h"

enum { OUTPUT_MAX = 64 << 20, ARENA_MAX = 1 << 30 };

struct tester {
	const struct inject_config *config;
	const struct guard *guard;
	struct arena *a;
	int64_t now;
	bool json;
	size_t n, failed;
	struct text out;
};

static void add_string(struct text *out, const char *key, struct str value)
{
	text_addf(out, ",\"%s\":", key);
	json_write_string(out, value, 0);
}

/* In the manner of the Test Anything Protocol. */
static void print_text(struct tester *t, const struct guard_fixture *f, const struct guard_result *r)
{
	text_addf(&t->out, "%sok %zu - ", r->as_expected ? "" : "not ", t->n);
	text_add_shown(&t->out, f->name.p, f->name.len);
	text_addc(&t->out, '\n');
	if (r->as_expected)
		return;
	text_addf(&t->out, "# %s:%zu: ", f->file, f->line);
	text_add_shown(&t->out, r->wrong, strlen(r->wrong));
	text_addc(&t->out, '\n');
	if (r->message) {
		text_adds(&t->out, "# refused: ");
		text_add_shown(&t->out, r->message, strlen(r->message));
		text_addc(&t->out, '\n');
	}
}

static void print_json(struct tester *t, const struct guard_fixture *f, const struct guard_result *r)
{
	text_adds(&t->out, t->n > 1 ? ",\n{\"name\":" : "[\n{\"name\":");
	json_write_string(&t->out, f->name, 0);
	add_string(&t->out, "file", str_of(f->file));
	text_addf(&t->out, ",\"line\":%zu,\"ok\":%s", f->line, r->as_expected ? "true" : "false");
	add_string(&t->out, "action", str_of(guard_action_name(r->verdict.action)));
	add_string(&t->out, "rules", guard_summary(t->a, &r->verdict));
	text_addf(&t->out, ",\"injected\":%s", r->injected ? "true" : "false");
	if (r->message)
		add_string(&t->out, "refused", str_of(r->message));
	if (r->wrong)
		add_string(&t->out, "wrong", str_of(r->wrong));
	text_addc(&t->out, '}');
}

static int visit(void *context, const struct document *d, struct err *err)
{
	struct tester *t = context;
	struct guard_fixture f;
	struct guard_result r;

	if (guard_fixture_read(d, t->now, &f, err) < 0 || guard_fixture_run(&f, t->config, t->guard, t->a, &r, err) < 0)
		return -1;
	t->n++;
	t->failed += !r.as_expected;
	if (t->json)
		print_json(t, &f, &r);
	else
		print_text(t, &f, &r);
	return 0;
}

static int test_file(struct tester *t, const char *path, struct err *err)
{
	struct named_text input = {0};

	return manifests_read(t->a, path, &input, err) < 0 ? -1 : manifests_each(t->a, &input, visit, t, err);
}

static int test_all(struct tester *t, const struct options *o, struct err *err)
{
	if (test_file(t, o->file, err) < 0)
		return -1;
	for (size_t i = 1; i < o->n_rest; i++)
		if (test_file(t, o->rest[i], err) < 0)
			return -1;
	if (t->json)
		text_adds(&t->out, "\n]\n");
	else
		text_addf(&t->out, "1..%zu\n", t->n);
	if (text_check(&t->out, "the output", err) < 0)
		return -1;
	if (fwrite(t->out.data, 1, t->out.len, stdout) != t->out.len)
		return err_set(err, ERR_IO, "cannot write to standard output");
	return t->failed ? EXIT_DIFFERS : EXIT_OK;
}

static int run_tests(const struct options *o, struct arena *a, struct err *err)
{
	own(inject_config_freep) struct inject_config *config = configure(o, err);
	const int64_t now = (int64_t)time(NULL);
	own(guard_unrefp) struct guard *guard = config ? configure_guard(o, config, now, err) : NULL;
	struct tester t = {
		.config = config, .guard = guard, .a = a, .now = now, .json = strcmp(o->output, "json") == 0};

	if (!guard)
		return -1;
	for (size_t i = 0; i < guard->n_warnings; i++)
		(void)fprintf(stderr, "outrigger guard: warning: %s\n", guard->warning[i]);
	text_init(&t.out, a, OUTPUT_MAX);
	return test_all(&t, o, err);
}

int cmd_guard(const struct options *o, struct err *err)
{
	struct arena a;
	int status;

	if (o->n_rest == 0 || strcmp(o->rest[0], "test") != 0)
		return err_set(err, ERR_CONFIG, "one of these is needed: test");
	if (!o->file)
		return err_set(err, ERR_CONFIG, "-f FIXTURES is needed; -f - reads standard input");
	arena_init(&a, ARENA_MAX);
	status = run_tests(o, &a, err);
	arena_release(&a);
	return status;
}
