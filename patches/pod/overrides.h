/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pod's own istio-proxy and istio-init containers: what the user wrote in them wins over the template (`image: auto` takes the template's image).
 * The pod's annotations sidecar.istio.io/status and proxy.istio.io/overrides say what an earlier injection added and overrode.
 */
#ifndef PATCHES_POD_OVERRIDES_H
#define PATCHES_POD_OVERRIDES_H

#include "patches/value/value.h"

/* What the two annotations of a pod say; empty lists and NULLs for a pod that was never injected. */
struct injection_record {
	bool injected;                          /* the status annotation is there */
	const struct value *status;             /* raw, or NULL where it is not there or cannot be read */
	const struct value *containers, *init_containers; /* overrides: raw lists of canonical containers, or NULL */
};

/* ERR_INPUT names the annotation. */
int injection_record_read(struct arena *a, const struct value *pod, struct injection_record *ret, struct err *err) MUST_CHECK;

/*
 * The same for Istio up to 1.8: nobody wrote overrides there, and a status that cannot be read says nothing. ERR_LIMIT for more names
 * than are read.
 */
int injection_record_of_lists(struct arena *a, const struct value *pod, struct injection_record *ret, struct err *err) MUST_CHECK;

/* The pod without what the earlier injection added, and with the overridden containers back: what templates are to see. */
const struct value *stripped_pod(struct arena *a, const struct value *pod, const struct injection_record *record,
	const struct value *mesh, struct err *err) MUST_CHECK;

/*
 * Applies the user's containers again, on top of what the templates made of them, and records them in the overrides annotation.
 * original: the pod as it came; overlay: what the templates rendered, merged; merged: the pod so far. tproxy: interception mode
 * of the proxy configuration is TPROXY.
 */
const struct value *reapply_overrides(struct arena *a, const struct value *merged, const struct value *original,
	const struct value *overlay, const struct injection_record *record, bool tproxy, struct err *err) MUST_CHECK;

#endif
