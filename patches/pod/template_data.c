/* SPDX-License-Identifier: Apache-2.0 */
/* What templates of Istio 1.9 and later see as their dot: inject.SidecarTemplateData. */
#include "patches/pod/template_data.h"

#include "patches/pod/names.h"
#include "patches/schema/schema.h"

/* A Go struct under construction; fields are named as Go names them. */
struct builder {
	struct arena *a;
	const struct go_type *type;
	struct map *fields;
	bool failed;
};

static void set(struct builder *b, const char *go_name, const struct value *v)
{
	const struct go_field *f = go_field_find(b->type, str_of(go_name), NULL);

	if (!v || !f || !b->fields || map_setc(b->a, b->fields, f->json_name, v) < 0)
		b->failed = true;
}

/* Text that the pod chose, or that may hold what it chose. */
static const struct value *pod_text(struct arena *a, struct str s)
{
	struct value *v = value_new(a, K_STRING, NULL);

	if (v) {
		v->u.s = s.p ? s : STR("");
		v->flags = V_POD;
	}
	return v;
}

static const struct value *text(struct arena *a, struct str s)
{
	return value_str(a, s.p ? s : STR(""));
}

static const struct value *structure(struct builder *b)
{
	struct value *v = value_new(b->a, K_STRUCT, b->type);

	if (!v || b->failed)
		return NULL;
	v->u.map = b->fields;
	return v;
}

static const struct value *type_meta(struct arena *a, const struct workload *w)
{
	struct builder b = {a, &go_type_meta, map_new(a, 2), false};

	set(&b, "Kind", pod_text(a, w->kind));
	set(&b, "APIVersion", pod_text(a, w->api_version));
	return structure(&b);
}

static const struct value *deployment_meta(struct arena *a, const struct workload *w)
{
	struct builder b = {a, &go_namespaced_name, map_new(a, 2), false};

	set(&b, "Name", pod_text(a, w->name));
	set(&b, "Namespace", pod_text(a, w->namespace));
	return structure(&b);
}

/* The pod's metadata, with the namespace that it is created in. */
static const struct value *object_meta(struct arena *a, const struct template_facts *f)
{
	const struct value *meta = raw_get(f->pod, "metadata");
	struct map *m;

	if (raw_str(meta, "namespace").len || !f->namespace.len)
		return schema_view(a, meta, &go_object_meta);
	m = map_clone(a, meta && meta->kind == K_MAP ? meta->u.map : NULL, 1);
	if (!m || map_setc(a, m, "namespace", pod_text(a, f->namespace)) < 0)
		return NULL;
	return schema_view(a, value_map(a, m), &go_object_meta);
}

static void set_images(struct builder *b, const struct inject_config *c, const struct template_facts *f)
{
	const struct value *annotations = raw_path(f->pod, "metadata", "annotations", NULL);
	const struct str type = raw_str(raw_get(f->proxy_config, "image"), "imageType");
	const struct str proxy = proxy_image(b->a, c->raw_values, "proxy", type, annotations);
	const struct str init = proxy_image(b->a, c->raw_values, "proxy_init", STR(""), annotations);
	const bool chosen = raw_get(annotations, ANNOTATION_IMAGE_TYPE) || raw_get(annotations, ANNOTATION_PROXY_CONFIG);

	b->failed = b->failed || !proxy.p || !init.p;
	set(b, "ProxyImage", chosen ? pod_text(b->a, proxy) : text(b->a, proxy));
	set(b, "ProxyInitImage", chosen ? pod_text(b->a, init) : text(b->a, init));
}

static const struct value *typed_int(struct arena *a, int64_t n, const struct go_type *type)
{
	const struct value *v = value_int(a, n);

	return v ? value_typed(a, v, type) : NULL;
}

static struct str inbound_mode(const struct value *mesh)
{
	return str_is(raw_str(raw_get(mesh, "inboundTrafficPolicy"), "mode"), "LOCALHOST") ? STR("localhost") : STR("passthrough");
}

static const struct value *pointer_to(struct arena *a, const struct value *structure, const struct go_type *type)
{
	struct value *pointer = structure ? value_new(a, K_PTR, type) : NULL;

	if (pointer)
		pointer->u.ptr = structure;
	return pointer;
}

const struct value *template_data(struct arena *a, const struct inject_config *c, const struct template_facts *f, struct err *err)
{
	struct builder b = {a, &go_template_data, map_new(a, 16), false};
	const struct value *annotations = raw_path(f->pod, "metadata", "annotations", NULL), *data;

	set(&b, "TypeMeta", type_meta(a, &f->owner));
	set(&b, "DeploymentMeta", deployment_meta(a, &f->owner));
	set(&b, "ObjectMeta", object_meta(a, f));
	set(&b, "Spec", schema_view(a, raw_get(f->pod, "spec"), &go_pod_spec));
	set(&b, "ProxyConfig", schema_view(a, f->proxy_config, &go_ptr_proxy_config));
	set(&b, "MeshConfig", schema_view(a, f->mesh, &go_ptr_mesh_config));
	set(&b, "Values", c->values);
	set(&b, "Revision", text(a, c->revision));
	set(&b, "NativeSidecars", value_bool(f->native));
	set_images(&b, c, f);
	set(&b, "ProxyUID", typed_int(a, f->uid, &go_int64));
	set(&b, "ProxyGID", typed_int(a, f->gid, &go_int64));
	set(&b, "InboundTrafficPolicyMode", text(a, inbound_mode(f->mesh)));
	set(&b, "CompliancePolicy", text(a, c->compliance_policy));
	set(&b, "EstimatedConcurrency", typed_int(a, estimated_concurrency(a, c->raw_values, f->proxy_config, annotations), &go_int));
	data = pointer_to(a, structure(&b), &go_ptr_template_data);
	if (!data)
		err_nomem(err);
	return data;
}

/* --- 1.5 to 1.8 -------------------------------------------------------------------------------------------------- */

/* A field that is a pointer there. */
static void set_pointer(struct builder *b, const char *go_name, const struct value *structure)
{
	const struct go_field *f = go_field_find(b->type, str_of(go_name), NULL);

	set(b, go_name, f ? pointer_to(b->a, structure, f->type) : NULL);
}

/* A copy of the pod's metadata under the owner's name. */
static const struct value *owner_meta(struct arena *a, const struct template_facts *f)
{
	const struct value *meta = raw_get(f->pod, "metadata");
	struct map *m = map_clone(a, meta && meta->kind == K_MAP ? meta->u.map : NULL, 2);

	if (!m || map_setc(a, m, "name", pod_text(a, f->owner.name)) < 0 ||
	    map_setc(a, m, "namespace", pod_text(a, f->owner.namespace)) < 0)
		return NULL;
	return schema_view(a, value_map(a, m), &go_object_meta);
}

const struct value *template_data_up_to_1_8(struct arena *a, const struct inject_config *c, const struct go_type *type,
	const struct template_facts *f, struct err *err)
{
	struct builder b = {a, type->elem, map_new(a, 8), false};
	const struct go_field *proxy = go_field_find(b.type, STR("ProxyConfig"), NULL);
	const struct go_field *mesh = go_field_find(b.type, STR("MeshConfig"), NULL);
	const struct value *data;

	set_pointer(&b, "TypeMeta", type_meta(a, &f->owner));
	set_pointer(&b, "DeploymentMeta", owner_meta(a, f));
	set_pointer(&b, "ObjectMeta", object_meta(a, f));
	set_pointer(&b, "Spec", schema_view(a, raw_get(f->pod, "spec"), &go_pod_spec));
	set(&b, "ProxyConfig", proxy ? schema_view(a, f->proxy_config, proxy->type) : NULL);
	set(&b, "MeshConfig", mesh ? schema_view(a, f->mesh, mesh->type) : NULL);
	set(&b, "Values", c->values);
	data = pointer_to(a, structure(&b), type);
	if (!data)
		err_nomem(err);
	return data;
}
