/* SPDX-License-Identifier: Apache-2.0 */
/* What of a decision is worth an Event on the pod's owner. */
#include "webhook/admission/pod_event.h"

#include "patches/pod/owner.h"

/* A mirror pod's owner is its Node, which is in no namespace, and nobody's mistake. */
static bool set_owner(const struct admission_request *q, struct event_note *n)
{
	const struct value *ref = q->object && q->object->kind == K_MAP ? owner_reference(q->object) : NULL;

	*n = (struct event_note){.namespace = q->namespace,
		.api_version = raw_str(ref, "apiVersion"),
		.kind = raw_str(ref, "kind"),
		.name = raw_str(ref, "name"),
		.uid = raw_str(ref, "uid")};
	return n->namespace.len && n->api_version.len && n->kind.len && n->name.len && n->uid.len &&
	       !str_is(n->kind, "Node");
}

static void add_denial(struct text *out, const struct admission_outcome *o)
{
	const struct guard_hit *hit = guard_deciding(&o->guard);

	text_adds(out, "pod refused by guard rule '");
	if (hit)
		text_add_shown(out, hit->rule->name.p, hit->rule->name.len);
	text_adds(out, "': ");
	if (hit && hit->rule->message.len)
		text_add_shown(out, hit->rule->message.p, hit->rule->message.len);
}

/* Messages of errors may quote what the pod holds; their places only name it. */
static void add_refusal(struct text *out, const struct admission_outcome *o)
{
	text_addf(out, "pod refused: %s", reason_row(o->reason)->text);
	if (!o->err.where[0])
		return;
	text_adds(out, " (");
	text_add_shown(out, o->err.where, str_of(o->err.where).len);
	text_adds(out, o->err.where[0] == '/' ? "); correct it in the pod template" : ")");
}

/* Its own words hold nothing of the pod. */
static void add_error(struct text *out, const struct admission_outcome *o)
{
	text_adds(out, "pod refused: ");
	text_add_shown(out, o->err.what, str_of(o->err.what).len);
}

static const struct {
	enum reason reason;
	const char *event;
	void (*add)(struct text *out, const struct admission_outcome *o);
} rows[] = {
	{REASON_GUARD_DENIED, "GuardDenied", add_denial},
	{REASON_SIDECAR_MISSING, "SidecarMissing", add_error},
	{REASON_TOKEN_MODE, "InjectionRefused", add_error},
};

static void add_refused(struct text *out, const struct admission_outcome *o, const char **ret_reason)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].reason == o->reason) {
			*ret_reason = rows[i].event;
			rows[i].add(out, o);
			return;
		}
	*ret_reason = "InjectionRefused";
	add_refusal(out, o);
}

bool pod_event(struct arena *a, const struct admission_outcome *o, struct event_note *ret)
{
	const bool refused = reason_row(o->reason)->result == RESULT_REFUSED;
	struct text message;

	if (o->http_status != 200 || o->request.dry_run || (!refused && !o->mistake) || !set_owner(&o->request, ret))
		return false;
	text_init(&message, a, 2 * EVENT_MESSAGE_MAX);
	if (refused) {
		add_refused(&message, o, &ret->reason);
	} else {
		ret->reason = "SidecarNotInjected";
		text_adds(&message, o->mistake);
	}
	ret->message = (struct str){message.data, message.len};
	return message.len > 0;
}
