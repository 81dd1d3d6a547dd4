/* SPDX-License-Identifier: Apache-2.0 */
/* outrigger config: what looks at which part of the configuration. */
#ifndef WEBHOOK_CLI_CONFIG_H
#define WEBHOOK_CLI_CONFIG_H

#include "patches/config/findings.h"
#include "webhook/cli/options.h"

/*
 * One part of the configuration, checked: findings are added to f, texts in f->a. -1 only where it cannot be told (a
 * file that cannot be read): exit code 2.
 */
struct config_checker {
	const char *part;
	int (*run)(const struct options *o, struct findings *f, struct err *err);
};

/* config_guard.c: guard.yaml. */
int config_check_guard(const struct options *o, struct findings *f, struct err *err) MUST_CHECK;

#endif
