/* SPDX-License-Identifier: Apache-2.0 */
/* What the webhook does with one pod, as a numbered chain, read from what deciding and injecting left behind. */
#include "webhook/cli/explanation.h"

#include <string.h>

#include "patches/pod/token.h"
#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/pod/overrides.h"

enum { SHOWN_MAX = 256, LIST_MAX = 4096, STABLE_MINOR = 33 };

struct explainer {
	const struct inject_config *c;
	struct arena *a;
	const struct value *pod;
	struct explanation *x;
	bool failed;
};

static int shown(struct str s)
{
	return (int)(s.len < SHOWN_MAX ? s.len : SHOWN_MAX);
}

static void add_row(struct explainer *e, const char *step, const char *outcome, const char *detail)
{
	if (!detail || e->x->len == EXPLAIN_ROWS_MAX)
		e->failed = true;
	else
		e->x->row[e->x->len++] = (struct explain_row){step, outcome, detail};
}

/* --- the decision ------------------------------------------------------------------------------------------------- */

static const char *wish(struct arena *a, const struct decide_row *r)
{
	const char *what = r->step == STEP_LABEL ? "label" : "annotation";

	if (!r->value.p)
		return r->overruled ? "no annotation sidecar.istio.io/inject" : arena_printf(a, "no %s sidecar.istio.io/inject", what);
	return arena_printf(a, "%s sidecar.istio.io/inject is '%.*s'%s", what, shown(r->value), r->value.p,
		r->overruled ? ", which does not count beside the label" : r->reason == REASON_NONE ? ", which does not count" : "");
}

static const char *selected(struct arena *a, const struct decide_row *r)
{
	const char *list = r->step == STEP_NEVER_SELECTOR ? "neverInjectSelector" : "alwaysInjectSelector";

	if (r->entry)
		return arena_printf(a, "entry %zu of %zu in %s matches the labels", r->entry, r->entries, list);
	return r->entries ? arena_printf(a, "none of %zu entries in %s matches", r->entries, list) : arena_printf(a, "%s is empty", list);
}

static const char *found(struct arena *a, const struct decide_row *r)
{
	switch (r->step) {
	case STEP_LABEL:
	case STEP_ANNOTATION:
		return wish(a, r);
	case STEP_NEVER_SELECTOR:
	case STEP_ALWAYS_SELECTOR:
		return selected(a, r);
	case STEP_NAMESPACE:
		if (!r->value.len)
			return "no namespace is named";
		return arena_printf(a, "'%.*s' is %s namespace", shown(r->value), r->value.p, r->reason ? "a system" : "no system");
	case STEP_POLICY:
		return arena_printf(a, "policy is '%.*s'", shown(r->value), r->value.p);
	case STEP_HOST_NETWORK:
		return r->reason ? "hostNetwork is true" : "the pod has a network of its own";
	default:
		return reason_row(r->reason)->text;
	}
}

static void add_decision(struct explainer *e, const struct decide_trace *t)
{
	for (size_t i = 0; i < t->len; i++) {
		const struct decide_row *r = &t->row[i];

		if (!r->asked)
			add_row(e, decide_step_code(r->step), "not-asked", "an earlier rule decided");
		else
			add_row(e, decide_step_code(r->step), r->reason ? "decides" : "passes", found(e->a, r));
	}
}

/* --- what the injection went by ------------------------------------------------------------------------------------ */

static void add_release(struct explainer *e)
{
	static const char *const rules[] = {"1.5", "1.6", "1.7", "1.8", "1.9 and later"};
	static const char *const told[] = {
		[TOLD_BY_OPTION] = "--istio-version", [TOLD_BY_TEMPLATES] = "the key 'templates'",
		[TOLD_BY_TAG] = "values.global.tag", [TOLD_BY_MARKER] = "the template's words",
		[TOLD_BY_NOTHING] = "nothing in the template, so the oldest is assumed; --istio-version says otherwise",
	};
	const struct release_evidence *by = &e->c->release_told;

	add_row(e, "release", NULL, arena_printf(e->a, "rules of Istio %s, told by %s%s%.*s%s", rules[e->c->release], told[by->by],
		!by->text.len ? "" : by->by == TOLD_BY_TEMPLATES ? ", values.global.tag '" : " '", shown(by->text), by->text.p ? by->text.p : "", by->text.len ? "'" : ""));
}

static void add_configuration(struct explainer *e)
{
	add_row(e, "revision", NULL, arena_printf(e->a, "'%.*s'", shown(e->c->revision), e->c->revision.p));
	add_release(e);
	add_row(e, "configuration", NULL, arena_printf(e->a, "sha256 %s", e->c->digest));
}

static void add_templates(struct explainer *e)
{
	const struct inject_result *r = &e->x->result;
	const bool alias = !str_eq(r->asked, r->templates);

	if (e->c->release != RELEASE_HEAD) {
		add_row(e, "templates", NULL, "the configuration's one template");
		return;
	}
	add_row(e, "templates", NULL, arena_printf(e->a, "%.*s (%s%s%.*s%s)", (int)r->templates.len, r->templates.len ? r->templates.p : "",
		r->asked_by_pod ? "by annotation " ANNOTATION_TEMPLATES : "the default",
		alias ? ", aliases resolved from '" : "", alias ? (int)r->asked.len : 0, r->asked.len ? r->asked.p : "", alias ? "'" : ""));
}

static void add_name(struct text *t, struct str name)
{
	text_adds(t, t->len ? ", " : "");
	text_add(t, name.p, (size_t)shown(name));
}

static void add_names(struct text *t, const struct value *list)
{
	for (size_t i = 0; list && list->kind == K_LIST && i < list->u.list.len; i++)
		add_name(t, raw_str(list->u.list.item[i], "name"));
}

/* Injection records in an annotation which of the pod's own containers it applied over the template's. */
static void add_overrides(struct explainer *e)
{
	struct injection_record record;
	struct err ignored = {0};
	struct text t;

	text_init(&t, e->a, LIST_MAX);
	if (injection_record_read(e->a, e->x->result.pod, &record, &ignored) == 0) {
		add_names(&t, record.containers);
		add_names(&t, record.init_containers);
	}
	add_row(e, "overrides", NULL, t.len ? arena_printf(e->a, "the pod's own %s wins over the template's", text_cstr(&t))
		: "the pod brings no container of the template's");
}

static void add_native(struct explainer *e)
{
	static const char *const mode[] = {[NATIVE_AUTO] = "auto", [NATIVE_TRUE] = "true", [NATIVE_FALSE] = "false"};
	const struct str asked = raw_str(raw_path(e->pod, "metadata", "annotations", NULL), ANNOTATION_NATIVE);
	const bool native = raw_container(e->x->result.pod, "initContainers", CONTAINER_PROXY);
	size_t old = 0;
	struct text t;

	text_init(&t, e->a, LIST_MAX);
	for (size_t i = 0; i < e->c->n_nodes; i++)
		old += e->c->nodes[i].minor < STABLE_MINOR;
	text_addf(&t, "istio-proxy %s a native sidecar: mode %s", native ? "is" : "is not", mode[e->c->native]);
	if (e->c->native == NATIVE_AUTO && e->c->nodes_known)
		text_addf(&t, ", %zu of %zu nodes before 1.%d", old, e->c->n_nodes, STABLE_MINOR);
	else if (e->c->native == NATIVE_AUTO)
		text_adds(&t, ", no nodes known (--cluster-objects)");
	if (asked.p)
		text_addf(&t, ", annotation '%.*s'", shown(asked), asked.p);
	text_addf(&t, "; templates see %s", e->x->result.native ? "true" : "false");
	add_row(e, "native-sidecars", NULL, text_cstr(&t));
}

/* Templates from 1.22 on know third-party tokens only, whatever the values say: the pod shows what came of it. */
static void add_token_mode(struct explainer *e)
{
	const struct token_question *asked = &e->c->token_asked;
	const struct str policy = asked->values;
	const bool third = pod_has_projected_token(e->x->result.pod);

	add_row(e, "token", NULL, arena_printf(e->a, "%s; values.global.jwtPolicy %s%.*s%s, --token-policy is '%s', %s%s",
		third ? "third-party: the pod gets a projected token (volume istio-token)" : "no projected token: first-party, if any",
		policy.len ? "is '" : "is not set", shown(policy), policy.len ? policy.p : "", policy.len ? "'" : "",
		token_policy_name(asked->policy), token_discovery_text(asked->discovery), e->c->token.fell_back ? ": fell back" : ""));
}

static void add_resource(struct text *t, const char *which, const struct proxy_config_resource *r)
{
	if (r)
		text_addf(t, ", %s ProxyConfig %.*s/%.*s", which, shown(r->namespace), r->namespace.len ? r->namespace.p : "", shown(r->name),
			r->name.len ? r->name.p : "");
}

static void add_proxy_config(struct explainer *e)
{
	const struct value *metadata = raw_get(e->pod, "metadata"), *labels = raw_get(metadata, "labels");
	const bool annotated = raw_str(raw_get(metadata, "annotations"), ANNOTATION_PROXY_CONFIG).p;
	struct proxy_config_layers layers = {NULL, NULL, NULL};
	struct text t;

	text_init(&t, e->a, LIST_MAX);
	if (e->c->release == RELEASE_HEAD)
		proxy_config_layers(e->c->mesh, e->x->namespace, labels && labels->kind == K_MAP ? labels->u.map : NULL, e->c->proxy_configs,
			e->c->n_proxy_configs, &layers);
	text_adds(&t, "the mesh's defaultConfig");
	add_resource(&t, "the root namespace's", layers.root);
	add_resource(&t, "the namespace's", layers.namespace);
	if (annotated)
		text_adds(&t, ", annotation " ANNOTATION_PROXY_CONFIG);
	add_resource(&t, "the workload's", layers.workload);
	if (annotated || layers.root || layers.namespace || layers.workload)
		text_adds(&t, " (later wins)");
	add_row(e, "proxy-config", NULL, text_cstr(&t));
}

/* --- what came of it -------------------------------------------------------------------------------------------------- */

static bool has_name(const struct value *list, struct str name)
{
	for (size_t i = 0; list && list->kind == K_LIST && i < list->u.list.len; i++)
		if (str_eq(raw_str(list->u.list.item[i], "name"), name))
			return true;
	return false;
}

static const char *const lists[][2] = {
	{"containers", "containers-added"}, {"initContainers", "init-containers-added"}, {"volumes", "volumes-added"},
};

static void add_added(struct explainer *e)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		const struct value *before = raw_path(e->pod, "spec", lists[i][0], NULL);
		const struct value *after = raw_path(e->x->result.pod, "spec", lists[i][0], NULL);
		struct text t;

		text_init(&t, e->a, LIST_MAX);
		for (size_t j = 0; after && after->kind == K_LIST && j < after->u.list.len; j++)
			if (!has_name(before, raw_str(after->u.list.item[j], "name")))
				add_name(&t, raw_str(after->u.list.item[j], "name"));
		add_row(e, lists[i][1], NULL, t.len ? text_cstr(&t) : "none");
	}
}

static void add_result(struct explainer *e)
{
	const struct inject_result *r = &e->x->result;
	const struct reason_row *why = reason_row(r->reason);
	const struct err *refusal = &e->x->refusal;

	if (refusal->code == ERR_NONE) {
		add_row(e, "result", NULL, !r->injected ? arena_printf(e->a, "left alone: %s", why->text)
			: str_is(r->patch, "[]") ? "injected: nothing changes, the pod is as injection would make it" : "injected");
		return;
	}
	add_row(e, "result", NULL, arena_printf(e->a, "refused: %s%s%s", refusal->where, refusal->where[0] ? ": " : "", refusal->what));
}

/* --- the guard --- */

static void add_hit(struct explainer *e, const struct guard_hit *hit)
{
	const struct guard_rule *rule = hit->rule;
	const char *found = guard_ask_text(e->a, hit->ask);

	if (!found)
		e->failed = true;
	else if (hit->exception)
		add_row(e, "guard", "excepted", arena_printf(e->a, "rule '%.*s', exception '%.*s': %s", shown(rule->name), rule->name.p,
			shown(hit->exception->name), hit->exception->name.p, found));
	else
		add_row(e, "guard", guard_action_name(rule->action), arena_printf(e->a, "rule '%.*s': %s", shown(rule->name), rule->name.p, found));
}

static void add_guard(struct explainer *e, const struct guard *g)
{
	const struct guard_verdict *v = &e->x->guard;

	for (size_t i = 0; i < v->n_hits && i < EXPLAIN_GUARD_MAX; i++)
		add_hit(e, &v->hit[i]);
	if (v->n_hits > EXPLAIN_GUARD_MAX)
		add_row(e, "guard", NULL, arena_printf(e->a, "and %zu rules more", v->n_hits - EXPLAIN_GUARD_MAX));
	if (v->n_unknown)
		add_row(e, "guard", NULL, arena_printf(e->a, "%zu rules not judged: the namespace's labels are unknown (--cluster-objects)", v->n_unknown));
	if (!v->n_hits && !v->n_unknown)
		add_row(e, "guard", NULL, arena_printf(e->a, "none of %zu rules fits", g->n_rules));
}

int explain_pod(const struct admission_policy *p, struct arena *a, const struct value *pod, struct explanation *x, struct err *err)
{
	struct explainer e = {.c = p->config, .a = a, .pod = pod, .x = x};
	struct decide_trace trace = {.len = 0};
	const struct inject_request request = {.pod = pod, .namespace = x->namespace, .trace = &trace};

	x->len = 0;
	if (guarded_inject(p, a, &request, NULL, &x->result, &x->guard, &x->refusal) < 0 && x->refusal.code == ERR_NOMEM)
		return err_nomem(err);
	add_decision(&e, &trace);
	add_configuration(&e);
	if (x->result.injected) {
		add_templates(&e);
		add_overrides(&e);
		add_native(&e);
		add_token_mode(&e);
		add_proxy_config(&e);
		add_added(&e);
	}
	add_guard(&e, p->guard);
	add_result(&e);
	return e.failed ? err_nomem(err) : 0;
}
