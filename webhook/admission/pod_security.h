/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pod Security Standards, as far as an injected container can break them. Source:
 * kubernetes.io/docs/concepts/security/pod-security-standards and the checks of k8s.io/pod-security-admission.
 */
#ifndef WEBHOOK_ADMISSION_POD_SECURITY_H
#define WEBHOOK_ADMISSION_POD_SECURITY_H

#include "patches/value/value.h"

enum pod_security { POD_SECURITY_PRIVILEGED, POD_SECURITY_BASELINE, POD_SECURITY_RESTRICTED };

/* Of the label pod-security.kubernetes.io/enforce; privileged, which forbids nothing, where it is none of the three. */
enum pod_security pod_security_level(struct str label);
const char *pod_security_name(enum pod_security level);

/* What of the container the level refuses, with what to do; static, without the container's name. NULL where it refuses
 * nothing. */
const char *pod_security_lack(enum pod_security level, const struct value *spec, const struct value *container);

#endif
