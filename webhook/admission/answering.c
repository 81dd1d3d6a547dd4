/* SPDX-License-Identifier: Apache-2.0 */
/* The way from a body to an answer that both webhooks share. */
#include "webhook/admission/answering.h"

/* What the client did is its mistake, what happened here is ours. */
static int code_of(const struct err *err)
{
	return err->code == ERR_INPUT || err->code == ERR_LIMIT ? ANSWER_BAD_REQUEST : ANSWER_INTERNAL;
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

void answer_refuse(struct arena *a, struct admission_answer *answer, const struct err *err)
{
	answer->allowed = false;
	answer->message = message_of(a, err);
	answer->code = code_of(err);
}

bool answer_read(struct arena *a, struct str body, struct text *out, struct admission_outcome *ret)
{
	*ret = (struct admission_outcome){.http_status = 200, .reason = REASON_BAD_REVIEW};
	if (review_parse(a, body, &ret->request, &ret->err) == 0)
		return true;
	ret->http_status = code_of(&ret->err);
	write_line(out, &ret->err);
	return false;
}

bool answer_begin(struct arena *a, struct admission_outcome *o, struct admission_answer *ret)
{
	*ret = (struct admission_answer){.api_version = o->request.api_version, .uid = o->request.uid};
	o->reason = o->request.reason;
	if (o->reason == REASON_NONE)
		return false;
	o->allowed = ret->allowed = reason_row(o->reason)->result == RESULT_SKIPPED;
	if (!ret->allowed) {
		(void)err_set(&o->err, ERR_INPUT, "%s", o->request.problem);
		answer_refuse(a, ret, &o->err);
	}
	return true;
}

void answer_without_memory(struct text *out, struct admission_outcome *ret)
{
	err_clear(&ret->err);
	(void)err_nomem(&ret->err);
	ret->http_status = ANSWER_INTERNAL;
	ret->allowed = false;
	ret->reason = REASON_LIMIT;
	write_line(out, &ret->err);
}

void answer_finish(const struct admission_answer *answer, struct text *out, struct admission_outcome *ret)
{
	ret->allowed = answer->allowed;
	answer_write(out, answer);
	if (out->failed)
		answer_without_memory(out, ret);
}
