/* SPDX-License-Identifier: Apache-2.0 */
/* What templates of Istio 1.9 and later see as their dot: inject.SidecarTemplateData. */
#ifndef PATCHES_POD_TEMPLATE_DATA_H
#define PATCHES_POD_TEMPLATE_DATA_H

#include "patches/inject.h"

struct template_facts {
	const struct value *pod;          /* raw: stripped of an earlier injection */
	const struct value *proxy_config; /* raw: the effective one */
	const struct value *mesh;         /* raw */
	struct workload owner;
	struct str namespace;             /* effective */
	bool native;
	int64_t uid, gid;                 /* of the proxy */
};

/* A typed value for template_run(), or NULL with err set. */
const struct value *template_data(struct arena *a, const struct inject_config *c, const struct template_facts *f,
	struct err *err) MUST_CHECK;

/* The same for the `template:` of Istio 1.5 to 1.8; type: pointer to that release's data. */
const struct value *template_data_up_to_1_8(struct arena *a, const struct inject_config *c, const struct go_type *type,
	const struct template_facts *f, struct err *err) MUST_CHECK;

/* hub/image:tag-type from the values; image_key: "proxy" or "proxy_init" under values.global. p NULL when out of memory. */
struct str proxy_image(struct arena *a, const struct value *values, const char *image_key, struct str image_type,
	const struct value *annotations);

/* Worker threads as 1.11 to 1.17 estimated them from limits and requests. */
int64_t estimated_concurrency(struct arena *a, const struct value *values, const struct value *proxy_config,
	const struct value *annotations);

#endif
