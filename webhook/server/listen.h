/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses to listen on: "ADDR:PORT" as a socket, and the other way round. */
#ifndef WEBHOOK_SERVER_LISTEN_H
#define WEBHOOK_SERVER_LISTEN_H

#include "base/err.h"

enum { LISTEN_NAME_MAX = 80 };

/*
 * A socket that listens, close-on-exec and non-blocking; the caller owns it. text: "127.0.0.1:15017", "[::]:15017"
 * (also IPv4), ":15017" (any IPv4 address); port 0 takes a free one. Names are not looked up. ERR_CONFIG names the text
 * and the remedy.
 */
int listen_open(const char *text, int *ret_fd, struct err *err) MUST_CHECK;

/* "127.0.0.1:43210", as the kernel bound it. */
void listen_name(int fd, char out[LISTEN_NAME_MAX]);

void listen_close(int *fd); /* for own(): -1 is fine */

#endif
