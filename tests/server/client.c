/* SPDX-License-Identifier: Apache-2.0 */
/* A raw client for the server's tests: bytes over TCP or TLS, one connection, every wait bounded. */
#include "tests/server/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <gnutls/x509.h>

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void client_connect(struct client *c, const char *address)
{
	const char *colon = strrchr(address, ':');
	struct sockaddr_in to = {.sin_family = AF_INET};
	const struct timeval limit = {.tv_sec = CLIENT_WAIT_MS / 1000};

	memset(c, 0, offsetof(struct client, data));
	c->len = 0;
	c->data[0] = '\0';
	assert_non_null(colon);
	to.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(c->fd >= 0);
	assert_int_equal(setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)), 0);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&to, sizeof(to)), 0);
}

static gnutls_datum_t datum(struct str s)
{
	union {
		const char *in;
		unsigned char *out;
	} p = {.in = s.p};

	return (gnutls_datum_t){p.out, (unsigned)s.len};
}

bool client_handshake(struct client *c, const char *priorities)
{
	return client_handshake_as(c, priorities, NULL);
}

bool client_handshake_as(struct client *c, const char *priorities, const struct cert_pair *pair)
{
	int code;

	assert_int_equal(gnutls_certificate_allocate_credentials(&c->credentials), 0);
	if (pair) {
		const gnutls_datum_t cert = datum(pair->cert), key = datum(pair->key);

		assert_int_equal(gnutls_certificate_set_x509_key_mem(c->credentials, &cert, &key, GNUTLS_X509_FMT_PEM), 0);
	}
	assert_int_equal(gnutls_init(&c->tls, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL), 0);
	assert_int_equal(gnutls_priority_set_direct(c->tls, priorities, NULL), 0);
	assert_int_equal(gnutls_credentials_set(c->tls, GNUTLS_CRD_CERTIFICATE, c->credentials), 0);
	gnutls_transport_set_int(c->tls, c->fd);
	do {
		code = gnutls_handshake(c->tls);
	} while (code < 0 && !gnutls_error_is_fatal(code));
	return code == 0;
}

void client_open(struct client *c, const char *address)
{
	client_connect(c, address);
	assert_true(client_handshake(c, CLIENT_PRIORITIES));
}

void client_close(struct client *c)
{
	if (c->tls)
		gnutls_deinit(c->tls);
	if (c->credentials)
		gnutls_certificate_free_credentials(c->credentials);
	(void)close(c->fd);
	c->tls = NULL;
	c->credentials = NULL;
}

bool client_try_send(struct client *c, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		const ssize_t n = c->tls ? gnutls_record_send(c->tls, p, len) : send(c->fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

void client_send(struct client *c, const void *data, size_t len)
{
	assert_true(client_try_send(c, data, len));
}

/* More bytes behind those that are there: how many, 0 at the end, below 0 when nothing came in time or the connection broke. */
static ssize_t more(struct client *c)
{
	const size_t room = sizeof(c->data) - 1 - c->len;
	ssize_t n;

	do {
		n = c->tls ? gnutls_record_recv(c->tls, c->data + c->len, room) : recv(c->fd, c->data + c->len, room, 0);
	} while (n == GNUTLS_E_INTERRUPTED || (c->tls && n < 0 && n != GNUTLS_E_AGAIN && !gnutls_error_is_fatal((int)n)));
	if (n > 0) {
		c->len += (size_t)n;
		c->data[c->len] = '\0';
	}
	return n;
}

static size_t content_length(const char *head)
{
	for (const char *line = head; line; line = strstr(line, "\r\n")) {
		line += *line == '\r' ? 2 : 0;
		if (strncasecmp(line, "Content-Length:", 15) == 0)
			return strtoul(line + 15, NULL, 10);
	}
	return 0;
}

void client_read(struct client *c, struct response *ret, bool head_only)
{
	const char *end;
	size_t head_len;

	ret->status = 0;
	ret->body_len = 0;
	ret->head[0] = ret->body[0] = '\0';
	while (!(end = strstr(c->data, "\r\n\r\n")))
		if (more(c) <= 0)
			return;
	head_len = (size_t)(end - c->data) + 4;
	assert_true(head_len < sizeof(ret->head));
	memcpy(ret->head, c->data, head_len);
	ret->head[head_len] = '\0';
	ret->body_len = head_only ? 0 : content_length(ret->head);
	assert_true(ret->body_len < sizeof(ret->body));
	while (c->len < head_len + ret->body_len)
		if (more(c) <= 0)
			return;
	memcpy(ret->body, c->data + head_len, ret->body_len);
	ret->body[ret->body_len] = '\0';
	c->len -= head_len + ret->body_len;
	memmove(c->data, c->data + head_len + ret->body_len, c->len + 1);
	ret->status = (int)strtol(ret->head + strlen("HTTP/1.1 "), NULL, 10);
}

bool client_ended(struct client *c, int within_ms)
{
	const int64_t until = now_ms() + within_ms;
	int64_t left;

	while ((left = until - now_ms()) > 0) {
		struct pollfd p = {.fd = c->fd, .events = POLLIN};
		char byte[4096];

		if (poll(&p, 1, (int)left) <= 0)
			continue;
		if (recv(c->fd, byte, sizeof(byte), 0) <= 0)
			return true;
	}
	return false;
}

void client_serial(struct client *c, char out[64])
{
	unsigned int len;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(c->tls, &len);
	gnutls_x509_crt_t cert;
	unsigned char serial[32];
	size_t size = sizeof(serial);

	assert_non_null(chain);
	assert_int_equal(gnutls_x509_crt_init(&cert), 0);
	assert_int_equal(gnutls_x509_crt_import(cert, &chain[0], GNUTLS_X509_FMT_DER), 0);
	assert_int_equal(gnutls_x509_crt_get_serial(cert, serial, &size), 0);
	for (size_t i = 0; i < size && i < 31; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", serial[i]);
	gnutls_x509_crt_deinit(cert);
}
