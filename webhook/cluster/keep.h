/* SPDX-License-Identifier: Apache-2.0 */
/* What injection needs of the cluster's objects, as JSON; the rest is not kept. Each is a reflector_keep. */
#ifndef WEBHOOK_CLUSTER_KEEP_H
#define WEBHOOK_CLUSTER_KEEP_H

#include "webhook/cluster/reflector.h"

/* {"uid":"UID","data":{"KEY":"TEXT",...}}, the data only where there is some. */
void keep_config_map(struct text *out, const struct value *object);
/* Manifests, as config_texts.api_objects has them. Of a node, its name and its kubelet's version. */
void keep_node(struct text *out, const struct value *object);
/* Of a namespace, its labels, and those annotations that OpenShift gives it. */
void keep_namespace(struct text *out, const struct value *object);
/* Only those whose pods get no token mounted, which a proxy with a first-party token would need. */
void keep_service_account(struct text *out, const struct value *object);
void keep_proxy_config(struct text *out, const struct value *object);

#endif
