/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 keys (RFC 8032) that sign the checkpoints of the audit log: PKCS #8 and SubjectPublicKeyInfo in PEM, as
 * `openssl genpkey` writes them. */
#ifndef WEBHOOK_AUDIT_KEY_H
#define WEBHOOK_AUDIT_KEY_H

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

enum {
	AUDIT_KEY_ID = 16,
	AUDIT_KEY_BYTES = 32,
	AUDIT_SIGNATURE_BYTES = 64,
	AUDIT_SIGNATURE_HEX = 128,
	AUDIT_KEYS_MAX = 16
};

/* Immutable once read: any thread. Zeroed: none. */
struct audit_key {
	EVP_PKEY *pkey; /* owned */
	bool can_sign;
	unsigned char raw[AUDIT_KEY_BYTES]; /* the public key */
	char id[AUDIT_KEY_ID + 1];          /* the beginning of its SHA-256, hexadecimal */
	char hex[2 * AUDIT_KEY_BYTES + 1];  /* the public key, as the log publishes it */
};

void audit_key_release(struct audit_key *k); /* for own(); a zeroed one is fine */

/* A private key's file. ERR_CONFIG names the file and the remedy. */
int audit_key_read(const char *path, struct audit_key *ret, struct err *err) MUST_CHECK;
/* The public key that a line of a log names: 64 hexadecimal digits. -1 where it is none. */
int audit_key_from_hex(struct str hex, struct audit_key *ret) MUST_CHECK;
/* A new one, as PEM text in the arena. */
int audit_key_create(struct arena *a, struct str *ret_pem, struct err *err) MUST_CHECK;
int audit_key_public_pem(struct arena *a, const struct audit_key *k, struct str *ret_pem, struct err *err) MUST_CHECK;

/* Public keys that are trusted: after a key was replaced, the old and the new one. */
struct audit_keys {
	struct audit_key of[AUDIT_KEYS_MAX];
	size_t len;
};

void audit_keys_release(struct audit_keys *keys);
/* Adds those of a PEM file: public keys, or private ones, whose public half counts. ERR_CONFIG names the file. */
int audit_keys_read(struct audit_keys *keys, const char *path, struct err *err) MUST_CHECK;
/* NULL where there is none of that id. */
const struct audit_key *audit_keys_find(const struct audit_keys *keys, struct str id);

int audit_key_sign(const struct audit_key *k, struct str data, char ret_hex[AUDIT_SIGNATURE_HEX + 1]) MUST_CHECK;
bool audit_key_verify(const struct audit_key *k, struct str data, struct str signature_hex);

#endif
