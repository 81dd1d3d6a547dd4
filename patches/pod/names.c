/* SPDX-License-Identifier: Apache-2.0 */
/* Small readings of annotation values that several passes share. */
#include "patches/pod/names.h"

int parse_go_bool(struct str s)
{
	static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
	static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (str_is(s, yes[i]))
			return 1;
		if (str_is(s, no[i]))
			return 0;
	}
	return -1;
}
