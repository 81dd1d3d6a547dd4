/* SPDX-License-Identifier: Apache-2.0 */
/* Injection as Istio does it since 1.9: `templates:` render overlays, which are merged into the pod and completed by passes. */
#include <string.h>

#include "base/limits.h"
#include "patches/injection.h"
#include "patches/merge/merge.h"
#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/pod/native.h"
#include "patches/pod/order.h"
#include "patches/pod/owner.h"
#include "patches/pod/probes.h"
#include "patches/pod/prometheus.h"
#include "patches/pod/proxy_user.h"
#include "patches/pod/status.h"
#include "patches/pod/template_data.h"
#include "patches/pod/url_env.h"
#include "patches/schema/schema.h"
#include "patches/template/quote.h"

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

/* *ret_here: the pod is of the cluster whose nodes and namespaces are known. */
static int read_environment(struct injection *in, bool *ret_here, struct err *err)
{
	bool failed = false;
	struct str cluster;

	in->env = url_env(in->a, in->req->workload ? STR("") : in->req->url_path);
	if (!in->env)
		return err_nomem(err);
	cluster = cluster_env(in->a, in->config, in->given, in->env, &failed);
	if (failed)
		return err_nomem(err);
	if (in->req->workload)
		cluster = in->config->cluster_id; /* files are of the cluster whose nodes are given with them */
	in->native = native_sidecars(in->config, in->given, cluster);
	in->ret->native = in->native;
	*ret_here = str_eq(cluster, in->config->cluster_id);
	return 0;
}

/* A namespace of another cluster may have the name of one of ours, and other ids. */
static int share_out_ids(struct injection *in, bool here, int64_t *ret_uid, int64_t *ret_gid, struct err *err)
{
	*ret_uid = *ret_gid = PROXY_ID;
	if (!in->config->openshift)
		return 0;
	in->given = forget_shared_user(in->a, in->given, err);
	if (!in->given)
		return -1;
	namespace_ids(here ? inject_config_namespace(in->config, in->namespace) : NULL, ret_uid, ret_gid);
	return 0;
}

static int prepare(struct injection *in, struct err *err)
{
	struct template_facts f = {0};
	bool here = false;

	if (read_environment(in, &here, err) < 0 || share_out_ids(in, here, &f.uid, &f.gid, err) < 0 || read_mesh(in, err) < 0 ||
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

static int run_template(struct injection *in, const struct named_template *t, struct err *err)
{
	const struct value *rendered = render_template(in, t, err);

	if (rendered)
		rendered = without_init_restart(in, rendered, err);
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
	struct text known, quoted;

	text_init(&known, in->a, 4096);
	text_init(&quoted, in->a, 4096);
	quote_with(&quoted, (struct str){name.p, name.len < 128 ? name.len : 128}, '"', false);
	for (size_t i = 0; i < in->config->n_templates; i++) {
		text_adds(&known, i ? ", " : "");
		text_add(&known, in->config->templates[i].name.p, in->config->templates[i].name.len);
	}
	err_set(err, ERR_INPUT, "requested template %s not found; have %s", text_cstr(&quoted), known.len ? text_cstr(&known) : "none");
	err_at(err, "/metadata/annotations/inject.istio.io~1templates");
	return injection_refuse(in, REASON_UNKNOWN_TEMPLATE);
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

struct templates_used {
	struct text asked, used;
};

/* A name that is an alias stands for its list; aliases do not nest. */
static int run_alias(struct injection *in, struct str name, struct templates_used *t, struct err *err)
{
	const struct value *names = in->req->workload ? NULL : map_get(in->config->aliases, name);

	text_adds(&t->asked, t->asked.len ? "," : "");
	text_add(&t->asked, name.p, name.len);
	if (!names || names->kind != K_LIST)
		return run_named(in, name, &t->used, err);
	for (size_t i = 0; i < names->u.list.len; i++)
		if (run_named(in, names->u.list.item[i]->u.s, &t->used, err) < 0)
			return -1;
	return 0;
}

static int run_asked(struct injection *in, struct str asked, struct templates_used *t, struct err *err)
{
	for (size_t n = 0; asked.p; n++) {
		if (n == LIMIT_TEMPLATES_NAMED)
			return err_set(err, ERR_LIMIT, "annotation '%s' names more than %d templates", ANNOTATION_TEMPLATES,
				LIMIT_TEMPLATES_NAMED);
		if (run_alias(in, str_trim_space(str_cut(&asked, ',')), t, err) < 0)
			return -1;
	}
	return 0;
}

static int run_templates(struct injection *in, struct err *err)
{
	const struct str asked = raw_str(in->annotations, ANNOTATION_TEMPLATES);
	struct templates_used t;

	text_init(&t.asked, in->a, LIMIT_BODY_BYTES);
	text_init(&t.used, in->a, LIMIT_BODY_BYTES);
	in->ret->asked_by_pod = asked.p != NULL;
	in->merged = in->given;
	if (asked.p) {
		if (run_asked(in, asked, &t, err) < 0)
			return -1;
	} else if (in->req->workload) {
		if (run_named(in, STR("sidecar"), &t.used, err) < 0)
			return -1;
	} else {
		for (size_t i = 0; i < in->config->n_default_templates; i++)
			if (run_alias(in, in->config->default_templates[i], &t, err) < 0)
				return -1;
	}
	in->ret->asked = (struct str){t.asked.data, t.asked.len};
	in->ret->templates = (struct str){t.used.data, t.used.len};
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
	/* Go's type always has a status; a pod that came without one is not to gain an empty one. */
	if (!raw_get(in->given, "status"))
		(void)map_del(e.pod, STR("status"));
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

int inject_overlays(struct injection *in, struct err *err)
{
	if (prepare(in, err) < 0 || run_templates(in, err) < 0)
		return err_wrap(err, "failed to run injection template");
	in->ret->reason = REASON_OVERRIDES_FAILED;
	in->merged = reapply_overrides(in->a, in->merged, in->given, in->overlay, &in->record,
		str_is(raw_str(in->proxy_config, "interceptionMode"), "TPROXY"), err);
	if (!in->merged)
		return err_wrap(err, "failed to re apply container");
	in->ret->reason = REASON_PASS_FAILED;
	if (run_passes(in, err) < 0)
		return err_wrap(err, "failed to process pod");
	return 0;
}
