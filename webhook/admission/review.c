/* SPDX-License-Identifier: Apache-2.0 */
/* AdmissionReview in: what is asked, and whether it can be answered. */
#include "webhook/admission/review.h"

#include <stdio.h>

#include "patches/value/json.h"
#include "webhook/admission/span.h"

static const char *const versions[] = {"admission.k8s.io/v1", "admission.k8s.io/v1beta1"};

static const char *kind_name(const struct value *v)
{
	static const char *const names[] = {
		[K_NIL] = "null",
		[K_BOOL] = "a boolean",
		[K_NUMBER] = "a number",
		[K_STRING] = "a string",
		[K_LIST] = "a list",
		[K_MAP] = "an object",
	};

	return v->kind < ARRAY_LEN(names) && names[v->kind] ? names[v->kind] : "something else";
}

static int wrong(struct err *err, const char *where, const char *what)
{
	(void)err_set(err, ERR_INPUT, "%s", what);
	return err_at(err, "%s", where);
}

static bool is_text(const struct value *v)
{
	return v && v->kind == K_STRING;
}

/* apiVersion and kind of the review: without them the answer could not be in the form that was asked for. */
static int check_type(const struct value *review, struct str *ret_version, struct err *err)
{
	const struct value *version = raw_get(review, "apiVersion"), *kind = raw_get(review, "kind");

	if (!is_text(kind))
		return wrong(err, "/kind", "must be \"AdmissionReview\"");
	if (!str_is(kind->u.s, "AdmissionReview")) {
		(void)err_set(err, ERR_INPUT, "must be \"AdmissionReview\", got \"%.*s\"",
			kind->u.s.len < 64 ? (int)kind->u.s.len : 64, kind->u.s.p);
		return err_at(err, "/kind");
	}
	if (!is_text(version))
		return wrong(err, "/apiVersion", "must be admission.k8s.io/v1 or admission.k8s.io/v1beta1");
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		if (str_is(version->u.s, versions[i])) {
			*ret_version = version->u.s;
			return 0;
		}
	}
	(void)err_set(err, ERR_INPUT, "must be admission.k8s.io/v1 or admission.k8s.io/v1beta1, got \"%.*s\"",
		version->u.s.len < 64 ? (int)version->u.s.len : 64, version->u.s.p);
	return err_at(err, "/apiVersion");
}

static int check_uid(const struct value *request, struct str *ret_uid, struct err *err)
{
	const struct value *uid = raw_get(request, "uid");

	if (!is_text(uid) || uid->u.s.len == 0)
		return wrong(err, "/request/uid", "must be a string that is not empty");
	if (uid->u.s.len > REVIEW_UID_MAX)
		return wrong(err, "/request/uid", "is longer than 256 bytes");
	*ret_uid = uid->u.s;
	return 0;
}

/* Refuses with the review's own uid: kube-apiserver shows the problem to whoever created the pod. */
static int refuse(struct arena *a, struct admission_request *ret, const char *path, const char *want,
	const struct value *got, struct err *err)
{
	ret->reason = REASON_BAD_REVIEW;
	ret->problem = arena_printf(a, "%s must be %s, got %s", path, want, got ? kind_name(got) : "nothing");
	return ret->problem ? 0 : err_nomem(err);
}

enum need { OPTIONAL, REQUIRED };

struct member {
	const char *key;
	unsigned char kind;
	enum need need;
};

static const struct member members[] = {
	{"kind", K_MAP, REQUIRED},
	{"resource", K_MAP, REQUIRED},
	{"operation", K_STRING, REQUIRED},
	{"namespace", K_STRING, OPTIONAL},
	{"name", K_STRING, OPTIONAL},
	{"subResource", K_STRING, OPTIONAL},
	{"dryRun", K_BOOL, OPTIONAL},
	{"userInfo", K_MAP, OPTIONAL},
};

static const char *wanted(enum kind kind)
{
	return kind == K_MAP ? "an object" : kind == K_STRING ? "a string" : "a boolean";
}

/* Sets ret->reason to BAD_REVIEW at the first member of a wrong type. */
static int check_members(struct arena *a, const struct value *request, struct admission_request *ret, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const struct member *m = &members[i];
		const struct value *v = map_getc(request->u.map, m->key);
		char path[32];

		if (v && v->kind == m->kind)
			continue;
		if (m->need == OPTIONAL && (!v || v->kind == K_NIL))
			continue;
		(void)snprintf(path, sizeof(path), "/request/%s", m->key);
		return refuse(a, ret, path, wanted(m->kind), v, err);
	}
	return 0;
}

static bool is_pod(const struct value *request)
{
	const struct value *kind = raw_get(request, "kind"), *resource = raw_get(request, "resource");

	return str_is(raw_str(kind, "kind"), "Pod") && raw_str(kind, "group").len == 0 &&
	       str_is(raw_str(kind, "version"), "v1") && str_is(raw_str(resource, "resource"), "pods") &&
	       raw_str(resource, "group").len == 0;
}

/* What is no creation of a pod needs no object, and gets no opinion. */
static enum reason scope(const struct value *request)
{
	if (!is_pod(request))
		return REASON_NOT_A_POD;
	if (raw_str(request, "subResource").len)
		return REASON_SUBRESOURCE;
	return str_is(raw_str(request, "operation"), "CREATE") ? REASON_NONE : REASON_NOT_CREATE;
}

static int read_request(struct arena *a, const struct value *request, struct admission_request *ret, struct err *err)
{
	const struct value *object = map_getc(request->u.map, "object");

	if (check_members(a, request, ret, err) < 0)
		return -1;
	if (ret->reason != REASON_NONE)
		return 0;
	ret->operation = raw_str(request, "operation");
	ret->name = raw_str(request, "name");
	ret->namespace = raw_str(request, "namespace");
	ret->user_info = raw_get(request, "userInfo");
	ret->user = raw_str(ret->user_info, "username");
	ret->dry_run = raw_bool(request, "dryRun");
	ret->reason = scope(request);
	if (ret->reason != REASON_NONE)
		return 0;
	if (!object || object->kind != K_MAP)
		return refuse(a, ret, "/request/object", "an object", object, err);
	ret->object = object;
	return 0;
}

static int read_review(struct arena *a, const struct value *review, struct admission_request *ret, struct err *err)
{
	const struct value *request;

	if (review->kind != K_MAP)
		return err_set(err, ERR_INPUT, "an AdmissionReview must be an object, got %s", kind_name(review));
	if (check_type(review, &ret->api_version, err) < 0)
		return -1;
	request = map_getc(review->u.map, "request");
	if (!request || request->kind != K_MAP)
		return wrong(err, "/request", "must be an object");
	if (check_uid(request, &ret->uid, err) < 0)
		return -1;
	return read_request(a, request, ret, err);
}

/*
 * A NUL in the pod is valid JSON, so whoever created the pod shall read why it is refused: the review is read once
 * more, with NUL allowed, for its uid. Anything else that the parser refuses is the caller's mistake: HTTP 400.
 */
static int read_with_nul(struct arena *a, struct str body, struct admission_request *ret, struct err *err)
{
	struct err second = {0};
	const struct value *review;

	if (err->code != ERR_INPUT || !str_has_prefix(str_of(err->where), "/request/object/"))
		return -1;
	review = json_parse(a, body.p, body.len, JSON_FROM_POD | JSON_ALLOW_NUL, &second);
	if (!review || read_review(a, review, ret, &second) < 0) {
		if (second.code == ERR_NOMEM)
			*err = second;
		return -1;
	}
	if (ret->reason != REASON_NONE)
		return -1;
	ret->reason = REASON_BAD_POD;
	ret->problem = arena_printf(a, "%s: %s", err->where + sizeof("/request/object") - 1, err->what);
	err_clear(err);
	return ret->problem ? 0 : err_nomem(err);
}

int review_parse(struct arena *a, struct str body, struct admission_request *ret, struct err *err)
{
	struct admission_request request = {.reason = REASON_NONE};
	const struct value *review;

	if (body.len == 0)
		return err_set(err, ERR_INPUT, "no body found");
	review = json_parse(a, body.p, body.len, JSON_FROM_POD, err);
	if (review ? read_review(a, review, &request, err) < 0 : read_with_nul(a, body, &request, err) < 0)
		return -1;
	if (request.reason == REASON_NONE)
		request.object_json = json_member_span(json_member_span(body, "request"), "object");
	*ret = request;
	return 0;
}
