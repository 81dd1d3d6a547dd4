/* SPDX-License-Identifier: Apache-2.0 */
/* outrigger version: what is running. */
#include "base/version.h"

#include "webhook/cli/command.h"

int cmd_version(const struct options *o, struct err *err)
{
	if (o->n_rest)
		return err_set(err, ERR_CONFIG, "takes no arguments, got '%.64s'", o->rest[0]);
	(void)printf("outrigger %s\n", OUTRIGGER_VERSION);
	return 0;
}
