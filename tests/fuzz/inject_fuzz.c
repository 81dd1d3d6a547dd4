/* SPDX-License-Identifier: Apache-2.0 */
/* A pod through the whole injection with the embedded configuration: refused with words, or its patch applies and gives
 * what was meant. */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/inject_pods.h"

static struct inject_config *config;

static void release(void)
{
	inject_config_free(config);
}

static void begin(void)
{
	struct err err = {0};

	config = load_config(NULL, &err);
	if (!config || atexit(release) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome o;

	if (!config)
		begin();
	inject_json(config, (struct str){(const char *)data, size}, &o);
	if (o.rc < 0 ? !o.err.what[0] || o.err.code == ERR_BUG || o.err.code == ERR_NONE
		     : o.result.reason == REASON_NONE)
		abort();
	if (o.rc == 0 && o.result.injected && (!o.patched || !raw_equal(o.patched, o.result.pod)))
		abort();
	outcome_release(&o);
	return 0;
}
