/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a certificate and its key, and saying what is wrong with them before a client would. */
#include "certs/check.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "certs/x509.h"

enum { RSA_LEAST_BITS = 2048, MAX_CHAIN = 16 };

struct chain {
	X509 *cert[MAX_CHAIN];
	size_t len;
};

static void chain_release(struct chain *c)
{
	for (size_t i = 0; i < c->len; i++)
		X509_free(c->cert[i]);
}

static int read_chain(struct str pem, struct chain *ret, struct err *err)
{
	own(x509_bio_freep) BIO *in = pem.len <= INT_MAX ? BIO_new_mem_buf(pem.p, (int)pem.len) : NULL;
	X509 *cert;

	if (!in)
		return err_nomem(err);
	while ((cert = PEM_read_bio_X509(in, NULL, NULL, NULL))) {
		if (ret->len == MAX_CHAIN) {
			X509_free(cert);
			return err_set(err, ERR_CONFIG, "more than %d certificates in one file", MAX_CHAIN);
		}
		ret->cert[ret->len++] = cert;
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE && ret->len)
		return x509_failed(err, "certificate number 2 or later cannot be read");
	ERR_clear_error();
	if (!ret->len)
		return err_set(err, ERR_CONFIG, "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
	return 0;
}

static int check_dates(const X509 *cert, size_t number, int64_t now, struct err *err)
{
	const int64_t from = x509_seconds(X509_get0_notBefore(cert)), to = x509_seconds(X509_get0_notAfter(cert));
	char when[X509_DATE_MAX];

	if (now < from)
		return err_set(err, ERR_CONFIG,
			"certificate number %zu is not valid before %s; look at this machine's clock", number,
			x509_date(from, when));
	if (now > to)
		return err_set(
			err, ERR_CONFIG, "certificate number %zu expired at %s; renew it", number, x509_date(to, when));
	return 0;
}

static int check_strength(X509 *cert, size_t number, struct err *err)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	int digest = NID_undef;

	if (!key)
		return x509_failed(err, "the certificate's public key cannot be read");
	if (EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) < RSA_LEAST_BITS)
		return err_set(err, ERR_CONFIG,
			"certificate number %zu has a weak key: RSA with %d bits, at least %d are needed", number,
			EVP_PKEY_get_bits(key), RSA_LEAST_BITS);
	(void)X509_get_signature_info(cert, &digest, NULL, NULL, NULL);
	if (digest == NID_sha1 || digest == NID_md5)
		return err_set(err, ERR_CONFIG, "certificate number %zu has a weak signature (%s); clients refuse it",
			number, OBJ_nid2sn(digest));
	return 0;
}

static int check_chain(const struct chain *c, int64_t now, struct err *err)
{
	for (size_t i = 0; i < c->len; i++) {
		if (check_dates(c->cert[i], i + 1, now, err) < 0 || check_strength(c->cert[i], i + 1, err) < 0)
			return -1;
		if (i + 1 < c->len && X509_verify(c->cert[i], X509_get0_pubkey(c->cert[i + 1])) != 1) {
			ERR_clear_error();
			return err_set(err, ERR_CONFIG,
				"certificate number %zu is not signed by the one that follows it; "
				"the serving certificate comes first, then its issuers in order",
				i + 1);
		}
	}
	return 0;
}

int cert_check(const struct cert_pair *pair, int64_t now, struct cert_facts *ret, struct err *err)
{
	own(chain_release) struct chain chain = {.len = 0};
	own(x509_key_freep) EVP_PKEY *key = NULL;

	if (read_chain(pair->cert, &chain, err) < 0 || check_chain(&chain, now, err) < 0)
		return err_at(err, "certificate");
	key = x509_read_key(pair->key, err);
	if (!key)
		return err_at(err, "key");
	if (X509_check_private_key(chain.cert[0], key) != 1) {
		ERR_clear_error();
		(void)err_set(err, ERR_CONFIG, "the key does not belong to the certificate: they are of two pairs");
		return err_at(err, "key");
	}
	*ret = (struct cert_facts){
		.not_before = x509_seconds(X509_get0_notBefore(chain.cert[0])),
		.not_after = x509_seconds(X509_get0_notAfter(chain.cert[0])),
		.chain = chain.len,
		.is_ca = X509_check_ca(chain.cert[0]) != 0,
	};
	return 0;
}

bool cert_covers(struct str pem, const char *host)
{
	own(x509_freep) X509 *cert = x509_read_cert(pem, NULL);

	return cert && (X509_check_ip_asc(cert, host, 0) == 1 || X509_check_host(cert, host, 0, 0, NULL) == 1);
}
