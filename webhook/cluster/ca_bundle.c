/* SPDX-License-Identifier: Apache-2.0 */
/* The caBundle of each webhook of our configurations. */
#include "webhook/cluster/ca_bundle.h"

#include "base/base64.h"
#include "base/limits.h"
#include "patches/value/json.h"

#define API "/apis/admissionregistration.k8s.io/v1"

enum { UNSUPPORTED_MEDIA_TYPE = 415 };

static const struct sort {
	const char *kind, *resource;
} kinds[] = {
	{"MutatingWebhookConfiguration", "mutatingwebhookconfigurations"},
	{"ValidatingWebhookConfiguration", "validatingwebhookconfigurations"},
};

/* --- reading
 * ------------------------------------------------------------------------------------------------------------ */

static int decode(struct arena *a, struct str coded, struct str *ret, struct err *err)
{
	struct text out;

	text_init(&out, a, LIMIT_CONFIG_BYTES);
	if (!base64_decode(coded.p ? coded : STR(""), &out))
		text_clear(&out);
	if (text_check(&out, "a caBundle", err) < 0)
		return -1;
	*ret = (struct str){out.data, out.len};
	return 0;
}

/* As kube-apiserver asks for it: NAME.NAMESPACE.svc, or the URL's host. NULL without memory. */
static const char *host_of(struct arena *a, const struct value *client)
{
	const struct value *service = raw_get(client, "service");
	struct str name = raw_str(service, "name"), namespace = raw_str(service, "namespace"),
		   url = raw_str(client, "url");
	const size_t scheme = url.p ? str_find(url, STR("://")) : SIZE_MAX;
	char end = ':';

	if (name.p && namespace.p)
		return arena_printf(a, "%.*s.%.*s.svc", (int)name.len, name.p, (int)namespace.len, namespace.p);
	if (scheme == SIZE_MAX)
		return "";
	url = (struct str){url.p + scheme + 3, url.len - scheme - 3};
	url = str_cut(&url, '/');
	if (url.len && url.p[0] == '[') {
		url = (struct str){url.p + 1, url.len - 1};
		end = ']';
	}
	url = str_cut(&url, end);
	return arena_strndup(a, url.p, url.len);
}

static int add(struct arena *a, const struct sort *kind, const struct value *object, size_t index,
	struct ca_webhooks *w, struct err *err)
{
	const struct value *meta = raw_get(object, "metadata"),
			   *webhook = raw_get(object, "webhooks")->u.list.item[index];
	struct ca_webhook *to = &w->item[w->len];

	if (w->len == CA_WEBHOOKS_MAX)
		return err_set(err, ERR_LIMIT, "the configurations hold more than %d webhooks", CA_WEBHOOKS_MAX);
	*to = (struct ca_webhook){.kind = kind->kind,
		.resource = kind->resource,
		.configuration = raw_str(meta, "name"),
		.name = raw_str(webhook, "name"),
		.version = raw_str(meta, "resourceVersion"),
		.host = host_of(a, raw_get(webhook, "clientConfig")),
		.index = index};
	if (!to->host)
		return err_nomem(err);
	if (decode(a, raw_str(raw_get(webhook, "clientConfig"), "caBundle"), &to->bundle, err) < 0)
		return -1;
	w->len++;
	return 0;
}

/* *ret_found: whether there is one. */
static int read_one(struct cluster_client *c, struct arena *a, const struct sort *kind, const char *name,
	struct ca_webhooks *w, bool *ret_found, struct err *err)
{
	const struct cluster_call call = {
		.verb = CLUSTER_GET, .place = {.api = API, .resource = kind->resource, .name = name}};
	const struct value *list;
	struct cluster_answer answer;
	struct err refused = {0};

	if (cluster_do(c, a, &call, &answer, &refused) < 0) {
		if (answer.status != CLUSTER_NOT_FOUND) {
			*err = refused;
			return -1;
		}
		return 0;
	}
	*ret_found = true;
	list = raw_get(answer.object, "webhooks");
	for (size_t i = 0; list && list->kind == K_LIST && i < list->u.list.len; i++)
		if (add(a, kind, answer.object, i, w, err) < 0)
			return -1;
	return 0;
}

int ca_bundle_read(struct cluster_client *c, struct arena *a, const char *const *names, size_t n_names,
	struct ca_webhooks *ret, struct err *err)
{
	ret->len = 0;
	ret->missing = NULL;
	for (size_t i = 0; i < n_names; i++) {
		bool found = false;

		for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
			if (read_one(c, a, &kinds[k], names[i], ret, &found, err) < 0)
				return -1;
		if (!found)
			ret->missing = names[i];
	}
	return 0;
}

/* --- writing
 * ------------------------------------------------------------------------------------------------------------ */

static void add_text(struct text *out, const char *before, struct str s)
{
	text_adds(out, before);
	json_write_string(out, s, 0);
}

static void add_coded(struct text *out, const char *before, struct str pem)
{
	text_adds(out, before);
	text_addc(out, '"');
	base64_encode(out, pem);
	text_addc(out, '"');
}

/* Webhooks are a map by name to server-side apply: what is not named here is not touched. */
static void apply_body(const struct ca_webhooks *w, size_t from, size_t to, const struct str *bundles, struct text *out)
{
	const struct ca_webhook *first = &w->item[from];

	text_adds(out, "{\"apiVersion\":\"admissionregistration.k8s.io/v1\",\"kind\":\"");
	text_adds(out, first->kind);
	add_text(out, "\",\"metadata\":{\"name\":", first->configuration);
	add_text(out, ",\"resourceVersion\":", first->version);
	text_adds(out, "},\"webhooks\":[");
	for (size_t i = from; i < to; i++) {
		add_text(out, i > from ? ",{\"name\":" : "{\"name\":", w->item[i].name);
		add_coded(out, ",\"clientConfig\":{\"caBundle\":", bundles[i]);
		text_adds(out, "}}");
	}
	text_adds(out, "]}");
}

static void patch_body(const struct ca_webhooks *w, size_t from, size_t to, const struct str *bundles, struct text *out)
{
	add_text(out, "[{\"op\":\"test\",\"path\":\"/metadata/resourceVersion\",\"value\":", w->item[from].version);
	text_addc(out, '}');
	for (size_t i = from; i < to; i++) {
		text_addf(out, ",{\"op\":\"add\",\"path\":\"/webhooks/%zu/clientConfig/caBundle\",\"value\":",
			w->item[i].index);
		add_coded(out, "", bundles[i]);
		text_addc(out, '}');
	}
	text_addc(out, ']');
}

int ca_bundle_write(struct cluster_client *c, struct arena *a, const struct ca_webhooks *w, size_t from, size_t to,
	const struct str *bundles, int *ret_status, struct err *err)
{
	struct cluster_call call = {.verb = CLUSTER_APPLY,
		.place = {.api = API,
			.resource = w->item[from].resource,
			.name = arena_strndup(a, w->item[from].configuration.p, w->item[from].configuration.len)}};
	struct cluster_answer answer;
	struct err refused = {0};
	struct text body;

	*ret_status = 0;
	text_init(&body, a, LIMIT_CONFIG_BYTES);
	apply_body(w, from, to, bundles, &body);
	if (!call.place.name || text_check(&body, "the caBundles", err) < 0)
		return err_nomem(err);
	call.body = (struct str){body.data, body.len};
	if (cluster_do(c, a, &call, &answer, &refused) == 0)
		return 0;
	if (answer.status == UNSUPPORTED_MEDIA_TYPE || answer.status == CLUSTER_INVALID) {
		text_clear(&body);
		patch_body(w, from, to, bundles, &body);
		call.verb = CLUSTER_PATCH;
		call.body = (struct str){body.data, body.len};
		refused = (struct err){0};
		if (!body.failed && cluster_do(c, a, &call, &answer, &refused) == 0)
			return 0;
	}
	*ret_status = answer.status;
	*err = refused;
	return -1;
}
