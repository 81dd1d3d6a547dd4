/* SPDX-License-Identifier: Apache-2.0 */
/* The program: everything it does is in the library. */
#include <signal.h>

#include "webhook/cli/command.h"

int main(int argc, char **argv)
{
	/* A reader that goes away is an error of write(), which is looked at, and no reason to die. */
	(void)signal(SIGPIPE, SIG_IGN);
	return command_main(argc, argv);
}
