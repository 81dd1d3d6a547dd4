/* SPDX-License-Identifier: Apache-2.0 */
/* guard.yaml, a NUL, and a pod: a bad file is refused with words; what a rule strips is gone for good, and the patch
 * gives what was meant. */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/guard_pods.h"

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

static void judge_again(const struct guard *g, struct guarded_outcome *o)
{
	struct guard_request r = {.config = config, .pod = o->verdict.stripped, .namespace = STR("shop")};
	struct guard_verdict v;

	if (guard_judge(g, &o->o.arena, &r, &v, &o->o.err) == 0 && v.action == GUARD_STRIP)
		abort();
}

static void check(const struct guard *g, struct str pod)
{
	const struct admission_policy p = {.config = config, .guard = g};
	struct guarded_outcome o;

	guard_json(&p, NULL, pod, &o);
	if (o.o.rc < 0 && (o.o.err.code == ERR_NONE || o.o.err.code == ERR_BUG || !o.o.err.what[0]))
		abort();
	if (o.o.rc == 0 && o.o.result.patch.p && (!o.o.patched || !raw_equal(o.o.patched, o.o.result.pod)))
		abort();
	if (o.o.rc == 0 && o.verdict.stripped)
		judge_again(g, &o);
	outcome_release(&o.o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str pod = {(const char *)data, size}, yaml;
	const struct guard_known known = {.now = 1};
	struct named_text text = {.name = "guard.yaml"};
	struct err err = {0};
	struct guard *g;

	if (!config)
		begin();
	yaml = str_cut(&pod, '\0');
	text.text = yaml.len ? yaml : STR("rules: []");
	g = guard_load(&text, &known, &err);
	if (!g && (!err.what[0] || (err.code != ERR_CONFIG && err.code != ERR_NOMEM)))
		abort();
	if (g && pod.p)
		check(g, pod);
	guard_unref(g);
	return 0;
}
