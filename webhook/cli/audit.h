/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands on an audit log share. */
#ifndef WEBHOOK_CLI_AUDIT_H
#define WEBHOOK_CLI_AUDIT_H

#include "webhook/audit/files.h"
#include "webhook/audit/filter.h"
#include "webhook/cli/command.h"

/* Files in order; a word more than the subcommand is a file each. */
int audit_open_files(struct arena *a, const struct options *o, struct audit_files *ret, struct err *err) MUST_CHECK;

/* What --namespace, --reason, ... and --since, --until ask for; of decisions where no --kind is given. */
int audit_read_filter(const struct options *o, struct arena *a, struct audit_filter *ret, struct err *err) MUST_CHECK;

/* --since and --until alone. */
int audit_read_times(const struct options *o, struct audit_filter *f, struct err *err) MUST_CHECK;

/* The exit code, or -1. */
int audit_verify_command(const struct options *o, struct arena *a, struct err *err);
int audit_query_command(const struct options *o, struct arena *a, struct err *err);
int audit_report_command(const struct options *o, struct arena *a, struct err *err);
int audit_key_command(const struct options *o, struct arena *a, struct err *err);

#endif
