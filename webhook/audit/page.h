/* SPDX-License-Identifier: Apache-2.0 */
/* What the report's page is made of beside its figures. */
#ifndef WEBHOOK_AUDIT_PAGE_H
#define WEBHOOK_AUDIT_PAGE_H

#include "webhook/audit/report.h"

/* The page's style sheet (embedded_css.c). */
extern const char embedded_report_css[];

/* Whether the logs are what was written: the line at the top, and the section at the end. */
void page_verdict(const struct report *r, struct text *out);
void page_chain(const struct report *r, struct text *out);
/* What was in force when: certificates as of now, and all changes, the newest first. */
void page_certificates(const struct report *r, int64_t now, struct text *out);
void page_changes(const struct report *r, struct text *out);

#endif
