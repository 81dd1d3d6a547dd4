/* SPDX-License-Identifier: Apache-2.0 */
/* RBAC: what our service account may do, what it lacks, and what it has beyond its needs. */
#include "patches/value/json.h"
#include "webhook/check/ask.h"

enum place { EVERYWHERE, OUR_NAMESPACE, ISTIO_NAMESPACE };

/* Unwanted is more than it needs: whoever takes the webhook over has it too. */
enum need { NEEDED, HELPFUL, UNWANTED };

#define SEEN_LATE "changes are seen within 10 s, not at once"

static const struct right {
	const char *verb, *group, *resource;
	enum place place;
	const char *why;
	const char *flag;  /* of our command line, without which it is not needed; NULL: always */
	const char *value; /* of that flag; NULL: any */
	enum need need;
} rights[] = {
	{"list", "", "configmaps", ISTIO_NAMESPACE, "the configuration is read from there", "--cluster", NULL, NEEDED},
	{"watch", "", "configmaps", ISTIO_NAMESPACE, "changes of the configuration take effect by it", "--cluster",
		NULL, NEEDED},
	{"list", "", "nodes", EVERYWHERE, "native sidecars are detected from the kubelets' versions", "--cluster", NULL,
		NEEDED},
	{"watch", "", "namespaces", EVERYWHERE,
		"guard rules and OpenShift's ids go by namespace labels and annotations", "--cluster", NULL, NEEDED},
	{"watch", "", "serviceaccounts", EVERYWHERE, "pods whose service account mounts no token are warned of",
		"--cluster", NULL, NEEDED},
	{"watch", "networking.istio.io", "proxyconfigs", EVERYWHERE, "ProxyConfig resources change what is injected",
		"--cluster", NULL, NEEDED},
	{"get", "", "secrets", OUR_NAMESPACE, "the CA and the serving certificate are kept there", "--certs",
		"self-signed", NEEDED},
	{"update", "", "secrets", OUR_NAMESPACE, "certificates are renewed there", "--certs", "self-signed", NEEDED},
	{"list", "", "secrets", OUR_NAMESPACE, SEEN_LATE, "--certs", "self-signed", HELPFUL},
	{"watch", "", "secrets", OUR_NAMESPACE, SEEN_LATE, "--certs", "self-signed", HELPFUL},
	{"update", "coordination.k8s.io", "leases", OUR_NAMESPACE, "replicas agree by it on who writes and counts",
		"--lease-name", NULL, NEEDED},
	{"patch", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", EVERYWHERE,
		"caBundle follows the CA by it", "--certs", "self-signed", NEEDED},
	{"get", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", EVERYWHERE,
		"whether caBundle verifies what is served is seen there", "--webhook-configuration", NULL, NEEDED},
	{"list", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", EVERYWHERE, SEEN_LATE,
		"--webhook-configuration", NULL, HELPFUL},
	{"watch", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", EVERYWHERE, SEEN_LATE,
		"--webhook-configuration", NULL, HELPFUL},
	{"create", "", "events", EVERYWHERE, "refusals are told on the pod's owner", "--events", NULL, NEEDED},
	{"patch", "", "events", EVERYWHERE, "what is told again raises a count", "--events", NULL, NEEDED},
	{"list", "", "pods", EVERYWHERE, "pods without their sidecar are counted", "--count-pods", NULL, NEEDED},
	{"create", "", "pods", EVERYWHERE, "", NULL, NULL, UNWANTED},
	{"list", "", "secrets", EVERYWHERE, "", NULL, NULL, UNWANTED},
	{"escalate", "rbac.authorization.k8s.io", "clusterroles", EVERYWHERE, "", NULL, NULL, UNWANTED},
	{"impersonate", "", "users", EVERYWHERE, "", NULL, NULL, UNWANTED},
};

/* Where the command line is not known, all that the chart may grant. */
static bool is_needed(const struct check *c, const struct right *r)
{
	struct str value;

	if (!r->flag || !c->ours)
		return true;
	return check_flag(c, r->flag, &value) && (!r->value || str_is(value, r->value));
}

static struct str lease_of(const struct check *c)
{
	struct str name;

	return check_flag(c, "--lease-name", &name) && name.len ? name : c->options->service;
}

static struct str configuration_of(const struct check *c)
{
	struct str name;

	for (size_t i = 0; i < c->n_entries; i++)
		if (c->entry[i].injector == INJECTOR_OURS)
			return c->entry[i].configuration;
	return check_flag(c, "--webhook-configuration", &name) && name.p ? name : STR("");
}

/* A name where the chart grants by name: without one such a right would seem to lack. */
static struct str name_of(const struct check *c, const struct right *r)
{
	if (str_is(str_of(r->resource), "secrets") && r->place == OUR_NAMESPACE)
		return c->options->secret;
	if (str_is(str_of(r->resource), "leases"))
		return lease_of(c);
	if (str_is(str_of(r->resource), "configmaps"))
		return STR("istio");
	if (str_is(str_of(r->resource), "mutatingwebhookconfigurations"))
		return configuration_of(c);
	return STR("");
}

static struct str namespace_of(const struct check *c, const struct right *r)
{
	return r->place == OUR_NAMESPACE     ? c->options->namespace
	       : r->place == ISTIO_NAMESPACE ? c->options->istio_namespace
					     : STR("");
}

/* A SubjectAccessReview for our service account. */
static struct str review_of(struct check *c, const struct right *r)
{
	const struct check_options *o = c->options;

	return str_of(check_text(c,
		"{\"apiVersion\":\"authorization.k8s.io/v1\",\"kind\":\"SubjectAccessReview\",\"spec\":{"
		"\"user\":\"system:serviceaccount:%.*s:%.*s\",\"groups\":[\"system:serviceaccounts\",\"system:"
		"authenticated\"],"
		"\"resourceAttributes\":{\"verb\":\"%s\",\"group\":\"%s\",\"resource\":\"%s\",\"namespace\":\"%.*s\","
		"\"name\":\"%.*s\"}}}",
		SHOWN(o->namespace), SHOWN(o->service_account), r->verb, r->group, r->resource,
		SHOWN(namespace_of(c, r)), SHOWN(name_of(c, r))));
}

static void tell_lack(struct check *c, const struct right *r)
{
	const struct str namespace = namespace_of(c, r);

	check_found(c->found, r->need == NEEDED ? CHECK_ERROR : CHECK_WARNING, "right-missing",
		check_text(c, "ServiceAccount %.*s/%.*s", SHOWN(c->options->namespace),
			SHOWN(c->options->service_account)),
		"apply the chart's RBAC (rbac.create=true), or grant it by hand", "may not %s %s%s%.*s; %s", r->verb,
		r->resource, namespace.len ? " in " : "", SHOWN(namespace), r->why);
}

static void tell_excess(struct check *c, const struct right *r)
{
	check_found(c->found, CHECK_WARNING, "right-too-much",
		check_text(c, "ServiceAccount %.*s/%.*s", SHOWN(c->options->namespace),
			SHOWN(c->options->service_account)),
		"take the binding away: Outrigger has no use for it", "may %s %s in the whole cluster", r->verb,
		r->resource);
}

static int ask(struct check *c, const struct right *r, bool *ret_answered, bool *ret_allowed, struct err *err)
{
	const struct value *answer = NULL;
	int status = 0;

	if (check_ask(c, "/apis/authorization.k8s.io/v1/subjectaccessreviews", review_of(c, r),
		    "what our service account may do", "create subjectaccessreviews", &status, &answer, err) < 0)
		return -1;
	*ret_answered = raw_get(answer, "status") != NULL;
	*ret_allowed = raw_bool(raw_get(answer, "status"), "allowed");
	return 0;
}

int check_rights(struct check *c, struct err *err)
{
	size_t held = 0, wrong = 0;

	for (size_t i = 0; i < ARRAY_LEN(rights); i++) {
		const struct right *r = &rights[i];
		bool answered, allowed;

		if (!is_needed(c, r))
			continue;
		if (ask(c, r, &answered, &allowed, err) < 0)
			return -1;
		if (!answered)
			return 0; /* a finding says why, once */
		held += allowed && r->need != UNWANTED;
		wrong += allowed == (r->need == UNWANTED);
		if (!allowed && r->need != UNWANTED)
			tell_lack(c, r);
		if (allowed && r->need == UNWANTED)
			tell_excess(c, r);
	}
	if (wrong == 0)
		check_found(c->found, CHECK_OK, "rights", "", NULL,
			"the service account has the %zu rights it needs, and none of those looked for beyond", held);
	return 0;
}
