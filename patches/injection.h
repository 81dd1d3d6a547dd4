/* SPDX-License-Identifier: Apache-2.0 */
/* One injection under way, as the flows for the two ConfigMap formats share it. */
#ifndef PATCHES_INJECTION_H
#define PATCHES_INJECTION_H

#include "patches/inject.h"
#include "patches/pod/overrides.h"

/* What one injection knows at any moment; filled from top to bottom. */
struct injection {
	const struct inject_config *config;
	struct arena *a;
	const struct inject_request *req;
	struct inject_result *ret;
	const struct value *given;    /* the pod as it came, but for ids that OpenShift shares out */
	const struct value *annotations;
	struct str namespace;         /* the pod's own or the request's */
	const struct value *mesh, *proxy_config;
	struct map *env;              /* of cluster, network and URL */
	bool native;
	struct injection_record record;
	struct workload owner;        /* of the pod; set by inject_lists() only */
	const struct value *data;     /* the templates' dot */
	const struct value *overlay;  /* what the templates rendered, merged */
	const struct value *merged;   /* the pod so far */
	const struct value *asked;    /* where a pod asks for more than `given` shows (see reinject()): what it asks for; else NULL */
};

/* Sets the reason and returns -1. */
int injection_refuse(struct injection *in, enum reason reason);

/* For people, beside the answer: static text of at most 120 characters. */
void warn(struct injection *in, const char *text);

/* Runs a template and reads what it rendered; an empty text is null. NULL with reason and err set. */
const struct value *render_template(struct injection *in, const struct named_template *t, struct err *err) MUST_CHECK;

/* Istio 1.9 and later: `templates:` render overlays that are merged into the pod. in->merged is the result. */
int inject_overlays(struct injection *in, struct err *err) MUST_CHECK;
/* Istio 1.5 to 1.8: `template:` renders lists that are added to the pod. in->merged is the result. */
int inject_lists(struct injection *in, struct err *err) MUST_CHECK;

#endif
