/* SPDX-License-Identifier: Apache-2.0 */
/* outrigger explain: rule by rule what the webhook does with a pod, and why. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "patches/value/json.h"
#include "webhook/cli/command.h"
#include "webhook/cli/configure.h"
#include "webhook/cli/explanation.h"
#include "webhook/cli/input.h"
#include "webhook/cli/offline.h"

struct narrator {
	const struct admission_policy *policy;
	struct arena *a;
	struct str namespace;
	bool json;
	size_t n; /* pods explained */
	struct text out;
};

static int explain_one(struct narrator *n, const struct value *pod, struct explanation *x, struct err *err)
{
	const struct value *v;

	if (explain_pod(n->policy, n->a, pod, x, err) < 0)
		return -1;
	if (!n->json) {
		text_adds(&n->out, n->n++ ? "\n" : "");
		explanation_print(&n->out, x);
		return 0;
	}
	v = explanation_value(n->a, x);
	if (!v)
		return err_nomem(err);
	text_adds(&n->out, n->n++ ? ",\n" : "[\n");
	json_write(&n->out, v, JSON_INDENT);
	return 0;
}

/* --- a file ------------------------------------------------------------------------------------------------------ */

static int explain_workload(struct narrator *n, const struct document *d, const struct value *object, struct err *err)
{
	const struct value *metadata = raw_get(object, "metadata"), *pod;
	struct explanation x = {.kind = raw_str(object, "kind"), .namespace = raw_str(metadata, "namespace"),
		.name = raw_str(metadata, "name"), .source = arena_printf(n->a, "%s:%zu", d->file, d->line)};

	if (offline_pod(n->a, object, &pod, err) < 0 || (pod && !x.source && err_nomem(err) < 0))
		return err_wrap(err, "%.*s %.*s", (int)(x.kind.len < 64 ? x.kind.len : 64), x.kind.len ? x.kind.p : "",
			(int)(x.name.len < 256 ? x.name.len : 256), x.name.len ? x.name.p : "");
	if (!x.namespace.len)
		x.namespace = n->namespace;
	if (!x.name.len)
		x.name = raw_str(metadata, "generateName");
	return pod ? explain_one(n, pod, &x, err) : 0;
}

static int explain_object(struct narrator *n, const struct document *d, const struct value *object, unsigned depth, struct err *err)
{
	const struct list *items = offline_items(object);

	if (!items)
		return explain_workload(n, d, object, err);
	if (depth == OFFLINE_LIST_DEPTH)
		return err_set(err, ERR_LIMIT, "Lists within Lists more than %d deep", OFFLINE_LIST_DEPTH);
	for (size_t i = 0; i < items->len; i++)
		if (explain_object(n, d, items->item[i], depth + 1, err) < 0)
			return -1;
	return 0;
}

static int visit(void *context, const struct document *d, struct err *err)
{
	return explain_object(context, d, d->object, 0, err);
}

static int explain_files(struct narrator *n, struct inject_config *c, const struct option_list *files, struct err *err)
{
	struct manifests input;

	if (manifests_read_all(n->a, files, &input, err) < 0 || offline_proxy_configs(c, &input, n->namespace, err) < 0)
		return -1;
	for (size_t i = 0; i < input.len; i++)
		if (manifests_each(n->a, &input.item[i], visit, n, err) < 0)
			return -1;
	return n->n ? 0 : err_set(err, ERR_INPUT, "%s: holds no Pod and no workload", input.item[0].name);
}

/* --- labels alone --------------------------------------------------------------------------------------------------- */

static int read_labels(struct arena *a, const char *text, struct map *labels, struct err *err)
{
	struct str rest = str_of(text);

	while (rest.p) {
		struct str value = str_cut(&rest, ',');
		const struct str key = str_cut(&value, '=');
		const struct value *v = value_str(a, value.p ? value : STR(""));

		if (!key.len || !value.p)
			return err_set(err, ERR_CONFIG, "--labels must be KEY=VALUE,..., got '%.64s'", text);
		if (!v || map_set(a, labels, key, v) < 0)
			return err_nomem(err);
	}
	return 0;
}

/* The least pod that has these labels; the labels' own texts are escaped by nobody, so they are put into the tree, not the text. */
static int explain_labels(struct narrator *n, const char *text, struct err *err)
{
	static const char least[] = "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{},\"spec\":{\"containers\":[{\"name\":\"app\",\"image\":\"app\"}]}}";
	const struct value *pod = json_parse(n->a, least, sizeof(least) - 1, JSON_FROM_POD, err), *v;
	struct map *labels = map_new(n->a, 8), *metadata = map_new(n->a, 2), *m = pod ? map_clone(n->a, pod->u.map, 1) : NULL;
	struct explanation x = {.kind = STR("Pod"), .namespace = n->namespace, .name = STR("(any)"), .source = "--labels"};

	if (!labels || !metadata || !m)
		return err_nomem(err);
	if (read_labels(n->a, text, labels, err) < 0)
		return -1;
	v = value_map(n->a, labels);
	if (!v || map_setc(n->a, metadata, "labels", v) < 0)
		return err_nomem(err);
	v = value_map(n->a, metadata);
	if (!v || map_setc(n->a, m, "metadata", v) < 0)
		return err_nomem(err);
	pod = value_map(n->a, m);
	return pod ? explain_one(n, pod, &x, err) : err_nomem(err);
}

/* --- the command ------------------------------------------------------------------------------------------------------- */

static int explain_all(const struct admission_policy *p, struct inject_config *c, const struct options *o, struct arena *a, struct err *err)
{
	struct narrator n = {.policy = p, .a = a, .namespace = str_of(o->namespace), .json = strcmp(o->output, "json") == 0};

	text_init(&n.out, a, OFFLINE_OUTPUT_MAX);
	if ((o->files.len ? explain_files(&n, c, &o->files, err) : explain_labels(&n, o->labels, err)) < 0)
		return -1;
	text_adds(&n.out, n.json ? "\n]\n" : "");
	if (text_check(&n.out, "the output", err) < 0)
		return -1;
	if (fwrite(n.out.data, 1, n.out.len, stdout) != n.out.len)
		return err_set(err, ERR_IO, "cannot write to standard output");
	return 0;
}

static void print_warnings(const struct admission_policy *p)
{
	for (size_t i = 0; i < p->config->warnings.len; i++)
		(void)fprintf(stderr, "outrigger explain: warning: %s\n", p->config->warnings.text[i]);
	for (size_t i = 0; i < p->guard->n_warnings; i++)
		(void)fprintf(stderr, "outrigger explain: warning: %s\n", p->guard->warning[i]);
}

int cmd_explain(const struct options *o, struct err *err)
{
	own(inject_config_freep) struct inject_config *c = NULL;
	own(guard_unrefp) struct guard *g = NULL;
	struct admission_policy policy = {.now = (int64_t)time(NULL)};
	struct arena a;
	int status;

	if (!o->files.len == !o->labels)
		return err_set(err, ERR_CONFIG, "either -f FILE or --labels KEY=VALUE,... is needed; -f - reads standard input");
	if (o->files.len && files_needed(o, err) < 0)
		return -1;
	if (o->n_rest)
		return err_set(err, ERR_CONFIG, "takes no arguments, got '%.64s'; -f names the file", o->rest[0]);
	policy.config = c = configure(o, err);
	policy.guard = g = c ? configure_guard(o, c, policy.now, err) : NULL;
	if (!g)
		return -1;
	print_warnings(&policy);
	arena_init(&a, OFFLINE_ARENA_MAX);
	status = explain_all(&policy, c, o, &a, err);
	arena_release(&a);
	return status;
}
