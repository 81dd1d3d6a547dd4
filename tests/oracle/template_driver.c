/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our template engine against the answers of tests/oracle/template: reads its lines, prints what differs and, last, the counts.
 *
 *	template_driver [-q] [-m MAX] [FILE...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "patches/schema/schema.h"
#include "patches/template/template.h"
#include "patches/value/json.h"

enum { ERROR_MAX = sizeof(((struct err *)NULL)->what) - 1 };

struct counts {
	unsigned long same, different, parse, exec, output, too_long, refused;
	unsigned long shown, show_max;
};

struct data {
	struct arena arena;
	char *line;
	const struct value *pod, *mesh, *values, *variables;
};

static const struct value *member_or_null(const struct value *v, const char *key)
{
	const struct value *m = raw_get(v, key);

	return m ? m : &value_nil;
}

static void die(const char *what)
{
	(void)fprintf(stderr, "template_driver: %s\n", what);
	exit(2);
}

static const struct value *need(const struct value *v)
{
	if (!v)
		die("out of memory");
	return v;
}

static void put(struct arena *a, struct map *m, const char *key, const struct value *v)
{
	if (map_setc(a, m, key, need(v)) < 0)
		die("out of memory");
}

/* The workload behind a pod, as the injector finds it. */
static void put_owner(struct arena *a, const struct data *d, struct map *m)
{
	const struct value *meta = raw_get(d->pod, "metadata"), *owners = raw_get(meta, "ownerReferences"), *owner = NULL;
	struct map *deployment = map_new(a, 2), *type = map_new(a, 2);

	for (size_t i = 0; owners && owners->kind == K_LIST && i < owners->u.list.len && raw_get(meta, "generateName"); i++)
		if (raw_bool(owners->u.list.item[i], "controller"))
			owner = owners->u.list.item[i];
	if (!deployment || !type)
		die("out of memory");
	put(a, deployment, "Name", owner ? member_or_null(owner, "name") : member_or_null(meta, "name"));
	put(a, deployment, "Namespace", member_or_null(meta, "namespace"));
	put(a, type, "kind", member_or_null(owner ? owner : d->pod, "kind"));
	put(a, type, "apiVersion", member_or_null(owner ? owner : d->pod, "apiVersion"));
	put(a, m, "DeploymentMeta", value_map(a, deployment));
	put(a, m, "TypeMeta", value_map(a, type));
}

static const struct value *template_data(struct arena *a, const struct data *d)
{
	struct value *v = value_new(a, K_STRUCT, &go_template_data), *pointer = value_new(a, K_PTR, &go_ptr_template_data);
	struct map *m = map_new(a, 16);

	if (!v || !pointer || !m)
		die("out of memory");
	put_owner(a, d, m);
	put(a, m, "ObjectMeta", member_or_null(d->pod, "metadata"));
	put(a, m, "Spec", member_or_null(d->pod, "spec"));
	put(a, m, "ProxyConfig", member_or_null(d->mesh, "defaultConfig"));
	put(a, m, "MeshConfig", d->mesh ? d->mesh : &value_nil);
	put(a, m, "Values", value_deep_copy(a, d->values)); /* functions may change it */
	put(a, m, "Revision", value_cstr(a, "default"));
	put(a, m, "NativeSidecars", &value_true);
	put(a, m, "ProxyImage", value_cstr(a, "proxy:img"));
	put(a, m, "ProxyInitImage", value_cstr(a, "init:img"));
	put(a, m, "ProxyUID", value_number(a, 1337));
	put(a, m, "ProxyGID", value_number(a, 1337));
	put(a, m, "InboundTrafficPolicyMode", value_cstr(a, "passthrough"));
	put(a, m, "CompliancePolicy", &value_empty_string);
	v->u.map = m;
	pointer->u.ptr = v;
	return pointer;
}

static void load_data(struct data *d, char *line, size_t len)
{
	struct err err = {0};
	const struct value *root, *data;

	arena_release(&d->arena);
	free(d->line);
	d->line = line;
	root = json_parse(&d->arena, line, len, JSON_LAST_WINS | JSON_GO_UTF8 | JSON_ALLOW_NUL, &err);
	data = raw_get(root, "data");
	if (!data)
		die(err.what);
	d->pod = member_or_null(data, "pod");
	d->mesh = raw_get(data, "mesh");
	d->values = need(value_from_raw(&d->arena, member_or_null(data, "values")));
	d->variables = raw_get(data, "variables");
}

static void print_text(const char *label, struct str s)
{
	struct text t;

	text_init(&t, NULL, SIZE_MAX / 2);
	json_write_string(&t, s, 0);
	(void)printf("  %s %s\n", label, text_cstr(&t) ? t.data : "");
	text_release(&t);
}

/* What we answer: the member's name and its text. */
static struct str answer(struct arena *a, const struct data *d, struct str template, const char **ret_member)
{
	struct err err = {0};
	struct template *t = template_compile("inject", template, TEMPLATE_HEAD, &err);
	const struct template_env env = {.variables = d->variables && d->variables->kind == K_MAP ? d->variables->u.map : NULL};
	struct rendered rendered;
	struct str result;

	*ret_member = "parseError";
	if (!t)
		return str_of(arena_strndup(a, err.what, strlen(err.what)));
	if (template_run(t, a, template_data(a, d), &env, &rendered, &err) == 0) {
		*ret_member = "output";
		result = rendered.text;
	} else {
		*ret_member = "execError";
		result = str_of(arena_strndup(a, err.what, strlen(err.what)));
	}
	template_free(t);
	return result;
}

/* Lines are JSON, so the oracle's invalid bytes came as U+FFFD. */
static struct str valid_utf8(struct arena *a, struct str s)
{
	struct text t;
	uint32_t rune;

	if (utf8_valid(s.p, s.len))
		return s;
	text_init(&t, a, SIZE_MAX / 2);
	for (size_t i = 0; i < s.len;) {
		i += utf8_decode(s.p + i, s.len - i, &rune);
		text_add_rune(&t, rune);
	}
	return text_cstr(&t) ? (struct str){t.data, t.len} : s;
}

static const char *wanted_member(const struct value *line)
{
	return raw_get(line, "output") ? "output" : raw_get(line, "parseError") ? "parseError" : "execError";
}

/* What only shows addresses or a library's insides, and what is larger than our limits, is an error here, on purpose. */
static bool is_refused(struct str got)
{
	return str_find(got, STR("cannot print the ")) != SIZE_MAX || str_find(got, STR("is larger than ")) != SIZE_MAX ||
	       str_find(got, STR("exceeded maximum template depth")) != SIZE_MAX;
}

static void compare(struct arena *a, const struct data *d, const struct value *line, struct counts *c)
{
	const char *member, *wanted = wanted_member(line);
	struct str want = raw_str(line, wanted);
	const struct str got = valid_utf8(a, answer(a, d, raw_str(line, "template"), &member));
	const bool error = strcmp(wanted, "output") != 0, same_kind = strcmp(member, wanted) == 0;

	if (error && memchr(want.p, '\0', want.len)) /* ours are C strings */
		want.len = strlen(want.p);
	*(error ? wanted[0] == 'p' ? &c->parse : &c->exec : &c->output) += 1;
	if (same_kind && str_eq(want, got)) {
		c->same++;
		return;
	}
	if (same_kind && error && want.len > ERROR_MAX) { /* ours are cut */
		c->too_long++;
		return;
	}
	if (member[0] == 'e' && is_refused(got)) {
		c->refused++;
		return;
	}
	c->different++;
	if (c->shown++ >= c->show_max)
		return;
	(void)printf("%.*s\n", (int)raw_str(line, "id").len, raw_str(line, "id").p ? raw_str(line, "id").p : "");
	print_text("template", raw_str(line, "template"));
	(void)printf("  %s/%s\n", wanted, member);
	print_text("want", want);
	print_text("got ", got);
}

static void run_file(FILE *in, struct counts *c)
{
	struct data d = {0};
	struct arena a;
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	arena_init(&a, 0);
	arena_init(&d.arena, 0);
	while ((len = getline(&line, &cap, in)) > 0) {
		struct err err = {0};
		const struct value *v = json_parse(&a, line, (size_t)len, JSON_LAST_WINS | JSON_GO_UTF8 | JSON_ALLOW_NUL, &err);

		if (!v)
			die(err.what);
		if (raw_get(v, "data")) {
			load_data(&d, line, (size_t)len);
			line = NULL;
			cap = 0;
		} else {
			compare(&a, &d, v, c);
		}
		arena_clear(&a);
	}
	free(line);
	free(d.line);
	arena_release(&a);
	arena_release(&d.arena);
}

int main(int argc, char **argv)
{
	struct counts c = {.show_max = 20};
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "-q") == 0)
			c.show_max = 0;
		else if (strcmp(argv[i], "-m") == 0 && i + 1 < argc)
			c.show_max = strtoul(argv[++i], NULL, 10);
		else
			die("usage: template_driver [-q] [-m MAX] [FILE...]");
	}
	if (i == argc)
		run_file(stdin, &c);
	for (; i < argc; i++) {
		FILE *in = fopen(argv[i], "r");

		if (!in)
			die("cannot open the file");
		run_file(in, &c);
		(void)fclose(in);
	}
	(void)printf("%lu the same, %lu different, %lu too long to compare, %lu refused (of %lu outputs, %lu run errors, %lu parse errors)\n", c.same,
		c.different, c.too_long, c.refused, c.output, c.exec, c.parse);
	return c.different ? EXIT_FAILURE : EXIT_SUCCESS;
}
