/* SPDX-License-Identifier: Apache-2.0 */
/* One fixture of `outrigger guard test`: a pod, who makes it and where, and what the guard shall make of it. */
#ifndef WEBHOOK_CLI_GUARD_FIXTURE_H
#define WEBHOOK_CLI_GUARD_FIXTURE_H

#include "webhook/admission/require.h"
#include "webhook/cli/input.h"

/* Borrowed from the document. */
struct guard_fixture {
	const char *file;
	size_t line;
	struct str name;
	const struct value *pod, *user_info; /* raw; user_info NULL: nobody */
	struct namespace_facts facts;
	bool labelled; /* facts.labels are said to be known */
	int64_t now;
	/* expected */
	enum guard_action action;
	const struct value *rules; /* raw list of names, in any order; NULL: not said */
	int injected;              /* -1: not said */
	struct str required;       /* reason of /require for the pod as it is; p NULL: not said */
};

/* What came of it. */
struct guard_result {
	bool as_expected;
	struct guard_verdict verdict;
	bool injected;
	const char *message; /* of a refusal; NULL */
	const char *wrong;   /* "action is audit, not deny"; NULL: all is as expected */
};

/* now: where the fixture names no day. ERR_CONFIG names the field and what it must be. */
int guard_fixture_read(const struct document *d, int64_t now, struct guard_fixture *ret, struct err *err) MUST_CHECK;

/* In `a`. ERR_NOMEM. */
int guard_fixture_run(const struct guard_fixture *f, const struct inject_config *config, const struct guard *guard,
	struct arena *a, struct guard_result *ret, struct err *err) MUST_CHECK;

#endif
