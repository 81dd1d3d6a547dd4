/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of the command line: one table from which dispatch, usage and help come. */
#ifndef WEBHOOK_CLI_COMMAND_H
#define WEBHOOK_CLI_COMMAND_H

#include "webhook/cli/options.h"

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_DIFFERS = 1, EXIT_USAGE = 2 };

struct command {
	const char *name;
	enum verb verb;
	const char *summary;
	const char *synopsis; /* what stands behind `outrigger NAME` */
	const char *example;  /* a whole command line, run by the tests */
	const char *exit_codes; /* where they are not the usual ones: for help; then every failure is exit code 2 */
	/* The exit code, or -1 with err: ERR_CONFIG means exit code 2, anything else 1. */
	int (*run)(const struct options *o, struct err *err);
};

/* NULL where there is none. */
const struct command *command_find(const char *name);
void command_usage(FILE *to);
void command_help(const struct command *c, FILE *to);

/* Everything: finds the verb, parses, runs, reports on standard error. Returns the exit code. */
int command_main(int argc, char **argv);

int cmd_serve(const struct options *o, struct err *err);
int cmd_inject(const struct options *o, struct err *err);
int cmd_uninject(const struct options *o, struct err *err);
int cmd_diff(const struct options *o, struct err *err);
int cmd_explain(const struct options *o, struct err *err);
int cmd_replay(const struct options *o, struct err *err);
int cmd_guard(const struct options *o, struct err *err);
int cmd_audit(const struct options *o, struct err *err);
int cmd_config(const struct options *o, struct err *err);
int cmd_check(const struct options *o, struct err *err);
int cmd_certs(const struct options *o, struct err *err);
int cmd_version(const struct options *o, struct err *err);
int cmd_help(const struct options *o, struct err *err);

#endif
