/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of certs/ share of OpenSSL: owned objects, PEM in and out. */
#include "certs/x509.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>

void x509_bio_freep(BIO **slot)
{
	BIO_free_all(*slot);
}

void x509_key_freep(EVP_PKEY **slot)
{
	EVP_PKEY_free(*slot);
}

void x509_freep(X509 **slot)
{
	X509_free(*slot);
}

int x509_failed(struct err *err, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	(void)err_set(err, ERR_BUG, "%s: %s", what, reason ? reason : "unknown error");
	ERR_clear_error();
	return -1;
}

static BIO *reader(struct str pem)
{
	return pem.len <= INT_MAX ? BIO_new_mem_buf(pem.p, (int)pem.len) : NULL;
}

X509 *x509_read_cert(struct str pem, struct err *err)
{
	own(x509_bio_freep) BIO *in = reader(pem);
	X509 *cert = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;

	if (!cert) {
		(void)err_set(err, ERR_CONFIG, "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
		ERR_clear_error();
	}
	return cert;
}

X509 *x509_read_der(struct str der)
{
	union {
		const char *in;
		const unsigned char *out;
	} p = {.in = der.p};
	X509 *cert = der.len <= LONG_MAX ? d2i_X509(NULL, &p.out, (long)der.len) : NULL;

	if (cert && p.in == der.p + der.len)
		return cert;
	X509_free(cert);
	ERR_clear_error();
	return NULL;
}

/* Nobody is there to type one: an empty answer makes OpenSSL give up instead of asking on the terminal. */
static int no_pass_phrase(char *to UNUSED, int size UNUSED, int writing UNUSED, void *asked)
{
	*(int *)asked = 1;
	return -1;
}

EVP_PKEY *x509_read_key(struct str pem, struct err *err)
{
	own(x509_bio_freep) BIO *in = reader(pem);
	int asked = 0;
	EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_pass_phrase, &asked) : NULL;

	if (key)
		return key;
	ERR_clear_error();
	if (asked)
		(void)err_set(err, ERR_CONFIG,
			"the key has a pass phrase; store it without one (openssl pkey -in KEY -out NEWKEY)");
	else
		(void)err_set(err, ERR_CONFIG, "holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)");
	return NULL;
}

int64_t x509_seconds(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

const char *x509_date(int64_t seconds, char out[X509_DATE_MAX])
{
	const time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(out, X509_DATE_MAX, "%Y-%m-%d %H:%M:%S UTC", &tm))
		(void)snprintf(out, X509_DATE_MAX, "an unknown time");
	return out;
}

int x509_take_text(struct arena *a, BIO *from, struct str *ret, struct err *err)
{
	char *data;
	const long len = BIO_get_mem_data(from, &data);
	char *copy = len > 0 ? arena_strndup(a, data, (size_t)len) : NULL;

	if (!copy)
		return err_nomem(err);
	*ret = (struct str){copy, (size_t)len};
	return 0;
}
