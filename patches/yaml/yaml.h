/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML text to raw values as sigs.k8s.io/yaml does it (YAML 1.1 scalars, JSON types), and values to YAML as it writes them.
 */
#ifndef PATCHES_YAML_YAML_H
#define PATCHES_YAML_YAML_H

#include "patches/template/template.h"
#include "patches/value/value.h"

enum yaml_flag {
	YAML_FROM_POD = 1,    /* mark nodes as json_parse's JSON_FROM_POD does */
	YAML_STRICT_KEYS = 2, /* duplicate keys are an error, as Kubernetes' strict decoding; else the last wins */
};

/*
 * The first document of the text as a raw tree: what yaml.YAMLToJSON followed by a JSON parse gives. Numbers are K_NUMBER with JSON text
 * (0x10 is 16, 1e3 is 1000, .inf is an error as in Go). Anchors, aliases and merge keys are resolved, within LIMIT_YAML_EVENTS. Depth within
 * LIMIT_YAML_DEPTH. An empty text is null. Errors: ERR_INPUT, where = "line N" or "line N, column M", what as yaml.YAMLToJSON words it
 * ("yaml: line 3: did not find expected key"; the line there is as Go counts it, often one less).
 */
const struct value *yaml_parse(struct arena *a, struct str text, unsigned flags, struct err *err) MUST_CHECK;

/*
 * The same for rendered text, with the promise that every span lies within one scalar (key or value): a pod's string cannot add or
 * change structure. Where one does not: ERR_INPUT naming the template's line; spans flagged `structure` are exempt.
 * A key that a span has a hand in, `structure` or not, must not be an order: "$patch" and the like, or a merge key.
 */
const struct value *yaml_parse_rendered(struct arena *a, const struct rendered *r, struct err *err) MUST_CHECK;

/*
 * Cuts a stream into documents at lines that begin with "---", as Kubernetes' YAML reader does; each piece is borrowed. ret_line: line
 * number (from 1) of the piece's first line. False at the end.
 */
struct yaml_reader {
	struct str rest;
	size_t line;
};
bool yaml_next_document(struct yaml_reader *r, struct str *ret, size_t *ret_line);

/* sigs.k8s.io/yaml's Marshal of a raw tree or dynamic value (keys sorted, two-space indent, its quoting and folding). */
int yaml_write(struct arena *a, struct text *out, const struct value *v, struct err *err) MUST_CHECK;

#endif
