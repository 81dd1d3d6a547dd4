/* SPDX-License-Identifier: Apache-2.0 */
/* sprig's encodings, digests and random texts. */
#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

#include "patches/template/sprig.h"
#include "patches/template/sprig_calls.h"

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* Groups of `in` bytes as `out` digits of `bits` bits, padded with =. */
static void encode(struct text *t, struct str s, const char *alphabet, unsigned in, unsigned out, unsigned bits)
{
	for (size_t i = 0; i < s.len; i += in) {
		uint64_t group = 0;
		const size_t here = s.len - i < in ? s.len - i : in;
		const size_t digits = (here * 8 + bits - 1) / bits;

		for (unsigned k = 0; k < in; k++)
			group = group << 8 | (k < here ? (unsigned char)s.p[i + k] : 0u);
		for (unsigned k = 0; k < out; k++)
			text_addc(t, k < digits ? alphabet[group >> (bits * (out - 1 - k)) & ((1u << bits) - 1)] : '=');
	}
}

static void encode_base64(struct text *t, struct str s)
{
	encode(t, s, base64, 3, 4, 6);
}

CALL(sprig_b64enc)
{
	struct text t;

	out_init(r, &t);
	if (charge_bytes(r, argv[0]->u.s.len, err) < 0)
		return NULL;
	encode_base64(&t, argv[0]->u.s);
	return run_str(r, &t, err);
}

CALL(sprig_b32enc)
{
	struct text t;

	out_init(r, &t);
	if (charge_bytes(r, argv[0]->u.s.len, err) < 0)
		return NULL;
	encode(&t, argv[0]->u.s, base32, 5, 8, 5);
	return run_str(r, &t, err);
}

static int digit(const char *alphabet, char c)
{
	const char *at = c ? strchr(alphabet, c) : NULL;

	return at ? (int)(at - alphabet) : -1;
}

/* sprig gives the error's text as the result. */
static const struct value *corrupt(struct run *r, const char *what, size_t at, struct err *err)
{
	const char *text = arena_printf(r->arena, "illegal %s data at input byte %zu", what, at);

	if (!text)
		err_nomem(err);
	return text ? give_cstr(r, text, err) : NULL;
}

static size_t skip_newlines(struct str s, size_t i)
{
	while (i < s.len && (s.p[i] == '\n' || s.p[i] == '\r'))
		i++;
	return i;
}

enum { GOOD = -1 };

/* After the first = of a group that holds n digits; *at is behind it. Returns GOOD or where the fault is. */
static ssize_t check_padding64(struct str s, size_t *at, unsigned n)
{
	if (n < 2)
		return (ssize_t)*at - 1;
	if (n == 2) {
		*at = skip_newlines(s, *at);
		if (*at == s.len)
			return (ssize_t)s.len;
		if (s.p[*at] != '=')
			return (ssize_t)*at - 1;
		(*at)++;
	}
	*at = skip_newlines(s, *at);
	return *at < s.len ? (ssize_t)*at : GOOD;
}

/* One group of four: its bytes are appended. *ret_end: there is nothing more. */
static ssize_t decode_group64(struct text *t, struct str s, size_t *at, bool *ret_end)
{
	uint32_t group = 0;
	unsigned n = 0;
	ssize_t fault = GOOD;

	while (n < 4 && !*ret_end) {
		if (*at == s.len) {
			*ret_end = true;
			return n == 0 ? GOOD : (ssize_t)(*at - n);
		}
		const char c = s.p[(*at)++];
		const int d = digit(base64, c);

		if (d >= 0) {
			group = group << 6 | (uint32_t)d;
			n++;
		} else if (c == '=') {
			*ret_end = true;
			fault = check_padding64(s, at, n);
		} else if (c != '\n' && c != '\r') {
			return (ssize_t)*at - 1;
		}
	}
	group <<= 6 * (4 - n);
	for (unsigned i = 0; i + 1 < n; i++)
		text_addc(t, (char)(group >> (16 - 8 * i) & 0xff));
	return fault;
}

CALL(sprig_b64dec)
{
	const struct str s = argv[0]->u.s;
	struct text t;
	size_t at = 0;
	bool end = false;

	if (charge_bytes(r, s.len, err) < 0)
		return NULL;
	out_init(r, &t);
	while (!end) {
		const ssize_t fault = decode_group64(&t, s, &at, &end);

		if (fault != GOOD)
			return corrupt(r, "base64", (size_t)fault, err);
	}
	return run_str(r, &t, err);
}

/* n digits stand before the first = at s.p[at - 1]; GOOD or where the fault is. */
static ssize_t check_padding32(struct str s, size_t at, unsigned n)
{
	const size_t rest = s.len - at;

	if (rest + n < 7)
		return (ssize_t)s.len;
	for (size_t k = 0; k < 7 - n; k++)
		if (rest > k && s.p[at + k] != '=')
			return (ssize_t)(s.len - rest + k) - 1;
	return n == 3 || n == 6 ? (ssize_t)(s.len - rest) - 1 : GOOD;
}

static ssize_t decode_group32(struct text *t, struct str s, size_t *at, bool *ret_end)
{
	uint64_t group = 0;
	unsigned n = 0;

	while (n < 8) {
		if (*at == s.len)
			return (ssize_t)(s.len - n);
		const char c = s.p[(*at)++];
		const int d = digit(base32, c);

		if (c == '=' && n >= 2 && s.len - *at < 8) {
			const ssize_t fault = check_padding32(s, *at, n);

			if (fault != GOOD)
				return fault;
			*ret_end = true;
			break;
		}
		if (d < 0)
			return (ssize_t)*at - 1;
		group = group << 5 | (uint64_t)d;
		n++;
	}
	group <<= 5 * (8 - n);
	for (unsigned i = 0; i < n * 5 / 8; i++)
		text_addc(t, (char)(group >> (32 - 8 * i) & 0xff));
	return GOOD;
}

CALL(sprig_b32dec)
{
	struct text clean, t;
	struct str s;
	size_t at = 0;
	bool end = false;

	if (charge_bytes(r, argv[0]->u.s.len, err) < 0)
		return NULL;
	out_init(r, &clean);
	out_init(r, &t);
	for (size_t i = 0; i < argv[0]->u.s.len; i++)
		if (argv[0]->u.s.p[i] != '\n' && argv[0]->u.s.p[i] != '\r')
			text_addc(&clean, argv[0]->u.s.p[i]);
	s = (struct str){clean.data ? clean.data : "", clean.len};
	while (at < s.len && !end && !clean.failed) {
		const ssize_t fault = decode_group32(&t, s, &at, &end);

		if (fault != GOOD)
			return corrupt(r, "base32", (size_t)fault, err);
	}
	t.failed |= clean.failed;
	return run_str(r, &t, err);
}

static const struct value *digest(struct run *r, struct str s, const EVP_MD *kind, struct err *err)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned len;
	struct text t;

	if (charge_bytes(r, s.len * 4, err) < 0)
		return NULL;
	if (!EVP_Digest(s.p, s.len, sum, &len, kind, NULL)) {
		err_nomem(err);
		return NULL;
	}
	out_init(r, &t);
	for (unsigned i = 0; i < len; i++)
		text_addf(&t, "%02x", sum[i]);
	return run_str(r, &t, err);
}

CALL(sprig_sha1sum)
{
	return digest(r, argv[0]->u.s, EVP_sha1(), err);
}

CALL(sprig_sha256sum)
{
	return digest(r, argv[0]->u.s, EVP_sha256(), err);
}

CALL(sprig_sha512sum)
{
	return digest(r, argv[0]->u.s, EVP_sha512(), err);
}

CALL(sprig_adler32sum)
{
	enum { MODULUS = 65521 };
	const struct str s = argv[0]->u.s;
	uint32_t a = 1, b = 0;
	struct text t;

	if (charge_bytes(r, s.len, err) < 0)
		return NULL;
	for (size_t i = 0; i < s.len; i++) {
		a = (a + (unsigned char)s.p[i]) % MODULUS;
		b = (b + a) % MODULUS;
	}
	out_init(r, &t);
	text_addu(&t, (uint64_t)b << 16 | a);
	return run_str(r, &t, err);
}

int random_bytes(void *p, size_t n, struct err *err)
{
	size_t done = 0;

	while (done < n) {
		const ssize_t got = getrandom((char *)p + done, n - done, 0);

		if (got < 0)
			return err_set(err, ERR_IO, "no random bytes");
		done += (size_t)got;
	}
	return 0;
}

int random_below(uint64_t bound, uint64_t *ret, struct err *err)
{
	const uint64_t unfair = (0 - bound) % bound; /* 2^64 mod bound: below it one result would be likelier */
	uint64_t n;

	do {
		if (random_bytes(&n, sizeof(n), err) < 0)
			return -1;
	} while (n < unfair);
	*ret = n % bound;
	return 0;
}

/* count characters of the alphabet; a count below zero gives none. */
static const struct value *random_text(struct run *r, int64_t count, const char *alphabet, struct err *err)
{
	const size_t len = strlen(alphabet);
	struct text t;

	if (count > LIMIT_RANDOM_BYTES) {
		err_set(err, ERR_LIMIT, "more than %d random characters", LIMIT_RANDOM_BYTES);
		return NULL;
	}
	if (count > 0 && run_charge(r, (uint64_t)count, err) < 0)
		return NULL;
	out_init(r, &t);
	for (int64_t i = 0; i < count; i++) {
		uint64_t n;

		if (random_below(len, &n, err) < 0)
			return NULL;
		text_addc(&t, alphabet[n]);
	}
	return run_str(r, &t, err);
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

CALL(sprig_rand_alpha)
{
	return random_text(r, argv[0]->u.i, LETTERS, err);
}

CALL(sprig_rand_alpha_num)
{
	return random_text(r, argv[0]->u.i, LETTERS DIGITS, err);
}

CALL(sprig_rand_numeric)
{
	return random_text(r, argv[0]->u.i, DIGITS, err);
}

CALL(sprig_rand_ascii)
{
	char printable[0x7f - ' ' + 1];

	for (char c = ' '; c < 0x7f; c++)
		printable[c - ' '] = c;
	printable[sizeof(printable) - 1] = '\0';
	return random_text(r, argv[0]->u.i, printable, err);
}

CALL(sprig_rand_bytes)
{
	const int64_t n = argv[0]->u.i;
	struct text t;
	char *bytes;

	if (n < 0)
		return give_error(err, "runtime error: makeslice: len out of range");
	if (n > LIMIT_RANDOM_BYTES) {
		err_set(err, ERR_LIMIT, "more than %d random bytes", LIMIT_RANDOM_BYTES);
		return NULL;
	}
	bytes = arena_alloc(r->arena, (size_t)n);
	if (!bytes) {
		err_nomem(err);
		return NULL;
	}
	if (charge_bytes(r, (size_t)n, err) < 0 || random_bytes(bytes, (size_t)n, err) < 0)
		return NULL;
	out_init(r, &t);
	encode_base64(&t, (struct str){bytes, (size_t)n});
	return run_str(r, &t, err);
}

CALL(sprig_uuidv4)
{
	unsigned char u[16];
	struct text t;

	if (random_bytes(u, sizeof(u), err) < 0)
		return NULL;
	u[6] = (unsigned char)((u[6] & 0x0f) | 0x40); /* version 4 */
	u[8] = (unsigned char)((u[8] & 0x3f) | 0x80); /* RFC 9562's variant */
	out_init(r, &t);
	for (unsigned i = 0; i < sizeof(u); i++) {
		text_addf(&t, "%02x", u[i]);
		if (i == 3 || i == 5 || i == 7 || i == 9)
			text_addc(&t, '-');
	}
	return run_str(r, &t, err);
}

CALL(sprig_shuffle)
{
	const struct str s = argv[0]->u.s;
	const size_t count = utf8_count(s.p, s.len);
	uint32_t *rune = arena_calloc(r->arena, count + 1, sizeof(*rune));
	struct text t;
	size_t n = 0;

	if (!rune) {
		err_nomem(err);
		return NULL;
	}
	if (run_charge(r, count, err) < 0)
		return NULL;
	for (size_t i = 0; i < s.len;)
		i += utf8_decode(s.p + i, s.len - i, &rune[n++]);
	out_init(r, &t);
	for (; n > 0; n--) {
		uint64_t pick;

		if (random_below(n, &pick, err) < 0)
			return NULL;
		text_add_rune(&t, rune[pick]);
		rune[pick] = rune[n - 1];
	}
	return run_str(r, &t, err);
}

/* Known by name, so that templates which mention them are read as Istio reads them; calling one is refused. */
CALL(sprig_refused)
{
	return give_error(err, "not available here: it would read the host, ask the network or make keys");
}
