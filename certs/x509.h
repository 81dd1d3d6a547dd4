/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of certs/ share of OpenSSL: owned objects, PEM in and out. */
#ifndef CERTS_X509_H
#define CERTS_X509_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

enum { X509_DATE_MAX = 32 };

void x509_bio_freep(BIO **slot);
void x509_key_freep(EVP_PKEY **slot);
void x509_freep(X509 **slot);

/* "what: OpenSSL's reason", ERR_BUG, and empties OpenSSL's queue of errors. */
int x509_failed(struct err *err, const char *what);

/* The first certificate of a PEM text; caller owns. NULL with ERR_CONFIG. */
X509 *x509_read_cert(struct str pem, struct err *err) MUST_CHECK;
/* DER, all of it; caller owns. NULL where it is no certificate, or for want of memory. */
X509 *x509_read_der(struct str der) MUST_CHECK;
/* Caller owns. NULL with ERR_CONFIG, also for a key under a pass phrase. */
EVP_PKEY *x509_read_key(struct str pem, struct err *err) MUST_CHECK;

/* Seconds since 1970; 0 for what is no time. */
int64_t x509_seconds(const ASN1_TIME *t);
/* "2027-01-25 08:00:00 UTC"; returns out. */
const char *x509_date(int64_t seconds, char out[X509_DATE_MAX]);

/* What a BIO has collected, copied into the arena. */
int x509_take_text(struct arena *a, BIO *from, struct str *ret, struct err *err) MUST_CHECK;

#endif
