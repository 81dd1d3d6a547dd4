/* SPDX-License-Identifier: Apache-2.0 */
/* Each template read without a pod: names that are not there, values that are not there, and what an older injector
 * lacked. */
#include "patches/config/checking.h"

#include "patches/pod/list_rules.h"
#include "patches/schema/schema.h"
#include "patches/template/analyse.h"

struct reading {
	struct checking *c;
	const struct source *source;
};

/* Template data and functions that came or went between 1.9 and 1.32, by minor release. Source: Istio's
 * pkg/kube/inject/template.go. */
static const struct {
	const char *name;
	bool function;
	int since, until; /* 0: always, still */
} facts[] = {
	{"EstimatedConcurrency", false, 11, 17},
	{"ProxyImage", false, 13, 0},
	{"CompliancePolicy", false, 19, 0},
	{"ProxyUID", false, 20, 0},
	{"ProxyGID", false, 20, 0},
	{"InboundTrafficPolicyMode", false, 22, 0},
	{"NativeSidecars", false, 27, 0},
	{"ProxyInitImage", false, 31, 0},
	{"render", true, 0, 13},
	{"excludeInterfaces", true, 15, 0},
	{"strdict", true, 18, 0},
	{"toJsonMap", true, 18, 0},
	{"mergeMaps", true, 21, 0},
	{"omitNil", true, 28, 0},
	{"otelResourceAttributes", true, 30, 0},
};

static void tell_release(struct reading *r, size_t i, uint32_t line, uint32_t column)
{
	const struct place place = source_place(r->source, r->c->a, line, column);
	const int minor = r->c->minor;

	if (minor < 9)
		return;
	if (facts[i].since > minor)
		findings_add(r->c->f, FINDING_INFO, &place, "nothing to do unless that release's injector runs it too",
			"'%s' came with Istio 1.%d: the injector of 1.%d fails on it", facts[i].name, facts[i].since,
			minor);
	else if (facts[i].until && facts[i].until < minor)
		findings_add(r->c->f, FINDING_INFO, &place, "nothing to do unless that release's injector runs it too",
			"'%s' went with Istio 1.%d: the injector of 1.%d fails on it", facts[i].name,
			facts[i].until + 1, minor);
}

static bool on_cares(void *context, struct str name, bool is_function)
{
	const struct reading *r = context;

	for (size_t i = 0; i < ARRAY_LEN(facts) && r->c->release == RELEASE_HEAD; i++)
		if (facts[i].function == is_function && str_is(name, facts[i].name))
			return true;
	return false;
}

static void on_use(void *context, struct str name, bool is_function, uint32_t line, uint32_t column)
{
	struct reading *r = context;

	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		if (facts[i].function == is_function && str_is(name, facts[i].name))
			tell_release(r, i, line, column);
}

static void on_problem(void *context, const struct template_problem *p)
{
	struct reading *r = context;
	const struct place place = source_place(r->source, r->c->a, p->line, p->column);

	findings_add(r->c->f, p->fails ? FINDING_ERROR : FINDING_WARNING, &place, p->remedy, "%s", p->what);
}

static int read_template(
	struct checking *c, struct str name, const struct yaml_node *text, const struct value *values, struct err *err)
{
	static const enum template_dialect dialect[] = {
		[RELEASE_1_5] = TEMPLATE_V1_5,
		[RELEASE_1_6] = TEMPLATE_V1_5,
		[RELEASE_1_7] = TEMPLATE_V1_5,
		[RELEASE_1_8] = TEMPLATE_V1_8,
		[RELEASE_HEAD] = TEMPLATE_HEAD,
	};
	struct source source;
	struct reading r = {c, &source};
	const struct template_reader reader = {&r, on_problem, on_cares, on_use};
	struct template_question q = {.dialect = dialect[c->release], .values = values};
	const struct place place = source_node_place(&c->config, c->a, text);

	if (!check_template_source(c, text, name, &source)) {
		findings_add(c->f, FINDING_ERROR, &place, "write it as a block of text (|)",
			"template '%.*s' must be text", check_shown(name), name.p ? name.p : "");
		return 0;
	}
	q.text = source.text;
	if (c->release != RELEASE_HEAD)
		q.dot = list_rules(c->release)->data;
	else if (!check_is_gateway_template(c, name, source.text))
		q.dot = &go_ptr_template_data;
	return template_analyse(c->a, &q, &reader, err);
}

int check_templates(struct checking *c, struct err *err)
{
	const struct yaml_node *templates = check_templates_node(c);
	const struct value *values = c->values.value ? value_from_raw(c->a, c->values.value) : NULL;

	if (c->values.value && !values)
		return err_nomem(err);
	if (c->release != RELEASE_HEAD)
		return read_template(
			c, (struct str){NULL, 0}, node_get(c->config.document.root, "template", NULL), values, err);
	for (const struct yaml_node *k = templates ? templates->child : NULL; k && k->next; k = k->next->next)
		if (k->kind == YAML_NODE_SCALAR && read_template(c, k->text, k->next, values, err) < 0)
			return -1;
	return 0;
}
