/* SPDX-License-Identifier: Apache-2.0 */
/* Proxy configurations put over each other, and what may be wrong with one. For the mesh alone. */
#ifndef PATCHES_MESH_PROXY_CONFIG_H
#define PATCHES_MESH_PROXY_CONFIG_H

#include "patches/mesh/defaults.h"
#include "patches/mesh/problems.h"
#include "patches/mesh/proto.h"

/*
 * Applies raw (of a YAML text) onto dst as Istio's MergeProxyConfig does: what it names replaces; today proxyMetadata is merged key by
 * key, and the parts of proxyHeaders that it leaves out stay.
 */
int proxy_config_apply(struct proto_reader *r, struct map *dst, const struct value *raw, enum release release) MUST_CHECK;

/* The same with a canonical layer: what is at its zero value in it has been lost. NULL layer: nothing. */
int proxy_config_overlay(struct arena *a, struct map *dst, const struct map *layer, struct err *err) MUST_CHECK;

/* Adds all that Istio would refuse in a canonical proxy configuration. */
void proxy_config_problems(struct problems *p, const struct map *config, enum release release);

#endif
