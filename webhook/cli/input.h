/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests as the command line names them, read one document after another. */
#ifndef WEBHOOK_CLI_INPUT_H
#define WEBHOOK_CLI_INPUT_H

#include "patches/config/config.h"
#include "patches/value/value.h"
#include "webhook/cli/options.h"

enum { MANIFESTS_MAX = 64 << 20, MANIFEST_FILES_MAX = 65536, RECORDED_MAX = 1 << 30 };

/* One document of a stream. */
struct document {
	const char *file; /* "standard input" for - */
	size_t line;      /* its first, from 1 */
	const struct value *object; /* raw */
};

/* path "-" is standard input. */
int manifests_read(struct arena *a, const char *path, struct named_text *ret, struct err *err) MUST_CHECK;

/* Texts that were read, in order. */
struct manifests {
	struct named_text *item;
	size_t len;
};

/* What is taken of a directory, and how files are read. */
struct input_kind {
	const char *endings; /* separated by spaces */
	size_t max;          /* bytes of one file */
	unsigned flags;      /* enum file_flag; standard input is always understood */
};

/*
 * All that -f names: files, "-" (once), and of directories what has one of the endings, in order of names, but not below them. Empty
 * files of directories are left out. ERR_INPUT where there is nothing at all.
 */
int inputs_read_all(struct arena *a, const struct option_list *files, const struct input_kind *kind, struct manifests *ret,
	struct err *err) MUST_CHECK;
/* The same of manifests: *.yaml, *.yml, *.json. */
int manifests_read_all(struct arena *a, const struct option_list *files, struct manifests *ret, struct err *err) MUST_CHECK;

/* What is wrong with the arguments of a command that reads files: ERR_CONFIG. */
int files_needed(const struct options *o, struct err *err) MUST_CHECK;

/* A document of a stream; line: its first. ERR_INPUT: where = "FILE:LINE:COLUMN". */
const struct value *document_parse(struct arena *a, struct str text, const char *file, size_t line, struct err *err) MUST_CHECK;
/* Names the document as the place of the error, and puts the place inside it before the cause. Returns -1. */
int document_blame(const char *file, size_t line, struct err *err);

/*
 * Calls visit for each document that holds something; stops at the first that fails, whose error then names NAME:LINE. ERR_INPUT where a
 * document is no YAML, or where there is none at all.
 */
int manifests_each(struct arena *a, const struct named_text *input,
	int (*visit)(void *context, const struct document *d, struct err *err), void *context, struct err *err) MUST_CHECK;

#endif
