/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded AdmissionReviews: files of one, and logs of one a line. */
#ifndef WEBHOOK_CLI_REPLAY_INPUT_H
#define WEBHOOK_CLI_REPLAY_INPUT_H

#include "webhook/cli/input.h"

/* One request as it was recorded. Borrowed from the text and the arena. */
struct recorded {
	const char *file;
	size_t line;                  /* its first, from 1 */
	struct str body;              /* of the request: an AdmissionReview */
	struct str path;              /* of the URL that was asked; "/inject" where nothing says */
	const struct value *response; /* raw: what was answered (AdmissionResponse); NULL where that was not recorded */
};

/* Pieces of files that hold one record each, in order. */
struct record_text {
	const char *file;
	size_t line;
	struct str text;
};

struct record_texts {
	struct record_text *item;
	size_t len;
};

/* Of directories those files that end in .json, .jsonl, .ndjson or .log. */
int recorded_find(
	struct arena *a, const struct option_list *files, struct record_texts *ret, struct err *err) MUST_CHECK;

/*
 * A record is an AdmissionReview, which may hold the response beside the request, or an object that has one as its
 * member "request" and perhaps "path" and "response". ERR_INPUT: it is neither, with the place inside it.
 */
int recorded_read(struct arena *a, const struct record_text *text, struct recorded *ret, struct err *err) MUST_CHECK;

#endif
