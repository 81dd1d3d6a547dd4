/* SPDX-License-Identifier: Apache-2.0 */
/* Which service account token a pod's proxy is given. */
#ifndef PATCHES_POD_TOKEN_H
#define PATCHES_POD_TOKEN_H

#include "patches/value/value.h"

/* Whether a projected, audience-bound token is mounted: third-party; otherwise it is the mounted one, if any: first-party. */
bool pod_has_projected_token(const struct value *pod);

#endif
