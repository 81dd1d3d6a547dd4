/* SPDX-License-Identifier: Apache-2.0 */
/* The workload that a pod belongs to, as far as the pod itself tells. */
#ifndef PATCHES_POD_OWNER_H
#define PATCHES_POD_OWNER_H

#include "patches/inject.h"

/* Istio's GetDeployMetaFromPod. namespace: the pod's effective one. Texts are borrowed from the pod. */
struct workload owner_of_pod(const struct value *pod, struct str namespace);

#endif
