/* SPDX-License-Identifier: Apache-2.0 */
/* A process that serves leaves no core dump and gains no privileges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "webhook/harden.h"

/* In a child: what is given up stays given up. */
static int restricted(void)
{
	struct err err = {0};
	struct rlimit core;

	if (process_harden(&err) < 0 || getrlimit(RLIMIT_CORE, &core) < 0)
		return 1;
	return core.rlim_cur == 0 && core.rlim_max == 0 && prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L) == 0 &&
		       prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) == 1 ? 0 : 2;
}

static void test_harden(void **state UNUSED)
{
	const pid_t child = fork();
	int status = -1;

	assert_true(child >= 0);
	if (child == 0)
		_exit(restricted());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_harden)};

	return cmocka_run_group_tests_name("harden", tests, NULL, NULL);
}
