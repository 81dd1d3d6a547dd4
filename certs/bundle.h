/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trust bundle as a set of certificates: what a caBundle holds, what it lacks, and whether it verifies a chain as
 * kube-apiserver would. Its order is that of the text and means nothing to a client.
 */
#ifndef CERTS_BUNDLE_H
#define CERTS_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

/* A certificate is its DER bytes: two are the same when these are. */
struct bundle_cert {
	struct str der;
	struct str name;               /* common name of the subject, "" where it has none; hostile */
	int64_t not_before, not_after; /* seconds since 1970 */
};

struct bundle {
	struct bundle_cert *cert; /* in the arena, each once */
	size_t len;
	size_t unreadable; /* CERTIFICATE blocks that hold none: clients skip them */
};

/*
 * All certificates of a PEM text; other blocks and text between blocks are skipped, as clients do. No text is an empty
 * bundle. Fails for want of memory, and with ERR_LIMIT beyond LIMIT_BUNDLE_CERTS.
 */
int bundle_read(struct arena *a, struct str pem, struct bundle *ret, struct err *err) MUST_CHECK;
/* The bundle as PEM; "" for an empty one. */
int bundle_write(struct arena *a, const struct bundle *b, struct str *ret, struct err *err) MUST_CHECK;

bool bundle_has(const struct bundle *b, const struct bundle_cert *cert);
/* Whether `b` holds each certificate of `all`: then nothing needs to be written where `b` is. */
bool bundle_covers(const struct bundle *b, const struct bundle *all);
/* Adds what is not there yet, which shares its memory with the one given. */
int bundle_add(struct arena *a, struct bundle *b, const struct bundle_cert *cert, struct err *err) MUST_CHECK;
int bundle_unite(struct arena *a, struct bundle *b, const struct bundle *more, struct err *err) MUST_CHECK;
/* Removes those that ended before `now`. How many. */
size_t bundle_drop_expired(struct bundle *b, int64_t now);

/*
 * Whether a client that trusts the certificates of `b`, and nothing else, accepts the chain (PEM, the serving
 * certificate first) for `host` (DNS name or address; NULL: any) at `now`. Each certificate of the bundle is an anchor,
 * self-signed or not, and the common name is no host, as in Go's crypto/x509. On -1, ERR_CONFIG says why not.
 */
int bundle_verify(const struct bundle *b, struct str chain, const char *host, int64_t now, struct err *err) MUST_CHECK;

#endif
