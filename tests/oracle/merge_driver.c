/* SPDX-License-Identifier: Apache-2.0 */
/* Our strategic merge for the oracle: {"original": POD, "patch": PATCH} gives {"json": ...}. */
#include "patches/merge/merge.h"
#include "tests/oracle/driver.h"

static int answer(struct arena *a, const struct value *question, struct text *out, struct err *err)
{
	const struct value *v = strategic_merge(a, raw_get(question, "original"), raw_get(question, "patch"), &go_pod, err);

	if (!v)
		return -1;
	text_adds(out, "{\"json\":");
	json_write(out, v, 0);
	text_adds(out, "}");
	return 0;
}

int main(void)
{
	return driver_main(answer);
}
