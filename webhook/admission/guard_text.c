/* SPDX-License-Identifier: Apache-2.0 */
/* What the guard found, in words: for answers, logs and the API server's audit log. */
#include <string.h>

#include "webhook/admission/guard_parts.h"

enum { SHOWN_MAX = 64, ASK_MAX = 512, DENIAL_MAX = 2048, SUMMARY_MAX = 64 << 10 };

/* A piece of the pod's own text: cut between runes. */
static void add_cut(struct text *t, struct str s)
{
	size_t len = s.len;

	if (len > SHOWN_MAX)
		for (len = SHOWN_MAX; len > SHOWN_MAX - 4 && ((unsigned char)s.p[len] & 0xc0) == 0x80;)
			len--;
	if (len)
		text_add_shown(t, s.p, len);
	if (len < s.len)
		text_adds(t, "...");
}

const char *guard_ask_text(struct arena *a, const struct guard_ask *ask)
{
	static const char *const places[] = {
		[GUARD_AT_LABEL] = "label ",
		[GUARD_AT_ANNOTATION] = "annotation ",
		[GUARD_AT_PROXY_CONFIG] = "annotation proxy.istio.io/config: ",
		[GUARD_AT_CONTAINER] = "container ",
		[GUARD_AT_INIT_CONTAINER] = "init container ",
		[GUARD_AT_SPEC] = "spec.",
		[GUARD_AT_USER] = "",
	};
	const bool of_container = ask->place == GUARD_AT_CONTAINER || ask->place == GUARD_AT_INIT_CONTAINER;
	struct text t;

	text_init(&t, a, ASK_MAX);
	text_adds(&t, places[ask->place]);
	add_cut(&t, ask->at);
	if (ask->unreadable) {
		text_adds(&t, " cannot be read");
	} else if (!str_eq(ask->value, ask->at)) {
		text_adds(&t, of_container ? ": " : " is '");
		if (of_container)
			text_addf(&t, "%s '", guard_kinds[ask->kind].name);
		add_cut(&t, ask->value);
		text_addc(&t, '\'');
	}
	return text_cstr(&t);
}

const char *guard_denial(struct arena *a, const struct guard_hit *hit)
{
	const char *found = guard_ask_text(a, hit->ask);
	const struct guard_rule *rule = hit->rule;

	return !found ? NULL
		      : arena_printf(a, "guard rule '%.*s' forbids this pod: %.*s (%s)", (int)rule->name.len,
				rule->name.p, (int)rule->message.len, rule->message.len ? rule->message.p : "", found);
}

static void add_action(struct text *t, const struct guard_verdict *v, enum guard_action action)
{
	bool first = true;

	for (size_t i = 0; i < v->n_hits; i++) {
		const struct guard_hit *hit = &v->hit[i];

		if (hit->exception || hit->rule->action != action)
			continue;
		if (first)
			text_addf(t, "%s%s: ", t->len ? "; " : "", guard_action_name(action));
		text_adds(t, first ? "" : ", ");
		text_add(t, hit->rule->name.p, hit->rule->name.len);
		first = false;
	}
}

static void add_excepted(struct text *t, const struct guard_verdict *v)
{
	bool first = true;

	for (size_t i = 0; i < v->n_hits; i++) {
		const struct guard_exception *x = v->hit[i].exception;

		if (!x)
			continue;
		text_adds(t, !first ? ", " : t->len ? "; excepted: " : "excepted: ");
		text_addf(t, "%.*s (%.*s)", (int)v->hit[i].rule->name.len, v->hit[i].rule->name.p, (int)x->name.len,
			x->name.p);
		first = false;
	}
}

struct str guard_summary(struct arena *a, const struct guard_verdict *v)
{
	struct text t;

	if (!v->n_hits && !v->n_unknown)
		return STR("none");
	text_init(&t, a, SUMMARY_MAX);
	for (int action = GUARD_DENY; action > GUARD_NONE; action--)
		add_action(&t, v, (enum guard_action)action);
	add_excepted(&t, v);
	if (v->n_unknown)
		text_addf(&t, "%snot judged: %zu, the namespace's labels are unknown", t.len ? "; " : "", v->n_unknown);
	return t.failed ? (struct str){NULL, 0} : (struct str){t.data, t.len};
}
