/* SPDX-License-Identifier: Apache-2.0 */
/* The second opinion on a patch: another parser, another tree, another applier. Shares no code with what made the patch. */
#include "patches/diff/diff.h"

#include <cjson/cJSON.h>

#include "patches/diff/proof_apply.h"
#include "patches/diff/proof_equal.h"
#include "patches/diff/proof_scan.h"

static void delete_tree(cJSON **tree)
{
	cJSON_Delete(*tree);
}

/* cJSON stops at the end of the value: what stands behind it is for us to refuse. */
static cJSON *parse(struct str text, const char *which, struct err *err)
{
	const char *end = NULL;
	cJSON *tree;

	if (proof_scan(text, err) < 0) {
		err_wrap(err, "proof of the patch: %s", which);
		return NULL;
	}
	tree = cJSON_ParseWithLengthOpts(text.p, text.len, &end, 0);
	if (!tree) {
		err_set(err, ERR_BUG, "proof of the patch: cJSON cannot read the %s", which);
		return NULL;
	}
	for (; end < text.p + text.len; end++) {
		if (*end == ' ' || *end == '\n' || *end == '\r' || *end == '\t')
			continue;
		err_set(err, ERR_BUG, "proof of the patch: there is more behind the %s", which);
		cJSON_Delete(tree);
		return NULL;
	}
	return tree;
}

int patch_prove(struct str original, struct str patch, struct str intended, struct err *err)
{
	own(delete_tree) cJSON *doc = parse(original, "original object", err);
	own(delete_tree) cJSON *ops = doc ? parse(patch, "patch", err) : NULL;
	own(delete_tree) cJSON *wanted = ops ? parse(intended, "intended object", err) : NULL;

	if (!wanted || proof_apply(&doc, ops, err) < 0)
		return -1;
	return proof_equal(doc, wanted, err);
}
