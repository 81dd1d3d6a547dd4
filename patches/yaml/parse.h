/* SPDX-License-Identifier: Apache-2.0 */
/* From the nodes of a document to raw values: the part that yaml_parse and yaml_parse_rendered share. */
#ifndef PATCHES_YAML_PARSE_H
#define PATCHES_YAML_PARSE_H

#include "patches/yaml/node.h"
#include "patches/yaml/yaml.h"

/* Decodes once: nodes are marked on the way. */
const struct value *yaml_decode(struct arena *a, const struct yaml_document *document, unsigned flags, struct err *err) MUST_CHECK;

#endif
