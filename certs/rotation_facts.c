/* SPDX-License-Identifier: Apache-2.0 */
/* What a Secret's content amounts to at a time: which CA can issue, what is wrong with what is served. */
#include "certs/rotation_facts.h"

#include <openssl/err.h>

#include "certs/check.h"
#include "certs/x509.h"

enum { JITTER_STEPS = 1024 };

/* Spreads neighbouring numbers (splitmix64). */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15U;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
	return x ^ (x >> 31);
}

int64_t rotation_due(const struct rotation_params *p, int64_t not_before, int64_t not_after)
{
	const int64_t issued = not_before + CERT_BACKDATE, life = not_after > issued ? not_after - issued : 0;
	const int64_t steps = (int64_t)(mix(p->seed ^ (uint64_t)not_after) % JITTER_STEPS);

	return issued + life / 3 * 2 - life / 10 / JITTER_STEPS * steps -
	       life / 10 % JITTER_STEPS * steps / JITTER_STEPS;
}

/* Out of memory is ours to report; everything else is a fact about the Secret. */
static int is_failure(const struct err *problem, struct err *err)
{
	return problem->code == ERR_NOMEM ? err_nomem(err) : 0;
}

/* Whether this certificate and the key are a CA that can issue now. */
static int read_ca(struct arena *a, const struct rotation_params *p, const struct bundle_cert *cert, struct str key,
	int64_t now, struct rotation_ca *ret, struct err *err)
{
	struct bundle_cert one = *cert;
	const struct bundle b = {.cert = &one, .len = 1};
	struct cert_facts facts;

	*ret = (struct rotation_ca){.cert = *cert, .pair.key = key};
	if (bundle_write(a, &b, &ret->pair.cert, err) < 0)
		return -1;
	if (cert_check(&ret->pair, now, &facts, &ret->problem) < 0)
		return is_failure(&ret->problem, err);
	if (!facts.is_ca) {
		(void)err_set(&ret->problem, ERR_CONFIG, "the certificate is no CA");
		return 0;
	}
	ret->usable = true;
	ret->due = rotation_due(p, cert->not_before, cert->not_after);
	return 0;
}

static bool belongs(const struct bundle_cert *cert, EVP_PKEY *key)
{
	own(x509_freep) X509 *parsed = x509_read_der(cert->der);
	const bool is_its = parsed && X509_check_private_key(parsed, key) == 1;

	ERR_clear_error();
	return is_its;
}

/* The certificate that the key makes a CA of, in whatever order somebody has put them; else the first, to say what is
 * wrong with it. */
static int find_ca(struct arena *a, const struct rotation_params *p, const struct bundle *among, struct str key,
	int64_t now, struct rotation_ca *ret, struct err *err)
{
	own(x509_key_freep) EVP_PKEY *parsed = x509_read_key(key, NULL);
	size_t found = 0;

	*ret = (struct rotation_ca){.usable = false};
	if (!among->len) {
		(void)err_set(&ret->problem, ERR_CONFIG, "there is no CA");
		return 0;
	}
	for (size_t i = 0; i < among->len && parsed; i++)
		if (belongs(&among->cert[i], parsed)) {
			found = i;
			break;
		}
	return read_ca(a, p, &among->cert[found], key, now, ret, err);
}

static int64_t newest(const struct bundle *b, int64_t than)
{
	for (size_t i = 0; i < b->len; i++)
		than = b->cert[i].not_before > than ? b->cert[i].not_before : than;
	return than;
}

/* What a client would complain of, or what makes the pair useless to us. */
static int check_serving(const struct rotation_params *p, const struct rotation_secret *secret,
	const struct bundle *trust, int64_t now, struct err *problem)
{
	const struct cert_pair pair = {secret->tls_cert, secret->tls_key};
	struct cert_facts facts;

	if (!pair.cert.len && !pair.key.len)
		return err_set(problem, ERR_CONFIG, "there is no serving certificate");
	if (cert_check(&pair, now, &facts, problem) < 0)
		return err_wrap(problem, "the serving certificate cannot be used");
	if (bundle_verify(trust, pair.cert, NULL, now, problem) < 0)
		return err_wrap(problem, "ca.crt does not verify the serving certificate");
	for (size_t i = 0; i < p->n_hosts; i++)
		if (!cert_covers(pair.cert, p->hosts[i]))
			return err_set(problem, ERR_CONFIG, "the serving certificate is not for %.128s", p->hosts[i]);
	return 0;
}

static int read_serving(const struct rotation_params *p, const struct rotation_secret *secret,
	const struct bundle *chain, int64_t now, struct rotation_facts *f, struct err *err)
{
	if (chain->len) {
		f->serving_until = chain->cert[0].not_after;
		f->serving_due = rotation_due(p, chain->cert[0].not_before, chain->cert[0].not_after);
	}
	f->serving = check_serving(p, secret, &f->trust, now, &f->problem) == 0;
	return f->serving ? 0 : is_failure(&f->problem, err);
}

/* A text with more certificates than any of ours is somebody's mistake, and as good as none. */
static int read_certs(struct arena *a, struct str pem, struct bundle *ret, struct err *err)
{
	struct err problem = {0};

	*ret = (struct bundle){.len = 0};
	return bundle_read(a, pem, ret, &problem) < 0 ? is_failure(&problem, err) : 0;
}

int rotation_read(struct arena *a, const struct rotation_params *p, const struct rotation_secret *secret, int64_t now,
	struct rotation_facts *ret, struct err *err)
{
	struct rotation_facts f = {.newest = 0};
	struct bundle next, chain;

	if (read_certs(a, secret->trust, &f.trust, err) < 0 || read_certs(a, secret->next_cert, &next, err) < 0 ||
		read_certs(a, secret->tls_cert, &chain, err) < 0 ||
		find_ca(a, p, &f.trust, secret->ca_key, now, &f.ca, err) < 0 ||
		find_ca(a, p, &next, secret->next_key, now, &f.next, err) < 0 ||
		read_serving(p, secret, &chain, now, &f, err) < 0)
		return -1;
	f.newest = newest(&f.trust, newest(&next, newest(&chain, 0)));
	*ret = f;
	return 0;
}
