/* SPDX-License-Identifier: Apache-2.0 */
/* How we were installed: our Deployment's command line, which tells what else has to be there. */
#include "webhook/check/ask.h"

int check_deployment(
	struct check *c, struct str namespace, struct str name, const struct value **ret_pod_spec, struct err *err)
{
	const struct value *deployment = NULL;
	int status = 0;

	if (check_ask(c,
		    check_text(c, "/apis/apps/v1/namespaces/%.*s/deployments/%.*s", SHOWN(namespace), SHOWN(name)),
		    (struct str){0}, check_text(c, "Deployment %.*s/%.*s", SHOWN(namespace), SHOWN(name)),
		    "get deployments there", &status, &deployment, err) < 0)
		return -1;
	*ret_pod_spec = raw_path(deployment, "spec", "template", "spec", NULL);
	return 0;
}

int check_installation(struct check *c, struct err *err)
{
	return check_deployment(c, c->options->namespace, c->options->service, &c->ours, err);
}

bool check_flag(const struct check *c, const char *flag, struct str *ret)
{
	const struct value *containers = raw_get(c->ours, "containers"), *args = NULL;

	if (containers && containers->kind == K_LIST && containers->u.list.len)
		args = raw_get(containers->u.list.item[0], "args");
	for (size_t i = 0; args && args->kind == K_LIST && i < args->u.list.len; i++) {
		*ret = args->u.list.item[i]->kind == K_STRING ? args->u.list.item[i]->u.s : (struct str){0};
		if (str_is(str_cut(ret, '='), flag))
			return true;
	}
	return false;
}
