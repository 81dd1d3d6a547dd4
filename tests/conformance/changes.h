/* SPDX-License-Identifier: Apache-2.0 */
/* What others do to a pod between two injections: other webhooks, a newer Kubernetes, and the API server's defaults. */
#ifndef TESTS_CONFORMANCE_CHANGES_H
#define TESTS_CONFORMANCE_CHANGES_H

#include "patches/value/value.h"

/* Changes a deep copy of a pod. False where the pod has nothing to change, or memory ends. */
typedef bool change_fn(struct arena *a, const struct value *pod);

change_fn add_container, add_first, add_annotation, add_label, add_variable, change_image, add_unknown;
/* As secret stores and tracers do, to every container, the proxy too: variable ADDED and mount `added`. */
change_fn add_everywhere;
/* What the API server makes of every pod, before the first webhook and after each. */
change_fn default_pod;

/* A map member, made where it is missing; NULL when out of memory. */
struct map *member_of(struct arena *a, const struct value *v, const char *key);
/* One more item for a list member, made where it is missing. */
bool append_to(struct arena *a, struct map *m, const char *key, const struct value *v);
/* Length and items of a list member. */
size_t items_of(const struct value *v, const char *key, const struct value *const **ret);

#endif
