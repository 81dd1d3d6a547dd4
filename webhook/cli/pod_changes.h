/* SPDX-License-Identifier: Apache-2.0 */
/* What two pods differ in, as a text that is the same for all pods that differ alike. */
#ifndef WEBHOOK_CLI_POD_CHANGES_H
#define WEBHOOK_CLI_POD_CHANGES_H

#include "patches/value/value.h"

/*
 * Appends a line for each value that is another: its place, where items of lists are named by what names them and not
 * by their index, what was there and what is; a container that moved between the two lists is one. Null counts as
 * absent. Nothing is appended where the pods are equal. The pod's own name, those of its owners and its namespace, as
 * whole words, are written as placeholders.
 */
void pod_changes(struct text *out, const struct value *before, const struct value *after);

#endif
