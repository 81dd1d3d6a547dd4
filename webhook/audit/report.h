/* SPDX-License-Identifier: Apache-2.0 */
/* What a page about an audit log shows: figures of all its decisions, collected while the files are read once, in
 * bounded memory. */
#ifndef WEBHOOK_AUDIT_REPORT_H
#define WEBHOOK_AUDIT_REPORT_H

#include "webhook/audit/files.h"
#include "webhook/audit/filter.h"
#include "webhook/audit/tally.h"

enum { REPORT_EVENTS = 200, REPORT_FINDINGS = 200, REPORT_LOGS = 64 };

/* Columns of tallies of decisions, and of the guard's rules. */
enum report_column { REPORT_INJECTED, REPORT_SKIPPED, REPORT_REFUSED };
enum report_guard { REPORT_NOTED, REPORT_STOPPED, REPORT_EXCEPTED }; /* audit and warn; strip and deny; let pass */

/* A change of what is in force, a gap, a start: as the line says it, cut on a character. */
struct report_event {
	char time[32], replica[64], kind[24], state[24], detail[320];
};

struct report {
	struct arena *arena;        /* borrowed */
	struct audit_filter filter; /* times only */
	uint64_t decisions[TALLY_COLUMNS], all, dry_runs, required[TALLY_COLUMNS];
	uint64_t lines, broken, dropped, lost; /* lost: refused because their line could not be written */
	uint64_t hits[TALLY_COLUMNS];
	struct tally namespaces, skips, refusals, overrides, rules, tokens,
		users_out; /* users_out: who asked for pods that opted out */
	struct series over_time, hits_over_time;
	int64_t first, last;        /* times of lines, seconds since 1970; last 0: none */
	struct report_event *event; /* the newest REPORT_EVENTS, in a ring */
	uint64_t n_events;
	struct report_event certificate[REPORT_LOGS]; /* the last in force, by replica; detail: its end */
	size_t n_certificates;
	struct audit_finding *finding; /* the first REPORT_FINDINGS that are problems */
	uint64_t problems;
	struct audit_verdict verdict[REPORT_LOGS];
	uint64_t logs;
	struct arena line; /* of one line */
};

int report_init(struct report *r, struct arena *a, struct err *err) MUST_CHECK;
void report_release(struct report *r);

/* For audit_files_verify(); ctx of each is the report. */
int report_line(void *ctx, const struct audit_read_line *line, struct err *err);
void report_finding(void *ctx, const struct audit_finding *f);
void report_verdict(void *ctx, const struct audit_verdict *v);

/* Appends the page: one HTML text that loads nothing and runs nothing. now: seconds since 1970. Sorts the tallies. */
void report_print(struct report *r, int64_t now, struct text *out);

#endif
