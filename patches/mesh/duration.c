/* SPDX-License-Identifier: Apache-2.0 */
/* Durations of the mesh configuration, as Go's time and protobuf's JSON write them. */
#include "patches/mesh/duration.h"

enum { NS_PER_US = 1000, NS_PER_MS = 1000000, NS_PER_S = 1000000000, MOST_SHOWN = 256 };
static const uint64_t limit = (uint64_t)1 << 63; /* magnitude of the lowest int64 */

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	{"ns", 1}, {"us", NS_PER_US}, {"\302\265s", NS_PER_US}, {"\316\274s", NS_PER_US}, {"ms", NS_PER_MS}, {"s", NS_PER_S},
	{"m", 60ULL * NS_PER_S}, {"h", 3600ULL * NS_PER_S},
};

/* One number with its unit, as it is taken off the front of the text. */
struct piece {
	uint64_t whole, fraction, scale; /* fraction / scale is below 1 */
	struct str unit;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void drop(struct str *s, size_t n)
{
	s->p += n;
	s->len -= n;
}

static bool take_whole(struct str *s, uint64_t *ret)
{
	uint64_t n = 0;

	for (; s->len && is_digit(s->p[0]); drop(s, 1)) {
		if (n > limit / 10)
			return false;
		n = n * 10 + (uint64_t)(s->p[0] - '0');
		if (n > limit)
			return false;
	}
	*ret = n;
	return true;
}

/* Digits beyond what fits are read over: they are below a nanosecond. */
static void take_fraction(struct str *s, struct piece *p)
{
	bool full = false;

	for (; s->len && is_digit(s->p[0]); drop(s, 1)) {
		if (full || p->fraction > (limit - 1) / 10) {
			full = true;
			continue;
		}
		const uint64_t next = p->fraction * 10 + (uint64_t)(s->p[0] - '0');

		if (next > limit) {
			full = true;
			continue;
		}
		p->fraction = next;
		p->scale *= 10;
	}
}

static bool take_number(struct str *s, struct piece *p)
{
	const size_t before = s->len;
	bool digits;

	*p = (struct piece){.scale = 1};
	if (!take_whole(s, &p->whole))
		return false;
	digits = s->len != before;
	if (s->len && s->p[0] == '.') {
		drop(s, 1);
		const size_t point = s->len;

		take_fraction(s, p);
		digits = digits || s->len != point;
	}
	return digits;
}

static struct str take_unit(struct str *s)
{
	size_t n = 0;

	while (n < s->len && s->p[n] != '.' && !is_digit(s->p[n]))
		n++;
	const struct str unit = {s->p, n};

	drop(s, n);
	return unit;
}

static uint64_t unit_ns(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (str_is(name, units[i].name))
			return units[i].ns;
	return 0;
}

/* Adds the piece to *sum; the fraction goes by way of a double, as in Go. */
static bool add_piece(const struct piece *p, uint64_t ns, uint64_t *sum)
{
	uint64_t v;

	if (p->whole > limit / ns)
		return false;
	v = p->whole * ns;
	if (p->fraction)
		v += (uint64_t)((double)p->fraction * ((double)ns / (double)p->scale));
	if (v > limit)
		return false;
	*sum += v;
	return *sum <= limit;
}

/* package time has a quote of its own: every byte beyond ASCII is escaped. */
static void add_quoted(struct text *out, struct str s)
{
	text_addc(out, '"');
	for (size_t i = 0; i < s.len && i < MOST_SHOWN; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x7f || c < ' ')
			text_addf(out, "\\x%02x", c);
		else if (c == '"' || c == '\\')
			text_addf(out, "\\%c", c);
		else
			text_addc(out, (char)c);
	}
	text_addc(out, '"');
}

static const char *problem(struct arena *a, const char *what, struct str unit, struct str all)
{
	struct text t;

	text_init(&t, a, 4096);
	text_adds(&t, what);
	if (unit.p) {
		add_quoted(&t, unit);
		text_adds(&t, " in duration ");
	}
	add_quoted(&t, all);
	const char *text = text_cstr(&t);

	return text ? text : "time: invalid duration";
}

static const struct str no_unit;

const char *duration_parse(struct arena *a, struct str s, int64_t *ret)
{
	const struct str all = s;
	const bool negative = s.len && s.p[0] == '-';
	uint64_t sum = 0;

	if (s.len && (s.p[0] == '-' || s.p[0] == '+'))
		drop(&s, 1);
	*ret = 0;
	if (str_is(s, "0"))
		return NULL;
	if (!s.len)
		return problem(a, "time: invalid duration ", no_unit, all);
	while (s.len) {
		struct piece p;

		if (!take_number(&s, &p))
			return problem(a, "time: invalid duration ", no_unit, all);
		p.unit = take_unit(&s);
		if (!p.unit.len)
			return problem(a, "time: missing unit in duration ", no_unit, all);
		const uint64_t ns = unit_ns(p.unit);

		if (!ns)
			return problem(a, "time: unknown unit ", p.unit, all);
		if (!add_piece(&p, ns, &sum))
			return problem(a, "time: invalid duration ", no_unit, all);
	}
	if (!negative && sum == limit)
		return problem(a, "time: invalid duration ", no_unit, all);
	*ret = negative ? (int64_t)(0 - sum) : (int64_t)sum;
	return NULL;
}

static uint64_t magnitude(int64_t ns)
{
	return ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
}

void duration_add_proto(struct text *out, int64_t ns)
{
	const uint64_t n = magnitude(ns);
	const unsigned fraction = (unsigned)(n % NS_PER_S);

	if (ns < 0)
		text_addc(out, '-');
	text_addu(out, n / NS_PER_S);
	if (fraction % NS_PER_MS == 0 && fraction)
		text_addf(out, ".%03u", fraction / NS_PER_MS);
	else if (fraction % NS_PER_US == 0 && fraction)
		text_addf(out, ".%06u", fraction / NS_PER_US);
	else if (fraction)
		text_addf(out, ".%09u", fraction);
	text_addc(out, 's');
}

int64_t duration_of_proto(struct str s)
{
	const bool negative = s.len && s.p[0] == '-';
	struct piece p;
	uint64_t sum = 0;

	if (negative)
		drop(&s, 1);
	if (!take_number(&s, &p) || !str_is(s, "s") || !add_piece(&p, NS_PER_S, &sum) || sum >= limit)
		return 0;
	return negative ? -(int64_t)sum : (int64_t)sum;
}

/* n / unit with the fraction's trailing zeros left out. */
static void add_decimal(struct text *out, uint64_t n, uint64_t unit)
{
	uint64_t rest = n % unit;

	text_addu(out, n / unit);
	if (!rest)
		return;
	text_addc(out, '.');
	for (unit /= 10; rest; unit /= 10) {
		text_addc(out, (char)('0' + rest / unit));
		rest %= unit;
	}
}

void duration_add_go(struct text *out, int64_t ns)
{
	const uint64_t n = magnitude(ns), minutes = n / NS_PER_S / 60;

	if (ns < 0)
		text_addc(out, '-');
	if (n == 0) {
		text_adds(out, "0s");
	} else if (n < NS_PER_US) {
		text_addu(out, n);
		text_adds(out, "ns");
	} else if (n < NS_PER_MS) {
		add_decimal(out, n, NS_PER_US);
		text_adds(out, "\302\265s");
	} else if (n < NS_PER_S) {
		add_decimal(out, n, NS_PER_MS);
		text_adds(out, "ms");
	} else {
		if (minutes >= 60)
			text_addf(out, "%lluh", (unsigned long long)(minutes / 60));
		if (minutes)
			text_addf(out, "%llum", (unsigned long long)(minutes % 60));
		add_decimal(out, n - minutes * 60 * NS_PER_S, NS_PER_S);
		text_addc(out, 's');
	}
}
