/* SPDX-License-Identifier: Apache-2.0 */
/* Injection as Istio 1.5 to 1.8 did it: `template:` renders lists of containers and volumes, which are added to the pod. */
#include <string.h>

#include "patches/digest.h"
#include "patches/injection.h"
#include "patches/pod/coerce.h"
#include "patches/pod/list_apply.h"
#include "patches/pod/names.h"
#include "patches/pod/owner.h"
#include "patches/pod/template_data.h"
#include "patches/pod/url_env.h"
#include "patches/pod/validate.h"

enum { FS_GROUP = 1337 };

/* --- the pod's security context ----------------------------------------------------------------------------------- */

/* The proxy of that time could not read its token without the group. */
static bool wants_fs_group(const struct injection *in, const struct list_rules *rules)
{
	const struct value *global = raw_get(in->config->raw_values, "global");
	const struct value *set = map_getc(in->config->env.variables, "ENABLE_LEGACY_FSGROUP_INJECTION");

	if (rules->fs_group_by_mesh)
		return raw_str(in->config->mesh, "sdsUdsPath").len > 0;
	if (set && set->kind == K_STRING && parse_go_bool(set->u.s) >= 0)
		return parse_go_bool(set->u.s) == 1;
	return !str_is(raw_str(global, "jwtPolicy"), "first-party-jwt");
}

static void set_fs_group(struct pod_edit *e)
{
	member_set(e, member_edit(e, e->spec, "securityContext"), "fsGroup", value_number(e->a, FS_GROUP));
}

/* A security context is encoded anew, by the types of that time, also where nothing changes in it. */
static int set_security_context(struct injection *in, const struct list_rules *rules, struct err *err)
{
	const struct value *given = raw_path(in->given, "spec", "securityContext", NULL), *v = given;
	struct pod_edit e;

	pod_edit_begin(&e, in->a, in->given);
	if (given) {
		v = raw_touched(in->a, given);
		v = v ? schema_canon(in->a, v, &go_pod_security_context, err) : NULL;
		v = v ? without_newer(in->a, v, &go_pod_security_context, rules->kubernetes, err) : NULL;
		if (!v)
			return err_nomem(err);
		member_set(&e, e.spec, "securityContext", v);
	}
	if (wants_fs_group(in, rules))
		set_fs_group(&e);
	in->given = pod_edit_end(&e, err);
	return in->given ? 0 : -1;
}

/* --- the template's data -------------------------------------------------------------------------------------------- */

static const struct value *list_data(struct injection *in, const struct list_rules *rules, struct err *err)
{
	const struct str namespace = rules->owner_in_pod_namespace ? in->namespace : in->req->namespace;
	struct template_facts f = {.pod = in->given, .proxy_config = raw_get(in->mesh, "defaultConfig"), .mesh = in->mesh,
		.namespace = in->namespace};
	const bool cron_jobs = rules->cron_jobs && !release_is_before(&in->config->release_told, rules->cron_jobs_since);

	in->owner = in->req->workload ? *in->req->workload : owner_up_to_1_8(in->given, namespace, cron_jobs, rules->empty_hash);
	f.owner = in->owner;
	return template_data_up_to_1_8(in->a, in->config, rules->data, &f, err);
}

static int prepare(struct injection *in, const struct list_rules *rules, struct err *err)
{
	const bool first = release_is_before(&in->config->release_told, rules->proxy_config_since);
	const struct str annotation = raw_str(in->annotations, first ? "istio.io/proxyConfig" : ANNOTATION_PROXY_CONFIG);
	bool failed = false;

	in->mesh = in->config->mesh;
	if (rules->proxy_config && annotation.p) {
		in->mesh = mesh_apply_proxy_config(in->a, in->config->mesh, in->config->release, annotation, err);
		if (!in->mesh)
			return -1;
	}
	in->env = url_env(in->a, in->req->workload ? STR("") : in->req->url_path);
	if (!in->env)
		return err_nomem(err);
	if (rules->cluster_by_values)
		(void)cluster_env(in->a, in->config, in->given, in->env, &failed);
	return failed ? err_nomem(err) : 0;
}

/* --- the pod --------------------------------------------------------------------------------------------------------- */

static struct str template_version(struct arena *a, struct str text)
{
	char *hex = arena_alloc(a, SHA256_HEX + 1);

	return hex && sha256_hex(&text, 1, hex) == 0 ? (struct str){hex, SHA256_HEX} : (struct str){NULL, 0};
}

static bool holds(const struct injection *in, const struct list_rules *rules)
{
	const struct value *proxy = raw_path(in->config->raw_values, "global", "proxy", NULL);

	return (rules->hold_by_values && raw_bool(proxy, "holdApplicationUntilProxyStarts")) ||
	       (rules->hold_by_proxy_config && raw_bool(raw_get(in->mesh, "defaultConfig"), "holdApplicationUntilProxyStarts"));
}

static void write_metadata(struct injection *in, struct pod_edit *e, const struct list_spec *s, const struct list_rules *rules,
	struct str status)
{
	const struct map *more = in->req->workload ? NULL : in->config->injected_annotations;

	pod_annotate(e, STR(ANNOTATION_STATUS), status);
	for (uint32_t i = 0; more && i < more->len; i++)
		pod_annotate(e, more->entry[i].key, more->entry[i].value->u.s);
	list_label(e, s, rules, in->owner.name, in->config->revision);
}

/* A status that nobody's injection wrote takes the user's containers out, as in those releases; not unseen, though. */
static void warn_of_removal(struct injection *in, const struct list_spec *s)
{
	const struct value *names = raw_get(in->record.status, "containers");

	for (size_t i = 0; names && i < names->u.list.len; i++) {
		const struct str name = names->u.list.item[i]->u.s;

		if (find_container(&s->containers, name) || !raw_container(in->given, "containers", name))
			continue;
		warn(in, "sidecar.istio.io/status takes out a container that injection does not add: remove that annotation");
		return;
	}
}

static int apply(struct injection *in, struct pod_edit *e, struct list_spec *s, const struct list_rules *rules, struct err *err)
{
	struct str status;

	list_spec_set_concurrency(e, s);
	list_spec_set_env(e, s, in->env);
	status = list_spec_status(in->a, s, template_version(in->a, in->config->template_text));
	if (!status.p)
		return err_nomem(err);
	if (list_rewrite_probes(e, s, rules, in->config->mesh, err) < 0)
		return -1;
	warn_of_removal(in, s);
	list_remove_earlier(e, in->record.status);
	write_metadata(in, e, s, rules, status);
	if (rules->prometheus)
		list_merge_prometheus(e, s, in->given, in->config->mesh);
	list_add(e, s, rules, holds(in, rules));
	return 0;
}

/* --- offline, up to 1.7 ------------------------------------------------------------------------------------------------ */

/* Annotations that those releases knew: a template may set these and no others. */
static bool is_known_annotation(struct str key)
{
	static const char *const prefixes[] = {"sidecar.istio.io/", "status.sidecar.istio.io/", "readiness.status.sidecar.istio.io/",
		"traffic.sidecar.istio.io/", "prometheus.istio.io/", "proxy.istio.io/"};

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (str_has_prefix(key, prefixes[i]))
			return true;
	return str_is(key, "k8s.v1.cni.cncf.io/networks");
}

static void annotate_redirection(struct pod_edit *e, const struct list_spec *s)
{
	const struct map *m = s->redirect && s->redirect->kind == K_MAP ? s->redirect->u.map : NULL;

	for (uint32_t i = 0; m && i < m->len; i++) {
		const struct value *v = m->entry[i].value;

		if (v->kind == K_STRING && v->u.s.len && is_known_annotation(m->entry[i].key))
			pod_annotate(e, m->entry[i].key, v->u.s);
	}
}

/* What kube-inject did: everything is appended, nothing is taken out, and the DNS settings are the template's or none. */
static int apply_offline(struct injection *in, struct pod_edit *e, struct list_spec *s, const struct list_rules *rules, struct err *err)
{
	struct str status;

	list_spec_set_concurrency(e, s);
	status = list_spec_status(in->a, s, template_version(in->a, in->config->template_text));
	if (!status.p)
		return err_nomem(err);
	if (list_rewrite_probes(e, s, rules, in->config->mesh, err) < 0)
		return -1;
	if (rules->offline_prometheus)
		list_point_prometheus(e, in->given, in->config->mesh);
	list_append(e, s, rules, holds(in, rules));
	if (wants_fs_group(in, rules))
		set_fs_group(e);
	annotate_redirection(e, s);
	pod_annotate(e, STR(ANNOTATION_STATUS), status);
	list_label_offline(e, rules, in->config->revision);
	return 0;
}

/* --- both ------------------------------------------------------------------------------------------------------------- */

int inject_lists(struct injection *in, struct err *err)
{
	const struct list_rules *rules = list_rules(in->config->release);
	const struct value *rendered;
	const bool offline = in->req->workload && rules->own_offline;
	struct list_spec spec;
	struct pod_edit e;

	if (injection_record_of_lists(in->a, in->given, &in->record, err) < 0 ||
	    (!offline && set_security_context(in, rules, err) < 0) || prepare(in, rules, err) < 0)
		return -1;
	in->data = list_data(in, rules, err);
	if (!in->data)
		return -1;
	rendered = render_template(in, &in->config->templates[0], err);
	if (!rendered)
		return -1;
	pod_edit_begin(&e, in->a, in->given);
	if (list_spec_read(&e, rendered, rules, &spec, err) < 0)
		return err_wrap(err, "failed parsing generated injected YAML (check Istio sidecar injector configuration)");
	in->ret->reason = REASON_PASS_FAILED;
	if ((offline ? apply_offline(in, &e, &spec, rules, err) : apply(in, &e, &spec, rules, err)) < 0)
		return -1;
	in->merged = pod_edit_end(&e, err);
	return in->merged ? 0 : -1;
}
