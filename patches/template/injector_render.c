/* SPDX-License-Identifier: Apache-2.0 */
/* render of 1.5 to 1.8: a text of the values, run as a template over the same data. */
#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"

/* The pod's where any piece is; structure on purpose where all those pieces are. */
static unsigned flags_of(const struct rendered *result)
{
	unsigned flags = result->n_spans ? V_POD | V_STRUCTURE : 0;

	for (size_t i = 0; i < result->n_spans; i++)
		if (!result->span[i].structure)
			flags &= ~(unsigned)V_STRUCTURE;
	return flags;
}

CALL(injector_render)
{
	struct err failed = {0};
	struct rendered result;
	struct value *v;

	if (run_render(r, argv[0]->u.s, &result, &failed) < 0) {
		if (failed.code == ERR_INPUT || failed.code == ERR_CONFIG)
			return &value_empty_string;
		err_set(err, failed.code, "%s", failed.what);
		return NULL;
	}
	v = value_new(r->arena, K_STRING, NULL);
	if (!v) {
		err_nomem(err);
		return NULL;
	}
	v->u.s = result.text;
	v->flags = (uint8_t)(go_pod_flags(argv[0]) ? V_POD : flags_of(&result));
	return v;
}
