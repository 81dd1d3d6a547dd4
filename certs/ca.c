/* SPDX-License-Identifier: Apache-2.0 */
/* Making certificates: a self-signed CA and serving certificates of it. */
#include "certs/ca.h"

#include <ctype.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "certs/x509.h"

enum { SERIAL_BYTES = 16 };

static void names_freep(GENERAL_NAMES **slot)
{
	GENERAL_NAMES_free(*slot);
}

/* A DNS name as RFC 1123 has it, the first label may be "*". */
static bool is_dns_name(const char *host)
{
	size_t label = 0, len = strlen(host);

	if (len == 0 || len > 253)
		return false;
	if (host[0] == '*' && host[1] == '.')
		host += 2;
	for (; *host; host++) {
		if (*host == '.' || *host == '-') {
			if (!label || (*host == '.' && host[-1] == '-'))
				return false;
			label = *host == '.' ? 0 : label + 1;
		} else if (!isalnum((unsigned char)*host) && *host != '_') {
			return false;
		} else if (++label > 63) {
			return false;
		}
	}
	return label > 0 && host[-1] != '-';
}

static int add_name(GENERAL_NAMES *names, int type, ASN1_STRING *value)
{
	GENERAL_NAME *name = GENERAL_NAME_new();

	if (!name || !value) {
		GENERAL_NAME_free(name);
		ASN1_STRING_free(value);
		return -1;
	}
	GENERAL_NAME_set0_value(name, type, value);
	if (!sk_GENERAL_NAME_push(names, name)) {
		GENERAL_NAME_free(name);
		return -1;
	}
	return 0;
}

static int add_host(GENERAL_NAMES *names, const char *host, struct err *err)
{
	ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);
	ASN1_IA5STRING *text;

	if (address)
		return add_name(names, GEN_IPADD, address) < 0 ? err_nomem(err) : 0;
	if (!is_dns_name(host))
		return err_set(err, ERR_CONFIG, "'%.64s' is neither a DNS name nor an IP address", host);
	text = ASN1_IA5STRING_new();
	if (text && !ASN1_STRING_set(text, host, -1)) {
		ASN1_STRING_free(text);
		text = NULL;
	}
	return add_name(names, GEN_DNS, text) < 0 ? err_nomem(err) : 0;
}

/* Built as values and not from text, so that no character of a host can add a name. */
static int add_hosts(X509 *cert, const struct cert_request *req, struct err *err)
{
	own(names_freep) GENERAL_NAMES *names = GENERAL_NAMES_new();

	if (!names)
		return err_nomem(err);
	if (req->n_hosts > CERT_MAX_HOSTS)
		return err_set(err, ERR_CONFIG, "more than %d hosts", CERT_MAX_HOSTS);
	for (size_t i = 0; i < req->n_hosts; i++)
		if (add_host(names, req->hosts[i], err) < 0)
			return -1;
	if (X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) != 1)
		return x509_failed(err, "cannot add the hosts to the certificate");
	return 0;
}

static int add_extension(X509 *cert, X509 *issuer, int nid, const char *value, struct err *err)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;
	int added;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (!extension)
		return x509_failed(err, "cannot make a certificate extension");
	added = X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
	return added ? 0 : x509_failed(err, "cannot add a certificate extension");
}

struct extension {
	int nid;
	const char *value;
};

static const struct extension ca_extensions[] = {
	{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
	{NID_key_usage, "critical,keyCertSign,cRLSign"},
	{NID_subject_key_identifier, "hash"},
};

static const struct extension end_extensions[] = {
	{NID_basic_constraints, "critical,CA:FALSE"},
	{NID_key_usage, "critical,digitalSignature"},
	{NID_subject_key_identifier, "hash"},
	{NID_authority_key_identifier, "keyid:always"},
};

static int set_serial(X509 *cert)
{
	unsigned char bytes[SERIAL_BYTES];
	BIGNUM *number;
	int done;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return -1;
	bytes[0] = (bytes[0] & 0x7f) | 0x40; /* positive, and always of the same length */
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	done = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
	return done ? 0 : -1;
}

static int set_basics(X509 *cert, EVP_PKEY *key, const struct cert_request *req, struct err *err)
{
	const unsigned char *name = (const unsigned char *)req->name;

	if (X509_set_version(cert, X509_VERSION_3) != 1 || set_serial(cert) < 0 || X509_set_pubkey(cert, key) != 1 ||
		!X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8, name, -1, -1, 0) ||
		!ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)(req->now - CERT_BACKDATE)) ||
		!ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)(req->now + req->seconds)))
		return x509_failed(err, "cannot fill the certificate");
	return 0;
}

static int add_extensions(X509 *cert, X509 *issuer, const struct extension *list, size_t len, struct err *err)
{
	for (size_t i = 0; i < len; i++)
		if (add_extension(cert, issuer, list[i].nid, list[i].value, err) < 0)
			return -1;
	return 0;
}

static int write_pair(struct arena *a, X509 *cert, EVP_PKEY *key, struct cert_pair *ret, struct err *err)
{
	own(x509_bio_freep) BIO *cert_out = BIO_new(BIO_s_mem());
	own(x509_bio_freep) BIO *key_out = BIO_new(BIO_s_secmem());
	struct cert_pair pair;

	if (!cert_out || !key_out)
		return err_nomem(err);
	if (PEM_write_bio_X509(cert_out, cert) != 1 ||
		PEM_write_bio_PKCS8PrivateKey(key_out, key, NULL, NULL, 0, NULL, NULL) != 1)
		return x509_failed(err, "cannot write the certificate");
	if (x509_take_text(a, cert_out, &pair.cert, err) < 0 || x509_take_text(a, key_out, &pair.key, err) < 0)
		return -1;
	*ret = pair;
	return 0;
}

int ca_create(struct arena *a, const struct cert_request *req, struct cert_pair *ret, struct err *err)
{
	own(x509_key_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
	own(x509_freep) X509 *cert = X509_new();

	if (!key || !cert)
		return x509_failed(err, "cannot make a key");
	if (set_basics(cert, key, req, err) < 0)
		return -1;
	if (X509_set_issuer_name(cert, X509_get_subject_name(cert)) != 1)
		return x509_failed(err, "cannot fill the certificate");
	if (add_extensions(cert, cert, ca_extensions, ARRAY_LEN(ca_extensions), err) < 0)
		return -1;
	if (!X509_sign(cert, key, EVP_sha256()))
		return x509_failed(err, "cannot sign the CA");
	return write_pair(a, cert, key, ret, err);
}

int ca_issue(struct arena *a, const struct cert_pair *ca, const struct cert_request *req, struct cert_pair *ret,
	struct err *err)
{
	own(x509_freep) X509 *issuer = x509_read_cert(ca->cert, err);
	own(x509_key_freep) EVP_PKEY *issuer_key = issuer ? x509_read_key(ca->key, err) : NULL;
	own(x509_key_freep) EVP_PKEY *key = NULL;
	own(x509_freep) X509 *cert = NULL;

	if (!issuer_key)
		return err_wrap(err, "cannot use the CA");
	if (X509_check_ca(issuer) == 0)
		return err_set(err, ERR_CONFIG, "the certificate given as CA is none (CA:FALSE)");
	key = EVP_EC_gen("P-256");
	cert = X509_new();
	if (!key || !cert)
		return x509_failed(err, "cannot make a key");
	if (set_basics(cert, key, req, err) < 0)
		return -1;
	if (X509_set_issuer_name(cert, X509_get_subject_name(issuer)) != 1)
		return x509_failed(err, "cannot fill the certificate");
	if (add_extensions(cert, issuer, end_extensions, ARRAY_LEN(end_extensions), err) < 0 ||
		add_extension(cert, issuer, NID_ext_key_usage, req->client ? "clientAuth" : "serverAuth", err) < 0 ||
		(req->n_hosts && add_hosts(cert, req, err) < 0))
		return -1;
	if (!X509_sign(cert, issuer_key, EVP_sha256()))
		return x509_failed(err, "cannot sign the certificate");
	return write_pair(a, cert, key, ret, err);
}
