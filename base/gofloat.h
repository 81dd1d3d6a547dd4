/* SPDX-License-Identifier: Apache-2.0 */
/* Floating point numbers as Go's strconv.FormatFloat prints them: fmt, JSON and YAML all rest on it. */
#ifndef BASE_GOFLOAT_H
#define BASE_GOFLOAT_H

#include "base/text.h"

/*
 * Appends f as strconv.FormatFloat(f, fmt, prec, bits) gives it. fmt: e E f g G; prec: digits as Go counts them, or -1 for the
 * shortest text that reads back as the same number of `bits` (32 or 64; with 32, f must be a float32's value).
 * "NaN", "+Inf", "-Inf". Independent of the locale as long as nobody calls setlocale().
 */
void go_format_float(struct text *out, double f, char fmt, int prec, int bits);

#endif
