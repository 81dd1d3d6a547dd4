/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of annotation value that are checked, one function each. For validate.c alone. */
#ifndef PATCHES_POD_VALIDATE_VALUE_H
#define PATCHES_POD_VALIDATE_VALUE_H

#include "patches/mesh/mesh.h"

/*
 * One annotation's value. 0 where it is good. -1: err (ERR_INPUT) says why in Istio's and Go's words, or it is ERR_NOMEM or ERR_LIMIT.
 * Names such as includeInboundPorts are Istio's parameters, not the annotations'.
 */
typedef int validate_value_fn(struct arena *a, struct str value, enum release release, struct err *err);

validate_value_fn validate_interception_mode, validate_status_port, validate_uint32, validate_bool, validate_quantity, validate_include_ranges,
	validate_exclude_ranges, validate_include_inbound_ports, validate_exclude_inbound_ports, validate_exclude_outbound_ports,
	validate_interfaces, validate_proxy_config;

#endif
