/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which service-account token the proxy is to use: the projected, audience-bound one (third-party) or the pod's own
 * mounted one (first-party). Source: istio.io/docs/ops/best-practices/security, "Configure third party service account
 * tokens".
 */
#ifndef PATCHES_CONFIG_TOKEN_MODE_H
#define PATCHES_CONFIG_TOKEN_MODE_H

#include "base/text.h"

/* What the operator allows. */
enum token_policy {
	TOKEN_POLICY_AUTO, /* as the cluster can; as the values say where nobody has asked it */
	TOKEN_POLICY_THIRD_PARTY,
	TOKEN_POLICY_FIRST_PARTY,
	TOKEN_POLICY_REQUIRE_THIRD_PARTY, /* third-party, or no injection */
};

/* Whether API group version v1 of the cluster lists the resource serviceaccounts/token. */
enum token_discovery {
	TOKEN_DISCOVERY_UNKNOWN, /* nobody has asked, or no answer came yet */
	TOKEN_DISCOVERY_YES,
	TOKEN_DISCOVERY_NO,
};

/* What the templates can render. */
enum token_use {
	TOKEN_USE_NONE,  /* they have no token for the proxy: nothing depends on the mode */
	TOKEN_USE_BOTH,  /* they ask values.global.jwtPolicy: Istio 1.21 and earlier */
	TOKEN_USE_THIRD, /* the projected token, always: Istio 1.22 and later */
};

enum token_mode { TOKEN_MODE_THIRD_PARTY, TOKEN_MODE_FIRST_PARTY };

enum token_problem {
	TOKEN_FINE,
	TOKEN_UNSUPPORTED, /* third-party by order, in a cluster that does not have it: pods are injected and will not
			      start */
	TOKEN_NOT_IN_TEMPLATES, /* only first-party is possible or wanted, and the templates have only third-party:
				   refused */
	TOKEN_FORBIDDEN,        /* only first-party is possible, and the policy forbids it: refused */
};

struct token_question {
	enum token_policy policy;
	enum token_use use;
	struct str values; /* values.global.jwtPolicy; p NULL where they have none */
	enum token_discovery discovery;
};

struct token_decision {
	enum token_mode mode;
	enum token_problem problem;
	bool fell_back; /* to first-party, because the cluster has nothing else */
};

struct token_decision token_mode_resolve(const struct token_question *q);

/* What a text of templates can render. */
enum token_use token_use_of(struct str templates);

/* "third-party", "first-party"; the word that templates compare with, "third-party-jwt" ...; "auto" ... */
const char *token_mode_name(enum token_mode mode);
const char *token_mode_value(enum token_mode mode);
const char *token_policy_name(enum token_policy policy);
/* False where there is no such policy. */
bool token_policy_of(const char *name, enum token_policy *ret);
const char *token_discovery_text(enum token_discovery discovery);
/* What stands in the way and what to do, for a refusal; NULL where injection is not refused. */
const char *token_refusal(enum token_problem problem);

/* The sentence that operators know from Istio's installer. */
#define TOKEN_FALLBACK_SENTENCE                                                                                        \
	"Detected that your cluster does not support third party JWT authentication. Falling back to less secure "     \
	"first party JWT."

#endif
