/* SPDX-License-Identifier: Apache-2.0 */
/* A keyed hash of texts that a pod's author cannot aim at. */
#ifndef PATCHES_VALUE_HASH_H
#define PATCHES_VALUE_HASH_H

#include "base/text.h"

/*
 * SipHash-1-3 under a key of this process: drawn from the kernel once, at the first call, by whichever thread is first. It decides
 * where entries lie in an index and nothing that can be seen: results do not depend on it.
 */
uint32_t hash_text(struct str s);

#endif
