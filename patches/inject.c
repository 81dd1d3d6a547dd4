/* SPDX-License-Identifier: Apache-2.0 */
/* One pod in, one JSON Patch and its reason out: the whole of injection, without any I/O. */
#include "patches/inject.h"

#include <string.h>

#include "base/limits.h"
#include "patches/decide.h"
#include "patches/diff/diff.h"
#include "patches/injection.h"
#include "patches/pod/restore.h"
#include "patches/pod/validate.h"
#include "patches/reinject.h"
#include "patches/schema/schema.h"
#include "patches/value/json.h"
#include "patches/yaml/yaml.h"

int injection_refuse(struct injection *in, enum reason reason)
{
	in->ret->reason = reason;
	return -1;
}

void warn(struct injection *in, const char *text)
{
	if (text && in->ret->n_warnings < INJECT_MAX_WARNINGS)
		in->ret->warning[in->ret->n_warnings++] = text;
}

/* --- what the pod brings ------------------------------------------------------------------------------------- */

static void warn_of_label(struct injection *in)
{
	static const char key[] = "sidecar.istio.io/inject";
	const struct value *label = raw_path(in->given, "metadata", "labels", key, NULL);
	const struct value *annotation = raw_get(in->annotations, key);
	const struct value *v = label ? label : annotation;

	if (in->config->release == RELEASE_HEAD && v && v->kind == K_STRING && v->u.s.len && !str_is(v->u.s, "true") &&
	    !str_is(v->u.s, "false"))
		warn(in, "sidecar.istio.io/inject is neither \"true\" nor \"false\", so it does not count: correct it");
}

static void warn_of_dns(struct injection *in)
{
	const struct str policy = raw_str(raw_get(in->given, "spec"), "dnsPolicy");

	if (policy.len && !str_is(policy, "ClusterFirst"))
		warn(in, "dnsPolicy is not ClusterFirst: the proxy may not find the control plane");
}

static int read_pod(struct injection *in, struct err *err)
{
	in->given = in->req->pod;
	if (!in->given || in->given->kind != K_MAP)
		return err_set(err, ERR_INPUT, "the object must be a Pod");
	if (schema_check(in->given, &go_pod, err) < 0)
		return -1;
	in->annotations = raw_path(in->given, "metadata", "annotations", NULL);
	in->namespace = raw_str(raw_get(in->given, "metadata"), "namespace");
	if (!in->namespace.len)
		in->namespace = in->req->namespace;
	return 0;
}

/* --- templates, for both formats --------------------------------------------------------------------------------- */

const struct value *render_template(struct injection *in, const struct named_template *t, struct err *err)
{
	struct template_env env = in->config->env;
	struct rendered r;
	const struct value *v;

	env.time = in->req->time;
	in->ret->reason = REASON_TEMPLATE_FAILED;
	if (template_run(t->template, in->a, in->data, &env, &r, err) < 0)
		return NULL;
	in->ret->reason = REASON_OVERLAY_FAILED;
	v = yaml_parse_rendered(in->a, &r, err);
	if (v && v->kind != K_MAP && v->kind != K_NIL) {
		err_set(err, ERR_INPUT, "template '%.*s' does not render a map", (int)t->name.len, t->name.p);
		v = NULL;
	}
	if (!v)
		err_wrap(err, in->config->release == RELEASE_HEAD
			? "failed applying injection overlay: strategic merge: invalid JSON document"
			: "failed parsing generated injected YAML (check Istio sidecar injector configuration)");
	return v;
}

/* --- the patch ------------------------------------------------------------------------------------------------- */

/* What the API server has, and applies the patch to. */
static const struct value *original_pod(const struct injection *in)
{
	return in->req->original ? in->req->original : in->req->pod;
}

static int prove(struct injection *in, struct err *err)
{
	struct text intended, original;
	struct str given = in->req->pod_json;

	text_init(&intended, in->a, 2 * LIMIT_BODY_BYTES);
	text_init(&original, in->a, 2 * LIMIT_BODY_BYTES);
	json_write(&intended, in->ret->pod, 0);
	if (!given.p) {
		json_write(&original, original_pod(in), 0);
		given = (struct str){original.data, original.len};
	}
	if (text_check(&intended, "the injected pod", err) < 0 || text_check(&original, "the pod", err) < 0)
		return -1;
	in->ret->pod_json = (struct str){intended.data, intended.len};
	return patch_prove(given, in->ret->patch, in->ret->pod_json, err);
}

static int make_patch(struct injection *in, struct err *err)
{
	struct text patch;

	in->ret->pod = in->merged;
	text_init(&patch, in->a, 2 * LIMIT_BODY_BYTES);
	if (json_diff(in->a, &patch, original_pod(in), in->merged, &go_pod, err) < 0)
		return err_wrap(err, "failed to create patch");
	if (text_check(&patch, "the patch", err) < 0)
		return -1;
	in->ret->patch = (struct str){patch.data, patch.len};
	if (prove(in, err) < 0)
		return injection_refuse(in, REASON_PROOF_FAILED);
	return 0;
}

/* --- all of it ------------------------------------------------------------------------------------------------- */

/* Offline, the releases up to 1.7 append to whatever they are given: nothing of theirs can be told apart again. */
static int run(struct injection *in, inject_fn *flow, struct err *err)
{
	struct injection_record record;

	if (in->config->release == RELEASE_HEAD) {
		if (injection_record_read(in->a, in->given, &record, err) < 0)
			return err_wrap(err, "failed to run injection template");
	} else if (in->req->workload) {
		return flow(in, err);
	} else if (injection_record_of_lists(in->a, in->given, &record, err) < 0) {
		return -1;
	}
	return restorable(&record) ? reinject(in, &record, flow, err) : flow(in, err);
}

/* --- tokens ------------------------------------------------------------------------------------------------------ */

static bool is_unmounted(const struct injection *in)
{
	const struct value *spec = raw_get(in->given, "spec"), *mounts = raw_get(spec, "automountServiceAccountToken");

	if (mounts && mounts->kind == K_BOOL)
		return !mounts->u.b;
	return inject_config_account_is_unmounted(in->config, in->namespace, raw_str(spec, "serviceAccountName"));
}

static void warn_of_token(struct injection *in)
{
	const struct inject_config *c = in->config;

	if (c->token_asked.use == TOKEN_USE_NONE)
		return;
	if (c->token.fell_back)
		warn(in, TOKEN_FALLBACK_SENTENCE);
	if (c->token.problem == TOKEN_UNSUPPORTED)
		warn(in, "this cluster has no third-party tokens, which --token-policy orders: the pod will not start");
	if (c->token.mode == TOKEN_MODE_FIRST_PARTY && is_unmounted(in))
		warn(in, "automountServiceAccountToken is false: the proxy has no first-party token and will not start; allow it");
}

/* A pod whose proxy could never get its token is better not made. */
static int check_token(struct injection *in, struct err *err)
{
	const char *refusal = in->config->token_asked.use != TOKEN_USE_NONE ? token_refusal(in->config->token.problem) : NULL;

	if (!refusal)
		return 0;
	(void)err_set(err, ERR_CONFIG, "%s", refusal);
	return injection_refuse(in, REASON_TOKEN_MODE);
}

static int inject(struct injection *in, struct err *err)
{
	const struct map *annotations = in->annotations && in->annotations->kind == K_MAP ? in->annotations->u.map : NULL;
	const bool overlays = in->config->release == RELEASE_HEAD;

	if (check_token(in, err) < 0)
		return -1;
	warn_of_token(in);
	in->ret->reason = REASON_BAD_ANNOTATION;
	if (validate_annotations(in->a, annotations, in->config->release, err) < 0)
		return overlays ? err_wrap(err, "failed to run injection template") : -1;
	if (run(in, overlays ? inject_overlays : inject_lists, err) < 0)
		return -1;
	in->ret->reason = REASON_INTERNAL;
	in->ret->asked_pod = in->asked ? in->asked : in->given;
	return make_patch(in, err);
}

/* Not injected: all there may be to change is what a guard has taken out. */
static int leave_alone(struct injection *in, enum reason decided, struct err *err)
{
	in->merged = in->given;
	in->ret->pod = in->ret->asked_pod = in->given;
	in->ret->reason = REASON_INTERNAL;
	if (in->req->original && make_patch(in, err) < 0)
		return -1;
	in->ret->reason = decided;
	return 0;
}

int inject_pod(const struct inject_config *c, struct arena *a, const struct inject_request *req, struct inject_result *ret,
	struct err *err)
{
	struct injection in = {.config = c, .a = a, .req = req, .ret = ret};
	enum reason decided;

	memset(ret, 0, sizeof(*ret));
	if (read_pod(&in, err) < 0)
		return injection_refuse(&in, REASON_BAD_POD);
	warn_of_label(&in);
	decided = decide_traced(c, in.given, in.namespace, req->workload != NULL, req->trace);
	if (reason_row(decided)->result == RESULT_SKIPPED)
		return leave_alone(&in, decided, err);
	warn_of_dns(&in);
	if (inject(&in, err) < 0) {
		if (err && err->code == ERR_LIMIT)
			ret->reason = REASON_LIMIT;
		return -1;
	}
	ret->reason = decided;
	ret->injected = true;
	return 0;
}
