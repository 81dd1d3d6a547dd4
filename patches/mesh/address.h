/* SPDX-License-Identifier: Apache-2.0 */
/* Ports, host names and host:port addresses of the proxy configuration, with Istio's words for what is wrong. */
#ifndef PATCHES_MESH_ADDRESS_H
#define PATCHES_MESH_ADDRESS_H

#include "patches/value/value.h"

/* A canonical number, or NULL for 0. NULL where it is a port from 1 to 65535, else what is wrong. */
const char *address_check_port(struct arena *a, const struct value *port) MUST_CHECK;
/* host:port; old: IP addresses as Go read them until 2021. NULL, or what is wrong. */
const char *address_check(struct arena *a, struct str address, bool old) MUST_CHECK;
/* Letters, digits and inner hyphens, at most 63. */
bool address_is_dns_label(struct str label);

#endif
