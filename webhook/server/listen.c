/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses to listen on: "ADDR:PORT" as a socket, and the other way round. */
#include "webhook/server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

enum { BACKLOG = 1024, PORT_MAX = 65535 };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

void listen_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static bool parse_host(struct str host, union address *ret)
{
	char text[INET6_ADDRSTRLEN + 1];
	const bool bracketed = host.len > 1 && host.p[0] == '[' && host.p[host.len - 1] == ']';

	if (bracketed)
		host = (struct str){host.p + 1, host.len - 2};
	if (host.len >= sizeof(text))
		return false;
	memcpy(text, host.p, host.len);
	text[host.len] = '\0';
	if (bracketed) {
		ret->v6.sin6_family = AF_INET6;
		return inet_pton(AF_INET6, text, &ret->v6.sin6_addr) == 1;
	}
	ret->v4.sin_family = AF_INET;
	return host.len == 0 || inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1;
}

static int parse_address(const char *text, union address *ret, socklen_t *ret_len, struct err *err)
{
	const char *colon = strrchr(text, ':');
	uint64_t port;

	memset(ret, 0, sizeof(*ret));
	if (!colon || !parse_host((struct str){text, (size_t)(colon - text)}, ret) ||
		!parse_u64(str_of(colon + 1), &port) || port > PORT_MAX)
		return err_set(err, ERR_CONFIG,
			"'%.64s' is no address to listen on; 0.0.0.0:15017 or [::]:15017 would be one", text);
	if (ret->any.sa_family == AF_INET6)
		ret->v6.sin6_port = htons((uint16_t)port);
	else
		ret->v4.sin_port = htons((uint16_t)port);
	*ret_len = ret->any.sa_family == AF_INET6 ? sizeof(ret->v6) : sizeof(ret->v4);
	return 0;
}

int listen_open(const char *text, int *ret_fd, struct err *err)
{
	union address address;
	socklen_t len = 0;
	const int on = 1, off = 0;
	own(listen_close) int fd = -1;
	char reason[128];

	if (parse_address(text, &address, &len, err) < 0)
		return -1;
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		(address.any.sa_family == AF_INET6 &&
			setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0) ||
		bind(fd, &address.any, len) < 0 || listen(fd, BACKLOG) < 0)
		return err_set(
			err, ERR_CONFIG, "cannot listen on %.64s: %s", text, strerror_r(errno, reason, sizeof(reason)));
	*ret_fd = fd;
	fd = -1;
	return 0;
}

void listen_name(int fd, char out[LISTEN_NAME_MAX])
{
	union address address = {0};
	socklen_t len = sizeof(address);
	char text[INET6_ADDRSTRLEN] = "";

	if (getsockname(fd, &address.any, &len) < 0)
		(void)snprintf(out, LISTEN_NAME_MAX, "?");
	else if (address.any.sa_family == AF_INET6)
		(void)snprintf(out, LISTEN_NAME_MAX, "[%s]:%u",
			inet_ntop(AF_INET6, &address.v6.sin6_addr, text, sizeof(text)), ntohs(address.v6.sin6_port));
	else
		(void)snprintf(out, LISTEN_NAME_MAX, "%s:%u",
			inet_ntop(AF_INET, &address.v4.sin_addr, text, sizeof(text)), ntohs(address.v4.sin_port));
}
