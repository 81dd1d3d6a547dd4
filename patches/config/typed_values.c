/* SPDX-License-Identifier: Apache-2.0 */
/* Values that Istio 1.8 and later decode into types of their own: with a wrong kind there they inject nothing at all. */
#include "patches/config/config.h"

/* What injection and its templates read, and what has had that type in Istio's values_types.proto since 1.8. */
static const struct {
	const char *path;
	enum kind kind;
} typed[] = {
	{"revision", K_STRING},
	{"sidecarInjectorWebhook.rewriteAppHTTPProbe", K_BOOL},
	{"global.hub", K_STRING},
	{"global.imagePullPolicy", K_STRING},
	{"global.istioNamespace", K_STRING},
	{"global.jwtPolicy", K_STRING},
	{"global.meshID", K_STRING},
	{"global.multiCluster.clusterName", K_STRING},
	{"global.network", K_STRING},
	{"global.pilotCertProvider", K_STRING},
	{"global.proxy.clusterDomain", K_STRING},
	{"global.proxy.excludeIPRanges", K_STRING},
	{"global.proxy.excludeInboundPorts", K_STRING},
	{"global.proxy.excludeOutboundPorts", K_STRING},
	{"global.proxy.holdApplicationUntilProxyStarts", K_BOOL},
	{"global.proxy.image", K_STRING},
	{"global.proxy.includeIPRanges", K_STRING},
	{"global.proxy.includeInboundPorts", K_STRING},
	{"global.proxy.logLevel", K_STRING},
	{"global.proxy.privileged", K_BOOL},
};

/* The value, or the first on the way to it that is no map; NULL where there is none. */
static const struct value *follow(const struct value *v, struct str path, struct str *ret_reached)
{
	struct str rest = path;

	*ret_reached = (struct str){path.p, 0};
	while (rest.p && v && v->kind == K_MAP) {
		const struct str key = str_cut(&rest, '.');

		v = map_get(v->u.map, key);
		ret_reached->len = (size_t)(key.p + key.len - path.p);
	}
	return v && v->kind != K_NIL ? v : NULL;
}

bool value_type_mistake(const struct value *values, size_t i, struct str *ret_path, const char **ret_want)
{
	const struct str path = str_of(typed[i].path);
	const struct value *v = follow(values, path, ret_path);
	const enum kind kind = ret_path->len == path.len ? typed[i].kind : K_MAP;

	*ret_want = kind == K_STRING ? "text: put it in quotes" : kind == K_BOOL ? "true or false, without quotes" : "a map";
	return v && v->kind != kind;
}

size_t value_types(enum release release)
{
	return release >= RELEASE_1_8 ? ARRAY_LEN(typed) : 0;
}

int check_value_types(const struct value *values, enum release release, struct err *err)
{
	for (size_t i = 0; i < value_types(release); i++) {
		const char *want;
		struct str path;

		if (value_type_mistake(values, i, &path, &want))
			return err_set(err, ERR_CONFIG, "could not parse configuration values: %.*s must be %s", (int)path.len, path.p, want);
	}
	return 0;
}
