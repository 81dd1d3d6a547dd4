/* SPDX-License-Identifier: Apache-2.0 */
/* libyaml's events, bounded in number and nesting, with errors worded as Go's yaml words them. */
#ifndef PATCHES_YAML_EVENTS_H
#define PATCHES_YAML_EVENTS_H

#include <yaml.h>

#include "base/err.h"
#include "base/text.h"

struct yaml_events {
	yaml_parser_t parser;
	yaml_event_t event; /* owned: the latest event, until the next one or release */
	struct str text;    /* borrowed, without a byte order mark; marks count its characters */
	size_t count, depth;
};

/* The text behind its byte order mark. */
struct str yaml_without_mark(struct str text);
/* Zero the struct first; release is right after a failed init too. */
int yaml_events_init(struct yaml_events *e, struct str text, struct err *err) MUST_CHECK;
void yaml_events_release(struct yaml_events *e);
/*
 * Replaces e->event by the next one. Errors: ERR_INPUT with the line as Go's yaml counts it in the text ("yaml: line 3: ...") and
 * "line N, column M" in where; ERR_LIMIT beyond LIMIT_YAML_DEPTH or LIMIT_YAML_EVENTS.
 */
int yaml_events_next(struct yaml_events *e, struct err *err) MUST_CHECK;

#endif
