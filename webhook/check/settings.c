/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that are in no ConfigMap: istiod has them in its environment, we as flags. They must say the same. */
#include <string.h>

#include "webhook/check/ask.h"

static const struct setting {
	const char *variable, *flag;
	const char *unset; /* what the flag says where it is not given; NULL: it must not be compared then */
	bool by_name;      /* --env VARIABLE=VALUE */
} settings[] = {
	{"ENABLE_NATIVE_SIDECARS", "--native-sidecars", "auto", false},
	{"PLATFORM", "--platform", "", false},
	{"COMPLIANCE_POLICY", "--compliance-policy", "", false},
	{"CLUSTER_ID", "--cluster-id", "Kubernetes", false},
	{"ENABLE_LEGACY_FSGROUP_INJECTION", "--env", NULL, true},
	{"PILOT_ENABLE_INBOUND_PASSTHROUGH", "--env", NULL, true},
};

/* The value of a variable of the first container; p NULL where it has none, or takes it from elsewhere. */
static struct str variable_of(const struct value *pod_spec, const char *name)
{
	const struct value *containers = raw_get(pod_spec, "containers"), *env;

	if (!containers || containers->kind != K_LIST || containers->u.list.len == 0)
		return (struct str){0};
	env = raw_get(containers->u.list.item[0], "env");
	for (size_t i = 0; env && env->kind == K_LIST && i < env->u.list.len; i++)
		if (str_is(raw_str(env->u.list.item[i], "name"), name))
			return raw_str(env->u.list.item[i], "value");
	return (struct str){0};
}

/* What stands behind "FLAG=", or in the next argument; behind "--env NAME=" for a variable by name. */
static struct str flag_in(const struct value *args, const struct setting *s)
{
	struct str found = {0};

	for (size_t i = 0; args && args->kind == K_LIST && i < args->u.list.len; i++) {
		struct str value = args->u.list.item[i]->kind == K_STRING ? args->u.list.item[i]->u.s : (struct str){0};
		const struct str flag = str_cut(&value, '=');

		if (!str_is(flag, s->flag))
			continue;
		if (!value.p && i + 1 < args->u.list.len && args->u.list.item[i + 1]->kind == K_STRING)
			value = args->u.list.item[i + 1]->u.s;
		if (s->by_name && !str_is(str_cut(&value, '='), s->variable))
			continue;
		found = value;
	}
	return found;
}

static struct str flag_of(const struct value *pod_spec, const struct setting *s)
{
	const struct value *containers = raw_get(pod_spec, "containers");
	struct str found = {0};

	if (containers && containers->kind == K_LIST && containers->u.list.len)
		found = flag_in(raw_get(containers->u.list.item[0], "args"), s);
	return found.p ? found : str_of(s->unset);
}

static bool differs(struct check *c, const struct setting *s, const struct value *istiod, const struct value *ours)
{
	const struct str theirs = variable_of(istiod, s->variable), own = flag_of(ours, s);

	if (!theirs.len || str_eq(theirs, own))
		return false;
	check_found(c->found, CHECK_WARNING, "setting-differs",
		check_text(c, "Deployment %.*s/%.*s", SHOWN(c->options->namespace), SHOWN(c->options->service)),
		check_text(c, "give %s%s%s=%.*s (a value of the chart), or take it away from istiod", s->flag,
			s->by_name ? " " : "", s->by_name ? s->variable : "", SHOWN(theirs)),
		"istiod injects with %s=%.*s, we with '%.*s'", s->variable, SHOWN(theirs), SHOWN(own));
	return true;
}

int check_settings(struct check *c, struct err *err)
{
	const struct str revision = c->options->revision;
	const struct value *istiod = NULL;
	size_t n = 0;
	const struct str name = !revision.len || str_is(revision, "default")
					? STR("istiod")
					: str_of(check_text(c, "istiod-%.*s", SHOWN(revision)));

	if (check_deployment(c, c->options->istio_namespace, name, &istiod, err) < 0)
		return -1;
	if (!istiod || !c->ours)
		return 0; /* one of them runs elsewhere, or under another name */
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		n += differs(c, &settings[i], istiod, c->ours);
	if (n == 0)
		check_found(
			c->found, CHECK_OK, "settings", "", NULL, "istiod's environment and our flags say the same");
	return 0;
}
