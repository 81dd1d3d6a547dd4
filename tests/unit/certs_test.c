/* SPDX-License-Identifier: Apache-2.0 */
/* Does what certs/ makes hold, and does the check name each way in which a pair can be wrong? */
#include "certs/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>

#include "certs/x509.h"

enum { NOW = 1800000000, DAY = 86400 };

struct fixture {
	struct arena a;
	struct cert_pair ca, serving, other;
};

static const char *const hosts[] = {"outrigger.mesh.svc", "*.example.org", "127.0.0.1", "::1"};

static int set_up(void **state)
{
	static struct fixture f;
	struct cert_request req = {.name = "test CA", .now = NOW, .seconds = 100 * DAY};
	struct err err = {0};

	arena_init(&f.a, 0);
	assert_int_equal(ca_create(&f.a, &req, &f.ca, &err), 0);
	req = (struct cert_request){.name = "test", .hosts = hosts, .n_hosts = 4, .now = NOW, .seconds = 10 * DAY};
	assert_int_equal(ca_issue(&f.a, &f.ca, &req, &f.serving, &err), 0);
	assert_int_equal(ca_issue(&f.a, &f.ca, &req, &f.other, &err), 0);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	arena_release(&((struct fixture *)*state)->a);
	return 0;
}

static struct str join(struct arena *a, struct str x, struct str y)
{
	char *p = arena_alloc(a, x.len + y.len);

	assert_non_null(p);
	memcpy(p, x.p, x.len);
	memcpy(p + x.len, y.p, y.len);
	return (struct str){p, x.len + y.len};
}

static void made_pair_is_good(void **state)
{
	struct fixture *f = *state;
	const struct cert_pair chained = {join(&f->a, f->serving.cert, f->ca.cert), f->serving.key};
	struct cert_facts facts;
	struct err err = {0};

	assert_int_equal(cert_check(&f->serving, NOW, &facts, &err), 0);
	assert_int_equal(facts.not_before, NOW - CERT_BACKDATE);
	assert_int_equal(facts.not_after, NOW + 10 * DAY);
	assert_int_equal(facts.chain, 1);
	assert_false(facts.is_ca);
	assert_int_equal(cert_check(&chained, NOW, &facts, &err), 0);
	assert_int_equal(facts.chain, 2);
	assert_int_equal(cert_check(&f->ca, NOW, &facts, &err), 0);
	assert_true(facts.is_ca);
}

static void covers_its_hosts_only(void **state)
{
	struct fixture *f = *state;

	assert_true(cert_covers(f->serving.cert, "outrigger.mesh.svc"));
	assert_true(cert_covers(f->serving.cert, "a.example.org"));
	assert_true(cert_covers(f->serving.cert, "127.0.0.1"));
	assert_true(cert_covers(f->serving.cert, "::1"));
	assert_false(cert_covers(f->serving.cert, "outrigger"));
	assert_false(cert_covers(f->serving.cert, "example.org"));
	assert_false(cert_covers(f->serving.cert, "127.0.0.2"));
	assert_false(cert_covers(STR("rubbish"), "127.0.0.1"));
}

static void expect_wrong(const struct cert_pair *pair, int64_t now, const char *where, const char *what)
{
	struct cert_facts facts;
	struct err err = {0};

	assert_int_equal(cert_check(pair, now, &facts, &err), -1);
	assert_int_equal(err.code, ERR_CONFIG);
	assert_string_equal(err.where, where);
	assert_string_equal(err.what, what);
}

static void wrong_pairs_are_named(void **state)
{
	struct fixture *f = *state;
	const struct str half = {f->serving.cert.p, f->serving.cert.len / 2};
	const struct {
		struct cert_pair pair;
		int64_t now;
		const char *where, *what;
	} rows[] = {
		{{STR(""), f->serving.key}, NOW, "certificate", "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"},
		{{half, f->serving.key}, NOW, "certificate", "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"},
		{{f->serving.key, f->serving.key}, NOW, "certificate", "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)"},
		{{f->serving.cert, f->serving.cert}, NOW, "key", "holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)"},
		{{f->serving.cert, f->other.key}, NOW, "key", "the key does not belong to the certificate: they are of two pairs"},
		{f->serving, NOW + 11 * DAY, "certificate", "certificate number 1 expired at 2027-01-25 08:00:00 UTC; renew it"},
		{f->serving, NOW - DAY, "certificate",
		 "certificate number 1 is not valid before 2027-01-15 07:55:00 UTC; look at this machine's clock"},
		{{join(&f->a, f->serving.cert, f->other.cert), f->serving.key}, NOW, "certificate",
		 "certificate number 1 is not signed by the one that follows it; the serving certificate comes first, then its issuers in "
		 "order"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		expect_wrong(&rows[i].pair, rows[i].now, rows[i].where, rows[i].what);
}

/* A self-signed pair with a key and digest of our choice. */
static struct cert_pair old_pair(struct arena *a, unsigned bits, const EVP_MD *digest)
{
	own(x509_key_freep) EVP_PKEY *key = EVP_RSA_gen(bits);
	own(x509_freep) X509 *cert = X509_new();
	own(x509_bio_freep) BIO *cert_out = BIO_new(BIO_s_mem());
	own(x509_bio_freep) BIO *key_out = BIO_new(BIO_s_mem());
	struct cert_pair pair;
	struct err err = {0};

	assert_non_null(key);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(cert), NOW - DAY));
	assert_non_null(ASN1_TIME_set(X509_getm_notAfter(cert), NOW + DAY));
	assert_true(X509_sign(cert, key, digest) > 0);
	assert_int_equal(PEM_write_bio_X509(cert_out, cert), 1);
	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(key_out, key, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(x509_take_text(a, cert_out, &pair.cert, &err), 0);
	assert_int_equal(x509_take_text(a, key_out, &pair.key, &err), 0);
	return pair;
}

static void weak_pairs_are_refused(void **state)
{
	struct fixture *f = *state;
	const struct cert_pair small = old_pair(&f->a, 1024, EVP_sha256()), sha1 = old_pair(&f->a, 2048, EVP_sha1());

	expect_wrong(&small, NOW, "certificate", "certificate number 1 has a weak key: RSA with 1024 bits, at least 2048 are needed");
	expect_wrong(&sha1, NOW, "certificate", "certificate number 1 has a weak signature (SHA1); clients refuse it");
}

static void locked_key_is_refused_without_asking(void **state)
{
	struct fixture *f = *state;
	struct err err = {0};
	own(x509_key_freep) EVP_PKEY *key = x509_read_key(f->serving.key, &err);
	own(x509_bio_freep) BIO *out = BIO_new(BIO_s_mem());
	struct cert_pair locked = f->serving;

	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(out, key, EVP_aes_256_cbc(), "secret", 6, NULL, NULL), 1);
	assert_int_equal(x509_take_text(&f->a, out, &locked.key, &err), 0);
	expect_wrong(&locked, NOW, "key", "the key has a pass phrase; store it without one (openssl pkey -in KEY -out NEWKEY)");
}

static void bad_hosts_are_refused(void **state)
{
	static const char *const bad[] = {"", "a b", "a..b", "-a", "a-", ".a", "a.", "DNS:a", "a,b", "*.", "*", "a*.b", "ü.de", "10.0.0.0/8"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const struct cert_request req = {.name = "x", .hosts = &bad[i], .n_hosts = 1, .now = NOW, .seconds = DAY};
		struct cert_pair pair;
		struct err err = {0};

		assert_int_equal(ca_issue(&f->a, &f->ca, &req, &pair, &err), -1);
		assert_int_equal(err.code, ERR_CONFIG);
		assert_non_null(strstr(err.what, "neither a DNS name nor an IP address"));
	}
}

static void serving_certificate_is_no_ca(void **state)
{
	struct fixture *f = *state;
	const struct cert_request req = {.name = "x", .hosts = hosts, .n_hosts = 1, .now = NOW, .seconds = DAY};
	struct cert_pair pair;
	struct err err = {0};

	assert_int_equal(ca_issue(&f->a, &f->serving, &req, &pair, &err), -1);
	assert_string_equal(err.what, "the certificate given as CA is none (CA:FALSE)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_pair_is_good),      cmocka_unit_test(covers_its_hosts_only),
		cmocka_unit_test(wrong_pairs_are_named),  cmocka_unit_test(weak_pairs_are_refused),
		cmocka_unit_test(bad_hosts_are_refused),  cmocka_unit_test(locked_key_is_refused_without_asking),
		cmocka_unit_test(serving_certificate_is_no_ca),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
