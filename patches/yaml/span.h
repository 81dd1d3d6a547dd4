/* SPDX-License-Identifier: Apache-2.0 */
/* The two checks behind yaml_parse_rendered; tests hold the fast one against the full one. */
#ifndef PATCHES_YAML_SPAN_H
#define PATCHES_YAML_SPAN_H

#include "patches/yaml/node.h"
#include "patches/yaml/yaml.h"

/* Whether every span is harmless by where it lies and what it is made of. False says nothing: then yaml_spans_compare decides. */
bool yaml_spans_harmless(const struct yaml_document *document, const struct rendered *r) MUST_CHECK;

/*
 * Parses the text again with an x for every character of the spans that are not flagged `structure`: events, tags, anchors and all
 * scalars without spans must be the same, and scalars with spans must begin and end at the same places but for white space.
 * Error: ERR_INPUT naming the template's line. Where the text is no YAML either way: the YAML error.
 */
int yaml_spans_compare(struct arena *a, const struct rendered *r, struct err *err) MUST_CHECK;

#endif
