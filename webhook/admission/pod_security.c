/* SPDX-License-Identifier: Apache-2.0 */
/* Pod Security Standards, as far as an injected container can break them. */
#include "webhook/admission/pod_security.h"

static const char *const names[] = {[POD_SECURITY_PRIVILEGED] = "privileged",
	[POD_SECURITY_BASELINE] = "baseline",
	[POD_SECURITY_RESTRICTED] = "restricted"};

enum pod_security pod_security_level(struct str label)
{
	for (int i = POD_SECURITY_BASELINE; i <= POD_SECURITY_RESTRICTED; i++)
		if (str_is(label, names[i]))
			return (enum pod_security)i;
	return POD_SECURITY_PRIVILEGED;
}

const char *pod_security_name(enum pod_security level)
{
	return names[level];
}

/* Where a container says nothing, the pod's word counts. */
struct contexts {
	const struct value *pod, *container;
};

static const struct value *effective(const struct contexts *c, const char *key)
{
	const struct value *v = raw_get(c->container, key);

	return v ? v : raw_get(c->pod, key);
}

static bool is_one_of(const struct value *v, const char *const *name, size_t len)
{
	for (size_t i = 0; v->kind == K_STRING && i < len; i++)
		if (str_is(v->u.s, name[i]))
			return true;
	return false;
}

static bool adds_only(const struct contexts *c, const char *const *name, size_t len)
{
	const struct value *l = raw_path(c->container, "capabilities", "add", NULL);

	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++)
		if (!is_one_of(l->u.list.item[i], name, len))
			return false;
	return true;
}

static bool not_privileged(const struct contexts *c)
{
	return !raw_bool(c->container, "privileged");
}

static bool baseline_capabilities(const struct contexts *c)
{
	static const char *const allowed[] = {"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL",
		"MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"};

	return adds_only(c, allowed, ARRAY_LEN(allowed));
}

static bool restricted_capabilities(const struct contexts *c)
{
	static const char *const allowed[] = {"NET_BIND_SERVICE"};
	static const char *const all[] = {"ALL"};
	const struct value *l = raw_path(c->container, "capabilities", "drop", NULL);

	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++)
		if (is_one_of(l->u.list.item[i], all, 1))
			return adds_only(c, allowed, ARRAY_LEN(allowed));
	return false;
}

static bool no_escalation(const struct contexts *c)
{
	const struct value *v = raw_get(c->container, "allowPrivilegeEscalation");

	return v && v->kind == K_BOOL && !v->u.b;
}

static bool not_root(const struct contexts *c)
{
	const struct value *v = effective(c, "runAsNonRoot");

	return v && v->kind == K_BOOL && v->u.b;
}

static bool not_user_0(const struct contexts *c)
{
	int64_t id;

	return !raw_int(effective(c, "runAsUser"), &id) || id != 0;
}

static bool confined(const struct contexts *c)
{
	static const char *const allowed[] = {"RuntimeDefault", "Localhost"};
	const struct value *v = raw_get(effective(c, "seccompProfile"), "type");

	return v && is_one_of(v, allowed, ARRAY_LEN(allowed));
}

static const struct {
	enum pod_security since;
	bool (*holds)(const struct contexts *c);
	const char *lack;
} checks[] = {
	{POD_SECURITY_BASELINE, not_privileged, "is privileged; use the CNI plugin"},
	{POD_SECURITY_BASELINE, baseline_capabilities, "adds capabilities; use the CNI plugin"},
	{POD_SECURITY_RESTRICTED, not_user_0, "runs as user 0; use the CNI plugin"},
	{POD_SECURITY_RESTRICTED, not_root, "lacks runAsNonRoot; set it for the pod"},
	{POD_SECURITY_RESTRICTED, restricted_capabilities, "does not drop ALL capabilities"},
	{POD_SECURITY_RESTRICTED, no_escalation, "may gain privileges; set allowPrivilegeEscalation"},
	{POD_SECURITY_RESTRICTED, confined, "lacks a seccompProfile; set it for the pod"},
};

const char *pod_security_lack(enum pod_security level, const struct value *spec, const struct value *container)
{
	const struct contexts c = {raw_get(spec, "securityContext"), raw_get(container, "securityContext")};

	for (size_t i = 0; i < ARRAY_LEN(checks); i++)
		if (level >= checks[i].since && !checks[i].holds(&c))
			return checks[i].lack;
	return NULL;
}
