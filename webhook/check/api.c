/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the API server answers, what it is, and whether it issues tokens that are bound to an audience. */
#include "patches/config/config.h"
#include "webhook/check/ask.h"

static const struct str get = {NULL, 0};

/* Without this answer nothing else can be asked. */
int check_api(struct check *c, struct err *err)
{
	const struct value *version = NULL;
	struct err cause = {0};
	int status = 0;

	if (check_ask(c, "/version", get, "the API server's version", "get /version", &status, &version, &cause) < 0) {
		check_found(c->found, CHECK_ERROR, "api-unreachable", c->options->server,
			"check the server's address in the kubeconfig, DNS, proxies and firewalls on the way", "%s",
			cause.what);
		return err_set(err, cause.code, "%s", cause.what);
	}
	if (version)
		check_found(c->found, CHECK_OK, "api", c->options->server, NULL, "answers; Kubernetes %.*s",
			SHOWN(raw_str(version, "gitVersion")));
	return 0;
}

/* --- tokens
 * ----------------------------------------------------------------------------------------------------------------- */

static bool lists_token_request(const struct value *resources)
{
	const struct value *l = raw_get(resources, "resources");

	for (size_t i = 0; l && l->kind == K_LIST && i < l->u.list.len; i++)
		if (str_is(raw_str(l->u.list.item[i], "name"), "serviceaccounts/token"))
			return true;
	return false;
}

/* global.sds.token.aud of the values: who the token is for. */
static struct str audience(const struct check *c)
{
	const struct str text =
		c->config ? raw_str(raw_path(c->config->raw_values, "global", "sds", "token", NULL), "aud")
			  : (struct str){0};

	return text.len ? text : STR("istio-ca");
}

/* Asks for a token of our own service account, as kubelet will for each pod; only that there is one counts, and it is
 * forgotten. */
static int prove_token(struct check *c, struct err *err)
{
	const struct str aud = audience(c);
	const char *path = check_text(c, "/api/v1/namespaces/%.*s/serviceaccounts/%.*s/token",
		SHOWN(c->options->namespace), SHOWN(c->options->service_account));
	const char *body = check_text(c,
		"{\"apiVersion\":\"authentication.k8s.io/"
		"v1\",\"kind\":\"TokenRequest\",\"spec\":{\"audiences\":[\"%.*s\"],\"expirationSeconds\":600}}",
		SHOWN(aud));
	const struct value *answer = NULL;
	int status = 0;

	if (check_ask(c, path, str_of(body), "a token for our own service account",
		    "create serviceaccounts/token there", &status, &answer, err) < 0)
		return -1;
	if (raw_str(raw_get(answer, "status"), "token").len)
		check_found(c->found, CHECK_OK, "token-projection", "", NULL,
			"a token bound to the audience %.*s was asked for and issued", SHOWN(aud));
	else if (answer)
		check_found(c->found, CHECK_ERROR, "token-projection", "",
			"look at kube-apiserver's --service-account-issuer and --service-account-signing-key-file",
			"the answer to a TokenRequest holds no token");
	return 0;
}

int check_tokens(struct check *c, struct err *err)
{
	static const char remedy[] =
		"start kube-apiserver with --service-account-issuer and --service-account-signing-key-file, "
		"or run Outrigger with --token-policy=first-party";
	const struct value *resources = NULL;
	int status = 0;

	if (check_ask(c, "/api/v1", get, "the resources of API group version v1", "get /api/v1", &status, &resources,
		    err) < 0)
		return -1;
	c->third_party = lists_token_request(resources);
	if (c->third_party)
		return prove_token(c, err);
	if (resources)
		check_found(c->found, CHECK_WARNING, "token-fallback", "", remedy,
			"Detected that your cluster does not support third party JWT authentication. Falling back to "
			"less secure first party JWT.");
	return 0;
}
