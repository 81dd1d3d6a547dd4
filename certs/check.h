/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a certificate and its key, and saying what is wrong with them before a client would. */
#ifndef CERTS_CHECK_H
#define CERTS_CHECK_H

#include <stdbool.h>

#include "certs/ca.h"

struct cert_facts {
	int64_t not_before, not_after; /* seconds since 1970, of the first certificate */
	size_t chain;                  /* certificates in the file */
	bool is_ca;                    /* the first one is a CA itself */
};

/*
 * Checks a pair as it would be served at `now`: PEM, the key belongs to the first certificate, dates, each certificate signed by the
 * next, no weak key (RSA below 2048 bits) and no weak signature (MD5, SHA-1), no pass phrase. ERR_CONFIG, where = "certificate" or
 * "key", with the remedy.
 */
int cert_check(const struct cert_pair *pair, int64_t now, struct cert_facts *ret, struct err *err) MUST_CHECK;

/* Whether the first certificate is valid for a host (DNS name or IP address) as RFC 6125 compares. */
bool cert_covers(struct str cert, const char *host);

#endif
