/* SPDX-License-Identifier: Apache-2.0 */
/* Annotation values against what Istio accepts, with Istio's and Go's words for what it does not. */
#include "patches/pod/validate_value.h"

#include "patches/mesh/netip.h"
#include "patches/mesh/problems.h"

enum { INTERFACE_NAME_MAX = 15 };

int validate_interception_mode(struct arena *a, struct str value, enum release release UNUSED, struct err *err)
{
	if (str_is(value, "REDIRECT") || str_is(value, "TPROXY") || str_is(value, "NONE"))
		return 0;
	return err_set(err, ERR_INPUT, "interceptionMode invalid, use REDIRECT,TPROXY,NONE: %s", printable(a, value));
}

/*
 * strconv.ParseUint in base 10: digits are read until the number is too large, and only then looked at no more. *ret is what Go
 * returns beside the error. NULL, or the error without the text.
 */
static const char *parse_uint(struct str s, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;

	*ret = 0;
	if (!s.len)
		return "invalid syntax";
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return "invalid syntax";
		n = n * 10 + (uint64_t)(s.p[i] - '0');
		if (n > max) {
			*ret = max;
			return "value out of range";
		}
	}
	*ret = n;
	return NULL;
}

int validate_uint32(struct arena *a, struct str value, enum release release UNUSED, struct err *err)
{
	uint64_t n;
	const char *problem = parse_uint(value, UINT32_MAX, &n);

	if (!problem)
		return 0;
	return err_set(err, ERR_INPUT, "strconv.ParseUint: parsing %s: %s", printable_quoted(a, value), problem);
}

int validate_bool(struct arena *a, struct str value, enum release release UNUSED, struct err *err)
{
	static const char *const words[] = {"1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_is(value, words[i]))
			return 0;
	return err_set(err, ERR_INPUT, "strconv.ParseBool: parsing %s: invalid syntax", printable_quoted(a, value));
}

int validate_quantity(struct arena *a, struct str value, enum release release UNUSED, struct err *err)
{
	struct str canonical;
	int64_t milli;

	for (size_t i = 0; i < value.len;) {
		uint32_t rune;

		i += utf8_decode(value.p + i, value.len - i, &rune);
		if (rune < 0x20 || (rune >= 0x7f && rune < 0xa0))
			return err_set(err, ERR_INPUT, "value contains control characters");
	}
	if (str_trim_space(value).len != value.len) /* fine in a pod's resources, not here */
		return err_set(err, ERR_INPUT,
			"quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
	return quantity_canonical(a, value, &canonical, &milli, err);
}

/* --- address ranges --- */

static const char *range_problem(struct arena *a, struct str range, enum release release)
{
	if (release > RELEASE_1_8)
		return netip_check_prefix(a, range);
	if (netip_is_old_cidr(range))
		return NULL;
	const char *text = arena_printf(a, "invalid CIDR address: %s", printable(a, range));

	return text ? text : "out of memory";
}

static int check_ranges(struct arena *a, struct str ranges, enum release release, const char *parameter, struct err *err)
{
	if (!ranges.len)
		return 0;
	while (ranges.p) {
		const struct str range = str_cut(&ranges, ',');
		const char *problem = range_problem(a, range, release);

		if (problem)
			return err_set(err, ERR_INPUT, "%s invalid: failed parsing cidr '%s': %s", parameter, printable(a, range), problem);
	}
	return 0;
}

int validate_include_ranges(struct arena *a, struct str value, enum release release, struct err *err)
{
	return str_is(value, "*") ? 0 : check_ranges(a, value, release, "includeIPRanges", err);
}

int validate_exclude_ranges(struct arena *a, struct str value, enum release release, struct err *err)
{
	return check_ranges(a, value, release, "excludeIPRanges", err);
}

/* --- ports --- */

/* What Istio shows of a bad port: its text today; what had been parsed of it up to 1.8. */
static const char *port_problem(struct arena *a, struct str port, enum release release)
{
	const struct str trimmed = str_trim_space(port);
	const char *problem, *text;
	uint64_t n;

	problem = parse_uint(trimmed, UINT16_MAX, &n);
	if (!problem)
		return NULL;
	if (release > RELEASE_1_8)
		text = arena_printf(a, "failed parsing port '%s': strconv.ParseUint: parsing %s: %s", printable(a, port),
			printable_quoted(a, trimmed), problem);
	else
		text = arena_printf(a, "failed parsing port '%llu': strconv.ParseUint: parsing %s: %s", (unsigned long long)n,
			printable_quoted(a, trimmed), problem);
	return text ? text : "out of memory";
}

int validate_status_port(struct arena *a, struct str value, enum release release, struct err *err)
{
	const char *problem = port_problem(a, value, release);

	return problem ? err_set(err, ERR_INPUT, "excludeInboundPorts invalid: %s", problem) : 0;
}

static int check_ports(struct arena *a, struct str ports, enum release release, const char *parameter, struct err *err)
{
	ports = str_trim_space(ports);
	if (!ports.len)
		return 0;
	while (ports.p) {
		const struct str port = str_cut(&ports, ',');
		const char *problem = port_problem(a, port, release);

		if (problem)
			return err_set(err, ERR_INPUT, "%s invalid: failed parsing port '%s': %s", parameter,
				release > RELEASE_1_8 ? printable(a, port) : "0", problem);
	}
	return 0;
}

int validate_include_inbound_ports(struct arena *a, struct str value, enum release release, struct err *err)
{
	return str_is(value, "*") ? 0 : check_ports(a, value, release, "includeInboundPorts", err);
}

int validate_exclude_inbound_ports(struct arena *a, struct str value, enum release release, struct err *err)
{
	return check_ports(a, value, release, "excludeInboundPorts", err);
}

int validate_exclude_outbound_ports(struct arena *a, struct str value, enum release release, struct err *err)
{
	return check_ports(a, value, release, "excludeOutboundPorts", err);
}

/* --- the rest --- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_interface_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		const char c = s.p[i];

		if (!is_letter(c) && (i == 0 || !((c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-')))
			return false;
	}
	return s.len > 0;
}

int validate_interfaces(struct arena *a, struct str value, enum release release UNUSED, struct err *err)
{
	if (!value.len)
		return 0;
	while (value.p) {
		const struct str name = str_trim_space(str_cut(&value, ','));

		if (!name.len)
			return err_set(err, ERR_INPUT, "empty interface name");
		if (name.len > INTERFACE_NAME_MAX)
			return err_set(err, ERR_INPUT, "interface name %s too long (max 15 chars)", printable_quoted(a, name));
		if (!is_interface_name(name))
			return err_set(err, ERR_INPUT, "interface name %s contains invalid characters", printable_quoted(a, name));
	}
	return 0;
}

int validate_proxy_config(struct arena *a, struct str value, enum release release, struct err *err)
{
	return proxy_config_validate(a, value, release, err);
}
