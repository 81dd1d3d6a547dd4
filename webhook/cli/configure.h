/* SPDX-License-Identifier: Apache-2.0 */
/* The injector's configuration as the command line names it: files read, options checked, compiled. */
#ifndef WEBHOOK_CLI_CONFIGURE_H
#define WEBHOOK_CLI_CONFIGURE_H

#include "patches/config/config.h"
#include "webhook/admission/guard.h"
#include "webhook/cli/options.h"

/* What configure() compiles: files read into `a`, options checked. */
int configure_inputs(struct arena *a, const struct options *o, struct config_texts *ret_texts, struct inject_options *ret_options,
	struct err *err) MUST_CHECK;

/* Of texts that come from elsewhere, and with what discovery said. As configure(). */
struct inject_config *configure_from(const struct options *o, const struct config_texts *texts, enum token_discovery discovery,
	struct err *err) MUST_CHECK;
/* As configure_guard(). */
struct guard *configure_guard_from(
	const struct named_text *text, const struct inject_config *config, int64_t now, struct err *err) MUST_CHECK;

/* Caller owns. NULL with err: ERR_CONFIG, naming file and remedy, whatever the cause; ERR_NOMEM. */
struct inject_config *configure(const struct options *o, struct err *err) MUST_CHECK;
/* The guard of --guard-config, or the embedded one. config: what it is to guard, for warnings; NULL: not known. now: seconds since 1970. */
struct guard *configure_guard(const struct options *o, const struct inject_config *config, int64_t now, struct err *err) MUST_CHECK;

#endif
