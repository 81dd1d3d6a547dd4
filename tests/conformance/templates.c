/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded templates: one text each, over one pod and one set of values, with Go's output or error. */
#include <stdio.h>
#include <string.h>

#include "patches/pod/owner.h"
#include "patches/pod/template_data.h"
#include "patches/schema/schema.h"
#include "patches/value/json.h"
#include "tests/conformance/runner.h"

struct setting {
	struct arena a;
	struct inject_config config; /* only what templates see of it */
	const struct value *pod;
};

static int prepare(struct setting *s, struct str text)
{
	struct err err = {0};
	const struct value *data = json_parse(&s->a, text.p, text.len, 0, &err), *pod;
	struct text json;

	text_init(&json, &s->a, 1 << 20);
	pod = raw_get(data, "pod");
	if (!pod)
		return -1;
	json_write(&json, pod, 0);
	s->pod = json_parse(&s->a, json.data, json.len, JSON_FROM_POD, &err);
	s->config.raw_values = raw_get(data, "values");
	s->config.values = value_from_raw(&s->a, s->config.raw_values);
	s->config.mesh = mesh_defaults(&s->a, RELEASE_HEAD, &err);
	s->config.revision = STR("default");
	s->config.compliance_policy = STR("");
	s->config.release = RELEASE_HEAD;
	return s->pod && s->config.values && s->config.mesh ? 0 : -1;
}

/* The recorded data names its images outright. */
static const struct value *dot(struct setting *s, struct arena *a, struct err *err)
{
	struct template_facts f = {.pod = s->pod, .proxy_config = raw_get(s->config.mesh, "defaultConfig"), .mesh = s->config.mesh,
		.namespace = STR("prod"), .native = true, .uid = 1337, .gid = 1337};
	const struct value *data;

	f.owner = owner_of_pod(s->pod, f.namespace);
	data = template_data(a, &s->config, &f, err);
	if (!data || map_setc(a, data->u.ptr->u.map, "ProxyImage", value_cstr(a, "proxy:img")) < 0 ||
	    map_setc(a, data->u.ptr->u.map, "ProxyInitImage", value_cstr(a, "init:img")) < 0)
		return NULL;
	return data;
}

static void fail(struct runner *r, struct group *g, const struct value *c, const char *kind, struct str got)
{
	const struct str id = raw_str(c, "id"), template = raw_str(c, "template");
	static const char *const kinds[] = {"output", "parseError", "execError"};
	char name[64];

	(void)snprintf(name, sizeof(name), "%.*s", (int)id.len, id.p);
	if (!runner_failed(r, g, name, "the template answers otherwise"))
		return;
	printf("    template %.*s\n", (int)template.len, template.p);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (raw_get(c, kinds[i]))
			printf("    want %s %.*s\n", kinds[i], (int)raw_str(c, kinds[i]).len, raw_str(c, kinds[i]).p);
	printf("    got %s %.*s\n", kind, (int)got.len, got.p);
}

static void run_template_case(struct runner *r, struct group *g, struct setting *s, const struct value *c)
{
	struct err err = {0};
	own(template_freep) struct template *t = template_compile("inject", raw_str(c, "template"), TEMPLATE_HEAD, &err);
	const char *kind = "output";
	struct rendered out = {0};
	struct str got;
	struct arena a;

	arena_init(&a, 0);
	if (!t)
		kind = "parseError";
	else if (template_run(t, &a, dot(s, &a, &err), &s->config.env, &out, &err) < 0)
		kind = "execError";
	got = err.code == ERR_NONE ? out.text : str_of(err.what);
	if (raw_get(c, kind) && str_eq(raw_str(c, kind), got))
		runner_passed(r, g);
	else
		fail(r, g, c, kind, got);
	arena_release(&a);
}

void run_templates(struct runner *r)
{
	struct setting s = {.pod = NULL};
	struct str rest;
	struct group *g;

	arena_init(&s.a, 0);
	rest = read_file(&s.a, arena_printf(&s.a, "%s/templates/cases.jsonl", r->root));
	g = rest.p ? runner_group(r, "templates") : NULL;
	if (g && prepare(&s, read_file(&s.a, arena_printf(&s.a, "%s/templates/data.json", r->root))) < 0) {
		(void)runner_failed(r, g, "data.json", "cannot be read");
		rest.p = NULL;
	}
	while (g && rest.p) {
		const struct str line = str_cut(&rest, '\n');
		struct err err = {0};
		const struct value *c = line.len ? json_parse(&s.a, line.p, line.len, JSON_GO_UTF8 | JSON_ALLOW_NUL, &err) : NULL;
		char id[64];

		(void)snprintf(id, sizeof(id), "%.*s", (int)raw_str(c, "id").len, c ? raw_str(c, "id").p : "");
		if (c && runner_wants(r, g->name, id))
			run_template_case(r, g, &s, c);
	}
	arena_release(&s.a);
}
