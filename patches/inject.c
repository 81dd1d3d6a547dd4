/* SPDX-License-Identifier: Apache-2.0 */
/* One pod in, one JSON Patch and its reason out: the whole of injection, without any I/O. */
#include "patches/inject.h"

#include <string.h>

#include "base/limits.h"
#include "patches/diff/diff.h"
#include "patches/merge/merge.h"
#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/pod/native.h"
#include "patches/pod/order.h"
#include "patches/pod/overrides.h"
#include "patches/pod/probes.h"
#include "patches/pod/prometheus.h"
#include "patches/pod/proxy_user.h"
#include "patches/pod/owner.h"
#include "patches/pod/status.h"
#include "patches/pod/template_data.h"
#include "patches/pod/url_env.h"
#include "patches/pod/validate.h"
#include "patches/schema/schema.h"
#include "patches/value/json.h"
#include "patches/yaml/yaml.h"

/* What one injection knows at any moment; filled from top to bottom. */
struct injection {
	const struct inject_config *config;
	struct arena *a;
	const struct inject_request *req;
	struct inject_result *ret;
	const struct value *given;    /* the pod as it came, but for ids that OpenShift shares out */
	const struct value *annotations;
	struct str namespace;
	const struct value *mesh, *proxy_config;
	struct map *env;              /* of cluster, network and URL */
	bool native;
	struct injection_record record;
	const struct value *data;     /* the templates' dot */
	const struct value *overlay;  /* what the templates rendered, merged */
	const struct value *merged;   /* the pod so far */
};

static int refuse(struct injection *in, enum reason reason)
{
	in->ret->reason = reason;
	return -1;
}

static void warn(struct injection *in, const char *text)
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

/* --- what is known before the templates run --------------------------------------------------------------- */

static int read_mesh(struct injection *in, struct err *err)
{
	const struct inject_config *c = in->config;
	const struct str annotation = raw_str(in->annotations, ANNOTATION_PROXY_CONFIG);
	const struct value *labels = raw_path(in->given, "metadata", "labels", NULL);

	in->mesh = c->mesh;
	if (in->req->workload && annotation.p) {
		in->mesh = mesh_apply_proxy_config(in->a, c->mesh, c->release, annotation, err);
		if (!in->mesh)
			return -1;
	}
	in->proxy_config = proxy_config_effective(in->a, c->mesh, c->release, annotation, in->namespace,
		labels && labels->kind == K_MAP ? labels->u.map : NULL, c->proxy_configs, c->n_proxy_configs, err);
	return in->proxy_config ? 0 : -1;
}

static int read_environment(struct injection *in, struct err *err)
{
	bool failed = false;
	struct str cluster;

	in->env = url_env(in->a, in->req->workload ? STR("") : in->req->url_path);
	if (!in->env)
		return err_nomem(err);
	cluster = cluster_env(in->a, in->config, in->given, in->env, &failed);
	if (failed)
		return err_nomem(err);
	in->native = native_sidecars(in->config, in->given, cluster);
	return 0;
}

static int share_out_ids(struct injection *in, int64_t *ret_uid, int64_t *ret_gid, struct err *err)
{
	*ret_uid = *ret_gid = PROXY_ID;
	if (!in->config->openshift)
		return 0;
	in->given = forget_shared_user(in->a, in->given, err);
	if (!in->given)
		return -1;
	namespace_ids(inject_config_namespace(in->config, in->namespace), ret_uid, ret_gid);
	return 0;
}

static int prepare(struct injection *in, struct err *err)
{
	struct template_facts f = {0};

	if (share_out_ids(in, &f.uid, &f.gid, err) < 0 || read_mesh(in, err) < 0 || read_environment(in, err) < 0 ||
	    injection_record_read(in->a, in->given, &in->record, err) < 0)
		return -1;
	f.pod = stripped_pod(in->a, in->given, &in->record, in->mesh, err);
	if (!f.pod)
		return -1;
	f.proxy_config = in->proxy_config;
	f.mesh = in->mesh;
	f.owner = in->req->workload ? *in->req->workload : owner_of_pod(in->given, in->namespace);
	f.namespace = in->namespace;
	f.native = in->native;
	in->data = template_data(in->a, in->config, &f, err);
	return in->data ? 0 : -1;
}

/* --- templates ------------------------------------------------------------------------------------------------ */

/* The old templates wrote restartPolicy: Always on istio-init, which their own types dropped; kept, it would restart for ever. */
static const struct value *without_init_restart(struct injection *in, const struct value *overlay, struct err *err)
{
	const struct value *init = raw_container(overlay, "initContainers", CONTAINER_INIT);
	struct pod_edit e;
	struct map *m;
	size_t index;

	if (!raw_get(init, "restartPolicy"))
		return overlay;
	pod_edit_begin(&e, in->a, overlay);
	index = container_index(&e.init_containers, CONTAINER_INIT);
	m = container_edit(&e, &e.init_containers, index);
	if (m)
		(void)map_del(m, STR("restartPolicy"));
	return pod_edit_end(&e, err);
}

/* One overlay onto one pod: merged, then in the form that Go's types give it. */
static const struct value *merge_overlay(struct injection *in, const struct value *pod, const struct value *overlay, struct err *err)
{
	const struct value *merged = strategic_merge(in->a, pod, overlay, &go_pod, err);

	if (!merged) {
		err_wrap(err, "strategic merge");
		return NULL;
	}
	merged = schema_canon(in->a, merged, &go_pod, err);
	if (!merged)
		err_wrap(err, "unmarshal patched pod");
	return merged;
}

static const struct value *render(struct injection *in, const struct named_template *t, struct err *err)
{
	struct rendered r;
	const struct value *overlay;

	if (template_run(t->template, in->a, in->data, &in->config->env, &r, err) < 0) {
		in->ret->reason = REASON_TEMPLATE_FAILED;
		return NULL;
	}
	in->ret->reason = REASON_OVERLAY_FAILED;
	overlay = yaml_parse_rendered(in->a, &r, err);
	if (overlay && overlay->kind != K_MAP && overlay->kind != K_NIL) {
		err_set(err, ERR_INPUT, "strategic merge: invalid JSON document: template '%.*s' does not render a map",
			(int)t->name.len, t->name.p);
		return NULL;
	}
	if (!overlay) {
		err_wrap(err, "failed applying injection overlay: strategic merge: invalid JSON document");
		return NULL;
	}
	return without_init_restart(in, overlay, err);
}

static int run_template(struct injection *in, const struct named_template *t, struct err *err)
{
	const struct value *rendered = render(in, t, err);

	if (!rendered)
		return -1;
	in->overlay = merge_overlay(in, in->overlay, rendered, err);
	if (!in->overlay)
		return err_wrap(err, "failed applying injection overlay");
	in->merged = move_proxy_to_init(in->a, in->merged, in->overlay, in->native, err);
	if (in->merged)
		in->merged = merge_overlay(in, in->merged, rendered, err);
	if (!in->merged)
		return err_wrap(err, "failed parsing generated injected YAML (check Istio sidecar injector configuration)");
	return 0;
}

static int unknown_template(struct injection *in, struct str name, struct err *err)
{
	struct text known;

	text_init(&known, in->a, 4096);
	for (size_t i = 0; i < in->config->n_templates; i++) {
		text_adds(&known, i ? ", " : "");
		text_add(&known, in->config->templates[i].name.p, in->config->templates[i].name.len);
	}
	err_set(err, ERR_INPUT, "requested template \"%.*s\" not found; have %s", (int)(name.len < 128 ? name.len : 128), name.p,
		known.len ? text_cstr(&known) : "none");
	err_at(err, "/metadata/annotations/inject.istio.io~1templates");
	return refuse(in, REASON_UNKNOWN_TEMPLATE);
}

static int run_named(struct injection *in, struct str name, struct text *used, struct err *err)
{
	const struct named_template *t = inject_config_template(in->config, name);

	if (!t)
		return unknown_template(in, name, err);
	text_adds(used, used->len ? "," : "");
	text_add(used, name.p, name.len);
	return run_template(in, t, err);
}

/* A name that is an alias stands for its list; aliases do not nest. */
static int run_alias(struct injection *in, struct str name, struct text *used, struct err *err)
{
	const struct value *names = in->req->workload ? NULL : map_get(in->config->aliases, name);

	if (!names || names->kind != K_LIST)
		return run_named(in, name, used, err);
	for (size_t i = 0; i < names->u.list.len; i++)
		if (run_named(in, names->u.list.item[i]->u.s, used, err) < 0)
			return -1;
	return 0;
}

static int run_asked(struct injection *in, struct str asked, struct text *used, struct err *err)
{
	for (size_t n = 0; asked.p; n++) {
		if (n == LIMIT_TEMPLATES_NAMED)
			return err_set(err, ERR_LIMIT, "annotation '%s' names more than %d templates", ANNOTATION_TEMPLATES,
				LIMIT_TEMPLATES_NAMED);
		if (run_alias(in, str_trim_space(str_cut(&asked, ',')), used, err) < 0)
			return -1;
	}
	return 0;
}

static int run_templates(struct injection *in, struct err *err)
{
	const struct str asked = raw_str(in->annotations, ANNOTATION_TEMPLATES);
	struct text used;

	text_init(&used, in->a, LIMIT_BODY_BYTES);
	in->merged = in->given;
	if (asked.p) {
		if (run_asked(in, asked, &used, err) < 0)
			return -1;
	} else if (in->req->workload) {
		if (run_named(in, STR("sidecar"), &used, err) < 0)
			return -1;
	} else {
		for (size_t i = 0; i < in->config->n_default_templates; i++)
			if (run_alias(in, in->config->default_templates[i], &used, err) < 0)
				return -1;
	}
	in->ret->templates = (struct str){used.data, used.len};
	return 0;
}

/* --- passes ---------------------------------------------------------------------------------------------------- */

static void write_metadata(struct injection *in, struct pod_edit *e)
{
	const struct value *network = map_getc(in->env, ENV_NETWORK);
	const struct str status = injection_status(e->a, in->overlay, in->config->revision);
	const struct map *more = in->req->workload ? NULL : in->config->injected_annotations;

	if (network)
		pod_label(e, STR(LABEL_NETWORK), network->u.s);
	if (status.p)
		pod_annotate(e, STR(ANNOTATION_STATUS), status);
	else
		e->failed = true;
	for (uint32_t i = 0; more && i < more->len; i++)
		pod_annotate(e, more->entry[i].key, more->entry[i].value->u.s);
}

static int hold_application(struct injection *in, bool *ret, struct err *err)
{
	const struct str annotation = raw_str(in->annotations, ANNOTATION_PROXY_CONFIG);
	const struct value *mesh = in->mesh;

	if (annotation.p && !in->req->workload)
		mesh = mesh_apply_proxy_config(in->a, mesh, in->config->release, annotation, err);
	if (!mesh)
		return -1;
	*ret = raw_bool(raw_get(mesh, "defaultConfig"), "holdApplicationUntilProxyStarts") ||
	       raw_bool(raw_path(in->config->raw_values, "global", "proxy", NULL), "holdApplicationUntilProxyStarts");
	return 0;
}

static int run_passes(struct injection *in, struct err *err)
{
	const bool rewrite = raw_bool(raw_get(in->config->raw_values, "sidecarInjectorWebhook"), "rewriteAppHTTPProbe");
	struct pod_edit e;
	bool hold;

	pod_edit_begin(&e, in->a, in->merged);
	apply_cluster_env(&e, in->env);
	if (merge_prometheus(&e, in->mesh, err) < 0)
		return -1;
	annotate_secure_port(&e);
	if (rewrite_probes(&e, in->mesh, rewrite, err) < 0)
		return -1;
	write_metadata(in, &e);
	if (hold_application(in, &hold, err) < 0)
		return -1;
	order_containers(&e, hold);
	in->merged = pod_edit_end(&e, err);
	return in->merged ? 0 : -1;
}

/* --- the patch ------------------------------------------------------------------------------------------------- */

static int prove(struct injection *in, struct err *err)
{
	struct text intended, original;
	struct str given = in->req->pod_json;

	text_init(&intended, in->a, 2 * LIMIT_BODY_BYTES);
	text_init(&original, in->a, 2 * LIMIT_BODY_BYTES);
	json_write(&intended, in->ret->pod, 0);
	if (!given.p) {
		json_write(&original, in->req->pod, 0);
		given = (struct str){original.data, original.len};
	}
	if (intended.failed || original.failed)
		return err_set(err, ERR_LIMIT, "the injected pod is larger than %d bytes", 2 * LIMIT_BODY_BYTES);
	return patch_prove(given, in->ret->patch, (struct str){intended.data, intended.len}, err);
}

static int make_patch(struct injection *in, struct err *err)
{
	struct text patch;

	in->ret->pod = in->merged;
	text_init(&patch, in->a, 2 * LIMIT_BODY_BYTES);
	if (json_diff(in->a, &patch, in->req->pod, in->merged, &go_pod, err) < 0)
		return err_wrap(err, "failed to create patch");
	if (patch.failed)
		return err_set(err, ERR_LIMIT, "the patch is larger than %d bytes", 2 * LIMIT_BODY_BYTES);
	in->ret->patch = (struct str){patch.data, patch.len};
	if (prove(in, err) < 0)
		return refuse(in, REASON_PROOF_FAILED);
	return 0;
}

/* --- all of it ------------------------------------------------------------------------------------------------- */

static int inject(struct injection *in, struct err *err)
{
	const struct map *annotations = in->annotations && in->annotations->kind == K_MAP ? in->annotations->u.map : NULL;

	in->ret->reason = REASON_BAD_ANNOTATION;
	if (validate_annotations(in->a, annotations, in->config->release, err) < 0 || prepare(in, err) < 0 ||
	    run_templates(in, err) < 0)
		return err_wrap(err, "failed to run injection template");
	in->ret->reason = REASON_OVERRIDES_FAILED;
	in->merged = reapply_overrides(in->a, in->merged, in->given, in->overlay, &in->record,
		str_is(raw_str(in->proxy_config, "interceptionMode"), "TPROXY"), err);
	if (!in->merged)
		return err_wrap(err, "failed to re apply container");
	in->ret->reason = REASON_PASS_FAILED;
	if (run_passes(in, err) < 0)
		return err_wrap(err, "failed to process pod");
	in->ret->reason = REASON_INTERNAL;
	return make_patch(in, err);
}

int inject_pod(const struct inject_config *c, struct arena *a, const struct inject_request *req, struct inject_result *ret,
	struct err *err)
{
	struct injection in = {.config = c, .a = a, .req = req, .ret = ret};
	enum reason decided;

	memset(ret, 0, sizeof(*ret));
	if (read_pod(&in, err) < 0)
		return refuse(&in, REASON_BAD_POD);
	warn_of_label(&in);
	decided = decide(c, in.given, in.namespace, req->workload != NULL);
	if (reason_row(decided)->result == RESULT_SKIPPED) {
		ret->reason = decided;
		ret->pod = req->pod;
		return 0;
	}
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
