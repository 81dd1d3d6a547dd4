/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log of `outrigger serve`: as its options say, and the lines about what is in force. */
#ifndef WEBHOOK_CLI_AUDITING_H
#define WEBHOOK_CLI_AUDITING_H

#include "certs/ca.h"
#include "webhook/audit/audit.h"
#include "webhook/cli/options.h"
#include "webhook/snapshot.h"

struct auditing {
	struct audit *audit; /* NULL: --audit-log is off */
	struct audit_key key;
	char replica[256];
};

/* *ret stays where it is until auditing_stop(). ERR_CONFIG names the option's file. */
int auditing_start(struct auditing *ret, const struct options *o, const struct log *log, struct err *err) MUST_CHECK;
void auditing_stop(struct auditing *a); /* for own(); zeroed is fine */

/* Each is a line; audit may be NULL. What is in force from now on: */
void audit_configuration(struct audit *audit, const struct snapshot *s);
void audit_guard(struct audit *audit, const struct snapshot *s);
void audit_certificate(struct audit *audit, const struct cert_pair *pair);
/* What was refused while the last good one stays. kind: "configuration", "guard", "certificate". why: names file and
 * line. */
void audit_refused(struct audit *audit, const char *kind, const char *why);

#endif
