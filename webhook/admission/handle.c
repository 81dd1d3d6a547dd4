/* SPDX-License-Identifier: Apache-2.0 */
/* One request from body to answer: parse, judge, decide and inject, write. */
#include "webhook/admission/handle.h"

#include "webhook/admission/answering.h"
#include "webhook/admission/describe.h"

/* Everything that is no patch, and cannot do without memory. */
static int describe(const struct admission_policy *p, struct arena *a, struct admission_outcome *o,
	const struct decide_trace *trace, struct admission_answer *answer)
{
	struct err err = {0};

	if (reason_row(o->reason)->result == RESULT_SKIPPED && o->request.reason == REASON_NONE)
		o->mistake = skip_mistake(p->config, o->request.object, o->reason);
	if (describe_decision(p, a, o, trace, answer, &err) < 0 || describe_warnings(p, a, o, answer, &err) < 0) {
		o->err = err;
		return -1;
	}
	return 0;
}

static void inject(const struct admission_policy *p, struct arena *a, struct str path, struct admission_outcome *o,
	struct decide_trace *trace, struct admission_answer *answer)
{
	const struct inject_request request = {
		.pod = o->request.object,
		.pod_json = o->request.object_json,
		.namespace = o->request.namespace,
		.url_path = path,
		.trace = trace,
		.time = p->time,
	};
	const int done = guarded_inject(p, a, &request, o->request.user_info, &o->result, &o->guard, &o->err);

	o->reason = o->result.reason;
	if (done < 0) {
		answer_refuse(a, answer, &o->err);
		if (o->reason == REASON_GUARD_DENIED && o->err.code != ERR_NOMEM)
			answer->code = ANSWER_FORBIDDEN;
	} else {
		answer->allowed = true;
		answer->patch = o->result.patch;
	}
}

static int decide_answer(const struct admission_policy *p, struct arena *a, struct str path,
	struct admission_outcome *o, struct admission_answer *answer)
{
	struct decide_trace trace = {.len = 0};

	if (!answer_begin(a, o, answer))
		inject(p, a, path, o, &trace, answer);
	o->allowed = answer->allowed;
	return describe(p, a, o, &trace, answer);
}

void admission_handle(const struct admission_policy *policy, struct arena *a, struct str body, struct str path,
	struct text *out, struct admission_outcome *ret)
{
	struct admission_answer answer;

	if (!answer_read(a, body, out, ret))
		return;
	if (decide_answer(policy, a, path, ret, &answer) == 0)
		answer_finish(&answer, out, ret);
	else
		answer_without_memory(out, ret);
}

void admission_unaudited(struct arena *a, const char *why, struct text *out, struct admission_outcome *o)
{
	struct admission_answer answer = {.api_version = o->request.api_version, .uid = o->request.uid};

	err_clear(&o->err);
	(void)err_set(&o->err, ERR_IO, "the decision cannot be written to the audit log (%s); with --audit-full=block nothing is decided unseen",
		why);
	o->reason = REASON_NOT_AUDITED;
	answer_refuse(a, &answer, &o->err);
	answer_annotate(&answer, "decision", str_of(reason_result_name(RESULT_REFUSED)));
	answer_annotate(&answer, "reason", str_of(reason_row(o->reason)->code));
	text_clear(out);
	answer_finish(&answer, out, o);
}
