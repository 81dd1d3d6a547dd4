/* SPDX-License-Identifier: Apache-2.0 */
/* One line of the audit log: sealed, and taken apart again. */
#include "webhook/audit/line.h"

#include <stdio.h>
#include <string.h>

#define HEAD "{\"seq\":"
#define PREV ",\"prev\":\""
#define SIG  "\",\"sig\":\""
#define HASH "\",\"hash\":\""
#define TAIL "\"}"

enum { LONGEST_SEQ = 19 };

void audit_chain_begin(struct audit_chain *c)
{
	c->seq = 0;
	memset(c->hash, '0', SHA256_HEX);
	c->hash[SHA256_HEX] = '\0';
}

static int sign(struct text *out, size_t from, const struct audit_key *key)
{
	char sig[AUDIT_SIGNATURE_HEX + 1];

	/* What is signed ends with prev's quote, and so does what is hashed of an unsigned line. */
	if (out->failed || audit_key_sign(key, (struct str){out->data + from, out->len - from}, sig) < 0)
		return -1;
	text_adds(out, SIG);
	text_add(out, sig, AUDIT_SIGNATURE_HEX);
	return 0;
}

int audit_line_seal(struct text *out, struct audit_chain *c, struct str body, const struct audit_key *key)
{
	const size_t from = out->len;
	char hash[SHA256_HEX + 1];

	text_adds(out, HEAD);
	text_addu(out, c->seq + 1);
	text_addc(out, ',');
	text_add(out, body.p, body.len);
	text_adds(out, PREV);
	text_add(out, c->hash, SHA256_HEX);
	if ((key && sign(out, from, key) < 0) || out->failed ||
		sha256_hex(&(struct str){out->data + from, out->len - from}, 1, hash) < 0)
		goto failed;
	text_adds(out, HASH);
	text_add(out, hash, SHA256_HEX);
	text_adds(out, TAIL "\n");
	if (out->failed)
		goto failed;
	c->seq++;
	memcpy(c->hash, hash, sizeof(hash));
	return 0;
failed:
	out->len = from;
	out->failed = false;
	return -1;
}

/* Takes a literal off the end. */
static bool chop(struct str *s, const char *literal)
{
	if (!str_has_suffix(*s, literal))
		return false;
	s->len -= strlen(literal);
	return true;
}

/* Takes n hexadecimal digits off the end; p NULL where they are none. */
static struct str chop_hex(struct str *s, size_t n)
{
	struct str hex;

	if (s->len < n)
		return (struct str){0};
	hex = (struct str){s->p + s->len - n, n};
	for (size_t i = 0; i < n; i++)
		if (!((hex.p[i] >= '0' && hex.p[i] <= '9') || (hex.p[i] >= 'a' && hex.p[i] <= 'f')))
			return (struct str){0};
	s->len -= n;
	return hex;
}

static bool split_tail(struct str *rest, struct audit_line *l)
{
	if (!chop(rest, TAIL))
		return false;
	l->hash = chop_hex(rest, SHA256_HEX);
	if (!l->hash.p || !chop(rest, HASH))
		return false;
	l->to_hash = *rest;
	if (rest->len > AUDIT_SIGNATURE_HEX &&
		str_has_suffix((struct str){rest->p, rest->len - AUDIT_SIGNATURE_HEX}, SIG)) {
		l->sig = chop_hex(rest, AUDIT_SIGNATURE_HEX);
		if (!l->sig.p || !chop(rest, SIG))
			return false;
		l->to_sign = *rest;
	}
	l->prev = chop_hex(rest, SHA256_HEX);
	return l->prev.p && chop(rest, PREV);
}

bool audit_line_split(struct str line, struct audit_line *ret)
{
	struct audit_line l = {0};
	struct str rest = line, seq;

	if (line.len > AUDIT_LINE_MAX || !str_has_prefix(line, HEAD) || !split_tail(&rest, &l) ||
		rest.len < sizeof(HEAD))
		return false;
	rest.p += sizeof(HEAD) - 1;
	rest.len -= sizeof(HEAD) - 1;
	seq = str_cut(&rest, ',');
	if (!rest.p || seq.len == 0 || seq.len > LONGEST_SEQ || seq.p[0] == '0' || !parse_u64(seq, &l.seq))
		return false;
	l.body = rest;
	*ret = l;
	return true;
}

bool audit_line_intact(const struct audit_line *l)
{
	char hash[SHA256_HEX + 1];

	return sha256_hex(&l->to_hash, 1, hash) == 0 && str_is(l->hash, hash);
}

struct str audit_line_member(struct str body, const char *name)
{
	char wanted[64];
	size_t at, end;
	struct str s;

	(void)snprintf(wanted, sizeof(wanted), "\"%s\":", name);
	at = str_find(body, str_of(wanted));
	if (at == SIZE_MAX)
		return (struct str){0};
	at += strlen(wanted);
	s = (struct str){body.p + at, body.len - at};
	if (s.len && s.p[0] == '"') {
		s.p++;
		s.len--;
		end = str_find(s, STR("\""));
	} else {
		for (end = 0; end < s.len && s.p[end] != ',' && s.p[end] != '}'; end++)
			continue;
	}
	if (end == SIZE_MAX)
		return (struct str){0};
	s.len = end;
	return s;
}

bool audit_line_is(struct str body, const char *kind)
{
	return str_is(audit_line_member(body, "kind"), kind);
}
