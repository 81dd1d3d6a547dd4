/* SPDX-License-Identifier: Apache-2.0 */
/* Which annotations are checked in which release, and the report over all of a pod's. */
#include "patches/pod/validate.h"

#include "patches/mesh/problems.h"
#include "patches/pod/validate_value.h"
#include "patches/value/json.h"

/* Sorted by name: that is the order in which problems are told. */
static const struct checked {
	const char *name;
	validate_value_fn *check;
	enum release first, last;
} checked[] = {
	{"istio.io/reroute-virtual-interfaces", validate_interfaces, RELEASE_HEAD, RELEASE_HEAD},
	{"prometheus.istio.io/merge-metrics", validate_bool, RELEASE_1_6, RELEASE_HEAD},
	{"proxy.istio.io/config", validate_proxy_config, RELEASE_1_6, RELEASE_HEAD},
	{"readiness.status.sidecar.istio.io/failureThreshold", validate_uint32, RELEASE_1_5, RELEASE_HEAD},
	{"readiness.status.sidecar.istio.io/initialDelaySeconds", validate_uint32, RELEASE_1_5, RELEASE_HEAD},
	{"readiness.status.sidecar.istio.io/periodSeconds", validate_uint32, RELEASE_1_5, RELEASE_HEAD},
	{"sidecar.istio.io/enableCoreDump", validate_bool, RELEASE_1_5, RELEASE_1_8},
	{"sidecar.istio.io/interceptionMode", validate_interception_mode, RELEASE_1_5, RELEASE_HEAD},
	{"sidecar.istio.io/proxyCPU", validate_quantity, RELEASE_HEAD, RELEASE_HEAD},
	{"sidecar.istio.io/proxyCPULimit", validate_quantity, RELEASE_HEAD, RELEASE_HEAD},
	{"sidecar.istio.io/proxyMemory", validate_quantity, RELEASE_HEAD, RELEASE_HEAD},
	{"sidecar.istio.io/proxyMemoryLimit", validate_quantity, RELEASE_HEAD, RELEASE_HEAD},
	{"status.sidecar.istio.io/port", validate_status_port, RELEASE_1_5, RELEASE_HEAD},
	{"traffic.sidecar.istio.io/excludeInboundPorts", validate_exclude_inbound_ports, RELEASE_1_5, RELEASE_HEAD},
	{"traffic.sidecar.istio.io/excludeInterfaces", validate_interfaces, RELEASE_HEAD, RELEASE_HEAD},
	{"traffic.sidecar.istio.io/excludeOutboundIPRanges", validate_exclude_ranges, RELEASE_1_5, RELEASE_HEAD},
	{"traffic.sidecar.istio.io/excludeOutboundPorts", validate_exclude_outbound_ports, RELEASE_1_5, RELEASE_HEAD},
	{"traffic.sidecar.istio.io/includeInboundPorts", validate_include_inbound_ports, RELEASE_1_5, RELEASE_HEAD},
	{"traffic.sidecar.istio.io/includeOutboundIPRanges", validate_include_ranges, RELEASE_1_5, RELEASE_HEAD},
	{"traffic.sidecar.istio.io/kubevirtInterfaces", validate_interfaces, RELEASE_HEAD, RELEASE_HEAD},
};

/* The place of the first problem. */
static int point_at(struct arena *a, const char *name, struct err *err)
{
	struct text t;

	text_init(&t, a, 256);
	text_adds(&t, "/metadata/annotations");
	json_pointer_add(&t, str_of(name));
	const char *pointer = text_cstr(&t);

	return pointer ? err_at(err, "%s", pointer) : -1;
}

/* Adds what is wrong with one annotation to the problems. -1: a failure of ours. */
static int check_one(struct problems *p, const struct checked *row, struct str value, enum release release, struct err *err)
{
	struct err cause = {0};

	if (row->check(p->arena, value, release, &cause) == 0)
		return 0;
	if (cause.code == ERR_NOMEM)
		return err_nomem(err);
	problems_add(p, "invalid value '%s' for annotation '%s': %s", printable(p->arena, value), row->name, cause.what);
	return 0;
}

int validate_annotations(struct arena *a, const struct map *annotations, enum release release, struct err *err)
{
	struct problems p = {.arena = a};
	const char *first = NULL;

	for (size_t i = 0; annotations && i < ARRAY_LEN(checked); i++) {
		const struct checked *row = &checked[i];
		const struct value *v;

		if (release < row->first || release > row->last)
			continue;
		v = map_getc(annotations, row->name);
		if (!v || v->kind != K_STRING)
			continue;
		if (check_one(&p, row, v->u.s, release, err) < 0)
			return -1;
		if (p.len && !first)
			first = row->name;
	}
	if (problems_report(&p, ERR_INPUT, err) == 0)
		return 0;
	return first ? point_at(a, first, err) : -1;
}
