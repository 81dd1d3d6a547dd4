/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate that is served, counted so that it can be replaced while handshakes are under way. */
#include "webhook/server/tls.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void free_cert(struct served_cert *c)
{
	for (unsigned int i = 0; i < c->len; i++)
		gnutls_pcert_deinit(&c->chain[i]);
	if (c->key)
		gnutls_privkey_deinit(c->key);
	free(c->pem);
	free(c);
}

static void free_certp(struct served_cert **slot)
{
	if (*slot)
		free_cert(*slot);
}

/* GnuTLS reads its data without changing it, but takes it as its own unsigned type. */
static gnutls_datum_t datum(struct str s)
{
	union {
		const char *in;
		unsigned char *out;
	} p = {.in = s.p};

	return (gnutls_datum_t){p.out, s.len < UINT_MAX ? (unsigned int)s.len : 0};
}

static int tls_failed(struct err *err, const char *what, int code)
{
	return err_set(err, ERR_CONFIG, "%s: %s", what, gnutls_strerror(code));
}

struct served_cert *served_cert_new(
	const struct cert_pair *pair, int64_t not_before, int64_t not_after, struct err *err)
{
	own(free_certp) struct served_cert *c = calloc(1, sizeof(*c));
	const gnutls_datum_t cert = datum(pair->cert), key = datum(pair->key);
	unsigned int len = SERVED_CHAIN_MAX;
	int code;

	if (!c) {
		(void)err_nomem(err);
		return NULL;
	}
	code = gnutls_pcert_list_import_x509_raw(c->chain, &len, &cert, GNUTLS_X509_FMT_PEM, 0);
	if (code < 0) {
		(void)tls_failed(err, "cannot serve the certificate", code);
		return NULL;
	}
	c->len = len;
	code = gnutls_privkey_init(&c->key);
	if (code >= 0)
		code = gnutls_privkey_import_x509_raw(c->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (code < 0) {
		(void)tls_failed(err, "cannot use the private key", code);
		return NULL;
	}
	c->pem = strndup(pair->cert.p, pair->cert.len);
	if (!c->pem) {
		(void)err_nomem(err);
		return NULL;
	}
	atomic_init(&c->refs, 1);
	c->not_before = not_before;
	c->not_after = not_after;
	c->since = (int64_t)time(NULL);
	return take(c);
}

void served_cert_unref(struct served_cert *c)
{
	if (c && atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) == 1)
		free_cert(c);
}

void served_cert_slot_init(struct served_cert_slot *slot)
{
	(void)pthread_mutex_init(&slot->lock, NULL);
	slot->current = NULL;
}

void served_cert_slot_release(struct served_cert_slot *slot)
{
	served_cert_unref(take(slot->current));
	(void)pthread_mutex_destroy(&slot->lock);
}

struct served_cert *served_cert_get(struct served_cert_slot *slot)
{
	struct served_cert *c;

	(void)pthread_mutex_lock(&slot->lock);
	c = slot->current;
	if (c)
		(void)atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	(void)pthread_mutex_unlock(&slot->lock);
	return c;
}

void served_cert_swap(struct served_cert_slot *slot, struct served_cert *next)
{
	struct served_cert *old;

	(void)pthread_mutex_lock(&slot->lock);
	old = slot->current;
	slot->current = next;
	(void)pthread_mutex_unlock(&slot->lock);
	served_cert_unref(old);
}
