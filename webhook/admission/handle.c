/* SPDX-License-Identifier: Apache-2.0 */
/* One request from body to answer: parse, decide and inject, write. */
#include "webhook/admission/handle.h"

#include "patches/inject.h"

enum { CODE_BAD_REQUEST = 400, CODE_INTERNAL = 500 };

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

static void inject(const struct inject_config *config, struct arena *a, struct str path, struct admission_outcome *o,
	struct admission_answer *answer)
{
	const struct inject_request request = {
		.pod = o->request.object,
		.pod_json = o->request.object_json,
		.namespace = o->request.namespace,
		.url_path = path,
	};
	struct inject_result result = {.reason = REASON_INTERNAL};

	if (inject_pod(config, a, &request, &result, &o->err) < 0) {
		refuse(a, answer, &o->err);
	} else {
		answer->allowed = true;
		answer->patch = result.injected ? result.patch : (struct str){0};
		answer->templates = result.templates;
	}
	answer->reason = result.reason;
	for (size_t i = 0; i < result.n_warnings && i < ARRAY_LEN(answer->warning); i++)
		answer->warning[answer->n_warnings++] = result.warning[i];
}

static void decide_answer(const struct inject_config *config, struct arena *a, struct str path,
	struct admission_outcome *o, struct admission_answer *answer)
{
	const struct admission_request *request = &o->request;

	*answer = (struct admission_answer){
		.api_version = request->api_version, .uid = request->uid, .reason = request->reason};
	if (request->reason == REASON_NONE) {
		inject(config, a, path, o, answer);
	} else if (reason_row(request->reason)->result == RESULT_SKIPPED) {
		answer->allowed = true;
	} else {
		(void)err_set(&o->err, ERR_INPUT, "%s", request->problem);
		refuse(a, answer, &o->err);
	}
	if (answer->allowed && reason_row(answer->reason)->result == RESULT_SKIPPED)
		answer->detail = str_of(reason_row(answer->reason)->text);
}

void admission_handle(const struct inject_config *config, struct arena *a, struct str body, struct str path,
	struct text *out, struct admission_outcome *ret)
{
	struct admission_answer answer;

	*ret = (struct admission_outcome){.http_status = 200, .reason = REASON_BAD_REVIEW};
	if (review_parse(a, body, &ret->request, &ret->err) < 0) {
		ret->http_status = code_of(&ret->err);
		write_line(out, &ret->err);
		return;
	}
	decide_answer(config, a, path, ret, &answer);
	ret->allowed = answer.allowed;
	ret->reason = answer.reason;
	answer_write(out, &answer);
	if (!out->failed)
		return;
	err_clear(&ret->err);
	(void)err_nomem(&ret->err);
	ret->http_status = CODE_INTERNAL;
	ret->allowed = false;
	ret->reason = REASON_LIMIT;
	write_line(out, &ret->err);
}
