/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a JSON text a member's value stands: its exact bytes, which the proof of a patch reads again. */
#ifndef WEBHOOK_ADMISSION_SPAN_H
#define WEBHOOK_ADMISSION_SPAN_H

#include "base/text.h"

/*
 * json must have passed json_parse() and be an object. The bytes of the value of its member `key`, without white space around them;
 * p NULL where there is none, or where the key is written with escapes.
 */
struct str json_member_span(struct str json, const char *key);

#endif
