/* SPDX-License-Identifier: Apache-2.0 */
/*
 * String() of Kubernetes' types, as gogo's generator writes it: &Probe{ProbeHandler:ProbeHandler{...},PeriodSeconds:0,}. Source: the
 * String methods of k8s.io/api/core/v1 and k8s.io/apimachinery/pkg/apis/meta/v1, which all follow these rules.
 */
#include <string.h>

#include "base/limits.h"
#include "patches/template/gofmt.h"

struct writer {
	struct run *run;
	struct text *out;
	struct err *err;
	unsigned depth;
};

static int write_struct(struct writer *w, const struct value *v, const char *before);

/* Members come in the order of their protobuf numbers; where that is not the order of declaration, it stands here. */
static const struct {
	const char *type, *fields;
} orders[] = {
	{"ClusterTrustBundleProjection", "Name SignerName LabelSelector Path Optional"},
	{"Container", "Name Image Command Args WorkingDir Ports Env Resources VolumeMounts LivenessProbe ReadinessProbe Lifecycle "
		"TerminationMessagePath ImagePullPolicy SecurityContext Stdin StdinOnce TTY EnvFrom TerminationMessagePolicy VolumeDevices "
		"StartupProbe ResizePolicy RestartPolicy RestartPolicyRules"},
	{"EphemeralContainerCommon", "Name Image Command Args WorkingDir Ports Env Resources VolumeMounts LivenessProbe ReadinessProbe "
		"Lifecycle TerminationMessagePath ImagePullPolicy SecurityContext Stdin StdinOnce TTY EnvFrom TerminationMessagePolicy "
		"VolumeDevices StartupProbe ResizePolicy RestartPolicy RestartPolicyRules"},
	{"ISCSIVolumeSource", "TargetPortal IQN Lun ISCSIInterface FSType ReadOnly Portals DiscoveryCHAPAuth SecretRef SessionCHAPAuth "
		"InitiatorName"},
	{"OwnerReference", "Kind Name UID APIVersion Controller BlockOwnerDeletion"},
	{"PersistentVolumeClaimSpec", "AccessModes Resources VolumeName Selector StorageClassName VolumeMode DataSource DataSourceRef "
		"VolumeAttributesClassName"},
	{"PodSecurityContext", "SELinuxOptions RunAsUser RunAsNonRoot SupplementalGroups FSGroup RunAsGroup Sysctls WindowsOptions "
		"FSGroupChangePolicy SeccompProfile AppArmorProfile SupplementalGroupsPolicy SELinuxChangePolicy"},
	{"PodSpec", "Volumes Containers RestartPolicy TerminationGracePeriodSeconds ActiveDeadlineSeconds DNSPolicy NodeSelector "
		"ServiceAccountName DeprecatedServiceAccount NodeName HostNetwork HostPID HostIPC SecurityContext ImagePullSecrets Hostname "
		"Subdomain Affinity SchedulerName InitContainers AutomountServiceAccountToken Tolerations HostAliases PriorityClassName Priority "
		"DNSConfig ShareProcessNamespace ReadinessGates RuntimeClassName EnableServiceLinks PreemptionPolicy Overhead "
		"TopologySpreadConstraints EphemeralContainers SetHostnameAsFQDN OS HostUsers SchedulingGates ResourceClaims Resources "
		"HostnameOverride SchedulingGroup"},
	{"SecurityContext", "Capabilities Privileged SELinuxOptions RunAsUser RunAsNonRoot ReadOnlyRootFilesystem AllowPrivilegeEscalation "
		"RunAsGroup ProcMount WindowsOptions SeccompProfile AppArmorProfile"},
	{"VolumeMount", "Name ReadOnly MountPath SubPath MountPropagation SubPathExpr RecursiveReadOnly"},
	{"VolumeSource", "HostPath EmptyDir GCEPersistentDisk AWSElasticBlockStore GitRepo Secret NFS ISCSI Glusterfs PersistentVolumeClaim RBD "
		"FlexVolume Cinder CephFS Flocker DownwardAPI FC AzureFile ConfigMap VsphereVolume Quobyte AzureDisk PhotonPersistentDisk "
		"PortworxVolume ScaleIO Projected StorageOS CSI Ephemeral Image"},
};

/* Types of another package than those that hold them: fmt prints them, and their name gets the package. */
static const char *const foreign[] = {"LabelSelector", "ObjectMeta", "ManagedFieldsEntry"};

static bool is_meta(const char *bare)
{
	static const char *const own[] = {"LabelSelector", "LabelSelectorRequirement", "ObjectMeta", "OwnerReference", "ManagedFieldsEntry"};

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (strcmp(bare, own[i]) == 0)
			return true;
	return false;
}

static bool is_generated(const struct go_type *t)
{
	const struct go_method *m;

	if (t->kind != GO_STRUCT || t->special != GO_PLAIN || !t->bare || strncmp(t->name, "v1.", 3) != 0)
		return false;
	m = go_method_find(t, STR("String"));
	return m && m->kind == M_STRING;
}

static bool is_foreign(const struct go_type *owner, const struct go_type *t)
{
	if (!is_generated(t))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		if (strcmp(t->bare, foreign[i]) == 0)
			return !is_meta(owner->bare);
	return false;
}

/* Appends s without its first `drop`, or with `instead` in its place. */
static void add_replaced(struct writer *w, struct str s, const char *drop, const char *instead)
{
	const size_t at = str_find(s, str_of(drop));

	if (at == SIZE_MAX) {
		text_add(w->out, s.p, s.len);
		return;
	}
	text_add(w->out, s.p, at);
	text_adds(w->out, instead);
	text_add(w->out, s.p + at + strlen(drop), s.len - at - strlen(drop));
}

/* fmt.Sprintf("%v") of a member. */
static int add_printed(struct writer *w, struct text *out, const struct value *v)
{
	return gofmt_print(w->run, out, v, false, w->err);
}

static int write_foreign(struct writer *w, const struct value *v, const struct go_type *t, bool pointer)
{
	struct text printed;

	text_init(&printed, w->run->arena, LIMIT_TEMPLATE_OUTPUT);
	if (add_printed(w, &printed, v) < 0)
		return -1;
	w->out->failed |= printed.failed;
	if (!pointer)
		add_replaced(w, (struct str){printed.data, printed.len}, "&", "");
	else if (is_generated(t) && is_meta(t->bare))
		add_replaced(w, (struct str){printed.data, printed.len}, t->bare, t->name);
	else
		text_add(w->out, printed.data, printed.len);
	return 0;
}

static int write_own_pointer(struct writer *w, const struct value *v)
{
	if (v->u.ptr)
		return write_struct(w, v->u.ptr, "&");
	text_adds(w->out, "nil");
	return 0;
}

static int write_pointer(struct writer *w, const struct go_type *owner, const struct value *v)
{
	const struct go_type *elem = v->type->elem;

	if (elem->kind == GO_STRUCT)
		return is_foreign(owner, elem) ? write_foreign(w, v, elem, true) : write_own_pointer(w, v);
	if (!v->u.ptr) {
		text_adds(w->out, "nil");
		return 0;
	}
	text_addc(w->out, '*');
	return add_printed(w, w->out, v->u.ptr);
}

static int write_list(struct writer *w, const struct value *v)
{
	text_addf(w->out, "[]%s{", v->type->elem->bare);
	for (size_t i = 0; i < v->u.list.len && !w->out->failed; i++) {
		const struct value *item = schema_view_item(w->run->arena, v, i);

		if (!item)
			return err_nomem(w->err);
		if (write_struct(w, item, "") < 0)
			return -1;
		text_addc(w->out, ',');
	}
	text_addc(w->out, '}');
	return 0;
}

/* map[v1.ResourceName]x is written without the package. */
static void write_map_name(struct writer *w, const char *name)
{
	for (; *name; name++) {
		if (strncmp(name, "v1.", 3) == 0)
			name += 3;
		text_addc(w->out, *name);
	}
}

static int write_map(struct writer *w, const struct value *v)
{
	const struct map *m = v->u.map;
	const struct map_entry *const *sorted = m ? map_sorted(w->run->arena, m) : NULL;

	if (m && !sorted)
		return err_nomem(w->err);
	write_map_name(w, go_type_of(v)->name);
	text_addc(w->out, '{');
	for (uint32_t i = 0; m && i < m->len && !w->out->failed; i++) {
		const struct value *item = schema_view_entry(w->run->arena, v, sorted[i]->value);

		if (!item)
			return err_nomem(w->err);
		text_add(w->out, sorted[i]->key.p, sorted[i]->key.len);
		text_adds(w->out, ": ");
		if (add_printed(w, w->out, item) < 0)
			return -1;
		text_addc(w->out, ',');
	}
	text_addc(w->out, '}');
	return 0;
}

static int write_member(struct writer *w, const struct value *structure, const struct go_field *f)
{
	const struct value *v = schema_view_field(w->run->arena, structure, f);
	const struct go_type *t = f->type;
	int rc;

	if (!v)
		return err_nomem(w->err);
	text_addf(w->out, "%s:", f->go_name);
	if (v->kind == K_PTR)
		rc = write_pointer(w, structure->type, v);
	else if (v->kind == K_STRUCT)
		rc = is_foreign(structure->type, t) ? write_foreign(w, v, t, false) : write_struct(w, v, "");
	else if (v->kind == K_LIST && t->elem && is_generated(t->elem))
		rc = v->type ? write_list(w, v) : 0;
	else if (v->kind == K_MAP)
		rc = write_map(w, v);
	else
		rc = add_printed(w, w->out, v);
	text_addc(w->out, ',');
	return rc;
}

static const char *order_of(const struct go_type *t)
{
	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		if (strcmp(orders[i].type, t->bare) == 0)
			return orders[i].fields;
	return NULL;
}

static int write_ordered(struct writer *w, const struct value *v, const char *order)
{
	struct str left = str_of(order);

	while (left.p && !w->out->failed) {
		const struct str name = str_cut(&left, ' ');
		const struct go_field *via, *f = go_field_find(v->type, name, &via);

		if (f && !via && write_member(w, v, f) < 0)
			return -1;
	}
	return 0;
}

static int write_struct(struct writer *w, const struct value *v, const char *before)
{
	const char *order = order_of(v->type);
	int rc = 0;

	if (w->depth++ > LIMIT_VALUE_DEPTH || run_charge(w->run, 1, w->err) < 0)
		return err_set(w->err, ERR_LIMIT, "the value is nested too deep");
	text_addf(w->out, "%s%s{", before, v->type->bare);
	if (order)
		rc = write_ordered(w, v, order);
	for (uint16_t i = 0; !order && rc == 0 && i < v->type->n_fields && !w->out->failed; i++)
		rc = write_member(w, v, &v->type->field[i]);
	text_addc(w->out, '}');
	w->depth--;
	return rc;
}

static int from_schema(struct run *r, struct text *out, const struct value *v, struct err *err)
{
	const struct go_method *m = go_method_find(go_type_of(v), STR("String"));
	const struct value *text = NULL;

	if (m)
		text = m->field ? schema_view_field(r->arena, v, m->field) : schema_call_method(r->arena, v, m, err);
	if (!text)
		return m ? -1 : err_set(err, ERR_BUG, "%s has no String method", go_type_of(v)->name);
	text_add(out, text->u.s.p, text->u.s.len);
	return 0;
}

int go_string_method(struct run *r, struct text *out, const struct value *v, struct err *err)
{
	struct writer w = {.run = r, .out = out, .err = err};
	const struct go_type *t = go_type_of(v);

	if (t->kind == GO_PTR)
		t = t->elem;
	if (t->special == GO_PB_MESSAGE || t->special == GO_PB_WRAPPER || t->special == GO_PB_DURATION || t->special == GO_PB_TIMESTAMP)
		return go_proto_text(r, out, v, err);
	if (v->kind == K_STRING) {
		text_add(out, v->u.s.p, v->u.s.len);
		return 0;
	}
	if (!is_generated(t))
		return from_schema(r, out, v, err);
	if (v->kind == K_STRUCT)
		return write_struct(&w, v, "&");
	if (v->u.ptr)
		return write_struct(&w, v->u.ptr, "&");
	text_adds(out, "nil");
	return 0;
}
