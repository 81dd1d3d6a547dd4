/* SPDX-License-Identifier: Apache-2.0 */
/* A server in this process, on a free port, with the embedded configuration and certificates of its own. */
#ifndef TESTS_SERVER_FIXTURE_H
#define TESTS_SERVER_FIXTURE_H

#include "tests/server/client.h"
#include "webhook/server/server.h"

enum { FIXTURE_MAX_BODY = 64 << 10 };

struct fixture {
	struct arena arena;
	struct cert_pair ca, serving;
	struct snapshot_slot config;
	const struct client_auth *client_auth; /* set before fixture_start(), or NULL */
	struct census *census;                 /* the same */
	struct events *events;                 /* the same */
	struct audit *audit;                   /* the same */
	bool no_certificate;                   /* the same: nothing is served yet */
	struct server *server;
	const char *address; /* of TLS */
	const char *plain;   /* of health */
};

/* Ready; with these deadlines. */
void fixture_start(struct fixture *f, int64_t idle_ms, int64_t request_ms);
void fixture_stop(struct fixture *f);
/* Another serving certificate of the same CA. */
void fixture_issue(struct fixture *f, struct cert_pair *ret);
/* Loads the embedded configuration and puts it in force. */
void fixture_configure(struct fixture *f);
/* The same with a guard. */
void fixture_guard(struct fixture *f, struct str guard_yaml);

#define POD_REVIEW                                                                                                     \
	"{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":\"u-1\","           \
	"\"kind\":{\"group\":\"\",\"version\":\"v1\",\"kind\":\"Pod\"},"                                               \
	"\"resource\":{\"group\":\"\",\"version\":\"v1\",\"resource\":\"pods\"},\"operation\":\"CREATE\","             \
	"\"namespace\":\"default\",\"object\":{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"},"  \
	"\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"i\"}]}}}}"

/* The request line is "POST PATH HTTP/1.1"; extra: more header lines, each ended by \r\n. */
size_t post(char *out, size_t size, const char *path, const char *extra, const char *body);

#endif
