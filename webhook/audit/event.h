/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in a line of the audit log, before it is sealed: members without braces, beginning with time and kind. No
 * secret is written: of a pod only names, the overrides it asks for (values of a fixed list of annotations; all others
 * as digests) and digests.
 */
#ifndef WEBHOOK_AUDIT_EVENT_H
#define WEBHOOK_AUDIT_EVENT_H

#include "webhook/admission/handle.h"

/* Begins a body: `"time":"2026-01-02T03:04:05.678901Z","kind":"…"`, of now. */
void audit_event_begin(struct text *out, const char *kind);
/* `,"name":"value"`, cut at 512 bytes on a character; nothing where the value is empty. */
void audit_event_text(struct text *out, const char *name, struct str value);
void audit_event_number(struct text *out, const char *name, uint64_t value);
/* `,"name":true`; nothing where it is false. */
void audit_event_flag(struct text *out, const char *name, bool value);

struct audit_decision {
	const struct admission_outcome *outcome;
	struct str revision, configuration; /* of the configuration that decided: its digest */
	struct str pod;                     /* name, or the beginning of one */
	bool require;                       /* asked of the validating webhook */
	int64_t micros;                     /* from the request's first byte to here */
};

/* A whole body, of kind "decision", or "require". */
void audit_event_decision(struct text *out, const struct audit_decision *d);

#endif
