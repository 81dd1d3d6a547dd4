/* SPDX-License-Identifier: Apache-2.0 */
/* What the webhook does with one pod, as a numbered chain: the rules of the decision, what the injection went by, what came of it. */
#ifndef WEBHOOK_CLI_EXPLANATION_H
#define WEBHOOK_CLI_EXPLANATION_H

#include "patches/decide.h"
#include "webhook/admission/guarded.h"

enum { EXPLAIN_ROWS_MAX = 48, EXPLAIN_GUARD_MAX = 16 };

struct explain_row {
	const char *step;    /* stable, kebab-case */
	const char *outcome; /* of a rule: "passes", "decides", "not-asked"; of the guard: the action; NULL for a fact */
	const char *detail;  /* for people */
};

/* Texts live in the arena or are borrowed from the pod; they may hold anything a pod's strings do. */
struct explanation {
	struct str kind, namespace, name;
	const char *source; /* "pod.yaml:1", "--labels" */
	struct inject_result result;
	struct guard_verdict guard;
	struct err refusal; /* code ERR_NONE unless the pod was refused */
	struct explain_row row[EXPLAIN_ROWS_MAX];
	size_t len;
};

/*
 * pod: raw, as the webhook would get it. Kind, namespace, name and source are the caller's and set before. A refusal is no failure: it is
 * explained. ERR_NOMEM.
 */
int explain_pod(const struct admission_policy *p, struct arena *a, const struct value *pod, struct explanation *x, struct err *err) MUST_CHECK;

/* As text for people, with what could move a terminal's cursor replaced. */
void explanation_print(struct text *out, const struct explanation *x);
/* As a raw value for json_write(); NULL without memory. */
const struct value *explanation_value(struct arena *a, const struct explanation *x) MUST_CHECK;

#endif
