/* SPDX-License-Identifier: Apache-2.0 */
/* outrigger serve: the webhook, from its configuration to the signal that ends it. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/version.h"
#include "webhook/cli/auditing.h"
#include "webhook/cli/clustering.h"
#include "webhook/cli/command.h"
#include "webhook/cli/configure.h"
#include "webhook/cli/keeping.h"
#include "webhook/cli/reload.h"
#include "webhook/harden.h"
#include "webhook/server/connection.h"

enum { MODE_OTHERS_READ = 0044 };

static void block_signals(sigset_t *ret_set)
{
	/* Before any thread starts: only the main thread is to see them. */
	(void)sigemptyset(ret_set);
	(void)sigaddset(ret_set, SIGTERM);
	(void)sigaddset(ret_set, SIGINT);
	(void)sigaddset(ret_set, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, ret_set, NULL);
}

static void warn_of_readable_key(const struct options *o, const struct log *log)
{
	struct stat st;

	if (o->tls_key && stat(o->tls_key, &st) == 0 && (st.st_mode & MODE_OTHERS_READ))
		log_with(log, LOG_WARN, "the private key can be read by others; chmod 600 would keep it",
			log_cstr("file", o->tls_key));
}

/* snapshot: NULL where nothing is in force yet. */
static void log_start(const struct server *s, const struct options *o, const struct snapshot *snapshot, const struct log *log)
{
	char serving[LISTEN_NAME_MAX + 32];
	struct log always = *log;

	/* Whoever started us waits for this line: no level silences it. */
	always.level = LOG_DEBUG;
	(void)snprintf(serving, sizeof(serving), "serving https://%s/inject", server_address(s));
	log_with(&always, LOG_INFO, serving, log_cstr("version", OUTRIGGER_VERSION),
		log_cstr("health", server_metrics_address(s)), log_cstr("revision", o->revision),
		log_cstr("configuration", snapshot ? snapshot->config->digest : "none yet"));
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

/* The signal that came, 0 where none is waiting. */
static int next_signal(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}

/* Keeps up with the files and the cluster until a signal says to end: which one. */
static int keep_up(struct reload *r, struct clustering *clustering, int signals)
{
	struct pollfd fds[] = {{.fd = signals, .events = POLLIN}, {.fd = r->watch.fd, .events = POLLIN},
		{.fd = clustering->fd, .events = POLLIN}};
	int number;

	for (;;) {
		(void)poll(fds, ARRAY_LEN(fds), watch_wait_ms(&r->watch, clock_ms()));
		while ((number = next_signal(signals)) != 0) {
			if (number != SIGHUP)
				return number;
			reload_ask(r, clock_ms());
		}
		if (clustering_changed(clustering))
			reload_touch(r, clock_ms());
		reload_step(r, clock_ms());
	}
}

/* A second signal cuts the wait short; one that asks for files does not. Another replica takes over at once what only
 * one may keep. */
static void drain(struct server *s, struct keeping *keeping, const struct options *o, sigset_t set, int number,
	const struct log *log)
{
	const struct timespec delay = {
		.tv_sec = (time_t)(o->drain_delay / 1000), .tv_nsec = (long)(o->drain_delay % 1000) * 1000000};

	log_with(log, LOG_INFO, "draining: not ready from here on",
		log_cstr("signal", number == SIGINT ? "SIGINT" : "SIGTERM"));
	server_set_ready(s, false);
	keeping_stop(keeping);
	(void)sigdelset(&set, SIGHUP);
	if (o->drain_delay)
		(void)sigtimedwait(&set, NULL, &delay);
	server_drain(s, o->request_timeout);
	log_line(log, LOG_INFO, "stopped", NULL, 0);
}

/* *ret stays NULL where clients need no certificate. Read at the start only. */
static int read_client_auth(const struct options *o, struct client_auth **ret, struct err *err)
{
	struct arena a;
	struct str ca;
	int status = -1;

	if (!o->client_ca)
		return o->client_names.len ? err_set(err, ERR_CONFIG, "--client-name needs --client-ca") : 0;
	arena_init(&a, KEYPAIR_ARENA_MAX);
	if (file_read(&a, o->client_ca, KEYPAIR_FILE_MAX, 0, &ca, err) == 0) {
		*ret = client_auth_new(ca, o->client_names.item, o->client_names.len, err);
		status = *ret ? 0 : err_at(err, "%s", o->client_ca);
	} else if (err->code != ERR_NOMEM) {
		err->code = ERR_CONFIG;
	}
	arena_release(&a);
	return status;
}

/* now, cert: NULL where it is not known yet. */
static void tell_what_serves(const struct snapshot *now, const struct cert_pair *cert, struct audit *audit, const struct log *log)
{
	if (now) {
		reload_log_config(now->config, log);
		reload_log_guard(now->guard, log);
		audit_configuration(audit, now);
		audit_guard(audit, now);
	}
	if (cert)
		audit_certificate(audit, cert);
}

static struct server_options options_of(const struct options *o, struct snapshot_slot *slot, const struct log *log)
{
	return (struct server_options){
		.listen = o->listen,
		.metrics_listen = strcmp(o->metrics_listen, "off") == 0 ? NULL : o->metrics_listen,
		.threads = (unsigned)o->threads,
		.max_connections = (unsigned)o->max_connections,
		.max_body = (size_t)o->max_body,
		.idle_ms = o->idle_timeout,
		.request_ms = o->request_timeout,
		.config = slot,
		.log = log,
	};
}

static int serve(const struct options *o, const struct log *log, struct snapshot_slot *slot,
	const struct cert_pair *cert, struct reload *reload, struct err *err)
{
	own(close_fd) int signals = -1;
	own(client_auth_freep) struct client_auth *client_auth = NULL;
	own(auditing_stop) struct auditing auditing = {.audit = NULL};
	own(clustering_stop) struct clustering clustering = {.options = NULL};
	own(keeping_release) struct keeping keeping = {.options = NULL};
	struct server_options options = options_of(o, slot, log);
	struct server *s;
	sigset_t set;

	block_signals(&set);
	signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signals < 0)
		return err_set(err, ERR_IO, "cannot wait for signals: errno %d", errno);
	if (clustering_prepare(&clustering, o, err) < 0 || keeping_prepare(&keeping, o, err) < 0 ||
		keeping_equip(&keeping, slot, log, &options, err) < 0 || auditing_start(&auditing, o, log, err) < 0)
		return -1;
	options.audit = auditing.audit;
	if (read_client_auth(o, &client_auth, err) < 0)
		return -1;
	options.client_auth = client_auth;
	if (clustering_start(&clustering, log, err) < 0)
		return -1;
	options.beside = clustering_beside(&clustering);
	s = server_start(&options, cert, err);
	if (!s)
		return keypair_name_file(o, err);
	warn_of_readable_key(o, log);
	if (keeping_start(&keeping, s, auditing.audit, log, err) < 0) {
		server_stop(s);
		return -1;
	}
	server_set_ready(s, true);
	log_start(s, o, slot->current, log);
	tell_what_serves(slot->current, cert, auditing.audit, log);
	reload->audit = auditing.audit;
	clustering.events = keeping.events;
	reload_set_source(reload, clustering_source(&clustering));
	reload_start(reload, slot, cert, s, log);
	if (slot->current)
		reload_log_token(reload, slot->current->config);
	drain(s, &keeping, o, set, keep_up(reload, &clustering, signals), log);
	server_stop(s);
	return 0;
}

static struct snapshot *first_snapshot(const struct options *o, struct err *err)
{
	own(inject_config_freep) struct inject_config *config = configure(o, err);
	own(guard_unrefp) struct guard *guard = config ? configure_guard(o, config, (int64_t)time(NULL), err) : NULL;
	struct snapshot *snapshot = guard ? snapshot_new(config, guard, err) : NULL;

	if (snapshot) {
		(void)take(config);
		(void)take(guard);
	}
	return snapshot;
}

static int load_and_serve(const struct options *o, struct arena *a, struct snapshot_slot *slot, struct reload *reload,
	struct err *err)
{
	struct snapshot *snapshot;
	struct cert_pair cert;
	struct log log;

	if (log_init(&log, STDERR_FILENO, o->log_format, o->log_level, err) < 0 ||
		(!keeping_own_ca(o) && keypair_read(a, o, &cert, err) < 0))
		return -1;
	if (!o->cluster) {
		snapshot = first_snapshot(o, err);
		if (!snapshot)
			return -1;
		snapshot_swap(slot, snapshot);
	}
	return serve(o, &log, slot, keeping_own_ca(o) ? NULL : &cert, reload, err);
}

int cmd_serve(const struct options *o, struct err *err)
{
	struct snapshot_slot slot;
	struct reload reload;
	struct arena a;
	int status;

	if (o->n_rest)
		return err_set(err, ERR_CONFIG, "takes no arguments, got '%.64s'", o->rest[0]);
	if (process_harden(err) < 0)
		return -1;
	arena_init(&a, KEYPAIR_ARENA_MAX);
	reload_init(&reload, o, o->cluster ? WATCH_TIMING_API : WATCH_TIMING, clock_ms());
	snapshot_slot_init(&slot);
	status = load_and_serve(o, &a, &slot, &reload, err);
	reload_release(&reload);
	snapshot_slot_release(&slot);
	arena_release(&a);
	return status;
}
