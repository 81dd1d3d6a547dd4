/* SPDX-License-Identifier: Apache-2.0 */
/* A pod held against the guard's rules. */
#include "webhook/admission/guard.h"

#include <string.h>

#include "base/limits.h"
#include "patches/decide.h"
#include "patches/pod/owner.h"
#include "webhook/admission/guard_parts.h"

/* --- namespaces and exceptions --- */

enum guard_fit guard_scope_fits(const struct guard_scope *s, const struct guard_request *r)
{
	if (s->namespaces.len && !globs_match(&s->namespaces, r->namespace, 0))
		return GUARD_FITS_NOT;
	if (globs_match(&s->except, r->namespace, 0))
		return GUARD_FITS_NOT;
	if (!s->selector.len)
		return GUARD_FITS;
	if (!r->facts)
		return GUARD_FITS_PERHAPS;
	return selectors_match(&s->selector, r->facts->labels) ? GUARD_FITS : GUARD_FITS_NOT;
}

/* By its own name, by the beginning that it is to have, or by the workload it belongs to. */
static bool names_pod(const struct globs *g, const struct guard_request *r)
{
	const struct value *metadata = raw_get(r->pod, "metadata");
	const struct str name = raw_str(metadata, "name"), prefix = raw_str(metadata, "generateName");

	if (!g->len)
		return true;
	return (name.len && globs_match(g, name, 0)) || (!name.len && prefix.len && globs_match(g, prefix, 0)) ||
	       globs_match(g, owner_of_pod(r->pod, r->namespace).name, 0);
}

const struct guard_exception *guard_excepted(
	const struct guard *g, const struct guard_rule *rule, const struct guard_request *r)
{
	for (size_t i = 0; i < g->n_exceptions; i++) {
		const struct guard_exception *x = &g->exception[i];

		if (r->now < x->until && globs_match(&x->rules, rule->name, 0) &&
			(!x->namespaces.len || globs_match(&x->namespaces, r->namespace, 0)) &&
			(!x->users.len || globs_match(&x->users, raw_str(r->user_info, "username"), 0)) &&
			names_pod(&x->pods, r))
			return x;
	}
	return NULL;
}

/* --- rules --- */

/* Whoever creates the pod has many groups, and one of those allowed is enough. */
static const struct guard_ask *find_outsider(const struct guard_condition *c, const struct guard_asks *asks)
{
	const struct guard_ask *first = NULL;

	for (size_t i = 0; i < asks->len; i++) {
		if (asks->item[i].kind != GUARD_GROUPS)
			continue;
		if (globs_match(&c->values.globs, asks->item[i].value, 0))
			return NULL;
		first = first ? first : &asks->item[i];
	}
	return first;
}

/* The first thing that a condition is about; NULL. */
static const struct guard_ask *find(const struct guard_condition *c, const struct guard_asks *asks)
{
	if (c->kind == GUARD_GROUPS && c->values.mode == VALUES_ALL_BUT)
		return find_outsider(c, asks);
	for (size_t i = 0; i < asks->len; i++)
		if (asks->item[i].kind == c->kind && guard_values_fit(c, &asks->item[i]))
			return &asks->item[i];
	return NULL;
}

/* What is told: something of the pod rather than who asked. */
static const struct guard_ask *find_all(const struct guard_rule *rule, const struct guard_asks *asks)
{
	const struct guard_ask *told = NULL;

	if ((rule->kinds & ~asks->kinds) != 0)
		return NULL;
	for (size_t i = 0; i < rule->n_conditions; i++) {
		const struct guard_ask *found = find(&rule->condition[i], asks);

		if (!found)
			return NULL;
		if (!told || told->place == GUARD_AT_USER)
			told = found;
	}
	return told;
}

static void mark(const struct guard_rule *rule, struct guard_asks *asks)
{
	for (size_t i = 0; i < rule->n_conditions; i++)
		for (size_t j = 0; j < asks->len; j++)
			if (asks->item[j].kind == rule->condition[i].kind &&
				guard_values_fit(&rule->condition[i], &asks->item[j]))
				asks->item[j].strip = true;
}

static int judge_rules(const struct guard *g, const struct guard_request *r, struct guard_asks *asks,
	struct guard_verdict *ret, struct err *err)
{
	struct guard_hit *hit = NULL;

	for (size_t i = 0; i < g->n_rules; i++) {
		const struct guard_rule *rule = &g->rule[i];
		const struct guard_ask *ask = find_all(rule, asks);
		const enum guard_fit fit = ask ? guard_scope_fits(&rule->scope, r) : GUARD_FITS_NOT;

		ret->n_unknown += fit == GUARD_FITS_PERHAPS;
		if (fit != GUARD_FITS)
			continue;
		if (!hit && !(hit = arena_calloc(asks->a, g->n_rules, sizeof(*hit))))
			return err_nomem(err);
		hit[ret->n_hits] = (struct guard_hit){rule, guard_excepted(g, rule, r), ask};
		if (hit[ret->n_hits++].exception)
			continue;
		if (rule->action > ret->action)
			ret->action = rule->action;
		if (rule->action == GUARD_STRIP)
			mark(rule, asks);
	}
	ret->hit = hit;
	return 0;
}

/* A pod may not hide what a rule forbids behind a thousand other things. */
static int check_asks(const struct guard *g, const struct guard_asks *asks, struct err *err)
{
	if (asks->failed)
		return err_nomem(err);
	if (asks->full && g->strongest >= GUARD_STRIP)
		return err_set(err, ERR_LIMIT, "the pod asks for more than %d things that guard rules are about",
			LIMIT_GUARD_ASKS);
	return 0;
}

int guard_judge(const struct guard *g, struct arena *a, const struct guard_request *r, struct guard_verdict *ret,
	struct err *err)
{
	struct guard_asks asks = {.a = a};

	memset(ret, 0, sizeof(*ret));
	if (!g->n_rules || decide_system_namespace(r->config->release, r->namespace))
		return 0;
	guard_ask_all(&asks, r, g->kinds);
	if (check_asks(g, &asks, err) < 0 || judge_rules(g, r, &asks, ret, err) < 0)
		return -1;
	if (ret->action != GUARD_STRIP)
		return 0;
	ret->stripped = guard_strip(a, r->pod, &asks, err);
	return ret->stripped ? 0 : -1;
}

const struct value *guard_without_annotations(
	const struct guard_verdict *v, struct arena *a, const struct guard_request *r, uint32_t kinds, struct err *err)
{
	struct guard_asks asks = {.a = a};
	bool any = false;

	if (!v->n_hits)
		return r->pod;
	guard_ask_all(&asks, r, kinds);
	if (asks.failed) {
		(void)err_nomem(err);
		return NULL;
	}
	for (size_t i = 0; i < v->n_hits; i++)
		mark(v->hit[i].rule, &asks);
	for (size_t i = 0; i < asks.len; i++) {
		asks.item[i].strip = asks.item[i].strip && asks.item[i].place == GUARD_AT_ANNOTATION;
		any = any || asks.item[i].strip;
	}
	return any ? guard_strip(a, r->pod, &asks, err) : r->pod;
}

const struct guard_hit *guard_deciding(const struct guard_verdict *v)
{
	for (size_t i = 0; i < v->n_hits; i++)
		if (!v->hit[i].exception && v->hit[i].rule->action == v->action)
			return &v->hit[i];
	return NULL;
}

/* --- counters --- */

static atomic_ullong *counter(const struct guard *g, const struct guard_rule *rule, bool excepted)
{
	return &g->counted[2 * rule->number + excepted];
}

void guard_count(const struct guard *g, const struct guard_verdict *v)
{
	for (size_t i = 0; i < v->n_hits; i++)
		(void)atomic_fetch_add_explicit(
			counter(g, v->hit[i].rule, v->hit[i].exception != NULL), 1, memory_order_relaxed);
}

unsigned long long guard_counted(const struct guard *g, const struct guard_rule *rule, bool excepted)
{
	return atomic_load_explicit(counter(g, rule, excepted), memory_order_relaxed);
}

/* --- lives --- */

struct guard *guard_ref(struct guard *g)
{
	(void)atomic_fetch_add_explicit(&g->refs, 1, memory_order_relaxed);
	return g;
}

void guard_unref(struct guard *g)
{
	/* acq_rel: what other threads did with it happens before it is freed. */
	if (!g || atomic_fetch_sub_explicit(&g->refs, 1, memory_order_acq_rel) != 1)
		return;
	guard_free(g);
}

void guard_unrefp(struct guard **slot)
{
	guard_unref(*slot);
}
