/* SPDX-License-Identifier: Apache-2.0 */
/* A trust bundle as a set of certificates, and what it verifies. */
#include "certs/bundle.h"

#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/limits.h"
#include "certs/x509.h"

/* One PEM block as OpenSSL hands it out. */
struct block {
	char *name, *header;
	unsigned char *data;
	long len;
};

static void block_release(struct block *b)
{
	OPENSSL_free(b->name);
	OPENSSL_free(b->header);
	OPENSSL_clear_free(b->data, b->len > 0 ? (size_t)b->len : 0);
}

static int name_of(struct arena *a, const X509 *cert, struct str *ret)
{
	char text[256];
	const int len = X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, text, sizeof(text));

	*ret = STR("");
	if (len <= 0)
		return 0;
	ret->p = arena_strndup(a, text, (size_t)len);
	ret->len = (size_t)len;
	return ret->p ? 0 : -1;
}

/* Doubles: amortised over what is added. */
static int append(struct arena *a, struct bundle *b, const struct bundle_cert *cert, struct err *err)
{
	struct bundle_cert *grown = b->cert;
	const size_t size = sizeof(*grown);

	if (b->len == LIMIT_BUNDLE_CERTS)
		return err_set(err, ERR_LIMIT, "holds more than %d certificates", LIMIT_BUNDLE_CERTS);
	if ((b->len & (b->len - 1)) == 0)
		grown = b->len ? arena_grow(a, b->cert, b->len * size, 2 * b->len * size) : arena_alloc(a, size);
	if (!grown)
		return err_nomem(err);
	grown[b->len++] = *cert;
	b->cert = grown;
	return 0;
}

static int read_block(struct arena *a, const struct block *from, struct bundle *b, struct err *err)
{
	own(x509_freep) X509 *cert =
		from->header[0] ? NULL : x509_read_der((struct str){(const char *)from->data, (size_t)from->len});
	struct bundle_cert found;
	const char *copy;

	if (!cert) {
		b->unreadable++;
		return 0;
	}
	copy = arena_strndup(a, (const char *)from->data, (size_t)from->len);
	if (!copy || name_of(a, cert, &found.name) < 0)
		return err_nomem(err);
	found.der = (struct str){copy, (size_t)from->len};
	found.not_before = x509_seconds(X509_get0_notBefore(cert));
	found.not_after = x509_seconds(X509_get0_notAfter(cert));
	return bundle_add(a, b, &found, err);
}

/* 1: a block was read, or skipped for being broken; 0: there are no more. */
static int next_block(struct arena *a, BIO *in, struct bundle *b, struct err *err)
{
	own(block_release) struct block block = {0};
	const long before = BIO_pending(in);
	int reason;

	if (PEM_read_bio(in, &block.name, &block.header, &block.data, &block.len) == 1) {
		if (strcmp(block.name, PEM_STRING_X509) != 0 && strcmp(block.name, PEM_STRING_X509_OLD) != 0)
			return 1;
		return read_block(a, &block, b, err) < 0 ? -1 : 1;
	}
	reason = ERR_GET_REASON(ERR_peek_last_error());
	ERR_clear_error();
	if (reason == PEM_R_NO_START_LINE)
		return 0;
	if (BIO_pending(in) == before)
		return err_nomem(err); /* nothing else stops it before it has read a line */
	b->unreadable++;
	return 1;
}

int bundle_read(struct arena *a, struct str pem, struct bundle *ret, struct err *err)
{
	own(x509_bio_freep) BIO *in = NULL;
	struct bundle b = {0};
	int more = 1;

	if (pem.len > INT_MAX)
		return err_set(err, ERR_LIMIT, "is larger than %d bytes", INT_MAX);
	in = pem.len ? BIO_new_mem_buf(pem.p, (int)pem.len) : NULL;
	if (pem.len && !in)
		return err_nomem(err);
	while (in && more > 0)
		more = next_block(a, in, &b, err);
	if (more < 0)
		return -1;
	*ret = b;
	return 0;
}

int bundle_write(struct arena *a, const struct bundle *b, struct str *ret, struct err *err)
{
	own(x509_bio_freep) BIO *out = BIO_new(BIO_s_mem());

	if (!out)
		return err_nomem(err);
	for (size_t i = 0; i < b->len; i++) {
		own(x509_freep) X509 *cert = x509_read_der(b->cert[i].der);

		if (!cert || PEM_write_bio_X509(out, cert) != 1)
			return x509_failed(err, "cannot write a certificate of the bundle");
	}
	if (b->len)
		return x509_take_text(a, out, ret, err);
	*ret = STR("");
	return 0;
}

bool bundle_has(const struct bundle *b, const struct bundle_cert *cert)
{
	for (size_t i = 0; i < b->len; i++)
		if (str_eq(b->cert[i].der, cert->der))
			return true;
	return false;
}

bool bundle_covers(const struct bundle *b, const struct bundle *all)
{
	for (size_t i = 0; i < all->len; i++)
		if (!bundle_has(b, &all->cert[i]))
			return false;
	return true;
}

int bundle_add(struct arena *a, struct bundle *b, const struct bundle_cert *cert, struct err *err)
{
	return bundle_has(b, cert) ? 0 : append(a, b, cert, err);
}

int bundle_unite(struct arena *a, struct bundle *b, const struct bundle *more, struct err *err)
{
	for (size_t i = 0; i < more->len; i++)
		if (bundle_add(a, b, &more->cert[i], err) < 0)
			return -1;
	return 0;
}

size_t bundle_drop_expired(struct bundle *b, int64_t now)
{
	size_t kept = 0, before = b->len;

	for (size_t i = 0; i < before; i++)
		if (b->cert[i].not_after >= now)
			b->cert[kept++] = b->cert[i];
	b->len = kept;
	return before - kept;
}

static void store_freep(X509_STORE **slot)
{
	X509_STORE_free(*slot);
}

static void store_ctx_freep(X509_STORE_CTX **slot)
{
	X509_STORE_CTX_free(*slot);
}

static void certs_freep(STACK_OF(X509) * *slot)
{
	sk_X509_pop_free(*slot, X509_free);
}

/* NULL with err. */
static X509_STORE *anchors(const struct bundle *b, struct err *err)
{
	own(store_freep) X509_STORE *store = X509_STORE_new();

	for (size_t i = 0; store && i < b->len; i++) {
		own(x509_freep) X509 *cert = x509_read_der(b->cert[i].der);

		if (!cert || X509_STORE_add_cert(store, cert) != 1) {
			(void)x509_failed(err, "cannot use a certificate of the bundle");
			return NULL;
		}
	}
	if (!store)
		(void)err_nomem(err);
	return take(store);
}

/* NULL with err. */
static STACK_OF(X509) * chain_of(const struct bundle *chain, struct err *err)
{
	own(certs_freep) STACK_OF(X509) *certs = sk_X509_new_null();

	for (size_t i = 0; certs && i < chain->len; i++) {
		X509 *cert = x509_read_der(chain->cert[i].der);

		if (!cert || sk_X509_push(certs, cert) <= 0) {
			X509_free(cert);
			(void)err_nomem(err);
			return NULL;
		}
	}
	if (!certs)
		(void)err_nomem(err);
	return take(certs);
}

/* A client of Go takes each trusted certificate as an anchor, looks at its dates too, and asks for the use as a server.
 */
static int ask(X509_STORE_CTX *ctx, const char *host, int64_t now)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

	if (X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER) != 1 ||
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) != 1)
		return -1;
	X509_VERIFY_PARAM_set_time(param, (time_t)now);
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (!host || X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
		return 0;
	return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1 ? 0 : -1;
}

static int not_verified(X509_STORE_CTX *ctx, const struct bundle *b, const char *host, struct err *err)
{
	const int code = X509_STORE_CTX_get_error(ctx);
	const X509 *at = X509_STORE_CTX_get_current_cert(ctx);
	char when[X509_DATE_MAX];

	ERR_clear_error();
	if (code == X509_V_ERR_CERT_HAS_EXPIRED && at)
		return err_set(err, ERR_CONFIG, "a certificate of the chain, or its CA, expired at %s",
			x509_date(x509_seconds(X509_get0_notAfter(at)), when));
	if (code == X509_V_ERR_CERT_NOT_YET_VALID && at)
		return err_set(err, ERR_CONFIG, "a certificate of the chain, or its CA, is not valid before %s",
			x509_date(x509_seconds(X509_get0_notBefore(at)), when));
	if (code == X509_V_ERR_HOSTNAME_MISMATCH || code == X509_V_ERR_IP_ADDRESS_MISMATCH)
		return err_set(err, ERR_CONFIG, "the certificate is not for the host '%.128s'", host ? host : "");
	if (code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
		code == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE || code == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
		code == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN)
		return err_set(err, ERR_CONFIG, "none of the %zu CAs in it has signed the chain", b->len);
	return err_set(err, ERR_CONFIG, "%s", X509_verify_cert_error_string(code));
}

int bundle_verify(const struct bundle *b, struct str chain, const char *host, int64_t now, struct err *err)
{
	own(store_freep) X509_STORE *store = NULL;
	own(certs_freep) STACK_OF(X509) *certs = NULL;
	own(store_ctx_freep) X509_STORE_CTX *ctx = NULL;
	struct bundle served;
	struct arena a;
	int status = -1;

	if (b->len == 0)
		return err_set(err, ERR_CONFIG, "it holds no certificate");
	arena_init(&a, 0);
	if (bundle_read(&a, chain, &served, err) == 0 && (certs = chain_of(&served, err)))
		store = anchors(b, err);
	arena_release(&a);
	ctx = store ? X509_STORE_CTX_new() : NULL;
	if (!store)
		return -1;
	if (sk_X509_num(certs) == 0)
		return err_set(err, ERR_CONFIG, "the chain holds no certificate");
	if (!ctx || X509_STORE_CTX_init(ctx, store, sk_X509_value(certs, 0), certs) != 1 || ask(ctx, host, now) < 0)
		return x509_failed(err, "cannot verify the chain");
	status = X509_verify_cert(ctx);
	return status == 1 ? 0 : not_verified(ctx, b, host, err);
}
