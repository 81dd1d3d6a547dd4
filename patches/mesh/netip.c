/* SPDX-License-Identifier: Apache-2.0 */
/* IP addresses and prefixes, with Go's words for what is wrong with them. */
#include "patches/mesh/netip.h"

#include <string.h>

#include "patches/mesh/problems.h"

/* What is read, and the first thing wrong with it. */
struct reader {
	struct str s;        /* what is left */
	bool old;            /* Go's net of 2020 */
	bool is6, zone;
	const char *problem; /* NULL: none */
	struct str at;       /* p NULL: the whole */
};

static bool bad(struct reader *r, const char *problem, struct str at)
{
	r->problem = problem;
	r->at = at;
	return false;
}

static const struct str nowhere;

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct str from(struct str s, size_t at)
{
	return (struct str){s.p + at, s.len - at};
}

/* One octet's digits, from *at on. */
static bool read_octet(struct reader *r, struct str s, size_t *at)
{
	const size_t start = *at;
	unsigned n = 0;

	for (; *at < s.len && is_digit(s.p[*at]); ++*at) {
		if (!r->old && *at == start + 1 && n == 0)
			return bad(r, "IPv4 field has octet with leading zero", nowhere);
		n = n * 10 + (unsigned)(s.p[*at] - '0');
		if (n > 255)
			return bad(r, "IPv4 field has value >255", nowhere);
	}
	return true;
}

static bool read_ipv4(struct reader *r, struct str s)
{
	unsigned dots = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (!read_octet(r, s, &i))
			return false;
		if (i == s.len)
			break;
		if (s.p[i] != '.')
			return bad(r, "unexpected character", from(s, i));
		if (i == 0 || i == s.len - 1 || s.p[i - 1] == '.')
			return bad(r, "IPv4 field must have at least one digit", from(s, i));
		if (++dots > 3)
			return bad(r, "IPv4 address too long", nowhere);
	}
	return dots == 3 || bad(r, "IPv4 address too short", nowhere);
}

static int hex(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Its hexadecimal digits; 0 with the problem set where it is no field. */
static size_t read_group(struct reader *r)
{
	unsigned long n = 0;
	size_t len = 0;

	for (; len < r->s.len && hex(r->s.p[len]) >= 0; len++) {
		n = n << 4 | (unsigned long)hex(r->s.p[len]);
		if (!r->old && len > 3)
			return bad(r, "each group must have 4 or less digits", r->s);
		if (n > 0xffff)
			return bad(r, "IPv6 field has value >=2^16", r->s);
	}
	if (!len)
		return bad(r, "each colon-separated field must have at least one digit", r->s);
	return len;
}

static bool read_embedded(struct reader *r, unsigned *bytes, int ellipsis)
{
	if (ellipsis < 0 && *bytes != 12)
		return bad(r, "embedded IPv4 address must replace the final 2 fields of the address", r->s);
	if (*bytes + 4 > 16)
		return bad(r, "too many hex fields to fit an embedded IPv4 at the end of the address", r->s);
	if (!read_ipv4(r, r->s))
		return false;
	r->s.len = 0;
	*bytes += 4;
	return true;
}

/* The colon behind a group, and a second one. */
static bool read_colon(struct reader *r, unsigned bytes, int *ellipsis)
{
	if (r->s.p[0] != ':')
		return bad(r, "unexpected character, want colon", r->s);
	if (r->s.len == 1)
		return bad(r, "colon must be followed by more characters", r->s);
	r->s = from(r->s, 1);
	if (r->s.p[0] != ':')
		return true;
	if (*ellipsis >= 0)
		return bad(r, "multiple :: in address", r->s);
	*ellipsis = (int)bytes;
	r->s = from(r->s, 1);
	return true;
}

static bool read_groups(struct reader *r, unsigned *bytes, int *ellipsis)
{
	while (*bytes < 16) {
		const size_t len = read_group(r);

		if (!len)
			return false;
		if (len < r->s.len && r->s.p[len] == '.')
			return read_embedded(r, bytes, *ellipsis);
		*bytes += 2;
		r->s = from(r->s, len);
		if (!r->s.len)
			return true;
		if (!read_colon(r, *bytes, ellipsis))
			return false;
		if (!r->s.len)
			return true;
	}
	return true;
}

static bool take_zone(struct reader *r)
{
	const char *percent = memchr(r->s.p, '%', r->s.len);

	if (!percent)
		return true;
	if (r->old || percent + 1 == r->s.p + r->s.len)
		return bad(r, "zone must be a non-empty string", nowhere);
	r->s.len = (size_t)(percent - r->s.p);
	r->zone = true;
	return true;
}

static bool read_ipv6(struct reader *r)
{
	unsigned bytes = 0;
	int ellipsis = -1;

	r->is6 = true;
	if (!take_zone(r))
		return false;
	if (r->s.len >= 2 && r->s.p[0] == ':' && r->s.p[1] == ':') {
		ellipsis = 0;
		r->s = from(r->s, 2);
		if (!r->s.len)
			return true;
	}
	if (!read_groups(r, &bytes, &ellipsis))
		return false;
	if (r->s.len)
		return bad(r, "trailing garbage after address", r->s);
	if (bytes < 16 && ellipsis < 0)
		return bad(r, "address string too short", nowhere);
	if (bytes == 16 && ellipsis >= 0)
		return bad(r, "the :: must expand to at least one field of zeros", nowhere);
	return true;
}

static bool read_addr(struct reader *r)
{
	for (size_t i = 0; i < r->s.len; i++) {
		switch (r->s.p[i]) {
		case '.':
			return read_ipv4(r, r->s);
		case ':':
			return read_ipv6(r);
		case '%':
			return bad(r, "missing IPv6 address", nowhere);
		default:
			break;
		}
	}
	return bad(r, "unable to parse IP", nowhere);
}

static const char *told(char *text)
{
	return text ? text : "out of memory";
}

const char *netip_check_addr(struct arena *a, struct str s)
{
	struct reader r = {.s = s};

	if (read_addr(&r))
		return NULL;
	if (r.at.p && r.at.len)
		return told(arena_printf(a, "ParseAddr(%s): %s (at %s)", printable_quoted(a, s), r.problem, printable_quoted(a, r.at)));
	return told(arena_printf(a, "ParseAddr(%s): %s", printable_quoted(a, s), r.problem));
}

static size_t last_slash(struct str s)
{
	size_t i = s.len;

	while (i && s.p[i - 1] != '/')
		i--;
	return i; /* one behind it; 0: none */
}

static const char *prefix_problem(struct arena *a, struct str s)
{
	const size_t slash = last_slash(s);
	struct reader r = {.s = {s.p, slash ? slash - 1 : 0}};
	const struct str bits = from(s, slash);
	int64_t n;

	if (!slash)
		return "no '/'";
	if (!read_addr(&r))
		return netip_check_addr(a, (struct str){s.p, slash - 1});
	if (r.zone)
		return "IPv6 zones cannot be present in a prefix";
	/* A sign alone is let through to Atoi in Go when it is the only character, and fails there. */
	if ((bits.len > 1 && (bits.p[0] < '1' || bits.p[0] > '9')) || !parse_i64(bits, &n))
		return told(arena_printf(a, "bad bits after slash: %s", printable_quoted(a, bits)));
	return n < 0 || n > (r.is6 ? 128 : 32) ? "prefix length out of range" : NULL;
}

const char *netip_check_prefix(struct arena *a, struct str s)
{
	const char *problem = prefix_problem(a, s);

	return problem ? told(arena_printf(a, "netip.ParsePrefix(%s): %s", printable_quoted(a, s), problem)) : NULL;
}

bool netip_is_old_addr(struct str s)
{
	struct reader r = {.s = s, .old = true};

	return read_addr(&r);
}

bool netip_is_old_cidr(struct str s)
{
	const char *slash = s.len ? memchr(s.p, '/', s.len) : NULL;
	struct reader r = {.s = s, .old = true};
	unsigned bits = 0;

	if (!slash)
		return false;
	r.s.len = (size_t)(slash - s.p);
	const struct str mask = from(s, r.s.len + 1);

	for (size_t i = 0; i < mask.len; i++) {
		if (!is_digit(mask.p[i]))
			return false;
		bits = bits * 10 + (unsigned)(mask.p[i] - '0');
		if (bits > 128)
			return false;
	}
	return mask.len && read_addr(&r) && bits <= (r.is6 ? 128 : 32);
}
