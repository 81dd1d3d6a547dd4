/* SPDX-License-Identifier: Apache-2.0 */
/* Names for content: SHA-256 as lower-case hexadecimal. */
#ifndef PATCHES_DIGEST_H
#define PATCHES_DIGEST_H

#include "base/text.h"

enum { SHA256_HEX = 64 };

/* Of all pieces one after another. ret: SHA256_HEX digits and a NUL. -1 where the library fails. */
int sha256_hex(const struct str *piece, size_t n, char ret[SHA256_HEX + 1]) MUST_CHECK;

#endif
