/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 keys that sign the checkpoints of the audit log. */
#include "webhook/audit/key.h"

#include <openssl/pem.h>
#include <string.h>

#include "base/file.h"
#include "certs/x509.h"
#include "patches/digest.h"

enum { KEY_FILE_BYTES = 64 << 10, KEY_ARENA_BYTES = 256 << 10 };

static void to_hex(const unsigned char *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Lower case only: a text has one meaning and a meaning one text. */
static bool from_hex(struct str hex, unsigned char *out, size_t n)
{
	if (hex.len != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		const int high = digit(hex.p[2 * i]), low = digit(hex.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

void audit_key_release(struct audit_key *k)
{
	EVP_PKEY_free(k->pkey);
	*k = (struct audit_key){0};
}

/* Takes the key on success. -1: it is no Ed25519 key. */
static int describe(EVP_PKEY *pkey, bool can_sign, struct audit_key *ret)
{
	struct audit_key k = {.pkey = pkey, .can_sign = can_sign};
	char sum[SHA256_HEX + 1];
	size_t len = sizeof(k.raw);

	if (EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519 || EVP_PKEY_get_raw_public_key(pkey, k.raw, &len) != 1 ||
		len != sizeof(k.raw))
		return -1;
	if (sha256_hex(&(struct str){(const char *)k.raw, sizeof(k.raw)}, 1, sum) < 0)
		return -1;
	memcpy(k.id, sum, AUDIT_KEY_ID);
	to_hex(k.raw, sizeof(k.raw), k.hex);
	*ret = k;
	return 0;
}

static int no_key(const char *path, const char *what, struct err *err)
{
	(void)err_set(err, ERR_CONFIG, "%s; `outrigger audit key create --out FILE` makes a key", what);
	err->code = ERR_CONFIG;
	return err_at(err, "%s", path);
}

static int read_private(struct arena *a, const char *path, struct audit_key *ret, struct err *err)
{
	own(x509_key_freep) EVP_PKEY *pkey = NULL;
	struct str pem;

	if (file_read(a, path, KEY_FILE_BYTES, 0, &pem, err) < 0) {
		err->code = ERR_CONFIG;
		return -1;
	}
	pkey = x509_read_key(pem, NULL);
	if (!pkey)
		return no_key(path, "holds no private key in PEM without a pass phrase", err);
	if (describe(pkey, true, ret) < 0)
		return no_key(path, "the key is not of Ed25519", err);
	(void)take(pkey);
	return 0;
}

int audit_key_read(const char *path, struct audit_key *ret, struct err *err)
{
	struct arena a;
	int status;

	arena_init(&a, KEY_ARENA_BYTES);
	status = read_private(&a, path, ret, err);
	arena_release(&a);
	return status;
}

int audit_key_from_hex(struct str hex, struct audit_key *ret)
{
	unsigned char raw[AUDIT_KEY_BYTES];
	own(x509_key_freep) EVP_PKEY *pkey = NULL;

	if (!from_hex(hex, raw, sizeof(raw)))
		return -1;
	pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, sizeof(raw));
	if (!pkey || describe(pkey, false, ret) < 0)
		return -1;
	(void)take(pkey);
	return 0;
}

int audit_key_create(struct arena *a, struct str *ret_pem, struct err *err)
{
	own(x509_key_freep) EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	own(x509_bio_freep) BIO *bio = BIO_new(BIO_s_mem());

	if (!pkey || !bio || PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1)
		return x509_failed(err, "cannot make a key");
	return x509_take_text(a, bio, ret_pem, err);
}

int audit_key_public_pem(struct arena *a, const struct audit_key *k, struct str *ret_pem, struct err *err)
{
	own(x509_bio_freep) BIO *bio = BIO_new(BIO_s_mem());

	if (!bio || PEM_write_bio_PUBKEY(bio, k->pkey) != 1)
		return x509_failed(err, "cannot write the public key");
	return x509_take_text(a, bio, ret_pem, err);
}

void audit_keys_release(struct audit_keys *keys)
{
	for (size_t i = 0; i < keys->len; i++)
		audit_key_release(&keys->of[i]);
	keys->len = 0;
}

/* The next key of a PEM text, of either kind; NULL at the end and at what is none. */
static EVP_PKEY *next_key(BIO *bio, struct str pem)
{
	EVP_PKEY *pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);

	return pkey || str_find(pem, STR("PRIVATE KEY")) == SIZE_MAX ? pkey : x509_read_key(pem, NULL);
}

static int add_keys(struct audit_keys *keys, const char *path, struct str pem, struct err *err)
{
	own(x509_bio_freep) BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
	const size_t before = keys->len;
	EVP_PKEY *pkey;

	if (!bio)
		return err_nomem(err);
	while (keys->len < AUDIT_KEYS_MAX && (pkey = next_key(bio, pem)) != NULL) {
		if (describe(pkey, false, &keys->of[keys->len]) < 0) {
			EVP_PKEY_free(pkey);
			return no_key(path, "a key is not of Ed25519", err);
		}
		keys->len++;
		if (str_find(pem, STR("PRIVATE KEY")) != SIZE_MAX)
			break; /* that way one file holds one key */
	}
	return keys->len > before ? 0 : no_key(path, "holds no public key in PEM", err);
}

int audit_keys_read(struct audit_keys *keys, const char *path, struct err *err)
{
	struct arena a;
	struct str pem;
	int status;

	arena_init(&a, KEY_ARENA_BYTES);
	status = file_read(&a, path, KEY_FILE_BYTES, 0, &pem, err);
	if (status < 0)
		err->code = ERR_CONFIG;
	else
		status = add_keys(keys, path, pem, err);
	arena_release(&a);
	return status;
}

const struct audit_key *audit_keys_find(const struct audit_keys *keys, struct str id)
{
	for (size_t i = 0; i < keys->len; i++)
		if (str_is(id, keys->of[i].id))
			return &keys->of[i];
	return NULL;
}

int audit_key_sign(const struct audit_key *k, struct str data, char ret_hex[AUDIT_SIGNATURE_HEX + 1])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char signature[AUDIT_SIGNATURE_BYTES];
	size_t len = sizeof(signature);
	const bool ok = ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->pkey) == 1 &&
			EVP_DigestSign(ctx, signature, &len, (const unsigned char *)data.p, data.len) == 1 &&
			len == sizeof(signature);

	EVP_MD_CTX_free(ctx);
	if (ok)
		to_hex(signature, sizeof(signature), ret_hex);
	return ok ? 0 : -1;
}

bool audit_key_verify(const struct audit_key *k, struct str data, struct str signature_hex)
{
	unsigned char signature[AUDIT_SIGNATURE_BYTES];
	EVP_MD_CTX *ctx;
	bool ok;

	if (!from_hex(signature_hex, signature, sizeof(signature)))
		return false;
	ctx = EVP_MD_CTX_new();
	ok = ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, k->pkey) == 1 &&
	     EVP_DigestVerify(ctx, signature, sizeof(signature), (const unsigned char *)data.p, data.len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}
