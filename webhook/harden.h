/* SPDX-License-Identifier: Apache-2.0 */
/* What the serving process gives up before it reads a key. */
#ifndef WEBHOOK_HARDEN_H
#define WEBHOOK_HARDEN_H

#include "base/err.h"

/*
 * No core dumps (a dump would hold the private key and pods), no reading of the process by others of the same user, no new
 * privileges through programs that it starts. ERR_IO where the system refuses.
 */
int process_harden(struct err *err) MUST_CHECK;

#endif
