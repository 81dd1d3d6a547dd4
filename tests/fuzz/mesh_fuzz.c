/* SPDX-License-Identifier: Apache-2.0 */
/* A mesh and an annotation: what is read prints as JSON that reads back as the same; an address range is judged without surprise. */
#include <stdlib.h>
#include <string.h>

#include "patches/mesh/defaults.h"
#include "patches/mesh/proto.h"
#include "patches/pod/validate.h"
#include "patches/value/json.h"
#include "tests/fuzz/fuzz.h"

/* The canonical form is a fixed point. */
static void check_config(struct arena *a, const struct value *config, enum release release)
{
	struct err err = {0};
	struct proto_reader r = {a, NULL, &err, PROTO_UNKNOWN_ERROR, release_is_gogo(release)};
	struct map *again = map_new(a, 8);
	struct text out;

	text_init(&out, a, 64 << 20);
	proto_write(a, &out, config, proxy_config_type(release));
	const struct value *raw = out.failed ? NULL : json_parse(a, out.data, out.len, JSON_ALLOW_NUL, NULL);

	if (!raw || proto_apply(&r, again, raw, proxy_config_type(release)) < 0 || !raw_equal(config, value_map(a, again)))
		abort();
	text_clear(&out);
	if (proto_to_json(a, &out, config, release, &err) < 0 || !json_parse(a, out.data, out.len, JSON_ALLOW_NUL, NULL))
		abort();
}

static void ask(struct arena *a, struct str yaml, struct str annotation, enum release release)
{
	static const char *const names[] = {
		"proxy.istio.io/config", "traffic.sidecar.istio.io/includeOutboundIPRanges", "traffic.sidecar.istio.io/includeInboundPorts",
		"traffic.sidecar.istio.io/excludeInterfaces", "sidecar.istio.io/proxyCPU",
	};
	struct err err = {0};
	const struct value *mesh = mesh_parse(a, yaml, release, NULL, &err), *config;
	const struct value *v = value_str(a, annotation);
	struct map *m = map_new(a, ARRAY_LEN(names));

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (map_setc(a, m, names[i], v) < 0)
			abort();
	err = (struct err){0};
	if (validate_annotations(a, m, release, &err) < 0 && !err.what[0])
		abort();
	config = mesh ? proxy_config_effective(a, mesh, release, annotation, STR("ns"), NULL, NULL, 0, NULL) : NULL;
	if (config)
		check_config(a, config, release);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str annotation = {(const char *)data, size};
	const struct str mesh = str_cut(&annotation, '\0');
	struct arena a;

	if (!annotation.p)
		annotation = mesh;
	for (unsigned release = 0; release <= RELEASE_HEAD; release++) {
		arena_init(&a, 0);
		ask(&a, mesh, annotation, (enum release)release);
		arena_release(&a);
	}
	return 0;
}
