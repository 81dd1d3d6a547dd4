/* SPDX-License-Identifier: Apache-2.0 */
/* Asks our mesh and validation code what an oracle was asked, line by line, and prints what differs. See mesh/README.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "patches/mesh/defaults.h"
#include "patches/mesh/duration.h"
#include "patches/mesh/proto.h"
#include "patches/pod/validate.h"
#include "patches/value/json.h"

enum { MAX_LINE = 8 << 20, MAX_RESOURCES = 8, MAX_SHOWN = 20 };

/* One question: the line, where the answer goes. */
struct question {
	struct arena *a;
	const struct value *line;
	enum release release;
	struct text *out;
	struct err *err;
};

static enum release release_of(struct str s)
{
	static const char *const names[] = {"1.5", "1.6", "1.7", "1.8"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(s, names[i]))
			return (enum release)i;
	return RELEASE_HEAD;
}

static const struct value *mesh_of(struct question *q)
{
	return mesh_parse(q->a, raw_str(q->line, "mesh"), q->release, NULL, q->err);
}

static int ask_mesh(struct question *q)
{
	const struct value *mesh = mesh_of(q);

	if (mesh)
		proto_write(q->a, q->out, mesh, mesh_config_type(q->release));
	return mesh ? 0 : -1;
}

static int ask_apply(struct question *q)
{
	const struct value *mesh = mesh_of(q);

	if (mesh)
		mesh = mesh_apply_proxy_config(q->a, mesh, q->release, raw_str(q->line, "annotation"), q->err);
	if (mesh)
		proto_write(q->a, q->out, raw_get(mesh, "defaultConfig"), proxy_config_type(q->release));
	return mesh ? 0 : -1;
}

static size_t read_resources(const struct value *list, struct proxy_config_resource *out)
{
	size_t n = 0;

	for (; list && n < list->u.list.len && n < MAX_RESOURCES; n++) {
		const struct value *item = list->u.list.item[n];

		out[n] = (struct proxy_config_resource){
			.name = raw_str(item, "name"), .namespace = raw_str(item, "namespace"), .spec = raw_get(item, "spec"),
		};
		if (!raw_get(item, "created") || !raw_int(raw_get(item, "created"), &out[n].created))
			out[n].created = 0;
	}
	return n;
}

/* full: uncleaned. */
static int effective(struct question *q, bool full)
{
	struct proxy_config_resource resources[MAX_RESOURCES];
	const size_t n = read_resources(raw_get(q->line, "resources"), resources);
	const struct value *mesh = mesh_of(q), *labels = raw_get(q->line, "labels"), *config;

	config = mesh ? proxy_config_effective(q->a, mesh, q->release, raw_str(q->line, "annotation"),
				raw_str(q->line, "namespace"), labels ? labels->u.map : NULL, resources, n, q->err) : NULL;
	if (!config)
		return -1;
	if (!full)
		return proto_to_json(q->a, q->out, config, q->release, q->err);
	proto_write(q->a, q->out, config, proxy_config_type(q->release));
	return 0;
}

static int ask_effective(struct question *q)
{
	return effective(q, true);
}

static int ask_proxy_config(struct question *q)
{
	return effective(q, false);
}

static int ask_validate(struct question *q)
{
	const struct value *annotations = raw_get(q->line, "annotations");

	text_adds(q->out, "ok");
	return validate_annotations(q->a, annotations ? annotations->u.map : NULL, q->release, q->err);
}

static int ask_duration(struct question *q)
{
	const char *problem;
	int64_t ns;

	problem = duration_parse(q->a, raw_str(q->line, "text"), &ns);
	if (problem)
		return err_set(q->err, ERR_INPUT, "%s", problem);
	duration_add_proto(q->out, ns);
	text_addc(q->out, ' ');
	duration_add_go(q->out, ns);
	return 0;
}

static const struct {
	const char *name;
	int (*ask)(struct question *q);
} asked[] = {
	{"mesh", ask_mesh}, {"apply", ask_apply}, {"effective", ask_effective}, {"proxyConfig", ask_proxy_config},
	{"validate", ask_validate}, {"duration", ask_duration},
};

static int ask(struct question *q)
{
	const struct str op = raw_str(q->line, "op");

	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		if (str_is(op, asked[i].name))
			return asked[i].ask(q);
	return err_set(q->err, ERR_BUG, "unknown op");
}

/* JSON by value, so that the recorded answers' order of keys is noise; texts that are no JSON as they are. */
static bool same(struct arena *a, struct str got, struct str want, bool exact)
{
	const struct value *left, *right;

	if (str_eq(got, want))
		return true;
	if (exact)
		return false;
	left = json_parse(a, got.p, got.len, 0, NULL);
	right = json_parse(a, want.p, want.len, 0, NULL);
	return left && right && raw_equal(left, right);
}

/* An oracle's error must be one of ours; its text must be found in ours where the line says so. */
static bool same_error(const struct value *line, struct str want, const struct err *err)
{
	if (!raw_bool(line, "exactError"))
		return err->code == ERR_INPUT || err->code == ERR_CONFIG;
	const size_t len = strlen(err->what);

	/* struct err cuts */
	return want.len >= len && memcmp(want.p, err->what, len) == 0 && (len == want.len || len >= sizeof(err->what) - 1);
}

static bool check(struct arena *a, const struct value *line, unsigned long number, bool show)
{
	struct text out;
	struct err err = {0};
	struct question q = {a, line, release_of(raw_str(line, "release")), &out, &err};
	const struct str want = raw_str(line, "want"), error = raw_str(line, "error");
	bool good;
	int done;

	text_init(&out, a, MAX_LINE);
	done = ask(&q);
	const struct str got = {text_cstr(&out), out.len};

	good = done == 0 ? want.p && same(a, got, want, raw_bool(line, "exact")) : error.p && same_error(line, error, &err);
	if (!good && show)
		printf("line %lu:\n  want %.*s\n  got  %s%s%s\n", number, (int)(want.p ? want.len : error.len),
			want.p ? want.p : error.p ? error.p : "?", done == 0 ? got.p : "error ", done == 0 ? "" : err.what,
			done == 0 ? "" : err.where);
	return good;
}

int main(int argc, char **argv)
{
	FILE *in = argc > 1 ? fopen(argv[1], "r") : stdin;
	unsigned long number = 0, bad = 0;
	struct arena a;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	if (!in) {
		perror(argv[1]);
		return EXIT_FAILURE;
	}
	arena_init(&a, 0);
	while ((len = getline(&line, &room, in)) > 0) {
		struct err err = {0};
		const struct value *v = json_parse(&a, line, (size_t)len, JSON_ALLOW_NUL, &err);

		number++;
		if (!v || !check(&a, v, number, bad < MAX_SHOWN))
			bad++;
		if (!v)
			printf("line %lu: %s\n", number, err.what);
		arena_clear(&a);
	}
	arena_release(&a);
	free(line);
	(void)fclose(in);
	printf("%lu of %lu lines differ\n", bad, number);
	return bad || !number ? EXIT_FAILURE : EXIT_SUCCESS;
}
