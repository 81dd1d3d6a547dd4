/* SPDX-License-Identifier: Apache-2.0 */
/* The first document of a YAML text as a tree of nodes: what was written, not yet what it means. */
#ifndef PATCHES_YAML_NODE_H
#define PATCHES_YAML_NODE_H

#include "base/err.h"
#include "base/text.h"

enum yaml_node_kind { YAML_NODE_SCALAR, YAML_NODE_LIST, YAML_NODE_MAP, YAML_NODE_ALIAS };

struct yaml_node {
	uint8_t kind;
	uint8_t style;             /* of a scalar: yaml_scalar_style_t */
	bool implicit;             /* a scalar without tag that is plain */
	bool is_key;
	bool busy;                 /* for the decoder: an alias that is being followed */
	uint32_t line;             /* from 0 */
	size_t begin, end;         /* of a scalar: its token, in characters of the text */
	struct str tag;            /* empty where there is none */
	struct str text;           /* of a scalar: its value; of an alias: the name. NUL behind it */
	struct yaml_node *target;  /* of an alias; may be a node that holds it */
	struct yaml_node *child;   /* the first; of a map: key, value, key, value ... */
	struct yaml_node *next;    /* sibling */
	size_t len;                /* children */
	struct yaml_node *scalar;  /* the scalar that follows in the text, for a list of all: see yaml_document */
};

struct yaml_document {
	struct yaml_node *root;         /* NULL where the text holds no document */
	struct yaml_node *first_scalar; /* chained by `scalar`, in order of the text */
};

/* Everything is in the arena. Errors as yaml_events_next's, and ERR_INPUT for an alias without anchor. */
int yaml_document_read(struct arena *a, struct str text, struct yaml_document *ret, struct err *err) MUST_CHECK;

#endif
