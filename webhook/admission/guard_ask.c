/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod asks for: the pieces gathered, whether it wants to be injected, and who asks. */
#include "webhook/admission/guard_ask.h"

#include "base/limits.h"
#include "patches/decide.h"

struct str guard_scalar(const struct value *v)
{
	return v->kind == K_STRING || v->kind == K_NUMBER ? v->u.s : STR("");
}

bool guard_wants(const struct asking *q, enum guard_kind kind)
{
	return q->kinds & guard_bit(kind);
}

void guard_ask_add(struct asking *q, struct guard_ask ask)
{
	struct guard_asks *l = q->asks;

	if (!guard_wants(q, ask.kind))
		return;
	if (l->len == LIMIT_GUARD_ASKS) {
		l->full = true;
		return;
	}
	if (l->len == l->cap) {
		const size_t cap = l->cap ? 2 * l->cap : 16;
		void *item = arena_grow(l->a, l->item, l->len * sizeof(*l->item), cap * sizeof(*l->item));

		if (!item) {
			l->failed = true;
			return;
		}
		l->item = item;
		l->cap = cap;
	}
	ask.unreadable = ask.unreadable || ask.value.len > LIMIT_GUARD_VALUE;
	l->item[l->len++] = ask;
	l->kinds |= guard_bit(ask.kind);
}

/* Labels are the pod's own choice, and these switch injection off as well. */
static void ask_never_selector(struct asking *q)
{
	const struct guard_ask found = {.kind = GUARD_NEVER_SELECTOR,
		.place = GUARD_AT_LABEL,
		.at = STR("of neverInjectSelector"),
		.value = STR("there")};
	const struct value *labels = raw_path(q->r->pod, "metadata", "labels", NULL);

	if (guard_wants(q, GUARD_NEVER_SELECTOR) && labels && labels->kind == K_MAP &&
		selectors_match(&q->r->config->never, labels->u.map))
		guard_ask_add(q, found);
}

static void ask_injection(struct asking *q)
{
	static const char key[] = "sidecar.istio.io/inject";
	struct guard_ask found = {.kind = GUARD_INJECTION, .at = STR("sidecar.istio.io/inject")};
	enum reason wish;

	if (!guard_wants(q, GUARD_INJECTION))
		return;
	wish = decide_wish(q->r->config, q->r->pod);
	if (reason_row(wish)->result != RESULT_SKIPPED)
		return;
	found.place = wish == REASON_LABEL_FALSE ? GUARD_AT_LABEL : GUARD_AT_ANNOTATION;
	found.value = raw_str(
		raw_path(q->r->pod, "metadata", wish == REASON_LABEL_FALSE ? "labels" : "annotations", NULL), key);
	guard_ask_add(q, found);
}

/* --- who asks --- */

static void ask_user(struct asking *q, const struct value *info)
{
	const struct value *groups = raw_get(info, "groups");
	struct guard_ask found = {
		.kind = GUARD_USERS, .place = GUARD_AT_USER, .at = STR("user"), .value = raw_str(info, "username")};

	if (found.value.p)
		guard_ask_add(q, found);
	found.kind = GUARD_GROUPS;
	found.at = STR("group");
	for (size_t i = 0; groups && groups->kind == K_LIST && i < groups->u.list.len; i++) {
		found.value = guard_scalar(groups->u.list.item[i]);
		guard_ask_add(q, found);
	}
}

void guard_ask_all(struct guard_asks *asks, const struct guard_request *r, uint32_t kinds)
{
	struct asking q = {.asks = asks, .r = r, .kinds = kinds};

	ask_injection(&q);
	ask_never_selector(&q);
	guard_ask_annotations(&q);
	guard_ask_spec(&q);
	ask_user(&q, r->user_info);
}
