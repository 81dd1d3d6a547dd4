/* SPDX-License-Identifier: Apache-2.0 */
/* Which service-account token the proxy is to use. */
#include "patches/config/token_mode.h"

#include <string.h>

static const char *const policies[] = {
	[TOKEN_POLICY_AUTO] = "auto",
	[TOKEN_POLICY_THIRD_PARTY] = "third-party",
	[TOKEN_POLICY_FIRST_PARTY] = "first-party",
	[TOKEN_POLICY_REQUIRE_THIRD_PARTY] = "require-third-party",
};

static struct token_decision first_party(const struct token_question *q, bool fell_back)
{
	if (q->use == TOKEN_USE_THIRD)
		return (struct token_decision){TOKEN_MODE_THIRD_PARTY, TOKEN_NOT_IN_TEMPLATES, false};
	return (struct token_decision){TOKEN_MODE_FIRST_PARTY, TOKEN_FINE, fell_back};
}

static struct token_decision third_party(enum token_problem problem)
{
	return (struct token_decision){TOKEN_MODE_THIRD_PARTY, problem, false};
}

/* As the cluster can; without its word the values keep theirs, which templates since 1.22 do not ask for. */
static struct token_decision automatic(const struct token_question *q)
{
	const bool first = q->values.p && str_is(q->values, token_mode_value(TOKEN_MODE_FIRST_PARTY));

	if (q->discovery == TOKEN_DISCOVERY_NO)
		return first_party(q, true);
	if (q->discovery == TOKEN_DISCOVERY_UNKNOWN && first && q->use != TOKEN_USE_THIRD)
		return first_party(q, false);
	return third_party(TOKEN_FINE);
}

struct token_decision token_mode_resolve(const struct token_question *q)
{
	const bool lacking = q->discovery == TOKEN_DISCOVERY_NO;

	switch (q->policy) {
	case TOKEN_POLICY_THIRD_PARTY:
		return third_party(lacking ? TOKEN_UNSUPPORTED : TOKEN_FINE);
	case TOKEN_POLICY_FIRST_PARTY:
		return first_party(q, false);
	case TOKEN_POLICY_REQUIRE_THIRD_PARTY:
		return third_party(lacking ? TOKEN_FORBIDDEN : TOKEN_FINE);
	default: {
		struct token_decision d = automatic(q);

		/* Nobody's token depends on it: nothing to refuse, nothing to tell of. */
		d.fell_back = d.fell_back && q->use != TOKEN_USE_NONE;
		return d;
	}
	}
}

enum token_use token_use_of(struct str templates)
{
	if (str_find(templates, STR("jwtPolicy")) != SIZE_MAX)
		return TOKEN_USE_BOTH;
	return str_find(templates, STR("serviceAccountToken")) != SIZE_MAX ? TOKEN_USE_THIRD : TOKEN_USE_NONE;
}

const char *token_mode_name(enum token_mode mode)
{
	return mode == TOKEN_MODE_FIRST_PARTY ? "first-party" : "third-party";
}

const char *token_mode_value(enum token_mode mode)
{
	return mode == TOKEN_MODE_FIRST_PARTY ? "first-party-jwt" : "third-party-jwt";
}

const char *token_policy_name(enum token_policy policy)
{
	return policies[policy];
}

bool token_policy_of(const char *name, enum token_policy *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(policies); i++) {
		if (strcmp(policies[i], name) != 0)
			continue;
		*ret = (enum token_policy)i;
		return true;
	}
	return false;
}

const char *token_discovery_text(enum token_discovery discovery)
{
	static const char *const texts[] = {
		[TOKEN_DISCOVERY_UNKNOWN] = "the cluster was not asked",
		[TOKEN_DISCOVERY_YES] = "the cluster has serviceaccounts/token",
		[TOKEN_DISCOVERY_NO] = "the cluster lacks serviceaccounts/token",
	};

	return texts[discovery];
}

#define ENABLE_TOKENS                                                                                                  \
	"give the API server --service-account-issuer, --service-account-signing-key-file and --api-audiences "        \
	"(Kubernetes 1.12 and later)"

const char *token_refusal(enum token_problem problem)
{
	switch (problem) {
	case TOKEN_NOT_IN_TEMPLATES:
		return "first-party tokens are not possible: these templates, of Istio 1.22 or later, have third-party "
		       "tokens only; " ENABLE_TOKENS
		       " and --token-policy=auto, or use the configuration of Istio 1.21 or earlier";
	case TOKEN_FORBIDDEN:
		return "third-party tokens are required by --token-policy, but the cluster does not have "
		       "serviceaccounts/token; " ENABLE_TOKENS ", or allow first-party tokens with --token-policy=auto";
	default:
		return NULL;
	}
}
