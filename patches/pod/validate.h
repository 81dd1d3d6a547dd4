/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations that Istio's injector checks before it renders (pkg/kube/inject/validate.go; injector-facts.md A1, B3). */
#ifndef PATCHES_POD_VALIDATE_H
#define PATCHES_POD_VALIDATE_H

#include "patches/mesh/mesh.h"
#include "patches/value/value.h"

/*
 * annotations: raw map of strings, or NULL. All that are wrong are named, in order of their names, in one text:
 * "1 error occurred:\n\t* invalid value 'x' for annotation 'k': ...\n\n" (hashicorp/go-multierror's format). ERR_INPUT; where = the JSON Pointer
 * of the first one. Values are cut at 256 bytes in the text.
 */
int validate_annotations(struct arena *a, const struct map *annotations, enum release release, struct err *err) MUST_CHECK;

#endif
