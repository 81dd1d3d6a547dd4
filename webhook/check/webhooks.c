/* SPDX-License-Identifier: Apache-2.0 */
/* The webhooks that are called for pods: ours, Istio's, others'; whom they select, and whom they could block. */
#include "webhook/check/ask.h"

enum { EXAMPLES = 3 };

/* Injectors that are met beside Istio's, by a part of their webhooks' names. */
static const struct {
	const char *part, *what;
} others[] = {
	{"linkerd-proxy-injector", "Linkerd's injector"},
	{"vault.hashicorp.com", "Vault's agent injector"},
	{"kuma-injector", "Kuma's injector"},
	{"kuma.io", "Kuma's injector"},
	{"consul-connect-injector", "Consul's injector"},
	{"dapr-sidecar-injector", "Dapr's injector"},
	{"opentelemetry", "OpenTelemetry's injector"},
	{"osm-inject", "Open Service Mesh's injector"},
};

static bool ends_like_istio(struct str name)
{
	return str_has_suffix(name, "sidecar-injector.istio.io");
}

static bool is_ours(const struct check *c, struct str configuration, const struct value *webhook)
{
	const struct value *client = raw_get(webhook, "clientConfig"), *service = raw_get(client, "service");

	if (service)
		return str_eq(raw_str(service, "namespace"), c->options->namespace) &&
		       str_eq(raw_str(service, "name"), c->options->service);
	return raw_str(client, "url").len && str_has_prefix(configuration, "outrigger");
}

static int add_entry(struct check *c, struct str configuration, const struct value *webhook, struct err *err)
{
	struct webhook_entry *e = &c->entry[c->n_entries];
	bool usable;

	if (c->n_entries == CHECK_ENTRIES_MAX)
		return 0;
	if (webhook_entry_read(c->a, configuration, webhook, e, &usable, err) < 0)
		return -1;
	e->injector = is_ours(c, configuration, webhook) ? INJECTOR_OURS
		      : ends_like_istio(e->name)         ? INJECTOR_ISTIO
							 : INJECTOR_OTHER;
	c->n_entries += usable;
	return 0;
}

static int add_configuration(struct check *c, const struct value *object, struct err *err)
{
	const struct str name = raw_str(raw_get(object, "metadata"), "name");
	const struct value *webhooks = raw_get(object, "webhooks");

	for (size_t i = 0; webhooks && webhooks->kind == K_LIST && i < webhooks->u.list.len; i++)
		if (add_entry(c, name, webhooks->u.list.item[i], err) < 0)
			return -1;
	return 0;
}

/* --- each of ours
 * ----------------------------------------------------------------------------------------------------------- */

static const struct map plain_pod = {0};

static bool may_block(const struct webhook_entry *e)
{
	return !str_is(raw_str(e->raw, "failurePolicy"), "Ignore");
}

static void look_at_scope(struct check *c, const struct webhook_entry *e, const char *subject)
{
	static const char *const system[] = {"kube-system", "kube-node-lease", "kube-public"};
	bool clean = true;

	for (size_t i = 0; i < ARRAY_LEN(system); i++) {
		const struct map *labels = check_labels_of(c, str_of(system[i]));

		if (!labels || !webhook_selects(e, labels, &plain_pod))
			continue;
		clean = false;
		check_found(c->found, may_block(e) ? CHECK_ERROR : CHECK_WARNING, "blocks-system-namespace", subject,
			"exclude it in namespaceSelector (kubernetes.io/metadata.name NotIn kube-system, ...), as the "
			"chart does",
			"selects pods of %s%s", system[i],
			may_block(e) ? " with failurePolicy Fail: without the webhook the cluster cannot start" : "");
	}
	if (webhook_selects(e, check_labels_of(c, c->options->namespace), &plain_pod)) {
		clean = false;
		check_found(c->found, may_block(e) ? CHECK_ERROR : CHECK_WARNING, "blocks-itself", subject,
			"exclude our own namespace in namespaceSelector, as the chart does",
			"selects pods of our own namespace %.*s%s", SHOWN(c->options->namespace),
			may_block(e) ? ": once no replica runs, none can start" : "");
	}
	if (clean)
		check_found(c->found, CHECK_OK, "webhook-scope", subject, NULL,
			"selects neither system namespaces nor our own");
}

static void look_at_settings(struct check *c, const struct webhook_entry *e, const char *subject)
{
	const struct str side_effects = raw_str(e->raw, "sideEffects");

	if (!may_block(e))
		check_found(c->found, CHECK_INFO, "failure-policy", subject,
			"set failurePolicy to Fail where a pod without its sidecar is worse than none",
			"failurePolicy is Ignore: while the webhook is out of reach pods start without a sidecar, and "
			"nobody is told");
	if (ends_like_istio(e->name) || map_getc(object_labels(e->raw), "istio.io/rev"))
		check_found(c->found, CHECK_ERROR, "istiod-overwrites", subject,
			"rename it so that it does not end in sidecar-injector.istio.io",
			"istiod takes this webhook for its own and writes its CA into caBundle");
	if (side_effects.len && !str_is(side_effects, "None") && !str_is(side_effects, "NoneOnDryRun"))
		check_found(c->found, CHECK_WARNING, "side-effects", subject, "set sideEffects to NoneOnDryRun",
			"sideEffects is %.*s: dry runs are refused", SHOWN(side_effects));
	if (!raw_str(raw_get(e->raw, "clientConfig"), "caBundle").len)
		check_found(c->found, CHECK_ERROR, "ca-bundle-empty", subject,
			"see that a replica holds the Lease and may patch this configuration; with cert-manager that "
			"its CA injector runs",
			"caBundle is empty: the API server trusts no certificate of ours");
}

/* --- between injectors
 * -------------------------------------------------------------------------------------------------------- */

/* Namespaces of which the same is to be said. */
struct names {
	size_t len;
	struct str example[EXAMPLES];
};

static void names_add(struct names *n, struct str name)
{
	if (n->len < EXAMPLES)
		n->example[n->len] = name;
	n->len++;
}

/* "shop, cart, blog and 4 more" */
static const char *names_text(struct check *c, const struct names *n)
{
	struct text t;
	const char *text;

	text_init(&t, c->a, (EXAMPLES + 1) * (CHECK_NAME_MAX + 2));
	for (size_t i = 0; i < n->len && i < EXAMPLES; i++)
		text_addf(&t, "%s%.*s", i ? ", " : "", SHOWN(n->example[i]));
	if (n->len > EXAMPLES)
		text_addf(&t, " and %zu more", n->len - EXAMPLES);
	text = text_cstr(&t);
	c->found->failed = c->found->failed || !text;
	return text ? text : "";
}

static bool is_label(const struct map *labels, const char *key, const char *value)
{
	const struct value *v = map_getc(labels, key);

	return v && v->kind == K_STRING && str_is(v->u.s, value);
}

/* What its labels ask for: injection by us or by anybody who follows the same labels. */
static bool asks_for_injection(const struct map *labels)
{
	return is_label(labels, "istio-injection", "enabled") ||
	       (map_getc(labels, "istio.io/rev") && !is_label(labels, "istio-injection", "disabled"));
}

struct meeting {
	struct names twice, with_istio, unserved, both_labels;
};

static void meet(const struct check *c, const struct value *namespace, struct meeting *m)
{
	const struct str name = raw_str(raw_get(namespace, "metadata"), "name");
	const struct map *labels = object_labels(namespace);
	size_t ours = 0, istio = 0;

	for (size_t i = 0; i < c->n_entries; i++) {
		const bool selected = webhook_selects(&c->entry[i], labels, &plain_pod);

		ours += selected && c->entry[i].injector == INJECTOR_OURS;
		istio += selected && c->entry[i].injector == INJECTOR_ISTIO;
	}
	if (ours > 1)
		names_add(&m->twice, name);
	if (ours && istio)
		names_add(&m->with_istio, name);
	if (!ours && !istio && asks_for_injection(labels))
		names_add(&m->unserved, name);
	if (map_getc(labels, "istio-injection") && map_getc(labels, "istio.io/rev"))
		names_add(&m->both_labels, name);
}

static void tell_meeting(struct check *c, const struct meeting *m)
{
	if (m->with_istio.len)
		check_found(c->found, CHECK_ERROR, "injected-twice", "",
			"switch Istio's own webhook off (values global.operatorManageWebhooks=true, then delete its "
			"MutatingWebhookConfiguration) "
			"or let its selectors leave these namespaces out",
			"pods of %s are sent to our webhook and to Istio's", names_text(c, &m->with_istio));
	if (m->twice.len)
		check_found(c->found, CHECK_ERROR, "injected-twice", "",
			"let the selectors of two revisions exclude each other, as the chart's do",
			"pods of %s are sent to two of our webhooks", names_text(c, &m->twice));
	if (m->unserved.len)
		check_found(c->found, CHECK_WARNING, "namespace-unserved", "",
			"compare the label with the revisions installed: istio-injection=enabled is the default "
			"revision's, istio.io/rev=REV that of REV",
			"%s asked for injection by label, but no webhook selects its pods",
			names_text(c, &m->unserved));
	if (m->both_labels.len)
		check_found(c->found, CHECK_WARNING, "labels-conflict", "",
			"keep one of the two: kubectl label namespace NAMESPACE istio-injection-",
			"%s has both istio-injection and istio.io/rev, and istio-injection wins",
			names_text(c, &m->both_labels));
	if (!m->with_istio.len && !m->twice.len && !m->unserved.len && !m->both_labels.len && c->namespaces)
		check_found(c->found, CHECK_OK, "webhook-conflicts", "", NULL,
			"no namespace is served by two injectors, none that asks for injection by none");
}

static const char *other_injector(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (str_find(name, str_of(others[i].part)) != SIZE_MAX)
			return others[i].what;
	return NULL;
}

/* Webhooks run in the order of their configurations' names; who comes later sees what came before. */
static void tell_others(struct check *c, const struct webhook_entry *ours)
{
	for (size_t i = 0; i < c->n_entries; i++) {
		const struct webhook_entry *e = &c->entry[i];
		const char *what = e->injector == INJECTOR_OTHER ? other_injector(e->name) : NULL;

		if (what)
			check_found(c->found, CHECK_INFO, "other-injector",
				check_text(c, "Webhook %.*s", SHOWN(e->name)),
				"set reinvocationPolicy to IfNeeded on ours, so that containers added later are seen "
				"too",
				"%s changes pods as well, %s ours", what,
				str_cmp(e->configuration, ours->configuration) < 0 ? "before" : "after");
	}
}

/* --- all of them
 * ----------------------------------------------------------------------------------------------------------------- */

static int read_entries(struct check *c, bool *ret_known, struct err *err)
{
	const struct value *list = NULL;

	c->entry = arena_calloc(c->a, CHECK_ENTRIES_MAX, sizeof(*c->entry));
	if (!c->entry)
		return err_nomem(err);
	if (check_list(c, "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
		    "MutatingWebhookConfigurations", "list mutatingwebhookconfigurations", &list, err) < 0)
		return -1;
	*ret_known = list != NULL;
	for (size_t i = 0; list && i < list->u.list.len; i++)
		if (add_configuration(c, list->u.list.item[i], err) < 0)
			return -1;
	return 0;
}

int check_webhooks(struct check *c, struct err *err)
{
	const struct webhook_entry *ours = NULL;
	struct meeting m = {0};
	bool known;

	if (check_list(c, "/api/v1/namespaces", "namespaces", "list namespaces", &c->namespaces, err) < 0 ||
		read_entries(c, &known, err) < 0)
		return -1;
	for (size_t i = 0; i < c->n_entries; i++) {
		const struct webhook_entry *e = &c->entry[i];
		const char *subject = check_text(c, "Webhook %.*s", SHOWN(e->name));

		if (e->injector != INJECTOR_OURS)
			continue;
		ours = e;
		look_at_scope(c, e, subject);
		look_at_settings(c, e, subject);
	}
	if (known && !ours)
		check_found(c->found, CHECK_ERROR, "webhook-missing", "",
			"install the chart; -n and --service-name say where it was installed",
			"no MutatingWebhookConfiguration calls the Service %.*s/%.*s for pods",
			SHOWN(c->options->namespace), SHOWN(c->options->service));
	for (size_t i = 0; c->namespaces && i < c->namespaces->u.list.len; i++)
		meet(c, c->namespaces->u.list.item[i], &m);
	tell_meeting(c, &m);
	if (ours)
		tell_others(c, ours);
	return 0;
}
