/* SPDX-License-Identifier: Apache-2.0 */
/* One recorded request, asked again: what came of it before and what comes of it after. */
#ifndef WEBHOOK_CLI_REPLAY_OUTCOME_H
#define WEBHOOK_CLI_REPLAY_OUTCOME_H

#include "webhook/admission/guarded.h"
#include "webhook/cli/replay_input.h"

/* In the order in which people want to see them. */
enum replay_kind {
	REPLAY_REFUSED,     /* allowed before */
	REPLAY_SKIPPED,     /* injected before */
	REPLAY_INJECTED,    /* left alone before */
	REPLAY_NOT_REFUSED, /* refused before */
	REPLAY_CHANGED,     /* both allowed, and another pod comes of it */
	REPLAY_SAME,
	REPLAY_KINDS,
};

/* "newly-refused", ... */
const char *replay_kind_code(enum replay_kind kind);
/* The same as a clause for people. */
const char *replay_kind_text(enum replay_kind kind);

/* One answer. */
struct replay_side {
	enum reason_result result;
	const char *reason;      /* its code; "recorded" where the answer was */
	const char *message;     /* of a refusal; NULL otherwise */
	const struct value *pod; /* raw: as it was created; NULL where it was refused, or is no pod */
};

/* Everything lives in the arena, or is borrowed from the record and the configurations. */
struct replay_outcome {
	enum replay_kind kind;
	struct replay_side before, after;
	const struct value *pod;    /* raw, as it was asked for; NULL where there is none */
	struct str namespace, name; /* name: or what it is generated from */
	struct str alike;           /* equal for requests that fare alike; empty for REPLAY_SAME */
};

/*
 * before: NULL is what was recorded, which must be there. ERR_INPUT: the request or the response cannot be read;
 * ERR_NOMEM.
 */
int replay_request(struct arena *a, const struct recorded *r, const struct admission_policy *before,
	const struct admission_policy *after, struct replay_outcome *ret, struct err *err) MUST_CHECK;

#endif
