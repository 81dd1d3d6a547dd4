/* SPDX-License-Identifier: Apache-2.0 */
/* One recorded request, asked again: what came of it before and what comes of it after. */
#include "webhook/cli/replay_outcome.h"

#include "base/base64.h"
#include "base/limits.h"
#include "patches/diff/diff.h"
#include "patches/value/json.h"
#include "webhook/admission/handle.h"
#include "webhook/cli/pod_changes.h"

static const struct {
	const char *code, *text;
} kinds[] = {
	[REPLAY_REFUSED] = {"newly-refused", "newly refused"},
	[REPLAY_SKIPPED] = {"newly-skipped", "no longer injected"},
	[REPLAY_INJECTED] = {"newly-injected", "newly injected"},
	[REPLAY_NOT_REFUSED] = {"no-longer-refused", "no longer refused"},
	[REPLAY_CHANGED] = {"changed", "changed"},
	[REPLAY_SAME] = {"same", "the same"},
};

const char *replay_kind_code(enum replay_kind kind)
{
	return kinds[kind].code;
}

const char *replay_kind_text(enum replay_kind kind)
{
	return kinds[kind].text;
}

/* --- the two sides ---------------------------------------------------------------------------------------------------
 */

/* By the webhook's own way from a body to an answer. */
static int ask(struct arena *a, const struct recorded *r, const struct admission_policy *policy,
	struct admission_outcome *o, struct replay_side *ret, struct err *err)
{
	struct text answer;

	text_init(&answer, a, 4 * LIMIT_BODY_BYTES);
	admission_handle(policy, a, r->body, r->path, &answer, o);
	if (o->err.code == ERR_NOMEM || o->http_status != 200) {
		*err = o->err;
		return -1;
	}
	*ret = (struct replay_side){.result = reason_row(o->reason)->result, .reason = reason_row(o->reason)->code};
	if (ret->result == RESULT_REFUSED) {
		ret->message = arena_printf(a, "%s", o->err.what);
		return ret->message ? 0 : err_nomem(err);
	}
	ret->pod = o->result.injected ? o->result.pod : o->request.object;
	return 0;
}

static int apply_recorded(
	struct arena *a, const struct value *pod, struct str encoded, const struct value **ret, struct err *err)
{
	const struct value *patch;
	struct text json;

	text_init(&json, a, 2 * LIMIT_BODY_BYTES);
	if (!base64_decode(encoded, &json))
		return err_set(err, ERR_INPUT, "/response/patch is no base 64");
	if (text_check(&json, "/response/patch", err) < 0)
		return -1;
	patch = json_parse(a, json.data ? json.data : "", json.len, JSON_FROM_POD, err);
	*ret = patch ? json_patch_apply(a, pod, patch, err) : NULL;
	return *ret ? 0 : err_wrap(err, "the recorded patch");
}

static int recall(
	struct arena *a, const struct recorded *r, const struct value *pod, struct replay_side *ret, struct err *err)
{
	const struct str patch = raw_str(r->response, "patch");
	const struct str message = raw_str(raw_get(r->response, "status"), "message");

	*ret = (struct replay_side){.result = RESULT_SKIPPED, .reason = "recorded", .pod = pod};
	if (!raw_bool(r->response, "allowed")) {
		ret->result = RESULT_REFUSED;
		ret->message = arena_strndup(a, message.p ? message.p : "", message.len);
		ret->pod = NULL;
		return ret->message ? 0 : err_nomem(err);
	}
	if (!patch.len || !pod)
		return 0;
	ret->result = RESULT_INJECTED;
	return apply_recorded(a, pod, patch, &ret->pod, err);
}

/* --- what became of it
 * ------------------------------------------------------------------------------------------------- */

static enum replay_kind kind_of(const struct replay_side *before, const struct replay_side *after, bool pods_differ)
{
	if (before->result == RESULT_REFUSED || after->result == RESULT_REFUSED)
		return before->result == after->result    ? REPLAY_SAME
		       : before->result == RESULT_REFUSED ? REPLAY_NOT_REFUSED
							  : REPLAY_REFUSED;
	if (!pods_differ)
		return REPLAY_SAME;
	if (before->result == after->result)
		return REPLAY_CHANGED;
	return after->result == RESULT_INJECTED ? REPLAY_INJECTED : REPLAY_SKIPPED;
}

static int compare(struct arena *a, struct replay_outcome *o, struct err *err)
{
	struct text alike;

	text_init(&alike, a, 8 * LIMIT_BODY_BYTES);
	if (o->before.pod && o->after.pod)
		pod_changes(&alike, o->before.pod, o->after.pod);
	o->kind = kind_of(&o->before, &o->after, alike.len > 0);
	/* What is added to a pod, or is not any more, is mostly its own: those with the same reasons fare alike. */
	if (o->kind != REPLAY_CHANGED)
		text_clear(&alike);
	if (o->kind != REPLAY_CHANGED && o->kind != REPLAY_SAME)
		text_addf(&alike, "%s %s %s\n%s\n%s", replay_kind_code(o->kind), o->before.reason, o->after.reason,
			o->before.message ? o->before.message : "", o->after.message ? o->after.message : "");
	o->alike = (struct str){alike.data, alike.len};
	return text_check(&alike, "what changes", err);
}

static void name_it(struct replay_outcome *o, const struct admission_request *r)
{
	const struct value *metadata = raw_get(r->object, "metadata");

	o->pod = r->object;
	o->namespace = r->namespace.len ? r->namespace : raw_str(metadata, "namespace");
	o->name = r->name.len ? r->name : raw_str(metadata, "name");
	if (!o->name.len)
		o->name = raw_str(metadata, "generateName");
}

int replay_request(struct arena *a, const struct recorded *r, const struct admission_policy *before,
	const struct admission_policy *after, struct replay_outcome *ret, struct err *err)
{
	struct admission_outcome was, is;

	*ret = (struct replay_outcome){.kind = REPLAY_SAME};
	if (ask(a, r, after, &is, &ret->after, err) < 0)
		return -1;
	name_it(ret, &is.request);
	if ((before ? ask(a, r, before, &was, &ret->before, err) : recall(a, r, is.request.object, &ret->before, err)) <
		0)
		return -1;
	return compare(a, ret, err);
}
