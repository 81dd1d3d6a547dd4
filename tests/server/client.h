/* SPDX-License-Identifier: Apache-2.0 */
/* A raw client for the server's tests: bytes over TCP or TLS, one connection, every wait bounded. */
#ifndef TESTS_SERVER_CLIENT_H
#define TESTS_SERVER_CLIENT_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>

#include "certs/ca.h"

struct client {
	int fd;
	gnutls_session_t tls; /* NULL for plain TCP */
	gnutls_certificate_credentials_t credentials;
	char data[256 << 10]; /* what was read and not yet looked at; NUL-terminated */
	size_t len;
};

enum { CLIENT_WAIT_MS = 5000 };

#define CLIENT_PRIORITIES "NORMAL"

/* "127.0.0.1:PORT" of the server. Each fails the test where it cannot. */
void client_connect(struct client *c, const char *address);
/* Whether the handshake succeeded; with TLS 1.3 the server may still refuse what the client has shown. */
bool client_handshake(struct client *c, const char *priorities);
/* The same, showing a certificate; pair: NULL for none. */
bool client_handshake_as(struct client *c, const char *priorities, const struct cert_pair *pair);
void client_open(struct client *c, const char *address); /* both, and it must succeed */
void client_close(struct client *c);

void client_send(struct client *c, const void *data, size_t len);
/* Whether all could be sent: false once the server has ended the connection. */
bool client_try_send(struct client *c, const void *data, size_t len);

struct response {
	int status;              /* 0: the connection ended before a whole answer */
	char head[8192];
	char body[128 << 10];
	size_t body_len;
};

/* Reads one answer; the rest of what came stays for the next. head_only: no body follows (HEAD, 100). */
void client_read(struct client *c, struct response *ret, bool head_only);

/* Whether the server ends the connection within so many milliseconds. */
bool client_ended(struct client *c, int within_ms);

/* Serial number of the server's certificate, as hexadecimal text. */
void client_serial(struct client *c, char out[64]);

#endif
