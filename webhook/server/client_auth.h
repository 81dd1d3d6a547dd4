/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may call the webhook port: a client must show a certificate of a CA that is configured and, where names are
 * given, of one of these. Anything else ends the handshake.
 */
#ifndef WEBHOOK_SERVER_CLIENT_AUTH_H
#define WEBHOOK_SERVER_CLIENT_AUTH_H

#include <stdbool.h>

#include <gnutls/gnutls.h>

#include "base/err.h"
#include "base/text.h"

/* Immutable once made; any thread. */
struct client_auth;

/*
 * ca: PEM, one CA or more. names: borrowed, they outlive it; each is compared with the common name and the DNS names of
 * the client's certificate; none: whoever the CA vouches for. NULL with err, ERR_CONFIG.
 */
struct client_auth *client_auth_new(
	struct str ca, const char *const *names, size_t n_names, struct err *err) MUST_CHECK;
void client_auth_free(struct client_auth *auth); /* NULL is fine */
void client_auth_freep(struct client_auth **slot);

/* Makes the handshake of the session ask for a certificate, and hand it to `verify`, which ends the handshake by any
 * result but 0. */
void client_auth_ask(gnutls_session_t session, int (*verify)(gnutls_session_t));
/* Whether the certificate that the client has shown is good now: its chain, its dates, its use as a client, its name.
 */
bool client_auth_accepts(const struct client_auth *auth, gnutls_session_t session);

#endif
