/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that is wrong with a configuration, told together: what loading would refuse, what it would ignore, and what
 * would only fail when the first pod comes. Pure: texts in, findings out.
 */
#ifndef PATCHES_CONFIG_CHECK_H
#define PATCHES_CONFIG_CHECK_H

#include "patches/config/config.h"
#include "patches/config/findings.h"

/* Findings live in f->a and may borrow names of the texts. -1 only where the check itself could not be done: ERR_NOMEM.
 */
int config_check(const struct config_texts *texts, const struct inject_options *options, struct findings *f,
	struct err *err) MUST_CHECK;

#endif
