/* SPDX-License-Identifier: Apache-2.0 */
/* The serving certificate and its key as --tls-cert and --tls-key name them. */
#ifndef WEBHOOK_CLI_KEYPAIR_H
#define WEBHOOK_CLI_KEYPAIR_H

#include "certs/ca.h"
#include "webhook/cli/options.h"

enum { KEYPAIR_FILE_MAX = 1 << 20, KEYPAIR_ARENA_MAX = 4 * KEYPAIR_FILE_MAX, KEYPAIR_DIGEST = 32 };

/* Both files, into the arena. ERR_CONFIG naming the option or the file; ERR_NOMEM. */
int keypair_read(struct arena *a, const struct options *o, struct cert_pair *ret, struct err *err) MUST_CHECK;
/* Puts the file's name where an error of server_start() or server_set_certificate() says "key" or "certificate". Returns -1. */
int keypair_name_file(const struct options *o, struct err *err);
/* SHA-256 of both; all zero where it cannot be made, which equals no pair's. */
void keypair_digest(const struct cert_pair *pair, unsigned char ret[KEYPAIR_DIGEST]);

#endif
