/* SPDX-License-Identifier: Apache-2.0 */
/* Base 64 with the standard alphabet and padding (RFC 4648): what Go's encoding/json reads and writes for []byte. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/text.h"

void base64_encode(struct text *out, struct str s);
/* Line breaks between are ignored. False where it is none; look at out->failed besides. */
bool base64_decode(struct str s, struct text *out) MUST_CHECK;

#endif
