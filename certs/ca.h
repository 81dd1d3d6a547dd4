/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making certificates: a self-signed CA and serving certificates of it (ECDSA P-256, SHA-256, X.509 v3 as RFC 5280 asks). Functions of a clock
 * that is given, so that rotation can be tested against any time.
 */
#ifndef CERTS_CA_H
#define CERTS_CA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

/* PEM texts. */
struct cert_pair {
	struct str cert; /* the certificate; what follows it is its chain */
	struct str key;  /* PKCS #8, without a pass phrase */
};

struct cert_request {
	const char *name;         /* common name: for people only, hosts decide */
	const char *const *hosts; /* DNS names (also *.domain) and IP addresses; none for a CA */
	size_t n_hosts;
	int64_t now;              /* seconds since 1970; valid from five minutes before, for clocks that differ */
	int64_t seconds;          /* how long */
	bool client;              /* to be shown by a client, not by a server; not for a CA */
};

enum { CERT_BACKDATE = 300, CERT_MAX_HOSTS = 100 };

/* Results live in `a`. ERR_CONFIG names a host that is neither a name nor an address; ERR_BUG what OpenSSL refuses. */
int ca_create(struct arena *a, const struct cert_request *req, struct cert_pair *ret, struct err *err) MUST_CHECK;
int ca_issue(struct arena *a, const struct cert_pair *ca, const struct cert_request *req, struct cert_pair *ret,
	struct err *err) MUST_CHECK;

#endif
