/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of services as Istio's validation reads them. */
#include "patches/mesh/address.h"

#include <string.h>

#include "patches/mesh/netip.h"
#include "patches/mesh/problems.h"

enum { LABEL_MAX = 63, DOMAIN_MAX = 255, PORT_MAX = 65535 };

static const char *told(char *text)
{
	return text ? text : "out of memory";
}

static const char *port_problem(struct arena *a, int64_t port)
{
	if (port >= 1 && port <= PORT_MAX)
		return NULL;
	return told(arena_printf(a, "port number %lld must be in the range 1..65535", (long long)port));
}

const char *address_check_port(struct arena *a, const struct value *port)
{
	int64_t n = 0;

	if (port && !raw_int(port, &n))
		return "no number";
	return port_problem(a, n);
}

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool address_is_dns_label(struct str label)
{
	if (!label.len || label.len > LABEL_MAX || !is_alphanumeric(label.p[0]) || !is_alphanumeric(label.p[label.len - 1]))
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (!is_alphanumeric(label.p[i]) && label.p[i] != '-')
			return false;
	return true;
}

/* strconv.Atoi takes a sign. */
static bool is_number(struct str s)
{
	int64_t n;

	if (s.len && s.p[0] == '+' && s.len > 1 && s.p[1] != '-' && s.p[1] != '+')
		s = (struct str){s.p + 1, s.len - 1};
	return parse_i64(s, &n);
}

static bool is_domain(struct str domain)
{
	struct str rest = domain, label = domain;

	if (!domain.len || domain.len > DOMAIN_MAX)
		return false;
	for (size_t i = domain.len; i > 0 && domain.p[i - 1] != '.'; i--)
		label = (struct str){domain.p + i - 1, domain.len - i + 1};
	if (domain.p[domain.len - 1] != '.' && is_number(label))
		return false;
	while (rest.p) {
		label = str_cut(&rest, '.');
		if (!rest.p && !label.len)
			return true; /* a full stop at the end */
		if (!address_is_dns_label(label))
			return false;
	}
	return true;
}

/* net.SplitHostPort; NULL, or its problem. */
static const char *split(struct str s, struct str *host, struct str *port)
{
	size_t colon = s.len, open = 0, close = 0;

	while (colon && s.p[colon - 1] != ':')
		colon--;
	if (!colon)
		return "missing port in address";
	colon--;
	if (s.p[0] == '[') {
		const char *end = memchr(s.p, ']', s.len);

		if (!end)
			return "missing ']' in address";
		const size_t behind = (size_t)(end - s.p) + 1;

		if (behind == s.len)
			return "missing port in address";
		if (behind != colon)
			return s.p[behind] == ':' ? "too many colons in address" : "missing port in address";
		*host = (struct str){s.p + 1, behind - 2};
		open = 1;
		close = behind;
	} else {
		*host = (struct str){s.p, colon};
		if (memchr(s.p, ':', colon))
			return "too many colons in address";
	}
	if (memchr(s.p + open, '[', s.len - open))
		return "unexpected '[' in address";
	if (memchr(s.p + close, ']', s.len - close))
		return "unexpected ']' in address";
	*port = (struct str){s.p + colon + 1, s.len - colon - 1};
	return NULL;
}

static const char *check_port_text(struct arena *a, struct str port)
{
	const struct str digits = port.len > 1 && port.p[0] == '+' ? (struct str){port.p + 1, port.len - 1} : port;
	bool number = digits.len > 0;
	int64_t n;

	if (is_number(port) && parse_i64(digits, &n))
		return port_problem(a, n);
	for (size_t i = digits.len > 1 && digits.p[0] == '-'; i < digits.len; i++)
		number = number && digits.p[i] >= '0' && digits.p[i] <= '9';
	return told(arena_printf(a, "port (%s) is not a number: strconv.Atoi: parsing %s: %s", printable(a, port),
		printable_quoted(a, port), number ? "value out of range" : "invalid syntax"));
}

const char *address_check(struct arena *a, struct str address, bool old)
{
	struct str host, port;
	const char *problem = split(address, &host, &port);

	if (problem && !address.len)
		return told(arena_printf(a, "unable to split \"\": %s", problem));
	if (problem)
		return told(arena_printf(a, "unable to split %s: address %s: %s", printable_quoted(a, address),
			printable(a, address), problem));
	problem = check_port_text(a, port);
	if (problem)
		return problem;
	if (is_domain(host) || (old ? netip_is_old_addr(host) : netip_check_addr(a, host) == NULL))
		return NULL;
	return told(arena_printf(a, "%s is not a valid hostname or an IP address", printable_quoted(a, host)));
}
