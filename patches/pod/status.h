/* SPDX-License-Identifier: Apache-2.0 */
/* The annotation that says what injection added: sidecar.istio.io/status. */
#ifndef PATCHES_POD_STATUS_H
#define PATCHES_POD_STATUS_H

#include "patches/value/value.h"

/* overlay: the rendered pod. JSON of the names of what it adds, and the revision; p NULL when out of memory. */
struct str injection_status(struct arena *a, const struct value *overlay, struct str revision) MUST_CHECK;

/* Appends prefix and the names of the items as a JSON list; null where there are none. */
void status_add_names(struct text *t, const char *prefix, const struct value *const *item, size_t len);

#endif
