/* SPDX-License-Identifier: Apache-2.0 */
/* What injection needs of the cluster's objects, as JSON. */
#include "webhook/cluster/keep.h"

#include "patches/value/json.h"

static const struct map *map_of(const struct value *v)
{
	return v && v->kind == K_MAP ? v->u.map : NULL;
}

void keep_config_map(struct text *out, const struct value *object)
{
	const struct value *data = raw_get(object, "data");

	text_adds(out, "{\"uid\":");
	json_write_string(out, raw_str(raw_get(object, "metadata"), "uid"), 0);
	if (map_of(data)) {
		text_adds(out, ",\"data\":");
		json_write(out, data, JSON_SORT_KEYS);
	}
	text_addc(out, '}');
}

static void write_name(struct text *out, const char *kind, const struct value *meta)
{
	text_addf(out, "{\"kind\":\"%s\",\"metadata\":{\"name\":", kind);
	json_write_string(out, raw_str(meta, "name"), 0);
}

void keep_node(struct text *out, const struct value *object)
{
	write_name(out, "Node", raw_get(object, "metadata"));
	text_adds(out, "},\"status\":{\"nodeInfo\":{\"kubeletVersion\":");
	json_write_string(out, raw_str(raw_path(object, "status", "nodeInfo", NULL), "kubeletVersion"), 0);
	text_adds(out, "}}}");
}

/* Users annotate namespaces as they like; only these have a reader (proxy_user.c). */
static void write_openshift(struct text *out, const struct map *annotations)
{
	bool more = false;

	for (uint32_t i = 0; annotations && i < annotations->len; i++) {
		const struct map_entry *e = &annotations->entry[i];

		if (!str_has_prefix(e->key, "openshift.io/sa.scc.") || e->value->kind != K_STRING)
			continue;
		text_adds(out, more ? "," : ",\"annotations\":{");
		json_write_string(out, e->key, 0);
		text_addc(out, ':');
		json_write_string(out, e->value->u.s, 0);
		more = true;
	}
	if (more)
		text_addc(out, '}');
}

void keep_namespace(struct text *out, const struct value *object)
{
	const struct value *meta = raw_get(object, "metadata"), *labels = raw_get(meta, "labels");

	write_name(out, "Namespace", meta);
	if (map_of(labels)) {
		text_adds(out, ",\"labels\":");
		json_write(out, labels, JSON_SORT_KEYS);
	}
	write_openshift(out, map_of(raw_get(meta, "annotations")));
	text_adds(out, "}}");
}

void keep_service_account(struct text *out, const struct value *object)
{
	const struct value *meta = raw_get(object, "metadata"), *mounts = raw_get(object, "automountServiceAccountToken");

	if (!mounts || mounts->kind != K_BOOL || mounts->u.b)
		return;
	write_name(out, "ServiceAccount", meta);
	text_adds(out, ",\"namespace\":");
	json_write_string(out, raw_str(meta, "namespace"), 0);
	text_adds(out, "},\"automountServiceAccountToken\":false}");
}

void keep_proxy_config(struct text *out, const struct value *object)
{
	const struct value *meta = raw_get(object, "metadata"), *spec = raw_get(object, "spec");

	write_name(out, "ProxyConfig", meta);
	text_adds(out, ",\"namespace\":");
	json_write_string(out, raw_str(meta, "namespace"), 0);
	text_adds(out, ",\"creationTimestamp\":");
	json_write_string(out, raw_str(meta, "creationTimestamp"), 0);
	text_adds(out, "},\"apiVersion\":\"networking.istio.io/v1beta1\"");
	if (map_of(spec)) {
		text_adds(out, ",\"spec\":");
		json_write(out, spec, JSON_SORT_KEYS);
	}
	text_addc(out, '}');
}
