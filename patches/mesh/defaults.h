/* SPDX-License-Identifier: Apache-2.0 */
/* What each release assumes of the mesh before it reads the cluster's configuration, and which types it knows. */
#ifndef PATCHES_MESH_DEFAULTS_H
#define PATCHES_MESH_DEFAULTS_H

#include "patches/mesh/mesh.h"

/* The message types of the release. */
const struct go_type *mesh_config_type(enum release release);
const struct go_type *proxy_config_type(enum release release);
/* The release whose MeshConfig or ProxyConfig this is (pointers to them too); false where it is another type. */
bool mesh_type_release(const struct go_type *t, enum release *ret);

static inline bool release_is_gogo(enum release release)
{
	return release <= RELEASE_1_8;
}

/* The release's default of a field of ProxyConfig as compact JSON; NULL where it has none. */
const char *proxy_config_default_json(enum release release, struct str json_name);

/* A fresh ProxyConfig with the release's defaults, to be changed. */
struct map *proxy_config_defaults(struct arena *a, enum release release, struct err *err) MUST_CHECK;
/* Sets in a ProxyConfig the defaults of what it does not say. */
int proxy_config_fill_defaults(struct arena *a, struct map *config, enum release release, struct err *err) MUST_CHECK;
/* A fresh MeshConfig with them, to be changed. */
struct map *mesh_defaults_map(struct arena *a, enum release release, struct err *err) MUST_CHECK;

#endif
