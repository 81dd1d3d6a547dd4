/* SPDX-License-Identifier: Apache-2.0 */
/* One fixture of `outrigger guard test`. */
#include "webhook/cli/guard_fixture.h"

#include <string.h>

#include "webhook/admission/guard_load.h"

enum { WRONG_MAX = 1024 };

static const char *const fields[] = {"name", "namespace", "namespaceLabels", "user", "today", "pod", "expect"};
static const char *const expectations[] = {"action", "rules", "injected", "require"};

static int shown(struct str s)
{
	return (int)(s.len < 64 ? s.len : 64);
}

static int check_fields(const struct value *v, const char *what, const char *const *name, size_t len, struct err *err)
{
	if (!v || v->kind != K_MAP)
		return err_set(err, ERR_CONFIG, "%s must be a map", what);
	for (uint32_t i = 0; i < v->u.map->len; i++) {
		const struct str key = v->u.map->entry[i].key;
		size_t j = 0;

		while (j < len && !str_is(key, name[j]))
			j++;
		if (j == len)
			return err_set(err, ERR_CONFIG,
				"%s has no field '%.*s'; `outrigger help guard` and README.md say which there are",
				what, shown(key), key.p);
	}
	return 0;
}

static int read_action(struct str text, enum guard_action *ret, struct err *err)
{
	for (int i = GUARD_NONE; i < GUARD_ACTIONS; i++) {
		if (str_is(text, guard_action_name((enum guard_action)i))) {
			*ret = (enum guard_action)i;
			return 0;
		}
	}
	return err_set(err, ERR_CONFIG, "expect.action must be none, audit, warn, strip or deny, got '%.*s'",
		shown(text), text.p ? text.p : "");
}

static int read_expected(const struct value *v, struct guard_fixture *ret, struct err *err)
{
	const struct value *injected = raw_get(v, "injected");

	if (check_fields(v, "expect", expectations, ARRAY_LEN(expectations), err) < 0 ||
		read_action(raw_str(v, "action"), &ret->action, err) < 0)
		return -1;
	ret->rules = raw_get(v, "rules");
	if (ret->rules && ret->rules->kind != K_LIST)
		return err_set(err, ERR_CONFIG, "expect.rules must be a list of names");
	if (injected && injected->kind != K_BOOL)
		return err_set(err, ERR_CONFIG, "expect.injected must be true or false");
	ret->injected = injected ? injected->u.b : -1;
	ret->required = raw_str(v, "require");
	return 0;
}

static int read_labels(const struct value *v, struct guard_fixture *ret, struct err *err)
{
	const struct value *labels = raw_get(v, "namespaceLabels");

	if (labels && labels->kind != K_MAP)
		return err_set(err, ERR_CONFIG, "namespaceLabels must be a map");
	ret->labelled = labels;
	ret->facts.labels = labels ? labels->u.map : NULL;
	return 0;
}

static int read_today(const struct value *v, int64_t now, struct guard_fixture *ret, struct err *err)
{
	const struct str text = raw_str(v, "today");

	ret->now = now;
	if (raw_get(v, "today") && !guard_day(text.p ? text : STR(""), &ret->now))
		return err_set(err, ERR_CONFIG, "today must be a day in quotes, as \"2027-01-31\"");
	return 0;
}

int guard_fixture_read(const struct document *d, int64_t now, struct guard_fixture *ret, struct err *err)
{
	const struct value *v = d->object;

	*ret = (struct guard_fixture){.file = d->file, .line = d->line};
	if (check_fields(v, "a fixture", fields, ARRAY_LEN(fields), err) < 0)
		return -1;
	ret->name = raw_str(v, "name");
	ret->pod = raw_get(v, "pod");
	ret->user_info = raw_get(v, "user");
	if (!ret->name.len)
		return err_set(err, ERR_CONFIG, "a fixture needs a name");
	if (!ret->pod || ret->pod->kind != K_MAP)
		return err_set(err, ERR_CONFIG, "fixture '%.*s' needs a pod", shown(ret->name), ret->name.p);
	ret->facts.name = raw_str(v, "namespace");
	if (!ret->facts.name.len)
		ret->facts.name = raw_str(raw_get(ret->pod, "metadata"), "namespace");
	if (read_labels(v, ret, err) < 0 || read_today(v, now, ret, err) < 0 ||
		read_expected(raw_get(v, "expect"), ret, err) < 0)
		return err_wrap(err, "fixture '%.*s'", shown(ret->name), ret->name.p);
	return 0;
}

/* --- running --- */

static bool expects_rule(const struct value *rules, struct str name)
{
	for (size_t i = 0; i < rules->u.list.len; i++)
		if (rules->u.list.item[i]->kind == K_STRING && str_eq(rules->u.list.item[i]->u.s, name))
			return true;
	return false;
}

static bool same_rules(const struct value *rules, const struct guard_verdict *v)
{
	size_t fitted = 0;

	for (size_t i = 0; i < v->n_hits; i++) {
		if (v->hit[i].exception)
			continue;
		fitted++;
		if (!expects_rule(rules, v->hit[i].rule->name))
			return false;
	}
	return fitted == rules->u.list.len;
}

static void compare(const struct guard_fixture *f, struct arena *a, const struct guard_result *r, struct text *wrong)
{
	const struct guard_verdict *v = &r->verdict;
	const struct str summary = guard_summary(a, v);

	if (v->action != f->action)
		text_addf(wrong, "action is %s, not %s", guard_action_name(v->action), guard_action_name(f->action));
	if (f->rules && !same_rules(f->rules, v))
		text_addf(wrong, "%sother rules fit", wrong->len ? ", " : "");
	if (f->injected >= 0 && r->injected != f->injected)
		text_addf(wrong, "%sit is %sinjected", wrong->len ? ", " : "", r->injected ? "" : "not ");
	if (wrong->len)
		text_addf(wrong, " (%.*s)", (int)summary.len, summary.len ? summary.p : "");
}

static int run_require(const struct guard_fixture *f, const struct admission_policy *p, struct arena *a,
	struct text *wrong, struct err *err)
{
	const struct admission_request request = {
		.object = f->pod, .namespace = f->facts.name, .user_info = f->user_info};
	const char *code;
	enum reason reason;

	if (!f->required.p)
		return 0;
	if (require_judge(p, a, &request, &reason, err) < 0)
		return -1;
	code = reason_row(reason)->code;
	if (!str_is(f->required, code))
		text_addf(wrong, "%srequire is %s, not %.*s", wrong->len ? ", " : "", code, shown(f->required),
			f->required.p);
	return 0;
}

int guard_fixture_run(const struct guard_fixture *f, const struct inject_config *config, const struct guard *guard,
	struct arena *a, struct guard_result *ret, struct err *err)
{
	const struct admission_policy p = {
		.config = config, .guard = guard, .now = f->now, .facts = f->labelled ? &f->facts : NULL};
	const struct inject_request request = {.pod = f->pod, .namespace = f->facts.name};
	struct inject_result result;
	struct err refusal = {0};
	struct text wrong;

	*ret = (struct guard_result){.as_expected = false};
	text_init(&wrong, a, WRONG_MAX);
	if (guarded_inject(&p, a, &request, f->user_info, &result, &ret->verdict, &refusal) < 0) {
		if (refusal.code == ERR_NOMEM)
			return err_nomem(err);
		ret->message = arena_strndup(a, refusal.what, strlen(refusal.what));
	}
	ret->injected = result.injected;
	compare(f, a, ret, &wrong);
	if (run_require(f, &p, a, &wrong, err) < 0)
		return -1;
	ret->as_expected = !wrong.len;
	ret->wrong = wrong.len ? text_cstr(&wrong) : NULL;
	return wrong.failed && !wrong.full ? err_nomem(err) : 0;
}
