/* SPDX-License-Identifier: Apache-2.0 */
/* The order of containers after injection. */
#ifndef PATCHES_POD_ORDER_H
#define PATCHES_POD_ORDER_H

#include "patches/pod/edit.h"

/* hold: the application starts after the proxy (holdApplicationUntilProxyStarts), so the proxy comes first. */
void order_containers(struct pod_edit *e, bool hold);

#endif
