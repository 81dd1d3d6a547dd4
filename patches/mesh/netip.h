/* SPDX-License-Identifier: Apache-2.0 */
/* IP addresses and prefixes as Go reads them: net/netip today, net as of Go 1.13 to 1.16 for the old releases. */
#ifndef PATCHES_MESH_NETIP_H
#define PATCHES_MESH_NETIP_H

#include "base/text.h"

/* NULL where it is one, else netip.ParsePrefix's or ParseAddr's error text, in `a`. */
const char *netip_check_prefix(struct arena *a, struct str s) MUST_CHECK;
const char *netip_check_addr(struct arena *a, struct str s) MUST_CHECK;

/* net.ParseCIDR and net.ParseIP of their time: leading zeros are fine there. */
bool netip_is_old_cidr(struct str s);
bool netip_is_old_addr(struct str s);

#endif
