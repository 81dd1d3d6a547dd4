/* SPDX-License-Identifier: Apache-2.0 */
/* Durations: Go's grammar (time.ParseDuration), protobuf's JSON text, Go's own text. In nanoseconds. */
#ifndef PATCHES_MESH_DURATION_H
#define PATCHES_MESH_DURATION_H

#include <stdint.h>

#include "base/text.h"

/* "1h15m30.918s", "-5s", "0". NULL, or why it is none, as Go says it, in `a`. */
const char *duration_parse(struct arena *a, struct str s, int64_t *ret) MUST_CHECK;
/* "45s", "0.100s": 0, 3, 6 or 9 digits behind the point. */
void duration_add_proto(struct text *out, int64_t ns);
/* The reverse of it for texts that it wrote; 0 where it is none. */
int64_t duration_of_proto(struct str s);
/* "1m0s", "1.5h" is "1h30m0s": time.Duration's String(). */
void duration_add_go(struct text *out, int64_t ns);

#endif
