/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A template read without running it: does it parse, are its functions and fields there, does it read what the values
 * lack? What is told holds for every pod, or, of a name, wherever the action runs.
 */
#ifndef PATCHES_TEMPLATE_ANALYSE_H
#define PATCHES_TEMPLATE_ANALYSE_H

#include "patches/schema/schema.h"
#include "patches/template/template.h"

struct template_problem {
	uint32_t line, column; /* of the template, from 1; column 0: not known */
	bool fails;            /* injection fails where this runs; else it only renders what is hardly meant */
	const char *what, *remedy;
};

struct template_reader {
	void *context;
	void (*problem)(void *context, const struct template_problem *p);
	/* A function that is called, or a field of the template's own data that is read, where the reader cares for
	 * that name. */
	bool (*cares)(void *context, struct str name, bool is_function);
	void (*use)(void *context, struct str name, bool is_function, uint32_t line, uint32_t column);
};

struct template_question {
	struct str text;
	enum template_dialect dialect;
	const struct go_type *dot;  /* the type of the template's data: a pointer to a struct; NULL: not known */
	const struct value *values; /* what its field Values holds in every run: dynamic */
};

enum { TEMPLATE_PROBLEMS_MAX = 500 }; /* more problems and uses of one template are not told */

/* Texts passed to the reader live in `a`. ERR_NOMEM; a template that does not parse is a problem and no error. */
int template_analyse(struct arena *a, const struct template_question *q, const struct template_reader *reader,
	struct err *err) MUST_CHECK;

#endif
