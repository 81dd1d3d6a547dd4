/* SPDX-License-Identifier: Apache-2.0 */
/* One request from body to answer: parse, judge, decide and inject, write. */
#include "webhook/admission/handle.h"

#include "webhook/admission/describe.h"

enum { CODE_BAD_REQUEST = 400, CODE_FORBIDDEN = 403, CODE_INTERNAL = 500 };

/* What the client did is its mistake, what happened here is ours. */
static int code_of(const struct err *err)
{
	return err->code == ERR_INPUT || err->code == ERR_LIMIT ? CODE_BAD_REQUEST : CODE_INTERNAL;
}

/* One line of plain text for what cannot be answered as a review. */
static void write_line(struct text *out, const struct err *err)
{
	text_clear(out);
	if (err->where[0])
		text_addf(out, "%s: ", err->where);
	text_adds(out, err->what);
	text_addc(out, '\n');
}

/* The cause with its place, where the text does not name that already. */
static struct str message_of(struct arena *a, const struct err *err)
{
	const char *text;

	if (!err->where[0] || str_find(str_of(err->what), str_of(err->where)) != SIZE_MAX)
		return str_of(err->what);
	text = arena_printf(a, "%s (%s)", err->what, err->where);
	return str_of(text ? text : err->what);
}

static void refuse(struct arena *a, struct admission_answer *answer, const struct err *err)
{
	answer->allowed = false;
	answer->message = message_of(a, err);
	answer->code = code_of(err);
}

/* Everything that is no patch, and cannot do without memory. */
static int describe(const struct admission_policy *p, struct arena *a, struct admission_outcome *o, const struct decide_trace *trace,
	struct admission_answer *answer)
{
	struct err err = {0};

	if (reason_row(o->reason)->result == RESULT_SKIPPED && o->request.reason == REASON_NONE)
		o->mistake = skip_mistake(p->config, o->request.object, o->reason);
	if (describe_decision(p, a, o, trace, answer, &err) < 0 || describe_warnings(a, o, answer, &err) < 0) {
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
	};
	const int done = guarded_inject(p, a, &request, o->request.user_info, &o->result, &o->guard, &o->err);

	o->reason = o->result.reason;
	if (done < 0) {
		refuse(a, answer, &o->err);
		answer->code = o->reason == REASON_GUARD_DENIED && o->err.code != ERR_NOMEM ? CODE_FORBIDDEN : answer->code;
	} else {
		answer->allowed = true;
		answer->patch = o->result.patch;
	}
}

static int decide_answer(const struct admission_policy *p, struct arena *a, struct str path, struct admission_outcome *o,
	struct admission_answer *answer)
{
	struct decide_trace trace = {.len = 0};

	*answer = (struct admission_answer){.api_version = o->request.api_version, .uid = o->request.uid};
	o->reason = o->request.reason;
	if (o->reason == REASON_NONE) {
		inject(p, a, path, o, &trace, answer);
	} else if (reason_row(o->reason)->result == RESULT_SKIPPED) {
		answer->allowed = true;
	} else {
		(void)err_set(&o->err, ERR_INPUT, "%s", o->request.problem);
		refuse(a, answer, &o->err);
	}
	o->allowed = answer->allowed;
	return describe(p, a, o, &trace, answer);
}

void admission_handle(const struct admission_policy *policy, struct arena *a, struct str body, struct str path, struct text *out,
	struct admission_outcome *ret)
{
	struct admission_answer answer;

	*ret = (struct admission_outcome){.http_status = 200, .reason = REASON_BAD_REVIEW};
	if (review_parse(a, body, &ret->request, &ret->err) < 0) {
		ret->http_status = code_of(&ret->err);
		write_line(out, &ret->err);
		return;
	}
	if (decide_answer(policy, a, path, ret, &answer) == 0) {
		answer_write(out, &answer);
		if (!out->failed)
			return;
	}
	err_clear(&ret->err);
	(void)err_nomem(&ret->err);
	ret->http_status = CODE_INTERNAL;
	ret->allowed = false;
	ret->reason = REASON_LIMIT;
	write_line(out, &ret->err);
}
