/* SPDX-License-Identifier: Apache-2.0 */
/* The mesh configuration of a cluster over the defaults of its release. */
#include "patches/mesh/mesh.h"

#include <stdlib.h>

#include "patches/mesh/address.h"
#include "patches/mesh/duration.h"
#include "patches/mesh/proxy_config.h"
#include "patches/yaml/yaml.h"

enum { NS_PER_MS = 1000000 };
static const int64_t connect_timeout_max = 3600LL * 1000 * NS_PER_MS;

static struct map *submap(const struct map *m, const char *key)
{
	const struct value *v = map_getc(m, key);

	return v && v->kind == K_MAP ? v->u.map : NULL;
}

static int set_map(struct arena *a, struct map *dst, const char *key, struct map *m, struct err *err)
{
	const struct value *v = m ? value_map(a, m) : NULL;

	return v && map_setc(a, dst, key, v) == 0 ? 0 : err_nomem(err);
}

/*
 * 1.5 and 1.6 read defaultConfig into an empty message and carry that over the defaults by way of its JSON, so that zeros are lost. From
 * 1.7 on it is applied to the defaults, found in the text by its camelCase name alone.
 */
static int apply_default_config(struct proto_reader *r, struct map *mesh, const struct value *raw, enum release release,
	struct map *config)
{
	struct map *read = submap(mesh, "defaultConfig");
	struct err *err = r->err;

	if (release <= RELEASE_1_6) {
		if (proxy_config_overlay(r->a, config, read, err) < 0)
			return -1;
	} else if (raw_get(raw, "defaultConfig")) {
		r->unknown = PROTO_UNKNOWN_SILENT;
		if (proxy_config_apply(r, config, raw_get(raw, "defaultConfig"), release) < 0)
			return err_wrap(err, "could not parse proxy config");
	}
	return set_map(r->a, mesh, "defaultConfig", config, err);
}

static const struct value *find_provider(const struct value *const *item, size_t len, struct str name, size_t *ret_at)
{
	for (size_t i = 0; i < len; i++) {
		const struct str have = raw_str(item[i], "name");

		if (str_eq(have, name)) {
			*ret_at = i;
			return item[i];
		}
	}
	return NULL;
}

/* Providers of the defaults stay where they are; a new one of the same name takes the place. */
static int merge_providers(struct arena *a, struct map *mesh, const struct value *before, struct err *err)
{
	const struct value *after = map_getc(mesh, "extensionProviders");
	const size_t n_before = before ? before->u.list.len : 0, n_after = after ? after->u.list.len : 0;
	const struct value **item = arena_calloc(a, n_before + n_after + 1, sizeof(*item));
	size_t len = 0;

	if (!item)
		return err_nomem(err);
	for (; len < n_before; len++)
		item[len] = before->u.list.item[len];
	for (size_t i = 0; i < n_after; i++) {
		const struct value *provider = after->u.list.item[i];
		size_t at = len;

		if (!find_provider(item, len, raw_str(provider, "name"), &at))
			len++;
		item[at] = provider;
	}
	const struct value *v = value_list(a, item, len);

	return v && map_setc(a, mesh, "extensionProviders", v) == 0 ? 0 : err_nomem(err);
}

static int by_text(const void *a, const void *b)
{
	const struct value *const *left = a, *const *right = b;

	return str_cmp((*left)->u.s, (*right)->u.s);
}

static int sort_aliases(struct arena *a, struct map *mesh, struct err *err)
{
	const struct value *list = map_getc(mesh, "trustDomainAliases");
	size_t len = 0;

	if (!list)
		return 0;

	const struct value **item = arena_calloc(a, list->u.list.len + 1, sizeof(*item));

	if (!item)
		return err_nomem(err);
	for (size_t i = 0; i < list->u.list.len; i++)
		item[i] = list->u.list.item[i];
	qsort(item, list->u.list.len, sizeof(*item), by_text);
	for (size_t i = 0; i < list->u.list.len; i++)
		if (!len || str_cmp(item[len - 1]->u.s, item[i]->u.s) != 0)
			item[len++] = item[i];
	const struct value *v = value_list(a, item, len);

	return v && map_setc(a, mesh, "trustDomainAliases", v) == 0 ? 0 : err_nomem(err);
}

/* What today's merge treats otherwise than by replacing. */
static int apply_special(struct proto_reader *r, struct map *mesh, const struct value *raw, const struct value *providers_before)
{
	struct map *providers = map_new(r->a, 4);
	const struct value *given = raw_get(raw, "defaultProviders");
	const struct go_field *f = go_field_by_json(&go_mesh_config, STR("defaultProviders"));

	if (!providers || !f)
		return err_nomem(r->err);
	if (given && proto_apply(r, providers, given, f->type) < 0)
		return err_wrap(r->err, "could not parse default providers");
	if (set_map(r->a, mesh, "defaultProviders", providers, r->err) < 0)
		return -1;
	if (merge_providers(r->a, mesh, providers_before, r->err) < 0)
		return -1;
	return sort_aliases(r->a, mesh, r->err);
}

static void check_connect_timeout(struct problems *p, const struct map *mesh)
{
	const struct value *v = map_getc(mesh, "connectTimeout");
	const int64_t ns = v ? duration_of_proto(v->u.s) : 0;
	struct text t;

	if (ns < NS_PER_MS) {
		problems_add(p, "invalid connect timeout: duration must be greater than 1ms");
	} else if (ns % NS_PER_MS) {
		problems_add(p, "invalid connect timeout: only durations to ms precision are supported");
	} else if (ns > connect_timeout_max) {
		text_init(&t, p->arena, 64);
		duration_add_go(&t, ns);
		problems_add(p, "invalid connect timeout: time %s must be >1ms and <1h0m0s", text_cstr(&t));
	}
}

static bool is_label_list(struct str domain)
{
	while (domain.p) {
		const struct str label = str_cut(&domain, '.');

		if (!domain.p && !label.len)
			return true; /* "istio.io." is unambiguous */
		if (!address_is_dns_label(label))
			return false;
	}
	return true;
}

static void check_trust_domains(struct problems *p, const struct map *mesh)
{
	const struct value *domain = map_getc(mesh, "trustDomain"), *aliases = map_getc(mesh, "trustDomainAliases");

	if (!domain || !domain->u.s.len)
		problems_add(p, "trustDomain: empty domain name not allowed");
	else if (!is_label_list(domain->u.s))
		problems_add(p, "trustDomain: trust domain name %s invalid", printable_quoted(p->arena, domain->u.s));
	for (size_t i = 0; aliases && i < aliases->u.list.len; i++) {
		const struct str alias = aliases->u.list.item[i]->u.s;

		if (alias.len && is_label_list(alias))
			continue;
		if (!alias.len)
			problems_add(p, "trustDomainAliases[%zu], domain `` : empty domain name not allowed", i);
		else
			problems_add(p, "trustDomainAliases[%zu], domain `%s` : trust domain name %s invalid", i,
				printable(p->arena, alias), printable_quoted(p->arena, alias));
	}
}

static int validate(struct arena *a, const struct map *mesh, enum release release, struct err *err)
{
	struct problems p = {.arena = a};
	const struct value *timeout = map_getc(mesh, "protocolDetectionTimeout"), *port = map_getc(mesh, "proxyListenPort");
	const char *bad_port = address_check_port(a, port);

	if (bad_port)
		problems_add(&p, "invalid proxy listen port: %s", bad_port);
	check_connect_timeout(&p, mesh);
	if (timeout && duration_of_proto(timeout->u.s) % NS_PER_MS)
		problems_add(&p, "invalid protocol detection timeout: only durations to ms precision are supported");
	proxy_config_problems(&p, submap(mesh, "defaultConfig"), release);
	if (release >= RELEASE_1_8)
		check_trust_domains(&p, mesh);
	return problems_report(&p, ERR_CONFIG, err);
}

static int apply(struct proto_reader *r, struct map *mesh, const struct value *raw, enum release release)
{
	struct map *config = proxy_config_defaults(r->a, release, r->err);
	const struct value *providers = map_getc(mesh, "extensionProviders");

	if (!config)
		return -1;
	if (proto_apply(r, mesh, raw, mesh_config_type(release)) < 0)
		return err_wrap(r->err, "failed to convert to proto.");
	if (apply_default_config(r, mesh, raw, release, config) < 0)
		return -1;
	if (release == RELEASE_HEAD)
		return apply_special(r, mesh, raw, providers);
	return 0;
}

static const struct value *as_config_error(struct err *err)
{
	if (err && err->code == ERR_INPUT)
		err->code = ERR_CONFIG;
	return NULL;
}

const struct value *mesh_parse(struct arena *a, struct str yaml, enum release release, struct mesh_warnings *warnings,
	struct err *err)
{
	struct err own_err = {0};
	struct err *e = err ? err : &own_err;
	struct proto_reader r = {a, warnings, e, warnings ? PROTO_UNKNOWN_WARN : PROTO_UNKNOWN_SILENT, release_is_gogo(release)};
	const struct value *raw = yaml_parse(a, yaml, 0, e);
	struct map *mesh = raw ? mesh_defaults_map(a, release, e) : NULL;

	if (!mesh || apply(&r, mesh, raw, release) < 0 || validate(a, mesh, release, e) < 0)
		return as_config_error(e);

	const struct value *v = value_map(a, mesh);

	if (!v)
		(void)err_nomem(e);
	return v;
}
