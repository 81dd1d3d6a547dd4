/* SPDX-License-Identifier: Apache-2.0 */
/* What a replay found: requests that fare alike, together; how many of each kind; and all of it as text or JSON. */
#ifndef WEBHOOK_CLI_REPLAY_REPORT_H
#define WEBHOOK_CLI_REPLAY_REPORT_H

#include "webhook/cli/replay_outcome.h"

enum { REPLAY_SHOWN_PODS = 10 };

struct replay_pod {
	const char *file;
	size_t line;
	const char *namespace, *name;
};

struct replay_group {
	enum replay_kind kind;
	struct replay_side before, after; /* without pods; its texts are the report's */
	const char *diff;                 /* of the first pod; empty where it was or is refused */
	struct replay_pod *pod;
	size_t len;
};

struct replay_report {
	struct arena *a; /* what is kept lives here */
	bool colour;
	const char *before_name, *after_name; /* of the two sides, for the diffs */
	struct map *by_alike;                 /* digest of what makes them alike to the place of the group, K_NUMBER */
	struct replay_group *group;
	size_t len;
	size_t count[REPLAY_KINDS];
	size_t same[3];    /* of those that are the same, by enum reason_result */
	size_t unreadable; /* records that could not be replayed */
	size_t unanswered; /* records without a response, where only that could be compared with */
};

int replay_report_init(struct replay_report *r, struct arena *a, struct err *err) MUST_CHECK;
/* scratch: for the time of the call. Nothing of the outcome is kept. */
int replay_report_add(struct replay_report *r, struct arena *scratch, const struct recorded *from,
	const struct replay_outcome *o, struct err *err) MUST_CHECK;
/* Groups in order of kind, then of size. */
void replay_report_sort(struct replay_report *r);

void replay_report_text(struct text *out, const struct replay_report *r);
void replay_report_json(struct text *out, const struct replay_report *r);

#endif
