/* SPDX-License-Identifier: Apache-2.0 */
/* What injection writes into a pod's metadata, told by names and values alone: for pods whose configuration is not at
 * hand. */
#ifndef PATCHES_POD_WRITTEN_H
#define PATCHES_POD_WRITTEN_H

#include "patches/value/value.h"

/* pod: injected, raw. Whether injection writes this label, or annotation, with this value into a pod that has none of
 * it. */
bool label_is_written(const struct value *pod, struct str key, struct str value);
bool annotation_is_written(const struct value *pod, struct str key, struct str value);

/* Whether injection writes such a label, or annotation, at all. */
bool label_is_known(struct str key);
bool annotation_is_known(struct str key);

#endif
