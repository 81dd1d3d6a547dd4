/* SPDX-License-Identifier: Apache-2.0 */
/* What will not work although the pod was injected rightly. */
#include "webhook/admission/result_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "patches/pod/edit.h"
#include "patches/pod/names.h"
#include "patches/pod/proxy_user.h"
#include "webhook/admission/pod_security.h"

enum { SHOWN_MAX = 24 };

struct checking {
	const struct inject_config *config;
	struct arena *a;
	const struct value *before, *after; /* the pod as it asked, and as it was injected */
	const struct namespace_facts *facts;
	struct str namespace;
	struct result_warnings *ret;
	bool failed;
};

/* A check that has something to say says it once. */
static void say(struct checking *q, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void say(struct checking *q, const char *fmt, ...)
{
	struct text t;
	char line[RESULT_WARNING_BYTES + 1];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (q->ret->len == RESULT_WARNINGS_MAX)
		return;
	text_init(&t, q->a, sizeof(line));
	text_add_shown(&t, line, strlen(line));
	q->ret->text[q->ret->len] = text_cstr(&t);
	q->failed = q->failed || (t.failed && !t.full);
	q->ret->len += q->ret->text[q->ret->len] != NULL;
}

static int shown(struct str s)
{
	return (int)(s.len < SHOWN_MAX ? s.len : SHOWN_MAX);
}

static bool is_native(const struct value *pod)
{
	return raw_container(pod, "initContainers", CONTAINER_PROXY);
}

static size_t index_of(const struct value *list, struct str name)
{
	for (size_t i = 0; list && list->kind == K_LIST && i < list->u.list.len; i++)
		if (str_eq(raw_str(list->u.list.item[i], "name"), name))
			return i;
	return SIZE_MAX;
}

/* Names of one list of the pod as it asked; a pod may have many, so each is looked up. NULL without memory. */
static const struct map *names_before(struct checking *q, const char *key)
{
	const struct value *l = raw_path(q->before, "spec", key, NULL);
	const size_t len = l && l->kind == K_LIST ? l->u.list.len : 0;
	struct map *m = map_new(q->a, len);

	for (size_t i = 0; m && i < len; i++) {
		const struct str name = raw_str(l->u.list.item[i], "name");

		if (name.p && map_set(q->a, m, name, &value_true) < 0)
			m = NULL;
	}
	q->failed = q->failed || !m;
	return m;
}

/* --- PodSecurity --- */

static void check_list(struct checking *q, const char *key, enum pod_security level)
{
	const struct value *after = raw_path(q->after, "spec", key, NULL);
	const struct map *before = names_before(q, key);

	for (size_t i = 0; before && after && after->kind == K_LIST && i < after->u.list.len && !q->ret->len; i++) {
		const struct value *container = after->u.list.item[i];
		const struct str name = raw_str(container, "name");
		const char *lack;

		if (map_get(before, name))
			continue; /* what the pod brought is the API server's to judge */
		lack = pod_security_lack(level, raw_get(q->after, "spec"), container);
		if (lack)
			say(q, "PodSecurity '%s' will refuse the pod: %.*s %s", pod_security_name(level), shown(name),
				name.p, lack);
	}
}

static void check_volumes(struct checking *q, enum pod_security level)
{
	const struct value *after = raw_path(q->after, "spec", "volumes", NULL);
	const struct map *before = names_before(q, "volumes");

	for (size_t i = 0; before && after && after->kind == K_LIST && i < after->u.list.len && !q->ret->len; i++) {
		const struct str name = raw_str(after->u.list.item[i], "name");

		if (!map_get(before, name) && raw_get(after->u.list.item[i], "hostPath"))
			say(q, "PodSecurity '%s' will refuse the pod: volume %.*s is a hostPath; take it out",
				pod_security_name(level), shown(name), name.p);
	}
}

static void pod_security(struct checking *q)
{
	const struct value *label = q->facts ? map_getc(q->facts->labels, "pod-security.kubernetes.io/enforce") : NULL;
	const enum pod_security level = pod_security_level(label && label->kind == K_STRING ? label->u.s : STR(""));

	if (level == POD_SECURITY_PRIVILEGED)
		return;
	check_list(q, "initContainers", level);
	check_list(q, "containers", level);
	check_volumes(q, level);
}

/* --- pods that end, and pods that begin --- */

static bool belongs_to_job(const struct value *pod)
{
	const struct value *l = raw_path(pod, "metadata", "ownerReferences", NULL);

	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++)
		if (str_is(raw_str(l->u.list.item[i], "kind"), "Job"))
			return true;
	return false;
}

/* A Job is done when its containers are, and a proxy in `containers` never is. */
static void endless_job(struct checking *q)
{
	if (belongs_to_job(q->after) && raw_container(q->after, "containers", CONTAINER_PROXY))
		say(q, "this Job will not end while istio-proxy runs: use native sidecars, or let it POST to "
		       ":15020/quitquitquit");
}

static bool runs_as_proxy(const struct value *container)
{
	int64_t id;

	return raw_int(raw_path(container, "securityContext", "runAsUser", NULL), &id) && id == PROXY_ID;
}

/* The CNI plugin redirects from the start, while the proxy starts behind the init containers. */
static void init_without_network(struct checking *q)
{
	const struct value *own = raw_path(q->before, "spec", "initContainers", NULL);
	const bool cni = raw_container(q->after, "initContainers", CONTAINER_VALIDATION) &&
			 !raw_container(q->after, "initContainers", CONTAINER_INIT);

	if (!cni || is_native(q->after))
		return;
	for (size_t i = 0; own && own->kind == K_LIST && i < own->u.list.len; i++) {
		const struct str name = raw_str(own->u.list.item[i], "name");

		if (str_eq(name, CONTAINER_VALIDATION) || runs_as_proxy(own->u.list.item[i]))
			continue;
		say(q,
			"init container %.*s has no network before istio-proxy runs: use native sidecars or runAsUser "
			"1337",
			shown(name), name.len ? name.p : "");
		return;
	}
}

/* --- what must be there --- */

static bool is_known(const struct named_object *object, size_t len, struct str namespace, struct str name)
{
	for (size_t i = 0; i < len; i++)
		if (str_eq(object[i].namespace, namespace) && str_eq(object[i].name, name))
			return true;
	return false;
}

static void missing_config_map(struct checking *q)
{
	const struct value *l = raw_path(q->after, "spec", "volumes", NULL);

	for (size_t i = 0; q->config->n_config_maps && l && l->kind == K_LIST && i < l->u.list.len; i++) {
		const struct value *source = raw_get(l->u.list.item[i], "configMap");
		const struct str name = raw_str(source, "name");

		if (!str_is(name, "istio-ca-root-cert") || raw_bool(source, "optional"))
			continue;
		if (!is_known(q->config->config_maps, q->config->n_config_maps, q->namespace, name))
			say(q, "the pod will not start: ConfigMap istio-ca-root-cert is missing in this namespace; "
			       "istiod "
			       "writes it");
		return;
	}
}

static void missing_pull_secret(struct checking *q)
{
	const struct value *l = raw_path(q->after, "spec", "imagePullSecrets", NULL);
	const struct map *own = q->config->n_secrets ? names_before(q, "imagePullSecrets") : NULL;

	for (size_t i = 0; own && l && l->kind == K_LIST && i < l->u.list.len; i++) {
		const struct str name = raw_str(l->u.list.item[i], "name");

		if (map_get(own, name) || is_known(q->config->secrets, q->config->n_secrets, q->namespace, name))
			continue;
		say(q, "the proxy's image may not be pulled: Secret %.*s is missing in this namespace; create it",
			shown(name), name.len ? name.p : "");
		return;
	}
}

/* --- other injectors --- */

static void second_mesh(struct checking *q)
{
	if (raw_any_container(q->after, STR("linkerd-proxy")))
		say(q, "linkerd-proxy is in the pod too: two meshes redirect its traffic; switch one injection off");
}

/* Vault's agent fetches secrets: behind istio-init its traffic goes to a proxy that does not run yet. */
static void vault_without_network(struct checking *q)
{
	const struct value *l = raw_path(q->after, "spec", "initContainers", NULL);
	const size_t vault = index_of(l, STR("vault-agent-init")), init = index_of(l, CONTAINER_INIT);

	if (vault == SIZE_MAX || init == SIZE_MAX || vault < init || is_native(q->after) ||
		runs_as_proxy(l->u.list.item[vault]))
		return;
	say(q, "vault-agent-init runs behind istio-init, without network: set "
	       "vault.hashicorp.com/agent-init-first=true");
}

/* A proxy of another injector: the same program under another name. */
static void second_proxy(struct checking *q)
{
	const struct value *l = raw_path(q->after, "spec", "containers", NULL);

	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++) {
		const struct str name = raw_str(l->u.list.item[i], "name"), image = raw_str(l->u.list.item[i], "image");

		if (str_eq(name, CONTAINER_PROXY) || str_find(image, STR("/proxyv2")) == SIZE_MAX)
			continue;
		say(q, "container %.*s is another Istio proxy: both want the same ports; let one injector go",
			shown(name), name.len ? name.p : "");
		return;
	}
}

typedef void check_fn(struct checking *q);

static check_fn *const checks[] = {
	pod_security,
	second_mesh,
	second_proxy,
	endless_job,
	init_without_network,
	missing_config_map,
	missing_pull_secret,
};
/* What depends on the webhooks that come behind. */
static check_fn *const final_checks[] = {second_mesh, second_proxy, vault_without_network};

static int run(struct checking *q, check_fn *const *check, size_t len, struct err *err)
{
	q->ret->len = 0;
	for (size_t i = 0; i < len; i++)
		check[i](q);
	return q->failed ? err_nomem(err) : 0;
}

int result_check(const struct inject_config *c, struct arena *a, const struct inject_result *r,
	const struct namespace_facts *facts, struct str namespace, struct result_warnings *ret, struct err *err)
{
	struct checking q = {.config = c,
		.a = a,
		.before = r->asked_pod,
		.after = r->pod,
		.facts = facts,
		.namespace = namespace,
		.ret = ret};

	return run(&q, checks, ARRAY_LEN(checks), err);
}

int result_check_final(struct arena *a, const struct value *pod, struct result_warnings *ret, struct err *err)
{
	struct checking q = {.a = a, .before = pod, .after = pod, .ret = ret};

	return run(&q, final_checks, ARRAY_LEN(final_checks), err);
}
