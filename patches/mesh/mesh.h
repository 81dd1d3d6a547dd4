/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mesh configuration (istio.mesh.v1alpha1.MeshConfig) and the proxy configuration that applies to one pod, as raw trees in canonical
 * protobuf JSON form (camelCase names, durations as "45s", enums by name), viewed by templates through go_ptr_mesh_config and go_ptr_proxy_config.
 * Sources: istio.io/docs/reference/config/istio.mesh.v1alpha1, Istio's pkg/config/mesh, pilot/pkg/model/proxy_config.go.
 */
#ifndef PATCHES_MESH_MESH_H
#define PATCHES_MESH_MESH_H

#include "patches/schema/schema.h"
#include "patches/value/value.h"

/* Rule sets of Istio: columns of every table that depends on the release (injector-facts.md). */
enum release {
	RELEASE_1_5, RELEASE_1_6, RELEASE_1_7, RELEASE_1_8,
	RELEASE_HEAD, /* 1.9 and later: the behaviour of 1.32-dev */
};

/* Warnings that do not stop anything ("unknown field"): a list of static or arena texts, bounded. */
struct mesh_warnings {
	struct arena *arena;
	const char *text[16];
	size_t len;
};

/* The mesh configuration that the release assumes before it reads the cluster's. In `a`. */
const struct value *mesh_defaults(struct arena *a, enum release release, struct err *err) MUST_CHECK;

/*
 * The text of the `mesh` key (YAML) applied onto the defaults as that release does it. Unknown fields are ignored and warned of.
 * Errors: ERR_CONFIG with line where known, or the field's path.
 */
const struct value *mesh_parse(struct arena *a, struct str yaml, enum release release, struct mesh_warnings *warnings,
	struct err *err) MUST_CHECK;

/* A ProxyConfig resource (networking.istio.io/v1beta1) as far as precedence needs it. */
struct proxy_config_resource {
	struct str name, namespace;
	int64_t created;            /* seconds; the oldest wins among equals, then the name */
	const struct value *spec;   /* raw: selector, concurrency, environmentVariables, image */
};

/*
 * The proxy configuration for one pod, later wins: defaults, mesh.defaultConfig, the resource of the root namespace, that of the pod's, the
 * annotation proxy.istio.io/config, the resource whose selector matches; in the release's way of merging. annotation: p NULL where the pod has none.
 */
const struct value *proxy_config_effective(struct arena *a, const struct value *mesh, enum release release, struct str annotation,
	struct str namespace, const struct map *pod_labels, const struct proxy_config_resource *resources, size_t n_resources,
	struct err *err) MUST_CHECK;

/* The resources that count for a pod, weakest first; NULL where there is none. */
struct proxy_config_layers {
	const struct proxy_config_resource *root, *namespace, *workload;
};
void proxy_config_layers(const struct value *mesh, struct str namespace, const struct map *pod_labels,
	const struct proxy_config_resource *resources, size_t n_resources, struct proxy_config_layers *ret);

/* mesh with its defaultConfig overridden by the annotation as M.ApplyProxyConfig does (used for order of containers and offline). */
const struct value *mesh_apply_proxy_config(struct arena *a, const struct value *mesh, enum release release, struct str annotation,
	struct err *err) MUST_CHECK;

/*
 * protoToJSON of a proxy configuration: fields that equal the release's default blanked (cleanProxyConfig), then protobuf JSON as that
 * release prints it. Other messages: protobuf JSON without cleaning.
 */
int proto_to_json(struct arena *a, struct text *out, const struct value *message, enum release release, struct err *err) MUST_CHECK;

/* Protobuf JSON (or YAML, already parsed) of any generated message type to our canonical raw form: names, durations, wrappers and enums
 * normalised. Unknown fields are dropped into warnings, or an error when warnings is NULL. */
const struct value *proto_canon(struct arena *a, const struct value *raw, const struct go_type *message, struct mesh_warnings *warnings,
	struct err *err) MUST_CHECK;

/* proxy.istio.io/config must parse and be valid (Istio's ValidateMeshConfigProxyConfig); error text as Istio's. */
int proxy_config_validate(struct arena *a, struct str annotation, enum release release, struct err *err) MUST_CHECK;

#endif
