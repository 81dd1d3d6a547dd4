/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnosis of a cluster, from the API server to the kubelets: why injection does not work, or will stop to. What it
 * asks of the API goes through one function, so that tests answer in the API's place.
 */
#ifndef WEBHOOK_CHECK_CHECK_H
#define WEBHOOK_CHECK_CHECK_H

#include "webhook/check/finding.h"

/* What the API answered: HTTP status and body, which may be anything. */
struct check_reply {
	int status;
	struct str text;
};

struct check_source {
	void *context;
	/* body.p NULL: GET; else POST of JSON. 0: an answer came, whatever its status; it lives in `a`. -1: none came.
	 */
	int (*call)(void *context, struct arena *a, const char *path, struct str body, struct check_reply *ret,
		struct err *err);
	/* Of the part that begins, for people who wait; NULL: nobody does. */
	void (*progress)(void *context, const char *part);
};

struct check_options {
	struct str namespace;       /* ours */
	struct str istio_namespace; /* of the two ConfigMaps */
	struct str revision;        /* "default" or as the ConfigMaps' names end */
	struct str service, service_account, secret;
	const char *server; /* how the API is reached, for people */
	int64_t now;        /* seconds since 1970 */
};

/* Findings live in ret->a. ERR_IO where the API cannot be reached at all (a finding says so too); ERR_NOMEM. */
int check_cluster(const struct check_source *source, const struct check_options *options, struct check_findings *ret,
	struct err *err) MUST_CHECK;

#endif
