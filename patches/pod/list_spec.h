/* SPDX-License-Identifier: Apache-2.0 */
/* What a `template:` of Istio 1.5 to 1.8 renders, decoded: lists of containers, volumes and secrets to add. */
#ifndef PATCHES_POD_LIST_SPEC_H
#define PATCHES_POD_LIST_SPEC_H

#include "patches/pod/edit.h"
#include "patches/pod/list_rules.h"

struct list_spec {
	struct container_list init_containers, containers;
	const struct value *volumes, *pull_secrets; /* raw lists or NULL */
	const struct value *dns_config;             /* raw or NULL */
	const struct value *redirect;               /* podRedirectAnnot: raw map or NULL; counts offline only */
	bool rewrite_probes;
};

/* rendered: raw, from yaml_parse_rendered(). Lists are own copies in e's arena. */
int list_spec_read(struct pod_edit *e, const struct value *rendered, const struct list_rules *rules, struct list_spec *ret,
	struct err *err) MUST_CHECK;

/* --concurrency from the proxy's CPU limit or request, unless its arguments say one above 0. */
void list_spec_set_concurrency(struct pod_edit *e, struct list_spec *s);

/* Variables at the end of every istio-proxy's environment, in order of their names; those that were there before go. */
void list_spec_set_env(struct pod_edit *e, struct list_spec *s, const struct map *env);

/* JSON for the status annotation: version is the SHA-256 of the template. p NULL when out of memory. */
struct str list_spec_status(struct arena *a, const struct list_spec *s, struct str version) MUST_CHECK;

#endif
