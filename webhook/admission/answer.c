/* SPDX-License-Identifier: Apache-2.0 */
/* AdmissionReview out: the answer in the form that was asked for. */
#include "base/base64.h"
#include "patches/value/json.h"
#include "webhook/admission/review.h"

static void add_member(struct text *out, const char *name, struct str value)
{
	text_adds(out, name);
	json_write_string(out, value, 0);
}

static void add_audit(struct text *out, const struct admission_answer *answer)
{
	for (size_t i = 0; i < answer->n_annotations; i++) {
		text_adds(out, i ? "," : ",\"auditAnnotations\":{");
		json_write_string(out, str_of(answer->annotation[i].key), 0);
		text_addc(out, ':');
		json_write_string(out, answer->annotation[i].value, 0);
	}
	if (answer->n_annotations)
		text_addc(out, '}');
}

void answer_annotate(struct admission_answer *answer, const char *key, struct str value)
{
	if (value.len && answer->n_annotations < REVIEW_MAX_ANNOTATIONS)
		answer->annotation[answer->n_annotations++] = (struct audit_annotation){key, value};
}

void answer_warn(struct admission_answer *answer, const char *text)
{
	if (answer->n_warnings < REVIEW_MAX_WARNINGS)
		answer->warning[answer->n_warnings++] = text;
}

static void add_warnings(struct text *out, const struct admission_answer *answer)
{
	for (size_t i = 0; i < answer->n_warnings; i++)
		add_member(out, i ? "," : ",\"warnings\":[", str_of(answer->warning[i]));
	if (answer->n_warnings)
		text_addc(out, ']');
}

void answer_write(struct text *out, const struct admission_answer *answer)
{
	add_member(out, "{\"kind\":\"AdmissionReview\",\"apiVersion\":", answer->api_version);
	add_member(out, ",\"response\":{\"uid\":", answer->uid);
	text_adds(out, answer->allowed ? ",\"allowed\":true" : ",\"allowed\":false");
	if (answer->message.p) {
		add_member(out, ",\"status\":{\"metadata\":{},\"status\":\"Failure\",\"message\":", answer->message);
		text_addf(out, ",\"code\":%d}", answer->code);
	}
	if (answer->patch.p && !str_is(answer->patch, "[]")) {
		text_adds(out, ",\"patch\":\"");
		base64_encode(out, answer->patch);
		text_adds(out, "\",\"patchType\":\"JSONPatch\"");
	}
	add_audit(out, answer);
	add_warnings(out, answer);
	text_adds(out, "}}");
}
