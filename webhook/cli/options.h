/* SPDX-License-Identifier: Apache-2.0 */
/* The options of every verb: one table from which parsing, help and the manual come. */
#ifndef WEBHOOK_CLI_OPTIONS_H
#define WEBHOOK_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

/* The verbs as bits, to say which options each takes. */
enum verb {
	VERB_SERVE = 1,
	VERB_INJECT = 2,
	VERB_CERTS = 4,
	VERB_VERSION = 8,
	VERB_HELP = 16,
	VERB_DIFF = 32,
	VERB_EXPLAIN = 64,
	VERB_CONFIG = 1 << 7,
	VERB_GUARD = 1 << 12,
	VERB_AUDIT = 1 << 13,
	VERB_UNINJECT = 1 << 16,
	VERB_REPLAY = 1 << 17,
	VERB_CHECK = 1 << 18,
	VERB_MANIFESTS = VERB_INJECT | VERB_UNINJECT | VERB_DIFF | VERB_EXPLAIN, /* those that read files of objects */
	VERB_GUARDED = VERB_SERVE | VERB_EXPLAIN | VERB_GUARD | VERB_REPLAY, /* those that hold pods against the guard */
	VERB_CONFIGURED = VERB_SERVE | VERB_INJECT | VERB_UNINJECT | VERB_DIFF | VERB_EXPLAIN | VERB_GUARD | VERB_CONFIG | VERB_REPLAY, /* those that load the injector's configuration */
};

enum { OPTIONS_REPEAT_MAX = 64, OPTIONS_REST_MAX = 256 };

/* An option that may be given several times. Borrowed from argv. */
struct option_list {
	const char *item[OPTIONS_REPEAT_MAX];
	size_t len;
};

/* The second configuration of replay: NULL is as in the first. */
struct to_options {
	const char *inject_config, *values, *mesh_config, *revision, *istio_version, *native_sidecars, *token_policy, *cluster_objects,
		*guard_config;
};

/* What the command line said, defaults filled in. Texts are borrowed from argv or static; NULL where nothing was given. */
struct options {
	/* where to serve */
	const char *listen, *metrics_listen, *tls_cert, *tls_key;
	const char *client_ca;
	struct option_list client_names;
	int64_t threads, max_connections;
	int64_t max_body;                                      /* bytes */
	int64_t idle_timeout, request_timeout, drain_delay;    /* milliseconds */
	/* the injector's configuration */
	const char *inject_config, *values, *mesh_config;
	const char *revision, *istio_version, *native_sidecars, *platform, *compliance_policy, *token_policy, *cluster_id, *cluster_objects;
	struct option_list env;
	const char *guard_config;
	/* the audit log */
	const char *audit_log, *audit_key, *audit_full;
	int64_t audit_rotate_size, audit_rotate_keep, audit_checkpoint_lines;
	int64_t audit_checkpoint_interval; /* milliseconds */
	const char *public_key, *since, *until, *reason, *user, *decision, *owner, *uid, *rule, *kind;
	/* the cluster */
	bool cluster;
	const char *guard_configmap;
	const char *kubeconfig, *context, *istio_namespace, *service_name, *service_account, *secret_name, *lease_name;
	const char *certs;
	struct option_list webhook_configurations;
	bool events, count_pods;
	int64_t cert_lifetime, ca_lifetime, ca_settle, lease_duration; /* milliseconds */
	/* logging */
	const char *log_format, *log_level;
	/* offline */
	const char *file, *namespace, *output, *labels;
	struct option_list files;
	bool strict;
	struct to_options to;
	/* certificates */
	const char *out;
	struct option_list hosts;
	int64_t days;

	bool help;
	const char *rest[OPTIONS_REST_MAX]; /* arguments that are no options */
	size_t n_rest;
};

/*
 * Parses the arguments behind the verb: --name VALUE, --name=VALUE, -x VALUE, -xVALUE, -- ends the options, - is an argument.
 * ERR_CONFIG with the option's name and what is wrong.
 */
int options_parse(enum verb verb, int argc, char **argv, struct options *ret, struct err *err) MUST_CHECK;

/* Prints the options of a verb, two columns. */
void options_print(enum verb verb, FILE *to);

#endif
