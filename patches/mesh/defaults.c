/* SPDX-License-Identifier: Apache-2.0 */
/* Mesh defaults by release, one row a value. */
#include "patches/mesh/defaults.h"

#include <string.h>

#include "patches/value/json.h"

enum {
	R5 = 1 << RELEASE_1_5, R6 = 1 << RELEASE_1_6, R7 = 1 << RELEASE_1_7, R8 = 1 << RELEASE_1_8, HEAD = 1 << RELEASE_HEAD,
	OLD = R5 | R6 | R7 | R8, ALL = OLD | HEAD,
};

struct row {
	unsigned releases;
	const char *field;
	const char *json; /* canonical: it is compared as text too */
};

#define ZIPKIN "{\"zipkin\":{\"address\":\"zipkin.istio-system:9411\"}}"
#define PROVIDERS "[{\"name\":\"prometheus\",\"prometheus\":{}},{\"name\":\"stackdriver\",\"stackdriver\":{}}," \
	"{\"name\":\"envoy\",\"envoyFileAccessLog\":{\"path\":\"/dev/stdout\"}}]"

static const struct row proxy_rows[] = {
	{R5, "configPath", "\"/etc/istio/proxy\""},
	{ALL & ~R5, "configPath", "\"./etc/istio/proxy\""},
	{ALL, "binaryPath", "\"/usr/local/bin/envoy\""},
	{ALL, "serviceCluster", "\"istio-proxy\""},
	{ALL, "drainDuration", "\"45s\""},
	{OLD, "parentShutdownDuration", "\"60s\""},
	{R5, "discoveryAddress", "\"istio-pilot:15010\""},
	{ALL & ~R5, "discoveryAddress", "\"istiod.istio-system.svc:15012\""},
	{R5, "connectTimeout", "\"1s\""},
	{ALL, "proxyAdminPort", "15000"},
	{R7 | R8 | HEAD, "controlPlaneAuthPolicy", "\"MUTUAL_TLS\""},
	{ALL, "statNameLength", "189"},
	{R6 | R7 | R8, "concurrency", "2"},
	{R6 | R7 | R8, "tracing", ZIPKIN},
	{OLD, "envoyAccessLogService", "{}"},
	{OLD, "envoyMetricsService", "{}"},
	{ALL & ~R5, "statusPort", "15020"},
	{R7 | R8 | HEAD, "terminationDrainDuration", "\"5s\""},
};

static const struct row mesh_rows[] = {
	{R5 | R6 | R7, "disablePolicyChecks", "true"},
	{R6 | R7, "disableMixerHttpReports", "true"},
	{ALL, "proxyListenPort", "15001"},
	{HEAD, "proxyInboundListenPort", "15006"},
	{R5, "connectTimeout", "\"1s\""},
	{ALL & ~R5, "connectTimeout", "\"10s\""},
	{R5, "protocolDetectionTimeout", "\"0.100s\""},
	{R6 | R7, "protocolDetectionTimeout", "\"5s\""},
	{R8 | HEAD, "protocolDetectionTimeout", "\"0s\""},
	{ALL & ~R5, "ingressClass", "\"istio\""},
	{ALL, "ingressService", "\"istio-ingressgateway\""},
	{ALL & ~R5, "ingressControllerMode", "\"STRICT\""},
	{ALL, "enableTracing", "true"},
	{R5, "accessLogFile", "\"/dev/stdout\""},
	{ALL, "outboundTrafficPolicy", "{\"mode\":\"ALLOW_ANY\"}"},
	{HEAD, "inboundTrafficPolicy", "{}"},
	{R6 | R7, "sdsUdsPath", "\"unix:./etc/istio/proxy/SDS\""},
	{R5, "enableAutoMtls", "false"},
	{ALL & ~R5, "enableAutoMtls", "true"},
	{ALL & ~R5, "trustDomain", "\"cluster.local\""},
	{OLD, "trustDomainAliases", "[]"},
	{ALL, "defaultServiceExportTo", "[\"*\"]"},
	{ALL, "defaultVirtualServiceExportTo", "[\"*\"]"},
	{ALL, "defaultDestinationRuleExportTo", "[\"*\"]"},
	{ALL, "rootNamespace", "\"istio-system\""},
	{ALL & ~R5, "localityLbSetting", "{\"enabled\":true}"},
	{OLD, "dnsRefreshRate", "\"5s\""},
	{HEAD, "dnsRefreshRate", "\"60s\""},
	{R6 | R7, "reportBatchMaxEntries", "100"},
	{R6 | R7, "reportBatchMaxTime", "\"1s\""},
	{R6 | R7 | R8, "certificates", "[]"},
	{R6 | R7 | R8, "thriftConfig", "{}"},
	{R6 | R7 | R8, "serviceSettings", "[]"},
	{HEAD, "enablePrometheusMerge", "true"},
	{HEAD, "extensionProviders", PROVIDERS},
	{HEAD, "defaultProviders", "{}"},
};

static const struct {
	const struct go_type *mesh, *mesh_ptr, *proxy, *proxy_ptr;
} types[] = {
	[RELEASE_1_5] = {&go_mesh_config_1_5, &go_ptr_mesh_config_1_5, &go_proxy_config_1_5, &go_ptr_proxy_config_1_5},
	[RELEASE_1_6] = {&go_mesh_config_1_6, &go_ptr_mesh_config_1_6, &go_proxy_config_1_6, &go_ptr_proxy_config_1_6},
	[RELEASE_1_7] = {&go_mesh_config_1_7, &go_ptr_mesh_config_1_7, &go_proxy_config_1_7, &go_ptr_proxy_config_1_7},
	[RELEASE_1_8] = {&go_mesh_config_1_8, &go_ptr_mesh_config_1_8, &go_proxy_config_1_8, &go_ptr_proxy_config_1_8},
	[RELEASE_HEAD] = {&go_mesh_config, &go_ptr_mesh_config, &go_proxy_config, &go_ptr_proxy_config},
};

const struct go_type *mesh_config_type(enum release release)
{
	return types[release].mesh;
}

const struct go_type *proxy_config_type(enum release release)
{
	return types[release].proxy;
}

bool mesh_type_release(const struct go_type *t, enum release *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (t == types[i].mesh || t == types[i].mesh_ptr || t == types[i].proxy || t == types[i].proxy_ptr) {
			*ret = (enum release)i;
			return true;
		}
	}
	return false;
}

const char *proxy_config_default_json(enum release release, struct str json_name)
{
	for (size_t i = 0; i < ARRAY_LEN(proxy_rows); i++)
		if ((proxy_rows[i].releases & 1u << release) && str_is(json_name, proxy_rows[i].field))
			return proxy_rows[i].json;
	return NULL;
}

static struct map *from_rows(struct arena *a, const struct row *row, size_t len, enum release release, struct err *err)
{
	struct map *m = map_new(a, len);

	if (!m) {
		(void)err_nomem(err);
		return NULL;
	}
	for (size_t i = 0; i < len; i++) {
		const struct value *v;

		if (!(row[i].releases & 1u << release))
			continue;
		v = json_parse(a, row[i].json, strlen(row[i].json), 0, err);
		if (!v)
			return NULL;
		if (map_setc(a, m, row[i].field, v) < 0) {
			(void)err_nomem(err);
			return NULL;
		}
	}
	return m;
}

struct map *proxy_config_defaults(struct arena *a, enum release release, struct err *err)
{
	return from_rows(a, proxy_rows, ARRAY_LEN(proxy_rows), release, err);
}

/* Whether the field, or another of its oneof, is set. */
static bool is_said(const struct map *config, const struct go_type *type, const char *field)
{
	const struct go_field *f;

	if (map_getc(config, field))
		return true;
	f = go_field_by_json(type, str_of(field));
	for (size_t i = 0; f && f->oneof && i < type->n_fields; i++) {
		const struct go_field *other = &type->field[i];

		if (other->oneof && strcmp(other->oneof, f->oneof) == 0 && map_getc(config, other->json_name))
			return true;
	}
	return false;
}

int proxy_config_fill_defaults(struct arena *a, struct map *config, enum release release, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(proxy_rows); i++) {
		const struct row *row = &proxy_rows[i];
		const struct value *v;

		if (!(row->releases & 1u << release) || is_said(config, proxy_config_type(release), row->field))
			continue;
		v = json_parse(a, row->json, strlen(row->json), 0, err);
		if (!v)
			return -1;
		if (map_setc(a, config, row->field, v) < 0)
			return err_nomem(err);
	}
	return 0;
}

struct map *mesh_defaults_map(struct arena *a, enum release release, struct err *err)
{
	struct map *mesh = from_rows(a, mesh_rows, ARRAY_LEN(mesh_rows), release, err);
	struct map *proxy = mesh ? proxy_config_defaults(a, release, err) : NULL;
	const struct value *v = proxy ? value_map(a, proxy) : NULL;

	if (!proxy)
		return NULL;
	if (!v || map_setc(a, mesh, "defaultConfig", v) < 0) {
		(void)err_nomem(err);
		return NULL;
	}
	return mesh;
}

const struct value *mesh_defaults(struct arena *a, enum release release, struct err *err)
{
	struct map *mesh = mesh_defaults_map(a, release, err);
	const struct value *v = mesh ? value_map(a, mesh) : NULL;

	if (mesh && !v)
		(void)err_nomem(err);
	return v;
}
