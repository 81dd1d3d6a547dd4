/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line of the audit log, sealed: {"seq":N,"replica":"…","time":"…","kind":"…",…,"prev":"…","hash":"…"}. hash is the
 * SHA-256, lower-case hexadecimal, of all that stands before the last `","hash":"` of the line; prev is the hash of the
 * line before, 64 zeros in a log's first. A checkpoint has
 * ,"sig":"…" between the two: Ed25519 over all that stands before it. One way of writing each: no byte of a line can be
 * another.
 */
#ifndef WEBHOOK_AUDIT_LINE_H
#define WEBHOOK_AUDIT_LINE_H

#include "patches/digest.h"
#include "webhook/audit/key.h"

enum {
	AUDIT_LINE_MAX = 64 << 10, /* bytes: what is longer is no line of ours */
	AUDIT_BODY_MAX = 32 << 10, /* of what stands between seq and prev */
};

/* Where a chain stands: the last line's number and hash. */
struct audit_chain {
	uint64_t seq;
	char hash[SHA256_HEX + 1];
};

/* Before the first line: number 0, hash of zeros. */
void audit_chain_begin(struct audit_chain *c);

/*
 * Appends a line, its newline included, and moves the chain on. body: members without braces, `"replica":"a","time":…`,
 * at most AUDIT_BODY_MAX bytes. key: signs the line; NULL: no signature. -1: out of memory or OpenSSL failed; `out` and
 * chain are as before.
 */
int audit_line_seal(struct text *out, struct audit_chain *c, struct str body, const struct audit_key *key) MUST_CHECK;

/* A line taken apart; all borrowed from its text. */
struct audit_line {
	uint64_t seq;
	struct str body; /* what audit_line_seal() was given */
	struct str prev, hash;
	struct str sig;              /* p NULL: none */
	struct str to_hash, to_sign; /* the bytes that hash and sig are of */
};

/* line: without its newline. False where it is not written as a line of ours is. Says nothing of its hash. */
bool audit_line_split(struct str line, struct audit_line *ret);
bool audit_line_intact(const struct audit_line *l);

/*
 * The value of a member of ours in a body, as it stands: a string without its quotes, a number. Only for members whose
 * values need no escapes. p NULL where there is none. Quotes within strings are escaped, so the first `"name":` is the
 * member.
 */
struct str audit_line_member(struct str body, const char *name);
bool audit_line_is(struct str body, const char *kind);

#endif
