/* SPDX-License-Identifier: Apache-2.0 */
/* text/template's own functions, where they are more than a function of values. */
#ifndef PATCHES_TEMPLATE_BUILTIN_H
#define PATCHES_TEMPLATE_BUILTIN_H

#include "patches/template/exec.h"

/* index, len, call: they ask how a value was come by (an interface, nil in an interface or no value at all, addressable). */
bool builtin_is_reflect(const struct function *f);
/* first: the word of the first argument, or NULL where the pipeline brought it. */
int builtin_reflect(struct run *r, const struct function *f, const struct node *first, uint32_t n, const struct rv *argv, struct rv *ret,
	struct err *err) MUST_CHECK;

/* escape.c */
function_call escape_html, escape_js, escape_urlquery;
/* compare.c */
function_call compare_eq, compare_ne, compare_lt, compare_le, compare_gt, compare_ge;

#endif
