/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer says beside the patch. */
#include "webhook/admission/describe.h"

#include <string.h>

#include "patches/pod/names.h"
#include "patches/pod/overrides.h"
#include "webhook/admission/result_check.h"

enum { OVERRIDES_MAX = 2048, DIGESTS_MAX = 4096, RULE_MAX = 64 };

/* --- for the audit log --- */

/* The rule that decided, and which entry where it is a list of selectors. */
static struct str deciding_rule(struct arena *a, const struct decide_trace *t)
{
	for (size_t i = 0; i < t->len; i++) {
		const char *code = decide_step_code(t->row[i].step);
		struct text out;

		if (t->row[i].reason == REASON_NONE)
			continue;
		if (!t->row[i].entry)
			return str_of(code);
		text_init(&out, a, RULE_MAX);
		text_addf(&out, "%s %zu", code, t->row[i].entry);
		return (struct str){out.data, out.len};
	}
	return STR("");
}

static void add_digest(struct text *t, const struct named_template *template)
{
	if (!template)
		return;
	text_adds(t, t->len ? ",sha256:" : "sha256:");
	text_adds(t, template->digest);
}

/* Of the templates in the order in which they were used. */
static struct str template_digests(const struct inject_config *c, struct arena *a, struct str names)
{
	struct text t;

	text_init(&t, a, DIGESTS_MAX);
	if (c->release != RELEASE_HEAD && c->n_templates)
		add_digest(&t, &c->templates[0]);
	while (c->release == RELEASE_HEAD && names.len)
		add_digest(&t, inject_config_template(c, str_cut(&names, ',')));
	return (struct str){t.data, t.len};
}

static void add_override(struct text *t, const char *what, struct str name)
{
	text_adds(t, t->len ? ", " : "");
	text_adds(t, what);
	text_add_shown(t, name.p, name.len);
}

bool annotation_steers(struct str key)
{
	static const char *const written[] = {ANNOTATION_STATUS, ANNOTATION_OVERRIDES, "istio.io/rev"};

	if (str_find(key, STR("istio.io/")) == SIZE_MAX)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(written); i++)
		if (str_is(key, written[i]))
			return false;
	return true;
}

static void add_containers(struct text *t, const struct value *list)
{
	for (size_t i = 0; list && list->kind == K_LIST && i < list->u.list.len; i++)
		add_override(t, "container ", raw_str(list->u.list.item[i], "name"));
}

/* What of the templates and the mesh configuration the pod had its own word on; texts that do not fit are left out. */
static int overrides_used(struct arena *a, const struct inject_result *result, struct str *ret, struct err *err)
{
	const struct value *annotations = raw_path(result->asked_pod, "metadata", "annotations", NULL);
	const struct map *m = annotations && annotations->kind == K_MAP ? annotations->u.map : NULL;
	struct injection_record record = {.injected = false};
	struct text t;

	text_init(&t, a, OVERRIDES_MAX);
	if (raw_path(result->pod, "metadata", "annotations", ANNOTATION_OVERRIDES, NULL) &&
		injection_record_read(a, result->pod, &record, err) < 0)
		return -1;
	add_containers(&t, record.containers);
	add_containers(&t, record.init_containers);
	for (uint32_t i = 0; m && i < m->len; i++)
		if (annotation_steers(m->entry[i].key))
			add_override(&t, "annotation ", m->entry[i].key);
	if (t.failed && !t.full)
		return err_nomem(err);
	*ret = (struct str){t.data, t.len};
	return 0;
}

static int describe_injection(const struct admission_policy *p, struct arena *a, const struct inject_result *result,
	struct admission_answer *answer, struct err *err)
{
	struct str overrides;

	answer_annotate(answer, "revision", p->config->revision.len ? p->config->revision : STR("default"));
	answer_annotate(answer, "templates", result->templates);
	answer_annotate(answer, "templates-digest", template_digests(p->config, a, result->templates));
	if (overrides_used(a, result, &overrides, err) < 0)
		return -1;
	answer_annotate(answer, "overrides", overrides);
	if (p->config->token_asked.use != TOKEN_USE_NONE)
		answer_annotate(answer, "token-mode", str_of(token_mode_name(p->config->token.mode)));
	return 0;
}

int describe_decision(const struct admission_policy *p, struct arena *a, const struct admission_outcome *o,
	const struct decide_trace *trace, struct admission_answer *answer, struct err *err)
{
	const struct reason_row *why = reason_row(o->reason);
	struct str guard;

	answer_annotate(answer, "decision", str_of(reason_result_name(why->result)));
	answer_annotate(answer, "reason", str_of(why->code));
	if (why->result == RESULT_SKIPPED)
		answer_annotate(answer, "reason-detail", str_of(o->mistake ? o->mistake : why->text));
	if (o->request.reason != REASON_NONE)
		return 0;
	answer_annotate(answer, "rule", deciding_rule(a, trace));
	if (o->result.injected && describe_injection(p, a, &o->result, answer, err) < 0)
		return -1;
	answer_annotate(answer, "configuration", str_of(p->config->digest));
	guard = guard_summary(a, &o->guard);
	if (!guard.p)
		return err_nomem(err);
	answer_annotate(answer, "guard", guard);
	return 0;
}

/* --- for people --- */

static int warn_of_guard(
	struct arena *a, const struct guard_verdict *v, struct admission_answer *answer, struct err *err)
{
	for (size_t i = 0; i < v->n_hits; i++) {
		const struct guard_rule *rule = v->hit[i].rule;
		const char *text;

		if (v->hit[i].exception || (rule->action != GUARD_WARN && rule->action != GUARD_STRIP))
			continue;
		text = arena_printf(a, "guard %.*s: %.*s", (int)rule->name.len, rule->name.p, (int)rule->message.len,
			rule->message.len ? rule->message.p : "");
		if (!text)
			return err_nomem(err);
		answer_warn(answer, text);
	}
	return 0;
}

static int warn_of_result(const struct admission_policy *p, struct arena *a, const struct admission_outcome *o,
	struct admission_answer *answer, struct err *err)
{
	const struct str namespace = admission_namespace(o->request.namespace, o->request.object);
	const struct namespace_facts *facts = admission_facts(p, namespace);
	struct result_warnings w;

	if (!o->result.injected)
		return 0;
	if (result_check(p->config, a, &o->result, facts, namespace, &w, err) < 0)
		return -1;
	for (size_t i = 0; i < w.len; i++)
		answer_warn(answer, w.text[i]);
	return 0;
}

int describe_warnings(const struct admission_policy *p, struct arena *a, const struct admission_outcome *o,
	struct admission_answer *answer, struct err *err)
{
	if (warn_of_guard(a, &o->guard, answer, err) < 0)
		return -1;
	if (o->mistake)
		answer_warn(answer, o->mistake);
	if (warn_of_result(p, a, o, answer, err) < 0)
		return -1;
	for (size_t i = 0; i < o->result.n_warnings; i++)
		answer_warn(answer, o->result.warning[i]);
	return 0;
}
