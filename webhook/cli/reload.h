/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of `outrigger serve`, or what it is given in place of them, read again when they change: the new configuration or certificate
 * is put in force, or refused while the last good one stays. What is refused is logged once and told to the server, for /readyz?verbose.
 * One thread, the one that waits for signals; requests go on meanwhile.
 */
#ifndef WEBHOOK_CLI_RELOAD_H
#define WEBHOOK_CLI_RELOAD_H

#include "base/log.h"
#include "certs/ca.h"
#include "webhook/cli/keypair.h"
#include "webhook/audit/audit.h"
#include "webhook/cli/options.h"
#include "webhook/server/server.h"
#include "webhook/watch.h"

enum { RELOAD_TEXT_MAX = 2 * sizeof(struct err) };

/* Where configuration and guard come from in place of files. Caller owns what is returned; NULL with err: ERR_IO where it is not there yet. */
struct reload_source {
	struct inject_config *(*config)(void *context, struct err *err);
	struct guard *(*guard)(void *context, const struct inject_config *config, int64_t now, struct err *err);
	/* What came of it was refused, for that reason, in one line: once for each. */
	void (*refused)(void *context, enum server_part part, const char *why);
	void *context; /* borrowed */
};

struct reload {
	const struct options *options; /* borrowed, as all below */
	struct snapshot_slot *config;
	struct server *server;
	const struct log *log;
	struct audit *audit; /* NULL: none */
	struct reload_source source; /* config NULL: the files of the options */
	struct watch watch;
	bool asked;          /* by a signal: say what came of it even if that is nothing */
	bool empty_at_start[4]; /* files of the configuration */
	bool pair_from_files;
	int unsettled;       /* times in a row that the files changed while they were read */
	unsigned char served[KEYPAIR_DIGEST];
	struct token_decision token; /* as logged last */
	char refused[SERVER_PARTS][RELOAD_TEXT_MAX]; /* as logged last; "" while all is well */
};

/* Before the files are read for the first time. Released with reload_release(). */
void reload_init(struct reload *r, const struct options *o, struct watch_timing timing, int64_t now);
/* In place of the files with the configuration, before reload_start(): then the slot may be empty at first. */
void reload_set_source(struct reload *r, struct reload_source source);
/* Once the server runs with what was read. served: NULL where the certificate is not one of files. */
void reload_start(struct reload *r, struct snapshot_slot *config, const struct cert_pair *served, struct server *server,
	const struct log *log);
void reload_release(struct reload *r);

/* The source has something new: read after the quiet period, as with files. */
void reload_touch(struct reload *r, int64_t now);

/* One line for each thing that loading found odd. */
void reload_log_config(const struct inject_config *c, const struct log *log);
void reload_log_guard(const struct guard *g, const struct log *log);

/* Once for each change: that proxies get the weaker token, or that pods are refused for theirs. After reload_start(). */
void reload_log_token(struct reload *r, const struct inject_config *c);

/* What SIGHUP asks for: once for all that come within the quiet period. */
void reload_ask(struct reload *r, int64_t now);
/* To be called when r->watch.fd is readable, and after watch_wait_ms(). Reads and replaces where that is due. */
void reload_step(struct reload *r, int64_t now);

#endif
