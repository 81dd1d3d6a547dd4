/* SPDX-License-Identifier: Apache-2.0 */
/* The workload that a pod belongs to, as far as the pod itself tells. */
#ifndef PATCHES_POD_OWNER_H
#define PATCHES_POD_OWNER_H

#include "patches/inject.h"

/* The raw ownerReference that controls the pod (metav1.OwnerReference with controller: true); NULL where none does. */
const struct value *owner_reference(const struct value *pod);

/* Istio's GetDeployMetaFromPod. namespace: the pod's effective one. Texts are borrowed from the pod. */
struct workload owner_of_pod(const struct value *pod, struct str namespace);

/*
 * The same as Istio 1.5 to 1.8 told it: cron_jobs (from 1.6 on) by exactly ten digits, empty_hash (up to 1.7): a ReplicaSet's pod without
 * the label pod-template-hash is a Deployment's all the same.
 */
struct workload owner_up_to_1_8(const struct value *pod, struct str namespace, bool cron_jobs, bool empty_hash);

#endif
