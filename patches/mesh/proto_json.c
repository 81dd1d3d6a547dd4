/* SPDX-License-Identifier: Apache-2.0 */
/* protoToJSON: what templates print of messages, PROXY_CONFIG above all. */
#include <string.h>

#include "patches/mesh/defaults.h"
#include "patches/mesh/duration.h"
#include "patches/mesh/proto.h"
#include "patches/value/json.h"

/* Fields that are left out where they equal the release's default (cleanProxyConfig); since: the first release that does it. */
static const struct cleaned {
	const char *field;
	enum release since;
} cleaned[] = {
	{"configPath", RELEASE_1_6}, {"binaryPath", RELEASE_1_6}, {"serviceCluster", RELEASE_1_6}, {"drainDuration", RELEASE_1_6},
	{"parentShutdownDuration", RELEASE_1_6}, {"discoveryAddress", RELEASE_1_6}, {"envoyMetricsService", RELEASE_1_6},
	{"envoyAccessLogService", RELEASE_1_6}, {"tracing", RELEASE_1_6}, {"proxyAdminPort", RELEASE_1_6},
	{"statNameLength", RELEASE_1_6}, {"statusPort", RELEASE_1_6}, {"concurrency", RELEASE_1_6},
	{"controlPlaneAuthPolicy", RELEASE_1_7}, {"terminationDrainDuration", RELEASE_1_7},
};

static bool is_cleaned(enum release release, const char *field)
{
	for (size_t i = 0; i < ARRAY_LEN(cleaned); i++)
		if (release >= cleaned[i].since && strcmp(field, cleaned[i].field) == 0)
			return true;
	return false;
}

/* Canonical text is compared, so equal means equal. */
static void write_proxy_config(struct arena *a, struct text *out, const struct map *m, enum release release)
{
	const struct go_type *t = proxy_config_type(release);
	bool any = false;

	text_addc(out, '{');
	for (size_t i = 0; i < t->n_fields && !out->failed; i++) {
		const struct go_field *f = &t->field[i];
		const struct value *v = proto_is_oneof(f) ? NULL : map_getc(m, f->json_name);
		const size_t start = out->len;
		const char *unset;
		size_t value;

		if (!v || v->kind == K_NIL)
			continue;
		text_adds(out, any ? ",\"" : "\"");
		text_adds(out, f->json_name);
		text_adds(out, "\":");
		value = out->len;
		proto_write(a, out, v, f->type);
		unset = is_cleaned(release, f->json_name) ? proxy_config_default_json(release, str_of(f->json_name)) : NULL;
		if (unset && !out->failed && str_is((struct str){out->data + value, out->len - value}, unset))
			out->len = start;
		else
			any = true;
	}
	text_addc(out, '}');
}

/* The struct behind pointers; NULL for a nil one. */
static const struct value *pointed_at(const struct value *v)
{
	while (v && v->kind == K_PTR)
		v = v->u.ptr;
	return v;
}

/* Durations and wrappers are scalars in JSON, and structs where a template has them. */
static bool write_scalar_message(struct arena *a, struct text *out, const struct value *v)
{
	const struct value *seconds = map_getc(v->u.map, "seconds"), *nanos = map_getc(v->u.map, "nanos"), *inner = map_getc(v->u.map, "value");
	int64_t ns = 0;

	if (v->kind != K_STRUCT || !v->type)
		return false;
	if (v->type->special == GO_PB_WRAPPER && inner) {
		proto_write(a, out, inner, v->type);
		return true;
	}
	if (v->type->special != GO_PB_DURATION)
		return false;
	if (seconds && __builtin_mul_overflow(seconds->u.i, 1000000000, &ns))
		ns = seconds->u.i < 0 ? INT64_MIN : INT64_MAX;
	if (nanos && __builtin_add_overflow(ns, nanos->u.i, &ns))
		ns = nanos->u.i < 0 ? INT64_MIN : INT64_MAX;
	text_addc(out, '"');
	duration_add_proto(out, ns);
	text_addc(out, '"');
	return true;
}

static void write_message(struct arena *a, struct text *out, const struct value *v, enum release release)
{
	const struct go_type *t = v->type;
	enum release of = release;
	struct value raw = *v;

	if (write_scalar_message(a, out, v))
		return;
	if (v->kind == K_STRUCT)
		raw.kind = K_MAP;
	raw.type = NULL;
	if (!t || proto_elem(t) == proxy_config_type(of) || (mesh_type_release(t, &of) && proto_elem(t) == proxy_config_type(of)))
		write_proxy_config(a, out, raw.u.map, of);
	else
		proto_write(a, out, &raw, t);
}

int proto_to_json(struct arena *a, struct text *out, const struct value *message, enum release release, struct err *err)
{
	const struct value *v = pointed_at(message);

	if (!v || v->kind == K_NIL || (v->kind == K_MAP && v->type && v->type->kind != GO_STRUCT && v->type->kind != GO_PTR))
		text_adds(out, "{}");
	else if (v->kind == K_MAP || v->kind == K_STRUCT)
		write_message(a, out, v, release);
	else if (v->type)
		proto_write(a, out, v, v->type);
	else
		return err_set(err, ERR_INPUT, "protoToJSON wants a protobuf message");
	return text_check(out, "protoToJSON: the result", err);
}
