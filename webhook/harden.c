/* SPDX-License-Identifier: Apache-2.0 */
/* What the serving process gives up before it reads a key. */
#include "webhook/harden.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

int process_harden(struct err *err)
{
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return err_set(err, ERR_IO, "cannot switch core dumps off: %s", strerror(errno));
	if (prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0)
		return err_set(err, ERR_IO, "cannot restrict the process: %s", strerror(errno));
	return 0;
}
