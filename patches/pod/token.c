/* SPDX-License-Identifier: Apache-2.0 */
/* Which service account token a pod's proxy is given. */
#include "patches/pod/token.h"

bool pod_has_projected_token(const struct value *pod)
{
	const struct value *l = raw_path(pod, "spec", "volumes", NULL);

	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++)
		if (str_is(raw_str(l->u.list.item[i], "name"), "istio-token"))
			return true;
	return false;
}
