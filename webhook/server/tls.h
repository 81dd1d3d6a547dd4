/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate that is served, counted so that it can be replaced while handshakes are under way. */
#ifndef WEBHOOK_SERVER_TLS_H
#define WEBHOOK_SERVER_TLS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "base/err.h"
#include "certs/ca.h"

enum { SERVED_CHAIN_MAX = 8 };

/* TLS 1.2 with forward secrecy and AEAD only, and TLS 1.3. */
#define TLS_PRIORITIES                                                                                                 \
	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:+AES-128-GCM:"      \
	"+AES-256-GCM:+CHACHA20-POLY1305:-MAC-ALL:+AEAD:%SERVER_PRECEDENCE"

/* Immutable once made. */
struct served_cert {
	atomic_size_t refs;
	gnutls_pcert_st chain[SERVED_CHAIN_MAX];
	unsigned int len;
	gnutls_privkey_t key;
	char *pem;                     /* the chain as it was given; owned */
	int64_t not_before, not_after; /* seconds since 1970 */
	int64_t since;                 /* the same: made, to be served at once */
};

/* From a pair that cert_check() has passed. One reference, the caller's. NULL with err. */
struct served_cert *served_cert_new(
	const struct cert_pair *pair, int64_t not_before, int64_t not_after, struct err *err) MUST_CHECK;
void served_cert_unref(struct served_cert *c); /* NULL is fine */

/* Where connections find the one in force. Any thread. */
struct served_cert_slot {
	pthread_mutex_t lock;
	struct served_cert *current; /* owned */
};

void served_cert_slot_init(struct served_cert_slot *slot);
void served_cert_slot_release(struct served_cert_slot *slot);
struct served_cert *served_cert_get(
	struct served_cert_slot *slot); /* a reference of the caller's own; NULL before the first */
void served_cert_swap(struct served_cert_slot *slot, struct served_cert *next); /* takes next */

#endif
