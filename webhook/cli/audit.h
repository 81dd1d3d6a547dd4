/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands on an audit log share. */
#ifndef WEBHOOK_CLI_AUDIT_H
#define WEBHOOK_CLI_AUDIT_H

#include "webhook/audit/files.h"
#include "webhook/cli/command.h"

/* Files in order; a word more than the subcommand is a file each. */
int audit_open_files(struct arena *a, const struct options *o, struct audit_files *ret, struct err *err) MUST_CHECK;

/* The exit code, or -1. */
int audit_verify_command(const struct options *o, struct arena *a, struct err *err);
int audit_key_command(const struct options *o, struct arena *a, struct err *err);

#endif
